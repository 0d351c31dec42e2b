"""A record of a search tree says what the search knows, adds up, and survives JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from envs.tabular import make_game
from planners.options import SearchOptions
from planners.search import Search, SearchError
from planners.snapshot import SCHEMA, Names, snapshot, tabular_names
from planners.tabular import TabularModel
from tests.planners.toys import ASK, AskOrAct, Bandit, HashModel, InPython

RULES = (
    {"rule": "gumbel"},
    {"rule": "gumbel", "backup": "best", "widening": 1.0},
    {"rule": "puct"},
    {"rule": "puct", "two_level": True},
)
GAMES = 3


class Telling(AskOrAct):
    """AskOrAct that tells its beliefs, and knows the user's wish without a use for it."""

    wish = "left"

    def beliefs(self, slots: np.ndarray) -> list[list[tuple[str, float]]]:
        return [[("left", left), ("right", 1 - left)] for left in self.left[slots]]

    def state_name(self, slot: int) -> str:
        return f"belief {self.left[slot]}"


def searched(simulations: int = 60, wave: int = 1, **more: Any) -> Search:
    """Three games of hashes, the last of which is searched."""
    options = SearchOptions(simulations=simulations, candidates=24, wave=wave, **more)
    model = HashModel(GAMES * options.nodes)
    model.states[np.arange(GAMES) * options.nodes] = [5, 6, 7]
    search = Search(InPython(model, 24) if wave > 1 else model, GAMES, options)
    search.run(np.arange(GAMES), np.array([False, False, True]))
    return search


def asked() -> Search:
    """A search that asks."""
    search = Search(Telling(0.1), 1, SearchOptions(simulations=100, candidates=3))
    search.run(np.array([4]))
    return search


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for candidate in node["candidates"]:
        for reply in candidate["replies"]:
            yield from nodes(reply["node"])


@pytest.mark.parametrize("wave", [1, 4])
@pytest.mark.parametrize("options", RULES, ids=str)
def test_visits_and_probabilities_add_up(options: dict[str, Any], wave: int) -> None:
    tree = snapshot(searched(wave=wave, **options), 2, depth=60)
    assert len(list(nodes(tree["root"]))) == tree["nodes"]
    assert tree["root"]["visits"] == tree["simulations"] + 1 == 61
    for node in nodes(tree["root"]):
        candidates, rest = node["candidates"], node["rest"]
        assert sum(c["visits"] for c in candidates) == node["visits"] - 1
        assert [c["rank"] for c in candidates] == list(range(1, len(candidates) + 1))
        if candidates or rest["count"]:
            assert sum(c["prior"] for c in candidates) + rest["prior"] == pytest.approx(1, abs=1e-5)
        if node["visits"] > 1:
            assert sum(c["policy"] for c in candidates) + rest["policy"] == pytest.approx(1, abs=1e-5)
        for candidate in candidates:
            replies = candidate["replies"]
            assert len(replies) == candidate["outcomes"]
            assert sum(reply["count"] for reply in replies) == candidate["visits"]
            assert sum(reply["probability"] for reply in replies) < 1 + 1e-9
            assert (candidate["value"] is None) == (candidate["visits"] == 0)
            for reply in replies:
                assert reply["count"] >= reply["node"]["visits"] >= 1
                assert reply["count"] == reply["node"]["visits"] or reply["node"]["ended"] or wave > 1


def test_the_root_is_the_one_of_the_results() -> None:
    search = searched()
    results = search.run(np.arange(GAMES))
    for game in range(GAMES):
        tree, count = snapshot(search, game), results.counts[game]
        candidates = tree["root"]["candidates"]
        by_action = {c["action"]: c for c in candidates}
        assert (tree["action"], tree["value"]) == (results.actions[game], results.values[game])
        assert (len(candidates), tree["root"]["rest"]["count"]) == (count, 0)
        for i in range(count):
            candidate = by_action[results.candidates[game, i]]
            assert candidate["visits"] == results.visits[game, i]
            assert candidate["policy"] == pytest.approx(results.policy[game, i], abs=1e-12)
        unopened = [c["prior"] for c in candidates if not c["outcomes"]]
        assert unopened == sorted(unopened, reverse=True)


