"""What the builders of a crowd may do next in one public state.

`look` lists the cells that may become targets, weighs them, and sums the weights up for each particle. That
is most of the work of a forecast, so what was found for a state stays in a small cache: drawing many replies
at one node of a search, and reweighing the particles after, costs little.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from envs.building.actions import MOVES, Codec
from envs.building.config import BuildingConfig
from envs.building.legal import legal_cells
from envs.building.rules import Rules, can_move, compile_rules
from envs.building.state import State, touched_by
from envs.building.world import AIR, ASSISTANT, BEDROCK, USER, Size
from envs.kernels import inlined, kernel, summing

from .crowd import (
    BLOCK,
    ON_OUTLINE,
    Crowd,
    Habits,
    Worlds,
    coordinates,
    exposed,
    lowest,
    new_crowd,
    new_habits,
    new_worlds,
    set_around,
)
from .scene import ahead

GROUP = 4
"""Cells that are compared with the goals at a time."""
PLACES, NEAR, LISTED, MOVABLE, WAYS = range(5)
"""Columns of `Outlook.counts`."""
ZERO = np.float32(0.0)
NEVER = np.uint8(0x7E)
"""A block that no goal holds."""


class Outlook(NamedTuple):
    """Cache of E states, as one worker looked at them; the first entry is for roots."""

    slot: np.ndarray
    """(E,) int64."""
    version: np.ndarray
    """(E,) int64 of the slot when it was looked at."""
    counts: np.ndarray
    """(E, 5) int64: cells to place into, end of the near cells, end of the far cells, bits of the legal
    moves, whether `way` is known.
    """
    place: np.ndarray
    """(E, N) int16 all cells the user may place into."""
    cell: np.ndarray
    """(E, L) int16 possible targets: the near ones, which can be clicked, then the far ones, each filled up
    to a multiple of GROUP by cell 0, which is nobody's target.
    """
    weight: np.ndarray
    """(E, T, L) float32 of the listed cells."""
    near: np.ndarray
    """(E, K) float32 summed weights of each particle's near targets."""
    far: np.ndarray
    """(E, K) float32."""
    way: np.ndarray
    """(E, K) int8 move towards each particle's best far target, -1 for none."""
    break_: np.ndarray
    """(N,) int16 scratch."""
    scratch: np.ndarray
    """(N,) int16 scratch."""
    bits: np.ndarray
    """(W * H,) uint32 scratch: the near cells."""
    best: np.ndarray
    """(K,) float32 scratch."""
    target: np.ndarray
    """(K,) int32 scratch."""


class Forecast(NamedTuple):
    """Everything the kernels below need."""

    rules: Rules
    codec: Codec
    habits: Habits
    crowd: Crowd
    worlds: Worlds
    outlook: Outlook
    nodes: int
    """Slots per game; the first of them is its root."""
    floor: float
    """Least probability of a reply under any particle."""
    learning: float
    """Exponent of likelihoods: 1 is Bayes' rule, 0 learns nothing."""


