"""Users who build alone, and what they did: for setting their pace, and for comparing them with people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.player import Player
from envs.building.vector import BuildingBatch
from envs.building.world import USER, Size

from .recorded import RecordedEpisode


@dataclass(frozen=True)
class Trace:
    """What one user did on one house, T steps in a world of N cells."""

    name: str
    size: Size
    goal: np.ndarray
    """(N,) uint8."""
    start: np.ndarray
    """(N,) uint8 the world before the first step."""
    actions: np.ndarray
    """(T, 3) int16 as they took effect, no-ops otherwise."""


def build_alone(
    user: Player, goals: np.ndarray, seeds: np.ndarray, steps: int
) -> tuple[list[Trace], np.ndarray]:
    """Let a user build B goals (B, W, H, D) alone for so many steps, or until done.

    Returns the traces and the shares (B,) of the goals that are done at the end.
    """
    size = (goals.shape[1], goals.shape[2], goals.shape[3])
    config = BuildingConfig(size, horizon=steps)
    batch = BuildingBatch(len(goals), config)
    batch.reset(goals, seeds)
    user.reset(config, seeds, batch.latent.goal.copy())
    start = batch.state.blocks.copy()
    taken: list[np.ndarray] = []
    joint = np.zeros((len(goals), 2, 3), np.int16)
    lengths = np.zeros(len(goals), np.int64)
    while not batch.done.all():
        lengths += ~batch.done
        joint[:, USER] = user.act(batch.state, ~batch.done)
        batch.step(joint)
        taken.append(batch.state.previous[:, USER].copy())
    actions = np.stack(taken, axis=1)
    traces = [
        Trace(user.name, size, batch.latent.goal[row].copy(), start[row], actions[row, : lengths[row]])
        for row in range(len(goals))
    ]
    return traces, batch.goal_fraction().copy()


def trace_of(episode: RecordedEpisode, size: Size) -> Trace:
    """A recorded episode as a trace."""
    actions = np.where(episode.effective[:, None], episode.actions, 0).astype(np.int16)
    return Trace(episode.person, size, episode.goal, episode.state.blocks[0].copy(), actions)
