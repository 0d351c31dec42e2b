"""Changes of shape: parts of one piece on another, storeys, annexes, courtyards, wings, symmetry.

Each function changes a piece in place so that it still fits ``room`` (3,), and leaves it alone where it is
too small for the change.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...world import AIR, NUM_BLOCKS
from ..generator.draws import between, chance
from .pieces import delete_planes, extent, repeat_planes, thin_at_random

DENSE = 0.6
"""A layer with this share of the fullest layer's blocks is a floor, and starts a storey."""
_MAX_LEVELS = 64


@njit(cache=True, nogil=True)
def storey_levels(piece):
    """The layers at which storeys and the roof start, and the height at the end: (n,) int64, from 0 on."""
    width, height, depth = extent(piece)
    blocks = np.zeros(height, np.int64)
    for y in range(height):
        for x in range(width):
            for z in range(depth):
                blocks[y] += piece.cells[x, y, z] != AIR
    levels = np.zeros(_MAX_LEVELS, np.int64)
    count = 1
    for y in range(2, height - 1):
        # A thick floor starts with its lowest layer, and a storey has at least two.
        if blocks[y] >= DENSE * blocks.max() and y >= levels[count - 1] + 2 and count < _MAX_LEVELS - 1:
            levels[count] = y
            count += 1
    levels[count] = height
    return levels[: count + 1]


@njit(cache=True, nogil=True)
def graft(rng, piece, donor, room):
    """Replace the ground floor, a storey or the roof of ``piece`` by one of ``donor``, fitted in."""
    low, high = _draw_storey(rng, piece)
    donor_low, donor_high = _like_storey(rng, donor, low == 0, high == piece.sides[1])
    count = min(donor_high - donor_low, room[1] - (piece.sides[1] - (high - low)))
    if count < 1 or high <= low:
        return
    grown = count - (high - low)
    if grown > 0:
        _open_layers(piece, high, grown)
    elif grown < 0:
        delete_planes(piece, 1, high + grown, -grown)
    for x in range(piece.sides[0]):
        for z in range(piece.sides[2]):
            # The donor's planes are repeated or left out evenly.
            i = (2 * x + 1) * donor.sides[0] // (2 * piece.sides[0])
            k = (2 * z + 1) * donor.sides[2] // (2 * piece.sides[2])
            for y in range(count):
                piece.cells[x, low + y, z] = donor.cells[i, donor_low + y, k]


@njit(cache=True, nogil=True)
def _draw_storey(rng, piece):
    """First layer and end of a storey; of a piece with only one, its lower or upper part."""
    levels = storey_levels(piece)
    if len(levels) > 2:
        i = between(rng, 0, len(levels) - 2)
        return levels[i], levels[i + 1]
    cut = between(rng, 2, piece.sides[1] - 1)
    return (0, cut) if chance(rng, 0.3) else (cut, piece.sides[1])


@njit(cache=True, nogil=True)
def _like_storey(rng, piece, lowest, highest):
    """First layer and end of a storey that is the lowest, the highest or between, as the other is."""
    levels = storey_levels(piece)
    if len(levels) == 2:
        cut = between(rng, 2, piece.sides[1] - 1)
        return (0, min(cut, piece.sides[1])) if lowest else (min(cut, piece.sides[1] - 1), piece.sides[1])
    if highest:
        return levels[-2], levels[-1]
    if lowest:
        return levels[0], levels[1]
    i = between(rng, min(1, len(levels) - 3), len(levels) - 3)
    return levels[i], levels[i + 1]


@njit(cache=True, nogil=True)
def _open_layers(piece, at, count):
    """Move the layers from ``at`` on up by ``count``; what lies between is to be filled."""
    piece.sides[1] += count
    for x in range(piece.sides[0]):
        for z in range(piece.sides[2]):
            for y in range(piece.sides[1] - 1, at + count - 1, -1):
                piece.cells[x, y, z] = piece.cells[x, y - count, z]


@njit(cache=True, nogil=True)
def change_storeys(rng, piece, room):
    """Repeat a storey where there is room, or remove one above the lowest."""
    levels = storey_levels(piece)
    i = between(rng, 0, len(levels) - 2)
    low, high = levels[i], levels[i + 1]
    if i == 0:
        low = min(1, high - 1)  # a foundation is not repeated
    if chance(rng, 0.6):
        if high - low <= room[1] - piece.sides[1] and high < piece.sides[1]:
            repeat_planes(piece, 1, high, high - low)
    elif i > 0 and piece.sides[1] - (high - low) >= 3:
        delete_planes(piece, 1, low, high - low)


@njit(cache=True, nogil=True)
def change_planes(rng, piece, room, most):
    """Delete or repeat 1 .. ``most`` planes between the outer ones; sides stay 3 or more."""
    for _ in range(between(rng, 1, most)):
        axis = between(rng, 0, 2)
        side = piece.sides[axis]
        if chance(rng, 0.5):
            thin_at_random(rng, piece, axis, max(3, side - 1))
        elif 3 <= side < room[axis]:
            repeat_planes(piece, axis, between(rng, 2, side - 1), 1)  # outer faces are not doubled


