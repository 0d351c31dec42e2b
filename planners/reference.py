"""Belief MCTS in plain Python: slow, readable, and what the fast forest must equal visit by visit.

Nodes are (public state, belief); edges are the assistant's proposed actions; below an edge there is one
outcome per reply the user gave. The reply is drawn from the belief's predictive distribution, so edge values
are averages over what the user might do. Rewards are averaged under the belief, never under a sampled goal: a
goal that is sampled and then revealed to the planner would make waiting and asking worthless (strategy
fusion).

Two rules say which edge to pass. `puct` weighs values against priors everywhere. `gumbel` considers a few
root actions, those of the highest prior (with Gumbel noise when training), spends its simulations on ever
fewer of them (sequential halving; the i-th visits of all of them meet the same random numbers), and follows
the improved policy below the root. Its choice is an improvement at any number of simulations as far as values
are right. In the end values of root actions with fewer visits than others are put right by what these others'
have changed since (`Edge.luck`).

Candidates without visits share one value, so the next of them to be tried is always the one of the highest
prior: a node *opens* its candidates in this order, and only opened ones have statistics.

Sources: Silver et al. 2018 (AlphaZero) for PUCT; Danihelka et al. 2022 (Policy improvement by planning with
Gumbel) for the other, equations in the functions; Laidlaw et al. 2025 (AssistanceZero) for re-drawn replies,
belief-averaged rewards and choosing kinds of actions first; Coulom 2007 for progressive widening.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from envs.rng import uniform_at

from .model import SearchModel
from .options import SearchOptions

LEAST_PRIOR = 1e-12
"""Priors below count as this much in logarithms."""
WHOLE = 0.999
"""Replies of this probability in all are as good as every reply."""
LEAST_RANGE = 0.01
"""Values that differ by less are not stretched to 0..1."""


@dataclass
class Edge:
    """An opened candidate: statistics, and what the user replied to it."""

    action: int
    prior: float
    kind: int
    logit: float = 0.0
    started: int = 0
    """Simulations sent through it."""
    visits: int = 0
    """Those that came back."""
    total: float = 0.0
    value: float = 0.0
    """See `SearchOptions.backup`."""
    luck: float = 0.0
    """gumbel, at the root when the search is over: by how much the values of other root edges have changed,
    on average, in rounds without this one. The i-th visits of all root edges meet the same replies, so an
    edge that got only the first, lucky ones seems better than those whose mean has fallen since.
    """
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass
class Outcome:
    """What followed an action and a reply."""

    reply: int
    slot: int
    reward: float = 0.0
    chance: float = 0.0
    node: Node | None = None
    """None while it is not evaluated, and for good when the episode ended."""
    ended: bool = False


@dataclass
class Node:
    """A public state with a belief, kept by the model under `slot`."""

    slot: int
    value: float
    candidates: list[tuple[int, float, int]]
    """Unopened (action, prior, kind), the next to open first."""
    mass: float
    """Sum of their priors."""
    edges: list[Edge] = field(default_factory=list)
    started: int = 1
    visits: int = 1
    """Simulations that came back, and the node's own evaluation."""
    total: float = 0.0

    @property
    def best(self) -> float:
        """The greatest of its own evaluation and its edges' values."""
        return max([self.value, *(edge.value for edge in self.edges if edge.visits)])

    def open(self, index: int = 0) -> Edge:
        """Turn a candidate into an edge."""
        action, prior, kind = self.candidates.pop(index)
        self.mass -= prior
        edge = Edge(action, prior, kind, math.log(max(prior, LEAST_PRIOR)))
        self.edges.append(edge)
        return edge


