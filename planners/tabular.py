"""Tabular games for planners: exact belief updates, and the games as a `SearchModel`.

A belief is a (G,) row of probabilities of the goals. The assistant sees the next state and the user's action;
the action alone tells of the goal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.tabular import TabularGame, draw

from .model import Evaluation

Leaf = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Values (K,) of states (K,), beliefs (K, G) and depths (K,)."""

Act = Callable[[int, np.ndarray, int, np.random.Generator], int]
"""An assistant: the action in a state with a belief (G,) after a number of steps, with its own random
numbers.
"""


class Tables(NamedTuple):
    """The arrays of a `TabularGame` that kernels need; shapes as there."""

    prior: np.ndarray
    assistant_legal: np.ndarray
    user: np.ndarray
    next_states: np.ndarray
    chances: np.ndarray
    rewards: np.ndarray
    terminal: np.ndarray
    renews: np.ndarray


class Nodes(NamedTuple):
    """What `TabularModel` keeps by slot."""

    states: np.ndarray
    """(slots,) int32."""
    beliefs: np.ndarray
    """(slots, G) float64."""
    depths: np.ndarray
    """(slots,) int32 steps done since the start."""


def tables(game: TabularGame) -> Tables:
    """A game for kernels; ValueError when its user is best-responding."""
    return Tables(
        game.prior,
        game.assistant_legal,
        game.fixed_user,
        game.next_states,
        game.chances,
        game.rewards,
        game.terminal,
        game.renews,
    )


@njit(cache=True, nogil=True)
def condition(game, state, action, reply, belief, out):
    """Write the belief after a reply into `out` (G,); returns the reply's probability under `belief`.

    `out` is the posterior on the reply, before the goal is drawn anew where the step does that. A reply of
    probability 0 teaches nothing: `out` is `belief`.
    """
    policy = game.user[state, min(action, game.user.shape[1] - 1), reply]
    total = 0.0
    for goal in range(belief.shape[0]):
        out[goal] = belief[goal] * policy[goal]
        total += out[goal]
    for goal in range(belief.shape[0]):
        out[goal] = out[goal] / total if total > 0.0 else belief[goal]
    return total


