"""The planning assistant: a library posterior, goal particles drawn from it, and belief search over about 100
proposed actions.
"""

from __future__ import annotations

import numpy as np

from envs.building.actions import Codec, triples
from envs.building.config import BuildingConfig
from envs.building.state import State
from envs.building.world import NUM_BLOCKS
from planners.reference import ReferenceSearch, SearchOptions

from ..users.policy import outlines
from .library import LibraryBelief
from .search_model import Belief, BuildingModel, ModelOptions


class PlanningAssistant:
    """Plans each action by belief MCTS. `marginals` (B, N, 10) is its goal posterior at the last decision."""

    name = "planner"
    sees_goal = False

    def __init__(
        self, belief: LibraryBelief, search: SearchOptions | None = None, model: ModelOptions | None = None
    ):
        self.belief = belief
        self.search = search or SearchOptions()
        self.model_options = model or ModelOptions(discount=self.search.discount)

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes; each has its own random stream for search."""
        self.belief.reset(config, len(seeds))
        self._codec, self._size = Codec.of(config), config.size
        self._model = BuildingModel(
            config, self.search.simulations + 1, self.belief.traits, self.model_options
        )
        self._planner = ReferenceSearch(self._model, self.search)
        self._rngs = [np.random.default_rng(int(seed)) for seed in seeds]
        self._roots: dict[int, tuple[int, Belief]] = {}
        self._actions = np.zeros((len(seeds), 3), np.int16)
        self.marginals = np.zeros((len(seeds), config.cells, NUM_BLOCKS), np.float32)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Plan in every active game."""
        self.belief.observe(state, active)
        self.belief.marginals(state, active, self.marginals)
        for game in map(int, np.flatnonzero(active)):
            rng = self._rngs[game]
            self._model.set_root(state, game, self.root_belief(state, game, rng))
            self._actions[game] = triples(self._codec, np.array([self._planner.run(rng).action]))[0]
        return self._actions

    def root_belief(self, state: State, game: int, rng: np.random.Generator) -> Belief:
        """The posterior of one game as search needs it: marginals, and particles drawn with low variance.

        Particles are drawn anew when the user's edits have moved the posterior.
        """
        edits, belief = self._roots.get(game, (-1, None))
        if belief is None or edits != self.belief.edits[game]:
            count = self.model_options.particles
            uniforms = (np.arange(count) + rng.random()) / count
            goals, types = self.belief.draw_goals(state, game, uniforms)
            belief = Belief(self.marginals[game], goals, outlines(self._size, goals), types)
        belief = belief._replace(marginals=self.marginals[game])
        self._roots[game] = int(self.belief.edits[game]), belief
        return belief
