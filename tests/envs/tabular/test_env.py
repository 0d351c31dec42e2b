"""The PettingZoo view: conformance, turns, a simulated user, ends, errors, and that the goal stays hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import envs
from envs.building import EpisodeOverError, IllegalActionError
from envs.tabular import GAMES, TabularGame, make_game
from envs.tabular.env import TabularEnv, env, parallel_env
from envs.testing import check_legality, check_no_goal_leak, check_parallel

KNOWN = {name: make_game(name) for name in GAMES}


def with_goal(game: TabularGame, goal: int) -> TabularGame:
    """The game with a certain goal."""
    return replace(game, prior=np.eye(len(game.goals))[goal])


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("simulate_user", [False, True])
def test_every_game_keeps_what_planners_rely_on(name: str, simulate_user: bool) -> None:
    check_parallel(lambda: TabularEnv(KNOWN[name], simulate_user, max_steps=12), steps=24)
    check_legality(lambda: TabularEnv(KNOWN[name], simulate_user, max_steps=12, strict=True), steps=24)


@pytest.mark.parametrize("name", GAMES)
def test_the_assistant_cannot_see_the_goal(name: str) -> None:
    game = KNOWN[name]
    check_no_goal_leak(
        lambda goal: TabularEnv(with_goal(game, goal), max_steps=12), range(len(game.goals)), steps=24
    )


def test_make_knows_the_games_by_name() -> None:
    made = envs.make("tabular-v0", game="tiger", accuracy=1.0, max_steps=5)
    assert isinstance(made, parallel_env)
    assert made.game.name == "tiger"
    assert env(game="tiger").possible_agents == ["user", "assistant"]


def test_a_turn_based_step_takes_two_and_the_user_sees_what_it_answers() -> None:
    game = TabularEnv("clarification")
    a, h = len(game.game.assistant_actions), len(game.game.user_actions)
    observations, infos = game.reset(seed=0)
    goal = observations["user"]["goal"]
    assert infos == {"user": {"goal": game.game.goals[goal]}, "assistant": {}}
    assert observations["user"]["action_mask"].sum() == 1
    ask = game.game.assistant_actions.index("ask")
    observations, rewards, *_ = game.step({"user": 0, "assistant": ask})
    assert rewards == {"user": 0, "assistant": 0}
    assert (observations["user"]["assistant_action"], observations["user"]["user_action"]) == (ask, h)
    assert observations["assistant"]["action_mask"].tolist() == [1] + [0] * (a - 1)
    thing = game.game.user_actions.index(game.game.goals[goal])
    observations, rewards, *_ = game.step({"user": thing, "assistant": 0})
    assert rewards == {"user": -0.2, "assistant": -0.2}
    assert observations["assistant"]["user_action"] == thing
    assert observations["assistant"]["time"] == 0.5
    named = game.game.assistant_actions.index(game.game.goals[goal])
    game.step({"user": 0, "assistant": named})
    _, rewards, terminations, truncations, _ = game.step({"user": 0, "assistant": 0})
    assert rewards["assistant"] == 1
    assert terminations["assistant"]
    assert not truncations["assistant"]


def test_a_simulated_user_follows_its_policy() -> None:
    game = TabularEnv("tiger", simulate_user=True, max_steps=1000)
    assert game.possible_agents == ["assistant"]
    goal_right = 0
    heard = []
    ask = game.game.assistant_actions.index("ask")
    for seed in range(40):
        game.reset(seed=seed)
        doors = [game.step({"assistant": ask})[0]["assistant"]["user_action"] for _ in range(40)]
        common = np.bincount(doors).argmax()
        goal_right += int(game.game.user_actions[common] == "right")
        heard.append(np.mean(np.array(doors) == common))
    assert np.mean(heard) == pytest.approx(0.85, abs=0.02)
    assert 10 < goal_right < 30


def test_a_new_goal_is_drawn_when_the_game_says_so() -> None:
    game = TabularEnv("tiger", max_steps=200)
    observations, _ = game.reset(seed=1)
    goals = []
    opened = game.game.assistant_actions.index("open left")
    while game.agents:
        goals.append(int(observations["user"]["goal"]))
        game.step({"user": 0, "assistant": opened})
        observations, rewards, *_ = game.step({"user": 0, "assistant": 0})
        assert rewards["user"] == (10 if goals[-1] == 0 else -100)
    assert 60 < sum(goals) < 140


def test_episodes_end_by_the_rules_or_at_the_limit() -> None:
    game = TabularEnv("line_build", n=2, max_steps=3)
    game.reset(seed=0)
    for step in range(3):
        _, _, terminations, truncations, _ = game.step({"user": 0, "assistant": 0})
        assert not terminations["user"]
        assert truncations["user"] == (step == 2)
    with pytest.raises(EpisodeOverError, match="the episode has ended; call reset"):
        game.step({"user": 0, "assistant": 0})


def test_illegal_actions_become_the_first_legal_one_or_an_error() -> None:
    pie = KNOWN["wormy_apples"].assistant_actions.index("make pie")
    game = TabularEnv("wormy_apples")
    game.reset(seed=0)
    observations = game.step({"user": 0, "assistant": pie})[0]
    assert observations["assistant"]["assistant_action"] == 0
    game = TabularEnv("wormy_apples", strict=True)
    game.reset(seed=0)
    with pytest.raises(IllegalActionError, match=r"assistant's action 3 \(make pie\) is not legal now"):
        game.step({"user": 0, "assistant": pie})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"game": "tigre"}, "did you mean 'tiger'"),
        ({"game": "tiger", "colour": 1}, "no setting 'colour'"),
        ({"game": KNOWN["tiger"], "accuracy": 1.0}, "settings accuracy go with a game's name"),
        ({"game": "mini_chef", "user": "best", "simulate_user": True}, "mini_chef has no policy"),
        ({"render_mode": "human"}, "render_mode is 'human'"),
        ({"max_steps": 0}, "max_steps is 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TabularEnv(**options)


@pytest.mark.parametrize(
    ("actions", "error", "message"),
    [
        ({"user": 0}, ValueError, "give one action for each of user, assistant"),
        ([0, 0], ValueError, "give one action for each"),
        ({"user": 0, "assistant": 99}, ValueError, r"assistant's action is 99; its actions are 0\.\.5"),
        ({"user": "wait", "assistant": 0}, TypeError, "user's action is 'wait'"),
    ],
)
def test_wrong_actions_are_named(actions: Any, error: type[Exception], message: str) -> None:
    game = TabularEnv("wormy_apples")
    game.reset(seed=0)
    with pytest.raises(error, match=message):
        game.step(actions)


def test_nothing_works_before_reset() -> None:
    game = TabularEnv("tiger", render_mode="ansi")
    for call in (game.state, game.render, lambda: game.step({"user": 0, "assistant": 0})):
        with pytest.raises(EpisodeOverError, match="no episode has begun"):
            call()
    with pytest.raises(ValueError, match="seed is -1"):
        game.reset(seed=-1)


def test_render_says_what_was_done_but_not_the_goal() -> None:
    game = TabularEnv("red_blue", render_mode="ansi")
    game.reset(seed=0)
    assert game.render() == "step 0: assistant -, user -: user start, assistant nothing"
    game.step({"user": 0, "assistant": game.game.assistant_actions.index("blue")})
    assert game.render() == "step 1: assistant blue, user wait: user fork, assistant blue"
    with pytest.raises(ValueError, match="render_mode is None"):
        TabularEnv("tiger").render()
