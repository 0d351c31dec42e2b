"""Lots: episodes that are played together, from a key alone, for a network to learn from.

A lot has one user, houses of its own and a helper. The same key with the same helper gives the same lot, in
whatever process it is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.goals import GoalSource
from envs.building.player import Player
from envs.building.vector import BuildingBatch

from .moments import Moments, Pricing, every_so_often


class Lot(NamedTuple):
    """What was played."""

    moments: Moments
    decisions: int
    """Steps of all its episodes."""
    goal_percent: float
    """How much of the goals was done at the end, mean."""
    earned: float
    """Mean over the moments of what the assistant earned from then on."""


@dataclass(frozen=True)
class Lots:
    """What lots are made of."""

    config: BuildingConfig
    source: GoalSource
    users: Sequence[Player]
    """Each lot has one of these."""
    count: int
    """Episodes of a lot."""
    every: int
    """Steps between two moments of an episode."""
    pricing: Pricing
    user_target: str = "drawn"
    """Which of `moments.USER_TARGETS` is kept."""

    def play(self, assistant: Player, key: tuple[int, ...]) -> Lot:
        """The lot of a key of non-negative numbers, with this assistant."""
        words = np.random.SeedSequence(key).generate_state(3)
        goals = self.source.draw(self.count, np.random.default_rng(words[0])).blocks
        user = self.users[words[2] % len(self.users)]
        batch = BuildingBatch(self.count, self.config)
        moments = every_so_often(
            self.config,
            goals,
            user,
            assistant,
            self.every,
            int(words[1]),
            self.pricing,
            batch,
            self.user_target,
        )
        return Lot(
            moments,
            int(batch.state.clock.sum()),
            100 * float(batch.goal_fraction().mean()),
            float(moments.returns.mean()),
        )
