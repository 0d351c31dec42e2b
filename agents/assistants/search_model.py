"""The building game as a search model: physics of the public state, a belief, and exact user replies.

A slot holds a public state and the weights of K particles (goal, user type). The user's reply is drawn from
the particles' predictive distribution and reweighs them, so reply probabilities and posteriors cohere by
construction. What cells are worth comes from the assistant's own marginals at the root, moved by how the
particles' weights have changed since: at the root nothing is lost to the number of particles.

Reward of a step: the assistant's edit as the belief values it, its expected change of similarity less
`effort` for the chance that the user has to mend it. The user's own gains are left out: they hardly depend on
the assistant's choice, and their variance would drown what does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.building.actions import BREAK, PLACE, Codec, decode, encode
from envs.building.config import BuildingConfig
from envs.building.kernels import kernel
from envs.building.rules import apply, compile_rules, restore_palette, similarity
from envs.building.state import State, copy_world, empty_state
from envs.building.world import AIR, ASSISTANT, NUM_BLOCKS, USER
from planners.model import Evaluation

from ..users.policy import action_prob, draw_action
from ..users.scene import new_scene, survey
from .pursue import DECAY_PER_CELL, edit_values, pursue


@dataclass(frozen=True)
class ModelOptions:
    """Constants of the building game's search model."""

    particles: int = 32
    """Goal particles per decision, drawn from the posterior."""
    candidates: int = 100
    """Most actions proposed per node: no-op, the legal moves and the best edits at hand."""
    effort: float = 2.0
    """What a wrong edit costs beside the loss of similarity: the user's work to mend it."""
    prior_temperature: float = 0.3
    """Priors are a softmax of the values of `edit_values` (0 for no-op) at this temperature."""
    move_value: float = -0.3
    """Value that stands for a move in the priors."""
    discount: float = 0.95
    """Discount per step in leaf values."""
    floor: float = 1e-4
    """Least probability of a reply under any particle."""


class Belief(NamedTuple):
    """What all slots of a search share; weights are per slot."""

    marginals: np.ndarray
    """(N, 10) float32 probabilities of each cell's goal block at the root."""
    goals: np.ndarray
    """(K, N) uint8 goals of the particles, of equal weight at the root."""
    outlines: np.ndarray
    """(K, N) bool."""
    types: np.ndarray
    """(K,) int64 user types."""


