"""The building game as a search model that is made of a network alone.

Where `search_model` has particles of goals and user types, a slot here is a public state that the network has
looked at once: its marginals of the goal are the belief, its guess of the user's next act is where replies
are drawn from, its value is the leaf's. So the belief moves through the tree by looking again (amortised), no
user's class or likelihood is needed, and nothing but the public state ever comes in.

Reward of a step: the assistant's edit as the belief of the slot it comes from values it, its expected change
of similarity less `effort` for the chance that the user has to mend it; the user's own gains are left out,
as in `search_model`. The value head is trained on the same (`predictors.moments.Pricing`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, take
from planners.model import Evaluation, Steps

from ..predictors.answers import Answers, answers_of
from ..predictors.moments import Pricing
from ..predictors.network import PredictorNet, predict
from .leaves import Scales, draw_replies, new_leaves, read_answers, step_leaves
from .names import state_name
from .network import THRESHOLD, effort_of

NEEDED = ("user", "value")
"""Heads that planning needs beside the goal's."""


@dataclass(frozen=True)
class LearnedOptions:
    """Constants of a `LearnedModel`."""

    candidates: int = 100
    """Most actions proposed per node: no-op, the legal moves and the best edits at hand."""
    policy_share: float = 0.25
    """Weight of the network's policy in the priors; the rest is a softmax of what edits are worth."""
    effort: float = Pricing.effort
    """What a wrong edit costs beside the loss of similarity; the value head has learned with this."""
    threshold: float = THRESHOLD
    """Least value 2 P - 1 of an edit that the greedy assistant would do."""
    prior_temperature: float = 0.3
    """Temperature of the softmax, in which the no-op is worth 0 and a sure edit 1."""
    move_value: float = -0.3
    """Value that stands for a move in it."""

    def __post_init__(self) -> None:
        if self.candidates < 8:
            raise ValueError(f"candidates is {self.candidates}; give 8 or more")
        if not 0 <= self.policy_share <= 1:
            raise ValueError(f"policy_share is {self.policy_share}; give 0..1")
        if not self.effort >= 0:
            raise ValueError(f"effort is {self.effort}; give 0 or more")
        if not 0 <= self.threshold < 1:
            raise ValueError(f"threshold is {self.threshold}; give a number in [0, 1)")
        if not self.prior_temperature > 0:
            raise ValueError(f"prior_temperature is {self.prior_temperature}; give a number above 0")


class LearnedModel:
    """Slots of the building game for G games at a time, each G with `nodes` of them."""

    def __init__(
        self,
        config: BuildingConfig,
        games: int,
        nodes: int,
        net: PredictorNet,
        options: LearnedOptions | None = None,
    ):
        """ValueError when the network is for other worlds or lacks a head."""
        check_net(net, config, NEEDED)
        own = self.options = options or LearnedOptions()
        self.candidates, self.nodes, self.net = own.candidates, nodes, net
        scales = Scales(
            float(own.effort),
            effort_of(own.threshold),
            own.prior_temperature,
            math.exp(own.move_value / own.prior_temperature),
            math.exp(1.0 / own.prior_temperature),
            own.policy_share if "policy" in net.options.heads else 0.0,
        )
        rules = compile_rules(replace(config, line_of_sight=True))
        self.leaves = new_leaves(config, rules, games, nodes, scales)

    def set_root(self, game: int, state: State, row: int, stream: int = 0) -> None:
        """Put world `row` of a public state into the root of a game.

        stream: random number by which an idle greedy assistant decides whether to stroll; with 0 it does not.
        """
        slot = game * self.nodes
        for mine, theirs in zip(self.leaves.states, state, strict=True):
            mine[slot] = theirs[row]
        self.leaves.streams[game] = stream

    def ask(self, state: State) -> Answers:
        """What the network says of K states, in one call."""
        return answers_of(predict(self.net, state))

    def evaluate(self, slots: np.ndarray) -> Evaluation:
        """See `SearchModel`."""
        slots = np.asarray(slots, np.int64)
        answers = self.ask(take(self.leaves.states, slots))
        shape = (len(slots), self.candidates)
        actions, priors = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        kinds, counts = np.zeros(shape, np.int8), np.zeros(len(slots), np.int32)
        read_answers(self.leaves, slots, answers, actions, priors, kinds, counts)
        return Evaluation(actions, priors, kinds, counts, answers.value.astype(float))

    def reply(self, slots: np.ndarray, actions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """See `SearchModel`. Both act at the same time, so the reply does not depend on the action."""
        out = np.empty(len(slots), np.int32)
        draw_replies(self.leaves, np.asarray(slots, np.int64), np.asarray(uniforms, float), out)
        return out

    def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
        """See `SearchModel`."""
        slots, actions, replies, out = (np.asarray(part, np.int64) for part in (slots, actions, replies, out))
        for part in self.leaves.states:
            part[out] = part[slots]
        steps = Steps(np.zeros(len(out)), np.zeros(len(out)), np.zeros(len(out), np.bool_))
        step_leaves(self.leaves, slots, actions, replies, out, *steps)
        return steps

    def move(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """See `SearchModel`."""
        own = self.leaves
        for part in (*own.states, own.marginals, own.replies, own.chances, own.numbers):
            part[targets] = part[sources]

    def state_name(self, slot: int) -> str:
        """Step and feet cells of a slot."""
        return state_name(self.leaves.states, slot)


def check_net(net: PredictorNet, config: BuildingConfig, heads: tuple[str, ...]) -> None:
    """ValueError when a network is for worlds of another size, or lacks one of the heads."""
    if config.size != net.size:
        raise ValueError(f"the network is for worlds of {net.size}, the game has {config.size}")
    for head in heads:
        if head not in net.options.heads:
            raise ValueError(
                f"the network has heads {', '.join(net.options.heads)} but not {head}; train one with"
                f" NetOptions(heads=...) that has {', '.join(heads)}"
            )
