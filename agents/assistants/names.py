"""What actions and states of the building game are called in pictures of search trees."""

from __future__ import annotations

import numpy as np

from envs.building.actions import Codec, describe, triples
from envs.building.config import BuildingConfig
from envs.building.state import State
from envs.building.world import PLAYERS
from planners.snapshot import Names


def building_names(config: BuildingConfig) -> Names:
    """Names for models of the building game; replies are the user's actions."""
    codec = Codec.of(config)

    def name(flat: int) -> str:
        return describe(triples(codec, np.array(flat)), config.size)

    return Names(name, name)


def state_name(states: State, row: int) -> str:
    """Step and feet cells of one world."""
    feet = states.feet[row].tolist()
    where = [f"{name} at {tuple(cell)}" for name, cell in zip(PLAYERS, feet, strict=True)]
    return f"step {states.clock[row]}, {', '.join(where)}"
