"""Training a goal network on episodes that are played for it, by one fixed recipe.

Moments come from two kinds of episodes: users alone or with a helper who knows nothing, and users with the
network itself as their assistant, because an assistant's own edits lead where no helper's do. Each moment
is used about `reuse` times and then makes room for others, each time in one of its four mirror images. The
budget is a number of samples, not a time, so that a run can be repeated to the bit on one machine.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import torch

from envs.building.config import BuildingConfig
from envs.building.goals import GoalSource
from envs.building.player import Player

from ..assistants.network import NetworkAssistant
from .losses import Weights, total_loss
from .moments import Moments, Pricing, every_so_often, join
from .network import NetOptions, PredictorNet
from .optimiser import Muon
from .players import ErrandHelper


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. The numbers were chosen once (docs/variety.md) and then frozen."""

    samples: int = 80_000
    """Moments shown, repeats counted."""
    batch: int = 64
    learning_rate: float = 2e-3
    """Of Adam, at its peak."""
    muon_rate: float = 0.02
    """Of Muon, at its peak."""
    weight_decay: float = 0.02
    warm_up: float = 0.03
    """Share of the samples over which rates rise; then they fall along a cosine, to `last_rate`."""
    last_rate: float = 0.02
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

    def __post_init__(self) -> None:
        for name in ("samples", "batch", "every", "lot", "pool", "horizon", "refresh"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        if self.samples < self.batch:
            raise ValueError(f"samples is {self.samples}; give at least one batch of {self.batch}")


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
        self._play, self._reuse, self._numbers = play, reuse, count()
        self._lots: deque[Moments] = deque(maxlen=lots)
        self._all: Moments | None = None
        self._left = 0.0
        self.seconds = 0.0

    def draw(self, size: int, rng: np.random.Generator) -> Moments:
        """`size` random moments."""
        while self._all is None or self._left < size:
            began = time.process_time()
            lot = self._play(next(self._numbers))
            self._lots.append(lot)
            self._all = join(list(self._lots))
            self._left += self._reuse * lot.number
            self.seconds += time.process_time() - began
        self._left -= size
        return self._all.take(rng.integers(self._all.number, size=size))


def train(
    source: GoalSource,
    users: Player | Sequence[Player],
    recipe: Recipe | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
    watch: Callable[[int, PredictorNet, dict[str, float]], None] | None = None,
) -> Trained:
    """Train a network on goals of a source as these users build them; each lot of episodes has one of them.

    advance: called with numbers of samples as they are shown. watch: called after each batch with the number
    of samples shown so far, the network, and the terms of the loss. Torch's own random state is left as it
    was.
    """
    recipe = recipe or Recipe()
    builders = users if isinstance(users, Sequence) else [users]
    began = time.process_time()
    config = BuildingConfig(size=source.draw(1, np.random.default_rng(0)).size, horizon=recipe.horizon)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = PredictorNet(config.size, recipe.net)
    helper, own = ErrandHelper(), NetworkAssistant(net, recipe.thresholds, recipe.refresh)

    def lots_with(assistant: Player, stream: int) -> Callable[[int], Moments]:
        def play(number: int) -> Moments:
            words = np.random.SeedSequence((seed, stream, number)).generate_state(3)
            goals = source.draw(recipe.lot, np.random.default_rng(words[0])).blocks
            user = builders[words[2] % len(builders)]
            return every_so_often(config, goals, user, assistant, recipe.every, int(words[1]), recipe.pricing)

        return play

    others = Pool(lots_with(helper, 1), recipe.reuse, recipe.pool)
    owns = Pool(lots_with(own, 2), recipe.own_reuse, recipe.pool)
    rng = np.random.default_rng(np.random.SeedSequence((seed, 0)))
    optimisers = _optimisers(net, recipe)
    losses = np.zeros(recipe.samples // recipe.batch, np.float32)
    for step in range(len(losses)):
        done = step / len(losses)
        from_own = done >= recipe.own_from and rng.random() < recipe.own_share
        moments = (owns if from_own else others).draw(recipe.batch, rng)
        flips = rng.integers(4, size=recipe.batch).astype(np.uint8)
        for optimiser in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * _rate(done, recipe)
        loss, terms = total_loss(net, config, moments, flips, recipe.weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        losses[step] = loss.item()
        if advance:
            advance(recipe.batch)
        if watch:
            watch((step + 1) * recipe.batch, net, {name: term.item() for name, term in terms.items()})
    return Trained(net, losses, time.process_time() - began, others.seconds + owns.seconds)


def _optimisers(net: PredictorNet, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions within the network, Adam for its ends."""
    inner = net.inner_weights()
    others = [weight for weight in net.parameters() if all(weight is not other for other in inner)]
    optimisers: list[torch.optim.Optimizer] = [
        Muon(inner, recipe.muon_rate, recipe.weight_decay),
        torch.optim.AdamW(
            others, recipe.learning_rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
        ),
    ]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return optimisers


def _rate(done: float, recipe: Recipe) -> float:
    """The learning rate as a share of its peak, after a share of the samples."""
    falling = recipe.last_rate + (1 - recipe.last_rate) * 0.5 * (1 + math.cos(math.pi * done))
    return falling * min(1.0, done / recipe.warm_up) if recipe.warm_up else falling
