"""Training a goal network on episodes that are played for it, by one fixed recipe.

Moments come from two kinds of episodes: users alone or with a helper who knows nothing, and users with the
network itself as their assistant, because an assistant's own edits lead where no helper's do. Each moment
is used about `reuse` times and then makes room for others, each time in one of its four mirror images. The
budget is a number of samples, not a time, so that a run can be repeated to the bit on one machine.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from envs.building.config import BuildingConfig
from envs.building.goals import GoalSource
from envs.building.player import Player
from envs.building.world import Size

from ..assistants.network import NetworkAssistant
from .losses import Weights
from .lots import Lots
from .moments import USER_TARGETS, Moments, Pricing, join
from .network import NetOptions, PredictorNet
from .players import ErrandHelper
from .updates import Rates, Updater


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. The numbers were chosen once (docs/variety.md) and then frozen."""

    samples: int = 80_000
    """Moments shown, repeats counted."""
    batch: int = 64
    rates: Rates = field(default_factory=Rates)
    """Of learning."""
    weights: Weights = field(default_factory=Weights)
    """Of the terms of the loss."""
    pricing: Pricing = field(default_factory=Pricing)
    """Of what the assistant earns, for the value head."""
    own_from: float = 0.25
    """Share of the samples after which the network begins to assist in episodes ..."""
    own_share: float = 0.5
    """... from which this share of the batches is drawn."""
    thresholds: tuple[float, float] = (0.2, 0.7)
    """Of the network as assistant, see `NetworkAssistant`."""
    refresh: int = 6
    every: int = 40
    """Steps between two moments of an episode."""
    lot: int = 64
    """Episodes that are played at a time."""
    reuse: float = 2.0
    """How often a moment is used on average."""
    own_reuse: float = 4.0
    """The same for episodes with the network, which take longer to play."""
    pool: int = 16
    """Lots that are kept to draw batches from."""
    horizon: int = 460
    """Steps of an episode: by then most users have done three quarters."""
    net: NetOptions = field(default_factory=NetOptions)
    user_target: str = "drawn"
    """What the user's head learns, one of `moments.USER_TARGETS`."""

    def __post_init__(self) -> None:
        for name in ("samples", "batch", "every", "lot", "pool", "horizon", "refresh"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        if self.samples < self.batch:
            raise ValueError(f"samples is {self.samples}; give at least one batch of {self.batch}")
        if self.user_target not in USER_TARGETS:
            raise ValueError(f"user_target is {self.user_target!r}; choose from {', '.join(USER_TARGETS)}")


@dataclass
class Trained:
    """A network and how it came about."""

    net: PredictorNet
    losses: np.ndarray
    """(steps,) float32 training loss in nats per cell."""
    seconds: float
    """CPU time of the process."""
    playing: float
    """Of these, seconds spent on playing episodes."""


class Pool:
    """Moments to draw batches from: as they are used, new lots are played and the oldest go."""

    def __init__(self, play: Callable[[int], Moments], reuse: float, lots: int):
        """play: makes lot 0, 1, ... reuse: how often a moment may be used on average."""
        self._play, self._reuse, self._number = play, reuse, 0
        self._lots: deque[Moments] = deque(maxlen=lots)
        self._all: Moments | None = None
        self._left = 0.0
        self.seconds = 0.0

    def draw(self, size: int, rng: np.random.Generator) -> Moments:
        """`size` random moments."""
        while self._all is None or self._left < size:
            began = time.process_time()
            lot = self._play(self._number)
            self._number += 1
            self._lots.append(lot)
            self._all = join(list(self._lots))
            self._left += self._reuse * lot.number
            self.seconds += time.process_time() - began
        self._left -= size
        return self._all.take(rng.integers(self._all.number, size=size))

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as arrays and numbers."""
        return {
            "number": self._number,
            "left": self._left,
            "seconds": self.seconds,
            "sizes": np.array([lot.number for lot in self._lots], np.int64),
            "moments": self._all._asdict() if self._all else {},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._number, self._left, self.seconds = state["number"], state["left"], state["seconds"]
        self._lots.clear()
        self._all = Moments(**state["moments"]) if state["moments"] else None
        if self._all:
            for stop, size in zip(np.cumsum(state["sizes"]), state["sizes"], strict=True):
                self._lots.append(self._all.take(slice(stop - size, stop)))


class Training:
    """A training under way: `step` until `finished`. A training that is restored from another's `state` goes
    on exactly as that one would.
    """

    def __init__(
        self,
        source: GoalSource,
        users: Player | Sequence[Player],
        recipe: Recipe | None = None,
        seed: int = 0,
        device: str = "cpu",
    ):
        """users: each lot of episodes has one of them. device: where the network is."""
        self.recipe = recipe = recipe or Recipe()
        builders = users if isinstance(users, Sequence) else [users]
        self._began, self._before = time.process_time(), 0.0
        size = source.draw(1, np.random.default_rng(0)).size
        self.config = config = BuildingConfig(size=size, horizon=recipe.horizon)
        self.net = new_net(size, recipe.net, seed).to(device)
        lots = Lots(config, source, builders, recipe.lot, recipe.every, recipe.pricing, recipe.user_target)
        helper, own = ErrandHelper(), NetworkAssistant(self.net, recipe.thresholds, recipe.refresh)
        self._others = Pool(
            lambda number: lots.play(helper, (seed, 1, number)).moments, recipe.reuse, recipe.pool
        )
        self._owns = Pool(
            lambda number: lots.play(own, (seed, 2, number)).moments, recipe.own_reuse, recipe.pool
        )
        self._rng = np.random.default_rng(np.random.SeedSequence((seed, 0)))
        self._updater = Updater(self.net, config, recipe.rates)
        self.losses = np.zeros(recipe.samples // recipe.batch, np.float32)
        self.steps = 0

    @property
    def samples(self) -> int:
        """Samples shown so far."""
        return self.steps * self.recipe.batch

    @property
    def finished(self) -> bool:
        """Whether all samples of the recipe have been shown."""
        return self.steps == len(self.losses)

    @property
    def seconds(self) -> float:
        """CPU time of the process, and of those before it."""
        return self._before + time.process_time() - self._began

    def step(self) -> dict[str, float]:
        """Learn from the next batch; returns the terms of its loss. LossNotFinite when they are none."""
        recipe, done = self.recipe, self.steps / len(self.losses)
        from_own = done >= recipe.own_from and self._rng.random() < recipe.own_share
        moments = (self._owns if from_own else self._others).draw(recipe.batch, self._rng)
        flips = self._rng.integers(4, size=recipe.batch).astype(np.uint8)
        loss, terms = self._updater.step(moments, flips, recipe.weights, done)
        self.losses[self.steps] = loss
        self.steps += 1
        return terms

    def trained(self) -> Trained:
        """The network as it is."""
        return Trained(self.net, self.losses, self.seconds, self._others.seconds + self._owns.seconds)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as arrays, numbers and dictionaries of these."""
        return {
            "steps": self.steps,
            "seconds": self.seconds,
            "losses": self.losses,
            "rng": self._rng.bit_generator.state,
            "updater": self._updater.state(),
            "others": self._others.state(),
            "owns": self._owns.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the `state` of a training with the same arguments."""
        self.steps, self._before, self.losses = state["steps"], state["seconds"], state["losses"].copy()
        self._began = time.process_time()
        self._rng.bit_generator.state = state["rng"]
        self._updater.restore(state["updater"])
        self._others.restore(state["others"])
        self._owns.restore(state["owns"])


def new_net(size: Size, options: NetOptions, seed: int) -> PredictorNet:
    """A network with weights drawn by a seed; torch's own random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PredictorNet(size, options)


def train(
    source: GoalSource,
    users: Player | Sequence[Player],
    recipe: Recipe | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Trained:
    """Train a network on goals of a source as these users build them, all of `Training` at once.

    advance: called with numbers of samples as they are shown.
    """
    training = Training(source, users, recipe, seed)
    while not training.finished:
        training.step()
        if advance:
            advance(training.recipe.batch)
    return training.trained()
