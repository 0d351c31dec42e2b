"""`scripts.replay` tells what happened, and notices when a record cannot have happened."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agents.assistants.scripted import CopyNeighbourAssistant, NoneAssistant
from agents.evaluation.episode import Episode, replay
from agents.evaluation.play import Task, play
from agents.users import make_user
from envs.building import BuildingConfig
from envs.building.actions import BREAK, NOOP, PLACE, describe
from envs.building.goals import make_source
from envs.building.render import isometric
from scripts.replay import main, step_range

STEPS = 30
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def episodes() -> list[Episode]:
    """Two houses in a small world, alone and with an assistant."""
    config = BuildingConfig(size=(6, 6, 6), horizon=STEPS)
    goals = make_source("generator", config.size).draw(2, np.random.default_rng(0))
    task = Task(goals.blocks, goals.houses, (0, 1), 0)
    users = [make_user("bottom_up") for _ in range(2)]
    players = (NoneAssistant(), CopyNeighbourAssistant())
    return [e for user, other in zip(users, players, strict=True) for e in play(config, user, other, task)]


@pytest.fixture
def folder(tmp_path: Path, episodes: list[Episode]) -> Path:
    return write(tmp_path / "run", episodes)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; gives exit status, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["replay", *map(str, arguments)])
        status = main()
        return status, *capsys.readouterr()

    return call


def write(folder: Path, episodes: list[Episode]) -> Path:
    folder.mkdir()
    (folder / "episodes.jsonl").write_text("".join(episode.to_json() + "\n" for episode in episodes))
    return folder


def figures(output: str) -> dict[str, Any]:
    """Figures by name of one printed object."""
    return {figure["name"]: figure for figure in json.loads(output)["figures"]}


def test_a_faithful_record_comes_out_as_recorded(run: Run, folder: Path, episodes: list[Episode]) -> None:
    status, output, _ = run(folder, "--episode", 2, "--json")
    found = figures(output)
    assert status == 0
    assert (found["match.goal_fraction"]["value"], found["match.goal_fraction"]["n"]) == (1.0, STEPS + 1)
    assert found["steps"]["value"] == STEPS
    assert found["goal_percent"]["value"] == 100 * episodes[2].goal_fraction[-1]
    assert found["goal_percent"]["labels"]["assistant"] == "copy_neighbour"


def test_a_changed_share_of_the_goal_fails(run: Run, tmp_path: Path, episodes: list[Episode]) -> None:
    shares = episodes[0].goal_fraction.copy()
    shares[7] = np.nextafter(shares[7], np.float32(1))
    file = write(tmp_path / "run", [replace(episodes[0], goal_fraction=shares)]) / "episodes.jsonl"
    status, output, errors = run(file, "--json")
    assert status == 1
    assert "after step 7 " in errors
    assert figures(output)["match.goal_fraction"]["value"] == STEPS / (STEPS + 1)


def test_a_changed_action_fails(run: Run, tmp_path: Path, episodes: list[Episode]) -> None:
    gained = np.flatnonzero(np.diff(episodes[0].goal_fraction) > 0)[0]
    actions = episodes[0].actions.copy()
    actions[gained, 0] = NOOP
    status, output, errors = run(write(tmp_path / "run", [replace(episodes[0], actions=actions)]))
    assert status == 1
    assert f"after step {gained + 1} " in errors
    assert "as recorded" not in output


def test_a_record_that_goes_on_after_the_end_fails(run: Run, tmp_path: Path, episodes: list[Episode]) -> None:
    episode = episodes[0]
    longer = replace(
        episode,
        actions=np.concatenate([episode.actions, episode.actions[-1:]]),
        goal_fraction=np.append(episode.goal_fraction, episode.goal_fraction[-1:]),
    )
    status, _, errors = run(write(tmp_path / "run", [longer]))
    assert status == 1
    assert f"ends after step {STEPS}, the record after {STEPS + 1}" in errors


def test_a_record_without_a_share_for_every_step_fails(
    run: Run, tmp_path: Path, episodes: list[Episode]
) -> None:
    short = replace(episodes[0], goal_fraction=episodes[0].goal_fraction[:-1])
    status, _, errors = run(write(tmp_path / "run", [short]))
    assert status == 1
    assert f"{STEPS} actions go with {STEPS} shares" in errors


def test_the_transcript_has_every_choice_and_what_came_of_it(
    run: Run, folder: Path, episodes: list[Episode]
) -> None:
    episode = episodes[2]
    _, output, _ = run(folder, "--episode", 2)
    told = {int(line.split()[0]): line for line in output.splitlines() if line[:5].strip().isdigit()}
    assert list(told) == list(range(1, STEPS + 1))
    for step, batch in enumerate(replay(episode)):
        if step:
            line = told[step]
            choices = [describe(action, episode.goal.shape) for action in episode.actions[step - 1]]
            user, assistant = line[7:51], line[51:95]
            for player, part in enumerate((user, assistant)):
                assert part.startswith(choices[player] + " ")
                failed = choices[player] != "noop" and batch.effective[0, player] == NOOP
                assert ("no effect" in part) == failed
                earned = batch.effective[0, player] in (PLACE, BREAK) and batch.own[0, player]
                assert part[len(choices[player]) :].strip() == (
                    "no effect" if failed else f"{batch.own[0, player]:+g}" if earned else ""
                )
            assert line.endswith(f"{100 * episode.goal_fraction[step]:6.1f}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (":", (1, 30)),
        ("20", (1, 20)),
        ("10:12", (10, 12)),
        ("28:", (28, 30)),
        (":3", (1, 3)),
        ("99", (1, 30)),
    ],
)
def test_a_range_of_steps(given: str, expected: tuple[int, int]) -> None:
    assert step_range(given, STEPS) == expected


@pytest.mark.parametrize("given", ["0", "a", "5:4", "-3:", "1:2:3"])
def test_a_wrong_range_is_explained(run: Run, folder: Path, given: str) -> None:
    status, _, errors = run(folder, f"--steps={given}")
    assert status == 2
    assert f"steps is {given!r}" in errors


def test_layers_come_every_few_steps_and_at_the_end(run: Run, folder: Path) -> None:
    _, output, _ = run(folder, "--steps", "4:12", "--layers", 5)
    assert [line for line in output.splitlines() if line.startswith("after")] == [
        "after step 5",
        "after step 10",
        "after step 12",
    ]
    assert output.count("y=5") == 3
    _, output, _ = run(folder, "--layers")
    assert output.count("after step") == 1 + output.count("% of the goal after step")


def test_pictures_are_of_the_told_steps(
    run: Run, folder: Path, tmp_path: Path, episodes: list[Episode]
) -> None:
    png, gif = tmp_path / "end.png", tmp_path / "steps.gif"
    status, _, _ = run(folder, "--episode", 3, "--steps", "5:9", "--png", png, "--gif", gif)
    assert status == 0
    worlds = [(batch.state.blocks[0].copy(), batch.state.feet[0].copy()) for batch in replay(episodes[3])]
    blocks, feet = worlds[9]
    goal = episodes[3].goal
    expected = isometric(blocks.reshape(goal.shape), feet, goal)
    np.testing.assert_array_equal(np.asarray(Image.open(png).convert("RGB")), expected)
    assert 2 <= getattr(Image.open(gif), "n_frames", 1) <= 6  # equal frames are merged


def test_the_list_names_every_episode(run: Run, folder: Path, episodes: list[Episode]) -> None:
    _, output, _ = run(folder, "--list", "--json")
    labels = [f["labels"] for f in json.loads(output)["figures"] if f["name"] == "goal_percent"]
    assert [(x["episode"], x["assistant"], x["index"]) for x in labels] == [
        (i, episode.assistant, episode.index) for i, episode in enumerate(episodes)
    ]
    _, output, _ = run(folder, "--list", "--assistant", "copy_neighbour")
    assert "2 of 4 episodes" in output
    assert "none" not in output


def test_an_episode_can_be_asked_for_by_what_it_is(run: Run, folder: Path) -> None:
    _, output, _ = run(folder, "--assistant", "copy_neighbour", "--user", "bottom_up", "--index", 1)
    assert output.startswith("episode 3: copy_neighbour with bottom_up, index 1,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--episode", 4), "episode is 4; the file has episodes 0..3"),
        (("--episode", 1, "--index", 1), "--episode says which one already; leave out --index"),
        (("--assistant", "gredy"), "no episode has assistant 'gredy'"),
        (("--layers", -1), "layers is -1"),
    ],
)
def test_wrong_options_are_explained(
    run: Run, folder: Path, arguments: tuple[object, ...], message: str
) -> None:
    status, output, errors = run(folder, *arguments)
    assert (status, output) == (2, "")
    assert message in errors


def test_a_file_without_episodes_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "episodes.jsonl").touch()
    status, _, errors = run(tmp_path)
    assert status == 2
    assert "holds no whole episode" in errors
