"""The rules: what an act does to the public state.

A dialogue goes act by act. The user opens. What the assistant says is answered by one act of the user; tools
(search, check stock, hold) return at once and the assistant goes on. A booking is a tool call that the user
is told of. The dialogue ends when the assistant closes it, when the user quits, when the user has replied to
the last booking, or out of time.

Search ranks items by what the user said: first by how many requirements they break, then by how many
preferences they meet, then by number; it returns the best that it has not returned before. Bookings cannot be
undone; what is out of stock cannot be held or booked, and a hold, one per domain, keeps an item from being
sold out.

Costs do not depend on the goal: a turn and words said by the user, words read, tool calls.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ..kernels import inlined, kernel
from . import acts as A
from .acts import Codec, decode, domain_of
from .config import ChatConfig
from .goals import slot_tables
from .legal import all_booked, is_legal, is_open
from .schema import ATTRIBUTES, DOMAINS, SLOTS, VALUES
from .state import (
    CLOSED,
    COMPARED,
    DONE,
    FAILED,
    FOUND,
    IN_STOCK,
    INDIFFERENT,
    LEFT,
    OFFERED,
    OUT,
    OUT_OF_TIME,
    PREFERRED,
    REQUIRED,
    UNSAID,
    UNSURE,
)


class Rules(NamedTuple):
    """A configuration for kernels."""

    user: Codec
    assistant: Codec
    counts: np.ndarray
    """(SLOTS,) int64 number of values, 0 for slots that are not used."""
    categorical: np.ndarray
    """(SLOTS,) int64."""
    better: np.ndarray
    """(SLOTS,) int64: 1, -1 or 0, see `schema.Attribute`."""
    shown: np.ndarray
    """(SLOTS,) uint8: 1 where offers show the slot before anybody has mentioned it."""
    numbers: np.ndarray
    """(SLOTS, VALUES) float64, see `schema.Attribute`."""
    same: np.ndarray
    """(n, 2) int64 slots of linked bookings, see `schema.Schema`."""
    before: np.ndarray
    """(n, 2) int64."""
    items: int
    horizon: int
    results: int
    turn_cost: float
    word_cost: float
    read_cost: float
    tool_cost: float


def compile_rules(config: ChatConfig) -> Rules:
    """A configuration for kernels."""
    schema = config.schema
    numbers, shown = np.zeros((SLOTS, VALUES)), np.zeros(SLOTS, np.uint8)
    for slot in schema.slots.values():
        attribute = schema.attribute(slot)
        numbers[slot, : len(attribute.numbers)] = attribute.numbers
        shown[slot] = attribute.shown

    def pairs(names: tuple[tuple[str, str], ...]) -> np.ndarray:
        return np.array([[schema.slot(name) for name in pair] for pair in names], np.int64).reshape(-1, 2)

    return Rules(
        Codec.of(A.USER_KINDS, config.items),
        Codec.of(A.ASSISTANT_KINDS, config.items),
        *slot_tables(schema),
        shown,
        numbers,
        pairs(schema.same),
        pairs(schema.before),
        config.items,
        config.horizon,
        config.results,
        config.turn_cost,
        config.word_cost,
        config.read_cost,
        config.tool_cost,
    )


@njit(cache=True, nogil=True)
def begin(rules, state, row, wanted):
    """Start dialogue `row` about the domains `wanted` (DOMAINS,)."""
    state.wanted[row] = wanted
    state.booked[row] = -1
    state.held[row] = -1
    state.accepted[row] = -1
    state.said[row] = UNSAID
    state.stated[row] = -1
    state.denied[row] = 0
    state.criticised[row] = 0
    state.asked[row] = 0
    state.explained[row] = 0
    state.relaxed[row] = 0
    state.mentioned[row] = rules.shown
    state.found[row] = 0
    state.values[row] = -1
    state.price[row] = 0
    state.stock[row] = 0
    state.shown[row] = 0
    state.refused[row] = 0
    state.focus[row] = -1
    state.pending[row] = -1
    state.domain[row] = 0
    state.speaker[row] = A.USER
    state.last[row] = 0
    state.result[row] = 0
    state.rating[row] = 0
    state.clock[row] = 0
    state.turns[row] = 0
    state.cost[row] = 0
    state.ended[row] = 0
    state.log[row] = 0
    _next_domain(state, row)


@inlined
def _next_domain(state, row):
    for domain in range(DOMAINS - 1, -1, -1):
        if is_open(state, row, domain):
            state.domain[row] = domain


@kernel
def assistant_acts(rules, catalogue, source, state, row, act):
    """The assistant's act in dialogue `row`, which has catalogue `source`. An illegal act is silence."""
    if not is_legal(rules, state, row, A.ASSISTANT, act):
        act = 0
    kind, a, b, _ = decode(rules.assistant, act)
    state.clock[row] += 1
    state.log[row, state.clock[row], 0] = act
    state.last[row, 0], state.last[row, 1] = act, 0
    state.result[row] = 0
    state.rating[row] = 0
    state.cost[row] += rules.read_cost * rules.assistant.words[kind]
    if kind == A.ASK_OPEN:
        state.domain[row] = a
    elif kind == A.ASK or kind == A.CONFIRM or kind == A.EXPLAIN or kind == A.RELAX or kind == A.ANSWER:
        state.domain[row] = domain_of(a)
        state.mentioned[row, a] = 1
        if kind == A.ASK:
            state.asked[row, a] = min(state.asked[row, a] + 1, 255)
        elif kind == A.EXPLAIN:
            state.explained[row, a] = min(state.explained[row, a] + 1, 255)
        elif state.pending[row] == a:
            state.pending[row] = -1
    elif kind == A.OFFER or kind == A.COMPARE:
        state.domain[row] = a // rules.items
        state.focus[row, 0], state.focus[row, 1] = a, -1
        if kind == A.COMPARE:
            state.focus[row, 1] = a // rules.items * rules.items + b
            state.shown[row, a] = state.shown[row, state.focus[row, 1]] = COMPARED
        else:
            state.shown[row, a] = max(state.shown[row, a], OFFERED)
    elif kind == A.SEARCH:
        _search(rules, catalogue, source, state, row, a)
    elif kind == A.CHECK_STOCK or kind == A.HOLD or kind == A.BOOK:
        _take(rules, catalogue, source, state, row, kind, a)
    if rules.assistant.tool[kind] or kind == A.BOOK:
        state.cost[row] += rules.tool_cost
    if kind == A.CLOSE:
        state.ended[row] = CLOSED
    elif not rules.assistant.tool[kind]:
        state.speaker[row] = A.USER
    elif state.clock[row] >= rules.horizon:
        state.ended[row] = OUT_OF_TIME


