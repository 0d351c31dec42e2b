"""Sources made of sources: mixtures with weights, and the first ``n`` goals of a source, again and again.

Both make a goal a function of one seed, so nothing is stored: of a source limited to a million goals, number
i is made anew from seed i whenever it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .library.source import LibrarySource
from .seeds import derive, draw_seeds, uniforms
from .source import Goals, GoalSource, goals_of


class MixtureSource:
    """Goals from several sources, each goal from one source drawn by weight; satisfies `SeededSource`."""

    def __init__(self, parts: Sequence[tuple[GoalSource, float]], name: str = "mix") -> None:
        """ValueError without parts, or when a weight is negative, no number, or all are 0."""
        if not parts:
            raise ValueError(f"{name} has no parts; give at least one (source, weight)")
        for source, weight in parts:
            if not 0 <= weight < float("inf"):
                raise ValueError(f"{name} has weight {weight} for {source.name}; weights are 0 or more")
        self.name = name
        self.parts = tuple(parts)
        weights = np.array([weight for _, weight in parts], float)
        if weights.sum() == 0:
            raise ValueError(f"{name} has only weights 0; give one source a weight above 0")
        self._cumulative = weights.cumsum() / weights.sum()

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals; a draw of ten is two draws of five."""
        return self.goals_of(draw_seeds(n, rng))

    def goals_of(self, seeds: np.ndarray) -> Goals:
        """One goal for each seed (n,) uint64."""
        chosen = np.searchsorted(self._cumulative, uniforms(seeds, 0), side="right")
        own = derive(seeds, 1)
        drawn = [goals_of(source, own[chosen == i]) for i, (source, _) in enumerate(self.parts)]
        order = np.argsort(np.concatenate([np.flatnonzero(chosen == i) for i in range(len(drawn))]))
        houses = [house for goals in drawn for house in goals.houses]
        blocks = np.concatenate([goals.blocks for goals in drawn])
        return Goals(blocks[order], tuple(houses[i] for i in order), self.name)


class LimitedSource:
    """The goals of ``n`` seeds of a source, each draw any of them; satisfies `SeededSource`."""

    def __init__(self, source: GoalSource, n: int, seed: int = 0) -> None:
        self.source = source
        self.n = n
        self.name = f"{source.name}[{n}]"
        self._start = np.random.default_rng(seed).integers(0, 2**64, 1, np.uint64)

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals; a draw of ten is two draws of five."""
        return self.goals_of(draw_seeds(n, rng))

    def goals_of(self, seeds: np.ndarray) -> Goals:
        """One goal for each seed (n,) uint64."""
        return self.numbered((uniforms(seeds, 0) * self.n).astype(np.uint64))

    def numbered(self, numbers: np.ndarray) -> Goals:
        """The goals of numbers 0 .. n-1."""
        goals = goals_of(self.source, derive(self._start + np.asarray(numbers, np.uint64), 0))
        return Goals(goals.blocks, goals.houses, self.name)


def limit(source: GoalSource, n: int, seed: int = 0) -> GoalSource:
    """A source of only ``n`` distinct goals of ``source``, chosen by ``seed``.

    Goals come from a fixed list of houses without replacement (ValueError when it has fewer), from all other
    sources by seed: these may give the same goal for two seeds, and then ``n`` is an upper bound.
    """
    if n < 1:
        raise ValueError(f"n is {n}; a source needs at least 1 goal")
    if isinstance(source, LibrarySource) and not source.augmented:
        return source.subset(n, seed)
    return LimitedSource(source, n, seed)
