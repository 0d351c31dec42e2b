"""Numbers derived from seeds, so that a goal is a function of one 64-bit seed and of nothing before it.

A source whose goals are functions of seeds can be cut into batches in any way, mixed with others, and limited
to its first million goals without storing one.
"""

from __future__ import annotations

import numpy as np

_STEP = 0x9E3779B97F4A7C15


def draw_seeds(n: int, rng: np.random.Generator) -> np.ndarray:
    """``(n,)`` uint64, one step of ``rng`` each: a draw of ten is two draws of five."""
    return rng.integers(0, 2**64, n, np.uint64)


def derive(seeds: np.ndarray, stream: int) -> np.ndarray:
    """Independent seeds (n,) uint64 for purpose number ``stream``; other seeds stay other seeds.

    The numbers are those of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), started at each seed, ``stream``
    steps on.
    """
    bits = np.asarray(seeds, np.uint64) + np.uint64((stream + 1) * _STEP % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def uniforms(seeds: np.ndarray, stream: int) -> np.ndarray:
    """Floats (n,) in [0, 1), one for each seed and purpose number ``stream``."""
    return (derive(seeds, stream) >> np.uint64(11)) * 2.0**-53
