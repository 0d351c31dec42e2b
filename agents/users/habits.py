"""What each habit adds to the prediction of people who were not fitted: which edit at hand comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from envs.building.state import take
from envs.building.world import Size

from .choices import RIGHT, SCORES, Choices
from .fitting import COUNT, Normal, fit_one

_WIDE = Normal(np.zeros(COUNT), 2.0 * np.eye(COUNT))


def edits_at_hand(choices: Choices) -> Choices:
    """The steps in which a right edit was chosen, with the targets at hand alone."""
    kept = np.flatnonzero(choices.kind == RIGHT)
    number = np.full(len(choices.kind), -1)
    number[kept] = np.arange(len(kept))
    rows = np.flatnonzero(choices.near & (number[choices.step] >= 0))
    return Choices(
        choices.features[rows],
        number[choices.step[rows]],
        np.ones(len(rows), bool),
        choices.kind[kept],
        np.searchsorted(rows, choices.chosen[kept]),
        choices.places[kept],
        choices.lucky[kept],
        choices.context[kept],
        choices.heading[kept],
        choices.move[kept],
        take(choices.state, kept),
        choices.goal,
    )


def without_habit(choices: Choices, name: str) -> Choices:
    """The same with one habit's feature erased; all for an empty name."""
    if not name:
        return choices
    features = choices.features.copy()
    features[:, SCORES.index(name)] = 0
    return replace(choices, features=features)


def lost_without(
    episodes: Sequence[tuple[str, Choices]], size: Size, advance: Callable[[int], None]
) -> dict[str, float]:
    """Nats an edit that people (person, choices) lose when a habit is left out of the fit to all others;
    under "" the nats of an edit with all habits, and under "uniform" those of any edit at hand alike.

    `advance` is called with 1 for each habit and person.
    """
    people = list(dict.fromkeys(person for person, _choices in episodes))
    cut = [(person, edits_at_hand(choices)) for person, choices in episodes]
    edits = sum(len(choices.kind) for _person, choices in cut)
    found: dict[str, float] = {
        "uniform": -sum(_nats(choices, np.zeros(COUNT)) for _person, choices in cut) / edits
    }
    for name in ("", *SCORES):
        total = 0.0
        for person in people:
            others = [without_habit(choices, name) for other, choices in cut if other != person]
            numbers, _covariance = fit_one(others, size, _WIDE, rounds=1)
            total -= sum(_nats(without_habit(c, name), numbers) for mine, c in cut if mine == person)
            advance(1)
        found[name] = total / edits - (found[""] if name else 0.0)
    return found


def _nats(choices: Choices, numbers: np.ndarray) -> float:
    """Summed log-probabilities of the chosen among the targets at hand."""
    score = choices.features @ numbers[: len(SCORES)]
    top = np.full(len(choices.kind), -np.inf)
    np.maximum.at(top, choices.step, score)
    total = np.bincount(choices.step, np.exp(score - top[choices.step]))
    return float((score[choices.chosen] - top - np.log(total)).sum())
