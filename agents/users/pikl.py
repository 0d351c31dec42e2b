"""Users who plan with people's habits: what is worth doing, weighed against what the clone would do.

piKL regularises a search towards a policy learned from people. Here the search knows the goal and looks
one action ahead:

    pi(a) ~ prior(a) exp(Q(a) / strength),    Q(a) = gain(a) + DISCOUNT V(after a)

gain: the change of similarity, +1 for a useful edit and -1 for a harmful one (`worth`). V = DISCOUNT ** d,
where d is the number of steps to the next useful edit (`errands`). Where all work is sealed in, only harm
counts, and the clone decides how to get there. With a high strength of the prior users are the clone; with a
low one they do the best action there is. Each episode has a strength of its own, by its seed, because people
differ in that too (a mixture of strengths, as in DiL-piKL).

They build at the pace of a standard episode and keep to people's habits in the choice among
useful edits, where Q is the same. For evaluation only, as clones are.

Source: Jacob et al., "Modeling strong and human-like gameplay with KL-regularized search", ICML 2022,
equation 4; Bakhtin et al., "Mastering the game of no-press Diplomacy via human-regularized reinforcement
learning and planning", 2022 (distributional lambda).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from envs.building.actions import MOVE_FIRST
from envs.building.config import BuildingConfig
from envs.building.world import USER

from .cloned import ClonedUser
from .errands import NOWHERE
from .odds import Spread
from .surroundings import CAN_BREAK, CAN_PLACE, WANTED, Surroundings
from .worth import ADD, CLEAR, MISPLACE, SORTS, UNDO, Worth

if TYPE_CHECKING:
    from ..predictors.cloned_net import CloneNet

DISCOUNT = 0.9
"""Of what comes a step later."""
GAINS = np.zeros(len(SORTS))
"""Of each sort of actions, in edits."""
GAINS[[ADD, CLEAR]], GAINS[[MISPLACE, UNDO]] = 1.0, -1.0
STRENGTHS = (0.05, 0.5)
"""From and to which strengths are drawn, evenly in their logarithms; in edits."""
_STRENGTH = 0x6C616D
"""Purpose of the random numbers that say how strong the prior is."""


class PiklUser(ClonedUser):
    """The clone with an eye on what each action is worth."""

    kind = "pikl"

    def __init__(
        self,
        net: CloneNet,
        name: str = "pikl",
        strengths: tuple[float, float] = STRENGTHS,
        player: int = USER,
    ):
        """strengths: from and to; ValueError unless they are positive and in order."""
        low, high = strengths
        if not 0 < low <= high:
            raise ValueError(f"strengths are {strengths}; give two positive numbers, the lower first")
        super().__init__(net, name, player=player)
        self.range = strengths

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes towards goals (B, N), each with a strength drawn by its seed."""
        super().reset(config, seeds, goals)
        self.strengths = self.strengths_of(seeds)

    def strengths_of(self, seeds: np.ndarray) -> np.ndarray:
        """(B,) float64 strengths of the prior in episodes with seeds (B,)."""
        low, high = map(math.log, self.range)
        rngs = [np.random.default_rng(np.random.SeedSequence((int(seed), _STRENGTH))) for seed in seeds]
        return np.exp([low + (high - low) * rng.random() for rng in rngs])

    def _values(self, odds: Spread, seen: Surroundings, worth: Worth, rows: np.ndarray) -> np.ndarray:
        return action_values(odds, seen, worth) / self.strengths[rows, None]


def strengths_of(text: str) -> tuple[float, float]:
    """The strengths of a name: `0.2`, or `0.05-0.5` from and to. ValueError for what is neither."""
    low, _, high = text.partition("-")
    try:
        return float(low), float(high or low)
    except ValueError as error:
        raise ValueError(f"strengths are {text!r}; give one like 0.2, or two like 0.05-0.5") from error


def action_values(odds: Spread, seen: Surroundings, worth: Worth) -> np.ndarray:
    """Q (n, C) float64 of all legal actions of n worlds, whose moments are not mirrored."""
    gains = GAINS[worth.sorts]
    moves = np.maximum(odds.actions[:, :, 0] - MOVE_FIRST, 0).astype(np.int64)
    steps = np.take_along_axis(seen.steps, moves, axis=1)
    walked = np.where(odds.actions[:, :, 0] >= MOVE_FIRST, steps, seen.steps[:, 6:])
    later = np.where(walked < NOWHERE, DISCOUNT**walked, 0.0)
    # What opens by the last useful edit at hand is not known.
    at_hand = ((seen.can & WANTED > 0) & (seen.can & (CAN_PLACE | CAN_BREAK) > 0)).sum(axis=1)
    later = np.where(gains > 0, np.where(at_hand > 1, 1.0, DISCOUNT)[:, None], later)
    return np.asarray(np.where(worth.sealed[:, None], np.minimum(gains, 0.0), gains + DISCOUNT * later))
