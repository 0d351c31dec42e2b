"""Random variants of a structure, so that a library of some hundred houses does not run dry in training.

`augment` applies a sequence of steps; a step is any function ``(structure, rng, box) -> structure``, so
variants are composed by handing over another sequence. Whatever the steps did, the result fits the box and is
connected to the ground.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...world import AIR, BLOCK_NAMES, DIRT, NUM_BLOCKS
from ..transforms import (
    GLASS,
    Box,
    densest_window,
    keep_connected,
    mirror,
    place,
    swap_materials,
    thin,
    tight,
    turn,
)

Step = Callable[[np.ndarray, np.random.Generator, Box], np.ndarray]

MATERIAL_WEIGHTS = {
    "dirt": 0.02,
    "cobblestone": 0.10,
    "log": 0.12,
    "planks": 0.28,
    "stone": 0.20,
    "stonebrick": 0.16,
    "wool": 0.12,
}
"""How often a recoloured material becomes each block: about its share in `block_goals_9x8x8`."""

_BLOCKS = np.array([BLOCK_NAMES.index(name) for name in MATERIAL_WEIGHTS])
_WEIGHTS = np.array(list(MATERIAL_WEIGHTS.values()))


def random_symmetry(structure: np.ndarray, rng: np.random.Generator, box: Box) -> np.ndarray:
    """One of the 8 turns and mirrors."""
    image = int(rng.integers(8))
    return turn(mirror(structure) if image >= 4 else structure, image % 4)


def random_materials(structure: np.ndarray, rng: np.random.Generator, box: Box) -> np.ndarray:
    """In four of five cases exchange the materials; two never become one, glass and dirt often stay."""
    if rng.random() < 0.2:
        return structure
    # Exponential clocks with the weights as rates ring in the order of draws without replacement.
    palette = _BLOCKS[np.argsort(rng.standard_exponential(len(_BLOCKS)) / _WEIGHTS)]
    keep_glass, keep_dirt = rng.random(2) < (0.8, 0.5)
    table = np.arange(NUM_BLOCKS)
    changing = [b for b in np.unique(structure) if b > DIRT and not (b == GLASS and keep_glass)]
    if keep_dirt:
        palette = palette[palette != DIRT]
    elif (structure == DIRT).any():
        changing.append(DIRT)
    table[changing] = np.append(palette, GLASS)[: len(changing)]
    return swap_materials(structure, table)


def random_stretch(structure: np.ndarray, rng: np.random.Generator, box: Box) -> np.ndarray:
    """In seven of ten cases repeat or delete one to four planes; sides stay 4 or more and within the box."""
    if rng.random() < 0.3:
        return structure
    for _ in range(rng.integers(1, 5)):
        axis = int(rng.integers(3))
        plane = int(rng.integers(structure.shape[axis]))
        if rng.random() < 0.5:
            if structure.shape[axis] > 4:
                structure = np.delete(structure, plane, axis)
        elif structure.shape[axis] < box[axis]:
            structure = np.insert(structure, plane, structure.take(plane, axis), axis)
    return structure


def random_place(structure: np.ndarray, rng: np.random.Generator, box: Box) -> np.ndarray:
    """Put the structure anywhere on the ground of the box; if too large it is cropped or thinned first."""
    if any(side > room for side, room in zip(structure.shape, box, strict=True)):
        structure = densest_window(structure, box) if rng.random() < 0.5 else thin(structure, box)
    x, z = (int(rng.integers(box[axis] - structure.shape[axis] + 1)) for axis in (0, 2))
    return place(structure, box, (x, 0, z))


STEPS: tuple[Step, ...] = (random_symmetry, random_materials, random_stretch, random_place)


def augment(
    structure: np.ndarray, rng: np.random.Generator, box: Box, steps: Sequence[Step] = STEPS
) -> np.ndarray:
    """A random variant of ``structure`` (any shape, uint8), shaped like ``box``. Empty ones stay empty."""
    if not (structure != AIR).any():
        return np.zeros(box, np.uint8)
    structure = tight(structure)
    for step in steps:
        structure = step(structure, rng, box)
    if structure.shape != box:
        raise ValueError(f"after the steps the structure is {structure.shape}; end with one that gives {box}")
    return keep_connected(structure)
