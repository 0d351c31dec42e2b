"""What makes a house somebody's: chimney, porch, path, partition and furniture, and odd blocks.

Kernels that change the canvas after (`furnish`: while) the body is built. They need no order among
themselves.
"""

from __future__ import annotations

from numba import njit

from ..world import AIR
from .canvas import fill_column
from .draws import between, chance, pick
from .footprints import ROOM, WALL, pick_cell, run_of_room


@njit(cache=True, nogil=True)
def add_chimney(rng, site, palette, style):
    """A column in a wall, from the ground to one or two blocks above the roof, but not in the doorway."""
    x, z = pick_cell(rng, site.plan, WALL)
    if x < 0 or (x == site.door[0] and z == site.door[1]):
        return
    roof = style.ground
    for y in range(style.ground, style.top):
        if site.canvas[x, y, z] != AIR:
            roof = y
    top = min(style.top, roof + between(rng, 2, 3))
    fill_column(site.canvas, x, z, style.ground, top, palette.masonry)


@njit(cache=True, nogil=True)
def add_porch(rng, site, palette, style):
    """A floor before the door, three cells wide and one or two deep, mostly under a roof on two posts."""
    canvas, door, floor = site.canvas, site.door, style.ground - 1
    if door[0] < 0:
        return
    roof = style.ground + style.height
    roofed = roof < style.top and chance(rng, 0.8)
    deep = between(rng, 1, 2)
    for out in range(1, deep + 1):
        for side in range(-1, 2):
            x = door[0] + out * door[2] + side * door[3]
            z = door[1] + out * door[3] + side * door[2]
            if canvas[x, style.ground, z] != AIR:
                continue
            if canvas[x, floor, z] == AIR:
                canvas[x, floor, z] = palette.floor
            if roofed and canvas[x, roof, z] == AIR:
                canvas[x, roof, z] = palette.roof
            if roofed and out == deep and side != 0:
                fill_column(canvas, x, z, style.ground, roof, palette.pillar)


@njit(cache=True, nogil=True)
def add_path(rng, site, palette, style):
    """Up to three paved cells before the door, the first a step where the door is above the ground."""
    door = site.door
    if door[0] < 0:
        return
    for out in range(1, 1 + between(rng, 1, 3)):
        x, z = door[0] + out * door[2], door[1] + out * door[3]
        y = style.ground - 1 if out == 1 else 0
        if site.canvas[x, y, z] == AIR:
            site.canvas[x, y, z] = palette.masonry


@njit(cache=True, nogil=True)
def furnish(rng, odds, site, palette, y, height):
    """Perhaps divide the room by a wall with a passage, and put up to four blocks of furniture in it."""
    x, z = pick_cell(rng, site.plan, ROOM)
    if x < 0:
        return
    if chance(rng, odds.partition):
        if chance(rng, 0.5):
            _divide(rng, site, x, z, 1, 0, y, height, palette.wall)
        else:
            _divide(rng, site, x, z, 0, 1, y, height, palette.wall)
    if chance(rng, odds.furniture):
        for _ in range(between(rng, 1, 4)):
            x, z = pick_cell(rng, site.plan, ROOM)
            if site.canvas[x, y, z] == AIR:
                site.canvas[x, y, z] = pick(rng, odds.wall_blocks)


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
def add_blemishes(rng, odds, site, style, eaves):
    """Change one to four blocks of the walls, or leave them out."""
    for _ in range(between(rng, 1, 4)):
        x, z = pick_cell(rng, site.plan, WALL)
        y = between(rng, style.ground, eaves)
        if x >= 0 and site.canvas[x, y, z] != AIR:
            site.canvas[x, y, z] = AIR if chance(rng, 0.3) else pick(rng, odds.wall_blocks)
