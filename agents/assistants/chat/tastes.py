"""What items are worth on average to users who have said so much: quick expectations for scripts.

`Tastes` holds, for each slot and each thing that can have been said of it, the expected weighted taste of
every value and the share that broken constraints leave of the utility, averaged over hypotheses that fit: all
of them while nothing was said, those that care and do not know when the user was unsure, and those with the
stated ideal, hard or soft, after an answer. `appeal` puts the slots together as if they were independent of
each other, and takes off what is likely to be over budget and what does not go with other bookings. Averages
over the prior make a script that needs no belief; averages over the hypotheses of a belief (`learn`) make
rollouts that know what it knows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.chat.acts import LESS, MORE
from envs.chat.catalogue import draw_catalogues
from envs.chat.goals import LATE, OVERRUN, draw_goals
from envs.chat.schema import ATTRIBUTES, DOMAINS, SLOTS, VALUES, Schema
from envs.chat.state import INDIFFERENT, PREFERRED, REQUIRED, UNSURE
from envs.kernels import inlined, kernel

BUDGETS = 16
"""Budgets that stand for their distribution."""
PRIOR_WEIGHT = 2.0
"""Hypotheses that the average over the prior counts for where few hypotheses of a belief fit."""
_UNSAID, _UNSURE, _PREFERRED, _REQUIRED = 0, 1, 2, 2 + VALUES
_ROWS = 2 + 2 * VALUES
_DRAWS = 4096
_DENIED, _WAY, _REFUSED = 0.1, 0.05, 0.3
"""What a denied value, a step against a criticism and a refusal take off."""


class Tastes(NamedTuple):
    """Averages of G games."""

    worth: np.ndarray
    """(G, SLOTS, rows, VALUES) float64 expected weight times taste, by what was said and the item's value."""
    kept: np.ndarray
    """(G, SLOTS, rows, VALUES) float64 expected share that a constraint leaves."""
    budgets: np.ndarray
    """(G, BUDGETS) float64 quantiles of the budget, in multiples of what wanted domains cost on average."""
    near: np.ndarray
    """(G,) float64 mean loss where linked bookings differ."""
    costs: np.ndarray
    """(DOMAINS,) float64 mean prices."""


@lru_cache(maxsize=8)
def prior_tastes(schema: Schema) -> Tastes:
    """Averages over the prior, as those of one game."""
    rng = np.random.default_rng(17)
    goals = draw_goals(schema, _DRAWS, rng)
    prices = draw_catalogues(schema, 64, 32, rng).price.reshape(64, DOMAINS, -1)
    costs = prices.mean(axis=(0, 2)).astype(np.float64)
    shape = (1, SLOTS, _ROWS, VALUES)
    tastes = Tastes(np.zeros(shape), np.ones(shape), np.ones((1, BUDGETS)), np.zeros(1), costs)
    learn(tastes, 0, tastes, goals, 0, np.full(_DRAWS, 1.0 / _DRAWS))
    return tastes


def room_for(games: int, prior: Tastes) -> Tastes:
    """Room for the averages of G games."""
    worth, kept, budgets, near = (np.repeat(part, games, axis=0) for part in prior[:4])
    return Tastes(worth, kept, budgets, near, prior.costs)


@njit(cache=True, nogil=True)
def learn(tastes, game, prior, goals, first, weights):
    """Write the averages of a game over hypotheses in rows ``first + i`` of goals with `weights` (P,)."""
    worth, kept, p = tastes.worth[game], tastes.kept[game], weights.shape[0]
    counts = np.empty(_ROWS)
    for slot in range(SLOTS):
        for r in range(_ROWS):
            counts[r] = PRIOR_WEIGHT / p
            for value in range(VALUES):
                worth[slot, r, value] = prior.worth[0, slot, r, value] * counts[r]
                kept[slot, r, value] = prior.kept[0, slot, r, value] * counts[r]
        for i in range(p):
            k = first + i
            if weights[i] == 0.0:
                continue
            _count(worth, kept, counts, goals, k, slot, _UNSAID, weights[i])
            if goals.weight[k, slot] > 0:
                if not goals.knows[k, slot]:
                    _count(worth, kept, counts, goals, k, slot, _UNSURE, weights[i])
                said = _REQUIRED if goals.hard[k, slot] > 0 else _PREFERRED
                _count(worth, kept, counts, goals, k, slot, said + goals.ideal[k, slot], weights[i])
        for r in range(_ROWS):
            for value in range(VALUES):
                worth[slot, r, value] /= counts[r]
                kept[slot, r, value] /= counts[r]
    ratios = np.empty(p)
    tastes.near[game] = 0.0
    for i in range(p):
        tastes.near[game] += weights[i] * goals.near[first + i]
        ratios[i] = goals.budget[first + i] / _cost(tastes.costs, goals.wanted[first + i])
    order, cumulated, i = np.argsort(ratios), 0.0, -1
    for b in range(BUDGETS):
        while i < p - 1 and cumulated <= (b + 0.5) / BUDGETS:
            i += 1
            cumulated += weights[order[i]]
        tastes.budgets[game, b] = ratios[order[i]]


