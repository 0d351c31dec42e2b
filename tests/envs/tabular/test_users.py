"""Boltzmann-rational users weigh their own values; best-responding ones have no policy."""

from __future__ import annotations

import numpy as np
import pytest

from envs.tabular import make_game
from envs.tabular.random_games import random_game
from envs.tabular.users import best_responding, boltzmann


def test_boltzmann_user_of_red_blue_picks_by_the_value_of_a_ball() -> None:
    game = boltzmann(make_game("red_blue"), beta=0.5)
    fork = game.states.index("user fork, assistant nothing")
    right = 1 / (1 + np.exp(-1 / 0.5))
    words = game.user_actions
    chances = game.user_policy(fork, 0)
    assert chances[words.index("red")] == pytest.approx([right, 1 - right])
    assert chances[words.index("blue")] == pytest.approx([1 - right, right])


def test_boltzmann_user_looks_ahead_alone() -> None:
    game = random_game(3, horizon=2, discount=0.9)
    beta = 0.7
    alone = np.where(game.terminal[:, None], 0, game.rewards[:, 0].max(axis=1))
    twice = np.where(game.terminal[:, None], 0, game.look_ahead(alone)[:, 0].max(axis=1))
    weights = np.exp(game.look_ahead(twice) / beta)
    assert np.allclose(boltzmann(game, beta).fixed_user, weights / weights.sum(axis=2, keepdims=True))


def test_beta_0_splits_between_the_best_actions() -> None:
    game = boltzmann(make_game("line_build", n=2), beta=0)
    chances = game.user_policy(0, 0)[:, game.goals.index("red")]
    named = {game.user_actions[h]: chances[h] for h in np.flatnonzero(chances)}
    assert named == {"red 1": 0.5, "red 2": 0.5}


@pytest.mark.parametrize("name", ["tiger", "wormy_apples", "kitchen"])
def test_boltzmann_users_are_policies_on_legal_actions(name: str) -> None:
    assert boltzmann(make_game(name), beta=0.3).user is not None


def test_negative_beta_is_refused() -> None:
    with pytest.raises(ValueError, match="beta is -1; give 0"):
        boltzmann(make_game("tiger"), beta=-1)


def test_best_responding_users_have_no_policy() -> None:
    assert best_responding(make_game("red_blue")).user is None
