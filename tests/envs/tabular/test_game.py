"""The arrays of a game: what fits is kept and frozen, what does not is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from envs.tabular import draw, make_game
from envs.tabular.random_games import random_game


def changed(name: str, at: Any, value: float) -> Any:
    """Another value of a game's array."""

    def change(game: Any) -> dict[str, Any]:
        array = np.array(getattr(game, name))
        array[at] = value
        return {name: array}

    return change


def test_arrays_are_copies_that_cannot_be_written() -> None:
    prior = np.array([0.25, 0.75])
    game = replace(random_game(0), prior=prior)
    prior[0] = 1
    assert game.prior.tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match="read-only"):
        game.rewards[0, 0, 0, 0] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed("prior", 0, 2.0), r"prior is \[2\.0, .*sum to 1"),
        (changed("start", 2, 0.5), "start is .*sum to 1"),
        (lambda game: {"start": np.array([0.5, 0, 0.5])}, r"start\[2\] is 0\.5; that state is terminal"),
        (changed("chances", (1, 0, 1, 0), -0.5), r"chances, row \[1, 0, 1\], is .*sum to 1"),
        (changed("user", (0, 1, 0, 1), 7.0), r"user, row \[0, 1, 1\], is \[7\.0, .*sum to 1"),
        (changed("user_legal", (1, 0), False), r"user\[1, 0, 0, 0\] is .*not legal"),
        (changed("user_legal", 1, False), r"user_legal\[1\] is all False"),
        (changed("assistant_legal", (1, 0), False), r"assistant_legal\[1, 0\] is False; action 0, the no-op"),
        (changed("next_states", (0, 1, 1, 0), 3), r"next_states\[0, 1, 1, 0\] is 3; states are 0\.\.2"),
        (changed("rewards", (0, 0, 1, 1), np.nan), r"rewards\[0, 0, 1, 1\] is nan"),
        (lambda game: {"rewards": game.rewards[:2]}, r"rewards has shape \(2, 2, 2, 2\); .*\(3, 2, 2, 2\)"),
        (lambda game: {"simultaneous": True}, r"user has shape .*simultaneous game takes \(3, 1, 2, 2\)"),
        (lambda game: {"next_states": np.zeros((3, 2, 2, 0))}, "next_states has shape .*K >= 1"),
        (lambda game: {"goals": ()}, "each must be 1 or more"),
        (lambda game: {"discount": 0.0}, r"discount is 0\.0; give a number in \(0, 1\]"),
        (lambda game: {"discount": 1.0, "horizon": None}, "discount is 1 without a horizon"),
        (lambda game: {"horizon": 0}, "horizon is 0; give 1 or more"),
    ],
)
def test_what_does_not_fit_is_named(change: Any, message: str) -> None:
    game = random_game(0)
    with pytest.raises(ValueError, match=message):
        replace(game, **change(game))


def test_a_best_responding_user_has_no_policy() -> None:
    with pytest.raises(ValueError, match="mini_chef is best-responding"):
        _ = make_game("mini_chef", user="best").fixed_user


@pytest.mark.parametrize("simultaneous", [False, True])
def test_the_user_answers_the_action_only_when_it_sees_it(simultaneous: bool) -> None:
    game = random_game(1, simultaneous=simultaneous)
    first, second = game.user_policy(0, 0), game.user_policy(0, 1)
    assert np.allclose(first.sum(axis=0), 1)
    assert np.array_equal(first, second) == simultaneous


@pytest.mark.parametrize("renews", [False, True])
def test_look_ahead_is_the_reward_and_the_discounted_mean_of_what_follows(renews: bool) -> None:
    game = random_game(2, renews=renews)
    values = np.random.default_rng(0).normal(size=(3, 2))
    found = game.look_ahead(values)
    for s, a, h, g in np.ndindex(found.shape):
        after = values[:, g]
        if renews and a == 1:
            after = values @ game.prior
        expected = sum(game.chances[s, a, h, k] * after[game.next_states[s, a, h, k]] for k in range(2))
        assert found[s, a, h, g] == pytest.approx(game.rewards[s, a, h, g] + game.discount * expected)
    assert np.array_equal(game.look_ahead(values, slice(1, 2)), found[:, 1:])


def test_draw_follows_the_chances_and_never_takes_what_has_none() -> None:
    rng = np.random.default_rng(0)
    drawn = np.bincount([draw(np.array([0, 0.3, 0, 0.7, 0]), rng) for _ in range(4000)], minlength=5)
    assert drawn[[0, 2, 4]].tolist() == [0, 0, 0]
    assert drawn[1] / 4000 == pytest.approx(0.3, abs=0.03)
