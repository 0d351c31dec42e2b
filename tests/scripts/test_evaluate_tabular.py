"""The command that holds planners to games with known values, as people and machines call it."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from scripts import evaluate


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """`python -m scripts.evaluate tabular` in this process; returns the exit status."""
    monkeypatch.setattr(sys, "argv", ["evaluate", "tabular", *arguments])
    return evaluate.main()


GIVEN = ("--games", "red_blue:accuracy=0.8,wormy_apples", "--episodes", "30")


def test_json_has_every_game_planner_and_number_of_simulations(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = (*GIVEN, "--planners", "puct,qmdp", "--simulations", "1,50", "--json")
    assert call(monkeypatch, *given) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["command"], found["seed"]) == (1, "evaluate tabular", 0)
    rows: dict[Any, dict[str, Any]] = {}
    for figure in found["figures"]:
        labels = figure["labels"]
        key = labels["game"], labels.get("planner"), labels.get("simulations")
        rows.setdefault(key, {})[figure["name"]] = figure
    assert len(rows) == 2 * (1 + 2 * 2)
    for (game, planner, _), row in rows.items():
        known = {name: figure["value"] for name, figure in rows[game, None, None].items()}
        assert known["value.alone"] < known["value.optimal"] < known["value.oracle"]
        if planner is None:
            continue
        value, regret = row["value.planner"], row["regret.planner"]
        assert value["value"] + regret["value"] == pytest.approx(known["value.optimal"])
        help_lost = 100 * regret["value"] / (known["value.optimal"] - known["value.alone"])
        assert row["regret_share.planner"]["value"] == pytest.approx(help_lost)
        assert 0 <= row["agreement.planner"]["value"] <= 100
        assert all(row[f"{name}.planner"]["n"] == 30 for name in ("value", "regret", "regret_share"))
        assert row["agreement.planner"]["n"] >= 30, "one per decision"
        for figure in row.values():
            assert figure["lo"] - 1e-9 <= figure["value"] <= figure["hi"] + 1e-9
    shares = {key: row["regret_share.planner"]["value"] for key, row in rows.items() if key[1]}
    assert shares["wormy_apples", "puct", 50] < 5 < shares["wormy_apples", "qmdp", 50]
    assert shares["red_blue:accuracy=0.8", "puct", 50] < 5 < shares["red_blue:accuracy=0.8", "puct", 1]


def test_people_read_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(monkeypatch, "--games", "tiger", "--episodes", "2", "--simulations", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "2 episodes of each game" in lines[0]
    rows = [line.split() for line in lines if line.strip().startswith("tiger")]
    assert [row[1] for row in rows] == ["optimal", "alone", "oracle", "gumbel", "puct"]
    assert [row[2] for row in rows[:3]] == ["19.37137", "0.00000", "200.00000"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--games", "tigger"], "no game is called 'tigger' (did you mean 'tiger'?)"),
        (["--games", "tiger:accuracy"], "setting is 'accuracy'; give NAME=VALUE"),
        (["--games", " , "], "names nothing"),
        (["--games", "mini_chef:user=best"], "best-responding"),
        (["--games", "tiger", "--planners", "magic"], "planner is 'magic'; choose from gumbel"),
        (["--games", "tiger", "--simulations", "10,x"], "simulations has 'x'; give whole numbers"),
        (["--games", "tiger", "--simulations", "0"], "simulations is 0; give 1 or more"),
        (["--games", "tiger", "--episodes", "0"], "episodes is 0; give 1 or more"),
    ],
)
def test_wrong_options_end_with_status_2_and_one_line(
    given: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *given) == 2
    shown = capsys.readouterr()
    last = shown.err.strip().splitlines()[-1]
    assert last.startswith("python -m scripts.evaluate: ")
    assert words in last
    assert "Traceback" not in shown.err
    assert shown.out == ""
