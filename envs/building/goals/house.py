"""One house from one random stream: the stages that build it, in order.

palette and style -> annex -> main body (foundation, storeys with windows and door, roof) -> extras -> settle
in the box. Each stage is a kernel that takes ``rng``, ``odds`` (the record made of a `HouseDistribution`),
the `Site` it changes, and what earlier stages decided. To add a stage, write such a function, call it here,
and give it its probability in `HouseDistribution`.

Numba's cache of this file does not notice changes in the files that it imports: delete ``__pycache__`` here
after editing a stage elsewhere.
"""

from __future__ import annotations

from numba import njit

from ..world import AIR, DIRT
from .canvas import MARGIN, Palette, Style, fill_column
from .draws import between, chance, pick
from .extras import add_blemishes, add_chimney, add_path, add_porch, furnish
from .footprints import (
    FOOTPRINTS,
    OUTSIDE,
    ROOM,
    THINNEST,
    WALL,
    cut_back,
    find_facades,
    is_corner,
    lay_out,
    shrink,
    widen,
)
from .openings import cut_door, cut_windows
from .roofs import raise_roof
from .transforms import GLASS, drop_floating

FOUNDATIONS = ("earth", "slab", "rim", "apron", "plinth")
_EARTH, _SLAB, _RIM, _APRON, _PLINTH = range(len(FOUNDATIONS))
"""Walls let into bare earth; a floor in the ground; a floor with a rim of masonry; that rim a cell outside;
a floor and rim one layer above the ground.
"""

STOREY_HEIGHTS = ("2", "3", "4", "5")
LOWEST_STOREY = 2

_ATTEMPTS = 64
_RECTANGLE = FOOTPRINTS.index("rectangle")


@njit(cache=True, nogil=True)
def build_houses(seeds, odds_table, low, high, site, rng, structures):
    """Write to ``structures`` ``(n, w, h, d)`` the house of each of the ``(n,)`` uint64 seeds.

    A house that changes fewer than ``low`` or more than ``high`` cells is built again, further down the same
    random stream. ``site`` and ``rng`` are scratch.
    """
    odds = odds_table[0]
    for i in range(len(seeds)):
        rng[0] = seeds[i]
        for _ in range(_ATTEMPTS):
            shown = _build(rng, odds, site, structures.shape[1:])
            _settle(rng, site.canvas, shown, structures[i])
            if low <= _changed(structures[i]) <= high:
                break


