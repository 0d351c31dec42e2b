"""Maximum likelihood of traits: which builder would have done what a person did?

The likelihood is the builder's own (`policy`), as a function of 25 numbers (`NAMES`): scores per feature, and
logits for pauses, stray moves and slips. Given which move leads to the best far target it is smooth with a
simple gradient, so fits alternate between that (`Choices.purposeful`) and maximising the rest.

People are a random effect: every episode has traits of its own, drawn from a normal distribution whose mean
and covariance are fitted along (empirical Bayes with Laplace's approximation).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from envs.building.world import Size

from .choices import MOVES, PAUSES, RIGHT, SCORES, WRONG_PLACE, Choices
from .traits import Traits

PACE = ("pause", "fidget", "linger", "rest", "watch", "roam", "turn", "momentum", "wrong")
NAMES = (*SCORES, *PACE)
"""What is fitted. `pause` and `fidget` are log odds against work, `wrong` is log odds."""
COUNT, ORDER = len(NAMES), len(SCORES)
_PAUSE, _FIDGET, _LINGER, _REST, _WATCH, _ROAM, _TURN, _MOMENTUM, _WRONG = range(ORDER, COUNT)
_WIDTH = 1.0
"""Standard deviation of the first prior of traits, about the plain builder's: a score of 1 makes a target 2.7
times as likely."""

_STEP = 1e-3
"""Of numerical second derivatives."""


def to_numbers(traits: Traits) -> np.ndarray:
    """(25,) the fitted form of traits of rationality 1 and comfort 0."""
    work = 1 - traits.pause - traits.fidget
    given = {
        **vars(traits),
        "pause": math.log(traits.pause / work),
        "fidget": math.log(traits.fidget / work),
        "wrong": math.log(traits.wrong / (1 - traits.wrong)),
    }
    return np.array([given[name] for name in NAMES])


def to_traits(numbers: np.ndarray) -> Traits:
    """Traits of fitted numbers (25,)."""
    given = dict(zip(NAMES, map(float, numbers), strict=True))
    pause, fidget = math.exp(given["pause"]), math.exp(given["fidget"])
    total = 1 + pause + fidget
    wrong = 1 / (1 + math.exp(-given["wrong"]))
    given |= {"pause": pause / total, "fidget": fidget / total, "wrong": wrong}
    return Traits(rationality=1.0, comfort=0.0, **given)


START = to_numbers(replace(Traits(), comfort=0.0, pause=0.15, fidget=0.4))
"""Where fits begin, and what the prior of a population's mean is centred on."""


