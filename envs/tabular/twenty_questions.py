"""Twenty questions: the smallest game of asking. The user thinks of a thing; the assistant asks yes or no.

Things are numbered and a question asks for one bit of the number; naming the thing is worth 1 if it is right,
and ends the game either way.

| setting | default | |
|---|---|---|
| `bits` | 3 | 1..4; there are 2**bits things, equally likely |
| `cost` | 0.05 | what a question costs |
| `slip` | 0 | chance that a reply is a lie |
| `discount` | 1 | |

**Known value** with `slip` 0 and a discount of 1: max over k questions of 2**k / n - k * cost; 0.85 with the
defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_range

OVER = "over"


@dataclass(frozen=True)
class TwentyQuestions(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "twenty_questions"
    bits: int = 3
    cost: float = 0.05
    slip: float = 0.0
    discount: float = 1.0

    def __post_init__(self) -> None:
        check_range("bits", self.bits, 1, 4)

    @property
    def horizon(self) -> int:
        return 20

    def goals(self) -> Mapping[str, tuple[int, float]]:
        return {f"thing {i}": (i, 0.5**self.bits) for i in range(2**self.bits)}

    def start(self) -> str:
        return "?" * self.bits

    def assistant_actions(self, state: str) -> Sequence[str]:
        return (*(f"bit {i}" for i in range(self.bits)), *self.goals())

    def user_actions(self, state: str) -> Sequence[str]:
        return (WAIT, "no", "yes")

    def respond(self, state: str, action: str, goal: int) -> Mapping[str, float]:
        if not action.startswith("bit"):
            return {WAIT: 1.0}
        truth = goal >> int(action[4:]) & 1
        return {("no", "yes")[truth]: 1 - self.slip, ("yes", "no")[truth]: self.slip}

    def step(self, state: str, action: str, reply: str) -> Mapping[str, float]:
        if action in self.goals():
            return {OVER: 1.0}
        if reply == WAIT or not action.startswith("bit"):
            return {state: 1.0}
        bit = int(action[4:])
        return {state[:bit] + reply[0] + state[bit + 1 :]: 1.0}

    def reward(self, state: str, action: str, reply: str, goal: int) -> float:
        if action in self.goals():
            return float(action == f"thing {goal}")
        return -self.cost if action.startswith("bit") else 0.0

    def ended(self, state: str) -> bool:
        return state == OVER
