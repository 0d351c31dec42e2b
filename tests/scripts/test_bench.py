"""The bench command: every figure is there, plausible, and quoted with its spread."""

from __future__ import annotations

import json

import pytest

from scripts.bench.__main__ import main


def test_the_figures_of_the_building_game(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--batch", "4", "--seconds", "0.1", "--seed", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["command"], found["seed"]) == (1, "bench env", 3)
    figures = {row["name"]: row for row in found["figures"]}
    assert {name: (row["unit"], row["labels"]) for name, row in figures.items()} == {
        "env.step": ("steps/s", {"batch": 4}),
        "env.step_observe_legal": ("steps/s", {"batch": 4}),
        "env.pettingzoo": ("steps/s", {"batch": 1}),
        "env.state_bytes": ("B", {}),
        "env.goal_draw_ms": ("ms", {}),
    }
    assert figures["env.state_bytes"]["value"] < 4096
    assert figures["env.step"]["value"] > figures["env.step_observe_legal"]["value"]
    timed = [row for row in figures.values() if row["lo"] is not None]
    assert len(timed) == 4
    assert all(0 < row["lo"] <= row["value"] <= row["hi"] and row["n"] >= 5 for row in timed)


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--batch", "2", "--seconds", "0.1"]) == 0
    captured = capsys.readouterr()
    assert "env.step_observe_legal" in captured.out
    assert "of the recorded actions take effect" in captured.err


def test_a_batch_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--batch", "0"]) == 2
    assert "batch is 0" in capsys.readouterr().err


def test_clones_build_the_houses_of_the_person_they_have_not_seen() -> None:
    import numpy as np

    from envs.building.goals import Goals
    from envs.building.world import BEDROCK
    from scripts.bench import assistants, variety_exams

    houses = tuple(f"house {i}" for i in range(4))
    blocks = np.zeros((4, 5, 5, 5), np.uint8)
    blocks[:, :, 0] = BEDROCK
    goals = Goals(blocks, houses, "recorded")
    row = assistants.parse_row("recorded-pikl", "my clones")
    people = dict(zip(houses, ("person_1", "person_2", "person_1", "person_2"), strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variety_exams, "person_of", people.__getitem__)
        parts = assistants.parts_of(row, goals)
    assert [part.goals.houses for part in parts] == [("house 0", "house 2"), ("house 1", "house 3")]
    assert [part.users for part in parts] == [
        ("pikl:my clones/without_person_1",),
        ("pikl:my clones/without_person_2",),
    ]
    assert assistants.parse_row("recorded-pikl:a/b").name == "recorded-pikl_a_b"
    assert not assistants.parse_row("recorded-population", "my clones").clones
