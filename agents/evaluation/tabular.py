"""Planners on small games whose optimal values are known: how much a planner loses, and how often.

All episodes of a batch are the games of one planner and are played in lock step. What a planner loses is not
taken from the returns it happens to get, but from the exact solution: by the performance difference lemma the
value of a policy is the optimal one less the expected sum of discount^t * (V*(s_t, b_t) - Q*(s_t, b_t, a_t))
along its episodes (Kakade and Langford 2002). That sum is 0 for a planner that plays optimally, whatever luck
its episodes have, so that a hundred episodes tell regrets of a fraction of a percent.

`search_trees` looks into the searches of one episode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from envs.tabular import TabularGame, draw, make_game
from planners.baselines import make_planner
from planners.bounds import blind_bounds, listening_bounds
from planners.exact import TIE, Solution
from planners.options import RULES, SearchOptions
from planners.search import Search
from planners.snapshot import snapshot, tabular_names
from planners.tabular import Bounds, TabularModel, condition, tables

from .statistics import Interval, mean_interval

GAMES = (
    "off_switch",
    "off_switch:good=0.75:beta=0.5",
    "off_switch:good=0.75:beta=1",
    "red_blue",
    "red_blue:accuracy=0.8",
    "red_blue:accuracy=0.6",
    "wormy_apples",
    "wormy_apples:discount=0.9",
    "wormy_apples:timing=simultaneous",
    "wormy_apples:timing=simultaneous:discount=0.9",
    "wormy_apples:timing=two_phase",
    "wormy_apples:timing=two_phase:discount=0.9",
    "tiger",
    "mini_chef",
    "mini_chef:user=uniform",
    "mini_chef:user=always_salt",
    "line_build:n=3",
    "line_build:n=4",
    "line_build:n=4:user_cost=0.2",
    "line_build",
    "clarification",
    "clarification:n=2:wrong=0.1:cost=0.6",
    "kitchen",
)
"""The games that planners are held to, as `game_of` reads them."""

TAIL = 1e-3
"""Games without a horizon are cut where rewards count for less."""

LISTENING_POINTS = 1000
"""Pairs of state and belief whose plans value leaves in games with more pairs than that. In smaller games
they would be the exact solution, and search have nothing to do.
"""

MOST_SLOTS = 400_000
"""Nodes of all trees of a batch of episodes; what is more is played in further batches."""

MOST_TREES = 12
"""Decisions that `search_trees` looks into."""

TREE_DEPTH, TREE_SHARE = 5, 0.002
"""Actions from the root to the last nodes that it records, and the least share of the simulations that passed
them.
"""


class Played(NamedTuple):
    """What happened in n episodes with D decisions."""

    returns: np.ndarray
    """(n,) float64 discounted returns."""
    regrets: np.ndarray
    """(n,) float64 discounted sums of the losses."""
    losses: np.ndarray
    """(D,) float64 V* - Q* of each decision, 0 for an optimal one."""
    episodes: np.ndarray
    """(D,) int64 which episode a decision belongs to, 0..n-1."""

    @property
    def agreed(self) -> np.ndarray:
        """(D,) bool whether the decision is an optimal one."""
        return self.losses <= TIE


def game_of(text: str) -> TabularGame:
    """The game named NAME:SETTING=VALUE:..., as "wormy_apples:timing=two_phase"; ValueError names what is
    wrong with it.
    """
    name, *settings = text.split(":")
    return make_game(name, **dict(map(setting, settings)))


def setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE, the value an int, float or word; `none` is None."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"setting is {text!r}; give NAME=VALUE")
    if value.lower() == "none":
        return name, None
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def search_options(simulations: int) -> SearchOptions:
    """The options for these games. Their models know the chances of replies, and plans give lower bounds
    without noise: so a node is worth what its best edge is, exploring costs it nothing, and values
    need weigh less.
    """
    return SearchOptions(simulations, backup="best", c_scale=0.03)


def leaf_bounds(solution: Solution) -> Bounds:
    """What values leaves in the search of a solved game: blind plans, in large games also listening ones."""
    game = solution.graph.game
    if game.horizon is None and len(solution.graph.states) > LISTENING_POINTS:
        return listening_bounds(game, LISTENING_POINTS)
    return blind_bounds(game)


def play(
    solution: Solution,
    planner: str,
    options: SearchOptions,
    episodes: int,
    seed: int = 0,
    advance: Callable[[int], None] = lambda episodes: None,
) -> Played:
    """Play a planner of `planners.baselines` against the user of a solved game.

    Leaves are valued by `leaf_bounds`, rewards discounted as the game says. Everything in
    an episode follows from `seed` and its number. advance: is told how many episodes are done.
    """
    leaf = leaf_bounds(solution)
    size = max(1, min(episodes, MOST_SLOTS // options.nodes))
    parts = []
    for first in range(0, episodes, size):
        batch = _Batch(solution, planner, options, seed, range(first, min(first + size, episodes)), leaf)
        for _ in batch.steps():
            pass
        parts += batch.episodes
        advance(len(batch.episodes))
    return Played(
        np.array([episode.total for episode in parts]),
        np.array([episode.regret for episode in parts]),
        np.concatenate([episode.losses for episode in parts]),
        np.repeat(np.arange(episodes), [len(episode.losses) for episode in parts]),
    )


def search_trees(
    solution: Solution, planner: str, options: SearchOptions, seed: int = 0
) -> list[dict[str, Any]]:
    """Records, by `planners.snapshot`, of the first decisions of the first episode that `play` plays.

    ValueError for planners that have no tree.
    """
    game = solution.graph.game
    batch = _Batch(solution, planner, options, seed, range(1), leaf_bounds(solution))
    search = batch.planner
    if not isinstance(search, Search):
        raise ValueError(
            f"planner is {planner!r}, which has no tree to look into; choose {' or '.join(RULES)}"
        )
    least = max(1, round(TREE_SHARE * options.simulations))
    names, count = tabular_names(game), options.simulations
    return [
        snapshot(search, 0, names, TREE_DEPTH, least, f"step {step}, {count} simulations")
        for step in islice(batch.steps(), MOST_TREES)
    ]


def regret_interval(played: Played) -> Interval:
    """Mean regret of an episode."""
    return mean_interval(played.regrets, np.arange(len(played.regrets)))


def agreement_interval(played: Played) -> Interval:
    """Percentage of decisions that are optimal; the decisions of an episode belong together."""
    return mean_interval(100.0 * played.agreed, played.episodes)


class _Batch:
    """Episodes that are played in lock step by one planner."""

    def __init__(
        self,
        solution: Solution,
        planner: str,
        options: SearchOptions,
        seed: int,
        numbers: range,
        leaf: Bounds,
    ):
        game, count = solution.graph.game, len(numbers)
        self.episodes = [_Episode(solution, seed, number) for number in numbers]
        self._model = TabularModel(game, count, options.nodes, leaf)
        self.planner = make_planner(planner, self._model, count, replace(options, discount=game.discount))

    def steps(self) -> Iterator[int]:
        """Play to the end; gives the number of each step once it is done."""
        game = self._model.game
        for depth in range(game.horizon or math.ceil(math.log(TAIL) / math.log(game.discount))):
            active = np.array([not game.terminal[episode.state] for episode in self.episodes])
            if not active.any():
                return
            playing = [(i, episode) for i, episode in enumerate(self.episodes) if active[i]]
            for i, episode in playing:
                self._model.set_root(i, episode.state, episode.belief, depth)
            seeds = np.array([episode.search.integers(2**63) for episode in self.episodes])
            actions = self.planner.run(seeds, active).actions
            for i, episode in playing:
                episode.act(int(actions[i]), depth)
            yield depth


class _Episode:
    """A game of one user and one assistant, and what the assistant has lost so far."""

    def __init__(self, solution: Solution, seed: int, number: int):
        self._solution = solution
        self._game = solution.graph.game
        self._chance, self.search = (np.random.default_rng([seed, number, stream]) for stream in range(2))
        self._goal = draw(self._game.prior, self._chance)
        self.state = draw(self._game.start, self._chance)
        self.belief = self._game.prior
        self.total = self.regret = 0.0
        self.losses: list[float] = []

    def act(self, action: int, depth: int) -> None:
        """The assistant acts, and the user and chance answer."""
        game, chance = self._game, self._chance
        values = self._solution.action_values(self.state, self.belief, depth)
        self.losses.append(float(values.max() - values[action]))
        self.regret += game.discount**depth * self.losses[-1]
        reply = draw(game.user_policy(self.state, action)[:, self._goal], chance)
        self.total += game.discount**depth * float(game.rewards[self.state, action, reply, self._goal])
        after = np.empty(len(self.belief))
        condition(tables(game), self.state, action, reply, self.belief, after)
        outcome = draw(game.chances[self.state, action, reply], chance)
        if game.renews[self.state, action]:
            after, self._goal = game.prior, draw(game.prior, chance)
        self.state = int(game.next_states[self.state, action, reply, outcome])
        self.belief = after
