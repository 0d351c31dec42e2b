"""A posterior over a library of goals and over user types, from the users' exact likelihoods.

Every hypothesis is a goal of the library built by a user type; one more stands for a goal that is not in the library ("unknown"), of which nothing is expected
but that cells stay as they are. All hypotheses are weighed by how probable they make each action of the user.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, empty_state
from envs.building.world import USER
from planners.belief import ParticleBelief

from ..users.policy import log_probs, outlines
from ..users.scene import new_scene
from ..users.traits import USER_TYPES, Traits


@dataclass(frozen=True)
class BeliefOptions:
    """How a library posterior is formed."""

    types: tuple[str, ...] = ("bottom_up", "layer")
    """User types the belief considers, equally likely at first."""
    temperature: float = 4.0
    """Evidence is raised to 1/temperature: actions of real users are neither independent nor exactly modelled."""
    floor: float = 1e-4
    """Least probability of any action under any hypothesis."""
    unknown: float = 0.1
    """Prior probability that the goal is not in the library."""
    unknown_action: float = 2e-3
    """Probability of a particular edit under the unknown hypothesis; pauses and moves have the plain builder's."""


class LibraryBelief:
    """Posteriors of B games over G goals x T user types, and unknown."""

    def __init__(self, goals: np.ndarray, options: BeliefOptions | None = None):
        """goals: (G, W, H, D) uint8 whole worlds."""
        self.library = np.ascontiguousarray(goals, np.uint8)
        self.options = options or BeliefOptions()
        if len(self.library) == 0:
            raise ValueError("the library of the belief is empty; give at least one goal")

    def reset(self, config: BuildingConfig, games: int) -> None:
        """Start B games from the prior."""
        if self.library.shape[1:] != config.size:
            raise ValueError(
                f"the library's goals have size {self.library.shape[1:]}; the game's is {config.size}"
            )
        options = self.options
        kinds = [USER_TYPES[name].traits for name in options.types]
        flat = self.library.reshape(len(self.library), -1)
        self.goals = np.repeat(flat, len(kinds), axis=0)
        self.types = np.tile(np.arange(len(kinds)), len(flat))
        self.outlines = np.repeat(outlines(config.size, flat), len(kinds), axis=0)
        self.traits = np.stack([traits.vector() for traits in kinds])
        self.rules = compile_rules(replace(config, line_of_sight=True))
        known = np.full(len(self.goals), (1 - options.unknown) / len(self.goals))
        self.posterior = ParticleBelief(np.append(known, options.unknown), games, options.temperature)
        self._scene = new_scene(config.size, len(kinds))
        self._before = empty_state(config, games)
        self._likelihood = np.empty(len(self.goals) + 1)
        self._started = np.zeros(games, bool)

    def observe(self, state: State, active: np.ndarray) -> None:
        """Weigh the user's last action in every active game, then remember the state."""
        for row in np.flatnonzero(active):
            if self._started[row]:
                action = state.previous[row, USER]
                log_probs(
                    self.rules,
                    self._before,
                    row,
                    USER,
                    self.traits,
                    self._scene,
                    self.types,
                    self.goals,
                    self.outlines,
                    action,
                    self.options.floor,
                    self._likelihood,
                )
                self._likelihood[-1] = math.log(unknown_prob(int(action[0]), self.options.unknown_action))
                self.posterior.observe(row, self._likelihood)
        self._started |= active
        for part, now in zip(self._before, state, strict=True):
            part[:] = now

    def marginals(self, state: State, active: np.ndarray, out: np.ndarray) -> None:
        """Write the probabilities (B, N, 10) of each cell's goal block; under the unknown hypothesis a cell stays as it is."""
        for row in np.flatnonzero(active):
            _marginals(self.posterior.probabilities(row), self.goals, state.blocks[row], out[row])


def unknown_prob(kind: int, edit: float) -> float:
    """Probability of an action of this kind when nothing is known of the goal."""
    plain = Traits()
    if kind == 0:
        return plain.pause
    return edit if kind < 3 else (1 - plain.pause) * 0.5 / 6


@njit(cache=True, nogil=True)
def _marginals(probabilities, goals, blocks, out):
    out[:] = 0.0
    floor = 1e-3 / goals.shape[0]
    known = 0.0
    for p in range(goals.shape[0]):
        share = probabilities[p]
        if share > floor:
            known += share
            goal = goals[p]
            for c in range(blocks.shape[0]):
                out[c, goal[c]] += share
    for c in range(blocks.shape[0]):
        out[c, blocks[c]] += 1.0 - known