@njit(cache=True, nogil=True)
def _build(rng, odds, site, box):
    """Draw a house on the canvas; the rectangle (x, z, width, depth) of it that the goal has to show."""
    site.canvas[:] = AIR
    site.door[:] = -1
    cropped = chance(rng, odds.cropped)
    palette = _choose_palette(rng, odds)
    style = _choose_style(rng, odds, box[1] + (box[1] // 2 if cropped else 0))
    x = z = MARGIN
    width = _draw_side(rng, odds, box[0], cropped)
    depth = _draw_side(rng, odds, box[2], cropped)
    # Overhangs and porches may be lost at the edge of the box, walls only where the house is cropped. Then
    # the box shows a corner of it: the middle of a house is a floor under a roof that nothing holds.
    shown_x = x + max(0, width - box[0]) * between(rng, 0, 1)
    shown_z = z + max(0, depth - box[2]) * between(rng, 0, 1)
    shown = shown_x, shown_z, min(width, box[0]), min(depth, box[2])
    if max(width, depth) >= 2 * THINNEST + 1 and chance(rng, odds.annex):
        x, z, width, depth = _build_annex(rng, odds, site, palette, style, x, z, width, depth)
    lay_out(rng, pick(rng, odds.footprints), x, z, width, depth, site.plan)
    eaves = _raise_body(rng, odds, site, palette, style, style.storeys, True)
    if chance(rng, odds.chimney):
        add_chimney(rng, site, palette, style)
    if chance(rng, odds.porch):
        add_porch(rng, site, palette, style)
    if chance(rng, odds.path):
        add_path(rng, site, palette, style)
    if chance(rng, odds.blemishes):
        add_blemishes(rng, odds, site, style, eaves)
    return shown


@njit(cache=True, nogil=True)
def _choose_palette(rng, odds):
    wall = pick(rng, odds.wall_blocks)
    roof = wall if chance(rng, odds.roof_like_wall) else pick(rng, odds.roof_blocks)
    floor = wall if chance(rng, odds.floor_like_wall) else pick(rng, odds.floor_blocks)
    pillar = pick(rng, odds.pillar_blocks)
    masonry = pick(rng, odds.masonry_blocks)
    gable = roof if chance(rng, odds.gable_like_roof) else wall
    pane = GLASS if chance(rng, odds.glass) else AIR
    return Palette(
        wall, pillar, masonry, pillar, floor, roof, gable, pane, pick(rng, odds.door_blocks), masonry
    )


@njit(cache=True, nogil=True)
def _choose_style(rng, odds, top):
    foundation = pick(rng, odds.foundations)
    ground = 2 if foundation == _PLINTH and top > 5 else 1
    # Where there is much room, storeys are taller.
    height = LOWEST_STOREY + pick(rng, odds.storey_heights) + between(rng, 0, top // 12)
    storeys = 1
    while ground + (storeys + 1) * (height + 1) <= top and chance(rng, odds.another_storey):
        storeys += 1
    while ground + storeys * (height + 1) > top and height > 1:
        height -= 1
    base_course = between(rng, 1, height) if chance(rng, odds.base_course) else 0
    pillars, beams = chance(rng, odds.pillars), height > 2 and chance(rng, odds.beams)
    mottle = odds.mottle if chance(rng, odds.mottled) else 0.0
    rhythm = pick(rng, odds.rhythms)
    return Style(foundation, ground, height, storeys, top, base_course, pillars, beams, mottle, rhythm)


@njit(cache=True, nogil=True)
def _draw_side(rng, odds, room, cropped):
    """A house's length along an axis with ``room`` cells, rather large: builders like to use the room."""
    if cropped:
        return between(rng, room, room + room // 2)
    low = max(min(THINNEST, room), int(odds.side[0] * room))
    high = int(odds.side[1] * room)
    return max(between(rng, low, high), between(rng, low, high))


@njit(cache=True, nogil=True)
def _build_annex(rng, odds, site, palette, style, x, z, width, depth):
    """Build a one-storey annex on a slice of a rectangle; the rectangle that is left for the main body.

    The two share a wall. The annex comes first, so that the main body cuts into it and not the reverse.
    """
    along_x = width >= depth
    side, other = (width, depth) if along_x else (depth, width)
    taken = between(rng, THINNEST - 1, side - THINNEST - 1)
    length = between(rng, min(THINNEST, other), other)
    shift = between(rng, 0, other - length)
    first = chance(rng, 0.5)
    start = 0 if first else side - taken - 1
    if along_x:
        lay_out(rng, _RECTANGLE, x + start, z + shift, taken + 1, length, site.plan)
    else:
        lay_out(rng, _RECTANGLE, x + shift, z + start, length, taken + 1, site.plan)
    _raise_body(rng, odds, site, palette, style, 1, False)
    moved = taken if first else 0
    if along_x:
        return x + moved, z, width - taken, depth
    return x, z + moved, width, depth - taken


@njit(cache=True, nogil=True)
def _raise_body(rng, odds, site, palette, style, storeys, is_main):
    """Build a body on the site's plan, which ends as that of the top storey; the layer of its eaves."""
    height = style.height
    if not is_main and height > LOWEST_STOREY and chance(rng, odds.low_annex):
        height -= 1
    _lay_foundation(site, palette, style)
    y = style.ground
    for storey in range(storeys):
        _raise_walls(rng, site, palette, style, y, height)
        count = find_facades(site.plan, site.facades)
        rhythm = style.rhythm if chance(rng, odds.same_windows) else pick(rng, odds.rhythms)
        cut_windows(rng, odds, site, count, rhythm, y, height, palette.pane)
        if storey == 0 and is_main:
            cut_door(rng, odds, site, palette, count, y, height)
            furnish(rng, odds, site, palette, y, height)
        y += height
        if storey < storeys - 1:
            _lay_upper_floor(rng, odds, site, palette, y)
            y += 1
    raise_roof(rng, odds, site, palette, y, style.top)
    return y


@njit(cache=True, nogil=True)
def _lay_foundation(site, palette, style):
    """Fill the layers below the walls: the ground, and a plinth above it."""
    canvas, plan = site.canvas, site.plan
    base = plan
    if style.foundation == _APRON:
        widen(plan, site.wider)
        base = site.wider
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if base[x, z] == OUTSIDE:
                continue
            if style.foundation == _EARTH:
                if plan[x, z] == WALL:
                    canvas[x, 0, z] = palette.wall
                continue
            rimmed = style.foundation >= _RIM and plan[x, z] != ROOM
            fill_column(canvas, x, z, 0, style.ground, palette.base if rimmed else palette.floor)


@njit(cache=True, nogil=True)
def _raise_walls(rng, site, palette, style, y, height):
    """Walls around an empty room in layers y .. y+height-1."""
    canvas, plan = site.canvas, site.plan
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if plan[x, z] == ROOM:
                fill_column(canvas, x, z, y, y + height, AIR)
            elif plan[x, z] == WALL:
                pillar = style.pillars and is_corner(plan, x, z)
                for row in range(y, y + height):
                    if pillar:
                        block = palette.pillar
                    elif style.beams and row == y + height - 1:
                        block = palette.beam
                    elif row < style.ground + style.base_course:
                        block = palette.base
                    else:
                        block = palette.wall
                    if style.mottle > 0.0 and chance(rng, style.mottle):
                        block = palette.masonry
                    canvas[x, row, z] = block


@njit(cache=True, nogil=True)
def _lay_upper_floor(rng, odds, site, palette, y):
    """The floor of the next storey at layer ``y``. That storey may be wider or narrower than the last."""
    canvas, plan = site.canvas, site.plan
    stepped_out = chance(rng, odds.jetty)
    if stepped_out:
        widen(plan, site.wider)
    well = chance(rng, odds.stairwell)
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if stepped_out:
                plan[x, z] = site.wider[x, z]
            if plan[x, z] == WALL:
                canvas[x, y, z] = palette.beam
            elif plan[x, z] == ROOM:
                canvas[x, y, z] = AIR if well else palette.floor
                well = False
    if not stepped_out:
        if chance(rng, odds.setback):
            shrink(plan)
        elif chance(rng, odds.terrace):
            cut_back(rng, plan)


@njit(cache=True, nogil=True)
def _settle(rng, canvas, shown, structure):
    """Cut the box out of the canvas: anywhere around a house that fits, else around what is to be shown."""
    width, height, depth = structure.shape
    first_x, last_x, first_z, last_z = canvas.shape[0], -1, canvas.shape[2], -1
    for x in range(canvas.shape[0]):
        for y in range(height):
            for z in range(canvas.shape[2]):
                if canvas[x, y, z] != AIR:
                    first_x, last_x = min(first_x, x), x
                    first_z, last_z = min(first_z, z), max(last_z, z)
    start_x = _window(rng, first_x, last_x, shown[0], shown[2], width)
    start_z = _window(rng, first_z, last_z, shown[1], shown[3], depth)
    structure[:] = AIR
    for x in range(max(start_x, 0), min(start_x + width, canvas.shape[0])):
        for z in range(max(start_z, 0), min(start_z + depth, canvas.shape[2])):
            for y in range(height):
                structure[x - start_x, y, z - start_z] = canvas[x, y, z]
    drop_floating(structure)


@njit(cache=True, nogil=True)
def _window(rng, first, last, shown, length, side):
    """Where on an axis of the canvas the box's ``side`` cells start, for a house in cells first..last.

    They include the ``length`` cells from ``shown`` on.
    """
    if last - first < side:
        return between(rng, last - side + 1, first)
    return between(rng, max(first, shown + length - side), min(last - side + 1, shown))


@njit(cache=True, nogil=True)
def _changed(structure):
    """Kernel form of `transforms.changed_cells` for one structure."""
    count = 0
    for x in range(structure.shape[0]):
        for y in range(structure.shape[1]):
            for z in range(structure.shape[2]):
                block = structure[x, y, z]
                count += block != AIR and not (y == 0 and block == DIRT)
    return count