@inlined
def _count(worth, kept, counts, goals, k, slot, r, weight):
    counts[r] += weight
    for value in range(VALUES):
        worth[slot, r, value] += weight * goals.weight[k, slot] * goals.taste[k, slot, value]
        kept[slot, r, value] += weight * goals.factor[k, slot, value]


@inlined
def _cost(costs, wanted):
    """What bookings of the wanted domains cost on average."""
    total = 0.0
    for d in range(DOMAINS):
        total += costs[d] * wanted[d]
    return max(total, 1.0)


@kernel
def appeal(rules, tastes, game, state, row, item, domain):
    """How well a found item suits what was said of its domain; about its expected utility."""
    worth, kept, off = 0.0, 1.0, _REFUSED if state.refused[row, item] else 0.0
    for a in range(ATTRIBUTES):
        slot, value = domain * ATTRIBUTES + a, state.values[row, item, a]
        said = state.said[row, slot]
        if value < 0 or said == INDIFFERENT:
            continue
        stated, r = state.stated[row, slot], _UNSAID
        if said == UNSURE:
            r = _UNSURE
        elif stated >= 0 and (said == PREFERRED or state.relaxed[row, slot]):
            r = _PREFERRED + stated
        elif stated >= 0 and said == REQUIRED:
            r = _REQUIRED + stated
        worth += tastes.worth[game, slot, r, value]
        kept *= tastes.kept[game, slot, r, value]
        if (state.denied[row, slot] >> value) & 1:
            off += _DENIED
        way = state.criticised[row, slot] - 1
        if way == MORE:
            off -= _WAY * value / max(rules.counts[slot] - 1, 1)
        elif way == LESS:
            off += _WAY * value / max(rules.counts[slot] - 1, 1)
    kept *= _linked(rules, tastes, game, state, row, item, domain)
    return worth * kept * _within(tastes, game, state, row, item, domain) - off


@inlined
def _linked(rules, tastes, game, state, row, item, domain):
    """What links with what is booked in other domains are expected to leave of the utility."""
    kept = 1.0
    for i in range(rules.same.shape[0]):
        for side in range(2):
            slot, other = rules.same[i, side], rules.same[i, 1 - side]
            booked = state.booked[row, other // ATTRIBUTES]
            if slot // ATTRIBUTES == domain and booked >= 0:
                own, its = state.values[row, item], state.values[row, booked]
                differ = own[slot % ATTRIBUTES] != its[other % ATTRIBUTES]
                kept *= 1.0 - tastes.near[game] * differ
    for i in range(rules.before.shape[0]):
        first, second = rules.before[i]
        one = item if first // ATTRIBUTES == domain else state.booked[row, first // ATTRIBUTES]
        two = item if second // ATTRIBUTES == domain else state.booked[row, second // ATTRIBUTES]
        if (one == item or two == item) and one >= 0 and two >= 0:
            early = rules.numbers[first, state.values[row, one, first % ATTRIBUTES]]
            if early >= rules.numbers[second, state.values[row, two, second % ATTRIBUTES]]:
                kept *= LATE
    return kept


@inlined
def _within(tastes, game, state, row, item, domain):
    """What the price of an item is expected to leave of the utility; other domains cost the average."""
    price, average = np.float64(state.price[row, item]), _cost(tastes.costs, state.wanted[row])
    for d in range(DOMAINS):
        if d != domain and state.wanted[row, d]:
            other = state.booked[row, d]
            price += state.price[row, other] if other >= 0 else tastes.costs[d]
    total = 0.0
    for b in range(BUDGETS):
        over = price / (tastes.budgets[game, b] * average) - 1.0
        total += 1.0 if over <= 0 else max(0.0, 1.0 - OVERRUN * over)
    return total / BUDGETS
