"""The procedural generator: same seed, same bytes; believable, standing houses in any world."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.building.goals import GeneratorSource, GoalSource, HouseDistribution, fingerprint, structure_of
from envs.building.goals.transforms import changed_cells, keep_connected, tight
from envs.building.world import AIR, BLOCK_NAMES, MAX_SIDE, MIN_SIDE, Size, start_blocks

sizes = st.tuples(*[st.integers(MIN_SIDE, MAX_SIDE)] * 3)

EVERYTHING = HouseDistribution(
    cropped=0.3, annex=0.7, another_storey=0.9, jetty=0.5, setback=0.5, overhang=0.6, chimney=0.9, porch=0.9,
    path=0.9, partition=0.9, furniture=0.9, blemishes=0.9, mottled=0.5,
)  # fmt: skip
CERTAIN = [entry.name for entry in fields(HouseDistribution) if "choices" in entry.metadata]


@pytest.fixture(scope="module")
def goals() -> np.ndarray:
    return GeneratorSource().draw(1000, np.random.default_rng(0)).blocks


def test_generator_is_a_goal_source() -> None:
    assert isinstance(GeneratorSource(), GoalSource)


def test_the_same_seed_gives_the_same_bytes_however_draws_are_split() -> None:
    whole = GeneratorSource().draw(10, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    parts = [GeneratorSource().draw(n, rng) for n in (5, 0, 1, 4)]
    np.testing.assert_array_equal(np.concatenate([part.blocks for part in parts]), whole.blocks)
    assert sum((part.houses for part in parts), ()) == whole.houses
    assert whole.houses != GeneratorSource().draw(10, np.random.default_rng(4)).houses


def test_houses_change_60_to_350_cells_inside_the_box(goals: np.ndarray) -> None:
    changed = (goals != start_blocks(goals.shape[1:])).reshape(len(goals), -1).sum(1)
    assert changed.min() >= 60
    assert changed.max() <= 350
    outside = goals.copy()
    outside[:, 1:-1, 1:-1, 1:-1] = start_blocks(goals.shape[1:])[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(outside, np.broadcast_to(start_blocks(goals.shape[1:]), goals.shape))


def test_houses_stand_on_the_ground(goals: np.ndarray) -> None:
    for structure in structure_of(goals):
        np.testing.assert_array_equal(keep_connected(structure), structure)


def test_houses_are_hollow_and_roofed(goals: np.ndarray) -> None:
    """Nine of ten hold free cells with something above and walls, near or far, on all four sides."""
    built = structure_of(goals) != AIR
    before = [np.maximum.accumulate(built, axis) for axis in (1, 3)]
    after = [np.flip(np.maximum.accumulate(np.flip(built, axis), axis), axis) for axis in (1, 2, 3)]
    room = ~built & before[0] & before[1] & after[0] & after[1] & after[2]
    assert (room.sum((1, 2, 3)) >= 4).mean() > 0.9


def test_houses_vary(goals: np.ndarray) -> None:
    assert len({fingerprint(goal, materials=False) for goal in goals[:300]}) >= 295
    used = [(goals[:, :, 1:] == block).any((1, 2, 3)).mean() for block in range(3, len(BLOCK_NAMES))]
    assert min(used) > 0.1


def test_equal_goals_are_one_house_and_ids_are_hashes_of_the_goal() -> None:
    drawn = GeneratorSource().draw(2000, np.random.default_rng(5))
    by_house = dict(zip(drawn.houses, drawn.blocks, strict=True))
    assert len(by_house) == len({goal.tobytes() for goal in drawn.blocks})
    assert all(house.startswith("generator/") and len(house) == 26 for house in by_house)


@settings(max_examples=25)
@given(sizes, st.integers(0, 2**32), st.booleans())
def test_any_world_gets_standing_houses_of_a_sensible_extent(size: Size, seed: int, wild: bool) -> None:
    source = GeneratorSource(size, EVERYTHING if wild else None)
    structures = structure_of(source.draw(4, np.random.default_rng(seed)).blocks)
    surface = sum(structures[0].size // side for side in structures.shape[1:]) / 208
    for structure in structures:
        np.testing.assert_array_equal(keep_connected(structure), structure)
        assert round(60 * surface) <= changed_cells(structure) <= round(350 * surface)
        width, height, depth = tight(structure).shape
        assert min(width, height, depth) >= 3


@pytest.mark.parametrize("name", CERTAIN)
def test_every_choice_of_every_distribution_can_be_drawn_alone(name: str) -> None:
    entry = next(entry for entry in fields(HouseDistribution) if entry.name == name)
    drawn = set()
    for choice in entry.metadata["choices"]:
        if choice not in ("air", "bedrock"):
            source = GeneratorSource(distribution=replace(HouseDistribution(), **{name: {choice: 1}}))
            drawn.add(source.draw(8, np.random.default_rng(6)).blocks.tobytes())
    assert len(drawn) > 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("chimney", 1.5, r"chimney is 1\.5; probabilities are 0\.\.1"),
        ("side", (0.9, 0.5), "side is .* low <= high"),
        ("side", (0.5, 2), "shares of the box's side are at most 1"),
        ("cells", (0, 10), "0 < low"),
        ("roofs", {"thatch": 1}, "roofs has no choice 'thatch'; choices are flat, gable"),
        ("roofs", {"flat": 0}, "give at least one of flat"),
        ("roofs", {"flat": -1}, r"roofs\['flat'\] is -1; weights are 0 or more"),
        ("wall_blocks", {"bedrock": 1}, "wall_blocks has no choice 'bedrock'; choices are dirt"),
    ],
)
def test_distributions_refuse_what_is_none(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(HouseDistribution(), **{field: value})
