"""Recorded people as states, what their edits look like in numbers, and how probable users find them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agents.users.alone import Trace, build_alone, trace_of
from agents.users.builder import BuilderUser
from agents.users.evidence import FLOOR, evidence
from agents.users.likeness import EDITS, FEATURES, windows
from agents.users.recorded import RecordedEpisode, people_of, read_episodes, without
from agents.users.resemblance import auc, classify
from agents.users.traits import Traits
from envs.building import BuildingConfig
from envs.building.actions import BREAK, MOVE_FIRST, PLACE
from envs.building.goals import Goals
from envs.building.state import touched_by
from envs.building.world import start_blocks

SIZE = (11, 10, 10)
STONE = 7


@pytest.fixture(scope="module")
def recorded(require_data: Callable[[str], Path]) -> list[RecordedEpisode]:
    return read_episodes(require_data("human_building"))


def row_of_stones(length: int = 9, rows: int = 3) -> Trace:
    """Rows along x, built one after the other from one end, a move between the edits."""
    goal = start_blocks(SIZE)
    goal[1 : 1 + length, 2, 1 : 1 + rows] = STONE
    actions: list[list[int]] = []
    for z in range(1, 1 + rows):
        for x in range(1, 1 + length):
            cell = int(np.ravel_multi_index((x, 2, z), SIZE))
            actions += [[PLACE, cell, STONE], [MOVE_FIRST, 0, 0]]
    return Trace("rows", SIZE, goal.reshape(-1), start_blocks(SIZE).reshape(-1), np.array(actions, np.int16))


# --- windows ------------------------------------------------------------------------------------------------


def test_a_window_of_a_row_is_a_row() -> None:
    found = dict(zip(FEATURES, windows(row_of_stones(9, 4))[0], strict=True))
    assert found["height"] == 2
    assert found["sharing a face"] == pytest.approx(17 / 19)
    assert found["lines continued"] == pytest.approx(14 / 18)
    assert found["same layer"] == 1
    assert found["materials switched"] == found["breaks"] == found["wrong"] == 0
    assert found["steps an edit"] == 2
    assert found["edits after edits"] == 0


def test_a_wrong_block_and_its_mending_are_counted() -> None:
    trace = row_of_stones(9, 4)
    cell = int(np.ravel_multi_index((1, 3, 1), SIZE))
    actions = np.concatenate([[[PLACE, cell, STONE], [BREAK, cell, 0]], trace.actions]).astype(np.int16)
    changed = Trace(trace.name, SIZE, trace.goal, trace.start, actions)
    found = dict(zip(FEATURES, windows(changed)[0], strict=True))
    assert found["wrong"] == found["mended"] == pytest.approx(1 / EDITS)


def test_short_traces_have_no_windows() -> None:
    assert windows(row_of_stones(6, 3)).shape == (0, len(FEATURES))


def test_a_classifier_tells_apart_what_differs_and_nothing_else() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    people = [rng.normal(0, 1, (60, 5)) for _ in range(4)]
    alike = [rng.normal(0, 1, (60, 5)) for _ in range(4)]
    other = [rng.normal(2, 1, (60, 5)) for _ in range(4)]
    tested = [False, False, True, True]
    assert auc(*classify(people, other, tested, slice(0, 5))) > 0.95
    assert abs(auc(*classify(people, alike, tested, slice(0, 5))) - 0.5) < 0.15


def test_auc_counts_pairs() -> None:
    real = np.array([True, True, False, False])
    assert auc(np.array([3.0, 2.0, 1.0, 0.0]), real) == 1
    assert auc(np.array([1.0, 1.0, 1.0, 1.0]), real) == 0.5
    assert auc(np.array([2.0, 0.0, 1.0, 0.5]), real) == 0.5


def test_users_who_build_alone_leave_traces(houses: Goals) -> None:
    traces, done = build_alone(BuilderUser("plain", Traits()), houses.blocks[:2], np.arange(2), 120)
    for trace, share in zip(traces, done, strict=True):
        blocks = trace.start.copy()
        for kind, cell, block in trace.actions.astype(int):
            if kind in (PLACE, BREAK):
                blocks[cell] = block if kind == PLACE else 0
        left = (blocks != trace.goal).sum() / (trace.start != trace.goal).sum()
        assert 0.1 < share < 1
        assert left < 1


# --- recordings ---------------------------------------------------------------------------------------------


def test_recorded_states_follow_from_the_actions(recorded: list[RecordedEpisode]) -> None:
    """What a person changed is theirs from the next step on, and their last edit."""
    for episode in recorded:
        for t in episode.edits[episode.edits + 1 < len(episode.actions)][::7]:
            kind, cell, block = episode.actions[t].astype(int)
            assert episode.state.blocks[t + 1, cell] == (block if kind == PLACE else 0)
            assert touched_by(episode.state.touched[t + 1, cell]) == 1
            assert episode.state.last_edit[t + 1, 0] == cell
            assert tuple(episode.state.previous[t + 1, 0]) == (kind, cell, block)


def test_assistants_are_seen_in_pairs_only(recorded: list[RecordedEpisode]) -> None:
    for episode in recorded:
        assert (episode.state.last_edit[-1, 1] < 0) == episode.alone
    assert sum(episode.alone for episode in recorded) == 7


def test_a_person_can_be_left_out(recorded: list[RecordedEpisode]) -> None:
    people = people_of(recorded)
    assert len(people) == 4
    assert all(episode.person != people[0] for episode in without(recorded, people[0]))
    with pytest.raises(ValueError, match="person is 'me'; the recordings have person_"):
        without(recorded, "me")


# --- evidence -----------------------------------------------------------------------------------------------


def test_evidence_of_one_user_is_its_log_probability(recorded: list[RecordedEpisode]) -> None:
    episode = min(recorded, key=lambda one: len(one.actions))
    found = evidence(episode, [Traits()], SIZE)
    judge = BuilderUser("plain", Traits())
    goals = np.tile(episode.goal, (len(episode.actions), 1))
    judge.reset(BuildingConfig(), np.arange(len(goals)), goals)
    expected = np.maximum(judge.log_prob(episode.state, episode.actions), np.log(FLOOR))
    assert found.actions == pytest.approx(expected)
    assert len(found.edits) == len(found.uniform) == len(episode.edits)
    assert found.edits.mean() > found.uniform.mean()


def test_a_mixture_learns_who_the_user_is(recorded: list[RecordedEpisode]) -> None:
    """In the end it is as good as its best user, but for the price of finding out: log of their number."""
    episode = min(recorded, key=lambda one: len(one.actions))
    users = [Traits(), Traits(height=-3.0), Traits(pause=0.7, fidget=0.1)]
    mixed = evidence(episode, users, SIZE).actions.sum()
    each = [evidence(episode, [traits], SIZE).actions.sum() for traits in users]
    assert max(each) - np.log(3) - 1e-6 <= mixed <= max(each) + 1e-6


def test_traces_of_people_end_where_they_left_the_house(recorded: list[RecordedEpisode]) -> None:
    for episode in recorded:
        if episode.alone:
            trace = trace_of(episode, SIZE)
            assert len(windows(trace)) >= 3
