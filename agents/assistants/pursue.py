"""From wishes to actions: do the most valuable edit at hand, else walk to the best one elsewhere, else keep
near the user.

The scripted assistants differ only in what they wish for: a value and a block per cell (`edit_values` for
those that have probabilities).
"""

from __future__ import annotations

import math

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, PLACE
from envs.building.state import touched_by
from envs.building.world import AIR, ASSISTANT, BEDROCK, NUM_BLOCKS, USER
from envs.kernels import kernel
from envs.rng import uniform

from ..users.scene import UNREACHABLE, survey, way_to
from ..users.traits import NUM_TRAITS

DECAY_PER_CELL = 0.93
"""Discount of a wish per cell of distance beyond reach."""
STAY_WITHIN = 12.0
"""Squared distance (cells) from the user's last edit within which an idle assistant stays."""
NO_TRAITS = np.empty((0, NUM_TRAITS))


@kernel
def edit_values(blocks, touched, marginals, effort, values, wanted):
    """What changing each cell is worth, from probabilities (N, 10) of the goal's blocks.

    Written: values (N,) float64 and wanted (N,) uint8, the block to place (0: break). An edit that is right
    with probability P is worth P - (1 + effort) (1 - P): a wrong one loses similarity, and the user has to
    mend it. Cells that the user changed last are left alone (value -1): undoing each other never ends.
    """
    for c in range(blocks.shape[0]):
        block = blocks[c]
        values[c], wanted[c] = -1.0, 0
        if block == BEDROCK or touched_by(touched[c]) == 1 + USER:
            continue
        if block == AIR:
            best = 2
            for b in range(3, NUM_BLOCKS):
                if marginals[c, b] > marginals[c, best]:
                    best = b
            wanted[c] = best
            right = marginals[c, best]
        else:
            right = 1.0 - marginals[c, block]
        values[c] = right - (1.0 + effort) * (1.0 - right)


@kernel
def pursue(rules, state, row, player, scene, values, wanted, streams, lane, out):
    """Write the action (3,) that goes for the wishes of one world."""
    survey(rules, state, row, player, NO_TRAITS, scene)
    _w, h, d = rules.size
    blocks, cells, feet = state.blocks[row], scene.cell, state.feet[row, player]
    out[0], out[1], out[2] = 0, 0, 0
    best, chosen = 0.0, -1
    for i in range(scene.counts[2]):
        c = cells[i]
        if values[c] > best:
            best, chosen = values[c], c
    if chosen >= 0:
        out[0], out[1], out[2] = (PLACE if blocks[chosen] == AIR else BREAK), chosen, wanted[chosen]
        return
    while True:
        best, chosen = 0.0, -1
        for i in range(scene.counts[2], scene.counts[3]):
            c = cells[i]
            if values[c] > 0.0 and scene.way[c] != UNREACHABLE:
                x, y, z = c // (h * d), (c // d) % h, c % d
                away = math.sqrt((x - feet[0]) ** 2 + (y - feet[1] - 1.1) ** 2 + (z - feet[2]) ** 2)
                wish = values[c] * DECAY_PER_CELL ** max(0.0, away - 4.5)
                if wish > best:
                    best, chosen = wish, c
        if chosen < 0:
            break
        move = way_to(rules, state, row, player, scene, chosen)
        if move >= 0:
            out[0] = MOVE_FIRST + move
            return
    near = state.last_edit[row, 1 - player]
    if near >= 0 and uniform(streams, lane) < 0.5:
        x, y, z = near // (h * d), (near // d) % h, near % d
        if (x - feet[0]) ** 2 + (y - feet[1] - 1) ** 2 + (z - feet[2]) ** 2 > STAY_WITHIN:
            move = way_to(rules, state, row, player, scene, near)
            if move >= 0:
                out[0] = MOVE_FIRST + move


@kernel
def pursue_marginals(rules, state, marginals, efforts, scene, values, wanted, streams, active, out):
    """Actions (B, 3) of an assistant with goal probabilities (B, N, 10) in every active world.

    efforts: (B,) float64, see `edit_values`.
    """
    for row in range(state.clock.shape[0]):
        out[row] = 0
        if active[row]:
            edit_values(state.blocks[row], state.touched[row], marginals[row], efforts[row], values, wanted)
            pursue(rules, state, row, ASSISTANT, scene, values, wanted, streams, row, out[row])
