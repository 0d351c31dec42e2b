"""How a network learns from a batch: optimisers, their rates, and one step that refuses what is not a number.

Convolutions within the network are learned by Muon and its ends by AdamW, or all of it by AdamW. Every loop
of the suite, supervised or by self-play, in one process or in RLlib's learners, uses these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from envs.building.config import BuildingConfig

from .losses import Weights, total_loss
from .moments import Moments
from .network import PredictorNet
from .optimiser import Muon

OPTIMISERS = ("muon", "adamw")
LONGEST = 1.0
"""Norm to which gradients are clipped."""


@dataclass(frozen=True)
class Rates:
    """Learning rates and how they rise and fall."""

    adam: float = 2e-3
    """At its peak."""
    muon: float = 0.02
    """At its peak."""
    weight_decay: float = 0.02
    warm_up: float = 0.03
    """Share of the training over which rates rise; then they fall along a cosine, to `last`."""
    last: float = 0.02
    optimiser: str = "muon"
    """`muon` for the convolutions within the network and AdamW for its ends, or `adamw` for all of it."""

    def __post_init__(self) -> None:
        if self.optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser is {self.optimiser!r}; choose from {', '.join(OPTIMISERS)}")

    def share(self, done: float) -> float:
        """The rates as a share of their peak, after a share of the training."""
        falling = self.last + (1 - self.last) * 0.5 * (1 + math.cos(math.pi * done))
        return falling * min(1.0, done / self.warm_up) if self.warm_up else falling


class LossNotFinite(ValueError):
    """A loss or its gradient is no finite number. `moments` and `flips` are the batch; the network is as it
    was before it.
    """

    def __init__(self, terms: dict[str, float], norm: float, moments: Moments, flips: np.ndarray):
        self.terms, self.norm, self.moments, self.flips = terms, norm, moments, flips
        shown = ", ".join(f"{name} {value:.3g}" for name, value in terms.items())
        super().__init__(
            f"the loss is not finite (terms: {shown}; norm of the gradient {norm:.3g}); lower the rates, or "
            "look for what is wrong in the batch"
        )


def make_optimisers(net: PredictorNet, rates: Rates) -> dict[str, torch.optim.Optimizer]:
    """By name, those of `Rates.optimiser`."""
    inner = net.inner_weights() if rates.optimiser == "muon" else []
    others = [weight for weight in net.parameters() if all(weight is not other for other in inner)]
    adam = torch.optim.AdamW(
        others, rates.adam, betas=(0.9, 0.98), weight_decay=rates.weight_decay, fused=True
    )
    return {"muon": Muon(inner, rates.muon, rates.weight_decay), "adam": adam} if inner else {"adam": adam}


def set_rates(optimisers: dict[str, torch.optim.Optimizer], rates: Rates, done: float) -> None:
    """Set the optimisers' rates for a share of the training that is done."""
    peaks = {"muon": rates.muon, "adam": rates.adam}
    for name, optimiser in optimisers.items():
        for group in optimiser.param_groups:
            group["lr"] = peaks[name] * rates.share(done)


def clip(net: torch.nn.Module) -> float:
    """Clip the network's gradient to `LONGEST`; returns its norm before."""
    return float(torch.nn.utils.clip_grad_norm_(net.parameters(), LONGEST))


class Updater:
    """A network's optimisers, and steps along the gradient of its loss."""

    def __init__(self, net: PredictorNet, config: BuildingConfig, rates: Rates):
        self.net, self.config, self.rates = net, config, rates
        self.optimisers = make_optimisers(net, rates)

    def step(
        self,
        moments: Moments,
        flips: np.ndarray,
        weights: Weights,
        done: float,
        previous: PredictorNet | None = None,
    ) -> tuple[float, dict[str, float]]:
        """Learn from n moments, see `total_loss`; returns the loss and its terms. LossNotFinite when there is
        nothing to learn from it.

        done: share of the training, which says how large a step is.
        """
        for optimiser in self.optimisers.values():
            optimiser.zero_grad()
        set_rates(self.optimisers, self.rates, done)
        loss, parts = total_loss(self.net, self.config, moments, flips, weights, previous)
        loss.backward()
        norm = clip(self.net)
        value, terms = loss.item(), {name: term.item() for name, term in parts.items()}
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise LossNotFinite(terms, norm, moments, flips)
        for optimiser in self.optimisers.values():
            optimiser.step()
        return value, terms

    def state(self) -> dict[str, Any]:
        """Weights and what the optimisers remember, as arrays that are copies."""
        memories = {
            name: {
                str(number): {key: _array(value) for key, value in optimiser.state[weight].items()}
                for number, weight in enumerate(_weights(optimiser))
            }
            for name, optimiser in self.optimisers.items()
        }
        return {"net": net_state(self.net), "optimisers": memories}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        restore_net(self.net, state["net"])
        for name, optimiser in self.optimisers.items():
            for number, weight in enumerate(_weights(optimiser)):
                kept = state["optimisers"][name].get(str(number), {})
                optimiser.state[weight] = {key: _like(weight, value) for key, value in kept.items()}


def net_state(net: PredictorNet) -> dict[str, np.ndarray]:
    """A network's weights as arrays that are copies."""
    return {name: _array(weight) for name, weight in net.state_dict().items()}


def restore_net(net: PredictorNet, state: dict[str, np.ndarray]) -> None:
    """Give a network the weights of `net_state`."""
    net.load_state_dict({name: torch.from_numpy(weight) for name, weight in state.items()})


def _weights(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy()


def _like(weight: Tensor, value: np.ndarray) -> Tensor:
    """The array as a tensor, laid out in memory as its weight is: the fused AdamW relies on that."""
    tensor = torch.from_numpy(np.array(value))
    if tensor.shape != weight.shape:
        return tensor
    return torch.empty_like(weight, requires_grad=False).copy_(tensor)
