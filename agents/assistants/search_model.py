"""The building game as a search model: physics of the public state, a belief of goal particles, and exact user replies.

A slot holds a public state and the weights of K particles (goal, user type), drawn from the assistant's posterior when a decision begins. The user's reply is drawn
from the particles' predictive distribution and reweighs them, so reply probabilities and posteriors cohere by construction.

Reward of a step: the assistant's edit as the belief values it, its expected change of similarity less `effort` for the chance that the user has to mend it. The user's
own gains are left out: they hardly depend on the assistant's choice, and their variance would drown what does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numba import njit

from envs.building.actions import BREAK, MOVE_FIRST, MOVE_LAST, NOOP, PLACE, Codec, decode, encode
from envs.building.config import BuildingConfig
from envs.building.rules import apply, compile_rules, restore_palette, similarity
from envs.building.state import State, copy_world, empty_state
from envs.building.world import AIR, ASSISTANT, NUM_BLOCKS, USER
from planners.model import Evaluation

from ..users.policy import action_prob, draw_action
from ..users.scene import new_scene, survey
from .pursue import DECAY_PER_CELL, NO_TRAITS, edit_values


@dataclass(frozen=True)
class ModelOptions:
    """Constants of the building game's search model."""

    particles: int = 32
    """Goal particles per decision, drawn from the posterior."""
    candidates: int = 100
    """Most actions proposed per node: no-op, the legal moves and the best edits at hand."""
    effort: float = 1.0
    """What a wrong edit costs beside the loss of similarity: the user's work to mend it."""
    prior_temperature: float = 0.2
    """Priors are a softmax of the values of `edit_values` (0 for no-op) at this temperature."""
    move_value: float = -0.2
    """Value that stands for a move in the priors."""
    discount: float = 0.95
    """Discount per step in leaf values."""
    floor: float = 1e-4
    """Least probability of a reply under any particle."""


