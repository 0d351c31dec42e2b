"""What makes a house somebody's: chimney, porch, path, balcony, fence, poles, beds, and odd blocks.

Kernels that change the canvas after the body is built. They need no order among themselves.
"""

from __future__ import annotations

from numba import njit

from ...world import AIR, DIRT
from .canvas import fill_column, put
from .draws import between, chance, pick
from .footprints import ALONG_X, ALONG_Z, LENGTH, OUT_X, OUT_Z, OUTSIDE, ROOM, WALL, X, Z, pick_cell


@njit(cache=True, nogil=True)
def add_chimney(rng, site, palette, style):
    """A column in or outside a wall, from the ground to above the roof, but not in the doorway."""
    x, z = pick_cell(rng, site.plan, WALL)
    if x < 0 or (x == site.door[0] and z == site.door[1]):
        return
    roof = style.ground
    for y in range(style.ground, style.top):
        if site.canvas[x, y, z] != AIR:
            roof = y
    top = min(style.top, roof + between(rng, 2, 4))
    wide = between(rng, 1, 2) if chance(rng, 0.3) else 1
    for i in range(wide):
        fill_column(site.canvas, x + i, z, style.ground, top, palette.masonry)


@njit(cache=True, nogil=True)
def add_porch(rng, odds, site, palette, style):
    """A floor before the door, one to seven cells wide and one to three deep, mostly roofed on two posts."""
    canvas, door = site.canvas, site.door
    if door[0] < 0:
        return
    roof = style.ground + style.height
    roofed = roof < style.top and chance(rng, odds.porch_roof)
    deep, half = between(rng, 1, 3), between(rng, 0, 3)
    railed = chance(rng, 0.25)
    for out in range(1, deep + 1):
        for side in range(-half, half + 1):
            x = door[0] + out * door[2] + side * door[3]
            z = door[1] + out * door[3] + side * door[2]
            if not (0 < x < canvas.shape[0] - 1 and 0 < z < canvas.shape[2] - 1):
                continue
            if canvas[x, style.ground, z] != AIR:
                continue
            if style.ground > 0:
                put(canvas, x, style.ground - 1, z, palette.floor)
            if roofed:
                put(canvas, x, roof, z, palette.roof)
                if out == deep and abs(side) == half:
                    fill_column(canvas, x, z, style.ground, roof, palette.pillar)
            if railed and side != 0 and out == deep:
                put(canvas, x, style.ground, z, palette.pillar)


@njit(cache=True, nogil=True)
def add_path(rng, site, palette, style):
    """Up to four paved cells before the door; steps where the door is above the ground."""
    door = site.door
    if door[0] < 0:
        return
    wide = between(rng, 0, 1)
    for out in range(1, 1 + between(rng, 1, 4)):
        for side in range(-wide, wide + 1):
            x = door[0] + out * door[2] + side * door[3]
            z = door[1] + out * door[3] + side * door[2]
            put(site.canvas, x, max(0, style.ground - out), z, palette.masonry)


@njit(cache=True, nogil=True)
def add_balcony(rng, site, palette, style, count):
    """A ledge with a railing before the upper storey of one of the last ``count`` facades."""
    if count == 0 or style.storeys < 2:
        return
    facade = site.facades[between(rng, 0, count - 1)]
    y = style.ground + style.height
    canvas = site.canvas
    for i in range(facade[LENGTH]):
        x = facade[X] + i * facade[ALONG_X] + facade[OUT_X]
        z = facade[Z] + i * facade[ALONG_Z] + facade[OUT_Z]
        put(canvas, x, y, z, palette.floor)
        put(canvas, x + facade[OUT_X], y, z + facade[OUT_Z], palette.floor)
        put(canvas, x + facade[OUT_X], y + 1, z + facade[OUT_Z], palette.pillar)


