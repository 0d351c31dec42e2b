"""The evaluation command as people and machines call it: one object on stdout, resuming, clear errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.building.world import start_blocks
from scripts import evaluate

ROOT = Path(__file__).resolve().parents[2]
TINY = [
    "--users",
    "bottom_up,fast",
    "--episodes",
    "2",
    "--horizon",
    "12",
    "--library-size",
    "2",
    "--seed",
    "3",
]
ALWAYS = {"goal_percent", "goal_auc", "user_edits", "user_moves", "user_edits_saved", "speedup", "harm_rate"}
HELPED = {"assistant_share", "wrong_edit_rate", "undo_rate", "decision_ms_p50", "decision_ms_p95"}
FIELDS = {"name", "value", "lo", "hi", "unit", "n", "labels"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m scripts.evaluate building` in a process of its own."""
    command = [sys.executable, "-m", "scripts.evaluate", "building", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The same in this process; returns the exit status."""
    monkeypatch.setattr(sys, "argv", ["evaluate", "building", *arguments])
    return evaluate.main()


def values(figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Values by name and labels, without those that time decides."""
    found = {json.dumps([f["name"], f["labels"]], sort_keys=True): f["value"] for f in figures}
    return {key: value for key, value in found.items() if "decision_ms" not in key}


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a tiny run of the random assistant and the oracle, and the object it printed."""
    folder = tmp_path_factory.mktemp("run")
    done = run(*TINY, "--assistants", "random,oracle", "--workers", "1", "--json", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "one object on one line, nothing else"
    return folder, json.loads(done.stdout)


def test_json_is_one_object_of_figures(first: tuple[Path, dict[str, Any]]) -> None:
    _, found = first
    assert (found["schema"], found["command"], found["seed"]) == (1, "evaluate building", 3)
    assert found["seconds"] > 0
    assert all(figure.keys() == FIELDS for figure in found["figures"])
    names: dict[tuple[str, str], set[str]] = {}
    for figure in found["figures"]:
        labels = figure["labels"]
        assert labels["goals"] == "default"
        names.setdefault((labels["assistant"], labels["user"]), set()).add(figure["name"])
    for user in ("bottom_up", "fast", "pooled"):
        assert names["none", user] >= ALWAYS
        assert names["random", user] >= ALWAYS | HELPED | {"normalised_help"}
        assert names["oracle", user] >= ALWAYS | HELPED
    assert names["random", "worst"] == {"goal_percent", "user_edits_saved"}


def test_values_lie_in_their_intervals(first: tuple[Path, dict[str, Any]]) -> None:
    for figure in first[1]["figures"]:
        bounds = [v for v in (figure["lo"], figure["value"], figure["hi"]) if v is not None]
        assert np.allclose(bounds, sorted(bounds)), figure
    percent = {
        (f["labels"]["assistant"], f["labels"]["user"]): f["value"]
        for f in first[1]["figures"]
        if f["name"] == "goal_percent"
    }
    assert percent["oracle", "pooled"] > percent["none", "pooled"]
    assert percent["none", "worst"] == min(percent["none", "bottom_up"], percent["none", "fast"])


def test_the_same_command_resumes(
    first: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, found = first
    file = folder / "episodes.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 3 * 2 * 2
    file.write_text("".join(lines[:7]) + lines[7][:100])
    given = [*TINY, "--assistants", "random,oracle", "--workers", "1", "--json", "--out", str(folder)]
    assert call(monkeypatch, *given) == 0
    again = json.loads(capsys.readouterr().out)
    assert values(again["figures"]) == pytest.approx(values(found["figures"]), nan_ok=True)
    assert file.read_text().startswith("".join(lines[:7]))
    assert len(file.read_text().splitlines()) == len(lines)


def test_other_options_for_the_same_folder_are_refused(
    first: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*TINY, "--assistants", "random", "--workers", "1", "--out", str(first[0])]
    assert call(monkeypatch, *given) == 2
    shown = capsys.readouterr()
    assert "holds a run with assistants" in shown.err
    assert "another --out" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--assistants", "gredy"], "assistant is 'gredy'; did you mean 'greedy'"),
        (["--users", "botom_up"], "user is 'botom_up'; did you mean 'bottom_up'"),
        (["--episodes", "0"], "episodes is 0; give 1 or more"),
        (["--simulations", "-1"], "simulations is -1; give 1 or more"),
        (["--horizon", "0"], "horizon is 0; give 1..16000 steps"),
        (["--assistants", " , "], "names nothing"),
        (["--goals", "no_such_file.npz"], "goals is 'no_such_file.npz', which does not exist"),
        (["--users", "people", "--assistants", "none"], "no recorded people"),
    ],
)
def test_wrong_options_end_with_status_2_and_one_line(
    given: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    base = [
        "--episodes",
        "1",
        "--horizon",
        "2",
        "--library-size",
        "1",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "run"),
    ]
    assert call(monkeypatch, *base, "--users", "bottom_up", *given) == 2
    shown = capsys.readouterr()
    last = shown.err.strip().splitlines()[-1]
    assert last.startswith("python -m scripts.evaluate: ")
    assert words in last
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_run_that_failed_at_once_does_not_block_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = [
        "--assistants",
        "none",
        "--episodes",
        "1",
        "--horizon",
        "2",
        "--workers",
        "1",
        "--out",
        str(tmp_path),
    ]
    assert call(monkeypatch, *base, "--users", "botom_up") == 2
    assert call(monkeypatch, *base, "--users", "bottom_up") == 0
    assert "bottom_up" in capsys.readouterr().out


def test_an_unknown_option_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        call(monkeypatch, "--epsiodes", "3")
    assert stopped.value.code == 2
    assert "unrecognized arguments: --epsiodes 3" in capsys.readouterr().err


def test_people_are_evaluated_on_the_houses_they_were_recorded_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    goal = start_blocks((11, 10, 10))
    goal[2:5, 2, 2:5] = 6
    actions = np.array(
        [[1, np.ravel_multi_index((x, 2, z), goal.shape), 6] for x in (2, 3, 4) for z in (2, 3, 4)]
    )
    file = tmp_path / "episodes.npz"
    arrays = {"ep00/goal": goal, "ep00/human_actions": actions, "ep00/human_pos": np.zeros((9, 3), np.int8)}
    np.savez(file, **arrays)  # type: ignore[arg-type]
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    base = ["--assistants", "none", "--users", "people", "--episodes", "1", "--workers", "1", "--json"]
    assert call(monkeypatch, *base, "--goals", str(file), "--out", str(tmp_path / "run")) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    percent = [f["value"] for f in figures if f["name"] == "goal_percent"]
    assert percent == [100]
    assert call(monkeypatch, *base, "--out", str(tmp_path / "other")) == 2
    assert "that people were recorded on; take goals from" in capsys.readouterr().err


def test_help_names_examples_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from scripts import evaluate; sys.argv = ['evaluate', 'building', '--help']\n"
        "try: evaluate.main()\n"
        "except SystemExit as stopped: assert stopped.code == 0\n"
        "print('LOADED', *sorted({'numba', 'numpy', 'torch', 'matplotlib', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "python -m scripts.evaluate building --demo" in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "LOADED"
