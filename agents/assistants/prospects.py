"""What the assistant may want to change, and what that is worth, as its belief moves through a search tree.

Probabilities of a cell's goal block in a slot are the marginals of the root, moved by how the weights of the
particles have changed since. Those of the *wish list* are kept as one matrix product: they make up a slot's
value, what the assistant could earn alone under the belief as it is. The list is drawn up at the root: the
cells in which an edit is worth most, whether or not they can be worked on yet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.state import touched_by
from envs.building.world import AIR, ASSISTANT, BEDROCK, NUM_BLOCKS, USER
from envs.kernels import inlined, kernel, summing

from ..users.crowd import BLOCK, exposed, lowest
from ..users.outlook import ZERO, Forecast, straight

LEVELS = 47
"""Gains are put in order by so many levels of equal width (an odd number: round gains lie inside them)."""
TIE = np.float32(1e-5)
"""A block displaces the one preferred at the root when it is more probable by this."""


class Prospects(NamedTuple):
    """What the assistant may want in G games, as seen from their roots."""

    marginals: np.ndarray
    """(G, N, 10) float32."""
    options: np.ndarray
    """(G, N, 2) uint8 for cells with a `promise` the blocks whose probability counts: the likeliest two that
    can be placed into air; a solid cell's own block and the likeliest other.
    """
    rows: np.ndarray
    """(G, W * H) uint32 bits of the cells whose edit has a `promise`."""
    wishes: np.ndarray
    """(G, L) int16 the wish list."""
    counts: np.ndarray
    """(G,) int64 its length."""
    base: np.ndarray
    """(G, 2 L) float32 probabilities of the wishes' options less the particles' share."""
    shares: np.ndarray
    """(G, K, 2 L) float32: 1 where a particle's goal holds the option."""
    favourite: np.ndarray
    """(G,) int64 what the greedy assistant does at the root, -1 when it was not asked."""


class Scales(NamedTuple):
    """Options as numbers and tables."""

    effort: float
    promise: float
    even: float
    """A particle's weight at the root."""
    per_promise: np.ndarray
    """(513,) float32 prior weight of an edit by its probability of being right."""
    of_noop: float
    of_move: float
    of_favourite: float
    decay: np.ndarray
    """(W, 2 H, D) float32 discount of a wish by its offset from the feet: abs(dx), dy + H, abs(dz)."""
    powers: np.ndarray
    """(L + 1,) discount ** n."""


class Scratch(NamedTuple):
    """One worker's memory."""

    probabilities: np.ndarray
    """(2 L,) float32."""
    totals: np.ndarray
    """(LEVELS,) float64."""
    numbers: np.ndarray
    """(LEVELS,) int64."""
    rights: np.ndarray
    """(M,) float32 probability of being right of each proposed edit."""


class View(NamedTuple):
    """What the model's kernels are given."""

    forecast: Forecast
    weights: np.ndarray
    """(S, K) float32."""
    prospects: Prospects
    scales: Scales
    scratch: Scratch


def new_prospects(config: BuildingConfig, games: int, particles: int, wishes: int) -> Prospects:
    """Room for the prospects of G games with K particles and a wish list of L cells."""
    cells, length = config.cells, wishes
    return Prospects(
        np.zeros((games, cells, NUM_BLOCKS), np.float32),
        np.zeros((games, cells, 2), np.uint8),
        np.zeros((games, config.size[0] * config.size[1]), np.uint32),
        np.zeros((games, length), np.int16),
        np.zeros(games, np.int64),
        np.zeros((games, 2 * length), np.float32),
        np.zeros((games, particles, 2 * length), np.float32),
        np.full(games, -1, np.int64),
    )


def open_wishes(prospects: Prospects, game: int, most: int) -> np.ndarray:
    """(n,) int64 numbers in a game's wish list: the n <= `most` whose block was most in doubt at the root."""
    wishes = prospects.wishes[game, : prospects.counts[game]]
    rights = prospects.marginals[game, wishes, prospects.options[game, wishes, 0]]
    return np.argsort(np.abs(rights - 0.5), kind="stable")[:most]


def wish_probabilities(prospects: Prospects, game: int, weights: np.ndarray) -> np.ndarray:
    """(n,) probabilities of the first option of each wish under weights (K,) of the particles."""
    first = slice(0, 2 * prospects.counts[game], 2)
    return np.clip(prospects.base[game, first] + weights @ prospects.shares[game, :, first], 0, 1)


