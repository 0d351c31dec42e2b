"""Train networks for assistants. Each run is a folder that can be killed at any time and resumed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _train_dialogue
from ._cli import App, Figure, Progress, Report

if TYPE_CHECKING:
    from agents.training.stages import Keeping

STAGES = ("pretrain", "selfplay", "ppo", "imitate", "clone")
PRESETS = ("smoke", "cpu", "gpu")
BACKENDS = ("local", "rllib")
OWN_BACKEND = {"pretrain": "local", "ppo": "rllib", "imitate": "local", "clone": "local"}
"""Stages that have one backend."""


def main(arguments: Sequence[str] | None = None) -> int:
    app = App("scripts.train", __doc__)
    parser = app.command(
        "building",
        building,
        [
            "python -m scripts.train building --preset smoke",
            "python -m scripts.train building --stage pretrain --preset cpu --out runs/net",
            "python -m scripts.train building --stage pretrain --preset cpu --out runs/net --resume",
            "python -m scripts.train building --stage selfplay --start runs/net --out runs/zero",
            "python -m scripts.train building --stage selfplay --backend rllib --runners 2 --preset smoke",
            "python -m scripts.train building --stage ppo --preset smoke --json",
            "python -m scripts.train building --stage imitate --start runs/net --out runs/imitate",
            "python -m scripts.train building --stage clone --leave-out person_3 --out runs/clone",
        ],
    )
    add = parser.add_argument
    add("--stage", choices=STAGES, default="pretrain", help="what to run (default: pretrain)")
    add("--preset", choices=PRESETS, default="cpu", help="a minute, two cores, one large card (default: cpu)")
    add("--backend", choices=BACKENDS, help="one process, or processes of RLlib (selfplay; default: local)")
    add("--out", metavar="FOLDER", help="the run's folder (default: runs/STAGE-PRESET-SEED)")
    add("--resume", action="store_true", help="go on with the run in the folder, if there is one")
    add("--start", metavar="FOLDER", help="network to start from (selfplay, ppo, imitate)")
    add(
        "--licence",
        choices=("permissive", "any"),
        default="permissive",
        help="houses to train on (default: permissive)",
    )
    add("--leave-out", metavar="PERSON", help="clone: a recorded person who is not shown (default: nobody)")
    add("--goals", metavar="NAME", help="goal source to train on (default: the preset's)")
    add(
        "--rounds",
        type=int,
        metavar="N",
        help="of playing and learning (selfplay, ppo; default: the preset's)",
    )
    add(
        "--goal-loss",
        type=float,
        metavar="X",
        help="ppo: weight of the goal's cross-entropy, 0 for plain PPO (default: 1)",
    )
    add("--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)")
    add("--runners", type=int, metavar="N", help="rllib: processes that play (default: the preset's)")
    add("--learners", type=int, metavar="N", help="rllib: processes that learn (default: the driver's own)")
    add("--gpus", type=float, metavar="X", help="GPUs of the learner, or of each (default: the preset's)")
    add("--runner-gpus", type=float, metavar="X", help="rllib: GPUs of each runner (default: the preset's)")
    add(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="of torch in this process (default: 1, repeatable)",
    )
    add(
        "--exam-every",
        type=int,
        default=0,
        metavar="N",
        help="saves between looks at edits saved (default: never)",
    )
    add("--tensorboard", action="store_true", help="also write the metrics for TensorBoard")
    parser = app.command("dialogue", _train_dialogue.dialogue, _train_dialogue.EXAMPLES)
    _train_dialogue.add_options(parser)
    return app.main(arguments)


def building(options: argparse.Namespace, progress: Progress) -> Report:
    """The building game.

    pretrain   supervised, on simulated episodes: goals, acts of users and assistants, values
    selfplay   AssistanceZero: plays with search, and learns from what it found
    ppo        RLlib's PPO, for comparison
    imitate    fine-tunes a policy on recorded people who assisted, for comparison (needs the recordings)
    clone      behaviour cloning of recorded people, for users who judge assistants: `cloned:FOLDER`

    The folder holds weights.safetensors and card.json, what `--start` and assistants load, metrics.jsonl, and
    the run's state. The same command with --resume goes on after a kill. `--stage pretrain --preset cpu
    --licence permissive --seed 0` makes the weights that the package ships.

    train.*   the last line of metrics (label stage)
    """
    backend = _backend(options)
    for name in ("runners", "learners", "gpus", "runner_gpus", "exam_every", "seed"):
        if (getattr(options, name) or 0) < 0:
            raise ValueError(f"{name} is {getattr(options, name)}; give 0 or more")
    if options.threads < 1:
        raise ValueError(f"threads is {options.threads}; give 1 or more")
    _need_torch()
    import torch

    from agents.predictors.updates import LossNotFinite

    torch.set_num_threads(options.threads)
    folder = Path(options.out or f"runs/{options.stage}-{options.preset}-{options.seed}")
    stages = {
        "pretrain": _pretrain,
        "selfplay": _selfplay,
        "ppo": _ppo,
        "imitate": _imitate,
        "clone": _clone,
    }
    run = stages[options.stage]
    try:
        place = run(options, backend, folder, progress)
    except LossNotFinite as error:
        return Report([], failed=str(error))
    measured = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    figures = [
        Figure(f"train.{name}", value, labels={"stage": options.stage})
        for name, value in measured.items()
        if value is not None
    ]
    shown = ", ".join(f"{name} {value:.4g}" for name, value in measured.items() if value is not None)
    return Report(figures, [f"{place}: {shown}"])


def _pretrain(options: argparse.Namespace, backend: str, folder: Path, progress: Progress) -> Path:
    from agents.training.presets import PRETRAIN
    from agents.training.stages import pretrain

    _refuse_start(options)
    wanted = PRETRAIN[options.preset]
    wanted = replace(wanted, goals=_goals(options, wanted.goals))
    with progress.task("samples", wanted.recipe.samples) as advance:
        pretrain(wanted, folder, options.seed, _keeping(options), advance)
    return folder


def _selfplay(options: argparse.Namespace, backend: str, folder: Path, progress: Progress) -> Path:
    from agents.training.presets import SELFPLAY
    from agents.training.stages import selfplay

    wanted = SELFPLAY[options.preset]
    asked = _given({"rounds": options.rounds})
    wanted = replace(wanted, goals=_goals(options, wanted.goals), start=options.start, **asked)
    with progress.task("rounds", wanted.rounds) as advance:
        if backend == "local":
            selfplay(wanted, folder, options.seed, _keeping(options), advance)
        else:
            from agents.training.presets import CLUSTER
            from agents.training.rllib import selfplay_rllib

            asked = {
                "runners": options.runners,
                "learners": options.learners,
                "runner_gpus": options.runner_gpus,
                "learner_gpus": options.gpus,
            }
            cluster = replace(CLUSTER[options.preset], **_given(asked))
            selfplay_rllib(wanted, folder, options.seed, cluster, _keeping(options), advance)
    return folder


def _ppo(options: argparse.Namespace, backend: str, folder: Path, progress: Progress) -> Path:
    from agents.training.ppo import train_ppo
    from agents.training.presets import PPO

    asked = {
        "iterations": options.rounds,
        "runners": options.runners,
        "gpus": options.gpus,
        "goal": options.goal_loss,
    }
    wanted = PPO[options.preset]
    wanted = replace(
        wanted,
        goals=_goals(options, wanted.goals),
        start=options.start,
        threads=options.threads,
        **_given(asked),
    )
    with progress.task("steps", wanted.iterations * wanted.steps) as advance:
        train_ppo(wanted, folder, options.seed, _keeping(options), advance)
    return folder


def _imitate(options: argparse.Namespace, backend: str, folder: Path, progress: Progress) -> Path:
    from agents.training.imitate import ImitateOptions, imitate

    if not options.start:
        raise ValueError("imitate fine-tunes a network; name its folder with --start")
    wanted = ImitateOptions(options.start)
    with progress.task("samples", wanted.samples) as advance:
        imitate(wanted, folder, options.seed, _keeping(options), advance)
    return folder


def _clone(options: argparse.Namespace, backend: str, folder: Path, progress: Progress) -> Path:
    from agents.training.presets import CLONE
    from agents.training.stages import clone

    _refuse_start(options)
    if options.preset not in CLONE:
        raise ValueError(f"preset is {options.preset!r}; clone has {' and '.join(CLONE)}")
    wanted = replace(CLONE[options.preset], leave_out=options.leave_out)
    with progress.task("samples", wanted.recipe.samples) as advance:
        clone(wanted, folder, options.seed, _keeping(options), advance)
    return folder


def _backend(options: argparse.Namespace) -> str:
    """The backend of the stage. ValueError when it has not the one that is asked for."""
    only = OWN_BACKEND.get(options.stage)
    if only and options.backend not in (None, only):
        raise ValueError(f"backend is {options.backend!r}; {options.stage} runs with {only!r} alone")
    return options.backend or only or "local"


def _goals(options: argparse.Namespace, default: str) -> str:
    from agents.training.trainers import licensed

    return licensed(options.goals or default, options.licence)


def _keeping(options: argparse.Namespace) -> Keeping:
    from agents.training.stages import Keeping

    return Keeping(
        resume=options.resume,
        tensorboard=options.tensorboard,
        exam_every=options.exam_every,
        device="cuda" if options.gpus or (options.gpus is None and options.preset == "gpu") else "cpu",
    )


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    """The options that are not left to the preset."""
    return {name: value for name, value in asked.items() if value is not None}


def _refuse_start(options: argparse.Namespace) -> None:
    if options.start:
        raise ValueError(f"start is {options.start!r}, but {options.stage} starts from nothing; leave it out")


def _need_torch() -> None:
    try:
        import safetensors
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError("training needs torch: pip install 'assistance-games[learn]'") from error
    del safetensors


if __name__ == "__main__":
    sys.exit(main())
