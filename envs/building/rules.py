"""The rules: what an action does to the public state, and what it earns.

These are MBAG's rules, in words in the table below and proven on recorded games by
`python -m scripts.conform mbag`. Physics (`apply`) never reads the goal; the reward of an edit is computed
beside it from the cell's block before and after (`similarity`), so a planner can run the physics and average
the reward over its belief.

| action | takes effect when |
|---|---|
| move | the new feet cell is inside the world, air, has air above (if inside), and no player overlaps |
| place b at c | b is 2..9, c is air without another player, a point of a face at a block can be clicked |
| break c | c is not air, bedrock or in another player, a point in front of a face can be clicked |
| give b to c | inventory mode: c is the other's feet cell; walking: within 1 of one's own in every axis |

Players act one after the other in index order, except that gives come first. Whatever cannot be done is a
no-op. In teleport mode any place to stand near a cell may click it, and players are in nobody's way.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from ..kernels import inlined, kernel
from .actions import BREAK, GIVE, MOVE_FIRST, MOVE_LAST, MOVES, NOOP, PLACE
from .config import BuildingConfig
from .sight import LOW_Y, SPAN_Y, Sight, can_click, offset_index, sight_table
from .state import PALETTE_Y, STACK, touched_by
from .world import AIR, ASSISTANT, BEDROCK, NUM_BLOCKS, USER, cell_index, inside

GIVE_COUNT = 5


class Rules(NamedTuple):
    """Everything a kernel needs to know about the configuration. Made by `compile_rules`."""

    size: tuple[int, int, int]
    walking: bool
    inventory: bool
    line_of_sight: bool
    strict: bool
    horizon: int
    end_on_completion: bool
    patience: int
    """Steps without a new maximum of similarity after which the episode ends, 0 never."""
    abilities: np.ndarray
    """(2, 4) bool: may place, break, move, give."""
    act_every: np.ndarray
    """(2,) int64."""
    reward: tuple[float, ...]
    """correct, wrong, noop, action, incorrect, user_effort, undo."""
    sight: Sight


def compile_rules(config: BuildingConfig) -> Rules:
    """The kernel form of a configuration."""
    players = (config.user, config.assistant)
    return Rules(
        config.size,
        config.movement == "walk",
        config.blocks == "inventory",
        config.line_of_sight,
        config.strict,
        config.horizon,
        config.end_on_completion,
        config.end_without_progress,
        np.array([[p.place, p.break_, p.move, p.give] for p in players]),
        np.array([p.act_every for p in players], np.int64),
        # Floats even when the configuration holds ints, so that kernels are compiled once.
        tuple(float(value) for value in dataclasses.astuple(config.reward)),
        sight_table(config.size[1], config.size[2]),
    )


@inlined
def similarity(rules, block, goal):
    """Similarity of one cell to the goal: `correct` if equal, `wrong` (MBAG's place_wrong) if both are solid,
    else 0."""
    if block == goal:
        return rules.reward[0]
    return rules.reward[1] if block != AIR and goal != AIR else 0.0


@kernel
def total_similarity(rules, blocks, goal):
    """Sum of `similarity` over the cells (N,) of one world."""
    total = 0.0
    for c in range(blocks.shape[0]):
        total += similarity(rules, np.int64(blocks[c]), goal[c])
    return total


@inlined
def solid_faces(size, blocks, x, y, z, cell):
    """Bits of FACES whose neighbour inside the world is not air: what one can build against."""
    w, h, d = size
    return (
        (x > 0 and blocks[cell - h * d] != AIR)
        | (x < w - 1 and blocks[cell + h * d] != AIR) << 1
        | (y > 0 and blocks[cell - d] != AIR) << 2
        | (y < h - 1 and blocks[cell + d] != AIR) << 3
        | (z > 0 and blocks[cell - 1] != AIR) << 4
        | (z < d - 1 and blocks[cell + 1] != AIR) << 5
    )


@inlined
def air_faces(size, blocks, x, y, z, cell):
    """Bits of FACES whose neighbour inside the world is air: where a click on the cell can come from."""
    w, h, d = size
    within = (x > 0) | (x < w - 1) << 1 | (y > 0) << 2 | (y < h - 1) << 3 | (z > 0) << 4 | (z < d - 1) << 5
    return within ^ solid_faces(size, blocks, x, y, z, cell)


@inlined
def position(feet, player):
    """(x, y, z) of a player's feet cell as int64, the type for which the kernels of `sight` are compiled."""
    return np.int64(feet[player, 0]), np.int64(feet[player, 1]), np.int64(feet[player, 2])


@inlined
def body_cells(size, feet):
    """Cells of a player's feet and head; the head is -1 above the world's top."""
    c = cell_index(size, feet[0], feet[1], feet[2])
    return c, c + size[2] if feet[1] + 1 < size[1] else -1


@inlined
def is_free(size, blocks, x, y, z):
    """True when a body fits with its feet at (x, y, z): in the world, air for feet and head (if inside)."""
    if not inside(size, x, y, z):
        return False
    c = cell_index(size, x, y, z)
    return blocks[c] == AIR and (y + 1 == size[1] or blocks[c + size[2]] == AIR)


@inlined
def can_stand(rules, blocks, x, y, z, other):
    """True when a player may have its feet at (x, y, z): the body fits and overlaps with none at `other`."""
    overlap = other[0] == x and other[2] == z and -1 <= other[1] - y <= 1
    return is_free(rules.size, blocks, x, y, z) and not overlap


@inlined
def can_move(rules, blocks, feet, player, move):
    """True when move 0..5 of MOVES can be done."""
    me, other = feet[player], feet[1 - player]
    return can_stand(
        rules, blocks, me[0] + MOVES[move, 0], me[1] + MOVES[move, 1], me[2] + MOVES[move, 2], other
    )


@kernel
def can_edit(rules, blocks, feet, player, click, cell):
    """True when the player can place into a cell of air (click 0) or break a cell that is none (click 1)."""
    _, h, d = rules.size
    x, y, z = cell // (h * d), (cell // d) % h, cell % d
    if click == 0:
        faces = solid_faces(rules.size, blocks, x, y, z, cell)
    else:
        faces = air_faces(rules.size, blocks, x, y, z, cell)
    if not rules.walking:
        return _click_by_someone(rules, blocks, click, x, y, z, faces)
    me = position(feet, player)
    other_feet, other_head = body_cells(rules.size, feet[1 - player])
    if cell == other_feet or cell == other_head:
        return False
    dx, dy, dz = x - me[0], y - me[1], z - me[2]
    if abs(dx) > 4 or abs(dz) > 4 or dy < LOW_Y or dy >= LOW_Y + SPAN_Y:
        return False
    k = offset_index(dx, dy, dz)
    return can_click(rules.size, rules.sight, blocks, click, me, x, y, z, k, faces, other_feet, other_head)


@kernel
def _click_by_someone(rules, blocks, click, x, y, z, faces):
    """Teleport mode: some standing cell near (x, y, z) sees a face of it. Players do not matter."""
    nobody = np.int64(-1)
    for dx in range(-4, 5):
        for dy in range(-5, 4):
            for dz in range(-4, 5):
                stand = (x + dx, y + dy, z + dz)
                if not is_free(rules.size, blocks, stand[0], stand[1], stand[2]):
                    continue
                if click == 0 and dx == 0 and dz == 0 and (dy == 0 or dy == -1):
                    continue
                k = offset_index(-dx, -dy, -dz)
                if can_click(
                    rules.size, rules.sight, blocks, click, stand, x, y, z, k, faces, nobody, nobody
                ):
                    return True
    return False


@kernel
def held(inventory, block):
    """How many of `block` a player's slots (36, 2) hold."""
    total = 0
    for s in range(inventory.shape[0]):
        if inventory[s, 0] == block:
            total += inventory[s, 1]
    return total


@kernel
def room_for(inventory, block):
    """How many more of `block` a player's slots (36, 2) can take."""
    total = 0
    for s in range(inventory.shape[0]):
        if inventory[s, 0] == block or inventory[s, 1] == 0:
            total += STACK - inventory[s, 1]
    return total


@kernel
def put_one(inventory, block):
    """Add one block to the first slot that is empty or has room; False when there is none."""
    for s in range(inventory.shape[0]):
        if inventory[s, 1] == 0 or (inventory[s, 0] == block and inventory[s, 1] < STACK):
            inventory[s, 0] = block
            inventory[s, 1] += 1
            return True
    return False


@kernel
def take_one(inventory, block):
    """Remove one block from the first slot that holds it; False when there is none."""
    for s in range(inventory.shape[0]):
        if inventory[s, 0] == block and inventory[s, 1] > 0:
            inventory[s, 1] -= 1
            if inventory[s, 1] == 0:
                inventory[s, 0] = AIR
            return True
    return False


@kernel
def _give(rules, feet, inventory, player, cell, block):
    receiver, _ = body_cells(rules.size, feet[1 - player])
    if cell != receiver:
        return False
    if rules.walking:
        for axis in range(3):
            if abs(feet[player, axis] - feet[1 - player, axis]) > 1:
                return False
    count = min(GIVE_COUNT, held(inventory[player], block))
    if count == 0 or room_for(inventory[1 - player], block) < count:
        return False
    for _ in range(count):
        take_one(inventory[player], block)
        put_one(inventory[1 - player], block)
    return True


@kernel
def apply(rules, state, row, player, kind, cell, block):
    """Do one action in world `row` of the public state.

    Returns ``(effective kind, block before)``; the block only for edits.
    """
    blocks, feet, inventory = state.blocks[row], state.feet[row], state.inventory[row]
    able = rules.abilities[player]
    if kind == PLACE or kind == BREAK:
        before = np.int64(blocks[cell])
        if kind == PLACE:
            if not able[0] or before != AIR or block < 2 or block >= NUM_BLOCKS:
                return NOOP, before
            if rules.inventory and held(inventory[player], block) == 0:
                return NOOP, before
        elif not able[1] or before == AIR or before == BEDROCK:
            return NOOP, before
        if not can_edit(rules, blocks, feet, player, 0 if kind == PLACE else 1, cell):
            return NOOP, before
        if rules.inventory:
            if kind == PLACE:
                take_one(inventory[player], block)
            elif not put_one(inventory[player], before):
                return NOOP, before
        blocks[cell] = block if kind == PLACE else AIR
        state.touched[row, cell] = 1 + 2 * state.clock[row] + player
        state.last_edit[row, player] = cell
        return kind, before
    if MOVE_FIRST <= kind <= MOVE_LAST:
        move = kind - MOVE_FIRST
        if rules.walking and able[2] and can_move(rules, blocks, feet, player, move):
            for axis in range(3):
                feet[player, axis] += MOVES[move, axis]
            return kind, 0
    elif kind == GIVE and rules.inventory and able[3] and _give(rules, feet, inventory, player, cell, block):
        return kind, 0
    return NOOP, 0


@kernel
def in_palette(rules, cell):
    """True for cells of the palette's plane, x = W-1, in inventory mode."""
    return rules.inventory and cell >= (rules.size[0] - 1) * rules.size[1] * rules.size[2]


@kernel
def restore_palette(rules, blocks):
    """Put the palette's plane back to what it was at the start."""
    w, h, d = rules.size
    for y in range(h):
        for z in range(d):
            block = BEDROCK if y == 0 else (2 if y == 1 else AIR)
            if y == PALETTE_Y and z < 8:
                block = 2 + z
            blocks[cell_index(rules.size, w - 1, y, z)] = block


@kernel
def edit_cost(rules, player, mark):
    """What an edit costs beside its change of similarity: effort and undo terms, less the action's own.

    mark: the cell's `touched` before the edit.
    """
    cost = -rules.reward[3]
    if player == USER:
        cost += rules.reward[5]
        if touched_by(mark) == 1 + ASSISTANT:
            cost += rules.reward[6]
    return cost


@kernel
def step_world(rules, state, latent, row, actions, own, effective):
    """One joint step of world `row`. Writes each player's part of the reward (2,) and effective kind (2,)."""
    goal = latent.goal[row]
    if rules.inventory:
        # As in MBAG, a step's goal percent counts edits of the palette that the end of the step undoes.
        latent.similarity[row] = total_similarity(rules, state.blocks[row], goal)
    own[0] = own[1] = 0.0
    effective[0] = effective[1] = NOOP
    for turn in range(4):
        player = turn % 2
        kind = np.int64(actions[player, 0])
        cell = np.int64(actions[player, 1])
        block = np.int64(actions[player, 2])
        if (turn < 2) != (kind == GIVE):
            continue
        if state.clock[row] % rules.act_every[player]:
            kind = np.int64(NOOP)
        mark = state.touched[row, cell]
        done, before = apply(rules, state, row, player, kind, cell, block)
        effective[player] = done
        state.previous[row, player, 0] = done
        state.previous[row, player, 1] = cell if done else 0
        state.previous[row, player, 2] = block if done else 0
        if done == NOOP:
            own[player] = rules.reward[2]
            continue
        own[player] = rules.reward[3]
        if done == PLACE or done == BREAK:
            after = np.int64(state.blocks[row, cell])
            gain = similarity(rules, after, goal[cell]) - similarity(rules, before, goal[cell])
            latent.similarity[row] += gain
            if done == BREAK and in_palette(rules, cell):
                gain = 0.0
            own[player] = gain - edit_cost(rules, player, mark) + (rules.reward[4] if gain < 0 else 0.0)
    if rules.inventory:
        restore_palette(rules, state.blocks[row])
    state.clock[row] += 1
    if latent.similarity[row] > latent.best[row]:
        latent.best[row] = latent.similarity[row]
        latent.best_clock[row] = state.clock[row]


@kernel
def is_complete(rules, state, latent, row):
    """True when world `row` equals its goal."""
    cells = state.blocks.shape[1]
    # The sum tells nearly always. It is rounded, and in inventory mode may still count the palette.
    full = rules.reward[0] * cells
    if not rules.inventory and latent.similarity[row] < full - 1e-9 * abs(full):
        return False
    for c in range(cells):
        if state.blocks[row, c] != latent.goal[row, c]:
            return False
    return True


@kernel
def step_batch(rules, state, latent, actions, own, effective, terminated, truncated):
    """One joint step of every world that has not ended.

    actions: (B, 2, 3) int16. Written: own (B, 2) float32, effective (B, 2) int8, terminated and truncated
    (B,) bool.
    """
    for row in range(state.clock.shape[0]):
        if terminated[row] or truncated[row]:
            own[row] = 0.0
            effective[row] = NOOP
            continue
        step_world(rules, state, latent, row, actions[row], own[row], effective[row])
        if rules.end_on_completion and is_complete(rules, state, latent, row):
            terminated[row] = True
        elif state.clock[row] >= rules.horizon or (
            rules.patience and state.clock[row] - latent.best_clock[row] >= rules.patience
        ):
            truncated[row] = True


@kernel
def start_latent(rules, state, latent, row):
    """Set the scores of a world whose blocks and goal are in place."""
    total = total_similarity(rules, state.blocks[row], latent.goal[row])
    latent.similarity[row] = latent.start[row] = latent.best[row] = total
    latent.best_clock[row] = state.clock[row]
