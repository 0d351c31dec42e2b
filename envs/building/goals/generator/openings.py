"""Windows and doors, cut into facades: the straight stretches of outer wall in `Site.facades`.

To add a rhythm of windows, name it in `RHYTHMS` and say in `_has_window` where it puts them.
"""

from __future__ import annotations

from numba import njit

from ...world import AIR
from .canvas import fill_column
from .draws import between, chance, pick
from .footprints import ALONG_X, ALONG_Z, LENGTH, OUT_X, OUT_Z, X, Z

RHYTHMS = ("none", "centre", "pair", "repeat", "ribbon", "single", "scattered", "glazed", "arcade")
_NONE, _CENTRE, _PAIR, _REPEAT, _RIBBON, _SINGLE, _SCATTERED, _GLAZED, _ARCADE = range(len(RHYTHMS))

DRESSINGS = ("none", "sill", "lintel", "both", "shutters")
"""What of the trim's block frames a window: below it, above it, both, beside it."""
_BARE, _SILL, _LINTEL, _BOTH, _SHUTTERS = range(len(DRESSINGS))

DOORS = ("none", "gap", "wooden", "double", "arch", "gate")
_NO_DOOR, _GAP, _WOODEN, _DOUBLE, _ARCH, _GATE = range(len(DOORS))


@njit(cache=True, nogil=True)
def cut_windows(rng, odds, site, palette, style, count, rhythm, y, height):
    """Put windows into the first ``count`` facades, whose walls are layers y .. y+height-1, or none."""
    sill = 1 if height > 1 else 0
    if height >= 4 and chance(rng, odds.high_window):
        sill = 2
    tall = max(1, min(style.tall, height - sill - 1))
    margin = between(rng, 1, 2)
    for f in range(count):
        own = pick(rng, odds.rhythms) if chance(rng, odds.own_windows) else rhythm
        _cut_row(rng, odds, site, palette, style, f, own, y, height, sill, tall, margin)


@njit(cache=True, nogil=True)
def _cut_row(rng, odds, site, palette, style, f, rhythm, y, height, sill, tall, margin):
    """Put the windows of one rhythm into facade ``f``."""
    pane = palette.pane
    if rhythm == _NONE:
        return
    if rhythm == _GLAZED:
        sill, tall = 0, height
    elif rhythm == _ARCADE:
        sill, tall, pane = 0, max(1, height - 1), AIR
    head = y + sill + tall
    facade = site.facades[f]
    length = facade[LENGTH]
    if length < 3 or chance(rng, odds.blank_side):
        return
    start = between(rng, 1, length - 2)
    for i in range(1, length - 1):
        if rhythm == _SCATTERED:
            shown = chance(rng, 0.35)
        else:
            shown = _has_window(style, rhythm, i, length, margin, start)
        x, z = facade[X] + i * facade[ALONG_X], facade[Z] + i * facade[ALONG_Z]
        if shown:
            fill_column(site.canvas, x, z, y + sill, head, pane)
            if style.dressing == _SILL or style.dressing == _BOTH:
                fill_column(site.canvas, x, z, max(y, y + sill - 1), y + sill, palette.trim)
            if style.dressing == _LINTEL or style.dressing == _BOTH:
                fill_column(site.canvas, x, z, head, min(y + height, head + 1), palette.trim)
        elif style.dressing == _SHUTTERS and _beside(style, rhythm, i, length, margin, start):
            fill_column(site.canvas, x, z, y + sill, head, palette.trim)


@njit(cache=True, nogil=True)
def _beside(style, rhythm, i, length, margin, start):
    """Whether a cell that is no window of a repeated kind has one beside it."""
    if rhythm in (_GLAZED, _ARCADE, _SCATTERED):
        return False
    before = i > 1 and _has_window(style, rhythm, i - 1, length, margin, start)
    return before or (i < length - 2 and _has_window(style, rhythm, i + 1, length, margin, start))


@njit(cache=True, nogil=True)
def _has_window(style, rhythm, i, length, margin, start):
    """Whether cell ``i`` of a facade is a window; 0 and length-1 are its corners. All but `single` mirror."""
    wide, gap = style.wide, style.gap
    near = min(i, length - 1 - i)
    if rhythm == _CENTRE:
        return 2 * (length // 2 - near) <= wide - 1 + (1 - length % 2)
    if rhythm == _PAIR:
        place = max(1, min(margin, (length - 1 - wide) // 2))
        return place <= near < place + wide
    if rhythm == _REPEAT:
        return (near - margin) % (wide + gap) < wide and near >= margin
    if rhythm == _RIBBON:
        return length < 5 or near >= margin
    if rhythm == _SINGLE:
        return start <= i < start + wide
    if rhythm == _ARCADE:
        return near % (gap + 1) != 0
    return rhythm == _GLAZED


@njit(cache=True, nogil=True)
def cut_door(rng, odds, site, palette, count, y, height):
    """Cut a door with a free way out into a facade and note it in the site, if there is a place."""
    kind = pick(rng, odds.doors)
    if kind == _NO_DOOR or count == 0:
        return
    canvas = site.canvas
    for _ in range(8):
        facade = site.facades[between(rng, 0, count - 1)]
        length, along_x, along_z = facade[LENGTH], facade[ALONG_X], facade[ALONG_Z]
        if length < 3:
            continue
        i = length // 2 if chance(rng, odds.centred_door) else between(rng, 1, length - 2)
        x, z = facade[X] + i * along_x, facade[Z] + i * along_z
        if canvas[x + facade[OUT_X], y, z + facade[OUT_Z]] != AIR:
            continue
        top = y + min(height, 3 if kind in (_ARCH, _GATE) and height > 3 else 2)
        wide = 1
        if kind == _DOUBLE:
            wide = min(2, length - 1 - i)
        elif kind == _GATE:
            wide = min(3, length - 1 - i)
        for step in range(wide):
            leaf = palette.door if kind == _WOODEN else AIR
            fill_column(canvas, x + step * along_x, z + step * along_z, y, top, leaf)
        if chance(rng, odds.door_frame):
            fill_column(canvas, x - along_x, z - along_z, y, top, palette.trim)
            fill_column(canvas, x + wide * along_x, z + wide * along_z, y, top, palette.trim)
        site.door[0], site.door[1], site.door[2], site.door[3] = x, z, facade[OUT_X], facade[OUT_Z]
        return