class TabularModel:
    """G copies of a tabular game as a `SearchModel`: roots are the slots 0..G-1.

    Candidates are all legal actions with equal priors. A reply is the user's action and the outcome of chance
    in one number, h * K + k. The reward of a step is averaged under the belief *after* the reply, which is
    unbiased because the replies are drawn from the belief before: sum_h P(h) E[R | h] = E[R]. Averaging it
    before the reply would be unbiased too, but it parts rewards from the news that explain them: a guess that
    came out right is worth more now and leaves less to be done.
    """

    def __init__(self, game: TabularGame, slots: int, games: int = 1, leaf: Leaf | None = None):
        """slots: most nodes of a search, roots included. leaf: values of nodes; None: 0."""
        if not 1 <= games <= slots:
            raise ValueError(
                f"slots is {slots} for {games} games; give a slot for each, for one game or more"
            )
        self.game = game
        self.leaf = leaf
        self.games = games
        self._tables = tables(game)
        self._horizon = game.horizon or np.iinfo(np.int32).max
        goals = len(game.goals)
        self.nodes = Nodes(np.zeros(slots, np.int32), np.zeros((slots, goals)), np.zeros(slots, np.int32))

    def set_roots(self, states: np.ndarray, beliefs: np.ndarray, depths: np.ndarray | int = 0) -> None:
        """Put public states (games,), beliefs (games, goals) and numbers of steps done (games,) into the
        roots.

        ValueError for a state that does not exist or has ended, or a belief that is not one.
        """
        states, beliefs = np.asarray(states), np.asarray(beliefs, float)
        count = len(self.game.states)
        if ((states < 0) | (states >= count)).any() or self.game.terminal[states].any():
            raise ValueError(f"states is {states.tolist()}; give states 0..{count - 1} that are not terminal")
        if beliefs.shape != (self.games, len(self.game.goals)):
            raise ValueError(f"beliefs has shape {beliefs.shape}; give {(self.games, len(self.game.goals))}")
        if not ((beliefs >= 0).all() and np.allclose(beliefs.sum(axis=1), 1, atol=1e-6)):
            raise ValueError(f"beliefs is {beliefs.tolist()}; give rows of probabilities that sum to 1")
        for kept, given in zip(self.nodes, (states, beliefs, depths), strict=True):
            kept[: self.games] = given

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """See `planners.model.SearchModel`."""
        legal = self.game.assistant_legal[self.nodes.states[slots]]
        counts = legal.sum(axis=1, dtype=np.int32)
        actions = np.argsort(~legal, axis=1, kind="stable").astype(np.int32)
        priors = np.where(np.arange(legal.shape[1]) < counts[:, None], 1.0 / counts[:, None], 0.0)
        if self.leaf is None:
            values = np.zeros(len(slots))
        else:
            values = self.leaf(*(kept[slots] for kept in self.nodes))
        return Evaluation(actions, priors, counts, values)

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """See `planners.model.SearchModel`."""
        out = np.empty(len(slots), np.int32)
        _reply(self._tables, self.nodes, slots, actions, uniforms, out)
        return out

    def step(
        self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `planners.model.SearchModel`."""
        rewards, ends = np.empty(len(slots)), np.empty(len(slots), np.bool_)
        _step(self._tables, self._horizon, self.nodes, slots, actions, replies, out, rewards, ends)
        return rewards, ends


def play(game: TabularGame, act: Act, episodes: range, seed: int = 0, tail: float = 1e-3) -> Iterator[float]:
    """Realised discounted returns of an assistant against the game's user, one per episode number.

    Everything in an episode is drawn from `seed` and its number, so that two assistants can be compared pair
    by pair. Games without a horizon are cut where rewards count for less than `tail`.
    """
    arrays = tables(game)
    steps = game.horizon or math.ceil(math.log(tail) / math.log(game.discount))
    for episode in episodes:
        chance, search = (np.random.default_rng([seed, episode, stream]) for stream in range(2))
        goal, state = draw(game.prior, chance), draw(game.start, chance)
        belief, total = game.prior.copy(), 0.0
        for depth in range(steps):
            if game.terminal[state]:
                break
            action = act(state, belief, depth, search)
            reply = draw(game.user_policy(state, action)[:, goal], chance)
            total += game.discount**depth * float(game.rewards[state, action, reply, goal])
            after = np.empty_like(belief)
            condition(arrays, state, action, reply, belief, after)
            belief = after
            outcome = draw(game.chances[state, action, reply], chance)
            if game.renews[state, action]:
                belief, goal = game.prior.copy(), draw(game.prior, chance)
            state = int(game.next_states[state, action, reply, outcome])
        yield total


@njit(cache=True, nogil=True)
def _reply(game, nodes, slots, actions, uniforms, out):
    """Draw user action and outcome by inverting their joint distribution function."""
    outcomes = game.chances.shape[3]
    for i in range(len(slots)):
        s, a, left = nodes.states[slots[i]], actions[i], uniforms[i]
        policy = game.user[s, min(a, game.user.shape[1] - 1)]
        out[i] = -1
        for h in range(policy.shape[0]):
            chance = 0.0
            for goal in range(policy.shape[1]):
                chance += nodes.beliefs[slots[i], goal] * policy[h, goal]
            for k in range(outcomes):
                joint = chance * game.chances[s, a, h, k]
                if joint > 0.0:
                    # Kept when rounding leaves a little at the end.
                    out[i] = h * outcomes + k
                    left -= joint
                    if left < 0.0:
                        break
            if left < 0.0:
                break


@njit(cache=True, nogil=True)
def _step(game, horizon, nodes, slots, actions, replies, out, rewards, ends):
    outcomes = game.chances.shape[3]
    for i in range(len(slots)):
        s, a = nodes.states[slots[i]], actions[i]
        h, k = replies[i] // outcomes, replies[i] % outcomes
        belief = nodes.beliefs[out[i]]
        condition(game, s, a, h, nodes.beliefs[slots[i]], belief)
        rewards[i] = (belief * game.rewards[s, a, h]).sum()
        if game.renews[s, a]:
            belief[:] = game.prior
        nodes.states[out[i]] = game.next_states[s, a, h, k]
        nodes.depths[out[i]] = nodes.depths[slots[i]] + 1
        ends[i] = game.terminal[nodes.states[out[i]]] or nodes.depths[out[i]] >= horizon
