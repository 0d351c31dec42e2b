"""The state of a batch of worlds: what everybody sees, and what only the user knows.

`State` is public. Planners and assistants get it and nothing else. `Latent` holds the goal and what is
derived from it. Both are tuples of arrays with a leading batch axis, so kernels take them whole and a batch
is cloned by copying arrays. One default world is 3.4 KB of public state.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numba import njit

from ..kernels import inlined
from .config import BuildingConfig
from .world import AIR, PLAYERS, start_blocks

SLOTS, STACK = 36, 64
"""Inventory slots of a player, and the most blocks one slot holds."""
PALETTE_Y = 2


class State(NamedTuple):
    """Public state of B worlds of N cells."""

    blocks: np.ndarray
    """(B, N) uint8 block ids."""
    touched: np.ndarray
    """(B, N) int16: 0 where nobody changed the cell, else 1 + 2 * step + player of the last change."""
    feet: np.ndarray
    """(B, 2, 3) int8 feet cells."""
    last_edit: np.ndarray
    """(B, 2) int16 cell of each player's last place or break that took effect, -1 before the first."""
    inventory: np.ndarray
    """(B, 2, 36, 2) uint8 block id and count per slot; (B, 2, 0, 2) with unlimited blocks."""
    previous: np.ndarray
    """(B, 2, 3) int16 last joint action (kind, cell, block) as it took effect; zeros for what could not be
    done.
    """
    clock: np.ndarray
    """(B,) int32 steps done."""


class Latent(NamedTuple):
    """What only the user knows, for B worlds of N cells."""

    goal: np.ndarray
    """(B, N) uint8 the world the user wants."""
    similarity: np.ndarray
    """(B,) float64 sum of cell similarities now."""
    start: np.ndarray
    """(B,) float64 the same at the start."""
    best: np.ndarray
    """(B,) float64 its maximum so far."""
    best_clock: np.ndarray
    """(B,) int32 steps done when the maximum was reached."""


def empty_state(config: BuildingConfig, batch: int) -> State:
    """Zeroed public state of `batch` worlds."""
    slots = SLOTS if config.blocks == "inventory" else 0
    return State(
        np.zeros((batch, config.cells), np.uint8),
        np.zeros((batch, config.cells), np.int16),
        np.zeros((batch, 2, 3), np.int8),
        np.full((batch, 2), -1, np.int16),
        np.zeros((batch, 2, slots, 2), np.uint8),
        np.zeros((batch, 2, 3), np.int16),
        np.zeros(batch, np.int32),
    )


def empty_latent(config: BuildingConfig, batch: int) -> Latent:
    """Zeroed latent state of `batch` worlds."""
    return Latent(
        np.zeros((batch, config.cells), np.uint8),
        np.zeros(batch),
        np.zeros(batch),
        np.zeros(batch),
        np.zeros(batch, np.int32),
    )


def fresh_blocks(config: BuildingConfig) -> np.ndarray:
    """(W, H, D) uint8 start world; in inventory mode with the palette at x = W-1, y = 2, z = 0..7."""
    blocks = start_blocks(config.size)
    if config.blocks == "inventory":
        blocks[-1, PALETTE_Y, :8] = np.arange(2, 10)
    return blocks


def start_feet(config: BuildingConfig, rng: np.random.Generator) -> np.ndarray:
    """(2, 3) int8 feet cells at the start; only `start="random"` draws from `rng`."""
    width, _, depth = config.size
    corners = ((0, 2, 0), (width - 1, 2, depth - 1))
    air = fresh_blocks(config) == AIR
    air[:, :-1] &= air[:, 1:]
    feet = np.empty((2, 3), np.int8)
    for p, player in enumerate(PLAYERS):
        start = getattr(config, player).start
        if start == "corner":
            start = corners[p]
        elif start == "random":
            free = air.copy()
            if p == 1:
                x, y, z = (int(v) for v in feet[0])
                free[x, max(y - 1, 0) : y + 2, z] = False
            start = np.argwhere(free)[rng.integers(np.count_nonzero(free))]
        feet[p] = start
    return feet


def clone(state: State) -> State:
    """An independent copy."""
    return State(*(part.copy() for part in state))


def take(state: State, rows: np.ndarray | slice) -> State:
    """The worlds `rows` as a batch of their own (a copy for index arrays, a view for slices)."""
    return State(*(part[rows] for part in state))


@njit(cache=True, nogil=True)
def copy_world(state, source, target):
    """Copy world `source` of a batch over world `target`."""
    state.blocks[target] = state.blocks[source]
    state.touched[target] = state.touched[source]
    state.feet[target] = state.feet[source]
    state.last_edit[target] = state.last_edit[source]
    state.inventory[target] = state.inventory[source]
    state.previous[target] = state.previous[source]
    state.clock[target] = state.clock[source]


def digest(state: State, row: int = 0) -> str:
    """32 hex digits that are equal exactly when the public states of two worlds are."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in state:
        hasher.update(np.ascontiguousarray(part[row]).tobytes())
    return hasher.hexdigest()


def state_bytes(state: State) -> int:
    """Bytes of public state per world."""
    return sum(part.nbytes for part in state) // len(state.clock)


@inlined
def touched_by(mark):
    """0 nobody, 1 user, 2 assistant, from an entry of `State.touched`."""
    return 0 if mark == 0 else 1 + (mark - 1) % 2
