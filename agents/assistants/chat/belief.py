"""What an assistant believes of the user: weighted hypotheses of their goal and mind, kept up by Bayes' rule.

A hypothesis is a `Goal` (with the persona in it) and the `Mind` that follows from it and the dialogue. Every
reply reweighs all hypotheses by the exact likelihood of `agents.users.chat`. When few of them are left that
count, they are drawn anew by weight and moved: each tries the wishes of another draw from the prior for one
slot, another persona or another budget, and takes them when the whole dialogue, replayed, is likely enough
under them (resample-move: Gilks and Berzuini, JRSS B 63, 2001). What is tried for a slot mostly agrees with
what the user said of it, which the acceptance allows for. Slots are taken to be independent in the prior for
that; in truth they go together a little.

Nothing here reads a goal: what comes in is the public state, whose log has all that was said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.chat import acts as A
from envs.chat.catalogue import LASTING, empty_catalogue
from envs.chat.config import ChatConfig
from envs.chat.goals import KINDS, draw_goals
from envs.chat.persona import RATING_RATE, Persona
from envs.chat.rules import assistant_acts, begin, compile_rules, misfit, user_acts
from envs.chat.satisfaction import RATINGS, awake, feel, hear, rating_chances
from envs.chat.schema import ATTRIBUTES, DOMAINS, SLOTS, VALUES
from envs.chat.state import (
    IN_STOCK,
    INDIFFERENT,
    PREFERRED,
    REQUIRED,
    RUNNING,
    UNSURE,
    Goal,
    Mind,
    State,
    empty_goal,
    empty_mind,
    empty_state,
)
from envs.kernels import inlined, kernel
from envs.rng import streams, uniform

from ...users.chat.replies import find, reply_chances
from .rows import copy_goal, copy_mind, copy_state

POOL = 3000
"""Draws from the prior that hypotheses of one set of domains come from."""
AGREEING = 0.8
"""Share of the changes of a slot that are drawn among those which agree with what was said of it."""
UNSURES = VALUES
INDIFFERENTS = VALUES + 1
GROUPS = VALUES + 2
FLOOR = 1e-6
"""Least likelihood of a reply, for users who are not quite the modelled ones."""


class Past(NamedTuple):
    """What hypotheses are replayed on: for each of B games up to T exchanges."""

    heard: State
    """(B * T) public states after what the assistant said, before the reply."""
    done: State
    """(B * T) after the reply."""
    act: np.ndarray
    """(B, T) int32 replies."""
    rating: np.ndarray
    """(B, T) int8 ratings."""
    turns: np.ndarray
    """(B,) int64 exchanges so far; the first is the user's opening."""


class Searched(NamedTuple):
    """The latest search of each of B games in each domain."""

    queries: State
    """(B * DOMAINS) public states before it."""
    bound: np.ndarray
    """(B, DOMAINS) int64 `rules.misfit` of the worst item it returned; what is left is no better."""


class Pool(NamedTuple):
    """Draws from the prior, and which of them agree with what can be said of a slot."""

    goals: Goal
    order: np.ndarray
    """(SLOTS, POOL) int64 draws by kind of person and group: those that care and know it by ideal, those that
    care and do not know, and those that do not care; see `_group`.
    """
    starts: np.ndarray
    """(SLOTS, KINDS * GROUPS + 1) int64 where each group of each kind starts in it."""


class Scratch(NamedTuple):
    """Room for one reply distribution and one hypothesis."""

    legal: np.ndarray
    chances: np.ndarray
    rates: np.ndarray
    slots: np.ndarray
    """(SLOTS,) int64."""
    goal: Goal
    mind: Mind


