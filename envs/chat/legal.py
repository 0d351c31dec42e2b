"""Which acts are legal, as a predicate on one act and as ascending lists of flat acts.

Off turn the only act is `wait`, which is always legal. Assistants may speak of slots and items of domains
that are wanted and not booked yet, and of items only when a search has found them. Users speak of the domain
at hand and of items that were put before them; they thank when all is booked. Nothing here looks at the goal.
"""

from __future__ import annotations

import numpy as np

from ..kernels import inlined, kernel
from . import acts as A
from .acts import decode, domain_of, encode
from .schema import ATTRIBUTES, DOMAINS, SLOTS
from .state import REQUIRED

_STRENGTHS, _WAYS, _WHICH = len(A.STRENGTHS), len(A.DIRECTIONS), len(A.CHOICES)


@inlined
def is_open(state, row, domain):
    """Whether a domain is wanted and not booked."""
    return state.wanted[row, domain] != 0 and state.booked[row, domain] < 0


@inlined
def all_booked(state, row):
    """Whether nothing is left to book."""
    for domain in range(DOMAINS):
        if is_open(state, row, domain):
            return False
    return True


@inlined
def at_hand(rules, state, row, item):
    """Whether an item was found, of a domain that is still open."""
    return state.found[row, item] != 0 and is_open(state, row, item // rules.items)


@inlined
def unfound(rules, state, row, domain):
    """Whether a search of the domain could return something that was not found before."""
    for item in range(domain * rules.items, domain * rules.items + rules.items):
        if state.found[row, item] == 0:
            return True
    return False


@kernel
def assistant_may(rules, state, row, kind, a, b):
    """Whether the assistant may do act ``(kind, a, b)`` on its turn."""
    if kind == A.WAIT or kind == A.CLOSE:
        return True
    if kind == A.ASK_OPEN:
        return is_open(state, row, a)
    if kind == A.SEARCH:
        return is_open(state, row, a) and unfound(rules, state, row, a)
    if kind == A.ASK or kind == A.EXPLAIN:
        return rules.counts[a] > 0 and is_open(state, row, domain_of(a))
    if kind == A.CONFIRM:
        return b < rules.counts[a] and is_open(state, row, domain_of(a))
    if kind == A.RELAX:
        required = state.said[row, a] == REQUIRED and state.relaxed[row, a] == 0
        return required and is_open(state, row, domain_of(a))
    if kind == A.ANSWER:
        item = state.focus[row, 0]
        return rules.counts[a] > 0 and item >= 0 and item // rules.items == domain_of(a)
    if kind == A.COMPARE:
        other = a // rules.items * rules.items + b
        return a < other and at_hand(rules, state, row, a) and at_hand(rules, state, row, other)
    return at_hand(rules, state, row, a)


@kernel
def user_may(rules, state, row, kind, a, b):
    """Whether the user may do act ``(kind, a, b)`` on its turn."""
    if kind == A.INFORM:
        return b < rules.counts[a] and domain_of(a) == state.domain[row]
    if kind == A.DONT_KNOW or kind == A.DONT_CARE:
        return rules.counts[a] > 0 and domain_of(a) == state.domain[row]
    if kind == A.CHANGE_MIND:
        return b < rules.counts[a] and state.stated[row, a] >= 0 and state.stated[row, a] != b
    item = state.focus[row, 0]
    if kind == A.CRITIQUE or kind == A.REQUEST_INFO:
        return rules.counts[a] > 0 and item >= 0 and item // rules.items == domain_of(a)
    if kind == A.ACCEPT:
        return state.focus[row, a] >= 0 and is_open(state, row, item // rules.items)
    if kind == A.THANK:
        return all_booked(state, row)
    return True


@kernel
def is_legal(rules, state, row, speaker, act):
    """Whether a speaker may do a flat act now; off turn only `wait`."""
    if state.speaker[row] != speaker or state.ended[row] != 0:
        return act == 0
    if speaker == A.ASSISTANT:
        kind, a, b, _ = decode(rules.assistant, act)
        return assistant_may(rules, state, row, kind, a, b)
    kind, a, b, _ = decode(rules.user, act)
    return user_may(rules, state, row, kind, a, b)


@kernel
def user_list(rules, state, row, out):
    """Write the user's legal acts in ascending order; returns their number. out: (`capacity`,) int32."""
    out[0] = 0
    n = 1
    codec = rules.user
    for kind in range(A.INFORM, A.QUIT + 1):
        if kind == A.AFFIRM or kind == A.NEGATE or kind == A.COMPLAIN or kind == A.THANK or kind == A.QUIT:
            if user_may(rules, state, row, kind, 0, 0):
                out[n] = codec.first[kind]
                n += 1
        elif kind == A.ACCEPT:
            for a in range(_WHICH):
                if user_may(rules, state, row, kind, a, 0):
                    out[n] = encode(codec, kind, a, 0, 0)
                    n += 1
        else:
            # The slots of one domain do, except where minds are changed.
            item = state.focus[row, 0]
            about = kind == A.CRITIQUE or kind == A.REQUEST_INFO
            domain = item // rules.items if about and item >= 0 else state.domain[row]
            first = 0 if kind == A.CHANGE_MIND else domain * ATTRIBUTES
            last = SLOTS if kind == A.CHANGE_MIND else first + ATTRIBUTES
            for a in range(first, last):
                if rules.counts[a] == 0 or (kind == A.CHANGE_MIND and state.stated[row, a] < 0):
                    continue
                values = kind == A.INFORM or kind == A.CHANGE_MIND
                for b in range(rules.counts[a] if values else _WAYS if kind == A.CRITIQUE else 1):
                    if user_may(rules, state, row, kind, a, b):
                        for c in range(_STRENGTHS if kind == A.INFORM else 1):
                            out[n] = encode(codec, kind, a, b, c)
                            n += 1
    return n


@kernel
def assistant_list(rules, state, row, out):
    """Write the assistant's legal acts in ascending order; returns their number. out: (`capacity`,) int32."""
    out[0], out[1] = 0, encode(rules.assistant, A.CLOSE, 0, 0, 0)
    n = 2
    for domain in range(DOMAINS):
        n = _append(rules, state, row, A.ASK_OPEN, domain, 0, out, n)
    for kind in (A.ASK, A.CONFIRM, A.EXPLAIN, A.RELAX, A.ANSWER):
        for slot in range(SLOTS):
            for value in range(rules.counts[slot] if kind == A.CONFIRM else min(rules.counts[slot], 1)):
                n = _append(rules, state, row, kind, slot, value, out, n)
    n = _append_items(rules, state, row, A.OFFER, out, n)
    for item in range(state.found.shape[1]):
        if at_hand(rules, state, row, item):
            for other in range(item % rules.items + 1, rules.items):
                n = _append(rules, state, row, A.COMPARE, item, other, out, n)
    for domain in range(DOMAINS):
        n = _append(rules, state, row, A.SEARCH, domain, 0, out, n)
    for kind in (A.CHECK_STOCK, A.HOLD, A.BOOK):
        n = _append_items(rules, state, row, kind, out, n)
    return n


@kernel
def _append(rules, state, row, kind, a, b, out, n):
    if assistant_may(rules, state, row, kind, a, b):
        out[n] = encode(rules.assistant, kind, a, b, 0)
        n += 1
    return n


@kernel
def _append_items(rules, state, row, kind, out, n):
    for item in range(state.found.shape[1]):
        if at_hand(rules, state, row, item):
            out[n] = encode(rules.assistant, kind, item, 0, 0)
            n += 1
    return n


@kernel
def legal_batch(rules, state, speaker, out, counts):
    """Legal lists of one speaker in every dialogue. Written: out (B, capacity) int32, counts (B,) int32."""
    for row in range(counts.shape[0]):
        if state.speaker[row] != speaker or state.ended[row] != 0:
            out[row, 0] = 0
            counts[row] = 1
        elif speaker == A.ASSISTANT:
            counts[row] = assistant_list(rules, state, row, out[row])
        else:
            counts[row] = user_list(rules, state, row, out[row])


def mask(lists: np.ndarray, counts: np.ndarray, acts: int) -> np.ndarray:
    """Dense int8 masks (B, acts) of legal lists (B, capacity) with `counts` (B,)."""
    listed = np.arange(lists.shape[1]) < counts[:, None]
    out = np.zeros((len(counts), acts), np.int8)
    out[np.nonzero(listed)[0], lists[listed]] = 1
    return out
