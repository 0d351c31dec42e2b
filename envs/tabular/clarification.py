"""One-shot clarification: answer at once, ask first, or leave it.

The user wants one of n things. The assistant may name one, which is worth 1 if it is right and costs `wrong`
if not, and ends the game. Before that it may ask once, for `cost`, and the user says which.

| setting | default | |
|---|---|---|
| `n` | 4 | things, equally likely |
| `wrong` | 1 | what a wrong answer costs |
| `cost` | 0.2 | what asking costs |
| `discount` | 0.95 | an answer after asking comes one step later |

**Known value.** max(1/n - wrong (n - 1)/n, discount - cost, 0): guess, ask, or do nothing; 0.75 with the
defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_range

START, ASKED, OVER = "start", "asked", "over"
ASK = "ask"


@dataclass(frozen=True)
class Clarification(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "clarification"
    n: int = 4
    wrong: float = 1.0
    cost: float = 0.2
    discount: float = 0.95

    def __post_init__(self) -> None:
        check_range("n", self.n, 1)

    @property
    def horizon(self) -> int:
        return 2

    @property
    def things(self) -> tuple[str, ...]:
        """What the user may want."""
        return tuple(f"thing {i + 1}" for i in range(self.n))

    def goals(self) -> Mapping[str, tuple[str, float]]:
        return {thing: (thing, 1 / self.n) for thing in self.things}

    def start(self) -> str:
        return START

    def assistant_actions(self, state: str) -> Sequence[str]:
        return (ASK, *self.things) if state == START else self.things

    def user_actions(self, state: str) -> Sequence[str]:
        return (WAIT, *self.things) if state == START else (WAIT,)

    def respond(self, state: str, action: str, goal: str) -> Mapping[str, float]:
        return {goal if action == ASK else WAIT: 1.0}

    def step(self, state: str, action: str, reply: str) -> Mapping[str, float]:
        return {OVER if action in self.things else ASKED if action == ASK else state: 1.0}

    def reward(self, state: str, action: str, reply: str, goal: str) -> float:
        if action in self.things:
            return 1.0 if action == goal else -self.wrong
        return -self.cost if action == ASK else 0.0

    def ended(self, state: str) -> bool:
        return state == OVER
