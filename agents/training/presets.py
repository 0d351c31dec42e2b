"""Options of each stage by name: `smoke` (a minute, no data), `cpu` (two cores) and `gpu` (a large card)."""

from __future__ import annotations

from dataclasses import replace

from ..predictors.clone_settling import Settling
from ..predictors.cloning import CloneRecipe
from ..predictors.network import HEADS, NetOptions
from ..predictors.training import Recipe
from .ppo import PpoOptions
from .selfplay import SelfplayOptions
from .stages import CloneStageOptions, Cluster, PretrainOptions

_SMALL = (6, 6, 6)
_TINY_NET = NetOptions(channels=24, blocks=2, cell_channels=12, context=4, heads=HEADS)
_LARGE_NET = NetOptions(channels=192, blocks=8, cell_channels=64, context=32, heads=HEADS)
_ACTING = ("goal", "policy", "value")

SHIPPED = Recipe(samples=800_000, reuse=4.0, own_reuse=6.0, pool=48, net=NetOptions(heads=HEADS))
"""How the weights in the package were trained, in about an hour on one core."""

PRETRAIN = {
    "smoke": PretrainOptions(
        Recipe(samples=6_400, batch=32, every=10, lot=32, horizon=100, own_reuse=8.0, net=_TINY_NET),
        goals="generator",
        size=_SMALL,
    ),
    "cpu": PretrainOptions(SHIPPED),
    "gpu": PretrainOptions(
        replace(SHIPPED, samples=40_000_000, batch=512, lot=256, pool=64, net=_LARGE_NET),
    ),
}
SELFPLAY = {
    "smoke": SelfplayOptions(
        rounds=4, worlds=8, size=_SMALL, horizon=40, goals="generator", users=("bottom_up",), net=_TINY_NET
    ),
    "cpu": SelfplayOptions(rounds=60),
    "gpu": SelfplayOptions(
        rounds=400,
        worlds=128,
        search=replace(SelfplayOptions().search, simulations=100),
        batch=512,
        replay=1_000_000,
        net=_LARGE_NET,
    ),
}
CLONE = {
    "smoke": CloneStageOptions(
        CloneRecipe(samples=3_200, check_every=25), Settling(rounds=2, worlds=1, steps=100)
    ),
    "cpu": CloneStageOptions(),
}
"""`cpu` made the clone in the package; there is nothing for a large card to do."""
PPO = {
    "smoke": PpoOptions(
        iterations=4,
        steps=512,
        worlds=8,
        size=_SMALL,
        horizon=40,
        user="bottom_up",
        net=replace(_TINY_NET, heads=_ACTING),
        minibatch=64,
    ),
    "cpu": PpoOptions(goals="mix"),
    "gpu": PpoOptions(
        iterations=1000,
        steps=65_536,
        worlds=128,
        goals="mix",
        runners=12,
        net=replace(_LARGE_NET, heads=_ACTING),
        minibatch=2048,
        gpus=1.0,
    ),
}
CLUSTER = {
    "smoke": Cluster(runners=1),
    "cpu": Cluster(runners=2),
    "gpu": Cluster(runners=8, runner_gpus=0.1, learner_gpus=0.2),
}
"""Processes of self-play on RLlib."""
