"""The score command: what it prints for machines, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import score, train

DIALOGUE = {
    "domain": "SGD",
    "turns": [
        ["U", "A hotel please.", "INFORM", [3, 3, 4]],
        ["S", "There is none.", "NOTIFY_FAILURE"],
        ["U", "Oh no.", "NEGATE", [2, 2, 3]],
        ["S", "Here is one.", "OFFER"],
        ["U", "Thanks.", "THANK_YOU", [4, 3, 3]],
    ],
}


def write(folder: Path, split: str, count: int) -> None:
    """A split of alike dialogues."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({**DIALOGUE, "id": str(number)}) for number in range(count)]
    (folder / f"dialogues_{split}.jsonl").write_text("\n".join(lines))


def test_training_and_scoring_by_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    learned, scored, run = tmp_path / "uss_satisfaction", tmp_path / "other", str(tmp_path / "run")
    write(learned, "train", 10)
    write(scored, "val", 4)  # no train file beside it
    options = ["dialogue", "--data", str(learned), "--out", run, "--epochs", "1", "--threads", "1"]
    assert train.main(options) == 0
    assert train.main(options) == 2, "a run is not overwritten"
    assert "--resume" in capsys.readouterr().err
    assert score.main(["dialogue", "--data", str(scored), "--checkpoint", run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["command"] == "score dialogue"
    rows = {(f["name"], *(f["labels"][k] for k in ("domain", "input", "by"))): f for f in found["figures"]}
    for given in ("before", "with"):
        for measure in ("auc", "average_precision", "spearman", "mae", "kappa", "uar", "ece"):
            assert (f"satisfaction.{measure}", "pooled", given, "predictor") in rows
            assert (f"satisfaction.{measure}", "SGD", given, "predictor") in rows
    assert rows["satisfaction.auc", "pooled", "before", "constant"]["value"] == 0.5
    assert ("satisfaction.auc", "pooled", "before", "position") in rows
    assert rows["next_user_act.accuracy", "SGD", "before", "majority"]["value"] == pytest.approx(1 / 3)
    assert rows["next_assistant_act.accuracy", "SGD", "before", "predictor"]["n"] == 8
    assert {f["labels"]["split"] for f in found["figures"]} == {"val"}


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--data", "nowhere"], "no dialogues_SPLIT"),
        (["--data", "here", "--checkpoint", "nowhere"], "scripts.train dialogue"),
        (["--data", "here"], "no checkpoint in runs"),
        (["--data", "here", "--split", "x"], "it holds val"),
    ],
)
def test_what_is_missing_is_named(
    options: list[str],
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "here", "val", 1)
    assert score.main(["dialogue", *options]) == 2
    assert fault in capsys.readouterr().err