def test_it_survives_json_and_leaves_the_search_as_it_was() -> None:
    search = searched()
    before = [part.copy() for part in search.forest]
    tree = snapshot(search, 2, title="step 3")
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree
    assert (tree["schema"], tree["title"], tree["seed"]) == (SCHEMA, "step 3", 2)
    assert tree["options"]["simulations"] == 60
    for was, part in zip(before, search.forest, strict=True):
        fields = [name for name in part.dtype.names or () if name != "score"]
        assert np.array_equal(was[fields] if fields else was, part[fields] if fields else part)


def test_less_can_be_recorded() -> None:
    search = searched()
    flat = snapshot(search, 2, depth=0)["root"]["candidates"]
    assert not any(candidate["replies"] for candidate in flat)
    assert any(candidate["outcomes"] for candidate in flat)
    for node in nodes(snapshot(search, 2, least_visits=5)["root"]):
        assert all(reply["count"] >= 5 for c in node["candidates"] for reply in c["replies"])
    sizes = [len(list(nodes(snapshot(search, 2, depth=depth)["root"]))) for depth in (0, 1, 2)]
    assert sizes == sorted(set(sizes))


def test_beliefs_and_names_are_those_of_the_model() -> None:
    names = Names(("ask", "left", "right").__getitem__, ("-", "“left”", "“right”").__getitem__)
    tree = snapshot(asked(), names=names)
    assert (tree["name"], tree["root"]["state"]) == ("ask", "belief 0.5")
    assert tree["root"]["belief"] == [["left", 0.5], ["right", 0.5]]
    asking = next(c for c in tree["root"]["candidates"] if c["action"] == ASK)
    told = {reply["name"]: reply["node"]["belief"][0][1] for reply in asking["replies"]}
    assert told == {"“left”": 1.0, "“right”": 0.0}
    for node in nodes(tree["root"]):
        assert sum(share for _, share in node["belief"]) == pytest.approx(1)


def test_the_record_holds_nothing_of_the_hidden_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = snapshot(asked())
    monkeypatch.setattr(Telling, "wish", "right")
    assert snapshot(asked()) == tree
    assert "wish" not in json.dumps(tree)


def test_replies_that_end_the_episode_share_what_is_left() -> None:
    search = Search(Bandit(1.0), 1, SearchOptions(simulations=40, candidates=2))
    search.run(np.array([0]))
    risky = next(c for c in snapshot(search)["root"]["candidates"] if c["action"] == 7)
    lost, won = risky["replies"]
    assert (lost["node"]["ended"], lost["node"]["value"], won["reward"]) == (True, 0, 1)
    assert not lost["exact"]
    assert lost["count"] + won["count"] == risky["visits"]
    assert lost["count"] == pytest.approx(0.7 * risky["visits"], abs=1.5)


def test_games_of_tables_have_names() -> None:
    game = make_game("wormy_apples")
    options = SearchOptions(simulations=30, discount=game.discount)
    model = TabularModel(game, 1, options.nodes)
    model.set_root(0, int(game.start.argmax()), game.prior)
    search = Search(model, 1, options)
    search.run(np.array([0]))
    root = snapshot(search, names=tabular_names(game))["root"]
    candidates = root["candidates"]
    assert (root["state"], root["belief"]) == ("no apple", [["compost", 0.5], ["trash", 0.5]])
    assert {c["name"] for c in candidates} == {"wait", "get apple", "ask"}
    replies = {c["name"]: {r["name"] for r in c["replies"]} for c in candidates}
    assert replies == {"wait": {"wait"}, "get apple": {"wait"}, "ask": {"compost", "trash"}}


def test_what_cannot_be_shown_is_named() -> None:
    search = searched()
    for game, words in ((0, "game 0 has no finished search"), (3, "games 0..2")):
        with pytest.raises(ValueError, match=words):
            snapshot(search, game)
    with pytest.raises(ValueError, match="depth is -1"):
        snapshot(search, 2, depth=-1)
    with pytest.raises(ValueError, match="least_visits is 0"):
        snapshot(search, 2, least_visits=0)


def test_a_search_that_failed_is_not_shown() -> None:
    options = SearchOptions(simulations=20, candidates=24)
    search = Search(InPython(HashModel(options.nodes), 24, (0,), options.nodes), 1, options)
    with pytest.raises(SearchError):
        search.run(np.array([0]))
    with pytest.raises(ValueError, match="no finished search"):
        snapshot(search)
