"""The drawing board of a house: the records that all stages share, and the strokes that they draw with.

Houses are drawn at their native size, up to twice that of the world's box, on a canvas with a margin for what
sticks out. What the box shows of it is settled at the end (see settle).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ...world import AIR
from ..transforms import Box
from .footprints import LENGTH

MARGIN = 5
"""Canvas cells around the largest plan, for overhangs, jetties, porches, paths and fences."""
LARGEST = 2
"""The largest native side over the box's: what is shrunk more no longer looks like a house."""
MAX_FACADES = 128


class Palette(NamedTuple):
    """The block of each part of a house."""

    wall: int
    upper: int
    """The walls of upper storeys."""
    second: int
    """What is mixed into walls, and patterns them."""
    pillar: int
    base: int
    beam: int
    floor: int
    roof: int
    eaves: int
    gable: int
    pane: int
    trim: int
    """Around windows and doors."""
    door: int
    masonry: int


class Style(NamedTuple):
    """What all parts of a house share."""

    foundation: int
    ground: int
    """Lowest layer of the walls."""
    height: int
    """Layers of a storey's walls."""
    storeys: int
    top: int
    """First layer that nothing may reach."""
    base_course: int
    """How many of the lowest layers of wall are of the base block."""
    pillars: bool
    beams: bool
    pattern: int
    """How the second block patterns the walls (see walls)."""
    period: int
    """Cells from one stripe, band or post of the pattern to the next."""
    mottle: float
    """Chance that a block of wall is of the second block."""
    rhythm: int
    wide: int
    """Cells of a window along the wall."""
    tall: int
    """Layers of a window, where there is room."""
    gap: int
    """Cells between windows, where they repeat."""
    floor_pattern: int
    """How the second block patterns floors (see interior)."""
    dressing: int
    """What frames the windows (see openings)."""


class Site(NamedTuple):
    """Where a house is built, and scratch."""

    canvas: np.ndarray
    """(X, Y, Z) uint8."""
    plan: np.ndarray
    """(X, Z) int8, the storey being built (see footprints)."""
    wider: np.ndarray
    """(X, Z) int8, the plan and a ring around it."""
    facades: np.ndarray
    """(MAX_FACADES, 7) int64."""
    steps: np.ndarray
    """(X, Z, 4) int64."""
    rise: np.ndarray
    """(X, Z) int64."""
    door: np.ndarray
    """(4,) int64: the front door's x and z and the step outward; x is -1 without one."""
    kept: np.ndarray
    """(3, longest side) int64: the planes of the canvas that the goal shows, per axis."""
    unlike: np.ndarray
    """(longest side,) int64: in how many cells a plane and the next differ."""


def make_site(box: Box) -> Site:
    """A site for houses up to `LARGEST` times as large as ``box``."""
    width, height, depth = (LARGEST * side for side in box)
    width, depth = width + 2 * MARGIN, depth + 2 * MARGIN
    longest = max(width, height, depth)
    return Site(
        canvas=np.zeros((width, height, depth), np.uint8),
        plan=np.zeros((width, depth), np.int8),
        wider=np.zeros((width, depth), np.int8),
        facades=np.zeros((MAX_FACADES, LENGTH + 1), np.int64),
        steps=np.zeros((width, depth, 4), np.int64),
        rise=np.zeros((width, depth), np.int64),
        door=np.zeros(4, np.int64),
        kept=np.zeros((3, longest), np.int64),
        unlike=np.zeros(longest, np.int64),
    )


@njit(cache=True, nogil=True)
def fill_column(canvas, x, z, low, high, block):
    """Put ``block`` into layers low .. high-1 over (x, z)."""
    for y in range(low, high):
        canvas[x, y, z] = block


@njit(cache=True, nogil=True)
def put(canvas, x, y, z, block):
    """Put ``block`` at a cell that is on the canvas and free."""
    width, height, depth = canvas.shape
    if 0 <= x < width and 0 <= y < height and 0 <= z < depth and canvas[x, y, z] == AIR:
        canvas[x, y, z] = block
