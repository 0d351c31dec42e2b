"""How good is a trained network's guess of the goal, before it acts? Scores on cells that nobody has touched.

The questions are those of `scripts.bench variety` (houses and users that nobody trained on, at the moments
when a quarter, half and three quarters are built); here they are put to networks that exist.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .._cli import App, Figure, Progress, Report, table

if TYPE_CHECKING:
    from agents.predictors.network import PredictorNet

    from .variety_exams import Exam


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench posterior``."""
    parser = app.command(
        "posterior",
        bench_posterior,
        [
            "python -m scripts.bench posterior",
            "python -m scripts.bench posterior --nets shipped,runs/mine --json",
        ],
    )
    add = parser.add_argument
    add(
        "--nets",
        default="shipped",
        metavar="FOLDERS",
        help="folders of a network or of an ensemble; `shipped` is the package's (default: shipped)",
    )
    add("--seed", type=int, default=0, metavar="N", help="of the users that build (default: 0)")


def bench_posterior(options: argparse.Namespace, progress: Progress) -> Report:
    """Goal predictions of networks on unseen houses, on the cells of the box that nobody has changed.

    posterior.nll   nats per cell, mean over moments, then houses; 95 % by house
    posterior.ece   gap between confidence and accuracy of the likeliest block, cells of all moments pooled

    Labels: net, houses, order (`user`: the plain builder, `people`: recorded people), built (%). Sets of
    houses that need development data are left out where it is absent.
    """
    from agents.assistants.network import SHIPPED, load_net

    from .variety_exams import SIZES, houses_that_judge, make_exams

    folders = [name.strip() for name in options.nets.split(",") if name.strip()]
    if not folders:
        raise ValueError("nets is empty; give `shipped` or folders of networks")
    nets = {name: load_net(SHIPPED if name == "shipped" else name) for name in folders}
    houses_that_judge(progress.say)
    with progress.task("networks (the first run compiles)", len(nets)) as advance:
        exams = make_exams(options.seed, SIZES)
        figures = []
        for name, net in nets.items():
            figures += [figure for exam in exams for figure in _scores(name, net, exam)]
            advance(1)
    return Report(figures, [_table(figures)])


def _scores(name: str, net: PredictorNet, exam: Exam) -> list[Figure]:
    """Both scores of one network in one exam."""
    import numpy as np

    from agents.evaluation.calibration import expected_calibration_error
    from agents.evaluation.statistics import mean_interval
    from agents.predictors.encoding import targets
    from agents.predictors.scores import guesses, mean_nll

    goal, owner = targets(net.size, exam.moments)
    probabilities = guesses(net, exam.moments)
    losses = mean_nll(probabilities, goal, owner == 0)
    houses = np.array(exam.house_of)
    figures = []
    for built in np.unique(exam.built):
        there = exam.built == built
        labels: dict[str, str | int] = {"net": name, "houses": exam.houses, "order": exam.order}
        labels["built"] = int(built)
        nll = mean_interval(losses[there], houses[there])
        figures.append(Figure("posterior.nll", nll.value, nll.lo, nll.hi, "nats", nll.n, labels))
        scored = owner[there] == 0
        asked = probabilities[there][scored]
        right = asked.argmax(-1) == goal[there][scored]
        gap = expected_calibration_error(asked.max(-1), right)
        figures.append(Figure("posterior.ece", gap, n=int(scored.sum()), labels=labels))
    return figures


def _table(figures: list[Figure]) -> Any:
    """A line for each network and exam: NLL and ECE at each level."""
    cells: dict[tuple[object, ...], dict[str, list[str]]] = {}
    for figure in figures:
        row = cells.setdefault(tuple(figure.labels[key] for key in ("net", "houses", "order")), {})
        shown = f"{figure.value:.3f}" if figure.name.endswith("nll") else f"{100 * figure.value:.1f}"
        row.setdefault(figure.name, []).append(shown)
    lines = [
        (*key, " / ".join(row["posterior.nll"]), " / ".join(row["posterior.ece"]))
        for key, row in cells.items()
    ]
    columns = ["net", "houses", "order", "NLL, nats", "ECE, %"]
    return table("untouched cells at 25 / 50 / 75 % built", columns, lines)
