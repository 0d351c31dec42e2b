"""Speed of the building game: steps of a batch, with and without what players get to see, and of PettingZoo.

What is timed is a recorded game. Two random players have played it before: in every step each of them
drew a kind of action among those it could do there, and then one of that kind, so that it moves, places
and breaks about equally often, next to where it is, and nearly every action takes effect. The clock runs
while the same actions are played again from the same worlds; drawing them is not timed. It is the
process's CPU clock, and the kernels use one core.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._cli import App, Figure, Progress, Report, table

if TYPE_CHECKING:
    from envs.building import BuildingBatch
    from envs.building.env import BuildingEnv
    from envs.building.goals import GoalSource

WARM_UP, RECORDED = 50, 16
"""Steps that spread the players and fill the worlds, and steps that are timed in one repeat."""

GOALS = 32
"""Goals that the worlds share, and that are drawn at a time."""

MIN_REPEATS = 5


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench env``."""
    parser = app.command(
        "env", bench_env, ["python -m scripts.bench env", "python -m scripts.bench env --seconds 5 --json"]
    )
    parser.add_argument("--batch", type=int, default=1024, help="worlds of a batch (default: 1024)")
    parser.add_argument("--seconds", type=float, default=20.0, help="time to measure for (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="seed of goals and players (default: 0)")


def bench_env(options: argparse.Namespace, progress: Progress) -> Report:
    """Speed of the building game in its default world, on one core.

    env.step                joint steps of a batch, in which both players act in every world
    env.step_observe_legal  the same, and after each step both players' observations and legal lists
    env.pettingzoo          joint steps of one BuildingEnv, observations and masks included
    env.state_bytes         size of one world's public state
    env.goal_draw_ms        time to draw one goal from the generator, 32 at a time

    Players are random and legal; their actions are drawn before the clock starts. Values are medians of
    repeated runs, lo and hi the lowest and the highest; time is CPU time of the process.
    """
    if options.batch < 1 or options.seconds <= 0:
        raise ValueError(f"batch is {options.batch}, seconds {options.seconds}; both have to be above 0")
    from envs.building.env import BuildingEnv
    from envs.building.goals import make_source
    from envs.building.state import state_bytes

    rng = np.random.default_rng(options.seed)
    source = make_source("default")
    game = _RecordedGame(source, options.batch, rng)
    progress.say(f"{100 * game.effective:.0f} % of the recorded actions take effect")
    session = _Session(BuildingEnv(goals=source), options.seed, rng)

    def timed(measure: Callable[[], float]) -> np.ndarray:
        return repeat(measure, options.seconds / 4)

    steps, looks = game.steps / timed(game.step), game.steps / timed(game.step_observe_legal)
    figures = [
        _figure("env.step", steps, "steps/s", batch=options.batch),
        _figure("env.step_observe_legal", looks, "steps/s", batch=options.batch),
        _figure("env.pettingzoo", session.steps / timed(session.play), "steps/s", batch=1),
        Figure("env.state_bytes", state_bytes(game.batch.state), unit="B"),
        _figure("env.goal_draw_ms", 1000 / GOALS * timed(lambda: _draw_goals(source, rng)), "ms"),
    ]
    return Report(figures, [_table(figures)])


class _RecordedGame:
    """A batch of worlds and a game of random players that can be played in it again and again."""

    def __init__(self, source: GoalSource, worlds: int, rng: np.random.Generator):
        from envs.building import BuildingBatch, BuildingConfig
        from envs.building.actions import triples
        from envs.building.config import MAX_HORIZON
        from envs.building.legal import capacity
        from envs.building.observation import PLANES

        config = BuildingConfig(horizon=MAX_HORIZON)
        self.batch = BuildingBatch(worlds, config)
        self.batch.reset(np.resize(source.draw(GOALS, rng).blocks, (worlds, *config.size)))
        for _ in range(WARM_UP):
            self.batch.step(triples(self.batch.codec, _draw_actions(self.batch, rng)))
        self._start = self.batch.snapshot()
        self._actions = []
        effective = []
        for _ in range(RECORDED):
            self._actions.append(triples(self.batch.codec, _draw_actions(self.batch, rng)))
            self.batch.step(self._actions[-1])
            effective.append(self.batch.effective != 0)
        self.steps = RECORDED * worlds
        self.effective = float(np.mean(effective))
        """Share of the recorded actions that take effect."""
        self._planes = np.empty((2, worlds, len(PLANES), config.cells), np.uint8)
        self._lists = np.empty((2, worlds, capacity(config)), np.int32)

    def step(self) -> float:
        """Play the recorded steps; CPU seconds."""
        self.batch.restore(self._start)
        began = time.process_time()
        for actions in self._actions:
            self.batch.step_unchecked(actions)
        return time.process_time() - began

    def step_observe_legal(self) -> float:
        """Play the recorded steps, observing and listing legal actions for both players; CPU seconds."""
        self.batch.restore(self._start)
        began = time.process_time()
        for actions in self._actions:
            self.batch.step_unchecked(actions)
            for player in range(2):
                self.batch.observe(player, self._planes[player])
                self.batch.legal(player, self._lists[player])
        return time.process_time() - began


class _Session:
    """An episode of the PettingZoo environment that can be played again and again."""

    def __init__(self, env: BuildingEnv, seed: int, rng: np.random.Generator):
        self._env, self._seed = env, seed
        self._actions: list[dict[str, int]] = []
        env.reset(seed=seed)
        while env.agents:
            chosen = _draw_actions(env.batch, rng)[0].tolist()
            self._actions.append(dict(zip(env.agents, chosen, strict=True)))
            env.step(self._actions[-1])
        self.steps = len(self._actions)

    def play(self) -> float:
        """Play the recorded episode; CPU seconds of its steps."""
        self._env.reset(seed=self._seed)
        began = time.process_time()
        for action in self._actions:
            self._env.step(action)
        return time.process_time() - began


def _draw_goals(source: GoalSource, rng: np.random.Generator) -> float:
    """Draw goals; CPU seconds."""
    began = time.process_time()
    source.draw(GOALS, rng)
    return time.process_time() - began


def _draw_actions(batch: BuildingBatch, rng: np.random.Generator) -> np.ndarray:
    """Flat legal actions (B, 2): a kind of those that are legal (place, break or move), then one of it."""
    worlds = np.arange(len(batch))
    drawn = np.empty((len(batch), 2), np.int64)
    codec = batch.codec
    for player in range(2):
        lists, counts = batch.legal(player)
        listed = np.arange(counts.max()) < counts[:, None]
        lists = lists[:, : counts.max()]
        bounds = (1, codec.first_break, codec.first_move, codec.first_give)
        ends = np.stack([np.count_nonzero(listed & (lists < bound), axis=1) for bound in bounds], axis=1)
        kinds = np.diff(ends, axis=1)
        kind = (rng.random(kinds.shape) * (kinds > 0)).argmax(axis=1)
        first, number = ends[worlds, kind], kinds[worlds, kind]
        entry = np.where(number > 0, first + (rng.random(len(batch)) * number).astype(int), 0)
        drawn[:, player] = lists[worlds, entry]
    return drawn


def repeat(measure: Callable[[], float], seconds: float) -> np.ndarray:
    """What `measure` returns in so many seconds of calls, five at least, after one that does not count."""
    measure()
    began = time.monotonic()
    times: list[float] = []
    while len(times) < MIN_REPEATS or time.monotonic() - began < seconds:
        times.append(measure())
    return np.array(times)


def _figure(name: str, values: np.ndarray, unit: str, **labels: int) -> Figure:
    """The median of repeated measurements, and their range."""
    return Figure(name, float(np.median(values)), values.min(), values.max(), unit, len(values), labels)


def _table(figures: list[Figure]) -> Any:
    rows = []
    for figure in figures:
        digits = 0 if figure.value >= 100 else 3
        spread = ("" if end is None else f"{end:,.{digits}f}" for end in (figure.lo, figure.hi))
        value = f"{figure.value:,.{digits}f}"
        rows.append((figure.name, figure.labels.get("batch"), value, *spread, figure.unit, figure.n))
    title = f"One core, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return table(title, ["figure", "batch", "median", "lo", "hi", "unit", "repeats"], rows)
