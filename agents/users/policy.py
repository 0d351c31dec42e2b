"""The builder: a family of goal-directed users with an exact likelihood.

What a builder does next depends on the public state, its goal and its traits alone, so the same kernel draws
actions (`sample`) and says how probable an action is (`log_prob`); a posterior over goals and user types
needs nothing else.

Every cell that differs from the goal and can be worked on now is a *target*. Targets have a score (low first,
near the last edit, ...) and Boltzmann weights. Those the builder can click from where it stands are done; the
weight of all others is the probability of walking, one step along the shortest path towards the best of them.
On top come pauses, stray moves and wrong blocks:

    P(noop)   = pause
    P(move m) = fidget * share(m) + work * far / (near + far)
    P(edit c) = work * near / (near + far) * ((1 - wrong) * w(c) / near + wrong / (8 * places))
    work      = 1 - pause - fidget
    near, far = sums of weights w(c) = exp(rationality * score(c))

Pauses and moves come in bursts: `pause` and `fidget` depend on what both players did last (`pace`), and stray
moves keep their direction (`share`). What a goal adds to weights is on the goal's outline and on the block in
the hand (`taste`).

The second term of P(move m) is there when m leads to the best far target, the last one of P(edit c) when c is
placed into.

When no far target can be reached the far share is spent waiting; when nothing is at hand either, the builder
digs: it breaks the block nearest to the nearest cell still to be done, and keeps such holes open until that
is reached (`only_holes_left`). So builders finish houses in the walking world, with line of sight.
"""

from __future__ import annotations

import math

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, MOVE_LAST, NOOP, PLACE
from envs.building.rules import body_cells, solid_faces
from envs.building.world import AIR, BEDROCK, NUM_BLOCKS
from envs.kernels import inlined, kernel, summing
from envs.rng import below, uniform

from .scene import UNREACHABLE, survey, way_to
from .traits import (
    FIDGET,
    LINGER,
    MATERIAL,
    MOMENTUM,
    OUTLINE,
    PAUSE,
    RATIONALITY,
    REST,
    ROAM,
    TURN,
    WATCH,
    WRONG,
)

_NO_CELL = -1


def outlines(size: tuple[int, int, int], goals: np.ndarray) -> np.ndarray:
    """Edges and corners (G, N) bool of goals (G, N): solid cells above bedrock with at most three solid
    neighbours.
    """
    out = np.empty(goals.shape, np.bool_)
    for goal, row in zip(goals, out, strict=True):
        _outline(size, goal, row)
    return out


@kernel
def _outline(size, goal, out):
    """Mark (N,) bool the outline of one goal."""
    _w, h, d = size
    for c in range(goal.shape[0]):
        x, y, z = c // (h * d), (c // d) % h, c % d
        out[c] = False
        if y > 0 and goal[c] != AIR:
            bits = solid_faces(size, goal, x, y, z, c)
            out[c] = (bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1) + (bits >> 3 & 1) + (bits >> 4 & 1) + (
                bits >> 5
            ) <= 3


@kernel
def taste(traits, state, row, player):
    """What a goal adds to weights: ``(bonus, favour, held)``, factors of cells on its outline and of placing
    the block `held`, which was placed last (AIR: none).
    """
    last = state.last_edit[row, player]
    held = np.int64(state.blocks[row, last]) if last >= 0 else AIR
    bonus, favour = (
        math.exp(traits[RATIONALITY] * traits[OUTLINE]),
        math.exp(traits[RATIONALITY] * traits[MATERIAL]),
    )
    return bonus, favour if held > BEDROCK else 1.0, held


@inlined
def _factor(tastes, block, goal, outlined):
    """The factor of one cell."""
    bonus, favour, held = tastes
    return (bonus if outlined else 1.0) * (favour if block == AIR and goal == held else 1.0)


