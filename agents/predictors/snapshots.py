"""Episodes played for their moments: batches of games of which now and then a snapshot is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.player import Player
from envs.building.vector import BuildingBatch
from envs.building.world import ASSISTANT, USER

from .encoding import Snapshots


def every_so_often(
    config: BuildingConfig, goals: np.ndarray, user: Player, assistant: Player, every: int, seed: int
) -> Snapshots:
    """Play B episodes and keep a moment of each every so many steps, from a random first step on.

    goals: (B, W, H, D). seed: of players and first steps.
    """
    batch = BuildingBatch(len(goals), config)
    first = np.random.default_rng(np.random.SeedSequence((seed, 0))).integers(every, size=len(goals))
    kept = []
    for active in _play(batch, goals, user, assistant, seed):
        rows = np.flatnonzero(active & ((batch.state.clock - first) % every == 0))
        if len(rows):
            kept.append(snapshots_of(batch, rows))
    return join(kept)


def first_passages(
    config: BuildingConfig,
    goals: np.ndarray,
    user: Player,
    assistant: Player,
    levels: Sequence[float],
    seed: int,
) -> tuple[Snapshots, np.ndarray, np.ndarray]:
    """The moments at which a share `levels` of what B episodes build is first there (see `share_built`).

    Returns them with the number of their episode (n,) and of their level (n,). Levels that an episode does
    not reach are left out.
    """
    batch = BuildingBatch(len(goals), config)
    passed = np.zeros((len(goals), len(levels)), bool)
    kept, episodes, reached = [], [], []
    start = np.zeros(0)
    for _ in _play(batch, goals, user, assistant, seed):
        if not len(start):
            start = batch.state.blocks.copy()
        built = share_built(batch.state.blocks, start, batch.latent.goal)
        new = (built[:, None] >= np.asarray(levels)) & ~passed
        for level in np.flatnonzero(new.any(axis=0)):
            rows = np.flatnonzero(new[:, level])
            kept.append(snapshots_of(batch, rows))
            episodes.append(rows)
            reached.append(np.full(len(rows), level))
        passed |= new
        if passed.all():
            break
    return join(kept), np.concatenate(episodes), np.concatenate(reached)


def share_built(blocks: np.ndarray, start: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Share (...) of the cells (..., N) to change that are as the goal wants them; less where others are not.

    Unlike `BuildingBatch.goal_fraction` it does not count earth that is dug out as half of a floor.
    """
    missing, all_ = (blocks != goal).sum(axis=-1), (start != goal).sum(axis=-1)
    return 1 - missing / np.maximum(1, all_)


def snapshots_of(batch: BuildingBatch, rows: np.ndarray) -> Snapshots:
    """Copies of some worlds of a batch as they are now."""
    state = batch.state
    parts = (state.blocks, state.touched, state.feet, state.clock, batch.latent.goal)
    return Snapshots(*(part[rows] for part in parts))


def join(parts: Sequence[Snapshots]) -> Snapshots:
    """All moments of several lots, in their order."""
    return Snapshots(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _play(
    batch: BuildingBatch, goals: np.ndarray, user: Player, assistant: Player, seed: int
) -> Iterator[np.ndarray]:
    """Play episodes; yields which worlds are active (B,) before each step, and once more at the end."""
    batch.reset(goals)
    known = batch.latent.goal.copy()
    for stream, player in enumerate((user, assistant), start=1):
        sequence = np.random.SeedSequence((seed, stream))
        seeds = sequence.generate_state(len(batch), np.uint32).astype(np.int64)
        player.reset(batch.config, seeds, known if player.sees_goal else None)
    actions = np.zeros((len(batch), 2, 3), np.int16)
    while not batch.done.all():
        active = ~batch.done
        yield active
        actions[:, USER] = user.act(batch.state, active)
        actions[:, ASSISTANT] = assistant.act(batch.state, active)
        batch.step_unchecked(actions)
    yield ~batch.done
