"""Actions as triples and as flat indices.

An action is a triple ``(kind, cell, block)`` of int16; `cell` and `block` are 0 where the kind has no use for
them. The flat codec puts them in MBAG's order: no-op; place block b at cell c; break cell c; the six moves
(walking mode); give block b to the player at cell c (inventory mode). In the default world that makes 12,107
actions, of which 1-4 % are legal at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .config import BuildingConfig
from .world import BLOCK_NAMES, NUM_BLOCKS

NOOP, PLACE, BREAK = 0, 1, 2
MOVE_FIRST, MOVE_LAST = 3, 8
GIVE = 9
KINDS = ("noop", "place", "break", "+x", "-x", "+y", "-y", "+z", "-z", "give")
MOVES = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.int64)
"""(6, 3) displacement of the feet cell by move kind - MOVE_FIRST."""


class Codec(NamedTuple):
    """Where each kind of action starts in the flat order. Passed to kernels as it is."""

    cells: int
    first_break: int
    first_move: int
    first_give: int
    size: int
    """Number of flat actions."""

    @classmethod
    def of(cls, config: BuildingConfig) -> Codec:
        cells = config.cells
        first_break = 1 + NUM_BLOCKS * cells
        first_move = first_break + cells
        first_give = first_move + (6 if config.movement == "walk" else 0)
        size = first_give + (NUM_BLOCKS * cells if config.blocks == "inventory" else 0)
        return cls(cells, first_break, first_move, first_give, size)


@njit(cache=True, nogil=True)
def encode(codec, kind, cell, block):
    """Flat index of one action triple."""
    if kind == PLACE:
        return 1 + block * codec.cells + cell
    if kind == BREAK:
        return codec.first_break + cell
    if MOVE_FIRST <= kind <= MOVE_LAST:
        return codec.first_move + kind - MOVE_FIRST
    if kind == GIVE:
        return codec.first_give + block * codec.cells + cell
    return 0


@njit(cache=True, nogil=True)
def decode(codec, flat):
    """``(kind, cell, block)`` of one flat index."""
    if flat == 0:
        return NOOP, 0, 0
    if flat < codec.first_break:
        return PLACE, (flat - 1) % codec.cells, (flat - 1) // codec.cells
    if flat < codec.first_move:
        return BREAK, flat - codec.first_break, 0
    if flat < codec.first_give:
        return MOVE_FIRST + flat - codec.first_move, 0, 0
    return GIVE, (flat - codec.first_give) % codec.cells, (flat - codec.first_give) // codec.cells


@njit(cache=True, nogil=True)
def _decode_many(codec, flat, out):
    for i in range(flat.shape[0]):
        out[i, 0], out[i, 1], out[i, 2] = decode(codec, flat[i])


def triples(codec: Codec, flat: np.ndarray) -> np.ndarray:
    """Triples ``(..., 3)`` int16 of flat indices ``(...)``; IndexError when one is outside
    ``0..codec.size-1``.
    """
    flat = np.asarray(flat, np.int64)
    if flat.size and (flat.min() < 0 or flat.max() >= codec.size):
        bad = flat[(flat < 0) | (flat >= codec.size)].flat[0]
        raise IndexError(
            f"flat action {bad} does not exist; flat actions of this world are 0..{codec.size - 1}"
        )
    out = np.empty((flat.size, 3), np.int16)
    _decode_many(codec, flat.reshape(-1), out)
    return out.reshape(*flat.shape, 3)


def check_actions(config: BuildingConfig, actions: np.ndarray) -> np.ndarray:
    """``actions`` as ``(..., 3)`` int16; ValueError naming the first entry that does not exist."""
    actions = np.asarray(actions)
    if actions.shape[-1:] != (3,):
        raise ValueError(f"actions have shape {actions.shape}; the last axis holds (kind, cell, block)")
    for column, name, count in ((0, "kind", len(KINDS)), (1, "cell", config.cells), (2, "block", NUM_BLOCKS)):
        values = actions[..., column]
        bad = np.argwhere((values < 0) | (values >= count))
        if len(bad):
            at = tuple(int(i) for i in bad[0])
            raise ValueError(
                f"actions[{','.join(map(str, at))}] has {name} {values[at]}; {name}s are 0..{count - 1}"
            )
    return actions.astype(np.int16)


def describe(action: np.ndarray, size: tuple[int, int, int]) -> str:
    """One action triple in words, for transcripts: ``place planks at (3, 2, 5)``."""
    kind, cell, block = (int(v) for v in action)
    x, y, z = (int(i) for i in np.unravel_index(cell, size))
    if kind == PLACE:
        return f"place {BLOCK_NAMES[block]} at ({x}, {y}, {z})"
    if kind == BREAK:
        return f"break ({x}, {y}, {z})"
    if kind == GIVE:
        return f"give {BLOCK_NAMES[block]}"
    return f"move {KINDS[kind]}" if kind else "noop"
