"""A simulated user of the chat game: draws replies and ratings, and says how probable they were."""

from __future__ import annotations

import numpy as np

from envs.chat.acts import USER
from envs.chat.persona import RATING_RATE
from envs.chat.rules import Rules
from envs.chat.satisfaction import RATINGS, rating_chances
from envs.chat.state import Goal, Mind, State
from envs.kernels import kernel
from envs.rng import streams, uniform

from .replies import find, reply_chances


class ChatUser:
    """Replies in B dialogues. Who the user is comes with the goal, as its persona."""

    def reset(self, rules: Rules, seeds: np.ndarray) -> None:
        """Start B dialogues with seeds (B,), non-negative integers."""
        acts = int(rules.user.first[-1])
        self._rules, self._streams = rules, streams(seeds)
        self._legal, self._chances = np.empty(acts, np.int32), np.empty(acts)
        self._rates = np.empty(RATINGS)
        self._acts, self._ratings = np.zeros(len(seeds), np.int64), np.zeros(len(seeds), np.int64)

    def act(self, state: State, goal: Goal, mind: Mind) -> tuple[np.ndarray, np.ndarray]:
        """Draw flat acts (B,) int64 and ratings (B,) int64, 0 for none; 0 where it is not the user's turn.

        The arrays are the user's own and are overwritten by the next call.
        """
        _draw(
            self._rules,
            state,
            goal,
            mind,
            self._streams,
            self._legal,
            self._chances,
            self._rates,
            self._acts,
            self._ratings,
        )
        return self._acts, self._ratings

    def chances(self, state: State, goal: Goal, mind: Mind, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Legal acts (n,) int32 of the user in dialogue `row`, and the chance of each (n,) float64."""
        n = reply_chances(self._rules, state, row, goal, mind, row, self._legal, self._chances)
        return self._legal[:n].copy(), self._chances[:n].copy()

    def log_prob(
        self, state: State, goal: Goal, mind: Mind, acts: np.ndarray, ratings: np.ndarray
    ) -> np.ndarray:
        """(B,) float64 log-probability of acts (B,) with ratings (B,) in these states; 0 off turn."""
        out = np.empty(len(acts))
        scratch = self._legal, self._chances, self._rates
        _likelihood(self._rules, state, goal, mind, acts, ratings, *scratch, out)
        with np.errstate(divide="ignore"):
            return np.log(out)


@kernel
def _pick(chances, count, drawn):
    """The entry at quantile `drawn` of chances that sum to 1; one of positive chance."""
    last = 0
    for i in range(count):
        if chances[i] > 0:
            last = i
            drawn -= chances[i]
            if drawn < 0:
                break
    return last


@kernel
def _draw(rules, state, goal, mind, stream, legal, chances, rates, acts, ratings):
    for row in range(acts.shape[0]):
        acts[row] = ratings[row] = 0
        if state.speaker[row] != USER or state.ended[row] != 0:
            continue
        count = reply_chances(rules, state, row, goal, mind, row, legal, chances)
        acts[row] = legal[_pick(chances, count, uniform(stream, row))]
        rated, which = uniform(stream, row), uniform(stream, row)
        if rated < goal.persona[row, RATING_RATE]:
            rating_chances(goal, mind, row, rates)
            ratings[row] = 1 + _pick(rates, RATINGS, which)


@kernel
def _likelihood(rules, state, goal, mind, acts, ratings, legal, chances, rates, out):
    for row in range(acts.shape[0]):
        out[row] = 1.0
        if state.speaker[row] != USER or state.ended[row] != 0:
            continue
        count = reply_chances(rules, state, row, goal, mind, row, legal, chances)
        at = find(legal, count, acts[row])
        out[row] = chances[at] if at >= 0 else 0.0
        rate = goal.persona[row, RATING_RATE]
        if ratings[row] == 0:
            out[row] *= 1.0 - rate
        else:
            rating_chances(goal, mind, row, rates)
            out[row] *= rate * rates[ratings[row] - 1]
