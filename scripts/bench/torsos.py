"""Torsos, optimisers and targets on the same moments: what each reaches, and what it costs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._cli import App, Figure, Progress, Report, table
from .net import half_built, size_of

VARIANTS = (
    "flat:64x4", "flat:96x4", "flat:128x4", "flat:96x8", "solid:24x4", "solid:32x6",
    "flat:96x4:adamw=6e-4", "flat:96x4:adamw=1.2e-3", "flat:96x4:adamw=2.4e-3", "flat:96x4:full",
)  # fmt: skip
SAMPLES = 48_000
LEAVES = (1, 16)
"""Batches in which leaves are timed."""


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench torsos``."""
    parser = app.command(
        "torsos",
        bench_torsos,
        [
            "python -m scripts.bench torsos --json",
            "python -m scripts.bench torsos --variants flat:96x4,flat:96x4:full --seeds 0,1,2",
            "python -m scripts.bench torsos --goals generator --samples 6400 --variants flat:32x2,solid:16x2",
        ],
    )
    add = parser.add_argument
    add(
        "--variants",
        default=",".join(VARIANTS),
        metavar="LIST",
        help="TORSO:CHANNELSxBLOCKS, then :adamw=RATE for AdamW alone or :full for the user's distribution",
    )
    add("--seeds", default="0", metavar="N,N", help="seeds of weights and batches (default: 0)")
    add("--samples", type=int, default=SAMPLES, metavar="N", help=f"samples shown (default: {SAMPLES:,})")
    add("--goals", default="mix", metavar="NAME", help="goal source to train on (default: mix)")
    add("--out", default="", metavar="FOLDER", help="where finished variants are kept, and resumed from")
    add("--seed", type=int, default=0, metavar="N", help="seed of moments and exams (default: 0)")


def bench_torsos(options: argparse.Namespace, progress: Progress) -> Report:
    """What torsos, optimisers and targets reach on the same moments, and what they cost.

    Every variant is shown the same moments of simulated users beside a helper who knows nothing, in an order
    that its seed decides, and is then asked about `val` houses as `scripts.bench variety` does (about
    generated ones where there are none). All have the four heads and the recipe of
    agents/predictors/training.py but for what their name says.

    torsos.nll         nats per untouched cell when a share is built (variant, houses, built)
    torsos.nll_mean    the mean of these
    torsos.user_nll    nats of the user's next act, under the distribution of `population` on those houses
    torsos.leaf_ms     encoding and network for one state, bfloat16, one thread (variant, batch)
    torsos.parameters, torsos.cpu_seconds   of the network, and of its training without playing

    Values are means over seeds, lo and hi the least and the greatest of them. Finished variants are kept in
    --out and an interrupted run resumes.
    """
    from agents.predictors.training import Recipe
    from envs._kernel_cache import source_hash

    if options.seed < 0:
        raise ValueError(f"seed is {options.seed}; give 0 or more")
    if options.samples < Recipe().batch:
        raise ValueError(f"samples is {options.samples}; give at least one batch of {Recipe().batch}")
    names = list(dict.fromkeys(filter(None, options.variants.split(","))))
    for name in names:
        split(name)
    if not names or not all(seed.isdecimal() for seed in options.seeds.split(",")):
        raise ValueError(
            f"variants are {options.variants!r}, seeds {options.seeds!r}; give names, and integers of 0 or "
            "more, separated by commas"
        )
    seeds = list(dict.fromkeys(map(int, options.seeds.split(","))))

    from .torsos_runs import Runs

    code = source_hash()
    folder = Path(options.out or f"runs/bench-torsos-{code}")
    given = {"samples": options.samples, "goals": options.goals, "seed": options.seed, "code": code}
    runs = Runs(folder, given, half_built(max(LEAVES), options.seed), progress.say)
    cases = [(seed, name) for seed in seeds for name in names]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for seed, name in progress.track(cases, f"variants in {folder}", len(cases)):
        found[name].append(runs.finish(name, seed))
    figures = [figure for name in names for figure in _figures(name, found[name])]
    return Report(figures, [_table(names, figures)])


def split(name: str) -> tuple[str, tuple[int, int], float, str]:
    """Torso, size, rate of AdamW (0: Muon) and target of a variant's name. ValueError for none."""
    from agents.predictors.torsos import TORSOS

    torso, _, rest = name.partition(":")
    size, _, change = rest.partition(":")
    rate, target = 0.0, "drawn"
    try:
        if change.startswith("adamw="):
            rate = float(change.removeprefix("adamw="))
        if change == "full":
            target = "full"
        if torso in TORSOS and (not change or rate > 0 or target == "full"):
            return torso, size_of(size), rate, target
    except ValueError:
        pass
    raise ValueError(
        f"variant is {name!r}; give TORSO:CHANNELSxBLOCKS with {' or '.join(TORSOS)}, and then :adamw=RATE, "
        ":full or nothing, such as flat:96x4:full"
    )


def _figures(name: str, answers: Sequence[dict[str, Any]]) -> Iterator[Figure]:
    """Figures of one variant, from its answers of each seed."""
    for key in answers[0]["nll"]:
        houses, built = key.split("/")
        values = [answer["nll"][key] for answer in answers]
        yield _figure("nll", values, "nats", {"variant": name, "houses": houses, "built": int(built)})
    means = [float(np.mean(list(answer["nll"].values()))) for answer in answers]
    yield _figure("nll_mean", means, "nats", {"variant": name})
    for what, unit in (("user_nll", "nats"), ("parameters", ""), ("cpu_seconds", "s")):
        yield _figure(what, [answer[what] for answer in answers], unit, {"variant": name})
    for batch in LEAVES:
        values = [answer["leaf_ms"][str(batch)] for answer in answers]
        yield _figure("leaf_ms", values, "ms", {"variant": name, "batch": batch})


def _figure(name: str, values: Sequence[float], unit: str, labels: dict[str, str | int]) -> Figure:
    mean = float(np.mean(values))
    return Figure(f"torsos.{name}", mean, min(values), max(values), unit, len(values), labels)


def _table(names: Sequence[str], figures: Sequence[Figure]) -> Any:
    """A line for each variant: quality, then cost."""
    houses = list(dict.fromkeys(f.labels["houses"] for f in figures if f.name == "torsos.nll"))
    lines = []
    for name in names:
        mine = [figure for figure in figures if figure.labels["variant"] == name]
        by_houses = [
            " / ".join(f"{f.value:.3f}" for f in mine if f.labels.get("houses") == each) for each in houses
        ]
        one = {figure.name.removeprefix("torsos."): figure for figure in mine}
        leaves = " / ".join(f"{f.value:.2f}" for f in mine if f.name == "torsos.leaf_ms")
        ranged = [
            f"{one[each].value:.3f} ({one[each].lo:.3f}…{one[each].hi:.3f})"
            for each in ("nll_mean", "user_nll")
        ]
        size, seconds = one["parameters"].value / 1e6, one["cpu_seconds"].value
        lines.append([name, *by_houses, *ranged, f"{size:.2f}", leaves, f"{seconds:.0f}"])
    columns = [
        "variant",
        *(f"{each}: nll at 25 / 50 / 75 %" for each in houses),
        "mean (seeds)",
        "user's act (seeds)",
        "million weights",
        f"ms a leaf, batch {' / '.join(map(str, LEAVES))}",
        "CPU s of training",
    ]
    return table("the same moments for all; nats", columns, lines)
