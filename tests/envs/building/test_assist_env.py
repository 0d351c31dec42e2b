"""The Gymnasium view: the assistant plays, a user model inside plays the user."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import envs
from envs.building import BuildingConfig, EpisodeOverError, IllegalActionError, State
from envs.building.actions import Codec, encode, triples
from envs.building.assist_env import AssistEnv
from envs.building.env import BuildingEnv
from envs.building.goals import Goals
from envs.building.legal import capacity, legal_batch
from envs.building.rules import compile_rules
from envs.building.world import USER, start_blocks


class RandomUser:
    """Plays random legal actions and keeps what it was told and what it did."""

    name = "random"

    def __init__(self, sees_goal: bool = True):
        self.sees_goal = sees_goal
        self.goals: np.ndarray | None = None
        self.seeds: list[int] = []
        self.played: list[int] = []

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        self.rules, self.codec, self.goals = compile_rules(config), Codec.of(config), goals
        self.seeds.append(int(seeds[0]))
        self.rng = np.random.default_rng(seeds[0])
        self.cells = np.empty((2, config.cells), np.int16)
        self.lists = np.empty((1, capacity(config)), np.int32)
        self.played = []

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        counts = np.zeros(1, np.int32)
        legal_batch(self.rules, self.codec, state, USER, self.cells[0], self.cells[1], self.lists, counts)
        chosen = self.rng.choice(self.lists[0, : counts[0]], 1)
        self.played.append(int(chosen[0]))
        return triples(self.codec, chosen)


class BadUser(RandomUser):
    """Gives actions that do not exist."""

    def __init__(self, actions: np.ndarray):
        super().__init__()
        self.actions = actions

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        return self.actions


class Posts:
    """A source of single blocks at random places."""

    name = "posts"

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        goals = np.stack([start_blocks((11, 10, 10))] * n)
        for goal in goals:
            goal[rng.integers(1, 10), 2, rng.integers(1, 9)] = 6
        return Goals(goals, ("post",) * n, self.name)


def make(**options: Any) -> AssistEnv:
    defaults: dict[str, Any] = {"user": RandomUser(), "goals": Posts(), "horizon": 20}
    return AssistEnv(**(defaults | options))


def play(game: AssistEnv, seed: int) -> list[tuple]:
    """An episode of random legal actions."""
    rng = np.random.default_rng(seed)
    observation, info = game.reset(seed=seed)
    results: list[tuple] = [(observation, info)]
    done = False
    while not done:
        result = game.step(int(rng.choice(np.flatnonzero(observation["action_mask"]))))
        observation, done = result[0], result[2] or result[3]
        results.append(result)
    return results


def test_the_environment_passes_gymnasiums_checker() -> None:
    options = {"user": RandomUser(), "goals": Posts(), "horizon": 20}
    gymnasium.register("assistance/Test-v0", "envs.building.assist_env:AssistEnv", kwargs=options)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(gymnasium.make("assistance/Test-v0", disable_env_checker=True).unwrapped)
    finally:
        del gymnasium.registry["assistance/Test-v0"]


def test_it_is_the_assistants_side_of_the_parallel_game() -> None:
    game, parallel = make(), BuildingEnv(Posts(), horizon=20)
    assert game.observation_space == parallel.observation_space("assistant")
    assert game.action_space == parallel.action_space("assistant")
    observation, info = game.reset(seed=3)
    observations, infos = parallel.reset(seed=3)
    rng = np.random.default_rng(0)
    while parallel.agents:
        np.testing.assert_equal(observation, observations["assistant"])
        assert info == infos["assistant"]
        action = int(rng.choice(np.flatnonzero(observation["action_mask"])))
        observation, reward, terminated, truncated, info = game.step(action)
        user = game.user.played[-1]  # type: ignore[attr-defined]
        observations, rewards, terminations, truncations, infos = parallel.step(
            {"user": user, "assistant": action}
        )
        assert reward == rewards["assistant"]
        assert (terminated, truncated) == (terminations["assistant"], truncations["assistant"])


def test_the_same_seed_gives_the_same_episode_with_the_same_user() -> None:
    first, second = play(make(), seed=1), play(make(), seed=1)
    np.testing.assert_equal(first, second)
    game = make()
    play(game, seed=0)
    np.testing.assert_equal(play(game, seed=1), first)


def test_the_user_gets_a_new_seed_in_every_episode() -> None:
    game = make()
    game.reset(seed=0)
    game.reset()
    game.reset(seed=0)
    seeds = game.user.seeds  # type: ignore[attr-defined]
    assert seeds[0] == seeds[2] != seeds[1]


def test_only_a_user_that_sees_the_goal_is_handed_it() -> None:
    knows, guesses = RandomUser(), RandomUser(sees_goal=False)
    for user in (knows, guesses):
        make(user=user).reset(seed=0)
    expected = Posts().draw(1, np.random.default_rng(np.random.SeedSequence(0).spawn(2)[0])).blocks
    assert knows.goals is not None
    assert (knows.goals == expected.reshape(1, -1)).all()
    assert guesses.goals is None


def test_pictures_for_the_assistant_do_not_depend_on_the_goal() -> None:
    game = make(render_mode="ansi")
    pictures, goals = set(), set()
    for seed in range(5):
        game.reset(seed=seed)
        pictures.add(game.render())
        goals.add(game.game.batch.latent.goal.tobytes())
    assert len(goals) > 1
    assert len(pictures) == 1


def test_the_user_does_not_act_when_the_assistants_action_is_refused() -> None:
    game = make(strict=True)
    game.reset(seed=0)
    with pytest.raises(IllegalActionError, match="assistant's action"):
        game.step(encode(game.game.batch.codec, 1, 0, 2))
    with pytest.raises(ValueError, match=r"assistant's action is 99999"):
        game.step(99999)
    assert game.user.played == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (np.zeros(3, np.int16), r"user 'random' gave actions of shape \(3,\); one world takes \(1, 3\)"),
        (np.array([[12, 0, 0]], np.int16), r"kind 12"),
    ],
)
def test_a_user_that_breaks_the_protocol_is_named(actions: np.ndarray, words: str) -> None:
    game = make(user=BadUser(actions))
    game.reset(seed=0)
    with pytest.raises(ValueError, match=words):
        game.step(0)


def test_a_step_outside_an_episode_is_refused() -> None:
    game = make(horizon=1)
    with pytest.raises(EpisodeOverError, match="no episode has begun"):
        game.step(0)
    game.reset(seed=0)
    game.step(0)
    with pytest.raises(EpisodeOverError, match="ended after 1 steps"):
        game.step(0)


def test_the_environment_is_made_by_its_name() -> None:
    game = envs.make("building-assist-v0", user=RandomUser(), goals=Posts(), horizon=5)
    assert isinstance(game, AssistEnv)
    assert game.config.horizon == 5
