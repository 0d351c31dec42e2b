"""The conformance checks find what they should: a small sound game passes, each broken copy of it fails."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete
from pettingzoo import ParallelEnv

from envs.testing import (
    check_api,
    check_branching,
    check_legality,
    check_no_goal_leak,
    check_observations_last,
    check_parallel,
    check_seeding,
    difference,
)

PASS, NUMBERS, FORBIDDEN = 0, (1, 2, 3), 4


class Guess(ParallelEnv):
    """The user knows a number, both say numbers, and each right one earns 1. Eight steps."""

    metadata = {"name": "guess_v0"}  # noqa: RUF012
    render_mode = None

    def __init__(self, goal: int | None = None):
        self.possible_agents = ["user", "assistant"]
        self.agents: list[str] = []
        self.fixed, self.goal, self.clock = goal, 0, 0
        self.said = np.zeros(2, np.uint8)
        self.rng = np.random.default_rng(0)
        said, mask = Box(0, 9, (2,), np.uint8), Box(0, 1, (5,), np.int8)
        self._spaces = {
            "user": Dict({"goal": Box(0, 3, (1,), np.uint8), "said": said, "action_mask": mask}),
            "assistant": Dict({"said": said, "action_mask": mask}),
        }
        self._actions: dict[str, Discrete] = {agent: Discrete(5) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Dict:
        return self._spaces[agent]

    def action_space(self, agent: str) -> Discrete:
        return self._actions[agent]

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        drawn = int(self.rng.choice(NUMBERS))
        self.goal, self.clock = self.fixed or drawn, 0
        self.said = np.zeros(2, np.uint8)
        self.agents = list(self.possible_agents)
        return self.observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        self.said = np.array([actions[agent] % FORBIDDEN for agent in self.possible_agents], np.uint8)
        self.clock += 1
        reward = float(np.count_nonzero(self.said == self.goal))
        if self.clock == 8:
            self.agents = []
        return (
            self.observations(),
            dict.fromkeys(self.possible_agents, reward),
            dict.fromkeys(self.possible_agents, False),
            dict.fromkeys(self.possible_agents, not self.agents),
            {agent: self.info(agent, actions[agent]) for agent in self.possible_agents},
        )

    def observations(self) -> dict[str, dict[str, np.ndarray]]:
        mask = np.array([1, 1, 1, 1, 0], np.int8)
        return {
            "user": {"goal": np.array([self.goal], np.uint8), "said": self.said.copy(), "action_mask": mask},
            "assistant": {"said": self.said.copy(), "action_mask": mask.copy()},
        }

    def info(self, agent: str, action: int) -> dict[str, Any]:
        return {"said": action % FORBIDDEN}

    def render(self) -> None:
        """Nothing to see."""

    def state(self) -> np.ndarray:
        return np.array([*self.said, self.clock], np.uint8)

    def digest(self) -> str:
        return self.state().tobytes().hex()

    def snapshot(self) -> Any:
        return copy.deepcopy((self.goal, self.clock, self.said, self.rng, self.agents))

    def restore(self, snapshot: Any) -> None:
        self.goal, self.clock, self.said, self.rng, self.agents = copy.deepcopy(snapshot)

    def clone(self) -> Guess:
        other = type(self)(self.fixed)
        other.restore(self.snapshot())
        return other


class Unseeded(Guess):
    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        return super().reset()


class Remembers(Guess):
    """What was said in the last episode is still there in the next."""

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        said = self.said
        super().reset(seed)
        self.said = said
        return self.observations(), {agent: {} for agent in self.agents}


class ReusesBuffers(Guess):
    buffer = np.zeros(2, np.uint8)

    def observations(self) -> dict[str, dict[str, np.ndarray]]:
        self.buffer[:] = self.said
        observations = super().observations()
        observations["assistant"]["said"] = self.buffer
        return observations


class RaisesOnLegal(Guess):
    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        if actions["assistant"] == 3:
            raise RuntimeError("three is a crowd")
        return super().step(actions)


class ForgetsItsStream(Guess):
    def restore(self, snapshot: Any) -> None:
        rng = self.rng
        super().restore(snapshot)
        self.rng = rng


class ForgetsItsClock(Guess):
    def restore(self, snapshot: Any) -> None:
        clock = self.clock
        super().restore(snapshot)
        self.clock = clock

    def clone(self) -> Guess:
        other = super().clone()
        other.clock = self.clock
        return other


class SharesWithItsClone(Guess):
    def clone(self) -> Guess:
        other = super().clone()
        other.rng = self.rng
        return other


class LeaksInObservation(Guess):
    def observations(self) -> dict[str, dict[str, np.ndarray]]:
        observations = super().observations()
        observations["assistant"]["said"][0] += self.goal if self.clock == 2 else 0
        return observations


class LeaksInInfo(Guess):
    def info(self, agent: str, action: int) -> dict[str, Any]:
        return {"right": action == self.goal}


class LeaksInState(Guess):
    def state(self) -> np.ndarray:
        return np.array([*self.said, self.clock, self.goal], np.uint8)


class HidesTheGoalFromAll(Guess):
    def observations(self) -> dict[str, dict[str, np.ndarray]]:
        observations = super().observations()
        observations["user"]["goal"][:] = 0
        return observations


class OutOfItsSpace(Guess):
    def observations(self) -> dict[str, dict[str, np.ndarray]]:
        observations = super().observations()
        observations["assistant"]["said"] = np.full(2, 77, np.uint8)
        return observations


class WarnsPettingZoo(Guess):
    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        *results, infos = super().step(actions)
        del infos["assistant"]
        return (*results, infos)  # type: ignore[return-value]


def test_a_sound_game_passes_every_check() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_parallel(Guess, takes_effect=lambda _, action, info: info["said"] == action)
        check_no_goal_leak(Guess, NUMBERS)


@pytest.mark.parametrize(
    ("check", "broken", "words"),
    [
        (check_api, OutOfItsSpace, r"^API: pettingzoo's api_test raises AssertionError: Out of bounds"),
        (
            check_api,
            WarnsPettingZoo,
            r"^API: pettingzoo's parallel_api_test warns: Live agent was not given info",
        ),
        (
            check_seeding,
            Unseeded,
            r"^seeding: reset\(seed=\d\): .*\['goal'\]\[0\] is \d in a new game and \d in one that has",
        ),
        (
            check_seeding,
            Remembers,
            r"^seeding: .*\['said'\].* in a new game and \d in one that has played before",
        ),
        (
            check_observations_last,
            ReusesBuffers,
            r"^lasting observations: result \d+ of episode 0: .*\['said'\]",
        ),
        (
            check_legality,
            RaisesOnLegal,
            r"^legality: reset\(seed=0\), step \d+: assistant's action 3 raises RuntimeError: three is",
        ),
        (check_branching, ForgetsItsStream, r"^branching: the reset after the branch: .* in the clone"),
        (
            check_branching,
            ForgetsItsClock,
            r"^branching: digest and state: .* in the snapshot and .* in the restored game",
        ),
        (check_branching, SharesWithItsClone, r"^branching: the reset after the branch: .* in the clone"),
    ],
)
def test_a_broken_game_fails_its_check(check: Callable[..., None], broken: type[Guess], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check(broken, episodes=3) if check is not check_api else check(broken)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            LeaksInObservation,
            r"^no goal leak: 2 steps after reset\(seed=0\), the assistant's observation: .*\['said'\]",
        ),
        (LeaksInInfo, r"the assistant's info: result\['right'\] is (True|False) in the game with goal 0"),
        (LeaksInState, r"the public digest and state: .* the one with goal 1"),
        (HidesTheGoalFromAll, r"goals 0 and 1 look the same to every agent"),
    ],
)
def test_a_leak_is_found_and_located(broken: type[Guess], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_no_goal_leak(broken, NUMBERS)


def test_legal_actions_without_effect_are_found() -> None:
    with pytest.raises(AssertionError, match=r"action 2 takes no effect; its info is {'said': 2}"):
        check_legality(Guess, takes_effect=lambda _, action, info: action != 2)


def test_a_leak_cannot_be_found_with_one_goal() -> None:
    with pytest.raises(ValueError, match="goals has 1 entries; give two or more"):
        check_no_goal_leak(Guess, [1])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"a": [1, 2.0]}, {"a": [1, 2.0]}, None),
        (float("nan"), float("nan"), None),
        (np.array([np.nan]), np.array([np.nan]), None),
        ({"a": (1, 2)}, {"a": (1, 3)}, ("['a'][1]", "2", "3")),
        ({"a": 1}, {"b": 1}, (".keys()", "['a']", "['b']")),
        ([1], [1, 2], (" length", "1", "2")),
        (1, 1.0, ("", "1", "1.0")),
        (np.zeros((2, 2)), np.array([[0, 0], [5, 0]], float), ("[1, 0]", "0.0", "5.0")),
        (np.array(0.0), np.array(-0.0), ("[]", "0.0", "-0.0")),
        (np.zeros(2), np.zeros(2, np.int8), ("", "an array (2,) float64", "an array (2,) int8")),
    ],
)
def test_differences_are_located(first: Any, second: Any, expected: tuple[str, str, str] | None) -> None:
    assert difference(first, second) == expected
