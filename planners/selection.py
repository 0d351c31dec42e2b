"""The way down a tree: which edge is passed next, where a reply leads to, and what is needed on the way.

Kernels on one tree of a `planners.tree.Forest`; `planners.reference` has the same in plain Python.
"""

from __future__ import annotations

import math

import numpy as np

from envs.kernels import inlined, kernel
from envs.rng import uniform_at

from .reference import LEAST_PRIOR, LEAST_RANGE
from .tree import ARRIVED, ASKING, NEW, READY, UNREADY, WALKING, add_node, open_edge


@kernel
def value_range(forest, settings, game, node):
    """Least value and span of the scale on which values of this node's edges are put; span 0 for none yet."""
    edges, games = forest.edges, forest.games
    low, high = games[game].low, games[game].high
    if not settings.best:
        low, high = np.inf, -np.inf
        e = forest.nodes[node].first
        while e >= 0:
            if edges[e].visits > 0:
                value = edges[e].value + edges[e].luck
                low, high = min(low, value), max(high, value)
            e = edges[e].sibling
    return low, max(high - low, LEAST_RANGE) if high >= low else 0.0


@inlined
def normalised(value, low, span):
    """A value on the scale 0..1."""
    return (value - low) / span if span > 0.0 else 0.0


@inlined
def mean_value(forest, node):
    """Mean of a node's own evaluation and its returns."""
    return (forest.nodes[node].value + forest.nodes[node].total) / forest.nodes[node].visits


@kernel
def select(forest, settings, game, node):
    """The edge of a node that the rule passes next, opened if need be."""
    if settings.gumbel:
        return follow(forest, settings, game, node)
    if settings.two_level:
        return select_in_two_levels(forest, settings, game, node)
    nodes, edges = forest.nodes, forest.edges
    low, span = value_range(forest, settings, game, node)
    scale = settings.c_puct * math.sqrt(nodes[node].started)
    unvisited = normalised(mean_value(forest, node), low, span)
    best, highest = -1, -np.inf
    e = nodes[node].first
    while e >= 0:
        visits = edges[e].visits
        value = normalised(edges[e].value, low, span) if visits > 0 else unvisited
        score = value + scale * edges[e].prior / (1 + edges[e].started)
        if score > highest:
            best, highest = e, score
        e = edges[e].sibling
    opened = nodes[node].opened
    if opened < nodes[node].count and unvisited + scale * forest.priors[node, opened] > highest:
        return open_edge(forest, game, node, opened)
    return best


@kernel
def of_kind(forest, node, kind):
    """Summed prior, started, visits and total of a kind of actions, and whether there are any."""
    nodes, edges = forest.nodes, forest.edges
    prior, started, visits, total, there = 0.0, 0, 0, 0.0, False
    e = nodes[node].first
    while e >= 0:
        if edges[e].kind == kind:
            prior += edges[e].prior
            started += edges[e].started
            visits += edges[e].visits
            total += edges[e].total
            there = True
        e = edges[e].sibling
    rest = 0.0
    for i in range(nodes[node].opened, nodes[node].count):
        if forest.kinds[node, i] == kind:
            rest += forest.priors[node, i]
            there = True
    return prior + rest, started, visits, total, there


@kernel
def select_in_two_levels(forest, settings, game, node):
    """PUCT among kinds of actions, then among the actions of the kind."""
    nodes, edges = forest.nodes, forest.edges
    low, span = value_range(forest, settings, game, node)
    mean = mean_value(forest, node)
    best_kind, highest = 0, -np.inf
    for kind in range(16):
        prior, started, visits, total, there = of_kind(forest, node, kind)
        if there:
            value = normalised(total / visits if visits > 0 else mean, low, span)
            score = value + settings.c_puct * math.sqrt(nodes[node].started) * prior / (1 + started)
            if score > highest:
                best_kind, highest = kind, score
    prior, started, visits, total, _ = of_kind(forest, node, best_kind)
    unvisited = normalised(total / visits if visits > 0 else mean, low, span)
    scale = settings.c_puct * math.sqrt(max(1, started)) / max(prior, LEAST_PRIOR)
    best, highest = -1, -np.inf
    e = nodes[node].first
    while e >= 0:
        if edges[e].kind == best_kind:
            visits = edges[e].visits
            value = normalised(edges[e].value, low, span) if visits > 0 else unvisited
            score = value + scale * edges[e].prior / (1 + edges[e].started)
            if score > highest:
                best, highest = e, score
        e = edges[e].sibling
    actions, priors, candidate = forest.actions[node], forest.priors[node], -1
    for i in range(nodes[node].opened, nodes[node].count):
        if forest.kinds[node, i] == best_kind and (
            candidate < 0
            or priors[i] > priors[candidate]
            or (priors[i] == priors[candidate] and actions[i] < actions[candidate])
        ):
            candidate = i
    if candidate >= 0 and unvisited + scale * priors[candidate] > highest:
        return open_edge(forest, game, node, candidate)
    return best


