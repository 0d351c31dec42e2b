"""Users of the chat game: a proper likelihood, what they never do, and what they cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from agents.users.chat import HELD_OUT, PRESETS, ChatUser
from envs.chat import CONCIERGE, ChatBatch, ChatConfig, draw_catalogues, draw_goals

USER, ASSISTANT = 0, 1


def play(preset: str, batch: int = 32, seed: int = 0, horizon: int = 20) -> list[tuple]:
    """Snapshots of a random assistant's dialogues at the user's turns, with what the user did."""
    rng = np.random.default_rng(seed)
    game = ChatBatch(batch, ChatConfig(items=8, horizon=horizon))
    people = [PRESETS[preset]] * batch
    game.reset(
        draw_goals(CONCIERGE, batch, rng, people, drift=0.5), draw_catalogues(CONCIERGE, batch, 8, rng)
    )
    user = ChatUser()
    user.reset(game.rules, np.arange(batch))
    moments = []
    while not game.done.all():
        acts, ratings = (part.copy() for part in user.act(game.state, game.latent.goal, game.latent.mind))
        lists, counts = game.legal(ASSISTANT)
        mine = (rng.random(batch) * counts).astype(int)
        kinds = np.array([c.item() for c in game.state.speaker])
        moments.append((game.clone(), acts, ratings))
        game.step(np.where(kinds == USER, acts, lists[np.arange(batch), mine]), ratings)
    return moments


@pytest.mark.parametrize("preset", PRESETS)
def test_chances_sum_to_one_and_agree_with_log_prob(preset: str) -> None:
    user = ChatUser()
    for game, acts, ratings in play(preset, batch=8):
        user.reset(game.rules, np.arange(8))
        found = user.log_prob(game.state, game.latent.goal, game.latent.mind, acts, ratings)
        assert np.isfinite(found).all()
        silent = user.log_prob(game.state, game.latent.goal, game.latent.mind, acts, np.zeros(8, np.int64))
        for row in np.flatnonzero((game.state.speaker == USER) & ~game.done):
            legal, chances = user.chances(game.state, game.latent.goal, game.latent.mind, row)
            assert chances.sum() == pytest.approx(1, abs=1e-9)
            assert (chances >= 0).all()
            rate = game.latent.goal.persona[row, 13]
            own = chances[legal == acts[row]][0] * (1 - rate)
            assert silent[row] == pytest.approx(np.log(own))


def test_drawn_replies_have_the_frequencies_of_the_likelihood() -> None:
    game, *_ = play("confused", batch=4, seed=2)[6]
    row = int(np.flatnonzero((game.state.speaker == USER) & ~game.done)[0])
    user, n = ChatUser(), 20_000
    user.reset(game.rules, np.arange(4))
    legal, chances = user.chances(game.state, game.latent.goal, game.latent.mind, row)
    drawn = [user.act(game.state, game.latent.goal, game.latent.mind)[0][row] for _ in range(n)]
    shares = np.array([np.mean(np.array(drawn) == act) for act in legal])
    assert np.abs(shares - chances).max() < 4 * np.sqrt(0.25 / n)


def test_confirmations_and_agreement_never_end_a_dialogue() -> None:
    """Without noise: nobody quits when asked to confirm, and saying yes ends nothing that is not booked."""
    for preset in ("easy", "impatient"):
        user = ChatUser()
        for game, *_ in play(preset, batch=8):
            game.latent.goal.persona[:, 1] = 0
            user.reset(game.rules, np.arange(8))
            first, names = game.acts.codecs[0].first, game.acts
            for row in np.flatnonzero((game.state.speaker == USER) & ~game.done):
                if names.act(1, int(game.state.last[row, 0])).kind not in ("confirm", "explain"):
                    continue
                legal, chances = user.chances(game.state, game.latent.goal, game.latent.mind, row)
                assert chances[legal == first[12]].sum() == 0
                after = game.clone()
                act = np.zeros(8, np.int64)
                act[row] = first[4]
                after.step(act)
                assert not after.done[row] or after.state.clock[row] >= after.config.horizon


def test_users_react_only_to_what_they_were_shown() -> None:
    user = ChatUser()
    for game, *_ in play("realistic", batch=8):
        user.reset(game.rules, np.arange(8))
        rows = np.flatnonzero((game.state.speaker == USER) & ~game.done)
        before = [user.chances(game.state, game.latent.goal, game.latent.mind, row)[1] for row in rows]
        hidden = game.state.shown == 0
        game.state.values[hidden] = -1
        game.state.price[hidden] = 0
        game.catalogue.values[:] = 0
        after = [user.chances(game.state, game.latent.goal, game.latent.mind, row)[1] for row in rows]
        assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_explaining_turns_vague_answers_into_clear_ones() -> None:
    rng, batch = np.random.default_rng(0), 200
    said = {}
    for explain in (False, True):
        game = ChatBatch(batch, ChatConfig(items=8))
        people = [PRESETS["easy"]] * batch
        rng = np.random.default_rng(0)
        game.reset(
            draw_goals(CONCIERGE, batch, rng, people, domains=3), draw_catalogues(CONCIERGE, batch, 8, rng)
        )
        goal = game.latent.goal
        slots = np.where((goal.weight > 0) & (goal.knows == 0), 1, 0).argmax(axis=1)
        rows = np.flatnonzero(goal.knows[np.arange(batch), slots] == 0)
        user = ChatUser()
        user.reset(game.rules, np.arange(batch))
        game.step(np.zeros(batch))
        for kind in ("explain", "ask") if explain else ("ask",):
            first = game.rules.assistant.first[{"ask": 3, "explain": 5}[kind]]
            game.step(first + slots)
            acts = user.act(game.state, goal, game.latent.mind)[0].copy()
            game.step(acts)
        right = game.state.stated[rows, slots[rows]] == goal.ideal[rows, slots[rows]]
        said[explain] = right.mean()
    assert said[True] > 0.8
    assert said[False] < 0.2


def test_held_out_presets_exist() -> None:
    assert set(HELD_OUT) < set(PRESETS)