class Belief:
    """Hypotheses of B games, K each.

    Attributes: `goals` and `minds` (B * K rows, those of game b from ``b * K`` on), `weights` (B, K) and
    `searched`.
    """

    def __init__(self, personas: Sequence[Persona], size: int = 512, moves: int = 16):
        """personas: who users may be, equally likely. size: K. moves: changes that each hypothesis tries
        whenever they are drawn anew.
        """
        self.personas, self.size, self.moves = tuple(personas), size, moves
        self._pools: dict[tuple[int, ...], Pool] = {}

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        """Start B games with seeds (B,), which resampling draws from."""
        games = len(seeds)
        self.config, self.rules = config, compile_rules(config)
        self._streams = streams(seeds, 7)
        self.goals, self.minds = empty_goal(games * self.size), empty_mind(games * self.size)
        self.weights = np.full((games, self.size), 1.0 / self.size)
        self._loglik = np.zeros((games, self.size))
        length = config.horizon + 1
        self._past = Past(
            empty_state(config, games * length),
            empty_state(config, games * length),
            np.zeros((games, length), np.int32),
            np.zeros((games, length), np.int8),
            np.zeros(games, np.int64),
        )
        self.searched = Searched(empty_state(config, games * DOMAINS), np.zeros((games, DOMAINS), np.int64))
        self._now = empty_state(config, games)
        self._known = np.full(games, -1)
        acts = int(self.rules.user.first[-1])
        self._scratch = Scratch(
            np.zeros(acts, np.int32),
            np.zeros(acts),
            np.zeros(RATINGS),
            np.zeros(SLOTS, np.int64),
            empty_goal(1),
            empty_mind(1),
        )
        self._catalogue = empty_catalogue(1, config.items)

    def observe(self, state: State, rows: np.ndarray) -> None:
        """Take in what has happened in games `rows` (K,) since they were last seen, from the logs."""
        for game in map(int, rows):
            pool = self._pool(state.wanted[game])
            _observe(
                self.rules,
                state,
                game,
                self._known,
                self._now,
                self._catalogue,
                self._past,
                self.searched,
                self.goals,
                self.minds,
                self.weights,
                self._loglik,
                pool,
                self._streams,
                self.moves,
                self._scratch,
            )

    def draw(self, game: int, count: int, offset: float) -> np.ndarray:
        """(count,) int64 rows of hypotheses of a game, drawn by weight; offset in [0, 1)."""
        cumulated = np.cumsum(self.weights[game])
        points = (np.arange(count) + offset) / count * cumulated[-1]
        return game * self.size + np.minimum(np.searchsorted(cumulated, points), self.size - 1)

    def _pool(self, wanted: np.ndarray) -> Pool:
        """Draws from the prior of users who want exactly these domains; the same for every game."""
        key = tuple(int(part) for part in wanted)
        if key not in self._pools:
            rng = np.random.default_rng([11, *key])
            found: list[Goal] = []
            total = 0
            while total < POOL:
                people = [self.personas[i] for i in rng.integers(len(self.personas), size=POOL)]
                drawn = draw_goals(self.config.schema, POOL, rng, people, domains=sum(key))
                fits = (drawn.wanted == np.array(key, np.uint8)).all(axis=1)
                found.append(Goal(*(part[fits] for part in drawn)))
                total += int(fits.sum())
            goals = Goal(*(np.concatenate(parts)[:POOL] for parts in zip(*found, strict=True)))
            self._pools[key] = _pool_of(goals)
        return self._pools[key]


def _pool_of(goals: Goal) -> Pool:
    """Draws with their groups: who cares and knows, by ideal, who cares and does not know, who does not."""
    group = np.where(goals.knows != 0, goals.ideal, UNSURES)
    group = np.where(goals.weight > 0, group, INDIFFERENTS).T.astype(np.int64) + GROUPS * goals.kind
    order = np.argsort(group, axis=1, kind="stable")
    starts = np.stack([np.searchsorted(np.sort(row), np.arange(KINDS * GROUPS + 1)) for row in group])
    return Pool(goals, order, starts)


