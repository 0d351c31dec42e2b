"""Where dialogues are set, by name: a schema with goals and catalogues for it.

| name | goals | catalogues |
|---|---|---|
| `concierge` | the prior of `goals.draw_goals` | generated |
| `multiwoz` | of real people who wanted a hotel, a restaurant, a train (`multiwoz21_goals`) | generated |
| `sgd` | of real people who planned an evening out (`sgd_goals`) | generated |

    world = make_world("multiwoz")
    env = ChatEnv(world="multiwoz", domains=2)      # or envs.make("chat-v0", world="multiwoz")

A schema of your own is a world too: ``Generated(schema)``. What the recorded ones take from the data is said
in `recorded`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..data import data_root
from .catalogue import Catalogue, draw_catalogues
from .goals import draw_goals
from .persona import Persona
from .schema import CONCIERGE, Schema
from .state import Goal

WORLDS = ("concierge", "multiwoz", "sgd")
"""Names that `make_world` knows."""


class World(Protocol):
    """A schema, and what is drawn for it."""

    @property
    def schema(self) -> Schema:
        """What can be talked about."""

    def goals(
        self,
        batch: int,
        rng: np.random.Generator,
        personas: Sequence[Persona] | None = None,
        domains: int | None = None,
        drift: float = 0.0,
        horizon: int = 40,
    ) -> Goal:
        """Goals of `batch` users; arguments and errors are those of `goals.draw_goals`."""

    def catalogues(self, batch: int, items: int, rng: np.random.Generator) -> Catalogue:
        """Catalogues of `batch` episodes with `items` items of every domain."""


@dataclass(frozen=True)
class Generated:
    """A schema with goals and catalogues from the generators."""

    schema: Schema = CONCIERGE

    def goals(
        self,
        batch: int,
        rng: np.random.Generator,
        personas: Sequence[Persona] | None = None,
        domains: int | None = None,
        drift: float = 0.0,
        horizon: int = 40,
    ) -> Goal:
        """See `World.goals`."""
        return draw_goals(self.schema, batch, rng, personas, domains, drift, horizon)

    def catalogues(self, batch: int, items: int, rng: np.random.Generator) -> Catalogue:
        """See `World.catalogues`."""
        return draw_catalogues(self.schema, batch, items, rng)


def make_world(name: str, data: str | Path | None = None, split: str = "train") -> World:
    """The world called `name`, one of `WORLDS`.

    data: the folder of all data sets, by default `data.data_root`. split: the goals `train` or `val` of a
    recorded world; its schema and its catalogues are always made of `train`. Raises ValueError for other
    names and splits, FileNotFoundError where the data is missing.
    """
    if name == "concierge":
        return Generated()
    if name not in WORLDS:
        raise ValueError(f"world is {name!r}; choose from {', '.join(WORLDS)}")
    from . import recorded

    folder = Path(data or data_root())
    return recorded.multiwoz(folder, split) if name == "multiwoz" else recorded.sgd(folder, split)
