"""Users of the building game, by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from envs.building.player import Player
from envs.factories import load_factory

from .builder import BuilderUser
from .population import PopulationUser, population
from .replay import ReplayUser
from .traits import USER_TYPES

POPULATION, WITHOUT = "population", "population_without_"
USER_NAMES = (*USER_TYPES, POPULATION, ReplayUser.name)


def make_user(name: str, recordings: str | Path | None = None) -> Player:
    """The user of a type's name, `population`, `population_without_PERSON` (for rows on that person's
    recorded order), `people`, or what `package.module:factory` makes (called without arguments).

    recordings: where those of `people` lie, see `replay.recordings_file`. ValueError for an unknown name.
    """
    if name in USER_TYPES:
        return BuilderUser(name, USER_TYPES[name].traits)
    if name == POPULATION:
        return PopulationUser()
    if name.startswith(WITHOUT):
        return PopulationUser(population(name.removeprefix(WITHOUT)), name)
    if name == ReplayUser.name:
        return ReplayUser(recordings)
    if ":" in name:
        return load_factory(name, "user")()
    near = difflib.get_close_matches(name, USER_NAMES, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(
        f"user is {name!r}; {hint}choose from {', '.join(USER_NAMES)}, held_out, all or"
        " package.module:factory"
    )


def expand_users(names: list[str]) -> list[str]:
    """Replace `all` and `held_out` by the types they stand for, keeping order and dropping repeats.

    `all` leaves out `people`, who build recorded goals only.
    """
    groups = {"all": list(USER_TYPES), "held_out": [n for n, kind in USER_TYPES.items() if kind.held_out]}
    return list(dict.fromkeys(member for name in names for member in groups.get(name, [name])))
