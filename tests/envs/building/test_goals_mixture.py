"""Mixtures and limits: a goal is a function of one seed, weights are kept, and n goals are n goals."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.building.goals import (
    GeneratorSource,
    Goals,
    House,
    LibrarySource,
    LimitedSource,
    MixtureSource,
    SeededSource,
    goals_of,
    limit,
)
from envs.building.goals.seeds import derive, uniforms
from envs.building.world import world_goal

SEEDS = np.arange(12, dtype=np.uint64) * np.uint64(2**40 + 7)


def towers(name: str, block: int, heights: int = 6, **options: bool) -> LibrarySource:
    """Towers of one block, two heights to a house."""
    houses = []
    for i in range(heights):
        structure = np.zeros((9, 8, 8), np.uint8)
        structure[3:5, : 2 + i, 2:5] = block
        houses.append(House(structure, f"h{i // 2}"))
    return LibrarySource(name, houses, **options)


class PlainSource:
    """A source that only draws: a tower of random height."""

    name = "plain"

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        structures = np.zeros((n, 9, 8, 8), np.uint8)
        for structure in structures:
            structure[4, : rng.integers(1, 9), 4] = 5
        return Goals(world_goal(structures), ("t",) * n, self.name)


def mixture() -> MixtureSource:
    return MixtureSource([(towers("a", 6), 3), (PlainSource(), 1), (GeneratorSource(), 1)], "blend")


def assert_same(a: Goals, b: Goals) -> None:
    np.testing.assert_array_equal(a.blocks, b.blocks)
    assert a.houses == b.houses


def test_seeds_are_those_of_splitmix64() -> None:
    # The first three numbers of the authors' splitmix64.c from state 1234567.
    numbers = [int(derive(np.array([1234567], np.uint64), stream)[0]) for stream in range(3)]
    assert numbers == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    values = uniforms(np.arange(10_000, dtype=np.uint64), 0)
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.01


@pytest.mark.parametrize(
    "source",
    [mixture(), limit(mixture(), 7), towers("t", 6), towers("t", 6, augmented=True), PlainSource()],
    ids=lambda source: source.name,
)
def test_a_goal_is_a_function_of_its_own_seed(source: SeededSource) -> None:
    whole = goals_of(source, SEEDS)
    for part in (slice(0, 5), slice(5, 12)):
        goals = goals_of(source, SEEDS[part])
        np.testing.assert_array_equal(goals.blocks, whole.blocks[part])
        assert goals.houses == whole.houses[part]
    assert len(goals_of(source, SEEDS[:0])) == 0


@pytest.mark.parametrize("source", [mixture(), limit(mixture(), 7)], ids=lambda source: source.name)
def test_a_draw_of_ten_is_two_draws_of_five(source: SeededSource) -> None:
    rng = np.random.default_rng(3)
    whole = source.draw(10, np.random.default_rng(3))
    halves = [source.draw(5, rng) for _ in range(2)]
    np.testing.assert_array_equal(whole.blocks, np.concatenate([half.blocks for half in halves]))
    assert whole.houses == halves[0].houses + halves[1].houses
    assert whole.name == source.name


def test_parts_are_drawn_by_weight_and_keep_their_houses() -> None:
    drawn = mixture().draw(1000, np.random.default_rng(0)).houses
    parts = Counter(house.split("/")[0] for house in drawn)
    assert set(parts) == {"a", "t", "generator"}
    assert abs(parts["a"] - 600) < 60  # four deviations of a binomial
    assert abs(parts["generator"] - 200) < 50
    assert {house for house in drawn if house.startswith("a/")} == {"a/h0", "a/h1", "a/h2"}


def test_a_part_of_weight_zero_is_never_drawn() -> None:
    source = MixtureSource([(towers("a", 6), 0), (towers("b", 7), 2), (towers("c", 8), 0)])
    assert {house[0] for house in source.draw(200, np.random.default_rng(0)).houses} == {"b"}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "has no parts"),
        ([(towers("a", 6), -1.0)], "weight -1.0 for a"),
        ([(towers("a", 6), float("nan"))], "weight nan"),
        ([(towers("a", 6), 0.0)], "only weights 0"),
    ],
)
def test_impossible_weights_are_refused(parts: list[tuple[LibrarySource, float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MixtureSource(parts)


@given(st.integers(1, 40), st.integers(0, 5))
def test_a_limited_source_gives_n_goals_and_no_more(n: int, seed: int) -> None:
    source = limit(GeneratorSource(), n, seed)
    assert isinstance(source, LimitedSource)
    own = source.numbered(np.arange(n))
    drawn = source.draw(10 * n, np.random.default_rng(seed))
    known = {goal.tobytes() for goal in own.blocks}
    assert len(known) == n
    assert {goal.tobytes() for goal in drawn.blocks} <= known
    assert source.name == f"generator[{n}]"


def test_limits_are_nested_and_depend_on_the_seed() -> None:
    small, large = (limit(GeneratorSource(), n).numbered(np.arange(5)) for n in (5, 10**6))
    assert_same(small, Goals(large.blocks, large.houses, small.name))
    other = limit(GeneratorSource(), 5, seed=1).numbered(np.arange(5))
    assert not set(other.houses) & set(small.houses)


def test_a_limited_library_has_n_different_goals_house_by_house() -> None:
    source = limit(towers("t", 6), 4, seed=2)
    assert isinstance(source, LibrarySource)
    assert len({goal.tobytes() for goal in source.all().blocks}) == len(source) == 4
    assert source.num_houses == 3
    assert limit(towers("t", 6), 6).num_houses == 3  # type: ignore[attr-defined]
    drawn = source.draw(50, np.random.default_rng(0))
    assert {g.tobytes() for g in drawn.blocks} == {g.tobytes() for g in source.all().blocks}
    with pytest.raises(ValueError, match="t has 6 different goals, fewer than 7"):
        limit(towers("t", 6), 7)
    with pytest.raises(ValueError, match="n is 0"):
        limit(GeneratorSource(), 0)
