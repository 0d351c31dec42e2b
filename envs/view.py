"""What the PettingZoo views of all games share: spaces, seeds, checks, and who is in play.

A game's view says what its agents may do and see; `GameView` refuses what is wrong in the same words for all,
starts the random streams, and hands out the results of a step.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Dict, Discrete
from pettingzoo import ParallelEnv

from .building import EpisodeOverError

Observation = dict[str, Any]
Infos = dict[str, dict[str, Any]]
Results = tuple[dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], Infos]
"""Observations, rewards, terminations, truncations and infos by agent."""


class GameView(ParallelEnv[str, Observation, int]):
    """A game as a `pettingzoo.ParallelEnv`; subclasses add `reset`, `step`, `_observations` and `_infos`."""

    def __init__(
        self,
        action_spaces: Mapping[str, Discrete],
        observation_spaces: Mapping[str, Dict],
        streams: int,
        render_mode: str | None,
    ):
        """Spaces by agent, in the order of agents; streams: how many generators a seed starts.

        ValueError for a render mode that the class's metadata does not list.
        """
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            choices = ["None", *map(repr, modes)]
            raise ValueError(
                f"render_mode is {render_mode!r}; choose {', '.join(choices[:-1])} or {choices[-1]}"
            )
        self.render_mode = render_mode
        self.possible_agents = list(action_spaces)
        self.agents: list[str] = []
        self._names = frozenset(action_spaces)
        self._action_spaces, self._observation_spaces = dict(action_spaces), dict(observation_spaces)
        self._stream_count = streams
        self._streams: Sequence[np.random.Generator] = ()

    def observation_space(self, agent: str) -> Dict:
        """The space of an agent's observations, always the same object."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Discrete:
        """The space of an agent's actions, always the same object."""
        return self._action_spaces[agent]

    def close(self) -> None:
        """Nothing to release."""

    def _observations(self) -> dict[str, Observation]:
        """What every agent sees now."""
        raise NotImplementedError

    def _infos(self) -> Infos:
        """What is not for policies to see."""
        raise NotImplementedError

    def _begin(self, seed: int | None) -> Sequence[np.random.Generator]:
        """Bring all agents into play; returns the streams, anew if there is a seed or no episode has begun.

        ValueError for others than integers of 0 or more.
        """
        if seed is not None or not self._streams:
            self._streams = seed_streams(seed, self._stream_count)
        return self._streams

    def _results(self, reward: float, terminated: bool, truncated: bool) -> Results:
        """The results of a step with the same reward for all; at the end nobody stays in play."""
        if terminated or truncated:
            self.agents = []
        names = self.possible_agents
        return (
            self._observations(),
            dict.fromkeys(names, reward),
            dict.fromkeys(names, terminated),
            dict.fromkeys(names, truncated),
            self._infos(),
        )

    def _stream_states(self) -> tuple[Mapping[str, Any], ...]:
        """States of the streams; empty before the first reset."""
        return tuple(stream.bit_generator.state for stream in self._streams)

    def _restore_streams(self, states: Sequence[Mapping[str, Any]]) -> None:
        self._streams = tuple(np.random.default_rng(0) for _ in states)
        for stream, state in zip(self._streams, states, strict=True):
            stream.bit_generator.state = state

    def _check_running(self, when: str = "") -> None:
        """EpisodeOverError when no episode is running; `when` says when it ended."""
        if not self.agents:
            what = f"the episode has ended{when}" if self._streams else "no episode has begun"
            raise EpisodeOverError(f"{what}; call reset before the next step")

    def _check_begun(self, call: str) -> None:
        """EpisodeOverError before the first episode."""
        if not self._streams:
            raise EpisodeOverError(f"no episode has begun; call reset before {call}")

    def _check_render(self) -> None:
        """ValueError without a render mode, EpisodeOverError before the first episode."""
        if self.render_mode is None:
            modes = " or ".join(f"render_mode={mode!r}" for mode in self.metadata["render_modes"])
            raise ValueError(f"render_mode is None; make the environment with {modes}")
        self._check_begun("render")

    def _check_names(self, actions: Mapping[str, int]) -> None:
        """ValueError unless there is one action for each agent."""
        if isinstance(actions, Mapping) and actions.keys() == self._names:
            return
        remedy = f"give one action for each of {', '.join(self.possible_agents)}"
        if not isinstance(actions, Mapping):
            raise ValueError(f"actions is {actions!r}; {remedy} in a dict")
        for name in actions:
            if name not in self._names:
                raise ValueError(f"actions names {name!r}, which is no agent of this game; {remedy}")
        missing = next(name for name in self.possible_agents if name not in actions)
        raise ValueError(f"actions has none for {missing!r}; {remedy}")

    def _check_index(self, agent: str, action: int) -> int:
        """An agent's action as an int; TypeError for what is none, ValueError for one that does not exist."""
        last = int(self._action_spaces[agent].n) - 1
        try:
            index = operator.index(action)
        except TypeError:
            kind = type(action).__name__
            raise TypeError(f"the {agent}'s action is {action!r} ({kind}); give an int 0..{last}") from None
        if not 0 <= index <= last:
            raise ValueError(f"the {agent}'s action is {index}; its actions are 0..{last}")
        return index


def seed_streams(seed: int | None, count: int) -> tuple[np.random.Generator, ...]:
    """The `count` streams that a seed starts; None: from entropy. ValueError for others than integers of 0 or
    more.
    """
    if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
        raise ValueError(
            f"seed is {seed!r}; give an integer of 0 or more, or None to go on without reseeding"
        )
    return tuple(np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(count))
