"""The chat game: a user with a hidden goal talks with an assistant who asks, explains, shows, and books.

Domains and slots are in `schema`, where dialogues are set in `worlds`, acts in `acts`, rules in `rules`,
goals and utilities in `goals`, feelings in `satisfaction`, words in `language` and `understand`, views in
`vector` and `env`. Users with likelihoods are in `agents.users.chat`.
"""

from .catalogue import Catalogue, draw_catalogues
from .config import ChatConfig
from .goals import draw_goals
from .persona import Persona
from .schema import CONCIERGE, Schema
from .state import Goal, Latent, Mind, State
from .vector import ChatBatch
from .worlds import WORLDS, World, make_world

__all__ = [
    "CONCIERGE",
    "WORLDS",
    "Catalogue",
    "ChatBatch",
    "ChatConfig",
    "Goal",
    "Latent",
    "Mind",
    "Persona",
    "Schema",
    "State",
    "World",
    "draw_catalogues",
    "draw_goals",
    "make_world",
]