@inlined
def _in_stock(rules, catalogue, source, state, row, item):
    held = state.held[row, item // rules.items] == item
    return held or catalogue.sold_at[source, item] > state.clock[row]


@kernel
def _take(rules, catalogue, source, state, row, kind, item):
    """Check, hold or book an item."""
    domain = item // rules.items
    there = _in_stock(rules, catalogue, source, state, row, item)
    state.stock[row, item] = IN_STOCK if there else OUT
    state.result[row] = FOUND if there else FAILED
    if kind == A.HOLD and there:
        state.held[row, domain] = item
    elif kind == A.BOOK:
        state.focus[row, 0], state.focus[row, 1] = item, -1
        state.shown[row, item] = max(state.shown[row, item], OFFERED)
        state.domain[row] = domain
        if there:
            state.booked[row, domain] = item
            _next_domain(state, row)


@inlined
def misfit(state, row, domain, values):
    """How badly an item's values meet what was said: broken requirements first, then unmet preferences."""
    broken, unmet = 0, 0
    for a in range(ATTRIBUTES):
        slot = domain * ATTRIBUTES + a
        stated = state.stated[row, slot]
        if stated >= 0 and values[a] != stated:
            if state.said[row, slot] == REQUIRED and state.relaxed[row, slot] == 0:
                broken += 1
            else:
                unmet += 1
        elif values[a] >= 0 and (state.denied[row, slot] >> values[a]) & 1:
            unmet += 1
    return broken * SLOTS + unmet


@kernel
def _search(rules, catalogue, source, state, row, domain):
    """Add the best `results` items that were not found before."""
    first = domain * rules.items
    state.result[row] = FAILED
    for _ in range(rules.results):
        best, least = -1, SLOTS * SLOTS
        for item in range(first, first + catalogue.sizes[source, domain]):
            if state.found[row, item] == 0:
                rank = misfit(state, row, domain, catalogue.values[source, item])
                if rank < least:
                    best, least = item, rank
        if best < 0:
            return
        state.result[row] = FOUND
        state.found[row, best] = 1
        for a in range(ATTRIBUTES):
            state.values[row, best, a] = catalogue.values[source, best, a]
        state.price[row, best] = catalogue.price[source, best]


@kernel
def user_acts(rules, state, row, act, rating, verbosity):
    """The user's act, and a rating 1..5 or 0, in dialogue `row`. An illegal act is silence.

    verbosity: factor of the words said, for the costs.
    """
    if not is_legal(rules, state, row, A.USER, act):
        act = 0
    kind, a, b, c = decode(rules.user, act)
    answered, x, y, _ = decode(rules.assistant, state.last[row, 0])
    state.turns[row] += 1
    state.last[row, 1] = act
    state.rating[row] = rating
    state.log[row, state.clock[row], 1], state.log[row, state.clock[row], 2] = act, rating
    state.cost[row] += rules.turn_cost + rules.word_cost * rules.user.words[kind] * verbosity
    if kind == A.INFORM or kind == A.CHANGE_MIND:
        state.stated[row, a] = b
        state.said[row, a] = PREFERRED if kind == A.CHANGE_MIND or c == A.PREFER else REQUIRED
        state.denied[row, a] &= ~(1 << b)
        state.relaxed[row, a] = 0
        state.mentioned[row, a] = 1
    elif kind == A.DONT_CARE:
        state.said[row, a], state.stated[row, a] = INDIFFERENT, -1
    elif kind == A.DONT_KNOW:
        if state.said[row, a] == UNSAID:
            state.said[row, a] = UNSURE
    elif kind == A.AFFIRM:
        _affirm(state, row, answered, x, y)
    elif kind == A.NEGATE:
        _negate(state, row, answered, x, y)
    elif kind == A.CRITIQUE:
        state.criticised[row, a] = 1 + b
        state.mentioned[row, a] = 1
        _refuse(state, row)
    elif kind == A.REQUEST_INFO:
        state.pending[row] = a
    elif kind == A.ACCEPT:
        state.accepted[row, state.focus[row, a] // rules.items] = state.focus[row, a]
    state.speaker[row] = A.ASSISTANT
    if kind == A.QUIT:
        state.ended[row] = LEFT
    elif all_booked(state, row):
        state.ended[row] = DONE
    elif state.clock[row] >= rules.horizon:
        state.ended[row] = OUT_OF_TIME


@inlined
def _affirm(state, row, answered, slot, value):
    """Yes, to a confirmation or to doing without."""
    if answered == A.CONFIRM:
        state.stated[row, slot] = value
        if state.said[row, slot] != REQUIRED:
            state.said[row, slot] = PREFERRED
        state.denied[row, slot] &= ~(1 << value)
    elif answered == A.RELAX:
        state.relaxed[row, slot] = 1


@inlined
def _negate(state, row, answered, slot, value):
    """No, to a confirmation or to items."""
    if answered == A.CONFIRM:
        state.denied[row, slot] |= 1 << value
        if state.stated[row, slot] == value:
            state.stated[row, slot], state.said[row, slot] = -1, UNSURE
    elif answered == A.OFFER or answered == A.COMPARE or answered == A.ANSWER:
        _refuse(state, row)


@inlined
def _refuse(state, row):
    for i in range(2):
        if state.focus[row, i] >= 0:
            state.refused[row, state.focus[row, i]] = 1
