"""Belief MCTS in plain Python: slow, readable, the yardstick of faster ones.

Nodes are (public state, belief); edges are the assistant's proposed actions; below an edge there is one child
per reply the user gave. The reply is drawn afresh from the belief's predictive distribution each time an edge
is passed, so edge values are averages over what the user might do. Rewards are averaged under the belief,
never under a sampled goal: a goal that is sampled and then revealed to the planner would make waiting and
asking worthless (strategy fusion).

Two rules say which edge to pass. `puct` weighs values against priors everywhere. `gumbel` considers a few
root actions, those of the highest prior (with Gumbel noise when training), spends its simulations on ever
fewer of them (sequential halving; the i-th visits of all of them meet the same random numbers), and follows
the improved policy below the root. Its choice is an improvement at any number of simulations as far as values
are right.

Sources: Silver et al. 2018 (AlphaZero) for PUCT; Danihelka et al. 2022 (Policy improvement by planning with
Gumbel) for the other, equations in the functions; Laidlaw et al. 2025 (AssistanceZero) for re-drawn replies
and belief-averaged rewards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .model import SearchModel

Rule = Literal["puct", "gumbel"]


@dataclass(frozen=True)
class SearchOptions:
    """Limits and constants of a search."""

    simulations: int = 100
    """Simulations per decision."""
    discount: float = 0.95
    """Discount per step of rewards and values."""
    rule: Rule = "puct"
    """Which edges are passed; see the module's page."""
    c_puct: float = 1.0
    """puct: weight of priors against values; values are min-max normalised over the tree."""
    considered: int = 16
    """gumbel: most root actions that get simulations."""
    c_visit: float = 50.0
    """gumbel: visits that values are worth beside priors from the start."""
    c_scale: float = 0.1
    """gumbel: scale of values against the logarithms of priors."""
    noise: bool = False
    """gumbel: draw the considered actions at random by their priors, for training. Off: the best by prior."""

    def __post_init__(self) -> None:
        if self.simulations < 1:
            raise ValueError(f"simulations is {self.simulations}; give 1 or more")
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount is {self.discount}; give a number in (0, 1]")
        for name in ("c_puct", "c_visit", "c_scale"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more")
        if self.rule not in ("puct", "gumbel"):
            raise ValueError(f"rule is {self.rule!r}; choose puct or gumbel")
        if self.considered < 2:
            raise ValueError(f"considered is {self.considered}; give 2 or more")


@dataclass
class Edge:
    """A proposed action: statistics, and what the user replied to it."""

    action: int
    prior: float
    visits: int = 0
    total: float = 0.0
    replies: dict[int, Outcome] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """Mean return of the simulations through this edge."""
        return self.total / self.visits if self.visits else 0.0


@dataclass
class Outcome:
    """What followed an action and a reply."""

    reward: float
    node: Node | None
    """None when the episode ended."""


@dataclass
class Node:
    """A public state with a belief, kept by the model under `slot`."""

    slot: int
    value: float
    edges: list[Edge]
    visits: int = 1


@dataclass
class SearchResult:
    """What a search found at the root."""

    action: int
    value: float
    root: Node
    policy: np.ndarray
    """Probabilities of the root's edges: visit shares (puct) or the improved policy (gumbel), a training
    target.
    """


class ReferenceSearch:
    """Plans for one game at a time on any `SearchModel` whose root is slot 0."""

    def __init__(self, model: SearchModel, options: SearchOptions | None = None):
        self.model = model
        self.options = options or SearchOptions()

    def run(self, rng: np.random.Generator) -> SearchResult:
        """Search from slot 0.

        puct returns the most visited action (ties: higher value, then higher prior), gumbel the best
        survivor.
        """
        self._low, self._high = math.inf, -math.inf
        self._slots = 1
        root = self._make_node(0)
        if self.options.rule == "gumbel":
            best = self._halve(root, rng)
            policy = self._improved_policy(root)
        else:
            for _ in range(self.options.simulations):
                self._simulate(root, self._select(root), rng)
            best = max(root.edges, key=lambda edge: (edge.visits, edge.value, edge.prior))
            policy = np.array([edge.visits for edge in root.edges]) / self.options.simulations
        value = sum(edge.total for edge in root.edges) / self.options.simulations
        return SearchResult(best.action, value, root, policy)

    def _halve(self, root: Node, rng: np.random.Generator) -> Edge:
        """Sequential halving over the considered actions; returns the survivor of the highest score."""
        options, seed = self.options, int(rng.integers(2**63))
        gumbel = rng.gumbel(size=len(root.edges)) if options.noise else np.zeros(len(root.edges))
        logits = gumbel + np.log([edge.prior for edge in root.edges])
        order = np.argsort(-logits, kind="stable")[: options.considered]
        left = [(root.edges[i], float(logits[i])) for i in order]
        phases, budget = math.ceil(math.log2(max(2, len(left)))), options.simulations

        def score(candidate: tuple[Edge, float]) -> float:
            edge, logit = candidate
            return logit + self._scale(root) * self._normalised(edge.value) if edge.visits else -math.inf

        while budget > 0:
            for _ in range(max(1, options.simulations // (phases * len(left)))):
                for edge, _ in left[:budget]:
                    self._simulate(root, edge, np.random.default_rng((seed, edge.visits)))
                budget -= min(budget, len(left))
            left = sorted(left, key=score, reverse=True)[: max(2, len(left) // 2)]
        return max(left, key=score)[0]

    def _make_node(self, slot: int) -> Node:
        found = self.model.evaluate(np.array([slot]))
        count = int(found.counts[0])
        edges = [
            Edge(int(a), float(p))
            for a, p in zip(found.actions[0, :count], found.priors[0, :count], strict=True)
        ]
        return Node(slot, float(found.values[0]), edges)

    def _simulate(self, node: Node, edge: Edge, rng: np.random.Generator) -> float:
        """Pass an edge, go on below it to a new node, and back the value up; returns `node`'s new return."""
        slot, action = np.array([node.slot]), np.array([edge.action])
        reply = self.model.reply(slot, action, rng.random(1))
        outcome = edge.replies.get(int(reply[0]))
        if outcome is None:
            rewards, ends = self.model.step(slot, action, reply, np.array([self._slots]))
            child = None if ends[0] else self._make_node(self._slots)
            self._slots += 1
            outcome = edge.replies[int(reply[0])] = Outcome(float(rewards[0]), child)
            below = child.value if child else 0.0
        elif outcome.node:
            below = self._simulate(outcome.node, self._select(outcome.node), rng)
        else:
            below = 0.0
        value = outcome.reward + self.options.discount * below
        edge.visits += 1
        edge.total += value
        node.visits += 1
        self._low, self._high = min(self._low, edge.value), max(self._high, edge.value)
        return value

    def _select(self, node: Node) -> Edge:
        if self.options.rule == "gumbel":
            return self._follow(node)
        scale = self.options.c_puct * math.sqrt(node.visits)
        mean = sum(edge.total for edge in node.edges) / max(1, node.visits - 1)
        unvisited = self._normalised(mean) if node.visits > 1 else 0.0

        def score(edge: Edge) -> float:
            value = self._normalised(edge.value) if edge.visits else unvisited
            return value + scale * edge.prior / (1 + edge.visits)

        return max(node.edges, key=score)

    def _follow(self, node: Node) -> Edge:
        """The edge whose visits lag most behind the improved policy (Danihelka et al., equation 14)."""
        lag = self._improved_policy(node) - np.array([edge.visits for edge in node.edges]) / node.visits
        return node.edges[int(np.argmax(lag))]

    def _improved_policy(self, node: Node) -> np.ndarray:
        """softmax(log prior + sigma(completed value)) over the edges (equations 8 to 11).

        Edges without visits are given the node's mixed value: its own estimate and, by their priors, the
        values of the visited edges.
        """
        visited = [edge for edge in node.edges if edge.visits]
        mixed = node.value
        if visited:
            weight = sum(edge.prior for edge in visited)
            mean = sum(edge.prior * edge.value for edge in visited) / weight
            visits = node.visits - 1
            mixed = (node.value + visits * mean) / (1 + visits)
        values = [self._normalised(edge.value if edge.visits else mixed) for edge in node.edges]
        logits = np.log([edge.prior for edge in node.edges]) + self._scale(node) * np.array(values)
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()

    def _scale(self, node: Node) -> float:
        return (self.options.c_visit + max(edge.visits for edge in node.edges)) * self.options.c_scale

    def _normalised(self, value: float) -> float:
        """A value on the scale of the edge values seen in this search, 0..1."""
        return (value - self._low) / max(self._high - self._low, 0.01) if self._high >= self._low else 0.0