@kernel
def find_prospects(view, game, slot, values):
    """Fill a game's prospects but for marginals and favourite, from values (N,) of `edit_values`."""
    _find_options(view, game, slot, values)
    _choose_wishes(view, game, slot, values)
    _share_wishes(view, game)


@kernel
def _find_options(view, game, slot, values):
    """Fill `options` and `rows`."""
    forecast, prospects = view.forecast, view.prospects
    effort, promise, h = view.scales.effort, view.scales.promise, forecast.rules.size[1]
    touched = forecast.worlds.states.touched[slot]
    marginals, options = prospects.marginals[game], prospects.options[game]
    blocks, place = forecast.worlds.states.blocks[slot], forecast.worlds.place
    rows = prospects.rows[game]
    worst = promise - (1.0 + effort) * (1.0 - promise)
    for i in range(rows.shape[0]):
        rows[i] = 0
    for c in range(blocks.shape[0]):
        block = blocks[c]
        if block == BEDROCK or values[c] <= worst or touched_by(touched[c]) == 1 + USER:
            continue
        rows[np.int64(place[c, 0]) * h + place[c, 1]] |= np.uint32(1 << place[c, 2])
        first = np.uint8(block)
        if block == AIR:
            first = _likeliest(marginals[c], first)
        options[c, 0], options[c, 1] = first, _likeliest(marginals[c], first)


@inlined
def _likeliest(marginals, apart):
    """The likeliest block that can be placed, apart from one."""
    best, chosen = np.float32(-1.0), np.uint8(0)
    for b in range(2, NUM_BLOCKS):
        if b != apart and marginals[b] > best:
            best, chosen = marginals[b], np.uint8(b)
    return chosen


@kernel
def _choose_wishes(view, game, slot, values):
    """Draw up the wish list: the edits of the highest values, discounted by the way to them."""
    forecast, prospects, scales, scratch = view.forecast, view.prospects, view.scales, view.scratch
    place, feet = forecast.worlds.place, forecast.worlds.states.feet[slot, ASSISTANT]
    d = forecast.rules.size[2]
    wishes, rows = prospects.wishes[game], prospects.rows[game]
    worst, numbers = -(1.0 + scales.effort), scratch.numbers
    for level in range(LEVELS):
        numbers[level] = 0
    # Count the edits per level, then take the upper levels and of the last one as many as there is room for.
    least, room = 0, 0
    for turn in range(2):
        n = 0
        for i in range(rows.shape[0]):
            left = rows[i]
            while left:
                c = i * d + lowest(left)
                left &= left - np.uint32(1)
                value = values[c]
                if value > 0.0:
                    value *= _decay(scales.decay, place, feet, c)
                level = min(int((value - worst) / (1.0 - worst) * LEVELS), LEVELS - 1)
                if turn == 0:
                    numbers[level] += 1
                elif level > least or (level == least and room > 0):
                    room -= level == least
                    wishes[n] = c
                    n += 1
        if turn == 0:
            least, room = LEVELS - 1, wishes.shape[0]
            while least > 0 and numbers[least] <= room:
                room -= numbers[least]
                least -= 1
        prospects.counts[game] = n


