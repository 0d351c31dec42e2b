"""The command `train dialogue`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ._cli import Figure, Parser, Progress, Report

RATED = "uss_satisfaction"
OTHERS = ("sgd_goals", "multiwoz21_goals")
EXAMPLES = [
    "python -m scripts.train dialogue --data ../shared/data/uss_satisfaction",
    "python -m scripts.train dialogue --data ../shared/data --seed 1 --out runs/dialogue-1",
]


def add_options(parser: Parser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--data", metavar="FOLDER", help=f"folder {RATED}, or the one around it (default: $ASSIST_DATA)")
    add("--out", default="runs/dialogue", metavar="FOLDER", help="the run's folder (default: runs/dialogue)")
    add("--resume", action="store_true", help="go on with the run in the folder, if there is one")
    add("--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)")
    add("--threads", type=int, default=2, metavar="N", help="of torch (default: 2)")
    add("--epochs", type=int, default=7, metavar="N", help="of each reader over the dialogues (default: 7)")


def dialogue(options: argparse.Namespace, progress: Progress) -> Report:
    """Satisfaction and next acts in real dialogues.

    Reads the `train` file of uss_satisfaction; next acts are also learned from the train files of sgd_goals
    and multiwoz21_goals where these lie beside it. The checkpoint stays in the run's folder. See
    docs/dialogue.md.

    train.seconds, train.cpu_seconds   what it took
    """
    for name, least in (("seed", 0), ("threads", 1), ("epochs", 1)):
        if getattr(options, name) < least:
            raise ValueError(f"{name} is {getattr(options, name)}; give {least} or more")
    folder = rated_folder(options.data)
    need_extras()
    import torch

    from agents.predictors.dialogue.reading import TRAIN, read_dialogues, splits
    from agents.predictors.dialogue.training import train

    torch.set_num_threads(options.threads)
    dialogues = read_dialogues(folder, TRAIN)
    beside = [folder.parent / name for name in OTHERS if TRAIN in splits(folder.parent / name)]
    others = [each for other in beside for each in read_dialogues(other, TRAIN)]
    out = Path(options.out)
    took = train(dialogues, others, out, options.seed, options.resume, progress.say, options.epochs)
    figures = [Figure(f"train.{name}", value, unit="s") for name, value in took.items()]
    shown = ", ".join(f"{name} {value:.0f}" for name, value in took.items())
    return Report(figures, [f"{out}: {shown}; next: python -m scripts.score dialogue --checkpoint {out}"])


def rated_folder(given: str | None) -> Path:
    """The folder with dialogues: the one given, or uss_satisfaction in it, or in $ASSIST_DATA."""
    from agents.predictors.dialogue.reading import splits
    from envs.data import data_root

    base = Path(given or data_root())
    for folder in (base, base / RATED):
        if splits(folder):
            return folder
    raise FileNotFoundError(
        f"no dialogues_SPLIT.jsonl.gz in {base} or {base / RATED}; name the folder with --data"
    )


def need_extras() -> None:
    """ImportError that says what to install where torch or scikit-learn is missing."""
    try:
        import safetensors
        import sklearn
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "dialogues need torch and scikit-learn: pip install 'assistance-games[learn]'"
        ) from error
    del safetensors, sklearn
