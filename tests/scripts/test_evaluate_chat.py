"""The chat evaluation as people and machines call it: one object, resuming, the gate's exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import evaluate

ROOT = Path(__file__).resolve().parents[2]
TINY = [
    "--episodes",
    "2",
    "--horizon",
    "14",
    "--items",
    "8",
    "--domains",
    "1",
    "--workers",
    "1",
    "--seed",
    "3",
]


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """`python -m scripts.evaluate chat` in this process; returns the exit status."""
    monkeypatch.setattr(sys, "argv", ["evaluate", "chat", *arguments])
    return evaluate.main()


def values(figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Values by name and labels, without those that time decides."""
    found = {json.dumps([f["name"], f["labels"]], sort_keys=True): f["value"] for f in figures}
    return {key: value for key, value in found.items() if "decision_ms" not in key}


def test_one_object_of_figures_and_the_same_command_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*TINY, "--assistants", "script", "--users", "easy,terse", "--json", "--out", str(tmp_path)]
    assert call(monkeypatch, *given) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert (found["schema"], found["command"], found["seed"]) == (1, "evaluate chat", 3)
    names = {
        (f["labels"]["assistant"], f["labels"]["user"]) for f in found["figures"] if f["name"] == "score"
    }
    assert names == {
        (a, u) for a in ("commit", "script", "oracle") for u in ("easy", "terse", "pooled", "worst")
    }
    file = tmp_path / "episodes.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 3 * 2 * 2
    file.write_text("".join(lines[:7]) + lines[7][:100])
    assert call(monkeypatch, *given) == 0
    again = json.loads(capsys.readouterr().out)
    assert values(again["figures"]) == pytest.approx(values(found["figures"]), nan_ok=True)
    assert file.read_text().startswith("".join(lines[:7]))
    assert call(monkeypatch, *given, "--trials", "1") == 2
    assert "holds a run with trials 2, but trials is now 1" in capsys.readouterr().err


def test_the_gate_compares_the_planner_and_tells_by_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--gate", "--assistants", "script,best_of_n,planner", "--simulations", "2"]
    status = call(monkeypatch, *TINY, *given, "--users", "easy", "--json", "--out", str(tmp_path))
    figures = json.loads(capsys.readouterr().out)["figures"]
    gate = [figure for figure in figures if figure["name"] == "gate"]
    assert [figure["labels"]["a"] for figure in gate] == ["best_of_n", "script"]
    assert status == int(any((figure["lo"] or 0) <= 0 for figure in gate))
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == 7_000_003


def test_cross_play_shows_a_matrix_and_repeats_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--assistants", "best_of_n", "--simulations", "2", "--users", "easy,confused", "--cross-play"]
    assert call(monkeypatch, *TINY, *given, "--out", str(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "score of each assistant with each persona" in out
    assert "noise floor: best_of_n again" in out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--assistants", "scirpt"], "assistant is 'scirpt'; did you mean 'script'"),
        (["--users", "esay"], "user is 'esay'; choose from easy"),
        (["--user-models", "nobody"], "user is 'nobody'; choose from easy"),
        (["--episodes", "0"], "episodes is 0; give 1 or more"),
        (["--items", "1"], "items is 1; give 2..64"),
        (["--domains", "4"], "domains is 4; schema concierge has 1..3"),
        (["--noise-floor", "planner"], "noise-floor is 'planner'; choose from script, or none"),
        (["--gate"], "the gate needs planner, script and one of voi"),
    ],
)
def test_wrong_options_end_with_status_2_and_one_line(
    given: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch, *TINY, "--assistants", "script", "--out", str(tmp_path), *given) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("python -m scripts.evaluate: ")
    assert words in last
    assert not (tmp_path / "episodes.jsonl").exists()


def test_help_names_examples_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from scripts import evaluate; sys.argv = ['evaluate', 'chat', '--help']\n"
        "try: evaluate.main()\n"
        "except SystemExit as stopped: assert stopped.code == 0\n"
        "print('LOADED', *sorted({'numba', 'numpy', 'torch', 'matplotlib', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "python -m scripts.evaluate chat --demo" in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "LOADED"
