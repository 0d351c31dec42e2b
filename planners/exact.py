"""Exact values of tabular games: belief value iteration, and what to compare a planner with.

    solution = solve(game)                       # optimal value and policy
    solution.value, solution.act(states, beliefs, depth)
    policy_value(game, always_wait)              # the user alone
    oracle_value(game)                           # an assistant that knows the goal
    policy_value(game, qmdp_policy(game))        # takes the goal to be known after its next step

With a user whose policy is fixed, an assistant that knows this policy faces a Markov decision process on
pairs of public state and belief. From the start only finitely many pairs are reached when the horizon is
finite or the user's policy takes few values; beliefs are told apart to 10 decimals, which makes the others
finite too. For larger games and for best-responding users see `alpha`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.tabular import NOOP, TabularGame

from .tabular import condition, tables

Policy = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""Actions (n,) in states (n,) with beliefs (n, G) after a number of steps, which does not matter without a
horizon.
"""

TOLERANCE = 1e-9
"""Error of values of games without a horizon."""

TIE = 1e-7
"""Actions whose values differ by less are equally good; the first of them is taken."""

DECIMALS = 10
NEAR = 1e-6
LIMIT = 500_000
CHUNK = 512


def solve(game: TabularGame, limit: int = LIMIT) -> Solution:
    """The optimal assistant against the game's own user.

    Exact for a finite horizon, within TOLERANCE without one. ValueError when more than `limit` pairs of state
    and belief are reached, or the user is best-responding.
    """
    graph = BeliefGraph(game, limit=limit)
    return Solution(graph, graph.sweep())


def policy_value(
    game: TabularGame, policy: Policy, believes: TabularGame | None = None, limit: int = LIMIT
) -> float:
    """What a policy of the assistant is worth.

    believes: the game by which the policy's beliefs are updated, if it is not the true one: the same game
    with another user or prior. A reply that it holds to be impossible leaves the belief as it was.
    """
    graph = BeliefGraph(game, policy, believes, limit)
    return Solution(graph, graph.sweep()).value


def always_wait(states: np.ndarray, beliefs: np.ndarray, depth: int) -> np.ndarray:
    """The policy of an assistant that never does anything."""
    return np.full(len(states), NOOP)


def oracle_value(game: TabularGame) -> float:
    """The value of an optimal assistant that knows the goal from the start."""
    return solve(informed(game)).value


def informed(game: TabularGame) -> TabularGame:
    """The same game with the goal in the public state: state s and goal g become state s * G + g, and there
    is one goal.
    """
    s, a, h, g = game.shape
    goal = np.arange(g)

    def spread(array: np.ndarray) -> np.ndarray:
        """(S, ...) -> (S * G, ...)."""
        return np.repeat(array, g, axis=0)

    def split(array: np.ndarray) -> np.ndarray:
        """(S, ..., G) -> (S * G, ..., 1)."""
        return np.moveaxis(array, -1, 1).reshape(s * g, *array.shape[1:-1], 1)

    if game.renews.any():
        # Chance then draws the goal too: outcome k * G + g.
        moves = np.where(game.renews[..., None, None], game.prior, np.eye(g))
        chances = np.einsum("sahk,sagz->sgahkz", game.chances, moves).reshape(s * g, a, h, -1)
        next_states = spread((game.next_states[..., None] * g + goal).reshape(s, a, h, -1))
    else:
        chances = spread(game.chances)
        next_states = spread(game.next_states * g) + np.tile(goal, s)[:, None, None, None]
    return replace(
        game,
        name=f"{game.name} with a known goal",
        states=tuple(f"{state}; {name}" for state in game.states for name in game.goals),
        goals=("known",),
        prior=np.ones(1),
        start=(game.start[:, None] * game.prior).ravel(),
        assistant_legal=spread(game.assistant_legal),
        user_legal=spread(game.user_legal),
        user=None if game.user is None else split(game.user),
        next_states=next_states,
        chances=chances,
        rewards=split(game.rewards),
        terminal=spread(game.terminal),
        renews=np.zeros((s * g, a), bool),
    )


