"""A small kitchen: two cooks, one pot, and a recipe that only one of them knows.

A recipe is a pair of the four ingredients in the corners of a 3 x 3 floor; the pot stands in its middle. The user and
the assistant walk in four directions, both at once, and may share a cell. In a corner a player holds that corner's
ingredient, whatever was held before; at the pot it drops what it holds into it. The user drops first. When two
ingredients are in the pot the dish is served and the game ends.

An ingredient of the recipe is worth 1 when it drops into the pot, the same again or another costs 1.

The user goes for the nearest ingredient that is missing and not in the assistant's hand (of several, and of several shortest
ways, any is as likely), and back to the pot. Asked, it stands still in the next step and names what is missing, the
farthest from itself if there is more: the assistant pays for questions with the user's time.

| setting | default | |
|---|---|---|
| `discount` | 0.95 | |
| `horizon` | none | steps |

    onion   .   tomato      user starts at the top, assistant at the bottom
      .    pot    .
    rice    .   egg

**Size.** SIZE
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar, NamedTuple

from .rules import WAIT, Rules

Cell = tuple[int, int]
"""Column and row, from the top left."""

SIDE = 3
POT: Cell = (1, 1)
CORNERS: dict[Cell, str] = {(0, 0): "onion", (2, 0): "tomato", (0, 2): "rice", (2, 2): "egg"}
PLACES = {ingredient: cell for cell, ingredient in CORNERS.items()}
MOVES: dict[str, Cell] = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
ASK = "ask"
NOTHING = ""
SERVED = "served"


class State(NamedTuple):
    """A moment before the dish is served."""

    user: Cell
    user_holds: str
    assistant: Cell
    assistant_holds: str
    pot: str
    asked: bool


Recipe = frozenset[str]


@dataclass(frozen=True)
class Kitchen(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "kitchen"
    discount: float = 0.95
    horizon: int | None = None

    @property
    def simultaneous(self) -> bool:
        return True

    def goals(self) -> Mapping[str, tuple[Recipe, float]]:
        recipes = list(combinations(PLACES, 2))
        return {" + ".join(recipe): (frozenset(recipe), 1 / len(recipes)) for recipe in recipes}

    def start(self) -> State:
        return State((1, 0), NOTHING, (1, 2), NOTHING, NOTHING, False)

    def assistant_actions(self, state: State) -> Sequence[str]:
        return *_moves(state.assistant), ASK

    def user_actions(self, state: State) -> Sequence[str]:
        return WAIT, *_moves(state.user), *([f"say {name}" for name in PLACES] if state.asked else ())

    def respond(self, state: State, action: str, goal: Recipe) -> Mapping[str, float]:
        cell, holds = state.user, state.user_holds
        if state.asked:
            wanted = _extreme(max, cell, goal - {state.pot, holds})
            return {f"say {name}": 1 / len(wanted) for name in wanted} or {WAIT: 1.0}
        if holds in goal and holds != state.pot:
            return _ways(cell, [POT])
        nearest = _extreme(min, cell, goal - {state.pot, state.assistant_holds})
        # What turned out to be useless must not drop into the pot on the way.
        return _ways(cell, [PLACES[name] for name in nearest], avoid=POT if holds else None)

    def step(self, state: State, action: str, reply: str) -> Mapping[State | str, float]:
        user, user_holds, dropped = _walk(state.user, state.user_holds, reply)
        assistant, assistant_holds, also_dropped = _walk(state.assistant, state.assistant_holds, action)
        pot = [name for name in (state.pot, dropped, also_dropped) if name]
        if len(pot) > 1:
            return {SERVED: 1.0}
        return {
            State(user, user_holds, assistant, assistant_holds, pot[0] if pot else NOTHING, action == ASK): 1.0
        }

    def reward(self, state: State, action: str, reply: str, goal: Recipe) -> float:
        dropped = _walk(state.user, state.user_holds, reply)[2], _walk(state.assistant, state.assistant_holds, action)[2]
        pot = [state.pot] if state.pot else []
        earned = 0.0
        for name in dropped:
            if name and len(pot) < 2:
                earned += 1.0 if name in goal and name not in pot else -1.0
                pot.append(name)
        return earned

    def ended(self, state: State | str) -> bool:
        return state == SERVED

    def show(self, state: State | str) -> str:
        if isinstance(state, str):
            return state
        return (
            f"user {_words(state.user, state.user_holds)}, assistant {_words(state.assistant, state.assistant_holds)},"
            f" pot {state.pot or 'empty'}{', asked' if state.asked else ''}"
        )


def _moves(cell: Cell) -> list[str]:
    """Moves that stay on the floor."""
    return [name for name, (x, y) in MOVES.items() if 0 <= cell[0] + x < SIDE and 0 <= cell[1] + y < SIDE]


def _walk(cell: Cell, holds: str, action: str) -> tuple[Cell, str, str]:
    """Where a player is after an action, what it then holds, and what it has dropped into the pot."""
    x, y = MOVES.get(action, (0, 0))
    cell = cell[0] + x, cell[1] + y
    if cell == POT:
        return cell, NOTHING, holds
    return cell, CORNERS.get(cell, holds), NOTHING


def _distance(a: Cell, b: Cell) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _extreme(which: Callable[[Iterable[int]], int], cell: Cell, names: Recipe) -> list[str]:
    """Those of some ingredients that are nearest (`min`) or farthest (`max`)."""
    distances = {name: _distance(cell, PLACES[name]) for name in sorted(names) if name}
    return [name for name, distance in distances.items() if distance == which(distances.values())]


def _ways(cell: Cell, targets: Sequence[Cell], avoid: Cell | None = None) -> dict[str, float]:
    """First steps of the shortest ways to any of some targets; of several, each step is as likely per target."""
    steps = []
    for target in targets:
        for name, (x, y) in MOVES.items():
            after = cell[0] + x, cell[1] + y
            if after != avoid and _distance(after, target) < _distance(cell, target):
                steps.append(name)
    return {name: steps.count(name) / len(steps) for name in steps} or {WAIT: 1.0}


def _words(cell: Cell, holds: str) -> str:
    place = "pot" if cell == POT else CORNERS.get(cell, f"{('left', 'middle', 'right')[cell[0]]} {('top', 'middle', 'bottom')[cell[1]]}")
    return f"at {place}" + (f" with {holds}" if holds else "")
