"""What makes one user talk unlike another: the knobs of a persona.

A persona is part of what is latent: how patient somebody is and how they answer is for the assistant to find
out. The knobs say what they change; the user models that read them are in `agents.users.chat`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Persona:
    """Knobs; ValueError outside the ranges given in brackets."""

    rationality: float = 6.0
    """[0, 100] Inverse temperature of the choice among slots, values and items; utilities are 0..1."""
    noise: float = 0.03
    """[0, 1] Share of replies that are any legal act."""
    ambiguity: float = 0.1
    """[0, 1] How much the values near the ideal one blur."""
    forgetting: float = 0.05
    """[0, 1] Chance of not knowing what one knew."""
    misreading: float = 0.05
    """[0, 1] Chance of speaking of another slot than the one asked about."""
    initiative: float = 0.3
    """[0, 1] Chance of naming a wish where a nod would do."""
    curiosity: float = 0.3
    """[0, 1] Chance of asking for a slot of an offered item that has not been mentioned."""
    sycophancy: float = 0.1
    """[0, 1] Chance of agreeing to what is wrong, and of not complaining."""
    aspiration: float = 0.7
    """[0, 1] Utility at which an offer is as often accepted as not."""
    contrariness: float = 0.0
    """[0, 1] Chance of complaining or of turning down what is right."""
    quit: float = 0.1
    """[0, 1] Chance of quitting at an annoyance of 1."""
    patience: float = 32.0
    """[1, 1000] Turns after which waiting annoys."""
    irritability: float = 1.0
    """[0, 10] Factor of all that annoys."""
    rating_rate: float = 0.3
    """[0, 1] Share of turns with a rating."""
    rating_bias: float = 0.0
    """[-4, 4] Added to ratings, in points."""
    rating_noise: float = 0.6
    """[0.05, 10] Standard deviation of ratings, in points."""
    verbosity: float = 1.0
    """[0, 10] Words said, relative to the usual number."""

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; give {low:g}..{high:g}")

    def vector(self) -> np.ndarray:
        """(KNOBS,) float32 in the order of the fields."""
        return np.array([getattr(self, field.name) for field in fields(self)], np.float32)


RANGES: dict[str, tuple[float, float]] = {field.name: (0.0, 1.0) for field in fields(Persona)} | {
    "rationality": (0, 100),
    "patience": (1, 1000),
    "irritability": (0, 10),
    "rating_bias": (-4, 4),
    "rating_noise": (0.05, 10),
    "verbosity": (0, 10),
}
"""Lowest and highest value of every knob."""
KNOBS = len(RANGES)
# fmt: off
(
    RATIONALITY, NOISE, AMBIGUITY, FORGETTING, MISREADING, INITIATIVE, CURIOSITY, SYCOPHANCY, ASPIRATION,
    CONTRARINESS, QUIT, PATIENCE, IRRITABILITY, RATING_RATE, RATING_BIAS, RATING_NOISE, VERBOSITY,
) = range(KNOBS)
# fmt: on
