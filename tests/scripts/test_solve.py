"""The solve command as people and machines call it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envs.tabular import GAMES
from scripts import solve

ROOT = Path(__file__).resolve().parents[2]


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[Any, dict[str, Any]]:
    """Figures of `--json` by name, or by name and number of simulations."""
    assert solve.main([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert (found["schema"], found["command"]) == (1, "solve")
    return {
        (row["name"], row["labels"]["simulations"]) if row["labels"] else row["name"]: row
        for row in found["figures"]
    }


@pytest.mark.parametrize("name", [name for name in GAMES if name != "kitchen"])
def test_every_game_has_its_three_values(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, name)
    assert list(found) == ["value.optimal", "value.alone", "value.oracle"]
    alone, best, oracle = (found[f"value.{kind}"]["value"] for kind in ("alone", "optimal", "oracle"))
    assert alone <= best <= oracle + 1e-9


def test_settings_reach_the_game(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("line_build", "--set", "n=4", "--set", "user_cost=0.2")
    assert figures(capsys, *arguments)["value.optimal"]["value"] == pytest.approx(3.32225)
    arguments = ("wormy_apples", "--set", "timing=two_phase", "--set", "horizon=none")
    assert figures(capsys, *arguments)["value.optimal"]["value"] == pytest.approx(1.85628)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (("mini_chef", "--set", "user=best"), 1),
        (("mini_chef", "--set", "user=always_salt", "--user", "best"), 1),
        (("red_blue", "--user", "boltzmann:0"), 1.71),
        (("red_blue", "--user", "best"), 1.71),
    ],
)
def test_other_users(arguments: tuple[str, ...], value: float, capsys: pytest.CaptureFixture[str]) -> None:
    assert figures(capsys, *arguments)["value.optimal"]["value"] == pytest.approx(value)


def test_the_planner_plays_the_same_episodes_whatever_its_simulations(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("red_blue", "--set", "accuracy=0.9", "--simulations", "1,300", "--episodes", "10")
    found = figures(capsys, *arguments, "--seed", "1")
    planner = found["value.planner", 300]
    assert planner["n"] == 10
    assert planner["lo"] <= planner["value"] <= planner["hi"]
    optimal = [found["value.planner", n]["value"] + found["regret.planner", n]["value"] for n in (1, 300)]
    assert optimal[0] == pytest.approx(optimal[1])
    assert found["regret.planner", 1]["value"] > 0
    assert figures(capsys, *arguments, "--seed", "1") == found
    arguments = ("tiger", "--simulations", "20", "--episodes", "3")
    assert figures(capsys, *arguments, "--seed", "1") != figures(capsys, *arguments, "--seed", "2")


def test_another_planner_is_played(capsys: pytest.CaptureFixture[str]) -> None:
    """The determinised one waits for an answer that it never asks for."""
    found = figures(capsys, "wormy_apples", "--simulations", "100", "--episodes", "20", "--planner", "qmdp")
    assert found["regret.planner", 100]["value"] > 0.1


def test_people_read_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert solve.main(["wormy_apples"]) == 0
    text = capsys.readouterr().out
    assert "value.optimal   1.95232" in text
    (line,) = (line for line in text.splitlines() if " ask " in line)
    assert "wormy apple" in line
    assert "compost 0.500, trash 0.500" in line
    assert solve.main(["mini_chef", "--user", "best", "--rows", "2"]) == 0
    text = capsys.readouterr().out
    assert "2 of the 4 situations" in text
    assert "spice 1 (salt + spice 1)" in text


def test_the_page_of_searches_stands_alone_and_has_every_candidate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "tree.html"
    arguments = ("wormy_apples", "--tree", str(page), "--seed", "1")
    assert "value.planner" not in figures(capsys, *arguments)
    text = page.read_text(encoding="utf-8")
    first = text[text.index('<section id="d1"') : text.index('<section id="d2"')]
    assert all(f'<th scope="row">{name}' in first for name in ("wait", "get apple", "ask"))
    assert "step 0, 100 simulations" in first
    assert not re.search(r"https?://|\ssrc=|url\(|@import|<link|<img|<iframe", text)
    assert solve.main([*arguments, "--simulations", "5,9", "--episodes", "2", "--planner", "puct"]) == 0
    assert f"{page} shows the searches of" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "step 0, 5 simulations" in text
    assert "step 0, 9 simulations" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tigger"], "no game is called 'tigger' (did you mean 'tiger'?)"),
        (["tiger", "--set", "accuracy"], "setting is 'accuracy'; give NAME=VALUE"),
        (["tiger", "--set", "accuracy=high"], "accuracy of tiger is 'high'; give float"),
        (["tiger", "--simulations", "10,x"], "--simulations has 'x'; give whole numbers of 1 or more"),
        (["tiger", "--simulations", "10", "--episodes", "0"], "--episodes has 0"),
        (["tiger", "--simulations", "10", "--planner", "magic"], "planner is 'magic'; choose from gumbel,"),
        (["tiger", "--user", "boltzmann:hot"], "beta of --user boltzmann:BETA is 'hot'; give a number"),
        (["tiger", "--user", "kind"], "--user is 'kind'; choose game, best or boltzmann:BETA"),
        (["tiger", "--user", "best"], "tiger has no horizon"),
        (["mini_chef", "--user", "best", "--simulations", "5"], "the planner needs a user with a policy"),
        (["mini_chef", "--user", "best", "--tree", "tree.html"], "the planner needs a user with a policy"),
        (
            ["tiger", "--tree", "tree.html", "--planner", "voi"],
            "voi', which has no tree to look into; choose",
        ),
        (["tiger", "--tree", "no/such/tree.html"], "no/such/tree.html: No such file or directory"),
    ],
)
def test_wrong_options_leave_with_2_and_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert solve.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_help_names_the_games_and_gives_examples() -> None:
    command = [sys.executable, "-m", "scripts.solve", "--help"]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert ", ".join(GAMES) == solve.GAMES
    assert "python -m scripts.solve line_build --set n=4 --set user_cost=0.2 --json" in text
    assert "value.oracle" in text
