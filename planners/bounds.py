"""Cheap values for the leaves of a search: what plans are worth that do not listen, or listen for a while.

A *blind* plan fixes the assistant's action by public state and time alone: what the user does tells it
nothing of the goal. Its value is a number per goal (an alpha vector), found without any belief; under a
belief it is worth the average. There are 1 + G of them: leave the user alone, and for each goal act as is
best if that goal were known. The best of them is a lower bound of what an assistant that listens can earn,
and all of it when nothing is left to be learnt. It never looks at the hidden goal: no plan knows which goal
it is judged by. So what a question is worth shows in search, as the difference between the values before and
after the answer.

A goal that is drawn anew is public news, so any plan may then be followed by the best one under the prior.

In a deep game, where news trickle in over many steps, blind plans are too dull to tell good first steps from
bad ones. `listening_bounds` adds the plans of point-based value iteration on the beliefs nearest to the
start. They too are lower bounds, and together with the blind ones better than either.

Sources: Hauskrecht 1997, "Incremental methods for computing bounds in partially observable Markov decision
processes"; Smith and Simmons 2005, "Point-based POMDP algorithms: improved analysis and implementation". Both
start their solvers from blind policies.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from envs.tabular import NOOP, TabularGame

from .alpha import point_based
from .tabular import Bounds, tables

TOLERANCE = 1e-9
"""Error of values of games without a horizon."""

TIE = 1e-9
"""Actions whose values differ by less are equally good; the first of them is taken."""


def blind_bounds(game: TabularGame) -> Bounds:
    """The user left alone, then for each goal the plan that is optimal if it were known: P = 1 + G.

    Exact for a finite horizon, within TOLERANCE without one. ValueError when the user is best-responding.
    """
    arrays, discount = tables(game), game.discount
    states, goals = len(game.states), len(game.goals)
    known, actions = np.zeros((states, goals)), np.full((states, 1 + goals), NOOP)
    plans = np.zeros((states, 1 + goals, goals))
    if game.horizon is not None:
        layers = []
        for _ in range(game.horizon):
            known = _commit(arrays, discount, known, actions)
            plans = _follow(arrays, discount, plans, actions)
            layers.append(plans)
        return Bounds(np.array(layers[::-1]))
    limit = TOLERANCE * (1 - discount)
    change = np.inf
    while change * discount > limit:
        known, before = _commit(arrays, discount, known, actions), known
        change = np.abs(known - before).max()
    change = np.inf
    while change * discount > limit:
        plans, earlier = _follow(arrays, discount, plans, actions), plans
        change = np.abs(plans - earlier).max()
    return Bounds(plans[None])


def listening_bounds(game: TabularGame, points: int) -> Bounds:
    """The blind plans, and those that are best at about `points` pairs of state and belief near the start.

    States with fewer plans than others have their first one several times. ValueError for a game with a
    horizon, or when the user is best-responding.
    """
    blind = blind_bounds(game).values[0]
    solved = point_based(game, points)
    counts = np.bincount(solved.states, minlength=len(game.states))
    turns = np.arange(len(solved.states)) - np.searchsorted(solved.states, solved.states)
    listening = np.repeat(blind[:, :1], counts.max(), axis=1)
    listening[solved.states, turns] = solved.alphas
    return Bounds(np.concatenate([blind, listening], axis=1)[None])


@njit(cache=True, nogil=True)
def _commit(game, discount, following, actions):
    """(S, G) values of acting at best for a known goal, from those one step later; the actions for goal g are
    written into `actions` (S, 1 + g).
    """
    states, goals = following.shape
    out = np.zeros((states, goals))
    for s in range(states):
        if game.terminal[s]:
            continue
        for g in range(goals):
            best = -np.inf
            for a in range(game.assistant_legal.shape[1]):
                if not game.assistant_legal[s, a]:
                    continue
                value = 0.0
                for h in range(game.user.shape[2]):
                    likely = game.user[s, min(a, game.user.shape[1] - 1), h, g]
                    if likely == 0.0:
                        continue
                    value += likely * game.rewards[s, a, h, g]
                    for k in range(game.chances.shape[3]):
                        share = likely * discount * game.chances[s, a, h, k]
                        if share > 0.0 and game.renews[s, a]:
                            value += share * (game.prior * following[game.next_states[s, a, h, k]]).sum()
                        elif share > 0.0:
                            value += share * following[game.next_states[s, a, h, k], g]
                if value > best + TIE:
                    best = value
                    actions[s, 1 + g] = a
            out[s, g] = best
    return out


@njit(cache=True, nogil=True)
def _follow(game, discount, following, actions):
    """(S, P, G) values of plans whose actions are `actions` (S, P), from those one step later."""
    states, plans, goals = following.shape
    out = np.zeros((states, plans, goals))
    renewed = np.zeros(states)
    for s in range(states):
        renewed[s] = (following[s] * game.prior).sum(axis=1).max()
    for s in range(states):
        if game.terminal[s]:
            continue
        for p in range(plans):
            a = actions[s, p]
            for h in range(game.user.shape[2]):
                policy = game.user[s, min(a, game.user.shape[1] - 1), h]
                if policy.max() == 0.0:
                    continue
                out[s, p] += policy * game.rewards[s, a, h]
                for k in range(game.chances.shape[3]):
                    share = discount * game.chances[s, a, h, k]
                    after = game.next_states[s, a, h, k]
                    if share > 0.0 and game.renews[s, a]:
                        out[s, p] += share * policy * renewed[after]
                    elif share > 0.0:
                        out[s, p] += share * policy * following[after, p]
    return out
