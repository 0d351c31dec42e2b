"""The tiger problem as an assistance game: a user who knows the door, and mumbles.

The user's treasure is behind the left or the right door, a tiger behind the other. Asking costs 1, and the
user names the door, heard right with probability `accuracy`. Opening the treasure's door is worth 10, the
tiger's -100. Either way the next task begins: the treasure is put behind a door anew. The game goes on for
ever.

| setting | default | |
|---|---|---|
| `accuracy` | 0.85 | chance that the user is heard right |
| `discount` | 0.95 | |
| `horizon` | none | steps |

**Known value.** 19.3714 with the defaults, as the textbook has it: ask until one door was named twice more
often than the other. Doing nothing is worth 0, knowing the goal 200.

Source: Kaelbling, Littman and Cassandra, "Planning and acting in partially observable stochastic domains",
1998.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_range

DOORS = ("left", "right")
ASK = "ask"
OPEN = {"open left": "left", "open right": "right"}
CLOSED = "doors closed"


@dataclass(frozen=True)
class Tiger(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "tiger"
    accuracy: float = 0.85
    discount: float = 0.95
    horizon: int | None = None

    def __post_init__(self) -> None:
        check_range("accuracy", self.accuracy, 0, 1)

    def goals(self) -> Mapping[str, tuple[str, float]]:
        return {door: (door, 0.5) for door in DOORS}

    def start(self) -> str:
        return CLOSED

    def assistant_actions(self, state: str) -> Sequence[str]:
        return ASK, *OPEN

    def user_actions(self, state: str) -> Sequence[str]:
        return WAIT, *DOORS

    def respond(self, state: str, action: str, goal: str) -> Mapping[str, float]:
        if action != ASK:
            return {WAIT: 1.0}
        return {door: self.accuracy if door == goal else 1 - self.accuracy for door in DOORS}

    def step(self, state: str, action: str, reply: str) -> Mapping[str, float]:
        return {CLOSED: 1.0}

    def reward(self, state: str, action: str, reply: str, goal: str) -> float:
        if action in OPEN:
            return 10.0 if OPEN[action] == goal else -100.0
        return -1.0 if action == ASK else 0.0

    def renews(self, state: str, action: str) -> bool:
        return action in OPEN
