"""Fingerprints, splits and overlap: one house stays one house, however it is turned or painted."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from envs.building.goals import GeneratorSource, Goals, fingerprint, fingerprints, overlap, split_of
from envs.building.goals.transforms import (
    ground_as_air,
    mirror,
    place,
    swap_materials,
    symmetries,
    tight,
    turn,
)
from envs.building.world import AIR, BEDROCK, DIRT, NUM_BLOCKS, world_goal

HUT = np.zeros((4, 3, 3), np.uint8)
HUT[:, 0], HUT[0, 1:], HUT[3, 1], HUT[1, 1, 0] = 6, 7, 4, 5


@given(
    st.integers(0, 3),
    st.booleans(),
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 4)),
    st.permutations(range(DIRT, NUM_BLOCKS)),
)
def test_fingerprint_ignores_pose_and_only_on_demand_paint(
    quarters: int, mirrored: bool, offset: tuple[int, int, int], order: list[int]
) -> None:
    posed = place(turn(mirror(HUT) if mirrored else HUT, quarters), (9, 8, 8), offset)
    painted = swap_materials(posed, [AIR, BEDROCK, *order])
    assert fingerprint(posed) == fingerprint(HUT)
    if DIRT not in painted:  # dirt in the ground is no block of the house
        assert fingerprint(painted, materials=False) == fingerprint(HUT, materials=False)
        assert (fingerprint(painted) == fingerprint(HUT)) == bool((painted == posed).all())


def test_other_houses_have_other_fingerprints() -> None:
    rng = np.random.default_rng(0)
    prints = {fingerprint(HUT, materials=False)}
    for _ in range(200):
        changed = HUT.copy()
        cell = tuple(int(rng.integers(side)) for side in HUT.shape)
        changed[cell] = AIR if changed[cell] else 9
        prints.add(fingerprint(changed, materials=False))
    assert len(prints) == HUT.size + 1
    assert fingerprint(tight(HUT)) != fingerprint(HUT.transpose(0, 2, 1))


def test_a_goal_has_the_fingerprint_of_its_structure() -> None:
    structure = place(HUT, (9, 8, 8), (3, 0, 2))
    structure[0, 0, 0] = DIRT
    assert fingerprint(world_goal(structure)) == fingerprint(structure) == fingerprint(HUT)
    assert fingerprint(world_goal(np.zeros((9, 8, 8), np.uint8))) == fingerprint(
        np.zeros((1, 1, 1), np.uint8)
    )
    with pytest.raises(ValueError, match="give one structure"):
        fingerprint(np.zeros((2, 3, 3, 3), np.uint8))


def test_fingerprints_never_change_between_versions() -> None:
    assert fingerprint(HUT) == "ca5bde7e52e38b2b53c040e75dc6a206"
    assert fingerprint(HUT, materials=False) == "26a2bfc28a7cb7fef59f3a7566b915c0"


def test_split_follows_the_hash_alone_and_in_the_stated_shares() -> None:
    keys = [f"house {i}" for i in range(4000)]
    splits = [split_of(key, (0.6, 0.1, 0.3)) for key in keys]
    shares = [splits.count(name) / len(keys) for name in ("train", "val", "test")]
    np.testing.assert_allclose(shares, (0.6, 0.1, 0.3), atol=0.025)
    assert [split_of(key) for key in "abcdef"] == ["val", "train", "train", "train", "train", "train"]
    grown = [split_of(key, (0.7, 0.0, 0.3)) for key in keys]
    assert all(new == old for new, old in zip(grown, splits, strict=True) if old != "val")
    with pytest.raises(ValueError, match="sum to 1"):
        split_of("a", (0.5, 0.1, 0.1))


def test_overlap_finds_exactly_the_houses_that_return_turned_and_painted() -> None:
    rng = np.random.default_rng(1)
    source = GeneratorSource()
    a, b = source.draw(40, rng), source.draw(30, rng)
    paint = [AIR, BEDROCK, DIRT, 9, 4, 3, 5, 8, 7, 6]
    disguised = b.blocks.copy()
    for j, i in ((3, 17), (11, 17), (29, 2)):
        structure = tight(swap_materials(a.blocks[i][1:-1, 1:-1, 1:-1], paint)[:, :, ::-1])
        structure[:, 0][structure[:, 0] == DIRT] = AIR
        disguised[j] = world_goal(place(structure, (9, 8, 8)))
    found = overlap(a, Goals(disguised, b.houses, "disguised"))
    assert found.pairs == ((2, 29), (17, 3), (17, 11))
    assert (found.in_a, found.in_b) == (2, 3)
    assert overlap(a, b).pairs == ()


def plain_fingerprint(structure: np.ndarray, materials: bool) -> str:
    """What `fingerprint` says it computes: the hash of the smallest encoding of the eight images."""
    encodings = []
    for image in symmetries(tight(ground_as_air(structure), keep_ground=False)):
        names: dict[int, int] = {AIR: AIR}
        if materials:
            names = dict(enumerate(range(NUM_BLOCKS)))
        cells = bytes(names.setdefault(int(block), len(names)) for block in image.ravel())
        encodings.append(np.array(image.shape, ">u2").tobytes() + cells)
    return hashlib.sha256(min(encodings)).hexdigest()[:32]


@given(
    hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3), elements=st.sampled_from([0, 0, 2, 6, 7])),
    st.booleans(),
)
def test_the_kernel_hashes_the_smallest_image(structure: np.ndarray, materials: bool) -> None:
    assert fingerprint(structure, materials) == plain_fingerprint(structure, materials)


def test_a_batch_has_the_fingerprints_of_its_goals() -> None:
    goals = GeneratorSource().draw(20, np.random.default_rng(3)).blocks
    for materials in (True, False):
        assert fingerprints(goals, materials) == [fingerprint(goal, materials) for goal in goals]
    assert fingerprints(goals[:0]) == []
    with pytest.raises(ValueError, match=r"give \(n, w, h, d\) or \(n, W, H, D\)"):
        fingerprints(goals[0])


def test_overlap_of_ten_thousand_goals_takes_seconds_at_most() -> None:
    rng = np.random.default_rng(2)
    a, b = GeneratorSource().draw(10_000, rng), GeneratorSource().draw(100, rng)
    start = time.perf_counter()
    overlap(a, b)
    assert time.perf_counter() - start < 5
