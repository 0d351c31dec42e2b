"""How well chances and expected ratings agree with what people said; intervals by a bootstrap over dialogues.

Turns of one dialogue are not independent, so whole dialogues are resampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ...evaluation.calibration import expected_calibration_error
from ...evaluation.statistics import Interval

ECE_BINS = 10
RESAMPLES = 400
SENTIMENTS = 5
"""Ratings 1..5 as classes 0..4."""


class Forecast(NamedTuple):
    """Of n rated turns."""

    low: np.ndarray
    """(n,) chance that the turn is rated low."""
    mean: np.ndarray
    """(n,) expected mean rating."""
    mode: np.ndarray
    """(n,) int64 the most likely of the ratings 1..5 that most people give."""


class Rated(NamedTuple):
    """What people said of n turns."""

    low: np.ndarray
    """(n,) bool: mean rating < 2.75 or mode < 3."""
    mean: np.ndarray
    """(n,) float64."""
    mode: np.ndarray
    """(n,) int64; of ratings that are given equally often the lowest."""


def auc(wanted: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a wanted row beats another; NaN for rows of one kind."""
    positives = int(wanted.sum())
    negatives = len(wanted) - positives
    if not positives or not negatives:
        return float("nan")
    ranked = ranks(score)[wanted].sum() - positives * (positives + 1) / 2
    return float(ranked / (positives * negatives))


def average_precision(wanted: np.ndarray, score: np.ndarray) -> float:
    """Mean over thresholds of precision, weighed by the recall that each adds; NaN without a wanted row."""
    if not wanted.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=np.nan) != 0)
    hits = np.cumsum(wanted[order])[ends]
    recall = np.diff(hits, prepend=0) / hits[-1]
    return float((recall * hits / (ends + 1)).sum())


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of ranks, ties sharing theirs; 0 where either does not vary."""
    first, second = ranks(one), ranks(other)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def ranks(values: np.ndarray) -> np.ndarray:
    """(n,) float64 from 1, ties sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def kappa(truth: np.ndarray, guess: np.ndarray) -> float:
    """Cohen's agreement beyond chance; 0 where chance already agrees always."""
    labels = np.union1d(truth, guess)
    by_chance = sum(float((truth == label).mean() * (guess == label).mean()) for label in labels)
    return 0.0 if by_chance == 1 else (float((truth == guess).mean()) - by_chance) / (1 - by_chance)


def recall(truth: np.ndarray, guess: np.ndarray) -> float:
    """Unweighted average recall (UAR) over the classes that occur."""
    return float(np.mean([(guess[truth == label] == label).mean() for label in np.unique(truth)]))


def f1(truth: np.ndarray, guess: np.ndarray) -> float:
    """Harmonic mean of precision and recall of booleans; 0 without a hit."""
    return float(2 * (truth & guess).sum() / max(1, truth.sum() + guess.sum()))


def macro_f1(truth: np.ndarray, guess: np.ndarray) -> float:
    """Mean F1 over the classes that occur."""
    return float(np.mean([f1(truth == label, guess == label) for label in np.unique(truth)]))


def accuracy(truth: np.ndarray, guess: np.ndarray) -> float:
    """Share of rows that are right."""
    return float((truth == guess).mean())


def satisfaction_measures(rated: Rated, told: Forecast) -> dict[str, float]:
    """Every measure of satisfaction by the name of its figure."""
    return {
        "auc": auc(rated.low, told.low),
        "average_precision": average_precision(rated.low, told.low),
        "spearman": spearman(told.mean, rated.mean),
        "mae": float(np.abs(told.mean - rated.mean).mean()),
        "kappa": kappa(_sentiment(rated.mode), _sentiment(told.mode)),
        "uar": recall(rated.mode, told.mode),
        "f1_dissatisfied": f1(rated.mode < 3, told.mode < 3),
        "ece": expected_calibration_error(told.low, rated.low, ECE_BINS),
    }


def act_measures(truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    """Measures of one act a turn."""
    return {"accuracy": accuracy(truth, guess), "macro_f1": macro_f1(truth, guess)}


def bootstrapped(
    measure: Callable[[np.ndarray], dict[str, float]], dialogues: np.ndarray, seed: int = 0
) -> dict[str, Interval]:
    """A measure of rows, given by their numbers, with 95 % intervals over resampled dialogues (n,)."""
    rows = np.arange(len(dialogues))
    order = np.argsort(dialogues, kind="stable")
    groups: Sequence[np.ndarray] = np.split(order, np.flatnonzero(np.diff(dialogues[order])) + 1)
    found = measure(rows)
    if len(groups) == 1:
        return {
            name: Interval(value, float("-inf"), float("inf"), len(rows)) for name, value in found.items()
        }
    rng = np.random.default_rng(seed)
    drawn = [
        measure(np.concatenate([groups[pick] for pick in rng.integers(len(groups), size=len(groups))]))
        for _ in range(RESAMPLES)
    ]
    made = {}
    for name, value in found.items():
        lo, hi = np.nanquantile([each[name] for each in drawn], (0.025, 0.975))
        made[name] = Interval(value, float(lo), float(hi), len(rows))
    return made


def _sentiment(mode: np.ndarray) -> np.ndarray:
    """Dissatisfied, neutral, satisfied: the classes of kappa."""
    return np.sign(mode - 3)
