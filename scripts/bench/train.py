"""How fast AssistanceZero trains, in one process and on RLlib."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .._cli import App, Figure, Progress, Report

if TYPE_CHECKING:
    from agents.training.selfplay import SelfplayOptions

WARM_UP = 1
"""Rounds that are not timed: they compile and start processes."""


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench train``."""
    parser = app.command(
        "train",
        bench_train,
        ["python -m scripts.bench train", "python -m scripts.bench train --runners 1,2,4 --rounds 10 --json"],
    )
    add = parser.add_argument
    add("--preset", choices=("smoke", "cpu", "gpu"), default="smoke", help="what is trained (default: smoke)")
    add("--rounds", type=int, default=4, metavar="N", help="rounds that are timed (default: 4)")
    add("--runners", default="1,2", metavar="N,N", help="numbers of RLlib's runners (default: 1,2)")
    add("--simulations", type=int, default=0, metavar="N", help="of the search (default: the preset's)")
    add("--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)")


def bench_train(options: argparse.Namespace, progress: Progress) -> Report:
    """Decisions per second of self-play, learning included.

    train.decisions_per_s   (labels backend, runners) the median round's, lo and hi those of the slowest and
                            the fastest round

    Every round is the same work: each runner plays a lot of `worlds` episodes to their horizon, and as many
    batches are learned from as there are new moments. Time is wall time. Houses come from the generator.
    """
    import torch

    from agents.training.presets import SELFPLAY

    if options.rounds < 1:
        raise ValueError(f"rounds is {options.rounds}; give 1 or more")
    runners = [int(text) for text in options.runners.split(",") if text]
    torch.set_num_threads(1)
    wanted = replace(SELFPLAY[options.preset], goals="generator", rounds=WARM_UP + options.rounds)
    if options.simulations:
        wanted = replace(wanted, search=replace(wanted.search, simulations=options.simulations))
    figures = []
    with progress.task("rounds", (1 + len(runners)) * wanted.rounds) as advance:
        figures.append(_figure(_local(wanted, options.seed, advance), "local", 1))
        for count in runners:
            figures.append(_figure(_rllib(wanted, options.seed, count, advance), "rllib", count))
    return Report(figures)


def _figure(speeds: list[float], backend: str, runners: int) -> Figure:
    """Median, lowest and highest of the timed rounds."""
    timed = np.array(speeds[WARM_UP:])
    return Figure(
        "train.decisions_per_s",
        float(np.median(timed)),
        float(timed.min()),
        float(timed.max()),
        "decisions/s",
        len(timed),
        {"backend": backend, "runners": runners},
    )


def _local(wanted: SelfplayOptions, seed: int, advance: Callable[[int], None]) -> list[float]:
    """Decisions per second of each round, in one process."""
    from agents.training.selfplay import Selfplay

    loop, speeds = Selfplay(wanted, seed), []
    while not loop.finished:
        before, began = loop.decisions, time.perf_counter()
        loop.round()
        speeds.append((loop.decisions - before) / (time.perf_counter() - began))
        advance(1)
    return speeds


def _rllib(wanted: SelfplayOptions, seed: int, runners: int, advance: Callable[[int], None]) -> list[float]:
    """Decisions per second of each round, on RLlib with so many runners."""
    from agents.training.ray_session import ray_session
    from agents.training.rllib import AssistanceZeroConfig

    config = (
        AssistanceZeroConfig()
        .training(selfplay={entry.name: getattr(wanted, entry.name) for entry in fields(wanted)})
        .env_runners(num_env_runners=runners)
        .debugging(seed=seed, log_level="ERROR")
    )
    speeds, before = [], 0
    with tempfile.TemporaryDirectory() as logs, ray_session(runners + 1, Path(logs)):
        algorithm = config.build_algo()
        for _ in range(wanted.rounds):
            began = time.perf_counter()
            played = algorithm.train()["env_runners"]["num_env_steps_sampled_lifetime"]
            speeds.append((played - before) / (time.perf_counter() - began))
            before = played
            advance(1)
        algorithm.stop()
    return speeds
