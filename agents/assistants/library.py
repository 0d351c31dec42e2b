"""A posterior over goals from a library of other goals and the users' exact likelihoods.

A hypothesis is a goal of the library built by a user type. Played goals are not in the library, so no
hypothesis is right as a whole; what carries over to a new house are its parts. Three things make use of that:

- *Local evidence.* How probable a hypothesis makes an edit counts most near that edit (`reach`), so each cell
  has a posterior of its own over the hypotheses, and different parts of a house may follow different goals.
- *Renaming.* Where a hypothesis has walls of stone and the user places planks, its stone becomes planks, at a
  price in evidence.
- *Unknown.* A constant weight beside the best hypothesis stands for "none of these", under which a cell stays
  as it is.

`draw_goals` turns the cell posteriors into whole goals for search: one number picks the hypothesis of every
cell, so that neighbours nearly always agree and the cells' marginals are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from envs.building.actions import BREAK, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, empty_state
from envs.building.world import NUM_BLOCKS, USER
from planners.belief import CellPosterior

from ..users.policy import log_probs, outlines
from ..users.population import model_types
from ..users.scene import new_scene


@dataclass(frozen=True)
class BeliefOptions:
    """How a library posterior is formed; numbers chosen by the worst modelled user on generated houses."""

    types: tuple[str, ...] = ("bottom_up", "outline_first")
    """User types the belief considers (`users.population.model_types`), equally likely at first."""
    reach: float = 2.0
    """Distance (cells) over which the weight of evidence falls by a factor e."""
    temperature: float = 1.5
    """Divides evidence at its own cell."""
    global_temperature: float = 60.0
    """Divides evidence as it counts for all cells alike."""
    floor: float = 1e-4
    """Least probability of any action under any hypothesis."""
    rename_cost: float = 2.0
    """Evidence (nats) that a hypothesis loses per material it has to rename; infinite: none is renamed."""
    unknown: float = 1.0
    """Weight of "none of these", relative to the best hypothesis of the cell."""

    def __post_init__(self) -> None:
        known = model_types()
        strange = [name for name in self.types if name not in known]
        if strange or not self.types:
            raise ValueError(
                f"user types of the belief are {list(self.types)}; choose among {', '.join(known)}"
            )


KNOWN_LIBRARY = BeliefOptions(global_temperature=1.0, rename_cost=math.inf, unknown=0.0)
"""For a library that holds the goal: Bayes' rule over whole houses, with no room for anything else."""


class LibraryBelief:
    """Cell-wise posteriors of B games over P hypotheses, G goals x T user types."""

    def __init__(self, goals: np.ndarray, options: BeliefOptions | None = None):
        """goals: (G, W, H, D) uint8 whole worlds."""
        self.library = np.ascontiguousarray(goals, np.uint8)
        self.options = options or BeliefOptions()
        if len(self.library) == 0:
            raise ValueError("the library of the belief is empty; give at least one goal")

    def reset(self, config: BuildingConfig, games: int) -> None:
        """Start B games from the prior. `edits` (B,) counts the edits that each game's posterior rests on."""
        if self.library.shape[1:] != config.size:
            raise ValueError(
                f"the library has goals of size {self.library.shape[1:]}, the game {config.size}"
            )
        known = model_types()
        kinds = [known[name] for name in self.options.types]
        flat = self.library.reshape(len(self.library), -1)
        hypotheses = len(flat) * len(kinds)
        self.traits = np.stack([traits.vector() for traits in kinds])
        self._rules = compile_rules(replace(config, line_of_sight=True))
        self._base = np.repeat(flat, len(kinds), axis=0)
        self._outlines = np.repeat(outlines(config.size, flat), len(kinds), axis=0)
        self._types = np.tile(np.arange(len(kinds)), len(flat))
        self._goals = np.tile(self._base, (games, 1, 1))
        self._named = np.zeros((games, hypotheses, NUM_BLOCKS), np.bool_)
        self._posterior = CellPosterior(games, hypotheses, config.cells, self.options.unknown)
        self._distances = _Distances(config.size)
        self._known = np.zeros((games, config.cells, NUM_BLOCKS), np.float32)
        for game in range(games):
            self._refresh(game)
        self._scene = new_scene(config.size, len(kinds))
        self._before = empty_state(config, games)
        self._started = np.zeros(games, bool)
        self.edits = np.zeros(games, np.int64)

    def observe(self, state: State, active: np.ndarray) -> None:
        """Weigh the user's last edit in every active game, then remember the states (B worlds)."""
        for game in map(int, np.flatnonzero(active & self._started)):
            action = state.previous[game, USER]
            if action[0] in (PLACE, BREAK):
                self.edits[game] += 1
                self._weigh(game, action)
                self._refresh(game)
        self._started |= active
        for part, now in zip(self._before, state, strict=True):
            part[:] = now

    def marginals(self, state: State, active: np.ndarray, out: np.ndarray) -> None:
        """Write the probabilities (B, N, 10) of each cell's goal block."""
        for game in np.flatnonzero(active):
            out[game] = self._known[game]
            stays = 1.0 - out[game].sum(axis=1)
            out[game][np.arange(len(stays)), state.blocks[game]] += stays

    def draw_goals(self, state: State, game: int, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Goals (K, N) uint8 and user types (K,) int64 of one game, for ascending uniforms (K,)."""
        goals = self._posterior.draw(game, self._goals[game], state.blocks[game], uniforms)
        types = np.arange(len(uniforms)) % len(self.traits)
        return goals, types

    def _weigh(self, game: int, action: np.ndarray) -> None:
        options = self.options
        likelihood = np.zeros(len(self._base))
        cost = np.zeros(len(self._base))
        if action[0] == PLACE and math.isfinite(options.rename_cost):
            _rename(
                self._base,
                self._goals[game],
                self._named[game],
                action[1],
                action[2],
                options.rename_cost,
                cost,
            )
        log_probs(
            self._rules,
            self._before,
            game,
            USER,
            self.traits,
            self._scene,
            self._types,
            self._goals[game],
            self._outlines,
            action,
            options.floor,
            likelihood,
        )
        near = np.exp(-self._distances.to(int(action[1])) / options.reach)
        weight = near / options.temperature + 1.0 / options.global_temperature
        self._posterior.observe(game, likelihood - cost, weight)

    def _refresh(self, game: int) -> None:
        self._posterior.marginals(game, self._goals[game], self._known[game])


class _Distances:
    """Euclidean distances between the cells of a world."""

    def __init__(self, size: tuple[int, int, int]):
        self._places = np.stack(np.unravel_index(np.arange(size[0] * size[1] * size[2]), size), axis=1)

    def to(self, cell: int) -> np.ndarray:
        """(N,) distances of all cells from one."""
        return np.linalg.norm(self._places - self._places[cell], axis=1)


@njit(cache=True, nogil=True)
def _rename(base, goals, named, cell, block, price, cost):
    """Let hypotheses call the material they have at `cell` by the block placed there, once per material."""
    for p in range(base.shape[0]):
        material = base[p, cell]
        if material >= 2 and not named[p, material]:
            named[p, material] = True
            if material != block:
                cost[p] = price
                for c in range(base.shape[1]):
                    if base[p, c] == material:
                        goals[p, c] = block
