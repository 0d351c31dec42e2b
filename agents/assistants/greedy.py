"""Greedy on a goal posterior: whatever edit is worth most under the belief now, without looking ahead."""

from __future__ import annotations

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.state import State

from .library import LibraryBelief
from .scripted import GuessingAssistant


class GreedyAssistant(GuessingAssistant):
    """Acts on the marginals of a library posterior."""

    name = "greedy"

    def __init__(self, belief: LibraryBelief):
        self.belief = belief

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        super().reset(config, seeds, goals)
        self.belief.reset(config, len(seeds))

    def guess(self, state: State, active: np.ndarray) -> None:
        self.belief.observe(state, active)
        self.belief.marginals(state, active, self.marginals)
