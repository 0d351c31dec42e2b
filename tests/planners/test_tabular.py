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
from planners.bounds import blind_bounds
from planners.exact import solve
from planners.options import SearchOptions
from planners.reference import ReferenceSearch, SearchResult
from planners.tabular import TabularModel

SIMULATIONS = 200


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers)


def predictive(game: TabularGame, state: int, action: int, belief: np.ndarray) -> np.ndarray:
    """(H * K,) probabilities of replies."""
    return ((game.user_policy(state, action) @ belief)[:, None] * game.chances[state, action]).ravel()


def rooted(game: TabularGame, state: int, belief: np.ndarray, depth: int = 0, nodes: int = 1) -> TabularModel:
    """A model of one game with its root set, and no values at its leaves."""
    model = TabularModel(game, nodes=nodes)
    model.set_root(0, state, belief, depth)
    return model


def search(game: TabularGame, state: int, belief: np.ndarray, depth: int = 0, **options: Any) -> SearchResult:
    """The reference search with blind plans at its leaves."""
    wanted = SearchOptions(SIMULATIONS, discount=game.discount, backup="best", **options)
    model = TabularModel(game, nodes=wanted.nodes, leaf=blind_bounds(game))
    model.set_root(0, state, belief, depth)
    return ReferenceSearch(model, wanted).run(seed=0)


# --- the model ----------------------------------------------------------------------------------------------


def full_tree(game: TabularGame, model: TabularModel, slot: int, free: list[int]) -> np.ndarray:
    """(A,) backed-up values of a slot from all replies, weighed by their probabilities under its belief."""
    nodes = model.view().nodes
    state, belief = int(nodes.states[slot]), nodes.beliefs[slot].copy()
    found = model.evaluate(at(slot))
    values = np.zeros(len(game.assistant_actions))
    for action in found.actions[0, : found.counts[0]].tolist():
        for reply, chance in enumerate(predictive(game, state, action, belief)):
            out = free.pop()
            rewards, chances, ends = model.step(at(slot), at(action), at(reply), at(out))
            assert chances[0] == pytest.approx(chance)
            below = 0.0 if ends[0] else full_tree(game, model, out, free).max()
            values[action] += chance * (rewards[0] + game.discount * below)
    return values


@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(1, 2))
def test_expected_backed_up_values_are_the_exact_ones(
    seed: int, simultaneous: bool, renews: bool, horizon: int
) -> None:
    game = random_game(seed, simultaneous=simultaneous, renews=renews, horizon=horizon, goals=3)
    state = int(np.argmax(game.start))
    model = rooted(game, state, game.prior, nodes=100)
    found = full_tree(game, model, 0, free=list(range(1, 100)))
    assert found == pytest.approx(solve(game).action_values(state, game.prior))


@given(st.integers(0, 10_000), st.booleans())
def test_replies_are_drawn_from_the_predictive_distribution(seed: int, simultaneous: bool) -> None:
    game = random_game(seed, simultaneous=simultaneous, replies=3)
    model = rooted(game, 1, game.prior)
    n = 10_000
    replies = model.reply(np.zeros(n, int), np.ones(n, int), (np.arange(n) + 0.5) / n)
    assert np.bincount(replies, minlength=6) / n == pytest.approx(
        predictive(game, 1, 1, game.prior), abs=2 / n
    )


def test_a_uniform_next_to_one_gives_a_possible_reply() -> None:
    for name in ("tiger", "off_switch", "clarification"):
        game = make_game(name)
        model = rooted(game, 0, game.prior)
        for action in np.flatnonzero(game.assistant_legal[0]):
            reply = model.reply(at(0), at(action), np.array([np.nextafter(1, 0)]))[0]
            assert predictive(game, 0, action, game.prior)[reply] > 0


def test_candidates_are_the_legal_actions_with_equal_priors() -> None:
    game = make_game("wormy_apples")
    model = TabularModel(game, games=2, nodes=1)
    model.set_root(0, game.states.index("clean apple"), game.prior)
    model.set_root(1, game.states.index("wormy apple"), game.prior)
    found = model.evaluate(at(0, 1))
    names = [
        [game.assistant_actions[a] for a in row[:n]]
        for row, n in zip(found.actions, found.counts, strict=True)
    ]
    assert names == [["wait", "ask", "make pie"], ["wait", "ask", "compost", "trash"]]
    assert found.priors[0, :3] == pytest.approx([1 / 3] * 3)
    assert found.priors[1] == pytest.approx([1 / 4] * 4)
    assert found.values.tolist() == [0, 0]
    assert not found.kinds.any()


