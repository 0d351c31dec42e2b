"""Blind plans: their values are right, below the optimum, and the optimum where nothing is left to learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.tabular import TabularGame, make_game
from envs.tabular.random_games import random_game
from planners.bounds import blind_bounds, listening_bounds
from planners.exact import Solution, always_wait, informed, policy_value, solve
from planners.tabular import Bounds, TabularModel

GAMES: list[tuple[str, dict[str, Any]]] = [
    ("off_switch", {}),
    ("red_blue", {"accuracy": 0.8}),
    ("wormy_apples", {}),
    ("wormy_apples", {"timing": "simultaneous"}),
    ("wormy_apples", {"timing": "two_phase"}),
    ("tiger", {}),
    ("mini_chef", {"user": "uniform"}),
    ("line_build", {"user_cost": 0.2}),
    ("clarification", {}),
    ("kitchen", {}),
]


def going(solution: Solution) -> np.ndarray:
    """Numbers of all situations that play can reach and go on from."""
    graph = solution.graph
    return np.flatnonzero(
        ~graph.game.terminal[graph.states] & (graph.depths < (graph.game.horizon or np.inf))
    )


def leaf_values(solution: Solution, nodes: np.ndarray, leaf: Bounds | None = None) -> np.ndarray:
    """What `TabularModel` says of situations, with blind plans at its leaves unless others are given."""
    graph = solution.graph
    leaf = leaf or blind_bounds(graph.game)
    model = TabularModel(graph.game, games=len(nodes), nodes=1, leaf=leaf)
    for game, node in enumerate(nodes):
        model.set_root(game, int(graph.states[node]), graph.beliefs[node], int(graph.depths[node]))
    return model.evaluate(np.arange(len(nodes))).values


@pytest.mark.parametrize(("name", "settings"), GAMES)
def test_leaves_are_never_worth_more_than_optimal_play(name: str, settings: dict[str, Any]) -> None:
    """In every situation that play can reach."""
    solution = solve(make_game(name, **settings))
    nodes = going(solution)
    assert (leaf_values(solution, nodes) <= solution.values[nodes] + 1e-8).all()


@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.sampled_from([1, 3]))
def test_random_games_have_leaves_below_the_optimum_and_equal_at_the_last_step(
    seed: int, simultaneous: bool, renews: bool, horizon: int
) -> None:
    game = random_game(seed, simultaneous=simultaneous, renews=renews, goals=3, horizon=horizon)
    solution = solve(game)
    nodes = going(solution)
    values = leaf_values(solution, nodes)
    assert (values <= solution.values[nodes] + 1e-9).all()
    last = solution.graph.depths[nodes] == horizon - 1
    assert values[last] == pytest.approx(solution.values[nodes][last])


@given(st.integers(0, 10_000), st.booleans(), st.sampled_from([None, 1, 3]))
def test_leaves_are_exact_when_nothing_is_hidden(seed: int, renews: bool, horizon: int | None) -> None:
    """A game with one goal: its only plan is the optimal one, without look-ahead too."""
    game = random_game(seed, goals=1, horizon=horizon, renews=renews)
    bounds, solution = blind_bounds(game), solve(game)
    nodes = going(solution)
    layers = solution.graph.depths[nodes]
    values = bounds.values[layers, solution.graph.states[nodes], :, 0].max(axis=1)
    assert values == pytest.approx(solution.values[nodes], abs=1e-7)


@pytest.mark.parametrize(("name", "settings"), GAMES)
def test_plans_are_worth_what_the_exact_solver_says(name: str, settings: dict[str, Any]) -> None:
    """Plan 0 is the user alone; plan 1 + g under goal g is the assistant that knows it, but for games that
    draw new goals, of which a plan knows nothing.
    """
    game = make_game(name, **settings)
    plans = blind_bounds(game).values[0]
    assert game.start @ plans[:, 0] @ game.prior == pytest.approx(policy_value(game, always_wait), abs=1e-7)
    if not game.renews.any():
        known = solve(informed(game)).value
        own = np.stack([plans[:, 1 + goal, goal] for goal in range(len(game.goals))], axis=1)
        assert game.start @ own @ game.prior == pytest.approx(known, abs=1e-7)


def test_listening_plans_lie_between_the_blind_ones_and_optimal_play() -> None:
    solution = solve(make_game("kitchen"))
    nodes = going(solution)
    blind = leaf_values(solution, nodes)
    listening = leaf_values(solution, nodes, listening_bounds(solution.graph.game, 1000))
    assert (blind - 1e-9 <= listening).all()
    assert (listening <= solution.values[nodes] + 1e-7).all()
    lost = solution.values[nodes] - np.stack([blind, listening])
    assert lost[1, :100].mean() < 0.5 * lost[0, :100].mean(), "near the start"


@pytest.mark.parametrize(
    ("name", "settings"), [(n, s) for n, s in GAMES if n in ("wormy_apples", "tiger", "line_build")]
)
def test_plans_of_all_beliefs_are_optimal(name: str, settings: dict[str, Any]) -> None:
    """Games of so few beliefs that each has its plan."""
    solution = solve(make_game(name, **settings))
    nodes = going(solution)
    values = leaf_values(solution, nodes, listening_bounds(solution.graph.game, 1000))
    assert values == pytest.approx(solution.values[nodes], abs=1e-6)


def test_tiger_by_hand() -> None:
    """Opening a door is worth 10 or -100, and then doing nothing 0, whoever the next goal is."""
    assert blind_bounds(make_game("tiger")).values[0, 0] == pytest.approx(
        np.array([[0, 0], [10, -100], [-100, 10]])
    )


def test_a_best_responding_user_is_named() -> None:
    with pytest.raises(ValueError, match="best-responding"):
        blind_bounds(make_game("mini_chef", user="best"))


@pytest.mark.parametrize("shape", [(1, 5, 3, 3), (2, 5, 3, 2), (1, 4, 3, 2), (5, 3, 2)])
def test_bounds_of_another_game_are_named(shape: tuple[int, ...]) -> None:
    game: TabularGame = make_game("wormy_apples")
    with pytest.raises(ValueError, match=r"takes \(L, S, P, G\) = \(1, 5, P, 2\)"):
        TabularModel(game, leaf=Bounds(np.zeros(shape)))
