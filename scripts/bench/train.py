"""How fast AssistanceZero trains, in one process and on RLlib."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    train.decisions_per_s       (labels backend, runners) in wall time
    train.decisions_per_cpu_s   the same in CPU time of what waits for each other: the driver, and the slowest
                                runner; what a machine would do that has nothing else to do

    Values are medians of rounds, lo and hi those of the slowest and the fastest. Every round is the same:
    each runner plays a lot of `worlds` episodes to their horizon, and as many batches are learned from as
    there are new moments. Houses come from the generator.
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
        figures += _figures(_local(wanted, options.seed, advance), "local", 1)
        for count in runners:
            figures += _figures(_rllib(wanted, options.seed, count, advance), "rllib", count)
    return Report(figures)


class _Rounds:
    """Decisions, wall time and CPU time of each round."""

    def __init__(self, runner_seconds: Callable[[], list[float]]):
        """runner_seconds: CPU time so far of processes other than this one that play."""
        self._runner_seconds = runner_seconds
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def time(self, round_: Callable[[], int]) -> None:
        """Time one round, which returns its decisions."""
        others, own, began = self._runner_seconds(), time.process_time(), time.perf_counter()
        decisions = round_()
        self.wall.append(decisions / (time.perf_counter() - began))
        waited = time.process_time() - own
        played = [after - before for before, after in zip(others, self._runner_seconds(), strict=True)]
        self.cpu.append(decisions / (waited + max(played, default=0.0)))


def _figures(rounds: _Rounds, backend: str, runners: int) -> list[Figure]:
    """Median, lowest and highest of the timed rounds."""
    found = []
    for name, speeds in (("train.decisions_per_s", rounds.wall), ("train.decisions_per_cpu_s", rounds.cpu)):
        timed = np.array(speeds[WARM_UP:])
        labels: dict[str, str | int | float] = {"backend": backend, "runners": runners}
        middle, low, high = float(np.median(timed)), float(timed.min()), float(timed.max())
        found.append(Figure(name, middle, low, high, "decisions/s", len(timed), labels))
    return found


def _local(wanted: SelfplayOptions, seed: int, advance: Callable[[int], None]) -> _Rounds:
    """Every round in one process."""
    from agents.training.selfplay import Selfplay

    loop, rounds = Selfplay(wanted, seed), _Rounds(list)

    def round_() -> int:
        before = loop.decisions
        loop.round()
        return loop.decisions - before

    while not loop.finished:
        rounds.time(round_)
        advance(1)
    return rounds


def _rllib(wanted: SelfplayOptions, seed: int, runners: int, advance: Callable[[int], None]) -> _Rounds:
    """Every round on RLlib with so many runners."""
    from agents.training.ray_session import ray_session
    from agents.training.rllib import AssistanceZeroConfig

    config = (
        AssistanceZeroConfig()
        .training(selfplay={entry.name: getattr(wanted, entry.name) for entry in fields(wanted)})
        .env_runners(num_env_runners=runners)
        .debugging(seed=seed, log_level="ERROR")
    )
    with tempfile.TemporaryDirectory() as logs, ray_session(runners + 1, Path(logs)):
        algorithm = config.build_algo()
        group: Any = algorithm.env_runner_group
        played = 0

        def runner_seconds() -> list[float]:
            return group.foreach_env_runner(lambda runner: time.process_time(), local_env_runner=False)

        def round_() -> int:
            nonlocal played
            before = played
            played = algorithm.train()["env_runners"]["num_env_steps_sampled_lifetime"]
            return played - before

        rounds = _Rounds(runner_seconds)
        for _ in range(wanted.rounds):
            rounds.time(round_)
            advance(1)
        algorithm.stop()
    return rounds