@njit(cache=True, nogil=True)
def _observe(
    rules,
    state,
    game,
    known,
    now,
    catalogue,
    past,
    searched,
    goals,
    minds,
    weights,
    loglik,
    pool,
    stream,
    moves,
    scratch,
):
    """Go through the log of a game from clock `known` on, to the last act that the user has replied to."""
    size = weights.shape[1]
    first = game * size
    if known[game] < 0 or state.clock[game] < known[game]:
        known[game] = -1
        past.turns[game] = 0
        searched.bound[game] = 0
        begin(rules, now, game, state.wanted[game])
        _start(goals, minds, weights, loglik, pool, stream, game, first)
    waits = state.speaker[game] == A.USER and state.ended[game] == RUNNING
    while known[game] < state.clock[game] - waits:
        known[game] += 1
        clock = known[game]
        if clock > 0:
            act = state.log[game, clock, 0]
            _copy_results(rules, state, game, now, catalogue, act)
            kind, domain, _, _ = A.decode(rules.assistant, act)
            if kind == A.SEARCH:
                copy_state(now, game, searched.queries, game * DOMAINS + domain)
            assistant_acts(rules, catalogue, 0, now, game, act)
            if kind == A.SEARCH:
                searched.bound[game, domain] = _worst(rules, now, game, searched.queries, domain)
        if now.speaker[game] != A.USER or now.ended[game] != RUNNING:
            continue
        _exchange(rules, state, game, clock, now, past, goals, minds, weights, loglik, first, scratch)
        if _effective(weights[game]) < 0.5 * size:
            _resample(goals, minds, weights, loglik, stream, game, first, scratch)
            _move(rules, now, past, game, goals, minds, loglik, pool, stream, first, moves, scratch)


@kernel
def _start(goals, minds, weights, loglik, pool, stream, game, first):
    """Hypotheses from the prior."""
    for k in range(weights.shape[1]):
        source = min(np.int64(uniform(stream, game) * POOL), POOL - 1)
        copy_goal(pool.goals, source, goals, first + k)
        awake(goals, minds, first + k)
        weights[game, k] = 1.0 / weights.shape[1]
        loglik[game, k] = 0.0


