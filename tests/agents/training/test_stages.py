"""Trainings repeat to the bit, go on after any kill, and stop when a loss is no number."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")
pytest.importorskip("safetensors", reason="checkpoints need safetensors, of the extra `learn`")

import torch

from agents.predictors import checkpoints, losses
from agents.predictors.clone_settling import Settling
from agents.predictors.cloning import CloneRecipe
from agents.predictors.network import PredictorNet
from agents.predictors.updates import LossNotFinite, Rates
from agents.training.stages import CloneStageOptions, Keeping, clone, pretrain, selfplay
from agents.training.trainers import licensed, make_trainers
from tests.agents.training import tiny

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[3]
STAGES: dict[str, tuple[Callable[..., PredictorNet], Any, int]] = {
    "pretrain": (pretrain, tiny.PRETRAIN, 3),
    "selfplay": (selfplay, tiny.SELFPLAY, 2),
}
"""Function, options, and what is between two saves."""

KILLED = """
import os, signal, sys
import torch
torch.set_num_threads(1)
from agents.training import stages
from tests.agents.training import tiny
left = int(sys.argv[3])
def advance(steps):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
name, keeping = sys.argv[1], stages.Keeping(every=int(sys.argv[4]))
getattr(stages, name)(getattr(tiny, name.upper()), sys.argv[2], 5, keeping, advance)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[np.ndarray]]:
    """Weights of both stages, trained without interruption with seed 5."""
    found = {}
    for name, (train, options, every) in STAGES.items():
        folder = tmp_path_factory.mktemp(name)
        found[name] = tiny.weights(train(options, folder, 5, Keeping(every=every)))
        net, card = checkpoints.load(folder)
        assert tiny.equal(tiny.weights(net), found[name])
        assert (card["made"]["stage"], card["made"]["seed"]) == (name, 5)
        assert card["made"]["metrics"] == json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    return found


@pytest.mark.parametrize("name", STAGES)
def test_one_seed_makes_one_network(name: str, whole: dict[str, list[np.ndarray]], tmp_path: Path) -> None:
    train, options, _ = STAGES[name]
    torch.manual_seed(99)  # whatever happened before
    assert tiny.equal(tiny.weights(train(options, tmp_path / "a", 5)), whole[name])
    assert not tiny.equal(tiny.weights(train(options, tmp_path / "b", 6)), whole[name])


@pytest.mark.parametrize(("name", "kill"), [("pretrain", 8), ("selfplay", 3)])
def test_a_killed_run_resumes_as_if_nothing_had_been(
    name: str, kill: int, whole: dict[str, list[np.ndarray]], tmp_path: Path
) -> None:
    """The kill comes between two saves, so that what was done since the last is done again."""
    train, options, every = STAGES[name]
    command = [sys.executable, "-c", KILLED, name, str(tmp_path), str(kill), str(every)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with pytest.raises(FileExistsError, match="add --resume"):
        train(options, tmp_path, 5)
    shown: list[int] = []
    net = train(options, tmp_path, 5, Keeping(resume=True, every=every), shown.append)
    assert tiny.equal(tiny.weights(net), whole[name])
    assert shown[0] == (6 * options.recipe.batch if name == "pretrain" else 2)
    steps = [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(set(steps))


def test_a_run_is_resumed_with_its_own_options_only(tmp_path: Path) -> None:
    options = replace(tiny.SELFPLAY, rounds=1)
    selfplay(options, tmp_path, 5)
    with pytest.raises(ValueError, match=r"a run with options\.every = 4, not 7"):
        selfplay(replace(options, every=7), tmp_path, 5, Keeping(resume=True))
    with pytest.raises(ValueError, match="a run with seed = 5, not 6"):
        selfplay(options, tmp_path, 6, Keeping(resume=True))


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_batch(tmp_path: Path) -> None:
    recipe = replace(tiny.PRETRAIN.recipe, rates=Rates(adam=1e30, muon=1e30))
    with pytest.raises(LossNotFinite, match="the loss is not finite") as caught:
        pretrain(replace(tiny.PRETRAIN, recipe=recipe), tmp_path, 5)
    assert str(tmp_path / "bad_batch.npz") in str(caught.value)
    with np.load(tmp_path / "bad_batch.npz") as batch:
        assert len(batch["blocks"]) == len(batch["flips"]) == recipe.batch


def test_a_bad_loss_leaves_the_network_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*given: Any) -> torch.Tensor:
        return goal_loss(*given) * float("nan")

    goal_loss = losses.goal_loss
    seen: list[PredictorNet] = []
    monkeypatch.setattr(losses, "goal_loss", broken)
    monkeypatch.setattr("agents.predictors.updates.clip", lambda net: seen.append(net) or 1.0)
    with pytest.raises(LossNotFinite, match="goal nan"):
        pretrain(tiny.PRETRAIN, tmp_path, 5)
    assert all(np.isfinite(weight).all() for weight in tiny.weights(seen[0]))


def test_exams_say_what_is_saved(tmp_path: Path) -> None:
    selfplay(replace(tiny.SELFPLAY, rounds=1), tmp_path, 5, Keeping(exam_every=1))
    (line,) = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    assert {"exam_saved", "exam_goal", "exam_wrong"} < set(line)
    assert line["exam_goal"] <= 100


@pytest.mark.parametrize("name", ["top_down", "noisy", "people"])
def test_users_that_judge_never_train(name: str) -> None:
    with pytest.raises(ValueError, match="there to judge"):
        make_trainers(["population", name])


@pytest.mark.parametrize("name", ["val_mods", "val_craftassist", "recorded"])
def test_houses_that_judge_never_train(name: str) -> None:
    with pytest.raises(ValueError, match="there to judge"):
        licensed(name, "permissive")


def test_licences_choose_houses() -> None:
    assert [licensed("mix", licence) for licence in ("permissive", "any")] == ["mix", "mix:any"]
    assert licensed("generator", "any") == "generator"
    with pytest.raises(ValueError, match="licence is 'free'"):
        licensed("mix", "free")


class Killed(Exception):
    """Stands for kill -9 between two saves."""


def test_a_cloning_that_is_killed_and_resumed_ends_with_the_same_network(
    require_data: Callable[[str], Path], tmp_path: Path
) -> None:
    data, file = require_data("human_building"), "weights.safetensors"
    recipe = CloneRecipe(samples=640, batch=32, check_every=4)
    wanted = CloneStageOptions(recipe, Settling(rounds=1, worlds=1, steps=20), leave_out="person_3")
    whole = clone(wanted, tmp_path / "whole", 5, recordings=data)
    assert "person_3" not in whole.options.people
    shown = 0

    def until(samples: int) -> None:
        nonlocal shown
        shown += samples
        if shown == 10 * recipe.batch:
            raise Killed

    with pytest.raises(Killed):
        clone(wanted, tmp_path / "part", 5, advance=until, recordings=data)
    clone(wanted, tmp_path / "part", 5, Keeping(resume=True), recordings=data)
    assert (tmp_path / "part" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    card = json.loads((tmp_path / "part" / "card.json").read_text())
    assert card == json.loads((tmp_path / "whole" / "card.json").read_text())
    assert (card["made"]["stage"], card["made"]["options"]["leave_out"]) == ("clone", "person_3")
    with pytest.raises(ValueError, match="leave_out = 'person_3', not None"):
        clone(replace(wanted, leave_out=None), tmp_path / "part", 5, Keeping(resume=True), recordings=data)
