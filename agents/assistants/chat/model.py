"""The chat game as a search model with an exact user: rules, hypotheses of the user, and their replies.

A slot holds a public state, the weights of P hypotheses (goal and persona) and their minds. Replies are drawn
from what the hypotheses would say and reweigh them, so reply chances and posteriors cohere. What tools will
return is drawn as well: the first search on a path settles which of a few catalogues it is about, drawn from
the prior given what was found before, and what has not been checked is in stock as often as items are. A
reply number is the user's act and, for tools, the outcome.

`classes` says which replies share a node: `act` keeps all apart (closed loop), `kind` takes replies for the
same that are of one kind about one slot, and `none` ignores what is said (open loop): a node's belief learns
as much as the class tells, and its state goes on with the likeliest member.

The reward of a step is the expected change of the user's utility, as a share of the best that could be had,
less costs. A leaf is worth what the script (`script`) gets out of it in a few rollouts with hypotheses drawn
by weight, or what booking at once is worth (`leaf="commit"`, for one-step planners).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.chat import acts as A
from envs.chat.catalogue import LASTING, MEAN_TURNS_IN_STOCK, NEVER_IN_STOCK, Catalogue, draw_catalogues
from envs.chat.config import ChatConfig
from envs.chat.goals import SMALLEST_OPTIMUM, affordable, item_utility, links, optimum, utility
from envs.chat.persona import VERBOSITY
from envs.chat.rules import Rules, assistant_acts, compile_rules, misfit, user_acts
from envs.chat.satisfaction import feel, hear
from envs.chat.schema import DOMAINS
from envs.chat.state import (
    IN_STOCK,
    OUT,
    RUNNING,
    Goal,
    Mind,
    State,
    assign,
    empty_goal,
    empty_mind,
    empty_state,
)
from envs.kernels import inlined, kernel
from envs.rng import uniform_at
from planners import hooks
from planners.baselines import collapsed, entropies
from planners.model import KernelModel

from ...users.chat.replies import find, reply_chances
from .belief import Searched
from .proposals import Proposals, propose_acts
from .rows import copy_goal, copy_mind, copy_row, copy_state
from .script import Script, script_act
from .tastes import Tastes, learn, prior_tastes, room_for

CLASSES = ("act", "kind", "none")
LEAVES = ("script", "commit")
_TRIES = 64
LISTED = 3
"""Items of a domain that booking at once considers together with other domains'."""


