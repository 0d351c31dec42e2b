"""The goals that the commands of `scripts.goals` work on, by what their options say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.building.goals import Goals, GoalSource

JUDGES = ("val_craftassist", "val_mods")
"""Real houses that judge where no others are named: nothing may learn from them."""
POOLED = "pooled"


def drawn(spec: str, number: int, seed: int) -> Goals:
    """``number`` goals of a source, a pure function of the seed."""
    return _draw(_source(spec), number, seed)


def real_goals(spec: str, number: int, seed: int) -> Goals:
    """Real goals: those that judge all together, of another library a building per family, else a draw."""
    from envs.building.goals import LibrarySource

    if spec in JUDGES:
        return whole(spec, number, seed)
    source = _source(spec)
    return _draw(source, source.num_houses if isinstance(source, LibrarySource) else number, seed)


def whole(spec: str, number: int, seed: int) -> Goals:
    """All goals of a library, or ``number`` goals of an endless source."""
    from envs.building.goals import LibrarySource

    source = _source(spec)
    return source.all() if isinstance(source, LibrarySource) else _draw(source, number, seed)


def pooled(sets: Sequence[Goals]) -> Goals:
    """All sets as one."""
    import numpy as np

    from envs.building.goals import Goals

    houses = tuple(house for goals in sets for house in goals.houses)
    return Goals(np.concatenate([goals.blocks for goals in sets]), houses, POOLED)


def positive(name: str, value: int) -> int:
    """`value`; ValueError when it is less than 1."""
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more")
    return value


def _source(spec: str) -> GoalSource:
    from envs.building.goals import make_source

    return make_source(spec)


def _draw(source: GoalSource, number: int, seed: int) -> Goals:
    import numpy as np

    return source.draw(positive("number", number), np.random.default_rng(seed))
