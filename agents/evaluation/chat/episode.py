"""One dialogue as data: who wanted what, the catalogue, every act, and how it went.

The transcript is kept as acts. `replay` plays them again, so that text can be made of them and every figure
can be computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from envs.chat.catalogue import Catalogue
from envs.chat.config import ChatConfig
from envs.chat.goals import derive
from envs.chat.schema import CONCIERGE
from envs.chat.state import Goal, empty_goal
from envs.chat.vector import ChatBatch

from ..record import Record, read_records

DERIVED = ("taste", "factor")
"""Parts of goals that follow from the others and are not kept."""


@dataclass
class ChatEpisode(Record):
    """One dialogue of T acts of the assistant."""

    game: ClassVar[str] = "chat"
    schema: ClassVar[int] = 1
    assistant: str
    user: str
    """The persona's name."""
    index: int
    """Number of the dialogue within its run."""
    number: int
    """Number of the goal; dialogues of one goal differ in what is random about the user."""
    config: dict[str, Any]
    """Options of `ChatConfig` but the schema."""
    goal: dict[str, np.ndarray]
    """The parts of `Goal` (one row) at the start, but those that follow from others."""
    catalogue: dict[str, np.ndarray]
    """The parts of `Catalogue` (one row)."""
    log: np.ndarray
    """(T + 1, 3) int32, see `State.log`."""
    course: dict[str, np.ndarray]
    """(T + 1,) float32 by clock, NaN where there is none: `satisfaction` of the user after their reply 0..1,
    `utility` of what is booked, `cost` so far, `milliseconds` of the decision, the value that was `planned`,
    the `rating` 1..5 that was expected, the chance of one of 2 or less (`low`), of the `reply`'s kind and of
    leaving (`quit`).
    """
    measures: dict[str, float] = field(default_factory=dict)
    """Counts and values of this dialogue alone; see `metrics`."""
    thoughts: list[dict[str, Any] | None] = field(default_factory=list)
    """(T + 1) what the assistant thought before each act (`thoughts.Thinking`), for assistants that tell."""


def read_chat_episodes(path: Path) -> list[ChatEpisode]:
    """All whole records of a file."""
    return read_records(path, ChatEpisode)


def config_record(config: ChatConfig) -> dict[str, Any]:
    """A configuration as records keep it. ValueError for a schema that cannot be found again by its name."""
    if config.schema != CONCIERGE:
        raise ValueError(f"schema is {config.schema.name!r}; records are kept of {CONCIERGE.name!r} alone")
    return {name: value for name, value in config.as_dict().items() if name != "schema"}


def goal_record(goal: Goal, row: int) -> dict[str, np.ndarray]:
    """One goal as records keep it."""
    return {name: part[row : row + 1].copy() for name, part in goal._asdict().items() if name not in DERIVED}


def goal_of(episode: ChatEpisode) -> Goal:
    """What the user wanted at the start, one row."""
    config = ChatConfig.make(**episode.config)
    goal = empty_goal(1)._replace(**episode.goal)
    derive(config.schema, goal)
    return goal


def replay(episode: ChatEpisode) -> Iterator[tuple[ChatBatch, int]]:
    """The dialogue after each act, and who has spoken (0 user, 1 assistant); a batch of one, updated in
    place.
    """
    batch = ChatBatch(1, ChatConfig.make(**episode.config))
    batch.reset(goal_of(episode), Catalogue(**episode.catalogue))
    while not batch.done[0]:
        speaker, clock = int(batch.state.speaker[0]), int(batch.state.clock[0])
        if speaker:
            batch.step(episode.log[clock + 1 : clock + 2, 0])
        else:
            batch.step(episode.log[clock : clock + 1, 1], episode.log[clock : clock + 1, 2])
        yield batch, speaker
