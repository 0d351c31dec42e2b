"""The building game for Gymnasium's vector API: the assistant's side of many worlds, with user models inside.

    envs = AssistVectorEnv(user, num_envs=64, horizon=100)  # or envs.make("building-assist-vector-v0", ...)
    observations, infos = envs.reset(seed=0)
    observations, rewards, terminations, truncations, infos = envs.step(actions)  # (64,) ints

World i is what `AssistEnv` is with the same user and seed `seed + i`, step for step; only that all worlds are
stepped by one call of the kernels. Observations are `AssistEnv`'s with a leading axis, new arrays in every
step. As in Gymnasium's own vector environments, infos are arrays with a mask beside each (`effective`,
`_effective`), and worlds reset themselves in the step after their end (`AutoresetMode.NEXT_STEP`): that step
ignores their action, and their reward in it is 0.

A player acts for a batch of worlds and starts all of its episodes at once. Worlds whose episodes began in the
same step therefore share a copy of the user; with episodes of equal length that is one copy for all.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ..view import seed_streams
from .actions import triples
from .config import BuildingConfig
from .env import BuildingEnv, Observation, carried, observation_space_of
from .goals import GoalSource, make_source
from .legal import mask
from .observation import PLANES
from .player import Player
from .state import take
from .vector import BuildingBatch, EpisodeOverError, IllegalActionError
from .world import ASSISTANT, PLAYERS, USER


class AssistVectorEnv(VectorEnv[Observation, np.ndarray, np.ndarray]):
    """The assistant's view of B worlds as a `gymnasium.vector.VectorEnv`.

    Attributes: `config`, `goals` (the source), `user` (whose copies play), and `batch`, the `BuildingBatch`
    inside, whose `latent` is not for assistants.
    """

    metadata = BuildingEnv.metadata | {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}

    def __init__(self, user: Player, num_envs: int = 1, goals: GoalSource | str = "default", **config: Any):
        """
        Args:
            user: who plays the users. It is copied, not played itself.
            num_envs: worlds, 1 or more.
            goals, config: as for `BuildingEnv`.
        """
        self.user = user
        self.num_envs = num_envs
        self.config = BuildingConfig.make(**config)
        self.goals = make_source(goals, size=self.config.size) if isinstance(goals, str) else goals
        self.batch = BuildingBatch(num_envs, self.config)
        self.single_observation_space = observation_space_of(self.config, PLAYERS[ASSISTANT])
        self.single_action_space = Discrete(self.batch.codec.size)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._streams: list[_Streams] = []
        self._cohorts: dict[int, _Cohort] = {}
        self._cohort_of = np.full(num_envs, -1)
        self._idle: list[Player] = []
        self._triples = np.zeros((num_envs, 2, 3), np.int16)
        self._legal = self.batch.legal(ASSISTANT)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode in every world; returns observations and infos.

        Args:
            seed: of the streams of goals, start places and users: one for each world, or the first world's,
                from which they count up. Streams without a seed go on, or start from entropy.
            options: not used.

        Raises:
            ValueError: seeds that are no integers of 0 or more, or another number of them than of worlds.
        """
        seeds = self._seeds(seed)
        if not self._streams:
            self._streams = [_Streams.of(one) for one in seeds]
        else:
            self._streams = [
                old if one is None else _Streams.of(one)
                for old, one in zip(self._streams, seeds, strict=True)
            ]
        self._begin(np.arange(self.num_envs))
        return self._observations(), {}

    def step(
        self, actions: np.ndarray
    ) -> tuple[Observation, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One joint step of every world; worlds whose episode has ended start another one instead.

        actions: (B,) flat actions. Returns observations, rewards (B,) float64, terminations and truncations
        (B,) bool, and infos.

        Raises:
            EpisodeOverError: before the first reset.
            ValueError: actions of another shape or type, or that do not exist.
            IllegalActionError: with `strict`, an action outside the mask.
        """
        if not self._streams:
            raise EpisodeOverError("no episode has begun; call reset before the first step")
        live = ~self.batch.done
        self._triples[:, ASSISTANT] = triples(self.batch.codec, self._checked(actions, live))
        self._let_users_act(live)
        if live.any():
            self.batch.step(self._triples)
        rewards = np.where(live, self.batch.reward, 0.0)
        effective = np.where(live, self.batch.effective[:, ASSISTANT], 0)
        self._begin(np.flatnonzero(~live))
        return (
            self._observations(),
            rewards.astype(np.float64),
            self.batch.terminated.copy(),
            self.batch.truncated.copy(),
            {"effective": effective.astype(np.int64), "_effective": live} if live.any() else {},
        )

    def _seeds(self, seed: int | list[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)):
            return [int(seed) + i for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} worlds; give one each, or the first")
        return list(seed)

    def _begin(self, rows: np.ndarray) -> None:
        """Start episodes in some of the worlds, with a copy of the user for them."""
        if not len(rows):
            return
        streams = [self._streams[row] for row in rows]
        goals = np.concatenate([self.goals.draw(1, stream.goals).blocks for stream in streams])
        places = np.concatenate(
            [stream.places.integers(2**63, size=1, dtype=np.uint64) for stream in streams]
        )
        seeds = np.concatenate([stream.users.integers(2**63 - 1, size=1) for stream in streams])
        self.batch.reset(goals, places, rows)
        number = max(self._cohorts, default=-1) + 1
        self._cohort_of[rows] = number
        for old in set(self._cohorts) - set(self._cohort_of.tolist()):
            self._idle.append(self._cohorts.pop(old).player)
        player = self._idle.pop() if self._idle else copy.deepcopy(self.user)
        player.reset(self.config, seeds, self.batch.latent.goal[rows] if player.sees_goal else None)
        self._cohorts[number] = _Cohort(player, rows)

    def _let_users_act(self, live: np.ndarray) -> None:
        """Write the users' actions in live worlds."""
        self._triples[:, USER] = 0
        for number, (player, rows) in self._cohorts.items():
            active = live[rows] & (self._cohort_of[rows] == number)
            if not active.any():
                continue
            actions = np.asarray(player.act(take(self.batch.state, rows), active))
            if actions.shape != (len(rows), 3):
                raise ValueError(
                    f"user {player.name!r} gave actions of shape {actions.shape}; {len(rows)} worlds take"
                    f" ({len(rows)}, 3)"
                )
            self._triples[rows[active], USER] = actions[active]

    def _checked(self, actions: np.ndarray, live: np.ndarray) -> np.ndarray:
        """The actions (B,), with no-op where the episode has ended."""
        flat, count = np.asarray(actions), self.batch.codec.size
        if flat.shape != (self.num_envs,) or flat.dtype.kind not in "iu":
            raise ValueError(
                f"actions are {flat.dtype} of shape {flat.shape}; give {self.num_envs} ints,"
                " one for each world"
            )
        flat = np.where(live, flat, 0)
        for row in np.flatnonzero((flat < 0) | (flat >= count)):
            raise ValueError(f"actions[{row}] is {flat[row]}; the actions of these worlds are 0..{count - 1}")
        if self.config.strict:
            lists, counts = self._legal
            for row in np.flatnonzero(live):
                if flat[row] not in lists[row, : counts[row]]:
                    raise IllegalActionError(
                        f"actions[{row}] is {flat[row]}, not one of the {counts[row]} legal ones; take one"
                        " where action_mask is 1, or make the environment with strict=False for a no-op"
                    )
        return flat

    def _observations(self) -> Observation:
        batch, config = self.batch, self.config
        planes = batch.observe(ASSISTANT).reshape(self.num_envs, len(PLANES), *config.size)
        observations = dict(zip(PLANES, planes.swapaxes(0, 1), strict=True))
        del observations["goal"]
        observations["time"] = (batch.state.clock[:, None] / config.horizon).astype(np.float32)
        if config.blocks == "inventory":
            observations["inventory"] = np.stack(
                [carried(slots[ASSISTANT]) for slots in batch.state.inventory]
            )
        self._legal = batch.legal(ASSISTANT)
        observations["action_mask"] = mask(*self._legal, batch.codec.size)
        return observations


class _Streams(NamedTuple):
    """Where a world's randomness comes from, as in `AssistEnv`."""

    goals: np.random.Generator
    places: np.random.Generator
    users: np.random.Generator

    @classmethod
    def of(cls, seed: int | None) -> _Streams:
        goals, places = seed_streams(seed, 2)
        return cls(goals, places, np_random(seed)[0])


class _Cohort(NamedTuple):
    """Worlds whose episodes began in the same step, some of which may have begun another one since."""

    player: Player
    rows: np.ndarray
    """(n,) worlds in the order in which the player knows them."""
