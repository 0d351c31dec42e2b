"""What the user will do next, for many goals at once: the builder of `policy`, made fast for search.

Search asks again and again what K *particles* (a goal and a builder type each) would do in one public state.
Targets, weights and likelihoods are those of `policy`, with the sums over cells turned inside out: cells that
may be targets are listed once, and each is compared with all goals at a time (`crowd`, `outlook`).

The forecast leaves out what would need a search of its own. Where it differs from `policy`:

- Any exposed cell may be a far target, also one that is sealed off from the air around the builder.
- A builder walks straight: by the legal move that brings it nearest to its best far target, not along the
  shortest path to it. It never digs, but waits when it has no target.
- A move or a no-op tells no more than that it was no edit. (The beliefs of assistants weigh edits alone, so
  search should not count on learning more.)

Replies are drawn from the very probabilities that reweigh the particles, so posteriors average to the prior.
"""

from __future__ import annotations

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE, decode, encode
from envs.building.world import AIR, NUM_BLOCKS, USER
from envs.kernels import inlined, kernel, summing

from .crowd import BLOCK, ON_OUTLINE
from .outlook import MOVABLE, NEAR, PLACES, WAYS, ZERO, find_ways, in_hand, liked, look, valued
from .policy import in_list, pace, stray_weight
from .traits import MOMENTUM, WRONG

_ALMOST_ONE = 1.0 - 2.0**-53


@kernel
def draw(forecast, slot, weights, uniform):
    """A flat action of the user, drawn for a particle drawn by weights (K,); all from one number in [0, 1).

    Each choice uses up its part of the number and leaves a number in [0, 1) for the next.
    """
    rules, states, outlook = forecast.rules, forecast.worlds.states, forecast.outlook
    if states.clock[slot] % rules.act_every[USER]:
        return 0
    e = look(forecast, slot)
    game = slot // forecast.nodes
    ends = forecast.crowd.ends[game]
    k, last = 0, ends[ends.shape[0] - 1] - 1
    left = uniform
    while k < last and left >= weights[k]:
        left -= weights[k]
        k += 1
    left = min(left / weights[k], _ALMOST_ONE) if weights[k] > 0.0 else 0.0
    t = 0
    while k >= ends[t]:
        t += 1
    traits, counts = forecast.habits.traits[t], outlook.counts[e]
    moves = counts[MOVABLE]
    pause, fidget = pace(traits, states.previous[slot], USER)
    if left < pause:
        return 0
    left -= pause
    if left < fidget:
        last = np.int64(states.previous[slot, USER, 0])
        move = _stray_move(traits[MOMENTUM], last, moves, left / fidget)
        return forecast.codec.first_move + move if moves else 0
    left = min((left - fidget) / (1.0 - pause - fidget), _ALMOST_ONE)
    near, far = outlook.near[e, k], outlook.far[e, k]
    if near + far == 0.0:
        return 0
    share = near / (near + far)
    if left >= share:
        if moves == 0:
            return 0
        if not counts[WAYS]:
            find_ways(forecast, slot, e)
        return forecast.codec.first_move + outlook.way[e, k]
    return _draw_edit(forecast, slot, e, t, k, left / share)


