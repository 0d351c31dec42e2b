"""What planners lose on games with known optimal values, and whether they ask when asking is right."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agents.evaluation.tabular import GAMES, game_of, play, regret_interval, search_options
from envs.tabular import NOOP, TabularGame
from planners.baselines import PLANNERS, make_planner
from planners.bounds import blind_bounds
from planners.exact import always_wait, policy_value, solve
from planners.options import RULES
from planners.tabular import TabularModel

from .._cli import Figure, Progress, Report, table

EPISODES = {1: 100, 10: 100, 100: 100, 1000: 50, 10_000: 20}
"""Most episodes of each game, by simulations per decision."""

BASELINES = tuple(name for name in PLANNERS if name not in RULES)
BASELINE_SIMULATIONS = 100
WORST = (100, 10_000)
"""Simulations for which the worst game is told."""

ASKING = (("wormy_apples", "wormy apple"), ("wormy_apples:timing=two_phase", "no apple"))
"""Games, and the states in which the best assistant asks while its belief is the prior; the second is the
start. A planner that samples goals never asks: at a wormy apple it waits for ever.
"""
ASKING_SIMULATIONS, ASKING_DECISIONS = 400, 64


Labels = dict[str, str | int | float]


@dataclass(frozen=True)
class Loss:
    """What a planner loses on a game, as a share (%) of what the best assistant adds to the user alone."""

    game: str
    planner: str
    simulations: int
    value: Figure
    regret: Figure


def measure_exact(seed: int, episodes: int, progress: Progress, games: tuple[str, ...] = GAMES) -> Report:
    """All figures of this part. episodes: most of each game and planner, besides `EPISODES`."""
    kinds = [(rule, count) for rule in RULES for count in EPISODES]
    kinds += [(name, BASELINE_SIMULATIONS) for name in BASELINES]
    losses, optimal = [], []
    with progress.task("planners on exact games", len(games) * len(kinds)) as advance:
        for name in games:
            solution = solve(game_of(name))
            alone = policy_value(solution.graph.game, always_wait)
            optimal.append(Figure("value.optimal", solution.value, labels={"game": name}))
            unit = 100 / (solution.value - alone) if solution.value > alone else math.nan
            for planner, count in kinds:
                number = min(episodes, EPISODES[count])
                played = play(solution, planner, search_options(count), number, seed)
                mean, lo, hi, n = regret_interval(played)
                best = solution.value
                labels: Labels = {"game": name, "planner": planner, "simulations": count}
                value = Figure("value.planner", best - mean, best - hi, best - lo, n=n, labels=labels)
                regret = Figure("regret.planner", mean * unit, lo * unit, hi * unit, "%", n, labels)
                losses.append(Loss(name, planner, count, value, regret))
                advance(1)
    worst = [_worst(losses, rule, count) for rule in RULES for count in WORST]
    asks = [figure for name, state in ASKING for figure in _asking(name, state, seed)]
    figures = [*optimal, *(figure for loss in losses for figure in (loss.value, loss.regret)), *worst, *asks]
    return Report(figures, _tables(losses, worst, asks))


def _worst(losses: list[Loss], rule: str, count: int) -> Figure:
    """The greatest regret of a rule."""
    mine = [loss for loss in losses if (loss.planner, loss.simulations) == (rule, count)]
    regret = max((loss.regret for loss in mine if math.isfinite(loss.regret.value)), key=lambda f: f.value)
    return Figure("regret.worst", regret.value, regret.lo, regret.hi, "%", regret.n, regret.labels)


def _asking(name: str, state: str, seed: int) -> list[Figure]:
    """Shares of decisions in a state that are what the exact policy does, and that are to wait."""
    game = game_of(name)
    best = int(np.argmax(solve(game).action_values(game.states.index(state), game.prior)))
    figures = []
    for planner in (*RULES, "qmdp"):
        actions = _decide(game, state, planner, seed)
        labels: Labels = {"game": name, "state": state, "planner": planner, "simulations": ASKING_SIMULATIONS}
        for kind, action in (("asks", best), ("waits_for_ever", NOOP)):
            share = float(np.mean(actions == action))
            figures.append(Figure(f"planner.{kind}", share, n=len(actions), labels=labels))
    return figures


def _decide(game: TabularGame, state: str, planner: str, seed: int) -> np.ndarray:
    """Actions (ASKING_DECISIONS,) of a planner in a state under the prior, one for each of as many seeds."""
    options = replace(search_options(ASKING_SIMULATIONS), discount=game.discount)
    model = TabularModel(game, ASKING_DECISIONS, options.nodes, blind_bounds(game))
    for number in range(ASKING_DECISIONS):
        model.set_root(number, game.states.index(state), game.prior)
    seeds = np.random.default_rng(seed).integers(2**62, size=ASKING_DECISIONS)
    return make_planner(planner, model, ASKING_DECISIONS, options).run(seeds).actions


def _tables(losses: list[Loss], worst: list[Figure], asks: list[Figure]) -> list[Any]:
    found = {(loss.game, loss.planner, loss.simulations): loss.regret.value for loss in losses}
    games = list(dict.fromkeys(loss.game for loss in losses))
    searches = [(rule, count) for rule in RULES for count in EPISODES]
    others = [(name, BASELINE_SIMULATIONS) for name in (*RULES, *BASELINES)]
    title = "Regret in % of what the best assistant adds to the user alone"
    return [
        table(
            f"{title}, by simulations",
            ["game", *(f"{rule} 1" if count == 1 else f"{count:,}" for rule, count in searches)],
            [[game, *(_share(found[game, *kind]) for kind in searches)] for game in games],
        ),
        table(
            f"{title}, with {BASELINE_SIMULATIONS} simulations",
            ["game", *(name for name, _ in others)],
            [[game, *(_share(found[game, *kind]) for kind in others)] for game in games],
        ),
        table(
            "The worst game",
            ["rule", "simulations", "game", "regret %"],
            [
                [*(f.labels[key] for key in ("planner", "simulations", "game")), _share(f.value)]
                for f in worst
            ],
        ),
        table(
            f"Share of decisions where the best assistant asks ({ASKING_SIMULATIONS} simulations)",
            ["game", "state", "planner", "asks", "waits"],
            [
                [*(asking.labels[key] for key in ("game", "state", "planner")), asking.value, waiting.value]
                for asking, waiting in zip(asks[::2], asks[1::2], strict=True)
            ],
        ),
    ]


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"
