"""Random numbers inside kernels, so that a house is a pure function of one 64-bit seed.

The generator is splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014). ``rng`` is an array of one uint64, the state, which every draw advances.
"""

from __future__ import annotations

from math import cos, exp, log, pi, sqrt

import numpy as np
from numba import njit

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit(cache=True, nogil=True)
def uniform(rng):
    """A float in [0, 1)."""
    rng[0] += _STEP
    bits = rng[0]
    bits = (bits ^ (bits >> _30)) * _MIX_1
    bits = (bits ^ (bits >> _27)) * _MIX_2
    return ((bits ^ (bits >> _31)) >> _11) * 2.0**-53


@njit(cache=True, nogil=True)
def chance(rng, probability):
    """True with this probability."""
    return uniform(rng) < probability


@njit(cache=True, nogil=True)
def between(rng, low, high):
    """An integer in low..high, or ``low`` where that is empty."""
    return low + int(uniform(rng) * (high - low + 1)) if high > low else low


@njit(cache=True, nogil=True)
def pick(rng, cumulative):
    """An index, drawn by the cumulative probabilities of all indices."""
    where = uniform(rng)
    index = 0
    while index < len(cumulative) - 1 and where >= cumulative[index]:
        index += 1
    return index


@njit(cache=True, nogil=True)
def normal(rng):
    """A standard normal number (Box and Muller 1958)."""
    radius = sqrt(-2.0 * log(1.0 - uniform(rng)))
    return radius * cos(2.0 * pi * uniform(rng))


@njit(cache=True, nogil=True)
def around(rng, median_and_deviation):
    """A positive number, lognormal: its median, and the deviation of its logarithm."""
    return median_and_deviation[0] * exp(median_and_deviation[1] * normal(rng))