def new_forecast(
    config: BuildingConfig,
    states: State,
    nodes: int,
    particles: int,
    traits: np.ndarray,
    floor: float,
    learning: float,
    remembered: int,
) -> Forecast:
    """A forecast for the slots of `states`, `nodes` per game, with room for K particles of builder types
    (T, NUM_TRAITS). remembered: states in the cache, 2 or more.
    """
    return Forecast(
        compile_rules(replace(config, line_of_sight=True)),
        Codec.of(config),
        new_habits(config.size, traits),
        new_crowd(len(states.clock) // nodes, config.cells, particles, len(traits)),
        new_worlds(states, config.size),
        _new_outlook(remembered, config.size, particles, len(traits)),
        nodes,
        floor,
        learning,
    )


def for_another_worker(forecast: Forecast) -> Forecast:
    """The same forecast with a cache of its own."""
    entries, types, _ = forecast.outlook.weight.shape
    particles = forecast.crowd.goals.shape[2]
    return forecast._replace(outlook=_new_outlook(entries, forecast.rules.size, particles, types))


def _new_outlook(entries: int, size: Size, particles: int, types: int) -> Outlook:
    """An empty cache."""
    cells = size[0] * size[1] * size[2]
    length = cells + 2 * GROUP
    return Outlook(
        np.full(entries, -1, np.int64),
        np.zeros(entries, np.int64),
        np.zeros((entries, 5), np.int64),
        np.zeros((entries, cells), np.int16),
        np.zeros((entries, length), np.int16),
        np.zeros((entries, types, length), np.float32),
        np.zeros((entries, particles), np.float32),
        np.zeros((entries, particles), np.float32),
        np.zeros((entries, particles), np.int8),
        np.zeros(cells, np.int16),
        np.zeros(cells, np.int16),
        np.zeros(size[0] * size[1], np.uint32),
        np.zeros(particles, np.float32),
        np.zeros(particles, np.int32),
    )


@kernel
def look(forecast, slot):
    """The cache's entry for what a slot's builders may do next."""
    outlook, worlds = forecast.outlook, forecast.worlds
    e = 0 if slot % forecast.nodes == 0 else 1 + slot % (outlook.slot.shape[0] - 1)
    if outlook.slot[e] != slot or outlook.version[e] != worlds.version[slot]:
        outlook.slot[e], outlook.version[e] = slot, worlds.version[slot]
        _survey(forecast, slot, e)
        crowd, bonus, favour = forecast.crowd, forecast.habits.bonus, forecast.habits.favour
        game, held = slot // forecast.nodes, in_hand(forecast, slot)
        goals, ends, blocks = crowd.goals[game], crowd.ends[game], worlds.states.blocks[slot]
        near, far = outlook.counts[e, NEAR], outlook.counts[e, LISTED]
        cell, weight = outlook.cell[e], outlook.weight[e]
        zero = np.int64(0)
        _sum_weights(goals, ends, bonus, favour, held, blocks, cell, weight, zero, near, outlook.near[e])
        _sum_weights(goals, ends, bonus, favour, held, blocks, cell, weight, near, far, outlook.far[e])
    return e


@kernel
def _survey(forecast, slot, e):
    """List the cells that may be targets with their weights."""
    rules, worlds, outlook = forecast.rules, forecast.worlds, forecast.outlook
    states = worlds.states
    w, h, d = rules.size
    moves = np.int64(0)
    if rules.walking and rules.abilities[USER, 2]:
        for m in range(6):
            moves |= np.int64(can_move(rules, states.blocks[slot], states.feet[slot], np.int64(USER), m)) << m
    places, breaks = legal_cells(rules, states, slot, np.int64(USER), outlook.scratch, outlook.break_)
    seen, open_, solid = outlook.bits, worlds.open_[slot], worlds.solid[slot]
    for i in range(seen.shape[0]):
        seen[i] = 0
    last = np.int64(states.last_edit[slot, USER])
    left = np.int64(0) if last < 0 else np.int64(1) + (states.blocks[slot, last] != AIR)
    on = np.int64(ahead(rules.size, states.touched[slot], states.last_edit[slot], USER))
    own, other = coordinates(worlds, last), coordinates(worlds, states.last_edit[slot, ASSISTANT])
    recent = (own, other, left, on)
    n = np.int64(0)
    for j in range(places + breaks):
        if j < places:
            c = np.int64(outlook.scratch[j])
            outlook.place[e, j] = c
        else:
            c = np.int64(outlook.break_[j - places])
        x, y, z = coordinates(worlds, c)
        i, bit = x * h + y, np.uint32(1 << z)
        seen[i] |= bit
        if open_[i] & bit:
            n = _list(forecast, slot, e, n, c, x, y, z, recent, True)
    n = near = _fill_up(outlook, e, n)
    for x in range(w):
        for y in range(h):
            i = x * h + y
            bits = open_[i] & ~seen[i]
            if bits:
                bits &= exposed(solid, i, x, y, w, h, d)
            while bits:
                z = lowest(bits)
                bits &= bits - np.uint32(1)
                n = _list(forecast, slot, e, n, i * d + z, x, y, z, recent, False)
    n = _fill_up(outlook, e, n)
    counts = outlook.counts[e]
    counts[PLACES], counts[NEAR], counts[LISTED], counts[MOVABLE] = places, near, n, moves
    counts[WAYS] = 0


@inlined
def _apart(place, x, y, z):
    """Chebyshev distance of two places, 0 where the first is none."""
    if place[0] < 0:
        return 0
    return max(abs(x - place[0]), abs(y - place[1]), abs(z - place[2]))


@inlined
def _list(forecast, slot, e, n, c, x, y, z, recent, at_hand):
    """Append a cell with its weights to the list; its new length. recent: places of the last edits of user
    and assistant, what the former left (`Habits.sort`), and the cell that continues the line.
    """
    outlook, habits, worlds = forecast.outlook, forecast.habits, forecast.worlds
    w, h, d = forecast.rules.size
    own, other, left, on = recent
    states = worlds.states
    feet = states.feet[slot, USER]
    outlook.cell[e, n] = c
    if own[0] < 0:
        ox, oy, oz = np.int64(w), np.int64(0), np.int64(0)
    else:
        ox, oy, oz = abs(x - own[0]), abs(y - own[1]), abs(z - own[2])
    near_other = _apart(other, x, y, z)
    dx, dy, dz = abs(x - feet[0]), y - feet[1] + h, abs(z - feet[2])
    sort = touched_by(states.touched[slot, c]) + 3 * (states.blocks[slot, c] != AIR)
    beside = set_around(worlds.own[slot], x, y, z, w, h, d)
    for t in range(habits.bonus.shape[0]):
        weight = (
            habits.height[y, t]
            * habits.local[ox, oy, oz, t]
            * habits.follow[near_other, t]
            * habits.walk[dx, dy, dz, t]
            * habits.sort[left, sort, t]
            * habits.beside[beside, t]
        )
        if c == on:
            weight *= habits.line[t]
        outlook.weight[e, t, n] = weight * habits.stay[t] if at_hand else weight
    return n + 1


@inlined
def _fill_up(outlook, e, n):
    """Make the list's length a multiple of GROUP by cells that count for nothing."""
    while n % GROUP:
        outlook.cell[e, n] = 0
        for t in range(outlook.weight.shape[1]):
            outlook.weight[e, t, n] = 0.0
        n += 1
    return n


@summing
def _sum_weights(goals, ends, bonus, favour, held, blocks, cell, weight, first, last, total):
    """Write for each particle the weights (T, L) of the listed cells first..last-1 that are its targets."""
    low = np.uintp(0)
    for t in range(ends.shape[0]):
        high = np.uintp(ends[t])
        for k in range(low, high):
            total[k] = 0.0
        for i in range(first, last, GROUP):
            a, b, c, d = cell[i], cell[i + 1], cell[i + 2], cell[i + 3]
            in_a, in_b, in_c, in_d = blocks[a], blocks[b], blocks[c], blocks[d]
            w_a, w_b, w_c, w_d = weight[t, i], weight[t, i + 1], weight[t, i + 2], weight[t, i + 3]
            at_a, at_b, at_c, at_d = goals[a], goals[b], goals[c], goals[d]
            if bonus[t] == 1.0 and (favour[t] == 1.0 or held == NEVER):
                for k in range(low, high):
                    total[k] += (
                        (w_a if at_a[k] & BLOCK != in_a else ZERO)
                        + (w_b if at_b[k] & BLOCK != in_b else ZERO)
                        + (w_c if at_c[k] & BLOCK != in_c else ZERO)
                        + (w_d if at_d[k] & BLOCK != in_d else ZERO)
                    )
            else:
                liked_a, liked_b, liked_c, liked_d = _liked(held, in_a, in_b, in_c, in_d)
                for k in range(low, high):
                    total[k] += (
                        valued(at_a[k], in_a, w_a, bonus[t], liked_a, favour[t])
                        + valued(at_b[k], in_b, w_b, bonus[t], liked_b, favour[t])
                        + valued(at_c[k], in_c, w_c, bonus[t], liked_c, favour[t])
                        + valued(at_d[k], in_d, w_d, bonus[t], liked_d, favour[t])
                    )
        low = high


@inlined
def in_hand(forecast, slot):
    """The block that the user placed last, NEVER for none."""
    states = forecast.worlds.states
    last = states.last_edit[slot, USER]
    if last < 0 or states.blocks[slot, last] <= BEDROCK:
        return NEVER
    return states.blocks[slot, last]


@inlined
def liked(held, block):
    """The block that one who holds `held` likes to place where `block` is: none but into air."""
    return held if block == AIR else NEVER


@inlined
def _liked(held, in_a, in_b, in_c, in_d):
    return liked(held, in_a), liked(held, in_b), liked(held, in_c), liked(held, in_d)


@inlined
def valued(goal, block, weight, bonus, liked, favour):
    """A cell's weight under a goal with its outline bit: 0 where that holds `block` already."""
    value = weight * bonus if goal & ON_OUTLINE else weight
    value = value * favour if goal & BLOCK == liked else value
    return value if goal & BLOCK != block else ZERO


@summing
def find_ways(forecast, slot, e):
    """Fill `way`: the legal move that brings each particle nearest to its best far target."""
    outlook, worlds = forecast.outlook, forecast.worlds
    bonus, favour, game = forecast.habits.bonus, forecast.habits.favour, slot // forecast.nodes
    held = in_hand(forecast, slot)
    goals, ends, blocks = forecast.crowd.goals[game], forecast.crowd.ends[game], worlds.states.blocks[slot]
    best, target, cell, weight = outlook.best, outlook.target, outlook.cell[e], outlook.weight[e]
    moves = outlook.counts[e, MOVABLE]
    low = np.uintp(0)
    for t in range(ends.shape[0]):
        high = np.uintp(ends[t])
        for k in range(low, high):
            best[k] = ZERO
            target[k] = -1
        for i in range(outlook.counts[e, NEAR], outlook.counts[e, LISTED], GROUP):
            a, b, c, d = cell[i], cell[i + 1], cell[i + 2], cell[i + 3]
            in_a, in_b, in_c, in_d = blocks[a], blocks[b], blocks[c], blocks[d]
            w_a, w_b, w_c, w_d = weight[t, i], weight[t, i + 1], weight[t, i + 2], weight[t, i + 3]
            at_a, at_b, at_c, at_d = goals[a], goals[b], goals[c], goals[d]
            liked_a, liked_b, liked_c, liked_d = _liked(held, in_a, in_b, in_c, in_d)
            for k in range(low, high):
                value, at = valued(at_a[k], in_a, w_a, bonus[t], liked_a, favour[t]), np.int32(a)
                other = valued(at_b[k], in_b, w_b, bonus[t], liked_b, favour[t])
                value, at = max(value, other), np.int32(b) if other > value else at
                other = valued(at_c[k], in_c, w_c, bonus[t], liked_c, favour[t])
                value, at = max(value, other), np.int32(c) if other > value else at
                other = valued(at_d[k], in_d, w_d, bonus[t], liked_d, favour[t])
                value, at = max(value, other), np.int32(d) if other > value else at
                better = value > best[k]
                best[k] = value if better else best[k]
                target[k] = at if better else target[k]
        low = high
    for k in range(low):
        if k > 0 and target[k] == target[k - 1]:
            outlook.way[e, k] = outlook.way[e, k - 1]
        else:
            outlook.way[e, k] = straight(worlds, moves, worlds.states.feet[slot, USER], target[k])
    outlook.counts[e, WAYS] = 1


@inlined
def straight(worlds, moves, feet, cell):
    """The move, of those in the bits `moves`, that brings a player's head nearest to a cell; -1 for none."""
    chosen, best = -1, -(1 << 30)
    if cell >= 0:
        x, y, z = coordinates(worlds, cell)
        dx, dy, dz = x - feet[0], y - feet[1] - 1, z - feet[2]
        for m in range(6):
            along = MOVES[m, 0] * dx + MOVES[m, 1] * dy + MOVES[m, 2] * dz
            if moves >> m & 1 and along > best:
                chosen, best = m, along
    return chosen
