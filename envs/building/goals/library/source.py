"""Libraries: goals drawn from a fixed list of houses, filtered, fitted into the world, perhaps augmented."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from ...world import AIR, DEFAULT_SIZE, Size, check_size, world_goal
from ..identity import fingerprint
from ..seeds import uniforms
from ..source import Goals
from ..transforms import Box, box_of, changed_cells, fit, keep_connected, shrink_ratio, tight
from .augment import augment
from .readers import House

NOT_HOUSES = ("craftassist_part", "mdc_target", "iglu_session_final", "iglu_architect_target")
"""Sources of `block_goals_9x8x8` that hold parts of houses and small coloured figures."""


@dataclass(frozen=True)
class Filters:
    """Which houses of a library become goals. Limits are inclusive."""

    connected: bool = True
    """Drop cells that are not connected to the ground layer: what floats needs scaffolding to be built."""
    cells: tuple[int, int] = (1, 32**3)
    """Fewest and most cells to change, counted in the world, after the cells above are dropped."""
    density: tuple[float, float] = (0.0, 1.0)
    """Smallest and largest filled share of the box around the structure."""
    max_shrink_ratio: float | None = None
    """Largest factor by which a building may have been shrunk; None: any. 2 looks good, 1.6 faithful."""
    sources: tuple[str, ...] | None = None
    """Names of the sources to use; None: all but those that hold no houses (`NOT_HOUSES`)."""
    licences: tuple[str, ...] | None = None
    """Licences to use (see `licences`); None: any. Houses whose licence is not stated pass only with None."""

    def __post_init__(self) -> None:
        for name in ("cells", "density"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} is {(low, high)}; give (low, high) with 0 <= low <= high")
        if self.max_shrink_ratio is not None and self.max_shrink_ratio < 1:
            raise ValueError(
                f"max_shrink_ratio is {self.max_shrink_ratio}; ratios are 1 (not shrunk) or more"
            )


class LibrarySource:
    """Goals from a list of houses; satisfies `SeededSource`.

    `draw` is without replacement while ``n`` is at most the number of houses: one goal per house (or family
    of houses) first, then another round. `goals_of` is with replacement: a house, then one of its versions.
    ``augmented`` gives a random variant of each drawn goal; its house stays the one it came from. Houses with
    a fingerprint in ``excluded`` (materials renamed, as the goal is drawn) are dropped.
    """

    def __init__(
        self,
        name: str,
        houses: Sequence[House],
        size: Size = DEFAULT_SIZE,
        filters: Filters | None = None,
        *,
        augmented: bool = False,
        excluded: Collection[str] = (),
    ) -> None:
        self.name = name
        self.size = check_size(size)
        self.augmented = augmented
        self._box = box_of(self.size)
        kept, dropped = select(name, houses, self._box, filters or Filters(), excluded)
        if not kept:
            raise ValueError(no_goals(name, len(houses), dropped))
        self.dropped = dict(dropped)
        """How many houses did not become goals, by the filter that they did not pass."""
        self._hold(
            np.stack([house.structure for house in kept]),
            tuple(house.full_name or f"{name.split('/')[0]}/{house.house}" for house in kept),
        )

    def _hold(self, structures: np.ndarray, names: tuple[str, ...]) -> None:
        self._structures = structures
        self._names = names
        items = defaultdict(list)
        for item, house in enumerate(names):
            items[house].append(item)
        self._items_of_house = [np.array(group) for _, group in sorted(items.items())]
        self._versions = np.array([len(group) for group in self._items_of_house])

    def __len__(self) -> int:
        """How many goals there are; versions of one house count each."""
        return len(self._structures)

    @property
    def num_houses(self) -> int:
        """How many houses, or families of houses, the goals come from."""
        return len(self._items_of_house)

    def all(self) -> Goals:
        """Every goal once, in the order of the file, not augmented."""
        return Goals(world_goal(self._structures, self.size), self._names, self.name)

    def subset(self, n: int, seed: int) -> LibrarySource:
        """A library of ``n`` different goals of this one, drawn house by house. ValueError with fewer."""
        _, first = np.unique(self._structures.reshape(len(self), -1), axis=0, return_index=True)
        if n > len(first):
            raise ValueError(f"{self.name} has {len(first)} different goals, fewer than {n}")
        # Houses in turns, in random order: each goal's turn is its place among its house's different goals.
        first = np.random.default_rng(seed).permutation(np.sort(first))
        turns: Counter[str] = Counter()
        turn = np.zeros(len(first), np.int64)
        for i, item in enumerate(first):
            turn[i] = turns[self._names[item]]
            turns[self._names[item]] += 1
        kept = np.sort(first[np.argsort(turn, kind="stable")[:n]])
        smaller = copy(self)
        smaller.name = f"{self.name}[{n}]"
        smaller._hold(self._structures[kept], tuple(self._names[item] for item in kept))
        return smaller

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals."""
        structures, names = self._copies(self._draw_items(n, rng))
        if self.augmented:
            for structure in structures:
                structure[:] = augment(structure, rng, self._box)
        return Goals(world_goal(structures, self.size), names, self.name)

    def goals_of(self, seeds: np.ndarray) -> Goals:
        """One goal for each seed (n,) uint64."""
        houses = (uniforms(seeds, 0) * self.num_houses).astype(np.int64)
        versions = (uniforms(seeds, 1) * self._versions[houses]).astype(np.int64)
        items = [self._items_of_house[h][v] for h, v in zip(houses, versions, strict=True)]
        structures, names = self._copies(np.array(items, np.int64))
        if self.augmented:
            for structure, seed in zip(structures, seeds, strict=True):
                structure[:] = augment(structure, np.random.default_rng(int(seed)), self._box)
        return Goals(world_goal(structures, self.size), names, self.name)

    def _copies(self, items: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        return self._structures[items], tuple(self._names[item] for item in items)

    def _draw_items(self, n: int, rng: np.random.Generator) -> np.ndarray:
        rounds = -(-n // self.num_houses)
        # A house's versions take turns, from a random one on, so that they too repeat as late as possible.
        first = rng.integers(self._versions)
        drawn = [
            self._items_of_house[house][(first[house] + turn) % self._versions[house]]
            for turn in range(rounds)
            for house in rng.permutation(self.num_houses)
        ]
        return np.array(drawn[:n], np.int64)


def select(
    name: str, houses: Sequence[House], box: Box, filters: Filters, excluded: Collection[str] = ()
) -> tuple[list[House], Counter[str]]:
    """The houses that pass, fitted into ``box``, and how many each filter dropped.

    ``excluded`` holds fingerprints without materials. ValueError for a source that no house has.
    """
    known = sorted({house.source for house in houses})
    for source in filters.sources or ():
        if source not in known:
            raise ValueError(
                f"{name} has no source {source!r}; its sources are {', '.join(map(repr, known))}"
            )
    kept = []
    dropped: Counter[str] = Counter()
    for house in houses:
        reason = _bad_origin(house, box, filters)
        if reason is None:
            structure = fit(house.structure, box)
            if filters.connected:
                structure = keep_connected(structure)
            reason = _bad_shape(structure, filters)
        if reason is None and excluded and fingerprint(structure, materials=False) in excluded:
            reason = "excluded"
        if reason is None:
            kept.append(replace(house, structure=structure))
        else:
            dropped[reason] += 1
    return kept, dropped


def no_goals(name: str, houses: int, dropped: Counter[str]) -> str:
    """What to say when no house passed."""
    why = ", ".join(f"{count} dropped by {reason}" for reason, count in dropped.most_common())
    return f"{name} gives no goal: it holds {houses} houses{why and f' ({why})'}; widen the filters"


def _bad_origin(house: House, box: Box, filters: Filters) -> str | None:
    """The filter on a house's origin that it does not pass."""
    if house.source in NOT_HOUSES if filters.sources is None else house.source not in filters.sources:
        return "sources"
    if filters.licences is not None and house.licence not in filters.licences:
        return "licences"
    if filters.max_shrink_ratio is not None:
        ratio = max(house.shrink_ratio, shrink_ratio(tight(house.structure), box))
        if ratio > filters.max_shrink_ratio:
            return "max_shrink_ratio"
    return None


def _bad_shape(structure: np.ndarray, filters: Filters) -> str | None:
    """The filter on a fitted structure that it does not pass."""
    if not filters.cells[0] <= changed_cells(structure) <= filters.cells[1]:
        return "cells"
    if not filters.density[0] <= (tight(structure) != AIR).mean() <= filters.density[1]:
        return "density"
    return None
