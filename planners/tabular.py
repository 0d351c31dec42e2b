"""Tabular games for planners: exact belief updates, and the games as a `KernelModel`.

A belief is a (G,) row of probabilities of the goals. The assistant sees the next state and the user's action;
the action alone tells of the goal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.kernels import kernel
from envs.tabular import TabularGame

from . import hooks
from .baselines import collapsed, entropies
from .model import KernelModel

BELIEF_ERROR = 1e-6


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


class Bounds(NamedTuple):
    """Values of P plans of the assistant, which a belief averages; see `planners.bounds`."""

    values: np.ndarray
    """(L, S, P, G) float64 of each plan under each goal, in each state, after 0..L-1 steps; L is 1 in games
    without a horizon.
    """


class Nodes(NamedTuple):
    """What `TabularModel` keeps by slot."""

    states: np.ndarray
    """(slots,) int32."""
    beliefs: np.ndarray
    """(slots, G) float64."""
    depths: np.ndarray
    """(slots,) int32 steps done since the start."""


class View(NamedTuple):
    """What the kernels of a `TabularModel` are given."""

    game: Tables
    discount: float
    horizon: int
    renewed: np.ndarray
    """(L, S) value of the best plan under the prior."""
    plans: np.ndarray
    """(L, S, P, G), see `Bounds`."""
    nodes: Nodes


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


class TabularModel(KernelModel):
    """Copies of a tabular game as a model for search.

    Candidates are all legal actions with equal priors, all of kind 0. A reply is the user's action and the
    outcome of chance in one number, h * K + k. A node is worth the best of one step that is followed by the
    best of some plans, each under the belief it then has; 0 without plans. If plans are worth no more than
    the optimum, neither is that.

    The reward of a step is averaged under the belief *after* the reply, which is unbiased because the replies
    are drawn from the belief before: sum_h P(h) E[R | h] = E[R]. Averaging it before the reply would be
    unbiased too, but it parts rewards from the news that explain them: a guess that came out right is worth
    more now and leaves less to be done.
    """

    def __init__(self, game: TabularGame, games: int = 1, nodes: int = 128, leaf: Bounds | None = None):
        """games: how many are searched side by side. nodes: slots of each, its root included. ValueError for
        fewer than one of either, plans of another game, or a best-responding user.
        """
        for name, count in (("games", games), ("nodes", nodes)):
            if count < 1:
                raise ValueError(f"{name} is {count}; give 1 or more")
        states, _, _, goals = game.shape
        plans = np.zeros((1, states, 0, goals)) if leaf is None else np.ascontiguousarray(leaf.values)
        wanted = (game.horizon or 1, states, goals)
        if leaf is not None and (plans.ndim != 4 or plans[:, :, 0].shape != wanted):
            raise ValueError(
                f"leaf.values has shape {plans.shape}; {game.name} takes (L, S, P, G) ="
                f" ({wanted[0]}, {states}, P, {goals}) with P >= 1"
            )
        self.game, self.games, self.nodes = game, games, nodes
        self.candidates = int(game.assistant_legal.sum(axis=1).max())
        slots = games * nodes
        kept = Nodes(np.zeros(slots, np.int32), np.zeros((slots, goals)), np.zeros(slots, np.int32))
        horizon = game.horizon or np.iinfo(np.int32).max
        renewed = np.zeros((1, states)) if leaf is None else (plans @ game.prior).max(axis=2)
        self._view = View(tables(game), game.discount, horizon, renewed, plans, kept)

    def view(self, worker: int = 0) -> View:
        """See `KernelModel`; no kernel needs scratch memory, so that workers share the view."""
        return self._view

    def set_root(self, game: int, state: int, belief: np.ndarray, depth: int = 0) -> None:
        """Put a public state, a belief (G,) and the number of steps done into a game's root.

        ValueError for a state that does not exist or has ended, a belief that is none, or a number of steps
        after which the game is over.
        """
        belief = np.asarray(belief, float)
        states, goals = len(self.game.states), len(self.game.goals)
        if not 0 <= game < self.games:
            raise ValueError(f"game is {game}; this model has games 0..{self.games - 1}")
        if not 0 <= state < states or self.game.terminal[state]:
            raise ValueError(f"state is {state}; give one of 0..{states - 1} where the game is not over")
        if belief.shape != (goals,):
            raise ValueError(f"belief has shape {belief.shape}; give one probability per goal, {(goals,)}")
        if not ((belief >= 0).all() and abs(belief.sum() - 1) < BELIEF_ERROR):
            raise ValueError(f"belief is {belief.tolist()}; give probabilities 0..1 that sum to 1")
        if not 0 <= depth < self._view.horizon:
            raise ValueError(
                f"depth is {depth}; {self.game.name} can be searched after 0..{self._view.horizon - 1} steps"
            )
        slot, nodes = game * self.nodes, self._view.nodes
        nodes.states[slot], nodes.beliefs[slot], nodes.depths[slot] = state, belief, depth

    def entropy(self, slots: np.ndarray) -> np.ndarray:
        """(K,) float64 entropies of the beliefs of slots (K,), in nats."""
        return entropies(self._view.nodes.beliefs[slots])

    def collapse(self, sources: np.ndarray, uniforms: np.ndarray, targets: np.ndarray) -> None:
        """Copy slots (K,) over slots (K,), each with its belief on a single goal, drawn from it with numbers
        (K,) in [0, 1).
        """
        beliefs = self._view.nodes.beliefs
        certain = collapsed(beliefs[sources], uniforms)
        self.move(sources, targets)
        beliefs[targets] = certain

    def beliefs(self, slots: np.ndarray) -> list[list[tuple[str, float]]]:
        """The goals with their probabilities, for each of slots (K,); for `planners.snapshot`."""
        return [
            list(zip(self.game.goals, belief, strict=True))
            for belief in self._view.nodes.beliefs[slots].tolist()
        ]

    def state_name(self, slot: int) -> str:
        """What the game calls the public state of a slot."""
        return self.game.states[self._view.nodes.states[slot]]


@kernel
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


@kernel
def _value(model, slot):
    """The best of one step and then the best plan, under the slot's belief; 0 without plans."""
    game, state, belief = model.game, model.nodes.states[slot], model.nodes.beliefs[slot]
    layer = model.nodes.depths[slot] + 1
    best = -np.inf
    if model.plans.shape[2] == 0:
        return 0.0
    for action in range(game.assistant_legal.shape[1]):
        if not game.assistant_legal[state, action]:
            continue
        value = 0.0
        for h in range(game.user.shape[2]):
            policy = game.user[state, min(action, game.user.shape[1] - 1), h]
            likely = 0.0
            for goal in range(belief.shape[0]):
                likely += belief[goal] * policy[goal]
                value += belief[goal] * policy[goal] * game.rewards[state, action, h, goal]
            if likely == 0.0 or layer >= model.horizon:
                continue
            for k in range(game.chances.shape[3]):
                share = model.discount * game.chances[state, action, h, k]
                after = game.next_states[state, action, h, k]
                if share == 0.0:
                    continue
                if game.renews[state, action]:
                    value += share * likely * model.renewed[min(layer, model.renewed.shape[0] - 1), after]
                else:
                    value += share * _best_plan(model, layer, after, belief, policy)
        best = max(best, value)
    return best


