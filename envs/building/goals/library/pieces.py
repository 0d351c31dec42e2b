"""Pieces of buildings, cut out of a stock of full-size ones: the material that `recombine` works on.

A building is rarely as small as the world's box. `take` cuts a window out of it and deletes planes until it
fits, both at random, so that one building gives hundreds of pieces. A piece is an array with more room than
it uses: ``cells[: sides[0], : sides[1], : sides[2]]`` is the piece, and whatever lies beyond is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from ...world import AIR
from ..generator.draws import between, chance, uniform
from ..transforms import Box

TALLEST = 2.0
"""Windows are at most this often as high as the box: of a tower, storeys go rather than its foot or top."""
WHOLE = 0.8
"""How often a building that need not be shrunk too much is taken whole."""
CARE = 3
"""The higher, the more the planes that are deleted are those most like their neighbours."""
_TRIES = 3
"""Windows of which the fullest is taken."""


class Stock(NamedTuple):
    """Buildings at full size, grouped by family, as kernels read them."""

    flat: np.ndarray
    """All buildings' cells in C order, uint8."""
    offsets: np.ndarray
    """(B,) int64: where each building's cells start."""
    shapes: np.ndarray
    """(B, 3) int64."""
    members: np.ndarray
    """(B,) int64: buildings, those of family 0 first, then those of family 1, ..."""
    starts: np.ndarray
    """(F + 1,) int64: where each family's members start."""


class Piece(NamedTuple):
    """A part of a building that fits the box, or will."""

    cells: np.ndarray
    """(X, Y, Z) uint8."""
    sides: np.ndarray
    """(3,) int64: how much of ``cells`` is in use."""


def make_stock(structures: Sequence[np.ndarray], families: np.ndarray) -> Stock:
    """The stock of buildings (w, h, d) uint8 and their family numbers (B,), from 0 on without gaps."""
    return Stock(
        flat=np.concatenate([structure.ravel() for structure in structures]),
        offsets=np.cumsum([0, *(structure.size for structure in structures[:-1])]),
        shapes=np.array([structure.shape for structure in structures], np.int64),
        members=np.argsort(families, kind="stable"),
        starts=np.concatenate([[0], np.bincount(families).cumsum()]),
    )


def make_piece(box: Box, max_ratio: float) -> Piece:
    """An empty piece with room for windows of up to ``max_ratio`` times the sides of ``box``."""
    ratios = (max_ratio, max(TALLEST, max_ratio), max_ratio)
    longest = max(box[0], box[2])
    room = [
        int(np.ceil(side * ratio)) for side, ratio in zip((longest, box[1], longest), ratios, strict=True)
    ]
    return Piece(np.zeros(room, np.uint8), np.zeros(3, np.int64))


@njit(cache=True, nogil=True)
def extent(piece):
    """The sides as three integers."""
    return piece.sides[0], piece.sides[1], piece.sides[2]


@njit(cache=True, nogil=True)
def draw_member(rng, stock, family):
    """A building of ``family``."""
    return stock.members[between(rng, stock.starts[family], stock.starts[family + 1] - 1)]


@njit(cache=True, nogil=True)
def take(rng, stock, item, room, max_ratio, piece):
    """Fill ``piece`` with a random part of building ``item`` that fits ``room`` (3,).

    The building is turned so that it fits best and mirrored at random. It is mostly whole when its sides are
    at most ``max_ratio`` times the room's, else a window of up to this size; then planes are deleted until it
    fits.
    """
    shape = stock.shapes[item]
    along = max(shape[0] / room[0], shape[2] / room[2])
    across = max(shape[2] / room[0], shape[0] / room[2])
    swapped = chance(rng, 0.5) if along == across else across < along
    width, height, depth = (shape[2], shape[1], shape[0]) if swapped else (shape[0], shape[1], shape[2])
    whole = min(along, across) <= max_ratio and chance(rng, WHOLE)
    ratio = max_ratio if whole else 1 + (max_ratio - 1) * max(uniform(rng), uniform(rng))
    sides = piece.sides
    sides[0] = min(width, int(np.ceil(room[0] * ratio)), piece.cells.shape[0])
    sides[1] = min(height, int(np.ceil(room[1] * (1 + (TALLEST - 1) * uniform(rng)))), piece.cells.shape[1])
    sides[2] = min(depth, int(np.ceil(room[2] * ratio)), piece.cells.shape[2])
    low_y = height - sides[1] if chance(rng, 0.3) else 0
    flip_x, flip_z = chance(rng, 0.5), chance(rng, 0.5)
    building = stock.flat[stock.offsets[item] : stock.offsets[item] + shape[0] * shape[1] * shape[2]]
    building = building.reshape((shape[0], shape[1], shape[2]))
    best, best_x, best_z = -1, 0, 0
    tries = 1 if sides[0] == width and sides[2] == depth else _TRIES
    for _ in range(tries):
        low_x, low_z = between(rng, 0, width - sides[0]), between(rng, 0, depth - sides[2])
        blocks = _copy_window(building, swapped, low_x, low_y, low_z, piece) if tries > 1 else 0
        if blocks > best:
            best, best_x, best_z = blocks, low_x, low_z
    _copy_window(building, swapped, best_x, low_y, best_z, piece)
    _flip(piece, flip_x, flip_z)
    for axis in range(3):
        thin_at_random(rng, piece, axis, room[axis])


