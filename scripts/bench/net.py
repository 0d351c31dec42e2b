"""Speed of the predictor network: what one leaf of a search costs, from public states to all predictions.

Weights make no difference to it, so the networks are new ones; the states are half-built worlds.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from .._cli import App, Figure, Progress, Report
from .env import repeat

if TYPE_CHECKING:
    from agents.predictors.network import PredictorNet
    from envs.building.state import State

BATCHES = (1, 16, 64)
DTYPES = ("bf16", "fp32")
STEPS = 150
"""Steps for which the users have built."""


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench net``."""
    parser = app.command(
        "net",
        bench_net,
        [
            "python -m scripts.bench net",
            "python -m scripts.bench net --sizes 96x4,128x4 --threads 2 --json",
            "python -m scripts.bench net --torsos flat,solid --sizes 24x4",
        ],
    )
    add = parser.add_argument
    add("--torsos", default="flat", metavar="LIST", help="flat, solid or both (default: flat)")
    add("--sizes", default="96x4", metavar="LIST", help="CHANNELSxBLOCKS of the torso (default: 96x4)")
    add("--threads", type=int, default=1, metavar="N", help="CPU threads (default: 1)")
    add("--seconds", type=float, default=20.0, metavar="S", help="time to measure for (default: 20)")
    add("--seed", type=int, default=0, metavar="N", help="seed of houses and users (default: 0)")


def bench_net(options: argparse.Namespace, progress: Progress) -> Report:
    """Time of a network with all heads for one leaf of a search, by batch and type of numbers.

    net.ms_per_leaf  encoding the public state and the network; ms of one state in a batch

    Values are medians of repeated calls, lo and hi the fastest and the slowest. With one thread time is CPU
    time of the process, with more it is that on the wall.
    """
    sizes = [size_of(text) for text in options.sizes.split(",") if text]
    torsos = [text for text in options.torsos.split(",") if text]
    if options.threads < 1 or options.seconds <= 0:
        raise ValueError(f"threads is {options.threads}, seconds {options.seconds}; both have to be above 0")
    from agents.predictors.network import HEADS, NetOptions, PredictorNet

    state = half_built(max(BATCHES), options.seed)
    nets = [NetOptions(size[0], size[1], heads=HEADS, torso=torso) for torso in torsos for size in sizes]
    cases = list(itertools.product(nets, DTYPES, BATCHES))
    figures = []
    with cpu_threads(options.threads):
        for shape, dtype, batch in progress.track(cases, "networks", len(cases)):
            net = PredictorNet(options=shape).eval()
            times = leaf_times(net, state, batch, dtype, options.threads, options.seconds / len(cases))
            labels: dict[str, str | int] = {"torso": shape.torso, "size": f"{shape.channels}x{shape.blocks}"}
            labels |= {"dtype": dtype, "batch": batch, "threads": options.threads}
            figures.append(median("net.ms_per_leaf", times, labels))
    return Report(figures)


def leaf_times(
    net: PredictorNet, state: State, batch: int, dtype: str, threads: int, seconds: float
) -> np.ndarray:
    """Milliseconds for one state, of repeated calls with the first `batch` states: encoding and network."""
    import torch

    from agents.predictors.encoding import encode
    from agents.predictors.network import tensors
    from envs.building.state import take

    rows = take(state, slice(0, batch))

    def call() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            net(*tensors(encode(net.size, rows)))

    return 1e3 * timed(call, threads, seconds) / batch


def half_built(count: int, seed: int) -> State:
    """Public states of `count` generated houses after `STEPS` steps of the user alone."""
    from agents.users import make_user
    from envs.building import BuildingBatch, BuildingConfig
    from envs.building.goals import make_source
    from envs.building.world import USER

    batch, user = BuildingBatch(count, BuildingConfig()), make_user("population")
    batch.reset(make_source("default").draw(count, np.random.default_rng(seed)).blocks)
    user.reset(batch.config, seed + np.arange(count), batch.latent.goal.copy())
    actions = np.zeros((count, 2, 3), np.int16)
    for _ in range(STEPS):
        actions[:, USER] = user.act(batch.state, ~batch.done)
        batch.step(actions)
    return batch.state


@contextmanager
def cpu_threads(count: int) -> Iterator:
    """Torch with so many CPU threads inside the context, as many as before after it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield torch
    finally:
        torch.set_num_threads(before)


def timed(call: Callable[[], object], threads: int, seconds: float) -> np.ndarray:
    """Seconds of repeated calls: CPU time with one thread, else on the wall."""
    clock = time.process_time if threads == 1 else time.perf_counter

    def measure() -> float:
        began = clock()
        call()
        return clock() - began

    return repeat(measure, seconds)


def median(name: str, values: np.ndarray, labels: dict[str, str | int], unit: str = "ms") -> Figure:
    """The median of repeated measurements, and their range."""
    return Figure(name, float(np.median(values)), values.min(), values.max(), unit, len(values), labels)


def size_of(text: str) -> tuple[int, int]:
    """Channels and blocks of a text such as 96x4."""
    parts = text.split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"size is {text!r}; give CHANNELSxBLOCKS, such as 96x4")
    return int(parts[0]), int(parts[1])
