"""Can a classifier tell two sets of goals apart? The classifier two-sample test on the statistics of goals.

If generated goals were drawn as real ones are, no classifier could do better than chance, an AUC of 0.5
(Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017). `two_sample_auc` says how far from
that a generator is, `differences` what gives it away. The classifiers are scikit-learn's, imported when used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .statistics import FEATURES, Feature

FOLDS, REPEATS = 5, 2
"""Folds of a cross-validation, and how often it is done, each time with other folds."""
RESAMPLES = 1000


@dataclass(frozen=True)
class Separation:
    """How well two sets are told apart, by the better of the classifiers."""

    auc: float
    """Chance that a held-out generated goal looks more generated than a held-out real one; 0.5: no idea."""
    lo: float
    hi: float
    """Its 95 % interval, by a bootstrap over families of houses."""
    classifier: str
    by_classifier: Mapping[str, float]
    """The AUC of each classifier."""
    real: int
    generated: int
    """Numbers of goals."""
    families: int
    """Families of houses among the real ones."""


@dataclass(frozen=True)
class Difference:
    """One feature in two sets."""

    feature: Feature
    real: float
    generated: float
    """Means."""
    standardised: float
    """Difference of the means, generated less real, over the root of the mean of both variances."""
    spread: float
    """Standard deviation of the generated over that of the real ones."""
    distance: float
    """Largest difference of the two cumulative shares (Kolmogorov and Smirnov), 0..1."""


def two_sample_auc(
    real: np.ndarray,
    generated: np.ndarray,
    seed: int = 0,
    *,
    real_families: Sequence[str] | None = None,
    generated_families: Sequence[str] | None = None,
) -> Separation:
    """The cross-validated AUC of the better of a logistic regression and a random forest.

    The maximum of two is slightly too high where nothing is to be seen, so it flatters no generator. Scores
    are compared inside a fold only, since every fold has a classifier of its own.

    Args:
        real, generated: `measure` of the goals, ``(n, features)`` and ``(m, features)``.
        seed: of folds, classifiers and bootstrap; the same seed gives the same numbers.
        real_families, generated_families: the family of each goal; one family is never in training and test
            at once. None: each goal is one of its own.

    Raises:
        ValueError: fewer than two families on either side, or shapes that do not fit.
        ImportError: scikit-learn is missing.
    """
    real, generated = np.asarray(real, float), np.asarray(generated, float)
    if real.ndim != 2 or generated.ndim != 2 or real.shape[1] != generated.shape[1]:
        raise ValueError(
            f"real and generated have shapes {real.shape} and {generated.shape}; "
            "give (n, features) and (m, features)"
        )
    of_real = _numbered("real", real_families, len(real))
    of_generated = _numbered("generated", generated_families, len(generated))
    data = np.concatenate([real, generated])
    labels = np.arange(len(data)) >= len(real)
    splits = _splits(of_real, of_generated, np.random.default_rng(seed))
    pairs = {name: _wins(make(seed), data, labels, splits) for name, make in _classifiers().items()}
    aucs = {name: float(wins.sum() / compared.sum()) for name, (wins, compared) in pairs.items()}
    best = max(aucs, key=lambda name: aucs[name])
    lo, hi = _interval(*pairs[best], of_real, of_generated, np.random.default_rng(seed))
    families = int(of_real.max()) + 1
    return Separation(aucs[best], lo, hi, best, aucs, len(real), len(generated), families)


def differences(real: np.ndarray, generated: np.ndarray) -> list[Difference]:
    """Every feature of `measure` in both sets, those that differ most (by `distance`) first."""
    found = []
    for feature, a, b in zip(FEATURES, real.T, generated.T, strict=True):
        spread = np.sqrt((a.var() + b.var()) / 2)
        found.append(
            Difference(
                feature,
                float(a.mean()),
                float(b.mean()),
                float((b.mean() - a.mean()) / spread) if spread > 0 else 0.0,
                float(b.std() / a.std()) if a.std() > 0 else float("nan"),
                _distance(a, b),
            )
        )
    return sorted(found, key=lambda difference: -difference.distance)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    at = np.union1d(a, b)
    shares = [np.searchsorted(np.sort(values), at, side="right") / len(values) for values in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def _numbered(which: str, families: Sequence[str] | None, goals: int) -> np.ndarray:
    """Families as numbers 0.., one per goal."""
    if families is None:
        numbers = np.arange(goals)
    else:
        numbers = np.unique(np.asarray(families, str), return_inverse=True)[1]
    if len(numbers) != goals:
        raise ValueError(f"{len(numbers)} {which} families for {goals} {which} goals; give one per goal")
    if len(set(numbers.tolist())) < 2:
        raise ValueError(
            f"the {goals} {which} goals are of {len(set(numbers.tolist()))} family; give 2 or more"
        )
    return numbers


def _classifiers() -> dict[str, Callable[[int], Any]]:
    """Makers of classifiers, by name: one that is linear in the features and one that is not."""
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ImportError("classifiers need scikit-learn: pip install 'assistance-games[data]'") from error
    return {
        "logistic": lambda seed: make_pipeline(
            StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
        ),
        "forest": lambda seed: RandomForestClassifier(
            200, min_samples_leaf=2, class_weight="balanced_subsample", random_state=seed
        ),
    }


def _splits(
    of_real: np.ndarray, of_generated: np.ndarray, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, test) as masks over real, then generated goals; every family is in one fold."""
    counts = [int(numbers.max()) + 1 for numbers in (of_real, of_generated)]
    folds = min(FOLDS, *counts)
    found = []
    for _ in range(REPEATS):
        fold_of = [rng.permutation(np.arange(count) % folds) for count in counts]
        fold = np.concatenate([fold_of[0][of_real], fold_of[1][of_generated]])
        found += [(fold != i, fold == i) for i in range(folds)]
    return found


def _wins(
    classifier: Any, data: np.ndarray, labels: np.ndarray, splits: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Per pair (real, generated): how often the generated one had the higher score, and out of how many."""
    real, generated = np.flatnonzero(~labels), np.flatnonzero(labels)
    wins = np.zeros((len(real), len(generated)))
    compared = np.zeros_like(wins)
    for training, test in splits:
        classifier.fit(data[training], labels[training])
        scores = classifier.predict_proba(data[test])[:, 1]
        rows, columns = np.flatnonzero(test[real]), np.flatnonzero(test[generated])
        a, b = scores[: len(rows), None], scores[None, len(rows) :]
        wins[np.ix_(rows, columns)] += (b > a) + 0.5 * (b == a)
        compared[np.ix_(rows, columns)] += 1
    return wins, compared


def _interval(
    wins: np.ndarray,
    compared: np.ndarray,
    of_real: np.ndarray,
    of_generated: np.ndarray,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """2.5 and 97.5 % quantiles of the AUC when the families of both sides are drawn again."""
    rows, columns = (_drawn_again(numbers, rng) for numbers in (of_real, of_generated))
    won = ((rows @ wins) * columns).sum(1)
    total = ((rows @ compared) * columns).sum(1)
    lo, hi = np.nanquantile(won / np.where(total > 0, total, np.nan), (0.025, 0.975))
    return float(lo), float(hi)


def _drawn_again(numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(RESAMPLES, goals): how often each goal's family is drawn."""
    families = int(numbers.max()) + 1
    return rng.multinomial(families, np.full(families, 1 / families), RESAMPLES)[:, numbers].astype(float)