@kernel
def _draw_edit(forecast, slot, e, t, k, left):
    """A flat edit of particle k, of type t."""
    outlook, codec = forecast.outlook, forecast.codec
    blocks, goals = forecast.worlds.states.blocks[slot], forecast.crowd.goals[slot // forecast.nodes]
    bonus, favour, held = forecast.habits.bonus[t], forecast.habits.favour[t], in_hand(forecast, slot)
    places, wrong = outlook.counts[e, PLACES], forecast.habits.traits[t, WRONG]
    if places > 0:
        if left < wrong:
            left *= places / wrong
            at = min(int(left), places - 1)
            block = 2 + min(int((left - at) * 8), 7)
            return encode(codec, np.int64(PLACE), np.int64(outlook.place[e, at]), block)
        left = (left - wrong) / (1.0 - wrong)
    left *= outlook.near[e, k]
    chosen = 0
    for i in range(outlook.counts[e, NEAR]):
        c = outlook.cell[e, i]
        weight = outlook.weight[e, t, i]
        value = valued(goals[c, k], blocks[c], weight, bonus, liked(held, blocks[c]), favour)
        if value > 0.0:
            chosen = c
            left -= value
            if left < 0:
                break
    if blocks[chosen] == AIR:
        return encode(codec, np.int64(PLACE), np.int64(chosen), np.int64(goals[chosen, k] & BLOCK))
    return encode(codec, np.int64(BREAK), np.int64(chosen), np.int64(0))


@inlined
def _stray_weights(momentum, last, moves):
    """Summed weights of the stray moves in the bits `moves`."""
    total = 0.0
    for m in range(6):
        total += stray_weight(momentum, last, m) if moves >> m & 1 else 0.0
    return total


@inlined
def _stray_move(momentum, last, moves, share):
    """The stray move 0..5 that lies at a share in [0, 1) of the summed weights; 0 when there is none."""
    left = share * _stray_weights(momentum, last, moves)
    chosen = 0
    for m in range(6):
        if moves >> m & 1:
            chosen = m
            left -= stray_weight(momentum, last, m)
            if left < 0:
                break
    return chosen


@kernel
def reweigh(forecast, slot, reply, before, after):
    """Bayes' rule on a flat reply: weights (K,) before and after it; returns the reply's probability."""
    rules, game = forecast.rules, slot // forecast.nodes
    ends = forecast.crowd.ends[game]
    last = ends[ends.shape[0] - 1]
    if forecast.worlds.states.clock[slot] % rules.act_every[USER]:
        for k in range(last):
            after[k] = before[k]
        return 1.0 if reply == 0 else forecast.floor
    e = look(forecast, slot)
    kind, cell, block = decode(forecast.codec, reply)
    if kind == PLACE or kind == BREAK:
        _likelihood_of_edit(forecast, slot, e, kind, cell, block, after)
    else:
        _likelihood_of_no_edit(forecast, slot, e, after)
    total = np.float64(_normalise(before, after, last, forecast.floor, forecast.learning))
    if kind == PLACE or kind == BREAK:
        return total
    if kind == NOOP:
        return _chance_of_noop(forecast, slot, e, before)
    return _chance_of_move(forecast, slot, e, kind - MOVE_FIRST, before)


@summing
def _likelihood_of_no_edit(forecast, slot, e, out):
    """Probability under each particle of a move or a no-op."""
    outlook, ends = forecast.outlook, forecast.crowd.ends[slot // forecast.nodes]
    near, far = outlook.near[e], outlook.far[e]
    low = np.uintp(0)
    for t in range(ends.shape[0]):
        high = np.uintp(ends[t])
        pause, fidget = pace(forecast.habits.traits[t], forecast.worlds.states.previous[slot], USER)
        aimless = np.float32(pause + fidget)
        work = np.float32(1.0) - aimless
        for k in range(low, high):
            both = near[k] + far[k]
            out[k] = aimless + (work * far[k] / both if both > ZERO else work)
        low = high


@summing
def _likelihood_of_edit(forecast, slot, e, kind, cell, block, out):
    """Probability under each particle of an edit."""
    outlook = forecast.outlook
    game = slot // forecast.nodes
    ends, goals = forecast.crowd.ends[game], forecast.crowd.goals[game, cell]
    near, far = outlook.near[e], outlook.far[e]
    here, held = forecast.worlds.states.blocks[slot, cell], in_hand(forecast, slot)
    places, listed = outlook.counts[e, PLACES], -1
    for i in range(outlook.counts[e, NEAR]):
        if outlook.cell[e, i] == cell:
            listed = i
    possible = (kind == PLACE) == (here == AIR) and listed >= 0
    random = kind == PLACE and 2 <= block < NUM_BLOCKS and in_list(outlook.place[e], places, cell)
    low = np.uintp(0)
    for t in range(ends.shape[0]):
        high = np.uintp(ends[t])
        traits = forecast.habits.traits[t]
        pause, fidget = pace(traits, forecast.worlds.states.previous[slot], USER)
        work, wrong = 1.0 - pause - fidget, traits[WRONG] if places > 0 else 0.0
        astray = np.float32(work * wrong / (8 * places)) if random else ZERO
        bonus = forecast.habits.bonus[t]
        meant = np.float32(work * (1.0 - wrong) * outlook.weight[e, t, listed]) if possible else ZERO
        if kind == PLACE and block == held:
            meant *= forecast.habits.favour[t]
        wanted = np.uint8(block)
        for k in range(low, high):
            fits = (goals[k] & BLOCK == wanted) if kind == PLACE else (goals[k] & BLOCK != here)
            value = meant * bonus if goals[k] & ON_OUTLINE else meant
            both = near[k] + far[k]
            out[k] = (astray * near[k] + (value if fits else ZERO)) / both if both > ZERO else ZERO
        low = high


@summing
def _normalise(before, after, count, floor, learning):
    """Turn likelihoods in `after` into weights that sum to 1; returns the reply's probability."""
    least, total, chance = np.float32(floor), ZERO, ZERO
    for k in range(np.uintp(count)):
        likelihood = max(after[k], least)
        chance += before[k] * likelihood
        if learning != 1.0:
            likelihood = np.float32(likelihood**learning)
        after[k] = before[k] * likelihood
        total += after[k]
    scale = np.float32(1.0) / total
    for k in range(np.uintp(count)):
        after[k] *= scale
    return chance


@kernel
def _chance_of_noop(forecast, slot, e, weights):
    """Probability that the user does nothing."""
    outlook, ends = forecast.outlook, forecast.crowd.ends[slot // forecast.nodes]
    stuck = outlook.counts[e, MOVABLE] == 0
    total = 0.0
    low = 0
    for t in range(ends.shape[0]):
        pause, fidget = pace(forecast.habits.traits[t], forecast.worlds.states.previous[slot], USER)
        work = 1.0 - pause - fidget
        for k in range(low, ends[t]):
            both = outlook.near[e, k] + outlook.far[e, k]
            chance = pause + (fidget if stuck else 0.0)
            if both == ZERO:
                chance += work
            elif stuck:
                chance += work * outlook.far[e, k] / both
            total += weights[k] * chance
        low = ends[t]
    return total


@kernel
def _chance_of_move(forecast, slot, e, move, weights):
    """Probability that the user makes this very move."""
    outlook = forecast.outlook
    ends = forecast.crowd.ends[slot // forecast.nodes]
    moves, previous = outlook.counts[e, MOVABLE], forecast.worlds.states.previous[slot]
    if move < 0 or move >= 6 or not moves >> move & 1:
        return forecast.floor
    last = np.int64(previous[USER, 0])
    if not outlook.counts[e, WAYS]:
        find_ways(forecast, slot, e)
    total = 0.0
    low = 0
    for t in range(ends.shape[0]):
        traits = forecast.habits.traits[t]
        pause, fidget = pace(traits, previous, USER)
        work = 1.0 - pause - fidget
        stray = fidget * stray_weight(traits[MOMENTUM], last, move)
        stray /= _stray_weights(traits[MOMENTUM], last, moves)
        for k in range(low, ends[t]):
            chance = stray
            if outlook.way[e, k] == move:
                chance += work * outlook.far[e, k] / (outlook.near[e, k] + outlook.far[e, k])
            total += weights[k] * chance
        low = ends[t]
    return total
