"""Who and what may train an assistant: users that are not held out, and houses under the wanted licences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from envs.building.goals.library.licences import PERMISSIVE
from envs.building.goals.named import EVALUATION, LIBRARY_SETS, RECOMBINED_WEIGHTS
from envs.building.player import Player
from envs.data import data_sets

from ..predictors.players import VariedBuilders
from ..users import evaluation_only, make_user

LICENCES = ("permissive", "any")
TRAINERS = (
    *["population"] * 4,
    *[VariedBuilders.name] * 4,
    *("outline_first", "layer", "companion", "tolerant"),
)
"""Users of the shipped training, equally often each: a third like people, a third of all kinds."""

_SETS = {"library": LIBRARY_SETS, "recombined": tuple(RECOMBINED_WEIGHTS), "mix": tuple(RECOMBINED_WEIGHTS)}


def make_trainers(names: Sequence[str]) -> list[Player]:
    """Users by name, as often as they are named; `varied` is `VariedBuilders`. ValueError for those that are
    there to judge.
    """
    if not names:
        raise ValueError("no users are given; name at least one to train with")
    for name in names:
        if evaluation_only(name):
            raise ValueError(f"user is {name!r}, which is there to judge; train with another")
    made = {
        name: VariedBuilders() if name == VariedBuilders.name else make_user(name)
        for name in dict.fromkeys(names)
    }
    return [made[name] for name in names]


def licensed(goals: str, licence: str) -> str:
    """The goal source `goals` with houses under such licences: ``mix`` or ``mix:any``. ValueError for houses
    that are there to judge.
    """
    if goals.partition(":")[0] in EVALUATION:
        raise ValueError(f"goals is {goals!r}, which is there to judge; train on generator, mix or your own")
    if licence not in LICENCES:
        raise ValueError(f"licence is {licence!r}; give {' or '.join(LICENCES)}")
    return f"{goals}:any" if licence == "any" and goals in _SETS else goals


def provenance(goals: str) -> dict[str, Any]:
    """What a goal source is made of, for a checkpoint's card: data sets with a hash of their ``train`` files,
    and the licences that were let in.
    """
    name, _, asked = goals.partition(":")
    if name not in _SETS:
        return {"goals": goals, "data": {}, "licences": []}
    found = {}
    for folder in data_sets(*_SETS[name]):
        digest = hashlib.sha256()
        for file in sorted(folder.glob("*train*")):
            digest.update(file.name.encode() + file.read_bytes())
        found[folder.name] = digest.hexdigest()[:16]
    return {"goals": goals, "data": found, "licences": ["any"] if asked == "any" else sorted(PERMISSIVE)}
