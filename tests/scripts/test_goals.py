"""`scripts.goals`: its figures are those of the library, overlap decides the exit status, files come back."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.building.goals import (
    GeneratorSource,
    House,
    HouseDistribution,
    make_source,
    read_houses,
    structure_of,
)
from envs.building.goals.library.writing import write_library
from envs.building.goals.measures.statistics import FEATURES, measure
from envs.building.goals.transforms import mirror, swap_materials, turn
from scripts.goals import command_line, main

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; gives exit status, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["goals", *map(str, arguments)])
        status = main()
        return status, *capsys.readouterr()

    return call


def figures(output: str) -> list[dict[str, Any]]:
    return json.loads(output)["figures"]


def library(file: Path, structures: np.ndarray, **columns: Any) -> Path:
    """A library file of structures; each is a house of its own."""
    names = [f"{file.stem} {i}" for i in range(len(structures))]
    write_library(file, [House(s, name, **columns) for s, name in zip(structures, names, strict=True)])
    return file


@pytest.fixture(scope="module")
def houses() -> np.ndarray:
    """Structures (30, 9, 8, 8)."""
    return structure_of(GeneratorSource().draw(30, np.random.default_rng(5)).blocks)


def test_stats_are_those_of_the_goals(run: Run, tmp_path: Path, houses: np.ndarray) -> None:
    pytest.importorskip("sklearn", reason="the classifiers need scikit-learn")
    a, b = library(tmp_path / "a.npz", houses[:16]), library(tmp_path / "b.npz", houses[16:])
    arguments = ("stats", "--against", a, b, "--number", 40, "--seed", 3, "--json")
    status, output, _ = run(*arguments)
    assert status == 0
    assert figures(run(*arguments)[1]) == figures(output)
    found = figures(output)
    aucs = {(f["labels"]["goals"], f["labels"]["against"]): f for f in found if f["name"] == "goals.auc"}
    assert set(aucs) == {
        *(("generator", against) for against in (str(a), str(b), "pooled")),
        *(("other real houses", against) for against in (str(a), str(b))),
    }
    pooled = aucs["generator", "pooled"]
    assert pooled["n"] == 30
    assert 0 <= pooled["lo"] <= pooled["value"] <= pooled["hi"] <= 1
    drawn = make_source("generator").draw(40, np.random.default_rng(3))
    means = measure(structure_of(drawn.blocks)).mean(0)
    for feature, mean in zip(FEATURES, means, strict=True):
        (figure,) = (
            f
            for f in found
            if f["name"] == "goals.mean"
            and f["labels"]
            == {"goals": "generator", "against": str(a), "feature": feature.name, "of": "generated"}
        )
        assert figure["value"] == pytest.approx(mean)
    assert {f["labels"]["of"] for f in found if f["name"] == "goals.nearest_real"} == {"generated", "real"}


def test_a_table_for_people(run: Run, tmp_path: Path, houses: np.ndarray) -> None:
    pytest.importorskip("sklearn", reason="the classifiers need scikit-learn")
    status, output, _ = run("stats", "--against", library(tmp_path / "a.npz", houses), "--number", 30)
    assert status == 0
    assert "AUC" in output
    assert "nearest_own" in output
    assert "pooled" not in output


def test_overlap_finds_turned_and_painted_houses_and_says_so(
    run: Run, tmp_path: Path, houses: np.ndarray
) -> None:
    a = library(tmp_path / "a.npz", houses[:6])
    changed = houses[3:9].copy()
    changed[0] = mirror(houses[3])
    changed[1] = swap_materials(turn(houses[4], 2), [0, 1, 2, 4, 5, 6, 7, 8, 9, 3])
    changed[2, :, 6:] = 0  # a house without its roof is near at best
    b = library(tmp_path / "b.npz", changed)
    status, output, error = run("overlap", a, b, "--json", "--threshold", 0.5)
    assert status == 1
    assert "goals overlap" in error
    same = {f["labels"]["of"]: f for f in figures(output) if f["name"] == "overlap.same"}
    assert same["a"]["value"] == same["b"]["value"] >= 2
    assert (same["a"]["n"], same["b"]["n"]) == (6, 6)
    status, output, _ = run("overlap", a, b)
    assert status == 1
    assert re.search(r"a 3 .*b 0 .*same +1\.000", output)


def test_no_overlap_exits_with_zero(run: Run, tmp_path: Path, houses: np.ndarray) -> None:
    a = library(tmp_path / "a.npz", houses[:5])
    status, output, _ = run("overlap", a, "generator", "--number", 20, "--threshold", 1, "--json")
    assert status == 0
    assert [figure["value"] for figure in figures(output)] == [0, 0, 0]
    assert figures(output)[1]["n"] == 20


def test_the_threshold_decides_what_is_near(run: Run, tmp_path: Path, houses: np.ndarray) -> None:
    smaller = houses[:1].copy()
    top = np.argwhere(smaller[0])[:, 1].max()
    smaller[0, :, top] = 0
    share = (smaller > 0).sum() / (houses[0] > 0).sum()
    a, b = library(tmp_path / "a.npz", houses[:1]), library(tmp_path / "b.npz", smaller)
    assert run("overlap", a, b, "--threshold", share - 0.01)[0] == 1
    assert run("overlap", a, b, "--threshold", min(1, share + 0.3))[0] == 0
    status, _, error = run("overlap", a, b, "--threshold", 1.5)
    assert status == 2
    assert "threshold is 1.5; give a share" in error


def test_imported_houses_are_goals_again(run: Run, tmp_path: Path, houses: np.ndarray) -> None:
    a = library(tmp_path / "a.npz", houses[:4], source="mine", licence="MIT")
    b = library(tmp_path / "b.npz", np.stack([mirror(houses[0]), houses[5]]))
    out = tmp_path / "made" / "library.npz"
    status, output, _ = run("import", a, b, "--out", out, "--json")
    assert status == 0
    assert {f["name"]: f["value"] for f in figures(output)} == {"import.houses": 5, "import.left_out": 1}
    read = read_houses(out)[1]
    assert [(house.source, house.licence) for house in read] == [("mine", "MIT")] * 4 + [("", "")]
    expected = [*houses[:4], houses[5]]
    for house, structure in zip(read, expected, strict=True):
        np.testing.assert_array_equal(house.structure, structure)
    assert len(make_source(out).draw(5, np.random.default_rng(0))) == 5
    status, _, _ = run("import", a, b, "--out", out, "--licence", "CC0-1.0", "--source", "gift")
    assert {(house.source, house.licence) for house in read_houses(out)[1]} == {("gift", "CC0-1.0")}


def test_structures_of_minecraft_become_a_library(run: Run, tmp_path: Path) -> None:
    nbtlib = pytest.importorskip("nbtlib", reason="nbtlib is not installed; it is in the extra `goals`")
    rng = np.random.default_rng(0)
    cells = np.argwhere(rng.random((5, 4, 5)) < 0.9)
    structure = nbtlib.Compound(
        {
            "size": nbtlib.List[nbtlib.Int]([nbtlib.Int(side) for side in (5, 4, 5)]),
            "palette": nbtlib.List[nbtlib.Compound](
                [nbtlib.Compound({"Name": nbtlib.String("minecraft:oak_planks")})]
            ),
            "blocks": nbtlib.List[nbtlib.Compound](
                [
                    nbtlib.Compound(
                        {
                            "pos": nbtlib.List[nbtlib.Int]([nbtlib.Int(int(at)) for at in cell]),
                            "state": nbtlib.Int(0),
                        }
                    )
                    for cell in cells
                ]
            ),
        }
    )
    (tmp_path / "files").mkdir()
    nbtlib.File(structure, gzipped=True).save(tmp_path / "files" / "cottage.nbt")
    out = tmp_path / "library.npz"
    assert run("import", tmp_path / "files", "--out", out, "--licence", "MIT")[0] == 0
    (house,) = read_houses(out)[1]
    assert house.house.endswith("cottage")
    assert house.licence == "MIT"
    assert (house.structure == 6).sum() == len(cells)


def test_houses_of_any_size_are_written_as_they_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    given = [
        House(rng.integers(2, 10, shape).astype(np.uint8), f"family {i}", shrink_ratio=1 + i)
        for i, shape in enumerate([(3, 20, 4), (1, 1, 1), (12, 5, 7)])
    ]
    write_library(tmp_path / "all.npz", given)
    for house, original in zip(read_houses(tmp_path / "all.npz")[1], given, strict=True):
        np.testing.assert_array_equal(house.structure, original.structure)
        assert (house.house, house.shrink_ratio) == (original.house, original.shrink_ratio)
    with pytest.raises(ValueError, match="1 or more"):
        write_library(tmp_path / "none.npz", [])
    with pytest.raises(ValueError, match="ends in"):
        write_library(tmp_path / "all.zip", given)


def test_gallery_writes_page_and_sheet(run: Run, tmp_path: Path, houses: np.ndarray) -> None:
    real = library(tmp_path / "real.npz", houses[:6])
    page, sheet = tmp_path / "pages" / "page.html", tmp_path / "sheet.png"
    arguments = ("gallery", "--against", real, "--number", 4, "--out", page, "--sheet", sheet, "--json")
    status, output, _ = run(*arguments)
    assert status == 0
    assert [figure["value"] for figure in figures(output)] == [4, 4]
    assert sheet.read_bytes().startswith(b"\x89PNG")
    text = page.read_text()
    assert text.count("<figure") == 8
    assert text.count("<small>generator, seed ") == 4
    run(*arguments)
    assert page.read_text() == text


def test_a_sheet_alone_needs_no_real_houses(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    assert run("gallery", "--number", 2, "--sheet", "sheet.png")[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]
    status, _, error = run("gallery", "--number", 2)
    assert status == 2
    assert "ASSIST_DATA" in error


def test_fit_writes_what_the_generator_reads(run: Run, tmp_path: Path, require_data: Any) -> None:
    data = require_data("houses_mods").parent
    require_data("block_goals_9x8x8")
    require_data("houses_luanti")
    out = tmp_path / "made" / "fitted.py"
    status, output, _ = run(
        *("fit", "--data", data, "--rounds", 1, "--tries", 4, "--sample", 20, "--out", out, "--json")
    )
    assert status == 0
    written = runpy.run_path(str(out))
    assert {figure["labels"]["style"] for figure in figures(output)} == set(written["NUMBERS"])
    assert "--rounds 1 --tries 4 --sample 20 --seed 0" in out.read_text()
    for numbers in written["NUMBERS"].values():
        assert HouseDistribution().with_numbers(**numbers)


COMMANDS = re.findall(
    r"^ *(python -m scripts\.goals .*)$", (ROOT / "docs" / "goals.md").read_text(encoding="utf-8"), re.M
)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_are_understood(line: str) -> None:
    assert command_line().parser.parse_args(shlex.split(line)[3:]).run


def test_the_page_shows_every_command() -> None:
    assert {line.split()[3] for line in COMMANDS} == {"stats", "gallery", "overlap", "import", "fit"}
