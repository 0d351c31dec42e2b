"""`scripts.compare` pairs what belongs together, refuses what does not, and gets the differences right."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.assistants import ORACLE_TRAITS
from agents.assistants.scripted import CopyNeighbourAssistant, NoneAssistant
from agents.evaluation.episode import Episode
from agents.evaluation.metrics import edits_saved, goal_auc
from agents.evaluation.play import Task, play
from agents.evaluation.statistics import mean_interval
from agents.users import make_user
from agents.users.builder import BuilderUser
from envs.building import BuildingConfig
from envs.building.goals import make_source
from envs.building.world import ASSISTANT
from scripts.compare import main, misfit

USERS = ("bottom_up", "outline_first")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def episodes() -> list[Episode]:
    """Four houses in a small world, for both users alone, with a poor and with the best assistant."""
    config = BuildingConfig(size=(6, 6, 6), horizon=30)
    goals = make_source("generator", config.size).draw(4, np.random.default_rng(0))
    task = Task(goals.blocks, goals.houses, (0, 1, 2, 3), 0)
    played = []
    for user in USERS:
        assistants = (
            NoneAssistant(),
            CopyNeighbourAssistant(),
            BuilderUser("oracle", ORACLE_TRAITS, ASSISTANT),
        )
        for assistant in assistants:
            played += play(config, make_user(user), assistant, task)
    return played


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; gives exit status, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["compare", *map(str, arguments)])
        status = main()
        return status, *capsys.readouterr()

    return call


def write(folder: Path, episodes: list[Episode]) -> Path:
    folder.mkdir()
    (folder / "episodes.jsonl").write_text("".join(episode.to_json() + "\n" for episode in episodes))
    return folder


def figures(output: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Figures of one printed object by name, user and kind."""
    found = json.loads(output)["figures"]
    return {(f["name"], f["labels"]["user"], f["labels"]["kind"]): f for f in found}


def test_differences_are_paired_by_user_and_index(run: Run, tmp_path: Path, episodes: list[Episode]) -> None:
    # Stored in another order: what belongs together is told by user and index, not by the line.
    folder = write(tmp_path / "run", episodes[::-1])
    status, output, _ = run(folder, "--assistants", "copy_neighbour,oracle", "--json")
    found = figures(output)
    assert status == 0
    assert {user for _, user, _ in found} == {*USERS, "pooled"}
    sides = {(e.assistant, e.user, e.index): e for e in episodes}
    for user in (*USERS, "pooled"):
        keys = [(u, i) for u in USERS for i in range(4) if user in (u, "pooled")]
        houses = np.array([sides["none", *key].house for key in keys])
        measures: dict[str, Callable[[Episode, Episode], float]] = {
            "goal_percent": lambda e, alone: 100 * e.goal_fraction[-1],
            "user_edits_saved": lambda e, alone: 100 * edits_saved(e, alone),
            "goal_auc": lambda e, alone: goal_auc(e),
            "user_edits": lambda e, alone: e.measures["user_edits"],
        }
        for name, measure in measures.items():
            a, b = (
                np.array([measure(sides[side, *key], sides["none", *key]) for key in keys])
                for side in ("copy_neighbour", "oracle")
            )
            expected = mean_interval(b - a, houses)
            figure = found[name, user, "difference"]
            assert (figure["value"], figure["n"]) == (pytest.approx(expected.value), len(keys))
            assert figure["lo"] <= figure["value"] <= figure["hi"]
            assert (figure["lo"], figure["hi"]) == pytest.approx(
                (expected.lo, expected.hi), rel=0.05, abs=0.5
            )
            assert figure["labels"]["a"] == "copy_neighbour"
            assert figure["labels"]["b"] == "oracle"
            assert found[name, user, "a"]["value"] == pytest.approx(a.mean())
            assert found[name, user, "b"]["value"] == pytest.approx(b.mean())
    assert found["goal_percent", "pooled", "difference"]["lo"] > 0


def test_two_runs_are_compared_assistant_by_assistant(
    run: Run, tmp_path: Path, episodes: list[Episode]
) -> None:
    a, b = write(tmp_path / "a", episodes), write(tmp_path / "b", episodes)
    status, output, _ = run(a, b, "--json")
    compared = [f["labels"] for f in json.loads(output)["figures"]]
    assert status == 0
    assert {(labels["a"], labels["b"]) for labels in compared} == {
        (f"{a}:{name}", f"{b}:{name}") for name in ("none", "copy_neighbour", "oracle")
    }
    for figure in json.loads(output)["figures"]:
        if figure["labels"]["kind"] == "difference":
            assert (figure["lo"], figure["value"], figure["hi"]) == (0, 0, 0)


