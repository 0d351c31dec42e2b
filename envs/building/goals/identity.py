"""Which goals are the same house: fingerprints, stable splits by key, and overlap of two sets of goals.

A known library of goals gives nearly all of an oracle's help, so goals of training and test must never
overlap, not even turned, mirrored, moved or recoloured.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit

from ..world import AIR, BEDROCK, DIRT, NUM_BLOCKS
from .source import Goals

Split = Literal["train", "val", "test"]

SPLIT_FRACTIONS = (0.7, 0.15, 0.15)


@dataclass(frozen=True)
class Overlap:
    """Goals of two sets that are the same house under any turn, mirror, move and renaming of materials."""

    pairs: tuple[tuple[int, int], ...]
    """All pairs (index in a, index in b), sorted."""
    in_a: int
    """How many goals of a are also in b."""
    in_b: int
    """How many goals of b are also in a."""


def fingerprint(blocks: np.ndarray, materials: bool = True) -> str:
    """32 hex digits that do not change when a house is turned about the vertical axis, mirrored or moved.

    ``blocks`` is a structure ``(w, h, d)`` or a goal ``(W, H, D)``, known by its layer of bedrock. The two
    agree, for dirt in a structure's ground layer counts as air. With ``materials=False`` a consistent
    renaming of block ids makes no difference either: ids are numbered as a scan first meets them. The
    smallest encoding among the 8 symmetries is hashed (SHA-256), so other houses have other fingerprints.
    """
    if blocks.ndim != 3:
        raise ValueError(
            f"blocks has shape {blocks.shape}; give one structure (w, h, d) or one goal (W, H, D)"
        )
    return fingerprints(blocks[None], materials)[0]


def fingerprints(blocks: np.ndarray, materials: bool = True) -> list[str]:
    """The `fingerprint` of each of ``n`` structures (n, w, h, d) or goals (n, W, H, D); about 5 us each."""
    if blocks.ndim != 4:
        raise ValueError(f"blocks has shape {blocks.shape}; give (n, w, h, d) or (n, W, H, D)")
    if blocks.size and (blocks[:, :, 0] == BEDROCK).all():
        blocks = blocks[:, 1:-1, 1:-1, 1:-1]
    blocks = np.ascontiguousarray(blocks, np.uint8)
    shapes = np.zeros((len(blocks), 3), ">u2")
    images = np.zeros((len(blocks), blocks[0].size if len(blocks) else 0), np.uint8)
    sides = np.zeros((len(blocks), 3), np.int64)
    _smallest_images(blocks, materials, sides, images)
    shapes[:] = sides
    return [
        hashlib.sha256(shape.tobytes() + image[:cells].tobytes()).hexdigest()[:32]
        for shape, image, cells in zip(shapes, images, sides.prod(1), strict=True)
    ]


def split_of(key: str, fractions: tuple[float, float, float] = SPLIT_FRACTIONS) -> Split:
    """The split that ``key`` (a house, a family, a fingerprint) belongs to, by its hash alone.

    ``fractions`` are the shares of train, val and test and sum to 1. Train and test keep their keys when they
    grow.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(
            f"fractions is {fractions}; give three shares >= 0 of train, val and test that sum to 1"
        )
    where = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    if where < fractions[0]:
        return "train"
    return "test" if where >= 1 - fractions[2] else "val"


def overlap(a: Goals, b: Goals) -> Overlap:
    """Which goals of ``a`` are, as houses, also in ``b``. Takes a second for 100,000 goals."""
    places = defaultdict(list)
    for j, print_ in enumerate(fingerprints(b.blocks, materials=False)):
        places[print_].append(j)
    pairs = tuple(
        (i, j)
        for i, print_ in enumerate(fingerprints(a.blocks, materials=False))
        for j in places.get(print_, ())
    )
    return Overlap(pairs, len({i for i, _ in pairs}), len({j for _, j in pairs}))


@njit(cache=True, nogil=True)
def _smallest_images(structures, materials, sides, images):
    """Fill ``sides`` (n, 3) and ``images`` (n, cells) with the smallest encoding of each structure."""
    for i in range(len(structures)):
        _smallest_image(structures[i], materials, sides[i], images[i])


@njit(cache=True, nogil=True)
def _smallest_image(structure, materials, sides, best):
    """The image of one structure, cropped to its blocks, that comes first among its turns and mirrors.

    Images are ordered by their shape, then cell by cell, so each is given up at the first cell that is larger
    than the best image's.
    """
    low, high = _bounds(structure)
    if high[0] == low[0]:
        sides[:] = 0
        return
    width, height, depth = high[0] - low[0], high[1] - low[1], high[2] - low[2]
    sides[0], sides[1], sides[2] = min(width, depth), height, max(width, depth)
    names = np.zeros(NUM_BLOCKS, np.uint8)
    first = True
    for image in range(8):
        swapped, flip_x, flip_z = image >= 4, image % 2 == 1, image % 4 >= 2
        if (swapped and width < depth) or (not swapped and width > depth):
            continue
        names[:] = 0
        met, cell, smaller, larger = 0, 0, first, False
        for i in range(sides[0]):
            for y in range(height):
                for k in range(sides[2]):
                    x, z = (k, i) if swapped else (i, k)
                    x = high[0] - 1 - x if flip_x else low[0] + x
                    z = high[2] - 1 - z if flip_z else low[2] + z
                    block = _block_at(structure, x, low[1] + y, z)
                    if block != AIR and not materials:
                        if names[block] == 0:
                            met += 1
                            names[block] = met
                        block = names[block]
                    if not smaller:
                        smaller = block < best[cell]
                        larger = block > best[cell]
                    if larger:
                        break
                    if smaller:
                        best[cell] = block
                    cell += 1
                if larger:
                    break
            if larger:
                break
        first = False


@njit(cache=True, nogil=True, inline="always")
def _block_at(structure, x, y, z):
    """The block, where dirt in the ground layer is air."""
    block = structure[x, y, z]
    return AIR if y == 0 and block == DIRT else block


@njit(cache=True, nogil=True)
def _bounds(structure):
    """First and one past the last cell along each axis that are not air; both 0 when all is air."""
    low = np.array(structure.shape)
    high = np.zeros(3, np.int64)
    for x in range(structure.shape[0]):
        for y in range(structure.shape[1]):
            for z in range(structure.shape[2]):
                if _block_at(structure, x, y, z) != AIR:
                    low[0], high[0] = min(low[0], x), max(high[0], x + 1)
                    low[1], high[1] = min(low[1], y), max(high[1], y + 1)
                    low[2], high[2] = min(low[2], z), max(high[2], z + 1)
    if high[0] == 0:
        low[:] = 0
    return low, high
