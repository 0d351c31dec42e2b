"""Assistants that know nothing of goals: no-op, random, copy-a-neighbour, symmetric completion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from envs.building.actions import Codec, triples
from envs.building.config import BuildingConfig
from envs.building.legal import capacity, legal_batch
from envs.building.rules import compile_rules
from envs.building.state import State
from envs.building.world import AIR, ASSISTANT, DIRT, NUM_BLOCKS, USER
from envs.rng import streams

from ..users.scene import new_scene
from .pursue import pursue_marginals


class NoneAssistant:
    """Never does anything: the user alone."""

    name = "none"
    sees_goal = False

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        self._actions = np.zeros((len(seeds), 3), np.int16)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        return self._actions


class RandomAssistant:
    """A uniformly random legal action each step."""

    name = "random"
    sees_goal = False

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        self._rules, self._codec = compile_rules(config), Codec.of(config)
        self._rngs = [np.random.default_rng(int(seed)) for seed in seeds]
        self._lists = np.empty((len(seeds), capacity(config)), np.int32)
        self._counts = np.empty(len(seeds), np.int32)
        self._cells = np.empty((2, config.cells), np.int16)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        legal_batch(self._rules, self._codec, state, ASSISTANT, *self._cells, self._lists, self._counts)
        chosen = [self._lists[row, rng.integers(self._counts[row])] for row, rng in enumerate(self._rngs)]
        return triples(self._codec, np.array(chosen))


class GuessingAssistant:
    """Base of assistants that act on guessed probabilities (B, N, 10) of the goal's blocks, made anew each
    step by `guess`.
    """

    name = "guessing"
    sees_goal = False
    effort = 2.0
    """What a wrong edit costs beside the loss of similarity (see `edit_values`)."""

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes."""
        self.config = config
        self.rules = compile_rules(replace(config, line_of_sight=True))
        self.marginals = np.zeros((len(seeds), config.cells, NUM_BLOCKS), np.float32)
        self.efforts = np.full(len(seeds), self.effort)
        self._scene = new_scene(config.size, 0)
        self._streams = streams(seeds)
        self._values, self._wanted = np.empty(config.cells), np.empty(config.cells, np.uint8)
        self._actions = np.zeros((len(seeds), 3), np.int16)

    def guess(self, state: State, active: np.ndarray) -> None:
        """Update `self.marginals` from the public state."""
        raise TypeError(f"{type(self).__name__} has no guess(); give it one that fills self.marginals")

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Do the most valuable edit, or walk to it."""
        self.guess(state, active)
        pursue_marginals(
            self.rules,
            state,
            self.marginals,
            self.efforts,
            self._scene,
            self._values,
            self._wanted,
            self._streams,
            active,
            self._actions,
        )
        return self._actions


class CopyNeighbourAssistant(GuessingAssistant):
    """Continues what the user just did: the neighbours of recent edits are guessed to get the same block."""

    name = "copy_neighbour"
    memory = 60
    """Steps for which an edit counts as recent."""

    def guess(self, state: State, active: np.ndarray) -> None:
        size = self.config.size
        for row in np.flatnonzero(active):
            blocks, touched = state.blocks[row], state.touched[row].astype(np.int64)
            by_user = (
                (touched > 0)
                & ((touched - 1) % 2 == USER)
                & (state.clock[row] - (touched - 1) // 2 < self.memory)
            )
            votes = np.zeros((*size, NUM_BLOCKS), np.float32)
            recent = np.zeros((*size, NUM_BLOCKS), np.float32)
            recent.reshape(-1, NUM_BLOCKS)[np.flatnonzero(by_user), blocks[by_user]] = 1
            recent[..., AIR] = 0
            for axis in range(3):
                ahead = [slice(None)] * 3
                behind = [slice(None)] * 3
                ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
                votes[tuple(ahead)] += recent[tuple(behind)]
                votes[tuple(behind)] += recent[tuple(ahead)]
            cells = votes.reshape(-1, NUM_BLOCKS)
            cells[np.arange(len(blocks)), blocks] += 0.3  # a cell without such neighbours stays as it is
            self.marginals[row] = cells / cells.sum(axis=1, keepdims=True)


class MirrorAssistant(GuessingAssistant):
    """Completes the user's work to a shape that is symmetric in x or z, about the plane that fits best."""

    name = "mirror"

    def guess(self, state: State, active: np.ndarray) -> None:
        size = self.config.size
        for row in np.flatnonzero(active):
            touched = state.touched[row].astype(np.int64)
            by_user = ((touched > 0) & ((touched - 1) % 2 == USER)).reshape(size)
            blocks = state.blocks[row].reshape(size)
            work = np.where(by_user & (blocks != AIR), blocks, AIR)
            image, agreement = self._best_image(work)
            marginals = np.zeros((*size, NUM_BLOCKS), np.float32)
            np.put_along_axis(marginals, blocks[..., None].astype(np.int64), 1.0, axis=3)
            missing = (image != AIR) & (work == AIR) & ((blocks == AIR) | (blocks == DIRT))
            marginals[missing] = 0.0
            marginals[missing, image[missing]] = agreement
            marginals[missing, blocks[missing]] += 1.0 - agreement
            self.marginals[row] = marginals.reshape(-1, NUM_BLOCKS)

    @staticmethod
    def _best_image(work: np.ndarray) -> tuple[np.ndarray, float]:
        """The mirror image of the work that overlaps it best, and the share of the work it reproduces."""
        best, agreement = np.zeros_like(work), 0.0
        solid = max(1, int(np.count_nonzero(work)))
        for axis in (0, 2):
            side = work.shape[axis]
            for twice in range(side // 2, 3 * side // 2):  # the plane lies at twice / 2
                image = np.zeros_like(work)
                source = np.arange(side)
                target = twice - source
                keep = (target >= 0) & (target < side)
                index: list[slice | np.ndarray] = [slice(None)] * 3
                index[axis] = target[keep]
                image[tuple(index)] = work.take(source[keep], axis)
                share = float(np.count_nonzero((image == work) & (work != AIR))) / solid
                if share > agreement:
                    best, agreement = image, share
        return best, agreement
