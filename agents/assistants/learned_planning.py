"""The planning assistant whose model of everything hidden is one network: belief search on `LearnedModel`.

All games are searched at once, and each game sends several simulations down before the network is asked
(`SearchOptions.wave`), so a decision of 20 simulations in 32 games is a handful of batched calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from envs.building.actions import Codec, encode, triples
from envs.building.config import BuildingConfig
from envs.building.state import State
from envs.building.world import ASSISTANT, NUM_BLOCKS, USER
from planners.options import SearchOptions
from planners.search import Results, Search
from planners.snapshot import snapshot

from ..predictors.network import PredictorNet
from .learned_model import LearnedModel, LearnedOptions
from .names import building_names

WAVE = 8
"""Simulations per game between two calls of the network."""
SEARCH = SearchOptions(c_scale=0.05, wave=WAVE)
"""Search options on a network: as in `planning`, with waves."""


class LearnedPlanner:
    """Plans each action by search on a network.

    After `act`: `found` is what the search found (`Results` of B games, with the improved policy), and
    `marginals` (B, N, 10) what the network guesses of the goal.
    """

    name = "planner_network"
    sees_goal = False

    def __init__(
        self, net: PredictorNet, search: SearchOptions | None = None, options: LearnedOptions | None = None
    ):
        self.net, self.options = net, search or SEARCH
        self.model_options = replace(options or LearnedOptions(), candidates=self.options.candidates)
        self._watch: frozenset[int] = frozenset()

    def watch(self, steps: Iterable[float]) -> None:
        """Keep snapshots of the searches at these steps of the next episodes."""
        self._watch = frozenset(int(step) for step in steps)

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes; each has its own random stream for search. ValueError when the network does not
        fit the game.
        """
        games, own = len(seeds), self.options
        self.model = LearnedModel(config, games, own.nodes, self.net, self.model_options)
        self.search = Search(self.model, games, own)
        self.found = Results.empty(games, self.search.candidates)
        self.marginals = np.zeros((games, config.cells, NUM_BLOCKS), np.float32)
        self.watched: list[list[dict[str, Any]]] = [[] for _ in range(games)]
        """Snapshots of the games' searches at the steps of `watch`."""
        self._codec, self._names = Codec.of(config), building_names(config)
        self._rngs = [np.random.default_rng(int(seed)) for seed in seeds]
        self._seeds = np.zeros(games, np.int64)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Plan in every active game."""
        rows = np.flatnonzero(active)
        for game in map(int, rows):
            self._seeds[game], stream = self._rngs[game].integers(2**62, size=2)
            if not self._keep(state, game):
                self.model.set_root(game, state, game, int(stream))
        self.found = self.search.run(self._seeds, active)
        self.marginals[rows] = self.model.leaves.marginals[rows * self.model.nodes]
        for game in map(int, rows):
            if int(state.clock[game]) in self._watch:
                title = f"step {int(state.clock[game])}"
                self.watched[game].append(snapshot(self.search, game, self._names, depth=3, title=title))
        return triples(self._codec, np.where(active, self.found.actions, 0))

    def _keep(self, state: State, game: int) -> bool:
        """Go on with the tree of the last decision, when it has what happened."""
        done = [encode(self._codec, *map(int, state.previous[game, p])) for p in (ASSISTANT, USER)]
        return done[0] == self.found.actions[game] and self.search.advance(game, *done)
