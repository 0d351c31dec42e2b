"""What a game, or a learned model of it, offers to search.

A search node is a public state with a belief over what is hidden. The model keeps nodes in numbered *slots*
(its own arrays); search keeps the statistics and only ever names slots, actions and replies by integers.
Every method works on a batch of slots, which may belong to different games, so that a learned model can
answer with one network call.

One simulation is: select edges from the root; at each edge draw the user's reply; where the reply is new,
`step` into a fresh slot and `evaluate` it; back the value up. The hidden goal is never in a slot.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np


class Evaluation(NamedTuple):
    """Candidates and values of K slots, with at most M candidates each. Candidates come in descending order
    of prior.
    """

    actions: np.ndarray
    """(K, M) int32 flat actions; entries from `counts` on mean nothing."""
    priors: np.ndarray
    """(K, M) float64, each row's candidates sum to 1."""
    counts: np.ndarray
    """(K,) int32 number of candidates, at least 1."""
    values: np.ndarray
    """(K,) float64 expected discounted return from here on, under the slot's belief."""


class SearchModel(Protocol):
    """The model protocol. Slot r < G is the root of game r after `set_roots`."""

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """Candidate actions with priors, and values, of slots (K,)."""

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Draw the user's replies (K,) int32 to actions (K,) in slots (K,) from the beliefs' predictive
        distributions.

        uniforms: (K,) in [0, 1), the only source of chance: equal numbers give equal replies.
        """

    def step(
        self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Write the successors of slots (K,) into slots `out` (K,): next public state, belief updated on the
        reply.

        Returns rewards (K,) float64, averaged under the belief, and terminal flags (K,) bool.
        """
