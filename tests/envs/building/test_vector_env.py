"""The vector view: many worlds of the assistant's game, each equal to `AssistEnv`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

import envs
from agents.users import make_user
from envs.building import BuildingConfig, EpisodeOverError, IllegalActionError, Player, State
from envs.building.actions import Codec, encode, triples
from envs.building.assist_env import AssistEnv
from envs.building.goals import Goals
from envs.building.legal import capacity, legal_batch
from envs.building.rules import compile_rules
from envs.building.vector_env import AssistVectorEnv
from envs.building.world import USER, start_blocks

SIZE = (6, 6, 6)


class Posts:
    """Goals of one to three blocks, so that episodes are completed at different times."""

    name = "posts"

    def __init__(self, block: int = 6):
        self.block = block

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        goals = np.stack([start_blocks(SIZE)] * n)
        for goal in goals:
            goal[2, 2 : 3 + rng.integers(3), 2] = self.block
        return Goals(goals, ("post",) * n, self.name)


OPTIONS: dict[str, Any] = {"goals": Posts(), "size": SIZE, "horizon": 30}


class RandomUser:
    """Plays random legal actions, each world with its own seed, and notes what it is told."""

    name = "random"
    sees_goal = False

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        assert goals is None
        self.rules, self.codec = compile_rules(config), Codec.of(config)
        self.rngs = [np.random.default_rng(seed) for seed in seeds]
        self.cells = np.empty((2, config.cells), np.int16)
        self.lists = np.empty((len(seeds), capacity(config)), np.int32)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        counts = np.zeros(len(self.rngs), np.int32)
        legal_batch(self.rules, self.codec, state, USER, self.cells[0], self.cells[1], self.lists, counts)
        chosen = np.zeros(len(counts), np.int64)
        for row in np.flatnonzero(active):
            chosen[row] = self.rngs[row].choice(self.lists[row, : counts[row]])
        return triples(self.codec, chosen)


class BadUser(RandomUser):
    """Gives actions that do not exist."""

    def __init__(self, actions: np.ndarray):
        self.actions = actions

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        return self.actions


def make(user: Player | None = None, num_envs: int = 5, **options: Any) -> AssistVectorEnv:
    return AssistVectorEnv(user or RandomUser(), num_envs, **(OPTIONS | options))


def make_singles(user: Player, num_envs: int = 5, **options: Any) -> SyncVectorEnv:
    """What the vector view has to equal: as many `AssistEnv`s in Gymnasium's own loop."""

    def single() -> AssistEnv:
        return AssistEnv(copy.deepcopy(user), **(OPTIONS | options))

    return SyncVectorEnv([single] * num_envs)


def play(game: VectorEnv, seed: int | list[int | None] | None, steps: int) -> Iterator[tuple]:
    """What `reset` and then `steps` steps of random legal actions return."""
    rng = np.random.default_rng(0)
    observations, infos = game.reset(seed=seed)  # type: ignore[arg-type]
    yield observations, infos
    for _ in range(steps):
        actions = np.array([rng.choice(np.flatnonzero(row)) for row in observations["action_mask"]])
        results = game.step(actions)
        observations = results[0]
        yield results


@pytest.mark.parametrize(
    ("user", "options"),
    [
        (make_user("bottom_up"), {"end_without_progress": 9}),
        (make_user("population"), {"assistant": {"start": "random"}, "end_without_progress": 9}),
        (RandomUser(), {"movement": "teleport", "strict": True}),
        (RandomUser(), {"blocks": "inventory", "size": (6, 6, 8), "goals": "generator"}),
    ],
)
def test_every_world_equals_the_single_environment_of_its_seed(user: Player, options: dict[str, Any]) -> None:
    vector, singles = make(user, **options), make_singles(user, **options)
    assert vector.single_observation_space == singles.single_observation_space
    assert vector.observation_space == singles.observation_space
    assert vector.action_space == singles.action_space
    for ours, theirs in zip(play(vector, 7, 75), play(singles, 7, 75), strict=True):
        np.testing.assert_equal(ours, theirs)
        assert ours[0] in vector.observation_space


def test_episodes_of_the_comparison_end_at_different_times() -> None:
    # Else the test above would not say that worlds reset themselves alone.
    results = list(play(make(make_user("bottom_up"), end_without_progress=9), 7, 75))[1:]
    ends = [terminations | truncations for _, _, terminations, truncations, _ in results]
    assert any(0 < end.sum() < 5 for end in ends)


