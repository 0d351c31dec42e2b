"""Planners to compare search with, at an equal number of simulations, on any `SearchModel`.

    planner = make_planner("voi", model, games=16, options=SearchOptions(simulations=100))
    results = planner.run(seeds)

| name | spends its simulations on |
|---|---|
| `gumbel`, `puct` | a search tree, see `planners.search` |
| `flat` | rollouts from every root candidate: the likeliest action at each step, the leaf value at the end |
| `best_of_n` | one step with actions drawn from the prior: n draws, the best mean wins |
| `voi` | one step with every root candidate: what its replies are worth to know, and no further |
| `info_gain` | the same steps, but it wants the belief's entropy to fall most; of equals, the best value |
| `qmdp` | the same steps, as if a goal drawn from the belief were known after them |

A simulation of the one-step planners is one reply and one value; a rollout counts as one too, and costs as
many steps as it is long. All candidates get the same number, what is left over is not used, and the i-th
simulations of all meet the same random numbers. With fewer simulations than candidates, the likeliest are
tried. Where user and assistant act at the same time, a reply cannot depend on the action, so that `info_gain`
has only values to go by.

`info_gain` needs models with an `entropy` of beliefs, `qmdp` such as can `collapse` them; both are methods
beyond `SearchModel`, see `Uncertain`. `qmdp` is the determinised planner that assistance games warn of:
information is worth nothing to it, so it never asks. Sources: Littman, Cassandra and Kaelbling 1995 (QMDP);
Nguyen-Hien et al. 2025, "Rational clarification by assistive agents" (one-step value of information).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, cast

import numpy as np
from numba import njit

from envs.rng import uniform_at

from .model import Evaluation, SearchModel
from .options import Rule, SearchOptions
from .search import Results, Search

ROLLOUT_STEPS = 10
"""Most steps of a rollout of `flat`."""

GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of it, modulo 1, are spread evenly; `qmdp` draws its goals by them."""

ENTROPY_TIE = 1e-9
"""nats; mean entropies that differ by less are equal."""


Slots = np.ndarray
"""(K,) int64."""
Draws = tuple[np.ndarray, np.ndarray]
"""Seeds (K,) uint64 and numbers (K,) of simulations, which random numbers are made of."""
Scored = tuple[np.ndarray, np.ndarray]
"""Returns (K,), and what else is averaged (K,)."""


class Planner(Protocol):
    """What chooses actions in G games at once. The roots of the model are set before each `run`."""

    def run(self, seeds: np.ndarray, active: np.ndarray | None = None) -> Results:
        """One decision in every active game; seeds (G,) integers are all that is random."""


class Uncertain(SearchModel, Protocol):
    """A model that says how uncertain a belief is, and can end the uncertainty."""

    def entropy(self, slots: np.ndarray) -> np.ndarray:
        """(K,) float64 entropies of the beliefs of slots (K,), in nats."""

    def collapse(self, sources: np.ndarray, uniforms: np.ndarray, targets: np.ndarray) -> None:
        """Copy slots (K,) over slots (K,), each with its belief on one hypothesis, drawn with numbers (K,) in
        [0, 1). A slot may be its own target.
        """


def make_planner(name: str, model: SearchModel, games: int, options: SearchOptions | None = None) -> Planner:
    """The planner of a name in `PLANNERS` for `games` games of ``options.nodes`` slots each.

    ValueError for a name that does not exist, or a model without what the planner needs.
    """
    if name not in PLANNERS:
        raise ValueError(f"planner is {name!r}; choose from {', '.join(PLANNERS)}")
    needed = {"info_gain": "entropy", "qmdp": "collapse"}.get(name, "evaluate")
    if not hasattr(model, needed):
        raise ValueError(
            f"{type(model).__name__} has no method {needed}, which {name} needs; add it, or take"
            " another planner"
        )
    return PLANNERS[name](model, games, options or SearchOptions())


def entropies(weights: np.ndarray) -> np.ndarray:
    """(K,) float64 entropies, in nats, of rows of probabilities (K, P)."""
    weights = weights.astype(np.float64)
    return -(weights * np.log(np.where(weights > 0, weights, 1.0))).sum(axis=1)


