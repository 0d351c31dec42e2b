"""Which blocks real houses combine: the materials of a `HouseDistribution` counted in a collection of houses.

A house's parts are told apart by where they are: walls have a side to the open and run up, roofs are on top,
floors have neighbours all around and shelter, posts stand at corners that stick out. The commonest block of a
part is the house's block for it. Families of houses count once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...world import AIR, BLOCK_NAMES, DIRT, NUM_BLOCKS
from ..transforms import GLASS
from .distribution import PLACEABLE_NAMES, HouseDistribution

GIVEN_WALL = {
    "roof_blocks": "roof",
    "floor_blocks": "floor",
    "pillar_blocks": "corner",
    "second_blocks": "second",
    "masonry_blocks": "base",
}
"""Weights by the walls' block, and the part of the house that they are counted in."""
PRIOR = 3.0
"""Houses' worth of the collection's average that a wall's row starts from, and of the defaults in that."""


def count_schemes(structures: np.ndarray, families: Sequence[str]) -> dict[str, Any]:
    """Weights of `Materials` for structures ``(n, w, h, d)``, each of the named family."""
    _, of_family, sizes = np.unique(np.asarray(families), return_inverse=True, return_counts=True)
    walls = np.zeros(NUM_BLOCKS)
    tables = {name: np.zeros((NUM_BLOCKS, NUM_BLOCKS)) for name in GIVEN_WALL}
    odd = np.zeros(NUM_BLOCKS)
    for structure, family in zip(structures, of_family, strict=True):
        weight = 1 / sizes[family]
        parts = _parts(structure)
        wall = _commonest(parts["wall"])
        if wall is None:
            continue
        walls[wall] += weight
        others = parts["wall"].copy()
        others[[wall, GLASS, DIRT]] = 0
        parts["second"] = others if others.sum() > 0.03 * parts["wall"].sum() else np.zeros(NUM_BLOCKS)
        for name, part in GIVEN_WALL.items():
            block = _commonest(parts[part])
            if block is not None:
                tables[name][wall, block] += weight
        if parts["odd"].sum() > 0:
            odd += weight * parts["odd"] / parts["odd"].sum()
    base = HouseDistribution().materials
    numbers: dict[str, Any] = {"wall_blocks": _weights(walls + _row(base.wall_blocks, PRIOR))}
    for name, table in tables.items():
        default = getattr(base, name)
        average = table.sum(0) / max(1.0, table.sum())
        numbers[name] = {}
        for block, block_name in enumerate(BLOCK_NAMES):
            if block_name not in PLACEABLE_NAMES:
                continue
            prior = 0.5 * average + _row(default[block_name], 0.5)
            if name == "second_blocks":
                prior[block] = 0
            numbers[name][block_name] = _weights(table[block] + PRIOR * prior)
    numbers["furniture_blocks"] = _weights(odd + _row(base.furniture_blocks, PRIOR))
    numbers["loose_blocks"] = _weights(walls + _row(base.loose_blocks, PRIOR))
    return numbers


def _parts(structure: np.ndarray) -> dict[str, np.ndarray]:
    """How many cells of each block there are in each part: ``(NUM_BLOCKS,)`` each, air never counted."""
    built = np.pad(structure != AIR, 1)
    middle = slice(1, -1)
    side_x = ~built[:-2, middle, middle] | ~built[2:, middle, middle]
    side_z = ~built[middle, middle, :-2] | ~built[middle, middle, 2:]
    above, below = built[middle, 2:, middle], built[middle, :-2, middle]
    solid = built[middle, middle, middle]
    height = int(np.flatnonzero(solid.any((0, 2))).max(initial=0)) + 1
    layer = np.arange(structure.shape[1])[None, :, None]
    covered = np.flip(np.maximum.accumulate(np.flip(solid, 1), 1), 1)
    sheltered = np.zeros_like(solid)
    sheltered[:, :-1] = covered[:, 1:]
    upright = solid & (side_x | side_z) & (above | below) & (structure != GLASS) & (layer < 0.7 * height)
    top = solid & ~sheltered
    beside = sum(
        part.astype(int)
        for part in (
            built[:-2, middle, middle], built[2:, middle, middle],
            built[middle, middle, :-2], built[middle, middle, 2:],
        )
    )  # fmt: skip
    lowest = int(np.flatnonzero(upright.any((0, 2))).min(initial=structure.shape[1]))
    parts = {
        "wall": upright & (layer >= min(1, height - 1)),
        "roof": top & (layer >= 0.5 * height),
        "floor": solid & ~above & sheltered & (beside >= 3),
        "corner": upright & side_x & side_z & above,
        "base": upright & (layer == lowest) & (structure != DIRT),
        "odd": solid & ~above & sheltered & (beside <= 2) & (layer >= 1) & (structure != GLASS),
    }
    return {name: np.bincount(structure[mask], minlength=NUM_BLOCKS) for name, mask in parts.items()}


def _commonest(counts: np.ndarray) -> int | None:
    return int(counts.argmax()) if counts.sum() > 0 else None


def _row(weights: Any, total: float) -> np.ndarray:
    row = np.array([weights.get(name, 0) for name in BLOCK_NAMES], float)
    return total * row / row.sum()


def _weights(row: np.ndarray) -> dict[str, float]:
    """Shares by name, those under 0.2 % left out."""
    shares = row / row.sum()
    return {BLOCK_NAMES[block]: round(float(shares[block]), 3) for block in np.flatnonzero(shares >= 0.002)}
