"""The building game for PettingZoo: one world, two agents, flat actions, observations as dicts of arrays.

A user builds a house that only they know; an assistant helps. Both act at once, and both get the same reward.

    env = BuildingEnv(horizon=100)                       # or envs.make("building-v0", horizon=100)
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {}
        for name in env.agents:
            actions[name] = env.action_space(name).sample(observations[name]["action_mask"])
        observations, rewards, terminations, truncations, infos = env.step(actions)

| | |
|---|---|
| Import | `envs.building.env`: `BuildingEnv`, `parallel_env`, `env` (one agent after the other) |
| Agents | `user`, `assistant` |
| Actions | `Discrete(n)`, n = 12,107 in the default world, in the order of `actions.py`; 0 is no-op |
| State | `Box(0, 255, (bytes,), uint8)`: the public state, without the goal |
| Options | those of `BuildingConfig` as keywords, and `goals` and `render_mode` |

**Observations.** Both agents see the whole world, each from its own viewpoint in `players` and `touched`.

| key | space | meaning |
|---|---|---|
| `blocks` | Box 0..9 uint8 (W, H, D) | block ids, see `world.BLOCK_NAMES` |
| `goal` | Box 0..9 uint8 (W, H, D) | the world that the user wants; **only in the user's observation** |
| `players` | Box 0..2 uint8 (W, H, D) | 1 own body, 2 the other's |
| `touched` | Box 0..2 uint8 (W, H, D) | who changed the cell last: 0 nobody, 1 oneself, 2 the other |
| `age` | Box 0..255 uint8 (W, H, D) | steps since that change; 255 where nobody did |
| `time` | Box 0..1 float32 (1,) | share of the horizon that has passed |
| `inventory` | Box 0..2304 int16 (10,) | with `blocks="inventory"`: how many of each block id one holds |
| `action_mask` | Box 0..1 int8 (n,) | 1 for legal actions |

Arrays are new in every step and never written again, so they can be kept without a copy.

**Rewards.** Both agents get the sum of both players' parts of the step (`RewardConfig`). By default an edit
earns the change of its cell's similarity, which is 1 where the block is the goal's, -1 where it is another
block than the goal's, and 0 where one of the two is air. Rewards are there to train on: an assistant that
reads them *while it acts* learns about the goal, and plays another game than the one it is meant to.

**Infos.** After a step, `effective` is the kind of the agent's own action that took effect (0: none; see
`actions.KINDS`). The user's info alone also has what depends on the goal: `own_reward` (the user's part of
the shared reward, the rest being the assistant's), `goal_percent`, and after a reset `house`, the name of the
source house.

**End.** Terminated when the world equals the goal, truncated at the horizon or without progress
(`BuildingConfig`); both agents end together. Actions outside the mask are no-ops, or IllegalActionError with
`strict=True`.

**Seeds.** `reset(seed=s)` seeds one stream for goals and one for start places; a reset without a seed goes on
with them.

**Versions.** v0: first version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space
from numba import njit
from pettingzoo import AECEnv
from pettingzoo.utils import parallel_to_aec

from ..view import GameView, Infos, Observation, Results
from .actions import Codec, decode, describe
from .config import BuildingConfig
from .goals import GoalSource, make_source
from .legal import capacity, legal_batch
from .observation import PLANES, observe_batch
from .render import ansi, isometric
from .state import SLOTS, STACK, state_bytes
from .vector import BuildingBatch, IllegalActionError
from .world import ASSISTANT, NUM_BLOCKS, PLAYERS, USER

RENDER_MODES = ("ansi", "rgb_array")


class Snapshot(NamedTuple):
    """A moment of a `BuildingEnv`, made by `snapshot`. It holds the goal: it is not for assistants."""

    arrays: tuple[np.ndarray, ...]
    """The worlds' arrays, as `BuildingBatch.snapshot` gives them."""
    house: str
    streams: tuple[Mapping[str, Any], ...]
    """States of the generators of goals and start places; empty before the first reset."""


