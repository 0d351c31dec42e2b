"""The forest: search trees of many games as arrays, and the kernels that work on one tree.

`planners.reference` says in plain Python what these kernels do; they give the same visit counts to the last
one. Nodes are named by their slots, so game g owns the nodes g * N .. (g + 1) * N - 1, its root first. An
edge exists only for candidates that were opened. A node remembers the edge and the reply that led to it, so
backing up needs no path. Candidates are ordered lazily: the best unopened one is swapped to the front
whenever one is opened.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from envs.kernels import inlined, kernel

from .reference import LEAST_PRIOR, WHOLE

PENDING, READY, ENDED = 0, 1, 2
"""States of a node: not evaluated yet, evaluated, the episode is over."""
WALKING, ASKING, NEW, ARRIVED, UNREADY = 0, 1, 2, 3, 4
"""States of a simulation: on its way, in need of a reply, at a new node, at an old node without a way on, at
a node without candidates."""
FINE, EMPTY, BAD_PRIORS, BAD_VALUE, BAD_STEP, RAISED = 0, 1, 2, 3, 4, 5
"""What can be wrong with a model's answer."""


NODE = np.dtype(
    [
        ("state", "i1"),
        ("value", "f8"),
        ("best", "f8"),  # what the node is worth now, by its own evaluation and its best edge
        ("total", "f8"),  # of the returns of simulations from here on
        ("mass", "f8"),  # sum of the priors of unopened candidates
        ("reward", "f8"),  # on the way here
        ("chance", "f8"),  # predictive probability of the reply that led here
        ("reply", "i4"),
        ("parent", "i4"),  # edge that led here, -1 for roots
        ("sibling", "i4"),  # next node below the same edge, -1 for none
        ("first", "i4"),  # first edge, -1 for none; edges follow each other in the order of opening
        ("last", "i4"),
        ("started", "i4"),  # simulations sent through it, and one for its own evaluation
        ("visits", "i4"),  # those that came back, and one
        ("count", "i4"),  # number of candidates, 0 before they are asked for
        ("opened", "i4"),  # so many of the candidates, the first ones, have edges; the next is the best left
        ("moved", "i4"),  # scratch: where the node goes
    ],
    align=True,
)
EDGE = np.dtype(
    [
        ("value", "f8"),  # see `SearchOptions.backup`
        ("total", "f8"),  # of the returns of simulations
        ("logit", "f8"),  # logarithm of the prior
        ("score", "f8"),  # scratch
        ("luck", "f8"),  # gumbel, of the root after the search: see `reference.Edge.luck`
        ("prior", "f4"),
        ("action", "i4"),
        ("node", "i4"),  # where it begins
        ("sibling", "i4"),  # next edge of the same node, -1 for none
        ("first", "i4"),  # first node below, -1 for none; in the order of their coming
        ("last", "i4"),
        ("outcomes", "i4"),  # number of nodes below
        ("started", "i4"),
        ("visits", "i4"),
        ("moved", "i4"),  # scratch: where the edge goes
        ("kind", "i1"),
    ],
    align=True,
)
GAME = np.dtype(
    [
        ("seed", "u8"),
        ("low", "f8"),  # least edge value of the tree
        ("high", "f8"),
        ("nodes", "i4"),  # in use
        ("edges", "i4"),
        ("budget", "i4"),  # simulations of this search
        ("spent", "i4"),
        ("phases", "i4"),  # gumbel: rounds of halving
        ("length", "i4"),  # gumbel: simulations of the present round
        ("cursor", "i4"),  # gumbel: those of them that have started
        ("considered", "i4"),  # gumbel: root edges that the search began with
        ("remaining", "i4"),  # gumbel: those that are left
        ("level", "f8"),  # gumbel: what rounds have changed the values of who was in them, summed
        ("error", "i4"),  # what is wrong with the model's answer ...
        ("failed", "i4"),  # ... at this node
    ],
    align=True,
)
LANE = np.dtype(
    [
        ("draw", "f8"),
        ("state", "i4"),
        ("node", "i4"),
        ("edge", "i4"),
        ("child", "i4"),
        ("depth", "i4"),
        ("index", "i4"),  # number of the simulation's random numbers
    ],
    align=True,
)
"""A simulation on its way."""


class Forest(NamedTuple):
    """Everything that a search of G games, with N nodes and E edges each, keeps between two kernels.

    Arrays of records: whoever looks at an edge looks at all of it, and few arrays make kernels cheap to call
    and to compile.
    """

    nodes: np.ndarray
    """(G * N,) NODE."""
    edges: np.ndarray
    """(G * E,) EDGE."""
    games: np.ndarray
    """(G,) GAME."""
    lanes: np.ndarray
    """(G * wave,) LANE."""
    actions: np.ndarray
    """(G * N, M) int32 candidates of nodes."""
    priors: np.ndarray
    """(G * N, M) float32."""
    kinds: np.ndarray
    """(G * N, M) int8."""
    left: np.ndarray
    """(G, considered) int32 gumbel: root edges, those that are left first."""
    noise: np.ndarray
    """(G, considered) float64 gumbel: their noise."""
    levels: np.ndarray
    """(G, considered) float64 gumbel: the game's level when they were last visited."""


