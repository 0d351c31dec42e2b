"""Posteriors over what is hidden, when no hypothesis is right as a whole but many are right in part.

The hidden thing is a grid of N cells with a label each (for the building game, the goal's block). P
hypotheses say what every cell holds, and observations come with their log-likelihood under each.
`CellPosterior` lets an observation count with another weight in every cell, so cells have posteriors of their
own: with equal weights of 1 / T it is Bayes' rule at temperature T over whole hypotheses; with weights that
fall with the distance from what was observed, different parts of the grid may follow different hypotheses.

One more hypothesis, "unknown", has a constant weight beside the best one of the cell. It says nothing; what
it stands for is up to the caller.

A posterior is P x N weights, too many to keep for every game beside the evidence they come from. So every
kernel works them out anew, one hypothesis after the other: a row of N cells is read in order and takes a few
vector instructions.
"""

from __future__ import annotations

import math

import numpy as np

from envs.kernels import inlined, kernel

_NEGLIGIBLE = np.float32(-12.0)
"""Evidence behind the best hypothesis below which one does not count."""

_TAYLOR = tuple(np.float32(1 / math.factorial(n)) for n in range(6))
"""Coefficients of e^x, in float32 because a double among them would make the whole sum one."""

_LAST_QUANTILE = np.nextafter(np.float32(1), np.float32(0))
"""Times a total, this is less than the total after rounding too; so the last hypothesis always passes it."""


class CellPosterior:
    """Cell-wise posteriors of B games over P hypotheses about N cells. All are equally likely at first."""

    def __init__(self, games: int, hypotheses: int, cells: int, unknown: float):
        """unknown: weight of "none of these" relative to the best hypothesis of a cell, 0 or more."""
        if unknown < 0:
            raise ValueError(f"unknown is {unknown}; give 0 (one hypothesis is right) or more")
        self.unknown = unknown
        self.evidence = np.zeros((games, hypotheses, cells), np.float32)
        """(B, P, N) weighted log-likelihoods; to be read only, as sums over them are kept."""
        self._best = np.zeros((games, cells), np.float32)
        self._total = np.empty((games, cells), np.float32)
        self._counts = np.empty((games, hypotheses), np.bool_)
        self._row = np.empty(cells, np.float32)
        for game in range(games):
            self._sum(game)

    def observe(self, game: int, log_likelihood: np.ndarray, weight: np.ndarray) -> None:
        """Add log-likelihoods (P,) of an observation, with a weight (N,) per cell."""
        relative = (log_likelihood - log_likelihood.max()).astype(np.float32)
        _add(relative, weight.astype(np.float32), self.evidence[game], self._best[game])
        self._sum(game)

    def marginals(self, game: int, labels: np.ndarray, out: np.ndarray) -> None:
        """Write the probabilities (N, L) of each cell's label from the hypotheses' labels (P, N).

        What is missing from 1 in a cell is the probability of "unknown".
        """
        out[:] = 0.0
        _collect(self.evidence[game], self._best[game], self._counts[game], labels, self._row, out)
        out /= self._total[game][:, None]

    def draw(self, game: int, labels: np.ndarray, fallback: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Whole grids (K, N) whose cells have the posterior's marginals; `fallback` (N,) where unknown.

        uniforms: (K,) ascending numbers in [0, 1). Grid k takes in every cell the hypothesis at quantile u_k
        of that cell's posterior. Neighbouring cells have similar posteriors, so they nearly always agree.
        """
        quantiles = np.append(np.minimum(uniforms, _LAST_QUANTILE), np.inf).astype(np.float32)
        reached = np.full_like(self._row, self.unknown)
        ahead = quantiles[0] * self._total[game]
        turn = np.zeros(len(reached), np.int64)
        out = np.zeros((len(uniforms), len(reached)), labels.dtype)
        _draw(
            self.evidence[game],
            self._best[game],
            self._counts[game],
            labels,
            fallback.astype(labels.dtype),
            quantiles,
            self._total[game],
            self._row,
            reached,
            ahead,
            turn,
            out,
        )
        return out

    def _sum(self, game: int) -> None:
        """Bring up to date what `marginals` and `draw` share: total weights, and which hypotheses count."""
        self._total[game] = self.unknown
        _sum(self.evidence[game], self._best[game], self._row, self._total[game], self._counts[game])


@kernel
def _add(log_likelihood, weight, evidence, best):
    """Add an observation to the evidence (P, N) and write the best of each cell (N,)."""
    for c in range(best.shape[0]):
        best[c] = -np.inf
    for p in range(evidence.shape[0]):
        row = evidence[p]
        for c in range(best.shape[0]):
            now = row[c] + weight[c] * log_likelihood[p]
            row[c] = now
            best[c] = now if now > best[c] else best[c]


@kernel
def _sum(evidence, best, row, total, counts):
    """Add the hypotheses' weights to the total (N,); note which of them (P,) count in any cell."""
    for p in range(evidence.shape[0]):
        counts[p] = _weigh(evidence[p], best, row)
        for c in range(row.shape[0]):
            total[c] += row[c]


@kernel
def _collect(evidence, best, counts, labels, row, out):
    """Add the hypotheses' weights to those of their labels (N, L)."""
    for p in range(evidence.shape[0]):
        if counts[p]:
            _weigh(evidence[p], best, row)
            said = labels[p]
            for c in range(row.shape[0]):
                out[c, said[c]] += row[c]


@kernel
def _draw(evidence, best, counts, labels, fallback, quantiles, total, row, reached, ahead, turn, out):
    """Write grids (K, N) of labels, cell by cell in the order of the quantiles (K + 1), of which the last is
    infinite. In each cell, grid `turn` waits until the weight `reached` passes its own, which lies `ahead`.
    """
    _hand_out(fallback, quantiles, total, reached, ahead, turn, out)
    for p in range(evidence.shape[0]):
        if counts[p]:
            _weigh(evidence[p], best, row)
            for c in range(row.shape[0]):
                reached[c] += row[c]
            _hand_out(labels[p], quantiles, total, reached, ahead, turn, out)


@inlined
def _hand_out(labels, quantiles, total, reached, ahead, turn, out):
    """Write a hypothesis' labels (N,) into all grids whose weight has been passed."""
    for c in range(reached.shape[0]):
        while reached[c] > ahead[c]:
            out[turn[c], c] = labels[c]
            turn[c] += 1
            ahead[c] = quantiles[turn[c]] * total[c]


@inlined
def _weigh(evidence, best, row):
    """Write a hypothesis' weights (N,), 1 for the best of a cell. False when it counts nowhere."""
    counts = False
    for c in range(row.shape[0]):
        behind = evidence[c] - best[c]
        row[c] = _exp(behind) if behind > _NEGLIGIBLE else np.float32(0)
        counts |= behind > _NEGLIGIBLE
    return counts


@inlined
def _exp(x):
    """e^x for x in [-12, 0], as (e^(x / 64))^64 to a relative error of 1e-5.

    Unlike a call of `exp`, these sums and products can be done for several cells at once.
    """
    x *= np.float32(1 / 64)
    power = _TAYLOR[5]
    for n in (4, 3, 2, 1, 0):
        power = power * x + _TAYLOR[n]
    for _ in range(6):
        power *= power
    return power
