"""Tabular games as search models: replies, rewards and ends are right; the reference search plays well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.tabular import TabularGame, make_game
from envs.tabular.random_games import random_game
from planners.exact import Solution, solve
from planners.reference import ReferenceSearch, SearchOptions, SearchResult
from planners.tabular import TabularModel, play

SIMULATIONS = 2500


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers)


def predictive(game: TabularGame, state: int, action: int, belief: np.ndarray) -> np.ndarray:
    """(H * K,) probabilities of replies."""
    return ((game.user_policy(state, action) @ belief)[:, None] * game.chances[state, action]).ravel()


def search(
    game: TabularGame, state: int, belief: np.ndarray, simulations: int, depth: int = 0, leaf: Any = None
) -> SearchResult:
    model = TabularModel(game, simulations + 1, leaf=leaf)
    model.set_roots(at(state), belief[None], depth)
    return ReferenceSearch(model, SearchOptions(simulations, game.discount)).run(np.random.default_rng(0))


# --- the model ----------------------------------------------------------------------------------------------


def full_tree(game: TabularGame, model: TabularModel, slot: int, free: list[int]) -> np.ndarray:
    """(A,) backed-up values of a slot from all replies, weighed by their probabilities under its belief."""
    state, belief = int(model.nodes.states[slot]), model.nodes.beliefs[slot].copy()
    found = model.evaluate(at(slot))
    values = np.zeros(len(game.assistant_actions))
    for action in found.actions[0, : found.counts[0]].tolist():
        for reply, chance in enumerate(predictive(game, state, action, belief)):
            out = free.pop()
            rewards, ends = model.step(at(slot), at(action), at(reply), at(out))
            below = 0.0 if ends[0] else full_tree(game, model, out, free).max()
            values[action] += chance * (rewards[0] + game.discount * below)
    return values


@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(1, 2))
def test_expected_backed_up_values_are_the_exact_ones(
    seed: int, simultaneous: bool, renews: bool, horizon: int
) -> None:
    game = random_game(seed, simultaneous=simultaneous, renews=renews, horizon=horizon, goals=3)
    model = TabularModel(game, slots=100)
    state = int(np.argmax(game.start))
    model.set_roots(at(state), game.prior[None])
    found = full_tree(game, model, 0, free=list(range(1, 100)))
    assert found == pytest.approx(solve(game).action_values(state, game.prior))


@given(st.integers(0, 10_000), st.booleans())
def test_replies_are_drawn_from_the_predictive_distribution(seed: int, simultaneous: bool) -> None:
    game = random_game(seed, simultaneous=simultaneous, replies=3)
    model = TabularModel(game, slots=1)
    model.set_roots(at(1), game.prior[None])
    n = 10_000
    replies = model.reply(np.zeros(n, int), np.ones(n, int), (np.arange(n) + 0.5) / n)
    assert np.bincount(replies, minlength=6) / n == pytest.approx(
        predictive(game, 1, 1, game.prior), abs=2 / n
    )


def test_a_uniform_next_to_one_gives_a_possible_reply() -> None:
    for name in ("tiger", "off_switch", "clarification"):
        game = make_game(name)
        model = TabularModel(game, slots=1)
        model.set_roots(at(0), game.prior[None])
        for action in np.flatnonzero(game.assistant_legal[0]):
            reply = model.reply(at(0), at(action), np.array([np.nextafter(1, 0)]))[0]
            assert predictive(game, 0, action, game.prior)[reply] > 0


def test_candidates_are_the_legal_actions_with_equal_priors() -> None:
    game = make_game("wormy_apples")
    model = TabularModel(game, slots=2, games=2)
    model.set_roots(
        at(game.states.index("clean apple"), game.states.index("wormy apple")), game.prior * [[1], [1]]
    )
    found = model.evaluate(at(0, 1))
    names = [
        [game.assistant_actions[a] for a in row[:n]]
        for row, n in zip(found.actions, found.counts, strict=True)
    ]
    assert names == [["wait", "ask", "make pie"], ["wait", "ask", "compost", "trash"]]
    assert found.priors[0, :3].tolist() == [1 / 3] * 3
    assert found.priors.sum(axis=1) == pytest.approx([1, 1])
    assert found.values.tolist() == [0, 0]


def test_a_leaf_function_gets_what_the_nodes_hold() -> None:
    game = make_game("tiger")
    model = TabularModel(game, 3, 3, leaf=lambda states, beliefs, depths: beliefs[:, 0] + 10 * depths)
    model.set_roots(at(0, 0, 0), np.array([[0.5, 0.5], [1, 0], [0, 1]]), at(0, 1, 2))
    assert model.evaluate(at(2, 1)).values.tolist() == [20, 11]


def test_games_of_a_batch_do_not_touch_each_other() -> None:
    game = random_game(5, goals=3, horizon=4)
    rng = np.random.default_rng(0)
    states, beliefs = at(0, 1, 0, 1), rng.dirichlet(np.ones(3), 4)
    actions, uniforms = at(1, 0, 0, 1), rng.random(4)
    batch = TabularModel(game, slots=8, games=4)
    batch.set_roots(states, beliefs)
    replies = batch.reply(np.arange(4), actions, uniforms)
    rewards, ends = batch.step(np.arange(4), actions, replies, np.arange(4, 8))
    for i in range(4):
        alone = TabularModel(game, slots=2)
        alone.set_roots(states[i : i + 1], beliefs[i : i + 1])
        reply = alone.reply(at(0), actions[i : i + 1], uniforms[i : i + 1])
        reward, end = alone.step(at(0), actions[i : i + 1], reply, at(1))
        assert (reply[0], reward[0], end[0]) == (replies[i], rewards[i], ends[i])
        assert alone.nodes.beliefs[1].tolist() == batch.nodes.beliefs[4 + i].tolist()


def test_episodes_end_in_terminal_states_and_at_the_horizon() -> None:
    game = make_game("red_blue", horizon=2)
    model = TabularModel(game, slots=3)
    model.set_roots(at(0), game.prior[None])
    for slot, ends in ((0, False), (1, True)):
        reply = model.reply(at(slot), at(0), np.array([0.5]))
        assert model.step(at(slot), at(0), reply, at(slot + 1))[1].tolist() == [ends]
    game = make_game("wormy_apples")
    make_pie, clean = game.assistant_actions.index("make pie"), game.states.index("clean apple")
    model = TabularModel(game, slots=2)
    model.set_roots(at(clean), game.prior[None])
    rewards, end = model.step(at(0), at(make_pie), model.reply(at(0), at(make_pie), np.zeros(1)), at(1))
    assert (rewards[0], end[0]) == (2, True)


def test_a_goal_drawn_anew_is_believed_anew() -> None:
    game = make_game("tiger")
    model = TabularModel(game, slots=2)
    model.set_roots(at(0), np.array([[0.9, 0.1]]))
    opened = game.assistant_actions.index("open left")
    reward = model.step(at(0), at(opened), model.reply(at(0), at(opened), np.zeros(1)), at(1))[0]
    assert reward[0] == pytest.approx(0.9 * 10 - 0.1 * 100)
    assert model.nodes.beliefs[1].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("states", "beliefs", "message"),
    [
        ([9], [[0.5, 0.5]], r"states is \[9\]; give states 0\.\.4 that are not terminal"),
        ([3], [[0.5, 0.5]], "not terminal"),
        ([0], [[0.5, 0.4]], "give rows of probabilities that sum to 1"),
        ([0], [0.5, 0.5], r"beliefs has shape \(2,\); give \(1, 2\)"),
    ],
)
def test_wrong_roots_are_named(states: list, beliefs: list, message: str) -> None:
    game = make_game("wormy_apples")
    assert game.states[3] == "pie"
    with pytest.raises(ValueError, match=message):
        TabularModel(game, slots=1).set_roots(np.array(states), np.array(beliefs))


def test_wrong_sizes_and_users_are_named() -> None:
    with pytest.raises(ValueError, match="slots is 2 for 3 games"):
        TabularModel(make_game("tiger"), slots=2, games=3)
    with pytest.raises(ValueError, match="best-responding"):
        TabularModel(make_game("mini_chef", user="best"), slots=1)


# --- the reference search on it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "state", "depth", "action"),
    [
        ("off_switch", {}, "ready", 0, "propose"),
        ("off_switch", {"good": 0.75, "beta": 0.5}, "ready", 0, "propose"),
        ("off_switch", {"good": 0.75, "beta": 1}, "ready", 0, "act"),
        ("red_blue", {}, "user start, assistant nothing", 0, "wait"),
        ("red_blue", {"accuracy": 0.8}, "user fork, assistant nothing", 1, "wait"),
        ("wormy_apples", {}, "no apple", 0, "get apple"),
        ("wormy_apples", {}, "wormy apple", 1, "ask"),
        ("wormy_apples", {"discount": 0.9}, "wormy apple", 1, "ask"),
        ("tiger", {}, "doors closed", 0, "ask"),
        ("line_build", {"n": 3}, "...", 0, "wait"),
        ("line_build", {"n": 3, "user_cost": 0.2}, "...", 0, "wait"),
        ("clarification", {}, "start", 0, "ask"),
        ("clarification", {"n": 2, "wrong": 0.1, "cost": 0.6}, "start", 0, "thing 1"),
    ],
)
def test_search_takes_an_action_within_1_percent_of_the_optimal_one(
    name: str, settings: dict[str, Any], state: str, depth: int, action: str
) -> None:
    game = make_game(name, **settings)
    at_state = game.states.index(state)
    values = solve(game).action_values(at_state, game.prior, depth)
    assert values[game.assistant_actions.index(action)] == pytest.approx(values.max())
    found = search(game, at_state, game.prior, SIMULATIONS, depth)
    assert values[found.action] >= 0.99 * values.max()


def test_search_opens_the_door_that_was_named_twice() -> None:
    game = make_game("tiger")
    odds = 0.85**2 / (0.85**2 + 0.15**2)
    found = search(game, 0, np.array([odds, 1 - odds]), SIMULATIONS)
    assert game.assistant_actions[found.action] == "open left"


def exact_leaf(solution: Solution) -> Any:
    """Optimal values of nodes."""

    def leaf(states: np.ndarray, beliefs: np.ndarray, depths: np.ndarray) -> np.ndarray:
        rows = zip(states.tolist(), beliefs, depths.tolist(), strict=True)
        values = [
            0.0 if solution.graph.game.terminal[s] else solution.action_values(s, b, d).max()
            for s, b, d in rows
        ]
        return np.array(values)

    return leaf


@pytest.mark.parametrize(
    ("name", "settings", "state", "action"),
    [
        ("wormy_apples", {"timing": "simultaneous"}, "wormy apple", "ask"),
        ("wormy_apples", {"timing": "two_phase"}, "no apple", "ask"),
        ("wormy_apples", {"timing": "two_phase", "discount": 0.9}, "wormy apple", "compost"),
    ],
)
def test_search_needs_few_simulations_with_exact_values_at_its_leaves(
    name: str, settings: dict[str, Any], state: str, action: str
) -> None:
    game = make_game(name, **settings)
    solution = solve(game)
    found = search(game, game.states.index(state), game.prior, 200, leaf=exact_leaf(solution))
    assert game.assistant_actions[found.action] == action


def test_the_order_of_goals_makes_no_difference_to_a_search() -> None:
    game = make_game("mini_chef", user="uniform")
    order = [2, 0, 1]
    permuted = replace(
        game,
        goals=tuple(game.goals[i] for i in order),
        prior=game.prior[order],
        user=game.fixed_user[..., order],
        rewards=game.rewards[..., order],
    )
    salt = game.states.index("salt")
    edges = [
        [(edge.action, edge.visits) for edge in search(g, salt, g.prior, 300, depth=1).root.edges]
        for g in (game, permuted)
    ]
    assert edges[0] == edges[1]


# --- playing ------------------------------------------------------------------------------------------------


def optimal(game: TabularGame) -> Any:
    solution = solve(game)

    def act(state: int, belief: np.ndarray, depth: int, rng: np.random.Generator) -> int:
        return int(solution.act(at(state), belief[None], depth)[0])

    return act


@pytest.mark.parametrize("name", ["red_blue", "wormy_apples", "tiger", "line_build"])
def test_played_returns_average_to_the_value(name: str) -> None:
    game = make_game(name, **({"accuracy": 0.8} if name == "red_blue" else {}))
    returns = np.array(list(play(game, optimal(game), range(400))))
    error = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - solve(game).value) < 4 * error + 1e-2


def beliefs_met(game: TabularGame, questions: int) -> list[np.ndarray]:
    """Beliefs in the first episode of an assistant that asks so often and then waits."""
    met = []

    def act(state: int, belief: np.ndarray, depth: int, rng: np.random.Generator) -> int:
        met.append(belief)
        return game.assistant_actions.index("ask") if depth < questions else 0

    list(play(game, act, range(1)))
    return met


def test_episodes_depend_on_seed_and_number_alone() -> None:
    game = make_game("tiger", discount=0.8)
    act = optimal(game)
    first = list(play(game, act, range(6), seed=3))
    assert list(play(game, act, range(6), seed=3)) == first
    assert list(play(game, act, range(4, 6), seed=3)) == first[4:]
    assert list(play(game, act, range(6), seed=4)) != first
    few, more = beliefs_met(game, 2), beliefs_met(game, 5)
    assert np.array_equal(few[:3], more[:3])
    assert not np.array_equal(few[5], more[5])
