"""Goal sources by name: libraries of all the development data, recombined, mixed, and to judge by.

What trains (`library`, `recombined`, `mix`) comes from the ``train`` files only, less every house that is
also one of those that judge: all ``val`` houses and the recorded ones, under any turn, mirror, move and
renaming of materials.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ..world import DEFAULT_SIZE, Size
from .data import data_sets
from .generator.source import GeneratorSource
from .identity import fingerprint
from .library.licences import PERMISSIVE
from .library.readers import House, read_full, read_houses
from .library.recombine import Recombination, RecombinedSource
from .library.source import Filters, LibrarySource
from .mixture import MixtureSource
from .source import GoalSource
from .transforms import box_of, fit, keep_connected

LIBRARY_SETS = ("houses_mods", "houses_luanti", "block_goals_9x8x8")
FULL_SETS = ("houses_mods", "houses_luanti", "blocks_craftassist")
RECORDED_SETS = ("human_building",)

MAX_SHRINK_RATIO = 1.6
"""Buildings shrunk by more look little like the original."""

MIX_WEIGHTS = {"generator": 0.4, "recombined": 0.6}
"""What `mix` draws from, and how often."""
RECOMBINED_WEIGHTS = {"houses_mods": 3.0, "houses_luanti": 1.0, "blocks_craftassist": 3.0}
"""How often `recombined` starts from a house of each data set."""


def library_filters(any_licence: bool = False) -> Filters:
    """What `library` keeps: houses under permissive licences, or any, that are shrunk little."""
    return Filters(max_shrink_ratio=MAX_SHRINK_RATIO, licences=None if any_licence else PERMISSIVE)


def library(
    size: Size = DEFAULT_SIZE,
    *,
    any_licence: bool = False,
    filters: Filters | None = None,
    augmented: bool = False,
) -> LibrarySource:
    """The ``train`` houses of all `LIBRARY_SETS` that are there, drawn by family.

    ``filters`` replaces those of `library_filters`. FileNotFoundError when no set is there.
    """
    houses = _read(data_sets(*LIBRARY_SETS), "train")
    filters = filters or library_filters(any_licence)
    return LibrarySource("library", houses, size, filters, augmented=augmented, excluded=held_out(size))


def recombined(
    size: Size = DEFAULT_SIZE, *, any_licence: bool = False, recombination: Recombination | None = None
) -> RecombinedSource:
    """Recombined ``train`` buildings at full size of each data set that is there, by `RECOMBINED_WEIGHTS`."""
    houses = [
        house
        for folder in data_sets(*RECOMBINED_WEIGHTS)
        for house in read_full(folder, "train")
        if any_licence or house.licence in PERMISSIVE
    ]
    return RecombinedSource(
        "recombined", houses, size, recombination, weights=RECOMBINED_WEIGHTS, excluded=held_out(size)
    )


def mix(size: Size = DEFAULT_SIZE, *, any_licence: bool = False) -> MixtureSource:
    """The generator and `recombined`, weighted by `MIX_WEIGHTS`: the goals that assistants train on."""
    sources: dict[str, GoalSource] = {
        "generator": GeneratorSource(size),
        "recombined": recombined(size, any_licence=any_licence),
    }
    return MixtureSource([(sources[name], weight) for name, weight in MIX_WEIGHTS.items()], "mix")


def val_craftassist(size: Size = DEFAULT_SIZE) -> LibrarySource:
    """The house-like ``val`` goals of `block_goals_9x8x8`, carved and cropped versions of the same houses."""
    return LibrarySource("val_craftassist", _read(data_sets("block_goals_9x8x8"), "val"), size)


def val_mods(size: Size = DEFAULT_SIZE) -> LibrarySource:
    """One building of each family of the ``val`` houses of `houses_mods` and `houses_luanti`.

    Of those that are shrunk by at most `MAX_SHRINK_RATIO`, the one shrunk least, then the first.
    """
    best: dict[str, House] = {}
    for house in _read(data_sets("houses_mods", "houses_luanti"), "val"):
        if house.shrink_ratio < best.get(house.full_name, house).shrink_ratio or house.full_name not in best:
            best[house.full_name] = house
    return LibrarySource("val_mods", list(best.values()), size, Filters(max_shrink_ratio=MAX_SHRINK_RATIO))


def recorded(size: Size = DEFAULT_SIZE) -> LibrarySource:
    """The houses that the recorded people built."""
    return LibrarySource("recorded", _read(data_sets(*RECORDED_SETS), None), size)


TRAINING: dict[str, Callable[..., GoalSource]] = {"library": library, "recombined": recombined, "mix": mix}
"""Sources to train on, by name. ``NAME:any`` takes houses of every licence."""
EVALUATION: dict[str, Callable[[Size], GoalSource]] = {
    "val_craftassist": val_craftassist,
    "val_mods": val_mods,
    "recorded": recorded,
}
"""Sources that judge, by name."""


def held_out(size: Size = DEFAULT_SIZE) -> frozenset[str]:
    """Fingerprints, without materials, of all ``val`` and recorded houses: at full size, fitted into the
    world, and less what floats.
    """
    return _held_out(size, tuple(data_sets(*LIBRARY_SETS, *FULL_SETS, *RECORDED_SETS)))


@lru_cache(maxsize=4)
def _held_out(size: Size, folders: tuple[Path, ...]) -> frozenset[str]:
    structures = []
    for folder in folders:
        houses = _read([folder], None if folder.name in RECORDED_SETS else "val")
        fitted = [fit(house.structure, box_of(size)) for house in houses]
        structures += [*fitted, *map(keep_connected, fitted)]
        if folder.name in FULL_SETS:
            structures += [house.structure for house in read_full(folder, "val")]
    return frozenset(fingerprint(structure, materials=False) for structure in structures)


def _read(folders: list[Path], split: str | None) -> list[House]:
    return [house for folder in folders for house in read_houses(folder, split)[1]]
