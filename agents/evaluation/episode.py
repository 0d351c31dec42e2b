"""One episode as data: what evaluation, training, replay pages, human play and reports exchange.

A record holds the goal, the configuration, seeds and every action, so the episode can be played again exactly
(`replay`), and the curves and measures that tables need, so it seldom has to be. Records are JSON lines, see
`record`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.vector import BuildingBatch

from .record import Record, read_records


@dataclass
class Episode(Record):
    """One episode of the building game with T steps in a world of N cells."""

    game: ClassVar[str] = "building"
    schema: ClassVar[int] = 1

    assistant: str
    user: str
    house: str
    """The source house; intervals resample houses."""
    index: int
    """Number of the episode within its run. Equal index and user: same goal, same user stream."""
    seed: int
    """Seed of the episode's start places; the streams of the players derive from the run's seed and `index`.
    """
    config: dict[str, Any]
    """`BuildingConfig.as_dict()`."""
    goal: np.ndarray
    """(W, H, D) uint8."""
    actions: np.ndarray
    """(T, 2, 3) int16 chosen actions (kind, cell, block)."""
    goal_fraction: np.ndarray
    """(T + 1,) float32 share of the goal done, before the first step and after each."""
    user_edits: np.ndarray
    """(T + 1,) int16 places and breaks of the user so far."""
    measures: dict[str, float] = field(default_factory=dict)
    """Counts and values of this episode alone; see `metrics.py`."""


def read_episodes(path: Path) -> list[Episode]:
    """All whole records of an episodes file. A last line that was cut off by an interruption is left out."""
    return read_records(path, Episode)


def replay(episode: Episode) -> Iterator[BuildingBatch]:
    """The world before the first step and after each, played again from the record (one batch of one, updated
    in place).
    """
    batch = BuildingBatch(1, BuildingConfig.make(**episode.config))
    batch.reset(episode.goal[None], np.array([episode.seed]))
    yield batch
    for actions in episode.actions:
        batch.step(actions[None])
        yield batch
