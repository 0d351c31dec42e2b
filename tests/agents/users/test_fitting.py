"""Fits find the traits that users were given, by a likelihood that is the builder's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.users.builder import BuilderUser
from agents.users.choices import PAUSES, RIGHT, SCORES, Choices, choices_of
from agents.users.fitting import COUNT, NAMES, START, Normal, fit_one, log_likelihood, to_numbers, to_traits
from agents.users.habits import lost_without
from agents.users.traits import Traits
from envs.building import BuildingBatch, BuildingConfig
from envs.building.goals import Goals
from envs.building.state import State, clone
from envs.building.world import ASSISTANT, USER

GIVEN = to_numbers(
    Traits(
        comfort=0.0, height=0.5, locality=0.1, walk=1.0, outline=0.6, repair=0.4, follow=-0.1, touch=0.6,
        face=0.5, drift=0.4, line=0.7, beside=0.6, clear=2.0, refill=0.8, persist=0.7, material=1.5, stay=0.3,
        pause=0.12, fidget=0.15, linger=1.0, rest=0.3, watch=0.4, roam=0.8, turn=0.3, momentum=0.7,
        wrong=0.04,
    )
)  # fmt: skip


def played(config: BuildingConfig, goal: np.ndarray, seed: int, steps: int) -> tuple[State, np.ndarray]:
    """States before each of a given builder's actions beside a helper, as T worlds, and the actions."""
    config = replace(config, horizon=steps)
    batch = BuildingBatch(1, config)
    batch.reset(goal[None])
    pair = (BuilderUser("given", to_traits(GIVEN)), BuilderUser("helper", Traits(pause=0.7), ASSISTANT))
    for player in pair:
        player.reset(config, np.array([seed + player.player * 99]), batch.latent.goal.copy())
    states, actions = [], []
    while not batch.done.all():
        joint = np.stack([player.act(batch.state, ~batch.done).copy() for player in pair], axis=1)
        states.append(clone(batch.state))
        actions.append(joint[0, USER].copy())
        batch.step(joint)
    return State(*(np.concatenate(parts) for parts in zip(*states, strict=True))), np.array(actions)


@pytest.fixture(scope="module")
def watched(small: BuildingConfig, huts: Goals) -> Choices:
    state, actions = played(small, huts.blocks[0], 1, 80)
    return choices_of(state, huts.blocks[0].reshape(-1), actions, small.size)


def test_the_fitted_likelihood_is_the_builders(small: BuildingConfig, huts: Goals) -> None:
    """Step by step, for traits far from those that made the episode."""
    goal = huts.blocks[0].reshape(-1)
    state, actions = played(small, huts.blocks[0], 1, 80)
    choices = choices_of(state, goal, actions, small.size)
    numbers = GIVEN + np.random.default_rng(0).normal(0, 0.3, COUNT)
    found, _gradient = log_likelihood(choices, numbers, choices.purposeful(small.size, to_traits(numbers)))
    judge = BuilderUser("judge", to_traits(numbers))
    kept = choices.state.clock
    assert len(kept) > 60
    judge.reset(small, np.arange(len(kept)), np.tile(goal, (len(kept), 1)))
    assert found == pytest.approx(judge.log_prob(choices.state, actions[kept]), abs=1e-5)


def test_the_gradient_is_that_of_the_likelihood(watched: Choices, small: BuildingConfig) -> None:
    numbers = GIVEN + 0.1
    purposeful = watched.purposeful(small.size, to_traits(numbers))
    _found, gradient = log_likelihood(watched, numbers, purposeful)
    for i, unit in enumerate(np.eye(COUNT) * 1e-5):
        high, low = (log_likelihood(watched, numbers + s * unit, purposeful)[0].sum() for s in (1, -1))
        assert gradient[i] == pytest.approx((high - low) / 2e-5, abs=1e-3), NAMES[i]


def test_features_tell_who_did_what(watched: Choices) -> None:
    assert watched.features.shape[1] == len(SCORES)
    assert (watched.kind == RIGHT).sum() > 10
    assert (watched.kind == PAUSES).sum() > 3
    chosen = watched.chosen[watched.kind == RIGHT]
    assert watched.near[chosen].all()


def test_a_fit_finds_the_traits_of_simulated_episodes(houses: Goals) -> None:
    """From eight episodes of 300 steps: every trait within 4 of the fit's own standard deviations, and the
    habits that show in each edit within 0.6 nats.
    """
    pytest.importorskip("scipy")
    config = BuildingConfig(horizon=300)
    parts = []
    for i, goal in enumerate(houses.blocks[:8]):
        state, actions = played(config, goal, 10 * i, 300)
        parts.append(choices_of(state, goal.reshape(-1), actions, config.size))
    numbers, covariance = fit_one(parts, config.size, Normal(START, np.eye(COUNT) * 4.0))
    error = np.abs(numbers - GIVEN)
    deviation = np.sqrt(np.diag(covariance))
    assert (error < 4 * deviation).all(), [NAMES[i] for i in np.flatnonzero(error >= 4 * deviation)]
    often = [
        NAMES.index(name) for name in ("walk", "clear", "material", "beside", "line", "linger", "momentum")
    ]
    assert error[often].max() < 0.6


def test_a_habit_that_made_the_episodes_is_missed(houses: Goals) -> None:
    """Without `material` another user's edits are less likely; `locality` was hardly there."""
    pytest.importorskip("scipy")
    config = BuildingConfig(horizon=120)
    episodes = []
    for i, goal in enumerate(houses.blocks[:4]):
        state, actions = played(config, goal, 10 * i, 120)
        choices = choices_of(state, goal.reshape(-1), actions, config.size)
        episodes.append((f"user {i % 2}", choices))
    lost = lost_without(episodes, config.size, lambda _steps: None)
    assert lost["uniform"] > lost[""]
    assert lost["material"] > lost["locality"] + 0.01
