"""Alpha vectors: values per goal of plans, for larger games and for best-responding users.

`point_based` is point-based value iteration (Pineau, Gordon and Thrun 2003): a lower bound of the optimal
value against a fixed user, which grows with the number of belief points and is exact when all beliefs that
matter are among them.

`best_response` solves a game whose user knows the assistant's plan and answers as is best for its goal. The
user's action is maximised per goal inside the backup of a vector (Malik et al. 2018, "An Efficient,
Generalized Bellman Update For Cooperative Inverse Reinforcement Learning"), so that plans map replies to
plans, and never goals to replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.tabular import NOOP, TabularGame

from .exact import TOLERANCE, BeliefGraph
from .tabular import tables

MOST_PLANS = 200_000

Branch = tuple[np.ndarray, dict[tuple[int, int], "Plan"]]
"""Values (G,) once the user has replied, and the plans from there on."""


@dataclass(frozen=True)
class PointBased:
    """A lower bound of the optimal value."""

    value: float
    """At the start."""
    states: np.ndarray
    """(n,) int64 states of the points, ascending."""
    beliefs: np.ndarray
    """(n, G)."""
    alphas: np.ndarray
    """(n, G) value by goal of the plan that is best at the point."""
    actions: np.ndarray
    """(n,) int64 first actions of these plans."""

    def act(self, states: np.ndarray, beliefs: np.ndarray, depth: int = 0) -> np.ndarray:
        """The policy, see `exact.Policy`: the first action of the best plan for a state and belief; the no-op
        where no point has that state.
        """
        out = np.full(len(states), NOOP)
        for i, (state, belief) in enumerate(zip(states, beliefs, strict=True)):
            low, high = np.searchsorted(self.states, [state, state + 1])
            if low < high:
                out[i] = self.actions[low + np.argmax(self.alphas[low:high] @ belief)]
        return out


def point_based(game: TabularGame, points: int = 1000, sweeps: int = 10_000) -> PointBased:
    """Point-based value iteration on the first pairs of state and belief that play can reach, in breadth
    first order.

    points: how many pairs, or a few more. sweeps: at most so many; it stops when values grow by less than
    TOLERANCE. ValueError for a game with a horizon, for which `exact.solve` is there.
    """
    if game.horizon is not None:
        raise ValueError(f"{game.name} has a horizon; exact.solve takes it, point_based games without one")
    graph = BeliefGraph(game, limit=points, truncate=True)
    running = ~game.terminal[graph.states]
    order = np.argsort(graph.states[running], kind="stable")
    states, beliefs = graph.states[running][order], graph.beliefs[running][order]
    firsts = np.searchsorted(states, np.arange(len(game.states) + 1))
    fallback = waiting_values(game)
    alphas, actions = fallback[states], np.full(len(states), NOOP)
    # The points far from the start go first, for values flow from there.
    turns = np.argsort(order)[::-1]
    arrays = tables(game)
    for _ in range(sweeps):
        grown = _improve(arrays, game.discount, states, beliefs, firsts, fallback, turns, alphas, actions)
        if grown < TOLERANCE:
            break
    value = 0.0
    for state in np.flatnonzero(game.start):
        plans = np.vstack([fallback[state], alphas[firsts[state] : firsts[state + 1]]])
        value += game.start[state] * (plans @ game.prior).max()
    return PointBased(float(value), states, beliefs, alphas, actions)


def waiting_values(game: TabularGame) -> np.ndarray:
    """(S, G) values of an assistant that never does anything, in a game without a horizon."""
    values = np.zeros((len(game.states), len(game.goals)))
    wait = slice(NOOP, NOOP + 1)
    change = np.inf
    while change * game.discount > TOLERANCE * (1 - game.discount):
        following = (game.fixed_user[:, wait] * game.look_ahead(values, wait)).sum(axis=(1, 2))
        following[game.terminal] = 0.0
        change = np.abs(following - values).max()
        values = following
    return values


class Plan(NamedTuple):
    """What the assistant does, and how a best-responding user answers."""

    action: int
    values: np.ndarray
    """(G,) value by goal."""
    replies: np.ndarray
    """(G,) int64 the user's action by goal."""
    following: Mapping[tuple[int, int], Plan]
    """The plan after a user action and the next state; nothing where the game ends or the goal is drawn anew.
    """


class BestResponse(NamedTuple):
    """An optimal pair of players."""

    value: float
    plans: Mapping[int, Plan]
    """The plan for each first state."""


def best_response(game: TabularGame) -> BestResponse:
    """The best plan of an assistant whose user best responds to it; any policy of the game's user is ignored.

    All plans are enumerated backwards from the horizon, less those that another beats for every goal.
    ValueError for a game without a horizon, or when there are more than MOST_PLANS at once.
    """
    if game.horizon is None:
        raise ValueError(f"{game.name} has no horizon; a best-responding user is solved for with one")
    plans = _Plans(game)
    best = {}
    for state in np.flatnonzero(game.start).tolist():
        best[state] = max(plans.of(state, game.horizon), key=lambda plan: float(plan.values @ game.prior))
    value = sum(game.start[state] * plan.values @ game.prior for state, plan in best.items())
    return BestResponse(float(value), best)


