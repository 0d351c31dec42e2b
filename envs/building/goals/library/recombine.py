"""Recombination: endless new houses out of the parts, shapes and material schemes of a library's houses.

A library of some hundred buildings runs dry in training: a network that knows them is no better on others.
Here each goal starts as a random piece of a full-size building (`pieces`), may get storeys, roof or annexes
of another one, lose corners and wings or become symmetric (`splices`), and may take the materials of a third
(`repaint`). A goal is a function of one seed; its house is the family of the building that it started as.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from ...world import AIR, DEFAULT_SIZE, DIRT, NUM_BLOCKS, Size, check_size, world_goal
from ..generator.draws import between, chance, pick
from ..identity import fingerprint, fingerprints
from ..seeds import draw_seeds
from ..source import Goals
from ..transforms import box_of, drop_floating
from .pieces import draw_member, make_piece, make_stock, put_down, take
from .readers import House
from .repaint import borrow_scheme, damage, exchange_materials
from .splices import add_annex, carve, change_planes, change_storeys, crop, graft, lower_wing, mirror_half

_ATTEMPTS = 12
"""Recombinations of a building tried before a plain part of it is taken."""


class Recombination(NamedTuple):
    """How often each change is made, as probabilities, and limits of the result."""

    untouched: float = 0.25
    """Only a random window, thinning, place and pose; none of the changes below."""
    graft: float = 0.2
    """The ground floor, a storey or the roof is that of another building."""
    storeys: float = 0.25
    """A storey is repeated or removed."""
    crop: float = 0.1
    """Planes at the outside are cut away."""
    mirror: float = 0.2
    """One half becomes the mirror image of the other."""
    annex: float = 0.15
    """A small piece of another building is built on."""
    carve: float = 0.08
    """A corner or a courtyard is taken out."""
    wing: float = 0.06
    """The upper storeys of one end are taken off."""
    planes: float = 0.4
    """One to three planes are deleted or repeated."""
    scheme: float = 0.4
    """Materials are those of another building, role by role."""
    by_role: float = 0.3
    """With another's scheme: a role takes its main material even where the piece has one for two roles."""
    exchange: float = 0.2
    """Without it: materials are exchanged, by how common they are in the library."""
    damage: float = 0.15
    """One to four blocks are broken or of another material."""
    max_ratio: float = 1.6
    """Windows of buildings have sides of at most this times the box's, so that pieces are shrunk little."""
    fewest: float = 0.09
    """Fewest cells to change, as a share of the box: 52 of 576."""
    most: float = 0.8
    """Most cells to change, as a share of the box: 460 of 576."""