def collapsed(weights: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """(K, P) float64 rows of one 1 each, drawn from rows of probabilities (K, P) with numbers (K,) in
    [0, 1).
    """
    return np.eye(weights.shape[1])[_draw(weights, uniforms)]


class _Trials:
    """Planners that try root candidates one by one and keep a mean per candidate."""

    def __init__(self, model: SearchModel, games: int, options: SearchOptions):
        self.model, self.games, self.options = model, games, options

    def run(self, seeds: np.ndarray, active: np.ndarray | None = None) -> Results:
        """See `Planner`."""
        todo = np.arange(self.games) if active is None else np.flatnonzero(active)
        seeds, nodes = np.asarray(seeds, np.uint64), self.options.nodes
        found = self.model.evaluate(todo * nodes)
        turns = self._turns(found, seeds[todo])
        returns, scores = np.zeros(turns.shape), np.zeros(turns.shape)
        deadline = time.monotonic() + (self.options.milliseconds or math.inf) / 1000
        for turn in range(turns.max(initial=0)):
            if turn and time.monotonic() > deadline:
                turns = np.minimum(turns, turn)
                break
            for rows, columns, slots in self._waves(turns > turn, todo):
                draws = seeds[todo[rows]], np.full(len(rows), turn)
                value, score = self._try(todo[rows] * nodes, found.actions[rows, columns], draws, slots)
                returns[rows, columns] += value
                scores[rows, columns] += score
        with np.errstate(invalid="ignore"):
            means, scores = returns / turns, scores / turns
        return _as_results(self.games, todo, found, turns, means, self._best(means, scores))

    def _turns(self, found: Evaluation, seeds: np.ndarray) -> np.ndarray:
        """(K, M) simulations of each candidate: the same number for all that are tried, so that they are
        compared on the same replies.
        """
        rank = np.argsort(np.argsort(-_priors(found), axis=1, kind="stable"), axis=1)
        each = np.maximum(1, self.options.simulations // found.counts)
        tried = np.minimum(found.counts, self.options.simulations)
        return np.where(rank < tried[:, None], each[:, None], 0)

    def _waves(self, trying: np.ndarray, todo: np.ndarray) -> Any:
        """Rows and columns of the candidates to try (K, M), as many at a time as there are slots, and for
        each a pair of slots of its game.
        """
        nodes = self.options.nodes
        lane = np.cumsum(trying, axis=1) - 1
        room = max(1, (nodes - 1) // 2)
        for first in range(0, int(lane.max(initial=-1)) + 1, room):
            rows, columns = np.nonzero(trying & (lane >= first) & (lane < first + room))
            near = todo[rows] * nodes + 1 + lane[rows, columns] - first
            yield rows, columns, (near, near + room if nodes > 2 else near)

    def _try(self, roots: Slots, actions: np.ndarray, draws: Draws, slots: tuple[Slots, Slots]) -> Scored:
        """One simulation of each of K actions in K root slots; `slots` are free for it."""
        rewards, ends = self._step(roots, actions, _uniforms(*draws, 0), slots[0])
        values = self._values(slots[0], ends)
        return rewards + self.options.discount * values, values

    def _step(
        self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray, out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        replies = self.model.reply(slots, actions, uniforms)
        steps = self.model.step(slots, actions, replies, out)
        return steps.rewards, steps.ends

    def _values(self, slots: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Values of slots (K,), 0 where the episode is over."""
        values = np.zeros(len(slots))
        if not ends.all():
            values[~ends] = self.model.evaluate(slots[~ends]).values
        return values

    def _best(self, means: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(K,) columns of the chosen candidates for mean returns and scores (K, M), nan where not tried."""
        return np.nanargmax(means, axis=1)


class OneStepValue(_Trials):
    """`voi`: the best mean of reward and discounted value over one reply."""


class BestOfN(_Trials):
    """`best_of_n`: the same for actions drawn from the prior."""

    def _turns(self, found: Evaluation, seeds: np.ndarray) -> np.ndarray:
        priors, turns = _priors(found), np.zeros(found.actions.shape, np.int64)
        rows = np.arange(len(turns))
        for draw in range(self.options.simulations):
            # Numbers apart from those of the replies, which are counted from depth 0.
            uniforms = _uniforms(seeds, np.full(len(turns), draw), ROLLOUT_STEPS)
            turns[rows, _draw(priors, uniforms)] += 1
        return turns


class InformationGain(_Trials):
    """`info_gain`: the least mean entropy of the belief after the reply; of equals, the best value."""

    def _try(self, roots: Slots, actions: np.ndarray, draws: Draws, slots: tuple[Slots, Slots]) -> Scored:
        returns, _ = super()._try(roots, actions, draws, slots)
        return returns, cast(Uncertain, self.model).entropy(slots[0])

    def _best(self, means: np.ndarray, scores: np.ndarray) -> np.ndarray:
        least = scores <= np.nanmin(scores, axis=1, keepdims=True) + ENTROPY_TIE
        return np.nanargmax(np.where(least, means, np.nan), axis=1)


class FlatRollouts(_Trials):
    """`flat`: rollouts of at most ROLLOUT_STEPS steps."""

    def _try(self, roots: Slots, actions: np.ndarray, draws: Draws, slots: tuple[Slots, Slots]) -> Scored:
        here, there = slots
        rewards, ends = self._step(roots, actions, _uniforms(*draws, 0), here)
        returns, going = rewards, np.flatnonzero(~ends)
        weight = self.options.discount
        for depth in range(1, ROLLOUT_STEPS if self.options.nodes > 2 else 1):
            if len(going) == 0:
                return returns, returns
            found = self.model.evaluate(here[going])
            likeliest = found.actions[np.arange(len(going)), np.argmax(_priors(found), axis=1)]
            uniforms = _uniforms(draws[0][going], draws[1][going], depth)
            rewards, ends = self._step(here[going], likeliest, uniforms, there[going])
            returns[going] += weight * rewards
            weight *= self.options.discount
            going = going[~ends]
            here, there = there, here
        if len(going):
            returns[going] += weight * self.model.evaluate(here[going]).values
        return returns, returns


class Determinised(_Trials):
    """`qmdp`: one step, and then the value of a belief that is certain of a goal drawn from it."""

    def _try(self, roots: Slots, actions: np.ndarray, draws: Draws, slots: tuple[Slots, Slots]) -> Scored:
        here, _ = slots
        seeds, turns = draws
        rewards, ends = self._step(roots, actions, _uniforms(*draws, 0), here)
        goals = (_uniforms(seeds, np.zeros_like(turns), ROLLOUT_STEPS) + turns * GOLDEN) % 1.0
        cast(Uncertain, self.model).collapse(here, goals, here)
        values = rewards + self.options.discount * self._values(here, ends)
        return values, values


def _search(model: SearchModel, games: int, options: SearchOptions, rule: Rule) -> Search:
    return Search(model, games, replace(options, rule=rule))


BASELINES: dict[str, Callable[[Any, int, SearchOptions], Planner]] = {
    "flat": FlatRollouts,
    "best_of_n": BestOfN,
    "voi": OneStepValue,
    "info_gain": InformationGain,
    "qmdp": Determinised,
}
"""Makers of the planners that have no tree to look into, by name: (model, games, options) -> Planner."""

PLANNERS: dict[str, Callable[[Any, int, SearchOptions], Planner]] = {
    "gumbel": partial(_search, rule="gumbel"),
    "puct": partial(_search, rule="puct"),
    **BASELINES,
}
"""Makers of all planners."""


def _as_results(
    games: int, todo: np.ndarray, found: Evaluation, visits: np.ndarray, means: np.ndarray, best: np.ndarray
) -> Results:
    """Results of the games `todo` (K,) from visits and mean returns (K, M) and chosen columns (K,)."""
    width, rows = found.actions.shape[1], np.arange(len(todo))
    results = Results.empty(games, width)
    results.actions[todo], results.values[todo] = found.actions[rows, best], means[rows, best]
    results.simulations[todo], results.counts[todo] = visits.sum(axis=1), found.counts
    results.candidates[todo], results.priors[todo] = found.actions, found.priors
    results.visits[todo], results.q[todo] = visits, means
    results.policy[todo] = np.arange(width) == best[:, None]
    return results


def _priors(found: Evaluation) -> np.ndarray:
    """(K, M) priors, 0 beyond the candidates."""
    return np.where(np.arange(found.priors.shape[1]) < found.counts[:, None], found.priors, 0.0)


def _draw(weights: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """(K,) columns drawn from rows of probabilities (K, P) with numbers (K,) in [0, 1)."""
    cumulated = np.cumsum(weights, axis=1, dtype=np.float64)
    total = cumulated[:, -1:]
    # Never past the last one that is possible, however the product is rounded.
    return ((cumulated <= np.asarray(uniforms)[:, None] * total) & (cumulated < total)).sum(axis=1)


@njit(cache=True, nogil=True)
def _uniforms(seeds, turns, depth):
    """(K,) numbers in [0, 1) of seeds (K,) uint64 for the turns (K,) of simulations, at a depth."""
    out = np.empty(len(seeds))
    for i in range(len(seeds)):
        out[i] = uniform_at(seeds[i], turns[i], depth)
    return out
