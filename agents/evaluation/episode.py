"""One episode as data: what evaluation, training, replay pages, human play and reports exchange.

A record holds the goal, the configuration, seeds and every action, so the episode can be played again exactly
(`replay`), and the curves and measures that tables need, so it seldom has to be. Records are JSON lines with
a schema version; arrays are zlib-compressed and base64-coded.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.vector import BuildingBatch

SCHEMA = 1


@dataclass
class Episode:
    """One episode of the building game with T steps in a world of N cells."""

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

    def to_json(self) -> str:
        """One line of an episodes file."""
        record: dict[str, Any] = {"schema": SCHEMA, "game": "building"}
        for name, value in vars(self).items():
            record[name] = _pack(value) if isinstance(value, np.ndarray) else value
        return json.dumps(record)

    @classmethod
    def from_json(cls, line: str) -> Episode:
        """The episode of one line; ValueError when it is not a record of this schema."""
        record: dict[str, Any] = json.loads(line)
        if record.pop("schema", None) != SCHEMA or record.pop("game", None) != "building":
            raise ValueError(f"not an episode of the building game with schema {SCHEMA}: {line[:80]!r}")
        for name, value in record.items():
            if _is_packed(value):
                record[name] = _unpack(value)
        return cls(**record)


def read_episodes(path: Path) -> list[Episode]:
    """All whole records of an episodes file. A last line that was cut off by an interruption is left out."""
    episodes = []
    for line in path.read_text().splitlines():
        try:
            episodes.append(Episode.from_json(line))
        except json.JSONDecodeError:
            break
    return episodes


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


def _pack(array: np.ndarray) -> dict[str, Any]:
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 6)).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "zlib": data}


def _is_packed(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"dtype", "shape", "zlib"}


def _unpack(value: dict[str, Any]) -> np.ndarray:
    raw = zlib.decompress(base64.b64decode(value["zlib"]))
    return np.frombuffer(raw, np.dtype(value["dtype"])).reshape(value["shape"]).copy()
