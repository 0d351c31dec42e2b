"""Posteriors over what is hidden, when no hypothesis is right as a whole but many are right in part.

The hidden thing is a grid of N cells with a label each (for the building game, the goal's block). P
hypotheses say what every cell holds, and observations come with their log-likelihood under each.
`CellPosterior` lets an observation count with another weight in every cell, so cells have posteriors of their
own: with equal weights of 1 / T it is Bayes' rule at temperature T over whole hypotheses; with weights that
fall with the distance from what was observed, different parts of the grid may follow different hypotheses.

One more hypothesis, "unknown", has a constant weight beside the best one of the cell. It says nothing; what
it stands for is up to the caller.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_NEGLIGIBLE = np.float32(-12.0)
"""Evidence behind the best hypothesis below which one does not count."""


class CellPosterior:
    """Cell-wise posteriors of B games over P hypotheses about N cells. All are equally likely at first."""

    def __init__(self, games: int, hypotheses: int, cells: int, unknown: float):
        """unknown: weight of "none of these" relative to the best hypothesis of a cell, 0 or more."""
        if unknown < 0:
            raise ValueError(f"unknown is {unknown}; give 0 (one hypothesis is right) or more")
        self.unknown = unknown
        self.evidence = np.zeros((games, hypotheses, cells), np.float32)
        """(B, P, N) weighted log-likelihoods."""

    def observe(self, game: int, log_likelihood: np.ndarray, weight: np.ndarray) -> None:
        """Add log-likelihoods (P,) of an observation, with a weight (N,) per cell."""
        relative = (log_likelihood - log_likelihood.max()).astype(np.float32)
        _add(relative, weight.astype(np.float32), self.evidence[game])

    def marginals(self, game: int, labels: np.ndarray, out: np.ndarray) -> None:
        """Write the probabilities (N, L) of each cell's label from the hypotheses' labels (P, N).

        What is missing from 1 in a cell is the probability of "unknown".
        """
        _marginals(self.evidence[game], labels, self.unknown, out)

    def draw(self, game: int, labels: np.ndarray, fallback: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Whole grids (K, N) whose cells have the posterior's marginals; `fallback` (N,) where unknown.

        uniforms: (K,) ascending numbers in [0, 1). Grid k takes in every cell the hypothesis at quantile u_k
        of that cell's posterior. Neighbouring cells have similar posteriors, so they nearly always agree.
        """
        out = np.empty((len(uniforms), labels.shape[1]), labels.dtype)
        _draw(self.evidence[game], labels, fallback, self.unknown, uniforms, out)
        return out


@njit(cache=True, nogil=True, fastmath=True)
def _add(log_likelihood, weight, evidence):
    for p in range(evidence.shape[0]):
        for c in range(evidence.shape[1]):
            evidence[p, c] += weight[c] * log_likelihood[p]


@njit(cache=True, nogil=True)
def _marginals(evidence, labels, unknown, out):
    best = np.full(evidence.shape[1], np.float32(-1e30))
    total = np.full(evidence.shape[1], np.float32(unknown))
    for p in range(evidence.shape[0]):
        for c in range(best.shape[0]):
            best[c] = max(best[c], evidence[p, c])
    out[:] = 0.0
    for p in range(evidence.shape[0]):
        for c in range(best.shape[0]):
            behind = evidence[p, c] - best[c]
            if behind > _NEGLIGIBLE:
                weight = np.exp(behind)
                out[c, labels[p, c]] += weight
                total[c] += weight
    for c in range(best.shape[0]):
        for label in range(out.shape[1]):
            out[c, label] /= total[c]


@njit(cache=True, nogil=True)
def _draw(evidence, labels, fallback, unknown, uniforms, out):
    weights = np.empty(evidence.shape[0], np.float32)
    for c in range(fallback.shape[0]):
        best = np.float32(-1e30)
        for p in range(evidence.shape[0]):
            best = max(best, evidence[p, c])
        total = unknown
        for p in range(evidence.shape[0]):
            behind = evidence[p, c] - best
            weights[p] = np.exp(behind) if behind > _NEGLIGIBLE else 0.0
            total += weights[p]
        reached, label, p = unknown, fallback[c], 0
        for k in range(uniforms.shape[0]):
            while reached <= uniforms[k] * total and p < weights.shape[0]:
                if weights[p] > 0.0:
                    reached += weights[p]
                    label = labels[p, c]
                p += 1
            out[k, c] = label
