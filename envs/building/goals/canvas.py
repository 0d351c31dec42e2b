"""The drawing board of a house: the records that all stages share, and the strokes that they draw with.

A house is drawn on a canvas that is larger than the world's box, so that overhangs, porches and houses of
which the box shows only a part need no special care; the box is cut out of it at the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .footprints import LENGTH
from .transforms import Box

MARGIN = 5
"""Canvas cells around the largest plan, for overhangs, jetties, porches and paths."""
MAX_FACADES = 128


class Palette(NamedTuple):
    """The block of each part of a house."""

    wall: int
    pillar: int
    base: int
    beam: int
    floor: int
    roof: int
    gable: int
    pane: int
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
    mottle: float
    """Chance that a block of wall is of masonry."""
    rhythm: int


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


def make_site(box: Box) -> Site:
    """A site for houses up to half larger than ``box``."""
    width, height, depth = (side + side // 2 for side in box)
    width, depth = width + 2 * MARGIN, depth + 2 * MARGIN
    return Site(
        canvas=np.zeros((width, height, depth), np.uint8),
        plan=np.zeros((width, depth), np.int8),
        wider=np.zeros((width, depth), np.int8),
        facades=np.zeros((MAX_FACADES, LENGTH + 1), np.int64),
        steps=np.zeros((width, depth, 4), np.int64),
        rise=np.zeros((width, depth), np.int64),
        door=np.zeros(4, np.int64),
    )


@njit(cache=True, nogil=True)
def fill_column(canvas, x, z, low, high, block):
    """Put ``block`` into layers low .. high-1 over (x, z)."""
    for y in range(low, high):
        canvas[x, y, z] = block