class BuildingModel:
    """Slots of the building game for one `SearchModel`; root is slot 0."""

    def __init__(
        self, config: BuildingConfig, slots: int, traits: np.ndarray, options: ModelOptions | None = None
    ):
        """slots: most nodes of a search. traits: (T, 11) of the user types the particles refer to."""
        self.options = options or ModelOptions()
        self.rules = compile_rules(replace(config, line_of_sight=True))
        self.codec = Codec.of(config)
        self.traits = traits
        self.states = empty_state(config, slots)
        self.weights = np.zeros((slots, self.options.particles))
        self._user_scene = new_scene(config.size, len(traits))
        self._own_scene = new_scene(config.size, 0)
        self._marginals = np.empty((config.cells, NUM_BLOCKS), np.float32)
        self._values, self._wanted = np.empty(config.cells), np.empty(config.cells, np.uint8)

    def set_root(self, state: State, row: int, belief: Belief) -> None:
        """Put world `row` of a public state and its belief into slot 0."""
        for mine, theirs in zip(self.states, state, strict=True):
            mine[0] = theirs[row]
        self.belief = belief
        self.weights[0] = 1.0 / len(belief.goals)

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """See `planners.model.SearchModel`."""
        options = self.options
        actions = np.zeros((len(slots), options.candidates), np.int32)
        priors = np.zeros((len(slots), options.candidates))
        counts = np.zeros(len(slots), np.int32)
        values = np.zeros(len(slots))
        for i, slot in enumerate(slots):
            blocks, touched = self.states.blocks[slot], self.states.touched[slot]
            _marginals(self.belief, self.weights[slot], self._marginals)
            edit_values(blocks, touched, self._marginals, options.effort, self._values, self._wanted)
            counts[i], values[i] = _propose(
                self.rules,
                self.codec,
                self.states,
                slot,
                self._own_scene,
                self._values,
                self._wanted,
                options.prior_temperature,
                options.move_value,
                options.discount,
                actions[i],
                priors[i],
            )
        return Evaluation(actions, priors, counts, values)

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """See `planners.model.SearchModel`. The user acts at the same time, so the reply does not depend on
        the action.
        """
        return _replies(
            self.rules,
            self.codec,
            self.states,
            self.weights,
            self.belief,
            self.traits,
            self._user_scene,
            slots,
            uniforms,
        )

    def step(
        self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `planners.model.SearchModel`. Only the horizon ends an episode here: completion would tell of
        the goal.
        """
        rewards = np.zeros(len(slots))
        ends = np.zeros(len(slots), np.bool_)
        _steps(
            self.rules,
            self.codec,
            self.states,
            self.weights,
            self.belief,
            self.traits,
            self._user_scene,
            self.options.effort,
            self.options.floor,
            slots,
            actions,
            replies,
            out,
            rewards,
            ends,
        )
        return rewards, ends


@kernel
def _marginals(belief, weights, out):
    """Probabilities (N, 10) of each cell's goal block in a slot."""
    for c in range(out.shape[0]):
        for b in range(out.shape[1]):
            out[c, b] = belief.marginals[c, b]
    even = 1.0 / weights.shape[0]
    for k in range(weights.shape[0]):
        moved = weights[k] - even
        if abs(moved) > 1e-9:
            goal = belief.goals[k]
            for c in range(goal.shape[0]):
                out[c, goal[c]] += moved


@njit(cache=True, nogil=True)
def _propose(
    rules, codec, states, slot, scene, values, wanted, temperature, move_value, discount, actions, priors
):
    """Fill candidates and priors of one slot; returns their number and the slot's value.

    What the greedy assistant would do has the prior of a sure edit. The value is what the assistant could
    earn alone under the belief as it is: the best edits, one a step, each discounted by the way to it.
    """
    greedy = np.empty(3, np.int16)
    pursue(rules, states, slot, ASSISTANT, scene, values, wanted, np.zeros(1, np.uint64), 0, greedy)
    favourite = encode(codec, greedy[0], greedy[1], greedy[2])
    blocks, cells, feet = states.blocks[slot], scene.cell, states.feet[slot, ASSISTANT]
    near, listed = scene.counts[2], scene.counts[3]
    limit = actions.shape[0]
    actions[0], priors[0] = 0, 1.0
    n = 1
    for m in range(6):
        if scene.moves[m]:
            actions[n], priors[n] = codec.first_move + m, math.exp(move_value / temperature)
            n += 1
    edits = cells[:near].copy()
    order = np.argsort(-values[edits])
    for i in range(min(near, limit - n)):
        c = edits[order[i]]
        actions[n] = encode(codec, PLACE if blocks[c] == AIR else BREAK, c, wanted[c])
        priors[n] = math.exp(values[c] / temperature)
        n += 1
    for i in range(n):
        if actions[i] == favourite:
            priors[i] = math.exp(1.0 / temperature)
    order = np.argsort(-priors[:n], kind="mergesort")
    priors[:n] = priors[:n][order] / priors[:n].sum()
    actions[:n] = actions[:n][order]
    return n, _opportunity(rules.size, feet, cells, listed, values, discount)


@njit(cache=True, nogil=True)
def _opportunity(size, feet, cells, listed, values, discount):
    _w, h, d = size
    gains = np.empty(listed)
    n = 0
    for i in range(listed):
        c = cells[i]
        if values[c] > 0.0:
            x, y, z = c // (h * d), (c // d) % h, c % d
            away = math.sqrt((x - feet[0]) ** 2 + (y - feet[1] - 1.1) ** 2 + (z - feet[2]) ** 2)
            gains[n] = values[c] * DECAY_PER_CELL ** max(0.0, away - 4.5)
            n += 1
    best = np.sort(gains[:n])[::-1]
    total, factor = 0.0, 1.0
    for i in range(min(n, 40)):
        total += factor * best[i]
        factor *= discount
    return total


@njit(cache=True, nogil=True)
def _replies(rules, codec, states, weights, belief, traits, scene, slots, uniforms):
    out = np.empty(slots.shape[0], np.int32)
    action = np.empty(3, np.int16)
    stream = np.empty(1, np.uint64)
    for i in range(slots.shape[0]):
        slot = slots[i]
        left, k = uniforms[i], 0
        while k < weights.shape[1] - 1 and left >= weights[slot, k]:
            left -= weights[slot, k]
            k += 1
        stream[0] = np.uint64(uniforms[i] * 9007199254740992.0)
        survey(rules, states, slot, USER, traits, scene)
        draw_action(
            rules,
            states,
            slot,
            USER,
            traits,
            scene,
            belief.types[k],
            belief.goals[k],
            belief.outlines[k],
            stream,
            0,
            action,
        )
        out[i] = encode(codec, action[0], action[1], action[2])
    return out


@njit(cache=True, nogil=True)
def _steps(
    rules,
    codec,
    states,
    weights,
    belief,
    traits,
    scene,
    effort,
    floor,
    slots,
    actions,
    replies,
    out,
    rewards,
    ends,
):
    for i in range(slots.shape[0]):
        source, slot = slots[i], out[i]
        kind, cell, block = decode(codec, replies[i])
        survey(rules, states, source, USER, traits, scene)
        total = 0.0
        for k in range(weights.shape[1]):
            prob = action_prob(
                rules,
                states,
                source,
                USER,
                traits,
                scene,
                belief.types[k],
                belief.goals[k],
                belief.outlines[k],
                kind,
                cell,
                block,
            )
            weights[slot, k] = weights[source, k] * max(prob, floor)
            total += weights[slot, k]
        for k in range(weights.shape[1]):
            weights[slot, k] /= total
        copy_world(states, source, slot)
        apply(rules, states, slot, USER, kind, cell, block)
        kind, cell, block = decode(codec, actions[i])
        done, before = apply(rules, states, slot, ASSISTANT, kind, cell, block)
        if done == PLACE or done == BREAK:
            after = states.blocks[slot, cell]
            rewards[i] = _expected_gain(rules, belief, weights[source], cell, before, after, effort)
        if rules.inventory:
            restore_palette(rules, states.blocks[slot])
        states.clock[slot] += 1
        ends[i] = states.clock[slot] >= rules.horizon


@kernel
def _expected_gain(rules, belief, weights, cell, before, after, effort):
    """The edit's change of similarity, less `effort` where it is for the worse, averaged over the belief."""
    total = 0.0
    even = 1.0 / weights.shape[0]
    for block in range(NUM_BLOCKS):
        share = belief.marginals[cell, block]
        for k in range(weights.shape[0]):
            if belief.goals[k, cell] == block:
                share += weights[k] - even
        gain = similarity(rules, after, block) - similarity(rules, before, block)
        total += share * (gain - (effort if gain < 0 else 0.0))
    return total
