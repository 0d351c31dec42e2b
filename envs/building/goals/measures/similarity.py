"""Which goal of one set is nearest to each goal of another: near copies, outliers, variety.

Two houses are laid over each other in all 8 turns and mirror images, middle on middle and shifted by up to a
cell in every direction, and the image with most cells in common counts. Cells are bits, 64 to a word, so that
one overlay is a few machine instructions. `identity.py` finds exact copies of any position faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from ...world import AIR, NUM_BLOCKS
from ..transforms import ground_as_air, symmetries, tight

SHIFT = 1
"""Cells by which an image is moved against the other house, at most, along each axis."""


class Nearest(NamedTuple):
    """The nearest goal of another set, for each goal of a set."""

    goal: np.ndarray
    """(n,) int64: which goal of the other set; -1 where there is none to compare with."""
    iou: np.ndarray
    """(n,) float64: common cells over cells in either, whatever the blocks; 0 where there is none."""
    agreement: np.ndarray
    """(n,) float64: the same of the cells with one block in both, after the renaming of blocks and under the
    overlay that fits best, of those with most cells in common."""


def nearest(
    a: np.ndarray,
    b: np.ndarray,
    a_families: Sequence[str] | None = None,
    b_families: Sequence[str] | None = None,
) -> Nearest:
    """The goal of ``b`` that overlaps most with each goal of ``a``; the first of equals.

    Takes about a microsecond for each pair of structures in a box of 9x8x8.

    Args:
        a, b: structures ``(n, w, h, d)`` and ``(m, w, h, d)``; the boxes may differ.
        a_families, b_families: goals of one family are not compared, as a set with itself needs it.

    Raises:
        ValueError: other shapes, or families for one set only.
    """
    for name, structures in (("a", a), ("b", b)):
        if structures.ndim != 4:
            raise ValueError(f"{name} has shape {structures.shape}; give (n, w, h, d)")
    if (a_families is None) != (b_families is None):
        raise ValueError("families are given for one set only; give them for both, or for none")
    groups_a, groups_b = _groups(a_families or (), b_families or (), len(a), len(b))
    sides = np.array([a.shape[1:], b.shape[1:]]).max(0)
    side, height = int(max(sides[0], sides[2])), int(sides[1])
    grid = (side + 2 * SHIFT, height + 2 * SHIFT, side + 2 * SHIFT)
    boards = np.zeros((len(b), -(-np.prod(grid) // 64)), np.uint64)
    centred_b = [_centred(tight(ground_as_air(house), keep_ground=False), grid) for house in b]
    for board, house in zip(boards, centred_b, strict=True):
        _set_bits(house, 0, 0, 0, board)
    counts = np.array([(house != AIR).sum() for house in centred_b], np.int64)
    found = Nearest(np.full(len(a), -1), np.zeros(len(a)), np.zeros(len(a)))
    for i, house in enumerate(a):
        house = tight(ground_as_air(house), keep_ground=False)
        images = np.stack([_centred(image, grid) for image in symmetries(house)])
        j, common = _search(images, boards, counts, groups_b, groups_a[i])
        if j < 0:
            continue
        either = max(1, int((house != AIR).sum() + counts[j] - common))
        found.goal[i] = j
        found.iou[i] = common / either
        found.agreement[i] = _agreeing(images, centred_b[j], common) / either
    return found


def _groups(a: Sequence[str], b: Sequence[str], count_a: int, count_b: int) -> tuple[np.ndarray, np.ndarray]:
    """Families as numbers; without any all of a differ from all of b."""
    if not a and not b:
        return np.full(count_a, -1), np.arange(count_b)
    if len(a) != count_a or len(b) != count_b:
        raise ValueError(
            f"{len(a)} and {len(b)} families for {count_a} and {count_b} goals; give one per goal"
        )
    numbers = np.unique(np.array([*a, *b], str), return_inverse=True)[1]
    return numbers[:count_a], numbers[count_a:]


def _centred(house: np.ndarray, grid: tuple[int, int, int]) -> np.ndarray:
    """The house in the middle of a grid, its lowest layer `SHIFT` above the grid's."""
    placed = np.zeros(grid, np.uint8)
    x, z = ((grid[axis] - house.shape[axis]) // 2 for axis in (0, 2))
    placed[x : x + house.shape[0], SHIFT : SHIFT + house.shape[1], z : z + house.shape[2]] = house
    return placed


@njit(cache=True, nogil=True)
def _overlay(k):
    """The number of the image in overlay ``k``, and by how many cells it is moved along x, y and z."""
    side = 2 * SHIFT + 1
    shift = k % side**3
    return k // side**3, shift // side**2 - SHIFT, shift // side % side - SHIFT, shift % side - SHIFT


@njit(cache=True, nogil=True)
def _set_bits(house, dx, dy, dz, board):
    """Set the bits of the cells of a house that is moved by (dx, dy, dz); they stay inside the grid."""
    width, height, depth = house.shape
    board[:] = 0
    for x in range(width):
        for y in range(height):
            for z in range(depth):
                if house[x, y, z] != AIR:
                    cell = ((x + dx) * height + y + dy) * depth + z + dz
                    board[cell >> 6] |= np.uint64(1) << np.uint64(cell & 63)


@njit(cache=True, nogil=True, inline="always")
def _bits(word):
    """How many bits of a uint64 are set (Warren, "Hacker's Delight", 2nd edition, section 5-1)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def _search(images, boards, counts, groups, group):
    """The board with the highest IoU to any shifted image, -1 without any, and the cells in common."""
    cells = (images[0] != AIR).sum()
    shifted = np.empty((len(images) * (2 * SHIFT + 1) ** 3, boards.shape[1]), np.uint64)
    for k in range(len(shifted)):
        image, dx, dy, dz = _overlay(k)
        _set_bits(images[image], dx, dy, dz, shifted[k])
    best, best_common, best_iou = -1, 0, -1.0
    for j in range(len(boards)):
        # No overlay has a higher IoU than one in which the smaller house lies wholly inside the larger.
        bound = min(cells, counts[j]) / max(1, max(cells, counts[j]))
        if groups[j] == group or bound <= best_iou:
            continue
        for k in range(len(shifted)):
            common = 0
            for word in range(boards.shape[1]):
                common += _bits(shifted[k, word] & boards[j, word])
            iou = common / max(1, cells + counts[j] - common)
            if iou > best_iou:
                best, best_common, best_iou = j, common, iou
    return best, best_common


@njit(cache=True, nogil=True)
def _agreeing(images, house, common):
    """Cells of one block in both, at most, over all shifted images with ``common`` cells in both.

    Blocks are paired off greedily, the most frequent pair first.
    """
    width, height, depth = house.shape
    together = np.zeros((NUM_BLOCKS, NUM_BLOCKS), np.int64)
    best = 0
    for k in range(len(images) * (2 * SHIFT + 1) ** 3):
        image, dx, dy, dz = _overlay(k)
        together[:] = 0
        for x in range(SHIFT, width - SHIFT):
            for y in range(SHIFT, height - SHIFT):
                for z in range(SHIFT, depth - SHIFT):
                    block = images[image, x, y, z]
                    other = house[x + dx, y + dy, z + dz]
                    if block != AIR and other != AIR:
                        together[block, other] += 1
        if together.sum() < common:
            continue
        agreed = 0
        for _ in range(NUM_BLOCKS):
            row, column = together.argmax() // NUM_BLOCKS, together.argmax() % NUM_BLOCKS
            agreed += together[row, column]
            together[row] = 0
            together[:, column] = 0
        best = max(best, agreed)
    return best
