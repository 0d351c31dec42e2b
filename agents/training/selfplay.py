"""AssistanceZero: an assistant that plans with a network plays with simulated users, and the network learns
from what the search found out.

A round plays a lot of whole episodes with the network as it is, keeps moments of them in the replay, and then
learns from random moments of the replay: the search's improved policy, the assistant's returns, the user's
acts and the goal. How far the goal's guesses move in a round is held back by the term `drift`, the more the
later the round. Source: Laidlaw et al. 2025; what differs is in `SelfplayOptions`.

This is the driver in one process. `rllib` runs the same lots, replay, losses and updates with processes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.goals import make_source
from envs.building.player import Player
from envs.building.world import DEFAULT_SIZE, Size
from planners.options import SearchOptions

from ..assistants.learned_planning import SEARCH, LearnedPlanner
from ..predictors import checkpoints
from ..predictors.losses import Weights
from ..predictors.lots import Lot, Lots
from ..predictors.moments import Pricing
from ..predictors.network import HEADS, NetOptions, PredictorNet
from ..predictors.training import new_net
from ..predictors.updates import Rates, Updater
from .replay import Replay
from .trainers import TRAINERS, make_trainers

LOTS, BATCHES = 3, 4
"""Random streams of lots and of batches; `predictors.training` has 0 to 2."""


@dataclass(frozen=True)
class SelfplayOptions:
    """What is played and how it is learned from."""

    rounds: int = 100
    """Of playing and learning."""
    worlds: int = 16
    """Episodes that each runner plays at once in a round; their searches share calls of the network."""
    size: Size = DEFAULT_SIZE
    horizon: int = 380
    goals: str = "mix"
    """Name of a goal source to train on."""
    users: tuple[str, ...] = TRAINERS
    """Names of users that are not held out; each lot has one."""
    every: int = 4
    """Steps between two moments that are kept of an episode, as neighbours are near copies (the paper samples
    every fourth too).
    """
    search: SearchOptions = field(default_factory=lambda: replace(SEARCH, simulations=20, noise=True))
    """Of the assistant. The paper trains with 100 simulations."""
    pricing: Pricing = field(default_factory=Pricing)
    """Of what the assistant earns."""
    weights: Weights = field(default_factory=lambda: Weights(policy=0.3, drift=3.0))
    """Of the terms of the loss; that of `drift` is what it rises to."""
    drift_rise: float = 1.0
    """Share of the rounds over which the weight of `drift` rises from 0 (the paper: all of them, to 10 times
    the goal's).
    """
    rates: Rates = field(default_factory=lambda: Rates(adam=5e-4, muon=5e-3, last=0.1))
    batch: int = 64
    reuse: float = 4.0
    """How often a moment is learned from on average."""
    replay: int = 65_536
    """Moments that are kept."""
    net: NetOptions = field(default_factory=lambda: NetOptions(heads=HEADS))
    """Sizes and heads of a new network."""
    start: str | None = None
    """Folder of a network to start from; `net` then does not matter."""

    def __post_init__(self) -> None:
        for name in ("rounds", "worlds", "horizon", "every", "batch", "replay"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        if not self.reuse > 0 or not self.drift_rise >= 0:
            raise ValueError(
                f"reuse is {self.reuse} and drift_rise {self.drift_rise}; give more than 0, and 0 or more"
            )

    @property
    def config(self) -> BuildingConfig:
        """The game that is played."""
        return BuildingConfig(size=self.size, horizon=self.horizon)

    def loss_weights(self, done: float) -> Weights:
        """Weights of the loss after a share of the rounds."""
        rise = min(1.0, done / self.drift_rise) if self.drift_rise else 1.0
        return replace(self.weights, drift=self.weights.drift * rise)

    def updates(self, played: int) -> int:
        """Batches to learn from when so many moments are new."""
        return max(1, round(self.reuse * played / self.batch))


class Rollouts:
    """Plays lots with the assistant that plans with a network, whatever its weights are just now."""

    def __init__(self, options: SelfplayOptions, net: PredictorNet, seed: int):
        self._seed = seed
        self._lots = Lots(
            options.config,
            make_source(options.goals, options.size),
            make_trainers(options.users),
            options.worlds,
            options.every,
            options.pricing,
        )
        self._planner: Player = LearnedPlanner(net, options.search)

    def play(self, round_: int, runner: int = 0) -> Lot:
        """The lot of a runner in a round."""
        return self._lots.play(self._planner, (self._seed, LOTS, runner, round_))


def starting_net(options: SelfplayOptions, seed: int) -> PredictorNet:
    """The network before the first round. ValueError when it has not all heads or another size."""
    if options.start is None:
        net = new_net(options.size, options.net, seed)
    else:
        net, _ = checkpoints.load(options.start)
    if net.options.heads != HEADS or net.size != options.size:
        raise ValueError(
            f"the network is for worlds of {net.size} with the heads {', '.join(net.options.heads)}; "
            f"AssistanceZero in worlds of {options.size} needs {', '.join(HEADS)}"
        )
    return net


class Selfplay:
    """AssistanceZero in one process: `round` until `finished`. One that is restored from another's `state`
    goes on exactly as that one would.
    """

    def __init__(self, options: SelfplayOptions, seed: int = 0, device: str = "cpu"):
        self.options = options
        self.net = starting_net(options, seed).to(device)
        self.rounds = 0
        self.decisions = 0
        self._rollouts = Rollouts(options, self.net, seed)
        self._replay = Replay(options.replay)
        self._rng = np.random.default_rng(np.random.SeedSequence((seed, BATCHES)))
        self._updater = Updater(self.net, options.config, options.rates)

    @property
    def finished(self) -> bool:
        """Whether all rounds are done."""
        return self.rounds >= self.options.rounds

    def round(self, advance: Callable[[int], None] | None = None) -> dict[str, float]:
        """Play and learn; returns measures of the round, `loss` and terms as means over its batches.

        advance: called with the number of steps that were played.
        """
        self.net.eval()
        lot = self._rollouts.play(self.rounds)
        self._replay.add(lot.moments)
        if advance:
            advance(lot.decisions)
        terms = self._learn(self.options.updates(lot.moments.number))
        self.rounds += 1
        self.decisions += lot.decisions
        played = {"decisions": self.decisions, "goal_percent": lot.goal_percent, "earned": lot.earned}
        return {**played, "replay": self._replay.number, **terms}

    def _learn(self, updates: int) -> dict[str, float]:
        options, done = self.options, (self.rounds + 1) / self.options.rounds
        weights = options.loss_weights(done)
        previous = copy.deepcopy(self.net).eval() if weights.drift else None
        self.net.train()
        totals: dict[str, float] = {}
        for moments, flips in self._replay.batches(updates, options.batch, self._rng):
            loss, terms = self._updater.step(moments, flips, weights, done, previous)
            for name, value in {"loss": loss, **terms}.items():
                totals[name] = totals.get(name, 0.0) + value / updates
        return totals

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as arrays, numbers and dictionaries of these."""
        return {
            "rounds": self.rounds,
            "decisions": self.decisions,
            "rng": self._rng.bit_generator.state,
            "updater": self._updater.state(),
            "replay": self._replay.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the `state` of a self-play with the same options."""
        self.rounds, self.decisions = state["rounds"], state["decisions"]
        self._rng.bit_generator.state = state["rng"]
        self._updater.restore(state["updater"])
        self._replay.restore(state["replay"])