@kernel
def mixed_value(forest, node):
    """What edges without visits are taken to be worth: the node's own value and, by their priors, the values
    of the visited edges.
    """
    nodes, edges = forest.nodes, forest.edges
    weight = value = 0.0
    e = nodes[node].first
    while e >= 0:
        visits = edges[e].visits
        if visits > 0:
            weight += edges[e].prior
            value += edges[e].prior * (edges[e].value + edges[e].luck)
        e = edges[e].sibling
    if weight <= 0.0:
        return nodes[node].value
    return (nodes[node].value + (nodes[node].visits - 1) * (value / weight)) / nodes[node].visits


@kernel
def value_scale(forest, settings, node):
    """How much normalised values weigh against the logarithms of priors."""
    most = 0
    e = forest.nodes[node].first
    while e >= 0:
        most = max(most, forest.edges[e].visits)
        e = forest.edges[e].sibling
    return (settings.c_visit + most) * settings.c_scale


@kernel
def improved_weights(forest, settings, game, node):
    """Write the edges' weights under the improved policy into `score`; returns their sum over all candidates
    and the weight of the next candidate.
    """
    nodes, edges = forest.nodes, forest.edges
    low, span = value_range(forest, settings, game, node)
    mixed, scale = mixed_value(forest, node), value_scale(forest, settings, node)
    highest = -np.inf
    e = nodes[node].first
    while e >= 0:
        visits = edges[e].visits
        value = edges[e].value + edges[e].luck if visits > 0 else mixed
        edges[e].score = edges[e].logit + scale * normalised(value, low, span)
        highest = max(highest, edges[e].score)
        e = edges[e].sibling
    unvisited = scale * normalised(mixed, low, span)
    best = rest = 0.0
    opened = nodes[node].opened
    more = opened < nodes[node].count
    if more:
        best = math.log(max(np.float64(forest.priors[node, opened]), LEAST_PRIOR)) + unvisited
        highest = max(highest, best)
        best = math.exp(best - highest)
    total = 0.0
    e = nodes[node].first
    while e >= 0:
        edges[e].score = math.exp(edges[e].score - highest)
        total += edges[e].score
        e = edges[e].sibling
    if more:
        rest = max(nodes[node].mass, 0.0) * math.exp(unvisited - highest)
    return total + rest, best


@kernel
def follow(forest, settings, game, node):
    """The edge whose visits lag most behind the improved policy."""
    nodes, edges = forest.nodes, forest.edges
    total, best = improved_weights(forest, settings, game, node)
    chosen, highest = -1, -np.inf
    e = nodes[node].first
    while e >= 0:
        lag = edges[e].score / total - edges[e].started / nodes[node].started
        if lag > highest:
            chosen, highest = e, lag
        e = edges[e].sibling
    if nodes[node].opened < nodes[node].count and best / total > highest:
        return open_edge(forest, game, node, nodes[node].opened)
    return chosen


@kernel
def known_outcome(forest, settings, edge, draw):
    """One of the nodes below an edge, by predictive probability; -1 when a reply is to be drawn."""
    if settings.widening == 0.0:
        return -1
    nodes, edges = forest.nodes, forest.edges
    limit = settings.widening * np.float64(edges[edge].started + 1) ** settings.widening_power
    if edges[edge].outcomes < limit:
        return -1
    total = 0.0
    n = edges[edge].first
    while n >= 0:
        total += nodes[n].chance
        n = nodes[n].sibling
    left, found = draw * total, -1
    n = edges[edge].first
    while n >= 0:
        if nodes[n].chance > 0.0:
            found = n
            left -= nodes[n].chance
            if left < 0.0:
                break
        n = nodes[n].sibling
    return found


@kernel
def outcome_of(forest, edge, reply):
    """The node that a reply leads to, -1 when it is new."""
    n = forest.edges[edge].first
    while n >= 0 and forest.nodes[n].reply != reply:
        n = forest.nodes[n].sibling
    return n


@kernel
def walk(forest, settings, game, lane):
    """Move a simulation on until something is needed; its new state."""
    nodes, edges, lanes = forest.nodes, forest.edges, forest.lanes
    node, edge = lanes[lane].node, lanes[lane].edge
    while True:
        if edge < 0:
            if nodes[node].count == 0:
                lanes[lane].node = node
                return UNREADY
            edge = select(forest, settings, game, node)
        draw = uniform_at(forest.games[game].seed, lanes[lane].index, lanes[lane].depth)
        child = known_outcome(forest, settings, edge, draw)
        edges[edge].started += 1
        nodes[node].started += 1
        lanes[lane].depth += 1
        lanes[lane].node, lanes[lane].edge, lanes[lane].draw = node, edge, draw
        if child < 0:
            return ASKING
        lanes[lane].child = child
        if nodes[child].state != READY:
            return ARRIVED
        node, edge = child, -1


@kernel
def answer(forest, game, lane, reply):
    """Give a simulation the reply it asked for; its new state."""
    nodes, lanes = forest.nodes, forest.lanes
    edge = lanes[lane].edge
    child = outcome_of(forest, edge, reply)
    if child < 0:
        lanes[lane].child = add_node(forest, game, edge, reply)
        return NEW
    lanes[lane].child = child
    if nodes[child].state != READY:
        return ARRIVED
    lanes[lane].node, lanes[lane].edge = child, -1
    return WALKING
