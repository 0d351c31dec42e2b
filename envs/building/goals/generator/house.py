"""One house from one random stream: the stages that build it, in order.

palette and style -> wings -> main body (foundation, storeys with windows, doors and furniture, roof) ->
extras -> turrets -> what the box shows (settle). Each stage is a kernel that takes ``rng``, ``odds`` (the
record made of a `HouseDistribution`), the `Site` it changes, and what earlier stages decided. To add a stage,
write such a function, call it here, and give it its probability in `HouseDistribution`.
"""

from __future__ import annotations

from numba import njit

from ...world import AIR
from ..transforms import GLASS
from .canvas import LARGEST, MARGIN, Palette, Style, fill_column
from .distribution import FOUNDATIONS
from .draws import around, between, chance, pick, uniform
from .extras import (
    add_balcony,
    add_beds,
    add_blemishes,
    add_chimney,
    add_fence,
    add_path,
    add_poles,
    add_porch,
    add_stack,
)
from .figures import draw_figure
from .footprints import OUTSIDE, RECTANGLE, ROOM, THINNEST, WALL, find_facades, is_corner, lay_out, widen
from .interior import fill_rooms, floor_block, furnish, lay_upper_floor
from .openings import cut_door, cut_windows
from .roofs import raise_roof
from .settle import count_changed, settle
from .walls import accent_fronts, open_fronts, raise_walls

_BARE, _EARTH, _SUNK, _INNER, _SLAB, _RIM, _APRON, _PLINTH, _STILTS = range(len(FOUNDATIONS))
_MAIN, _WING, _TURRET = range(3)
_ATTEMPTS = 64


