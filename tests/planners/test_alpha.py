"""Point-based value iteration bounds from below; best responses equal the best of all plans."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.tabular import TabularGame, make_game
from envs.tabular.random_games import random_game
from envs.tabular.users import best_responding, boltzmann
from planners.alpha import best_response, point_based, waiting_values
from planners.exact import always_wait, informed, oracle_value, policy_value, solve


@pytest.mark.parametrize(
    ("name", "settings"),
    [("tiger", {}), ("wormy_apples", {}), ("wormy_apples", {"timing": "simultaneous"}), ("line_build", {})],
)
def test_point_based_values_are_exact_with_all_points(name: str, settings: dict[str, Any]) -> None:
    game = make_game(name, **settings)
    found = point_based(game)
    assert found.value == pytest.approx(solve(game).value, abs=1e-6)
    assert policy_value(game, found.act) == pytest.approx(found.value, abs=1e-6)


def test_point_based_values_grow_with_the_points_and_stay_below() -> None:
    game = make_game("kitchen")
    optimal = 1.6447383716
    few, more = point_based(game, points=1500), point_based(game, points=4000)
    alone = policy_value(game, always_wait)
    assert alone < few.value < more.value <= optimal + 1e-9
    assert few.value - 1e-6 <= policy_value(game, few.act) <= optimal + 1e-6


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_point_based_values_of_random_games_are_between_waiting_and_the_best(
    seed: int, simultaneous: bool, renews: bool
) -> None:
    game = random_game(seed, simultaneous=simultaneous, renews=renews, horizon=None, discount=0.6, outcomes=1)
    found = point_based(game, points=40)
    assert game.start @ waiting_values(game) @ game.prior <= found.value + 1e-6
    rest = game.discount**5 / (1 - game.discount) * np.abs(game.rewards).max()
    assert found.value <= solve(replace(game, horizon=5)).value + rest


def test_waiting_values_are_those_of_the_policy() -> None:
    for name in ("kitchen", "line_build", "tiger"):
        game = make_game(name)
        assert waiting_values(game)[0] @ game.prior == pytest.approx(policy_value(game, always_wait))


# --- best responses -----------------------------------------------------------------------------------------


def best_of_all(game: TabularGame) -> float:
    """The best assistant of a game of two steps, by looking at every deterministic policy."""
    states, actions, replies, goals = game.shape
    total = 0.0
    last = np.where(game.terminal[:, None, None], 0, game.rewards.max(axis=2))
    histories = list(product(range(replies), range(states)))
    for state in np.flatnonzero(game.start):
        best = -np.inf
        for first, *second in product(range(actions), repeat=1 + len(histories)):
            then = dict(zip(histories, second, strict=True))
            value = 0.0
            for goal in range(goals):
                answers = []
                for h in range(replies):
                    after = game.next_states[state, first, h]
                    ends = [last[s, then[h, s]] for s in after.tolist()]
                    if game.renews[state, first]:
                        follow = [end @ game.prior for end in ends]
                    else:
                        follow = [end[goal] for end in ends]
                    later = game.discount * (game.chances[state, first, h] @ follow)
                    answers.append(game.rewards[state, first, h, goal] + later)
                value += game.prior[goal] * max(answers)
            best = max(best, value)
        total += game.start[state] * best
    return total


@given(st.integers(0, 10_000), st.booleans())
def test_best_responses_of_random_games_equal_the_best_of_all_plans(seed: int, renews: bool) -> None:
    game = random_game(seed, renews=renews)
    assert best_response(game).value == pytest.approx(best_of_all(game))


@given(st.integers(0, 10_000))
def test_no_user_with_a_policy_is_worth_more_than_the_best(seed: int) -> None:
    game = random_game(seed, horizon=2)
    best = best_response(game).value
    assert solve(game).value <= best + 1e-9
    assert solve(boltzmann(game, 0.1)).value <= best + 1e-9
    assert best <= best_response(informed(game)).value + 1e-9


def test_the_best_user_of_mini_chef_teaches() -> None:
    found = best_response(make_game("mini_chef", user="best"))
    assert found.value == 1
    (plan,) = found.plans.values()
    assert len(set(plan.replies.tolist())) == 3
    assert plan.values.tolist() == [1, 1, 1]
    assert {following.action for following in plan.following.values()} >= {1}


@pytest.mark.parametrize(
    ("name", "settings", "value"),
    [
        ("off_switch", {}, 0.398942),
        ("red_blue", {}, 1.71),
        # The user says which thing without being asked.
        ("clarification", {}, 0.95),
        ("wormy_apples", {"horizon": 5}, 1.97604),
    ],
)
def test_best_responses_of_the_other_games(name: str, settings: dict[str, Any], value: float) -> None:
    game = best_responding(make_game(name, **settings))
    assert best_response(game).value == pytest.approx(value, abs=5e-6)


def test_a_known_goal_makes_the_best_user_and_any_equal_in_red_blue() -> None:
    game = make_game("red_blue")
    assert best_response(informed(best_responding(game))).value == pytest.approx(oracle_value(game))


# --- errors -------------------------------------------------------------------------------------------------


def test_errors_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"red_blue has a horizon; exact\.solve takes it"):
        point_based(make_game("red_blue"))
    with pytest.raises(ValueError, match="tiger has no horizon"):
        best_response(make_game("tiger"))
    monkeypatch.setattr("planners.alpha.MOST_PLANS", 2)
    with pytest.raises(ValueError, match=r"more than 2 plans in state .*give it a shorter horizon"):
        best_response(make_game("mini_chef", user="best"))
