"""The root of a search: which of its actions get simulations, which one is played, and what was found.

Kernels on one tree of a `planners.tree.Forest`; `planners.reference` has the same in plain Python.
"""

from __future__ import annotations

import math

import numpy as np

from envs.kernels import kernel

from .reference import LEAST_PRIOR
from .selection import improved_weights, normalised, value_range, value_scale
from .tree import WALKING, bring_best, open_edge


@kernel
def begin(forest, settings, game, root, simulations, noise):
    """Prepare a search from an evaluated root. noise: (M,) per candidate of the root, for gumbel."""
    nodes, edges, games = forest.nodes, forest.edges, forest.games
    per_game = nodes.shape[0] // games.shape[0]
    budget = min(simulations, per_game - games[game].nodes)
    games[game].budget = budget
    games[game].spent = games[game].length = games[game].cursor = games[game].considered = 0
    if not settings.gumbel:
        return
    count = min(settings.considered, nodes[root].count, budget)
    left = forest.left[game]
    before_score, before_action = np.inf, -1
    for i in range(count):
        best, highest = -1, -np.inf
        for c in range(nodes[root].count):
            action = forest.actions[root, c]
            score = math.log(max(np.float64(forest.priors[root, c]), LEAST_PRIOR)) + noise[c]
            later = score < before_score or (score == before_score and action > before_action)
            if later and (score > highest or (score == highest and action < forest.actions[root, best])):
                best, highest = c, score
        left[i], forest.noise[game, i] = forest.actions[root, best], noise[best]
        before_score, before_action = highest, forest.actions[root, best]
    for i in range(count):
        edge = nodes[root].first
        while edge >= 0 and edges[edge].action != left[i]:
            edge = edges[edge].sibling
        if edge < 0:
            index = nodes[root].opened
            while forest.actions[root, index] != left[i]:
                index += 1
            edge = open_edge(forest, game, root, index)
        left[i], forest.levels[game, i] = edge, 0.0
    games[game].remaining = games[game].considered = count
    games[game].level = 0.0
    games[game].phases = 1
    while 1 << games[game].phases < count:
        games[game].phases += 1


@kernel
def root_score(forest, settings, game, root, i):
    """Score of the i-th root edge that is left."""
    edges, _games = forest.edges, forest.games
    edge = forest.left[game, i]
    if edges[edge].visits == 0:
        return -np.inf
    low, span = value_range(forest, settings, game, root)
    value = normalised(edges[edge].value + edges[edge].luck, low, span)
    return forest.noise[game, i] + edges[edge].logit + value_scale(forest, settings, root) * value


