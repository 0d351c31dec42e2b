"""Statistics of goals: about fifty numbers per house that a generator has to match to be believable.

`measure` gives a row of `FEATURES` per goal. None of them depends on where in the box a house stands or which
way it faces, so a source that centres its houses and one that does not are compared fairly. Comparisons build
on these (`two_sample.py`: can a classifier tell two sets apart?), on 3x3x3 neighbourhoods (`patches.py`) and
on the nearest houses (`similarity.py`).

Layer 0 of a structure lies in the ground: its air is earth, which counts as no block but is no air either.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ...world import AIR, BLOCK_NAMES, NUM_BLOCKS, PLACEABLE
from ..transforms import ground_as_air

LAYERS = 8
"""Layers whose shares are told apart; the last one stands for all above it, too."""


class Feature(NamedTuple):
    """One number per goal."""

    name: str
    unit: str
    """`cells`, `layers`, `nats`...; empty for shares and ratios."""
    text: str


_MATERIALS = (
    Feature("cells", "cells", "cells of a fresh world that the goal changes"),
    Feature("materials", "blocks", "different blocks"),
    Feature("material_entropy", "nats", "entropy of the shares of the blocks"),
    Feature("main_share", "", "share of the commonest block"),
    Feature("second_share", "", "share of the second commonest block"),
    Feature("layer_entropy", "nats", "entropy of the blocks inside a layer, mean over cells"),
    Feature("same_beside", "", "pairs of blocks side by side that are equal"),
    Feature("same_above", "", "pairs of blocks one above the other that are equal"),
    *(Feature(BLOCK_NAMES[block], "", f"share of {BLOCK_NAMES[block]}") for block in PLACEABLE),
)
_HEIGHTS = (
    Feature("height", "layers", "layers up to the highest block, the ground layer included"),
    *(Feature(f"layer_{y}", "", f"share of the cells in layer {y}") for y in range(LAYERS - 1)),
    Feature(f"layer_{LAYERS - 1}", "", f"share of the cells in layer {LAYERS - 1} and above"),
    Feature("top_mean", "layers", "height of the covered columns, mean"),
    Feature("top_deviation", "layers", "height of the covered columns, standard deviation"),
    Feature("top_step", "layers", "difference in height between columns side by side, mean"),
    Feature("peak", "", "share of the covered columns that reach the highest layer"),
)
_FOOTPRINT = (
    Feature("long_side", "cells", "longer side of the rectangle around the house"),
    Feature("short_side", "cells", "shorter side of it"),
    Feature("columns", "cells", "columns with a block"),
    Feature("footprint_fill", "", "columns over the area of the rectangle"),
    Feature("fill", "", "cells over the volume of the box around the house"),
)
_CONNECTIVITY = (
    Feature("parts", "parts", "parts that share no face with each other"),
    Feature("main_part", "", "share of the cells in the largest part"),
    Feature("ends", "", "share of the cells with one neighbour or none"),
)
_SYMMETRY = (
    Feature("mirror_best", "", "agreement with the mirror image (along x or z, the better)"),
    Feature("mirror_worst", "", "agreement with the other mirror image"),
    Feature("mirror_shape", "", "overlap with the mirror image whatever the blocks, the better"),
    Feature("half_turn", "", "agreement with the house after a half turn"),
    Feature("quarter_turn", "", "agreement with the house after a quarter turn about its middle"),
)
_AIR = (
    Feature("enclosed", "", "air that no path through air joins to the sky, per cell"),
    Feature("sheltered", "", "air with a block somewhere above and to all four sides, per cell"),
    Feature("gaps", "", "air between two blocks at its opposite sides (windows, doors), per cell"),
)
_SURFACE = (
    Feature("surface", "", "share of the cells with a face to the air"),
    Feature("faces", "faces", "faces to the air per cell"),
    Feature("overhang", "", "share of the cells with air below"),
    Feature("thickness", "cells", "shorter run of blocks through a cell along x or z, mean above ground"),
    Feature("thin", "", "share of the cells above ground whose shorter run is 1"),
    Feature("rise", "cells", "run of blocks through a cell upwards, mean above ground"),
)

_GROUPS = (_MATERIALS, _HEIGHTS, _FOOTPRINT, _CONNECTIVITY, _SYMMETRY, _AIR, _SURFACE)
FEATURES: tuple[Feature, ...] = tuple(feature for group in _GROUPS for feature in group)
"""Columns of `measure`. Agreement is the share, among cells with a block in either, with the same block."""

_ENDS = tuple(int(end) for end in np.cumsum([len(group) for group in _GROUPS]))


def measure(structures: np.ndarray) -> np.ndarray:
    """`FEATURES` of structures ``(n, w, h, d)``: ``(n, len(FEATURES))`` float64; zeros for an empty one.

    Takes about 0.2 ms a structure of 9x8x8. Whole-world goals go through `structure_of` first. ValueError
    for another number of axes.
    """
    if structures.ndim != 4:
        raise ValueError(f"structures has shape {structures.shape}; give (n, w, h, d)")
    found = np.zeros((len(structures), len(FEATURES)))
    _measure_all(ground_as_air(structures), found)
    return found


# --- kernels: each writes the columns of its group, for one structure that is not empty ---------------------


@njit(cache=True, nogil=True)
def _measure_all(structures, found):
    shape = structures.shape[1:]
    scratch = np.zeros(shape, np.int64)
    stack = np.empty((shape[0] * shape[1] * shape[2], 3), np.int64)
    tops = np.empty((shape[0], shape[2]), np.int64)
    for i in range(len(structures)):
        blocks, row = structures[i], found[i]
        cells, bounds = _bounds(blocks)
        if cells == 0:
            continue
        _materials(blocks, cells, row[: _ENDS[0]])
        _heights(blocks, cells, bounds, tops, row[_ENDS[0] : _ENDS[1]])
        _footprint(cells, bounds, tops, row[_ENDS[1] : _ENDS[2]])
        _connectivity(blocks, cells, scratch, stack, row[_ENDS[2] : _ENDS[3]])
        _symmetry(blocks, bounds, row[_ENDS[3] : _ENDS[4]])
        _air(blocks, cells, bounds, scratch, stack, row[_ENDS[4] : _ENDS[5]])
        _surface(blocks, cells, row[_ENDS[5] :])


@njit(cache=True, nogil=True)
def _bounds(blocks):
    """Number of blocks, and the box around them: x from, x to, height, z from, z to (ends exclusive)."""
    width, height, depth = blocks.shape
    cells, x0, x1, y1, z0, z1 = 0, width, 0, 0, depth, 0
    for x in range(width):
        for y in range(height):
            for z in range(depth):
                if blocks[x, y, z] != AIR:
                    cells += 1
                    x0, x1 = min(x0, x), max(x1, x + 1)
                    z0, z1 = min(z0, z), max(z1, z + 1)
                    y1 = max(y1, y + 1)
    return cells, (x0, x1, y1, z0, z1)


@njit(cache=True, nogil=True)
def _block_at(blocks, x, y, z):
    """The block at a cell; air outside the structure."""
    width, height, depth = blocks.shape
    if 0 <= x < width and 0 <= y < height and 0 <= z < depth:
        return blocks[x, y, z]
    return AIR


@njit(cache=True, nogil=True)
def _entropy(counts):
    total = counts.sum()
    entropy = 0.0
    for count in counts:
        if count > 0:
            entropy -= count / total * np.log(count / total)
    return entropy


@njit(cache=True, nogil=True)
def _materials(blocks, cells, row):
    width, height, depth = blocks.shape
    counts = np.zeros(NUM_BLOCKS)
    layer = np.zeros(NUM_BLOCKS)
    beside, same_beside, above, same_above = 0, 0, 0, 0
    for y in range(height):
        layer[:] = 0
        for x in range(width):
            for z in range(depth):
                block = blocks[x, y, z]
                if block == AIR:
                    continue
                layer[block] += 1
                for near in (_block_at(blocks, x + 1, y, z), _block_at(blocks, x, y, z + 1)):
                    beside += near != AIR
                    same_beside += near == block
                near = _block_at(blocks, x, y + 1, z)
                above += near != AIR
                same_above += near == block
        counts += layer
        row[5] += layer.sum() * _entropy(layer) / cells
    ordered = np.sort(counts)
    row[0] = cells
    row[1] = (counts > 0).sum()
    row[2] = _entropy(counts)
    row[3] = ordered[-1] / cells
    row[4] = ordered[-2] / cells
    row[6] = same_beside / max(1, beside)
    row[7] = same_above / max(1, above)
    row[8:] = counts[2:] / cells


@njit(cache=True, nogil=True)
def _heights(blocks, cells, bounds, tops, row):
    """Also fills ``tops`` (w, d): the layers up to the highest block of each column, 0 without one."""
    width, height, depth = blocks.shape
    x0, x1, y1, z0, z1 = bounds
    columns, peaks, total, squares = 0, 0, 0.0, 0.0
    for x in range(width):
        for z in range(depth):
            tops[x, z] = 0
            for y in range(height):
                if blocks[x, y, z] != AIR:
                    tops[x, z] = y + 1
                    row[1 + min(y, LAYERS - 1)] += 1 / cells
            if tops[x, z] > 0:
                columns += 1
                peaks += tops[x, z] == y1
                total += tops[x, z]
                squares += tops[x, z] ** 2
    pairs, steps = 0, 0
    for x in range(x0, x1):
        for z in range(z0, z1):
            if x + 1 < x1:
                pairs += 1
                steps += abs(tops[x, z] - tops[x + 1, z])
            if z + 1 < z1:
                pairs += 1
                steps += abs(tops[x, z] - tops[x, z + 1])
    mean = total / columns
    row[0] = y1
    row[1 + LAYERS] = mean
    row[2 + LAYERS] = np.sqrt(max(0.0, squares / columns - mean * mean))
    row[3 + LAYERS] = steps / max(1, pairs)
    row[4 + LAYERS] = peaks / columns


@njit(cache=True, nogil=True)
def _footprint(cells, bounds, tops, row):
    x0, x1, y1, z0, z1 = bounds
    area = (x1 - x0) * (z1 - z0)
    columns = (tops > 0).sum()
    row[0] = max(x1 - x0, z1 - z0)
    row[1] = min(x1 - x0, z1 - z0)
    row[2] = columns
    row[3] = columns / area
    row[4] = cells / (area * y1)


@njit(cache=True, nogil=True)
def _flood(open_cells, marks, mark, x, y, z, stack):
    """Mark what face-to-face steps between cells of ``open_cells`` reach from (x, y, z); how many cells."""
    width, height, depth = open_cells.shape
    marks[x, y, z] = mark
    stack[0] = x, y, z
    waiting, reached = 1, 0
    while waiting > 0:
        waiting -= 1
        reached += 1
        x, y, z = stack[waiting]
        for side in range(6):
            step = 1 if side % 2 else -1
            i = x + step * (side // 2 == 0)
            j = y + step * (side // 2 == 1)
            k = z + step * (side // 2 == 2)
            if not (0 <= i < width and 0 <= j < height and 0 <= k < depth):
                continue
            if open_cells[i, j, k] and marks[i, j, k] == 0:
                marks[i, j, k] = mark
                stack[waiting] = i, j, k
                waiting += 1
    return reached


@njit(cache=True, nogil=True)
def _connectivity(blocks, cells, marks, stack, row):
    width, height, depth = blocks.shape
    solid = blocks != AIR
    marks[:] = 0
    parts, largest, ends = 0, 0, 0
    for x in range(width):
        for y in range(height):
            for z in range(depth):
                if not solid[x, y, z]:
                    continue
                if marks[x, y, z] == 0:
                    parts += 1
                    largest = max(largest, _flood(solid, marks, parts, x, y, z, stack))
                ends += _neighbours(blocks, x, y, z) <= 1
    row[0] = parts
    row[1] = largest / cells
    row[2] = ends / cells


@njit(cache=True, nogil=True)
def _neighbours(blocks, x, y, z):
    count = 0
    for side in range(6):
        step = 1 if side % 2 else -1
        i, j, k = x + step * (side // 2 == 0), y + step * (side // 2 == 1), z + step * (side // 2 == 2)
        count += _block_at(blocks, i, j, k) != AIR
    return count


@njit(cache=True, nogil=True)
def _symmetry(blocks, bounds, row):
    along_x, shape_x = _agreement(blocks, bounds, True, False)
    along_z, shape_z = _agreement(blocks, bounds, False, True)
    row[0] = max(along_x, along_z)
    row[1] = min(along_x, along_z)
    row[2] = max(shape_x, shape_z)
    row[3], _ = _agreement(blocks, bounds, True, True)
    row[4] = max(_turned_agreement(blocks, bounds, 0), _turned_agreement(blocks, bounds, 1))


@njit(cache=True, nogil=True)
def _turned_agreement(blocks, bounds, rounding):
    """Agreement after a quarter turn; ``rounding`` 0 or 1 where the middle of a side is between two cells."""
    x0, x1, y1, z0, z1 = bounds
    side = max(x1 - x0, z1 - z0)
    left, front = x0 - (side - (x1 - x0) + rounding) // 2, z0 - (side - (z1 - z0) + rounding) // 2
    either, same = 0, 0
    for x in range(side):
        for z in range(side):
            for y in range(y1):
                here = _block_at(blocks, left + x, y, front + z)
                there = _block_at(blocks, left + z, y, front + side - 1 - x)
                either += here != AIR or there != AIR
                same += here != AIR and here == there
    return same / either


@njit(cache=True, nogil=True)
def _agreement(blocks, bounds, flip_x, flip_z):
    """Shares of the cells of a house and its image that have the same block in both, and any block."""
    x0, x1, y1, z0, z1 = bounds
    either, both, same = 0, 0, 0
    for x in range(x0, x1):
        for z in range(z0, z1):
            i = x0 + x1 - 1 - x if flip_x else x
            k = z0 + z1 - 1 - z if flip_z else z
            for y in range(y1):
                here, there = blocks[x, y, z], blocks[i, y, k]
                either += here != AIR or there != AIR
                both += here != AIR and there != AIR
                same += here != AIR and here == there
    return same / either, both / either


@njit(cache=True, nogil=True)
def _air(blocks, cells, bounds, marks, stack, row):
    width, height, depth = blocks.shape
    x0, x1, y1, z0, z1 = bounds
    free = blocks == AIR
    free[:, 0] = False
    marks[:] = 0
    for x in range(width):
        for y in range(1, height):
            for z in range(depth):
                rim = x == 0 or z == 0 or x == width - 1 or z == depth - 1 or y == height - 1
                if rim and free[x, y, z] and marks[x, y, z] == 0:
                    _flood(free, marks, 1, x, y, z, stack)
    enclosed, sheltered, gaps = 0, 0, 0
    for x in range(x0, x1):
        for y in range(1, y1):
            for z in range(z0, z1):
                if not free[x, y, z]:
                    continue
                enclosed += marks[x, y, z] == 0
                walls_x = (blocks[x0:x, y, z] != AIR).any() and (blocks[x + 1 : x1, y, z] != AIR).any()
                walls_z = (blocks[x, y, z0:z] != AIR).any() and (blocks[x, y, z + 1 : z1] != AIR).any()
                sheltered += walls_x and walls_z and (blocks[x, y + 1 : y1, z] != AIR).any()
                in_x = _block_at(blocks, x - 1, y, z) != AIR and _block_at(blocks, x + 1, y, z) != AIR
                in_z = _block_at(blocks, x, y, z - 1) != AIR and _block_at(blocks, x, y, z + 1) != AIR
                gaps += in_x or in_z
    row[0] = enclosed / cells
    row[1] = sheltered / cells
    row[2] = gaps / cells


@njit(cache=True, nogil=True)
def _surface(blocks, cells, row):
    width, height, depth = blocks.shape
    bare, faces, hanging, above_ground, thickness, thin, rise = 0, 0, 0, 0, 0, 0, 0
    for x in range(width):
        for y in range(height):
            for z in range(depth):
                if blocks[x, y, z] == AIR:
                    continue
                # Earth is around the ground layer and below it, and below layer 1 where that has no block.
                open_faces = int(_block_at(blocks, x, y + 1, z) == AIR)
                if y > 0:
                    below = y > 1 and blocks[x, y - 1, z] == AIR
                    hanging += below
                    sides = 0
                    for i, k in ((x - 1, z), (x + 1, z), (x, z - 1), (x, z + 1)):
                        sides += _block_at(blocks, i, y, k) == AIR
                    open_faces += sides + below
                    above_ground += 1
                    shorter = min(_run(blocks, x, y, z, 1, 0, 0), _run(blocks, x, y, z, 0, 0, 1))
                    thickness += shorter
                    thin += shorter == 1
                    rise += _run(blocks, x, y, z, 0, 1, 0)
                faces += open_faces
                bare += open_faces > 0
    row[0] = bare / cells
    row[1] = faces / cells
    row[2] = hanging / cells
    row[3] = thickness / max(1, above_ground)
    row[4] = thin / max(1, above_ground)
    row[5] = rise / max(1, above_ground)


@njit(cache=True, nogil=True)
def _run(blocks, x, y, z, step_x, step_y, step_z):
    """How many blocks follow each other through (x, y, z) along the step and against it."""
    length = 1
    for way in (-1, 1):
        i, j, k = x + way * step_x, y + way * step_y, z + way * step_z
        while _block_at(blocks, i, j, k) != AIR:
            length += 1
            i, j, k = i + way * step_x, j + way * step_y, k + way * step_z
    return length
