"""Random numbers inside kernels: one splitmix64 stream per game.

A stream is one uint64 in an array, so a batch of games has a batch of streams: what happens in a game depends
on its own seed alone, never on the batch or the thread it runs in. Seeds come from
`numpy.random.SeedSequence`.

Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import numpy as np
from numba import njit


def streams(seeds: np.ndarray, purpose: int = 0) -> np.ndarray:
    """(B,) uint64 streams for (B,) non-negative integer seeds; different `purpose` numbers give independent
    streams.
    """
    words = [np.random.SeedSequence((int(seed), purpose)).generate_state(1, np.uint64)[0] for seed in seeds]
    return np.array(words, np.uint64)


@njit(cache=True, nogil=True)
def uniform(stream, row):
    """The next number in [0, 1) of stream `row`."""
    stream[row] += np.uint64(0x9E3779B97F4A7C15)
    z = stream[row]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True)
def below(stream, row, n):
    """The next integer in 0..n-1 of stream `row`."""
    return min(int(uniform(stream, row) * n), n - 1)


@njit(cache=True, nogil=True)
def uniform_at(seed, i, j):
    """Number (i, j) in [0, 1) of a seed, the same whenever it is asked for; i and j below 2**31."""
    z = np.uint64(seed) + (np.uint64(i) << np.uint64(31)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z += np.uint64(j) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
