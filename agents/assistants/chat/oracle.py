"""The upper reference: knows the goal and the whole catalogue, and books the best with the fewest acts.

It is no assistant in the game's sense and the only player here that is shown what only the user knows: by a
method of its own, `Oracle.look`, which nothing calls but the evaluation, and only for this class. It searches
until the best combination of items that can still be had is found, and books it unasked. Where the user might
leave over that before all is booked, and an offer costs less than this risk, it offers first.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from envs.chat import acts as A
from envs.chat.catalogue import Catalogue
from envs.chat.config import ChatConfig
from envs.chat.goals import optimum
from envs.chat.legal import is_open
from envs.chat.persona import IRRITABILITY, QUIT, VERBOSITY
from envs.chat.rules import compile_rules, misfit
from envs.chat.satisfaction import UNBIDDEN
from envs.chat.schema import DOMAINS
from envs.chat.state import HIDDEN, RUNNING, Goal, State
from envs.kernels import kernel


class Oracle:
    """Plays B dialogues whose goals and catalogues it is shown. Nothing is random."""

    name = "oracle"

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        """Start B dialogues; `look` has to follow."""
        self._rules, self._acts = compile_rules(config), np.zeros(len(seeds), np.int64)
        self._known: tuple[Goal, Catalogue] | None = None
        items = DOMAINS * config.items
        self._scratch = np.zeros(items), np.zeros(items, np.int16), np.zeros((2, DOMAINS), np.int16)

    def look(self, goal: Goal, catalogue: Catalogue) -> None:
        """Show goals and catalogues (B rows each): the game's own, so that a change of mind shows."""
        self._known = goal, catalogue

    def act(self, state: State) -> np.ndarray:
        """(B,) int64 flat acts, 0 off turn. ValueError before `look`."""
        if self._known is None:
            raise ValueError("the oracle has not seen the goals; call look(goal, catalogue) after reset")
        _act_batch(self._rules, *self._known, state, *self._scratch, self._acts)
        return self._acts


@njit(cache=True, nogil=True)
def _act_batch(rules, goal, catalogue, state, worth, there, pairs, out):
    for row in range(out.shape[0]):
        out[row] = 0
        if state.speaker[row] == A.ASSISTANT and state.ended[row] == RUNNING:
            out[row] = _act(rules, goal, catalogue, state, row, worth, there, pairs[0], pairs[1])


@kernel
def _act(rules, goal, catalogue, state, row, worth, there, items, best):
    """The act in one dialogue. Written: there (I,) what can still be had, best (DOMAINS,) what to book."""
    n = rules.items
    for item in range(DOMAINS * n):
        there[item] = _can_be_had(rules, catalogue, state, row, item)
    values, price = catalogue.values[row], catalogue.price[row]
    optimum(rules, goal, row, values, price, there, worth, items, best)
    left, first = 0, -1
    for domain in range(DOMAINS - 1, -1, -1):
        if is_open(state, row, domain) and best[domain] >= 0:
            left, first = left + 1, domain
    if first < 0:
        return A.encode(rules.assistant, A.CLOSE, 0, 0, 0)
    chosen = np.int64(best[first])
    if not state.found[row, chosen]:
        return A.encode(rules.assistant, A.SEARCH, chosen // n, 0, 0)
    asks = state.shown[row, chosen] == HIDDEN and state.accepted[row, chosen // n] != chosen
    if asks and _risk(goal, state, row, left - 1) > _price(rules, goal, row):
        return A.encode(rules.assistant, A.OFFER, chosen, 0, 0)
    return A.encode(rules.assistant, A.BOOK, chosen, 0, 0)


@kernel
def _can_be_had(rules, catalogue, state, row, item):
    """Whether an item is booked, or will be in stock when it can be."""
    domain = item // rules.items
    if state.booked[row, domain] >= 0:
        return state.booked[row, domain] == item
    if item - domain * rules.items >= catalogue.sizes[row, domain]:
        return False
    ready = state.clock[row] + _searches(rules, catalogue, state, row, item) + 1
    return ready <= rules.horizon and catalogue.sold_at[row, item] > ready


@kernel
def _searches(rules, catalogue, state, row, item):
    """Searches after which an item will be found, as things stand."""
    if state.found[row, item]:
        return 0
    domain, ahead = item // rules.items, 0
    own, first = misfit(state, row, domain, catalogue.values[row, item]), domain * rules.items
    for other in range(first, first + catalogue.sizes[row, domain]):
        if not state.found[row, other]:
            rank = misfit(state, row, domain, catalogue.values[row, other])
            ahead += rank < own or (rank == own and other < item)
    return ahead // rules.results + 1


@kernel
def _risk(goal, state, row, later):
    """Expected loss if the user leaves over a booking they were not asked about: the later ones."""
    leaves = goal.persona[row, QUIT] * UNBIDDEN * goal.persona[row, IRRITABILITY]
    wanted = 0
    for domain in range(DOMAINS):
        wanted += state.wanted[row, domain]
    return min(leaves, 1.0) * later / max(wanted, 1)


@kernel
def _price(rules, goal, row):
    """What an offer costs that is accepted."""
    words = rules.read_cost * rules.assistant.words[A.OFFER]
    words += rules.word_cost * rules.user.words[A.ACCEPT] * goal.persona[row, VERBOSITY]
    return rules.turn_cost + words
