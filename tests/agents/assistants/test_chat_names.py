"""Assistants of the chat game by name: all play legally, and none but the oracle depends on the goal."""

from __future__ import annotations

import numpy as np
import pytest

from agents.assistants.chat import NAMES, ChatAssistant, ChatContext, named
from agents.assistants.chat.model import ModelOptions
from agents.assistants.chat.oracle import Oracle
from agents.users.chat import PRESETS, ChatUser
from envs.chat import CONCIERGE, Catalogue, ChatBatch, ChatConfig, Goal, draw_catalogues, draw_goals
from envs.chat.acts import OFFER
from envs.chat.state import LEFT
from planners.options import SearchOptions

CONFIG = ChatConfig(items=8, horizon=24, strict=True)
CONTEXT = ChatContext(
    search=SearchOptions(simulations=4, discount=1.0), model=ModelOptions(particles=4, rollouts=1)
)
GAMES = 4


def drawn(seed: int, wanted: np.ndarray | None = None, persona: str = "realistic") -> Goal:
    """Goals of the same domains, if given, and always of one persona."""
    rng = np.random.default_rng(seed)
    found = draw_goals(CONCIERGE, GAMES, rng, [PRESETS[persona]] * GAMES)
    if wanted is not None:
        found.wanted[:] = wanted
    return found


def catalogues() -> Catalogue:
    return draw_catalogues(CONCIERGE, GAMES, CONFIG.items, np.random.default_rng(3))


def play(assistant: ChatAssistant, goals: Goal, said: np.ndarray | None = None) -> ChatBatch:
    """Dialogues with users of these goals, or with users who say what is in logs (B, T, 3)."""
    batch, user, seeds = ChatBatch(GAMES, CONFIG), ChatUser(), np.arange(GAMES)
    batch.reset(goals, catalogues())
    user.reset(batch.rules, seeds)
    assistant.reset(CONFIG, seeds)
    if isinstance(assistant, Oracle):
        assistant.look(batch.latent.goal, batch.catalogue)
    while not batch.done.all():
        acts, ratings = user.act(batch.state, batch.latent.goal, batch.latent.mind)
        if said is not None:
            acts, ratings = said[np.arange(GAMES), batch.state.clock][:, 1:].T
        users = batch.state.speaker == 0
        batch.step(np.where(users, acts, assistant.act(batch.state)), np.where(users, ratings, 0))
    return batch


@pytest.mark.parametrize("name", NAMES)
def test_every_name_plays_legal_acts_and_equal_seeds_equal_dialogues(name: str) -> None:
    assistant = named(name, CONTEXT)
    assert assistant.name == name
    first = play(assistant, drawn(1))
    again = play(named(name, CONTEXT), drawn(1))
    assert (first.state.log == again.state.log).all()
    if name not in ("policy", "information_gain"):
        assert (first.state.booked >= 0).any()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "oracle"])
def test_an_assistant_does_the_same_whatever_the_goal_if_the_user_says_the_same(name: str) -> None:
    mine = drawn(1)
    heard = play(named(name, CONTEXT), mine)
    others = drawn(2, mine.wanted)
    assert (others.ideal != mine.ideal).any()
    again = play(named(name, CONTEXT), others, heard.state.log)
    assert (heard.state.log[..., 0] == again.state.log[..., 0]).all()


def test_the_oracle_is_the_only_one_that_asks_for_goals() -> None:
    shown = [name for name in NAMES if hasattr(named(name, CONTEXT), "look")]
    assert shown == ["oracle"]
    oracle = Oracle()
    oracle.reset(CONFIG, np.arange(GAMES))
    with pytest.raises(ValueError, match=r"call look\(goal, catalogue\)"):
        oracle.act(ChatBatch(GAMES, CONFIG).state)


def test_the_oracle_books_nearly_the_best_and_offers_only_where_users_might_leave() -> None:
    calm = play(Oracle(), drawn(1, persona="easy"))
    stayed = calm.state.ended != LEFT
    assert stayed.any()
    assert calm.utility()[stayed].min() > 0.85
    kinds = np.searchsorted(calm.rules.assistant.first, calm.state.log[..., 0], side="right") - 1
    assert not (kinds == OFFER).any(), "an easy user is offered nothing"
    restless = play(Oracle(), drawn(1, persona="impatient"))
    kinds = np.searchsorted(restless.rules.assistant.first, restless.state.log[..., 0], side="right") - 1
    several = restless.state.wanted.sum(axis=1) > 1
    offers = (kinds == OFFER).any(axis=1)
    assert not offers[~several].any()
    assert offers[several].any()


def test_a_name_that_does_not_exist_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="assistant is 'planer'; did you mean 'planner'"):
        named("planer")


def test_an_assistant_of_ones_own_is_called_with_the_context() -> None:
    made = named("tests.agents.assistants.test_chat_names:own", CONTEXT)
    assert (made.name, made.context) == ("own", CONTEXT)  # type: ignore[attr-defined]


class own:
    """What a factory on the command line may be."""

    name = "own"

    def __init__(self, context: ChatContext):
        self.context = context