def qmdp_policy(game: TabularGame) -> Policy:
    """The policy that maximises sum_g b(g) Q(s, g, a) with Q of `informed`: the limit of planning in sampled
    goals.

    It believes that the goal will be known after its next step, so information is worth nothing to it.
    """
    known = solve(informed(game))
    graph = known.graph
    layers = game.horizon or 1
    values = np.zeros((layers, len(game.states), len(game.goals), len(game.assistant_actions)))
    flat = values.reshape(layers, -1, values.shape[-1])
    flat[graph.depths[graph.owners], graph.states[graph.owners], graph.actions] = known.q

    def act(states: np.ndarray, beliefs: np.ndarray, depth: int) -> np.ndarray:
        averaged = np.einsum("ng,nga->na", beliefs, values[_layer(game, depth), states])
        return _first_best(np.where(game.assistant_legal[states], averaged, -np.inf))

    return act


class PolicyRow(NamedTuple):
    """What the optimal assistant does in a situation that can arise."""

    depth: int
    """Steps done, 0 in games without a horizon."""
    state: int
    belief: np.ndarray
    """(G,)."""
    action: int
    value: float
    """Expected discounted return from here on."""


class Solution:
    """Values of a `BeliefGraph`: `value` at the start, `values` (N,) of nodes and `q` (E,) of edges."""

    def __init__(self, graph: BeliefGraph, q: np.ndarray):
        self.graph, self.q = graph, q
        self.values = graph.best(q)
        self.value = float(graph.start @ self.values[: len(graph.start)])

    def action_values(self, state: int, belief: np.ndarray, depth: int = 0) -> np.ndarray:
        """(A,) values of the actions, -inf where illegal; ValueError where play cannot get."""
        graph = self.graph
        node = graph.find(state, belief, depth)
        here = slice(*np.searchsorted(graph.owners, [node, node + 1]))
        out = np.full(len(graph.game.assistant_actions), -np.inf)
        out[graph.actions[here]] = self.q[here]
        return out

    def act(self, states: np.ndarray, beliefs: np.ndarray, depth: int) -> np.ndarray:
        """The optimal policy, see `Policy`; ValueError where play cannot get."""
        pairs = zip(states, beliefs, strict=True)
        return _first_best(
            np.array([self.action_values(int(state), belief, depth) for state, belief in pairs])
        )

    def rows(self) -> Iterator[PolicyRow]:
        """All situations that the optimal policy can get into, nearest to the start first."""
        graph = self.graph
        best = np.full(len(graph.states), -1)
        good = np.flatnonzero(self.q >= self.values[graph.owners] - TIE)
        # In reverse, so that the first of equally good edges stays.
        best[graph.owners[good[::-1]]] = good[::-1]
        queue = list(range(len(graph.start)))
        seen = set(queue)
        for node in queue:
            edge = best[node]
            if edge < 0:
                continue
            yield PolicyRow(
                int(graph.depths[node]),
                int(graph.states[node]),
                graph.beliefs[node],
                int(graph.actions[edge]),
                float(self.values[node]),
            )
            outcomes = slice(*np.searchsorted(graph.sources, [edge, edge + 1]))
            for following in graph.targets[outcomes].tolist():
                if following not in seen:
                    seen.add(following)
                    queue.append(following)