def log_likelihood(
    choices: Choices, numbers: np.ndarray, purposeful: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (T,) of what was done, and the gradient (25,) of their sum.

    purposeful: (T,) bool from `Choices.purposeful`, held fixed.
    """
    count, kind, step = len(choices.kind), choices.kind, choices.step
    score = choices.features @ numbers[:ORDER]
    top = np.full(count, -np.inf)
    np.maximum.at(top, step, score)
    weight = np.exp(score - top[step])
    near = np.bincount(step, weight * choices.near, count)
    far = np.bincount(step, weight * ~choices.near, count)
    both = near + far
    pace, probs = _pace(choices, numbers)
    slip = 1 / (1 + math.exp(-numbers[_WRONG]))
    out, gradient = np.zeros(count), np.zeros(COUNT)
    # Each log-probability's derivative by scores: what it takes of its near and far targets, and of the one.
    on_near, on_far, on_both = np.zeros(count), np.zeros(count), np.zeros(count)
    on_chosen = np.zeros(count)
    strayed, worked = np.zeros(count), np.zeros(count)

    pausing = kind == PAUSES
    out[pausing] = np.log(probs[pausing, 0])

    right = kind == RIGHT
    places = choices.places[right]
    slips = slip * (places > 0)
    meant = (1 - slips) * weight[choices.chosen[right]]
    by_luck = choices.lucky[right] * slip * near[right] / (8 * np.maximum(1, places))
    out[right] = np.log(probs[right, 2] * (meant + by_luck) / both[right])
    share = meant / (meant + by_luck)
    on_chosen[right], on_near[right], on_both[right] = share, (1 - share) / near[right], 1 / both[right]
    gradient[_WRONG] += ((1 - share) * (1 - slip) - share * slips).sum()
    worked[right] = 1

    wrong = kind == WRONG_PLACE
    chance = slip / (8 * choices.places[wrong]) * near[wrong] / both[wrong]
    out[wrong] = np.log(probs[wrong, 2] * chance)
    on_near[wrong], on_both[wrong], worked[wrong] = 1 / near[wrong], 1 / both[wrong], 1
    gradient[_WRONG] += wrong.sum() * (1 - slip)

    moved = kind == MOVES
    rows, made = np.flatnonzero(moved), choices.move[moved]
    heading = choices.heading[moved]
    stray = np.where(np.isnan(heading), 0.0, np.exp(numbers[_MOMENTUM] * np.nan_to_num(heading)))
    stray /= stray.sum(axis=1, keepdims=True)
    chance_stray = probs[moved, 1] * stray[np.arange(len(rows)), made]
    chance_way = np.where(purposeful[moved], probs[moved, 2] * far[moved] / both[moved], 0.0)
    total = chance_stray + chance_way
    out[moved] = np.log(total)
    worked[moved] = chance_way / total
    strayed[moved] = chance_stray / total
    with np.errstate(divide="ignore", invalid="ignore"):
        on_far[moved] = np.where(worked[moved] > 0, worked[moved] / far[moved], 0.0)
    on_both[moved] = worked[moved] / both[moved]
    mean = (stray * np.nan_to_num(heading)).sum(axis=1)
    gradient[_MOMENTUM] = (strayed[moved] * (np.nan_to_num(heading)[np.arange(len(rows)), made] - mean)).sum()

    per_row = weight * (np.where(choices.near, on_near[step], on_far[step]) - on_both[step])
    chosen = choices.chosen[right]
    per_row[chosen] += on_chosen[right]
    gradient[:ORDER] = per_row @ choices.features
    done = np.stack([pausing.astype(float), strayed, worked], axis=1) - probs
    gradient[_PAUSE], gradient[_FIDGET] = done[:, 0].sum(), done[:, 1].sum()
    gradient[_LINGER : _WATCH + 1] = done[:, 0] @ pace[:, :3]
    gradient[_ROAM : _TURN + 1] = done[:, 1] @ pace[:, 3:]
    return out, gradient


def _pace(choices: Choices, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Context (T, 5), and probabilities (T, 3) of pausing, straying and working."""
    context = choices.context.astype(float)
    logits = np.zeros((len(context), 3))
    logits[:, 0] = numbers[_PAUSE] + context[:, :3] @ numbers[_LINGER : _WATCH + 1]
    logits[:, 1] = numbers[_FIDGET] + context[:, 3:] @ numbers[_ROAM : _TURN + 1]
    logits -= logits.max(axis=1, keepdims=True)
    probs = np.exp(logits)
    return context, probs / probs.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Normal:
    """A normal distribution of fitted numbers."""

    mean: np.ndarray
    """(25,)."""
    covariance: np.ndarray
    """(25, 25)."""


def fit_one(
    parts: Sequence[Choices], size: Size, prior: Normal, start: np.ndarray | None = None, rounds: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Most probable numbers (25,) of one builder's episodes under a prior, and their covariance (25, 25) by
    Laplace's approximation.

    Needs scipy, which comes with the extra that brings scikit-learn.
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ImportError("fitting users needs scipy; pip install 'assistance-games[data]'") from error
    precision = np.linalg.inv(prior.covariance)
    numbers = prior.mean.copy() if start is None else start

    def loss(x: np.ndarray, purposeful: list[np.ndarray]) -> tuple[float, np.ndarray]:
        pull = precision @ (x - prior.mean)
        value, gradient = 0.5 * pull @ (x - prior.mean), pull
        for choices, known in zip(parts, purposeful, strict=True):
            found, slope = log_likelihood(choices, x, known)
            value, gradient = value - found.sum(), gradient - slope
        return float(value), gradient

    for _ in range(rounds):
        traits = to_traits(numbers)
        purposeful = [choices.purposeful(size, traits) for choices in parts]
        numbers = minimize(
            loss, numbers, args=(purposeful,), jac=True, method="L-BFGS-B", options={"maxiter": 200}
        ).x
    slopes = [
        (loss(numbers + unit, purposeful)[1] - loss(numbers - unit, purposeful)[1]) / (2 * _STEP)
        for unit in np.eye(COUNT) * _STEP
    ]
    hessian = np.stack(slopes)
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    least = np.linalg.eigvalsh(precision).min()
    return numbers, (vectors / np.maximum(values, least)) @ vectors.T


def fit_population(
    episodes: Sequence[tuple[str, Choices]],
    size: Size,
    rounds: int = 4,
    advance: Callable[[int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (E, 25) of episodes (person, choices), and the standard deviations (25,) that the data leave to
    them.

    Every person counts the same, however many episodes there are of them. `advance` is called with 1 after
    each of the rounds * E fits.
    """
    people = [person for person, _choices in episodes]
    share = np.array([1 / people.count(person) for person in people]) / len(set(people))
    prior = Normal(START, np.eye(COUNT) * _WIDTH**2)
    numbers = np.tile(START, (len(episodes), 1))
    covariances = np.zeros((len(episodes), COUNT, COUNT))
    for turn in range(rounds):
        for i, (_person, choices) in enumerate(episodes):
            numbers[i], covariances[i] = fit_one([choices], size, prior, numbers[i], 1 + (turn == 0))
            if advance is not None:
                advance(1)
        mean = share @ numbers
        away = numbers - mean
        prior = Normal(mean, (share * away.T) @ away + np.tensordot(share, covariances, 1))
    return numbers, np.sqrt(np.diag(np.tensordot(share, covariances, 1)))
