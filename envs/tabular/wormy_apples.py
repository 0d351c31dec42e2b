"""Wormy apples: ask before you dispose of something the user cares about, but only then.

The assistant gets an apple and makes a pie. With chance 0.2 the apple is wormy and has to be disposed of
first: in the compost or in the trash, as the user likes best; the other way costs 2. The pie is worth 2 and
ends the game. Asking costs 0.1 and the user then names the bin.

| setting | default | |
|---|---|---|
| `timing` | `turn_based` | when the answer comes, see below |
| `discount` | 0.99 | |
| `horizon` | none | steps |

`turn_based`: the answer comes before the assistant's next move. `simultaneous`: it comes at the same time as
that move, so that it pays to wait one step. `two_phase`: as `simultaneous`, but the user answers only before
the apple is fetched.

**Known values.** turn_based 1.95232 (discount 0.99) and 1.7136 (0.9): ask when the apple is wormy.
simultaneous 1.948438 and 1.68444 (with a horizon: 5 steps or more): ask, wait, dispose. two_phase 1.85628
(ask first) and 1.584 (never ask, guess when needed). A planner that takes the goal to be known after its next
step (QMDP, determinised search) never asks and, once the apple is wormy, waits for ever: 1.584 and 1.44.

Source: the toolkit HumanCompatibleAI/assistance-games, 2020; its question is `simultaneous` or `two_phase`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_choice

TIMINGS = ("turn_based", "simultaneous", "two_phase")
COMPOST, TRASH = "compost", "trash"
BINS = (COMPOST, TRASH)
START, CLEAN, WORMY, DISPOSED, PIE = "no apple", "clean apple", "wormy apple", "worms gone", "pie"
GET, MAKE, ASK = "get apple", "make pie", "ask"
WORM_CHANCE, ASK_COST, WRONG_COST, PIE_VALUE = 0.2, 0.1, 2.0, 2.0
State = tuple[str, bool]
"""The apple, and whether the user owes an answer."""


@dataclass(frozen=True)
class WormyApples(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "wormy_apples"
    timing: str = "turn_based"
    discount: float = 0.99
    horizon: int | None = None

    def __post_init__(self) -> None:
        check_choice("timing", self.timing, TIMINGS)

    @property
    def simultaneous(self) -> bool:
        return self.timing != "turn_based"

    def goals(self) -> Mapping[str, tuple[str, float]]:
        return {name: (name, 0.5) for name in BINS}

    def start(self) -> State:
        return START, False

    def assistant_actions(self, state: State) -> Sequence[str]:
        here = {START: (GET,), CLEAN: (MAKE,), WORMY: BINS, DISPOSED: (MAKE,)}
        return *here[state[0]], ASK

    def user_actions(self, state: State) -> Sequence[str]:
        return WAIT, *BINS

    def respond(self, state: State, action: str, goal: str) -> Mapping[str, float]:
        apple, owed = state
        answers = owed if self.simultaneous else action == ASK
        if self.timing == "two_phase" and apple != START:
            answers = False
        return {goal if answers else WAIT: 1.0}

    def step(self, state: State, action: str, reply: str) -> Mapping[State, float]:
        owed = self.simultaneous and action == ASK
        if action == GET:
            return {(CLEAN, owed): 1 - WORM_CHANCE, (WORMY, owed): WORM_CHANCE}
        after = {MAKE: PIE, COMPOST: DISPOSED, TRASH: DISPOSED}.get(action, state[0])
        return {(after, owed): 1.0}

    def reward(self, state: State, action: str, reply: str, goal: str) -> float:
        if action in BINS:
            return 0.0 if action == goal else -WRONG_COST
        return {MAKE: PIE_VALUE, ASK: -ASK_COST}.get(action, 0.0)

    def ended(self, state: State) -> bool:
        return state[0] == PIE

    def show(self, state: State) -> str:
        return state[0] + (", asked" if state[1] else "")
