"""Limits and constants of a search, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

Rule = Literal["puct", "gumbel"]
RULES = ("puct", "gumbel")


class Settings(NamedTuple):
    """The options that kernels need, as plain numbers."""

    discount: float
    gumbel: bool
    considered: int
    c_visit: float
    c_scale: float
    c_puct: float
    two_level: bool
    widening: float
    widening_power: float
    best: bool


@dataclass(frozen=True)
class SearchOptions:
    """Limits and constants of a search. `planners.reference` says what they mean in code."""

    simulations: int = 100
    """Simulations per decision; a subtree that is kept does not count."""
    milliseconds: float | None = None
    """Time per decision (ms), for all games that are searched together; the search stops at whichever limit
    comes first. Results then depend on the machine.
    """
    candidates: int = 100
    """Most actions that a model proposes per node."""
    discount: float = 0.95
    """Discount per step of rewards and values."""
    rule: Rule = "gumbel"
    """How simulations are spent: sequential halving among the root's best and the improved policy below it
    (gumbel), or upper confidence bounds everywhere (puct).
    """
    considered: int = 16
    """gumbel: most root actions that get simulations."""
    c_visit: float = 50.0
    """gumbel: visits that values are worth beside priors from the start."""
    c_scale: float = 0.1
    """gumbel: scale of values against the logarithms of priors."""
    c_puct: float = 1.0
    """puct: weight of priors against values."""
    two_level: bool = False
    """puct: choose the kind of action first, by the statistics of its actions, then the action."""
    noise: bool = False
    """For training: choose the root's actions at random by their priors (gumbel), or mix Dirichlet noise into
    the root's priors (puct).
    """
    noise_share: float = 0.25
    """puct: share of the noise in the root's priors."""
    noise_concentration: float = 10.0
    """puct: the Dirichlet distribution's sum of parameters."""
    widening: float = 0.0
    """An edge with n visits meets at most ``widening * n ** widening_power`` different replies, then those it
    knows by their predictive probability. 0: the reply is drawn anew at every visit.
    """
    widening_power: float = 0.5
    backup: Literal["mean", "best"] = "mean"
    """What an edge is worth: the mean of its returns (mean), or what the best edges below are worth, expected
    over the replies (best: for models whose values are lower bounds and that know their replies'
    probabilities). Values are put on a scale of 0..1 by the least and greatest edge value of the node (mean)
    or the tree (best).
    """
    reuse: bool = False
    """Keep the subtree of what really happened for the next decision."""
    wave: int = 1
    """Simulations per game between two calls of the model, so that one decision fills a batch."""

    def __post_init__(self) -> None:
        for name in ("simulations", "candidates", "wave"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        if self.milliseconds is not None and not self.milliseconds > 0:
            raise ValueError(
                f"milliseconds is {self.milliseconds}; give a time above 0, or None for no limit"
            )
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount is {self.discount}; give a number in (0, 1]")
        for name in ("c_puct", "c_visit", "c_scale", "widening", "widening_power"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; give 0 or more")
        if not 0 <= self.noise_share <= 1:
            raise ValueError(f"noise_share is {self.noise_share}; give 0..1")
        if not self.noise_concentration > 0:
            raise ValueError(f"noise_concentration is {self.noise_concentration}; give more than 0")
        if self.rule not in RULES:
            raise ValueError(f"rule is {self.rule!r}; choose puct or gumbel")
        if self.backup not in ("mean", "best"):
            raise ValueError(f"backup is {self.backup!r}; choose mean or best")
        if self.considered < 2:
            raise ValueError(f"considered is {self.considered}; give 2 or more")
        if self.two_level and self.rule != "puct":
            raise ValueError("two_level is for rule puct; gumbel draws among all actions at once")

    @property
    def nodes(self) -> int:
        """Slots that a search needs per game."""
        return (2 if self.reuse else 1) * self.simulations + 1

    def settings(self) -> Settings:
        """The options for kernels."""
        return Settings(
            self.discount,
            self.rule == "gumbel",
            self.considered,
            self.c_visit,
            self.c_scale,
            self.c_puct,
            self.two_level,
            self.widening,
            self.widening_power,
            self.backup == "best",
        )
