"""The policy without search: does the act that the planner's proposals hold likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from envs.chat.config import ChatConfig
from envs.chat.persona import Persona
from planners.search import Results

from .model import ChatModel, ModelOptions
from .planning import SEARCH, ChatPlanner
from .script import Script


class Likeliest(ChatPlanner):
    """Keeps the planner's belief and asks the model for proposals, but searches nothing."""

    def __init__(
        self,
        personas: Sequence[Persona],
        options: ModelOptions | None = None,
        script: Script | None = None,
        name: str = "policy",
    ):
        """personas: who users may be, for the belief."""
        cheap = replace(options or ModelOptions(), leaf="commit")  # values are not looked at
        super().__init__(personas, "gumbel", replace(SEARCH, simulations=1), cheap, script, name)

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        """Start B dialogues with seeds (B,)."""
        super().reset(config, seeds)
        self.planner = _Likeliest(self.model, len(seeds), self.options.nodes)


class _Likeliest:
    """A `Planner` that takes the candidate of the greatest prior."""

    def __init__(self, model: ChatModel, games: int, nodes: int):
        self.model, self.games, self.nodes = model, games, nodes

    def run(self, seeds: np.ndarray, active: np.ndarray | None = None) -> Results:
        """See `planners.baselines.Planner`; nothing is random."""
        todo = np.arange(self.games) if active is None else np.flatnonzero(active)
        results = Results.empty(self.games, self.model.candidates)
        found = self.model.evaluate(todo * self.nodes)
        listed = np.arange(found.priors.shape[1]) < found.counts[:, None]
        priors = np.where(listed, found.priors, 0)
        results.actions[todo] = found.actions[np.arange(len(todo)), priors.argmax(axis=1)]
        results.counts[todo], results.candidates[todo] = found.counts, found.actions
        results.priors[todo] = results.policy[todo] = priors
        return results
