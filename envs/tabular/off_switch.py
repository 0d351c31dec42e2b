"""The off-switch game: act, switch off, or leave the decision to the user.

Act is worth U to the user, off is worth 0. The user alone knows U, drawn from a normal distribution (or worth
+1 with chance `good` and -1 otherwise). The assistant may act, switch itself off, or propose the act and let
the user allow or stop it. One step.

| setting | default | |
|---|---|---|
| `mean`, `deviation` | 0, 1 | of the normal distribution of U |
| `bins` | 20 | goals that stand for it: quantile bins, split at U = 0, each with its mean of U |
| `good` | none | chance that U is +1 rather than -1, in place of the normal distribution |
| `beta` | 0 | the user allows with probability 1 / (1 + exp(-U / beta)); 0: exactly when U > 0 |

**Known values.** A rational user makes proposing worth E[max(U, 0)] = m Phi(m/d) + d phi(m/d), whatever the
number of bins, because none of them holds both signs of U and each has its exact mean: 0.398942 for (m, d) =
(0, 1), 0.697797 for (0.5, 1), 0.197797 for (-0.5, 1) and 1.004245 for (1, 0.5). With `good=0.75` proposing is
worth 0.75, 0.732014, 0.630797, 0.481059 and 0.372459 for beta 0, 0.25, 0.5, 1 and 2, against 0.5 for acting
at once: an erratic user is better not asked. With the normal distribution and beta > 0 values depend on the
bins.

Source: Hadfield-Menell, Dragan, Abbeel and Russell, "The Off-Switch Game", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import ClassVar

from .rules import WAIT, Rules, check_range

READY, OVER = "ready", "over"
ACT, PROPOSE = "act", "propose"
ALLOW, STOP = "allow", "stop"


@dataclass(frozen=True)
class OffSwitch(Rules):
    """Settings: see the module's page. Waiting is switching off."""

    name: ClassVar[str] = "off_switch"
    mean: float = 0.0
    deviation: float = 1.0
    bins: int = 20
    good: float | None = None
    beta: float = 0.0

    def __post_init__(self) -> None:
        check_range("deviation", self.deviation, 1e-6)
        check_range("bins", self.bins, 1)
        check_range("beta", self.beta, 0)
        if self.good is not None:
            check_range("good", self.good, 0, 1)

    @property
    def horizon(self) -> int:
        return 1

    def goals(self) -> Mapping[str, tuple[float, float]]:
        if self.good is not None:
            return {"good": (1.0, self.good), "bad": (-1.0, 1 - self.good)}
        return {f"U = {u:+.3f}": (u, chance) for u, chance in _bins(self.mean, self.deviation, self.bins)}

    def start(self) -> str:
        return READY

    def assistant_actions(self, state: str) -> Sequence[str]:
        return ACT, PROPOSE

    def user_actions(self, state: str) -> Sequence[str]:
        return WAIT, ALLOW, STOP

    def respond(self, state: str, action: str, goal: float) -> Mapping[str, float]:
        if action != PROPOSE:
            return {WAIT: 1.0}
        allow = _sigmoid(goal / self.beta) if self.beta else float(goal > 0)
        return {ALLOW: allow, STOP: 1 - allow}

    def step(self, state: str, action: str, reply: str) -> Mapping[str, float]:
        return {OVER: 1.0}

    def reward(self, state: str, action: str, reply: str, goal: float) -> float:
        return goal if action == ACT or (action == PROPOSE and reply == ALLOW) else 0.0

    def ended(self, state: str) -> bool:
        return state == OVER


def _bins(mean: float, deviation: float, count: int) -> list[tuple[float, float]]:
    """(mean of U, probability) of each bin between quantiles and zero."""
    normal, unit = NormalDist(mean, deviation), NormalDist()
    edges = {normal.inv_cdf(i / count) for i in range(1, count)} | {0.0}
    points = [-math.inf, *sorted(edges), math.inf]
    bins = []
    for low, high in pairwise(points):
        a, b = (low - mean) / deviation, (high - mean) / deviation
        chance = unit.cdf(b) - unit.cdf(a)
        if chance > 1e-12:
            # Mean of a truncated normal distribution.
            bins.append((mean - deviation * (unit.pdf(b) - unit.pdf(a)) / chance, chance))
    return bins


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))
