"""Which acts of the assistant search looks at, with priors: the sensible ones for the domain at hand.

Questions are as likely as what they are about matters and is in doubt under the belief, items as they are
good under it. Asking for every slot, explaining it, confirming its likeliest value, offering, comparing,
checking, holding and booking the few best items, searching, asking openly and closing are proposed; what the
script would do has a prior of its own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from envs.chat import acts as A
from envs.chat.goals import item_utility
from envs.chat.legal import assistant_may, at_hand
from envs.chat.schema import ATTRIBUTES, VALUES
from envs.chat.state import OUT, REQUIRED, UNKNOWN
from envs.kernels import inlined, kernel

from .script import Script, choose_domain, script_act

SHORTLIST = 6
"""Items of the domain that are spoken of."""
SHARPNESS = 15.0
"""How much sooner better items are proposed: their priors go by the exponential of utility times this."""
_OPEN, _ASK, _EXPLAIN, _CONFIRM, _RELAX, _ANSWER = 0.5, 3.0, 3.0, 1.0, 0.1, 3.0
_OFFER, _COMPARE, _SEARCH, _CHECK, _HOLD, _BOOK, _CLOSE = 0.6, 0.4, 0.3, 0.4, 0.05, 0.6, 0.02


class Proposals(NamedTuple):
    """Room for one list of proposals."""

    scripted: float
    """Prior of the script's act."""
    shortlist: np.ndarray
    """(SHORTLIST,) int64 items."""
    worth: np.ndarray
    """(SHORTLIST,) float64 their expected utilities."""
    shares: np.ndarray
    """(VALUES,) float64."""

    @classmethod
    def of(cls, scripted: float) -> Proposals:
        """Empty room."""
        return cls(scripted, np.zeros(SHORTLIST, np.int64), np.zeros(SHORTLIST), np.zeros(VALUES))


@kernel
def propose_acts(
    rules, script: Script, tastes, game, room, state, row, goals, minds, k, m, weights, actions, priors, kinds
):
    """Write candidates with priors for dialogue `row`; returns their number.

    Hypothesis i, of weight ``weights[i]``, has its goal in row ``k + i`` and its mind in row ``m + i``.
    """
    own = script_act(rules, script, tastes, game, state, row)
    actions[0], priors[0], kinds[0] = own, 0.0, A.kind_of(rules.assistant, own)
    domain = choose_domain(rules, tastes, game, state, row)
    if domain < 0:
        priors[0] = 1.0
        return 1
    n = _append(rules, state, row, A.CLOSE, 0, 0, _CLOSE, actions, priors, kinds, 1)
    n = _append(rules, state, row, A.ASK_OPEN, domain, 0, _OPEN, actions, priors, kinds, n)
    n = _append(rules, state, row, A.SEARCH, domain, 0, _SEARCH, actions, priors, kinds, n)
    for slot in range(domain * ATTRIBUTES, domain * ATTRIBUTES + ATTRIBUTES):
        if rules.counts[slot] > 0:
            n = _about_slot(
                rules, room, state, row, goals, minds, k, m, weights, slot, actions, priors, kinds, n
            )
    listed = _shortlist(rules, room, state, row, goals, k, weights, domain)
    for i in range(listed):
        item = room.shortlist[i]
        good = math.exp(SHARPNESS * (room.worth[i] - room.worth[0]))
        n = _append(rules, state, row, A.OFFER, item, 0, _OFFER * good, actions, priors, kinds, n)
        n = _append(rules, state, row, A.BOOK, item, 0, _BOOK * good, actions, priors, kinds, n)
        n = _append(rules, state, row, A.HOLD, item, 0, _HOLD * good, actions, priors, kinds, n)
        if state.stock[row, item] == UNKNOWN:
            n = _append(rules, state, row, A.CHECK_STOCK, item, 0, _CHECK * good, actions, priors, kinds, n)
        for j in range(i):
            first, last = min(item, room.shortlist[j]), max(item, room.shortlist[j])
            mass = _COMPARE * good if j < 2 else 0.0
            if mass > 0:
                n = _append(
                    rules, state, row, A.COMPARE, first, last % rules.items, mass, actions, priors, kinds, n
                )
    total = 0.0
    for i in range(1, n):
        total += priors[i]
    for i in range(1, n):
        priors[i] *= (1.0 - room.scripted) / total
        if actions[i] == own:
            # The script's act is proposed once.
            priors[0] += priors[i]
    priors[0] += room.scripted
    return _without(own, actions, priors, kinds, n)


@inlined
def _append(rules, state, row, kind, a, b, mass, actions, priors, kinds, n):
    if n < actions.shape[0] and assistant_may(rules, state, row, kind, a, b):
        actions[n] = A.encode(rules.assistant, kind, a, b, 0)
        priors[n], kinds[n] = mass, kind
        return n + 1
    return n


@kernel
def _without(own, actions, priors, kinds, n):
    """Drop later candidates that are act `own`; returns how many are left."""
    left = 1
    for i in range(1, n):
        if actions[i] != own:
            actions[left], priors[left], kinds[left] = actions[i], priors[i], kinds[i]
            left += 1
    return left


@kernel
def _about_slot(rules, room, state, row, goals, minds, k, m, weights, slot, actions, priors, kinds, n):
    """Ask, explain, confirm, answer or relax: by what the slot matters to hypotheses that are in doubt of it,
    or do not know of it.
    """
    for value in range(VALUES):
        room.shares[value] = 0.0
    matters, unaware = 0.0, 0.0
    for i in range(weights.shape[0]):
        weight = weights[i] * goals.weight[k + i, slot]
        matters += weight
        room.shares[goals.ideal[k + i, slot]] += weight
        if not minds.aware[m + i, slot]:
            unaware += weight
    likeliest = 0
    for value in range(VALUES):
        if room.shares[value] > room.shares[likeliest]:
            likeliest = value
    doubt = matters - room.shares[likeliest] + 0.01
    n = _append(rules, state, row, A.ASK, slot, 0, _ASK * doubt, actions, priors, kinds, n)
    n = _append(rules, state, row, A.EXPLAIN, slot, 0, _EXPLAIN * unaware, actions, priors, kinds, n)
    n = _append(rules, state, row, A.CONFIRM, slot, likeliest, _CONFIRM * doubt, actions, priors, kinds, n)
    if state.pending[row] == slot:
        n = _append(rules, state, row, A.ANSWER, slot, 0, _ANSWER, actions, priors, kinds, n)
    if state.said[row, slot] == REQUIRED:
        n = _append(rules, state, row, A.RELAX, slot, 0, _RELAX, actions, priors, kinds, n)
    return n


@kernel
def _shortlist(rules, room, state, row, goals, k, weights, domain):
    """The best items at hand of a domain under the belief, best first; returns how many."""
    listed = 0
    for item in range(domain * rules.items, domain * rules.items + rules.items):
        if not at_hand(rules, state, row, item) or state.stock[row, item] == OUT:
            continue
        worth = 0.0
        for i in range(weights.shape[0]):
            if weights[i] > 0:
                worth += weights[i] * item_utility(goals, k + i, state.values[row, item], domain)
        if listed < SHORTLIST:
            listed += 1
        elif worth <= room.worth[SHORTLIST - 1]:
            continue
        at = listed - 1
        while at > 0 and room.worth[at - 1] < worth:
            room.worth[at], room.shortlist[at] = room.worth[at - 1], room.shortlist[at - 1]
            at -= 1
        room.worth[at], room.shortlist[at] = worth, item
    return listed
