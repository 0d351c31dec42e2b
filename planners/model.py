"""What a game, or a learned model of it, offers to search.

A search node is a public state with a belief over what is hidden. The model keeps nodes in numbered *slots*
(its own arrays); search keeps the statistics and only ever names slots, actions and replies by integers. The
nodes of game g have the slots ``g * nodes .. (g + 1) * nodes - 1``; the first of them is its root. The hidden
goal is never in a slot.

One simulation is: select edges from the root; at each edge draw the user's reply; where the reply is new,
`step` into a fresh slot and `evaluate` it; back the value up.

There are two ways to offer this. `SearchModel` is the protocol of models that answer many slots at once in
Python: networks, language models. `KernelModel` is for games and models written in numba: they register five
kernels (`planners.hooks`), and a whole search runs without coming back to Python. A `KernelModel` is a
`SearchModel` too, so everything can be checked against the plain reference.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from . import hooks


class Evaluation(NamedTuple):
    """Candidates and values of K slots, with at most M candidates each, in any order."""

    actions: np.ndarray
    """(K, M) int32 flat actions, no action twice; entries from `counts` on mean nothing."""
    priors: np.ndarray
    """(K, M) float32, each row's candidates sum to 1."""
    kinds: np.ndarray
    """(K, M) int8 kind of each action, 0..15, for selection in two levels; 0 where a game has no kinds."""
    counts: np.ndarray
    """(K,) int32 number of candidates, at least 1."""
    values: np.ndarray
    """(K,) float64 expected discounted return from here on, under the slot's belief."""


class Steps(NamedTuple):
    """What K steps led to."""

    rewards: np.ndarray
    """(K,) float64, averaged under the belief."""
    chances: np.ndarray
    """(K,) float64 predictive probability of the reply."""
    ends: np.ndarray
    """(K,) bool: the episode is over."""


class SearchModel(Protocol):
    """A model that answers many slots at once; they may belong to different games."""

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """Candidate actions with priors, and values, of slots (K,)."""

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Draw the user's replies (K,) int32 to actions (K,) in slots (K,) from the beliefs' predictive
        distributions.

        uniforms: (K,) in [0, 1), the only source of chance: equal numbers give equal replies.
        """

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        """Write the successors of slots (K,) into slots `out` (K,): next public state, belief updated on the
        reply.
        """

    def move(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Copy slots (K,) over slots (K,), one after the other in this order; a target is never a later
        source.
        """


class KernelModel:
    """A model made of numba kernels: a subclass says what the kernels are given, and registers them."""

    candidates: int
    """M, the most candidates of a slot."""

    def view(self, worker: int = 0) -> NamedTuple:
        """What the kernels are given as `model`. Views of different workers share slots, not scratch memory,
        so that each worker may search other games at the same time.
        """
        raise NotImplementedError

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """See `SearchModel`."""
        shape = (len(slots), self.candidates)
        found = Evaluation(
            np.zeros(shape, np.int32),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.int8),
            np.zeros(len(slots), np.int32),
            np.zeros(len(slots)),
        )
        hooks.evaluate_slots(self.view(), np.asarray(slots, np.int64), *found)
        return found

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """See `SearchModel`."""
        out = np.empty(len(slots), np.int32)
        hooks.reply_slots(
            self.view(), np.asarray(slots, np.int64), np.asarray(actions, np.int64), uniforms, out
        )
        return out

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        """See `SearchModel`."""
        count = len(slots)
        steps = Steps(np.zeros(count), np.zeros(count), np.zeros(count, np.bool_))
        slots, actions, replies, out = (np.asarray(a, np.int64) for a in (slots, actions, replies, out))
        hooks.step_slots(self.view(), slots, actions, replies, out, *steps)
        return steps

    def move(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """See `SearchModel`."""
        hooks.move_slots(self.view(), np.asarray(sources, np.int64), np.asarray(targets, np.int64))
