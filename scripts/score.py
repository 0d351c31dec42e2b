"""How well predictors foretell real people, on recorded dialogues. See docs/dialogue.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import _train_dialogue
from ._cli import App, Figure, Progress, Report, table

RUNS = "runs"


def main(arguments: Sequence[str] | None = None) -> int:
    app = App("scripts.score", __doc__)
    parser = app.command(
        "dialogue",
        dialogue,
        [
            "python -m scripts.score dialogue --data ../shared/data/uss_satisfaction --json",
            "python -m scripts.score dialogue --data ../shared/data/sgd_goals --checkpoint runs/dialogue",
        ],
    )
    add = parser.add_argument
    add("--data", metavar="FOLDER", help="folder with dialogues_SPLIT.jsonl.gz (default: $ASSIST_DATA)")
    add("--split", metavar="NAME", help="which of the folder's splits (default: val, test, another, train)")
    add(
        "--checkpoint",
        metavar="FOLDER",
        help=f"of scripts.train dialogue (default: the newest of {RUNS}/dialogue*)",
    )
    add("--seed", type=int, default=0, metavar="N", help="accepted like everywhere; nothing here is random")
    return app.main(arguments)


def dialogue(options: argparse.Namespace, progress: Progress) -> Report:
    """Satisfaction, next acts and slots in recorded dialogues, with 95 % intervals over dialogues.

    satisfaction.*            of rated turns: auc, average_precision and ece of `low` (mean rating < 2.75 or
                              mode < 3), spearman and mae of the mean rating, kappa, uar and f1_dissatisfied
                              of the mode
    next_user_act.*, next_assistant_act.*   accuracy and macro_f1 of the next labelled act
    next_user_slots.f1, next_assistant_slots.f1   of the slots that it is about

    Labels: domain, input (before the turn, or with it), by (the predictor, or a baseline).
    """
    _train_dialogue.need_extras()
    from agents.predictors.dialogue.predictor import load
    from agents.predictors.dialogue.reading import choose_split, read_dialogues
    from agents.predictors.dialogue.scores import act_scores, satisfaction_scores

    folder = _train_dialogue.rated_folder(options.data)
    split = choose_split(folder, options.split)
    checkpoint = Path(options.checkpoint) if options.checkpoint else _newest()
    predictor, _ = load(checkpoint)
    dialogues = read_dialogues(folder, split)
    progress.say(f"{len(dialogues)} dialogues of {folder}, split {split}; checkpoint {checkpoint}")
    scores = [*satisfaction_scores(dialogues, predictor), *act_scores(dialogues, predictor)]
    if not scores:
        known = ", ".join(sorted({name.split("/")[0] for name in predictor.acts}))
        raise ValueError(
            f"{folder} has no ratings and no acts that {checkpoint} knows; it knows {known}: train with the "
            "set's train file beside uss_satisfaction"
        )
    figures = [
        Figure(
            score.name,
            score.interval.value,
            score.interval.lo,
            score.interval.hi,
            n=score.interval.n,
            labels={"domain": score.domain, "input": score.input, "by": score.by, "split": split},
        )
        for score in scores
    ]
    return Report(figures, [f"{folder}, split {split}, {len(dialogues)} dialogues", *_tables(figures)])


def _newest() -> Path:
    found = [card.parent for card in Path(RUNS).glob("dialogue*/card.json")]
    if not found:
        raise FileNotFoundError(
            f"no checkpoint in {RUNS}/dialogue*; make one with `python -m scripts.train dialogue --data "
            "FOLDER`, or name one with --checkpoint"
        )
    return max(found, key=lambda folder: (folder / "card.json").stat().st_mtime)


def _tables(figures: Sequence[Figure]) -> list[object]:
    """One for each thing foretold: a row for each domain, input and forecaster."""
    shown = []
    for what in dict.fromkeys(figure.name.split(".")[0] for figure in figures):
        mine = [figure for figure in figures if figure.name.split(".")[0] == what]
        names = list(dict.fromkeys(figure.name.split(".")[1] for figure in mine))
        rows: dict[tuple, dict[str, str]] = {}
        for figure in mine:
            key = tuple(figure.labels[name] for name in ("domain", "input", "by"))
            interval = "" if figure.lo is None else f" ({figure.lo:.3f}..{figure.hi:.3f})"
            rows.setdefault(key, {})[figure.name.split(".")[1]] = f"{figure.value:.3f}{interval}"
        columns = ["domain", "input", "by", *names]
        lines = [(*key, *(row.get(name, "") for name in names)) for key, row in rows.items()]
        shown.append(table(what, columns, lines))
    return shown


if __name__ == "__main__":
    sys.exit(main())
