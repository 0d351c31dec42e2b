"""What a player can click: which rays from the eye to a cell in reach are crossed by which cells.

A click needs a point on a face of the cell that lies within 4.5 of the eye and whose ray crosses only air
(the rules of MBAG, see `rules.py`). The eye is at a fixed place above the feet cell, so which cells a ray
crosses depends on the relative cell alone, and `sight_table` walks all rays once. A cell has 54 points,
nine on a face, so a set of its rays is 54 bits. For each relative cell and kind of click the table holds
the few cells that any of its rays crosses, each with the set of rays that it blocks. Looking is one pass
over them without branches.

A ray that passes exactly through an edge is the exception: which of the cells at the edge it enters hangs
on the rounding of the absolute coordinates. When only such rays are left, they are walked in floating
point as MBAG does.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from ..kernels import inlined, kernel
from .world import AIR

REACH = 4.5
EYE_HEIGHT = 1.6
SPAN_X, LOW_Y, SPAN_Y = 9, -3, 10
"""Cells in reach have dx, dz in -4..4 and dy in -3..6 from the feet."""
NUM_OFFSETS = SPAN_X * SPAN_Y * SPAN_X
FACES = np.array([[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]], np.int64)
NUM_POINTS = 54
"""Points of a cell that one can aim at; point p is on face p // 9."""
_ON_FACES = np.array([sum(0x1FF << 9 * f for f in range(6) if bits >> f & 1) for bits in range(64)], np.int64)
"""(64,) int64: bits of the points that are on a set of faces, given as bits of FACES."""
_PUSH = 1e-4
_GRID = (0.1, 0.5, 0.9)
_EYE = np.array([0.5, EYE_HEIGHT, 0.5])
_TOUCH = 1e-9
"""A ray that is in a cell for less than this part of its length goes through an edge of it."""

CROSSING = np.dtype([("rays", "i8"), ("offset", "i2"), ("rise", "i1")], align=True)
"""A cell in the way: the `rays` that cross it (bits by point), the `offset` of its cell index and its
`rise` from the feet cell."""


class Sight(NamedTuple):
    """The rays of all clicks. click: 0 place, 1 break. k: the `offset_index` of a relative cell."""

    crossings: np.ndarray
    """(S,) CROSSING, grouped by click and k. When placing, the cell itself, known to be free, is left out."""
    first: np.ndarray
    """(2 * NUM_OFFSETS + 1,) int32: crossings of group ``g = click * NUM_OFFSETS + k`` are ``first[g]`` up
    to ``first[g + 1]``."""
    rays: np.ndarray
    """(2, NUM_OFFSETS) int64: points in reach and not behind the cell or what one builds at."""
    tied: np.ndarray
    """(2, NUM_OFFSETS) int64: those whose ray goes through an edge; crossings: what it enters for sure."""
    beside: np.ndarray
    """(2, NUM_OFFSETS) uint8: when breaking, the face (bits of FACES) that looks into the eye's own cell."""
    reach: np.ndarray
    """(SPAN_X, SPAN_Y) int8: by dx + 4 and dy - LOW_Y the largest dz within 4.5 of the head cell, which
    is as far as legal lists reach; -1 none."""


