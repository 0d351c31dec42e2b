"""Users of the chat game: a proper likelihood, what they never do, and what they cannot know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.users.chat import HELD_OUT, PRESETS, ChatUser
from envs.chat import CONCIERGE, ChatBatch, ChatConfig, Persona, draw_catalogues, draw_goals
from envs.chat.persona import RANGES

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
    """Nobody quits when asked to confirm, by noise neither; saying yes ends nothing that is not booked."""
    for preset in ("easy", "impatient", "adversarial"):
        user = ChatUser()
        for game, *_ in play(preset, batch=8):
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


@given(st.integers(0, 10**6), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_chances_sum_to_one_wherever_a_dialogue_may_get(seed: int, acts: int) -> None:
    """Any knobs, any goal with drift, both players random: a distribution over the legal acts and ratings."""
    rng = np.random.default_rng(seed)
    knobs = {name: float(rng.uniform(low, high)) for name, (low, high) in RANGES.items()}
    game = ChatBatch(1, ChatConfig(items=4, horizon=30))
    goal = draw_goals(CONCIERGE, 1, rng, [Persona(**knobs)], drift=0.5, horizon=30)
    game.reset(goal, draw_catalogues(CONCIERGE, 1, 4, rng))
    for _ in range(acts):
        lists, counts = game.legal(int(game.state.speaker[0]))
        if not game.done[0]:
            game.step(lists[:, rng.integers(counts[0])])
    if game.done[0] or game.state.speaker[0] != USER:
        return
    user = ChatUser()
    user.reset(game.rules, np.array([seed]))
    legal, chances = user.chances(game.state, game.latent.goal, game.latent.mind, 0)
    assert (chances >= 0).all()
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    lists, counts = game.legal(USER)
    assert legal.tolist() == lists[0, : counts[0]].tolist()
    act = np.array([legal[chances.argmax()]])
    rated = [
        user.log_prob(game.state, game.latent.goal, game.latent.mind, act, np.array([r])) for r in range(6)
    ]
    assert np.exp(rated).sum() == pytest.approx(chances.max(), abs=1e-6)


def test_drift_is_announced_where_the_old_wish_was_told_and_silent_elsewhere() -> None:
    """Who has told the old ideal says that it has changed; others just speak of the new one."""
    batch, rng = 64, np.random.default_rng(3)
    game = ChatBatch(batch, ChatConfig(items=4, horizon=30))
    goal = draw_goals(CONCIERGE, batch, rng, [PRESETS["easy"]] * batch, domains=1, drift=1.0, horizon=4)
    game.reset(goal, draw_catalogues(CONCIERGE, batch, 4, rng))
    goal, mind = game.latent.goal, game.latent.mind
    when, slot, value = (goal.drift[:, i].astype(int) for i in range(3))
    rows = np.flatnonzero(when == 2)
    before = goal.ideal[np.arange(batch), slot].copy()
    told = rows % 2 == 0
    acts, (user_acts, assistant_acts) = game.acts, (codec.first for codec in game.acts.codecs)
    opening = np.zeros(batch, np.int64)
    for row in rows[told]:
        name = CONCIERGE.slot_names[slot[row]]
        text = f"inform({name}, {CONCIERGE.attribute(slot[row]).values[before[row]]}, prefer)"
        opening[row] = acts.flat(acts.parse(USER, text))
    game.step(opening)
    for _ in range(2):  # the second act is at the clock of the drift
        game.step(assistant_acts[2] + game.state.domain.astype(np.int64))  # asks openly
        if (game.state.clock == 1).all():
            assert (mind.drifted == 0).all()
            game.step(np.zeros(batch, np.int64))
    assert (mind.drifted[rows] == 1).all()
    assert (goal.ideal[rows, slot[rows]] == value[rows]).all()
    assert (goal.taste[rows, slot[rows], value[rows]] == 1).all()
    user = ChatUser()
    user.reset(game.rules, np.arange(batch))
    for row in rows:
        legal, chances = user.chances(game.state, goal, mind, row)
        changes = (legal >= user_acts[8]) & (legal < user_acts[9])
        announced = chances[changes].sum()
        assert announced > 0.5 if row % 2 == 0 else announced == 0
        if announced:
            best = acts.act(USER, int(legal[changes][chances[changes].argmax()]))
            values = CONCIERGE.attribute(slot[row]).values
            assert (best.slot, best.value) == (CONCIERGE.slot_names[slot[row]], values[value[row]])


def test_held_out_presets_exist() -> None:
    assert set(HELD_OUT) < set(PRESETS)
