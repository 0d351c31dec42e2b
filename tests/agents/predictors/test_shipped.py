"""The networks that come with the package."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.assistants.network import SHIPPED  # noqa: E402
from agents.assistants.scripted import NoneAssistant  # noqa: E402
from agents.predictors.ensemble import load_network  # noqa: E402
from agents.predictors.moments import first_passages  # noqa: E402
from agents.predictors.network import HEADS  # noqa: E402
from agents.predictors.scores import untouched_nll  # noqa: E402
from agents.users import make_user  # noqa: E402
from envs.building import BuildingConfig  # noqa: E402
from envs.building.goals import make_source  # noqa: E402


def test_they_are_small_and_made_of_permissive_data() -> None:
    files = [file for file in SHIPPED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 8e6
    cards = [json.loads(file.read_text()) for file in sorted(SHIPPED.glob("*/card.json"))]
    assert len(cards) == 2
    for card in cards:
        assert card["made"]["licence"] == "permissive"
        assert f"--seed {card['made']['seed']}" in card["made"]["command"]


def test_they_know_houses_of_the_generator_that_they_have_not_seen() -> None:
    """Houses half built: less than .8 nats per untouched cell."""
    goals = make_source("generator").draw(8, np.random.default_rng(2026))
    config = BuildingConfig(goals.size, horizon=1200)
    moments, _, _ = first_passages(config, goals.blocks, make_user("bottom_up"), NoneAssistant(), (0.5,), 0)
    net = load_network(SHIPPED)
    assert net.options.heads == HEADS
    assert untouched_nll(net, moments).mean() < 0.8
