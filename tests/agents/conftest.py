"""Small worlds and houses for the tests of players."""

from __future__ import annotations

import numpy as np
import pytest

from envs.building import BuildingConfig
from envs.building.goals import Goals, make_source

SMALL = (6, 6, 6)


@pytest.fixture(scope="session")
def small() -> BuildingConfig:
    """A world of 6x6x6 with short episodes: 2,383 actions."""
    return BuildingConfig(size=SMALL, horizon=40)


@pytest.fixture(scope="session")
def huts() -> Goals:
    """24 generated houses for the small world."""
    return make_source("generator", SMALL).draw(24, np.random.default_rng(0))


@pytest.fixture(scope="session")
def houses() -> Goals:
    """12 generated houses for the default world."""
    return make_source("generator").draw(12, np.random.default_rng(1))
