"""Means and ratios with bootstrap intervals, and the rows of tables that they make.

Episodes of one house, or with one goal, are not independent, so these clusters are resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

RESAMPLES = 2000
PERCENT = "%"


class Interval(NamedTuple):
    """A mean with its 95 % interval over `n` values."""

    value: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True)
class Row:
    """One metric of one assistant with one user type (or `pooled`, `worst`)."""

    name: str
    interval: Interval
    unit: str
    assistant: str
    user: str
    done: str = ""
    """For posterior scores: how much of the goal is done, in %."""


def mean_interval(values: np.ndarray, clusters: np.ndarray, seed: int = 0) -> Interval:
    """Mean of values (n,), NaN left out, with the 2.5 and 97.5 % quantiles of a bootstrap over clusters (n,).

    With a single cluster the interval is infinitely wide: one house says nothing of others.
    """
    values, clusters = np.asarray(values, float), np.asarray(clusters)
    keep = ~np.isnan(values)
    values, clusters = values[keep], clusters[keep]
    if len(values) == 0:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    _, inverse = np.unique(clusters, return_inverse=True)
    sums, counts = np.bincount(inverse, values), np.bincount(inverse)
    if len(sums) == 1:
        return Interval(float(values.mean()), float("-inf"), float("inf"), len(values))
    drawn = np.random.default_rng(seed).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    lo, hi = np.quantile(means, (0.025, 0.975))
    return Interval(float(values.mean()), float(lo), float(hi), len(values))


def ratio_interval(top: np.ndarray, bottom: np.ndarray, clusters: np.ndarray, seed: int = 0) -> Interval:
    """Ratio of sums of top (n,) and bottom (n,), with a bootstrap interval over clusters (n,); NaN where the
    bottom is 0.
    """
    _, inverse = np.unique(clusters, return_inverse=True)
    tops, bottoms = np.bincount(inverse, top), np.bincount(inverse, bottom)
    if bottoms.sum() == 0:
        return Interval(float("nan"), float("nan"), float("nan"), len(top))
    drawn = np.random.default_rng(seed).integers(len(tops), size=(RESAMPLES, len(tops)))
    below = bottoms[drawn].sum(axis=1)
    ratios = tops[drawn].sum(axis=1)[below != 0] / below[below != 0]
    lo, hi = np.quantile(ratios, (0.025, 0.975)) if len(tops) > 1 else (-np.inf, np.inf)
    return Interval(float(tops.sum() / bottoms.sum()), float(lo), float(hi), len(top))


def mean_curve(
    curves: np.ndarray, clusters: np.ndarray, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (T,) of curves (n, T), and the ends (T,) of its point-wise 95 % bootstrap band over clusters (n,).

    With a single cluster the band is infinitely wide.
    """
    mean = curves.mean(axis=0)
    _, inverse = np.unique(clusters, return_inverse=True)
    count = int(inverse.max()) + 1
    if count == 1:
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    member = np.eye(count)[inverse]
    picks = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    means = (picks @ (member.T @ curves)) / (picks @ member.sum(axis=0))[:, None]
    lo, hi = np.quantile(means, (0.025, 0.975), axis=0)
    return mean, lo, hi
