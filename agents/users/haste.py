"""How much haste recorded people need to build as much in a standard episode as the plain builder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .alone import build_alone
from .builder import BuilderUser
from .population import Population, PopulationUser
from .traits import Traits

STEPS = 380
"""A standard evaluation episode."""
_MOST, _HALVINGS = 6.0, 8


def calibrate(
    given: Population, goals: np.ndarray, seed: int
) -> tuple[Population, tuple[tuple[str, float], ...]]:
    """The population with the haste at which it does as much of goals (B, W, H, D) in `STEPS` as the plain
    builder, and what both do.

    Raises ValueError when no haste is enough.
    """
    seeds = seed + np.arange(len(goals))
    wanted = float(build_alone(BuilderUser("plain", Traits()), goals, seeds, STEPS)[1].mean())

    def done(haste: float) -> float:
        user = PopulationUser(replace(given, haste=haste))
        return float(build_alone(user, goals, seeds, STEPS)[1].mean())

    low, high = 0.0, _MOST
    if done(high) < wanted:
        raise ValueError(f"in the greatest haste {_MOST} the population does less than {100 * wanted:.0f} %")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if done(middle) < wanted else (low, middle)
    haste = round(high, 2)
    return replace(given, haste=haste), (("population", done(haste)), ("plain", wanted))
