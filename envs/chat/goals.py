"""What users want: the prior over goals, and how good bookings are under a goal.

**Prior** (`draw_goals`). The user asks for one domain or several. They have a dream item of each in mind,
drawn as catalogues are but independently of the catalogue at hand, so that an assistant can draw hypotheses
without knowing it. Users are one of a few kinds of people (`kinds_of`): two in five slots are close to the
heart of a kind and matter with chance 0.9, others with 0.12, so what matters in one domain tells what may
matter in another. Weights of slots that matter are gamma distributed and sum to 1 in a domain. Ideals are the
kind's favourites with chance 0.6; else the dream item's values, or any. Up to two slots that matter are hard
constraints, which the user would give up early, late, or never. Three in five of the other slots that matter
are ones in which they only find out what they want when the assistant explains it or compares examples; these
weigh twice as much. The budget is 1.0 to 1.4 times what the dream items cost.

**Utility** (`utility`), 0..1: the mean over wanted domains of the weighted mean taste of the booked item's
values, times what broken hard constraints leave of it (0.7, 0.4 or 0), nothing for what is not booked. Linked
bookings multiply it: by ``1 - near`` for each pair that should be the same and is not, by 0.5 for each that
comes in the wrong order; and each percent over budget takes two.

`optimum` is the exact best over all combinations of items; `commit_value` what booking the best of the items
at hand is worth under a belief over goals.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..kernels import inlined, kernel
from .catalogue import draw_items
from .persona import Persona
from .schema import ATTRIBUTES, CATEGORICAL, DOMAINS, SLOTS, Schema
from .state import Goal, empty_goal

KINDS = 6
"""Kinds of people."""
HEART, CARES, CARES_ELSE = 0.4, 0.9, 0.12
"""Share of slots that are close to the heart of a kind, and chances that these and others matter."""
FAVOURS, DREAMS, LEARNS = 0.6, 0.7, 0.6
"""Chances that the ideal is the kind's favourite, that it else is the dream item's value, and that a slot
which matters is one that the user has to learn about.
"""
EVENNESS = 4.0
"""Shape of the gamma distribution of weights: how alike the slots that matter weigh."""
HARD_SHARES = (0.25, 0.45, 0.3)
"""Chances of 0, 1 and 2 hard constraints in a domain."""
KEPT = np.array([1.0, 0.7, 0.4, 0.0], np.float32)
"""What a broken constraint leaves of a domain's utility, by `Goal.hard`."""
SECOND_TASTE = 0.4
"""Taste of the second-best category; others have 0."""
DECLINE = 1.6
"""Taste lost over the whole range of an ordered slot; it does not fall below 0."""
LATE = 0.5
"""What a pair of bookings in the wrong order leaves of the utility."""
OVERRUN = 2.0
"""Utility lost per share of the budget that is overrun."""
SMALLEST_OPTIMUM = 0.05
"""Optima below this count as this, so that shares of them stay bounded."""


class Kinds(NamedTuple):
    """Kinds of people."""

    cares: np.ndarray
    """(KINDS, SLOTS) float64 chance that a slot matters."""
    favourite: np.ndarray
    """(KINDS, SLOTS) int8 what they mostly like best."""


@lru_cache(maxsize=8)
def kinds_of(schema: Schema) -> Kinds:
    """The kinds of people that a schema has: a fixed draw, part of the rules of the game."""
    rng = np.random.default_rng(23)
    cares = np.zeros((KINDS, SLOTS))
    favourite = (rng.random((KINDS, SLOTS)) * schema.counts).astype(np.int8)
    for d, domain in enumerate(schema.domains):
        n = len(domain.attributes)
        rank = rng.random((KINDS, n)).argsort(axis=1).argsort(axis=1)
        near = rank < max(1, round(HEART * n))
        cares[:, d * ATTRIBUTES : d * ATTRIBUTES + n] = np.where(near, CARES, CARES_ELSE)
    return Kinds(cares, favourite)