class BuildingEnv(GameView):
    """The building game as a `pettingzoo.ParallelEnv`; see the module's page for spaces and rewards.

    Attributes: `config`, `goals` (the source), `batch` (the `BuildingBatch` of one world behind this view,
    whose `latent` is not for assistants), `house` (where this episode's goal comes from; not for assistants
    either).
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "building_v0",
        "render_modes": list(RENDER_MODES),
        "render_fps": 10,
        "is_parallelizable": True,
    }

    def __init__(self, goals: GoalSource | str = "default", render_mode: str | None = None, **config: Any):
        """
        Args:
            goals: where goals come from: a source, or a name that `goals.make_source` knows.
            render_mode: None, "ansi" or "rgb_array".
            config: options of `BuildingConfig`.

        Raises:
            ValueError: an option or a value that does not exist. `make_source` has errors of its own.
        """
        self.config = BuildingConfig.make(**config)
        self.goals = make_source(goals, size=self.config.size) if isinstance(goals, str) else goals
        self.batch = BuildingBatch(1, self.config)
        self.house = ""
        actions: dict[str, Discrete] = {name: Discrete(self.batch.codec.size) for name in PLAYERS}
        observed = {name: observation_space_of(self.config, name) for name in PLAYERS}
        super().__init__(actions, observed, streams=2, render_mode=render_mode)
        self.state_space = Box(0, 255, (state_bytes(self.batch.state),), np.uint8)
        self._triples = np.zeros((1, 2, 3), np.int16)
        self._lists = np.zeros((2, 1, capacity(self.config)), np.int32)
        self._counts = np.zeros((2, 1), np.int32)
        self._cells = np.empty((2, self.config.cells), np.int16)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], Infos]:
        """Start an episode; returns observations and infos.

        Args:
            seed: starts the streams of goals and start places anew. Without one they go on, or start from
                entropy.
            options: not used.

        Raises:
            ValueError: a negative or non-integer seed, or a source whose goals do not fit the world.
        """
        goal_stream, place_stream = self._begin(seed)
        goals = self.goals.draw(1, goal_stream)
        self.batch.reset(goals.blocks, seeds=place_stream.integers(2**63, size=1, dtype=np.uint64))
        self.house = goals.houses[0]
        self.agents = list(PLAYERS)
        return self._observations(), {"user": {"goal_percent": 0.0, "house": self.house}, "assistant": {}}

    def step(self, actions: Mapping[str, int]) -> Results:
        """One joint step; returns observations, rewards, terminations, truncations and infos by agent.

        Raises:
            EpisodeOverError: no episode is running.
            ValueError: an agent is missing or unknown, or an action does not exist.
            TypeError: an action is not an integer.
            IllegalActionError: with `strict`, an action outside the mask.
        """
        self._check_running()
        self._check_names(actions)
        for player, name in enumerate(PLAYERS):
            self._triples[0, player] = decode(self.batch.codec, self.check_action(name, actions[name]))
        batch = self.batch
        batch.step_unchecked(self._triples)
        return self._results(float(batch.reward[0]), bool(batch.terminated[0]), bool(batch.truncated[0]))

    def check_action(self, agent: str, action: int) -> int:
        """The action as an int if the agent may give it to `step` now; otherwise raises as `step` does."""
        self._check_running()
        flat = self._check_index(agent, action)
        if self.config.strict:
            self._refuse_illegal(agent, flat)
        return flat

    def render(self, goal: bool = True) -> str | np.ndarray:
        """The world as text ("ansi") or as a picture (h, w, 3) uint8 ("rgb_array"), for people.

        With `goal` what is missing and what is wrong is marked; leave it out of pictures that an assistant
        gets to see.
        """
        self._check_render()
        state, size = self.batch.state, self.config.size
        wanted = self.batch.latent.goal[0].reshape(size) if goal else None
        draw = ansi if self.render_mode == "ansi" else isometric
        return draw(state.blocks[0].reshape(size), feet=state.feet[0], goal=wanted)

    def state(self) -> np.ndarray:
        """The public state as bytes, (n,) uint8: the arrays of `state.State` one after the other."""
        return np.concatenate([part[0:1].reshape(-1).view(np.uint8) for part in self.batch.state])

    def digest(self) -> str:
        """32 hex digits that are equal exactly when the public states of two environments are."""
        return self.batch.digest()

    def snapshot(self) -> Snapshot:
        """Everything that `restore` needs, the streams of the next episodes included."""
        return Snapshot(self.batch.snapshot(), self.house, self._stream_states())

    def restore(self, snapshot: Snapshot) -> dict[str, Observation]:
        """Return to a snapshot of an equally configured environment; returns the observations then."""
        self.batch.restore(snapshot.arrays)
        self.house = snapshot.house
        self._restore_streams(snapshot.streams)
        self.agents = [] if self.batch.done[0] else list(PLAYERS)
        return self._observations()

    def clone(self) -> BuildingEnv:
        """An independent copy that goes on exactly as this one would. It shares the goal source."""
        other = type(self)(self.goals, self.render_mode, **self.config.as_dict())
        other.restore(self.snapshot())
        return other

    def _observations(self) -> dict[str, Observation]:
        batch, config = self.batch, self.config
        # Separate arrays per player: in shared ones the goal could be reached through `ndarray.base`.
        planes = tuple(np.empty((len(PLANES), *config.size), np.uint8) for _ in PLAYERS)
        masks = tuple(np.zeros(batch.codec.size, np.int8) for _ in PLAYERS)
        _look(
            batch.rules,
            batch.codec,
            batch.state,
            batch.latent,
            tuple(part.reshape(1, len(PLANES), -1) for part in planes),
            self._cells,
            self._lists,
            self._counts,
            masks,
        )
        share = batch.state.clock[0] / config.horizon
        observations = {}
        for player, name in enumerate(PLAYERS):
            observation: Observation = dict(zip(PLANES, planes[player], strict=True))
            if player != USER:
                del observation["goal"]
            observation["time"] = np.array([share], np.float32)
            if config.blocks == "inventory":
                observation["inventory"] = carried(batch.state.inventory[0, player])
            observation["action_mask"] = masks[player]
            observations[name] = observation
        return observations

    def _infos(self) -> Infos:
        own, effective = self.batch.own[0], self.batch.effective[0]
        return {
            "user": {
                "effective": int(effective[USER]),
                "own_reward": float(own[USER]),
                "goal_percent": 100 * float(self.batch.goal_fraction()[0]),
            },
            "assistant": {"effective": int(effective[ASSISTANT])},
        }

    def _check_running(self, when: str = "") -> None:
        super()._check_running("" if self.agents else f" after {self.batch.state.clock[0]} steps")

    def _refuse_illegal(self, agent: str, flat: int) -> None:
        player = PLAYERS.index(agent)
        legal = self._lists[player, 0, : self._counts[player, 0]]
        if flat not in legal:
            words = describe(np.array(decode(self.batch.codec, flat)), self.config.size)
            raise IllegalActionError(
                f"the {agent}'s action {flat} ({words}) is not one of the {len(legal)} legal ones; take one"
                " where action_mask is 1, or make the environment with strict=False for a no-op"
            )


parallel_env = BuildingEnv


def env(**options: Any) -> AECEnv:
    """The game as a `pettingzoo.AECEnv`: agents choose one after the other. Options are `BuildingEnv`'s."""
    return parallel_to_aec(BuildingEnv(**options))


