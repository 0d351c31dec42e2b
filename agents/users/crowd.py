"""Many builders with many goals, as tables for vector units; and public states as rows of bits.

The forecast of a search (`forecast`) asks of one public state what K *particles*, a goal and a builder type
each, would do there. Here is what it reads: the builder types' weights as products of tables, for they depend
on heights and distances alone; the goals of all particles side by side for each cell; and in each state one
bit per cell for what is solid, and for what some particle wants changed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.building.state import State, touched_by
from envs.building.world import AIR, ASSISTANT, BEDROCK, USER, Size
from envs.kernels import inlined, kernel

from .scene import DRIFT_WITHIN, FOLLOW_WITHIN
from .traits import (
    BESIDE,
    CLEAR,
    COMFORT,
    DRIFT,
    FACE,
    FOLLOW,
    HEIGHT,
    LINE,
    LOCALITY,
    MATERIAL,
    OUTLINE,
    PERSIST,
    RATIONALITY,
    REFILL,
    REPAIR,
    STAY,
    TOUCH,
    WALK,
)

BLOCK, ON_OUTLINE = np.uint8(0x7F), np.uint8(0x80)
"""Bits of a particle's cell: the goal's block; that the cell is on the goal's outline."""
_DE_BRUIJN = 0x077CB531
_LOWEST = np.zeros(32, np.uint8)
_LOWEST[[(_DE_BRUIJN << i & 0xFFFFFFFF) >> 27 for i in range(32)]] = np.arange(32)


class Habits(NamedTuple):
    """Builder types (T) as tables: a target's weight is the product of one entry of each."""

    traits: np.ndarray
    """(T, NUM_TRAITS) float64."""
    bonus: np.ndarray
    """(T,) float32 for targets on the outline."""
    favour: np.ndarray
    """(T,) float32 for placing the block that was placed last."""
    height: np.ndarray
    """(H, T) float32 by y."""
    local: np.ndarray
    """(W + 1, H, D, T) float32 by the offset from the own last edit, without signs; 1 at (W, 0, 0)."""
    follow: np.ndarray
    """(S, T) float32 by the Chebyshev distance from the assistant's last edit."""
    walk: np.ndarray
    """(W, 2 H, D, T) float32 by the cell's offset from the feet: abs(dx), dy + H, abs(dz)."""
    sort: np.ndarray
    """(3, 6, T) float32 by what the own last edit left (none, air, a block) and by who changed the cell last
    (`touched_by`), plus 3 for a block.
    """
    line: np.ndarray
    """(T,) float32 for the cell that continues the line."""
    beside: np.ndarray
    """(7, T) float32 by the number of neighbouring blocks of the user's."""
    stay: np.ndarray
    """(T,) float32 for cells at hand."""


class Crowd(NamedTuple):
    """The particles of G games, in the order of their types."""

    goals: np.ndarray
    """(G, N, K) uint8 goal block, and ON_OUTLINE."""
    blocks: np.ndarray
    """(G, N) uint16 set of the goals' blocks as bits."""
    ends: np.ndarray
    """(G, T) int64 end of each type's particles."""


class Worlds(NamedTuple):
    """Public states (S slots), with what is derived from them as rows of bits along z."""

    states: State
    solid: np.ndarray
    """(S, W * H) uint32: cells that are not air."""
    own: np.ndarray
    """(S, W * H) uint32: blocks that the user placed."""
    open_: np.ndarray
    """(S, W * H) uint32: cells in which some particle of the game wants another block."""
    version: np.ndarray
    """(S,) int64, raised whenever a slot is written."""
    place: np.ndarray
    """(N, 3) int16 coordinates of the cells."""


def new_habits(size: Size, traits: np.ndarray) -> Habits:
    """Tables of builder types (T, NUM_TRAITS) in worlds of this size."""
    w, h, d = size
    beta = traits[:, RATIONALITY]
    steps = np.arange(max(size))[:, None]
    dx, dy, dz = np.meshgrid(np.arange(w), np.arange(-h, h), np.arange(d), indexing="ij")
    away = np.sqrt(dx**2 + (dy - 1.1) ** 2 + dz**2)[..., None]

    def table(score: np.ndarray) -> np.ndarray:
        return np.exp(beta * score).astype(np.float32)

    beyond = np.maximum(0, steps - 1)
    favour = table(traits[:, MATERIAL])
    return Habits(
        np.ascontiguousarray(traits, np.float64),
        table(traits[:, OUTLINE]),
        favour,
        table(-traits[:, HEIGHT] * np.arange(h)[:, None]),
        table(_near_last(size, traits)),
        table(-traits[:, FOLLOW] * np.minimum(FOLLOW_WITHIN, beyond)),
        table(-traits[:, WALK] * np.maximum(0.0, away - traits[:, COMFORT])),
        table(_of_sort(traits)),
        table(traits[:, LINE]),
        table(traits[:, BESIDE] * np.arange(7)[:, None]),
        table(traits[:, STAY]),
    )


def _near_last(size: Size, traits: np.ndarray) -> np.ndarray:
    """(W + 1, H, D, T) scores by the offset from the own last edit."""
    offset = np.indices(size)
    away, gap = offset.max(axis=0)[..., None], offset.sum(axis=0)[..., None]
    score = np.zeros((size[0] + 1, *size[1:], len(traits)))
    score[:-1] = (
        -traits[:, LOCALITY] * np.maximum(0, away - 1)
        - traits[:, DRIFT] * np.minimum(DRIFT_WITHIN, gap)
        + traits[:, TOUCH] * (away <= 1)
        + traits[:, FACE] * (gap == 1)
    )
    return score


