"""Who plays: the protocol that users and assistants share."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .config import BuildingConfig
from .state import State


class Player(Protocol):
    """A user or an assistant that acts in a batch of B worlds at once.

    Only players with `sees_goal` are handed goals: users, and the oracle. Everybody else learns of the goal
    through the public state alone.
    """

    name: str
    sees_goal: bool

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes. seeds: (B,) int64, the player's own random streams. goals: (B, N) uint8, or None
        without `sees_goal`.
        """

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Action triples (B, 3) int16 for the public states. active: (B,) bool; what is returned for other
        worlds is ignored.
        """