def draw_goals(
    schema: Schema,
    batch: int,
    rng: np.random.Generator,
    personas: Sequence[Persona] | None = None,
    domains: int | None = None,
    drift: float = 0.0,
    horizon: int = 40,
) -> Goal:
    """Goals of `batch` users from the prior on the module's page.

    personas: who they are, one each; None: the default one. domains: how many each of them wants; None: any
    number. drift: chance that an ideal changes once, at a clock in the first half of `horizon`. ValueError
    for numbers out of range.
    """
    count = len(schema.domains)
    if domains is not None and not 1 <= domains <= count:
        raise ValueError(f"domains is {domains}; schema {schema.name} has 1..{count}, or None for any number")
    if not 0 <= drift <= 1:
        raise ValueError(f"drift is {drift}; give a chance 0..1")
    if personas is not None and len(personas) != batch:
        raise ValueError(f"{len(personas)} personas for {batch} users; give one each")
    goal = empty_goal(batch)
    wanted = np.full(batch, domains) if domains else rng.integers(1, count + 1, batch)
    goal.kind[:] = rng.integers(KINDS, size=batch)
    cared, favourite = (part[goal.kind] for part in kinds_of(schema))
    order = rng.random((batch, count)).argsort(axis=1).argsort(axis=1)
    goal.wanted[:, :count] = order < wanted[:, None]
    budget = np.zeros(batch)
    for d, domain in enumerate(schema.domains):
        own = slice(d * ATTRIBUTES, d * ATTRIBUTES + len(domain.attributes))
        values, prices = (part[:, 0] for part in draw_items(domain, batch, 1, rng))
        budget += prices * goal.wanted[:, d]
        counts = schema.counts[own]
        anything = (rng.random(values.shape) * counts).astype(np.int8)
        ideal = np.where(rng.random(values.shape) < DREAMS, values, anything)
        goal.ideal[:, own] = np.where(rng.random(values.shape) < FAVOURS, favourite[:, own], ideal)
        step = 1 + (rng.random(values.shape) * (counts - 1)).astype(np.int8)
        goal.second[:, own] = (goal.ideal[:, own] + step) % counts
        cares = rng.random(values.shape) < cared[:, own]
        cares[np.arange(batch), cared[:, own].argmax(axis=1)] = True
        draw_importance(goal, own, rng, cares)
    goal.budget[:] = budget * rng.uniform(1.0, 1.4, batch)
    goal.near[:] = rng.choice([0.0, 0.15, 0.3], batch)
    draw_drift(schema, goal, drift, horizon, rng)
    vectors = [persona.vector() for persona in personas] if personas else [Persona().vector()] * batch
    goal.persona[:] = np.reshape(vectors, goal.persona.shape)
    derive(schema, goal)
    return goal


def draw_importance(
    goal: Goal,
    own: slice,
    rng: np.random.Generator,
    cares: np.ndarray,
    learns: np.ndarray | None = None,
) -> None:
    """Draw weights, hard constraints and what is known of the slots `own` of one domain.

    cares: (B, n) bool slots that matter. learns: (B, n) bool those in which users find out what they want;
    None: a share `LEARNS` of those that are no hard constraints. Who cares about nothing gets weights of 0.
    """
    shape = cares.shape
    able = cares if learns is None else cares & ~learns
    hard_count = np.asarray(rng.choice(len(HARD_SHARES), size=shape[0], p=HARD_SHARES))
    rank = np.where(able, rng.random(shape), 2.0).argsort(axis=1).argsort(axis=1)
    hard = able & (rank < hard_count[:, None])
    if learns is None:
        learns = cares & ~hard & (rng.random(shape) < LEARNS)
    weight = rng.gamma(EVENNESS, 1.0, shape) * cares * np.where(learns, 2.0, 1.0)
    total = weight.sum(axis=1, keepdims=True)
    goal.weight[:, own] = weight / np.where(total > 0, total, 1.0)
    goal.hard[:, own] = hard * rng.integers(1, len(KEPT), shape)
    goal.knows[:, own] = ~learns


