"""The population is frozen, draws users by seed, and builds at the pace it was set to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.users import USER_NAMES, expand_users, make_user
from agents.users.alone import build_alone
from agents.users.fitting import NAMES, START, to_numbers, to_traits
from agents.users.population import (
    Population,
    PopulationUser,
    frozen_hash,
    population,
    write_populations,
)
from agents.users.traits import USER_TYPES, Traits
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import Codec, triples
from envs.building.goals import Goals
from envs.building.state import take
from envs.building.world import USER

FROZEN = "2dfe241bd7430c21"


def test_population_and_held_out_types_are_frozen() -> None:
    """A change here changes what assistants were trained with, or held out from: make it before training."""
    assert frozen_hash() == FROZEN


def test_a_user_is_drawn_by_seed_alone() -> None:
    assert population().draw(7) == population().draw(7)
    drawn = [population().draw(seed) for seed in range(200)]
    assert len(set(drawn)) == 200


def test_users_differ_as_people_do() -> None:
    """Drawn heights deviate as those of the fitted episodes with their jitter, odd ones included."""
    heights = np.array([population().draw(seed).height for seed in range(2000)])
    found = population()
    at = NAMES.index("height")
    assert heights.mean() == pytest.approx(found.mean[at] + found.shift[at], abs=0.05)
    assert heights.var() == pytest.approx(found.deviation[at] ** 2 * (0.9 + 0.1 * 4), rel=0.2)


def test_no_held_out_type_is_in_the_population() -> None:
    """Every drawn user has habits that no named type has; none works downwards as `top_down` does for want of
    all others.
    """
    drawn = np.stack([population().draw(seed).vector() for seed in range(2000)])
    for kind in USER_TYPES.values():
        if kind.held_out:
            assert np.abs(drawn - kind.traits.vector()).max(axis=1).min() > 0.5
    assert np.mean(drawn[:, 1] < USER_TYPES["top_down"].traits.height) < 0.02


def test_the_population_without_a_person_has_none_of_their_episodes() -> None:
    for person in set(population().people):
        assert person not in population(person).people
        assert make_user(f"population_without_{person}").name == f"population_without_{person}"
    with pytest.raises(ValueError, match="no population without 'nobody'; choose among person_"):
        make_user("population_without_nobody")


def test_population_is_a_user_by_name() -> None:
    assert "population" in USER_NAMES
    assert isinstance(make_user("population"), PopulationUser)
    assert "population" not in expand_users(["held_out"])


def test_numbers_and_traits_are_one() -> None:
    traits = Traits(comfort=0.0, height=-0.3, material=1.5, pause=0.3, fidget=0.25, wrong=0.04, momentum=0.2)
    assert to_traits(to_numbers(traits)).vector() == pytest.approx(traits.vector())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "population.json"
    numbers, spread, shift = np.stack([START, START + 1]), np.full(len(NAMES), 0.5), np.full(len(NAMES), 0.25)
    given = Population(("a", "b"), numbers, spread, shift)
    write_populations(file, {"": given}, "made by a test")
    found = population("", file)
    assert found.people == given.people
    assert found.numbers == pytest.approx(given.numbers, abs=1e-4)
    assert found.draw(3).vector() == pytest.approx(given.draw(3).vector(), abs=1e-3)


def test_each_episode_has_its_own_user_alone_and_in_a_batch(small: BuildingConfig, huts: Goals) -> None:
    user = make_user("population")
    together, _done = build_alone(user, huts.blocks[:4], 10 + np.arange(4), 40)
    alone, _done = build_alone(user, huts.blocks[2:3], np.array([12]), 40)
    assert (together[2].actions == alone[0].actions).all()
    again, _done = build_alone(user, huts.blocks[2:3], np.array([13]), 40)
    assert len(again[0].actions) != len(alone[0].actions) or (again[0].actions != alone[0].actions).any()


def test_probabilities_of_all_actions_of_drawn_users_sum_to_one(small: BuildingConfig, huts: Goals) -> None:
    user = make_user("population")
    batch = BuildingBatch(3, small)
    batch.reset(huts.blocks[:3])
    assert isinstance(user, PopulationUser)
    user.reset(small, np.arange(3), batch.latent.goal.copy())
    joint = np.zeros((3, 2, 3), np.int16)
    codec = Codec.of(small)
    for step in range(30):
        joint[:, USER] = user.act(batch.state, ~batch.done)
        assert np.isfinite(user.log_prob(batch.state, joint[:, USER])[~batch.done]).all()
        if step % 10 == 5:
            row = step // 10
            judge = PopulationUser(user.population)
            judge.reset(small, np.full(codec.size, row), np.tile(batch.latent.goal[row], (codec.size, 1)))
            copies = take(batch.state, np.full(codec.size, row))
            chances = np.exp(judge.log_prob(copies, triples(codec, np.arange(codec.size))))
            assert chances.sum() == pytest.approx(1, abs=1e-9)
        batch.step(joint)


def test_the_population_is_in_the_haste_of_the_plain_builder(houses: Goals) -> None:
    """On generated houses both do about as much alone in 380 steps (users differ: 24 of them)."""
    goals = np.tile(houses.blocks[:8], (3, 1, 1, 1))
    _traces, done = build_alone(make_user("population"), goals, np.arange(24), 380)
    _traces, plain = build_alone(make_user("bottom_up"), goals, np.arange(24), 380)
    assert done.mean() == pytest.approx(plain.mean(), abs=0.12)
