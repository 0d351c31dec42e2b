"""Goals that are no houses, a few in a hundred: walls, stairs, bridges, arches, statues, letters, trees.

As in the Minecraft Dialogue Corpus and IGLU, so that what learns from goals does not take every first block
for a house. Each is drawn on the canvas around its middle.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .canvas import fill_column
from .draws import between, chance, pick

FIGURES = ("wall", "stairs", "bridge", "arch", "statue", "letter", "tree", "heap", "obelisk")
_WALL, _STAIRS, _BRIDGE, _ARCH, _STATUE, _LETTER, _TREE, _HEAP, _OBELISK = range(len(FIGURES))

_LETTERS = (
    "01110 10001 11111 10001 10001", "11110 10001 11110 10001 11110", "01111 10000 10000 10000 01111",
    "11111 10000 11110 10000 11111", "11111 10000 11110 10000 10000", "10001 10001 11111 10001 10001",
    "11111 00100 00100 00100 11111", "10000 10000 10000 10000 11111", "10001 11011 10101 10001 10001",
    "10001 11001 10101 10011 10001", "01110 10001 10001 10001 01110", "11110 10001 11110 10000 10000",
    "11111 00100 00100 00100 00100", "10001 10001 10001 10001 01110", "10001 01010 00100 01010 10001",
    "11111 00010 00100 01000 11111",
)  # fmt: skip
GLYPHS = np.array([[[int(bit) for bit in row] for row in letter.split()] for letter in _LETTERS], np.uint8)
"""(n, 5, 5): A, B, C, E, F, H, I, L, M, N, O, P, T, U, X, Z, rows from the top."""


@njit(cache=True, nogil=True)
def draw_figure(rng, odds, canvas, box):
    """Put one figure, of one or two blocks and at most the size of the box, on the canvas."""
    kind = pick(rng, odds.figures)
    block, second = pick(rng, odds.furniture_blocks), pick(rng, odds.furniture_blocks)
    long = between(rng, min(4, box[0]), box[0])
    wide = between(rng, 1, max(1, min(3, box[2])))
    high = between(rng, min(3, box[1] - 1), box[1] - 1)
    x, z = canvas.shape[0] // 2 - long // 2, canvas.shape[2] // 2 - wide // 2
    if kind == _STATUE:
        _draw_statue(rng, canvas, x, z, high, block, second)
    elif kind == _LETTER:
        _draw_letter(rng, canvas, x, z, wide, high, block)
    elif kind == _TREE:
        _draw_tree(rng, canvas, x, z, high, block, second)
    elif kind == _HEAP:
        for y in range(high):
            for i in range(long - 2 * y):
                for k in range(max(wide, min(long - 1, box[2])) - 2 * y):
                    canvas[x + y + i, y + 1, z + y + k] = block if y % 2 == 0 else second
    else:
        for i in range(long):
            for k in range(wide):
                low, top = 1, high
                edge = min(i, long - 1 - i)
                if kind == _STAIRS:
                    top = 1 + min(high, i + 1)
                elif kind == _BRIDGE:
                    low = 1 + min(edge, 2)
                    top = low + 1 + (wide == 3 and k != 1)
                elif kind == _ARCH:
                    low = 1 if edge < 1 + wide // 2 else max(2, high - 1 + (edge < 2) * -1)
                elif kind == _OBELISK:
                    top = max(2, high - 2 * max(0, 2 - edge))
                elif kind == _WALL:
                    top = 1 + high // 2 + (i % 2 == 0 and wide == 1)
                fill_column(canvas, x + i, z + k, low, max(low + 1, top), block)
                if kind in (_WALL, _BRIDGE) and i % 3 == 0:
                    canvas[x + i, low, z + k] = second


@njit(cache=True, nogil=True)
def _draw_statue(rng, canvas, x, z, high, block, second):
    """Legs, body, arms and head, with the proportions drawn."""
    legs, broad = max(1, high // 3), between(rng, 2, 3)
    for side in (0, broad):
        fill_column(canvas, x + side, z, 1, 1 + legs, second)
    for i in range(broad + 1):
        fill_column(canvas, x + i, z, 1 + legs, high, block)
    reach = between(rng, 1, 2)
    for i in range(1, reach + 1):
        arm = high - 1 if chance(rng, 0.5) else high - 2
        canvas[x - i, max(1, arm), z] = second
        canvas[x + broad + i, max(1, arm), z] = second
    canvas[x + broad // 2, high, z] = second


@njit(cache=True, nogil=True)
def _draw_letter(rng, canvas, x, z, wide, high, block):
    glyph = GLYPHS[between(rng, 0, len(GLYPHS) - 1)]
    rows = min(5, high)
    for i in range(5):
        for row in range(rows):
            if glyph[row, i]:
                for k in range(wide):
                    canvas[x + i, rows - row, z + k] = block


@njit(cache=True, nogil=True)
def _draw_tree(rng, canvas, x, z, high, block, second):
    """A trunk with a rounded crown."""
    fill_column(canvas, x, z, 1, high, block)
    radius = between(rng, 1, 2)
    for i in range(-radius, radius + 1):
        for j in range(-radius, 1):
            for k in range(-radius, radius + 1):
                if i * i + j * j + k * k <= radius * radius + 1 and high + j > 1:
                    canvas[x + i, high + j, z + k] = second
