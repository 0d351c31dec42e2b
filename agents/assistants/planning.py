"""The planning assistant: a library posterior, goal particles drawn from it, and belief search over about 100
proposed actions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from envs.building.actions import Codec, encode, triples
from envs.building.config import BuildingConfig
from envs.building.state import State
from envs.building.world import ASSISTANT, NUM_BLOCKS, USER
from envs.rng import streams
from planners.baselines import make_planner
from planners.options import SearchOptions
from planners.search import Search
from planners.snapshot import snapshot

from ..users.policy import outlines
from .library import LibraryBelief
from .names import building_names
from .search_model import Belief, BuildingModel, ModelOptions

SEARCH = SearchOptions(c_scale=0.05)
"""Search options of the building game, where priors know a lot: values weigh half as much as usual."""

Source = Literal["both", "particles", "marginals"]
"""What search takes the belief from: the posterior's marginals, moved in the tree by particles (both); the
particles alone; or the marginals alone, which no reply in the tree changes.
"""


class PlanningAssistant:
    """Plans each action by search. `marginals` (B, N, 10) is its goal posterior at the last decision."""

    sees_goal = False

    def __init__(
        self,
        belief: LibraryBelief,
        search: SearchOptions | None = None,
        model: ModelOptions | None = None,
        planner: str = "gumbel",
        source: Source = "both",
    ):
        """planner: a name of `planners.baselines.PLANNERS`."""
        self.name = "planner" if planner in ("gumbel", "puct") else planner
        self.belief = belief
        self.options = search or SEARCH
        self.model_options = replace(model or ModelOptions(), candidates=self.options.candidates)
        if source == "marginals":
            self.model_options = replace(self.model_options, learning=0.0)
        elif belief.options.global_temperature <= 1:
            self.model_options = replace(self.model_options, learning=1.0)
        self.planner_name, self.source = planner, source
        self._watch: frozenset[int] = frozenset()

    def watch(self, steps: Iterable[float]) -> None:
        """Keep snapshots of the searches at these steps of the next episodes; for planners with a tree."""
        self._watch = frozenset(int(step) for step in steps)

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes; each has its own random stream for search."""
        games = len(seeds)
        self.belief.reset(config, games)
        self._codec, self._size = Codec.of(config), config.size
        self._names = building_names(config)
        self.model = BuildingModel(config, games, self.options.nodes, self.belief.traits, self.model_options)
        self.planner = make_planner(self.planner_name, self.model, games, self.options)
        self._rngs = [np.random.default_rng(int(seed)) for seed in seeds]
        self._streams = streams(seeds)
        self._roots: dict[int, tuple[int, Belief]] = {}
        self.watched: list[list[dict[str, Any]]] = [[] for _ in range(games)]
        """Snapshots of the games' searches at the steps of `watch`."""
        self._seeds = np.zeros(games, np.int64)
        self._flat = np.zeros(games, np.int64)
        self.marginals = np.zeros((games, config.cells, NUM_BLOCKS), np.float32)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Plan in every active game."""
        self.belief.observe(state, active)
        self.belief.marginals(state, active, self.marginals)
        for game in map(int, np.flatnonzero(active)):
            rng = self._rngs[game]
            self._seeds[game] = rng.integers(2**62)
            if not self._keep(state, game):
                belief = self.root_belief(state, game, rng)
                self.model.set_root(game, state, game, belief, self._streams[game : game + 1])
        found = self.planner.run(self._seeds, active)
        for game in map(int, np.flatnonzero(active)):
            if int(state.clock[game]) in self._watch and isinstance(self.planner, Search):
                title = f"step {int(state.clock[game])}"
                self.watched[game].append(snapshot(self.planner, game, self._names, depth=3, title=title))
        self._flat[active] = found.actions[active]
        return triples(self._codec, np.where(active, self._flat, 0))

    def _keep(self, state: State, game: int) -> bool:
        """Go on with the tree of the last decision, when it has what happened and the belief stayed."""
        edits, _ = self._roots.get(game, (-1, None))
        if not isinstance(self.planner, Search) or edits != self.belief.edits[game]:
            return False
        done = [encode(self._codec, *map(int, state.previous[game, p])) for p in (ASSISTANT, USER)]
        return done[0] == self._flat[game] and self.planner.advance(game, *done)

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
        marginals = self.marginals[game]
        if self.source == "particles":
            marginals = (belief.goals[:, :, None] == np.arange(NUM_BLOCKS)).mean(0, dtype=np.float32)
        belief = belief._replace(marginals=marginals)
        self._roots[game] = int(self.belief.edits[game]), belief
        return belief
