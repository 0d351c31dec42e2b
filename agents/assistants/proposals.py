"""What the building game's search considers: the no-op, the legal moves, and the edits that may be right.

Priors are a softmax of what edits are worth by themselves; what the greedy assistant would do has the prior
of a sure edit, so that a search of few simulations is no worse than that.
"""

from __future__ import annotations

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE, encode
from envs.building.rules import body_cells, can_edit, can_move, held, position
from envs.building.sight import LOW_Y
from envs.building.state import touched_by
from envs.building.world import AIR, ASSISTANT, USER
from envs.kernels import inlined, kernel

from ..users.crowd import exposed, lowest
from ..users.outlook import ZERO
from .prospects import best_edit, way_to_wish


@kernel
def propose(view, slot, actions, priors, kinds):
    """See `planners.hooks`: no-op, the legal moves, and the edits at hand that may be right.

    What the greedy assistant would do has the prior of a sure edit. At the root it is exact, elsewhere the
    best edit at hand, or the move towards the best wish.
    """
    forecast, scales, codec = view.forecast, view.scales, view.forecast.codec
    rules, states = forecast.rules, forecast.worlds.states
    game = slot // forecast.nodes
    actions[0], priors[0], kinds[0] = 0, scales.of_noop, NOOP
    if states.clock[slot] % rules.act_every[ASSISTANT]:
        priors[0] = 1.0
        return 1
    n, moves = np.int64(1), np.int64(0)
    if rules.walking and rules.abilities[ASSISTANT, 2]:
        for m in range(6):
            if can_move(rules, states.blocks[slot], states.feet[slot], np.int64(ASSISTANT), m):
                moves |= 1 << m
                actions[n], priors[n], kinds[n] = codec.first_move + m, scales.of_move, MOVE_FIRST + m
                n += 1
    first = n
    n = _list_edits(view, slot, n, actions, kinds)
    for i in range(first, n):
        priors[i] = _interpolate(scales.per_promise, view.scratch.rights[i])
    favourite = view.prospects.favourite[game] if slot % forecast.nodes == 0 else np.int64(-1)
    if favourite < 0:
        favourite = _greedy(view, game, slot, moves, actions, first, n)
    total = ZERO
    for i in range(n):
        if actions[i] == favourite:
            priors[i] = scales.of_favourite
        total += priors[i]
    for i in range(n):
        priors[i] /= total
    return n


@kernel
def _greedy(view, game, slot, moves, actions, first, last):
    """The best of the edits first..last-1 if it gains, else the move towards the best wish, else a no-op."""
    effort, rights = view.scales.effort, view.scratch.rights
    best, chosen = (1.0 + effort) / (2.0 + effort), np.int64(-1)
    for i in range(first, last):
        if rights[i] > best:
            best, chosen = rights[i], np.int64(actions[i])
    if chosen < 0:
        move = way_to_wish(view, game, slot, moves)
        chosen = view.forecast.codec.first_move + move if move >= 0 else np.int64(0)
    return chosen


@kernel
def _list_edits(view, slot, n, actions, kinds):
    """Append the edits at hand that may be right, with `rights`; where there are too many, the best."""
    forecast, prospects, scales = view.forecast, view.prospects, view.scales
    rules, worlds, states = forecast.rules, forecast.worlds, forecast.worlds.states
    game = slot // forecast.nodes
    w, h, d = rules.size
    first = n
    solid, blocks, feet = worlds.solid[slot], states.blocks[slot], states.feet[slot]
    own_feet, own_head = body_cells(rules.size, feet[ASSISTANT])
    rights = view.scratch.rights
    x0, y0, z0 = position(feet, ASSISTANT)
    nearest_x, nearest_y = (max(0, x0 - 4), max(0, y0 + LOW_Y)) if rules.walking else (0, 0)
    for x in range(nearest_x, min(w, x0 + 5) if rules.walking else w):
        for y in range(nearest_y, min(h, y0 + 6) if rules.walking else h):
            i = x * h + y
            left = prospects.rows[game, i]
            if left:
                left &= exposed(solid, i, x, y, w, h, d)
            if left and rules.walking:
                left &= _reach_bits(rules.sight.reach[x - x0 + 4, y - y0 - LOW_Y], z0)
            while left:
                c = i * d + lowest(left)
                left &= left - np.uint32(1)
                if touched_by(states.touched[slot, c]) == 1 + USER:
                    continue
                block = np.int64(blocks[c])
                click = 0 if block == AIR else 1
                if not rules.abilities[ASSISTANT, click]:
                    continue
                if click == 0 and rules.walking and (c == own_feet or c == own_head):
                    continue
                wanted, right = best_edit(view, game, slot, c, block)
                if right < scales.promise:
                    continue
                if click == 0 and rules.inventory and held(states.inventory[slot, ASSISTANT], wanted) == 0:
                    continue
                if not can_edit(rules, blocks, feet, np.int64(ASSISTANT), click, c):
                    continue
                at = n
                if n == actions.shape[0]:
                    at = first
                    for j in range(first, n):
                        at = j if rights[j] < rights[at] else at
                    if rights[at] >= right:
                        continue
                else:
                    n += 1
                kind = PLACE if click == 0 else BREAK
                actions[at] = encode(forecast.codec, np.int64(kind), c, wanted)
                kinds[at], rights[at] = kind, right
    return n


@inlined
def _reach_bits(reach, z):
    """Bits along z of what is within `reach` (-1: nothing) of z."""
    if reach < 0:
        return np.uint32(0)
    around = (1 << (2 * np.int64(reach) + 1)) - 1
    shift = z - np.int64(reach)
    return np.uint32(around << shift if shift >= 0 else around >> -shift)


@inlined
def _interpolate(table, share):
    """Value of a table over [0, 1] between its entries."""
    at = min(max(share, ZERO), np.float32(1.0)) * np.float32(table.shape[0] - 1)
    i = min(np.int64(at), table.shape[0] - 2)
    part = at - np.float32(i)
    return table[i] + part * (table[i + 1] - table[i])
