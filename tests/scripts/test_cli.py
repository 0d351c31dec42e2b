"""What all commands have in common: one JSON object, exit statuses, one line per error, and a quick start."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts._cli import App, Figure, Progress, Report, data_folder, table

ROOT = Path(__file__).resolve().parents[2]


def app(run: Any) -> App:
    """An application with one command, which has a seed."""
    made = App("scripts.try", "Tries things.", run=run)
    made.parser.add_argument("--seed", type=int, default=0)
    return made


def test_json_is_one_object_whatever_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    def run(options: argparse.Namespace, progress: Progress) -> Report:
        print("chatter")
        figures = [
            Figure("a", np.float32(1.5), 1, np.float64(2), "%", np.int64(3), {"user": "u", "k": 2}),
            Figure("b", math.nan),
        ]
        return Report(figures, ["for people"])

    assert app(run).main(["--json", "--seed", "7"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "chatter\n"
    found = json.loads(captured.out)
    assert found.pop("seconds") >= 0
    a = {
        "name": "a",
        "value": 1.5,
        "lo": 1.0,
        "hi": 2.0,
        "unit": "%",
        "n": 3,
        "labels": {"user": "u", "k": 2},
    }
    b = {"name": "b", "value": None, "lo": None, "hi": None, "unit": "", "n": None, "labels": {}}
    assert found == {"schema": 1, "command": "try", "seed": 7, "figures": [a, b]}


def test_people_read_the_text_or_a_table_of_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [Figure("speed", 12345.6, unit="steps/s", labels={"batch": 8})]
    assert app(lambda options, progress: Report(figures)).main([]) == 0
    out = capsys.readouterr().out
    assert all(part in out for part in ("speed", "batch", "8", "12,346", "steps/s"))
    text = [table("Title", ["a", "b"], [("[bold]", 1)]), "the [end]"]
    assert app(lambda options, progress: Report(figures, text)).main([]) == 0
    out = capsys.readouterr().out
    assert all(part in out for part in ("Title", "[bold]", "the [end]"))
    assert "speed" not in out


def test_a_failed_check_has_status_1_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert app(lambda options, progress: Report([], ["text"], failed="two differ")).main([]) == 1
    assert capsys.readouterr().err == "python -m scripts.try: two differ\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("batch is 0;\ngive 1 or more"), "batch is 0; give 1 or more"),
        (
            FileNotFoundError(2, "No such file or directory", "goals.npz"),
            "goals.npz: No such file or directory",
        ),
        (ModuleNotFoundError("No module named 'torch'"), "No module named 'torch'"),
    ],
)
def test_an_error_is_one_line_and_status_2(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(options: argparse.Namespace, progress: Progress) -> Report:
        raise error

    assert app(run).main(["--json"]) == 2
    assert capsys.readouterr() == ("", f"python -m scripts.try: {line}\n")
    assert app(run).main(["--traceback"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_has_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    def run(options: argparse.Namespace, progress: Progress) -> Report:
        raise KeyboardInterrupt

    assert app(run).main([]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_progress_off_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.SECONDS_BETWEEN_LINES = 0.0
    assert list(progress.track("ab", "letters", 2)) == ["a", "b"]
    assert capsys.readouterr().err == "letters: 1 of 2\nletters: 2 of 2\n"


def test_data_are_found_by_option_variable_or_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "houses"
    folder.mkdir()
    (folder / "a.npz").touch()
    assert data_folder(str(folder), "houses", "a.npz") == folder
    assert data_folder(str(tmp_path), "houses", "a.npz") == folder
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    assert data_folder(None, "houses", "a.npz") == folder
    with pytest.raises(FileNotFoundError, match=r"no b\.npz in .*; name the folder of the data with --data"):
        data_folder(None, "houses", "b.npz")


@pytest.mark.parametrize("name", ["conform", "bench"])
def test_help_is_quick_because_nothing_heavy_is_imported(name: str) -> None:
    module = f"scripts.{name}"
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", module, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"python -m {module}" in shown.stdout
    imported = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert "numpy" in imported
    assert not imported & {"numba", "gymnasium", "pettingzoo", "rich.console", "torch"}
