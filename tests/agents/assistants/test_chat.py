"""Assistants of the chat game: the script, the belief, the search model, and planners on it."""

from __future__ import annotations

import numpy as np
import pytest

from agents.assistants.chat.belief import Belief, Searched
from agents.assistants.chat.model import ChatModel, ModelOptions
from agents.assistants.chat.planning import ChatPlanner
from agents.assistants.chat.script import COMMIT, Script, Scripted
from agents.users.chat import PRESETS, ChatUser
from agents.users.chat.replies import reply_chances
from envs.chat import CONCIERGE, ChatBatch, ChatConfig, draw_catalogues, draw_goals
from envs.chat import acts as A
from envs.chat.schema import ATTRIBUTES, DOMAINS
from envs.chat.state import Goal, Mind, arrays
from planners.baselines import PLANNERS
from planners.options import SearchOptions

PEOPLE = (PRESETS["easy"], PRESETS["realistic"], PRESETS["terse"])
CONFIG = ChatConfig(strict=True)
FAST = SearchOptions(simulations=8, discount=1.0, c_scale=0.2)
FEW = ModelOptions(particles=12, rollouts=2)
THOROUGH = Script(opens=2, compares=1, reopens=2, explains=1, searches=2, offers=3)


def start(games: int, seed: int = 0, personas=PEOPLE, config: ChatConfig = CONFIG) -> ChatBatch:
    """Dialogues before the opening."""
    rng = np.random.default_rng(seed)
    batch = ChatBatch(games, config)
    goals = draw_goals(CONCIERGE, games, rng, [personas[i % len(personas)] for i in range(games)])
    batch.reset(goals, draw_catalogues(CONCIERGE, games, config.items, rng))
    return batch


def play(assistant, batch: ChatBatch, seed: int = 0, belief: Belief | None = None) -> np.ndarray:
    """Play to the end with simulated users; returns the returns (B,)."""
    games = len(batch.done)
    user = ChatUser()
    user.reset(batch.rules, np.arange(games) + seed)
    assistant.reset(batch.config, np.arange(games) + seed)
    total = np.zeros(games)
    while not batch.done.all():
        speaker = batch.state.speaker
        spoken, ratings = user.act(batch.state, batch.latent.goal, batch.latent.mind)
        own = assistant.act(batch.state)
        if belief is not None:
            belief.observe(batch.state, np.flatnonzero(~batch.done))
        batch.step(np.where(speaker == A.USER, spoken, own), np.where(speaker == A.USER, ratings, 0))
        total += batch.reward
    return total


def open_dialogues(batch: ChatBatch) -> None:
    """Let users say their first sentence."""
    user = ChatUser()
    user.reset(batch.rules, np.arange(len(batch.done)))
    spoken, ratings = user.act(batch.state, batch.latent.goal, batch.latent.mind)
    batch.step(spoken.copy(), ratings.copy())


def kinds(batch: ChatBatch, row: int) -> list[int]:
    """What the assistant did in a dialogue, by kind."""
    codec = batch.rules.assistant
    return [A.kind_of(codec, int(act)) for act in batch.state.log[row, 1 : batch.state.clock[row] + 1, 0]]


def test_script_books_and_asks_and_commit_does_not_ask():
    script, commit = start(60), start(60)
    with_questions, at_once = play(Scripted(THOROUGH), script), play(Scripted(COMMIT), commit)
    said = [kind for row in range(60) for kind in kinds(script, row)]
    assert {A.ASK_OPEN, A.SEARCH, A.CHECK_STOCK, A.COMPARE, A.OFFER, A.BOOK} <= set(said)
    said = [kind for row in range(60) for kind in kinds(commit, row)]
    assert set(said) <= {A.SEARCH, A.CHECK_STOCK, A.BOOK, A.CLOSE}
    assert script.utility().mean() > commit.utility().mean() + 0.05
    assert np.isfinite(with_questions).all()
    assert np.isfinite(at_once).all()


def test_script_explains_what_the_user_is_unsure_of():
    batch = start(40)
    play(Scripted(THOROUGH._replace(questions=ATTRIBUTES)), batch)
    said = [kind for row in range(40) for kind in kinds(batch, row)]
    assert said.count(A.EXPLAIN) > 20
    assert said.count(A.ASK) > said.count(A.EXPLAIN)


