"""The fast search equals the plain one, and holds what any search must."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners import tree
from planners.options import SearchOptions
from planners.reference import Node, ReferenceSearch
from planners.search import Results, Search, SearchError
from tests.planners.toys import ASK, AskOrAct, HashModel, InPython

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
GAMES = 3
OPTIONS: dict[str, dict[str, Any]] = {
    "gumbel": {},
    "puct": {"rule": "puct"},
    "two levels": {"rule": "puct", "two_level": True},
    "gumbel noise": {"noise": True},
    "puct noise": {"rule": "puct", "noise": True},
    "gumbel waves": {"wave": 4},
    "puct waves": {"rule": "puct", "wave": 7},
    "widening": {"widening": 1.0},
    "widening in waves": {"rule": "puct", "widening": 1.5, "wave": 3},
    "best": {"backup": "best"},
    "best puct": {"backup": "best", "rule": "puct"},
    "one simulation": {"simulations": 1},
    "few simulations": {"simulations": 7},
    "reuse": {"reuse": True},
    "reuse puct noise": {"reuse": True, "rule": "puct", "noise": True},
    "reuse everything": {"reuse": True, "widening": 1.0, "wave": 5, "noise": True, "backup": "best"},
}


def games(options: SearchOptions, first: int = 5) -> HashModel:
    """A hash game for each root."""
    model = HashModel(GAMES * options.nodes)
    set_roots(model, options, first)
    return model


def set_roots(model: HashModel, options: SearchOptions, first: int) -> None:
    model.states[:: options.nodes] = np.arange(first, first + GAMES)


def in_python(model: HashModel, **more: Any) -> InPython:
    return InPython(model, model.candidates, **more)


def visits(results: Results, game: int) -> dict[int, int]:
    """Visits by action."""
    count = results.counts[game]
    pairs = zip(results.candidates[game, :count], results.visits[game, :count], strict=True)
    return {int(action): int(n) for action, n in pairs if n}


def same(a: Results, b: Results) -> bool:
    return all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", OPTIONS)
def test_visits_equal_those_of_the_plain_search(name: str) -> None:
    """Three games, three decisions each; kernels and batches against the reference."""
    options = SearchOptions(**{"simulations": 90, **OPTIONS[name]})
    models = [games(options) for _ in range(3)]
    searches = [Search(in_python(models[1]), GAMES, options)]
    if options.wave == 1:
        searches.append(Search(models[0], GAMES, options))
    plain = [ReferenceSearch(models[2], options, game * options.nodes) for game in range(GAMES)]
    for decision in range(3):
        seeds = np.arange(GAMES) + 100 * decision
        found = [search.run(seeds) for search in searches]
        for game in range(GAMES):
            wanted = plain[game].run(int(seeds[game]))
            for results in found:
                assert visits(results, game) == {e.action: e.visits for e in wanted.root.edges if e.visits}
                assert results.actions[game] == wanted.action
                assert results.values[game] == wanted.value
                policy = dict(zip(results.candidates[game], results.policy[game], strict=True))
                for action, probability in wanted.policy.items():
                    assert policy[action] == pytest.approx(probability, abs=1e-12)
            chosen = next(edge for edge in wanted.root.edges if edge.action == wanted.action)
            reply = chosen.outcomes[-1].reply
            kept = {search.advance(game, wanted.action, reply) for search in searches}
            assert kept == {plain[game].advance(wanted.action, reply)}
            if kept == {False}:
                for model in models:
                    model.states[game * options.nodes] = 50 + 10 * decision + game


@pytest.mark.parametrize("rule", ["gumbel", "puct"])
def test_trees_are_what_they_were(rule: str) -> None:
    """Golden trees; to renew one on purpose, delete the file and run this test twice."""
    options = SearchOptions(simulations=24, rule=rule, considered=4)  # type: ignore[arg-type]
    model = HashModel(options.nodes, branching=4, replies=2)
    model.states[0] = 11
    root = ReferenceSearch(model, options).run(0).root
    text = f"{rule}: visits, value to 6 digits, prior; replies with reward and end\n" + "\n".join(lines(root))
    path = GOLDEN / f"tree_{rule}.txt"
    if not path.exists():
        path.write_text(text + "\n")
        pytest.fail(f"{path.name} was missing and is written; look at it and run again")
    assert path.read_text() == text + "\n"


def lines(node: Node, indent: str = "") -> list[str]:
    found = [f"{indent}node {node.visits} visits, own value {node.value:.6f}"]
    for edge in node.edges:
        found.append(f"{indent}  action {edge.action}: {edge.visits}, {edge.value:.6f}, {edge.prior:.6f}")
        for outcome in edge.outcomes:
            end = ", the end" if outcome.ended else ""
            found.append(f"{indent}    reply {outcome.reply}: {outcome.reward:.6f}{end}")
            if outcome.node:
                found += lines(outcome.node, indent + "      ")
    return found


@pytest.mark.parametrize("rule", ["gumbel", "puct"])
@given(seed=st.integers(0, 2**31), simulations=st.integers(1, 120), branching=st.integers(1, 23))
def test_visits_add_up_and_values_are_bounded(rule: str, seed: int, simulations: int, branching: int) -> None:
    options = SearchOptions(simulations=simulations, rule=rule)  # type: ignore[arg-type]
    model = HashModel(options.nodes, branching)
    model.states[0] = seed
    search = Search(model, 1, options)
    found = search.run(np.array([seed]))
    nodes, edges, game = search.forest.nodes, search.forest.edges, search.forest.games[0]
    used, opened = nodes[: game["nodes"]], edges[: game["edges"]]
    assert found.simulations[0] == visits_of_root(found) == simulations
    below = np.bincount(opened["node"], opened["visits"], len(used))
    assert (used["visits"] == 1 + below).all()
    assert (used["started"] == used["visits"]).all(), "nothing is on its way any more"
    bound = 0.5 + sum(0.95**k for k in range(1, 200))
    assert (np.abs(opened["value"]) <= bound).all()
    assert found.policy[0].sum() == pytest.approx(1)
    assert found.actions[0] in found.candidates[0, : found.counts[0]]
    for node in np.flatnonzero(used["count"]):
        rest = search.forest.priors[node, used["opened"][node] : used["count"][node]]
        assert used["mass"][node] == pytest.approx(rest.sum(), abs=1e-6)


def visits_of_root(found: Results) -> int:
    return int(found.visits[0].sum())


def test_games_do_not_depend_on_each_other_nor_on_threads() -> None:
    options = SearchOptions(simulations=80)
    seeds = np.arange(GAMES)
    together = Search(games(options), GAMES, options).run(seeds)
    threads = Search(games(options), GAMES, options, workers=2)
    assert same(together, threads.run(seeds))
    threads.close()
    active = np.array([False, True, False])
    alone = Search(games(options), GAMES, options).run(seeds, active)
    assert visits(alone, 1) == visits(together, 1)
    assert alone.actions.tolist() == [-1, together.actions[1], -1]


def test_a_kept_subtree_is_the_one_that_was_there() -> None:
    options = SearchOptions(simulations=150, reuse=True, considered=2)
    model = games(options)
    search = Search(model, GAMES, options)
    found = search.run(np.arange(GAMES))
    action = int(found.actions[0])
    edges, nodes = search.forest.edges, search.forest.nodes
    edge = next(e for e in range(len(edges)) if edges["node"][e] == 0 and edges["action"][e] == action)
    child = next(c for c in range(1, len(nodes)) if nodes["parent"][c] == edge and nodes["visits"][c] > 3)
    before = nodes[child].copy()
    state = model.states[child]
    assert search.advance(0, action, int(before["reply"]))
    assert model.states[0] == state
    for name in ("visits", "value", "total", "count", "opened"):
        assert nodes[name][0] == before[name]
    again = search.run(np.arange(GAMES), active=np.array([True, False, False]))
    assert again.visits[0].sum() == before["visits"] - 1 + options.simulations


def test_waves_fill_batches() -> None:
    options = SearchOptions(simulations=64, wave=8)
    model = in_python(games(options))
    Search(model, GAMES, options).run(np.arange(GAMES))
    assert len(model.batches) < 64 / 8 + 8
    assert max(model.batches) > 8 * GAMES // 2


def test_a_time_limit_ends_the_search() -> None:
    options = SearchOptions(simulations=100_000, milliseconds=20)
    for model in (HashModel(options.nodes), in_python(HashModel(options.nodes))):
        found = Search(model, 1, options).run(np.array([3]))
        assert 1 <= found.simulations[0] < 100_000
        assert found.actions[0] >= 0


def test_asking_pays_in_batches_too() -> None:
    for rule in ("gumbel", "puct"):
        options = SearchOptions(simulations=400, rule=rule, backup="best")  # type: ignore[arg-type]
        assert Search(AskOrAct(cost=0.1), 1, options).run(np.array([1])).actions[0] == ASK
        assert Search(AskOrAct(cost=1.5), 1, options).run(np.array([1])).actions[0] != ASK


def test_a_model_that_raises_takes_its_own_game_down_only() -> None:
    options = SearchOptions(simulations=40)
    whole = Search(games(options), GAMES, options).run(np.arange(GAMES))
    model = in_python(games(options), broken=(1,), nodes=options.nodes)
    with pytest.raises(
        SearchError, match="game 1: the model raised RuntimeError: no answer for game 1"
    ) as info:
        Search(model, GAMES, options).run(np.arange(GAMES))
    assert isinstance(info.value.__cause__, RuntimeError)
    assert info.value.results.actions.tolist() == [whole.actions[0], -1, whole.actions[2]]
    for game in (0, 2):
        assert visits(info.value.results, game) == visits(whole, game)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"counts": 0}, "game 2: .* proposes no action"),
        ({"priors": np.nan}, "game 2: .* priors that are negative, not a number, or do not sum to 1"),
        ({"priors": 0.7}, "game 2: .* do not sum to 1"),
        ({"priors": -0.1}, "game 2: .* priors that are negative"),
        ({"values": np.inf}, "game 2: .* a value that is not finite"),
    ],
)
def test_bad_answers_are_named(change: dict[str, float], words: str) -> None:
    options = SearchOptions(simulations=20)

    class Bad(InPython):
        def evaluate(self, slots: np.ndarray) -> Any:
            found = super().evaluate(slots)
            for name, value in change.items():
                getattr(found, name)[slots // options.nodes == 2] = value
            return found

    model = games(options)
    with pytest.raises(SearchError, match=words) as info:
        Search(Bad(model, model.candidates), GAMES, options).run(np.arange(GAMES))
    assert (info.value.results.actions[:2] >= 0).all()
    assert info.value.results.actions[2] == -1


def test_seeds_and_sizes_are_checked() -> None:
    options = SearchOptions(simulations=4)
    with pytest.raises(ValueError, match="games is 0; give 1 or more"):
        Search(games(options), 0, options)
    with pytest.raises(ValueError, match=r"seeds has shape \(2,\); give one per game, \(3,\)"):
        Search(games(options), GAMES, options).run(np.arange(2))


def test_a_tree_of_a_hundred_simulations_is_small() -> None:
    """Statistics and candidates; a model's slots come on top."""
    forest = tree.new_forest(4, SearchOptions().nodes, 100, 16, 1)
    assert tree.tree_bytes(forest) < 120_000


def test_equal_numbers_are_equally_good_draws() -> None:
    """The numbers of a seed are uniform and hardly correlated along both indices."""
    from envs.rng import uniform_at

    grid = np.array([[uniform_at(7, i, j) for j in range(60)] for i in range(60)])
    assert abs(grid.mean() - 0.5) < 4 * np.sqrt(1 / 12 / grid.size)
    for a, b in [*pairwise(grid[:3]), *pairwise(grid.T[:3])]:
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(60)