@kernel
def _best_plan(model, layer, state, belief, policy):
    """Value of the best plan for a belief (G,) that is weighed by the chances (G,) of the user's action, and
    not normalised.
    """
    layer = min(layer, model.plans.shape[0] - 1)
    best = -np.inf
    for plan in range(model.plans.shape[2]):
        value = 0.0
        for goal in range(belief.shape[0]):
            value += belief[goal] * policy[goal] * model.plans[layer, state, plan, goal]
        best = max(best, value)
    return best


@kernel
def _propose(model, slot, actions, priors, kinds):
    """All legal actions, equally likely."""
    legal = model.game.assistant_legal[model.nodes.states[slot]]
    count = 0
    for action in range(legal.shape[0]):
        if legal[action]:
            actions[count] = action
            kinds[count] = 0
            count += 1
    for i in range(count):
        priors[i] = 1.0 / count
    return count


@kernel
def _reply(model, slot, action, uniform):
    """Draw user action and outcome by inverting their joint distribution function."""
    game, state, belief = model.game, model.nodes.states[slot], model.nodes.beliefs[slot]
    outcomes = game.chances.shape[3]
    policy = game.user[state, min(action, game.user.shape[1] - 1)]
    left, drawn = uniform, -1
    for h in range(policy.shape[0]):
        chance = 0.0
        for goal in range(belief.shape[0]):
            chance += belief[goal] * policy[h, goal]
        for k in range(outcomes):
            joint = chance * game.chances[state, action, h, k]
            if joint > 0.0:
                # Kept when rounding leaves a little at the end.
                drawn = h * outcomes + k
                left -= joint
                if left < 0.0:
                    return drawn
    return drawn


@kernel
def _step(model, slot, action, reply, out):
    game, nodes = model.game, model.nodes
    outcomes = game.chances.shape[3]
    state, h, k = nodes.states[slot], reply // outcomes, reply % outcomes
    belief = nodes.beliefs[out]
    likely = condition(game, state, action, h, nodes.beliefs[slot], belief)
    reward = 0.0
    for goal in range(belief.shape[0]):
        reward += belief[goal] * game.rewards[state, action, h, goal]
    if game.renews[state, action]:
        for goal in range(belief.shape[0]):
            belief[goal] = game.prior[goal]
    after = game.next_states[state, action, h, k]
    nodes.states[out] = after
    nodes.depths[out] = nodes.depths[slot] + 1
    ends = game.terminal[after] or nodes.depths[out] >= model.horizon
    return reward, likely * game.chances[state, action, h, k], ends


@kernel
def _move(model, source, target):
    nodes = model.nodes
    nodes.states[target] = nodes.states[source]
    nodes.depths[target] = nodes.depths[source]
    for goal in range(nodes.beliefs.shape[1]):
        nodes.beliefs[target, goal] = nodes.beliefs[source, goal]


hooks.register(View, value=_value, propose=_propose, reply=_reply, step=_step, move=_move)