def test_belief_is_bayes_rule_on_the_opening():
    games, size = 12, 200
    batch = start(games, personas=PEOPLE[:1])
    before, after = (Belief(PEOPLE[:1], size=size, moves=0) for _ in range(2))
    for belief in (before, after):
        belief.reset(CONFIG, np.arange(games))
    before.observe(batch.state, np.arange(games))
    np.testing.assert_array_equal(before.weights, 1 / size)
    legal = np.zeros(int(batch.rules.user.first[-1]), np.int32)
    chances = np.zeros(len(legal))
    opened = batch.clone()
    open_dialogues(opened)
    after.observe(opened.state, np.arange(games))
    for game in range(games):
        own = slice(game * size, game * size + size)
        likelihood = np.zeros(size)
        for k in range(size):
            count = reply_chances(
                batch.rules, batch.state, game, before.goals, before.minds, game * size + k, legal, chances
            )
            # All share a persona, so ratings tell nothing yet.
            likelihood[k] = chances[:count][legal[:count] == opened.state.log[game, 0, 1]].sum()
        likelihood = np.maximum(likelihood, 1e-6)
        posterior = likelihood / likelihood.sum()
        # Hypotheses may have been drawn anew, as often as they are likely up to one; budgets tell who is who.
        budgets, which = np.unique(before.goals.budget[own], return_inverse=True)
        expected = np.bincount(which, posterior, len(budgets))
        seen = np.searchsorted(budgets, after.goals.budget[own])
        copies = np.bincount(which, minlength=len(budgets))
        found = np.bincount(seen, after.weights[game], len(budgets))
        assert (np.abs(found - expected) <= copies / size + 1e-9).all()
        assert np.abs(found - expected).sum() < np.abs(copies / size - expected).sum()


def test_belief_mirrors_the_public_state_and_learns():
    batch = start(24, seed=3)
    belief = Belief(PEOPLE, size=128)
    belief.reset(CONFIG, np.arange(24))
    prior = Belief(PEOPLE, size=128)
    prior.reset(CONFIG, np.arange(24))
    prior.observe(batch.state, np.arange(24))
    play(Scripted(), batch, belief=belief)
    np.testing.assert_allclose(belief.weights.sum(axis=1), 1.0)

    def sure_of(found: Belief) -> float:
        goal = batch.latent.goal
        own = found.goals.ideal.reshape(24, 128, -1) == goal.ideal[:, None]
        share = (own * found.weights[:, :, None]).sum(axis=1)
        return float((share * goal.weight).sum() / goal.weight.sum())

    assert sure_of(belief) > sure_of(prior) + 0.15


def test_model_predicts_what_the_script_gets_when_the_user_is_known():
    games, particles = 120, 8
    batch = start(games, seed=5, config=ChatConfig())
    open_dialogues(batch)
    model = ChatModel(batch.config, games, 3, ModelOptions(particles=particles, rollouts=16))
    nothing = Searched(batch.state, np.zeros((games, DOMAINS), np.int64))
    for row in range(games):
        goals = Goal(*(np.repeat(part[row : row + 1], particles, 0) for part in batch.latent.goal))
        minds = Mind(*(np.repeat(part[row : row + 1], particles, 0) for part in batch.latent.mind))
        model.set_root(row, batch.state, row, goals, minds, nothing, np.random.default_rng(row))
        # The script judges items by the prior, so its rollouts have to as well.
        for own, prior in zip(model.view().tastes[:4], model.view().prior[:4], strict=True):
            own[row] = prior[0]
    predicted = model.evaluate(np.arange(games) * 3).values
    paid = batch.state.cost.copy()
    real = play(Scripted(), batch) + paid
    spread = (predicted - real).std() / np.sqrt(games)
    assert abs(predicted.mean() - real.mean()) < 0.03 + 3 * spread


@pytest.mark.parametrize("planner", PLANNERS)
def test_planners_play_legal_acts_and_repeat_themselves(planner):
    returns = []
    for _ in range(2):
        batch = start(4, seed=7)
        returns.append(play(ChatPlanner(PEOPLE, planner, FAST, FEW), batch))
    np.testing.assert_array_equal(returns[0], returns[1])


@pytest.mark.parametrize("classes", ["act", "kind", "none"])
def test_node_keys(classes):
    batch = start(4, seed=7)
    options = ModelOptions(particles=12, rollouts=2, classes=classes)
    play(ChatPlanner(PEOPLE, "gumbel", FAST, options), batch)
    assert batch.done.all()


def test_plans_do_not_depend_on_the_goal():
    one, other = start(6, seed=9), start(6, seed=10)
    open_dialogues(one)
    # The same public dialogue with the goals and catalogues of other users behind it.
    for target, source in zip(arrays(other.state), arrays(one.state), strict=True):
        target[:] = source
    acts = []
    for batch in (one, other):
        planner = ChatPlanner(PEOPLE, "gumbel", FAST, FEW)
        planner.reset(CONFIG, np.arange(6))
        acts.append((planner.act(batch.state), planner.found.values.copy()))
    np.testing.assert_array_equal(acts[0][0], acts[1][0])
    np.testing.assert_array_equal(acts[0][1], acts[1][1])


@pytest.mark.parametrize(
    "options", [{"particles": 0}, {"leaf": "luck"}, {"classes": "word"}, {"stock": 1.5}, {"scripted": -0.1}]
)
def test_bad_options(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        ModelOptions(**options)