@njit(cache=True, nogil=True)
def add_fence(rng, odds, site, palette, style):
    """A fence or garden wall around all that is built, some cells away, with gaps and taller posts."""
    canvas = site.canvas
    low_x, high_x, low_z, high_z = canvas.shape[0], -1, canvas.shape[2], -1
    for x in range(canvas.shape[0]):
        for z in range(canvas.shape[2]):
            if canvas[x, style.ground, z] != AIR or canvas[x, 0, z] != AIR:
                low_x, high_x = min(low_x, x), x
                low_z, high_z = min(low_z, z), max(high_z, z)
    near = between(rng, 1, 2)
    low_x, low_z = max(1, low_x - near), max(1, low_z - near)
    far = between(rng, 1, 3)
    high_x, high_z = min(canvas.shape[0] - 2, high_x + far), min(canvas.shape[2] - 2, high_z + far)
    block = pick(rng, odds.furniture_blocks) if chance(rng, 0.5) else palette.pillar
    high, period, gaps = between(rng, 1, 2), between(rng, 1, 4), 0.4 if chance(rng, 0.3) else 0.0
    base = between(rng, 0, 1)
    for x in range(low_x, high_x + 1):
        for z in range(low_z, high_z + 1):
            if low_x < x < high_x and low_z < z < high_z:
                continue
            if chance(rng, gaps):
                continue
            for y in range(base, base + high + ((x + z) % period == 0)):
                put(canvas, x, y, z, block)


@njit(cache=True, nogil=True)
def add_poles(rng, odds, site, palette):
    """One to four posts with or without a head somewhere near the house: lamps, trees, pillars."""
    canvas = site.canvas
    for _ in range(between(rng, 1, 4)):
        x, z = between(rng, 2, canvas.shape[0] - 3), between(rng, 2, canvas.shape[2] - 3)
        if canvas[x, 1, z] != AIR or not _near(site, x, z):
            continue
        top = min(canvas.shape[1] - 1, between(rng, 2, 5))
        fill_column(canvas, x, z, 1, top, palette.pillar)
        head = pick(rng, odds.furniture_blocks)
        put(canvas, x, top, z, head)
        if chance(rng, 0.4):
            for step in range(4):
                sign = 1 if step % 2 else -1
                put(canvas, x + sign * (step < 2), top - 1, z + sign * (step >= 2), head)


@njit(cache=True, nogil=True)
def _near(site, x, z):
    """Whether something is built at most three cells away: what stands alone would move the house."""
    for i in range(max(0, x - 3), min(site.canvas.shape[0], x + 4)):
        for k in range(max(0, z - 3), min(site.canvas.shape[2], z + 4)):
            if site.canvas[i, 1, k] != AIR:
                return True
    return False


@njit(cache=True, nogil=True)
def add_beds(rng, odds, site):
    """One to three patches of one block on the ground around the house: beds, hedges, stores, earth."""
    canvas = site.canvas
    for _ in range(between(rng, 1, 3)):
        x, z = between(rng, 3, canvas.shape[0] - 6), between(rng, 3, canvas.shape[2] - 6)
        if not _near(site, x, z):
            continue
        block = DIRT if chance(rng, 0.3) else pick(rng, odds.furniture_blocks)
        low, high = between(rng, 0, 1), between(rng, 1, 2)
        for i in range(x, x + between(rng, 1, 4)):
            for k in range(z, z + between(rng, 1, 4)):
                if site.plan[i, k] == OUTSIDE:
                    for y in range(low, max(low + 1, high)):
                        put(canvas, i, y, k, block)


@njit(cache=True, nogil=True)
def add_blemishes(rng, odds, site, style, eaves):
    """Change one to six blocks of the walls, or leave them out."""
    for _ in range(between(rng, 1, 6)):
        x, z = pick_cell(rng, site.plan, WALL)
        y = between(rng, style.ground, eaves)
        if x >= 0 and y < site.canvas.shape[1] and site.canvas[x, y, z] != AIR:
            site.canvas[x, y, z] = AIR if chance(rng, 0.3) else pick(rng, odds.furniture_blocks)


@njit(cache=True, nogil=True)
def add_stack(rng, odds, site, style, eaves):
    """Something solid on the roof or a thick wall: a block of two to four cells a side, of one material."""
    x, z = pick_cell(rng, site.plan, ROOM)
    if x < 0:
        return
    y = between(rng, max(0, style.ground - 1), eaves)
    block = pick(rng, odds.furniture_blocks)
    for i in range(x, min(site.canvas.shape[0], x + between(rng, 1, 4))):
        for k in range(z, min(site.canvas.shape[2], z + between(rng, 1, 4))):
            for j in range(y, min(site.canvas.shape[1], y + between(rng, 1, 3))):
                site.canvas[i, j, k] = block
