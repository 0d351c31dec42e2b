"""How good are a network's guesses? On cells that nobody has changed: the others are known."""

from __future__ import annotations

import numpy as np

from .encoding import CLASSES, targets
from .moments import Moments
from .network import PredictorNet, guess_goals

_LEAST = 1e-6


def untouched_nll(net: PredictorNet, moments: Moments) -> np.ndarray:
    """(n,) negative log-likelihood of the goal in nats, mean over the box's cells that nobody has changed."""
    goal, owner = targets(net.size, moments)
    return mean_nll(guesses(net, moments), goal, owner == 0)


def mean_nll(probabilities: np.ndarray, goal: np.ndarray, scored: np.ndarray) -> np.ndarray:
    """(n,) mean over `scored` cells (n, ...) of -log of the probability (n, ..., CLASSES) of the goal's
    class.
    """
    right = np.take_along_axis(probabilities, goal[..., None], -1)[..., 0]
    losses = np.where(scored, -np.log(np.maximum(right, _LEAST)), 0.0)
    axes = tuple(range(1, goal.ndim))
    return losses.sum(axes) / np.maximum(1, scored.sum(axes))


def proposals(net: PredictorNet, moments: Moments, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """How many untouched cells (n,) the network would fill with another block than they hold, because its
    value 2 P - 1 is above the threshold: those where it is right, and all.
    """
    goal, owner = targets(net.size, moments)
    now, _ = targets(net.size, moments._replace(goal=moments.blocks))
    probabilities = guesses(net, moments).copy()
    probabilities[..., 0] = 0.0  # what is proposed are blocks
    np.put_along_axis(probabilities, now[..., None], 0.0, -1)
    best = probabilities.argmax(-1)
    value = 2 * probabilities.max(-1) - 1
    proposed = (owner == 0) & (value > threshold)
    return (proposed & (best == goal)).sum((1, 2, 3)), proposed.sum((1, 2, 3))


def guesses(net: PredictorNet, moments: Moments, batch: int = 128) -> np.ndarray:
    """Probabilities (n, W-2, D-2, H-2, CLASSES) for any number of moments."""
    parts = [
        guess_goals(net, moments.take(slice(start, start + batch)))
        for start in range(0, moments.number, batch)
    ]
    wide, high, deep = (side - 2 for side in net.size)
    return np.concatenate(parts) if parts else np.zeros((0, wide, deep, high, CLASSES), np.float32)
