"""Greedy on a network's guess of the goal: the assistant by which predictors are judged.

It has the rule of `pursue` and nothing else: the edit that is most probably right is done when its value
2 P - 1 is above a threshold, whatever the user changed last is left alone. So what it saves the user says how
good the guesses are, where it matters.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.state import State, take
from envs.building.world import NUM_BLOCKS, start_blocks

from .scripted import GuessingAssistant

if TYPE_CHECKING:
    from ..predictors.network import PredictorNet

SHIPPED = Path(__file__).resolve().parents[1] / "predictors" / "weights"
"""Folder of the networks that come with the package."""
THRESHOLD = 0.4
"""Least value 2 P - 1 of an edit that is done; chosen on generated and `train` houses (docs/learning.md)."""


class NetworkAssistant(GuessingAssistant):
    """Acts on the marginals that a `PredictorNet` guesses from the public state."""

    name = "network"

    def __init__(
        self, net: PredictorNet, thresholds: tuple[float, float] = (THRESHOLD, THRESHOLD), refresh: int = 2
    ):
        """thresholds: range from which each episode draws its own. refresh: steps between two guesses."""
        low, high = thresholds
        if not 0 <= low <= high < 1:
            raise ValueError(f"thresholds are {thresholds}; give (low, high) with 0 <= low <= high < 1")
        if refresh < 1:
            raise ValueError(f"refresh is {refresh}; give 1 (every step) or more")
        self.net, self.thresholds, self.refresh = net, thresholds, refresh

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes. ValueError when the network is for worlds of another size."""
        if config.size != self.net.size:
            raise ValueError(f"the network is for worlds of {self.net.size}, the game has {config.size}")
        super().reset(config, seeds, goals)
        drawn = [np.random.default_rng(int(seed)).uniform(*self.thresholds) for seed in seeds]
        self.efforts = np.array([effort_of(threshold) for threshold in drawn])
        outside = np.eye(NUM_BLOCKS, dtype=np.float32)[start_blocks(config.size).reshape(-1)]
        self.marginals[:] = outside

    def guess(self, state: State, active: np.ndarray) -> None:
        """Guess anew every `refresh` steps."""
        from ..predictors.network import guess_marginals

        rows = np.flatnonzero(active & (state.clock % self.refresh == 0))
        if len(rows):
            marginals = self.marginals[rows]
            guess_marginals(self.net, take(state, rows), marginals)
            self.marginals[rows] = marginals


def effort_of(threshold: float) -> float:
    """The effort with which `edit_values` is positive exactly where 2 P - 1 is above the threshold."""
    return 2 * threshold / (1 - threshold)


def load_net(folder: str | Path, threads: int = 1) -> PredictorNet:
    """The network, or ensemble, of a folder, to be run on so many CPU threads (of the process).

    Raises ImportError that names what to install, and as `predictors.ensemble.load_network`.
    """
    try:
        import torch

        from ..predictors.ensemble import load_network
    except ModuleNotFoundError as error:
        raise ImportError(
            f"learned assistants need {error.name}; install the extra: pip install 'assistance-games[learn]'"
        ) from error
    torch.set_num_threads(threads)
    return load_network(folder)
