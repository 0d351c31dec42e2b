"""Belief MCTS in plain Python: slow, readable, the yardstick of the fast core.

Nodes are (public state, belief); edges are the assistant's proposed actions; below an edge there is one child
per reply the user gave. Selection is PUCT with min-max normalised values; the user's reply is drawn afresh
from the belief's predictive distribution each time an edge is passed, so edge values are averages over what
the user might do. Rewards are averaged under the belief, never under a sampled goal: a goal that is sampled
and then revealed to the planner would make waiting and asking worthless (strategy fusion).

Source: Silver et al. 2018 (AlphaZero) for PUCT; Laidlaw et al. 2025 (AssistanceZero) for re-drawn replies and
belief-averaged rewards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from .model import SearchModel


@dataclass(frozen=True)
class SearchOptions:
    """Limits and constants of a search."""

    simulations: int = 100
    """Simulations per decision."""
    discount: float = 0.95
    """Discount per step of rewards and values."""
    c_puct: float = 1.0
    """Weight of priors against values; values are min-max normalised over the tree."""

    def __post_init__(self) -> None:
        if self.simulations < 1:
            raise ValueError(f"simulations is {self.simulations}; give 1 or more")
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount is {self.discount}; give a number in (0, 1]")
        if self.c_puct < 0:
            raise ValueError(f"c_puct is {self.c_puct}; give 0 or more")


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


class ReferenceSearch:
    """Plans for one game at a time on any `SearchModel` whose root is slot 0."""

    def __init__(self, model: SearchModel, options: SearchOptions | None = None):
        self.model = model
        self.options = options or SearchOptions()

    def run(self, rng: np.random.Generator) -> SearchResult:
        """Search from slot 0 and return the most visited action (ties: higher value, then higher prior)."""
        self._low, self._high = math.inf, -math.inf
        self._slots = 1
        root = self._make_node(0)
        for _ in range(self.options.simulations):
            self._simulate(root, rng)
        best = max(root.edges, key=lambda edge: (edge.visits, edge.value, edge.prior))
        return SearchResult(
            best.action, sum(edge.total for edge in root.edges) / self.options.simulations, root
        )

    def _make_node(self, slot: int) -> Node:
        found = self.model.evaluate(np.array([slot]))
        count = int(found.counts[0])
        edges = [
            Edge(int(a), float(p))
            for a, p in zip(found.actions[0, :count], found.priors[0, :count], strict=True)
        ]
        return Node(slot, float(found.values[0]), edges)

    def _simulate(self, node: Node, rng: np.random.Generator) -> float:
        edge = self._select(node)
        slot, action = np.array([node.slot]), np.array([edge.action])
        reply = self.model.reply(slot, action, rng.random(1))
        outcome = edge.replies.get(int(reply[0]))
        if outcome is None:
            rewards, ends = self.model.step(slot, action, reply, np.array([self._slots]))
            child = None if ends[0] else self._make_node(self._slots)
            self._slots += 1
            outcome = edge.replies[int(reply[0])] = Outcome(float(rewards[0]), child)
            below = child.value if child else 0.0
        else:
            below = self._simulate(outcome.node, rng) if outcome.node else 0.0
        value = outcome.reward + self.options.discount * below
        edge.visits += 1
        edge.total += value
        node.visits += 1
        self._low, self._high = min(self._low, edge.value), max(self._high, edge.value)
        return value

    def _select(self, node: Node) -> Edge:
        scale = self.options.c_puct * math.sqrt(node.visits)
        span = max(self._high - self._low, 0.01)
        mean = sum(edge.total for edge in node.edges) / max(1, node.visits - 1)
        unvisited = (mean - self._low) / span if node.visits > 1 else 0.0

        def score(edge: Edge) -> float:
            value = (edge.value - self._low) / span if edge.visits else unvisited
            return value + scale * edge.prior / (1 + edge.visits)

        return max(node.edges, key=score)
