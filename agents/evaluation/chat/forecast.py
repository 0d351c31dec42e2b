"""What an assistant with a belief expects of the user's next reply, before it has come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from envs.chat.acts import QUIT, USER, Acts
from envs.chat.satisfaction import RATINGS, hear, rating_chances
from envs.chat.state import State, empty_goal, empty_mind

from ...assistants.chat.belief import Belief
from ...assistants.chat.rows import copy_goal, copy_mind
from ...users.chat.replies import reply_chances

LOW = 2
"""Ratings up to this one are low."""


class Forecast(NamedTuple):
    """Of one dialogue at the user's turn."""

    replies: np.ndarray
    """(acts,) float64 chances of the user's acts."""
    ratings: np.ndarray
    """(5,) float64 chances of ratings 1..5, if one is given."""

    @property
    def rating(self) -> float:
        """The expected rating."""
        return float(self.ratings @ np.arange(1, RATINGS + 1))

    @property
    def low(self) -> float:
        """Chance of a low rating."""
        return float(self.ratings[:LOW].sum())


class Forecaster:
    """Forecasts of a belief for dialogues of one configuration."""

    def __init__(self, acts: Acts):
        self._codec = acts.codecs[USER]
        size = self._codec.size
        self._scratch = np.zeros(size, np.int32), np.zeros(size), np.zeros(RATINGS)
        self._one = empty_goal(1), empty_mind(1)

    def __call__(self, belief: Belief, state: State, row: int) -> Forecast:
        """The forecast in dialogue `row`, whose assistant has just spoken; the belief is from before."""
        found = Forecast(np.zeros(self._codec.size), np.zeros(RATINGS))
        weights, first = belief.weights[row], row * belief.size
        parts = belief.goals, belief.minds, weights, first
        _forecast(belief.rules, state, row, *parts, *self._one, *self._scratch, *found)
        return found

    def kinds(self, forecast: Forecast) -> np.ndarray:
        """(kinds,) chances of the kinds of replies."""
        return np.add.reduceat(forecast.replies, self._codec.first[:-1])

    def quits(self, forecast: Forecast) -> float:
        """The chance that the user leaves."""
        return float(forecast.replies[self._codec.first[QUIT]])


@njit(cache=True, nogil=True)
def _forecast(
    rules, state, row, goals, minds, weights, first, goal, mind, legal, chances, rates, out, ratings
):
    for k in range(weights.shape[0]):
        if weights[k] > 0:
            copy_goal(goals, first + k, goal, 0)
            copy_mind(minds, first + k, mind, 0)
            hear(rules, state, row, goal, mind, 0)
            count = reply_chances(rules, state, row, goal, mind, 0, legal, chances)
            for i in range(count):
                out[legal[i]] += weights[k] * chances[i]
            rating_chances(goal, mind, 0, rates)
            for i in range(RATINGS):
                ratings[i] += weights[k] * rates[i]
