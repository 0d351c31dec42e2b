"""The PettingZoo view of the chat game: conformance, turns, ends, and that the goal stays hidden."""

from __future__ import annotations

import numpy as np
import pytest

import envs
from envs.chat import ChatConfig, Goal, draw_goals
from envs.chat.env import ChatEnv, env
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
