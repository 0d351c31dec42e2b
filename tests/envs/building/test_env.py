"""The PettingZoo view: spaces, viewpoints, rewards, ends, errors, and that the goal stays with the user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import envs
from envs.building import EpisodeOverError, IllegalActionError
from envs.building.actions import BREAK, NOOP, PLACE, decode, encode
from envs.building.env import BuildingEnv, env, parallel_env
from envs.building.goals import Goals
from envs.building.legal import mask
from envs.building.render import ansi
from envs.building.world import DEFAULT_SIZE, Size, cell_index, start_blocks
from envs.testing import check_legality, check_no_goal_leak, check_parallel

ROOT = Path(__file__).resolve().parents[3]
PLANKS = 6
MODES: list[dict[str, Any]] = [
    {},
    {"size": (7, 6, 9), "user": {"start": "random"}, "assistant": {"start": "random", "act_every": 2}},
    {"size": (6, 5, 6), "movement": "teleport"},
    {"size": (8, 6, 8), "blocks": "inventory"},
]
IDLE = {"user": 0, "assistant": 0}


class Fixed:
    """A source that always gives the same goal."""

    name = "fixed"

    def __init__(self, goal: np.ndarray):
        self.goal = goal

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        return Goals(np.repeat(self.goal[None], n, axis=0), ("house",) * n, self.name)


class Posts:
    """A source of posts, two blocks high, at random places."""

    name = "posts"

    def __init__(self, size: Size):
        self.size = size

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        at = rng.integers(1, np.subtract(self.size, 2), size=(n, 3))
        return Goals(
            np.stack([post(x, z, self.size) for x, _, z in at]),
            tuple(f"post {x} {z}" for x, _, z in at),
            "posts",
        )


def post(x: int, z: int, size: Size = DEFAULT_SIZE, height: int = 2) -> np.ndarray:
    """A goal with one post of planks."""
    goal = start_blocks(size)
    goal[x, 2 : 2 + height, z] = PLANKS
    return goal


def make(**options: Any) -> BuildingEnv:
    options.setdefault("goals", Posts(options.get("size", DEFAULT_SIZE)))
    options.setdefault("horizon", 30)
    return BuildingEnv(**options)


def flat(game: BuildingEnv, kind: int, at: tuple[int, int, int], block: int = 0) -> int:
    return encode(game.batch.codec, kind, cell_index(game.config.size, *at), block)


def choose(observations: dict[str, Any], rng: np.random.Generator) -> dict[str, int]:
    """A random legal action for each agent."""
    return {name: int(rng.choice(np.flatnonzero(seen["action_mask"]))) for name, seen in observations.items()}


# --- what agents see ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", MODES)
def test_observations_and_states_are_in_their_spaces(options: dict[str, Any]) -> None:
    game = make(**options)
    rng = np.random.default_rng(0)
    observations, _ = game.reset(seed=0)
    while game.agents:
        observations = game.step(choose(observations, rng))[0]
        for name in game.possible_agents:
            assert game.observation_space(name).contains(observations[name])
        assert game.state_space.contains(game.state())
    assert observations["user"]["time"] == 1


def test_each_agent_sees_the_world_from_its_own_viewpoint() -> None:
    game = make(goals=Fixed(post(1, 1)), horizon=10)
    game.reset(seed=0)
    game.step({"user": flat(game, PLACE, (1, 2, 1), PLANKS), "assistant": NOOP})
    observations = game.step(IDLE)[0]
    for name, user, assistant in (("user", 1, 2), ("assistant", 2, 1)):
        seen = observations[name]
        assert seen["blocks"][1, 2, 1] == PLANKS
        assert (seen["touched"][1, 2, 1], seen["age"][1, 2, 1]) == (user, 2)
        assert np.count_nonzero(seen["touched"]) == np.count_nonzero(seen["age"] != 255) == 1
        assert np.argwhere(seen["players"] == user).tolist() == [[0, 2, 0], [0, 3, 0]]
        assert np.argwhere(seen["players"] == assistant).tolist() == [[10, 2, 9], [10, 3, 9]]
        assert seen["time"] == np.float32(0.2)
    assert (observations["user"]["goal"] == post(1, 1)).all()


@pytest.mark.parametrize("options", MODES)
def test_masks_are_the_legal_lists(options: dict[str, Any]) -> None:
    game = make(**options)
    rng = np.random.default_rng(1)
    observations, _ = game.reset(seed=1)
    for _ in range(20):
        for player, name in enumerate(game.agents):
            expected = mask(*game.batch.legal(player), game.batch.codec.size)[0]
            assert (observations[name]["action_mask"] == expected).all()
        observations = game.step(choose(observations, rng))[0]


def test_inventory_counts_add_up_the_slots_of_a_block() -> None:
    game = make(blocks="inventory")
    game.reset(seed=0)
    game.batch.state.inventory[0, 1, :3] = [[PLANKS, 64], [PLANKS, 5], [9, 1]]
    observations = game.restore(game.snapshot())
    assert observations["assistant"]["inventory"].tolist() == [0, 0, 0, 0, 0, 0, 69, 0, 0, 1]
    assert not observations["user"]["inventory"].any()


# --- the goal stays with the user ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", MODES)
def test_the_goal_reaches_the_assistant_through_nothing_public(options: dict[str, Any]) -> None:
    size = options.get("size", DEFAULT_SIZE)
    goals = [post(1, 1, size), post(3, 2, size), post(2, 4, size, height=1)]
    check_no_goal_leak(lambda goal: make(**(options | {"goals": Fixed(goal)})), goals, steps=30)


def test_the_assistant_has_no_goal_key_and_no_memory_of_the_users() -> None:
    game = make()
    observations, infos = game.reset(seed=0)
    assert set(observations["user"]) - set(observations["assistant"]) == {"goal"}
    assert infos["assistant"] == {}
    infos = game.step(IDLE)[-1]
    assert set(infos["assistant"]) == {"effective"}
    bases = [array if array.base is None else array.base for array in observations["assistant"].values()]
    assert not any(np.shares_memory(observations["user"]["goal"], base) for base in bases)


# --- rewards and ends ---------------------------------------------------------------------------------------


def test_both_agents_get_the_sum_of_both_parts() -> None:
    game = make(goals=Fixed(post(1, 1)))
    game.reset(seed=0)
    right = flat(game, PLACE, (1, 2, 1), PLANKS)
    dirt_to_keep = flat(game, BREAK, (9, 1, 9))
    _, rewards, _, _, infos = game.step({"user": right, "assistant": NOOP})
    assert rewards == {"user": 1.0, "assistant": 1.0}
    assert infos["user"] == {"effective": PLACE, "own_reward": 1.0, "goal_percent": 50.0}
    _, rewards, _, _, infos = game.step({"user": NOOP, "assistant": dirt_to_keep})
    assert rewards == {"user": -1.0, "assistant": -1.0}
    assert infos == {
        "user": {"effective": NOOP, "own_reward": 0.0, "goal_percent": 0.0},
        "assistant": {"effective": BREAK},
    }


def test_completion_terminates_both_agents() -> None:
    game = make(goals=Fixed(post(1, 1, height=1)))
    game.reset(seed=0)
    _, _, terminations, truncations, infos = game.step(
        {"user": flat(game, PLACE, (1, 2, 1), PLANKS), "assistant": 0}
    )
    assert terminations == {"user": True, "assistant": True}
    assert truncations == {"user": False, "assistant": False}
    assert infos["user"]["goal_percent"] == 100
    assert game.agents == []
    with pytest.raises(EpisodeOverError, match=r"ended after 1 steps; call reset"):
        game.step(IDLE)


def test_the_horizon_truncates_and_a_reset_begins_again() -> None:
    game = make(horizon=3)
    game.reset(seed=0)
    ends = [game.step(IDLE)[2:4] for _ in range(3)]
    no, yes = {"user": False, "assistant": False}, {"user": True, "assistant": True}
    assert ends == [(no, no), (no, no), (no, yes)]
    assert game.agents == []
    game.reset()
    assert game.agents == ["user", "assistant"]


# --- seeds --------------------------------------------------------------------------------------------------


def test_goals_do_not_depend_on_what_else_is_random() -> None:
    random_start = {"start": "random"}
    games = make(), make(user=random_start, assistant=random_start)
    for seed in range(3):
        first, second = (game.reset(seed=seed)[0]["user"] for game in games)
        assert (first["goal"] == second["goal"]).all()
        assert (first["players"] != second["players"]).any()


def test_a_reset_without_a_seed_goes_on_with_the_streams() -> None:
    games = make(), make()
    houses = []
    for game in games:
        game.reset(seed=5)
        houses.append([game.reset()[1]["user"]["house"] for _ in range(8)])
    assert houses[0] == houses[1]
    assert len(set(houses[0])) > 1


def test_the_default_goals_are_houses_that_fit() -> None:
    game = BuildingEnv(size=(9, 8, 7))
    observations, infos = game.reset(seed=0)
    goal = observations["user"]["goal"]
    assert goal.shape == (9, 8, 7)
    assert np.count_nonzero(goal[1:-1, 2:, 1:-1]) > 5
    assert infos["user"]["house"]


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "error", "words"),
    [
        ({"user": 12107, "assistant": 0}, ValueError, r"user's action is 12107; .* 0\.\.12106"),
        ({"user": 0, "assistant": -1}, ValueError, r"assistant's action is -1; .* 0\.\.12106"),
        (
            {"user": 1.0, "assistant": 0},
            TypeError,
            r"user's action is 1\.0 \(float\); give an int 0\.\.12106",
        ),
        ({"user": 0, "assistant": None}, TypeError, r"assistant's action is None"),
        ({"user": 0, "assistant": np.zeros(2, int)}, TypeError, r"assistant's action is array"),
        ({"user": 0}, ValueError, r"none for 'assistant'; give one action for each of user, assistant"),
        ({"user": 0, "assistant": 0, "helper": 0}, ValueError, r"'helper', which is no agent"),
        ([0, 0], ValueError, r"actions is \[0, 0\]; give .* in a dict"),
    ],
)
def test_a_wrong_action_is_named_with_its_remedy(actions: Any, error: type[Exception], words: str) -> None:
    game = make()
    game.reset(seed=0)
    before = game.digest()
    with pytest.raises(error, match=words):
        game.step(actions)
    assert game.digest() == before


def test_a_step_before_the_first_reset_is_refused() -> None:
    with pytest.raises(EpisodeOverError, match="no episode has begun; call reset"):
        make().step(IDLE)


@pytest.mark.parametrize("seed", [-1, 0.5, "0"])
def test_a_wrong_seed_is_named(seed: Any) -> None:
    with pytest.raises(ValueError, match=r"seed is .* integer of 0 or more"):
        make().reset(seed=seed)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"render_mode": "human"}, "render_mode is 'human'; choose None, 'ansi' or 'rgb_array'"),
        ({"horizont": 10}, "did you mean 'horizon'"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BuildingEnv(**options)


def test_goals_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        make(goals=Posts((7, 7, 7))).reset(seed=0)


def test_strict_refuses_what_the_mask_excludes() -> None:
    bury = {"user": 0, "assistant": flat(make(), PLACE, (1, 2, 1), PLANKS)}
    game = make()
    game.reset(seed=0)
    assert game.step(bury)[-1]["assistant"]["effective"] == NOOP
    game = make(strict=True)
    game.reset(seed=0)
    with pytest.raises(
        IllegalActionError, match=r"place planks at \(1, 2, 1\)\) is not one of .* action_mask is 1"
    ):
        game.step(bury)


def test_strict_judges_by_the_restored_moment() -> None:
    game = make(strict=True)
    game.reset(seed=0)
    moment = game.snapshot()
    place = {"user": flat(game, PLACE, (1, 2, 1), PLANKS), "assistant": 0}
    game.step(place)
    with pytest.raises(IllegalActionError):
        game.step(place)
    game.restore(moment)
    game.step(place)


# --- pictures -----------------------------------------------------------------------------------------------


def test_pictures_show_the_goal_unless_asked_not_to() -> None:
    game = make(goals=Fixed(post(3, 3)), render_mode="ansi")
    game.reset(seed=0)
    feet = game.batch.state.feet[0]
    assert game.render() == ansi(start_blocks(DEFAULT_SIZE), feet=feet, goal=post(3, 3))
    assert game.render(goal=False) == ansi(start_blocks(DEFAULT_SIZE), feet=feet)


def test_pictures_are_pixels_or_refused() -> None:
    game = make(render_mode="rgb_array")
    with pytest.raises(EpisodeOverError, match="call reset"):
        game.render()
    game.reset(seed=0)
    picture = game.render()
    assert isinstance(picture, np.ndarray)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    with pytest.raises(ValueError, match="render_mode is None; make"):
        make().render()


# --- conformance and names ----------------------------------------------------------------------------------


def takes_effect(game: BuildingEnv, action: int, effective: int) -> bool:
    """Legal edits must happen. Moves and gives have simpler lists than rules, as in MBAG."""
    kind = decode(game.batch.codec, action)[0]
    return kind not in (PLACE, BREAK) or effective == kind


@pytest.mark.parametrize("options", MODES)
def test_the_game_conforms(options: dict[str, Any]) -> None:
    check_parallel(lambda: make(**options), episodes=1, steps=25)


@pytest.mark.parametrize("options", MODES)
def test_legal_edits_take_effect(options: dict[str, Any]) -> None:
    codec_of = make(**options)
    check_legality(
        lambda: make(**options, strict=True),
        episodes=1,
        steps=20,
        takes_effect=lambda _, action, info: takes_effect(codec_of, action, info["effective"]),
    )


def test_a_clone_goes_on_with_the_same_houses() -> None:
    game = make()
    game.reset(seed=0)
    clone = game.clone()
    assert [game.reset()[1] for _ in range(3)] == [clone.reset()[1] for _ in range(3)]


def test_agents_can_choose_one_after_the_other() -> None:
    game = env(goals=Fixed(post(1, 1)), horizon=2)
    game.reset(seed=0)
    order = []
    for name in game.agent_iter():
        _, _, terminated, truncated, _ = game.last()
        order.append(name)
        game.step(None if terminated or truncated else 0)
    assert order[:4] == ["user", "assistant"] * 2
    assert sorted(order[4:]) == ["assistant", "user"]  # each is told that it is over


def test_the_game_is_made_by_its_name() -> None:
    made = envs.make("building-v0", horizon=7)
    assert isinstance(made, parallel_env)
    assert made.config.horizon == 7
    assert {spec.id for spec in envs.specs()} >= {"building-v0", "building-assist-v0"}


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"'bulding-v0' \(did you mean 'building-v0'\?\); the ids are building-v0"
    ):
        envs.make("bulding-v0")


def test_importing_envs_loads_no_game() -> None:
    code = "import sys, envs; sys.exit(sorted({'numpy', 'numba', 'gymnasium'} & set(sys.modules)) or None)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True)