class BeliefGraph:
    """All pairs of public state and belief that can be reached, and what leads where.

    Nodes N: `states` (N,), `beliefs` (N, G), `depths` (N,). With a horizon, equal pairs after different
    numbers of steps are different nodes; without one all depths are 0. The first nodes are the start, with
    chances `start`. Edges E, in the order of their nodes: `owners` (E,) nodes, `actions` (E,), `rewards` (E,)
    expected. Outcomes O, in the order of their edges: `sources` (O,) edges, `chances` (O,), `targets` (O,)
    nodes. Nodes where the game has ended have no edges.
    """

    def __init__(
        self,
        game: TabularGame,
        policy: Policy | None = None,
        believes: TabularGame | None = None,
        limit: int = LIMIT,
        truncate: bool = False,
    ):
        """
        Args:
            policy: edges are its actions only; None: all legal ones.
            believes: as for `policy_value`.
            limit: most nodes.
            truncate: beyond the limit, stop expanding nodes rather than raise ValueError.
        """
        self.game = game
        self._policy = policy
        self._limit, self._truncate = limit, truncate
        self._tables = tables(game)
        self._believes = None if believes is None else tables(believes)
        self._index: dict[bytes, int] = {}
        self._nodes: list[tuple[int, np.ndarray, int]] = []
        first = np.flatnonzero(game.start)
        prior = game.prior if believes is None else np.concatenate([game.prior, believes.prior])
        self._add(first, np.tile(prior, (len(first), 1)), 0)
        self.start = game.start[first]
        self._grow()
        self.states = np.array([node[0] for node in self._nodes])
        self.beliefs = np.array([node[1] for node in self._nodes])[:, : len(game.goals)]
        self.depths = np.array([node[2] for node in self._nodes])

    def find(self, state: int, belief: np.ndarray, depth: int = 0) -> int:
        """The node of a state with the belief next to one (G,); ValueError when none is within NEAR."""
        layer = _layer(self.game, depth)
        nodes = np.flatnonzero((self.states == state) & (self.depths == layer))
        distances = np.abs(self.beliefs[nodes] - belief).max(axis=1)
        if distances.min(initial=np.inf) > NEAR:
            raise ValueError(
                f"state {state} ({self.game.states[state]}) with belief {np.round(belief, 4).tolist()} after"
                f" {depth} steps cannot be reached from the start of {self.game.name}"
            )
        return int(nodes[distances.argmin()])

    def sweep(self) -> np.ndarray:
        """(E,) values of the edges under optimal play, by value iteration from 0."""
        discount, horizon = self.game.discount, self.game.horizon
        change = np.inf
        q = self.rewards
        sweeps = 0
        while sweeps != horizon and not change * discount <= TOLERANCE * (1 - discount):
            following = self.best(q)[self.targets] * self.chances
            previous, q = q, self.rewards + discount * np.bincount(self.sources, following, len(q))
            change = np.abs(q - previous).max(initial=0.0)
            sweeps += 1
        return q

    def best(self, q: np.ndarray) -> np.ndarray:
        """(N,) values of the nodes for values (E,) of the edges."""
        values = np.zeros(len(self._nodes))
        values[self._running] = np.maximum.reduceat(q, self._firsts)
        return values

    def _grow(self) -> None:
        """Expand node after node, a chunk of equal depth at a time, until no new ones come."""
        parts = []
        done = edges = 0
        while done < len(self._nodes) and self._nodes[done][2] != self.game.horizon and not self._full():
            depth = self._nodes[done][2]
            chunk = [node for node in self._nodes[done : done + CHUNK] if node[2] == depth]
            states = np.array([state for state, *_ in chunk])
            beliefs = np.array([belief for _, belief, _ in chunk])
            found = self._expand(states, beliefs, depth)
            owners, actions, rewards, sources, chances, following, after = found
            targets = self._add(following, after, depth + 1)
            parts.append((owners + done, actions, rewards, sources + edges, chances, targets))
            done += len(chunk)
            edges += len(owners)
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        self.owners, self.actions, self.rewards, self.sources, self.chances, self.targets = columns
        self._running, self._firsts = np.unique(self.owners, return_index=True)

    def _expand(self, states: np.ndarray, beliefs: np.ndarray, depth: int) -> tuple[np.ndarray, ...]:
        game, goals = self._tables, len(self.game.goals)
        allowed = game.assistant_legal[states] & ~game.terminal[states, None]
        if self._policy is not None:
            # With two beliefs in a row the policy's own is the last.
            chosen = self._policy(states, beliefs[:, -goals:], depth)
            running = ~game.terminal[states]
            taken = np.arange(allowed.shape[1]) == np.asarray(chosen)[:, None]
            if (wrong := running & ~(allowed & taken).any(axis=1)).any():
                at = np.argmax(wrong)
                raise ValueError(
                    f"the policy's action in state {states[at]} is {chosen[at]}, which is not legal"
                )
            allowed &= taken
        owners, actions = np.nonzero(allowed)
        own = np.ascontiguousarray(beliefs[:, :goals])
        rewards, sources, replies, chances, following, after = _expand(game, states, own, owners, actions)
        if self._believes is not None:
            held = np.empty_like(after)
            _condition_all(
                self._believes, states, beliefs[:, goals:], owners[sources], actions[sources], replies, held
            )
            after = np.concatenate([after, held], axis=1)
        return owners, actions, rewards, sources, chances, following, after

    def _add(self, states: np.ndarray, beliefs: np.ndarray, depth: int) -> np.ndarray:
        """The nodes of states (n,) and beliefs (n, G), new or known."""
        layer = _layer(self.game, depth)
        numbers = np.empty(len(states), np.int64)
        for i, key in enumerate(_keys(states, beliefs, layer)):
            if key not in self._index:
                self._index[key] = len(self._nodes)
                self._nodes.append((int(states[i]), beliefs[i].copy(), layer))
            numbers[i] = self._index[key]
        return numbers

    def _full(self) -> bool:
        full = len(self._nodes) > self._limit
        if full and not self._truncate:
            raise ValueError(
                f"{self.game.name} has more than {self._limit} pairs of state and belief; raise the limit,"
                " give a horizon, or use planners.alpha.point_based"
            )
        return full


