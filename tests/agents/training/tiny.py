"""Trainings in worlds of 6x6x6 that take seconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import nn

from agents.predictors.network import HEADS, NetOptions
from agents.predictors.training import Recipe
from agents.training.selfplay import SelfplayOptions
from agents.training.stages import PretrainOptions

SIZE = (6, 6, 6)
NET = NetOptions(channels=16, blocks=1, cell_channels=8, context=4, heads=HEADS)
USERS = ("bottom_up", "varied")
PRETRAIN = PretrainOptions(
    Recipe(samples=320, batch=32, every=20, lot=8, pool=3, horizon=60, own_from=0.3, net=NET),
    goals="generator",
    users=USERS,
    size=SIZE,
)
SELFPLAY = SelfplayOptions(
    rounds=4,
    worlds=4,
    size=SIZE,
    horizon=24,
    goals="generator",
    users=USERS,
    search=replace(SelfplayOptions().search, simulations=4, candidates=20, wave=4),
    batch=16,
    replay=64,
    net=NET,
)


def weights(net: nn.Module) -> list[np.ndarray]:
    """A network's weights."""
    return [weight.detach().numpy().copy() for weight in net.state_dict().values()]


def equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    """Whether two lists of weights are equal to the bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
