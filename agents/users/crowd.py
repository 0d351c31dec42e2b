"""Many builders with many goals, as tables for vector units; and public states as rows of bits.

The forecast of a search (`forecast`) asks of one public state what K *particles*, a goal and a builder type
each, would do there. Here is what it reads: the builder types' weights as products of tables, for they depend
on heights and distances alone; the goals of all particles side by side for each cell; and in each state one
bit per cell for what is solid, and for what some particle wants changed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.building.state import State
from envs.building.world import AIR, BEDROCK, Size
from envs.kernels import inlined, kernel

from .traits import COMFORT, FOLLOW, HEIGHT, LOCALITY, OUTLINE, RATIONALITY, REPAIR, WALK

BLOCK, ON_OUTLINE = np.uint8(0x7F), np.uint8(0x80)
"""Bits of a particle's cell: the goal's block; that the cell is on the goal's outline."""
_FOLLOW_WITHIN = 4
_DE_BRUIJN = 0x077CB531
_LOWEST = np.zeros(32, np.uint8)
_LOWEST[[(_DE_BRUIJN << i & 0xFFFFFFFF) >> 27 for i in range(32)]] = np.arange(32)


class Habits(NamedTuple):
    """Builder types (T) as tables: a target's weight is the product of one entry of each."""

    traits: np.ndarray
    """(T, 11) float64."""
    bonus: np.ndarray
    """(T,) float32 for targets on the outline."""
    height: np.ndarray
    """(H, T) float32 by y."""
    local: np.ndarray
    """(S, T) float32 by the Chebyshev distance from the own last edit; 0 also without one."""
    follow: np.ndarray
    """(S, T) float32 by the Chebyshev distance from the assistant's last edit."""
    walk: np.ndarray
    """(W, 2 H, D, T) float32 by the cell's offset from the feet: abs(dx), dy + H, abs(dz)."""
    repair: np.ndarray
    """(2, T) float32: for all cells, for those the assistant changed last."""


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
    open_: np.ndarray
    """(S, W * H) uint32: cells in which some particle of the game wants another block."""
    version: np.ndarray
    """(S,) int64, raised whenever a slot is written."""
    place: np.ndarray
    """(N, 3) int16 coordinates of the cells."""


def new_habits(size: Size, traits: np.ndarray) -> Habits:
    """Tables of builder types (T, 11) in worlds of this size."""
    w, h, d = size
    beta = traits[:, RATIONALITY]
    steps = np.arange(max(size))[:, None]
    dx, dy, dz = np.meshgrid(np.arange(w), np.arange(-h, h), np.arange(d), indexing="ij")
    away = np.sqrt(dx**2 + (dy - 1.1) ** 2 + dz**2)[..., None]

    def table(score: np.ndarray) -> np.ndarray:
        return np.exp(beta * score).astype(np.float32)

    beyond = np.maximum(0, steps - 1)
    return Habits(
        np.ascontiguousarray(traits, np.float64),
        table(traits[:, OUTLINE]),
        table(-traits[:, HEIGHT] * np.arange(h)[:, None]),
        table(-traits[:, LOCALITY] * beyond),
        table(-traits[:, FOLLOW] * np.minimum(_FOLLOW_WITHIN, beyond)),
        table(-traits[:, WALK] * np.maximum(0.0, away - traits[:, COMFORT])),
        table(traits[:, REPAIR] * np.arange(2)[:, None]),
    )


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
    rows = np.zeros((2, slots, size[0] * size[1]), np.uint32)
    place = np.stack(np.unravel_index(np.arange(cells), size), axis=1).astype(np.int16)
    return Worlds(states, rows[0], rows[1], np.zeros(slots, np.int64), place)


@kernel
def derive(worlds, crowd, height, game, slot):
    """Fill the rows of one slot from its blocks."""
    blocks = worlds.states.blocks[slot]
    for i in range(worlds.solid.shape[1]):
        worlds.solid[slot, i] = 0
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
