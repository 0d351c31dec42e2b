"""Libraries: what is drawn from files, with which filters, and what ``--goals`` may say."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.building.goals import (
    Filters,
    GeneratorSource,
    Goals,
    GoalSource,
    House,
    LibrarySource,
    make_source,
    overlap,
    structure_of,
)
from envs.building.goals.transforms import keep_connected
from envs.building.world import BEDROCK, DEFAULT_SIZE, DIRT, start_blocks, world_goal

BOX = (9, 8, 8)


def cabin(height: int = 3, block: int = 6) -> np.ndarray:
    structure = np.zeros(BOX, np.uint8)
    structure[1:7, 0, 1:6] = 7
    structure[1:7, 1 : height + 1, 1:6] = block
    structure[2:6, 1:height, 2:5] = 0
    return structure


def library(**options: Any) -> LibrarySource:
    """Three houses: `a` with three versions, `b` with two, `c` with one."""
    houses = [
        House(cabin(2 + i, 3 + i), "aaabbc"[i], source="first" if i < 3 else "second") for i in range(6)
    ]
    return LibrarySource("small", houses, **options)


def save(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    goals = np.stack([cabin(2 + i) for i in range(4)])
    return save(
        tmp_path / "houses_val.npz",
        goal=goals,
        name=np.array(["w", "x", "y", "z"]),
        family=np.array(["f", "f", "g", "h"]),
        source=np.array([0, 1, 0, 1], np.uint8),
        source_names=np.array(["craftassist_part", "houses"]),
        source_licence=np.array(["GPL-3.0", "MIT"]),
        shrink_ratio=np.array([1, 1, 1.5, 2.5], np.float32),
    )


def test_goals_refuse_worlds_that_nobody_can_reach() -> None:
    blocks = np.stack([start_blocks(DEFAULT_SIZE)] * 2)
    assert len(Goals(blocks, ("a", "b"), "start")) == 2
    blocks[1, 3, 4, 2] = BEDROCK
    with pytest.raises(ValueError, match=r"blocks\[1,3,4,2\] is 1; bedrock \(1\) fills y = 0"):
        Goals(blocks, ("a", "b"), "buried")
    blocks[1, 3, 4, 2] = 10
    with pytest.raises(ValueError, match=r"blocks\[1,3,4,2\] is 10; block ids are 0\.\.9"):
        Goals(blocks, ("a", "b"), "strange")
    with pytest.raises(ValueError, match="houses has 1 entries for 2 goals"):
        Goals(np.stack([start_blocks(DEFAULT_SIZE)] * 2), ("a",), "short")
    with pytest.raises(ValueError, match="give an array"):
        Goals(start_blocks(DEFAULT_SIZE), ("a",), "one")


def test_a_library_draws_each_house_once_before_any_twice() -> None:
    source = library()
    assert (len(source), source.num_houses) == (6, 3)
    for seed in range(20):
        drawn = source.draw(8, np.random.default_rng(seed))
        assert sorted(drawn.houses[:3]) == sorted(drawn.houses[3:6]) == ["small/a", "small/b", "small/c"]
        assert len(set(drawn.houses[6:])) == 2
        versions = Counter(goal.tobytes() for goal in source.draw(9, np.random.default_rng(seed)).blocks)
        assert sorted(versions.values()) == [1, 1, 1, 1, 2, 3]


def test_a_library_draws_the_same_bytes_from_the_same_seed() -> None:
    for augmented in (False, True):
        source = library(augmented=augmented)
        a, b = (source.draw(7, np.random.default_rng(1)) for _ in range(2))
        np.testing.assert_array_equal(a.blocks, b.blocks)
        assert a.houses == b.houses
        assert len(source.draw(0, np.random.default_rng(1))) == 0


def test_augmented_goals_differ_but_keep_their_house() -> None:
    source = library(augmented=True)
    drawn = source.draw(300, np.random.default_rng(0))
    assert len({goal.tobytes() for goal in drawn.blocks}) > 250
    assert set(drawn.houses) == {"small/a", "small/b", "small/c"}
    np.testing.assert_array_equal(source.all().blocks, library().all().blocks)


def test_all_gives_every_goal_once_in_order() -> None:
    goals = library().all()
    np.testing.assert_array_equal(goals.blocks[2], world_goal(cabin(4, 5)))
    assert goals.houses == ("small/a",) * 3 + ("small/b",) * 2 + ("small/c",)


def test_floating_cells_go_unless_asked_for() -> None:
    floating = cabin()
    floating[8, 7, 7] = 9
    houses = [House(floating, "a")]
    assert not (LibrarySource("l", houses).all().blocks == 9).any()
    assert (LibrarySource("l", houses, filters=Filters(connected=False)).all().blocks == 9).any()


def test_structures_come_to_worlds_of_any_size() -> None:
    for size in ((5, 5, 5), (9, 12, 7), (20, 14, 32)):
        goals = library(size=size).all()
        assert goals.size == size
        assert ((goals.blocks != start_blocks(size)).reshape(len(goals), -1).sum(1) > 5).all()


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters(), ["f", "h"]),
        (Filters(sources=("craftassist_part", "houses")), ["f", "f", "g", "h"]),
        (Filters(max_shrink_ratio=2), ["f"]),
        (Filters(licences=("GPL-3.0",), sources=("craftassist_part", "houses")), ["f", "g"]),
        (Filters(licences=("MIT",)), ["f", "h"]),
        (Filters(cells=(0, 110)), ["f"]),
        (Filters(density=(0.0, 0.75)), ["h"]),
    ],
)
def test_filters_keep_what_they_say(npz: Path, filters: Filters, kept: list[str]) -> None:
    source = make_source(npz, filters=filters)
    assert isinstance(source, LibrarySource)
    assert [house.split("/")[-1] for house in source.all().houses] == kept


def test_filters_that_leave_nothing_say_why(npz: Path) -> None:
    with pytest.raises(ValueError, match=r"holds 4 houses \(2 dropped by sources, 2 dropped by cells\)"):
        make_source(npz, filters=Filters(cells=(400, 500)))
    with pytest.raises(
        ValueError, match="has no source 'tents'; its sources are 'craftassist_part', 'houses'"
    ):
        make_source(npz, filters=Filters(sources=("tents",)))
    with pytest.raises(ValueError, match=r"cells is \(9, 3\)"):
        Filters(cells=(9, 3))
    with pytest.raises(ValueError, match="ratios are 1"):
        Filters(max_shrink_ratio=0.5)


def test_names_of_the_generator() -> None:
    for spec in ("default", "generator"):
        source = make_source(spec, (8, 9, 7))
        assert isinstance(source, GeneratorSource)
        assert source.draw(2, np.random.default_rng(0)).size == (8, 9, 7)
        with pytest.raises(ValueError, match="for libraries"):
            make_source(spec, augmented=True)


def test_a_folder_gives_its_split(npz: Path) -> None:
    assert len(make_source(npz.parent).draw(5, np.random.default_rng(0))) == 5
    save(npz.parent / "houses_train.npz", goal=np.stack([cabin()]))
    assert make_source(npz.parent).name.endswith("/houses_val")
    assert make_source(str(npz.parent), split="train").name.endswith("/houses_train")
    with pytest.raises(
        FileNotFoundError, match=r"houses_test\.npz.*there: houses_train\.npz, houses_val\.npz"
    ):
        make_source(npz.parent, split="test")


def test_episodes_give_whole_worlds_and_know_a_house_that_returns(tmp_path: Path) -> None:
    first, second = world_goal(cabin(2)), world_goal(cabin(3))
    path = save(tmp_path / "episodes.npz", **{"ep0/goal": first, "ep1/goal": second, "ep2/goal": first})
    goals = make_source(path).all()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(goals.blocks, np.stack([first, second, first]))
    assert [house.split("/")[-1] for house in goals.houses] == ["ep0", "ep1", "ep0"]
    assert make_source(tmp_path).name == make_source(path).name


def test_buildings_at_full_size_are_read_from_flat_files(tmp_path: Path) -> None:
    houses = [cabin(), np.full((14, 9, 12), 6, np.uint8)]
    path = save(
        tmp_path / "full.npz",
        flat=np.concatenate([house.ravel() for house in houses]),
        offsets=np.cumsum([0, *(house.size for house in houses)]),
        shapes=np.array([house.shape for house in houses], np.int16),
    )
    source = make_source(path, (18, 12, 18))
    assert (source.all().blocks[1] == 6).sum() == houses[1].size  # type: ignore[attr-defined]
    assert len(make_source(path, filters=Filters(max_shrink_ratio=1.2))) == 1  # type: ignore[arg-type]


def test_a_folder_of_craftassist_houses(tmp_path: Path) -> None:
    schematic = np.zeros((6, 10, 12, 2), np.uint8)  # (Y, Z, X, id and meta)
    schematic[0, :, :, 0] = 2
    schematic[1, 2:8, 3:10, 0] = 5
    schematic[2:5, 2:8, 3:10, 0] = 98
    schematic[2:4, 3:7, 4:9] = 0
    for name in ("one", "two"):
        (tmp_path / "houses" / name).mkdir(parents=True)
        np.save(tmp_path / "houses" / name / "schematic.npy", schematic)
    goals = make_source(tmp_path / "houses").all()  # type: ignore[attr-defined]
    assert goals.houses == ("houses/one", "houses/two")
    structure = structure_of(goals.blocks[0])
    assert ((structure[:, 0] == 6).sum(), (structure[:, 1:] == 8).sum()) == (42, 7 * 6 * 3 - 5 * 4 * 2)


def test_a_factory_is_called_with_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_goals.py").write_text(
        "from envs.building.goals import GeneratorSource\n"
        "def mine(size):\n    return GeneratorSource(size, name='mine')\n"
        "def wrong(size):\n    return 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    source = make_source("my_goals:mine", (6, 6, 6))
    assert isinstance(source, GoalSource)
    assert source.draw(1, np.random.default_rng(0)).houses[0].startswith("mine/")
    for spec, message in (
        ("my_goals:wrong", "gave int, which has no name"),
        ("my_goals:absent", "my_goals has no 'absent'"),
        ("no_such_module:f", "no module 'no_such_module'"),
    ):
        with pytest.raises(ValueError, match=message):
            make_source(spec)
    sys.modules.pop("my_goals")


def test_unknown_names_and_files_are_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="did you mean 'generator'"):
        make_source("genrator")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        make_source(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match="there: none"):
        make_source(tmp_path)
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(ValueError, match="is no npz file"):
        make_source(tmp_path / "text.npz")
    with pytest.raises(ValueError, match="holds x; a library has an array `goal`"):
        make_source(save(tmp_path / "other.npz", x=np.zeros(3)))
    with pytest.raises(ValueError, match=r"goal has shape \(9, 8, 8\); a library holds goal \(N, w, h, d\)"):
        make_source(save(tmp_path / "one.npz", goal=cabin()))
    with pytest.raises(ValueError, match=r"name has shape \(1,\); give \(2,\)"):
        make_source(save(tmp_path / "names.npz", goal=np.stack([cabin()] * 2), name=np.array(["a"])))
    with pytest.raises(
        ValueError, match=r"goal\[0,0,0,0\] is 1; blocks of a structure are 0 \(air\) or 2\.\.9"
    ):
        make_source(save(tmp_path / "bedrock.npz", goal=np.full((1, *BOX), BEDROCK)))
    with pytest.raises(ValueError, match="give a whole world"):
        make_source(save(tmp_path / "world.npz", **{"ep0/goal": cabin()}))


def test_real_block_goals_are_houses_of_which_versions_share_an_id(
    require_data: Callable[[str], Path],
) -> None:
    folder = require_data("block_goals_9x8x8")
    val, train = (make_source(folder, split=split) for split in ("val", "train"))
    assert isinstance(val, LibrarySource)
    assert isinstance(train, LibrarySource)
    assert (len(val), val.num_houses) == (14, 7)
    assert (len(train), train.num_houses) == (67, 34)
    assert overlap(train.all(), val.all()).pairs == ()
    for structure in structure_of(train.all().blocks):
        np.testing.assert_array_equal(keep_connected(structure), structure)


def test_real_mods_are_drawn_by_family_and_filtered_by_licence(require_data: Callable[[str], Path]) -> None:
    folder = require_data("houses_mods")
    everything = make_source(folder, split="val")
    permissive = make_source(folder, split="val", filters=Filters(licences=("MIT",), max_shrink_ratio=1.6))
    assert isinstance(everything, LibrarySource)
    assert isinstance(permissive, LibrarySource)
    assert len(everything) == 457
    assert 0 < len(permissive) < 88
    drawn = everything.draw(everything.num_houses, np.random.default_rng(0))
    assert len(set(drawn.houses)) == len(drawn)


def test_real_recorded_goals_are_unchanged(require_data: Callable[[str], Path]) -> None:
    folder = require_data("human_building")
    source = make_source(folder)
    assert isinstance(source, LibrarySource)
    assert (len(source), source.num_houses) == (14, 14)
    with np.load(folder / "episodes.npz") as data:
        np.testing.assert_array_equal(source.all().blocks[0], data["ep00/goal"])


@pytest.mark.parametrize("name", ["houses_luanti", "blocks_craftassist"])
def test_real_folders_give_goals_that_can_be_built(name: str, require_data: Callable[[str], Path]) -> None:
    goals = make_source(require_data(name), split="train").draw(20, np.random.default_rng(0))
    assert goals.size == DEFAULT_SIZE
    assert (goals.blocks[:, 0, 2:] == 0).all()
    assert (goals.blocks[:, [0, -1], 1] == DIRT).all()
