"""Structures: what every transform keeps, and that augmented structures always fit and stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.building.goals.library.augment import augment
from envs.building.goals.transforms import (
    Box,
    box_of,
    changed_cells,
    densest_window,
    fit,
    keep_connected,
    mirror,
    place,
    shrink_ratio,
    structure_of,
    swap_materials,
    thin,
    tight,
    turn,
)
from envs.building.world import AIR, BEDROCK, DIRT, NUM_BLOCKS, start_blocks, world_goal

BLOCKS = np.array([AIR, *range(DIRT, NUM_BLOCKS)], np.uint8)


@st.composite
def structures(draw: st.DrawFn, longest: int = 12) -> np.ndarray:
    """Structures of any shape, from empty to dense."""
    shape = tuple(draw(st.integers(1, longest)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.choice(BLOCKS, shape) * (rng.random(shape) < draw(st.floats(0, 1)))


boxes = st.tuples(*[st.integers(3, 12)] * 3)


def connected_by_flooding(structure: np.ndarray) -> np.ndarray:
    """Twin of `keep_connected`: grow from the two lowest layers until nothing changes."""
    built = structure != AIR
    held = built.copy()
    held[:, 2:] = False
    while True:
        near = np.pad(held, 1)
        grown = built & (
            near[:-2, 1:-1, 1:-1]
            | near[2:, 1:-1, 1:-1]
            | near[1:-1, :-2, 1:-1]
            | near[1:-1, 2:, 1:-1]
            | near[1:-1, 1:-1, :-2]
            | near[1:-1, 1:-1, 2:]
            | held
        )
        if (grown == held).all():
            return np.where(held, structure, AIR)
        held = grown


@given(structures())
def test_four_quarter_turns_and_two_mirrors_change_nothing(structure: np.ndarray) -> None:
    turned = structure
    for _ in range(4):
        turned = turn(turned)
    np.testing.assert_array_equal(turned, structure)
    np.testing.assert_array_equal(mirror(mirror(structure)), structure)
    np.testing.assert_array_equal(turn(structure, 2), turn(turn(structure)))


@given(structures())
def test_keep_connected_is_what_flooding_from_the_ground_reaches(structure: np.ndarray) -> None:
    kept = keep_connected(structure)
    np.testing.assert_array_equal(kept, connected_by_flooding(structure))
    np.testing.assert_array_equal(keep_connected(kept), kept)


@given(structures(), st.booleans())
def test_tight_loses_no_block_and_leaves_no_empty_side(structure: np.ndarray, keep_ground: bool) -> None:
    cropped = tight(structure, keep_ground=keep_ground)
    assert (cropped != AIR).sum() == (structure != AIR).sum()
    if cropped.size:
        assert (cropped[[0, -1]] != AIR).any((1, 2)).all()
        assert (cropped[:, :, [0, -1]] != AIR).any((0, 1)).all()
        assert (cropped[:, -1] != AIR).any()
        assert keep_ground or (cropped[:, 0] != AIR).any()


@given(structures(), boxes)
def test_thin_fit_and_densest_window_always_fit(structure: np.ndarray, box: Box) -> None:
    assert all(side <= room for side, room in zip(thin(structure, box).shape, box, strict=True))
    assert all(side <= room for side, room in zip(densest_window(structure, box).shape, box, strict=True))
    assert fit(structure, box).shape == box
    if shrink_ratio(tight(structure), box) == 1:
        assert (fit(structure, box) != AIR).sum() == (structure != AIR).sum()


@given(structures(longest=7), st.integers(1, 7), st.integers(1, 7))
def test_densest_window_is_the_best_of_all(structure: np.ndarray, width: int, depth: int) -> None:
    counts = [
        (structure[x : x + width, :, z : z + depth] != AIR).sum()
        for x in range(max(1, structure.shape[0] - width + 1))
        for z in range(max(1, structure.shape[2] - depth + 1))
    ]
    assert (densest_window(structure, (width, 7, depth)) != AIR).sum() == max(counts)


def test_thin_deletes_repeated_planes_first() -> None:
    house = np.zeros((6, 3, 3), np.uint8)
    house[0], house[1:4], house[4], house[5] = 3, 6, 4, 3
    np.testing.assert_array_equal(thin(house, (4, 3, 3))[:, 0, 0], [3, 6, 4, 3])


def test_fit_turns_a_structure_that_fits_only_turned() -> None:
    long = np.ones((4, 2, 8), np.uint8) * 6
    assert shrink_ratio(long, (9, 8, 6)) == 1
    assert (fit(long, (9, 8, 6)) != AIR).sum() == long.size


def test_place_puts_a_structure_at_its_offset_or_refuses() -> None:
    structure = np.full((2, 2, 2), 5, np.uint8)
    np.testing.assert_array_equal(place(structure, (4, 3, 5), (1, 0, 3))[1:3, :2, 3:], structure)
    with pytest.raises(ValueError, match=r"spans 3\.\.4 along x.*has 0\.\.3"):
        place(structure, (4, 3, 5), (3, 0, 0))


@given(structures(), st.permutations(range(DIRT, NUM_BLOCKS)))
def test_swapping_materials_back_restores_the_structure(structure: np.ndarray, order: list[int]) -> None:
    table = np.array([AIR, BEDROCK, *order])
    swapped = swap_materials(structure, table)
    np.testing.assert_array_equal(swap_materials(swapped, np.argsort(table)), structure)
    np.testing.assert_array_equal(swapped == AIR, structure == AIR)


@pytest.mark.parametrize(("at", "block"), [(0, 3), (5, 1), (5, 10), (5, -1)])
def test_swap_materials_refuses_tables_that_leave_the_palette(at: int, block: int) -> None:
    table = np.arange(NUM_BLOCKS)
    table[at] = block
    with pytest.raises(ValueError, match="table is"):
        swap_materials(np.zeros((2, 2, 2), np.uint8), table)


@given(structures(), boxes, st.integers(0, 2**32))
def test_augmented_structures_fit_stand_and_stay_in_the_palette(
    structure: np.ndarray, box: Box, seed: int
) -> None:
    before = structure.copy()
    variant = augment(structure, np.random.default_rng(seed), box)
    assert variant.shape == box
    assert variant.dtype == np.uint8
    assert np.isin(variant, BLOCKS).all()
    np.testing.assert_array_equal(keep_connected(variant), variant)
    np.testing.assert_array_equal(variant, augment(structure, np.random.default_rng(seed), box))
    np.testing.assert_array_equal(structure, before)


def test_augment_gives_many_variants_of_one_house() -> None:
    rng = np.random.default_rng(0)
    house = np.zeros((5, 4, 6), np.uint8)
    house[:, 0], house[:, 3] = 6, 8
    house[[0, -1], 1:3], house[:, 1:3, [0, -1]] = 7, 7
    assert len({augment(house, rng, (9, 8, 8)).tobytes() for _ in range(100)}) > 90


def test_augment_needs_steps_that_end_in_the_box() -> None:
    with pytest.raises(ValueError, match="end with one that gives"):
        augment(np.full((2, 2, 2), 5, np.uint8), np.random.default_rng(0), (9, 8, 8), steps=())


@given(structures(longest=8))
def test_goal_and_structure_are_two_forms_of_one_thing(structure: np.ndarray) -> None:
    placed = place(structure, box_of((11, 10, 10)))
    goal = world_goal(placed)
    np.testing.assert_array_equal(world_goal(structure_of(goal)), goal)
    assert changed_cells(placed) == (goal != start_blocks((11, 10, 10))).sum()