@dataclass(frozen=True)
class ModelOptions:
    """Constants of the chat game's search model."""

    particles: int = 128
    """Hypotheses per decision, drawn from the belief."""
    candidates: int = 100
    """Most acts proposed per node."""
    rollouts: int = 4
    """Rollouts of the script that a leaf is worth."""
    leaf: str = "script"
    """`script` or `commit`."""
    classes: str = "act"
    """`act`, `kind` or `none`."""
    catalogues: int = 8
    """Catalogues drawn from the prior, which searches in the tree return items of."""
    stock: float = 1.0 - NEVER_IN_STOCK
    """Chance that an item which nobody has checked is in stock at the start."""
    floor: float = 1e-4
    """Least likelihood of a reply under any hypothesis."""
    scripted: float = 0.6
    """Prior of the script's own act."""

    def __post_init__(self) -> None:
        for name in ("particles", "candidates", "rollouts", "catalogues"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        for name, choices in (("leaf", LEAVES), ("classes", CLASSES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose from {', '.join(choices)}")
        for name in ("stock", "scripted"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0..1")


class Scratch(NamedTuple):
    """Room for one hypothesis, one dialogue and one reply distribution; row 0 of each."""

    legal: np.ndarray
    chances: np.ndarray
    goal: Goal
    mind: Mind
    state: State
    masses: np.ndarray
    """(acts,) chances of replies under the belief."""
    items: np.ndarray
    best: np.ndarray
    worth: np.ndarray
    shares: np.ndarray
    """(P,) weights over the best utility there is."""
    listed: np.ndarray
    """(DOMAINS, LISTED) int64 items, and how well they are liked."""
    liked: np.ndarray
    trial: np.ndarray


class View(NamedTuple):
    """What the kernels are given."""

    rules: Rules
    script: Script
    tastes: Tastes
    prior: Tastes
    states: State
    """(games * nodes rows)."""
    weights: np.ndarray
    """(games * nodes, P) float64."""
    goals: Goal
    """(games * P rows)."""
    minds: Mind
    """(games * nodes * P rows)."""
    best: np.ndarray
    """(games, P, C) float64 utility of the best bookings by hypothesis and catalogue; 0: not known yet."""
    catalogues: Catalogue
    """(games * (C + 1) rows); the last of a game is scratch."""
    utilities: np.ndarray
    """(games * P, I) float32 utility of items that were found, to hypotheses, each domain alone."""
    appraised: np.ndarray
    """(games, I) uint8: 1 where `utilities` holds for a whole decision."""
    source: np.ndarray
    """(games * nodes,) int8 catalogue that a slot has searched in, -1 for none."""
    drawn: np.ndarray
    """(games * nodes, 2) int32 hypothesis drawn for what led to a slot, and the last drawn there; -1: none.
    Simulations of other acts with the same random numbers meet the same hypotheses, so that acts are compared
    on equal terms.
    """
    seeds: np.ndarray
    """(games,) uint64 of the rollouts."""
    proposals: Proposals
    scratch: Scratch
    nodes: int
    sources: int
    """C."""
    rollouts: int
    commits: bool
    booking: float
    """Cost of one booking."""
    classes: int
    stock: float
    floor: float


class ChatModel(KernelModel):
    """Slots of the chat game for G games at a time, each with `nodes` of them."""

    def __init__(
        self,
        config: ChatConfig,
        games: int,
        nodes: int,
        options: ModelOptions | None = None,
        script: Script | None = None,
    ):
        self.options = own = options or ModelOptions()
        self.config, self.games, self.nodes, self.candidates = config, games, nodes, own.candidates
        rules = compile_rules(config)
        p, acts, items = own.particles, int(rules.user.first[-1]), DOMAINS * config.items
        scratch = Scratch(
            np.zeros(acts, np.int32),
            np.zeros(acts),
            empty_goal(1),
            empty_mind(1),
            empty_state(config, 1),
            np.zeros(acts),
            np.zeros(DOMAINS, np.int16),
            np.zeros(DOMAINS, np.int16),
            np.zeros(items),
            np.zeros(p),
            np.zeros((DOMAINS, LISTED), np.int64),
            np.zeros((DOMAINS, LISTED)),
            np.zeros(DOMAINS, np.int16),
        )
        rng = np.random.default_rng(13)
        # Catalogues of all games are drawn anew by `set_root`.
        drawn = draw_catalogues(config.schema, games * (own.catalogues + 1), config.items, rng)
        self._view = View(
            rules,
            script or Script(),
            room_for(games, prior_tastes(config.schema)),
            prior_tastes(config.schema),
            empty_state(config, games * nodes),
            np.zeros((games * nodes, p)),
            empty_goal(games * p),
            empty_mind(games * nodes * p),
            np.zeros((games, p, own.catalogues)),
            drawn,
            np.zeros((games * p, items), np.float32),
            np.zeros((games, items), np.uint8),
            np.full(games * nodes, -1, np.int8),
            np.full((games * nodes, 2), -1, np.int32),
            np.zeros(games, np.uint64),
            Proposals.of(own.scripted),
            scratch,
            nodes,
            own.catalogues,
            own.rollouts,
            own.leaf == "commit",
            _cost_of_booking(rules),
            CLASSES.index(own.classes),
            own.stock,
            own.floor,
        )

    def view(self, worker: int = 0) -> View:
        """See `KernelModel`; for one worker."""
        return self._view

    def set_root(
        self,
        game: int,
        state: State,
        row: int,
        goals: Goal,
        minds: Mind,
        searched: Searched,
        rng: np.random.Generator,
    ) -> None:
        """Put dialogue `row` of a public state and P equally likely hypotheses into the root of a game.

        searched: what was searched for in it, in row `row`.
        """
        view, p = self._view, self.options.particles
        slot = game * self.nodes
        assign(view.states, np.array([slot]), State(*(part[row : row + 1] for part in state)))
        assign(view.goals, np.arange(game * p, game * p + p), goals)
        assign(view.minds, np.arange(slot * p, slot * p + p), minds)
        view.weights[slot] = 1.0 / p
        learn(view.tastes, game, view.prior, view.goals, game * p, view.weights[slot])
        view.source[slot] = -1
        view.drawn[slot] = -1
        view.best[game] = 0.0
        view.appraised[game] = 0
        view.seeds[game] = rng.integers(2**62)
        count = view.sources + 1
        drawn = draw_catalogues(self.config.schema, count, self.config.items, rng)
        assign(view.catalogues, np.arange(game * count, game * count + count), drawn)
        _condition(view, game, searched, row)
        _know(view, game, slot)

    def entropy(self, slots: np.ndarray) -> np.ndarray:
        """(K,) float64 entropies of the hypotheses' weights in slots (K,), in nats."""
        return entropies(self._view.weights[slots])

    def collapse(self, sources: np.ndarray, uniforms: np.ndarray, targets: np.ndarray) -> None:
        """Copy slots (K,) over slots (K,), each with all weight on one hypothesis, drawn with numbers (K,) in
        [0, 1).
        """
        certain = collapsed(self._view.weights[sources], uniforms)
        self.move(sources, targets)
        self._view.weights[targets] = certain


def _cost_of_booking(rules: Rules) -> float:
    """What a booking and the user's answer to it cost."""
    words = rules.read_cost * rules.assistant.words[A.BOOK] + rules.word_cost * rules.user.words[A.AFFIRM]
    return float(rules.turn_cost + rules.tool_cost + words)


@njit(cache=True, nogil=True)
def _condition(view, game, searched, row):
    """Replace items of drawn catalogues that earlier searches would have found before what they did find."""
    n, tried = view.rules.items, 0
    for c in range(view.sources):
        source = game * (view.sources + 1) + c
        for domain in range(DOMAINS):
            query, bound = row * DOMAINS + domain, searched.bound[row, domain]
            for item in range(domain * n, domain * n + n):
                tries = 0
                while tries < _TRIES and _misfits(view, searched, query, source, item) < bound:
                    tries, tried = tries + 1, tried + 1
                    where = uniform_at(view.seeds[game], 0, tried) * view.sources
                    other = game * (view.sources + 1) + np.int64(where)
                    chosen = domain * n + np.int64((where - np.int64(where)) * n)
                    _copy_item(view.catalogues, other, chosen, source, item)


@inlined
def _misfits(view, searched, query, source, item):
    """How badly an item of a catalogue meets what was searched for."""
    return misfit(searched.queries, query, item // view.rules.items, view.catalogues.values[source, item])


@inlined
def _copy_item(catalogue, source, i, target, j):
    for a in range(catalogue.values.shape[2]):
        catalogue.values[target, j, a] = catalogue.values[source, i, a]
    catalogue.price[target, j] = catalogue.price[source, i]
    catalogue.sold_at[target, j] = catalogue.sold_at[source, i]


@njit(cache=True, nogil=True)
def _know(view, game, slot):
    """Put what is known of items into the catalogues of a game."""
    state = view.states
    for c in range(view.sources):
        source = game * (view.sources + 1) + c
        for item in range(state.found.shape[1]):
            if state.found[slot, item]:
                for a in range(state.values.shape[2]):
                    view.catalogues.values[source, item, a] = state.values[slot, item, a]
                view.catalogues.price[source, item] = state.price[slot, item]
            if state.stock[slot, item] == OUT:
                view.catalogues.sold_at[source, item] = 0
            elif state.stock[slot, item] == IN_STOCK:
                view.catalogues.sold_at[source, item] = LASTING


@kernel
def _best(view, game, k, c):
    """What the best bookings of catalogue c are worth to hypothesis k."""
    if view.best[game, k, c] == 0.0:
        scratch, catalogue, source = view.scratch, view.catalogues, game * (view.sources + 1) + c
        found = optimum(
            view.rules, view.goals, game * view.weights.shape[1] + k, catalogue.values[source],
            catalogue.price[source], catalogue.sold_at[source], scratch.worth, scratch.items, scratch.best,
        )  # fmt: skip
        view.best[game, k, c] = max(found, SMALLEST_OPTIMUM)
    return view.best[game, k, c]


@inlined
def _catalogue_of(view, slot, k):
    """The catalogue of a slot, or one of hypothesis k's own."""
    return view.source[slot] if view.source[slot] >= 0 else k % view.sources


@kernel
def _apply(view, game, state, row, action, outcome):
    """The assistant's act in dialogue `row` of `state`, with a tool's outcome."""
    rules, first = view.rules, game * (view.sources + 1)
    kind, a, _, _ = A.decode(rules.assistant, action)
    source = first + view.sources
    if kind == A.SEARCH:
        source = first + outcome
    elif kind == A.CHECK_STOCK or kind == A.HOLD or kind == A.BOOK:
        view.catalogues.sold_at[source, a] = LASTING if outcome else 0
    assistant_acts(rules, view.catalogues, source, state, row, action)


@kernel
def _outcome(view, source, state, row, action, uniform):
    """Draw a tool's outcome (0 where there is none), and what is left of the number.

    source: the catalogue that was searched in, -1 for none.
    """
    rules = view.rules
    kind, a, _, _ = A.decode(rules.assistant, action)
    if kind == A.SEARCH:
        if source >= 0:
            return np.int64(source), uniform
        scaled = uniform * view.sources
        c = min(np.int64(scaled), view.sources - 1)
        return c, scaled - c
    if kind == A.CHECK_STOCK or kind == A.HOLD or kind == A.BOOK:
        there = _chance_of_stock(view, state, row, a)
        if uniform < there:
            return 1, uniform / there
        return 0, (uniform - there) / max(1.0 - there, 1e-12)
    return 0, uniform


@kernel
def _chance_of(view, source, state, row, action, outcome):
    """Chance of a tool's outcome."""
    kind, a, _, _ = A.decode(view.rules.assistant, action)
    if kind == A.SEARCH:
        return 1.0 if source >= 0 else 1.0 / view.sources
    if kind == A.CHECK_STOCK or kind == A.HOLD or kind == A.BOOK:
        there = _chance_of_stock(view, state, row, a)
        return there if outcome else 1.0 - there
    return 1.0


@inlined
def _chance_of_stock(view, state, row, item):
    known = state.stock[row, item]
    if known == IN_STOCK or state.held[row, item // view.rules.items] == item:
        return 1.0
    return 0.0 if known == OUT else view.stock * math.exp(-state.clock[row] / MEAN_TURNS_IN_STOCK)


@kernel
def _pick(weights, count, uniform):
    """An entry of positive weight at a quantile of weights that sum to 1, and what is left of the number."""
    last = 0
    for k in range(count):
        if weights[k] > 0:
            last = k
            if uniform < weights[k]:
                return k, uniform / weights[k]
            uniform -= weights[k]
    return last, 0.5


@inlined
def _users_turn(state, row):
    return state.speaker[row] == A.USER and state.ended[row] == RUNNING


@kernel
def _hearing(view, slot, i):
    """Put hypothesis i of a slot into the scratch, and let it hear the act in the scratch state."""
    scratch, p = view.scratch, view.weights.shape[1]
    copy_mind(view.minds, slot * p + i, scratch.mind, 0)
    copy_goal(view.goals, slot // view.nodes * p + i, scratch.goal, 0)
    hear(view.rules, scratch.state, 0, scratch.goal, scratch.mind, 0)


@kernel
def _replies(view):
    """Reply distribution of the hypothesis in the scratch; returns the number of legal replies."""
    own = view.scratch
    return reply_chances(view.rules, own.state, 0, own.goal, own.mind, 0, own.legal, own.chances)


@kernel
def _reply(view, slot, action, uniform):
    """See `planners.hooks`."""
    rules, scratch = view.rules, view.scratch
    outcome, uniform = _outcome(view, view.source[slot], view.states, slot, action, uniform)
    copy_state(view.states, slot, scratch.state, 0)
    _apply(view, slot // view.nodes, scratch.state, 0, action, outcome)
    acts = rules.user.first[rules.user.first.shape[0] - 1]
    i, uniform = _pick(view.weights[slot], view.weights.shape[1], uniform)
    view.drawn[slot, 1] = i
    if not _users_turn(scratch.state, 0):
        return outcome * acts
    _hearing(view, slot, i)
    at, _ = _pick(scratch.chances, _replies(view), uniform)
    return outcome * acts + _class_of(view, np.int64(scratch.legal[at]))


@inlined
def _class_of(view, reply):
    """The number that stands for all replies of its class."""
    if view.classes == 0:
        return reply
    if view.classes == 2:
        return 0
    kind, a, _, _ = A.decode(view.rules.user, reply)
    return A.encode(view.rules.user, kind, a, 0, 0)


@kernel
def _step(view, slot, action, reply, out):
    """See `planners.hooks`."""
    rules, scratch, p = view.rules, view.scratch, view.weights.shape[1]
    game, state = slot // view.nodes, scratch.state
    acts = rules.user.first[rules.user.first.shape[0] - 1]
    outcome, spoken = reply // acts, reply % acts
    source = view.source[slot]
    chance = _chance_of(view, source, view.states, slot, action, outcome)
    copy_state(view.states, slot, state, 0)
    _apply(view, game, state, 0, action, outcome)
    reward = _gain(view, slot)
    if _users_turn(state, 0):
        chance *= _hear_reply(view, slot, spoken, out)
    else:
        for i in range(p):
            copy_mind(view.minds, slot * p + i, view.minds, out * p + i)
            view.weights[out, i] = view.weights[slot, i]
    reward -= state.cost[0] - view.states.cost[slot]
    ends = state.ended[0] != RUNNING
    view.source[out] = outcome if A.kind_of(rules.assistant, action) == A.SEARCH else source
    view.drawn[out, 0] = view.drawn[slot, 1]
    view.drawn[out, 1] = -1
    copy_state(state, 0, view.states, out)
    return reward, chance, ends


@kernel
def _gain(view, slot):
    """Expected gain in utility by what the act in the scratch state has booked."""
    state, total = view.scratch.state, 0.0
    booked = False
    for domain in range(DOMAINS):
        booked |= state.booked[0, domain] != view.states.booked[slot, domain]
    if not booked:
        return 0.0
    p, game = view.weights.shape[1], slot // view.nodes
    for i in range(p):
        if view.weights[slot, i] > 0:
            after = utility(
                view.rules, view.goals, game * p + i, state.values[0], state.price[0], state.booked[0]
            )
            before = utility(
                view.rules, view.goals, game * p + i, state.values[0], state.price[0],
                view.states.booked[slot],
            )  # fmt: skip
            gain = (after - before) / _best(view, game, i, _catalogue_of(view, slot, i))
            total += view.weights[slot, i] * gain
    return total


@kernel
def _hear_reply(view, slot, spoken, out):
    """The user's reply of a class: reweigh the hypotheses, move the scratch state by its likeliest member,
    and all minds. Returns the chance of the class.
    """
    rules, scratch, p = view.rules, view.scratch, view.weights.shape[1]
    game, state = slot // view.nodes, scratch.state
    legal, masses = scratch.legal, scratch.masses
    total, verbosity, count = 0.0, 0.0, 0
    for i in range(p):
        weight = view.weights[slot, i]
        _hearing(view, slot, i)
        copy_mind(scratch.mind, 0, view.minds, out * p + i)
        verbosity += weight * scratch.goal.persona[0, VERBOSITY]
        view.weights[out, i] = 0.0
        if weight == 0.0:
            continue
        own = 0.0
        if view.classes == 0:
            at = find(legal, _replies(view), spoken)
            own = scratch.chances[at] if at >= 0 else 0.0
        else:
            before, count = count, _replies(view)
            for j in range(count):
                if before == 0:
                    masses[j] = 0.0
                if _class_of(view, np.int64(legal[j])) == spoken:
                    own += scratch.chances[j]
                    masses[j] += weight * scratch.chances[j]
        view.weights[out, i] = weight * max(own, view.floor)
        total += view.weights[out, i]
    for i in range(p):
        view.weights[out, i] /= total
    said = spoken
    if view.classes:
        best = 0
        for j in range(count):
            if masses[j] > masses[best]:
                best = j
        said = np.int64(legal[best])
    user_acts(rules, state, 0, said, 0, verbosity)
    for i in range(p):
        copy_goal(view.goals, game * p + i, scratch.goal, 0)
        copy_mind(view.minds, out * p + i, scratch.mind, 0)
        feel(rules, state, 0, scratch.goal, scratch.mind, 0)
        copy_mind(scratch.mind, 0, view.minds, out * p + i)
    return total


@kernel
def _value(view, slot):
    """See `planners.hooks`."""
    if view.commits:
        return _commit(view, slot)
    total, offset = 0.0, uniform_at(view.seeds[slot // view.nodes], 0, 0)
    for r in range(view.rollouts):
        i = np.int64(view.drawn[slot, 0])
        if i < 0:
            i, _ = _pick(view.weights[slot], view.weights.shape[1], (r + offset) / view.rollouts)
        total += _rollout(view, slot, i, r)
    return total / view.rollouts


@kernel
def _commit(view, slot):
    """What booking at once the best of the items at hand is worth, less what their bookings cost.

    Each half of the hypotheses chooses what the other half judges: who chose would think too well of it.
    """
    states, scratch, p = view.states, view.scratch, view.weights.shape[1]
    game, total = slot // view.nodes, 0.0
    for i in range(p):
        scratch.shares[i] = view.weights[slot, i]
        if view.weights[slot, i] > 0:
            scratch.shares[i] /= _best(view, game, i, _catalogue_of(view, slot, i))
    _appraise(view, slot)
    for half in range(2):
        _shortlist(view, slot, half)
        _combine(view, slot, half)
        found = _joint(view, slot, scratch.items, 1 - half) - _joint(
            view, slot, states.booked[slot], 1 - half
        )
        weight = 0.0
        for i in range(1 - half, p, 2):
            weight += view.weights[slot, i]
        share, cost = 1.0, 0.0
        for domain in range(DOMAINS):
            item = np.int64(scratch.items[domain])
            if states.booked[slot, domain] < 0 and item >= 0:
                share *= _chance_of_stock(view, states, slot, item)
                cost += view.booking
        total += share * found - weight * cost
    return total


@kernel
def _appraise(view, slot):
    """Utilities of all items at hand to all hypotheses; those that were found by the root are known."""
    states, p = view.states, view.weights.shape[1]
    game = slot // view.nodes
    root = game * view.nodes
    for domain in range(DOMAINS):
        if not states.wanted[slot, domain]:
            continue
        for item in range(domain * view.rules.items, domain * view.rules.items + view.rules.items):
            if states.found[slot, item] and not (view.appraised[game, item] and states.found[root, item]):
                for i in range(p):
                    view.utilities[game * p + i, item] = item_utility(
                        view.goals, game * p + i, states.values[slot, item], domain
                    )
                view.appraised[game, item] = states.found[root, item]


@kernel
def _shortlist(view, slot, half):
    """Write the items of each open domain that half the hypotheses like best into `scratch.listed`."""
    states, scratch, p = view.states, view.scratch, view.weights.shape[1]
    game, n = slot // view.nodes, view.rules.items
    for domain in range(DOMAINS):
        for j in range(LISTED):
            scratch.listed[domain, j], scratch.liked[domain, j] = -1, 0.0
        if states.booked[slot, domain] >= 0:
            scratch.listed[domain, 0] = states.booked[slot, domain]
            continue
        if not states.wanted[slot, domain]:
            continue
        for item in range(domain * n, domain * n + n):
            if not states.found[slot, item] or states.stock[slot, item] == OUT:
                continue
            worth = 0.0
            for i in range(half, p, 2):
                worth += scratch.shares[i] * view.utilities[game * p + i, item]
            j = LISTED
            while j > 0 and worth > scratch.liked[domain, j - 1]:
                if j < LISTED:
                    scratch.liked[domain, j] = scratch.liked[domain, j - 1]
                    scratch.listed[domain, j] = scratch.listed[domain, j - 1]
                j -= 1
            if j < LISTED:
                scratch.liked[domain, j], scratch.listed[domain, j] = worth, item


@kernel
def _combine(view, slot, half):
    """Write the combination of listed items that half the hypotheses like best into `scratch.items`."""
    scratch, trial, most = view.scratch, view.scratch.trial, -1.0
    for i in range(LISTED):
        for j in range(LISTED):
            for k in range(LISTED):
                trial[0], trial[1], trial[2] = (
                    scratch.listed[0, i],
                    scratch.listed[1, j],
                    scratch.listed[2, k],
                )
                empty = (i > 0 and trial[0] < 0) or (j > 0 and trial[1] < 0) or (k > 0 and trial[2] < 0)
                if empty:
                    continue
                worth = _joint(view, slot, trial, half)
                if worth > most:
                    most = worth
                    for domain in range(DOMAINS):
                        scratch.items[domain] = trial[domain]


@kernel
def _joint(view, slot, items, half):
    """What booking items (DOMAINS,) is worth to half the hypotheses, as shares of the best there is."""
    states, scratch, p = view.states, view.scratch, view.weights.shape[1]
    game, total, price, wanted = slot // view.nodes, 0.0, 0.0, 0
    for domain in range(DOMAINS):
        wanted += states.wanted[slot, domain]
        if items[domain] >= 0:
            price += states.price[slot, items[domain]]
    for i in range(half, p, 2):
        if scratch.shares[i] == 0.0:
            continue
        own, k = 0.0, game * p + i
        for domain in range(DOMAINS):
            if items[domain] >= 0:
                own += view.utilities[k, items[domain]]
        if own > 0.0:
            own *= links(view.rules, view.goals, k, states.values[slot], items)
            total += scratch.shares[i] * own * affordable(view.goals, k, price)
    return total / max(wanted, 1)


@kernel
def _agreeing(view, slot, c):
    """A catalogue from c on whose stock agrees with what is known of it in a slot; c where none does."""
    state, first = view.states, slot // view.nodes * (view.sources + 1)
    for i in range(view.sources):
        source, agrees = (c + i) % view.sources, True
        for item in range(state.stock.shape[1]):
            there = view.catalogues.sold_at[first + source, item] > 0
            agrees &= not (there and state.stock[slot, item] == OUT)
            agrees &= there or state.stock[slot, item] != IN_STOCK
        if agrees:
            return source
    return c


@kernel
def _foreseen(view, game, source, state, action):
    """A tool's outcome with a given catalogue, in dialogue 0 of `state`."""
    kind, a, _, _ = A.decode(view.rules.assistant, action)
    if kind == A.SEARCH:
        return source
    if kind != A.CHECK_STOCK and kind != A.HOLD and kind != A.BOOK:
        return 0
    there = _chance_of_stock(view, state, 0, a)
    if there == 0.0 or there == 1.0:
        return np.int64(there)
    return np.int64(view.catalogues.sold_at[game * (view.sources + 1) + source, a] > state.clock[0])


@kernel
def _rollout(view, slot, i, r):
    """What the script gets from a slot on if hypothesis i is true; r numbers the random stream."""
    rules, scratch = view.rules, view.scratch
    game, state, p = slot // view.nodes, scratch.state, view.weights.shape[1]
    copy_state(view.states, slot, state, 0)
    copy_goal(view.goals, game * p + i, scratch.goal, 0)
    copy_mind(view.minds, slot * p + i, scratch.mind, 0)
    seed, t = view.seeds[game], 0
    source = np.int64(view.source[slot])
    if source < 0:
        source = _agreeing(view, slot, np.int64(uniform_at(seed, r + 1, 0) * view.sources))
    while state.ended[0] == RUNNING:
        t += 1
        uniform = uniform_at(seed, r + 1, t)
        if state.speaker[0] == A.ASSISTANT:
            action = script_act(rules, view.script, view.tastes, game, state, 0)
            outcome = _foreseen(view, game, source, state, action)
            _apply(view, game, state, 0, action, outcome)
            hear(rules, state, 0, scratch.goal, scratch.mind, 0)
        else:
            at, _ = _pick(scratch.chances, _replies(view), uniform)
            reply = np.int64(scratch.legal[at])
            user_acts(rules, state, 0, reply, 0, scratch.goal.persona[0, VERBOSITY])
            feel(rules, state, 0, scratch.goal, scratch.mind, 0)
    after = utility(rules, scratch.goal, 0, state.values[0], state.price[0], state.booked[0])
    before = utility(
        rules, scratch.goal, 0, view.states.values[slot], view.states.price[slot], view.states.booked[slot]
    )
    return (after - before) / _best(view, game, i, source) - (state.cost[0] - view.states.cost[slot])


@kernel
def _propose(view, slot, actions, priors, kinds):
    """See `planners.hooks`."""
    p = view.weights.shape[1]
    return propose_acts(
        view.rules, view.script, view.tastes, slot // view.nodes, view.proposals, view.states, slot,
        view.goals, view.minds, slot // view.nodes * p, slot * p, view.weights[slot], actions, priors, kinds,
    )  # fmt: skip


@kernel
def _move(view, source, target):
    """See `planners.hooks`."""
    p = view.weights.shape[1]
    copy_state(view.states, source, view.states, target)
    copy_row(view.weights, source, view.weights, target)
    view.source[target] = view.source[source]
    copy_row(view.drawn, source, view.drawn, target)
    for i in range(p):
        copy_mind(view.minds, source * p + i, view.minds, target * p + i)


hooks.register(View, value=_value, propose=_propose, reply=_reply, step=_step, move=_move)