@summing
def sum_targets(weight, blocks, goal, outline, tastes):
    """Summed weights (N,) of the targets, the cells that differ from the goal."""
    total = 0.0
    bonus, favour, _held = tastes
    if bonus == 1.0 and favour == 1.0:
        for c in range(blocks.shape[0]):
            total += weight[c] if blocks[c] != goal[c] else 0.0
    else:
        for c in range(blocks.shape[0]):
            value = weight[c] * _factor(tastes, blocks[c], goal[c], outline[c])
            total += value if blocks[c] != goal[c] else 0.0
    return total


@kernel
def only_holes_left(size, blocks, goal, scene):
    """True when unfinished cells are sealed and all there is to do now is placing within 2 cells of them."""
    sealed, cells = scene.sealed, scene.cell
    pending = 0
    for c in range(blocks.shape[0]):
        pending += sealed[c] & (blocks[c] != goal[c])
    if pending == 0:
        return False
    h, d = size[1], size[2]
    for i in range(scene.counts[3]):
        n = cells[i]
        if blocks[n] == goal[n]:
            continue
        if blocks[n] != AIR:
            return False
        covers = False
        for c in range(blocks.shape[0]):
            if sealed[c] and blocks[c] != goal[c]:
                away = max(
                    abs(n // (h * d) - c // (h * d)), abs((n // d) % h - (c // d) % h), abs(n % d - c % d)
                )
                covers |= away <= 2
        if not covers:
            return False
    return True


@kernel
def near_and_far(size, blocks, goal, outline, tastes, scene, weight):
    """Summed weights of the targets at hand and of all others; both 0 for a builder that has to dig."""
    near = sum_targets(weight[0], blocks, goal, outline, tastes)
    far = sum_targets(weight[1], blocks, goal, outline, tastes)
    if only_holes_left(size, blocks, goal, scene):
        return 0.0, 0.0
    return near, far


@kernel
def pace(traits, previous, player):
    """``(pause, fidget)``: probabilities of doing nothing and of a stray move after the joint action
    `previous` (2, 3).
    """
    pause, fidget = traits[PAUSE], traits[FIDGET]
    work = 1.0 - pause - fidget
    more, stray = 0.0, 0.0
    last, other = previous[player, 0], previous[1 - player, 0]
    if last == NOOP:
        more += traits[LINGER]
    elif last == PLACE or last == BREAK:
        more += traits[REST]
        stray += traits[TURN]
    else:
        stray += traits[ROAM]
    if other == PLACE or other == BREAK:
        more += traits[WATCH]
    if more == 0.0 and stray == 0.0:
        return pause, fidget
    pause *= math.exp(more)
    fidget *= math.exp(stray)
    total = pause + fidget + work
    return pause / total, fidget / total


@inlined
def stray_weight(momentum, last, move):
    """Weight of a stray move 0..5 after an action of kind `last`."""
    if momentum == 0.0 or last < MOVE_FIRST or last > MOVE_LAST or (last - MOVE_FIRST) // 2 != move // 2:
        return 1.0
    return math.exp(momentum if last - MOVE_FIRST == move else -momentum)


@kernel
def _stray_weights(momentum, last, moves):
    """Summed weights of the stray moves that are legal, (6,) bool."""
    total = 0.0
    for m in range(6):
        total += stray_weight(momentum, last, m) if moves[m] else 0.0
    return total


@kernel
def move_to_target(rules, state, row, player, scene, weight, goal, outline, tastes):
    """First move (0..5) towards the best far target that can be reached; -1 when there is none."""
    blocks, cells, way = state.blocks[row], scene.cell, scene.way
    while True:
        best, target = 0.0, _NO_CELL
        for i in range(scene.counts[2], scene.counts[3]):
            c = cells[i]
            if blocks[c] != goal[c]:
                value = weight[c] * _factor(tastes, blocks[c], goal[c], outline[c])
                if value > best and way[c] != UNREACHABLE:
                    best, target = value, c
        if target == _NO_CELL:
            return -1
        move = way_to(rules, state, row, player, scene, target)
        if move >= 0:
            return move


@kernel
def _squared(size, a, b):
    _w, h, d = size
    dx, dy, dz = a // (h * d) - b // (h * d), (a // d) % h - (b // d) % h, a % d - b % d
    return dx * dx + dy * dy + dz * dz


@kernel
def dig(rules, state, row, player, scene, goal):
    """``(kind, cell)`` of a builder that can reach none of its targets: break, move, or no-op when nothing is
    left to do but what a player stands in, or what nothing supports yet.
    """
    _w, h, d = rules.size
    blocks, cells, feet = state.blocks[row], scene.cell, state.feet[row, player]
    here = (feet[0] * h + feet[1]) * d + feet[2]
    other_feet, other_head = body_cells(rules.size, state.feet[row, 1 - player])
    nearest, target = 1 << 30, _NO_CELL
    for c in range(blocks.shape[0]):
        if (
            blocks[c] == goal[c]
            or not (scene.sealed[c] or scene.listed[c])
            or c == other_feet
            or c == other_head
        ):
            continue
        if _squared(rules.size, c, here) < nearest:
            nearest, target = _squared(rules.size, c, here), c
    while target != _NO_CELL:
        nearest, chosen, at_hand = 1 << 30, _NO_CELL, False
        for i in range(scene.counts[3]):
            c = cells[i]
            away = _squared(rules.size, c, target)
            if blocks[c] != AIR and (i < scene.counts[2] or scene.way[c] != UNREACHABLE) and away < nearest:
                nearest, chosen, at_hand = away, c, i < scene.counts[2]
        if chosen == _NO_CELL:
            break
        if at_hand:
            return BREAK, chosen
        move = way_to(rules, state, row, player, scene, chosen)
        if move >= 0:
            return MOVE_FIRST + move, 0
    return NOOP, 0


@kernel
def _stray_move(scene, momentum, last, share):
    """The stray move 0..5 that lies at a share in [0, 1) of the summed weights."""
    left = share * _stray_weights(momentum, last, scene.moves)
    chosen = 0
    for m in range(6):
        if scene.moves[m]:
            chosen = m
            left -= stray_weight(momentum, last, m)
            if left < 0:
                break
    return chosen


@kernel
def draw_action(rules, state, row, player, traits, scene, type_, goal, outline, stream, lane, out):
    """Draw an action (kind, cell, block) of a builder from a surveyed scene, by the random numbers of stream
    `lane`.
    """
    t = traits[type_]
    out[0], out[1], out[2] = NOOP, 0, 0
    moves = scene.counts[6]
    pause, fidget = pace(t, state.previous[row], player)
    u = uniform(stream, lane)
    if u < pause:
        return
    if u < pause + fidget:
        if moves > 0:
            last = state.previous[row, player, 0]
            out[0] = MOVE_FIRST + _stray_move(scene, t[MOMENTUM], last, uniform(stream, lane))
        return
    blocks, weight, tastes = state.blocks[row], scene.weight[type_], taste(t, state, row, player)
    near, far = near_and_far(rules.size, blocks, goal, outline, tastes, scene, weight)
    if near == 0.0 or uniform(stream, lane) * (near + far) >= near:
        move = (
            move_to_target(rules, state, row, player, scene, weight[1], goal, outline, tastes)
            if far > 0.0
            else -1
        )
        if move >= 0:
            out[0] = MOVE_FIRST + move
        elif near == 0.0:
            out[0], out[1] = dig(rules, state, row, player, scene, goal)
        return
    places = scene.counts[0]
    if places > 0 and uniform(stream, lane) < t[WRONG]:
        out[0], out[1], out[2] = PLACE, scene.place[below(stream, lane, places)], 2 + below(stream, lane, 8)
        return
    left = uniform(stream, lane) * near
    for i in range(scene.counts[2]):
        c = scene.cell[i]
        if blocks[c] != goal[c]:
            left -= weight[0, c] * _factor(tastes, blocks[c], goal[c], outline[c])
            if blocks[c] == AIR:
                out[0], out[1], out[2] = PLACE, c, goal[c]
            else:
                out[0], out[1], out[2] = BREAK, c, 0
            if left < 0:
                return


@kernel
def action_prob(rules, state, row, player, traits, scene, type_, goal, outline, kind, cell, block):
    """Probability that a builder of this goal and type does the action, from a surveyed scene."""
    t = traits[type_]
    moves = scene.counts[6]
    pause, fidget = pace(t, state.previous[row], player)
    work = 1.0 - pause - fidget
    prob = 0.0
    if kind == NOOP:
        prob = pause + (fidget if moves == 0 else 0.0)
    elif MOVE_FIRST <= kind <= MOVE_LAST and scene.moves[kind - MOVE_FIRST]:
        last = state.previous[row, player, 0]
        share = stray_weight(t[MOMENTUM], last, kind - MOVE_FIRST)
        prob = fidget * share / _stray_weights(t[MOMENTUM], last, scene.moves)
    blocks, weight, tastes = state.blocks[row], scene.weight[type_], taste(t, state, row, player)
    near, far = near_and_far(rules.size, blocks, goal, outline, tastes, scene, weight)
    if (kind != PLACE and kind != BREAK) or near == 0.0:
        walk = work if near == 0.0 else work * far / (near + far)
        move = (
            move_to_target(rules, state, row, player, scene, weight[1], goal, outline, tastes)
            if far > 0.0
            else -1
        )
        plan, at = (MOVE_FIRST + move, 0) if move >= 0 else (NOOP, 0)
        if move < 0 and near == 0.0:
            plan, at = dig(rules, state, row, player, scene, goal)
        if kind == plan and (kind != BREAK or cell == at):
            prob += walk
        return prob
    work /= near + far
    places = scene.counts[0]
    wrong = t[WRONG] if places > 0 else 0.0
    if kind == PLACE and 2 <= block < NUM_BLOCKS and in_list(scene.place, places, cell):
        prob += work * near * wrong / (8 * places)
    if (
        blocks[cell] != goal[cell]
        and (kind == PLACE) == (blocks[cell] == AIR)
        and (kind == BREAK or block == goal[cell])
    ):
        factor = _factor(tastes, blocks[cell], goal[cell], outline[cell])
        prob += work * (1.0 - wrong) * weight[0, cell] * factor
    return prob


@kernel
def in_list(cells, count, cell):
    """True when `cell` is one of the first `count` of the ascending `cells`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if cells[middle] < cell:
            low = middle + 1
        else:
            high = middle
    return low < count and cells[low] == cell


@kernel
def draw_actions(rules, state, player, tables, scene, goals, outlines, streams, active, out):
    """Draw the actions (B, 3) of builders with traits (B, 1, NUM_TRAITS) in every active world, with goals
    and outlines (B, N).
    """
    for row in range(state.clock.shape[0]):
        out[row] = 0
        if active[row] and state.clock[row] % rules.act_every[player] == 0:
            traits = tables[row]
            survey(rules, state, row, player, traits, scene)
            draw_action(
                rules, state, row, player, traits, scene, 0, goals[row], outlines[row], streams, row, out[row]
            )


@kernel
def log_probs(rules, state, row, player, traits, scene, types, goals, outlines, action, floor, out):
    """Log-likelihood (P,) of one observed action under P hypotheses: goals and outlines (P, N), builder types
    (P,).

    Probabilities below `floor` are raised to it, so that no hypothesis dies of one odd action.
    """
    survey(rules, state, row, player, traits, scene)
    for p in range(goals.shape[0]):
        prob = action_prob(
            rules,
            state,
            row,
            player,
            traits,
            scene,
            types[p],
            goals[p],
            outlines[p],
            action[0],
            action[1],
            action[2],
        )
        out[p] = math.log(max(prob, floor))
