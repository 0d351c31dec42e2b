"""What the surroundings of a block look like: distributions of 3x3x3 patches, and how far two sets differ.

Statistics of whole houses miss how blocks meet: corners, sills, eaves. A patch is the 3x3x3 cells around a
block, each by its role (`ROLES`), so that it does not matter which blocks a house is of, and the whole by the
least of its 8 turns and mirror images. Sets are compared by the Jensen-Shannon divergence of their patches,
after the tile-pattern divergence of game levels (Lucas and Volz, "Tile pattern KL-divergence for analysing
and evolving game levels", GECCO 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from ...world import AIR, DIRT, NUM_BLOCKS
from ..transforms import GLASS, ground_as_air, symmetries

ROLES = ("air", "earth", "main", "glass", "other")
"""Air, unchanged ground, the house's commonest block (glass aside), glass, and all other blocks."""
_AIR, _EARTH, _MAIN, _GLASS, _OTHER = range(len(ROLES))

_IMAGES = np.stack([image.ravel() for image in symmetries(np.arange(27).reshape(3, 3, 3))]).astype(np.int64)
"""(8, 27): the cells of a patch in the order in which each image of it has them."""
SPLITS = 5


class Divergence(NamedTuple):
    """Jensen-Shannon divergences in bits: 0 the same patches equally often, 1 no patch in common."""

    generated: float
    """Between one half of the real houses and as many generated ones."""
    real: float
    """Between the two halves of the real houses: what is to be expected of sets so small."""


def patches(structures: np.ndarray, materials: bool = True) -> np.ndarray:
    """The patches around all blocks of structures ``(n, w, h, d)``, as numbers: int64, one per block.

    With ``materials=False`` all blocks are `main`, and what is left is shape.
    """
    if structures.ndim != 4:
        raise ValueError(f"structures has shape {structures.shape}; give (n, w, h, d)")
    structures = ground_as_air(structures)
    if not materials:
        structures = np.where(structures != AIR, DIRT, AIR).astype(np.uint8)
    codes = np.empty(int((structures != AIR).sum()), np.int64)
    _patches(structures, _IMAGES, codes)
    return codes


def patch_divergence(a: np.ndarray, b: np.ndarray) -> float:
    """Jensen-Shannon divergence in bits of two samples of `patches`; ValueError where one is empty.

    It falls with the size of the samples, so compare divergences of samples of one size (`divergence`).
    """
    if not len(a) or not len(b):
        raise ValueError(f"there are {len(a)} and {len(b)} patches; give 1 or more of each")
    kinds, which = np.unique(np.concatenate([a, b]), return_inverse=True)
    p = np.bincount(which[: len(a)], minlength=len(kinds)) / len(a)
    q = np.bincount(which[len(a) :], minlength=len(kinds)) / len(b)
    middle = (p + q) / 2
    return float(sum(_relative_entropy(share, middle) for share in (p, q)) / 2)


def divergence(
    real: np.ndarray,
    generated: np.ndarray,
    real_families: Sequence[str],
    seed: int = 0,
    *,
    materials: bool = True,
) -> Divergence:
    """How far the patches of generated structures are from real ones, and those from each other.

    The real houses ``(n, w, h, d)`` are halved by family; each half is held against the other and against as
    many of the generated ones ``(m, w, h, d)``. Means over `SPLITS` random halvings. ValueError where there
    are fewer than two families, or fewer generated than half of the real houses.
    """
    rng = np.random.default_rng(seed)
    of_house = np.unique(np.asarray(real_families, str), return_inverse=True)[1]
    families = int(of_house.max()) + 1 if len(of_house) else 0
    if families < 2:
        raise ValueError(f"the {len(real)} real goals are of {families} family; give 2 or more")
    real_patches, generated_patches = (
        [patches(house[None], materials) for house in houses] for houses in (real, generated)
    )
    found = []
    for _ in range(SPLITS):
        first = rng.permutation(np.arange(families) % 2 == 0)[of_house]
        # The two halves may differ in size where families do; the smaller size holds for both comparisons.
        size = int(min(first.sum(), (~first).sum()))
        if size > len(generated):
            raise ValueError(f"there are {len(generated)} generated goals; give {size} or more")
        one, other = (
            np.concatenate([real_patches[i] for i in rng.permutation(np.flatnonzero(half))[:size]])
            for half in (first, ~first)
        )
        made = np.concatenate([generated_patches[i] for i in rng.permutation(len(generated))[:size]])
        found.append((patch_divergence(one, made), patch_divergence(one, other)))
    return Divergence(*(float(mean) for mean in np.mean(found, axis=0)))


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())


@njit(cache=True, nogil=True)
def _patches(structures, images, codes):
    count = 0
    patch = np.empty(27, np.int64)
    for blocks in structures:
        width, height, depth = blocks.shape
        main = _main_block(blocks)
        for x in range(width):
            for y in range(height):
                for z in range(depth):
                    if blocks[x, y, z] == AIR:
                        continue
                    for cell in range(27):
                        i, j, k = x + cell // 9 - 1, y + cell // 3 % 3 - 1, z + cell % 3 - 1
                        patch[cell] = _role(blocks, i, j, k, main)
                    codes[count] = _least_code(patch, images)
                    count += 1


@njit(cache=True, nogil=True)
def _main_block(blocks):
    counts = np.zeros(NUM_BLOCKS, np.int64)
    for block in blocks.flat:
        if block != AIR and block != GLASS:
            counts[block] += 1
    return counts.argmax()


@njit(cache=True, nogil=True)
def _role(blocks, x, y, z, main):
    width, height, depth = blocks.shape
    inside = 0 <= x < width and 0 <= y < height and 0 <= z < depth
    block = blocks[x, y, z] if inside else AIR
    if block == AIR:
        return _EARTH if y <= 0 else _AIR
    if block == main:
        return _MAIN
    return _GLASS if block == GLASS else _OTHER


@njit(cache=True, nogil=True)
def _least_code(patch, images):
    least = -1
    for image in images:
        code = 0
        for cell in image:
            code = code * len(ROLES) + patch[cell]
        if least < 0 or code < least:
            least = code
    return least
