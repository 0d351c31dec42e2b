"""Multinomial logistic regression on sparse or dense features, for targets that are shares of labels.

Where people disagree, the share of each label says more than the label that won. Several questions about the
same rows are answered together: what costs time is reading the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True)
class Linear:
    """Weights of several questions, one after the other along the last axis."""

    weights: np.ndarray
    """(features, labels) float32."""
    bias: np.ndarray
    """(labels,) float32."""
    sizes: tuple[int, ...]
    """Labels of each question."""

    def logits(self, features: Any) -> np.ndarray:
        """(n, labels), of each question minus its logarithm of the sum of exponentials."""
        return _log_softmax(np.asarray(features @ self.weights) + self.bias, self.sizes)

    def chances(self, features: Any) -> list[np.ndarray]:
        """For each question (n, its labels)."""
        return _split(np.exp(self.logits(features)), self.sizes)


def fit_linear(
    features: Any,
    targets: Sequence[np.ndarray],
    strength: float,
    rounds: int = 60,
    weights: np.ndarray | None = None,
) -> Linear:
    """Minimise the summed cross-entropy plus strength / 2 |weights|^2, by L-BFGS.

    features: (n, f), sparse or dense. targets: of each question (n, labels), rows that sum to 1, or to 0 for
    those without a label. weights: (n,) of the rows.
    """
    sizes = tuple(target.shape[1] for target in targets)
    wanted = np.concatenate(list(targets), axis=1).astype(np.float32)
    if weights is not None:
        wanted = wanted * weights[:, None].astype(np.float32)
    counted = np.concatenate(
        [np.broadcast_to(t.sum(1, keepdims=True), t.shape) for t in _split(wanted, sizes)], 1
    )
    number, labels = features.shape[1], wanted.shape[1]
    turned = features.T.tocsr() if hasattr(features, "tocsr") else features.T

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table = flat.reshape(number + 1, labels).astype(np.float32)
        logs = _log_softmax(np.asarray(features @ table[:-1]) + table[-1], sizes)
        error = np.exp(logs) * counted - wanted
        gradient = np.empty((number + 1, labels))
        gradient[:-1] = turned @ error + strength * table[:-1]
        gradient[-1] = error.sum(0)
        value = -float((wanted * logs).sum(dtype=np.float64)) + strength / 2 * float((table[:-1] ** 2).sum())
        return value, gradient.ravel()

    start = np.zeros((number + 1, labels))
    share = wanted.sum(0) / np.maximum(1, counted.sum(0))
    start[-1] = np.log(np.maximum(share, 1e-6))
    found = minimize(
        loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": rounds, "maxcor": 8}
    )
    table = found.x.reshape(number + 1, labels).astype(np.float32)
    return Linear(table[:-1], table[-1], sizes)


def _split(table: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    return np.split(table, np.cumsum(sizes)[:-1], axis=1)


def _log_softmax(scores: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    parts = []
    for part in _split(scores, sizes):
        top = part.max(1, keepdims=True)
        parts.append(part - top - np.log(np.exp(part - top).sum(1, keepdims=True)))
    return np.concatenate(parts, 1)
