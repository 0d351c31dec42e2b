"""AssistanceZero in one process: what it learns from, and that it learns."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

import torch

from agents.predictors import checkpoints
from agents.predictors.losses import drift_loss, see
from agents.predictors.network import HEADS, NetOptions
from agents.predictors.training import new_net
from agents.predictors.updates import Rates
from agents.training.selfplay import Rollouts, Selfplay, SelfplayOptions, starting_net
from tests.agents.training import tiny

torch.set_num_threads(1)


def test_moments_hold_the_improved_policy_of_the_search() -> None:
    net = new_net(tiny.SIZE, tiny.NET, 0)
    moments = Rollouts(tiny.SELFPLAY, net, 0).play(0).moments
    candidates = tiny.SELFPLAY.search.candidates
    assert moments.candidates.shape[1] == moments.weights.shape[1] >= 2
    assert moments.candidates.shape[1] <= candidates
    np.testing.assert_allclose(moments.weights.sum(axis=1), 1, atol=1e-5)
    assert (moments.weights > 0).sum(axis=1).max() > 1
    assert len(np.unique(moments.clock % tiny.SELFPLAY.every)) > 1  # each episode has its own first step


def test_a_lot_follows_from_seed_round_and_runner() -> None:
    net = new_net(tiny.SIZE, tiny.NET, 0)

    def goals(seed: int, round_: int, runner: int) -> np.ndarray:
        return Rollouts(tiny.SELFPLAY, net, seed).play(round_, runner).moments.goal

    first = goals(0, 0, 0)
    np.testing.assert_array_equal(first, goals(0, 0, 0))
    for other in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert not np.array_equal(first, goals(*other))


def test_selfplay_learns() -> None:
    """Mean losses of the last round against the first; seeded, on one thread. In three seeds the goal's fell
    to 0.72-0.77, the policy's to 0.56-0.61 and the user's to 0.81-0.91.
    """
    options = replace(
        tiny.SELFPLAY,
        rounds=6,
        worlds=8,
        horizon=40,
        users=("bottom_up",),
        batch=32,
        replay=2_000,
        reuse=8.0,
        rates=Rates(last=0.3),
    )
    loop = Selfplay(options, seed=1)
    first, *_, last = [loop.round() for _ in range(options.rounds)]
    assert loop.finished
    assert last["goal"] < 0.85 * first["goal"]
    assert last["policy"] < 0.7 * first["policy"]
    assert last["user"] < 0.95 * first["user"]


def test_drift_holds_beliefs_back() -> None:
    """Beliefs move less in a round where the KL from those before it is priced."""

    def moved(weight: float) -> float:
        weights = replace(tiny.SELFPLAY.weights, drift=weight)
        options = replace(tiny.SELFPLAY, drift_rise=0.0, reuse=20.0, weights=weights)
        loop = Selfplay(options, seed=2)
        before = copy.deepcopy(loop.net)
        measures = loop.round()
        assert ("drift" in measures) == (weight > 0)
        moments, flips = Rollouts(options, before, 2).play(9).moments, np.zeros(24, np.uint8)
        with torch.no_grad():
            pair = [see(net, net, moments, flips[: moments.number]) for net in (before, loop.net)]
        return float(drift_loss(*pair))

    assert moved(30.0) < 0.5 * moved(0.0)


def test_networks_to_start_from_must_fit(tmp_path: Path) -> None:
    checkpoints.save(tmp_path, new_net(tiny.SIZE, tiny.NET, 3))
    started = starting_net(replace(tiny.SELFPLAY, start=str(tmp_path)), 0)
    assert tiny.equal(tiny.weights(started), tiny.weights(new_net(tiny.SIZE, tiny.NET, 3)))
    checkpoints.save(tmp_path, new_net(tiny.SIZE, replace(tiny.NET, heads=HEADS[:1]), 3))
    with pytest.raises(ValueError, match="the network is for worlds of"):
        starting_net(replace(tiny.SELFPLAY, start=str(tmp_path)), 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"rounds": 0}, "rounds is 0"), ({"reuse": 0.0}, r"reuse is 0\.0"), ({"replay": 0}, "replay is 0")],
)
def test_wrong_options_are_named(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelfplayOptions(net=NetOptions(heads=HEADS), **options)  # type: ignore[arg-type]