def draw_drift(schema: Schema, goal: Goal, drift: float, horizon: int, rng: np.random.Generator) -> None:
    """Draw whether, when and to what an ideal changes: chance and horizon are those of `draw_goals`."""
    batch = len(goal.budget)
    happens = rng.random(batch) < drift
    when = rng.integers(2, max(horizon // 2, 3), batch)
    free = goal.weight * np.repeat(goal.wanted, ATTRIBUTES, axis=1) * (goal.hard == 0) * (goal.knows == 1)
    slot = np.where(free > 0, rng.random(free.shape), -1.0).argmax(axis=1)
    counts = schema.counts[slot]
    step = 1 + (rng.random(batch) * np.maximum(counts - 1, 1)).astype(np.int64)
    value = (goal.ideal[np.arange(batch), slot] + step) % np.maximum(counts, 1)
    happens &= free.max(axis=1) > 0
    goal.drift[:] = np.where(happens[:, None], np.stack([when, slot, value], axis=1), 0)


def derive(schema: Schema, goal: Goal) -> None:
    """Write `taste` and `factor` of goals from their ideals, second choices and constraints."""
    _fill_tastes(*slot_tables(schema), goal)


def slot_tables(schema: Schema) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(SLOTS,) int64 arrays: number of values, 1 for categories, and which way is better."""
    categorical, better = np.zeros(SLOTS, np.int64), np.zeros(SLOTS, np.int64)
    for slot in schema.slots.values():
        attribute = schema.attribute(slot)
        categorical[slot] = attribute.kind == CATEGORICAL
        better[slot] = attribute.better
    return schema.counts, categorical, better


@kernel
def fill_taste(counts, categorical, better, goal, k, slot):
    """`taste` and `factor` of one slot: the ideal has taste 1, other levels lose in proportion to distance.

    Levels on the better side of the ideal have taste 1 too and break no constraint.
    """
    ideal = goal.ideal[k, slot]
    for value in range(counts[slot]):
        away = value - ideal
        fits = away == 0 or away * better[slot] > 0
        if fits:
            taste = 1.0
        elif categorical[slot]:
            taste = SECOND_TASTE if value == goal.second[k, slot] else 0.0
        else:
            taste = max(0.0, 1.0 - DECLINE * abs(away) / (counts[slot] - 1.0))
        goal.taste[k, slot, value] = taste
        goal.factor[k, slot, value] = 1.0 if fits else KEPT[goal.hard[k, slot]]


@kernel
def _fill_tastes(counts, categorical, better, goal):
    for k in range(goal.budget.shape[0]):
        for slot in range(SLOTS):
            fill_taste(counts, categorical, better, goal, k, slot)


@kernel
def item_utility(goal, k, values, domain):
    """Utility of one item with `values` (ATTRIBUTES,) for domain `domain` alone, 0..1."""
    total, kept = 0.0, 1.0
    for a in range(ATTRIBUTES):
        slot, value = domain * ATTRIBUTES + a, values[a]
        if value >= 0:
            total += goal.weight[k, slot] * goal.taste[k, slot, value]
            kept *= goal.factor[k, slot, value]
    return total * kept


@inlined
def links(rules, goal, k, values, items):
    """What linked bookings leave of the utility of items (DOMAINS,), -1 for none."""
    kept = 1.0
    for i in range(rules.same.shape[0]):
        first, second = rules.same[i]
        one, other = items[first // ATTRIBUTES], items[second // ATTRIBUTES]
        both = one >= 0 and other >= 0
        if both and values[one, first % ATTRIBUTES] != values[other, second % ATTRIBUTES]:
            kept *= 1.0 - goal.near[k]
    for i in range(rules.before.shape[0]):
        first, second = rules.before[i]
        one, other = items[first // ATTRIBUTES], items[second // ATTRIBUTES]
        if one >= 0 and other >= 0:
            early = rules.numbers[first, values[one, first % ATTRIBUTES]]
            if early >= rules.numbers[second, values[other, second % ATTRIBUTES]]:
                kept *= LATE
    return kept


@inlined
def affordable(goal, k, cost):
    """What a price for everything together leaves of the utility."""
    over = cost / max(goal.budget[k], 1.0) - 1.0
    return 1.0 if over <= 0 else max(0.0, 1.0 - OVERRUN * over)


@kernel
def utility(rules, goal, k, values, price, items):
    """Utility 0..1 of booking items (DOMAINS,), -1 for none, from values (I, ATTRIBUTES) and price (I,)."""
    total, cost, wanted = 0.0, 0.0, 0
    for d in range(DOMAINS):
        if goal.wanted[k, d]:
            wanted += 1
            if items[d] >= 0:
                total += item_utility(goal, k, values[items[d]], d)
                cost += price[items[d]]
    if total == 0.0:
        return 0.0
    return total / wanted * links(rules, goal, k, values, items) * affordable(goal, k, cost)


@kernel
def optimum(rules, goal, k, values, price, stock, worth, items, best):
    """The greatest utility of any combination of items with `stock` (I,) of one domain each, none included.

    Written: best (DOMAINS,) the combination. Scratch: worth (I,), items (DOMAINS,). A combination is weighed
    only when its domains' utilities alone would beat the best so far.
    """
    n = values.shape[0] // DOMAINS
    wanted = 0
    for d in range(DOMAINS):
        wanted += goal.wanted[k, d]
        best[d] = -1
        for i in range(d * n, (d + 1) * n):
            there = goal.wanted[k, d] and stock[i]
            worth[i] = item_utility(goal, k, values[i], d) if there else -1.0
    found = 0.0
    for i in range(-1, n):
        first = 0.0 if i < 0 else worth[i]
        if first < 0:
            continue
        items[0] = i
        for j in range(-1, n):
            second = 0.0 if j < 0 else worth[n + j]
            if second < 0:
                continue
            items[1] = -1 if j < 0 else n + j
            for m in range(-1, n):
                third = 0.0 if m < 0 else worth[2 * n + m]
                if third < 0 or (first + second + third) / max(wanted, 1) <= found:
                    continue
                items[2] = -1 if m < 0 else 2 * n + m
                value = utility(rules, goal, k, values, price, items)
                if value > found:
                    found = value
                    for d in range(DOMAINS):
                        best[d] = items[d]
    return found


@kernel
def commit_value(rules, goals, first, last, weights, values, price, pool, booked, items):
    """Expected utility of booking now, under a belief, the best of the items at hand beside those booked.

    goals: hypotheses in rows first..last-1, with `weights` (last - first,) that sum to 1. pool: (I,), not 0
    for items at hand. booked:
    (DOMAINS,). Written: items (DOMAINS,) what to book, -1 for nothing. Domains are chosen one after the
    other, each given those before, over two rounds; linked bookings and the budget count.
    """
    n = values.shape[0] // DOMAINS
    found = 0.0
    for d in range(DOMAINS):
        items[d] = booked[d]
    for k in range(first, last):
        found += weights[k - first] * utility(rules, goals, k, values, price, items)
    for turn in range(2 * DOMAINS):
        d = turn % DOMAINS
        if booked[d] >= 0:
            continue
        chosen = items[d]
        for i in range(d * n, (d + 1) * n):
            if pool[i] == 0:
                continue
            items[d] = i
            value = 0.0
            for k in range(first, last):
                value += weights[k - first] * utility(rules, goals, k, values, price, items)
            if value > found:
                found, chosen = value, i
        items[d] = chosen
    return found
