"""The building game as a policy network plays it: public states in, a place in the legal list out.

`PublicStates` is a view of `AssistVectorEnv`. Observations are the arrays of `State` as they are, 3.3 KB a
world; what a network reads of them, and which actions are legal, is worked out where it is needed. An action
is a place in the ascending list of legal actions, so that a policy has a number for each legal action and
none for the others.

Episodes of one length would go through their phases together, and each batch would be of one phase. So the
first episode of each world may be cut at a random step (`stagger`).

The goal is in no observation. Where the network learns to guess it, infos carry it (`goal`), for the learner
alone: policies are never handed infos.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space

from envs.building.config import BuildingConfig
from envs.building.env import Observation
from envs.building.legal import capacity
from envs.building.state import State, empty_state
from envs.building.vector_env import AssistVectorEnv
from envs.building.world import ASSISTANT

FIELDS = ("blocks", "touched", "feet", "last_edit", "previous", "clock")
"""Arrays of `State` that are observed: all but inventories, which are empty with unlimited blocks."""


class PublicStates(VectorEnv[Observation, np.ndarray, np.ndarray]):
    """An `AssistVectorEnv` with public states as observations and places in legal lists as actions."""

    def __init__(self, env: AssistVectorEnv, goals: bool = False, stagger: bool = False):
        """
        Args:
            env: with unlimited blocks.
            goals: put the goals (N,) uint8 into infos, as targets for a learner.
            stagger: cut the first episodes after a reset at random steps.
        """
        if env.config.blocks != "unlimited":
            raise ValueError(
                f"blocks is {env.config.blocks!r}; networks know the game with 'unlimited' blocks"
            )
        self.game, self.goals, self.stagger, self.num_envs = env, goals, stagger, env.num_envs
        self.metadata = env.metadata
        self.single_observation_space = state_space(env.config)
        self.single_action_space = Discrete(capacity(env.config))
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._cuts = np.full(self.num_envs, env.config.horizon)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """As `AssistVectorEnv.reset`, but neighbouring seeds give no two worlds the same: RLlib numbers its
        runners' seeds.
        """
        seeds: list[int | None] = [None] * self.num_envs
        if seed is not None:
            seeds = np.random.SeedSequence(seed).generate_state(self.num_envs).tolist()
        _, infos = self.game.reset(seed=seeds, options=options)
        if self.stagger:
            rng = np.random.default_rng(seed)
            self._cuts = rng.integers(1, self.game.config.horizon + 1, size=self.num_envs)
        return self._observations(), self._with_goals(infos)

    def step(
        self, actions: np.ndarray
    ) -> tuple[Observation, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """As `AssistVectorEnv.step`; places (B,) beyond the end of a legal list are no-ops."""
        lists, counts = self.game.batch.legal(ASSISTANT)
        flat = lists[np.arange(self.num_envs), actions]
        flat[actions >= counts] = 0
        _, rewards, terminations, _, infos = self.game.step(flat)
        batch = self.game.batch
        batch.truncated |= ~terminations & (batch.state.clock >= self._cuts)
        self._cuts[batch.done] = self.game.config.horizon
        return self._observations(), rewards, terminations, batch.truncated.copy(), self._with_goals(infos)

    def _observations(self) -> Observation:
        return {name: getattr(self.game.batch.state, name).copy() for name in FIELDS}

    def _with_goals(self, infos: dict[str, Any]) -> dict[str, Any]:
        if not self.goals:
            return infos
        everywhere = np.ones(self.num_envs, bool)
        return infos | {"goal": self.game.batch.latent.goal.copy(), "_goal": everywhere}


def state_space(config: BuildingConfig) -> Dict:
    """The space of one world's public state."""
    world = empty_state(config, 1)
    spaces: dict[str, Space] = {}
    for name in FIELDS:
        part = getattr(world, name)
        limits = np.iinfo(part.dtype)
        spaces[name] = Box(limits.min, limits.max, part.shape[1:], part.dtype.type)
    return Dict(spaces)


def state_of(config: BuildingConfig, observations: Mapping[str, np.ndarray]) -> State:
    """The public states that observations (n, ...) show."""
    parts = {name: np.ascontiguousarray(observations[name]) for name in FIELDS}
    return empty_state(config, len(parts["clock"]))._replace(**parts)
