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

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from envs.building.actions import BREAK, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, empty_state
from envs.building.world import NUM_BLOCKS, USER

from ..users.policy import log_probs, outlines
from ..users.scene import new_scene
from ..users.traits import USER_TYPES


@dataclass(frozen=True)
class BeliefOptions:
    """How a library posterior is formed. Numbers were chosen on generated houses that are not evaluated."""

    types: tuple[str, ...] = ("bottom_up", "outline_first")
    """User types the belief considers, equally likely at first."""
    reach: float = 2.0
    """Distance (cells) over which the weight of evidence falls by a factor e."""
    temperature: float = 1.5
    """Divides evidence at its own cell."""
    global_temperature: float = 60.0
    """Divides evidence as it counts for all cells alike."""
    floor: float = 1e-4
    """Least probability of any action under any hypothesis."""
    rename_cost: float = 2.0
    """Evidence (nats) that a hypothesis loses per material it has to rename."""
    unknown: float = 0.5
    """Weight of "none of these", relative to the best hypothesis of the cell."""


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
        kinds = [USER_TYPES[name].traits for name in self.options.types]
        flat = self.library.reshape(len(self.library), -1)
        hypotheses = len(flat) * len(kinds)
        self.traits = np.stack([traits.vector() for traits in kinds])
        self._rules = compile_rules(replace(config, line_of_sight=True))
        self._base = np.repeat(flat, len(kinds), axis=0)
        self._outlines = np.repeat(outlines(config.size, flat), len(kinds), axis=0)
        self._types = np.tile(np.arange(len(kinds)), len(flat))
        self._goals = np.tile(self._base, (games, 1, 1))
        self._named = np.zeros((games, hypotheses, NUM_BLOCKS), np.bool_)
        self._evidence = np.zeros((games, hypotheses, config.cells), np.float32)
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
        goals = np.empty((len(uniforms), self._base.shape[1]), np.uint8)
        unknown = self.options.unknown
        _draw(self._evidence[game], self._goals[game], state.blocks[game], unknown, uniforms, goals)
        types = np.arange(len(uniforms)) % len(self.traits)
        return goals, types

    def _weigh(self, game: int, action: np.ndarray) -> None:
        options = self.options
        likelihood = np.zeros(len(self._base))
        cost = np.zeros(len(self._base))
        if action[0] == PLACE:
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
        evidence = likelihood - cost
        _spread(
            self._rules.size,
            (evidence - evidence.max()).astype(np.float32),
            action[1],
            options.reach,
            1.0 / options.temperature,
            1.0 / options.global_temperature,
            self._evidence[game],
        )

    def _refresh(self, game: int) -> None:
        _known_marginals(self._evidence[game], self._goals[game], self.options.unknown, self._known[game])


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


@njit(cache=True, nogil=True, fastmath=True)
def _spread(size, log_likelihood, cell, reach, local, everywhere, evidence):
    """Add an edit's log-likelihoods (P,) to the evidence (P, N), weighted by distance from its cell."""
    _, h, d = size
    x, y, z = cell // (h * d), (cell // d) % h, cell % d
    share = np.empty(evidence.shape[1], np.float32)
    for c in range(share.shape[0]):
        away = np.sqrt((c // (h * d) - x) ** 2 + ((c // d) % h - y) ** 2 + (c % d - z) ** 2)
        share[c] = local * np.exp(-away / reach) + everywhere
    for p in range(evidence.shape[0]):
        for c in range(share.shape[0]):
            evidence[p, c] += share[c] * log_likelihood[p]


_NEGLIGIBLE = np.float32(-12.0)


@njit(cache=True, nogil=True)
def _known_marginals(evidence, goals, unknown, out):
    """Probabilities (N, 10) of each cell's block; what is missing from 1 is the unknown's."""
    best = np.full(evidence.shape[1], np.float32(-1e30))
    total = np.full(evidence.shape[1], np.float32(unknown))
    for p in range(evidence.shape[0]):
        for c in range(best.shape[0]):
            best[c] = max(best[c], evidence[p, c])
    out[:] = 0.0
    for p in range(evidence.shape[0]):
        for c in range(best.shape[0]):
            behind = evidence[p, c] - best[c]
            if behind > _NEGLIGIBLE:
                weight = np.exp(behind)
                out[c, goals[p, c]] += weight
                total[c] += weight
    for c in range(best.shape[0]):
        for b in range(out.shape[1]):
            out[c, b] /= total[c]


@njit(cache=True, nogil=True)
def _draw(evidence, goals, blocks, unknown, uniforms, out):
    """Goals (K, N): in each cell the hypothesis at quantile u of the cell's posterior, unknown first.

    uniforms: (K,) ascending.
    """
    count = uniforms.shape[0]
    weights = np.empty(evidence.shape[0], np.float32)
    for c in range(blocks.shape[0]):
        best = np.float32(-1e30)
        for p in range(evidence.shape[0]):
            best = max(best, evidence[p, c])
        total = unknown
        for p in range(evidence.shape[0]):
            behind = evidence[p, c] - best
            weights[p] = np.exp(behind) if behind > _NEGLIGIBLE else 0.0
            total += weights[p]
        reached, block, p = unknown, blocks[c], 0
        for k in range(count):
            while reached < uniforms[k] * total and p < weights.shape[0]:
                if weights[p] > 0.0:
                    reached += weights[p]
                    block = goals[p, c]
                p += 1
            out[k, c] = block