class _Plans:
    """The plans worth keeping, by state and steps left."""

    def __init__(self, game: TabularGame):
        self.game = game
        self._known: dict[tuple[int, int], list[Plan]] = {}

    def of(self, state: int, left: int) -> list[Plan]:
        """All plans that are best for some belief, and perhaps some more; none where the game has ended."""
        if left == 0 or self.game.terminal[state]:
            return []
        if (state, left) not in self._known:
            legal = np.flatnonzero(self.game.assistant_legal[state]).tolist()
            found = [plan for action in legal for plan in self._backup(state, action, left)]
            self._known[state, left] = _undominated(found)
        return self._known[state, left]

    def _backup(self, state: int, action: int, left: int) -> list[Plan]:
        """Plans that begin with an action: every choice of a plan for each reply and next state."""
        game = self.game
        goals = len(game.goals)
        found = [Plan(action, np.full(goals, -np.inf), np.zeros(goals, np.int64), {})]
        for reply in np.flatnonzero(game.user_legal[state]).tolist():
            choices = self._after(state, action, reply, left)
            if len(found) * len(choices) > MOST_PLANS:
                raise ValueError(
                    f"{game.name} has more than {MOST_PLANS} plans in state {state} ({game.states[state]})"
                    f" with {left} steps left; give it a shorter horizon or a user with a policy"
                )
            # The user takes this reply for the goals where it beats the replies so far.
            found = _undominated(
                [
                    Plan(
                        action,
                        np.maximum(plan.values, values),
                        np.where(values > plan.values, reply, plan.replies),
                        {**plan.following, **following},
                    )
                    for plan, (values, following) in product(found, choices)
                ]
            )
        return found

    def _after(self, state: int, action: int, reply: int, left: int) -> list[Branch]:
        """Every choice of plans for the next states, once the user has replied."""
        game = self.game
        at = state, action, reply
        found: list[Branch] = [(game.rewards[at], {})]
        # Outcomes that lead to one state look the same, so they have one plan.
        chances = np.bincount(game.next_states[at], game.chances[at])
        for following in np.flatnonzero(chances).tolist():
            weight = game.discount * chances[following]
            plans = self.of(following, left - 1)
            if plans and game.renews[state, action]:
                best = max(float(plan.values @ game.prior) for plan in plans)
                found = [(values + weight * best, chosen) for values, chosen in found]
            elif plans:
                found = [
                    (values + weight * plan.values, {**chosen, (reply, following): plan})
                    for (values, chosen), plan in product(found, plans)
                ]
        return found


def _undominated(plans: list[Plan]) -> list[Plan]:
    """Plans less those that another is at least as good as for every goal; the first of equals stays."""
    kept: list[Plan] = []
    values = np.empty((0, len(plans[0].values)))
    # In descending order of the sum, no plan can be dominated by a later one.
    for plan in sorted(plans, key=lambda plan: -float(plan.values.sum())):
        if not (values >= plan.values).all(axis=1).any():
            kept.append(plan)
            values = np.vstack([values, plan.values])
    return kept


@njit(cache=True, nogil=True)
def _improve(game, discount, states, beliefs, firsts, fallback, turns, alphas, actions):
    """One backup of every point in place; returns the most that a point's value has grown."""
    goals = beliefs.shape[1]
    weights, alpha, best = np.empty(goals), np.empty(goals), np.empty(goals)
    most = 0.0
    for i in turns:
        s = states[i]
        top, chosen = (alphas[i] * beliefs[i]).sum(), -1
        for a in range(game.assistant_legal.shape[1]):
            if not game.assistant_legal[s, a]:
                continue
            alpha[:] = 0.0
            for h in range(game.user.shape[2]):
                policy = game.user[s, min(a, game.user.shape[1] - 1), h]
                if policy.max() == 0.0:
                    continue
                alpha += policy * game.rewards[s, a, h]
                weights[:] = game.prior if game.renews[s, a] else beliefs[i] * policy
                for k in range(game.chances.shape[3]):
                    share = discount * game.chances[s, a, h, k]
                    if share > 0.0:
                        following = game.next_states[s, a, h, k]
                        plan = _best_plan(weights, following, firsts, fallback, alphas)
                        if game.renews[s, a]:
                            alpha += share * policy * (plan * game.prior).sum()
                        else:
                            alpha += share * policy * plan
            value = (alpha * beliefs[i]).sum()
            if value > top:
                most, top, chosen = max(most, value - top), value, a
                best[:] = alpha
        if chosen >= 0:
            alphas[i] = best
            actions[i] = chosen
    return most


@njit(cache=True, nogil=True)
def _best_plan(weights, state, firsts, fallback, alphas):
    """(G,) values of the best of a state's plans for beliefs weighed by `weights` (G,)."""
    best, top = fallback[state], (weights * fallback[state]).sum()
    for j in range(firsts[state], firsts[state + 1]):
        value = (weights * alphas[j]).sum()
        if value > top:
            best, top = alphas[j], value
    return best
