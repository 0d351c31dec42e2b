"""Users who plan with people's habits: what is worth doing, weighed against what the clone would do.

piKL regularises a search towards a policy learned from people. Here the search knows the goal and looks
one action ahead:

    pi(a) ~ prior(a) exp(Q(a) / strength),    Q(a) = gain(a) + DISCOUNT V(after a)

gain: the change of similarity by the action, +1 for a cell done or cleared and -1 for one undone or
misplaced. V = DISCOUNT ** d, where d is the number of steps to the next useful edit (`errands`). With a
high strength of the prior users are the clone; with a low one they do the best action there is. Each
episode has a strength of its own, by its seed, because people differ in that too (a mixture of strengths,
as in DiL-piKL).

They finish houses at the pace of a standard episode and keep to people's habits in the choice among
useful edits, where Q is the same. For evaluation only, as clones are.

Source: Jacob et al., "Modeling strong and human-like gameplay with KL-regularized search", ICML 2022,
equation 4; Bakhtin et al., "Mastering the game of no-press Diplomacy via human-regularized reinforcement
learning and planning", 2022 (distributional lambda).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import similarity
from envs.building.state import State
from envs.building.world import AIR, USER
from envs.kernels import kernel

from .cloned import ClonedUser
from .errands import NOWHERE
from .odds import Spread
from .surroundings import CAN_BREAK, CAN_PLACE, WANTED, Looker, Surroundings

if TYPE_CHECKING:
    from ..predictors.cloned_net import CloneNet

DISCOUNT = 0.9
"""Of what comes a step later."""
STRENGTHS = (0.05, 0.5)
"""From and to which strengths are drawn, evenly in their logarithms; in cells of gain."""
_STRENGTH = 0x6C616D
"""Purpose of the random numbers that say how strong the prior is."""


class PiklUser(ClonedUser):
    """The clone with an eye on what each action is worth."""

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

    def _judged(self, prior: Spread, seen: Surroundings, state: State, rows: np.ndarray) -> Spread:
        values = action_values(self._looker, prior, seen, state, self.goals, rows)
        return prior.scaled(np.ones(len(rows)), values / self.strengths[rows, None])


def action_values(
    looker: Looker, prior: Spread, seen: Surroundings, state: State, goals: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Q (n, C) float64 of all legal actions of the worlds `rows` (n,); 0 beyond them."""
    out = np.zeros(prior.logs.shape)
    _values(
        looker.rules,
        prior.counts,
        prior.actions,
        seen.counts,
        seen.can,
        seen.steps,
        state.blocks,
        goals,
        rows,
        out,
    )
    return out


@kernel
def _later(steps):
    """V of so many steps to the next useful edit."""
    return DISCOUNT**steps if steps < NOWHERE else 0.0


@kernel
def _values(rules, counts, actions, candidates, can, steps, blocks, goals, rows, out):
    for i in range(counts.shape[0]):
        at_hand = 0
        for j in range(candidates[i]):
            at_hand += can[i, j] & WANTED > 0 and can[i, j] & (CAN_PLACE | CAN_BREAK) > 0
        for n in range(counts[i]):
            kind, c = actions[i, n, 0], actions[i, n, 1]
            gain, later = 0.0, _later(steps[i, 6])
            if kind == PLACE or kind == BREAK:
                before, goal = np.int64(blocks[rows[i], c]), np.int64(goals[rows[i], c])
                after = np.int64(actions[i, n, 2]) if kind == PLACE else AIR
                gain = similarity(rules, after, goal) - similarity(rules, before, goal)
                # What was done wrong can be mended at once; what opens by the last useful edit is not known.
                left = at_hand - 1 if gain > 0 else at_hand + 1
                later = 1.0 if left > 0 else DISCOUNT
            elif kind >= MOVE_FIRST:
                later = _later(steps[i, kind - MOVE_FIRST])
            out[i, n] = gain + DISCOUNT * later
