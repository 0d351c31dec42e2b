"""Batches of worlds: one world's bytes depend on its own seed and actions alone, whatever plays beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.building import BuildingBatch, BuildingConfig, EpisodeOverError, IllegalActionError
from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE, triples
from envs.building.world import DEFAULT_SIZE, Size, cell_index, start_blocks

PLANKS = 6
RANDOM = {"start": "random"}
MODES: list[dict[str, Any]] = [
    {"user": RANDOM, "assistant": RANDOM},
    {"size": (6, 7, 8), "user": RANDOM, "end_without_progress": 9, "reward": {"user_effort": 0.25}},
    {"size": (5, 5, 5), "movement": "teleport"},
    {"size": (7, 6, 8), "blocks": "inventory", "assistant": {"act_every": 3}},
]


def make(batch: int, **options: Any) -> BuildingBatch:
    return BuildingBatch(batch, BuildingConfig.make(**options))


def posts(count: int, size: Size = DEFAULT_SIZE) -> np.ndarray:
    """Goals with one block each, on the ground, at places that take turns."""
    goals = np.repeat(start_blocks(size)[None], count, axis=0)
    row = np.arange(count)
    goals[row, 1 + row % (size[0] - 3), 2, 1 + row % (size[2] - 2)] = PLANKS
    return goals


def random_legal(batch: BuildingBatch, luck: np.ndarray) -> np.ndarray:
    """Joint actions (B, 2, 3): the legal action that `luck` (B, 2) in [0, 1) picks from each list."""
    actions = np.empty((len(batch), 2, 3), np.int16)
    for player in range(2):
        lists, counts = batch.legal(player)
        chosen = lists[np.arange(len(batch)), (luck[:, player] * counts).astype(int)]
        actions[:, player] = triples(batch.codec, chosen)
    return actions


def play(batch: BuildingBatch, luck: np.ndarray) -> None:
    """Play random legal actions, one step for each row of `luck` (T, B, 2), as long as a world is left."""
    for numbers in luck:
        if batch.done.all():
            return
        batch.step(random_legal(batch, numbers))


def idle(batch: BuildingBatch) -> np.ndarray:
    return np.zeros((len(batch), 2, 3), np.int16)


def place(batch: BuildingBatch, x: int, y: int, z: int) -> list[int]:
    return [PLACE, cell_index(batch.config.size, x, y, z), PLANKS]


def assert_row_is(batch: BuildingBatch, row: int, single: BuildingBatch) -> None:
    """World `row` of `batch` has the bytes of the batch of one `single`."""
    for part, alone in zip(batch.snapshot(), single.snapshot(), strict=True):
        assert part[row].tobytes() == alone[0].tobytes()


# --- seeds and rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "worlds"), list(zip(MODES, (1000, 1000, 30, 300), strict=True)))
def test_a_world_plays_alike_alone_and_among_many(options: dict[str, Any], worlds: int) -> None:
    size = options.get("size", DEFAULT_SIZE)
    goals, seeds = posts(worlds, size), 7 + np.arange(worlds)
    luck = np.random.default_rng(0).random((12, worlds, 2))
    many = make(worlds, horizon=10, **options)
    many.reset(goals, seeds)
    play(many, luck)
    for row in np.random.default_rng(1).choice(worlds, 12, replace=False):
        single = make(1, horizon=10, **options)
        single.reset(goals[row : row + 1], seeds[row : row + 1])
        play(single, luck[:, row : row + 1])
        assert_row_is(many, row, single)
        assert many.digest(row) == single.digest()


def test_start_places_come_from_the_seed_of_their_world() -> None:
    batch = make(40, user=RANDOM, assistant=RANDOM)
    batch.reset(posts(40), seeds=np.arange(40) % 20)
    feet = batch.state.feet
    assert (feet[:20] == feet[20:]).all()
    assert len({place.tobytes() for place in feet}) > 10


def test_worlds_are_reset_one_by_one() -> None:
    batch = make(3, horizon=5, user=RANDOM)
    batch.reset(posts(3))
    luck = np.random.default_rng(0).random((5, 3, 2))
    play(batch, luck[:2])
    before = batch.snapshot()
    batch.reset(posts(3)[1:2], seeds=np.array([77]), rows=np.array([1]))
    for part, old in zip(batch.snapshot(), before, strict=True):
        assert (part[[0, 2]] == old[[0, 2]]).all()
    fresh = make(1, horizon=5, user=RANDOM)
    fresh.reset(posts(3)[1:2], seeds=np.array([77]))
    assert batch.digest(1) == fresh.digest()
    assert (batch.latent.similarity[1], batch.latent.best_clock[1]) == (fresh.latent.similarity[0], 0)


# --- copies -------------------------------------------------------------------------------------------------


@given(
    mode=st.sampled_from(MODES), seed=st.integers(0, 2**32), before=st.integers(0, 8), after=st.integers(1, 8)
)
def test_a_snapshot_brings_everything_back(mode: dict[str, Any], seed: int, before: int, after: int) -> None:
    size = mode.get("size", DEFAULT_SIZE)
    batch = make(2, horizon=12, **mode)
    batch.reset(posts(2, size), seeds=np.array([seed, seed + 1]))
    luck = np.random.default_rng(seed).random((before + after, 2, 2))
    play(batch, luck[:before])
    moment, clone = batch.snapshot(), batch.clone()
    play(batch, luck[before:])
    first = [part.tobytes() for part in batch.snapshot()]
    batch.restore(moment)
    assert [part.tobytes() for part in batch.snapshot()] == [part.tobytes() for part in clone.snapshot()]
    play(batch, luck[before:])
    play(clone, luck[before:])
    assert [part.tobytes() for part in batch.snapshot()] == first
    assert [part.tobytes() for part in clone.snapshot()] == first


def test_a_digest_tells_worlds_apart_by_what_is_public() -> None:
    batch = make(3)
    batch.reset(posts(3))
    assert batch.digest(0) == batch.digest(1) == batch.digest(2)
    actions = idle(batch)
    actions[1, 0] = place(batch, 1, 2, 1)
    batch.step(actions)
    assert batch.digest(0) == batch.digest(2) != batch.digest(1)


# --- ends ---------------------------------------------------------------------------------------------------


def test_a_finished_world_stays_as_it_is() -> None:
    batch = make(2, horizon=6)
    batch.reset(np.repeat(posts(1), 2, axis=0))
    actions = idle(batch)
    actions[0, 0] = place(batch, 1, 2, 1)
    batch.step(actions)
    assert batch.terminated.tolist() == [True, False]
    assert batch.reward.tolist() == [1, 0]
    assert batch.goal_fraction().tolist() == [1, 0]
    digest = batch.digest(0)
    actions[:, 0] = [MOVE_FIRST, 0, 0]
    batch.step(actions)
    assert batch.digest(0) == digest
    assert batch.reward[0] == 0
    assert batch.effective.tolist() == [[NOOP, NOOP], [MOVE_FIRST, NOOP]]
    for _ in range(4):
        batch.step(idle(batch))
    assert batch.terminated.tolist() == [True, False]
    assert batch.truncated.tolist() == [False, True]
    assert batch.state.clock.tolist() == [1, 6]
    with pytest.raises(EpisodeOverError, match="call reset"):
        batch.step(idle(batch))


def test_completion_can_be_left_to_the_horizon() -> None:
    batch = make(1, horizon=3, end_on_completion=False)
    batch.reset(posts(1))
    actions = idle(batch)
    actions[0, 0] = place(batch, 1, 2, 1)
    batch.step(actions)
    assert not batch.done[0]


def test_patience_counts_from_the_best_score() -> None:
    batch = make(1, end_without_progress=3, end_on_completion=False)
    batch.reset(posts(1))
    actions = idle(batch)
    batch.step(actions)
    actions[0, 0] = place(batch, 1, 2, 1)
    batch.step(actions)
    done = []
    for _ in range(3):
        batch.step(idle(batch))
        done.append(bool(batch.truncated[0]))
    assert done == [False, False, True]


# --- errors -------------------------------------------------------------------------------------------------


def test_a_batch_has_at_least_one_world() -> None:
    with pytest.raises(ValueError, match="batch is 0; give the number of worlds, 1 or more"):
        BuildingBatch(0)


def test_a_step_before_the_first_reset_is_refused() -> None:
    batch = BuildingBatch(2)
    with pytest.raises(EpisodeOverError, match="call reset"):
        batch.step(idle(batch))


@pytest.mark.parametrize(
    ("goals", "seeds", "words"),
    [
        (posts(1, (5, 5, 5)), None, r"goals has shape \(1, 5, 5, 5\)"),
        (np.full((2, *DEFAULT_SIZE), 10), None, r"goals\[0,0,0,0\] is 10; block ids are 0\.\.9"),
        (posts(3), None, "3 goals and 2 seeds for 2 worlds"),
        (posts(2), np.arange(1), "2 goals and 1 seeds for 2 worlds"),
    ],
)
def test_wrong_goals_are_named(goals: np.ndarray, seeds: np.ndarray | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BuildingBatch(2).reset(goals, seeds)


@pytest.mark.parametrize(
    ("row", "player", "action", "words"),
    [
        (1, 0, [10, 0, 0], r"actions\[1,0\] has kind 10; kinds are 0\.\.9"),
        (0, 1, [BREAK, 1100, 0], r"actions\[0,1\] has cell 1100; cells are 0\.\.1099"),
        (1, 1, [PLACE, 0, -1], r"actions\[1,1\] has block -1; blocks are 0\.\.9"),
    ],
)
def test_actions_that_do_not_exist_are_named(row: int, player: int, action: list[int], words: str) -> None:
    batch = BuildingBatch(2)
    batch.reset(posts(2))
    actions = idle(batch)
    actions[row, player] = action
    before = batch.digest(row)
    with pytest.raises(ValueError, match=words):
        batch.step(actions)
    assert batch.digest(row) == before


def test_actions_of_the_wrong_shape_are_named() -> None:
    batch = BuildingBatch(2)
    batch.reset(posts(2))
    with pytest.raises(ValueError, match=r"actions have shape \(1, 2, 3\); give \(2, 2, 3\)"):
        batch.step(np.zeros((1, 2, 3), np.int16))


def test_strict_refuses_illegal_actions_of_running_worlds_only() -> None:
    batch = make(2, strict=True)
    batch.reset(np.repeat(posts(1), 2, axis=0))
    actions = idle(batch)
    actions[0, 0] = place(batch, 1, 2, 1)
    batch.step(actions)
    batch.step(actions)  # illegal by now, but world 0 has ended
    actions[1, 1] = place(batch, 1, 2, 1)
    with pytest.raises(IllegalActionError, match=r"actions\[1,1\] is .* strict=False"):
        batch.step(actions)


def test_a_snapshot_of_another_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="batch or size differ"):
        BuildingBatch(2).restore(BuildingBatch(3).snapshot())
