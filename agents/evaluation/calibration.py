"""How good is an assistant's goal posterior where it matters: on cells that nobody has changed yet.

Most cells of a world are trivially air, and cells the user has built are known. So probabilities are scored
on the untouched cells of the box that goals live in (x, y, z from 1 to side - 2), at the moments when 25, 50
and 75 % of the goal are done.
"""

from __future__ import annotations

import numpy as np

from envs.building.vector import BuildingBatch

LEVELS = (0.25, 0.5, 0.75)
BINS = 15
_LEAST = 1e-6


class Calibration:
    """Scores of B games. `observe` before every step; `measures` per game at the end."""

    def __init__(self, batch: BuildingBatch):
        self.batch = batch
        inner = np.zeros(batch.config.size, bool)
        inner[1:-1, 1:-1, 1:-1] = True
        self._inner = inner.reshape(-1)
        self._seen = np.zeros((len(batch), len(LEVELS)), bool)
        self._measures: list[dict[str, float]] = [{} for _ in range(len(batch))]

    def observe(self, marginals: np.ndarray, active: np.ndarray) -> None:
        """Score probabilities (B, N, 10) of games that reach a level now."""
        fraction = self.batch.goal_fraction()
        for i, level in enumerate(LEVELS):
            for row in np.flatnonzero(active & (fraction >= level) & ~self._seen[:, i]):
                self._seen[row, i] = True
                self._score(int(row), f"{round(100 * level)}", marginals[row])

    def _score(self, row: int, level: str, marginals: np.ndarray) -> None:
        cells = np.flatnonzero(self._inner & (self.batch.state.touched[row] == 0))
        goal = self.batch.latent.goal[row, cells]
        probabilities = np.asarray(marginals[cells], float)
        probabilities /= np.maximum(probabilities.sum(axis=1, keepdims=True), _LEAST)
        true = probabilities[np.arange(len(cells)), goal]
        squares = np.square(probabilities).sum(axis=1) - 2 * true + 1
        top = probabilities.argmax(axis=1)
        measures = self._measures[row]
        measures[f"nll_{level}"] = float(-np.log(np.maximum(true, _LEAST)).mean())
        measures[f"brier_{level}"] = float(squares.mean())
        measures[f"ece_{level}"] = expected_calibration_error(
            probabilities[np.arange(len(cells)), top], top == goal
        )

    def measures(self, row: int) -> dict[str, float]:
        """`nll_L`, `brier_L`, `ece_L` for the levels L the game reached; empty for assistants without a
        posterior.
        """
        return self._measures[row]


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> float:
    """Mean gap between confidence (n,) and accuracy (n,) over bins of equal mass."""
    order = np.argsort(confidence, kind="stable")
    groups = np.array_split(order, min(bins, len(order)))
    gaps = [abs(confidence[group].mean() - correct[group].mean()) * len(group) for group in groups]
    return float(sum(gaps) / len(order))
