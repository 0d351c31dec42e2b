"""Time of one decision of the assistant that plans on a network, and how much of it the network takes."""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._cli import App, Figure, Progress, Report
from .net import cpu_threads, half_built, median, timed

if TYPE_CHECKING:
    from agents.predictors.network import PredictorNet

SIMULATIONS = (20, 100)
THREADS = (1, 2)


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench decision``."""
    parser = app.command(
        "decision",
        bench_decision,
        ["python -m scripts.bench decision", "python -m scripts.bench decision --net runs/mine/net --json"],
    )
    add = parser.add_argument
    add("--net", default="", metavar="FOLDER", help="checkpoint (default: a new network of default sizes)")
    add("--wave", type=int, default=16, metavar="N", help="simulations between two calls (default: 16)")
    add("--seconds", type=float, default=20.0, metavar="S", help="time to measure for (default: 20)")
    add("--seed", type=int, default=0, metavar="N", help="seed of house, user and searches (default: 0)")


def bench_decision(options: argparse.Namespace, progress: Progress) -> Report:
    """The planner on a network in one half-built game, from the public state to the action.

    decision.ms                     one decision
    decision.outside_network_share  the part of it that is not encoding states and asking the network

    Values are medians of repeated decisions, lo and hi the fastest and the slowest. With one thread time is
    CPU time of the process, with more it is that on the wall.
    """
    if options.wave < 1 or options.seconds <= 0:
        raise ValueError(f"wave is {options.wave}, seconds {options.seconds}; both have to be above 0")
    cases = list(itertools.product(SIMULATIONS, THREADS))
    figures: list[Figure] = []
    for simulations, threads in progress.track(cases, "decisions", len(cases)):
        with cpu_threads(threads):
            decision = _Decision(_network(options.net), simulations, threads, options)
            times = timed(decision.make, threads, options.seconds / len(cases))
        shares = 1 - np.array(decision.asked[-len(times) :]) / times
        labels: dict[str, str | int] = {"simulations": simulations, "threads": threads, "wave": options.wave}
        figures.append(median("decision.ms", 1e3 * times, labels))
        figures.append(median("decision.outside_network_share", shares, labels, ""))
    return Report(figures)


class _Decision:
    """A decision that can be made again and again."""

    def __init__(self, net: PredictorNet, simulations: int, threads: int, options: argparse.Namespace):
        from agents.assistants.learned_planning import SEARCH, LearnedPlanner
        from envs.building import BuildingConfig

        self._state = half_built(1, options.seed)
        search = replace(SEARCH, simulations=simulations, wave=options.wave)
        self._planner = LearnedPlanner(net, search)
        self._planner.reset(BuildingConfig(), np.array([options.seed]), None)
        self._clock = time.process_time if threads == 1 else time.perf_counter
        self._ask = self._planner.model.ask
        self._planner.model.ask = self._timed_ask  # type: ignore[method-assign]
        self.asked: list[float] = []
        """Seconds in the network of each decision."""

    def make(self) -> None:
        """Decide once."""
        self.asked.append(0.0)
        self._planner.act(self._state, np.ones(1, bool))

    def _timed_ask(self, state: Any) -> Any:
        began = self._clock()
        answers = self._ask(state)
        self.asked[-1] += self._clock() - began
        return answers


def _network(folder: str) -> PredictorNet:
    from agents.predictors.ensemble import load_network
    from agents.predictors.network import HEADS, NetOptions, PredictorNet

    return load_network(folder) if folder else PredictorNet(options=NetOptions(heads=HEADS)).eval()
