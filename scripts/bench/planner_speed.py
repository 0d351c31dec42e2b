"""How fast the planner is and what its trees weigh, in half-built games (`half_built`)."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from agents.assistants.search_model import BuildingModel, ModelOptions
from envs.building.config import PlayerConfig
from envs.kernels import kernel
from envs.rng import uniform_at
from planners import hooks
from planners.model import KernelModel
from planners.options import SearchOptions
from planners.reference import ReferenceSearch
from planners.search import Results, Search
from planners.tree import tree_bytes

from .._cli import Figure, Progress, Report, table
from .env import repeat
from .half_built import HalfBuilt, Sizes
from .planner_coherence import coherence_figures

Labels = dict[str, str | int | float]

NEVER = 1_000_000
"""A user who acts at every so many steps does not act in a search."""


def measure_speed(seed: int, progress: Progress, sizes: Sizes | None = None) -> Report:
    """All figures of this part; fails when the number of threads changes what is found."""
    sizes = sizes or Sizes()
    many = HalfBuilt(sizes, sizes.batch, seed)
    figures: list[Figure] = []
    with progress.task("figures of speed", 15 + 2 * len(sizes.decisions)) as advance:

        def add(*found: Figure) -> None:
            figures.extend(found)
            advance(len(found))

        add(*_simulation_figures(many, sizes))
        add(_reference_figure(many, sizes))
        equal, figure = _thread_figure(many, sizes)
        add(figure)
        for half in (HalfBuilt(sizes, 1, seed), many):
            for simulations in sizes.decisions:
                add(_decision_figure(half, simulations, sizes))
        add(*coherence_figures(many, sizes))
    failed = "" if equal else "searches with one thread and with two found different things"
    return Report(figures, [_table(figures)], failed)


# --- searches -----------------------------------------------------------------------------------------------


class HalfBuiltSearch:
    """A search of half-built games that can be repeated."""

    def __init__(
        self, half: HalfBuilt, sizes: Sizes, particles: int = 64, idle: bool = False, workers: int = 1
    ):
        """idle: the user never acts, so that no reply is drawn and no belief is updated."""
        config = replace(half.config, user=PlayerConfig(act_every=NEVER)) if idle else half.config
        self.options = SearchOptions(sizes.simulations)
        assistant = half.assistant(sizes.simulations, particles)
        self.state = half.states[0]
        self.roots = half.roots(assistant, self.state)
        self.model = BuildingModel(
            config, half.games, self.options.nodes, half.belief.traits, assistant.model_options, workers
        )
        self.search = Search(self.model, half.games, self.options, workers)
        self.seeds = half.seeds
        self.simulations = half.games * sizes.simulations

    def set_roots(self) -> float:
        """Put the games into the model; CPU seconds."""
        began = time.process_time()
        for game, belief in enumerate(self.roots):
            self.model.set_root(game, self.state, game, belief)
        return time.process_time() - began

    def run(self) -> float:
        """Search all games; CPU seconds without those of `set_roots`."""
        self.set_roots()
        began = time.process_time()
        self.search.run(self.seeds)
        return time.process_time() - began

    def wall(self) -> tuple[float, Results]:
        """Search all games; seconds on the wall, and what was found."""
        self.set_roots()
        began = time.perf_counter()
        found = self.search.run(self.seeds)
        return time.perf_counter() - began, found

    def run_reference(self, game: int) -> float:
        """Search one game with the reference; CPU seconds."""
        self.set_roots()
        began = time.process_time()
        ReferenceSearch(self.model, self.options, game * self.options.nodes).run(int(self.seeds[game]))
        return time.process_time() - began


# --- simulations, trees, threads ----------------------------------------------------------------------------


def _simulation_figures(half: HalfBuilt, sizes: Sizes) -> Iterator[Figure]:
    """Time per simulation and memory, with users and beliefs, without them, and of the tree alone."""
    batch, simulations = half.games, sizes.simulations
    whole, idle = HalfBuiltSearch(half, sizes), HalfBuiltSearch(half, sizes, particles=1, idle=True)
    tree = Search(TreeAlone(batch * whole.options.nodes), batch, whole.options)

    def search_tree() -> float:
        began = time.process_time()
        tree.run(half.seeds)
        return time.process_time() - began

    kinds: list[tuple[Callable[[], float], Labels]] = [
        (whole.run, {"game": "building", "particles": whole.model.options.particles}),
        (idle.run, {"game": "building", "particles": 0}),
        (search_tree, {"game": "none"}),
    ]
    for run, labels in kinds:
        times = 1e6 * repeat(run, sizes.seconds) / (batch * simulations)
        yield _figure(
            "planner.us_per_simulation", times, "us", **labels, batch=batch, simulations=simulations
        )
    times = 1e6 * repeat(whole.set_roots, sizes.seconds / 5) / batch
    yield _figure("planner.set_root_us", times, "us", game="building", batch=batch)
    slots, beliefs = _model_bytes(whole.model)
    for name, count, game in (
        ("tree", tree_bytes(whole.search.forest) + slots, "building"),
        ("belief", beliefs, "building"),
        ("tree", tree_bytes(tree.forest), "none"),
    ):
        yield Figure(
            f"planner.{name}_bytes", count, unit="B", labels={"game": game, "simulations": simulations}
        )


def _model_bytes(model: BuildingModel) -> tuple[int, int]:
    """Bytes per game of the slots, and of the belief that they share."""
    view = model.view()
    worlds = view.forecast.worlds
    slots = (*worlds.states, worlds.solid, worlds.open_, worlds.version, view.weights)
    beliefs = (*view.forecast.crowd, *view.prospects)
    return tuple(sum(part.nbytes for part in parts) // model.games for parts in (slots, beliefs))  # type: ignore[return-value]


def _reference_figure(half: HalfBuilt, sizes: Sizes) -> Figure:
    """Time of the reference by that of the fast search."""
    search = HalfBuiltSearch(half, sizes)
    games = min(half.games, 4)

    def ratio() -> float:
        slow = sum(search.run_reference(game) for game in range(games)) / games
        return slow / (search.run() / half.games)

    labels: Labels = {"game": "building", "batch": half.games, "simulations": sizes.simulations}
    return _figure("planner.reference_ratio", repeat(ratio, sizes.seconds), "", **labels)


def _thread_figure(half: HalfBuilt, sizes: Sizes) -> tuple[bool, Figure]:
    """Whether one thread and two find the same, and how much faster two are."""
    one, two = HalfBuiltSearch(half, sizes), HalfBuiltSearch(half, sizes, workers=2)
    parts = zip(one.wall()[1], two.wall()[1], strict=True)
    equal = all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in parts)
    speedups = repeat(lambda: one.wall()[0] / two.wall()[0], sizes.seconds)
    two.search.close()
    labels: Labels = {"game": "building", "batch": half.games, "simulations": sizes.simulations, "threads": 2}
    return equal, _figure("planner.thread_speedup", speedups, "", **labels)


def _decision_figure(half: HalfBuilt, simulations: int, sizes: Sizes) -> Figure:
    """Time of the whole planner, from a state to an action: the mean of each segment but the first."""
    assistant = half.assistant(simulations, ModelOptions().particles)
    remaining = iter(half.states)
    times = []
    for _ in range(1 + sizes.segments):
        began = time.process_time()
        for _ in range(sizes.segment):
            assistant.act(next(remaining), half.all)
        times.append((time.process_time() - began) / (sizes.segment * half.games))
    labels: Labels = {"game": "building", "batch": half.games, "simulations": simulations}
    return _figure("planner.decision_ms", 1e3 * np.array(times[1:]), "ms", **labels)


class TreeView(NamedTuple):
    """What the kernels of `TreeAlone` are given."""

    states: np.ndarray


class TreeAlone(KernelModel):
    """A game without rules: 32 candidates, four replies, and numbers at random. What a search of it costs is
    the tree's own work.
    """

    candidates = 32

    def __init__(self, slots: int):
        self._view = TreeView(np.zeros(slots, np.uint64))

    def view(self, worker: int = 0) -> TreeView:
        """See `KernelModel`."""
        return self._view


@kernel
def _value(model, slot):
    return uniform_at(model.states[slot], 0, 0)


@kernel
def _propose(model, slot, actions, priors, kinds):
    for i in range(actions.shape[0]):
        actions[i], priors[i], kinds[i] = i, 1.0 / actions.shape[0], 0
    return actions.shape[0]


@kernel
def _reply(model, slot, action, uniform):
    return int(4 * uniform)


@kernel
def _step(model, slot, action, reply, out):
    model.states[out] = np.uint64(4 * 32 * model.states[slot] + np.uint64(4 * action + reply + 1))
    return 0.0, 0.25, False


@kernel
def _move(model, source, target):
    model.states[target] = model.states[source]


hooks.register(TreeView, value=_value, propose=_propose, reply=_reply, step=_step, move=_move)


# --- figures ------------------------------------------------------------------------------------------------


def _figure(name: str, values: np.ndarray, unit: str, **labels: str | int | float) -> Figure:
    """The median of repeated measurements, and their range."""
    return Figure(name, float(np.median(values)), values.min(), values.max(), unit, len(values), labels)


def _table(figures: list[Figure]) -> Any:
    rows = []
    for figure in figures:
        belongs = ", ".join(f"{key} {value}" for key, value in figure.labels.items())
        cells = ("" if value is None else _digits(value) for value in (figure.value, figure.lo, figure.hi))
        rows.append((figure.name, belongs, *cells, figure.unit, figure.n))
    title = f"Speed on {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return table(title, ["figure", "of", "median", "lo", "hi", "unit", "repeats"], rows)


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
