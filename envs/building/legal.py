"""Lists of legal actions.

A legal list holds flat actions in ascending order: no-op first. Legality is MBAG's mask: edits within 4.5 of the head cell, with line of sight
as the configuration says, places only against a neighbour and not into a player. A list is 1-4 % of all actions in the walking world, so work
on lists and make dense masks only where another library wants them (`mask`).

Beside the flat list there is the compact form that users and planners reason with: the cells one may place into and the cells one
may break (`legal_cells`).
"""

from __future__ import annotations

import numpy as np

from .actions import MOVES, Codec
from .config import BuildingConfig
from .kernels import inlined, kernel
from .rules import ALL_FACES, body_cells, can_edit, can_move, held, solid_faces
from .sight import LOW_Y, SPAN_Y, can_click, offset_index
from .world import AIR, BEDROCK, NUM_BLOCKS


@kernel
def legal_cells(rules, state, row, player, place, break_):
    """Write the cells (ascending) into which the player may place and which it may break; returns both counts.

    place, break_: (N,) int16 buffers.
    """
    if rules.walking:
        return _cells_in_reach(rules, state, row, player, place, break_)
    places, breaks = 0, 0
    blocks, feet = state.blocks[row], state.feet[row]
    w, h, d = rules.size
    for c in range(blocks.shape[0]):
        x, y, z = c // (h * d), (c // d) % h, c % d
        if blocks[c] == AIR:
            if rules.abilities[player, 0] and solid_faces(rules.size, blocks, x, y, z, c):
                if not rules.line_of_sight or can_edit(rules, blocks, feet, player, 0, c):
                    place[places] = c
                    places += 1
        elif rules.abilities[player, 1] and blocks[c] != BEDROCK:
            if not rules.line_of_sight or can_edit(rules, blocks, feet, player, 1, c):
                break_[breaks] = c
                breaks += 1
    return places, breaks


@kernel
def _cells_in_reach(rules, state, row, player, place, break_):
    """`legal_cells` of a walking player: what lies within 4.5 of the head cell."""
    w, h, d = rules.size
    blocks = state.blocks[row]
    feet = state.feet[row, player]
    x0, y0, z0 = int(feet[0]), int(feet[1]), int(feet[2])
    own_feet, own_head = body_cells(rules.size, feet)
    other_feet, other_head = body_cells(rules.size, state.feet[row, 1 - player])
    may_place, may_break = rules.abilities[player, 0], rules.abilities[player, 1]
    first_y, last_y = max(0, y0 + LOW_Y), min(h, y0 + LOW_Y + SPAN_Y) - 1
    places, breaks = 0, 0
    # Until cell c is reached, place[c] holds its open faces; places found so far are fewer than cells before it.
    for x in range(max(0, x0 - 4), min(w, x0 + 5)):
        _mark_faces(rules.size, blocks, x, (x * h + first_y) * d, (x * h + last_y + 1) * d, place)
        for y in range(first_y, last_y + 1):
            reach = rules.sight.reach[x - x0 + 4, y - y0 - LOW_Y]
            level = ALL_FACES ^ (4 if y == 0 else 0) ^ (8 if y == h - 1 else 0)
            for z in range(max(0, z0 - reach), min(d, z0 + reach + 1)):
                c = (x * h + y) * d + z
                block = blocks[c]
                if place[c] == 0 and (rules.line_of_sight or block == AIR):
                    continue
                faces = place[c] & level
                if z == 0:
                    faces &= ~16
                elif z == d - 1:
                    faces &= ~32
                click = 0 if block == AIR else 1
                if click == 0:
                    if faces == 0 or not may_place:
                        continue
                    if c == own_feet or c == own_head or c == other_feet or c == other_head:
                        continue
                elif block == BEDROCK or not may_break:
                    continue
                if rules.line_of_sight:
                    k = offset_index(x - x0, y - y0, z - z0)
                    if not faces or not can_click(
                        rules.size, rules.sight, blocks, click, feet, x, y, z, k, faces, other_feet, other_head
                    ):
                        continue
                if click == 0:
                    place[places] = c
                    places += 1
                else:
                    break_[breaks] = c
                    breaks += 1
    return places, breaks


@inlined
def _mark_faces(size, blocks, x, first, last, mark):
    """Write to mark[first:last] the faces (bits of FACES) of cells of plane x that have air on one side only.

    Faces in the edge of the plane look into another row and mean nothing. Written for vector units: no branches, and
    unsigned indices, which spare numba's test for negative ones.
    """
    h, d = size[1], size[2]
    plane, row, one = np.uintp(h * d), np.uintp(d), np.uintp(1)
    west = plane if x > 0 else np.uintp(0)
    east = plane if x < size[0] - 1 else np.uintp(0)
    # The first and the last row of the world lack neighbours on one side and are done apart.
    start, end = max(first, d), min(last, blocks.shape[0] - d)
    for i in range(np.uintp(end - start)):
        c = np.uintp(start) + i
        air = blocks[c] == AIR
        mark[c] = (
            ((blocks[c - west] == AIR) != air)
            | ((blocks[c + east] == AIR) != air) << 1
            | ((blocks[c - row] == AIR) != air) << 2
            | ((blocks[c + row] == AIR) != air) << 3
            | ((blocks[c - one] == AIR) != air) << 4
            | ((blocks[c + one] == AIR) != air) << 5
        )
    for i in range(start - first + last - end):
        c = first + i if i < start - first else last - 1 - i
        solid = solid_faces(size, blocks, x, c // d % h, c % d, c)
        mark[c] = solid if blocks[c] == AIR else ALL_FACES ^ solid


@kernel
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


@kernel
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


@kernel
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