def test_a_world_starts_anew_in_the_step_after_its_end() -> None:
    game = make(horizon=3)
    results = list(play(game, 0, 4))
    cuts = np.array([result[3] for result in results[1:]])
    np.testing.assert_array_equal(cuts[:, 0], [False, False, True, False])
    observations, rewards, _, _, infos = results[4]
    assert (observations["time"] == 0).all()
    assert (rewards == 0).all()
    assert infos == {}
    assert game.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


def test_seeds_are_counted_up_or_given_one_by_one() -> None:
    def after(game: AssistVectorEnv, seed: int | list[int | None]) -> np.ndarray:
        game.reset(seed=seed)  # type: ignore[arg-type]
        return game.batch.latent.goal.copy()

    game = make(num_envs=3)
    counted = after(game, 4)
    np.testing.assert_array_equal(after(game, [4, 5, 6]), counted)
    changed = after(game, [None, 5, 4])
    np.testing.assert_array_equal(changed[1:], counted[[1, 0]])
    with pytest.raises(ValueError, match="2 seeds for 3 worlds"):
        game.reset(seed=[1, 2])
    with pytest.raises(ValueError, match="seed is -1"):
        game.reset(seed=-1)


def test_streams_go_on_without_a_seed() -> None:
    goals = set()
    game = make(num_envs=1, goals="generator")
    for seed in (3, None, None, 3):
        game.reset(seed=seed)
        goals.add(game.batch.latent.goal.tobytes())
    assert len(goals) == 3


def test_observations_are_never_written_again() -> None:
    kept = [
        (result[0], {key: part.copy() for key, part in result[0].items()}) for result in play(make(), 0, 8)
    ]
    for observations, copies in kept:
        np.testing.assert_equal(observations, copies)


def test_the_goal_is_in_nothing_that_the_assistant_gets() -> None:
    first, second = (play(make(goals=goals, horizon=9), 3, 20) for goals in (Posts(), Posts(8)))
    for ours, theirs in zip(first, second, strict=True):
        assert "goal" not in ours[0]
        np.testing.assert_equal(ours[0], theirs[0])
        np.testing.assert_equal(ours[-1], theirs[-1])


def test_the_given_user_is_copied_and_not_played() -> None:
    user = RandomUser()
    make(user).reset(seed=0)
    assert not vars(user)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (np.zeros(4, int), r"shape \(4,\); give 5 ints"),
        (np.zeros(5), r"actions are float64"),
        (np.array([0, 0, 9999, 0, 0]), r"actions\[2\] is 9999; the actions of these worlds are 0\.\.2382"),
        (np.array([0, 0, 0, -1, 0]), r"actions\[3\] is -1"),
    ],
)
def test_wrong_actions_are_named(actions: np.ndarray, words: str) -> None:
    game = make()
    game.reset(seed=0)
    with pytest.raises(ValueError, match=words):
        game.step(actions)


def test_strict_worlds_refuse_what_is_not_legal_before_users_act() -> None:
    game = make(strict=True)
    game.reset(seed=0)
    before = game.batch.digest(1)
    actions = np.zeros(5, int)
    actions[1] = encode(game.batch.codec, 1, 0, 2)
    with pytest.raises(IllegalActionError, match=rf"actions\[1\] is {actions[1]}, not one of the"):
        game.step(actions)
    assert game.batch.digest(1) == before


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (np.zeros((1, 3), np.int16), r"user 'random' gave actions of shape \(1, 3\); 5 worlds take \(5, 3\)"),
        (np.full((5, 3), 12, np.int16), r"kind 12"),
    ],
)
def test_a_user_that_breaks_the_protocol_is_named(actions: np.ndarray, words: str) -> None:
    game = make(BadUser(actions))
    game.reset(seed=0)
    with pytest.raises(ValueError, match=words):
        game.step(np.zeros(5, int))


def test_a_step_before_the_first_reset_is_refused() -> None:
    with pytest.raises(EpisodeOverError, match="no episode has begun"):
        make().step(np.zeros(5, int))


def test_the_environment_is_made_by_its_name_and_by_gymnasiums() -> None:
    game = envs.make("building-assist-vector-v0", user=RandomUser(), num_envs=2, **OPTIONS)
    assert isinstance(game, AssistVectorEnv)
    assert game.num_envs == 2
    gymnasium.register(
        "assistance/Test-v0",
        vector_entry_point="envs.building.vector_env:AssistVectorEnv",
        kwargs={"user": RandomUser(), **OPTIONS},
    )
    try:
        game = gymnasium.make_vec("assistance/Test-v0", num_envs=3)  # type: ignore[assignment]
        assert (game.num_envs, game.config.horizon) == (3, 30)
    finally:
        del gymnasium.registry["assistance/Test-v0"]
