"""Windows and doors, cut into facades: the straight stretches of outer wall in `Site.facades`.

To add a rhythm of windows, name it in `RHYTHMS` and say in `_has_window` where it puts them.
"""

from __future__ import annotations

from numba import njit

from ..world import AIR
from .canvas import fill_column
from .draws import between, chance, pick
from .footprints import ALONG_X, ALONG_Z, LENGTH, OUT_X, OUT_Z, X, Z

RHYTHMS = ("none", "centre", "pair", "alternate", "ribbon", "single", "glazed")
_NONE, _CENTRE, _PAIR, _ALTERNATE, _RIBBON, _SINGLE, _GLAZED = range(len(RHYTHMS))

DOORS = ("none", "gap", "wooden", "double", "arch")
_NO_DOOR, _GAP, _WOODEN, _DOUBLE, _ARCH = range(len(DOORS))


@njit(cache=True, nogil=True)
def cut_windows(rng, odds, site, count, rhythm, y, height, pane):
    """Put windows of ``pane`` into the first ``count`` facades, whose walls are layers y .. y+height-1."""
    if rhythm == _NONE:
        return
    sill = 1 if height > 1 else 0
    if height >= 4 and chance(rng, odds.high_window):
        sill = 2
    tall = 2 if sill + 3 <= height and chance(rng, odds.tall_window) else 1
    if rhythm == _GLAZED:
        sill, tall = 0, height
    margin = between(rng, 1, 2)
    for f in range(count):
        facade = site.facades[f]
        length = facade[LENGTH]
        if length < 3 or chance(rng, odds.blank_side):
            continue
        single = between(rng, 1, length - 2)
        for i in range(1, length - 1):
            if _has_window(rhythm, i, length, margin, single):
                x, z = facade[X] + i * facade[ALONG_X], facade[Z] + i * facade[ALONG_Z]
                fill_column(site.canvas, x, z, y + sill, y + sill + tall, pane)


@njit(cache=True, nogil=True)
def _has_window(rhythm, i, length, margin, single):
    """Whether cell ``i`` of a facade is a window; 0 and length-1 are its corners. All but `single` mirror."""
    mirrored = length - 1 - i
    if rhythm == _CENTRE:
        return i == length // 2 or mirrored == length // 2
    if rhythm == _PAIR:
        place = max(1, min(margin, (length - 2) // 2))
        return i == place or mirrored == place
    if rhythm == _ALTERNATE:
        return min(i, mirrored) % 2 == 1
    if rhythm == _RIBBON:
        return length < 5 or min(i, mirrored) >= margin
    if rhythm == _SINGLE:
        return i == single
    return rhythm == _GLAZED


@njit(cache=True, nogil=True)
def cut_door(rng, odds, site, palette, count, y, height):
    """Cut a front door with a free way out into a facade and note it in the site, if there is a place."""
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
        top = y + min(height, 3 if kind == _ARCH and height > 3 else 2)
        wide = 2 if kind == _DOUBLE and i + 1 < length - 1 else 1
        for step in range(wide):
            leaf = palette.door if kind == _WOODEN else AIR
            fill_column(canvas, x + step * along_x, z + step * along_z, y, top, leaf)
        if chance(rng, odds.door_frame):
            fill_column(canvas, x - along_x, z - along_z, y, top, palette.pillar)
            fill_column(canvas, x + wide * along_x, z + wide * along_z, y, top, palette.pillar)
        site.door[0], site.door[1], site.door[2], site.door[3] = x, z, facade[OUT_X], facade[OUT_Z]
        return
