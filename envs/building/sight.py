"""What a player can click: precomputed rays from the eye to every cell in reach.

A click needs a point on a face of the cell that lies within 4.5 of the eye and whose ray crosses only air (the rules of MBAG,
see `rules.py`). The eye is at a fixed place above the feet cell, so which cells a ray crosses depends on the relative cell
alone. `sight_table` walks all rays once. For each relative cell and kind of click it keeps the different paths as a trie in
depth-first order: a blocked cell skips everything behind it, and the paths that run highest come first, for they are most
often free.

A ray that passes exactly through an edge is the exception: which of the cells at the edge it enters hangs on the rounding of
the absolute coordinates. Such rays are kept apart and tried last; when all cells that they cross for certain are free, they
are walked in floating point as MBAG does.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from .kernels import inlined, kernel
from .world import AIR

REACH = 4.5
EYE_HEIGHT = 1.6
SPAN_X, LOW_Y, SPAN_Y = 9, -3, 10
"""Cells in reach have dx, dz in -4..4 and dy in -3..6 from the feet."""
NUM_OFFSETS = SPAN_X * SPAN_Y * SPAN_X
FACES = np.array([[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]], np.int64)
_PUSH = 1e-4
_GRID = (0.1, 0.5, 0.9)
_EYE = np.array([0.5, EYE_HEIGHT, 0.5])
_MAX_PATH = 16
_TOUCH = 1e-9
"""A ray that is in a cell for less than this part of its length goes through an edge of it."""

OFFSET, RISE, SKIP, BEYOND, ENDS, TIE = range(6)
"""Columns of `Sight.nodes`."""
_NO_RISE = 127


class Sight(NamedTuple):
    """Paths of all clicks. ``click`` is 0 for place and 1 for break."""

    first: np.ndarray
    """(2, NUM_OFFSETS + 1) int32: nodes of relative cell k are ``first[click, k]`` up to ``first[click, k + 1]``."""
    nodes: np.ndarray
    """(S, 6) int16, one cell on a path each: OFFSET of its cell index from the feet cell, RISE above the feet (127 for the
    eye's own cell, which is never in the way), SKIP to the node that comes after all paths through this one, faces (bits in
    the order of FACES) of the points BEYOND or in this cell and of those whose ray ENDS here, TIE -1 or for a ray through an
    edge the index of its point in POINTS."""
    reach: np.ndarray
    """(SPAN_X, SPAN_Y) int8: by dx + 4 and dy - LOW_Y the largest dz that legal lists reach from the head cell, -1 none."""


def _points() -> np.ndarray:
    points = np.zeros((2, 54, 3))
    for click, push in enumerate((-_PUSH, _PUSH)):
        for p in range(54):
            axis, side = p // 18, p // 9 % 2
            points[click, p, axis] = 1 + push if side else -push
            points[click, p, (axis + 1) % 3] = _GRID[p // 3 % 3]
            points[click, p, (axis + 2) % 3] = _GRID[p % 3]
    return points


POINTS = _points()
"""(2, 54, 3) float64: by click the points of a cell at the origin that one aims at, nine a face."""


@inlined
def offset_index(dx, dy, dz):
    """Row of a relative cell in the tables; only for dx, dz in -4..4 and dy in -3..6."""
    return ((dx + 4) * SPAN_Y + dy - LOW_Y) * SPAN_X + dz + 4


@inlined
def can_click(size, sight, blocks, click, feet, x, y, z, k, open_faces, other_feet, other_head):
    """True when the player at `feet` sees a point on one of `open_faces` of cell (x, y, z).

    blocks: (cells,) uint8. click: 0 place, 1 break. k: `offset_index` of the cell from the feet. open_faces: bits of FACES
    that count, none of which looks out of the world. other_feet, other_head: cells of a player who stands in the way, or -1.
    The cell itself is air when placing, a block when breaking, and holds no other player.
    """
    base = (feet[0] * size[1] + feet[1]) * size[2] + feet[2]
    room = size[1] - feet[1]
    nodes = sight.nodes
    i, last = sight.first[click, k], sight.first[click, k + 1]
    while i < last:
        blocked = nodes[i, BEYOND] & open_faces == 0
        if not blocked and nodes[i, RISE] < room:
            c = base + nodes[i, OFFSET]
            blocked = blocks[c] != AIR or c == other_feet or c == other_head
        if blocked:
            i += nodes[i, SKIP]
            continue
        if nodes[i, ENDS] & open_faces:
            tie = nodes[i, TIE]
            if tie < 0 or _tied_ray_clear(size, blocks, click, tie, feet, x, y, z, other_feet, other_head):
                return True
        i += 1
    return False


@kernel
def _tied_ray_clear(size, blocks, click, point, feet, x, y, z, other_feet, other_head):
    """Walk one ray through an edge in absolute coordinates (Amanatides and Woo, ties in the order x, y, z)."""
    at_x, at_y, at_z = int(feet[0]), int(feet[1]) + 1, int(feet[2])
    step_x, t_x, dt_x = _crossings(at_x + 0.5, x + POINTS[click, point, 0])
    step_y, t_y, dt_y = _crossings(feet[1] + EYE_HEIGHT, y + POINTS[click, point, 1])
    step_z, t_z, dt_z = _crossings(at_z + 0.5, z + POINTS[click, point, 2])
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
        if at_y < size[1]:
            c = (at_x * size[1] + at_y) * size[2] + at_z
            if blocks[c] != AIR or c == other_feet or c == other_head:
                return False
    return True


@kernel
def _crossings(eye, target):
    """Along one axis: direction of the ray, where it crosses the first boundary, and how far apart boundaries are."""
    delta = target - eye
    step = 1 if delta >= 0 else -1
    if delta == 0:
        return step, 1.0, 1.0
    back = -step * eye
    return step, abs((back - math.floor(back)) / delta), abs(1 / delta)


@functools.cache
def sight_table(height: int, depth: int) -> Sight:
    """The paths of all clicks in worlds of this height and depth (cell-index offsets depend on both)."""
    first, cells, links = _tries()
    dx, dy, dz = (cells[:, axis].astype(np.int64) for axis in range(3))
    nodes = np.column_stack([(dx * height + dy) * depth + dz, links]).astype(np.int16)
    reach = np.full((SPAN_X, SPAN_Y), -1, np.int8)
    for dx in range(-4, 5):
        for dy in range(LOW_Y, LOW_Y + SPAN_Y):
            left = REACH**2 - dx**2 - (dy - 1) ** 2
            if left >= 0:
                reach[dx + 4, dy - LOW_Y] = math.isqrt(int(left))
    return Sight(first, nodes, reach)


@functools.cache
def _tries() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`Sight.first`, the relative cells (S, 3) of the nodes, and their columns RISE, SKIP, BEYOND, ENDS and TIE."""
    k = np.arange(NUM_OFFSETS)
    cells = np.column_stack([k // (SPAN_X * SPAN_Y) - 4, k // SPAN_X % SPAN_Y + LOW_Y, k % SPAN_X - 4])
    points = cells[:, None, :] + POINTS[:, None, :, :]
    click, k, point = np.nonzero(((points - _EYE) ** 2).sum(axis=3) <= REACH**2)
    paths, tied = _walk(points[click, k, point])
    face, target = point // 9, cells[k]
    # A block hides its own far faces, and a block that one builds against what lies behind it.
    solid = _rank(np.where(click[:, None] == 1, target, target + FACES[face]))
    # The cell that one places into ends its path, and is known to be free.
    paths[(paths == _rank(target)[:, None]) & (click == 0)[:, None]] = -1

    rays = np.column_stack([click * NUM_OFFSETS + k, tied, paths, np.where(tied, point, -1), face])
    rays = rays[(paths != solid[:, None]).all(axis=1)]
    rays = rays[np.lexsort(rays.T[::-1])]
    new = np.append(True, (rays[1:, :-1] != rays[:-1, :-1]).any(axis=1))
    faces = np.bitwise_or.reduceat(1 << rays[:, -1], np.flatnonzero(new))
    rays = rays[new]
    return _link(rays[:, 0], rays[:, 1], rays[:, 2:-2], rays[:, -2], faces)


def _walk(targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walk from the eye to points (R, 3): ranks (R, _MAX_PATH) of the cells that each ray enters for certain, then -1;
    and whether it goes through an edge on the way."""
    rays = np.arange(len(targets))
    delta = targets - _EYE
    step = np.where(delta >= 0, 1, -1)
    moves = delta != 0
    back = -step * _EYE
    t, dt = np.ones_like(delta), np.ones_like(delta)
    np.divide(back - np.floor(back), np.abs(delta), out=t, where=moves)
    np.divide(1, np.abs(delta), out=dt, where=moves)
    at = np.broadcast_to(np.floor(_EYE).astype(np.int64), targets.shape).copy()
    paths = np.full((len(targets), _MAX_PATH), -1)
    length = np.zeros(len(targets), np.int64)
    tied = np.zeros(len(targets), bool)
    while len(going := rays[t.min(axis=1) < 1]):
        axis = t[going].argmin(axis=1)
        entered = t[going, axis]
        at[going, axis] += step[going, axis]
        t[going, axis] += dt[going, axis]
        touch = t[going].min(axis=1) - entered < _TOUCH
        tied[going] |= touch
        stays = going[~touch]
        paths[stays, length[stays]] = _rank(at[stays])
        length[stays] += 1
    return paths, tied


def _rank(cells: np.ndarray) -> np.ndarray:
    """Numbers of relative cells (..., 3), the highest first: the order of the branches of a trie."""
    dx, dy, dz = np.moveaxis(cells, -1, 0)
    return ((LOW_Y + SPAN_Y - 1 - dy) * SPAN_X + dx + 4) * SPAN_X + dz + 4


def _link(
    target: np.ndarray, tied: np.ndarray, paths: np.ndarray, tie: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tries of sorted paths. target: (P,) click * NUM_OFFSETS + k. tied: (P,) those with an edge have tries of their own.
    paths: (P, _MAX_PATH) ranks, then -1. tie: (P,) index of the point, -1 without an edge. faces: (P,) bits."""
    # Every trie has the eye's cell as its root, so that a path without cells has a node too.
    stem = np.column_stack([target, tied, paths])
    length = 1 + (paths >= 0).sum(axis=1)
    shared = np.cumprod(stem[1:] == stem[:-1], axis=1).sum(axis=1) - 1
    shared = np.append(0, np.clip(shared, 0, length[1:] - 1))
    path = np.repeat(np.arange(len(paths)), length - shared)
    depth = np.arange(len(path)) - np.repeat(np.cumsum(length - shared) - length, length - shared)

    skip = np.empty(len(path), np.int64)
    for d in range(depth.max() + 1):
        here = np.flatnonzero(depth == d)
        up = np.append(np.flatnonzero(depth <= d), len(path))
        skip[here] = up[np.searchsorted(up, here, side="right")] - here
    last = depth == length[path] - 1
    ends = np.where(last, faces[path], 0)
    # Bits among the nodes of a subtree: what a running count per face gains over it.
    counts = np.vstack([np.zeros(6, np.int64), np.cumsum(ends[:, None] >> np.arange(6) & 1, axis=0)])
    nodes = np.arange(len(path))
    beyond = ((counts[nodes + skip] > counts[nodes]) << np.arange(6)).sum(axis=1)

    rank = np.where(depth == 0, _rank(np.array([0, 1, 0])), paths[path, depth - 1])
    dy, dx, dz = LOW_Y + SPAN_Y - 1 - rank // SPAN_X**2, rank // SPAN_X % SPAN_X - 4, rank % SPAN_X - 4
    rise = np.where(depth == 0, _NO_RISE, dy)
    first = np.searchsorted(target[path], np.arange(2 * NUM_OFFSETS + 1))
    first = np.stack([first[: NUM_OFFSETS + 1], first[NUM_OFFSETS:]]).astype(np.int32)
    links = np.column_stack([rise, skip, beyond, ends, np.where(last, tie[path], -1)])
    return first, np.column_stack([dx, dy, dz]), links