def new_forest(games: int, nodes: int, candidates: int, considered: int, wave: int) -> Forest:
    """Empty trees for `games` games of at most `nodes` nodes with `candidates` candidates each."""
    total = games * nodes
    return Forest(
        np.zeros(total, NODE),
        np.zeros(total + games * considered, EDGE),
        np.zeros(games, GAME),
        np.zeros(games * wave, LANE),
        np.zeros((total, candidates), np.int32),
        np.zeros((total, candidates), np.float32),
        np.zeros((total, candidates), np.int8),
        np.zeros((games, considered), np.int32),
        np.zeros((games, considered)),
        np.zeros((games, considered)),
    )


def tree_bytes(forest: Forest) -> int:
    """Bytes of one tree."""
    return sum(part.nbytes for part in forest) // len(forest.games)


@kernel
def clear(forest, game):
    """Leave a game with its root alone, unevaluated."""
    games = forest.games
    per_game = forest.nodes.shape[0] // games.shape[0]
    games[game].nodes = games[game].edges = 0
    games[game].low, games[game].high = np.inf, -np.inf
    add_node(forest, game, -1, 0)
    return game * per_game


@kernel
def add_node(forest, game, edge, reply):
    """A new node below an edge (-1: a root); its slot."""
    nodes, edges, games = forest.nodes, forest.edges, forest.games
    n = game * (nodes.shape[0] // games.shape[0]) + games[game].nodes
    games[game].nodes += 1
    nodes[n].state = PENDING
    nodes[n].value = nodes[n].best = nodes[n].total = nodes[n].mass = nodes[n].reward = nodes[n].chance = 0.0
    nodes[n].visits = nodes[n].started = 1
    nodes[n].count = nodes[n].opened = 0
    nodes[n].parent, nodes[n].reply = edge, reply
    nodes[n].first = nodes[n].last = nodes[n].sibling = -1
    if edge >= 0:
        if edges[edge].first < 0:
            edges[edge].first = n
        else:
            nodes[edges[edge].last].sibling = n
        edges[edge].last = n
        edges[edge].outcomes += 1
    return n


@kernel
def fail(forest, game, node, error):
    """Note the first thing that was wrong with the model's answers in a game."""
    if forest.games[game].error == FINE:
        forest.games[game].error, forest.games[game].failed = error, node


@kernel
def accept(forest, game, node, count):
    """Take `count` candidates that were written into a node's rows; False when they are no good."""
    nodes = forest.nodes
    if count < 1 or count > forest.actions.shape[1]:
        fail(forest, game, node, EMPTY)
        return False
    priors = forest.priors[node]
    mass = 0.0
    for i in range(count):
        if not priors[i] >= 0.0:
            mass = np.nan
        mass += priors[i]
    if not abs(mass - 1.0) < 1e-3:
        fail(forest, game, node, BAD_PRIORS)
        return False
    nodes[node].count, nodes[node].mass = count, mass
    bring_best(forest, node)
    return True


@kernel
def arrive(forest, game, node, value):
    """A node is evaluated."""
    if not math.isfinite(value):
        fail(forest, game, node, BAD_VALUE)
    forest.nodes[node].value = forest.nodes[node].best = value
    forest.nodes[node].state = READY


@kernel
def stepped(forest, game, node, reward, chance, ends):
    """A step led to a new node."""
    nodes = forest.nodes
    if not (math.isfinite(reward) and chance >= 0.0):
        fail(forest, game, node, BAD_STEP)
    nodes[node].reward, nodes[node].chance = reward, chance
    if ends:
        nodes[node].state = ENDED


@inlined
def swap(forest, node, i, j):
    """Exchange two candidates."""
    actions, priors, kinds = forest.actions[node], forest.priors[node], forest.kinds[node]
    actions[i], actions[j] = actions[j], actions[i]
    priors[i], priors[j] = priors[j], priors[i]
    kinds[i], kinds[j] = kinds[j], kinds[i]


@kernel
def bring_best(forest, node):
    """Swap the unopened candidate of the highest prior (then lowest action) to the front of the unopened."""
    actions, priors = forest.actions[node], forest.priors[node]
    start, end = forest.nodes[node].opened, forest.nodes[node].count
    if start >= end:
        return
    best = start
    for i in range(start + 1, end):
        if priors[i] > priors[best] or (priors[i] == priors[best] and actions[i] < actions[best]):
            best = i
    swap(forest, node, start, best)


@kernel
def open_edge(forest, game, node, index):
    """Turn the unopened candidate at `index` into an edge; its number."""
    nodes, edges, games = forest.nodes, forest.edges, forest.games
    e = game * (edges.shape[0] // games.shape[0]) + games[game].edges
    games[game].edges += 1
    swap(forest, node, nodes[node].opened, index)
    index = nodes[node].opened
    nodes[node].opened += 1
    prior = forest.priors[node, index]
    nodes[node].mass -= prior
    edges[e].node, edges[e].action, edges[e].kind = (
        node,
        forest.actions[node, index],
        forest.kinds[node, index],
    )
    edges[e].prior, edges[e].logit = prior, math.log(max(np.float64(prior), LEAST_PRIOR))
    edges[e].total = edges[e].luck = 0.0
    edges[e].visits = edges[e].started = edges[e].outcomes = 0
    edges[e].first = edges[e].last = edges[e].sibling = -1
    if nodes[node].first < 0:
        nodes[node].first = e
    else:
        edges[nodes[node].last].sibling = e
    nodes[node].last = e
    bring_best(forest, node)
    return e


@kernel
def back_up(forest, settings, game, child):
    """Bring a node's value back to the root."""
    nodes, edges, games = forest.nodes, forest.edges, forest.games
    value = nodes[child].best
    while nodes[child].parent >= 0:
        edge = nodes[child].parent
        value = nodes[child].reward + settings.discount * value
        node = edges[edge].node
        edges[edge].visits += 1
        edges[edge].total += value
        nodes[node].visits += 1
        nodes[node].total += value
        if settings.best:
            edges[edge].value = expected_value(forest, settings, edge)
            value = best_value(forest, node)
            nodes[node].best = value
        else:
            edges[edge].value = edges[edge].total / edges[edge].visits
        games[game].low = min(games[game].low, edges[edge].value)
        games[game].high = max(games[game].high, edges[edge].value)
        child = node


@kernel
def expected_value(forest, settings, edge):
    """What the replies met so far are worth, by their predictive probability; while others may come, no more
    than the node's own evaluation.
    """
    nodes, edges = forest.nodes, forest.edges
    total = weight = 0.0
    n = edges[edge].first
    while n >= 0:
        total += nodes[n].chance * (nodes[n].reward + settings.discount * nodes[n].best)
        weight += nodes[n].chance
        n = nodes[n].sibling
    value = total / weight if weight > 0.0 else edges[edge].total / edges[edge].visits
    return value if weight >= WHOLE else min(value, nodes[edges[edge].node].value)


@kernel
def best_value(forest, node):
    """The greatest of a node's own evaluation and its edges' values."""
    best = forest.nodes[node].value
    e = forest.nodes[node].first
    while e >= 0:
        if forest.edges[e].visits > 0:
            best = max(best, forest.edges[e].value)
        e = forest.edges[e].sibling
    return best


@kernel
def keep_subtree(forest, game, root, child, places):
    """Make `child` the root and drop everything that is not below it; returns the number of nodes kept.

    Written: places (N,), the old slot of each node kept. Nodes keep their order, so slots only move down.
    """
    nodes, edges, games = forest.nodes, forest.edges, forest.games
    first_edge = game * (edges.shape[0] // games.shape[0])
    kept = kept_edges = 0
    for n in range(root, root + games[game].nodes):
        above = edges[nodes[n].parent].node if nodes[n].parent >= 0 else -1
        nodes[n].moved = -1
        if n == child or (above >= child and nodes[above].moved >= 0):
            nodes[n].moved = root + kept
            places[kept] = n
            kept += 1
    for e in range(first_edge, first_edge + games[game].edges):
        edges[e].moved = -1
        if nodes[edges[e].node].moved >= 0:
            edges[e].moved = first_edge + kept_edges
            kept_edges += 1
    nodes[child].parent = nodes[child].sibling = -1
    for i in range(kept):
        _move_node(forest, places[i], root + i)
    games[game].low, games[game].high = np.inf, -np.inf
    for e in range(first_edge, first_edge + games[game].edges):
        if edges[e].moved >= 0:
            _move_edge(forest, e, edges[e].moved)
            if edges[e].visits > 0:
                mean = edges[e].value
                games[game].low, games[game].high = min(games[game].low, mean), max(games[game].high, mean)
    games[game].nodes, games[game].edges = kept, kept_edges
    return kept


@inlined
def _moved(records, old):
    return records[old].moved if old >= 0 else -1


@kernel
def _move_node(forest, old, new):
    nodes, edges = forest.nodes, forest.edges
    own = nodes[new].moved
    nodes[new] = nodes[old]
    nodes[new].moved = own
    nodes[new].parent = _moved(edges, nodes[old].parent)
    nodes[new].sibling = _moved(nodes, nodes[old].sibling)
    nodes[new].first = _moved(edges, nodes[old].first)
    nodes[new].last = _moved(edges, nodes[old].last)
    for i in range(nodes[new].count):
        forest.actions[new, i] = forest.actions[old, i]
        forest.priors[new, i] = forest.priors[old, i]
        forest.kinds[new, i] = forest.kinds[old, i]


@kernel
def _move_edge(forest, old, new):
    nodes, edges = forest.nodes, forest.edges
    own = edges[new].moved
    edges[new] = edges[old]
    edges[new].moved = own
    edges[new].node = nodes[edges[old].node].moved
    edges[new].first = _moved(nodes, edges[old].first)
    edges[new].last = _moved(nodes, edges[old].last)
    edges[new].sibling = _moved(edges, edges[old].sibling)
