"""Belief value iteration agrees with known values, with brute force, and with what is true of all games."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.tabular import TabularGame, make_game
from envs.tabular.random_games import random_game
from planners.exact import (
    BeliefGraph,
    always_wait,
    informed,
    oracle_value,
    policy_value,
    qmdp_policy,
    solve,
)

FIVE_DIGITS = 5e-6

KNOWN: list[tuple[str, dict[str, Any], float]] = [
    ("off_switch", {}, 0.398942),
    ("off_switch", {"mean": 0.5}, 0.697797),
    ("off_switch", {"mean": -0.5}, 0.197797),
    ("off_switch", {"mean": 1, "deviation": 0.5}, 1.004245),
    ("off_switch", {"mean": 1, "deviation": 0.5, "bins": 3}, 1.004245),
    ("off_switch", {"good": 0.75}, 0.75),
    ("off_switch", {"good": 0.75, "beta": 0.25}, 0.732014),
    ("off_switch", {"good": 0.75, "beta": 0.5}, 0.630797),
    ("off_switch", {"good": 0.75, "beta": 1}, 0.5),
    ("red_blue", {}, 1.71),
    ("red_blue", {"accuracy": 0.8}, 1.368),
    ("red_blue", {"accuracy": 0.6}, 1.04),
    ("wormy_apples", {}, 1.95232),
    ("wormy_apples", {"discount": 0.9}, 1.7136),
    ("wormy_apples", {"timing": "simultaneous"}, 1.948438),
    ("wormy_apples", {"timing": "simultaneous", "horizon": 5}, 1.948438),
    ("wormy_apples", {"timing": "simultaneous", "discount": 0.9}, 1.68444),
    ("wormy_apples", {"timing": "two_phase"}, 1.85628),
    ("wormy_apples", {"timing": "two_phase", "discount": 0.9}, 1.584),
    ("tiger", {}, 19.3714),
    ("mini_chef", {"user": "always_salt"}, 1 / 3),
    ("mini_chef", {"user": "uniform"}, 2 / 3),
    ("mini_chef", {"user": "pedagogic"}, 1),
    ("line_build", {"n": 3}, 2.9),
    ("line_build", {"n": 4}, 3.8025),
    ("line_build", {}, 4.705),
    ("line_build", {"n": 3, "user_cost": 0.2}, 2.51),
    ("line_build", {"n": 4, "user_cost": 0.2}, 3.32225),
    ("line_build", {"user_cost": 0.2}, 4.1345),
    ("clarification", {}, 0.75),
    ("clarification", {"cost": 0.99}, 0),
    ("clarification", {"n": 2, "wrong": 0.1, "cost": 0.6}, 0.45),
    ("twenty_questions", {}, 0.85),
    ("twenty_questions", {"bits": 2, "cost": 0.24}, 0.52),
    ("twenty_questions", {"bits": 2, "cost": 0.4}, 0.25),
    ("kitchen", {}, 1.64474),
]
ALONE = [
    ("off_switch", {}, 0),
    ("red_blue", {}, 0.9),
    ("wormy_apples", {}, 0),
    ("tiger", {}, 0),
    ("line_build", {"n": 3}, 2.8525),
    ("line_build", {"n": 4}, 3.709875),
    ("line_build", {}, 4.524381),
    ("kitchen", {}, 1.58969),
]
ORACLE = [
    ("red_blue", {}, 1.9),
    ("wormy_apples", {}, 1.97604),
    ("tiger", {}, 200),
    ("mini_chef", {"user": "always_salt"}, 1),
    ("line_build", {"n": 3}, 2.95),
    ("line_build", {"n": 4}, 3.9),
    ("line_build", {}, 4.8025),
    ("clarification", {}, 1),
    ("kitchen", {}, 1.75022),
]
QMDP = [
    ("wormy_apples", {}, 1.584),
    ("wormy_apples", {"discount": 0.9}, 1.44),
    ("wormy_apples", {"timing": "simultaneous"}, 1.584),
    ("kitchen", {}, 1.63411),
]


@functools.cache
def kitchen() -> TabularGame:
    return make_game("kitchen")


def made(name: str, settings: dict[str, Any]) -> TabularGame:
    return kitchen() if name == "kitchen" else make_game(name, **settings)


def close(value: float) -> Any:
    return pytest.approx(value, abs=FIVE_DIGITS * max(1, abs(value)))


def first_values(game: TabularGame) -> dict[str, float]:
    """Values of the first actions by name."""
    values = solve(game).action_values(int(np.argmax(game.start)), game.prior)
    return {name: value for name, value in zip(game.assistant_actions, values.tolist(), strict=True)}


# --- known values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "settings", "value"), KNOWN)
def test_optimal_values_are_the_known_ones(name: str, settings: dict[str, Any], value: float) -> None:
    assert solve(made(name, settings)).value == close(value)


@pytest.mark.parametrize(("name", "settings", "value"), ALONE)
def test_values_of_the_user_alone_are_the_known_ones(
    name: str, settings: dict[str, Any], value: float
) -> None:
    assert policy_value(made(name, settings), always_wait) == close(value)


@pytest.mark.parametrize(("name", "settings", "value"), ORACLE)
def test_values_with_the_goal_known_are_the_known_ones(
    name: str, settings: dict[str, Any], value: float
) -> None:
    assert oracle_value(made(name, settings)) == close(value)


@pytest.mark.parametrize(("name", "settings", "value"), QMDP)
def test_values_of_the_determinised_baseline_are_the_known_ones(
    name: str, settings: dict[str, Any], value: float
) -> None:
    game = made(name, settings)
    assert policy_value(game, qmdp_policy(game)) == close(value)


@pytest.mark.parametrize(
    ("beta", "propose"), [(0, 0.75), (0.25, 0.732014), (0.5, 0.630797), (1, 0.481059), (2, 0.372459)]
)
def test_an_erratic_user_is_better_not_asked(beta: float, propose: float) -> None:
    values = first_values(make_game("off_switch", good=0.75, beta=beta))
    assert values["propose"] == close(propose)
    assert values["act"] == close(0.5)


def test_red_blue_guessing_at_once_is_worth_1_40() -> None:
    assert first_values(make_game("red_blue"))["red"] == close(1.4)


@pytest.mark.parametrize(("accuracy", "waits"), [(0.617, False), (0.618, True)])
def test_red_blue_waits_for_a_user_that_is_right_often_enough(accuracy: float, waits: bool) -> None:
    values = first_values(make_game("red_blue", accuracy=accuracy))
    assert (values["wait"] > values["red"]) == waits


def test_red_blue_trust_in_an_inaccurate_user_costs_what_it_should() -> None:
    trusted, true = make_game("red_blue"), make_game("red_blue", accuracy=0.6)
    trusting = solve(trusted).act
    assert policy_value(true, trusting, believes=trusted) == close(1.026)
    assert policy_value(trusted, trusting, believes=trusted) == close(1.71)


@pytest.mark.parametrize(
    ("settings", "guess", "wait"),
    [
        ({"n": 3}, 2.87625, 2.9),
        ({"n": 4}, 3.8025, 3.8025),
        ({"n": 5}, 4.682438, 4.705),
        ({"n": 4, "user_cost": 0.2}, 3.32225, 3.232),
    ],
)
def test_line_build_guesses_and_watching_are_worth_what_they_should(
    settings: dict[str, Any], guess: float, wait: float
) -> None:
    values = first_values(make_game("line_build", **settings))
    real = max(value for name, value in values.items() if name != "wait" and not name.endswith(" 1"))
    assert real == close(guess)
    assert values["wait"] == close(wait)


def test_wormy_apples_asks_when_it_should_and_qmdp_waits_for_ever() -> None:
    game = make_game("wormy_apples")
    solution = solve(game)
    wormy = np.array([game.states.index("wormy apple")])
    asked, waited = solution.act(wormy, game.prior[None], 1), qmdp_policy(game)(wormy, game.prior[None], 1)
    assert game.assistant_actions[asked[0]] == "ask"
    assert game.assistant_actions[waited[0]] == "wait"
    done = [game.assistant_actions[row.action] for row in solution.rows()]
    assert done == ["get apple", "make pie", "ask", "compost", "trash", "make pie", "make pie"]


def test_tiger_opens_a_door_once_it_was_named_twice_more() -> None:
    game = make_game("tiger")
    done = {round(row.belief[0], 3): game.assistant_actions[row.action] for row in solve(game).rows()}
    assert done == {0.5: "ask", 0.85: "ask", 0.15: "ask", 0.97: "open left", 0.03: "open right"}


# --- brute force --------------------------------------------------------------------------------------------


def expectimax(game: TabularGame, state: int, weights: np.ndarray, left: int) -> np.ndarray:
    """(A,) optimal values from a history with joint probabilities `weights` (G,), by looking at every future.

    Values are multiplied with the sum of the weights.
    """
    values = np.zeros(len(game.assistant_actions))
    for a in range(len(values)):
        policy = game.user_policy(state, a)
        for h, k in np.ndindex(game.chances[state, a].shape):
            after = weights * policy[h]
            chance, following = game.chances[state, a, h, k], int(game.next_states[state, a, h, k])
            values[a] += chance * (after @ game.rewards[state, a, h])
            if game.renews[state, a]:
                after = after.sum() * game.prior
            if left > 1 and not game.terminal[following]:
                values[a] += game.discount * chance * expectimax(game, following, after, left - 1).max()
    return values


@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(1, 3))
def test_values_of_random_games_equal_brute_force(
    seed: int, simultaneous: bool, renews: bool, horizon: int
) -> None:
    game = random_game(seed, simultaneous=simultaneous, renews=renews, horizon=horizon, goals=3)
    solution = solve(game)
    for state in np.flatnonzero(game.start):
        expected = expectimax(game, state, game.prior, horizon)
        assert solution.action_values(state, game.prior) == pytest.approx(expected)


def test_without_a_horizon_values_equal_those_of_a_long_one() -> None:
    for name in ("wormy_apples", "tiger"):
        game = make_game(name, discount=0.8)
        assert solve(game).value == pytest.approx(solve(replace(game, horizon=100)).value, abs=1e-8)


# --- what is true of all games ------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_more_knowledge_is_never_worth_less(seed: int, simultaneous: bool, renews: bool) -> None:
    game = random_game(seed, simultaneous=simultaneous, renews=renews, horizon=3)
    optimal = solve(game).value
    assert policy_value(game, always_wait) <= optimal + 1e-9
    assert policy_value(game, qmdp_policy(game)) <= optimal + 1e-9
    assert optimal <= oracle_value(game) + 1e-9


@given(st.integers(0, 10_000), st.booleans())
def test_beliefs_are_martingales_and_chances_sum_to_1(seed: int, simultaneous: bool) -> None:
    graph = BeliefGraph(random_game(seed, simultaneous=simultaneous, goals=3, replies=3, horizon=3))
    edges = len(graph.owners)
    assert np.allclose(np.bincount(graph.sources, graph.chances, edges), 1)
    mean = np.zeros((edges, 3))
    np.add.at(mean, graph.sources, graph.chances[:, None] * graph.beliefs[graph.targets])
    assert np.allclose(mean, graph.beliefs[graph.owners], atol=1e-8)


@given(st.integers(0, 10_000))
def test_the_optimal_policy_is_worth_the_optimal_value(seed: int) -> None:
    game = random_game(seed, horizon=3)
    solution = solve(game)
    assert policy_value(game, solution.act) == pytest.approx(solution.value)
    assert policy_value(game, solution.act, believes=game) == pytest.approx(solution.value)


@given(st.integers(0, 10_000))
def test_the_order_of_goals_makes_no_difference(seed: int) -> None:
    game = random_game(seed, goals=3, horizon=3)
    order = [2, 0, 1]
    permuted = replace(
        game,
        prior=game.prior[order],
        user=game.fixed_user[..., order],
        rewards=game.rewards[..., order],
    )
    assert solve(permuted).value == pytest.approx(solve(game).value)


def test_a_wrong_prior_in_the_belief_is_the_policys_own() -> None:
    game = make_game("off_switch", good=0.75, beta=1)
    pessimist = replace(game, prior=np.array([0.4, 0.6]))
    assert policy_value(game, solve(pessimist).act, believes=pessimist) == close(0.481059)


@given(st.integers(0, 10_000), st.booleans())
def test_informed_games_are_the_same_games_with_one_goal(seed: int, renews: bool) -> None:
    game = random_game(seed, renews=renews, horizon=3)
    known = informed(game)
    assert known.shape == (6, 2, 2, 1)
    assert policy_value(known, always_wait) == pytest.approx(policy_value(game, always_wait))


# --- errors -------------------------------------------------------------------------------------------------


def test_errors_name_the_value_and_the_remedy() -> None:
    game = make_game("tiger")
    with pytest.raises(ValueError, match="tiger has more than 3 pairs of state and belief; raise the limit"):
        solve(game, limit=3)
    with pytest.raises(ValueError, match=r"state 0 \(doors closed\) with belief \[0\.6, 0\.4\] .*cannot be"):
        solve(game).action_values(0, np.array([0.6, 0.4]))
    with pytest.raises(ValueError, match="mini_chef is best-responding"):
        solve(make_game("mini_chef", user="best"))
    with pytest.raises(ValueError, match=r"policy's action in state 0 is 4, which is not legal"):
        policy_value(make_game("wormy_apples"), lambda states, beliefs, depth: np.full(len(states), 4))
