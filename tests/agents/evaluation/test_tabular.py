"""Regrets of planners on games with known values: measured rightly, and as small as promised."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from agents.evaluation.tabular import (
    GAMES,
    Played,
    agreement_interval,
    game_of,
    play,
    regret_interval,
    search_options,
    search_trees,
)
from planners.exact import Solution, always_wait, policy_value, qmdp_policy, solve


@functools.cache
def solved(name: str) -> Solution:
    return solve(game_of(name))


def gain(name: str) -> float:
    """What the best assistant adds to the user alone."""
    return solved(name).value - policy_value(solved(name).graph.game, always_wait)


@functools.cache
def played(name: str, planner: str, simulations: int, episodes: int) -> Played:
    return play(solved(name), planner, search_options(simulations), episodes)


@pytest.mark.parametrize("planner", ["gumbel", "puct"])
@pytest.mark.parametrize("name", GAMES)
def test_100_simulations_lose_less_than_5_percent(name: str, planner: str) -> None:
    """Of what the best assistant adds to the user alone."""
    episodes = 10 if name == "tiger" else 40
    assert played(name, planner, 100, episodes).regrets.mean() < 0.05 * gain(name)


@pytest.mark.parametrize("planner", ["gumbel", "puct"])
@pytest.mark.parametrize("name", ["kitchen", "tiger"])
def test_10000_simulations_lose_next_to_nothing(name: str, planner: str) -> None:
    """Below 0.5 % or 3 standard errors in regret, below 1 % per decision."""
    found = played(name, planner, 10_000, 3)
    error = found.regrets.std() / np.sqrt(len(found.regrets))
    assert found.regrets.mean() < max(3 * error, 0.005 * gain(name))
    assert found.losses.mean() < 0.01 * gain(name)


@pytest.mark.parametrize("planner", ["gumbel", "puct"])
def test_regret_falls_with_simulations(planner: str) -> None:
    regrets = [played("kitchen", planner, n, 40).regrets.mean() / gain("kitchen") for n in (1, 10, 100)]
    assert regrets[0] > 0.9
    assert regrets[0] > 0.5 > regrets[1] > regrets[2]
    assert regrets[2] < 0.05


@pytest.mark.parametrize("name", ["wormy_apples", "wormy_apples:timing=simultaneous"])
def test_the_determinised_planner_waits_for_ever(name: str) -> None:
    """It loses what the exact one does: whenever the apple is wormy."""
    game = solved(name).graph.game
    lost = solved(name).value - policy_value(game, qmdp_policy(game))
    found = played(name, "qmdp", 400, 100)
    interval = regret_interval(found)
    assert interval.lo < lost < interval.hi
    assert lost > 0.15 * gain(name)
    assert np.bincount(found.episodes).max() > 600


def test_regrets_explain_returns() -> None:
    """The optimal value less the regret is what episodes earn on average (4 deviations)."""
    for name, planner in (("red_blue:accuracy=0.8", "qmdp"), ("wormy_apples", "info_gain"), ("tiger", "voi")):
        found = played(name, planner, 20, 300)
        error = np.sqrt(found.returns.var() + found.regrets.var()) / np.sqrt(len(found.returns))
        assert abs(solved(name).value - found.regrets.mean() - found.returns.mean()) < 4 * error + 0.03


def test_decisions_belong_to_episodes() -> None:
    found = played("red_blue:accuracy=0.8", "best_of_n", 3, 50)
    discounts = 0.9 ** np.concatenate([np.arange(n) for n in np.bincount(found.episodes)])
    assert np.bincount(found.episodes, found.losses * discounts) == pytest.approx(found.regrets)
    assert agreement_interval(found).value == pytest.approx(100 * found.agreed.mean())
    assert (found.losses[found.agreed] < 1e-6).all()


def test_episodes_do_not_depend_on_batches_or_other_planners() -> None:
    many = play(solved("tiger"), "voi", search_options(3), 6, seed=4)
    few = play(solved("tiger"), "voi", search_options(3), 2, seed=4)
    assert np.array_equal(many.returns[:2], few.returns)
    other = play(solved("tiger"), "voi", search_options(3), 2, seed=5)
    assert not np.array_equal(few.regrets, other.regrets)


def test_the_trees_are_those_of_the_first_episode() -> None:
    """Which decides as it does among others; its first search is at the start, under the prior."""
    name, options = "line_build:n=3", search_options(60)
    trees = search_trees(solved(name), "puct", options, seed=3)
    found = play(solved(name), "puct", options, 5, seed=3)
    assert len(trees) == (found.episodes == 0).sum() > 1
    game = solved(name).graph.game
    assert dict(trees[0]["root"]["belief"]) == dict(zip(game.goals, game.prior, strict=True))
    values = solved(name).action_values(game.states.index(trees[0]["root"]["state"]), game.prior, 0)
    assert values.max() - values[trees[0]["action"]] == found.losses[0]
    assert [tree["title"] for tree in trees][:2] == ["step 0, 60 simulations", "step 1, 60 simulations"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tigger", "no game is called 'tigger'"),
        ("tiger:accuracy", "setting is 'accuracy'; give NAME=VALUE"),
        ("tiger:accuracy=loud", "accuracy of tiger is 'loud'; give float"),
    ],
)
def test_wrong_games_are_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        game_of(text)
