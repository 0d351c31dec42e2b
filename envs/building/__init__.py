"""The building game: a user builds a house that only they know, an assistant helps.

World, rules and views are described in `world`, `rules`, `observation`, `vector` and `env`; goals in `goals`.
"""

from .config import BuildingConfig, PlayerConfig, RewardConfig
from .player import Player
from .state import State
from .vector import BuildingBatch, EpisodeOverError, IllegalActionError

__all__ = [
    "BuildingBatch",
    "BuildingConfig",
    "EpisodeOverError",
    "IllegalActionError",
    "Player",
    "PlayerConfig",
    "RewardConfig",
    "State",
]
