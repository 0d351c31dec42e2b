"""Measures against scikit-learn and scipy, and against answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agents.predictors.dialogue.measures import (
    auc,
    average_precision,
    bootstrapped,
    f1,
    kappa,
    macro_f1,
    recall,
    spearman,
)


def test_measures_are_those_of_scikit_learn_with_ties() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(2, 5, 300), rng.integers(2, 5, 300)
    wanted, score = rng.random(300) < 0.2, rng.integers(0, 12, 300) / 12
    assert auc(wanted, score) == pytest.approx(metrics.roc_auc_score(wanted, score))
    assert average_precision(wanted, score) == pytest.approx(metrics.average_precision_score(wanted, score))
    assert kappa(truth, guess) == pytest.approx(metrics.cohen_kappa_score(truth, guess))
    assert recall(truth, guess) == pytest.approx(metrics.balanced_accuracy_score(truth, guess))
    assert macro_f1(truth, guess) == pytest.approx(metrics.f1_score(truth, guess, average="macro"))
    assert f1(wanted, score > 0.5) == pytest.approx(metrics.f1_score(wanted, score > 0.5))
    assert spearman(truth, score) == pytest.approx(stats.spearmanr(truth, score)[0])


def test_what_cannot_be_measured_is_said_so() -> None:
    same = np.ones(4, bool)
    assert np.isnan(auc(same, np.arange(4.0)))
    assert np.isnan(average_precision(~same, np.arange(4.0)))
    assert spearman(np.ones(4), np.arange(4.0)) == 0
    assert kappa(np.ones(4), np.ones(4)) == 0


def test_whole_dialogues_are_resampled() -> None:
    """Two dialogues of one value each: resampled means are 0, 1/2 or 1, those of turns would be between."""
    values = np.repeat([0.0, 1.0], 50)
    found = bootstrapped(lambda rows: {"mean": float(values[rows].mean())}, np.repeat([7, 3], 50))["mean"]
    assert found == (0.5, 0.0, 1.0, 100)
    alone = bootstrapped(lambda rows: {"mean": 1.0}, np.zeros(5, int))["mean"]
    assert np.isinf(alone.hi)
