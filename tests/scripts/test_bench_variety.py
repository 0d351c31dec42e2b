"""The bench of variety: every figure is there and labelled, runs are resumed, and what is missing is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.assistants import network
from scripts.bench import variety_cells, variety_exams
from scripts.bench.__main__ import main
from scripts.bench.variety import _split_sources
from scripts.bench.variety_exams import Sizes, make_exams, people_alone, recorded_moments

TINY = Sizes(generated=2, repeats=1, horizon=40)


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place without development data, and exams of two houses."""
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path / "nothing"))
    monkeypatch.setattr(variety_exams, "SIZES", TINY)
    variety_cells._exams.cache_clear()
    variety_cells._alone.cache_clear()
    return tmp_path


def test_a_tiny_run_without_data_and_its_resumption(
    no_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")
    command = ["variety", "--samples", "64", "--goals-limit", "5", "--workers", "1", "--json"]
    command += ["--out", str(no_data / "runs")]
    assert main(command) == 0
    captured = capsys.readouterr()
    for absent in ("source library:any", "source mix:any", "houses val_craftassist", "houses val_mods"):
        assert f"{absent} " in captured.err
    found = json.loads(captured.out)
    assert found["command"] == "bench variety"
    labels = {"source": "generator", "houses": "generated", "order": "user"}
    for goals in ({"goals": 5}, {}):
        rows = {
            row["name"]: row
            for row in found["figures"]
            if row["labels"] == {**labels, **goals} or row["labels"] == {**labels, **goals, "built": 50}
        }
        assert rows.keys() >= {f"variety.{name}" for name in ("nll", "precision", "proposals", "saved")}
        assert 0 < rows["variety.nll"]["value"] < 3
        assert rows["variety.nll"]["lo"] <= rows["variety.nll"]["value"] <= rows["variety.nll"]["hi"]
        assert rows["variety.nll"]["n"] == 2
        assert 0 <= rows["variety.harm"]["value"] <= 100

    monkeypatch.setattr(variety_cells, "_network", None)  # nothing is left to train
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["figures"] == found["figures"]
    cell = next((no_data / "runs").glob("generator-5-*/cell.json"))
    cell.write_text(cell.read_text().replace('"seed": 0', '"seed": 7'))
    assert main(command) == 2
    assert "holds another cell" in capsys.readouterr().err


def test_a_part_asked_for_later_needs_no_second_training(
    no_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")
    command = ["variety", "--sources", "generator", "--samples", "64", "--workers", "1"]
    command += ["--out", str(no_data), "--json"]
    assert main([*command, "--parts", "nll"]) == 0
    first = json.loads(capsys.readouterr().out)["figures"]
    monkeypatch.setattr("agents.predictors.training.train", None)
    assert main([*command, "--parts", "nll,saved"]) == 0
    both = json.loads(capsys.readouterr().out)["figures"]
    of_episodes = ("variety.saved", "variety.wrong", "variety.harm")
    assert first == [row for row in both if row["name"] not in of_episodes]


def test_networks_that_exist_are_asked_the_same_questions(
    no_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")
    member = str(Path(network.SHIPPED) / "0")
    assert main(["posterior", "--nets", f"shipped,{member}", "--json"]) == 0
    captured = capsys.readouterr()
    assert "houses recorded " in captured.err
    rows = json.loads(captured.out)["figures"]
    labels = [(row["name"], row["labels"]["net"], row["labels"]["built"]) for row in rows]
    assert sorted(labels) == sorted(
        (name, net, built)
        for name in ("posterior.nll", "posterior.ece")
        for net in ("shipped", member)
        for built in (25, 50, 75)
    )
    nll = {(row["labels"]["net"], row["labels"]["built"]): row["value"] for row in rows if row["unit"]}
    assert nll["shipped", 25] > nll["shipped", 75] > 0
    assert nll["shipped", 25] != nll[member, 25]  # the ensemble is not one of its members
    assert all(0 <= row["value"] < 1 for row in rows if row["name"] == "posterior.ece")
    assert main(["posterior", "--nets", str(no_data)]) == 2
    assert "no card.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--parts", "nll,help"], "parts is 'nll,help'; choose from nll, saved"),
        (["--samples", "10"], "samples is 10; give 64 or more"),
        (["--seeds", "0,x"], "seeds is '0,x'; give integers"),
        (["--goals-limit", "0"], "goals-limit is '0'; give integers of 1 or more"),
        (["--train-users", "nobody"], "user is 'nobody'"),
        (["--train-users", "top_down"], "train-users is 'top_down', who are for evaluation only"),
        (["--train-users", "people"], "train-users is 'people', who are for evaluation only"),
        (["--sources", "generator,val_mods"], "source val_mods holds houses of the exams"),
        (["--sources", "mix:generator=1,recorded=1"], "holds houses of the exams"),
        (["--sources", "elsewhere"], "goals is 'elsewhere', which does not exist"),
        (["--sources", ""], "there are no sources"),
    ],
)
def test_wrong_options_are_named(
    no_data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")
    assert main(["variety", "--out", str(no_data), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_without_torch_the_error_names_the_extra(
    no_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["variety", "--out", str(no_data)]) == 2
    assert "assistance-games[learn]" in capsys.readouterr().err


def test_weighted_mixes_are_one_source() -> None:
    text = "generator, mix:generator=1,library:any=2,mix,generator"
    assert _split_sources(text) == ["generator", "mix:generator=1,library:any=2", "mix"]


def test_moments_of_people_are_those_of_the_recordings(require_data: object) -> None:
    folder = require_data("human_building")  # type: ignore[operator]
    moments, names, levels = recorded_moments(folder / "episodes.npz")
    with np.load(folder / "episodes.npz") as data:
        for row, name in enumerate(names):
            step = int(moments.clock[row])
            assert np.array_equal(moments.blocks[row], data[f"{name}/human_blocks_before"][step].reshape(-1))
            start = data[f"{name}/human_blocks_before"][0].reshape(-1)
            untouched = moments.touched[row] == 0
            assert np.array_equal(moments.blocks[row][untouched], start[untouched])
            by_helper = (moments.touched[row] > 0) & (moments.touched[row] % 2 == 0)
            assert f"{name}/assistant_actions" in data.files or not by_helper.any()
    assert len(set(names)) == 14
    assert np.bincount(levels).tolist() == [14, 14, 14]
    assert len(people_alone()) == 7


def test_exams_repeat_with_their_seed(no_data: Path) -> None:
    (first,), (again,), (other,) = (make_exams(seed, TINY) for seed in (0, 0, 1))
    assert (first.houses, first.order, len(first.goals)) == ("generated", "user", 2)
    assert np.array_equal(first.moments.blocks, again.moments.blocks)
    assert first.goals.houses == again.goals.houses
    assert first.goals.houses != other.goals.houses
