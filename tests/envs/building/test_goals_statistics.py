"""Statistics of goals: hand-counted houses, any pose, and sets that are told apart when they differ."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from envs.building.goals import GeneratorSource, Goals, structure_of
from envs.building.goals.measures.comparison import cell_entropy, compare_sets
from envs.building.goals.measures.patches import divergence, patch_divergence, patches
from envs.building.goals.measures.similarity import nearest
from envs.building.goals.measures.statistics import FEATURES, measure
from envs.building.goals.measures.two_sample import differences, two_sample_auc
from envs.building.goals.transforms import mirror, place, swap_materials, symmetries, tight, turn
from envs.building.world import AIR, BEDROCK, DIRT, NUM_BLOCKS, world_goal

BOX = (9, 8, 8)
GLASS, LOG, PLANKS, STONE = 4, 5, 6, 7

blocks = st.sampled_from((AIR, AIR, DIRT, GLASS, PLANKS, STONE))
small = hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 4)] * 3), elements=blocks)
poses = st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 4), st.integers(0, 4))


def posed(structure: np.ndarray, pose: tuple[int, bool, int, int]) -> np.ndarray:
    quarters, mirrored, x, z = pose
    return place(turn(mirror(structure) if mirrored else structure, quarters), BOX, (x, 0, z))


def features(structure: np.ndarray) -> dict[str, float]:
    (row,) = measure(structure[None])
    return {feature.name: float(value) for feature, value in zip(FEATURES, row, strict=True)}


@pytest.fixture(scope="module")
def generated() -> Goals:
    return GeneratorSource().draw(120, np.random.default_rng(0))


def hut() -> np.ndarray:
    """5x4x4: a floor in the ground, two layers of wall around a room of 3x2, a door, a flat roof, a post."""
    house = np.zeros((5, 4, 4), np.uint8)
    house[:, 0] = STONE
    house[:, 1:3] = PLANKS
    house[1:4, 1:3, 1:3] = AIR
    house[2, 1:3, 0] = AIR
    house[:, 3] = LOG
    return house


def test_a_hut_is_counted_right() -> None:
    found = features(place(hut(), BOX, (1, 0, 2)))
    # Floor 20, walls 2 x (14 - 1), roof 20.
    assert found["cells"] == 66
    assert found["materials"] == 3
    assert found["stone"] == found["log"] == pytest.approx(20 / 66)
    assert found["main_share"] == found["planks"] == pytest.approx(26 / 66)
    assert found["same_beside"] == 1
    assert found["layer_entropy"] == 0
    assert [found[f"layer_{y}"] * 66 for y in range(8)] == pytest.approx([20, 13, 13, 20, 0, 0, 0, 0])
    assert (found["height"], found["top_mean"], found["top_deviation"], found["peak"]) == (4, 4, 0, 1)
    assert (found["long_side"], found["short_side"], found["columns"]) == (5, 4, 20)
    assert (found["footprint_fill"], found["fill"]) == (1, pytest.approx(66 / 80))
    assert (found["parts"], found["main_part"], found["ends"]) == (1, 1, 0)
    # The mirror image along z moves the door: 4 cells of wall have none in the other.
    assert found["mirror_best"] == 1
    assert found["mirror_worst"] == found["half_turn"] == pytest.approx(64 / 68)
    # The room is open through the door; its 12 cells are under a roof and between walls, but for the two
    # rows through the door, which has no wall at its side.
    assert found["enclosed"] == 0
    assert found["sheltered"] == pytest.approx(8 / 66)
    assert found["gaps"] == pytest.approx(2 / 66)
    assert found["overhang"] == pytest.approx(7 / 66)


def test_a_closed_door_encloses_the_room() -> None:
    house = hut()
    house[2, 1:3, 0] = GLASS
    found = features(place(house, BOX))
    assert found["enclosed"] == found["sheltered"] == pytest.approx(12 / 68)
    assert found["gaps"] == 0
    assert found["glass"] == pytest.approx(2 / 68)


def test_thickness_and_faces_of_a_block_and_a_slab() -> None:
    cube = np.zeros(BOX, np.uint8)
    cube[1:4, 1:4, 1:4] = STONE
    found = features(cube)
    assert (found["thickness"], found["thin"], found["rise"]) == (3, 0, 3)
    # Only the middle and the cell below it, which touches the ground, have no face to the air.
    assert found["surface"] == pytest.approx(25 / 27)
    assert found["faces"] == pytest.approx(45 / 27)
    wall = np.zeros(BOX, np.uint8)
    wall[2:7, 1:3, 4] = STONE
    found = features(wall)
    assert (found["thickness"], found["thin"], found["rise"]) == (1, 1, 2)
    assert found["faces"] == pytest.approx((2 * 10 + 4 + 5) / 10)
    assert (found["surface"], found["overhang"]) == (1, 0)
    slab = np.zeros(BOX, np.uint8)
    slab[2:7, 0, 2:5] = STONE
    assert (features(slab)["faces"], features(slab)["thickness"]) == (1, 0)


@given(small, poses)
def test_pose_changes_no_feature(structure: np.ndarray, pose: tuple[int, bool, int, int]) -> None:
    np.testing.assert_allclose(measure(posed(structure, pose)[None]), measure(place(structure, BOX)[None]))


@given(hnp.arrays(np.uint8, (4, 4, 3), elements=blocks))
def test_features_are_finite_and_shares_are_shares(structure: np.ndarray) -> None:
    found = features(structure)
    assert np.isfinite(list(found.values())).all()
    ratios = {"enclosed", "sheltered", "gaps"}
    for feature in FEATURES:
        if not feature.unit and feature.name not in ratios:
            assert -1e-9 <= found[feature.name] <= 1 + 1e-9, feature.name
    assert found["mirror_worst"] <= found["mirror_best"] <= found["mirror_shape"] + 1e-9


def test_earth_in_the_ground_is_nothing_and_nothing_is_zeros() -> None:
    empty = np.zeros((1, *BOX), np.uint8)
    assert not measure(empty).any()
    empty[:, :, 0] = DIRT
    assert not measure(empty).any()
    assert measure(empty[:0]).shape == (0, len(FEATURES))
    with pytest.raises(ValueError, match="give \\(n, w, h, d\\)"):
        measure(empty[0])


def test_cell_entropy_is_that_of_the_shares() -> None:
    structures = np.zeros((4, 2, 3, 2), np.uint8)
    assert cell_entropy(structures) == 0
    structures[:2, 0, 1, 0] = STONE
    assert cell_entropy(structures) == pytest.approx(np.log(2) / 12)


# --- patches ------------------------------------------------------------------------------------------------


@given(small, poses)
def test_patches_ignore_pose(structure: np.ndarray, pose: tuple[int, bool, int, int]) -> None:
    here, there = place(structure, BOX)[None], posed(structure, pose)[None]
    found = patches(here)
    assert len(found) == measure(here)[0, 0]
    np.testing.assert_array_equal(np.sort(found), np.sort(patches(there)))


def test_patches_ignore_paint_but_not_which_block_is_the_commonest() -> None:
    house = place(hut(), BOX)
    found = patches(house[None])
    painted = swap_materials(house, [AIR, BEDROCK, DIRT, 3, GLASS, STONE, 9, LOG, 8, 3])
    np.testing.assert_array_equal(found, patches(painted[None]))
    alike = swap_materials(house, [AIR, BEDROCK, DIRT, 3, GLASS, LOG, PLANKS, LOG, 8, 9])
    assert (found != patches(alike[None])).any()


def test_shape_patches_see_no_materials(generated: Goals) -> None:
    house = structure_of(generated.blocks[:1])
    painted = np.where((house > 0) & (np.indices(house.shape).sum(0) % 2 == 0), STONE, house).astype(np.uint8)
    assert (patches(house, materials=False) == patches(painted, materials=False)).all()
    assert (np.sort(patches(house)) != np.sort(patches(painted))).any()


def test_divergence_is_zero_of_equal_and_one_of_disjoint_samples() -> None:
    a = np.array([1, 1, 2, 5])
    assert patch_divergence(a, np.repeat(a, 3)) == pytest.approx(0)
    assert patch_divergence(a, a + 100) == pytest.approx(1)
    assert patch_divergence(np.array([1, 1]), np.array([1, 2])) == pytest.approx(0.311278, abs=1e-6)
    with pytest.raises(ValueError, match="1 or more"):
        patch_divergence(a, a[:0])


def test_patches_of_noise_are_far_from_those_of_houses(generated: Goals) -> None:
    houses = structure_of(generated.blocks)
    noise = np.random.default_rng(0).permuted(houses.reshape(len(houses), -1), axis=1).reshape(houses.shape)
    names = generated.houses[:40]
    same = divergence(houses[:40], houses[40:], names)
    other = divergence(houses[:40], noise, names)
    assert same.generated == pytest.approx(same.real, abs=0.05)
    assert other.generated > other.real + 0.05
    assert divergence(houses[:40], noise, names) == other
    with pytest.raises(ValueError, match="2 or more"):
        divergence(houses[:4], noise, ["one"] * 4)


# --- nearest houses -----------------------------------------------------------------------------------------


@given(small, poses, st.permutations(range(3, NUM_BLOCKS)))
def test_the_nearest_of_a_moved_and_painted_house_is_itself(
    structure: np.ndarray, pose: tuple[int, bool, int, int], order: list[int]
) -> None:
    structure[0, -1, 0] = STONE
    other = np.zeros(BOX, np.uint8)
    other[:, 5, :] = other[4, :, 4] = STONE
    painted = swap_materials(structure, [AIR, BEDROCK, DIRT, *order])
    found = nearest(posed(painted, pose)[None], np.stack([other, place(structure, BOX)]))
    assert (found.goal[0], found.iou[0], found.agreement[0]) == (1, 1, 1)


def best_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Twin of `nearest` for one pair: every image, every shift, in plain loops."""
    grid, best = (8, 8, 8), 0.0
    cells_b = {tuple(cell) for cell in np.argwhere(centred(b, grid))}
    for image in symmetries(tight(a, keep_ground=False)):
        for shift in itertools.product((-1, 0, 1), repeat=3):
            cells_a = {tuple(cell + shift) for cell in np.argwhere(centred(image, grid))}
            best = max(best, len(cells_a & cells_b) / max(1, len(cells_a | cells_b)))
    return best