@kernel
def _copy_results(rules, state, game, now, catalogue, act):
    """Make a catalogue of which the act returns what it did return: what is public knowledge by now."""
    n = rules.items
    for domain in range(DOMAINS):
        catalogue.sizes[0, domain] = n
    kind, a, _, _ = A.decode(rules.assistant, act)
    for item in range(DOMAINS * n):
        for i in range(ATTRIBUTES):
            catalogue.values[0, item, i] = state.values[game, item, i]
        catalogue.price[0, item] = state.price[game, item]
        catalogue.sold_at[0, item] = LASTING
    if kind == A.BOOK and state.booked[game, a // n] != a:
        catalogue.sold_at[0, a] = 0
    elif kind == A.CHECK_STOCK or kind == A.HOLD:
        catalogue.sold_at[0, a] = LASTING if state.stock[game, a] == IN_STOCK else 0


@kernel
def _worst(rules, now, game, queries, domain):
    """How badly the worst of the items that a search has just found meets what was searched for."""
    query, worst = game * DOMAINS + domain, 0
    for item in range(domain * rules.items, domain * rules.items + rules.items):
        if now.found[game, item] and not queries.found[query, item]:
            worst = max(worst, misfit(queries, query, domain, now.values[game, item]))
    return worst


@kernel
def _exchange(rules, state, game, clock, now, past, goals, minds, weights, loglik, first, scratch):
    """One reply: reweigh and move all hypotheses, and keep the moment."""
    turn = past.turns[game]
    base = game * past.act.shape[1] + turn
    reply, rating = state.log[game, clock, 1], state.log[game, clock, 2]
    copy_state(now, game, past.heard, base)
    user_acts(rules, now, game, reply, rating, 1.0)
    copy_state(now, game, past.done, base)
    past.act[game, turn], past.rating[game, turn] = reply, rating
    past.turns[game] += 1
    total = 0.0
    for k in range(weights.shape[1]):
        own = _live(rules, past, base, reply, rating, turn, goals, minds, first + k, scratch)
        loglik[game, k] += math.log(own)
        weights[game, k] *= own
        total += weights[game, k]
    for k in range(weights.shape[1]):
        weights[game, k] /= total


@kernel
def _live(rules, past, base, reply, rating, turn, goals, minds, k, scratch):
    """Move hypothesis k through one exchange; returns the likelihood of the reply and its rating."""
    if turn > 0:
        hear(rules, past.heard, base, goals, minds, k)
    own = likelihood(rules, past.heard, base, goals, minds, k, reply, rating, scratch)
    feel(rules, past.done, base, goals, minds, k)
    return max(own, FLOOR)


@kernel
def likelihood(rules, state, row, goals, minds, k, reply, rating, scratch):
    """Chance of a reply with a rating (0 for none) under hypothesis k."""
    count = reply_chances(rules, state, row, goals, minds, k, scratch.legal, scratch.chances)
    at = find(scratch.legal, count, reply)
    own = scratch.chances[at] if at >= 0 else 0.0
    rate = goals.persona[k, RATING_RATE]
    if rating == 0:
        return own * (1.0 - rate)
    rating_chances(goals, minds, k, scratch.rates)
    return own * rate * scratch.rates[rating - 1]


@kernel
def _effective(weights):
    """The number of hypotheses that count (Kong): 1 over the sum of squares."""
    total = 0.0
    for weight in weights:
        total += weight * weight
    return 1.0 / total


@kernel
def _resample(goals, minds, weights, loglik, stream, game, first, scratch):
    """Draw hypotheses by weight, with low variance, in place: those drawn more than once overwrite those
    that were not drawn.
    """
    size = weights.shape[1]
    offset, cumulated, point = uniform(stream, game), 0.0, 0
    # Numbers of copies go into the weights first.
    for k in range(size):
        cumulated += weights[game, k] * size
        copies = 0
        while point < size and point + offset < cumulated:
            copies += 1
            point += 1
        weights[game, k] = copies
    if point < size:
        weights[game, size - 1] += size - point
    free = 0
    for k in range(size):
        while weights[game, k] > 1:
            while weights[game, free] > 0:
                free += 1
            copy_goal(goals, first + k, goals, first + free)
            copy_mind(minds, first + k, minds, first + free)
            loglik[game, free] = loglik[game, k]
            weights[game, free] = 1
            weights[game, k] -= 1
    for k in range(size):
        weights[game, k] = 1.0 / size


@kernel
def _move(rules, now, past, game, goals, minds, loglik, pool, stream, first, moves, scratch):
    """Let every hypothesis try changes (Metropolis and Hastings, with proposals from the prior or the share
    of it that agrees with what was said).
    """
    slots, count = scratch.slots, 0
    for slot in range(SLOTS):
        if rules.counts[slot] > 0 and now.wanted[game, A.domain_of(slot)] != 0:
            slots[count] = slot
            count += 1
    for k in range(loglik.shape[1]):
        for _ in range(moves):
            copy_goal(goals, first + k, scratch.goal, 0)
            which, where = uniform(stream, game), uniform(stream, game)
            source, favour = min(np.int64(where * POOL), POOL - 1), 0.0
            if which < 0.1:
                for i in range(goals.persona.shape[1]):
                    scratch.goal.persona[0, i] = pool.goals.persona[source, i]
            elif which < 0.15:
                scratch.goal.budget[0], scratch.goal.near[0] = (
                    pool.goals.budget[source],
                    pool.goals.near[source],
                )
            elif which < 0.25:
                favour = _other_kind(now, game, pool, scratch.goal, slots, count, source)
            else:
                slot = slots[min(np.int64((which - 0.25) / 0.75 * count), count - 1)]
                favour = _other_wish(now, game, pool, scratch.goal, slot, where, uniform(stream, game))
            found = _replay(rules, past, game, scratch.goal, scratch.mind, scratch)
            if math.log(max(uniform(stream, game), 1e-300)) < found - loglik[game, k] + favour:
                copy_goal(scratch.goal, 0, goals, first + k)
                copy_mind(scratch.mind, 0, minds, first + k)
                loglik[game, k] = found


@kernel
def _other_wish(now, game, pool, goal, slot, where, agreeing):
    """Give goal 0 the wishes for a slot of another draw of its kind, by number `where`; of one that agrees
    with what was said where number `agreeing` is small. Returns log of prior over proposal, new over old.
    """
    kind, said = GROUPS * np.int64(goal.kind[0]), _group(now, game, slot)
    low, high, share = pool.starts[slot, kind], pool.starts[slot, kind + GROUPS], 0.0
    if said >= 0:
        share = (pool.starts[slot, kind + said + 1] - pool.starts[slot, kind + said]) / (high - low)
    before = _favour(goal, 0, slot, said, share)
    if share > 0 and agreeing < AGREEING:
        low, high = pool.starts[slot, kind + said], pool.starts[slot, kind + said + 1]
    source = pool.order[slot, min(low + np.int64(where * (high - low)), high - 1)]
    _copy_slot(pool.goals, source, goal, slot)
    return before - _favour(pool.goals, source, slot, said, share)


@kernel
def _other_kind(now, game, pool, goal, slots, count, source):
    """Make goal 0 another kind of person: one draw's, with its wishes for what nothing was said of. Returns
    log of prior over proposal, new over old: how much likelier the kind has the wishes that stay.
    """
    old, new, favour = np.int64(goal.kind[0]), np.int64(pool.goals.kind[source]), 0.0
    for i in range(count):
        slot = slots[i]
        if _group(now, game, slot) < 0:
            _copy_slot(pool.goals, source, goal, slot)
        else:
            own = _group_of(goal, 0, slot)
            favour += math.log(_share(pool, slot, new, own) / _share(pool, slot, old, own))
    goal.kind[0] = new
    return favour


@inlined
def _share(pool, slot, kind, group):
    """Share of a kind's draws that are of a group; never 0."""
    at = GROUPS * kind
    count = pool.starts[slot, at + group + 1] - pool.starts[slot, at + group]
    return (count + 0.5) / (pool.starts[slot, at + GROUPS] - pool.starts[slot, at] + 0.5 * GROUPS)


@kernel
def _group(now, game, slot):
    """The group of draws that agree with what was said of a slot; -1 for nothing."""
    said = now.said[game, slot]
    if said == UNSURE:
        return UNSURES
    if said == INDIFFERENT:
        return INDIFFERENTS
    if said == PREFERRED or said == REQUIRED:
        return np.int64(now.stated[game, slot])
    return -1


@inlined
def _group_of(goal, k, slot):
    """The group of goal k's wishes for a slot."""
    if goal.weight[k, slot] == 0:
        return INDIFFERENTS
    return np.int64(goal.ideal[k, slot]) if goal.knows[k, slot] else UNSURES


@kernel
def _favour(goal, k, slot, said, share):
    """Log of how much likelier the wishes of goal k for a slot are to be proposed than they are in the prior,
    of which `share` agrees with what was said.
    """
    if share == 0.0:
        return 0.0
    return math.log(1.0 - AGREEING + (AGREEING / share if _group_of(goal, k, slot) == said else 0.0))


@kernel
def _copy_slot(pool, source, goal, slot):
    """Take over a slot, and have the weights of its domain sum to 1 again."""
    goal.ideal[0, slot], goal.second[0, slot] = pool.ideal[source, slot], pool.second[source, slot]
    goal.hard[0, slot], goal.knows[0, slot] = pool.hard[source, slot], pool.knows[source, slot]
    goal.weight[0, slot] = pool.weight[source, slot]
    for value in range(goal.taste.shape[2]):
        goal.taste[0, slot, value] = pool.taste[source, slot, value]
        goal.factor[0, slot, value] = pool.factor[source, slot, value]
    first, total = A.domain_of(slot) * ATTRIBUTES, 0.0
    for other in range(first, first + ATTRIBUTES):
        total += goal.weight[0, other]
    for other in range(first, first + ATTRIBUTES):
        goal.weight[0, other] /= max(total, 1e-6)


@kernel
def _replay(rules, past, game, goal, mind, scratch):
    """Log-likelihood of the whole dialogue under goal 0; its mind is brought up to now."""
    awake(goal, mind, 0)
    total = 0.0
    for turn in range(past.turns[game]):
        base = game * past.act.shape[1] + turn
        reply, rating = past.act[game, turn], past.rating[game, turn]
        total += math.log(_live(rules, past, base, reply, rating, turn, goal, mind, 0, scratch))
    return total
