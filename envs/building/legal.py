"""Lists of legal actions.

A legal list holds flat actions in ascending order: no-op first. Legality is MBAG's mask: edits within 4.5 of the head cell, with line of sight
as the configuration says, places only against a neighbour and not into a player. A list is 1-4 % of all actions in the walking world, so work
on lists and make dense masks only where another library wants them (`mask`).

Beside the flat list there is the compact form that users and planners reason with: the cells one may place into and the cells one
may break (`legal_cells`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .actions import MOVES, Codec
from .config import BuildingConfig
from .rules import air_faces, body_cells, can_edit, can_move, held, solid_faces
from .sight import LOW_Y, SPAN_Y, can_click, offset_index
from .world import AIR, BEDROCK, NUM_BLOCKS


@njit(cache=True, nogil=True)
def legal_cells(rules, state, row, player, place, break_):
    """Write the cells (ascending) into which the player may place and which it may break; returns both counts.

    place, break_: (N,) int16 buffers.
    """
    places, breaks = 0, 0
    blocks, feet = state.blocks[row], state.feet[row]
    w, h, d = rules.size
    me = feet[player]
    own_feet, own_head = body_cells(rules.size, me)
    other_feet, other_head = body_cells(rules.size, feet[1 - player])
    able = rules.abilities[player]
    if not rules.walking:
        for c in range(blocks.shape[0]):
            x, y, z = c // (h * d), (c // d) % h, c % d
            if blocks[c] == AIR:
                if able[0] and solid_faces(rules.size, blocks, x, y, z, c):
                    if not rules.line_of_sight or can_edit(rules, blocks, feet, player, 0, c):
                        place[places] = c
                        places += 1
            elif able[1] and blocks[c] != BEDROCK:
                if not rules.line_of_sight or can_edit(rules, blocks, feet, player, 1, c):
                    break_[breaks] = c
                    breaks += 1
        return places, breaks
    x0, y0, z0 = int(me[0]), int(me[1]), int(me[2])
    for dx in range(max(-4, -x0), min(4, w - 1 - x0) + 1):
        for dy in range(max(LOW_Y, -y0), min(LOW_Y + SPAN_Y, h - y0)):
            dz = rules.sight.reach[dx + 4, dy - LOW_Y]
            for z in range(max(z0 - dz, 0), min(z0 + dz, d - 1) + 1):
                c = ((x0 + dx) * h + y0 + dy) * d + z
                click = 0 if blocks[c] == AIR else 1
                if click == 0:
                    if not able[0] or c == own_feet or c == own_head or c == other_feet or c == other_head:
                        continue
                    faces = solid_faces(rules.size, blocks, x0 + dx, y0 + dy, z, c)
                else:
                    if not able[1] or blocks[c] == BEDROCK:
                        continue
                    faces = air_faces(rules.size, blocks, x0 + dx, y0 + dy, z, c) if rules.line_of_sight else 1
                if faces == 0:
                    continue
                if rules.line_of_sight:
                    k = offset_index(dx, dy, z - z0)
                    if not can_click(
                        rules.size, rules.sight, blocks, click, me, x0 + dx, y0 + dy, z, k, faces, other_feet, other_head
                    ):
                        continue
                if click == 0:
                    place[places] = c
                    places += 1
                else:
                    break_[breaks] = c
                    breaks += 1
    return places, breaks


@njit(cache=True, nogil=True)
def legal_list(rules, codec, state, row, player, place, break_, out):
    """Write the legal flat actions of a player in ascending order; returns their number. place, break_: scratch."""
    places, breaks = legal_cells(rules, state, row, player, place, break_)
    out[0] = 0
    n = 1
    inventory = state.inventory[row, player]
    for block in range(2, NUM_BLOCKS):
        if rules.inventory and held(inventory, block) == 0:
            continue
        first = 1 + block * codec.cells
        for i in range(places):
            out[n + i] = first + place[i]
        n += places
    for i in range(breaks):
        out[n + i] = codec.first_break + break_[i]
    n += breaks
    if rules.walking and rules.abilities[player, 2]:
        for move in range(MOVES.shape[0]):
            if can_move(rules, state.blocks[row], state.feet[row], player, move):
                out[n] = codec.first_move + move
                n += 1
    if rules.inventory and rules.abilities[player, 3]:
        n = _legal_gives(rules, codec, state.feet[row], inventory, player, out, n)
    return n


@njit(cache=True, nogil=True)
def _legal_gives(rules, codec, feet, inventory, player, out, n):
    me, other = feet[player], feet[1 - player]
    if rules.walking:
        for axis in range(3):
            head = me[axis] + (1 if axis == 1 else 0)
            if abs(other[axis] - head) > 1:
                return n
    receiver, _ = body_cells(rules.size, other)
    for block in range(2, NUM_BLOCKS):
        if held(inventory, block) > 0:
            out[n] = codec.first_give + block * codec.cells + receiver
            n += 1
    return n


@njit(cache=True, nogil=True)
def legal_batch(rules, codec, state, player, place, break_, out, counts):
    """Legal lists of one player in every world. Written: out (B, capacity) int32, counts (B,) int32."""
    for row in range(state.clock.shape[0]):
        if state.clock[row] % rules.act_every[player]:
            out[row, 0] = 0
            counts[row] = 1
        else:
            counts[row] = legal_list(rules, codec, state, row, player, place, break_, out[row])


def capacity(config: BuildingConfig) -> int:
    """The most actions a legal list of this configuration can have."""
    if config.movement == "teleport":
        return Codec.of(config).size
    near = 400
    return 1 + 9 * min(config.cells, near) + 6 + NUM_BLOCKS


def mask(lists: np.ndarray, counts: np.ndarray, actions: int) -> np.ndarray:
    """Dense int8 masks (B, actions) of legal lists (B, capacity) with `counts` (B,)."""
    out = np.zeros((len(counts), actions), np.int8)
    for row, count in enumerate(counts):
        out[row, lists[row, :count]] = 1
    return out