@kernel
def _share_wishes(view, game):
    """Fill `base` and `shares`: which particle wants which option of a wish."""
    prospects, even = view.prospects, np.float32(view.scales.even)
    goals = view.forecast.crowd.goals[game]
    for j in range(2 * prospects.counts[game]):
        c = prospects.wishes[game, j // 2]
        option, wanted = prospects.options[game, c, j % 2], 0
        for k in range(goals.shape[1]):
            wants = goals[c, k] & BLOCK == option
            prospects.shares[game, k, j] = np.float32(1.0) if wants else ZERO
            wanted += wants
        prospects.base[game, j] = prospects.marginals[game, c, option] - even * np.float32(wanted)


@inlined
def _decay(decay, place, feet, c):
    """Discount of a wish by its distance beyond reach."""
    return decay[
        abs(place[c, 0] - feet[0]), place[c, 1] - feet[1] + decay.shape[1] // 2, abs(place[c, 2] - feet[2])
    ]


@summing
def probability(marginals, goals, weights, block, even):
    """Probability of a block in one cell: its marginal, moved by the change of the particles' weights."""
    wanted, moved, base = np.uint8(block), ZERO, np.float32(even)
    for k in range(np.uintp(goals.shape[0])):
        moved += weights[k] - base if goals[k] & BLOCK == wanted else ZERO
    return marginals[block] + moved


@kernel
def best_edit(view, game, slot, c, block):
    """``(block to place or 0, probability that it is right)`` of the best edit of a cell."""
    marginals, goals = view.prospects.marginals[game, c], view.forecast.crowd.goals[game, c]
    weights, even = view.weights[slot], view.scales.even
    if block != AIR:
        return np.int64(0), np.float32(1.0) - probability(marginals, goals, weights, block, even)
    wanted = np.int64(view.prospects.options[game, c, 0])
    other = np.int64(view.prospects.options[game, c, 1])
    right = probability(marginals, goals, weights, wanted, even)
    if marginals[other] > ZERO or view.forecast.crowd.blocks[game, c] >> other & 1:
        also = probability(marginals, goals, weights, other, even)
        if also > right + TIE:
            return other, also
    return wanted, right


@kernel
def opportunity(view, slot):
    """What the assistant could earn alone under a slot's belief: one wish a step, the best first, discounted
    by the way to it.
    """
    forecast, prospects, scales, scratch = view.forecast, view.prospects, view.scales, view.scratch
    game = slot // forecast.nodes
    states, place = forecast.worlds.states, forecast.worlds.place
    feet, wishes = states.feet[slot, ASSISTANT], prospects.wishes[game]
    totals, numbers = scratch.totals, scratch.numbers
    for level in range(LEVELS):
        totals[level], numbers[level] = 0.0, 0
    _weigh_wishes(prospects, game, view.weights[slot], scratch.probabilities)
    for j in range(prospects.counts[game]):
        gain = _worth(view, game, slot, j)
        if gain > 0.0:
            gain *= _decay(scales.decay, place, feet, wishes[j])
            level = min(int(gain * LEVELS), LEVELS - 1)
            totals[level] += gain
            numbers[level] += 1
    total, rank = 0.0, 0
    left = min(np.int64(scales.powers.shape[0]) - 1, forecast.rules.horizon - np.int64(states.clock[slot]))
    per_step = 1.0 - scales.powers[1]
    for i in range(LEVELS):
        level = LEVELS - 1 - i
        if numbers[level] > 0 and rank < left:
            upto = min(rank + numbers[level], left)
            mean = totals[level] / numbers[level]
            total += mean * (scales.powers[rank] - scales.powers[upto]) / per_step
            rank = upto
    return total


@summing
def _weigh_wishes(prospects, game, weights, out):
    """Probabilities (2 L,) of the wishes' options under the weights (K,) of a slot."""
    base, count = prospects.base[game], np.uintp(2 * prospects.counts[game])
    for j in range(count):
        out[j] = base[j]
    for k in range(weights.shape[0]):
        weight = weights[k]
        if weight > np.float32(1e-7):
            shares = prospects.shares[game, k]
            for j in range(count):
                out[j] += weight * shares[j]


@inlined
def _worth(view, game, slot, j):
    """Value of wish j as in `edit_values`, from the probabilities of its options; 0 or less: not wanted."""
    states, probabilities = view.forecast.worlds.states, view.scratch.probabilities
    c = view.prospects.wishes[game, j]
    block = states.blocks[slot, c]
    if touched_by(states.touched[slot, c]) == 1 + USER:
        return 0.0
    if block == AIR:
        right = max(probabilities[2 * j], probabilities[2 * j + 1])
    elif block == view.prospects.options[game, c, 0]:
        right = np.float32(1.0) - probabilities[2 * j]
    else:
        right = np.float32(1.0) - probabilities[2 * j + 1]
    return right - (1.0 + view.scales.effort) * (1.0 - right)


@kernel
def way_to_wish(view, game, slot, moves):
    """The legal move that brings the assistant nearest to the best wish it can work on; -1 for none."""
    forecast, prospects = view.forecast, view.prospects
    w, h, d = forecast.rules.size
    worlds, solid = forecast.worlds, forecast.worlds.solid[slot]
    place, feet = worlds.place, worlds.states.feet[slot, ASSISTANT]
    _weigh_wishes(prospects, game, view.weights[slot], view.scratch.probabilities)
    best, chosen = 0.0, np.int64(-1)
    for j in range(prospects.counts[game]):
        gain = _worth(view, game, slot, j)
        if gain > 0.0:
            c = np.int64(prospects.wishes[game, j])
            gain *= _decay(view.scales.decay, place, feet, c)
            x, y = np.int64(place[c, 0]), np.int64(place[c, 1])
            if gain > best and exposed(solid, x * h + y, x, y, w, h, d) >> np.uint32(place[c, 2]) & 1:
                best, chosen = gain, c
    return straight(worlds, moves, feet, chosen)
