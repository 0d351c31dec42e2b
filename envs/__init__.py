"""The games, and how to make one by name.

``make("building-v0", horizon=100)`` builds the environment; ``specs()`` lists what there is. A game's module
is imported when the game is made, so ``import envs`` costs nothing. How to check a game of your own:
``envs.testing``.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import Any

from ._kernel_cache import separate_cache

separate_cache()


@dataclass(frozen=True)
class EnvSpec:
    """What ``make`` knows about an environment."""

    id: str
    """Name and version; a change of rules, spaces or rewards makes a new version."""
    entry_point: str
    """``module:callable`` that takes the options of ``make``."""
    doc: str
    """What the environment is, in one line."""


_SPECS = (
    EnvSpec(
        "building-v0",
        "envs.building.env:BuildingEnv",
        "A user builds a house that only they know and an assistant helps (PettingZoo, parallel).",
    ),
    EnvSpec(
        "building-assist-v0",
        "envs.building.assist_env:AssistEnv",
        "The same game for the assistant alone, with a user model inside (Gymnasium; needs user=).",
    ),
    EnvSpec(
        "building-assist-vector-v0",
        "envs.building.vector_env:AssistVectorEnv",
        "Many of the latter at once (Gymnasium vector API; needs user= and num_envs=).",
    ),
    EnvSpec(
        "chat-v0",
        "envs.chat.env:ChatEnv",
        "A user with a hidden goal talks with an assistant who asks, shows and books (PettingZoo, parallel).",
    ),
    EnvSpec(
        "tabular-v0",
        "envs.tabular.env:TabularEnv",
        "Small games with known optimal values, by name: game='tiger' (PettingZoo, parallel).",
    ),
)


def specs() -> list[EnvSpec]:
    """All environments that ``make`` can make."""
    return list(_SPECS)


def make(id: str, **config: Any) -> Any:
    """The environment called ``id``, made with its own options; ValueError when no environment has it."""
    by_id = {spec.id: spec for spec in _SPECS}
    if id not in by_id:
        near = difflib.get_close_matches(str(id), by_id, n=1, cutoff=0.4)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"no environment has the id {id!r}{hint}; the ids are {', '.join(by_id)}")
    module, _, name = by_id[id].entry_point.partition(":")
    return getattr(importlib.import_module(module), name)(**config)


__all__ = ["EnvSpec", "make", "specs"]
