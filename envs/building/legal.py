"""Lists of legal actions.

A legal list holds flat actions in ascending order: no-op first. Legality is MBAG's mask: edits within 4.5 of
the head cell, with line of sight as the configuration says, places only against a neighbour and not into a
player. A list is 1-4 % of all actions in the walking world, so work on lists and make dense masks only where
another library wants them (`mask`).

Beside the flat list there is the compact form that users and planners reason with: the cells one may place
into and the cells one may break (`legal_cells`).
"""

from __future__ import annotations

import numpy as np

from ..kernels import inlined, kernel
from .actions import MOVES, Codec
from .config import BuildingConfig
from .rules import air_faces, body_cells, can_edit, can_move, held, position, solid_faces
from .sight import LOW_Y, can_click, offset_index
from .world import AIR, BEDROCK, NUM_BLOCKS


@kernel
def legal_cells(rules, state, row, player, place, break_):
    """Write the cells (ascending) where the player may place and those it may break; returns both counts.

    place, break_: (N,) int16 buffers.
    """
    if not rules.walking:
        return _legal_cells_anywhere(rules, state, row, player, place, break_)
    w, h, d = rules.size
    blocks = state.blocks[row]
    me, other = position(state.feet[row], player), position(state.feet[row], 1 - player)
    own_feet, own_head = body_cells(rules.size, me)
    other_feet, other_head = body_cells(rules.size, other)
    x0, y0, z0 = me
    # Blocks without air beside them cannot be clicked, unless by an eye that is itself in a block.
    buried = own_head >= 0 and blocks[own_head] != AIR
    thorough = buried or not rules.line_of_sight
    places, breaks = 0, 0
    for x in range(max(0, x0 - 4), min(w, x0 + 5)):
        # What is in reach of the head is a ball, so each of its planes is as high as it is deep.
        reach = rules.sight.reach[x - x0 + 4, 1 - LOW_Y]
        first_y, last_y = max(0, y0 + 1 - reach), min(h - 1, y0 + 1 + reach)
        # Until the loop comes to cell c, place[c] holds its faces; there are fewer places than cells before.
        _mark_faces(rules.size, blocks, x, (x * h + first_y) * d, (x * h + last_y + 1) * d, place)
        for y in range(first_y, last_y + 1):
            reach = rules.sight.reach[x - x0 + 4, y - y0 - LOW_Y]
            outside = (4 if y == 0 else 0) | (8 if y == h - 1 else 0)
            for z in range(max(0, z0 - reach), min(d, z0 + reach + 1)):
                c = (x * h + y) * d + z
                if place[c] == 0 and (not thorough or blocks[c] == AIR):
                    continue
                block = blocks[c]
                click = 0 if block == AIR else 1
                if block == BEDROCK or not rules.abilities[player, click]:
                    continue
                faces = place[c] & ~(outside | (16 if z == 0 else 0) | (32 if z == d - 1 else 0))
                if faces == 0 and (click == 0 or not thorough):
                    continue
                if click == 0 and (c == own_feet or c == own_head or c == other_feet or c == other_head):
                    continue
                if rules.line_of_sight:
                    k = offset_index(x - x0, y - y0, z - z0)
                    if not can_click(
                        rules.size, rules.sight, blocks, click, me, x, y, z, k, faces, other_feet, other_head
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
def _mark_faces(size, blocks, x, first, last, faces):
    """Write for the cells first..last-1 of plane x which faces (bits of FACES) have air on one side only.

    Faces in the edge of the plane look into another row and mean nothing. Written for vector units: no
    branches, and unsigned indices, which spare numba's test for negative ones.
    """
    w, h, d = size
    plane, row, one = np.uintp(h * d), np.uintp(d), np.uintp(1)
    west = plane if x > 0 else np.uintp(0)
    east = plane if x < w - 1 else np.uintp(0)
    # The first and the last row of the world lack neighbours on one side and are done apart.
    start, end = max(first, d), min(last, blocks.shape[0] - d)
    for i in range(np.uintp(end - start)):
        c = np.uintp(start) + i
        air = blocks[c] == AIR
        faces[c] = (
            ((blocks[c - west] == AIR) != air)
            | ((blocks[c + east] == AIR) != air) << 1
            | ((blocks[c - row] == AIR) != air) << 2
            | ((blocks[c + row] == AIR) != air) << 3
            | ((blocks[c - one] == AIR) != air) << 4
            | ((blocks[c + one] == AIR) != air) << 5
        )
    for i in range(start - first + last - end):
        c = first + i if i < start - first else last - 1 - i
        y, z = c // d % h, c % d
        if blocks[c] == AIR:
            faces[c] = solid_faces(size, blocks, x, y, z, c)
        else:
            faces[c] = air_faces(size, blocks, x, y, z, c)


@kernel
def _legal_cells_anywhere(rules, state, row, player, place, break_):
    """`legal_cells` in teleport mode."""
    places, breaks = 0, 0
    blocks, feet = state.blocks[row], state.feet[row]
    _, h, d = rules.size
    for c in range(blocks.shape[0]):
        x, y, z = c // (h * d), (c // d) % h, c % d
        click = 0 if blocks[c] == AIR else 1
        if blocks[c] == BEDROCK or not rules.abilities[player, click]:
            continue
        if click == 0 and not solid_faces(rules.size, blocks, x, y, z, c):
            continue
        if rules.line_of_sight and not can_edit(rules, blocks, feet, player, click, c):
            continue
        if click == 0:
            place[places] = c
            places += 1
        else:
            break_[breaks] = c
            breaks += 1
    return places, breaks


@kernel
def legal_list(rules, codec, state, row, player, place, break_, out):
    """Write the legal flat actions of a player in ascending order; returns their number.

    place, break_: (N,) int16 scratch.
    """
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
