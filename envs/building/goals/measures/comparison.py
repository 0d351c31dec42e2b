"""Generated and real goals side by side, as sets: do they vary as much, are any copies, are any outliers?

`two_sample.py` compares house by house statistics; here is what only a set has. All figures are of as many
generated goals as there are real ones, because they depend on the number, and come with their value for real
houses among themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...world import NUM_BLOCKS
from ..identity import fingerprints
from ..source import Goals
from ..transforms import ground_as_air, structure_of
from .patches import divergence
from .similarity import nearest

COPY_IOU = 0.9
"""From this overlap on, two houses count as one with another in other dress."""
OUTLIER_SHARE = 0.05
"""The share of real houses that is called far from the others; farther ones are outliers."""


class Compared(NamedTuple):
    """One figure of a set of goals."""

    name: str
    generated: float
    real: float
    """The same for real houses; what a perfect generator is expected to reach."""
    unit: str
    text: str


def compare_sets(real: Goals, generated: Goals, seed: int = 0) -> list[Compared]:
    """How the first of the generated goals, as many as there are real ones, compare with these as a set.

    ValueError when there are fewer generated than real goals, or fewer than two real families.
    """
    n = len(real)
    if len(generated) < n:
        raise ValueError(f"there are {len(generated)} goals to compare with {n} real ones; draw {n} or more")
    people, made = structure_of(real.blocks), structure_of(generated.blocks[:n])
    patches = divergence(people, made, real.houses, seed)
    shapes = divergence(people, made, real.houses, seed, materials=False)
    to_real = nearest(made, people).iou
    real_to_real = nearest(people, people, real.houses, real.houses).iou
    houses = generated.houses[:n]
    made_to_made = nearest(made, made, houses, houses).iou
    far = float(np.quantile(real_to_real, OUTLIER_SHARE))
    return [
        Compared("shape_patches", shapes.generated, shapes.real, "bits", "divergence of 3x3x3 shapes"),
        Compared("role_patches", patches.generated, patches.real, "bits", "divergence of 3x3x3 roles"),
        Compared(
            "cell_entropy", cell_entropy(made), cell_entropy(people), "nats", "entropy of the block of a cell"
        ),
        Compared(
            "nearest_real",
            float(to_real.mean()),
            float(real_to_real.mean()),
            "",
            "overlap (IoU) with the nearest real house, of another family",
        ),
        Compared(
            "nearest_own",
            float(made_to_made.mean()),
            float(real_to_real.mean()),
            "",
            "overlap with the nearest house of the same set",
        ),
        Compared(
            "copies",
            100 * float((to_real >= COPY_IOU).mean()),
            100 * float((real_to_real >= COPY_IOU).mean()),
            "%",
            f"nearest real house overlaps by {COPY_IOU} or more",
        ),
        Compared(
            "outliers",
            100 * float((to_real < far).mean()),
            100 * float((real_to_real < far).mean()),
            "%",
            f"nearest real house is farther than for {1 - OUTLIER_SHARE:.0%} of the real ones",
        ),
        Compared(
            "distinct",
            100 * _distinct(made),
            100 * _distinct(people),
            "%",
            "different under any turn, move and paint",
        ),
    ]


def cell_entropy(structures: np.ndarray) -> float:
    """Entropy of the block of a cell over a set ``(n, w, h, d)``, mean over the cells, in nats.

    It grows with the number of structures, so compare sets of one size.
    """
    structures = ground_as_air(structures)
    shares = np.stack([(structures == block).mean(0) for block in range(NUM_BLOCKS)])
    return float(-(shares * np.log(np.where(shares > 0, shares, 1))).sum(0).mean())


def _distinct(structures: np.ndarray) -> float:
    return len(set(fingerprints(structures, materials=False))) / len(structures)
