"""The building game as a search model: physics of the public state, a belief, and the user's replies.

A slot holds a public state and the weights of K particles (goal, user type). Replies are drawn from what the
particles do (`agents.users.forecast`) and reweigh them, so reply probabilities and posteriors cohere. What
cells are worth comes from the assistant's own marginals at the root, moved by how the particles' weights have
changed since (`prospects`): at the root nothing is lost to the number of particles.

Reward of a step: the assistant's edit as the belief values it, its expected change of similarity less
`effort` for the chance that the user has to mend it. The user's own gains are left out: they hardly depend on
the assistant's choice, and their variance would drown what does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from envs.building.actions import BREAK, NOOP, PLACE, decode, encode
from envs.building.config import BuildingConfig
from envs.building.rules import apply, restore_palette, similarity
from envs.building.state import State, empty_state
from envs.building.world import ASSISTANT, BLOCK_NAMES, NUM_BLOCKS, USER
from envs.kernels import inlined, kernel
from planners import hooks
from planners.baselines import collapsed, entropies
from planners.model import KernelModel

from ..users.crowd import derive, derive_cell, fill_crowd
from ..users.forecast import draw, reweigh
from ..users.outlook import for_another_worker, new_forecast
from ..users.scene import new_scene
from .names import state_name
from .proposals import propose
from .prospects import (
    LEVELS,
    Scales,
    Scratch,
    View,
    find_prospects,
    new_prospects,
    open_wishes,
    opportunity,
    probability,
    wish_probabilities,
)
from .pursue import DECAY_PER_CELL, edit_values, pursue

CLAIMS = 12
"""Cells that `BuildingModel.beliefs` tells of."""


@dataclass(frozen=True)
class ModelOptions:
    """Constants of the building game's search model."""

    particles: int = 64
    """Goal particles per decision, drawn from the posterior."""
    candidates: int = 100
    """Most actions proposed per node: no-op, the legal moves and the best edits at hand."""
    effort: float = 2.0
    """What a wrong edit costs beside the loss of similarity: the user's work to mend it."""
    prior_temperature: float = 0.3
    """Priors are a softmax of the values of `edit_values` (0 for no-op) at this temperature."""
    move_value: float = -0.3
    """Value that stands for a move in the priors."""
    discount: float = 0.8
    """Discount per edit in leaf values: what the assistant does not do soon, the user does."""
    learning: float = 0.25
    """Exponent of likelihoods in the tree: 1 is Bayes' rule, less suits beliefs that learn less from an edit
    (tempered or local evidence), with 0 the tree learns nothing.
    """
    floor: float = 1e-4
    """Least probability of a reply under any particle."""
    wishes: int = 64
    """Most cells of the wish list."""
    promise: float = 0.1
    """Edits are proposed, and wished for, that have at least this probability of being right at the root."""
    remembered: int = 128
    """States per worker whose forecasts are kept for further replies."""

    def __post_init__(self) -> None:
        for name, least in (("particles", 1), ("candidates", 8), ("wishes", 1), ("remembered", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; give {least} or more")
        if self.prior_temperature <= 0:
            raise ValueError(f"prior_temperature is {self.prior_temperature}; give a number above 0")
        if not 0 < self.discount < 1:
            raise ValueError(f"discount is {self.discount}; give a number in (0, 1)")


class Belief(NamedTuple):
    """What all slots of a search share; weights are per slot."""

    marginals: np.ndarray
    """(N, 10) float32 probabilities of each cell's goal block at the root."""
    goals: np.ndarray
    """(K, N) uint8 goals of the particles, of equal weight at the root. Never changed once handed over."""
    outlines: np.ndarray
    """(K, N) bool."""
    types: np.ndarray
    """(K,) int64 user types."""


class BuildingModel(KernelModel):
    """Slots of the building game for G games at a time."""

    def __init__(
        self,
        config: BuildingConfig,
        games: int,
        nodes: int,
        traits: np.ndarray,
        options: ModelOptions | None = None,
        workers: int = 1,
    ):
        """nodes: slots per game. traits: (T, NUM_TRAITS) of the user types the particles refer to.
        workers: how many views are used at the same time.
        """
        self.options = options or ModelOptions()
        self.candidates = self.options.candidates
        self.config, self.games, self.nodes = config, games, nodes
        self.states = empty_state(config, games * nodes)
        self.weights = np.zeros((games * nodes, self.options.particles), np.float32)
        own = self.options
        forecast = new_forecast(
            config, self.states, nodes, own.particles, traits, own.floor, own.learning, own.remembered
        )
        forecasts = [forecast] + [for_another_worker(forecast) for _ in range(workers - 1)]
        prospects = new_prospects(config, games, own.particles, own.wishes)
        scales = _scales(config, own)
        self._views = [
            View(forecast, self.weights, prospects, scales, _new_scratch(own)) for forecast in forecasts
        ]
        self._scene = new_scene(config.size, 0)
        self._values, self._wanted = np.empty(config.cells), np.empty(config.cells, np.uint8)
        self._goals: list[np.ndarray | None] = [None] * games

    def view(self, worker: int = 0) -> View:
        """See `KernelModel`."""
        return self._views[worker]

    def set_root(
        self, game: int, state: State, row: int, belief: Belief, stream: np.ndarray | None = None
    ) -> None:
        """Put world `row` of a public state and its belief into the root of a game.

        stream: (1,) uint64 random stream of the greedy assistant, whose action has the best prior at the
        root; without one it never strolls while idle. Goals are taken over only when they are another array
        than at the last call.
        """
        view = self._views[0]
        if belief.goals.shape != (self.options.particles, self.config.cells):
            raise ValueError(
                f"goals of the belief have shape {belief.goals.shape}; this model has room for"
                f" {(self.options.particles, self.config.cells)}, see ModelOptions.particles"
            )
        if belief.goals is not self._goals[game]:
            fill_crowd(view.forecast.crowd, game, belief.goals, belief.outlines, belief.types)
            self._goals[game] = belief.goals
        slot = game * self.nodes
        for mine, theirs in zip(self.states, state, strict=True):
            mine[slot] = theirs[row]
        self.weights[slot] = 1.0 / self.options.particles
        view.prospects.marginals[game] = belief.marginals
        _set_root(
            view,
            game,
            slot,
            self._scene,
            self._values,
            self._wanted,
            np.zeros(1, np.uint64) if stream is None else stream,
            np.zeros(3, np.int16),
        )

    def entropy(self, slots: np.ndarray) -> np.ndarray:
        """(K,) float64 entropies of the particles' weights in slots (K,), in nats."""
        return entropies(self.weights[slots])

    def collapse(self, sources: np.ndarray, uniforms: np.ndarray, targets: np.ndarray) -> None:
        """Copy slots (K,) over slots (K,), each with all weight on one particle, drawn with numbers (K,) in
        [0, 1).
        """
        certain = collapsed(self.weights[sources], uniforms)
        self.move(sources, targets)
        self.weights[targets] = certain

    def beliefs(self, slots: np.ndarray) -> list[list[tuple[str, float]]]:
        """What the goal may hold in cells of the wish list, with its probability in each of slots (K,): the
        cells that were most in doubt at the root, so that what replies tell can be seen.
        """
        size, prospects = self.config.size, self._views[0].prospects
        told = []
        for slot in slots:
            game = int(slot) // self.nodes
            chosen = open_wishes(prospects, game, CLAIMS)
            cells = prospects.wishes[game, chosen]
            blocks = prospects.options[game, cells, 0]
            places = np.stack(np.unravel_index(cells, size), axis=1).tolist()
            labels = [
                f"{BLOCK_NAMES[block]} at {tuple(place)}" for block, place in zip(blocks, places, strict=True)
            ]
            shares = wish_probabilities(prospects, game, self.weights[slot])[chosen]
            told.append(list(zip(labels, shares.tolist(), strict=True)))
        return told

    def state_name(self, slot: int) -> str:
        """Step and feet cells of a slot."""
        return state_name(self.states, slot)


def _scales(config: BuildingConfig, options: ModelOptions) -> Scales:
    w, h, d = config.size
    right = np.linspace(0, 1, 513)
    dx, dy, dz = np.meshgrid(np.arange(w), np.arange(-h, h), np.arange(d), indexing="ij")
    away = np.sqrt(dx**2 + (dy - 1.1) ** 2 + dz**2)
    return Scales(
        float(options.effort),
        float(options.promise),
        1.0 / options.particles,
        np.exp((right - (1 + options.effort) * (1 - right)) / options.prior_temperature).astype(np.float32),
        1.0,
        float(np.exp(options.move_value / options.prior_temperature)),
        float(np.exp(1.0 / options.prior_temperature)),
        (DECAY_PER_CELL ** np.maximum(0.0, away - 4.5)).astype(np.float32),
        options.discount ** np.arange(options.wishes + 1.0),
    )


def _new_scratch(options: ModelOptions) -> Scratch:
    return Scratch(
        np.zeros(2 * options.wishes, np.float32),
        np.zeros(LEVELS),
        np.zeros(LEVELS, np.int64),
        np.zeros(options.candidates, np.float32),
    )


@kernel
def _set_root(view, game, slot, scene, values, wanted, stream, action):
    """Derive all that depends on a game's root state and belief."""
    forecast, prospects = view.forecast, view.prospects
    rules, states = forecast.rules, forecast.worlds.states
    derive(forecast.worlds, forecast.crowd, rules.size[1], game, slot)
    marginals, blocks, touched = prospects.marginals[game], states.blocks[slot], states.touched[slot]
    edit_values(blocks, touched, marginals, view.scales.effort, values, wanted)
    find_prospects(view, game, slot, values)
    pursue(rules, states, slot, ASSISTANT, scene, values, wanted, stream, np.int64(0), action)
    kind, cell, block = np.int64(action[0]), np.int64(action[1]), np.int64(action[2])
    prospects.favourite[game] = encode(forecast.codec, kind, cell, block)


@kernel
def _reply(view, slot, action, uniform):
    """See `planners.hooks`. The user acts at the same time, so the reply does not depend on the action."""
    return draw(view.forecast, slot, view.weights[slot], uniform)


@kernel
def _step(view, slot, action, reply, out):
    """See `planners.hooks`. Only the horizon ends an episode here: completion would tell of the goal."""
    forecast = view.forecast
    rules, worlds, states = forecast.rules, forecast.worlds, forecast.worlds.states
    game = slot // forecast.nodes
    chance = reweigh(forecast, slot, reply, view.weights[slot], view.weights[out])
    _copy_world(worlds, slot, out)
    kind, cell, block = decode(forecast.codec, reply)
    done, before = apply(rules, states, out, np.int64(USER), kind, cell, block)
    states.previous[out, USER, 0] = done
    changed = cell if kind == PLACE or kind == BREAK else -1
    kind, cell, block = decode(forecast.codec, action)
    reward = 0.0
    states.previous[out, ASSISTANT, 0] = NOOP
    if states.clock[out] % rules.act_every[ASSISTANT] == 0:
        done, before = apply(rules, states, out, np.int64(ASSISTANT), kind, cell, block)
        states.previous[out, ASSISTANT, 0] = done
        if done == PLACE or done == BREAK:
            reward = _expected_gain(view, game, slot, cell, before, np.int64(states.blocks[out, cell]))
    if rules.inventory:
        restore_palette(rules, states.blocks[out])
    if changed >= 0:
        derive_cell(worlds, forecast.crowd, rules.size[1], game, out, changed)
    if kind == PLACE or kind == BREAK:
        derive_cell(worlds, forecast.crowd, rules.size[1], game, out, cell)
    states.clock[out] += 1
    return reward, chance, states.clock[out] >= rules.horizon


@kernel
def _copy_world(worlds, source, target):
    """Copy a public state and its rows; of `previous` actions the kinds, which is all that a search reads."""
    states = worlds.states
    _copy(states.blocks[source], states.blocks[target])
    _copy(states.touched[source], states.touched[target])
    _copy(worlds.solid[source], worlds.solid[target])
    _copy(worlds.own[source], worlds.own[target])
    _copy(worlds.open_[source], worlds.open_[target])
    for player in range(2):
        for axis in range(3):
            states.feet[target, player, axis] = states.feet[source, player, axis]
        states.last_edit[target, player] = states.last_edit[source, player]
        states.previous[target, player, 0] = states.previous[source, player, 0]
        for i in range(states.inventory.shape[2]):
            states.inventory[target, player, i, 0] = states.inventory[source, player, i, 0]
            states.inventory[target, player, i, 1] = states.inventory[source, player, i, 1]
    states.clock[target] = states.clock[source]
    worlds.version[target] += 1


@inlined
def _copy(source, target):
    for i in range(np.uintp(source.shape[0])):
        target[i] = source[i]


@kernel
def _move(view, source, target):
    """See `planners.hooks`."""
    _copy_world(view.forecast.worlds, source, target)
    _copy(view.weights[source], view.weights[target])
    if target % view.forecast.nodes == 0:
        view.prospects.favourite[target // view.forecast.nodes] = -1


@kernel
def _expected_gain(view, game, slot, cell, before, after):
    """The edit's change of similarity, less `effort` where it is for the worse, averaged over the belief."""
    rules, marginals = view.forecast.rules, view.prospects.marginals[game, cell]
    goals, weights = view.forecast.crowd.goals[game, cell], view.weights[slot]
    total = 0.0
    for block in range(NUM_BLOCKS):
        gain = similarity(rules, after, block) - similarity(rules, before, block)
        if gain < 0.0:
            gain -= view.scales.effort
        if gain != 0.0:
            total += gain * probability(marginals, goals, weights, block, view.scales.even)
    return total


hooks.register(View, value=opportunity, propose=propose, reply=_reply, step=_step, move=_move)