def observation_space_of(config: BuildingConfig, agent: str) -> Dict:
    """The space of an agent's observations in games of this configuration."""
    highest = {"blocks": NUM_BLOCKS - 1, "goal": NUM_BLOCKS - 1, "players": 2, "touched": 2, "age": 255}
    spaces: dict[str, Space] = {plane: Box(0, highest[plane], config.size, np.uint8) for plane in PLANES}
    if agent != PLAYERS[USER]:
        del spaces["goal"]
    spaces["time"] = Box(0, 1, (1,), np.float32)
    if config.blocks == "inventory":
        spaces["inventory"] = Box(0, SLOTS * STACK, (NUM_BLOCKS,), np.int16)
    spaces["action_mask"] = Box(0, 1, (Codec.of(config).size,), np.int8)
    return Dict(spaces)


def carried(slots: np.ndarray) -> np.ndarray:
    """(10,) int16: how many of each block id the inventory slots (36, 2) of a player hold."""
    return np.bincount(slots[:, 0], slots[:, 1], NUM_BLOCKS).astype(np.int16)


@njit(cache=True, nogil=True)
def _look(rules, codec, state, latent, planes, cells, lists, counts, masks):
    """Planes, legal lists and dense masks of both players in one call, since entering a kernel is what costs.

    Written: planes, two of (1, 5, N) uint8; lists (2, 1, capacity) int32; counts (2, 1) int32; masks, two of
    (actions,) int8, zeroed.
    """
    for player in range(2):
        observe_batch(rules, state, latent, player, planes[player])
        legal_batch(rules, codec, state, player, cells[0], cells[1], lists[player], counts[player])
        for i in range(counts[player, 0]):
            masks[player][lists[player, 0, i]] = 1
