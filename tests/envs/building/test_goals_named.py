"""Sources by name: what the data folder gives to training and to judging, and that the two never meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from envs.building.goals import (
    PERMISSIVE,
    LibrarySource,
    MixtureSource,
    fingerprints,
    make_source,
    overlap,
)
from envs.building.goals.library.licences import STATED, stated_licence
from envs.building.goals.library.readers import read_full, read_houses
from envs.building.goals.named import EVALUATION, LIBRARY_SETS, held_out

SHARE_ALIKE = {"mg", "lott", "voxelibre", "mineclonia", "xaenv", "hyrule"}


@pytest.fixture
def all_sets(require_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the data, with all sets of houses; skips the test where one is missing."""
    for name in (*LIBRARY_SETS, "blocks_craftassist", "human_building"):
        folder = require_data(name)
    monkeypatch.setenv("ASSIST_DATA", str(folder.parent))
    return folder.parent


def small_set(root: Path, name: str, split: str, goals: np.ndarray) -> None:
    """A data set of house-like goals under a permissive licence."""
    (root / name).mkdir(exist_ok=True)
    prefix = "goals" if name == "block_goals_9x8x8" else "houses"
    np.savez(
        root / name / f"{prefix}_{split}.npz",
        goal=goals,
        name=np.array([f"{split}{i}" for i in range(len(goals))]),
        source=np.zeros(len(goals), np.uint8),
        source_names=np.array(["mine"]),
        source_licence=np.array(["MIT"]),
    )


def huts(n: int) -> np.ndarray:
    """Houses (n, 9, 8, 8) of planks on stone, each with the next height."""
    goals = np.zeros((n, 9, 8, 8), np.uint8)
    for i, goal in enumerate(goals):
        goal[1:7, 0, 1:6] = 7
        goal[1:7, 1 : 2 + i, 1:6] = 6
        goal[2:6, 1, 2:5] = 0
    return goals


def test_a_library_is_of_the_sets_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    for name in ("library", "recombined", "mix", *EVALUATION):
        with pytest.raises(FileNotFoundError, match=f"{tmp_path} holds no .*ASSIST_DATA.*`generator`"):
            make_source(name)
    small_set(tmp_path, "houses_mods", "train", huts(4))
    small_set(tmp_path, "houses_mods", "val", huts(4)[:0])
    assert len(make_source("library")) == 4  # type: ignore[arg-type]


def test_a_train_house_that_is_also_a_val_house_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    small_set(tmp_path, "houses_mods", "train", huts(5))
    small_set(tmp_path, "houses_mods", "val", huts(6)[5:])
    turned = np.zeros((1, 9, 8, 8), np.uint8)  # the second hut, turned and of other blocks, in another set
    turned[0, 3:8, :, 1:7] = np.where(huts(2)[1] == 6, 9, huts(2)[1])[1:7, :, 1:6].transpose(2, 1, 0)
    small_set(tmp_path, "block_goals_9x8x8", "train", huts(7)[6:])
    small_set(tmp_path, "block_goals_9x8x8", "val", turned)
    source = make_source("library")
    assert isinstance(source, LibrarySource)
    assert source.dropped == {"excluded": 1}
    assert "houses_mods/train1" not in source.all().houses
    assert len(source) == 5


def test_only_known_permissive_licences_pass() -> None:
    assert stated_licence("houses_luanti", "townchest") in PERMISSIVE
    assert stated_licence("houses_luanti", "unheard_of") == stated_licence("my_houses", "mg") == ""
    assert "" not in PERMISSIVE
    luanti = STATED["houses_luanti"]
    assert {name for name in luanti if luanti[name] not in PERMISSIVE} == SHARE_ALIKE


def test_every_real_house_has_a_licence_and_the_default_is_permissive(all_sets: Path) -> None:
    permissive, everything = make_source("library"), make_source("library:any")
    assert isinstance(permissive, LibrarySource)
    assert isinstance(everything, LibrarySource)
    assert 100 < permissive.num_houses < everything.num_houses
    # Near variants in two sources are one family, which may so have rows of both kinds.
    families: dict[bool, set[str]] = {True: set(), False: set()}
    for name in LIBRARY_SETS:
        for house in read_houses(all_sets / name, "train")[1]:
            if house.source not in ("mdc_target", "iglu_session_final", "iglu_architect_target"):
                assert house.licence, house
            families[house.licence in PERMISSIVE].add(house.full_name)
    assert set(permissive.all().houses) <= families[True]
    assert set(everything.all().houses) & (families[False] - families[True])


def test_buildings_at_full_size_are_larger_than_the_box(all_sets: Path) -> None:
    for name, rows in (("houses_mods", 2861), ("houses_luanti", 81), ("blocks_craftassist", 35)):
        houses = read_full(all_sets / name, "train")
        assert len(houses) == rows
        assert max(house.structure.shape[0] for house in houses) > 20
        assert all(house.shrink_ratio == 1 and house.licence and house.data_set == name for house in houses)
    with pytest.raises(FileNotFoundError, match=r"holds no full_test\.npz or houses_test\.npz"):
        read_full(all_sets / "houses_mods", "test")


def test_the_houses_that_judge_are_those_of_the_tables(all_sets: Path) -> None:
    sizes = {}
    for name in EVALUATION:
        source = make_source(name)
        assert isinstance(source, LibrarySource)
        assert source.name == name
        sizes[name] = len(source), source.num_houses
    assert sizes == {"val_craftassist": (14, 7), "val_mods": (94, 94), "recorded": (14, 14)}
    sets = Counter(house.split("/")[0] for house in make_source("val_mods").all().houses)  # type: ignore[attr-defined]
    assert sets == {"houses_mods": 86, "houses_luanti": 8}


def test_nothing_that_trains_is_a_house_that_judges(all_sets: Path) -> None:
    judging = [make_source(name).all() for name in EVALUATION]  # type: ignore[attr-defined]
    whole = make_source("library:any").all()  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    drawn = [make_source(name).draw(2000, rng) for name in ("mix:any", "recombined:any")]
    for trained in (whole, *drawn):
        for judge in judging:
            assert overlap(trained, judge).pairs == (), (trained.name, judge.name)
        assert not held_out() & set(fingerprints(trained.blocks, materials=False)), trained.name


def test_mixes_can_be_written_down(all_sets: Path) -> None:
    source = make_source("mix:generator=1,library:any=3")
    assert isinstance(source, MixtureSource)
    sets = Counter(house.split("/")[0] for house in source.draw(400, np.random.default_rng(0)).houses)
    assert 60 < sets["generator"] < 140
    for spec, message in (
        ("mix:generator", "'generator' gives no source"),
        ("mix:generator=many", "could not convert"),
        ("mix:generator=-1", "weight -1.0 for generator"),
        ("mix:generator=0", "only weights 0"),
    ):
        with pytest.raises(ValueError, match=message):
            make_source(spec)
    with pytest.raises(FileNotFoundError, match="did you mean 'library'"):
        make_source("mix:libary=1")
    for name in ("mix", "val_mods"):
        with pytest.raises(ValueError, match="are for libraries"):
            make_source(name, augmented=True)