@dataclass
class Pass:
    """One simulation on its way: the edges it passed, and where it came to."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    new: bool = False


@dataclass
class SearchResult:
    """What a search found at the root."""

    action: int
    value: float
    root: Node
    policy: dict[int, float]
    """Probabilities of actions: visit shares (puct) or the improved policy (gumbel), a training target."""


class ReferenceSearch:
    """Plans for one game on any `SearchModel`; its slots are `first`, first + 1, ..."""

    def __init__(self, model: SearchModel, options: SearchOptions | None = None, first: int = 0):
        self.model = model
        self.options = options or SearchOptions()
        self._first = first
        self._root: Node | None = None
        self._kept = False

    def run(self, seed: int) -> SearchResult:
        """Search from the root slot.

        gumbel returns the best survivor, puct the most visited action, or with backup "best" the one of the
        highest value (ties: the first opened).
        """
        if self._root is None or not self._kept:
            self._low, self._high = math.inf, -math.inf
            self._slots = self._first + 1
            self._root = self._make_node(self._first)
        root, self._seed, self._kept = self._root, seed, False
        backs_best = self.options.backup == "best"
        room = self._first + self.options.nodes - self._slots
        budget = min(self.options.simulations, room)
        if self.options.rule == "gumbel":
            best = self._halve(root, budget)
            policy = self._improved_policy(root)
        else:
            if self.options.noise:
                self._mix_noise(root)
            for index in range(0, budget, self.options.wave):
                self._simulate(
                    root, [(None, i) for i in range(index, min(index + self.options.wave, budget))]
                )
            visited = [edge for edge in root.edges if edge.visits]
            best = max(visited, key=lambda edge: edge.value if backs_best else edge.visits)
            policy = {edge.action: edge.visits / (root.visits - 1) for edge in root.edges}
        value = root.best if backs_best else root.total / (root.visits - 1)
        return SearchResult(best.action, value, root, policy)

    def advance(self, action: int, reply: int) -> bool:
        """Keep the subtree of what really happened, in the slots from the root's on; False when there is
        none, and the next search starts anew.
        """
        edges = self._root.edges if self._root and self.options.reuse else []
        found = [o.node for e in edges if e.action == action for o in e.outcomes if o.reply == reply]
        if not found or found[0] is None:
            return False
        self._root, self._kept = found[0], True
        outcomes = list(_below(self._root))
        kept = sorted([self._root, *outcomes], key=lambda node: node.slot)
        targets = range(self._first, self._first + len(kept))
        self.model.move(np.array([node.slot for node in kept]), np.array(targets))
        for node, slot in zip(kept, targets, strict=True):
            node.slot = slot
        self._slots = self._first + len(kept)
        values = [edge.value for node in kept if isinstance(node, Node) for edge in node.edges if edge.visits]
        self._low, self._high = min(values, default=math.inf), max(values, default=-math.inf)
        return True

    def _halve(self, root: Node, budget: int) -> Edge:
        """Sequential halving over the considered actions; returns the survivor of the highest score."""
        every = sorted([*(edge.action for edge in root.edges), *(action for action, _, _ in root.candidates)])
        noise = dict.fromkeys(every, 0.0)
        if self.options.noise:
            noise = dict(zip(every, np.random.default_rng(self._seed).gumbel(size=len(every)), strict=True))
        logits = {edge.action: edge.logit for edge in root.edges}
        logits |= {action: math.log(max(prior, LEAST_PRIOR)) for action, prior, _ in root.candidates}
        first = sorted(every, key=lambda action: (-logits[action] - noise[action], action))
        left = [self._opened(root, action) for action in first[: min(self.options.considered, budget)]]
        phases = math.ceil(math.log2(max(2, len(left))))
        considered, levels = left, dict.fromkeys(first, 0.0)
        spent, level = 0, 0.0

        def score(edge: Edge) -> float:
            if edge.visits == 0:
                return -math.inf
            value = self._normalised(root, edge.value + edge.luck)
            return noise[edge.action] + edge.logit + self._scale(root) * value

        while spent < budget:
            if spent:
                left = sorted(left, key=score, reverse=True)[: max(2, len(left) // 2)]
            before = {edge.action: edge.value for edge in left if edge.visits}
            length = min(budget - spent, max(1, budget // (phases * len(left))) * len(left))
            for at in range(0, length, self.options.wave):
                turns = range(at, min(at + self.options.wave, length))
                self._simulate(root, [(left[turn % len(left)], None) for turn in turns])
            spent += length
            visited = left[:length]
            changes = [edge.value - before[edge.action] for edge in visited if edge.action in before]
            level += sum(changes) / len(changes) if changes else 0.0
            levels |= {edge.action: level for edge in visited}
        if self.options.backup == "mean":
            for edge in considered:
                edge.luck = level - levels[edge.action]
        return max(left, key=score)

    @staticmethod
    def _opened(root: Node, action: int) -> Edge:
        for edge in root.edges:
            if edge.action == action:
                return edge
        return root.open([candidate[0] for candidate in root.candidates].index(action))

    def _mix_noise(self, root: Node) -> None:
        """Mix Dirichlet noise into the priors, action by action in ascending order."""
        share, rng = self.options.noise_share, np.random.default_rng(self._seed)
        every = sorted([*(edge.action for edge in root.edges), *(action for action, _, _ in root.candidates)])
        drawn = rng.dirichlet(np.full(len(every), self.options.noise_concentration / len(every)))
        noise = dict(zip(every, drawn, strict=True))

        def mixed(prior: float, action: int) -> float:
            return float(np.float32((1 - share) * prior + share * noise[action]))

        for edge in root.edges:
            edge.prior = mixed(edge.prior, edge.action)
            edge.logit = math.log(max(edge.prior, LEAST_PRIOR))
        root.candidates = [(a, mixed(p, a), kind) for a, p, kind in root.candidates]
        root.candidates.sort()
        root.mass = sum(prior for _, prior, _ in root.candidates)
        root.candidates.sort(key=lambda candidate: (-candidate[1], candidate[0]))

    def _make_node(self, slot: int) -> Node:
        found = self.model.evaluate(np.array([slot]))
        count = int(found.counts[0])
        columns = (found.actions[0, :count], found.priors[0, :count], found.kinds[0, :count])
        candidates = [(int(a), float(p), int(k)) for a, p, k in zip(*columns, strict=True)]
        mass = sum(prior for _, prior, _ in candidates)
        candidates.sort(key=lambda candidate: (-candidate[1], candidate[0]))
        return Node(slot, float(found.values[0]), candidates, mass)

    def _simulate(self, root: Node, wave: list[tuple[Edge | None, int | None]]) -> None:
        """Send simulations down side by side, each through a given root edge or the best; then evaluate where
        they came to; then back up.

        The number of a simulation's random numbers is given, or that of its visit to the root edge.
        """
        passes = [Pass() for _ in wave]
        walks = [
            self._walk(root, edge, index, done) for (edge, index), done in zip(wave, passes, strict=True)
        ]
        while walks:
            asking = [walk for walk in walks if next(walk, False)]
            walks = [walk for walk in asking if next(walk, False)]
        for done in passes:
            if done.new:
                self._step(done)
        for done in passes:
            self._back_up(done)

    def _walk(self, node: Node, edge: Edge | None, index: int | None, done: Pass) -> Iterator[bool]:
        """One simulation's way down. Stops before it asks for a reply, and after it got one that leads on, so
        that all simulations of a wave ask at once.
        """
        while True:
            edge = edge or self._select(node)
            index = edge.started if index is None else index
            draw = uniform_at(self._seed, index, len(done.edges))
            outcome = self._known(edge, draw)
            edge.started += 1
            node.started += 1
            done.nodes.append(node)
            done.edges.append(edge)
            asked = outcome is None
            if outcome is None:
                yield True
                outcome = self._reply(node, edge, draw, done)
            done.outcomes.append(outcome)
            if outcome.node is None:
                return
            if asked:
                yield True
            node, edge = outcome.node, None

    def _reply(self, node: Node, edge: Edge, draw: float, done: Pass) -> Outcome:
        reply = int(self.model.reply(np.array([node.slot]), np.array([edge.action]), np.array([draw]))[0])
        for known in edge.outcomes:
            if known.reply == reply:
                return known
        edge.outcomes.append(Outcome(reply, self._slots))
        self._slots += 1
        done.new = True
        return edge.outcomes[-1]

    def _step(self, done: Pass) -> None:
        outcome, edge, node = done.outcomes[-1], done.edges[-1], done.nodes[-1]
        numbers = (node.slot, edge.action, outcome.reply, outcome.slot)
        steps = self.model.step(*(np.array([number]) for number in numbers))
        outcome.reward, outcome.chance = float(steps.rewards[0]), float(steps.chances[0])
        outcome.ended = bool(steps.ends[0])
        outcome.node = None if outcome.ended else self._make_node(outcome.slot)

    def _known(self, edge: Edge, draw: float) -> Outcome | None:
        """One of the replies met before, by predictive probability; None when a reply is to be drawn."""
        limit = self.options.widening * (edge.started + 1) ** self.options.widening_power
        known = [outcome for outcome in edge.outcomes if outcome.chance > 0]
        if self.options.widening == 0 or not known or len(edge.outcomes) < limit:
            return None
        left = draw * sum(outcome.chance for outcome in known)
        for outcome in known:
            left -= outcome.chance
            if left < 0:
                return outcome
        return known[-1]

    def _back_up(self, done: Pass) -> None:
        best = self.options.backup == "best"
        last = done.outcomes[-1].node
        value = 0.0 if last is None else last.best if best else last.value
        for node, edge, outcome in reversed(list(zip(done.nodes, done.edges, done.outcomes, strict=True))):
            value = outcome.reward + self.options.discount * value
            edge.visits += 1
            edge.total += value
            node.visits += 1
            node.total += value
            edge.value = self._expected(node, edge) if best else edge.total / edge.visits
            value = node.best if best else value
            self._low, self._high = min(self._low, edge.value), max(self._high, edge.value)

    def _expected(self, node: Node, edge: Edge) -> float:
        """What the replies met so far are worth, by their predictive probability; while others may come, no
        more than the node's own evaluation: a maximum over edges that met lucky replies only would be too
        high.
        """
        total = weight = 0.0
        for outcome in edge.outcomes:
            below = outcome.node.best if outcome.node else 0.0
            total += outcome.chance * (outcome.reward + self.options.discount * below)
            weight += outcome.chance
        value = total / weight if weight > 0 else edge.total / edge.visits
        return value if weight >= WHOLE else min(value, node.value)

    def _select(self, node: Node) -> Edge:
        if self.options.rule == "gumbel":
            return self._follow(node)
        return self._select_in_two_levels(node) if self.options.two_level else self._select_puct(node)

    def _select_puct(self, node: Node) -> Edge:
        """Mean value + c_puct * prior * sqrt(N) / (1 + n); the node's mean for those without visits."""
        scale = self.options.c_puct * math.sqrt(node.started)
        unvisited = self._normalised(node, (node.value + node.total) / node.visits)
        best, highest = None, -math.inf
        for edge in node.edges:
            value = self._normalised(node, edge.value) if edge.visits else unvisited
            score = value + scale * edge.prior / (1 + edge.started)
            if score > highest:
                best, highest = edge, score
        if node.candidates and unvisited + scale * node.candidates[0][1] > highest:
            return node.open()
        assert best
        return best

    def _select_in_two_levels(self, node: Node) -> Edge:
        """PUCT among kinds, by their summed priors and statistics, then among the actions of the kind."""
        c, mean = self.options.c_puct, (node.value + node.total) / node.visits
        best_kind, highest = 0, -math.inf
        for kind in sorted({edge.kind for edge in node.edges} | {kind for _, _, kind in node.candidates}):
            prior, started, visits, total = self._of_kind(node, kind)
            value = self._normalised(node, total / visits if visits else mean)
            score = value + c * math.sqrt(node.started) * prior / (1 + started)
            if score > highest:
                best_kind, highest = kind, score
        prior, started, visits, total = self._of_kind(node, best_kind)
        unvisited = self._normalised(node, total / visits if visits else mean)
        scale = c * math.sqrt(max(1, started)) / max(prior, LEAST_PRIOR)
        best, highest = None, -math.inf
        for edge in node.edges:
            if edge.kind == best_kind:
                value = self._normalised(node, edge.value) if edge.visits else unvisited
                score = value + scale * edge.prior / (1 + edge.started)
                if score > highest:
                    best, highest = edge, score
        for index, (_, candidate, kind) in enumerate(node.candidates):
            if kind == best_kind:
                if unvisited + scale * candidate > highest:
                    return node.open(index)
                break
        assert best
        return best

    @staticmethod
    def _of_kind(node: Node, kind: int) -> tuple[float, int, int, float]:
        """Summed prior, started, visits and total of a kind of actions."""
        edges = [edge for edge in node.edges if edge.kind == kind]
        prior = sum(edge.prior for edge in edges) + sum(p for _, p, k in node.candidates if k == kind)
        started, visits = sum(edge.started for edge in edges), sum(edge.visits for edge in edges)
        return prior, started, visits, sum(edge.total for edge in edges)

    def _follow(self, node: Node) -> Edge:
        """The edge whose visits lag most behind the improved policy (Danihelka et al., equation 14)."""
        weights, total, best = self._improved_weights(node)
        chosen, highest = None, -math.inf
        for edge, weight in zip(node.edges, weights, strict=True):
            lag = weight / total - edge.started / node.started
            if lag > highest:
                chosen, highest = edge, lag
        if node.candidates and best / total > highest:
            return node.open()
        assert chosen
        return chosen

    def _improved_weights(self, node: Node) -> tuple[list[float], float, float]:
        """Weights exp(log prior + sigma(completed value)) of the edges, their sum over all candidates, and
        the weight of the next candidate (equations 8 to 11).

        What has no visits is given the node's mixed value: its own estimate and, by their priors, the values
        of the visited edges.
        """
        mixed = self._mixed_value(node)
        scale = self._scale(node)
        logits = [
            edge.logit + scale * self._normalised(node, edge.value + edge.luck if edge.visits else mixed)
            for edge in node.edges
        ]
        unvisited = scale * self._normalised(node, mixed)
        highest = max(logits, default=-math.inf)
        best = 0.0
        if node.candidates:
            best = math.log(max(node.candidates[0][1], LEAST_PRIOR)) + unvisited
            highest = max(highest, best)
            best = math.exp(best - highest)
        weights = [math.exp(logit - highest) for logit in logits]
        rest = max(node.mass, 0.0) * math.exp(unvisited - highest) if node.candidates else 0.0
        return weights, sum(weights) + rest, best

    def _mixed_value(self, node: Node) -> float:
        weight = value = 0.0
        for edge in node.edges:
            if edge.visits:
                weight += edge.prior
                value += edge.prior * (edge.value + edge.luck)
        if weight <= 0:
            return node.value
        return (node.value + (node.visits - 1) * (value / weight)) / node.visits

    def _improved_policy(self, node: Node) -> dict[int, float]:
        weights, total, _ = self._improved_weights(node)
        policy = {edge.action: weight / total for edge, weight in zip(node.edges, weights, strict=True)}
        rest = 1.0 - sum(policy.values())
        mass = max(LEAST_PRIOR, sum(prior for _, prior, _ in node.candidates))
        return policy | {action: rest * prior / mass for action, prior, _ in node.candidates}

    def _scale(self, node: Node) -> float:
        most = max((edge.visits for edge in node.edges), default=0)
        return (self.options.c_visit + most) * self.options.c_scale

    def _normalised(self, node: Node, value: float) -> float:
        """A value on the scale 0..1 of the edge values of the node (backup "mean") or the tree."""
        low, high = self._low, self._high
        if self.options.backup == "mean":
            values = [edge.value + edge.luck for edge in node.edges if edge.visits]
            low, high = min(values, default=math.inf), max(values, default=-math.inf)
        return (value - low) / max(high - low, LEAST_RANGE) if high >= low else 0.0


def _below(node: Node) -> Iterator[Node | Outcome]:
    """Everything with a slot below a node: nodes, and outcomes that ended."""
    for edge in node.edges:
        for outcome in edge.outcomes:
            if outcome.node:
                yield outcome.node
                yield from _below(outcome.node)
            else:
                yield outcome
