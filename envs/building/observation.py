"""Observation planes: what a memoryless network needs to see, one byte per cell and plane.

| plane | user's view (assistant's alike, with the roles swapped) |
|---|---|
| 0 blocks | block id |
| 1 goal | block id of the goal; zeros in the assistant's view |
| 2 players | 1 own body, 2 the other's |
| 3 touched | who changed the cell last: 0 nobody, 1 oneself, 2 the other |
| 4 age | steps since that change, at most 255; 255 where nobody did |
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel
from .rules import body_cells
from .world import USER

PLANES = ("blocks", "goal", "players", "touched", "age")


@kernel
def observe_world(rules, state, latent, row, player, out):
    """Write one player's planes (5, N) uint8 of world `row`."""
    # For vector units: a loop a plane, unsigned indices, and 16 bits for what is made from the marks, which
    # are 1 + 2 * step + player.
    cells = np.uintp(state.blocks.shape[1])
    for c in range(cells):
        out[0, c] = state.blocks[row, c]
    for c in range(cells):
        out[1, c] = latent.goal[row, c] if player == USER else 0
    for c in range(cells):
        out[2, c] = 0
    for c in range(cells):
        mark = state.touched[row, c]
        other = np.int16(np.int16(mark - 1) & 1) != player
        out[3, c] = 0 if mark == 0 else 2 if other else 1
    clock = np.int16(state.clock[row])
    for c in range(cells):
        mark = state.touched[row, c]
        age = np.int16(clock - np.int16(np.int16(mark - 1) >> 1))
        out[4, c] = 255 if mark == 0 or age > 255 else age
    for other in range(2):
        feet, head = body_cells(rules.size, state.feet[row, other])
        out[2, feet] = 1 if other == player else 2
        if head >= 0:
            out[2, head] = 1 if other == player else 2


@kernel
def observe_batch(rules, state, latent, player, out):
    """Planes of one player in every world: out (B, 5, N) uint8."""
    for row in range(state.clock.shape[0]):
        observe_world(rules, state, latent, row, player, out[row])