def centred(house: np.ndarray, grid: tuple[int, int, int]) -> np.ndarray:
    house = tight(house, keep_ground=False)
    at = ((grid[0] - house.shape[0]) // 2, 1, (grid[2] - house.shape[2]) // 2)
    return place(house, grid, at)


@given(*[hnp.arrays(np.uint8, (4, 4, 4), elements=st.sampled_from((AIR, PLANKS, STONE)))] * 2)
def test_overlap_equals_the_plain_twin(a: np.ndarray, b: np.ndarray) -> None:
    found = nearest(a[None], b[None])
    assert found.iou[0] == pytest.approx(best_iou(a, b))
    assert found.agreement[0] <= found.iou[0]


def test_families_are_not_compared_with_themselves(generated: Goals) -> None:
    houses = structure_of(generated.blocks[:6])
    assert (nearest(houses, houses).goal == np.arange(6)).all()
    families = ["a", "a", "b", "b", "c", "c"]
    found = nearest(houses, houses, families, families)
    assert all(families[i] != families[j] for i, j in enumerate(found.goal))
    alone = nearest(houses[:2], houses[:2], families[:2], families[:2])
    assert (alone.goal == -1).all()
    assert not alone.iou.any()
    for wrong in ((None, families), (families[:2], families)):
        with pytest.raises(ValueError, match="families"):
            nearest(houses, houses, *wrong)


# --- two sets -----------------------------------------------------------------------------------------------


@pytest.fixture
def sklearn() -> None:
    pytest.importorskip("sklearn", reason="the classifiers need scikit-learn")


@pytest.mark.usefixtures("sklearn")
def test_a_source_is_not_told_from_itself_but_from_noise(generated: Goals) -> None:
    found = measure(structure_of(generated.blocks))
    same = two_sample_auc(found[:40], found[40:])
    assert 0.3 < same.auc < 0.7
    assert same.lo < 0.55 < same.hi + 0.1
    shifted = found[40:].copy()
    shifted[:, 0] += 500
    other = two_sample_auc(found[:40], shifted)
    assert other.auc > 0.99
    assert other == two_sample_auc(found[:40], shifted)
    assert (other.real, other.generated, other.families) == (40, 80, 40)
    assert other.auc == max(other.by_classifier.values())


@pytest.mark.usefixtures("sklearn")
def test_versions_of_one_house_do_not_help_to_recognise_it() -> None:
    rng = np.random.default_rng(0)
    houses = rng.normal(size=(20, 10))
    real, made = np.repeat(houses[:10], 6, axis=0), np.repeat(houses[10:], 6, axis=0)
    families = [str(i // 6) for i in range(60)]
    memory = two_sample_auc(real, made)
    honest = two_sample_auc(real, made, real_families=families, generated_families=families)
    assert memory.auc > 0.95
    assert honest.auc < 0.8
    assert honest.families == 10
    assert honest.hi - honest.lo > memory.hi - memory.lo


@pytest.mark.usefixtures("sklearn")
def test_two_samples_have_to_fit() -> None:
    rows = np.zeros((4, 3))
    with pytest.raises(ValueError, match="have shapes"):
        two_sample_auc(rows, rows[:, :2])
    with pytest.raises(ValueError, match="of 1 family"):
        two_sample_auc(rows, rows, real_families=["a"] * 4)
    with pytest.raises(ValueError, match="3 real families for 4 real goals"):
        two_sample_auc(rows, rows, real_families=["a", "b", "c"])


def test_differences_name_what_was_changed(generated: Goals) -> None:
    found = measure(structure_of(generated.blocks))
    changed = found.copy()
    names = [feature.name for feature in FEATURES]
    changed[:, names.index("height")] += 2 * found[:, names.index("height")].std()
    first, *rest = differences(found, changed)
    assert first.feature.name == "height"
    assert first.standardised == pytest.approx(2)
    assert first.spread == pytest.approx(1)
    assert 0.5 < first.distance <= 1
    assert all(difference.distance == 0 == difference.standardised for difference in rest)


def test_copies_and_outliers_are_seen(generated: Goals) -> None:
    real = Goals(generated.blocks[:30], generated.houses[:30], "real")
    fresh = Goals(generated.blocks[30:], generated.houses[30:], "fresh")
    poles = np.zeros((30, *BOX), np.uint8)
    poles[:, 4, 1:7, 4] = STONE
    pole = Goals(world_goal(poles), tuple(f"pole {i}" for i in range(30)), "poles")
    found = {
        goals.name: {compared.name: compared for compared in compare_sets(real, goals)}
        for goals in (real, fresh, pole)
    }
    assert found["real"]["copies"].generated == 100
    assert found["real"]["copies"].real == found["fresh"]["copies"].generated == 0
    assert found["poles"]["outliers"].generated == 100
    assert found["fresh"]["outliers"].generated < 40
    assert found["poles"]["distinct"].generated == pytest.approx(100 / 30)
    assert found["poles"]["cell_entropy"].generated == 0 < found["fresh"]["cell_entropy"].generated
    assert found["poles"]["nearest_own"].generated == 1
    with pytest.raises(ValueError, match="draw 30 or more"):
        compare_sets(real, Goals(fresh.blocks[:3], fresh.houses[:3], "few"))