def _points() -> np.ndarray:
    points = np.zeros((2, NUM_POINTS, 3))
    for click, push in enumerate((-_PUSH, _PUSH)):
        for p in range(NUM_POINTS):
            axis, side = p // 18, p // 9 % 2
            points[click, p, axis] = 1 + push if side else -push
            points[click, p, (axis + 1) % 3] = _GRID[p // 3 % 3]
            points[click, p, (axis + 2) % 3] = _GRID[p % 3]
    return points


POINTS = _points()
"""(2, NUM_POINTS, 3) float64: by click the points that one aims at, for a cell at the origin."""


@inlined
def offset_index(dx, dy, dz):
    """Row of a relative cell in the tables; only for dx, dz in -4..4 and dy in -3..6."""
    return ((dx + 4) * SPAN_Y + dy - LOW_Y) * SPAN_X + dz + 4


@inlined
def can_click(size, sight, blocks, click, feet, x, y, z, k, open_faces, other_feet, other_head):
    """True when the player at `feet` sees a point on one of `open_faces` of cell (x, y, z).

    blocks: (cells,) uint8. click: 0 place, 1 break. feet: (x, y, z). k: `offset_index` of the cell from
    the feet. open_faces: bits of FACES that count, none of which looks out of the world. other_feet,
    other_head: cells of a player who may be in the way, or -1, also for a head above the world. The cell
    is air when placing, a block when breaking, and holds no player. What is in the eye's own cell is in
    nobody's way.
    """
    base = (feet[0] * size[1] + feet[1]) * size[2] + feet[2]
    head_inside = feet[1] + 1 < size[1]
    if head_inside:
        open_faces |= sight.beside[click, k]
    rays = sight.rays[click, k] & _ON_FACES[open_faces]
    if rays == 0:
        return False
    first, end = sight.first[click * NUM_OFFSETS + k], sight.first[click * NUM_OFFSETS + k + 1]
    if head_inside:
        highest = blocks.shape[0] - 1
        for i in range(np.uintp(first), np.uintp(end)):
            crossing = sight.crossings[i]
            c = base + crossing.offset
            # A cell beside the eye may be outside the world, on rays that do not count: any may stand for it.
            solid = blocks[np.uintp(min(max(c, 0), highest))] != AIR
            rays &= ~(crossing.rays * (solid | (c == other_feet) | (c == other_head)))
            if rays == 0:  # which also keeps the compiler from vectorising these few rounds, and slowing them
                return False
    else:
        rays = _from_above(sight, blocks, first, end, base, rays, other_feet, size[2])
    if rays & ~sight.tied[click, k]:
        return True
    return rays != 0 and _tied_ray_clear(size, blocks, click, rays, feet, x, y, z, other_feet, other_head)


@kernel
def _from_above(sight, blocks, first, end, base, rays, other_feet, up):
    """Which of the `rays` are free for an eye above the world, where only another head can be in the way.

    first, end: which crossings. base: own feet cell. up: difference of the cell indices of head and feet.
    """
    for i in range(first, end):
        crossing = sight.crossings[i]
        c = base + crossing.offset
        if crossing.rise > 0:
            hit = c == other_feet + up
        else:
            hit = blocks[c] != AIR or c == other_feet or c == other_feet + up
        if hit:
            rays &= ~crossing.rays
    return rays


@kernel
def _tied_ray_clear(size, blocks, click, rays, feet, x, y, z, other_feet, other_head):
    """True when one of the `rays`, which all go through edges, crosses only air."""
    for point in range(NUM_POINTS):
        if rays >> point & 1 and _walk_clear(
            size, blocks, feet, x, y, z, POINTS[click, point], other_feet, other_head
        ):
            return True
    return False


@kernel
def _walk_clear(size, blocks, feet, x, y, z, point, other_feet, other_head):
    """Walk one ray in absolute coordinates (Amanatides and Woo, ties in the order x, y, z)."""
    at_x, at_y, at_z = int(feet[0]), int(feet[1]) + 1, int(feet[2])
    step_x, t_x, dt_x = _crossings(at_x + 0.5, x + point[0])
    step_y, t_y, dt_y = _crossings(feet[1] + EYE_HEIGHT, y + point[1])
    step_z, t_z, dt_z = _crossings(at_z + 0.5, z + point[2])
    while t_x < 1 or t_y < 1 or t_z < 1:
        if t_x <= t_y and t_x <= t_z:
            at_x += step_x
            t_x += dt_x
        elif t_y <= t_z:
            at_y += step_y
            t_y += dt_y
        else:
            at_z += step_z
            t_z += dt_z
        c = (at_x * size[1] + at_y) * size[2] + at_z
        if at_y < size[1]:
            if blocks[c] != AIR or c == other_feet or c == other_head:
                return False
        elif c == other_feet + size[2]:
            return False
    return True


@inlined
def _crossings(eye, target):
    """Along one axis: the ray's direction, where it crosses the first boundary, and the way to the next."""
    delta = target - eye
    step = 1 if delta >= 0 else -1
    if delta == 0:
        return step, 1.0, 1.0
    back = -step * eye
    return step, abs((back - math.floor(back)) / delta), abs(1 / delta)


@functools.cache
def sight_table(height: int, depth: int) -> Sight:
    """The rays of all clicks in worlds of this height and depth (cell-index offsets depend on both)."""
    cells, crossings, first, rays, tied, beside = _rays()
    crossings = crossings.copy()
    crossings["offset"] = (cells[:, 0] * height + cells[:, 1]) * depth + cells[:, 2]
    reach = np.full((SPAN_X, SPAN_Y), -1, np.int8)
    for dx in range(-4, 5):
        for dy in range(LOW_Y, LOW_Y + SPAN_Y):
            left = REACH**2 - dx**2 - (dy - 1) ** 2
            if left >= 0:
                reach[dx + 4, dy - LOW_Y] = math.isqrt(int(left))
    return Sight(crossings, first, rays, tied, beside, reach)


@functools.cache
def _rays() -> tuple[np.ndarray, ...]:
    """Relative cells (S, 3) of the crossings; crossings without offsets, first, rays, tied and beside."""
    cells = _cells(np.arange(NUM_OFFSETS))
    points = cells[:, None, :] + POINTS[:, None, :, :]
    click, k, point = np.nonzero(((points - _EYE) ** 2).sum(axis=3) <= REACH**2)
    ray, crossed, tied = _walk(points[click, k, point])
    # A block hides its own far faces, and a block that one builds against what lies behind it. (One beyond
    # the tables aliases with a cell at their other end, where these rays never go.)
    solid = _offset(np.where(click[:, None] == 1, cells[k], cells[k] + FACES[point // 9]))
    hidden = np.zeros(len(k), bool)
    hidden[ray[crossed == solid[ray]]] = True
    into = (click[ray] == 0) & (crossed == k[ray])
    ray, crossed = ray[~hidden[ray] & ~into], crossed[~hidden[ray] & ~into]

    group = click * NUM_OFFSETS + k
    keys, at = np.unique(group[ray] * NUM_OFFSETS + crossed, return_inverse=True)
    crossings = np.zeros(len(keys), CROSSING)
    np.bitwise_or.at(crossings["rays"], at, 1 << point[ray])
    cells = _cells(keys % NUM_OFFSETS)
    crossings["rise"] = cells[:, 1]
    first = np.searchsorted(keys, np.arange(2 * NUM_OFFSETS + 1) * NUM_OFFSETS).astype(np.int32)
    rays, edges = np.zeros((2, 2, NUM_OFFSETS), np.int64)
    np.bitwise_or.at(rays, (click, k), np.where(hidden, 0, 1 << point))
    np.bitwise_or.at(edges, (click, k), np.where(hidden | ~tied, 0, 1 << point))
    beside = np.zeros((2, NUM_OFFSETS), np.uint8)
    eye = _EYE.astype(np.int64)
    for bit, face in enumerate(FACES):
        beside[1, _offset(eye - face)] = 1 << bit
    return cells, crossings, first, rays, edges, beside


def _walk(targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Walk from the eye to points (R, 3).

    Returns the pairs of a ray and a cell (an offset index) that it enters for certain, as two arrays, and
    whether each ray goes through an edge, (R,) bool.
    """
    delta = targets - _EYE
    step = np.where(delta >= 0, 1, -1)
    back = -step * _EYE
    t, dt = np.ones_like(delta), np.ones_like(delta)
    np.divide(back - np.floor(back), np.abs(delta), out=t, where=delta != 0)
    np.divide(1, np.abs(delta), out=dt, where=delta != 0)
    at = np.broadcast_to(np.floor(_EYE).astype(np.int64), targets.shape).copy()
    tied = np.zeros(len(targets), bool)
    rays, cells = [], []
    while len(going := np.flatnonzero(t.min(axis=1) < 1)):
        axis = t[going].argmin(axis=1)
        entered = t[going, axis]
        at[going, axis] += step[going, axis]
        t[going, axis] += dt[going, axis]
        touches = t[going].min(axis=1) - entered < _TOUCH
        tied[going] |= touches
        rays.append(going[~touches])
        cells.append(_offset(at[going[~touches]]))
    return np.concatenate(rays), np.concatenate(cells), tied


def _offset(cells: np.ndarray) -> np.ndarray:
    """`offset_index` of relative cells (..., 3)."""
    return offset_index.py_func(*np.moveaxis(cells, -1, 0))


def _cells(k: np.ndarray) -> np.ndarray:
    """Relative cells (..., 3) of offset indices."""
    return np.stack([k // (SPAN_X * SPAN_Y) - 4, k // SPAN_X % SPAN_Y + LOW_Y, k % SPAN_X - 4], axis=-1)
