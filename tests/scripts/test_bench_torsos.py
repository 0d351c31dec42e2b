"""The bench of torsos: every figure is there, finished variants are kept, and names are checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from scripts.bench import torsos_runs, variety_exams
from scripts.bench.__main__ import main
from scripts.bench.torsos import VARIANTS, split
from scripts.bench.variety_exams import GENERATED, Exam, Sizes, make_exams

NAMES = ("flat:8x1", "solid:8x1:full", "flat:8x1:adamw=1e-3")


@pytest.fixture(autouse=True)
def one_small_exam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two generated houses, with or without data, and hardly any time for leaves."""
    monkeypatch.setattr(variety_exams, "houses_that_judge", lambda say: {})
    small = make_exams(0, Sizes(generated=2, repeats=1))

    def exams(seed: int, sizes: Sizes) -> list[Exam]:
        return small

    monkeypatch.setattr(torsos_runs, "make_exams", exams)
    monkeypatch.setattr(torsos_runs, "_SECONDS", 0.01)


def test_variants_are_measured_once_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["torsos", "--samples", "128", "--goals", "generator", "--out", str(tmp_path), "--json"]
    assert main([*command, "--variants", ",".join(NAMES)]) == 0
    first = json.loads(capsys.readouterr().out)["figures"]
    for name in NAMES:
        mine = [row for row in first if row["labels"]["variant"] == name]
        found = {row["name"].removeprefix("torsos."): row["value"] for row in mine}
        assert set(found) == {"nll", "nll_mean", "user_nll", "parameters", "cpu_seconds", "leaf_ms"}
        assert all(value > 0 for value in found.values())
        built = [row["labels"]["built"] for row in mine if row["name"] == "torsos.nll"]
        assert built == [25, 50, 75]
        assert {row["labels"]["houses"] for row in mine if row["name"] == "torsos.nll"} == {GENERATED}
    user = {row["labels"]["variant"]: row["value"] for row in first if row["name"] == "torsos.user_nll"}
    assert len(set(user.values())) == len(NAMES)
    times = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert main([*command, "--variants", NAMES[0]]) == 0
    again = json.loads(capsys.readouterr().out)["figures"]
    assert again == [row for row in first if row["labels"]["variant"] == NAMES[0]]
    assert times == {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    command[2] = "192"
    assert main([*command, "--variants", NAMES[0]]) == 2
    assert "give another --out" in capsys.readouterr().err


@pytest.mark.parametrize("name", VARIANTS)
def test_names_of_variants_are_read(name: str) -> None:
    torso, size, rate, target = split(name)
    assert name.startswith(f"{torso}:{size[0]}x{size[1]}")
    assert ("adamw" in name) == (rate > 0)
    assert name.endswith("full") == (target == "full")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variants", "round:8x1"], "variant is 'round:8x1'"),
        (["--variants", "flat:8"], "variant is 'flat:8'"),
        (["--variants", "flat:8x1:adamw=fast"], "give TORSO:CHANNELSxBLOCKS"),
        (["--seeds", "one"], "seeds 'one'"),
        (["--samples", "1"], "samples is 1; give at least one batch of 64"),
    ],
)
def test_wrong_options_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["torsos", *arguments]) == 2
    assert message in capsys.readouterr().err
