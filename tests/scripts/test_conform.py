"""The conform command: the recordings replay in full, and a difference anywhere in one is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import triples
from envs.building.world import start_blocks
from scripts import conform

Recording = dict[str, np.ndarray]
STEPS = 12
PLANKS = 6


def figures(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[Any, float]:
    """Values of the figures of `--json` by name and label."""
    assert conform.main([*arguments, "--json"]) == status
    found = json.loads(capsys.readouterr().out)
    assert found["command"] == f"conform {arguments[0]}"
    return {(row["name"], *row["labels"].values()): row["value"] for row in found["figures"]}


def test_the_recorded_games_of_mbag_replay_in_full(
    require_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures(capsys, "mbag", "--data", str(require_data("mbag_transcripts")))
    everywhere = ("blocks", "effective", "reward", "own_reward", "goal_percent", "legal")
    names = {(f"match.{name}", mode) for name in everywhere for mode in ("walk", "teleport", "inventory")}
    names |= {
        (f"match.{name}", mode) for name in ("positions", "legal_los") for mode in ("walk", "inventory")
    }
    assert found == dict.fromkeys(names | {("match.inventory", "inventory")}, 1.0)


def test_the_recorded_people_replay_in_full(
    require_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures(capsys, "human", "--data", str(require_data("human_building").parent))
    least = {
        ("match.positions", "alone"): 1.0,
        ("match.positions", "pairs"): 0.99975,
        ("match.replayed_world", "alone"): 1.0,
        ("match.replayed_world", "pairs"): 1.0,
        ("match.legal_edits", "alone"): 0.9965,
        ("match.legal_edits", "pairs"): 0.99,
        ("match.one_step_world", "alone"): 0.99865,
        ("match.one_step_world", "pairs"): 0.985,
    }
    assert found.keys() == least.keys()
    assert {key: value for key, value in found.items() if value < least[key]} == {}


def play(mode: str) -> Recording:
    """A game of our own, recorded as MBAG's are."""
    config = BuildingConfig(
        movement="teleport" if mode == "teleport" else "walk",
        blocks="inventory" if mode == "inventory" else "unlimited",
        horizon=STEPS,
        end_on_completion=False,
    )
    batch = BuildingBatch(1, config)
    near = BuildingBatch(1, replace(config, line_of_sight=False))
    goal = start_blocks(config.size)
    goal[2:5, 2, 2:5] = PLANKS
    batch.reset(goal[None])
    state, size = batch.state, config.size
    rng = np.random.default_rng(0)
    rows: dict[str, list[Any]] = {
        "blocks": [state.blocks[0].reshape(size).copy()],
        "pos": [state.feet[0].copy()],
    }
    for _ in range(STEPS):
        near.restore(batch.snapshot())
        actions = np.zeros((1, 2, 3), np.int16)
        masks = {name: np.zeros((2, batch.codec.size), bool) for name in ("mask_legal", "mask_legal_los")}
        for player in range(2):
            for name, players in (("mask_legal", near), ("mask_legal_los", batch)):
                lists, counts = players.legal(player)
                masks[name][player, lists[0, : counts[0]]] = True
            actions[0, player] = triples(batch.codec, rng.choice(lists[0, : counts[0]]))
        batch.step(actions)
        held = [np.bincount(slots[:, 0], slots[:, 1], 10) for slots in state.inventory[0]]
        values = {
            **{name: np.packbits(mask, axis=1) for name, mask in masks.items()},
            "actions": actions[0],
            "effective": batch.effective[0].copy(),
            "blocks": state.blocks[0].reshape(size).copy(),
            "pos": state.feet[0].copy(),
            "reward": np.repeat(batch.reward, 2),
            "own": batch.own[0].copy(),
            "goal_percent": np.float32(batch.goal_fraction()[0]),
            "inventory": np.array(held, np.int16),
        }
        for name, value in values.items():
            rows.setdefault(name, []).append(value)
    return {"goal": goal, "mask_t": np.arange(STEPS), **{name: np.array(row) for name, row in rows.items()}}


def write(folder: Path, **games: Recording) -> str:
    """Write recordings by mode as a data set; returns its folder."""
    manifest = [{"key": f"{mode}00", "mode": mode} for mode in games]
    (folder / "transcripts.json").write_text(json.dumps(manifest))
    arrays = {f"{mode}00/{name}": array for mode, game in games.items() for name, array in game.items()}
    np.savez(folder / "transcripts.npz", **arrays)  # type: ignore[arg-type]
    return str(folder)


def test_games_of_our_own_replay_in_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, **{mode: play(mode) for mode in ("walk", "teleport", "inventory")})
    assert set(figures(capsys, "mbag", "--data", folder).values()) == {1.0}


@pytest.mark.parametrize(
    ("array", "figure"),
    [
        ("blocks", "match.blocks"),
        ("pos", "match.positions"),
        ("effective", "match.effective"),
        ("reward", "match.reward"),
        ("own", "match.own_reward"),
        ("goal_percent", "match.goal_percent"),
        ("inventory", "match.inventory"),
        ("mask_legal", "match.legal"),
        ("mask_legal_los", "match.legal_los"),
    ],
)
def test_one_difference_fails_the_figure_it_belongs_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], array: str, figure: str
) -> None:
    game = play("inventory")
    game[array] = game[array].copy()
    game[array][(-1,) * game[array].ndim] += 1
    folder = write(tmp_path, inventory=game)
    found = figures(capsys, "mbag", "--data", folder, status=1)
    assert [name for (name, _), value in found.items() if value < 1] == [figure]
    assert conform.main(["mbag", "--data", folder]) == 1
    assert f"{figure} is 0.9" in capsys.readouterr().err


def test_missing_recordings_are_named_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    assert conform.main(["human"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert f"no episodes.npz in {tmp_path}" in captured.err
    assert "--data" in captured.err