class RecombinedSource:
    """Goals recombined from a library of buildings of any size; satisfies `SeededSource`.

    Every goal starts from a random building of a random family; ``weights`` says how often one of each data
    set is taken, all its families together (default: all families alike). Buildings of which no part passes
    the limits are left out. No goal and no building has a fingerprint (without materials) in ``excluded``.

    ValueError for probabilities, limits or weights out of range, or when no building is left.
    """

    def __init__(
        self,
        name: str,
        houses: Sequence[House],
        size: Size = DEFAULT_SIZE,
        recombination: Recombination | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        excluded: Collection[str] = (),
    ) -> None:
        self.name = name
        self.size = check_size(size)
        self.recombination = _checked(recombination or Recombination())
        self._excluded = frozenset(excluded)
        allowed = [
            house for house in houses if fingerprint(house.structure, materials=False) not in self._excluded
        ]
        usable, plain = self._plain_parts([house for house in allowed if (house.structure != AIR).any()])
        left_out = {"excluded": len(houses) - len(allowed), "limits": len(allowed) - len(usable)}
        self.dropped = {reason: count for reason, count in left_out.items() if count}
        """How many buildings are not used, by reason."""
        if not usable:
            raise ValueError(
                f"{name} gives no goal: of its {len(houses)} buildings none has a part within the limits; "
                "give other buildings, or widen `fewest` and `most` of the recombination"
            )
        families = [house.full_name or f"{name}/{house.house}" for house in usable]
        self.families = tuple(sorted(set(families)))
        """The families of the buildings, as they stand in ``Goals.houses``."""
        numbers = np.array([self.families.index(family) for family in families])
        self._stock = make_stock([house.structure for house in usable], numbers)
        self._plain = plain
        self._odds = _family_odds([house.data_set for house in usable], numbers, weights)
        self._materials = np.bincount(self._stock.flat, minlength=NUM_BLOCKS).astype(float)

    def __len__(self) -> int:
        """How many buildings there are."""
        return len(self._plain)

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals; a draw of ten is two draws of five."""
        return self.goals_of(draw_seeds(n, rng))

    def goals_of(self, seeds: np.ndarray) -> Goals:
        """One goal for each seed (n,) uint64."""
        box = box_of(self.size)
        structures = np.zeros((len(seeds), *box), np.uint8)
        families, items = np.zeros((2, len(seeds)), np.int64)
        piece, donor = (make_piece(box, self.recombination.max_ratio) for _ in range(2))
        _recombine_all(
            seeds,
            self._stock,
            self._odds,
            self._materials,
            self.recombination,
            piece,
            donor,
            self._plain,
            structures,
            families,
            items,
        )
        for i in self._forbidden(structures):
            structures[i] = self._plain[items[i]]
        houses = tuple(self.families[family] for family in families)
        return Goals(world_goal(structures, self.size), houses, self.name)

    def _plain_parts(self, houses: list[House]) -> tuple[list[House], np.ndarray]:
        """The houses of which some part passes, and for each such a part (n, w, h, d), otherwise unchanged.

        It is what is drawn where no attempt at a recombination passes.
        """
        box = box_of(self.size)
        parts = np.zeros((len(houses), *box), np.uint8)
        if houses:
            stock = make_stock([house.structure for house in houses], np.arange(len(houses)))
            _take_parts(stock, self.recombination, make_piece(box, self.recombination.max_ratio), parts)
            parts[self._forbidden(parts)] = AIR
        passed = np.flatnonzero(parts.any((1, 2, 3)))
        return [houses[i] for i in passed], parts[passed]

    def _forbidden(self, structures: np.ndarray) -> list[int]:
        """Which structures (n, w, h, d) have an excluded fingerprint."""
        if not self._excluded:
            return []
        prints = fingerprints(structures, materials=False)
        return [i for i, found in enumerate(prints) if found in self._excluded]


def _checked(change: Recombination) -> Recombination:
    for name, value in change._asdict().items():
        low, high = (1, 3) if name == "max_ratio" else (0, 1)
        if not low <= value <= high:
            raise ValueError(f"{name} of the recombination is {value}; give {low}..{high}")
    if change.fewest > change.most:
        raise ValueError(f"fewest is {change.fewest}, more than most, which is {change.most}")
    return change


def _family_odds(
    data_sets: Sequence[str], families: np.ndarray, weights: Mapping[str, float] | None
) -> np.ndarray:
    """Cumulative probabilities (F,) of the families, of which each lies in one data set."""
    set_of = dict(zip(families.tolist(), data_sets, strict=True))
    number = Counter(set_of.values())
    odds = np.array([1.0] * len(set_of))
    if weights is not None:
        odds[:] = [weights.get(set_of[family], 0) / number[set_of[family]] for family in range(len(set_of))]
    if not (odds >= 0).all() or not 0 < odds.sum() < float("inf"):
        raise ValueError(
            f"weights are {dict(weights or {})}; give 0 or more for each of {', '.join(map(repr, number))}, "
            "and more than 0 for one"
        )
    return odds.cumsum() / odds.sum()


@njit(cache=True, nogil=True)
def _take_parts(stock, change, piece, parts):
    """Fill ``parts`` (B, w, h, d) with a part of each building; all air where no attempt passes."""
    rng = np.zeros(1, np.uint64)
    room = np.array(parts.shape[1:])
    for item in range(len(parts)):
        rng[0] = item
        for _ in range(_ATTEMPTS):
            take(rng, stock, item, room, change.max_ratio, piece)
            if _finish(rng, change, piece, parts[item]):
                break
            parts[item] = AIR


@njit(cache=True, nogil=True)
def _recombine_all(seeds, stock, odds, materials, change, piece, donor, plain, structures, families, items):
    """Fill ``structures`` (n, w, h, d), ``families`` and ``items`` (n,) with a goal for each seed."""
    rng = np.zeros(1, np.uint64)
    room = np.array(structures.shape[1:])
    for n in range(len(seeds)):
        rng[0] = seeds[n]
        families[n] = pick(rng, odds)
        items[n] = draw_member(rng, stock, families[n])
        passed = False
        for _ in range(_ATTEMPTS):
            take(rng, stock, items[n], room, change.max_ratio, piece)
            if not chance(rng, change.untouched):
                _change_shape(rng, stock, change, room, piece, donor)
                _change_materials(rng, stock, materials, change, room, piece, donor)
            passed = _finish(rng, change, piece, structures[n])
            if passed:
                break
        if not passed:
            structures[n] = plain[items[n]]


@njit(cache=True, nogil=True)
def _change_shape(rng, stock, change, room, piece, donor):
    if chance(rng, change.graft):
        _take_any(rng, stock, change, room, donor)
        graft(rng, piece, donor, room)
    if chance(rng, change.storeys):
        change_storeys(rng, piece, room)
    if chance(rng, change.crop):
        crop(rng, piece, 0.6)
    if chance(rng, change.mirror):
        mirror_half(piece, 2 * between(rng, 0, 1))
    if chance(rng, change.annex):
        small = np.array([between(rng, 3, 5), max(3, piece.sides[1] - 1), between(rng, 3, 6)])
        _take_any(rng, stock, change, np.minimum(small, room), donor)
        add_annex(rng, piece, donor, room)
    if chance(rng, change.carve):
        carve(rng, piece)
    if chance(rng, change.wing):
        lower_wing(rng, piece)
    if chance(rng, change.planes):
        change_planes(rng, piece, room, 3)


@njit(cache=True, nogil=True)
def _change_materials(rng, stock, materials, change, room, piece, donor):
    if chance(rng, change.scheme):
        _take_any(rng, stock, change, room, donor)
        borrow_scheme(rng, piece, donor, change.by_role)
    elif chance(rng, change.exchange):
        exchange_materials(rng, piece, materials)
    if chance(rng, change.damage):
        damage(rng, piece, 4)


@njit(cache=True, nogil=True)
def _take_any(rng, stock, change, room, donor):
    """A piece of any building, all families alike."""
    item = draw_member(rng, stock, between(rng, 0, len(stock.starts) - 2))
    take(rng, stock, item, room, change.max_ratio, donor)


@njit(cache=True, nogil=True)
def _finish(rng, change, piece, structure):
    """Put the piece down and drop what floats; whether what is left is within the limits."""
    put_down(rng, piece, structure)
    drop_floating(structure)
    cells = 0
    for x in range(structure.shape[0]):
        for y in range(structure.shape[1]):
            for z in range(structure.shape[2]):
                block = structure[x, y, z]
                cells += block != AIR and (y > 0 or block != DIRT)
    return change.fewest * structure.size <= cells <= change.most * structure.size