@njit(cache=True, nogil=True)
def crop(rng, piece, least):
    """Cut away planes at the outside, of each side at most down to the share ``least`` of it."""
    for axis in (0, 2):
        kept = between(rng, max(2, int(least * piece.sides[axis])), piece.sides[axis])
        gone = piece.sides[axis] - kept
        below = between(rng, 0, gone)
        delete_planes(piece, axis, 0, below)
        delete_planes(piece, axis, kept, gone - below)


@njit(cache=True, nogil=True)
def mirror_half(piece, axis):
    """Make the upper half along ``axis`` (0 or 2) the mirror image of the lower."""
    width, height, depth = extent(piece)
    for x in range(width):
        for z in range(depth):
            i = width - 1 - x if axis == 0 and 2 * x >= width else x
            k = depth - 1 - z if axis == 2 and 2 * z >= depth else z
            for y in range(height):
                piece.cells[x, y, z] = piece.cells[i, y, k]


@njit(cache=True, nogil=True)
def add_annex(rng, piece, annex, room):
    """Build ``annex`` against the far side along x, with a shared wall; the piece is thinned to make room."""
    most = min(annex.sides[0], room[0] - 2)
    thin_at_random(rng, annex, 0, most)
    thin_at_random(rng, annex, 1, max(2, piece.sides[1] - between(rng, 0, 2)))
    thin_at_random(rng, piece, 0, room[0] - annex.sides[0] + 1)
    old = extent(piece)
    piece.sides[0] = old[0] + annex.sides[0] - 1
    piece.sides[1] = max(old[1], annex.sides[1])
    piece.sides[2] = max(old[2], annex.sides[2])
    shift = between(rng, 0, piece.sides[2] - annex.sides[2])
    for x in range(piece.sides[0]):
        for y in range(piece.sides[1]):
            for z in range(piece.sides[2]):
                own = x < old[0] and y < old[1] and z < old[2]
                block = piece.cells[x, y, z] if own else AIR
                i, k = x - old[0] + 1, z - shift
                if block == AIR and i >= 0 and 0 <= k < annex.sides[2] and y < annex.sides[1]:
                    block = annex.cells[i, y, k]
                piece.cells[x, y, z] = block


@njit(cache=True, nogil=True)
def carve(rng, piece):
    """Take a corner or a courtyard out of the piece, mostly down to the ground, and wall up the cut."""
    width, height, depth = extent(piece)
    corner = chance(rng, 0.6)
    border = 0 if corner else 2
    if width < 5 or depth < 5 or height < 3:
        return
    cut_x = between(rng, 2, width // 2) if corner else between(rng, 1, width - 2 * border)
    cut_z = between(rng, 2, depth // 2) if corner else between(rng, 1, depth - 2 * border)
    low_x = border if corner else between(rng, border, width - border - cut_x)
    low_z = border if corner else between(rng, border, depth - border - cut_z)
    wall = commonest(piece, 1, max(2, height // 2 + 1))
    ground = 0 if chance(rng, 0.5) else 1
    for x in range(low_x, low_x + cut_x):
        for z in range(low_z, low_z + cut_z):
            for y in range(ground, height):
                piece.cells[x, y, z] = AIR
    for x in range(max(0, low_x - 1), min(width, low_x + cut_x + 1)):
        for z in range(max(0, low_z - 1), min(depth, low_z + cut_z + 1)):
            if x < low_x or x >= low_x + cut_x or z < low_z or z >= low_z + cut_z:
                _wall_up(piece, x, z, 1, wall)


@njit(cache=True, nogil=True)
def lower_wing(rng, piece):
    """Take the upper storeys off one end along x and wall up the cut: symmetry is broken."""
    width, height, _ = extent(piece)
    levels = storey_levels(piece)
    if width < 5 or height < 4:
        return
    roof = levels[between(rng, 1, len(levels) - 2)] if len(levels) > 2 else between(rng, 2, height - 2)
    cut = between(rng, 2, width - 2)
    wall = commonest(piece, 1, max(2, height // 2 + 1))
    for z in range(piece.sides[2]):
        for x in range(cut, width):
            for y in range(roof + 1, height):
                piece.cells[x, y, z] = AIR
        _wall_up(piece, cut - 1, z, roof + 1, wall)


@njit(cache=True, nogil=True)
def _wall_up(piece, x, z, low, block):
    """Fill the air of a column between layer ``low`` and its highest block."""
    top = piece.sides[1] - 1
    while top >= low and piece.cells[x, top, z] == AIR:
        top -= 1
    for y in range(low, top):
        if piece.cells[x, y, z] == AIR:
            piece.cells[x, y, z] = block


@njit(cache=True, nogil=True)
def commonest(piece, low, high):
    """The commonest block of layers low .. high-1 (of all, where these are empty)."""
    counts = np.zeros(NUM_BLOCKS, np.int64)
    for x in range(piece.sides[0]):
        for y in range(piece.sides[1]):
            for z in range(piece.sides[2]):
                counts[piece.cells[x, y, z]] += 1000 if low <= y < high else 1
    counts[AIR] = 0
    return counts.argmax()
