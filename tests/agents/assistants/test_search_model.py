"""The building game's search model: physics, beliefs and proposals that do not depend on how it is asked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.assistants.greedy import GreedyAssistant
from agents.assistants.library import LibraryBelief
from agents.assistants.search_model import Belief, BuildingModel, ModelOptions
from agents.users import make_user
from agents.users.policy import outlines
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import BREAK, NOOP, PLACE, decode, encode
from envs.building.goals import Goals, make_source
from envs.building.state import State, clone
from envs.building.world import ASSISTANT
from envs.rng import streams
from planners.model import Evaluation

GAMES, NODES = 3, 12
OPTIONS = ModelOptions(learning=1.0, particles=16, wishes=20)


class Played:
    """Games of a builder and the greedy assistant: states, beliefs and the greedy actions on the way."""

    def __init__(self, config: BuildingConfig, goals: np.ndarray, library: np.ndarray, steps: int):
        batch, user = BuildingBatch(GAMES, config), make_user("bottom_up")
        greedy = GreedyAssistant(LibraryBelief(library))
        batch.reset(goals[:GAMES])
        user.reset(config, np.arange(GAMES), batch.latent.goal.copy())
        greedy.reset(config, 7 + np.arange(GAMES), None)
        self.config, self.traits, self.size = config, greedy.belief.traits, config.size
        self.states: list[State] = []
        self.beliefs: list[list[Belief]] = []
        self.greedy: list[np.ndarray] = []
        quantiles = (np.arange(OPTIONS.particles) + 0.5) / OPTIONS.particles
        for _ in range(steps):
            active = ~batch.done
            self.states.append(clone(batch.state))
            joint = np.stack([player.act(batch.state, active).copy() for player in (user, greedy)], axis=1)
            self.greedy.append(joint[:, ASSISTANT])
            self.beliefs.append([])
            for game in range(GAMES):
                drawn, types = greedy.belief.draw_goals(batch.state, game, quantiles)
                marks = outlines(config.size, drawn)
                self.beliefs[-1].append(Belief(greedy.marginals[game].copy(), drawn, marks, types))
            batch.step(joint)

    def model(self, t: int, options: ModelOptions = OPTIONS, workers: int = 1) -> BuildingModel:
        made = BuildingModel(self.config, GAMES, NODES, self.traits, options, workers)
        for game in range(GAMES):
            made.set_root(game, self.states[t], game, self.beliefs[t][game])
        return made


@pytest.fixture(scope="module")
def played(small: BuildingConfig, huts: Goals) -> Played:
    return Played(small, huts.blocks, huts.blocks[8:], 22)


def tree(model: BuildingModel, games: tuple[int, ...] = (0, 1, 2), seed: int = 0) -> list[np.ndarray]:
    """Grow a random tree in each game, by numbers of its own; all that was found on the way."""
    found: list[np.ndarray] = []
    for game in games:
        rng = np.random.default_rng((seed, game))
        for node in range(NODES - 1):
            slot = np.array([game * NODES + rng.integers(node + 1)])
            seen = model.evaluate(slot)
            action = seen.actions[:, rng.integers(seen.counts[0])]
            reply = model.reply(slot, action, rng.random(1))
            steps = model.step(slot, action, reply, np.array([game * NODES + node + 1]))
            found += [*seen, reply, *steps]
    slots = np.concatenate([np.arange(NODES) + game * NODES for game in games])
    return [*found, model.weights[slots], model.states.blocks[slots], *model.evaluate(slots)]


def same(left: list[np.ndarray], right: list[np.ndarray]) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(left, right, strict=True))


# --- physics ------------------------------------------------------------------------------------------------


def test_steps_are_the_games_own(played: Played, huts: Goals) -> None:
    """Blocks, feet, marks and clock after random proposals and replies are those of the environment."""
    model, rng = played.model(15), np.random.default_rng(0)
    batch = BuildingBatch(GAMES, played.config)
    batch.reset(huts.blocks[:GAMES])
    for mine, theirs in zip(batch.state, played.states[15], strict=True):
        mine[:] = theirs
    roots = np.arange(GAMES) * NODES
    for step in range(NODES - 1):
        found = model.evaluate(roots + step)
        actions = found.actions[np.arange(GAMES), rng.integers(found.counts)]
        replies = model.reply(roots + step, actions, rng.random(GAMES))
        steps = model.step(roots + step, actions, replies, roots + step + 1)
        batch.step(
            np.array(
                [
                    [decode(batch.codec, int(flat)) for flat in pair]
                    for pair in zip(replies, actions, strict=True)
                ],
                np.int16,
            )
        )
        for part in ("blocks", "touched", "feet", "last_edit", "clock"):
            mine, theirs = getattr(model.states, part)[roots + step + 1], getattr(batch.state, part)
            assert (mine == theirs).all(), part
        assert ((steps.chances > 0) & (steps.chances <= 1) & ~steps.ends).all()


def test_only_the_horizon_ends_an_episode(played: Played) -> None:
    short = replace(played.config, horizon=int(played.states[9].clock[0]) + 2)
    model = BuildingModel(short, GAMES, NODES, played.traits, OPTIONS)
    model.set_root(0, played.states[9], 0, played.beliefs[9][0])
    none = np.zeros(1, np.int64)
    assert not model.step(none, none, none, none + 1).ends[0]
    assert model.step(none + 1, none, none, none + 2).ends[0]


def test_an_edit_earns_what_the_marginals_promise(played: Played) -> None:
    """At the root: P(right) less (1 + effort) P(wrong) where it is right or wrong by one."""
    compared = 0
    for t in range(8, 22, 3):
        model = played.model(t)
        for game in range(GAMES):
            slot = np.array([game * NODES])
            found = model.evaluate(slot)
            for action in found.actions[0, : found.counts[0]]:
                kind, cell, block = decode(model.view().forecast.codec, int(action))
                steps = model.step(slot, np.array([action]), np.zeros(1), slot + 1)
                share = played.beliefs[t][game].marginals[cell]
                if kind == PLACE and model.states.blocks[slot[0] + 1, cell] == block:
                    expected = share[block] - (1 + OPTIONS.effort) * (1 - share[block])
                    assert steps.rewards[0] == pytest.approx(expected, abs=1e-4)
                    compared += 1
                elif kind not in (PLACE, BREAK):
                    assert steps.rewards[0] == 0
    assert compared > 20


# --- beliefs ------------------------------------------------------------------------------------------------


def test_weights_are_probabilities_and_average_to_the_prior(played: Played) -> None:
    """Over replies to evenly spaced numbers the mean posterior is the prior, to the floor and the grid."""
    model, count = played.model(15), 2000
    root, none = np.zeros(1, np.int64), np.zeros(1, np.int64)
    replies = model.reply(np.repeat(root, count), np.repeat(none, count), (np.arange(count) + 0.5) / count)
    mean = np.zeros(OPTIONS.particles)
    for reply, times in zip(*np.unique(replies, return_counts=True), strict=True):
        model.step(root, none, np.array([reply]), root + 1)
        assert model.weights[1].sum() == pytest.approx(1, abs=1e-5)
        mean += model.weights[1] * times / count
    assert np.allclose(mean, 1 / OPTIONS.particles, atol=4e-3)


def test_priors_are_probabilities_of_different_legal_actions(played: Played) -> None:
    for t in range(0, 22, 3):
        model = played.model(t)
        tree(model)
        found = model.evaluate(np.arange(GAMES * NODES))
        for row, count in enumerate(found.counts):
            assert found.priors[row, :count].sum() == pytest.approx(1, abs=1e-4)
            assert len(set(found.actions[row, :count])) == count
            kinds = [decode(model.view().forecast.codec, int(a))[0] for a in found.actions[row, :count]]
            assert kinds == found.kinds[row, :count].tolist()
        assert (found.values >= 0).all()


def test_without_search_the_model_is_the_greedy_assistant(played: Played) -> None:
    random = streams(7 + np.arange(GAMES))
    model, acted = played.model(0), 0
    for t in range(22):
        for game in range(GAMES):
            stream = random[game : game + 1]
            model.set_root(game, played.states[t], game, played.beliefs[t][game], stream)
            found = model.evaluate(np.array([game * NODES]))
            best = found.actions[0, found.priors[0, : found.counts[0]].argmax()]
            action = [int(v) for v in played.greedy[t][game]]
            assert best == encode(model.view().forecast.codec, *action)
            acted += action[0] != NOOP
    assert acted > 20


def test_below_the_root_the_best_edit_at_hand_is_preferred(played: Played) -> None:
    """One candidate has the prior of a sure edit: an edit if one gains, else a move or no-op."""
    preferred = set()
    for t in range(1, 22):
        model = played.model(t)
        roots = np.arange(GAMES) * NODES
        none = np.zeros(GAMES, np.int64)
        model.step(roots, none, model.reply(roots, none, np.full(GAMES, 0.97 if t % 2 else 0.5)), roots + 1)
        found = model.evaluate(roots + 1)
        for row, count in enumerate(found.counts):
            odds, kinds = found.priors[row, :count] / found.priors[row].max(), found.kinds[row, :count]
            sure = np.exp(-1 / OPTIONS.prior_temperature)
            edits = (kinds == PLACE) | (kinds == BREAK)
            preferred.add(int(kinds[odds.argmax()]))
            assert odds[kinds == NOOP] == pytest.approx(1 if odds.argmax() == 0 else sure, rel=1e-3)
            assert edits[odds.argmax()] == (odds[edits] > sure).any()
    assert len(preferred) > 2, "too few kinds are preferred to tell anything"


# --- nothing but the question -------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.permutations((0, 1, 2)), st.sampled_from([2, 5, 64]))
def test_answers_depend_on_neither_cache_nor_order_nor_worker(
    played: Played, seed: int, order: list[int], remembered: int
) -> None:
    expected = {game: tree(played.model(15), (game,), seed) for game in range(GAMES)}
    model = played.model(15, replace(OPTIONS, remembered=remembered), workers=2)
    for game in order:
        model.view = partial(BuildingModel.view, model, game % 2)  # type: ignore[method-assign]
        assert same(tree(model, (game,), seed), expected[game])
        assert same(tree(model, (game,), seed), expected[game]), "a second time, over what was there"


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_particles_does_not_matter(played: Played, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(OPTIONS.particles)
    b, replies = played.beliefs[15][0], np.zeros(2, np.int64)
    found: list[Evaluation] = []
    for particles in (np.arange(OPTIONS.particles), order):
        model = played.model(15)
        mixed = Belief(b.marginals, b.goals[particles], b.outlines[particles], b.types[particles])
        model.set_root(0, played.states[15], 0, mixed)
        for slot in (0, 1):
            here, action = np.array([slot]), np.zeros(1, np.int64)
            if not found:
                replies[slot] = model.reply(here, action, np.array([0.4 + 0.3 * slot]))[0]
            model.step(here, action, replies[slot : slot + 1], here + 1)
        found.append(model.evaluate(np.arange(3)))
    assert np.allclose(found[0].values, found[1].values, atol=1e-4)
    assert (found[0].actions == found[1].actions).all()
    assert np.allclose(found[0].priors, found[1].priors, atol=1e-4)


def test_a_moved_slot_answers_as_it_did(played: Played) -> None:
    model = played.model(15)
    tree(model)
    source, target = np.array([5]), np.array([0])
    before, action = model.evaluate(source), np.zeros(1, np.int64)
    numbers = np.linspace(0, 0.99, 50)
    replies = model.reply(source.repeat(50), action.repeat(50), numbers)
    model.move(source, target)
    assert same([*before], [*model.evaluate(target)])
    assert (model.reply(target.repeat(50), action.repeat(50), numbers) == replies).all()


# --- configurations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"movement": "teleport"}, {"blocks": "inventory", "size": (8, 6, 8)}, {"user": {"act_every": 2}}],
)
def test_other_configurations_work(options: dict[str, object]) -> None:
    config = BuildingConfig.make(**{"size": (6, 6, 6), "horizon": 40, **options})
    huts = make_source("generator", config.size).draw(12, np.random.default_rng(0))
    played = Played(config, huts.blocks, huts.blocks[4:], 9)
    model = played.model(8)
    assert same(tree(model), tree(played.model(8)))
    odd = played.states[8].clock[0] % config.user.act_every
    assert odd == 0 or (model.reply(np.zeros(9), np.zeros(9), np.linspace(0, 0.9, 9)) == 0).all()


def test_a_belief_of_another_size_is_refused(played: Played) -> None:
    model = BuildingModel(played.config, 1, NODES, played.traits, ModelOptions(particles=8))
    with pytest.raises(ValueError, match=r"goals of the belief have shape \(16, 216\).*\(8, 216\)"):
        model.set_root(0, played.states[0], 0, played.beliefs[0][0])


@pytest.mark.parametrize(
    "options", [{"particles": 0}, {"candidates": 7}, {"wishes": 0}, {"prior_temperature": 0.0}]
)
def test_impossible_options_are_refused(options: dict[str, float]) -> None:
    (name,) = options
    with pytest.raises(ValueError, match=f"{name} is .*; give"):
        ModelOptions(**options)  # type: ignore[arg-type]
