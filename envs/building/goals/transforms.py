"""Pure functions on structures: crop, turn, mirror, place, thin, recolour and clean.

A structure is a ``(w, h, d)`` uint8 array of block ids (axes x, height, z). Its layer 0 lies in the ground of
the world, where air means dirt, so layer 1 always has something to stand on. Functions return new arrays and
never change their arguments. A box is the room for a structure inside a world: ``box_of(size)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from ..world import AIR, BEDROCK, BLOCK_NAMES, DIRT, NUM_BLOCKS, Size

Box = tuple[int, int, int]

GLASS = BLOCK_NAMES.index("glass")


def box_of(size: Size) -> Box:
    """The room for structures in a world of ``size``: ``(W-2, H-2, D-2)``."""
    return size[0] - 2, size[1] - 2, size[2] - 2


def structure_of(goal: np.ndarray) -> np.ndarray:
    """The structure in a whole-world goal ``(..., W, H, D)``: the inverse of ``world_goal``."""
    return ground_as_air(goal[..., 1:-1, 1:-1, 1:-1])


def ground_as_air(structure: np.ndarray) -> np.ndarray:
    """The structure with air for dirt in its ground layer, which is the same goal."""
    structure = np.array(structure, np.uint8)
    ground = structure[..., :1, :]
    ground[ground == DIRT] = AIR
    return structure


def changed_cells(structures: np.ndarray) -> np.ndarray:
    """How many cells of a fresh world each structure ``(..., w, h, d)`` changes; earth is no change."""
    return (ground_as_air(structures) != AIR).sum((-3, -2, -1))


def tight(structure: np.ndarray, *, keep_ground: bool = True) -> np.ndarray:
    """Crop the empty planes around a structure; ``keep_ground`` keeps those below, and so its height."""
    x, y, z = spans(structure != AIR)
    return structure[x, : y.stop, z].copy() if keep_ground else structure[x, y, z].copy()


def spans(mask: np.ndarray) -> tuple[slice, slice, slice]:
    """The smallest box around the true cells of ``mask`` (w, h, d), as slices; empty when none is true."""
    x, y, z = (np.flatnonzero(mask.any(others)) for others in ((1, 2), (0, 2), (0, 1)))
    if not len(x):
        return slice(0, 0), slice(0, 0), slice(0, 0)
    return slice(x[0], x[-1] + 1), slice(y[0], y[-1] + 1), slice(z[0], z[-1] + 1)


def turn(structure: np.ndarray, quarters: int = 1) -> np.ndarray:
    """Rotate about the vertical axis by ``quarters`` quarter turns."""
    return np.ascontiguousarray(np.rot90(structure, quarters, (0, 2)))


def mirror(structure: np.ndarray) -> np.ndarray:
    """Reflect along x; with ``turn`` this gives all 8 symmetries of the ground plane."""
    return np.ascontiguousarray(structure[::-1])


def symmetries(structure: np.ndarray) -> list[np.ndarray]:
    """The 8 images of a structure under turns and mirrors, as views."""
    return [
        np.rot90(image, quarters, (0, 2)) for image in (structure, structure[::-1]) for quarters in range(4)
    ]


def place(structure: np.ndarray, box: Box, offset: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    """Pad a structure with air to ``box``, first cell at ``offset``. ValueError where it would stick out."""
    for axis, start, side, room in zip("xyz", offset, structure.shape, box, strict=True):
        if start < 0 or start + side > room:
            raise ValueError(
                f"a structure of {structure.shape} at offset {offset} spans {start}..{start + side - 1} "
                f"along {axis}; the box {box} has 0..{room - 1}: thin or crop it first"
            )
    placed = np.zeros(box, np.uint8)
    (x, y, z), (width, height, depth) = offset, structure.shape
    placed[x : x + width, y : y + height, z : z + depth] = structure
    return placed


def densest_window(structure: np.ndarray, box: Box) -> np.ndarray:
    """The part of at most ``box`` that holds most blocks. It starts at the ground; what is too high goes."""
    width, _, depth = (min(side, room) for side, room in zip(structure.shape, box, strict=True))
    low = structure[:, : box[1]]
    # A summed-area table of the blocks above each column gives the count of every window at once.
    sums = np.pad((low != AIR).sum(1), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    counts = sums[width:, depth:] - sums[:-width, depth:] - sums[width:, :-depth] + sums[:-width, :-depth]
    x, z = np.unravel_index(counts.argmax(), counts.shape)
    return low[x : x + width, :, z : z + depth].copy()


def thin(structure: np.ndarray, box: Box) -> np.ndarray:
    """Delete planes until a structure fits ``box``, always the one most like its neighbour."""
    for axis, room in enumerate(box):
        while structure.shape[axis] > room:
            structure = np.delete(structure, _most_redundant_plane(structure, axis), axis)
    return structure.copy()


def fit(structure: np.ndarray, box: Box) -> np.ndarray:
    """Bring a structure of any size into ``box``: crop, turn if only that fits, thin if it must, and centre.

    A structure that already has the shape of the box is kept as it stands.
    """
    if structure.shape == box:
        return structure.copy()
    structure = tight(structure)
    if _excess(structure.shape[::-1], box) < _excess(structure.shape, box):
        structure = turn(structure)
    structure = thin(structure, box)
    return place(structure, box, ((box[0] - structure.shape[0]) // 2, 0, (box[2] - structure.shape[2]) // 2))


def shrink_ratio(structure: np.ndarray, box: Box) -> float:
    """By how much `fit` shrinks a structure: the largest ratio of its side to the box's; 1 if it fits."""
    return min(_excess(structure.shape, box), _excess(structure.shape[::-1], box))


