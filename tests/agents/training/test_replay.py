"""The replay is a ring, and states come back from files as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.predictors.moments import Moments, moments_of
from agents.training.replay import Replay
from agents.training.saving import read_state, write_state
from envs.building import BuildingConfig
from envs.building.state import empty_state

CONFIG = BuildingConfig(size=(6, 6, 6))


def moments(first: int, count: int) -> Moments:
    """Moments that are told apart by their clocks, `first` and on."""
    state = empty_state(CONFIG, count)
    state.clock[:] = np.arange(first, first + count)
    return moments_of(state, np.arange(count), np.zeros((count, CONFIG.cells), np.uint8))


def kept(replay: Replay) -> set[int]:
    return set(replay.sample(2_000, np.random.default_rng(0)).clock.tolist())


@pytest.mark.parametrize("sizes", [(3,), (10,), (4, 4, 4), (25,), (7, 25, 1), (1,) * 23])
def test_the_last_moments_are_kept(sizes: tuple[int, ...]) -> None:
    replay, added = Replay(10), 0
    for size in sizes:
        replay.add(moments(added, size))
        added += size
    assert (replay.added, replay.number) == (added, min(added, 10))
    assert kept(replay) == set(range(max(0, added - 10), added))


def test_a_restored_replay_goes_on_as_the_first() -> None:
    first, second = Replay(10), Replay(10)
    first.add(moments(0, 23))
    second.restore(first.state())
    for replay in (first, second):
        replay.add(moments(23, 4))
    ours, theirs = (replay.sample(50, np.random.default_rng(1)) for replay in (first, second))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_is_lost_silently() -> None:
    replay = Replay(10)
    with pytest.raises(ValueError, match="the replay is empty"):
        replay.sample(1, np.random.default_rng(0))
    replay.add(moments(0, 5))
    with pytest.raises(ValueError, match="restore into one of the same capacity"):
        Replay(3).restore(replay.state())
    with pytest.raises(ValueError, match="moments have shape"):
        replay.add(moments(0, 1)._replace(candidates=np.zeros((1, 7), np.int32)))
    with pytest.raises(ValueError, match="capacity is 0"):
        Replay(0)


def test_states_come_back_from_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    replay = Replay(8)
    replay.add(moments(0, 5))
    state = {"a": {"b": np.arange(3, dtype=np.int16), "c": {}}, "rng": rng.bit_generator.state, "n": 1.5}
    write_state(tmp_path / "state.npz", {**state, "replay": replay.state()})
    found = read_state(tmp_path / "state.npz")
    assert found["a"]["b"].dtype == np.int16
    assert (found["a"]["c"], found["n"], found["rng"]) == ({}, 1.5, state["rng"])
    again = Replay(8)
    again.restore(found["replay"])
    assert kept(again) == set(range(5))
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]
    with pytest.raises(ValueError, match="the name 'x/y'"):
        write_state(tmp_path / "state.npz", {"x/y": 1})
