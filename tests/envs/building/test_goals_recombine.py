"""Recombination: endless, connected, within limits, a function of the seed; each change does what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.building.goals import (
    House,
    Recombination,
    RecombinedSource,
    fingerprint,
    fingerprints,
    make_source,
    structure_of,
)
from envs.building.goals.library.pieces import (
    Piece,
    delete_planes,
    make_piece,
    make_stock,
    put_down,
    repeat_planes,
    take,
    thin_at_random,
)
from envs.building.goals.library.repaint import borrow_scheme, damage, exchange_materials, scheme_of
from envs.building.goals.library.splices import (
    add_annex,
    carve,
    change_planes,
    change_storeys,
    crop,
    graft,
    lower_wing,
    mirror_half,
    storey_levels,
)
from envs.building.goals.transforms import changed_cells, keep_connected, tight

BOX = (9, 8, 8)
ROOM = np.array(BOX)
UNTOUCHED = Recombination(untouched=1)
PLANKS, STONE, WOOL, GLASS, LOG = 6, 7, 9, 4, 5


def house(
    storeys: int = 2, width: int = 7, depth: int = 6, wall: int = PLANKS, roof: int = STONE
) -> np.ndarray:
    """A house of storeys of three layers, each with a floor, and a flat roof of another material."""
    height = 3 * storeys + 1
    built = np.zeros((width, height, depth), np.uint8)
    built[:, :, [0, -1]] = built[[0, -1]] = wall
    built[:, ::3] = wall
    built[:, -1] = roof
    built[1, 1:3, 0] = GLASS
    return built


def piece_of(structure: np.ndarray) -> Piece:
    """A piece with room for the box and rubbish in the cells it does not use."""
    piece = make_piece(BOX, 1.6)
    piece.cells[:] = WOOL
    width, height, depth = structure.shape
    piece.cells[:width, :height, :depth] = structure
    piece.sides[:] = structure.shape
    return piece


def cells_of(piece: Piece) -> np.ndarray:
    width, height, depth = piece.sides
    return piece.cells[:width, :height, :depth].copy()


def stream(seed: int) -> np.ndarray:
    return np.array([seed], np.uint64)


def library() -> list[House]:
    """Nine buildings of five families in two sets, from such as fit the box to a large one."""
    small = [
        House(house(1 + i % 2, 5 + i, 5, 3 + i, 5 + i), f"s{i // 2}", data_set="small") for i in range(5)
    ]
    large = [House(house(3 + i, 12 + 4 * i, 11), f"l{i // 3}", data_set="large") for i in range(4)]
    return small + large


@pytest.fixture(scope="module")
def source() -> RecombinedSource:
    return RecombinedSource("mixed", library())


seeds = st.integers(0, 2**64 - 1)
houses = st.builds(house, st.integers(1, 2), st.integers(4, 9), st.integers(4, 8))


def test_goals_are_connected_within_limits_and_from_known_families(source: RecombinedSource) -> None:
    goals = source.draw(1500, np.random.default_rng(0))
    structures = structure_of(goals.blocks)
    cells = changed_cells(structures)
    assert cells.min() >= source.recombination.fewest * 576
    assert cells.max() <= source.recombination.most * 576
    for structure in structures:
        np.testing.assert_array_equal(keep_connected(structure), structure)
    assert (
        set(goals.houses)
        == set(source.families)
        == {"small/s0", "small/s1", "small/s2", "large/l0", "large/l1"}
    )
    assert len({goal.tobytes() for goal in goals.blocks}) > 1100
    assert len(set(fingerprints(goals.blocks, materials=False))) > 800


def test_a_goal_is_a_function_of_its_seed(source: RecombinedSource) -> None:
    rng = np.random.default_rng(5)
    whole = source.draw(10, np.random.default_rng(5))
    halves = [source.draw(5, rng) for _ in range(2)]
    np.testing.assert_array_equal(whole.blocks, np.concatenate([half.blocks for half in halves]))
    assert whole.houses == halves[0].houses + halves[1].houses
    again = RecombinedSource("mixed", library()).draw(10, np.random.default_rng(5))
    np.testing.assert_array_equal(whole.blocks, again.blocks)
    assert len(source.draw(0, rng)) == 0


@pytest.mark.parametrize("size", [(5, 6, 5), (7, 12, 9), (20, 14, 18)])
def test_goals_come_in_worlds_of_any_size(size: tuple[int, int, int]) -> None:
    goals = RecombinedSource("any", library(), size).draw(200, np.random.default_rng(0))
    assert goals.size == size


def test_an_untouched_building_that_fits_stays_itself() -> None:
    small = [House(house(2, 4 + i, 5), f"{i}") for i in range(4)]
    prints = {fingerprint(building.structure) for building in small}
    goals = RecombinedSource("plain", small, recombination=UNTOUCHED).draw(300, np.random.default_rng(0))
    assert set(fingerprints(goals.blocks)) == prints
    assert len({goal.tobytes() for goal in goals.blocks}) > 100  # places and poses
    assert set(goals.houses) == {f"plain/{i}" for i in range(4)}


def test_one_large_building_gives_hundreds_of_goals() -> None:
    rng = np.random.default_rng(0)
    castle = np.where(rng.random((25, 20, 30)) < 0.02, WOOL, house(6, 25, 30).repeat(2, 1)[:, :20])
    source = RecombinedSource("castle", [House(castle.astype(np.uint8), "c")], recombination=UNTOUCHED)
    goals = source.draw(500, rng)
    assert len(set(fingerprints(goals.blocks, materials=False))) > 400


def test_data_sets_are_taken_by_weight() -> None:
    source = RecombinedSource("weighted", library(), weights={"small": 1, "large": 4})
    drawn = Counter(name.split("/")[0] for name in source.draw(2000, np.random.default_rng(0)).houses)
    assert abs(drawn["large"] - 1600) < 80  # over four deviations of a binomial
    alone = RecombinedSource("one", library(), weights={"small": 1}).draw(50, np.random.default_rng(0))
    assert all(name.startswith("small/") for name in alone.houses)


def test_nothing_excluded_is_ever_drawn(source: RecombinedSource) -> None:
    first = source.draw(300, np.random.default_rng(1))
    excluded = set(fingerprints(first.blocks[:150], materials=False))
    without = RecombinedSource("mixed", library(), excluded=excluded).draw(300, np.random.default_rng(1))
    assert not excluded & set(fingerprints(without.blocks, materials=False))


def test_buildings_that_are_left_out_are_counted() -> None:
    castle, hut, tiny = house(4, 12, 11), house(1, 5, 6), np.full((2, 2, 2), PLANKS, np.uint8)
    houses = [House(castle, "a"), House(hut, "b"), House(tiny, "c"), House(hut[:, :, ::-1], "d")]
    excluded = {fingerprint(building, materials=False) for building in (castle, tiny)}
    source = RecombinedSource("few", houses, excluded=excluded)
    assert source.dropped == {"excluded": 2}
    assert source.families == ("few/b", "few/d")
    assert RecombinedSource("few", houses).dropped == {"limits": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recombination": Recombination(graft=1.5)}, r"graft of the recombination is 1\.5; give 0\.\.1"),
        ({"recombination": Recombination(max_ratio=0.5)}, r"max_ratio .* give 1\.\.3"),
        ({"recombination": Recombination(fewest=0.9)}, "fewest is 0.9, more than most"),
        ({"weights": {"small": -1.0}}, "give 0 or more for each of 'small', 'large'"),
        ({"weights": {"tiny": 1.0}}, "more than 0 for one"),
    ],
)
def test_values_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RecombinedSource("wrong", library(), **options)


def test_a_library_without_a_usable_part_is_refused() -> None:
    tiny = np.full((2, 2, 2), PLANKS, np.uint8)
    with pytest.raises(ValueError, match="of its 2 buildings none has a part within the limits"):
        RecombinedSource("tiny", [House(tiny, "a"), House(np.zeros((3, 3, 3), np.uint8), "b")])


@given(houses, st.integers(0, 2), st.data())
def test_planes_are_deleted_and_repeated_as_numpy_does(
    built: np.ndarray, axis: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, built.shape[axis] - 1))
    count = data.draw(st.integers(0, built.shape[axis] - first))
    piece = piece_of(built)
    delete_planes(piece, axis, first, count)
    np.testing.assert_array_equal(cells_of(piece), np.delete(built, range(first, first + count), axis))
    piece, end = piece_of(built), first + count
    count = min(count, piece.cells.shape[axis] - built.shape[axis])
    repeat_planes(piece, axis, end, count)
    copied = built.take(range(end - count, end), axis)
    before, after = np.split(built, [end], axis)
    np.testing.assert_array_equal(cells_of(piece), np.concatenate([before, copied, after], axis))


@given(seeds, st.integers(0, 2), st.integers(1, 6))
def test_thinning_keeps_the_order_of_planes(seed: int, axis: int, room: int) -> None:
    built = np.zeros((9, 8, 8), np.uint8)
    built[:] = np.moveaxis(np.arange(built.shape[axis])[:, None, None] + 1, 0, axis)
    piece = piece_of(built)
    thin_at_random(stream(seed), piece, axis, room)
    kept = cells_of(piece).max(tuple({0, 1, 2} - {axis}))
    assert len(kept) == min(room, built.shape[axis])
    assert (np.diff(kept.astype(int)) > 0).all()
    assert kept[0] == 1
    if room > 1:
        assert kept[-1] == built.shape[axis]  # outer faces stay


def test_thinning_prefers_planes_that_are_alike() -> None:
    built = np.full((9, 3, 8), PLANKS, np.uint8)
    built[1], built[3] = STONE, WOOL  # planes 4 .. 8 are alike
    kept = 0
    for seed in range(100):
        piece = piece_of(built)
        thin_at_random(stream(seed), piece, 0, 8)
        kept += {STONE, WOOL} <= set(cells_of(piece).ravel().tolist())
    assert kept > 95


@given(seeds, houses)
def test_pieces_are_put_down_whole_in_every_pose(seed: int, built: np.ndarray) -> None:
    structure = np.full(BOX, WOOL, np.uint8)
    put_down(stream(seed), piece_of(built), structure)
    assert fingerprint(structure) == fingerprint(built)
    assert tight(structure).shape[1] == built.shape[1]


@given(seeds)
def test_a_part_of_a_building_fits_the_room(seed: int) -> None:
    buildings = [house(4, 13, 21), house(1, 4, 5), house(12, 6, 7)]
    stock = make_stock(buildings, np.arange(3))
    for item, building in enumerate(buildings):
        piece = make_piece(BOX, 1.6)
        take(stream(seed), stock, item, ROOM, 1.6, piece)
        assert (piece.sides <= ROOM).all()
        assert set(np.unique(cells_of(piece))) <= set(np.unique(building))
        if item == 1:
            assert fingerprint(cells_of(piece)) == fingerprint(building)


def test_storeys_start_at_their_floors() -> None:
    assert storey_levels(piece_of(house(2))).tolist() == [0, 3, 7]
    assert storey_levels(piece_of(house(1))).tolist() == [0, 4]


def test_a_graft_brings_a_storey_or_roof_of_the_other_building() -> None:
    kinds = set()
    for seed in range(60):
        piece, donor = piece_of(house(2, 7, 6)), piece_of(house(2, 5, 8, wall=LOG, roof=WOOL))
        graft(stream(seed), piece, donor, ROOM)
        built = cells_of(piece)
        assert built.shape[::2] == (7, 6)
        assert 3 <= built.shape[1] <= 8
        kinds.add(tuple(bool(np.isin(layer, (LOG, WOOL)).any()) for layer in (built[:, 0], built[:, -1])))
        assert {LOG, WOOL} & set(np.unique(built))
        assert {PLANKS, STONE} & set(np.unique(built))
    assert kinds == {(True, False), (False, True)}


@given(seeds, houses)
def test_changes_of_shape_leave_a_piece_that_fits(seed: int, built: np.ndarray) -> None:
    def other() -> Piece:
        return piece_of(house(1, 4, 4, wall=LOG))

    changes: tuple[Callable[[np.ndarray, Piece], None], ...] = (
        lambda rng, piece: graft(rng, piece, other(), ROOM),
        lambda rng, piece: change_storeys(rng, piece, ROOM),
        lambda rng, piece: change_planes(rng, piece, ROOM, 3),
        lambda rng, piece: crop(rng, piece, 0.6),
        lambda rng, piece: mirror_half(piece, 0),
        lambda rng, piece: add_annex(rng, piece, other(), ROOM),
        lambda rng, piece: carve(rng, piece),
        lambda rng, piece: lower_wing(rng, piece),
    )
    for change in changes:
        piece = piece_of(built)
        change(stream(seed), piece)
        assert (piece.sides >= 2).all()
        assert (piece.sides <= ROOM).all()
        assert set(np.unique(cells_of(piece))) <= {0, PLANKS, STONE, GLASS, LOG}  # no rubbish


def test_a_repeated_storey_is_like_the_one_below() -> None:
    tall = 0
    for seed in range(40):
        piece = piece_of(house(1, 6, 6)[:, :4])
        change_storeys(stream(seed), piece, ROOM)
        tall += piece.sides[1] > 4
    assert tall == 0  # the only storey ends with the roof, which is not doubled
    heights = set()
    for seed in range(40):
        piece = piece_of(house(2, 6, 6)[:, :5])
        change_storeys(stream(seed), piece, ROOM)
        heights.add(int(piece.sides[1]))
    assert 5 < max(heights) <= 8


@pytest.mark.parametrize("axis", [0, 2])
def test_a_mirrored_half_makes_it_symmetric(axis: int) -> None:
    rng = np.random.default_rng(0)
    for width, depth in ((7, 8), (8, 7)):
        built = rng.integers(2, 10, (width, 5, depth)).astype(np.uint8)
        piece = piece_of(built)
        mirror_half(piece, axis)
        mirrored = cells_of(piece)
        np.testing.assert_array_equal(mirrored, np.flip(mirrored, axis))
        half = (slice(None),) * axis + (slice(0, built.shape[axis] // 2),)
        np.testing.assert_array_equal(mirrored[half], built[half])


def test_an_annex_stands_beside_the_house_and_shares_a_wall() -> None:
    for seed in range(30):
        piece, annex = piece_of(house(2, 6, 7)), piece_of(house(1, 4, 4, wall=LOG, roof=LOG))
        add_annex(stream(seed), piece, annex, ROOM)
        built = cells_of(piece)
        assert built.shape[0] == 9
        assert (built[6:] == LOG).any()
        assert not (built[:5] == LOG).any()
        assert not np.isin(built[6:], (PLANKS, STONE)).any()


def test_a_cut_is_open_to_the_sky_and_walled_up() -> None:
    changed = 0
    for seed in range(40):
        built = house(2, 9, 8)
        piece = piece_of(built)
        carve(stream(seed), piece)
        after = cells_of(piece)
        open_columns = (after[:, 1:] == 0).all(1)
        assert 1 <= open_columns.sum() <= 25
        for x, z in np.argwhere(open_columns):
            for i, k in ((x - 1, z), (x + 1, z), (x, z - 1), (x, z + 1)):
                if 0 <= i < 9 and 0 <= k < 8 and not open_columns[i, k]:
                    assert (after[i, 1:, k] != 0).all()
        changed += (after != built).any()
    assert changed == 40


def test_a_lowered_wing_breaks_the_symmetry() -> None:
    for seed in range(20):
        piece = piece_of(house(2, 9, 8))
        lower_wing(stream(seed), piece)
        heights = (cells_of(piece) != 0).any(2).sum(1)  # filled layers of each plane across x
        assert (np.diff(heights) <= 0).all()
        assert heights[0] == 7
        assert heights[-1] < 7


@given(seeds, houses, st.floats(0, 1))
def test_a_borrowed_scheme_changes_materials_only_to_those_of_the_other(
    seed: int, built: np.ndarray, by_role: float
) -> None:
    piece, donor = piece_of(built), piece_of(house(2, wall=LOG, roof=WOOL))
    borrow_scheme(stream(seed), piece, donor, by_role)
    after = cells_of(piece)
    np.testing.assert_array_equal(after == 0, built == 0)
    np.testing.assert_array_equal(after == GLASS, built == GLASS)
    assert set(np.unique(after)) <= {0, GLASS, LOG, WOOL}
    assert (after[built == PLANKS] == LOG).mean() > 0.5
    assert (after[1:-1, -1, 1:-1] == WOOL).all()


@given(seeds, houses)
def test_exchanged_materials_stay_apart(seed: int, built: np.ndarray) -> None:
    piece = piece_of(built)
    exchange_materials(stream(seed), piece, np.array([0, 0, 1, 1, 5, 1, 1, 0, 0, 3.0]))
    after = cells_of(piece)
    pairs = {(int(a), int(b)) for a, b in zip(built.ravel(), after.ravel(), strict=True)}
    assert len(pairs) == len({b for _, b in pairs}) == len(np.unique(built))
    assert {(0, 0), (GLASS, GLASS)} <= pairs
    assert not {7, 8} & {b for a, b in pairs if a == PLANKS}  # of weight 0


@given(seeds, houses)
def test_damage_is_small(seed: int, built: np.ndarray) -> None:
    piece = piece_of(built)
    damage(stream(seed), piece, 4)
    after = cells_of(piece)
    assert (after != built).sum() <= 4
    assert set(np.unique(after)) <= set(np.unique(built))


def test_a_scheme_counts_materials_by_role() -> None:
    counts = scheme_of(piece_of(house(1, 6, 5)))
    assert counts[0].tolist() == [0, 0, 0, 0, 0, 0, 30, 0, 0, 0]  # floor
    assert counts[1, [GLASS, PLANKS]].tolist() == [2, (2 * 6 + 2 * 5 - 8) * 2 - 2]  # walls
    assert counts[2].sum() == counts[2, PLANKS] == 8  # pillars
    assert counts[3].sum() == counts[3, STONE] == 30  # roof
    assert counts.sum() == (house(1, 6, 5) != 0).sum()


def test_real_buildings_are_recombined_without_touching_those_that_judge(
    require_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(require_data("houses_mods").parent))
    source = make_source("recombined")
    assert isinstance(source, RecombinedSource)
    assert len(source.families) > 150
    goals = source.draw(1000, np.random.default_rng(0))
    assert len({goal.tobytes() for goal in goals.blocks}) > 980
    assert 100 < np.median(changed_cells(structure_of(goals.blocks))) < 260
