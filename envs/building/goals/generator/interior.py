"""What is inside: floors between storeys, stairs, partitions, furniture, pillars.

Kernels that work on a storey's room, whose plan is the site's: ``y`` is the layer of feet, ``height`` how
many layers are free above its floor.
"""

from __future__ import annotations

from numba import njit

from ...world import AIR
from .canvas import fill_column
from .draws import between, chance, pick
from .footprints import OUTSIDE, ROOM, WALL, cut_back, pick_cell, run_of_room, shrink, widen

FLOORS = ("plain", "checks", "stripes", "rim")
_PLAIN, _CHECKS, _STRIPES, _RIM = range(len(FLOORS))


@njit(cache=True, nogil=True)
def floor_block(site, palette, style, x, z):
    """The block of the floor at (x, z), a cell of the site's plan."""
    kind = style.floor_pattern
    if kind == _CHECKS:
        second = (x + z) % 2 == 0
    elif kind == _STRIPES:
        second = x % 3 == 0
    elif kind == _RIM:
        second = site.plan[x, z] == WALL
    else:
        second = False
    return palette.second if second else palette.floor


@njit(cache=True, nogil=True)
def lay_upper_floor(rng, odds, site, palette, style, y):
    """The floor of the next storey at layer ``y``. That storey may be wider or narrower than the last."""
    canvas, plan = site.canvas, site.plan
    stepped_out = chance(rng, odds.jetty)
    if stepped_out:
        widen(plan, site.wider)
    bare = chance(rng, odds.open_hall)
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if stepped_out:
                plan[x, z] = site.wider[x, z]
            if plan[x, z] == WALL:
                canvas[x, y, z] = palette.beam
            elif plan[x, z] == ROOM:
                canvas[x, y, z] = AIR if bare else floor_block(site, palette, style, x, z)
    if not bare and chance(rng, odds.stairwell):
        _leave_well(rng, site, y)
    if not stepped_out:
        if chance(rng, odds.setback):
            shrink(plan)
        elif chance(rng, odds.terrace):
            cut_back(rng, plan)


@njit(cache=True, nogil=True)
def _leave_well(rng, site, y):
    """Leave one to four cells in a row of the floor at layer ``y`` open."""
    x, z = pick_cell(rng, site.plan, ROOM)
    along_x = chance(rng, 0.5)
    for i in range(between(rng, 1, 4)):
        a, b = (x + i, z) if along_x else (x, z + i)
        if x < 0 or site.plan[a, b] != ROOM:
            return
        site.canvas[a, y, b] = AIR


@njit(cache=True, nogil=True)
def furnish(rng, odds, site, palette, y, height):
    """Perhaps divide the room by walls with passages, and put stairs, pillars and furniture in it."""
    for _ in range(2):
        x, z = pick_cell(rng, site.plan, ROOM)
        if x >= 0 and chance(rng, odds.partition):
            if chance(rng, 0.5):
                _divide(rng, site, x, z, 1, 0, y, height, palette.wall)
            else:
                _divide(rng, site, x, z, 0, 1, y, height, palette.wall)
    if chance(rng, odds.inner_pillars):
        for _ in range(between(rng, 1, 4)):
            x, z = pick_cell(rng, site.plan, ROOM)
            if x >= 0:
                fill_column(site.canvas, x, z, y, y + height, palette.pillar)
    if chance(rng, odds.stairs):
        _climb(rng, site, y, height, palette.floor if chance(rng, 0.5) else palette.door)
    while chance(rng, odds.furniture):
        x, z = pick_cell(rng, site.plan, ROOM)
        if x >= 0:
            _stand(rng, odds, site, x, z, y, height)


@njit(cache=True, nogil=True)
def _stand(rng, odds, site, x, z, y, height):
    """A piece of furniture: mostly against a wall, one to three cells long, sometimes two high."""
    canvas, plan = site.canvas, site.plan
    along_x = chance(rng, 0.5)
    if chance(rng, odds.against_wall):
        step = -1 if chance(rng, 0.5) else 1
        if along_x:
            while plan[x, z + step] == ROOM:
                z += step
        else:
            while plan[x + step, z] == ROOM:
                x += step
    block = pick(rng, odds.furniture_blocks)
    high = min(height, 2 if chance(rng, 0.25) else 1)
    for i in range(between(rng, 1, 3)):
        a, b = (x + i, z) if along_x else (x, z + i)
        if plan[a, b] != ROOM:
            return
        for row in range(high):
            if canvas[a, y + row, b] == AIR:
                canvas[a, y + row, b] = block


@njit(cache=True, nogil=True)
def _climb(rng, site, y, height, block):
    """A flight of single steps that rises a layer a cell."""
    x, z = pick_cell(rng, site.plan, ROOM)
    if x < 0:
        return
    step_x, step_z = 0, 0
    if chance(rng, 0.5):
        step_x = 1 if chance(rng, 0.5) else -1
    else:
        step_z = 1 if chance(rng, 0.5) else -1
    solid = chance(rng, 0.3)
    for i in range(height):
        a, b = x + i * step_x, z + i * step_z
        if site.plan[a, b] != ROOM:
            return
        fill_column(site.canvas, a, b, y if solid else y + i, y + i + 1, block)


@njit(cache=True, nogil=True)
def _divide(rng, site, x, z, step_x, step_z, y, height, block):
    """A wall through (x, z) along the step, from wall to wall but for one cell."""
    back = run_of_room(site.plan, x, z, -step_x, -step_z) - 1
    length = back + run_of_room(site.plan, x, z, step_x, step_z)
    passage = between(rng, 0, length - 1)
    for i in range(length):
        if i != passage:
            fill_column(site.canvas, x + (i - back) * step_x, z + (i - back) * step_z, y, y + height, block)


@njit(cache=True, nogil=True)
def fill_rooms(site, y, height, block):
    """Fill the storey: a solid base, or a building that was never hollow."""
    for x in range(site.plan.shape[0]):
        for z in range(site.plan.shape[1]):
            if site.plan[x, z] != OUTSIDE:
                for row in range(y, y + height):
                    if site.canvas[x, row, z] == AIR:
                        site.canvas[x, row, z] = block
