"""Users of the building game, by name."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from envs.building.player import Player
from envs.factories import load_factory

from .builder import BuilderUser
from .cloned import ClonedUser, clone_net
from .pikl import STRENGTHS, PiklUser, strengths_of
from .population import PopulationUser, population
from .replay import ReplayUser
from .traits import USER_TYPES

POPULATION, WITHOUT = "population", "population_without_"
FROM_PEOPLE = (ReplayUser.name, ClonedUser.kind, PiklUser.kind)
USER_NAMES = (*USER_TYPES, POPULATION, *FROM_PEOPLE)


def evaluation_only(name: str) -> bool:
    """True for users that nothing may ever be fitted to or trained with: held-out types, recorded people and
    what is cloned from them.
    """
    kind = USER_TYPES.get(name)
    return re.split("[:@]", name)[0] in FROM_PEOPLE or (kind is not None and kind.held_out)


def make_user(name: str, recordings: str | Path | None = None) -> Player:
    """The user of a type's name, `population`, `population_without_PERSON` (for rows on that person's
    recorded order), `people`, `cloned` or `pikl` (with `:FOLDER` for another network than the shipped one;
    `pikl@0.2`, `pikl@0.05-0.5` for the strengths of the prior), or what
    `package.module:factory` makes (called without arguments).

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
    kind, _colon, folder = name.partition(":")
    kind, at, strengths = kind.partition("@")
    if kind == ClonedUser.kind and not at:
        return ClonedUser(clone_net(folder or None), name)
    if kind == PiklUser.kind:
        return PiklUser(clone_net(folder or None), name, strengths_of(strengths) if at else STRENGTHS)
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

    `all` leaves out users made from recordings: `people` build recorded goals only, clones need torch.
    """
    groups = {
        "all": [*USER_TYPES, POPULATION],
        "held_out": [n for n, kind in USER_TYPES.items() if kind.held_out],
    }
    return list(dict.fromkeys(member for name in names for member in groups.get(name, [name])))