@njit(cache=True, nogil=True)
def _copy_window(building, swapped, low_x, low_y, low_z, piece):
    """Copy a window of the piece's sides; returns how many blocks it has."""
    blocks = 0
    for x in range(piece.sides[0]):
        for y in range(piece.sides[1]):
            for z in range(piece.sides[2]):
                if swapped:
                    block = building[low_z + z, low_y + y, low_x + x]
                else:
                    block = building[low_x + x, low_y + y, low_z + z]
                piece.cells[x, y, z] = block
                blocks += block != AIR
    return blocks


@njit(cache=True, nogil=True)
def _flip(piece, flip_x, flip_z):
    width, height, depth = extent(piece)
    used = piece.cells[:width, :height, :depth]
    if flip_x:
        used[:] = used[::-1].copy()
    if flip_z:
        used[:] = used[:, :, ::-1].copy()


@njit(cache=True, nogil=True)
def thin_at_random(rng, piece, axis, room):
    """Delete planes across ``axis`` until at most ``room`` are left, preferably such as are like the next.

    A plane goes with probability proportional to (1 + cells in which it differs from the next) ** -`CARE`.
    """
    sides = piece.sides
    while sides[axis] > room:
        last = sides[axis] - 2
        first_bell, gone = np.inf, 0
        for plane in range(last + 1):
            # Exponential clocks: the one of rate r rings first with probability proportional to r.
            bell = -np.log(1 - uniform(rng)) * (1.0 + _difference(piece, axis, plane)) ** CARE
            if bell < first_bell:
                first_bell, gone = bell, plane
        # The upper of two planes goes, except the last: outer faces carry the look, layer 0 the floor.
        delete_planes(piece, axis, min(gone + 1, max(1, last)), 1)


@njit(cache=True, nogil=True)
def _difference(piece, axis, plane):
    """In how many cells a plane differs from the next."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    cells, sides = piece.cells, piece.sides
    at = np.zeros(3, np.int64)
    count = 0
    for i in range(sides[a]):
        for k in range(sides[b]):
            at[a], at[b] = i, k
            at[axis] = plane
            here = cells[at[0], at[1], at[2]]
            at[axis] = plane + 1
            count += here != cells[at[0], at[1], at[2]]
    return count


@njit(cache=True, nogil=True)
def delete_planes(piece, axis, first, count):
    """Delete planes first .. first + count - 1 across ``axis``."""
    cells, sides = piece.cells, piece.sides
    sides[axis] -= count
    for x in range(sides[0]):
        for y in range(sides[1]):
            for z in range(sides[2]):
                i = x + count if axis == 0 and x >= first else x
                j = y + count if axis == 1 and y >= first else y
                k = z + count if axis == 2 and z >= first else z
                cells[x, y, z] = cells[i, j, k]


@njit(cache=True, nogil=True)
def repeat_planes(piece, axis, end, count):
    """Repeat the ``count`` planes across ``axis`` before plane ``end``; there must be room and that many."""
    cells, sides = piece.cells, piece.sides
    sides[axis] += count
    for x in range(sides[0] - 1, -1, -1):
        for y in range(sides[1] - 1, -1, -1):
            for z in range(sides[2] - 1, -1, -1):
                i = x - count if axis == 0 and x >= end else x
                j = y - count if axis == 1 and y >= end else y
                k = z - count if axis == 2 and z >= end else z
                cells[x, y, z] = cells[i, j, k]


@njit(cache=True, nogil=True)
def put_down(rng, piece, structure):
    """Clear ``structure`` (w, h, d) and put the piece anywhere on its ground, in a random pose."""
    width, height, depth = extent(piece)
    room_x, _, room_z = structure.shape
    swapped = chance(rng, 0.5) and width <= room_z and depth <= room_x
    flip_x, flip_z = chance(rng, 0.5), chance(rng, 0.5)
    if swapped:
        low_x, low_z = between(rng, 0, room_x - depth), between(rng, 0, room_z - width)
    else:
        low_x, low_z = between(rng, 0, room_x - width), between(rng, 0, room_z - depth)
    structure[:] = AIR
    for x in range(width):
        for z in range(depth):
            i = width - 1 - x if flip_x else x
            k = depth - 1 - z if flip_z else z
            if swapped:
                i, k = k, i
            for y in range(height):
                structure[low_x + i, y, low_z + k] = piece.cells[x, y, z]
