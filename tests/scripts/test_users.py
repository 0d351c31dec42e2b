"""The users command: a quick fit and report of the recordings, with figures that machines can read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.users.fitting import NAMES
from agents.users.population import population
from scripts import users


def test_a_quick_fit_writes_a_population_without_a_person(
    require_data: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("scipy")
    monkeypatch.setattr(users, "MATCHING", 0)
    data, out = str(require_data("human_building")), tmp_path / "population.json"
    options = ["--data", data, "--rounds", "1", "--houses", "4", "--without", "person_3", "--out", str(out)]
    assert users.main(["fit", *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]
    means = {f["labels"]["trait"]: f["value"] for f in found if f["name"] == "fit.mean"}
    assert tuple(means) == NAMES
    assert means["material"] > 1, "people keep to a material"
    assert means["clear"] > 2, "people clear first"
    written = population("person_3", out)
    assert "person_3" not in written.people
    assert "--rounds 1 --houses 4 --without person_3" in json.loads(out.read_text())["command"]


def test_the_report_finds_the_population_likelier_and_liker_than_the_plain_builder(
    require_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """With few draws and builds; no person is judged by a population that has seen them."""
    pytest.importorskip("sklearn")
    data = str(require_data("human_building"))
    assert users.main(["report", "--data", data, "--draws", "4", "--builds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]
    values = {(f["name"], *f["labels"].values()): f["value"] for f in found}
    assert all(math.isfinite(value) for value in values.values())
    edits = [values["users.loglik", user, "edits"] for user in ("population", "plain", "uniform")]
    assert edits == sorted(edits, reverse=True)
    assert edits[0] - edits[1] > 0.3
    assert values["users.auc", "population", "order"] < values["users.auc", "plain", "order"] - 0.05
    assert 60 < values["users.alone", "population", "goal done"] < 75
    assert 2 < values["users.alone", "population", "wrong edits"] < 5


def test_strange_options_are_refused(
    require_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(require_data("human_building"))
    assert users.main(["fit", "--data", data, "--without", "me"]) == 2
    assert "person is 'me'; the recordings have person_" in capsys.readouterr().err
    assert users.main(["report", "--data", data, "--draws", "0"]) == 2
    assert "draws is 0; give 1 or more" in capsys.readouterr().err


def test_a_short_cloning_writes_networks_and_judges_the_person_left_out(
    require_data: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even a little training foretells a person whom it has not seen better than chance does; what was
    trained is loaded when the command is given again.
    """
    pytest.importorskip("torch")
    from agents.predictors.clone_settling import Settling
    from agents.training import presets

    quick = replace(presets.CLONE["cpu"], settling=Settling(rounds=2, worlds=1, steps=60))
    monkeypatch.setitem(presets.CLONE, "cpu", quick)
    data = str(require_data("human_building"))
    options = ["--people", "person_7", "--samples", "6400", "--steps", "20", "--out", str(tmp_path)]
    assert users.main(["clone", "--data", data, *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]
    values = {(f["name"], *f["labels"].values()): f["value"] for f in found}
    assert all(math.isfinite(value) for value in values.values())
    nats = {user: values["clone.cross_entropy", user, "actions", "mean"] for user in ("uniform", "cloned")}
    assert nats["cloned"] < nats["uniform"] - 2
    assert 0 < values["alone.noop_percent", "cloned", 20] < 100
    for name in ("everybody", "without_person_7"):
        card = json.loads((tmp_path / name / "card.json").read_text())
        assert ("person_7" in card["options"]["people"]) == (name == "everybody")
        assert any(card["options"]["shifts"])
    before = (tmp_path / "everybody" / "weights.safetensors").stat().st_mtime_ns
    assert users.main(["clone", "--data", data, *options, "--json"]) == 0
    again = capsys.readouterr()
    assert json.loads(again.out)["figures"] == found, "judged as they were stored"
    assert (tmp_path / "everybody" / "weights.safetensors").stat().st_mtime_ns == before
    assert users.main(["clone", "--data", data, *options, "--seed", "1"]) == 2
    assert "give another folder" in capsys.readouterr().err
