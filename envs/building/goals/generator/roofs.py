"""Roofs: a height over every covered cell, and what fills the space below it.

The height is a function of the steps from a cell to the four edges of the covered plan (`_roof_height`), so
each kind works on plans of any shape. To add one, name it in `ROOFS` and give its height; if it slopes only
across its ridge, so that it may be one cell thin and hang between its gables, name it in `_GABLED` too.
"""

from __future__ import annotations

from math import sqrt

from numba import njit

from ...world import AIR
from ..transforms import GLASS
from .canvas import fill_column, put
from .draws import between, chance, pick, uniform
from .footprints import OUTSIDE, ROOM, WALL, pick_cell, widen

ROOFS = (
    "flat", "gable", "hip", "pyramid", "shed", "stepped", "gambrel", "saltbox", "barrel",
    "dome", "mansard", "spire", "tiers", "none",
)  # fmt: skip
_FLAT, _GABLE, _HIP, _PYRAMID, _SHED, _STEPPED, _GAMBREL, _SALTBOX, _BARREL = range(9)
_DOME, _MANSARD, _SPIRE, _TIERS, _NONE = range(9, len(ROOFS))
_GABLED = (_GABLE, _SHED, _GAMBREL, _SALTBOX, _BARREL)

ROOF_MIXES = ("plain", "layers", "stripes", "mottled")
_PLAIN, _LAYERS, _STRIPES, _MOTTLED = range(len(ROOF_MIXES))

PITCHES = ("normal", "shallow", "steep")
_NORMAL, _SHALLOW, _STEEP = range(len(PITCHES))

EDGES = ("none", "parapet", "crenels", "inset")
_NO_EDGE, _PARAPET, _CRENELS, _INSET = range(len(EDGES))


@njit(cache=True, nogil=True)
def raise_roof(rng, odds, site, palette, eaves, top):
    """Cover the site's plan, whose walls end below layer ``eaves``; the roof ends below layer ``top``."""
    canvas, plan, steps, rise = site.canvas, site.plan, site.steps, site.rise
    kind = pick(rng, odds.roofs)
    pitch = pick(rng, odds.pitches)
    if kind == _NONE or eaves >= top:
        return
    covered = plan
    if chance(rng, odds.overhang):
        widen(plan, site.wider)
        covered = site.wider
    _count_steps(covered, steps)
    across = _shorter_axis(steps, covered)
    if chance(rng, odds.turned_ridge):
        across = 1 - across
    highest = _measure(kind, pitch, across, covered, steps, top - 1 - eaves, rise)
    solid = chance(rng, odds.solid_roof)
    thin = kind in _GABLED and chance(rng, odds.thin_roof)
    crown = palette.roof
    rim = palette.eaves
    mix, share = pick(rng, odds.roof_mixes), 0.4 * uniform(rng)
    if chance(rng, odds.skylight):
        crown = GLASS
    elif highest > 0 and chance(rng, odds.ridge):
        crown = palette.beam
    for x in range(1, plan.shape[0] - 1):
        for z in range(1, plan.shape[1] - 1):
            if covered[x, z] == OUTSIDE:
                continue
            height = rise[x, z]
            if plan[x, z] == WALL:
                fill_column(canvas, x, z, eaves, eaves + height, palette.gable)
            low = 0 if solid else _lowest_neighbour(rise, x, z) + thin
            block = palette.roof
            if height == 0 and covered[x, z] == WALL:
                block = rim
            elif _is_mixed(rng, mix, share, x if across else z, height):
                block = palette.second
            fill_column(canvas, x, z, eaves + min(low, height), eaves + height + 1, block)
            # On a flat roof all cells are highest; its crown is the middle.
            inner = min(steps[x, z, 0], steps[x, z, 1], steps[x, z, 2], steps[x, z, 3])
            if height == highest and (highest > 0 or inner > 1):
                canvas[x, eaves + height, z] = crown
    if highest > 0 and chance(rng, odds.ceiling):
        _fill_ceiling(canvas, plan, eaves, palette.floor)
    if highest == 0 and eaves + 1 < top:
        _edge(canvas, covered, eaves + 1, pick(rng, odds.edges), palette.gable)
    if chance(rng, odds.lantern):
        _set_lantern(rng, site, palette, eaves, top)
    if highest > 1 and chance(rng, odds.dormers):
        _add_dormers(rng, site, palette, eaves, highest)


@njit(cache=True, nogil=True)
def _is_mixed(rng, mix, share, along, height):
    """Whether a column of the roof is of the second block."""
    if mix == _LAYERS:
        return height % 2 == 1
    if mix == _STRIPES:
        return along % 3 == 0
    return mix == _MOTTLED and chance(rng, share)