def _of_sort(traits: np.ndarray) -> np.ndarray:
    """(3, 6, T) scores of `Habits.sort`."""
    left, by, block = np.arange(3)[:, None, None, None], np.arange(3)[:, None], np.arange(2)[:, None, None]
    score = (
        traits[:, REPAIR] * (by == 1 + ASSISTANT)
        + traits[:, CLEAR] * (block == 1)
        + traits[:, REFILL] * ((block == 0) & (by == 1 + USER))
        + traits[:, PERSIST] * (left == 2 - block)
    )
    return np.broadcast_to(score, (3, 2, 3, len(traits))).reshape(3, 6, -1)


def new_crowd(games: int, cells: int, particles: int, types: int) -> Crowd:
    """Room for the particles of G games."""
    return Crowd(
        np.zeros((games, cells, particles), np.uint8),
        np.zeros((games, cells), np.uint16),
        np.zeros((games, types), np.int64),
    )


def fill_crowd(crowd: Crowd, game: int, goals: np.ndarray, outlines: np.ndarray, types: np.ndarray) -> None:
    """Set the particles of one game: goals and outlines (K, N), builder types (K,)."""
    order = np.argsort(types, kind="stable")
    marked = goals[order] | (outlines[order].astype(np.uint8) * ON_OUTLINE)
    crowd.goals[game] = marked.T
    crowd.ends[game] = np.searchsorted(types[order], np.arange(crowd.ends.shape[1]), side="right")
    _collect(crowd.goals[game], crowd.blocks[game])


def new_worlds(states: State, size: Size) -> Worlds:
    """Derived rows, still empty, beside the states of S slots."""
    slots, cells = states.blocks.shape
    rows = np.zeros((3, slots, size[0] * size[1]), np.uint32)
    place = np.stack(np.unravel_index(np.arange(cells), size), axis=1).astype(np.int16)
    return Worlds(states, rows[0], rows[1], rows[2], np.zeros(slots, np.int64), place)


@kernel
def derive(worlds, crowd, height, game, slot):
    """Fill the rows of one slot from its blocks."""
    blocks = worlds.states.blocks[slot]
    for i in range(worlds.solid.shape[1]):
        worlds.solid[slot, i] = 0
        worlds.own[slot, i] = 0
        worlds.open_[slot, i] = 0
    for c in range(blocks.shape[0]):
        derive_cell(worlds, crowd, height, game, slot, c)
    worlds.version[slot] += 1


@inlined
def derive_cell(worlds, crowd, height, game, slot, c):
    """Bring the rows of one slot up to date with the block of one cell."""
    block = worlds.states.blocks[slot, c]
    i, bit = np.int64(worlds.place[c, 0]) * height + worlds.place[c, 1], np.uint32(1 << worlds.place[c, 2])
    if block == AIR:
        worlds.solid[slot, i] &= ~bit
    else:
        worlds.solid[slot, i] |= bit
    if block != AIR and touched_by(worlds.states.touched[slot, c]) == 1 + USER:
        worlds.own[slot, i] |= bit
    else:
        worlds.own[slot, i] &= ~bit
    if block == BEDROCK or crowd.blocks[game, c] == 1 << block:
        worlds.open_[slot, i] &= ~bit
    else:
        worlds.open_[slot, i] |= bit


@inlined
def exposed(solid, i, x, y, w, h, d):
    """Bits of row i = (x, y) that are air beside a block or a block beside air, from rows (W * H,)."""
    row = solid[i]
    bits = (row ^ (row >> 1)) & np.uint32((1 << (d - 1)) - 1)
    bits |= (row ^ (row << 1)) & np.uint32((1 << d) - 2)
    if x > 0:
        bits |= row ^ solid[i - h]
    if x < w - 1:
        bits |= row ^ solid[i + h]
    if y > 0:
        bits |= row ^ solid[i - 1]
    if y < h - 1:
        bits |= row ^ solid[i + 1]
    return np.uint32(bits)


@inlined
def set_around(bits, x, y, z, w, h, d):
    """Number of neighbours of a cell that are set in rows of bits (W * H,)."""
    i, one = x * h + y, np.uint32(1)
    count = np.int64(bits[i] >> (z + 1) & one)
    if z > 0:
        count += np.int64(bits[i] >> (z - 1) & one)
    if x > 0:
        count += np.int64(bits[i - h] >> z & one)
    if x < w - 1:
        count += np.int64(bits[i + h] >> z & one)
    if y > 0:
        count += np.int64(bits[i - 1] >> z & one)
    if y < h - 1:
        count += np.int64(bits[i + 1] >> z & one)
    return count


@inlined
def lowest(bits):
    """Index of the lowest set bit, by a de Bruijn sequence."""
    return np.int64(
        _LOWEST[np.uint32((bits & (~bits + np.uint32(1))) * np.uint32(_DE_BRUIJN)) >> np.uint32(27)]
    )


@inlined
def coordinates(worlds, cell):
    """(x, y, z) of a cell, x = -1 for none."""
    if cell < 0:
        return np.int64(-1), np.int64(0), np.int64(0)
    return np.int64(worlds.place[cell, 0]), np.int64(worlds.place[cell, 1]), np.int64(worlds.place[cell, 2])


@kernel
def _collect(goals, blocks):
    """Sets of blocks (N,) that occur among goals (N, K) in each cell."""
    for c in range(goals.shape[0]):
        bits = np.uint16(0)
        for k in range(goals.shape[1]):
            bits |= np.uint16(1) << np.uint16(goals[c, k] & BLOCK)
        blocks[c] = bits
