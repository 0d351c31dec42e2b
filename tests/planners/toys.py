"""Toy models for tests of search: two in Python that are small enough to know the answer, one of kernels that
is as irregular as can be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from envs.kernels import kernel
from envs.rng import uniform_at
from planners import hooks
from planners.model import Evaluation, KernelModel, SearchModel, Steps


def evaluation(actions: list[int], priors: list[float], count: int) -> Evaluation:
    """The same candidates for `count` slots, of value 0."""
    return Evaluation(
        np.tile(np.array(actions, np.int32), (count, 1)),
        np.tile(np.array(priors, np.float32), (count, 1)),
        np.zeros((count, len(actions)), np.int8),
        np.full(count, len(actions), np.int32),
        np.zeros(count),
    )


@dataclass
class Bandit:
    """Two arms: `risky` pays `prize` with probability 0.3, `safe` always pays 0.5. Then it is over.

    Priors favour the risky arm.
    """

    prize: float
    used: list[int] = field(default_factory=list)

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        return evaluation([7, 8], [0.8, 0.2], len(slots))

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        return (uniforms < 0.3).astype(np.int32)

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        self.used += out.tolist()
        rewards = np.where(actions == 7, self.prize * replies, 0.5)
        return Steps(rewards, np.where(replies, 0.3, 0.7), np.ones(len(slots), bool))

    def move(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Slots hold nothing."""


class Weather:
    """Sixteen arms of equal prior, worth 0, 1/15, ... 1, and on a lucky day, one in four, 3 more, whatever
    the arm. Then it is over.
    """

    worths = np.arange(16) / 15

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        return evaluation(list(range(16)), [1 / 16] * 16, len(slots))

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        return (uniforms < 0.25).astype(np.int32)

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        rewards = self.worths[actions] + 3.0 * replies
        return Steps(rewards, np.where(replies, 0.25, 0.75), np.ones(len(slots), bool))

    def move(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Slots hold nothing."""


ASK, LEFT, RIGHT = 0, 1, 2


class AskOrAct:
    """The user wants left or right; the assistant may ask, at a cost, before it acts.

    A slot holds the belief in `left`. Asked, the user tells; an action ends the game and earns 1 when it is
    what the user wants, else -1, in expectation under the belief. Whoever samples a goal and plans as if it
    were known never asks.
    """

    def __init__(self, cost: float, slots: int = 4001):
        self.cost = cost
        self.left = np.full(slots, 0.5)

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        return evaluation([ASK, LEFT, RIGHT], [1 / 3, 1 / 3, 1 / 3], len(slots))

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """0: silent, 1: "left", 2: "right"."""
        told = np.where(uniforms < self.left[slots], 1, 2)
        return np.where(actions == ASK, told, 0).astype(np.int32)

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        left = self.left[slots]
        self.left[out] = np.where(replies == 0, left, replies == 1)
        earned = np.where(actions == LEFT, 2 * left - 1, 1 - 2 * left)
        rewards = np.where(actions == ASK, -self.cost, earned)
        chances = np.where(replies == 0, 1.0, np.where(replies == 1, left, 1 - left))
        return Steps(rewards, chances, actions != ASK)

    def move(self, sources: np.ndarray, targets: np.ndarray) -> None:
        for source, target in zip(sources, targets, strict=True):
            self.left[target] = self.left[source]


class HashView(NamedTuple):
    """What the kernels of `HashModel` are given."""

    states: np.ndarray
    branching: int
    replies: int


class HashModel(KernelModel):
    """A game whose candidates, priors, rewards, ends and values are hashes of what was played."""

    candidates = 24

    def __init__(self, slots: int, branching: int = 20, replies: int = 5):
        self.states = np.zeros(slots, np.uint64)
        self._shape = branching, replies

    def view(self, worker: int = 0) -> HashView:
        return HashView(self.states, *self._shape)


class InPython:
    """A model of kernels that hides it, so that it is asked in batches. `broken` games raise when asked."""

    def __init__(self, model: SearchModel, candidates: int, broken: tuple[int, ...] = (), nodes: int = 1):
        self._model, self._broken, self._nodes = model, broken, nodes
        self.candidates = candidates
        self.batches: list[int] = []
        self.move = model.move

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        self._check(slots)
        self.batches.append(len(slots))
        return self._model.evaluate(slots)

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        return self._model.reply(slots, actions, uniforms)

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        if (out % self._nodes > 5).any():
            self._check(out)
        return self._model.step(slots, actions, replies, out)

    def _check(self, slots: np.ndarray) -> None:
        for game in self._broken:
            if ((slots // self._nodes == game) & (slots % self._nodes > 0)).any():
                raise RuntimeError(f"no answer for game {game}")


@kernel
def _value(model, slot):
    return 2 * uniform_at(model.states[slot], 1, 0) - 1


@kernel
def _propose(model, slot, actions, priors, kinds):
    count = 1 + int(uniform_at(model.states[slot], 2, 0) * model.branching)
    total = 0.0
    for i in range(count):
        actions[i] = (i * 7 + 3) % 64
        kinds[i] = actions[i] % 3
        priors[i] = uniform_at(model.states[slot], 3, i) ** 4 + 0.001
        total += priors[i]
    for i in range(count):
        priors[i] /= total
    return count


@kernel
def _reply(model, slot, action, uniform):
    return int(uniform * uniform * model.replies)


@kernel
def _step(model, slot, action, reply, out):
    state = model.states[slot]
    model.states[out] = np.uint64(uniform_at(state, action + 10, reply) * 1e15)
    chance = np.sqrt((reply + 1) / model.replies) - np.sqrt(reply / model.replies)
    return uniform_at(state, action + 200, reply) - 0.5, chance, uniform_at(state, action + 400, reply) < 0.1


@kernel
def _move(model, source, target):
    model.states[target] = model.states[source]


hooks.register(HashView, value=_value, propose=_propose, reply=_reply, step=_step, move=_move)
