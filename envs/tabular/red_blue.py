"""Red-blue: watch which ball the user picks, then pick the same.

The goal is a colour. The user walks to the fork in its first step and picks a ball in its second, the right
one with probability `accuracy`. The assistant may pick a ball once, at any time. Each right ball is worth 1.
Both move at once.

| setting | default | |
|---|---|---|
| `accuracy` | 1 | chance that the user picks its own colour |
| `discount` | 0.9 | |
| `horizon` | 4 | steps |

**Known values.** With accuracy q: V* = 0.9 q + max(0.5, 0.81 q), from waiting for the user or from guessing
at once: 1.71 (q = 1), 1.368 (0.8), 1.04 (0.6); guessing at once 1.40, and knowing the goal 1.90 (q = 1). The
assistant waits exactly when q > 0.6173. One that takes q to be 1 earns 1.026 when it is 0.6.

Source: the toolkit HumanCompatibleAI/assistance-games, 2020 (there the user's accuracy is 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_range

COLOURS = ("red", "blue")
START, FORK = "start", "fork"
NOTHING = "nothing"
State = tuple[str, str]
"""The user's place or ball, the assistant's ball."""


@dataclass(frozen=True)
class RedBlue(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "red_blue"
    accuracy: float = 1.0
    discount: float = 0.9
    horizon: int | None = 4

    def __post_init__(self) -> None:
        check_range("accuracy", self.accuracy, 0, 1)

    @property
    def simultaneous(self) -> bool:
        return True

    def goals(self) -> Mapping[str, tuple[str, float]]:
        return {colour: (colour, 0.5) for colour in COLOURS}

    def start(self) -> State:
        return START, NOTHING

    def assistant_actions(self, state: State) -> Sequence[str]:
        return COLOURS if state[1] == NOTHING else ()

    def user_actions(self, state: State) -> Sequence[str]:
        return COLOURS if state[0] == FORK else (WAIT,)

    def respond(self, state: State, action: str, goal: str) -> Mapping[str, float]:
        if state[0] != FORK:
            return {WAIT: 1.0}
        return {colour: self.accuracy if colour == goal else 1 - self.accuracy for colour in COLOURS}

    def step(self, state: State, action: str, reply: str) -> Mapping[State, float]:
        user, ball = state
        user = {START: FORK, FORK: reply}.get(user, user)
        return {(user, ball if action == WAIT else action): 1.0}

    def reward(self, state: State, action: str, reply: str, goal: str) -> float:
        return float(action == goal) + float(reply == goal)

    def ended(self, state: State) -> bool:
        return state[0] in COLOURS and state[1] in COLOURS

    def show(self, state: State) -> str:
        return f"user {state[0]}, assistant {state[1]}"
