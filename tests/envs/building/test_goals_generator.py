"""The procedural generator: same seed, same bytes; believable, standing houses in any world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.building.goals import GeneratorSource, GoalSource, HouseDistribution, fingerprint, structure_of
from envs.building.goals.generator.canvas import make_site
from envs.building.goals.generator.settle import thin_planes
from envs.building.goals.generator.source import fitted_styles
from envs.building.goals.transforms import changed_cells, keep_connected, thin
from envs.building.world import AIR, BLOCK_NAMES, MAX_SIDE, MIN_SIDE, Size, start_blocks

sizes = st.tuples(*[st.integers(MIN_SIDE, MAX_SIDE)] * 3)

EVERYTHING = HouseDistribution().with_numbers(
    cropped=0.3, wing=0.7, detached=0.5, odd_wing=0.5, open_wing=0.5, turret=0.9, another_storey=0.9,
    jetty=0.5, setback=0.5, solid=0.2, overhang=0.6, lantern=0.9, dormers=0.9, chimney=0.9, porch=0.9,
    path=0.9, balcony=0.9, fence=0.9, poles=0.9, beds=0.9, stack=0.9, partition=0.9, inner_pillars=0.9,
    stairs=0.9,
    furniture=0.9, blemishes=0.9, worn=0.9, torn=0.9, mottled=0.5, lost_ground=0.5,
)  # fmt: skip
HOUSES_ONLY = HouseDistribution().with_numbers(figure=0)
CHOICES = [entry.name for entry, _ in HouseDistribution().entries() if "choices" in entry.metadata]
CHANCES = [entry.name for entry, value in HouseDistribution().entries() if isinstance(value, float)]


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


def test_houses_change_cells_of_the_box_only(goals: np.ndarray) -> None:
    low, high = HouseDistribution().extent.cells
    changed = (goals != start_blocks(goals.shape[1:])).reshape(len(goals), -1).sum(1)
    assert changed.min() >= low // 4
    assert (changed < low).mean() < 0.06  # figures
    assert changed.max() <= high
    outside = goals.copy()
    outside[:, 1:-1, 1:-1, 1:-1] = start_blocks(goals.shape[1:])[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(outside, np.broadcast_to(start_blocks(goals.shape[1:]), goals.shape))


def test_houses_stand_on_the_ground(goals: np.ndarray) -> None:
    for structure in structure_of(goals):
        np.testing.assert_array_equal(keep_connected(structure), structure)


def test_most_houses_hold_a_room(goals: np.ndarray) -> None:
    """Four of five hold free cells with something above and walls, near or far, on three sides or more."""
    built = structure_of(goals) != AIR
    above = np.flip(np.maximum.accumulate(np.flip(built, 2), 2), 2)
    sides = [np.maximum.accumulate(built, axis) for axis in (1, 3)]
    sides += [np.flip(np.maximum.accumulate(np.flip(built, axis), axis), axis) for axis in (1, 3)]
    room = ~built & above & (np.sum(sides, 0) >= 3)
    assert (room.sum((1, 2, 3)) >= 4).mean() > 0.8


def test_houses_vary(goals: np.ndarray) -> None:
    assert len({fingerprint(goal, materials=False) for goal in goals[:300]}) >= 295
    used = [(goals[:, :, 1:] == block).any((1, 2, 3)).mean() for block in range(3, len(BLOCK_NAMES))]
    assert min(used) > 0.1


def test_equal_goals_are_one_house_and_ids_are_hashes_of_the_goal() -> None:
    drawn = GeneratorSource().draw(2000, np.random.default_rng(5))
    by_house = dict(zip(drawn.houses, drawn.blocks, strict=True))
    assert len(by_house) == len({goal.tobytes() for goal in drawn.blocks})
    assert all(house.startswith("generator/") and len(house) == 26 for house in by_house)


@settings(max_examples=25, deadline=None)
@given(sizes, st.integers(0, 2**32), st.booleans())
def test_any_world_gets_standing_houses_of_a_sensible_extent(size: Size, seed: int, wild: bool) -> None:
    source = GeneratorSource(size, EVERYTHING if wild else HOUSES_ONLY)
    structures = structure_of(source.draw(4, np.random.default_rng(seed)).blocks)
    low, high = HouseDistribution().extent.cells
    surface = sum(structures[0].size // side for side in structures.shape[1:]) / 208
    for structure in structures:
        np.testing.assert_array_equal(keep_connected(structure), structure)
        assert round(low * surface) // 4 <= changed_cells(structure) <= round(high * surface)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.tuples(*[st.integers(2, 9)] * 3))
def test_shrinking_on_the_canvas_equals_thin(seed: int, box: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    site = make_site((9, 8, 8))
    shape = rng.integers(1, 16, 3)
    blocks = np.repeat(rng.integers(0, 3, shape).astype(np.uint8), 2, int(rng.integers(3)))[
        : shape[0], : shape[1], : shape[2]
    ]
    site.canvas[: shape[0], : shape[1], : shape[2]] = blocks
    for axis in range(3):
        site.kept[axis, : shape[axis]] = range(shape[axis])
    counts = thin_planes(site.canvas, site.kept, site.unlike, tuple(int(side) for side in shape), box)
    shown = site.canvas[np.ix_(*[site.kept[axis, : counts[axis]] for axis in range(3)])]
    np.testing.assert_array_equal(shown, thin(blocks, box))


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_can_be_drawn_alone(name: str) -> None:
    entry = next(entry for entry, _ in HouseDistribution().entries() if entry.name == name)
    drawn = set()
    for choice in entry.metadata["choices"]:
        if choice in ("air", "bedrock"):
            continue
        weights: Any = {choice: 1}
        if "given" in entry.metadata:
            weights = {wall: weights for wall in BLOCK_NAMES[2:]}
        certain = {
            "figures": {"figure": 1.0}, "edges": {"roofs": {"flat": 1}}, "loose_blocks": {"worn": 1.0},
            "window_heights": {"storey_heights": {"5": 1}},
        }.get(name, {})  # fmt: skip
        distribution = HouseDistribution().with_numbers(**{name: weights, **certain})
        structures = GeneratorSource(distribution=distribution).draw_structures(8, np.random.default_rng(6))
        assert (structures != AIR).any((1, 2, 3)).all()
        drawn.add(structures.tobytes())
    assert len(drawn) > len(entry.metadata["choices"]) / 2


@pytest.mark.parametrize("name", CHANCES)
def test_every_probability_matters(name: str) -> None:
    needed = {
        "stray_crop": {"cropped": 1.0}, "railing": {"open_front": 0.9}, "lintel": {"open_front": 0.9},
        "porch_roof": {"porch": 1.0}, "wear": {"worn": 1.0}, "mottle": {"mottled": 1.0},
    }.get(name, {})  # fmt: skip
    drawn = [
        GeneratorSource(distribution=EVERYTHING.with_numbers(**{**needed, name: value})).draw_structures(
            40, np.random.default_rng(7)
        )
        for value in (0.0, 0.9)
    ]
    assert (drawn[0] != drawn[1]).any()


def test_the_styles_that_ship_are_drawn_by_their_shares() -> None:
    styles = fitted_styles()
    assert sum(share for share, _ in styles.values()) == pytest.approx(1)
    alone = {"x": (1.0, styles[next(iter(styles))][1]), "y": (0.0, HOUSES_ONLY)}
    only = GeneratorSource(distribution={"x": alone["x"]}).draw_structures(20, np.random.default_rng(8))
    both = GeneratorSource(distribution=alone).draw_structures(20, np.random.default_rng(8))
    np.testing.assert_array_equal(only, both)
    with pytest.raises(ValueError, match="shares of the styles are"):
        GeneratorSource(distribution={"x": (0.0, HOUSES_ONLY)})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("chimney", 1.5, r"chimney is 1\.5; probabilities are 0\.\.1"),
        ("furniture", 0.99, "furniture is 0.99; after one there may be another"),
        ("cells", (0, 10), "0 < low"),
        ("cells", (3, 1), "cells is .* low <= high"),
        ("short_side", (0.9, 0), "short_side is .* both > 0"),
        ("roofs", {"thatch": 1}, "roofs has no choice 'thatch'; choices are flat, gable"),
        ("roofs", {"flat": 0}, "give at least one of flat"),
        ("roofs", {"flat": -1}, r"roofs\['flat'\] is -1; weights are 0 or more"),
        ("wall_blocks", {"bedrock": 1}, "wall_blocks has no choice 'bedrock'; choices are dirt"),
        ("roof_blocks", {"planks": {"planks": 1}}, "roof_blocks lacks walls of 'cobblestone'"),
        ("thatch", 1, "'thatch' is no number of a HouseDistribution"),
    ],
)
def test_distributions_refuse_what_is_none(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HouseDistribution().with_numbers(**{field: value})
