"""The scripted assistant: what it does follows from the public state alone, so it needs no belief.

Domain by domain it can let the user talk, search, check stock, compare the two items that suit best, which
shows the user what there is to choose, let them talk again, ask for slots one by one and explain what they
are unsure of, offer, and book. `Script` says how much of each. `COMMIT` asks nothing and offers nothing.
The same kernel is what rollouts play (`leaves`), so it is written to be fast.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from envs.chat import acts as A
from envs.chat.config import ChatConfig
from envs.chat.legal import at_hand, is_open, unfound
from envs.chat.rules import compile_rules
from envs.chat.schema import ATTRIBUTES, DOMAINS
from envs.chat.state import COMPARED, OUT, RUNNING, UNKNOWN, UNSAID, UNSURE, State
from envs.kernels import kernel

from .tastes import appeal, prior_tastes


class Script(NamedTuple):
    """How much a script does of what, in each domain. The defaults had the best return of several scripts."""

    opens: int = 2
    """Open questions before the first search."""
    compares: int = 0
    """1: compare two items before anything is offered."""
    reopens: int = 0
    """Open questions after the comparison."""
    questions: int = 0
    """Slots that are asked for by name before anything is offered."""
    explains: int = 0
    """1: explain what the user was unsure of when asked, and ask again."""
    searches: int = 4
    """Searches before the first offer."""
    offers: int = 0
    """Refusals after which the best of the rest is booked unasked."""


COMMIT = Script(opens=0, compares=0, reopens=0, questions=0, explains=0, searches=1, offers=0)
"""Books at once what suits the user's opening best."""

_NEVER = -1e9


class Scripted:
    """Plays a `Script` in B dialogues. Nothing is random."""

    def __init__(self, script: Script | None = None, name: str = "script"):
        self.script, self.name = script or Script(), name

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        """Start B dialogues."""
        self._rules, self._tastes = compile_rules(config), prior_tastes(config.schema)
        self._acts = np.zeros(len(seeds), np.int64)

    def act(self, state: State) -> np.ndarray:
        """(B,) int64 flat acts, 0 off turn."""
        _act_batch(self._rules, self.script, self._tastes, state, self._acts)
        return self._acts


@kernel
def script_act(rules, script, tastes, game, state, row):
    """The script's act in dialogue `row`, 0 off turn; items are judged by the tastes of `game`."""
    codec = rules.assistant
    if state.speaker[row] != A.ASSISTANT or state.ended[row] != RUNNING:
        return 0
    domain, best, second = _choice(rules, tastes, game, state, row)
    if domain < 0:
        return A.encode(codec, A.CLOSE, 0, 0, 0)
    wish = state.accepted[row, domain]
    if wish >= 0 and state.stock[row, wish] != OUT:
        return A.encode(codec, A.CHECK_STOCK if state.stock[row, wish] == UNKNOWN else A.BOOK, wish, 0, 0)
    slot = state.pending[row]
    if slot >= 0 and state.focus[row, 0] >= 0 and state.focus[row, 0] // rules.items == A.domain_of(slot):
        return A.encode(codec, A.ANSWER, np.int64(slot), 0, 0)
    found, compared, refused = _progress(rules, state, row, domain)
    limit = script.opens if found == 0 else script.opens + script.reopens if compared else 0
    if refused == 0 and _may_ask_open(rules, state, row, domain, limit):
        return A.encode(codec, A.ASK_OPEN, domain, 0, 0)
    question = _question(rules, script, state, row, domain)
    if question >= 0:
        return question
    if best < 0 or (found < script.searches * rules.results and unfound(rules, state, row, domain)):
        return A.encode(codec, A.SEARCH, domain, 0, 0)
    if state.stock[row, best] == UNKNOWN:
        return A.encode(codec, A.CHECK_STOCK, best, 0, 0)
    if script.compares and not compared and second >= 0:
        first, last = min(best, second), max(best, second)
        return A.encode(codec, A.COMPARE, first, last % rules.items, 0)
    offers = refused < script.offers and state.refused[row, best] == 0
    return A.encode(codec, A.OFFER if offers else A.BOOK, best, 0, 0)


@kernel
def _choice(rules, tastes, game, state, row):
    """The first open domain in which something can still be found, and the two items that suit best there, -1
    for none.
    """
    for domain in range(DOMAINS):
        if not is_open(state, row, domain):
            continue
        best, most, second, next_most = -1, _NEVER, -1, _NEVER
        for item in range(domain * rules.items, domain * rules.items + rules.items):
            if at_hand(rules, state, row, item) and state.stock[row, item] != OUT:
                suits = appeal(rules, tastes, game, state, row, item, domain)
                if suits > most:
                    second, next_most = best, most
                    best, most = item, suits
                elif suits > next_most:
                    second, next_most = item, suits
        if best >= 0 or unfound(rules, state, row, domain):
            return domain, best, second
    return -1, -1, -1


@kernel
def choose_domain(rules, tastes, game, state, row):
    """The domain at hand: the first open one in which something can still be found; -1 for none."""
    return _choice(rules, tastes, game, state, row)[0]


@kernel
def _progress(rules, state, row, domain):
    """Items found in a domain, whether some were compared, and how many were refused."""
    found, compared, refused = 0, False, 0
    for item in range(domain * rules.items, domain * rules.items + rules.items):
        found += state.found[row, item]
        compared |= state.shown[row, item] == COMPARED
        refused += state.refused[row, item]
    return found, compared, refused


@kernel
def _may_ask_open(rules, state, row, domain, limit):
    """Whether fewer than `limit` open questions were asked, and the last one was not in vain."""
    asks, nothing = (
        A.encode(rules.assistant, A.ASK_OPEN, domain, 0, 0),
        A.encode(rules.user, A.NEGATE, 0, 0, 0),
    )
    asked = 0
    for t in range(1, state.clock[row] + 1):
        asked += state.log[row, t, 0] == asks
    return asked < limit and not (state.last[row, 0] == asks and state.last[row, 1] == nothing)


@kernel
def _question(rules, script, state, row, domain):
    """What to explain or ask by name next in a domain; -1 when enough was asked."""
    codec, fresh, asked = rules.assistant, -1, 0
    for slot in range(domain * ATTRIBUTES, domain * ATTRIBUTES + ATTRIBUTES):
        if rules.counts[slot] == 0:
            continue
        asked += state.asked[row, slot] > 0
        if state.said[row, slot] == UNSAID and state.asked[row, slot] == 0 and fresh < 0:
            fresh = slot
        if script.explains and state.said[row, slot] == UNSURE and state.asked[row, slot] > 0:
            if state.explained[row, slot] == 0:
                return A.encode(codec, A.EXPLAIN, slot, 0, 0)
            if state.asked[row, slot] < 2:
                return A.encode(codec, A.ASK, slot, 0, 0)
    if fresh >= 0 and asked < script.questions:
        return A.encode(codec, A.ASK, fresh, 0, 0)
    return -1


@njit(cache=True, nogil=True)
def _act_batch(rules, script, tastes, state, out):
    for row in range(out.shape[0]):
        out[row] = script_act(rules, script, tastes, 0, state, row)
