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

from ..world import AIR, BEDROCK, NUM_BLOCKS
from .source import Goals
from .transforms import ground_as_air, symmetries, tight

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
    if blocks.size and (blocks[:, 0] == BEDROCK).all():
        blocks = blocks[1:-1, 1:-1, 1:-1]
    images = symmetries(tight(ground_as_air(blocks), keep_ground=False))
    smallest = min(_encode(image if materials else _rename(image)) for image in images)
    return hashlib.sha256(smallest).hexdigest()[:32]


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
    """Which goals of ``a`` are, as houses, also in ``b``. Takes about 0.2 ms a goal."""
    places = defaultdict(list)
    for j, goal in enumerate(b.blocks):
        places[fingerprint(goal, materials=False)].append(j)
    pairs = tuple(
        (i, j) for i, goal in enumerate(a.blocks) for j in places.get(fingerprint(goal, materials=False), ())
    )
    return Overlap(pairs, len({i for i, _ in pairs}), len({j for _, j in pairs}))


def _encode(structure: np.ndarray) -> bytes:
    return np.array(structure.shape, ">u2").tobytes() + structure.tobytes()


def _rename(structure: np.ndarray) -> np.ndarray:
    ids, first = np.unique(structure, return_index=True)
    names = np.zeros(NUM_BLOCKS, np.uint8)
    met = [b for _, b in sorted(zip(first, ids, strict=True)) if b != AIR]
    names[met] = np.arange(1, len(met) + 1)
    return names[structure]
