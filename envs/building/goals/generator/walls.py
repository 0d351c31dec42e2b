"""Walls: the block of every cell of a storey's walls, and fronts that stay open.

To add a pattern, name it in `PATTERNS` and say in `_patterned` which cells it takes.
"""

from __future__ import annotations

from numba import njit

from ...world import AIR
from .canvas import fill_column
from .draws import chance
from .footprints import ALONG_X, ALONG_Z, LENGTH, ROOM, WALL, X, Z, is_corner

PATTERNS = ("plain", "courses", "columns", "checks", "band", "frame", "posts", "rising")
"""Plain; stripes; stripes upright; a chess board; one band; timber around and between; posts; lower part."""
_PLAIN, _COURSES, _COLUMNS, _CHECKS, _BAND, _FRAME, _POSTS, _RISING = range(len(PATTERNS))


@njit(cache=True, nogil=True)
def raise_walls(rng, site, palette, style, y, height, wall):
    """Walls of the block ``wall`` around an empty room in layers y .. y+height-1."""
    canvas, plan = site.canvas, site.plan
    for x in range(plan.shape[0]):
        for z in range(plan.shape[1]):
            if plan[x, z] == ROOM:
                fill_column(canvas, x, z, y, y + height, AIR)
            elif plan[x, z] == WALL:
                corner = is_corner(plan, x, z)
                for row in range(height):
                    if style.pillars and corner:
                        block = palette.pillar
                    elif style.beams and row == height - 1:
                        block = palette.beam
                    elif y + row < style.ground + style.base_course:
                        block = palette.base
                    elif _patterned(style, corner, x, z, row, height):
                        block = palette.second
                    else:
                        block = wall
                    if style.mottle > 0.0 and chance(rng, style.mottle):
                        block = palette.second
                    canvas[x, y + row, z] = block


@njit(cache=True, nogil=True)
def _patterned(style, corner, x, z, row, height):
    """Whether the style's pattern puts its second block here."""
    pattern, period = style.pattern, style.period
    if pattern == _COURSES:
        return row % period == period - 1
    if pattern == _COLUMNS:
        return (x + z) % period == 0
    if pattern == _CHECKS:
        return (x + z + row) % 2 == 0
    if pattern == _BAND:
        return row == height // 2
    if pattern == _FRAME:
        return corner or row == 0 or row == height - 1 or (x + z) % (period + 1) == 0
    if pattern == _POSTS:
        return corner or (x + z) % (period + 1) == 0
    if pattern == _RISING:
        return row < period - 1
    return False


@njit(cache=True, nogil=True)
def accent_fronts(rng, odds, site, palette, count, y, height):
    """Build some of the first ``count`` facades of the second block, but for their corners."""
    for f in range(count):
        facade = site.facades[f]
        if not chance(rng, odds.accent_side):
            continue
        for i in range(1, facade[LENGTH] - 1):
            x, z = facade[X] + i * facade[ALONG_X], facade[Z] + i * facade[ALONG_Z]
            fill_column(site.canvas, x, z, y, y + height, palette.second)


@njit(cache=True, nogil=True)
def open_fronts(rng, odds, site, style, count, everywhere, y, height):
    """Take the wall out between the posts of some of the first ``count`` facades, or of all of them."""
    for f in range(count):
        facade = site.facades[f]
        if not everywhere and not chance(rng, odds.open_front):
            continue
        low = y + 1 if height > 2 and chance(rng, odds.railing) else y
        top = y + height - (1 if height > 3 and chance(rng, odds.lintel) else 0)
        for i in range(1, facade[LENGTH] - 1):
            x, z = facade[X] + i * facade[ALONG_X], facade[Z] + i * facade[ALONG_Z]
            if everywhere or not (style.pillars and i % (style.period + 1) == 0):
                fill_column(site.canvas, x, z, low, top, AIR)