@njit(cache=True, nogil=True)
def build_houses(seeds, shares, odds_table, low, high, site, rng, structures):
    """Write to ``structures`` ``(n, w, h, d)`` the house of each of the ``(n,)`` uint64 seeds.

    A house has one of the styles in ``odds_table``, by their cumulative ``shares``. One that changes fewer
    than ``low`` or more than ``high`` cells is built again, further down the same random stream; figures may
    be small. ``site`` and ``rng`` are scratch.
    """
    for i in range(len(seeds)):
        rng[0] = seeds[i]
        odds = odds_table[pick(rng, shares)]
        for _ in range(_ATTEMPTS):
            is_house = not chance(rng, odds.figure)
            site.canvas[:] = AIR
            site.door[:] = -1
            if is_house:
                _build(rng, odds, site, structures.shape[1:])
            else:
                draw_figure(rng, odds, site.canvas, structures.shape[1:])
            settle(rng, odds, site, structures[i])
            if (low if is_house else low // 4) <= count_changed(structures[i]) <= high:
                break


@njit(cache=True, nogil=True)
def _build(rng, odds, site, box):
    """Draw a house on the canvas."""
    palette = _choose_palette(rng, odds)
    style = _choose_style(rng, odds, LARGEST * box[1])
    width, depth = _draw_sides(rng, odds, box)
    x = z = MARGIN
    while max(width, depth) > 2 * THINNEST and chance(rng, odds.wing):
        x, z, width, depth = _build_wing(rng, odds, site, palette, style, x, z, width, depth)
    lay_out(rng, pick(rng, odds.footprints), x, z, width, depth, site.plan)
    eaves = _raise_body(rng, odds, site, palette, style, style.storeys, _MAIN)
    _add_extras(rng, odds, site, palette, style, eaves)
    if min(width, depth) > THINNEST and chance(rng, odds.turret):
        _add_turrets(rng, odds, site, palette, style, x, z, width, depth)


@njit(cache=True, nogil=True)
def _choose_palette(rng, odds):
    wall = pick(rng, odds.wall_blocks)
    roof = pick(rng, odds.roof_blocks[wall])
    pillar = pick(rng, odds.pillar_blocks[wall])
    second = pick(rng, odds.second_blocks[wall])
    masonry = pick(rng, odds.masonry_blocks[wall])
    return Palette(
        wall,
        pick(rng, odds.second_blocks[wall]) if chance(rng, odds.new_walls) else wall,
        second,
        pillar,
        masonry,
        pillar if chance(rng, odds.beam_like_pillar) else second,
        pick(rng, odds.floor_blocks[wall]),
        roof,
        second if chance(rng, odds.eaves) else roof,
        roof if chance(rng, odds.gable_like_roof) else wall,
        GLASS if chance(rng, odds.glass) else AIR,
        second,
        pick(rng, odds.door_blocks),
        masonry,
    )


@njit(cache=True, nogil=True)
def _choose_style(rng, odds, top):
    foundation = pick(rng, odds.foundations)
    ground = 1
    if foundation == _SUNK:
        ground = 0
    elif foundation == _PLINTH and top > 6:
        ground = between(rng, 2, 3)
    elif foundation == _STILTS and top > 8:
        ground = between(rng, 3, 4)
    # Where there is much room, storeys are taller.
    height = 1 + pick(rng, odds.storey_heights) + between(rng, 0, top // 24)
    storeys = 1
    while ground + (storeys + 1) * (height + 1) <= top and chance(rng, odds.another_storey):
        storeys += 1
    while ground + storeys * (height + 1) > top and height > 1:
        height -= 1
    base_course = between(rng, 1, height) if chance(rng, odds.base_course) else 0
    pillars, beams = chance(rng, odds.pillars), height > 2 and chance(rng, odds.beams)
    return Style(
        foundation,
        ground,
        height,
        storeys,
        top,
        base_course,
        pillars,
        beams,
        pick(rng, odds.patterns),
        between(rng, 2, 4),
        odds.mottle * uniform(rng) if chance(rng, odds.mottled) else 0.0,
        pick(rng, odds.rhythms),
        1 + pick(rng, odds.window_widths),
        1 + pick(rng, odds.window_heights),
        1 + pick(rng, odds.window_gaps),
        pick(rng, odds.floors),
        pick(rng, odds.dressings),
    )


@njit(cache=True, nogil=True)
def _draw_sides(rng, odds, box):
    """The main rectangle's sides along x and z."""
    short = around(rng, odds.short_side)
    long = short * max(1.0, around(rng, odds.aspect))
    if chance(rng, 0.5):
        short, long = long, short
    return _in_cells(short, box[0]), _in_cells(long, box[2])


@njit(cache=True, nogil=True)
def _in_cells(share, room):
    return max(THINNEST, min(int(share * room + 0.5), LARGEST * room))


@njit(cache=True, nogil=True)
def _build_wing(rng, odds, site, palette, style, x, z, width, depth):
    """Build a wing on a slice of a rectangle; the rectangle that is left for other bodies.

    The two share a wall, or stand apart. Wings come first, so that the main body cuts into them and not the
    reverse.
    """
    along_x = width >= depth
    side, other = (width, depth) if along_x else (depth, width)
    apart = between(rng, 1, 2) if side >= 2 * THINNEST + 3 and chance(rng, odds.detached) else 0
    taken = between(rng, THINNEST - 1, side - THINNEST - 1 - apart)
    length = between(rng, min(THINNEST, other), other)
    shift = between(rng, 0, other - length)
    first = chance(rng, 0.5)
    start = 0 if first else side - taken - 1
    kind = pick(rng, odds.footprints) if chance(rng, 0.3) else RECTANGLE
    if along_x:
        lay_out(rng, kind, x + start, z + shift, taken + 1, length, site.plan)
    else:
        lay_out(rng, kind, x + shift, z + start, length, taken + 1, site.plan)
    storeys = 1 if chance(rng, odds.low_wing) else between(rng, 1, style.storeys)
    if chance(rng, odds.odd_wing):
        _raise_body(rng, odds, site, _choose_palette(rng, odds), style, storeys, _WING)
    else:
        _raise_body(rng, odds, site, palette, style, storeys, _WING)
    taken += apart + (apart > 0)
    moved = taken if first else 0
    if along_x:
        return x + moved, z, width - taken, depth
    return x, z + moved, width, depth - taken


@njit(cache=True, nogil=True)
def _add_turrets(rng, odds, site, palette, style, x, z, width, depth):
    """A turret at one corner, two or all of the rectangle, as high as the body's walls and a storey more."""
    side = 5 if min(width, depth) > 8 and chance(rng, 0.4) else THINNEST
    number = 1
    while number < 4 and chance(rng, 0.5):
        number *= 2
    start = between(rng, 0, 3)
    storeys = style.storeys
    if style.ground + (storeys + 1) * (style.height + 1) <= style.top:
        storeys += 1
    kind = pick(rng, odds.footprints)
    for i in range(number):
        corner = (start + i) % 4
        at_x = x - side // 2 + (width - 1 if corner in (1, 2) else 0)
        at_z = z - side // 2 + (depth - 1 if corner in (2, 3) else 0)
        lay_out(rng, kind, at_x, at_z, side, side, site.plan)
        _raise_body(rng, odds, site, palette, style, storeys, _TURRET)


@njit(cache=True, nogil=True)
def _raise_body(rng, odds, site, palette, style, storeys, part):
    """Build a body on the site's plan, which ends as that of the top storey; the layer of its eaves."""
    height = style.height
    if part == _WING and height > 2 and chance(rng, 0.5):
        height -= 1
    opened = part != _TURRET and chance(rng, odds.open_body if part == _MAIN else odds.open_wing)
    solid = chance(rng, odds.solid)
    _lay_foundation(rng, site, palette, style)
    y = style.ground
    for storey in range(storeys):
        raise_walls(rng, site, palette, style, y, height, palette.wall if storey == 0 else palette.upper)
        count = find_facades(site.plan, site.facades)
        accent_fronts(rng, odds, site, palette, count, y, height)
        if opened and storey == 0:
            open_fronts(rng, odds, site, style, count, True, y, height)
        else:
            rhythm = style.rhythm if chance(rng, odds.same_windows) else pick(rng, odds.rhythms)
            cut_windows(rng, odds, site, palette, style, count, rhythm, y, height)
            if part != _TURRET:
                open_fronts(rng, odds, site, style, count, False, y, height)
                if chance(rng, odds.second_door):
                    cut_door(rng, odds, site, palette, count, y, height)
        if storey == 0 and part == _MAIN:
            cut_door(rng, odds, site, palette, count, y, height)
        if solid:
            fill_rooms(site, y, height, palette.wall)
        elif part != _TURRET:
            furnish(rng, odds, site, palette, y, height)
        y += height
        if storey < storeys - 1:
            lay_upper_floor(rng, odds, site, palette, style, y)
            y += 1
    raise_roof(rng, odds, site, palette, y, style.top)
    return y


@njit(cache=True, nogil=True)
def _lay_foundation(rng, site, palette, style):
    """Fill the layers below the walls."""
    canvas, plan, kind = site.canvas, site.plan, style.foundation
    if kind == _BARE or kind == _SUNK:
        return
    base = plan
    if kind == _APRON:
        widen(plan, site.wider)
        base = site.wider
    hollow = style.ground > 1 and chance(rng, 0.3)
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if base[x, z] == OUTSIDE:
                continue
            if kind == _EARTH:
                if plan[x, z] == WALL:
                    canvas[x, 0, z] = palette.base if style.base_course > 0 else palette.wall
            elif kind == _INNER:
                if plan[x, z] == ROOM:
                    canvas[x, 0, z] = floor_block(site, palette, style, x, z)
            elif kind == _STILTS:
                if is_corner(plan, x, z) or (plan[x, z] == WALL and (x + z) % 4 == 0):
                    fill_column(canvas, x, z, 0, style.ground, palette.pillar)
                canvas[x, style.ground - 1, z] = palette.floor
            else:
                rimmed = kind >= _RIM and plan[x, z] != ROOM
                low = style.ground - 1 if hollow and not rimmed else 0
                block = palette.base if rimmed else floor_block(site, palette, style, x, z)
                fill_column(canvas, x, z, low, style.ground, block)


@njit(cache=True, nogil=True)
def _add_extras(rng, odds, site, palette, style, eaves):
    """What stands in, on and around a house whose top storey is the site's plan."""
    if chance(rng, odds.balcony):
        add_balcony(rng, site, palette, style, find_facades(site.plan, site.facades))
    if chance(rng, odds.chimney):
        add_chimney(rng, site, palette, style)
    if chance(rng, odds.porch):
        add_porch(rng, odds, site, palette, style)
    if chance(rng, odds.path):
        add_path(rng, site, palette, style)
    if chance(rng, odds.fence):
        add_fence(rng, odds, site, palette, style)
    if chance(rng, odds.poles):
        add_poles(rng, odds, site, palette)
    if chance(rng, odds.beds):
        add_beds(rng, odds, site)
    if chance(rng, odds.stack):
        add_stack(rng, odds, site, style, eaves)
    if chance(rng, odds.blemishes):
        add_blemishes(rng, odds, site, style, eaves)
