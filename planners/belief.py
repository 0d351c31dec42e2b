"""Posteriors over what is hidden: weighted particles.

A particle is a hypothesis (for the building game a goal and a user type); its weight is moved by the
likelihood of what the user did. Likelihoods are tempered (w^(1/T), T > 1) because no user model is exact, and
one extra hypothesis stands for "none of these".
"""

from __future__ import annotations

import numpy as np


def normalise(log_weights: np.ndarray) -> np.ndarray:
    """Probabilities (..., P) of log weights (..., P); ValueError when a row has no finite entry."""
    top = log_weights.max(axis=-1, keepdims=True)
    if not np.isfinite(top).all():
        raise ValueError(
            "a belief has no particle of finite weight; raise the likelihood floor or add an unknown particle"
        )
    weights = np.exp(log_weights - top)
    return weights / weights.sum(axis=-1, keepdims=True)


def effective_sample_size(probabilities: np.ndarray) -> np.ndarray:
    """(...) effective number of particles, 1 / sum p^2, of probabilities (..., P)."""
    return 1.0 / np.square(probabilities).sum(axis=-1)


def systematic_resample(probabilities: np.ndarray, count: int, uniform: float) -> np.ndarray:
    """Indices (count,) of particles drawn with low variance: particle p appears floor or ceil of count * p
    times.

    uniform: one number in [0, 1).
    """
    points = (np.arange(count) + uniform) / count
    return np.minimum(np.searchsorted(np.cumsum(probabilities), points, side="right"), len(probabilities) - 1)


class ParticleBelief:
    """Posteriors of B games over the same P hypotheses, with the last one optionally meaning "unknown"."""

    def __init__(self, prior: np.ndarray, games: int, temperature: float = 1.0):
        """prior: (P,) probabilities. temperature: T >= 1, evidence is raised to 1/T."""
        prior = np.asarray(prior, float)
        if prior.ndim != 1 or (prior < 0).any() or abs(prior.sum() - 1) > 1e-6:
            raise ValueError(
                f"prior sums to {prior.sum():.6g} with shape {prior.shape}; give (P,) that sum to 1"
            )
        if temperature < 1:
            raise ValueError(f"temperature is {temperature}; give 1 (exact Bayes) or more")
        self.temperature = temperature
        with np.errstate(divide="ignore"):
            self.log_weights = np.tile(np.log(prior), (games, 1))

    def observe(self, game: int, log_likelihood: np.ndarray) -> None:
        """Weigh what game `game` saw: log-likelihoods (P,) of the observation under each hypothesis."""
        row = self.log_weights[game]
        row += log_likelihood / self.temperature
        row -= row.max()

    def probabilities(self, game: int) -> np.ndarray:
        """(P,) posterior of one game."""
        return normalise(self.log_weights[game])