def test_games_of_a_batch_do_not_touch_each_other() -> None:
    game = random_game(5, goals=3, horizon=4)
    rng = np.random.default_rng(0)
    states, beliefs = at(0, 1, 0, 1), rng.dirichlet(np.ones(3), 4)
    actions, uniforms = at(1, 0, 0, 1), rng.random(4)
    batch = TabularModel(game, games=4, nodes=2)
    for i in range(4):
        batch.set_root(i, int(states[i]), beliefs[i])
    roots = 2 * np.arange(4)
    replies = batch.reply(roots, actions, uniforms)
    steps = batch.step(roots, actions, replies, roots + 1)
    for i in range(4):
        alone = rooted(game, int(states[i]), beliefs[i], nodes=2)
        reply = alone.reply(at(0), actions[i : i + 1], uniforms[i : i + 1])
        own = alone.step(at(0), actions[i : i + 1], reply, at(1))
        assert reply[0] == replies[i]
        assert [part[0] for part in own] == [part[i] for part in steps]
        assert np.array_equal(alone.view().nodes.beliefs[1], batch.view().nodes.beliefs[2 * i + 1])


def test_episodes_end_in_terminal_states_and_at_the_horizon() -> None:
    game = make_game("red_blue", horizon=2)
    model = rooted(game, 0, game.prior, nodes=3)
    for slot, ends in ((0, False), (1, True)):
        reply = model.reply(at(slot), at(0), np.array([0.5]))
        assert model.step(at(slot), at(0), reply, at(slot + 1)).ends.tolist() == [ends]
    game = make_game("wormy_apples")
    make_pie, clean = game.assistant_actions.index("make pie"), game.states.index("clean apple")
    model = rooted(game, clean, game.prior, nodes=2)
    steps = model.step(at(0), at(make_pie), model.reply(at(0), at(make_pie), np.zeros(1)), at(1))
    assert (steps.rewards[0], steps.ends[0]) == (2, True)


def test_a_goal_drawn_anew_is_believed_anew() -> None:
    game = make_game("tiger")
    model = rooted(game, 0, np.array([0.9, 0.1]), nodes=2)
    opened = game.assistant_actions.index("open left")
    steps = model.step(at(0), at(opened), model.reply(at(0), at(opened), np.zeros(1)), at(1))
    assert steps.rewards[0] == pytest.approx(0.9 * 10 - 0.1 * 100)
    assert model.view().nodes.beliefs[1].tolist() == [0.5, 0.5]


def test_a_collapsed_belief_is_certain_of_a_goal_drawn_from_it() -> None:
    game = make_game("mini_chef")
    model = rooted(game, 0, np.array([0.2, 0.0, 0.8]), nodes=2)
    n = 1000
    drawn = np.zeros(3)
    for uniform in (np.arange(n) + 0.5) / n:
        model.collapse(at(0), np.array([uniform]), at(1))
        drawn += model.view().nodes.beliefs[1]
    assert drawn.tolist() == [200, 0, 800]
    assert model.entropy(at(0, 1)) == pytest.approx([-0.2 * np.log(0.2) - 0.8 * np.log(0.8), 0])
    model.collapse(at(0), np.array([np.nextafter(1, 0)]), at(0))
    assert model.view().nodes.beliefs[0].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ((0, 9, [0.5, 0.5]), r"state is 9; give one of 0\.\.4 where the game is not over"),
        ((0, 3, [0.5, 0.5]), "state is 3; give one of"),
        ((0, -1, [0.5, 0.5]), "state is -1; give one of"),
        ((0, 0, [0.5, 0.4]), r"belief is \[0\.5, 0\.4\]; give probabilities 0\.\.1 that sum to 1"),
        ((0, 0, [1.5, -0.5]), "give probabilities 0"),
        ((0, 0, [np.nan, 1]), "give probabilities 0"),
        ((0, 0, [1.0]), r"belief has shape \(1,\); give one probability per goal, \(2,\)"),
        ((0, 0, [0.5, 0.5], -1), r"depth is -1; wormy_apples can be searched after 0\.\."),
        ((1, 0, [0.5, 0.5]), r"game is 1; this model has games 0\.\.0"),
    ],
)
def test_wrong_roots_are_named(root: tuple, message: str) -> None:
    game = make_game("wormy_apples")
    assert game.states[3] == "pie"
    with pytest.raises(ValueError, match=message):
        TabularModel(game).set_root(*root)


def test_a_root_at_the_horizon_is_named() -> None:
    with pytest.raises(ValueError, match=r"depth is 4; red_blue can be searched after 0\.\.3 steps"):
        TabularModel(make_game("red_blue")).set_root(0, 0, np.array([0.5, 0.5]), 4)


def test_wrong_sizes_and_users_are_named() -> None:
    for sizes in ({"games": 0}, {"nodes": 0}):
        with pytest.raises(ValueError, match="is 0; give 1 or more"):
            TabularModel(make_game("tiger"), **sizes)
    with pytest.raises(ValueError, match="best-responding"):
        TabularModel(make_game("mini_chef", user="best"))


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
    found = search(game, at_state, game.prior, depth)
    assert values[found.action] >= 0.99 * values.max()


def test_search_opens_the_door_that_was_named_twice() -> None:
    game = make_game("tiger")
    odds = 0.85**2 / (0.85**2 + 0.15**2)
    found = search(game, 0, np.array([odds, 1 - odds]), rule="puct")
    assert game.assistant_actions[found.action] == "open left"


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
        [(edge.action, edge.visits) for edge in search(g, salt, g.prior, depth=1).root.edges]
        for g in (game, permuted)
    ]
    assert edges[0] == edges[1]
