"""The user's whole distribution as a target: exact, of the same episodes, and kept only when asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.assistants.scripted import RandomAssistant  # noqa: E402
from agents.predictors.acts import padded  # noqa: E402
from agents.predictors.losses import user_loss, user_targets  # noqa: E402
from agents.predictors.moments import LIKELIEST, Moments, every_so_often  # noqa: E402
from agents.predictors.network import HEADS, NetOptions, PredictorNet, predict  # noqa: E402
from agents.predictors.players import VariedBuilders  # noqa: E402
from agents.predictors.training import Recipe  # noqa: E402
from agents.users import make_user  # noqa: E402
from envs.building import BuildingBatch, BuildingConfig  # noqa: E402
from envs.building.actions import Codec, triples  # noqa: E402
from envs.building.config import PlayerConfig  # noqa: E402
from envs.building.goals import make_source  # noqa: E402
from envs.building.player import Player  # noqa: E402
from envs.building.world import USER  # noqa: E402

SIZE = (6, 6, 6)
CONFIG = BuildingConfig(SIZE, horizon=60)
GOALS = make_source("generator", SIZE).draw(6, np.random.default_rng(0)).blocks


class Closed:
    """A user that plays and says nothing."""

    name, sees_goal = "closed", True

    def __init__(self) -> None:
        self._user = make_user("bottom_up")
        self.reset, self.act = self._user.reset, self._user.act


def played(user: Player, target: str, config: BuildingConfig = CONFIG) -> Moments:
    return every_so_often(config, GOALS, user, RandomAssistant(), 9, 0, user_target=target)


@pytest.mark.parametrize("user", [make_user("population"), VariedBuilders(), make_user("companion")])
def test_probabilities_are_those_of_the_likelihood_and_share_one(user: Player) -> None:
    batch = BuildingBatch(len(GOALS), CONFIG)
    batch.reset(GOALS)
    user.reset(CONFIG, np.arange(len(GOALS)), batch.latent.goal.copy())
    actions = np.zeros((len(GOALS), 2, 3), np.int16)
    for _ in range(30):
        actions[:, USER] = user.act(batch.state, ~batch.done)
        batch.step(actions)
    rows = np.array([4, 1])
    lists = padded(*batch.legal(USER))[rows]
    found = user.probabilities(batch.state, rows, lists)  # type: ignore[attr-defined]
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    column = int(found[0].argmax())
    did = np.tile(triples(batch.codec, lists[0, column]), (len(GOALS), 1))
    assert np.exp(user.log_prob(batch.state, did))[4] == pytest.approx(found[0, column])  # type: ignore[attr-defined]


def test_a_user_who_waits_does_nothing_for_sure() -> None:
    slow = replace(CONFIG, user=PlayerConfig(act_every=2))
    batch = BuildingBatch(len(GOALS), slow)
    batch.reset(GOALS)
    user = make_user("bottom_up")
    user.reset(slow, np.arange(len(GOALS)), batch.latent.goal.copy())
    batch.step(np.zeros((len(GOALS), 2, 3), np.int16))
    found = user.probabilities(batch.state, np.arange(2), np.array([[0, 7], [0, -1]], np.int32))  # type: ignore[attr-defined]
    assert found.tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_the_target_is_exact_and_the_episodes_are_the_same() -> None:
    full, drawn = played(make_user("population"), "full"), played(make_user("population"), "drawn")
    assert drawn.user_candidates.shape == (drawn.number, 0)
    assert full.user_candidates.shape == (full.number, LIKELIEST)
    for name in Moments._fields[:-2]:
        assert np.array_equal(getattr(full, name), getattr(drawn, name))
    wide = np.arange(Codec.of(CONFIG).size, dtype=np.int32)[None].repeat(full.number, 0)
    chance = user_targets(CONFIG, full, wide)
    assert (full.user_weights.sum(axis=1) > 0.9).all()
    np.testing.assert_allclose(chance.sum(axis=1), 1.0, rtol=1e-5)


def test_of_a_user_who_says_nothing_the_act_drawn_is_learned() -> None:
    torch.manual_seed(0)
    net = PredictorNet(SIZE, NetOptions(8, 1, 4, 2, HEADS))
    flips = np.zeros(1000, np.uint8)
    losses = []
    for target in ("full", "drawn"):
        moments = played(Closed(), target)
        acts = predict(net, moments).user
        assert acts is not None
        losses.append(user_loss(acts, net, CONFIG, moments, flips[: moments.number]).item())
    assert losses[0] == pytest.approx(losses[1])


def test_the_full_target_is_the_mean_of_what_is_drawn() -> None:
    """A loss of the distribution is that of draws from it, less their noise."""
    torch.manual_seed(0)
    net = PredictorNet(SIZE, NetOptions(8, 1, 4, 2, HEADS))
    losses = {}
    for target in ("full", "drawn"):
        moments = every_so_often(
            CONFIG, np.repeat(GOALS, 40, axis=0), make_user("bottom_up"), RandomAssistant(), 9, 0,
            user_target=target,
        )  # fmt: skip
        acts = predict(net, moments).user
        assert acts is not None
        losses[target] = user_loss(acts, net, CONFIG, moments, np.zeros(moments.number, np.uint8)).item()
    assert losses["full"] == pytest.approx(losses["drawn"], rel=0.05)
    assert losses["full"] != losses["drawn"]


def test_wrong_targets_are_named() -> None:
    with pytest.raises(ValueError, match="user_target is 'all'; choose from drawn, full"):
        Recipe(user_target="all")
    with pytest.raises(ValueError, match="user_target is 'all'; choose from drawn, full"):
        played(make_user("bottom_up"), "all")
