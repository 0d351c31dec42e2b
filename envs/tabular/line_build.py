"""Line-build: a house of one dimension, to see what edit-distance rewards do to guessing.

A line of n empty cells is to become all red or all blue, as the user likes. In a step each player may place a
block of either colour in an empty cell or break one; both act at once, and on one cell the user wins. The
user always mends the leftmost cell that is not yet right: it breaks a wrong block and fills a gap. The game
ends when the line is full of one colour.

The reward is the change of similarity: a cell counts 1 with the right block, -1 with the wrong one and 0
without; less `user_cost` for each action of the user.

| setting | default | |
|---|---|---|
| `n` | 5 | cells |
| `user_cost` | 0 | what an action of the user costs |
| `discount` | 0.95 | |

**Known values.** n = 3, 4, 5: V* = 2.9, 3.8025, 4.705 (watch first); the user alone 2.8525, 3.709875,
4.524381; an assistant that knows the colour 2.95, 3.9, 4.8025. The best real first guess is worth 2.87625,
3.8025 (an exact tie) and 4.682438: this reward hardly punishes guessing. With a user cost of 0.2: V* = 2.51,
3.32225, 4.1345, and at n = 4 guessing beats watching (3.232).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_range

COLOURS = ("red", "blue")
LETTERS = {"red": "r", "blue": "b"}
EMPTY = "."


@dataclass(frozen=True)
class LineBuild(Rules):
    """Settings: see the module's page. A state is a string of '.', 'r' and 'b'."""

    name: ClassVar[str] = "line_build"
    n: int = 5
    user_cost: float = 0.0
    discount: float = 0.95

    def __post_init__(self) -> None:
        check_range("n", self.n, 1, 7)

    @property
    def simultaneous(self) -> bool:
        return True

    def goals(self) -> Mapping[str, tuple[str, float]]:
        return {colour: (colour, 0.5) for colour in COLOURS}

    def start(self) -> str:
        return EMPTY * self.n

    def assistant_actions(self, state: str) -> Sequence[str]:
        edits = [COLOURS if block == EMPTY else ("break",) for block in state]
        return [f"{edit} {cell}" for cell, choices in enumerate(edits, 1) for edit in choices]

    def user_actions(self, state: str) -> Sequence[str]:
        return [WAIT, *self.assistant_actions(state)]

    def respond(self, state: str, action: str, goal: str) -> Mapping[str, float]:
        for cell, block in enumerate(state, 1):
            if block != LETTERS[goal]:
                return {f"{goal if block == EMPTY else 'break'} {cell}": 1.0}
        return {WAIT: 1.0}

    def step(self, state: str, action: str, reply: str) -> Mapping[str, float]:
        # The user's edit comes last, and so wins a cell that both want.
        return {_edit(_edit(state, action), reply): 1.0}

    def reward(self, state: str, action: str, reply: str, goal: str) -> float:
        (after,) = self.step(state, action, reply)
        cost = 0.0 if reply == WAIT else self.user_cost
        return _similarity(after, goal) - _similarity(state, goal) - cost

    def ended(self, state: str) -> bool:
        return EMPTY not in state and len(set(state)) == 1


def _edit(state: str, action: str) -> str:
    if action == WAIT:
        return state
    what, cell = action.split()
    at = int(cell) - 1
    return state[:at] + LETTERS.get(what, EMPTY) + state[at + 1 :]


def _similarity(state: str, goal: str) -> int:
    return sum(0 if block == EMPTY else 1 if block == LETTERS[goal] else -1 for block in state)
