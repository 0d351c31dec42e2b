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

from numba import njit

from .rules import body_cells
from .state import touched_at, touched_by
from .world import USER

PLANES = ("blocks", "goal", "players", "touched", "age")


@njit(cache=True, nogil=True)
def observe_world(rules, state, latent, row, player, out):
    """Write one player's planes (5, N) uint8 of world `row`."""
    blocks, touched = state.blocks[row], state.touched[row]
    out[0, :] = blocks
    if player == USER:
        out[1, :] = latent.goal[row]
    else:
        out[1, :] = 0
    out[2, :] = 0
    out[3, :] = 0
    out[4, :] = 255
    clock = state.clock[row]
    for c in range(touched.shape[0]):
        mark = touched[c]
        if mark:
            out[3, c] = 1 + (touched_by(mark) - 1 + player) % 2
            out[4, c] = min(255, clock - touched_at(mark))
    for other in range(2):
        who = 1 + (other + player) % 2
        feet, head = body_cells(rules.size, state.feet[row, other])
        out[2, feet] = who
        if head >= 0:
            out[2, head] = who


@njit(cache=True, nogil=True)
def observe_batch(rules, state, latent, player, out):
    """Planes of one player in every world: out (B, 5, N) uint8."""
    for row in range(state.clock.shape[0]):
        observe_world(rules, state, latent, row, player, out[row])
