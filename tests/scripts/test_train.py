"""The train command: runs in folders, figures for machines, errors that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")
pytest.importorskip("safetensors", reason="checkpoints need safetensors, of the extra `learn`")

from agents.predictors import checkpoints
from agents.predictors.network import HEADS, NetOptions
from agents.predictors.training import Recipe
from agents.training import presets
from agents.training.trainers import TRAINERS
from scripts.train import main
from tests.agents.training import tiny

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets that take seconds."""
    monkeypatch.setitem(presets.PRETRAIN, "smoke", tiny.PRETRAIN)
    monkeypatch.setitem(presets.SELFPLAY, "smoke", tiny.SELFPLAY)


def run(*words: str) -> int:
    return main(["building", "--preset", "smoke", *words])


@pytest.mark.usefixtures("small")
def test_selfplay_starts_from_a_pretrained_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    assert run("--out", first, "--seed", "3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["command"], found["seed"]) == ("train building", 3)
    figures = {row["name"]: row for row in found["figures"]}
    assert figures["train.step"]["value"] == tiny.PRETRAIN.recipe.samples
    assert figures["train.goal"]["labels"] == {"stage": "pretrain"}
    assert run("--out", first, "--seed", "3") == 2
    assert "add --resume" in capsys.readouterr().err
    assert run("--out", first, "--seed", "3", "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["figures"] == found["figures"]
    assert run("--stage", "selfplay", "--start", first, "--out", second) == 0
    _, card = checkpoints.load(second)
    assert (card["made"]["stage"], card["made"]["options"]["start"]) == ("selfplay", first)
    assert (card["made"]["goals"], card["made"]["licences"]) == ("generator", [])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--backend", "rllib"], "pretrain runs with 'local' alone"),
        (["--stage", "ppo", "--backend", "local"], "ppo runs with 'rllib' alone"),
        (["--start", "somewhere"], "pretrain starts from nothing"),
        (["--goals", "val_mods"], "there to judge"),
        (["--stage", "clone", "--backend", "rllib"], "clone runs with 'local' alone"),
        (["--stage", "clone", "--start", "somewhere"], "clone starts from nothing"),
        (["--stage", "clone", "--preset", "gpu"], "clone has smoke and cpu"),
        (["--threads", "0"], "threads is 0"),
        (["--seed", "-1"], "seed is -1"),
        (["--stage", "selfplay", "--start", "nowhere"], "nowhere has no card.json"),
    ],
)
@pytest.mark.usefixtures("small")
def test_errors_say_what_to_do(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", str(tmp_path), *words) == 2
    assert message in capsys.readouterr().err


def test_the_cpu_preset_is_the_shipped_recipe() -> None:
    """Changed here and nowhere else when other weights ship."""
    shipped = presets.PRETRAIN["cpu"]
    assert shipped.recipe == Recipe(800_000, reuse=4.0, own_reuse=6.0, pool=48, net=NetOptions(heads=HEADS))
    assert (shipped.goals, shipped.users, shipped.size) == ("mix", TRAINERS, (11, 10, 10))
    assert [TRAINERS.count(name) for name in dict.fromkeys(TRAINERS)] == [4, 4, 1, 1, 1, 1]


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, scripts.train as t\n"
        "try: t.main(['building', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(sorted({'torch', 'ray', 'numba', 'numpy'} & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, timeout=60)