@kernel
def next_round(forest, settings, game, root):
    """When a round is over, keep the better half of the root edges and say how long the next round is."""
    games, edges = forest.games, forest.edges
    if games[game].cursor < games[game].length or games[game].spent >= games[game].budget:
        return
    left, noise, count = forest.left[game], forest.noise[game], games[game].remaining
    if games[game].length > 0:
        end_round(forest, game)
        for i in range(count):
            edges[left[i]].score = root_score(forest, settings, game, root, i)
        for i in range(1, count):
            edge, own = left[i], noise[i]
            j = i - 1
            while j >= 0 and edges[left[j]].score < edges[edge].score:
                left[j + 1], noise[j + 1] = left[j], noise[j]
                j -= 1
            left[j + 1], noise[j + 1] = edge, own
        count = games[game].remaining = min(count, max(2, count // 2))
    budget = games[game].budget
    length = max(1, budget // (games[game].phases * count)) * count
    games[game].length = min(budget - games[game].spent, length)
    games[game].cursor = 0
    for i in range(count):
        e = left[i]
        edges[e].score = edges[e].value if edges[e].visits > 0 else np.nan  # as the round begins


@kernel
def end_round(forest, game):
    """Note by how much the values of those who were visited in the round have changed.

    Whoever is left has been in all rounds, so sorting them need not move their levels.
    """
    games, edges, left = forest.games, forest.edges, forest.left[game]
    visited = min(games[game].cursor, games[game].remaining)
    change, known = 0.0, 0
    for i in range(visited):
        if not math.isnan(edges[left[i]].score):
            change += edges[left[i]].value - edges[left[i]].score
            known += 1
    if known > 0:
        games[game].level += change / known
    for i in range(visited):
        forest.levels[game, i] = games[game].level
    games[game].length = 0


@kernel
def settle(forest, settings, game):
    """When the search is over, write the luck of the root's edges."""
    games = forest.games
    if settings.best:
        return
    if games[game].length > 0:
        end_round(forest, game)
    for i in range(games[game].considered):
        forest.edges[forest.left[game, i]].luck = games[game].level - forest.levels[game, i]


@kernel
def start(forest, settings, game, root, lane):
    """Start a simulation in a lane; False when none may start now."""
    games, lanes = forest.games, forest.lanes
    if games[game].spent >= games[game].budget:
        return False
    edge, index = -1, games[game].spent
    if settings.gumbel:
        if games[game].cursor >= games[game].length:
            return False
        edge = forest.left[game, games[game].cursor % games[game].remaining]
        index = forest.edges[edge].started
        games[game].cursor += 1
    games[game].spent += 1
    lanes[lane].node, lanes[lane].edge, lanes[lane].depth, lanes[lane].index = root, edge, 0, index
    lanes[lane].state = WALKING
    return True


@kernel
def chosen_edge(forest, settings, game, root):
    """The root edge to play: the best survivor (gumbel), the most visited (puct), or the one of the highest
    value (puct with backup "best"); of equals the first opened.
    """
    best, highest = -1, -np.inf
    if settings.gumbel:
        for i in range(forest.games[game].remaining):
            score = root_score(forest, settings, game, root, i)
            if score > highest:
                best, highest = forest.left[game, i], score
        return best
    e = forest.nodes[root].first
    while e >= 0:
        visits = np.float64(forest.edges[e].visits)
        score = forest.edges[e].value if settings.best else visits
        if visits > 0.0 and score > highest:
            best, highest = e, score
        e = forest.edges[e].sibling
    return best


@kernel
def read_root(forest, settings, game, root, visits, values, policy):
    """Write visits, mean returns (nan without visits) and the resulting policy of the root's candidates."""
    nodes, edges = forest.nodes, forest.edges
    count, opened = nodes[root].count, nodes[root].opened
    total, _ = improved_weights(forest, settings, game, root)
    rest, i = 1.0, 0
    e = nodes[root].first
    while e >= 0:
        visits[i] = edges[e].visits
        values[i] = edges[e].value if visits[i] > 0 else np.nan
        policy[i] = edges[e].score / total if settings.gumbel else visits[i] / (nodes[root].visits - 1)
        rest -= policy[i]
        e = edges[e].sibling
        i += 1
    mass = 0.0
    for c in range(opened, count):
        mass += forest.priors[root, c]
    for c in range(opened, count):
        visits[c], values[c] = 0, np.nan
        policy[c] = rest * forest.priors[root, c] / max(mass, LEAST_PRIOR) if settings.gumbel else 0.0


@kernel
def reweigh_root(forest, root, priors):
    """Give a root's candidates, in the order they are kept, other priors (M,)."""
    nodes, edges = forest.nodes, forest.edges
    nodes[root].mass = 0.0
    e = nodes[root].first
    for i in range(nodes[root].count):
        forest.priors[root, i] = priors[i]
        if i < nodes[root].opened:
            edges[e].prior = forest.priors[root, i]
            edges[e].logit = math.log(max(np.float64(forest.priors[root, i]), LEAST_PRIOR))
            e = edges[e].sibling
        else:
            nodes[root].mass += forest.priors[root, i]
    bring_best(forest, root)