def test_two_assistants_in_two_runs_differ_as_in_one(
    run: Run, tmp_path: Path, episodes: list[Episode]
) -> None:
    folder = write(tmp_path / "run", episodes)
    better = [replace(e, assistant="copy_neighbour") for e in episodes if e.assistant == "oracle"]
    other = write(tmp_path / "other", [e for e in episodes if e.assistant == "none"] + better)
    _, together, _ = run(folder, "--assistants", "copy_neighbour,oracle", "--json")
    _, apart, _ = run(folder, other, "--assistants", "copy_neighbour", "--json")
    values = [{key: f["value"] for key, f in figures(output).items()} for output in (together, apart)]
    assert values[0] == pytest.approx(values[1])


def test_the_table_says_which_way_the_difference_goes(
    run: Run, tmp_path: Path, episodes: list[Episode]
) -> None:
    _, output, _ = run(write(tmp_path / "run", episodes), "--assistants", "copy_neighbour,oracle")
    assert "b - a" in output
    line = next(line for line in output.splitlines() if "goal_percent" in line)
    a, b, difference = (float(text) for text in line.split("goal_percent")[1].split()[:3])
    assert b - a == pytest.approx(difference, abs=0.02)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda e: {"goal": np.where(e.goal == 0, 0, 9).astype(np.uint8)}, "goal, "),
        (lambda e: {"seed": e.seed + 1}, "seed, "),
        (lambda e: {"config": e.config | {"horizon": 31}}, "horizon, 30 and 31"),
        (lambda e: {"goal": e.goal[:5]}, "size of the world, (6, 6, 6) and (5, 6, 6)"),
    ],
)
def test_episodes_that_are_no_pair_are_refused(
    run: Run,
    tmp_path: Path,
    episodes: list[Episode],
    change: Callable[[Episode], dict[str, Any]],
    fault: str,
) -> None:
    other = [replace(e, **change(e)) if e.index == 2 else e for e in episodes]
    status, output, errors = run(write(tmp_path / "a", episodes), write(tmp_path / "b", other), "--json")
    assert (status, output) == (2, "")
    assert f"user bottom_up, index 2 differ in {fault}" in errors


def test_an_episode_read_from_a_file_fits_the_one_that_was_written(episodes: list[Episode]) -> None:
    assert misfit(episodes[0], Episode.from_json(episodes[0].to_json())) == ""


def test_episodes_without_partner_are_left_out_and_told(
    run: Run, tmp_path: Path, episodes: list[Episode]
) -> None:
    fewer = [e for e in episodes if e.index < 3 and e.user == "bottom_up"]
    a, b = write(tmp_path / "a", episodes), write(tmp_path / "b", fewer)
    _, output, errors = run(a, b, "--assistants", "oracle", "--json")
    assert "5 episodes have no partner" in errors
    assert {(user, figure["n"]) for (_, user, _), figure in figures(output).items()} == {("bottom_up", 3)}


def test_edits_saved_need_the_user_alone(run: Run, tmp_path: Path, episodes: list[Episode]) -> None:
    helped = [e for e in episodes if e.assistant != "none"]
    _, output, _ = run(write(tmp_path / "run", helped), "--assistants", "copy_neighbour,oracle", "--json")
    assert {name for name, _, _ in figures(output)} == {"goal_percent", "goal_auc", "user_edits"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "one run alone"),
        (("--assistants", "oracle"), "assistants is 'oracle'"),
        (("--assistants", "oracle,"), "assistants is 'oracle,'"),
        (("--assistants", "oracle,gredy"), "has no assistant 'gredy'; it has none, copy_neighbour, oracle"),
        (("somewhere", "else"), "3 runs"),
    ],
)
def test_wrong_options_are_explained(
    run: Run, tmp_path: Path, episodes: list[Episode], arguments: tuple[str, ...], message: str
) -> None:
    status, output, errors = run(write(tmp_path / "run", episodes), *arguments)
    assert (status, output) == (2, "")
    assert message in errors


def test_runs_with_nothing_in_common_are_refused(run: Run, tmp_path: Path, episodes: list[Episode]) -> None:
    a = write(tmp_path / "a", [e for e in episodes if e.user == USERS[0]])
    b = write(tmp_path / "b", [e for e in episodes if e.user == USERS[1]])
    status, _, errors = run(a, b)
    assert status == 2
    assert "no user and index is in both" in errors
    (tmp_path / "empty").mkdir()
    assert "episodes.jsonl" in run(a, tmp_path / "empty")[2]
