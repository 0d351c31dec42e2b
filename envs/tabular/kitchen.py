"""A small kitchen: two cooks, one pot, and a recipe that only one of them knows.

    onion   .   tomato      the user starts at the top, in the middle
      .    pot    .
    rice    .   egg         the assistant at the bottom

A recipe is two of the four ingredients in the corners, or one of them twice: ten recipes, all as likely. The
user and the assistant walk in four directions, both at once, and may share a cell. In a corner a player holds
that corner's ingredient, whatever was held before; at the pot a player drops what it holds, the user first.
When two ingredients are in the pot the dish is served and the game ends. An ingredient that the recipe still
misses is worth 1 when it drops into the pot; any other costs 1.

The user goes for the nearest ingredient that is missing and not in the assistant's hand, and with it to the
pot; of several ingredients and shortest ways it takes any. Asked, it stands still in the next step and names
what is missing, the farthest from itself if there is more: questions cost the user's time.

| setting | default | |
|---|---|---|
| `discount` | 0.95 | |
| `horizon` | none | steps |

**Size and values.** 2,891 states, 16,575 pairs of state and belief that play can reach. By belief value
iteration V* = 1.64474; the user alone 1.58969, an assistant that knows the recipe 1.75022, QMDP 1.63411.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import ClassVar, NamedTuple

from .rules import WAIT, Rules

Cell = tuple[int, int]
"""Column and row, from the top left."""

Recipe = tuple[str, ...]

SIDE = 3
POT: Cell = (1, 1)
CORNERS: dict[Cell, str] = {(0, 0): "onion", (2, 0): "tomato", (0, 2): "rice", (2, 2): "egg"}
PLACES = {ingredient: cell for cell, ingredient in CORNERS.items()}
MOVES: dict[str, Cell] = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
ASK = "ask"
NOTHING = ""
SERVED = "served"
DISH = 2
"""Ingredients of a dish."""


class State(NamedTuple):
    """A moment before the dish is served."""

    user: Cell
    user_holds: str
    assistant: Cell
    assistant_holds: str
    pot: str
    asked: bool


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
        recipes = list(combinations_with_replacement(PLACES, DISH))
        return {" + ".join(recipe): (recipe, 1 / len(recipes)) for recipe in recipes}

    def start(self) -> State:
        return State((1, 0), NOTHING, (1, 2), NOTHING, NOTHING, False)

    def assistant_actions(self, state: State) -> Sequence[str]:
        return *_moves(state.assistant), ASK

    def user_actions(self, state: State) -> Sequence[str]:
        return WAIT, *_moves(state.user), *([f"say {name}" for name in PLACES] if state.asked else ())

    def respond(self, state: State, action: str, goal: Recipe) -> Mapping[str, float]:
        cell, holds = state.user, state.user_holds
        missing = _without(goal, state.pot)
        if state.asked:
            named = _extreme(max, cell, _without(missing, holds))
            return {f"say {name}": 1 / len(named) for name in named} or {WAIT: 1.0}
        if holds in missing:
            return _ways(cell, [POT])
        wanted = _extreme(min, cell, _without(missing, state.assistant_holds))
        # What turned out to be useless must not drop into the pot on the way.
        return _ways(cell, [PLACES[name] for name in wanted], avoid=POT if holds else None)

    def step(self, state: State, action: str, reply: str) -> Mapping[State | str, float]:
        user, user_holds, first = _walk(state.user, state.user_holds, reply)
        assistant, assistant_holds, second = _walk(state.assistant, state.assistant_holds, action)
        pot = [name for name in (state.pot, first, second) if name]
        if len(pot) >= DISH:
            return {SERVED: 1.0}
        return {State(user, user_holds, assistant, assistant_holds, "".join(pot), action == ASK): 1.0}

    def reward(self, state: State, action: str, reply: str, goal: Recipe) -> float:
        first = _walk(state.user, state.user_holds, reply)[2]
        second = _walk(state.assistant, state.assistant_holds, action)[2]
        missing, earned = _without(goal, state.pot), 0.0
        room = DISH - bool(state.pot)
        for name in [name for name in (first, second) if name][:room]:
            earned += 1.0 if name in missing else -1.0
            missing = _without(missing, name)
        return earned

    def ended(self, state: State | str) -> bool:
        return state == SERVED

    def show(self, state: State | str) -> str:
        if isinstance(state, str):
            return state
        user, assistant = _words(state.user, state.user_holds), _words(state.assistant, state.assistant_holds)
        asked = ", asked" if state.asked else ""
        return f"user {user}; assistant {assistant}; in the pot {state.pot or 'nothing'}{asked}"


def _moves(cell: Cell) -> list[str]:
    """Moves that stay on the floor."""
    return [name for name, (x, y) in MOVES.items() if 0 <= cell[0] + x < SIDE and 0 <= cell[1] + y < SIDE]


@functools.cache
def _walk(cell: Cell, holds: str, action: str) -> tuple[Cell, str, str]:
    """Where a player is after an action, what it then holds, and what it has dropped into the pot."""
    x, y = MOVES.get(action, (0, 0))
    cell = cell[0] + x, cell[1] + y
    if cell == POT:
        return cell, NOTHING, holds
    return cell, CORNERS.get(cell, holds), NOTHING


def _without(recipe: Recipe, name: str) -> Recipe:
    """What is left of a recipe without one ingredient, if it is in there."""
    if name not in recipe:
        return recipe
    at = recipe.index(name)
    return recipe[:at] + recipe[at + 1 :]


def _distance(a: Cell, b: Cell) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _extreme(which: Callable[[Iterable[int]], int], cell: Cell, names: Recipe) -> list[str]:
    """Those of some ingredients that are nearest (`min`) or farthest (`max`)."""
    distances = {name: _distance(cell, PLACES[name]) for name in names}
    return [name for name, distance in distances.items() if distance == which(distances.values())]


def _ways(cell: Cell, targets: Sequence[Cell], avoid: Cell | None = None) -> dict[str, float]:
    """First steps of the shortest ways to any of some targets; of several, any is as likely."""
    steps = []
    for target in targets:
        for name, (x, y) in MOVES.items():
            after = cell[0] + x, cell[1] + y
            if after != avoid and _distance(after, target) < _distance(cell, target):
                steps.append(name)
    return {name: steps.count(name) / len(steps) for name in steps} or {WAIT: 1.0}


def _words(cell: Cell, holds: str) -> str:
    column, row = ("left", "middle", "right")[cell[0]], ("top", "middle", "bottom")[cell[1]]
    place = "pot" if cell == POT else CORNERS.get(cell, f"{row} {column}" if cell[1] != 1 else column)
    return f"at {place}" + (f" with {holds}" if holds else "")
