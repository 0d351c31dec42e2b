"""Distributions over legal actions, from what networks say of kinds, cells and blocks.

The probability of an action is P(kind) P(cell | kind) P(block | cell), each over what is legal. `spread`
writes it out as a list of all legal actions, on which players draw, judge, and change odds at will.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, PLACE
from envs.kernels import kernel

from .surroundings import CAN_BREAK, CAN_PLACE, PLACEABLE, Surroundings

KINDS = 9
"""Kinds of actions without inventories: no-op, place, break, six moves."""


class Odds(NamedTuple):
    """Log-probabilities (natural, float32) of n moments with up to L candidates; very low for the illegal."""

    kinds: np.ndarray
    """(n, 9)."""
    places: np.ndarray
    """(n, L) of the cells, when a block is placed."""
    breaks: np.ndarray
    """(n, L) of the cells, when one is broken."""
    blocks: np.ndarray
    """(n, L, 8) of the blocks 2..9, when one is placed in the cell."""


class Spread(NamedTuple):
    """All legal actions of n moments, C at most, in the order of `envs.building.legal`."""

    counts: np.ndarray
    """(n,) int64."""
    actions: np.ndarray
    """(n, C, 3) int16 triples; zeros beyond the legal ones."""
    logs: np.ndarray
    """(n, C) float64 log-probabilities, normalised; -inf beyond the legal ones."""

    def find(self, row: int, action: np.ndarray) -> int:
        """Which of the legal actions of a moment a triple (3,) is; -1 if it is none."""
        found = np.flatnonzero((self.actions[row, : self.counts[row]] == action).all(axis=1))
        return int(found[0]) if len(found) else -1

    def log_prob(self, actions: np.ndarray) -> np.ndarray:
        """(n,) float64 log-probabilities of triples (n, 3); -inf for what is not legal."""
        chosen = [self.find(row, action) for row, action in enumerate(actions)]
        return np.array([self.logs[row, i] if i >= 0 else -np.inf for row, i in enumerate(chosen)])

    def choose(self, numbers: np.ndarray) -> np.ndarray:
        """Which of their legal actions moments draw (n,), by numbers (n,) in [0, 1)."""
        steps = np.cumsum(np.exp(self.logs), axis=1)
        chosen = (steps <= (numbers * steps[:, -1])[:, None]).sum(axis=1)
        return np.minimum(chosen, self.counts - 1)

    def draw(self, numbers: np.ndarray) -> np.ndarray:
        """Triples (n, 3) int16 drawn by numbers (n,) in [0, 1)."""
        return self.actions[np.arange(len(self.counts)), self.choose(numbers)]

    def best(self) -> np.ndarray:
        """The likeliest triples (n, 3) int16."""
        return self.actions[np.arange(len(self.counts)), self.logs.argmax(axis=1)]

    def raised(self, added: np.ndarray) -> Spread:
        """The distribution proportional to exp(log-probability + added). added: (n, C) float64."""
        return self._replace(logs=normalised(self.logs + added))

    def mixed(self, others: list[Spread], weights: np.ndarray) -> Spread:
        """The mixture of this and other distributions over the same actions. weights: (1 + others, n)."""
        with np.errstate(divide="ignore"):
            logs = np.stack([self.logs, *(other.logs for other in others)]) + np.log(weights)[:, :, None]
        return self._replace(logs=normalised(np.logaddexp.reduce(logs, axis=0)))


def normalised(logs: np.ndarray) -> np.ndarray:
    """Logs (n, C) less those of their sums."""
    top = logs.max(axis=1, keepdims=True)
    return np.asarray(logs - top - np.log(np.exp(logs - top).sum(axis=1, keepdims=True)))


def spread(seen: Surroundings, odds: Odds) -> Spread:
    """All legal actions of n moments with their log-probabilities."""
    sizes = 1 + seen.moves.sum(axis=1) + (seen.can & CAN_BREAK > 0).sum(axis=1)
    sizes += PLACEABLE * (seen.can & CAN_PLACE > 0).sum(axis=1)
    count, longest = len(seen.counts), int(sizes.max(initial=1))
    actions, logs = np.zeros((count, longest, 3), np.int16), np.full((count, longest), -np.inf)
    _spread(seen.counts, seen.cells, seen.can, seen.moves, *odds, actions, logs)
    return Spread(sizes.astype(np.int64), actions, normalised(logs))


@kernel
def _spread(counts, cells, can, moves, kinds, places, breaks, blocks, actions, logs):
    for i in range(counts.shape[0]):
        logs[i, 0] = kinds[i, 0]
        n = 1
        for block in range(blocks.shape[2]):
            for j in range(counts[i]):
                if can[i, j] & CAN_PLACE:
                    actions[i, n, 0], actions[i, n, 1], actions[i, n, 2] = PLACE, cells[i, j], block + 2
                    logs[i, n] = kinds[i, PLACE] + places[i, j] + blocks[i, j, block]
                    n += 1
        for j in range(counts[i]):
            if can[i, j] & CAN_BREAK:
                actions[i, n, 0], actions[i, n, 1] = BREAK, cells[i, j]
                logs[i, n] = kinds[i, BREAK] + breaks[i, j]
                n += 1
        for m in range(6):
            if moves[i, m]:
                actions[i, n, 0] = MOVE_FIRST + m
                logs[i, n] = kinds[i, MOVE_FIRST + m]
                n += 1