def swap_materials(structure: np.ndarray, table: np.ndarray | Sequence[int]) -> np.ndarray:
    """Replace each block ``b`` by ``table[b]``; the 10 entries keep air and never make bedrock."""
    table = np.asarray(table)
    if table.shape != (NUM_BLOCKS,) or not np.isin(table, range(NUM_BLOCKS)).all():
        raise ValueError(f"table is {table.tolist()}; give {NUM_BLOCKS} block ids of 0..{NUM_BLOCKS - 1}")
    if table[AIR] != AIR or BEDROCK in np.delete(table, BEDROCK):
        raise ValueError(
            f"table is {table.tolist()}; it must keep air (table[0] = 0) and make no bedrock (1)"
        )
    return table.astype(np.uint8)[structure]


def keep_connected(structure: np.ndarray) -> np.ndarray:
    """Drop the cells that no path of face-to-face blocks joins to the ground."""
    kept = np.ascontiguousarray(structure).copy()
    drop_floating(kept)
    return kept


@njit(cache=True, nogil=True)
def drop_floating(structure):
    """In place, kernel of `keep_connected`. Layers 0 and 1 touch the ground; the rest must reach them."""
    width, height, depth = structure.shape
    held = np.zeros(structure.shape, np.bool_)
    stack = np.empty((structure.size, 3), np.int64)
    count = 0
    for x in range(width):
        for y in range(min(2, height)):
            for z in range(depth):
                if structure[x, y, z] != AIR:
                    held[x, y, z] = True
                    stack[count] = x, y, z
                    count += 1
    while count > 0:
        count -= 1
        x, y, z = stack[count]
        for side in range(6):
            step = 1 if side % 2 else -1
            i = x + step * (side // 2 == 0)
            j = y + step * (side // 2 == 1)
            k = z + step * (side // 2 == 2)
            if not (0 <= i < width and 0 <= j < height and 0 <= k < depth):
                continue
            if structure[i, j, k] != AIR and not held[i, j, k]:
                held[i, j, k] = True
                stack[count] = i, j, k
                count += 1
    for x in range(width):
        for y in range(height):
            for z in range(depth):
                if not held[x, y, z]:
                    structure[x, y, z] = AIR


def _excess(shape: tuple[int, ...], box: Box) -> float:
    return max(1.0, *(side / room for side, room in zip(shape, box, strict=True)))


def _most_redundant_plane(structure: np.ndarray, axis: int) -> int:
    planes = np.moveaxis(structure, axis, 0)
    if len(planes) == 1:
        return 0
    differences = (planes[1:] != planes[:-1]).sum((1, 2))
    # Of two like planes the upper one goes, except the last: outer faces carry the look, layer 0 the floor.
    return min(int(differences.argmin()) + 1, max(1, len(planes) - 2))