@njit(cache=True, nogil=True)
def _roof_height(kind, from_left, from_right, from_near, from_far):
    """Layers above the eaves by the steps to the edges: left, right across the ridge, near, far along it."""
    across = min(from_left, from_right)
    edge = min(across, from_near, from_far)
    if kind == _GABLE:
        return across
    if kind == _HIP:
        return min(edge, 2)
    if kind == _PYRAMID:
        return edge
    if kind == _SHED:
        return from_left // 2
    if kind == _STEPPED:
        return 2 * (edge // 2)
    if kind == _GAMBREL:
        return min(2 * across, across + 1)
    if kind == _SALTBOX:
        return min(from_left, from_right // 2)
    if kind == _BARREL:
        return int(1.5 * sqrt(across))
    if kind == _DOME:
        radius = 0.5 * (min(from_left + from_right, from_near + from_far) + 1)
        inward = max(0.0, radius - 0.5 - edge)
        return int(sqrt(max(0.0, radius * radius - inward * inward)) + 0.5)
    if kind == _MANSARD:
        return min(2 * edge, edge // 3 + 2)
    if kind == _SPIRE:
        return 2 * edge + min(1, edge)
    if kind == _TIERS:
        return 3 * (edge // 2)
    return 0


@njit(cache=True, nogil=True)
def _measure(kind, pitch, across, covered, steps, limit, rise):
    """Write every covered cell's height to ``rise`` (-1 elsewhere), cut off at ``limit``; the largest."""
    highest = 0
    for x in range(covered.shape[0]):
        for z in range(covered.shape[1]):
            rise[x, z] = -1
            if covered[x, z] == OUTSIDE:
                continue
            a, b = steps[x, z, 2 * across], steps[x, z, 2 * across + 1]
            c, d = steps[x, z, 2 - 2 * across], steps[x, z, 3 - 2 * across]
            height = _roof_height(kind, a, b, c, d)
            if pitch == _SHALLOW:
                height = (height + 1) // 2
            elif pitch == _STEEP:
                height = 2 * height
            rise[x, z] = min(height, limit)
            highest = max(highest, rise[x, z])
    return highest


@njit(cache=True, nogil=True)
def _count_steps(covered, steps):
    """For each covered cell the number of covered cells before the edge toward -x, +x, -z and +z."""
    width, depth = covered.shape
    for x in range(1, width - 1):
        for z in range(1, depth - 1):
            steps[x, z, 0] = steps[x - 1, z, 0] + 1 if covered[x - 1, z] != OUTSIDE else 0
            steps[x, z, 2] = steps[x, z - 1, 2] + 1 if covered[x, z - 1] != OUTSIDE else 0
    for x in range(width - 2, 0, -1):
        for z in range(depth - 2, 0, -1):
            steps[x, z, 1] = steps[x + 1, z, 1] + 1 if covered[x + 1, z] != OUTSIDE else 0
            steps[x, z, 3] = steps[x, z + 1, 3] + 1 if covered[x, z + 1] != OUTSIDE else 0


@njit(cache=True, nogil=True)
def _shorter_axis(steps, covered):
    """0 where the longest row of covered cells along x is no longer than that along z, else 1."""
    width = depth = 0
    for x in range(covered.shape[0]):
        for z in range(covered.shape[1]):
            if covered[x, z] != OUTSIDE:
                width = max(width, steps[x, z, 0])
                depth = max(depth, steps[x, z, 2])
    return 0 if width <= depth else 1


@njit(cache=True, nogil=True)
def _lowest_neighbour(rise, x, z):
    """The lowest roof among the covered neighbours: columns filled from there on leave no gap in a slope."""
    low = rise[x, z]
    for near in (rise[x - 1, z], rise[x + 1, z], rise[x, z - 1], rise[x, z + 1]):
        if 0 <= near < low:
            low = near
    return low


@njit(cache=True, nogil=True)
def _fill_ceiling(canvas, plan, y, block):
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if plan[x, z] == ROOM and canvas[x, y, z] == AIR:
                canvas[x, y, z] = block


@njit(cache=True, nogil=True)
def _set_lantern(rng, site, palette, eaves, top):
    """A small box with a light inside, or a solid one, on the highest part of the roof."""
    canvas, rise = site.canvas, site.rise
    x, z = pick_cell(rng, site.plan, ROOM)
    if x < 0:
        return
    for i in range(rise.shape[0]):
        for k in range(rise.shape[1]):
            if site.plan[i, k] == ROOM and rise[i, k] > rise[x, z]:
                x, z = i, k
    y = eaves + rise[x, z] + 1
    side = between(rng, 0, 1)
    high = between(rng, 1, 3)
    wall = palette.pane if palette.pane != AIR and chance(rng, 0.5) else palette.pillar
    for i in range(x - side, x + side + 1):
        for k in range(z - side, z + side + 1):
            if side == 0 or i != x or k != z:
                fill_column(canvas, i, k, min(y, top), min(y + high, top), wall)
            if side == 1 and y + high < top:
                canvas[i, y + high, k] = palette.roof


@njit(cache=True, nogil=True)
def _add_dormers(rng, site, palette, eaves, highest):
    """Windows that stand upright in the slope, above every second to fourth cell of a wall."""
    period = between(rng, 2, 4)
    y = eaves + between(rng, 0, min(1, highest - 1))
    for x in range(1, site.plan.shape[0] - 1):
        for z in range(1, site.plan.shape[1] - 1):
            if site.rise[x, z] == 1 and site.plan[x, z] != OUTSIDE and (x + z) % period == 0:
                site.canvas[x, y + 1, z] = palette.pane
                put(site.canvas, x, y + 2, z, palette.roof)


@njit(cache=True, nogil=True)
def _edge(canvas, covered, y, kind, block):
    """A parapet around a flat roof, one with gaps, or a second layer on all but the rim."""
    if kind == _NO_EDGE:
        return
    for x in range(covered.shape[0]):
        for z in range(covered.shape[1]):
            rim = covered[x, z] == WALL
            if kind == _INSET:
                raised = covered[x, z] == ROOM
            else:
                raised = rim and (kind == _PARAPET or (x + z) % 2 == 0)
            if raised:
                canvas[x, y, z] = block
