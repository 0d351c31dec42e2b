"""Floor plans: which cells a storey covers, where its walls run, and which stretches of wall face outward.

A plan is an int8 array ``(X, Z)`` of `OUTSIDE`, `ROOM` and `WALL`. Everything above it (floors, walls,
windows, roofs) follows the plan, so a new shape here gives new houses of every kind. To add one, name it in
`FOOTPRINTS` and cut it in `lay_out`.
"""

from __future__ import annotations

from numba import njit

from .draws import between, chance

FOOTPRINTS = ("rectangle", "l", "t", "u", "cross", "octagon", "round", "courtyard", "notched")
RECTANGLE, _L, _T, _U, _CROSS, _OCTAGON, _ROUND, _COURTYARD, _NOTCHED = range(len(FOOTPRINTS))

OUTSIDE, ROOM, WALL = 0, 1, 2

THINNEST = 3
"""The narrowest limb of a plan, two walls and the room between them."""

X, Z, ALONG_X, ALONG_Z, OUT_X, OUT_Z, LENGTH = range(7)
"""Columns of a facade: its first cell, the step along it, the step outward, and its length in cells."""


@njit(cache=True, nogil=True)
def lay_out(rng, kind, x, z, width, depth, plan):
    """Draw a plan of the shape ``kind`` on the rectangle at (x, z); without room for it, the rectangle."""
    plan[:] = OUTSIDE
    _mark(plan, x, z, width, depth, ROOM)
    across = between(rng, 1, width - THINNEST)
    along = between(rng, 1, depth - THINNEST)
    right, far = chance(rng, 0.5), chance(rng, 0.5)
    half_across = between(rng, 1, (width - THINNEST) // 2)
    half_along = between(rng, 1, (depth - THINNEST) // 2)
    roomy = width > THINNEST and depth > THINNEST
    symmetric = width >= THINNEST + 2 and depth >= THINNEST + 2
    if kind == _L and roomy:
        _cut_corner(plan, x, z, width, depth, right, far, across, along)
    elif kind == _T and symmetric:
        _cut_corner(plan, x, z, width, depth, False, far, half_across, along)
        _cut_corner(plan, x, z, width, depth, True, far, half_across, along)
    elif kind == _U and width >= 2 * THINNEST + 1 and depth > THINNEST:
        gap = between(rng, 1, width - 2 * THINNEST)
        _mark(plan, x + (width - gap) // 2, z + depth - along if far else z, gap, along, OUTSIDE)
    elif kind in (_CROSS, _OCTAGON) and symmetric:
        if kind == _OCTAGON:
            half_across = half_along = 1
        for corner in range(4):
            _cut_corner(plan, x, z, width, depth, corner % 2 == 1, corner // 2 == 1, half_across, half_along)
    elif kind == _ROUND:
        _round_off(plan, x, z, width, depth)
    elif kind == _COURTYARD and width > 2 * THINNEST and depth > 2 * THINNEST:
        gap_x, gap_z = between(rng, 1, width - 2 * THINNEST), between(rng, 1, depth - 2 * THINNEST)
        _mark(plan, x + (width - gap_x) // 2, z + (depth - gap_z) // 2, gap_x, gap_z, OUTSIDE)
    elif kind == _NOTCHED and symmetric:
        for corner in range(4):
            if chance(rng, 0.6):
                cut_x, cut_z = between(rng, 1, half_across), between(rng, 1, half_along)
                _cut_corner(plan, x, z, width, depth, corner % 2 == 1, corner // 2 == 1, cut_x, cut_z)
    mark_walls(plan)


@njit(cache=True, nogil=True)
def _round_off(plan, x, z, width, depth):
    """Give up what lies outside the ellipse that touches the sides of the rectangle."""
    for i in range(width):
        for k in range(depth):
            off_x, off_z = (2 * i - width + 1) / width, (2 * k - depth + 1) / depth
            if off_x * off_x + off_z * off_z > 1.0:
                plan[x + i, z + k] = OUTSIDE


@njit(cache=True, nogil=True)
def _cut_corner(plan, x, z, width, depth, right, far, across, along):
    start_x = x + width - across if right else x
    start_z = z + depth - along if far else z
    _mark(plan, start_x, start_z, across, along, OUTSIDE)


@njit(cache=True, nogil=True)
def _mark(plan, x, z, width, depth, kind):
    for i in range(x, x + width):
        for k in range(z, z + depth):
            plan[i, k] = kind


@njit(cache=True, nogil=True)
def mark_walls(plan):
    """Make a wall of every inside cell with an outside one among its 8 neighbours. The border is outside."""
    for x in range(1, plan.shape[0] - 1):
        for z in range(1, plan.shape[1] - 1):
            if plan[x, z] != OUTSIDE:
                plan[x, z] = ROOM
                for i in range(x - 1, x + 2):
                    for k in range(z - 1, z + 2):
                        if plan[i, k] == OUTSIDE:
                            plan[x, z] = WALL


@njit(cache=True, nogil=True)
def shrink(plan):
    """Give up the ring of walls, where enough room for walls and a room remains in each direction."""
    longest_x = longest_z = 0
    for x in range(1, plan.shape[0]):
        for z in range(1, plan.shape[1]):
            if plan[x, z] == ROOM:
                longest_x = max(longest_x, run_of_room(plan, x, z, 1, 0))
                longest_z = max(longest_z, run_of_room(plan, x, z, 0, 1))
    if longest_x < THINNEST or longest_z < THINNEST:
        return
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if plan[x, z] == WALL:
                plan[x, z] = OUTSIDE
    mark_walls(plan)


@njit(cache=True, nogil=True)
def run_of_room(plan, x, z, step_x, step_z):
    """How many cells of room follow each other from (x, z) on in steps of (step_x, step_z)."""
    length = 0
    while plan[x + length * step_x, z + length * step_z] == ROOM:
        length += 1
    return length


@njit(cache=True, nogil=True)
def cut_back(rng, plan):
    """Give up all that lies beyond some cell of room in one of the four directions. The cell stays a room."""
    at_x, at_z = pick_cell(rng, plan, ROOM)
    side = between(rng, 0, 3)
    sign = 1 if side % 2 else -1
    if at_x < 0:
        return
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            beyond = sign * (x - at_x if side < 2 else z - at_z)
            if beyond > 1:
                plan[x, z] = OUTSIDE
    mark_walls(plan)


@njit(cache=True, nogil=True)
def widen(plan, wider):
    """Write to ``wider`` the plan with one more ring of cells around it, where the border leaves room."""
    wider[:] = OUTSIDE
    for x in range(2, plan.shape[0] - 2):
        for z in range(2, plan.shape[1] - 2):
            if plan[x, z] != OUTSIDE:
                _mark(wider, x - 1, z - 1, 3, 3, ROOM)
    mark_walls(wider)


@njit(cache=True, nogil=True)
def pick_cell(rng, plan, kind):
    """Any cell of the plan of this kind, evenly; (-1, -1) when there is none."""
    count = 0
    found_x = found_z = -1
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if plan[x, z] == kind:
                count += 1
                if between(rng, 1, count) == 1:
                    found_x, found_z = x, z
    return found_x, found_z


@njit(cache=True, nogil=True)
def find_facades(plan, facades):
    """Write the straight stretches of outer wall to ``facades``, columns `X` to `LENGTH`; their number."""
    count = 0
    for out_x, out_z in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        along_x, along_z = abs(out_z), abs(out_x)
        for x in range(1, plan.shape[0] - 1):
            for z in range(1, plan.shape[1] - 1):
                if plan[x, z] != WALL or plan[x + out_x, z + out_z] != OUTSIDE or count == len(facades):
                    continue
                if _faces(plan, x - along_x, z - along_z, out_x, out_z):
                    continue
                length = 1
                while _faces(plan, x + length * along_x, z + length * along_z, out_x, out_z):
                    length += 1
                facades[count] = x, z, along_x, along_z, out_x, out_z, length
                count += 1
    return count


@njit(cache=True, nogil=True)
def _faces(plan, x, z, out_x, out_z):
    """Whether (x, z) is a wall cell with the outside in that direction."""
    if not (0 < x < plan.shape[0] - 1 and 0 < z < plan.shape[1] - 1):
        return False
    return plan[x, z] == WALL and plan[x + out_x, z + out_z] == OUTSIDE


@njit(cache=True, nogil=True)
def is_corner(plan, x, z):
    """Whether a wall cell has the outside both along x and along z."""
    open_x = plan[x - 1, z] == OUTSIDE or plan[x + 1, z] == OUTSIDE
    open_z = plan[x, z - 1] == OUTSIDE or plan[x, z + 1] == OUTSIDE
    return open_x and open_z
