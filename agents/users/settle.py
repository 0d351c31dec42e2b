"""From how people act to users who act as people would at the pace of a standard episode.

Recorded people take most of their steps walking about and looking; at that pace nobody finishes within the
standard 380 steps. So pauses and stray moves are made rarer (*haste*) until the population builds as much in
an episode as the plain builder does, on generated houses.

Yet some of those stray moves follow the work along the wall. Without them a user works round the place where
it stands, which people don't. So the other traits are shifted too, all users' by the same, until windows of
edits (`likeness`) have the means that those of people have who build alone: Gauss-Newton steps on simulated
builds of the same houses, with a price on the shift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .alone import Trace, build_alone
from .builder import BuilderUser
from .fitting import NAMES
from .likeness import ORDER_FEATURES, windows
from .population import Population, PopulationUser
from .traits import Traits

STEPS = 380
"""A standard evaluation episode."""
LONGER = 600
"""Steps of simulated builds in which even slow users get to the end of a trace."""
HABITS = (
    "height", "walk", "outline", "touch", "face", "drift", "line", "beside", "clear", "refill", "persist",
    "material", "stay", "wrong",
)  # fmt: skip
"""Traits that are shifted."""
_MOST, _HALVINGS = 6.0, 7
_HASTY = [NAMES.index("pause"), NAMES.index("fidget")]
_SHIFTED = [NAMES.index(name) for name in HABITS]
_ORDER = len(ORDER_FEATURES)
_PROBE, _LARGEST, _DAMPING, _PRICE = 0.5, 1.0, 0.06, 0.03
"""Change of a trait for numerical slopes, most change a step, damping of steps and price of the shift (in
squared deviations of features per squared nat)."""


def hurried(given: Population, haste: float) -> Population:
    """The population with this much taken from the log odds of pausing and straying."""
    shift = given.shift.copy()
    shift[_HASTY] = -haste
    return replace(given, shift=shift)


def in_own_pace(given: Population) -> Population:
    """The people as they were recorded, without shift."""
    return replace(given, shift=np.zeros_like(given.shift))


def in_haste(
    given: Population, goals: np.ndarray, seed: int
) -> tuple[Population, tuple[tuple[str, float], ...]]:
    """The population in the haste in which it does as much of goals (B, W, H, D) in STEPS as the plain
    builder; and the shares that both do.

    Raises ValueError when no haste is enough.
    """
    seeds = seed + np.arange(len(goals))
    wanted = float(build_alone(BuilderUser("plain", Traits()), goals, seeds, STEPS)[1].mean())

    def done(haste: float) -> float:
        return float(build_alone(PopulationUser(hurried(given, haste)), goals, seeds, STEPS)[1].mean())

    low, high = 0.0, _MOST
    if done(high) < wanted:
        raise ValueError(f"in the greatest haste {_MOST} the population does less than {100 * wanted:.0f} %")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if done(middle) < wanted else (low, middle)
    haste = round(high, 2)
    return hurried(given, haste), (("population", done(haste)), ("plain", wanted))


def match_habits(
    given: Population,
    people: Sequence[Trace],
    seed: int,
    rounds: int = 3,
    builds: int = 3,
    advance: Callable[[int], None] | None = None,
) -> Population:
    """The population with its habits shifted until windows of its edits have the means of people's (traces of
    those who built alone). builds: simulated builds of each person's house.

    `advance` is called with 1 after each of the rounds * (1 + 14) simulations.
    """
    seen = [windows(trace, 5) for trace in people]
    spread = np.concatenate(seen)[:, :_ORDER].std(axis=0) + 1e-3
    wanted = np.mean([rows[:, :_ORDER].mean(axis=0) for rows in seen], axis=0)
    shift = given.shift.copy()

    def misses(tried: np.ndarray) -> np.ndarray:
        found = simulated(PopulationUser(replace(given, shift=tried)), people, seed, builds)
        if advance is not None:
            advance(1)
        return (np.mean([rows[:, :_ORDER].mean(axis=0) for rows in found], axis=0) - wanted) / spread

    for _ in range(rounds):
        miss = misses(shift)
        slopes = []
        for trait in _SHIFTED:
            tried = shift.copy()
            tried[trait] += _PROBE
            slopes.append((misses(tried) - miss) / _PROBE)
        slope = np.array(slopes).T
        damped = slope.T @ slope + _DAMPING * np.eye(len(_SHIFTED))
        step = np.linalg.solve(damped, -slope.T @ miss - _PRICE * shift[_SHIFTED])
        shift[_SHIFTED] += np.clip(step, -_LARGEST, _LARGEST)
    return replace(given, shift=shift)


def simulated(user: BuilderUser, people: Sequence[Trace], seed: int, builds: int) -> list[np.ndarray]:
    """Windows of edits of a user who builds each person's house alone so many times, one array a house."""
    goals = np.repeat(np.stack([trace.goal.reshape(trace.size) for trace in people]), builds, axis=0)
    traces, _done = build_alone(user, goals, seed + np.arange(len(goals)), LONGER)
    found = [windows(trace, 5) for trace in traces]
    return [np.concatenate(found[i * builds : (i + 1) * builds]) for i in range(len(people))]