def _layer(game: TabularGame, depth: int) -> int:
    """The depth of the nodes after `depth` steps: without a horizon, time makes no difference."""
    return 0 if game.horizon is None else depth


def _keys(states: np.ndarray, beliefs: np.ndarray, layer: int) -> Iterator[bytes]:
    """What tells states with beliefs in a layer apart."""
    rows = np.empty((len(states), beliefs.shape[1] + 2), np.int64)
    rows[:, 0], rows[:, 1] = states, layer
    rows[:, 2:] = np.rint(beliefs * 10**DECIMALS)
    data, width = rows.tobytes(), rows.shape[1] * rows.itemsize
    return (data[at : at + width] for at in range(0, len(data), width))


def _first_best(values: np.ndarray) -> np.ndarray:
    """(n,) first actions whose values (n, A) are the highest, but for TIE."""
    return np.argmax(values >= values.max(axis=1, keepdims=True) - TIE, axis=1)


@njit(cache=True, nogil=True)
def _expand(game, states, beliefs, owners, actions):
    """Expected rewards of edges (E,), and source edge, user action, chance, next state and belief of outcomes
    (O,).
    """
    edges, outcomes, goals = len(owners), game.chances.shape[3], beliefs.shape[1]
    most = edges * game.chances.shape[2] * outcomes
    rewards = np.zeros(edges)
    sources, replies = np.empty(most, np.int64), np.empty(most, np.int64)
    chances, following = np.empty(most), np.empty(most, np.int64)
    after, belief = np.empty((most, goals)), np.empty(goals)
    n = 0
    for edge in range(edges):
        s, a = states[owners[edge]], actions[edge]
        for h in range(game.chances.shape[2]):
            likely = condition(game, s, a, h, beliefs[owners[edge]], belief)
            if likely == 0.0:
                continue
            rewards[edge] += likely * (belief * game.rewards[s, a, h]).sum()
            if game.renews[s, a]:
                belief[:] = game.prior
            for k in range(outcomes):
                if game.chances[s, a, h, k] > 0.0:
                    sources[n], replies[n] = edge, h
                    chances[n] = likely * game.chances[s, a, h, k]
                    following[n] = game.next_states[s, a, h, k]
                    after[n] = belief
                    n += 1
    return rewards, sources[:n], replies[:n], chances[:n], following[:n], after[:n]


@njit(cache=True, nogil=True)
def _condition_all(game, states, beliefs, owners, actions, replies, out):
    """Beliefs (O, G) after replies, of the nodes `owners` (O,)."""
    for i in range(len(owners)):
        s = states[owners[i]]
        condition(game, s, actions[i], replies[i], beliefs[owners[i]], out[i])
        if game.renews[s, actions[i]]:
            out[i] = game.prior