class Particles(NamedTuple):
    """K hypotheses that all slots of a search share; weights are per slot."""

    goals: np.ndarray
    """(K, N) uint8; the row of an unknown goal is not used."""
    outlines: np.ndarray
    """(K, N) bool."""
    types: np.ndarray
    """(K,) int64 user type, -1 where the goal is unknown."""


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

    def set_root(self, state: State, row: int, particles: Particles, weights: np.ndarray) -> None:
        """Put world `row` of a public state and its belief (K,) into slot 0."""
        for mine, theirs in zip(self.states, state, strict=True):
            mine[0] = theirs[row]
        self.particles = particles
        self.weights[0] = weights

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """See `planners.model.SearchModel`."""
        limit, options = self.options.candidates, self.options
        actions = np.zeros((len(slots), limit), np.int32)
        priors = np.zeros((len(slots), limit))
        counts = np.zeros(len(slots), np.int32)
        values = np.zeros(len(slots))
        for i, slot in enumerate(slots):
            _marginals(
                self.weights[slot],
                self.particles.goals,
                self.particles.types,
                self.states.blocks[slot],
                self._marginals,
            )
            edit_values(
                self.states.blocks[slot],
                self.states.touched[slot],
                self._marginals,
                self._values,
                self._wanted,
            )
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
        """See `planners.model.SearchModel`. The user acts at the same time, so the reply does not depend on the action."""
        return _replies(
            self.rules,
            self.codec,
            self.states,
            self.weights,
            self.particles,
            self.traits,
            self._user_scene,
            slots,
            uniforms,
        )

    def step(
        self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `planners.model.SearchModel`. Only the horizon ends an episode here: completion would tell of the goal."""
        rewards = np.zeros(len(slots))
        ends = np.zeros(len(slots), np.bool_)
        _steps(
            self.rules,
            self.codec,
            self.states,
            self.weights,
            self.particles,
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


@njit(cache=True, nogil=True)
def _marginals(weights, goals, types, blocks, out):
    """Probabilities (N, 10) of each cell's goal block; an unknown goal leaves cells as they are."""
    out[:] = 0.0
    for k in range(weights.shape[0]):
        share = weights[k]
        if share > 0.0:
            wanted = goals[k] if types[k] >= 0 else blocks
            for c in range(blocks.shape[0]):
                out[c, wanted[c]] += share


@njit(cache=True, nogil=True)
def _propose(
    rules, codec, states, slot, scene, values, wanted, temperature, move_value, discount, actions, priors
):
    """Fill candidates and priors of one slot; returns their number and the slot's value.

    The value is what the assistant could earn alone under the belief as it is: the best edits, one a step, each discounted by the way to it.
    """
    survey(rules, states, slot, ASSISTANT, NO_TRAITS, scene)
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
    order = np.argsort(-priors[:n], kind="mergesort")
    priors[:n] = priors[:n][order] / priors[:n].sum()
    actions[:n] = actions[:n][order]
    return n, _opportunity(rules.size, feet, cells, listed, values, discount)


@njit(cache=True, nogil=True)
def _opportunity(size, feet, cells, listed, values, discount):
    w, h, d = size
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
def _unknown_user(scene, uniform):
    """A move or a pause: what a user of unknown goal is taken to do."""
    m = int(uniform * 8)
    return MOVE_FIRST + m if m < 6 and scene.moves[m] else NOOP


@njit(cache=True, nogil=True)
def _replies(rules, codec, states, weights, particles, traits, scene, slots, uniforms):
    out = np.empty(slots.shape[0], np.int32)
    action = np.empty(3, np.int16)
    stream = np.empty(1, np.uint64)
    for i in range(slots.shape[0]):
        slot = slots[i]
        survey(rules, states, slot, USER, traits, scene)
        left = uniforms[i]
        k = 0
        while k < weights.shape[1] - 1 and left >= weights[slot, k]:
            left -= weights[slot, k]
            k += 1
        stream[0] = np.uint64(uniforms[i] * 9007199254740992.0)
        if particles.types[k] < 0:
            out[i] = encode(codec, _unknown_user(scene, uniforms[i] * 977.0 % 1.0), 0, 0)
            continue
        draw_action(
            rules,
            states,
            slot,
            USER,
            traits,
            scene,
            particles.types[k],
            particles.goals[k],
            particles.outlines[k],
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
    particles,
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
            prior = weights[source, k]
            if prior > 0.0:
                if particles.types[k] < 0:
                    prob = 0.125 if kind == NOOP or MOVE_FIRST <= kind <= MOVE_LAST else floor
                else:
                    prob = action_prob(
                        rules,
                        states,
                        source,
                        USER,
                        traits,
                        scene,
                        particles.types[k],
                        particles.goals[k],
                        particles.outlines[k],
                        kind,
                        cell,
                        block,
                    )
                prior *= max(prob, floor)
            weights[slot, k] = prior
            total += prior
        for k in range(weights.shape[1]):
            weights[slot, k] /= total
        copy_world(states, source, slot)
        apply(rules, states, slot, USER, kind, cell, block)
        kind, cell, block = decode(codec, actions[i])
        done, before = apply(rules, states, slot, ASSISTANT, kind, cell, block)
        if done == PLACE or done == BREAK:
            rewards[i] = _expected_gain(
                rules, weights[source], particles, cell, before, states.blocks[slot, cell], effort
            )
        if rules.inventory:
            restore_palette(rules, states.blocks[slot])
        states.clock[slot] += 1
        ends[i] = states.clock[slot] >= rules.horizon


@njit(cache=True, nogil=True)
def _expected_gain(rules, weights, particles, cell, before, after, effort):
    """The edit's change of similarity, less `effort` where it makes things worse, averaged over the belief before the reply."""
    total = 0.0
    for k in range(weights.shape[0]):
        goal = particles.goals[k, cell] if particles.types[k] >= 0 else before
        gain = similarity(rules, after, goal) - similarity(rules, before, goal)
        total += weights[k] * (gain - (effort if gain < 0 else 0.0))
    return total
