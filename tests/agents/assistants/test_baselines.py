"""The planners that search is compared with, on the building game's model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.assistants.library import LibraryBelief
from agents.assistants.names import building_names
from agents.assistants.planning import PlanningAssistant
from agents.users import make_user
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import Codec, encode
from envs.building.goals import Goals
from envs.building.world import ASSISTANT, BLOCK_NAMES
from planners.baselines import PLANNERS, make_planner
from planners.options import SearchOptions
from planners.search import Results, Search
from planners.snapshot import snapshot

GAMES, BEFORE = 3, 12
OPTIONS = SearchOptions(40)


class HalfBuilt:
    """Three worlds after some steps of a builder alone, and a planner's assistant that watched them."""

    def __init__(self, config: BuildingConfig, huts: Goals, planner: str):
        self.batch, user = BuildingBatch(GAMES, config), make_user("bottom_up")
        self.assistant = PlanningAssistant(LibraryBelief(huts.blocks[8:]), OPTIONS, planner=planner)
        self.batch.reset(huts.blocks[:GAMES])
        user.reset(config, np.arange(GAMES), self.batch.latent.goal.copy())
        self.assistant.reset(config, np.arange(GAMES), None)
        waits, active = np.zeros((GAMES, 3), np.int16), np.ones(GAMES, bool)
        for _ in range(BEFORE):
            self.batch.step(np.stack([user.act(self.batch.state, active), waits], axis=1))
            self.assistant.belief.observe(self.batch.state, active)

    def decide(self, active: tuple[bool, ...] = (True, True, True)) -> np.ndarray:
        return self.assistant.act(self.batch.state, np.array(active)).copy()

    def results(self, planner: str, active: np.ndarray | None = None) -> Results:
        """A decision on the roots that the assistant has set."""
        model, state = self.assistant.model, self.batch.state
        for game in range(GAMES):
            model.set_root(
                game, state, game, self.assistant.root_belief(state, game, np.random.default_rng(0))
            )
        return make_planner(planner, model, GAMES, OPTIONS).run(np.arange(GAMES), active)


@pytest.fixture
def half_built(small: BuildingConfig, huts: Goals) -> Any:
    return lambda planner="gumbel": HalfBuilt(small, huts, planner)


@pytest.mark.parametrize("planner", PLANNERS)
def test_a_planner_decides_legally_and_the_same_again(planner: str, half_built: Any) -> None:
    world = half_built(planner)
    codec = Codec.of(world.batch.config)
    legal, counts = world.batch.legal(ASSISTANT)
    actions = world.decide()
    for game in range(GAMES):
        assert encode(codec, *map(int, actions[game])) in legal[game, : counts[game]]
    assert (half_built(planner).decide() == actions).all()


@pytest.mark.parametrize("planner", PLANNERS)
def test_a_game_does_not_depend_on_the_others(planner: str, half_built: Any) -> None:
    world = half_built()
    world.decide()
    together = world.results(planner)
    some = world.results(planner, np.array([False, True, False]))
    assert some.actions[[0, 2]].tolist() == [-1, -1]
    for part, alone in zip(together, some, strict=True):
        assert np.array_equal(part[1], alone[1], equal_nan=part.dtype.kind == "f")


def test_a_collapsed_slot_is_certain_and_the_others_stay(half_built: Any) -> None:
    world = half_built()
    world.decide()
    model, nodes = world.assistant.model, world.assistant.options.nodes
    roots = np.arange(GAMES) * nodes
    count = model.options.particles
    world.results("voi")
    assert model.entropy(roots) == pytest.approx(np.log(count))
    model.collapse(roots, np.array([0.0, 0.5, np.nextafter(1, 0)]), roots + 1)
    assert model.entropy(roots + 1).tolist() == [0, 0, 0]
    assert model.weights[roots + 1].argmax(axis=1).tolist() == [0, count // 2, count - 1]
    assert model.entropy(roots) == pytest.approx(np.log(count))
    model.collapse(roots + 1, np.zeros(GAMES), roots + 1)
    assert model.weights[roots + 1].argmax(axis=1).tolist() == [0, count // 2, count - 1]


def test_a_collapsed_slot_forgets_what_was_forecast_for_it(half_built: Any) -> None:
    world = half_built()
    world.decide()
    model, none, numbers = world.assistant.model, np.zeros(400, np.int64), np.linspace(0, 0.999, 400)
    world.results("voi")
    here = [np.array([slot]) for slot in range(3)]
    wide = model.reply(none, none, numbers)
    found = []
    model.step(here[0], none[:1], wide[-1:], here[1])
    for slot in (1, 2):
        model.reply(none + slot, none, numbers)
        model.collapse(here[0], np.array([0.4]), here[slot])
        found.append(model.reply(none + slot, none, numbers))
    assert np.array_equal(*found)
    assert len(set(found[0].tolist())) < len(set(wide.tolist()))


def test_the_record_of_a_search_has_names_and_beliefs(half_built: Any) -> None:
    world = half_built()
    world.decide()
    planner, config = world.assistant.planner, world.batch.config
    assert isinstance(planner, Search)
    tree = snapshot(planner, 0, building_names(config), depth=2)
    root = tree["root"]
    feet = [tuple(cell) for cell in world.batch.state.feet[0].tolist()]
    assert root["state"] == f"step {BEFORE}, user at {feet[0]}, assistant at {feet[1]}"
    assert "noop" in {candidate["name"] for candidate in root["candidates"]}
    belief = dict(root["belief"])
    assert 1 < len(belief) <= 12
    marginals = world.assistant.marginals[0]
    doubts = [abs(share - 0.5) for _, share in root["belief"]]
    assert doubts == sorted(doubts)
    for label, share in belief.items():
        block, place = label.split(" at ")
        cell = np.ravel_multi_index([int(part) for part in place.strip("()").split(",")], config.size)
        assert share == pytest.approx(marginals[cell, BLOCK_NAMES.index(block)], abs=1e-5)
    replies = [reply for candidate in root["candidates"] for reply in candidate["replies"]]
    told = [reply["node"]["belief"] for reply in replies]
    assert all([label for label, _ in below] == list(belief) for below in told)
    assert any(dict(map(tuple, below)) != belief for below in told)
