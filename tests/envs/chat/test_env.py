"""The PettingZoo view of the chat game: conformance, turns, ends, and that the goal stays hidden."""

from __future__ import annotations

import numpy as np
import pytest
from pettingzoo.test import api_test, seed_test

import envs
from envs.chat import ChatConfig, Goal, draw_goals
from envs.chat.env import ChatEnv, EpisodeOverError, env
from envs.chat.turns import ChatTurns
from envs.chat.wording import MUSTS, TEMPLATES
from envs.testing import check_legality, check_no_goal_leak, check_parallel

SMALL = {"items": 8, "horizon": 12}


def goal_of(seed: int) -> Goal:
    return draw_goals(ChatConfig().schema, 1, np.random.default_rng(seed), domains=3)


@pytest.mark.parametrize("observe", ["act", "text", "both"])
def test_it_keeps_what_planners_rely_on(observe: str) -> None:
    check_parallel(lambda: ChatEnv(**SMALL, observe=observe), steps=24)


def test_legal_acts_are_legal() -> None:
    check_legality(lambda: ChatEnv(**SMALL, strict=True), steps=24)


@pytest.mark.parametrize("reward", ["final", "dense", "potential"])
def test_the_assistant_cannot_see_the_goal(reward: str) -> None:
    check_no_goal_leak(
        lambda goal: ChatEnv(**SMALL, reward=reward, observe="both", goals=lambda rng: goal),
        [goal_of(seed) for seed in range(4)],
        steps=40,
    )


def test_make_knows_it_and_the_user_opens() -> None:
    game = envs.make("chat-v0", domains=2, render_mode="ansi")
    observations, _ = game.reset(seed=0)
    assert observations["assistant"]["action_mask"].nonzero()[0].tolist() == [0]
    assert observations["user"]["wanted"].sum() == 2
    affirm = int(game.batch.acts.codecs[0].first[4])
    observations, *_ = game.step({"user": affirm + 4 * 512, "assistant": 0})
    assert observations["assistant"]["rating"] == 4
    game.step({"user": 0, "assistant": 1})
    assert game.render() == "user: affirm()  [4/5]\nassistant: close()\n(closed)"
    assert game.agents == []
    assert env(**SMALL).possible_agents == ["user", "assistant"]


def test_text_says_what_acts_mean_in_words_that_the_seed_chooses() -> None:
    texts = set()
    for seed in range(60):
        game = ChatEnv(observe="text", domains=1, goals=lambda rng: goal_of(0))
        game.reset(seed=seed)
        acts = game.batch.acts
        must = acts.flat(acts.parse(0, "inform(stay.area, north, must)"))
        observations, *_ = game.step({"user": must, "assistant": 0})
        assert "stated" not in observations["assistant"]
        texts.add(observations["assistant"]["text"])
    assert len(texts) > 5
    assert texts <= {
        template[0].upper() + template[1:]
        for template in (
            text.format(attribute="area", domain="stay", value="north", must=MUSTS[number])
            for number, text in enumerate(TEMPLATES["user"]["inform"])
        )
    }


def played(game: ChatTurns, acts: int, seed: int) -> list[tuple]:
    """Who acted, what they saw and earned, over some random acts."""
    rng, told = np.random.default_rng(seed), []
    for agent in game.agent_iter(acts):
        observation, reward, terminated, truncated, _ = game.last()
        legal = np.flatnonzero(observation["action_mask"])
        told.append((agent, legal.tolist(), reward, terminated, truncated, game.game.digest()))
        game.step(None if terminated or truncated else int(rng.choice(legal)))
    return told


@pytest.mark.filterwarnings("ignore::UserWarning")  # observations are dicts and agents have names
def test_turn_by_turn_nobody_is_asked_off_turn() -> None:
    game = env(**SMALL)
    api_test(game, num_cycles=60)
    seed_test(lambda: env(**SMALL), num_cycles=60)
    game.reset(seed=1)
    told = played(game, 200, seed=2)
    acting = [entry for entry in told if not (entry[3] or entry[4])]
    assert all(len(legal) > 1 for _, legal, *_ in acting)
    assert {agent for agent, *_ in told[-2:]} == {"user", "assistant"}
    assert game.agents == []
    with pytest.raises(EpisodeOverError, match="ended; call reset"):
        game.step(0)


def test_turn_by_turn_and_in_parallel_are_one_game() -> None:
    turns, parallel = env(**SMALL, reward="dense"), ChatEnv(**SMALL, reward="dense")
    turns.reset(seed=4)
    parallel.reset(seed=4)
    rng, earned = np.random.default_rng(5), 0.0
    while parallel.agents:
        agent = turns.agent_selection
        act = int(rng.choice(np.flatnonzero(turns.observe(agent)["action_mask"])))
        joint = {name: act if name == agent else 0 for name in parallel.possible_agents}
        _, rewards, *_ = parallel.step(joint)
        turns.step(act)
        earned += rewards["user"]
        assert turns.rewards == rewards
        np.testing.assert_array_equal(turns.state(), parallel.state())
    assert earned == pytest.approx(parallel.batch.utility()[0] - parallel.batch.state.cost[0], abs=1e-5)


def test_turn_by_turn_a_clone_and_a_restored_game_go_on_alike() -> None:
    game = env(**SMALL, reward="dense", drift=0.5)
    game.reset(seed=6)
    played(game, 3, seed=7)
    twin, moment = game.clone(), game.snapshot()
    wanted = played(game, 200, seed=8)
    assert played(twin, 200, seed=8) == wanted
    game.restore(moment)
    assert played(game, 200, seed=8) == wanted
    # The next episodes are the same, too.
    game.reset()
    twin.reset()
    assert game.game.digest() == twin.game.digest()
    assert played(game, 50, seed=9) == played(twin, 50, seed=9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domains": 4}, "domains is 4"),
        ({"item": 3}, "did you mean 'items'"),
        ({"reward": "none"}, "reward is 'none'"),
        ({"render_mode": "human"}, "render_mode is 'human'"),
    ],
)
def test_wrong_options_are_named(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChatEnv(**options)
