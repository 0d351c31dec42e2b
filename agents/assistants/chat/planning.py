"""Assistants that plan: a belief kept up by Bayes' rule, and one of the planners on the model around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from envs.chat.config import ChatConfig
from envs.chat.persona import Persona
from envs.chat.state import RUNNING, Goal, Mind, State
from planners.baselines import make_planner
from planners.options import SearchOptions
from planners.search import Results

from .belief import Belief
from .model import ChatModel, ModelOptions
from .script import Script

SEARCH = SearchOptions(discount=1.0, c_scale=0.05)
"""Search options of the chat game: nothing is discounted, since every turn has its price."""


class ChatPlanner:
    """Plans each act with one of `planners.baselines.PLANNERS`.

    After `act`: `found` is what was planned (`Results` of B games), `belief` what is believed.
    """

    def __init__(
        self,
        personas: Sequence[Persona],
        planner: str = "gumbel",
        search: SearchOptions | None = None,
        options: ModelOptions | None = None,
        script: Script | None = None,
        name: str = "planner",
    ):
        """personas: who users may be, for the belief."""
        self.name, self.planner_name, self.script = name, planner, script
        self.options, self.model_options = search or SEARCH, options or ModelOptions()
        self.belief = Belief(personas)

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        """Start B dialogues with seeds (B,)."""
        games = len(seeds)
        self.belief.reset(config, seeds)
        self.model_options = replace(self.model_options, candidates=self.options.candidates)
        self.model = ChatModel(config, games, self.options.nodes, self.model_options, self.script)
        self.planner = make_planner(self.planner_name, self.model, games, self.options)
        self.found = Results.empty(games, self.options.candidates)
        self._rngs = [np.random.default_rng(int(seed)) for seed in seeds]
        self._seeds = np.zeros(games, np.int64)

    def act(self, state: State) -> np.ndarray:
        """(B,) int64 flat acts, 0 off turn."""
        active = (state.speaker == 1) & (state.ended == RUNNING)
        rows = np.flatnonzero(active)
        self.belief.observe(state, rows)
        for game in map(int, rows):
            rng = self._rngs[game]
            self._seeds[game] = rng.integers(2**62)
            chosen = self.belief.draw(game, self.model_options.particles, rng.random())
            goals = Goal(*(part[chosen] for part in self.belief.goals))
            minds = Mind(*(part[chosen] for part in self.belief.minds))
            self.model.set_root(game, state, game, goals, minds, self.belief.searched, rng)
        self.found = self.planner.run(self._seeds, active)
        return np.where(active, self.found.actions, 0).astype(np.int64)
