"""The population: simulated users who differ as people do.

Traits were fitted to 14 episodes of four people (`fitting`, `python -m scripts.users fit`), each episode with
traits of its own. A user drawn from the population has the traits of one of them, each person as likely as
the others, with a jitter as wide as those traits are uncertain; one in ten is *odd*: its deviations from the
mean are doubled. So orders of work spread as people's do, the few who build downwards included, though none
of the held-out types is in it.

All users' numbers are shifted by the same, so that they build at the pace of a standard episode with people's
habits (`settle`).

The numbers are in `population.json`, frozen by the hash `FROZEN` that a test holds them to, as are the
held-out types: change them only before an assistant is trained, never after.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from envs.building.world import USER

from .builder import BuilderUser
from .fitting import NAMES, to_traits
from .traits import USER_TYPES, Traits

FILE = "population.json"
ODD_SHARE, ODD_FACTOR = 0.1, 2.0
"""Share of odd users, and how much farther from the mean they are."""
_PURPOSE = 0x70706C
_DIGITS = 4


@dataclass(frozen=True)
class Population:
    """A distribution of traits: fitted episodes with jitter."""

    people: tuple[str, ...]
    """(E,) the person of each episode."""
    numbers: np.ndarray
    """(E, 25) their fitted numbers, in the order of `fitting.NAMES`."""
    spread: np.ndarray
    """(25,) standard deviations of the jitter."""
    shift: np.ndarray
    """(25,) added to the numbers of all users."""

    def __post_init__(self) -> None:
        given = [part.shape for part in (self.numbers, self.spread, self.shift)]
        if given != [(len(self.people), len(NAMES)), (len(NAMES),), (len(NAMES),)]:
            raise ValueError(
                f"numbers, spread and shift of {len(self.people)} episodes have shapes {given};"
                f" give ({len(self.people)}, {len(NAMES)}), ({len(NAMES)},) and ({len(NAMES)},)"
            )

    @property
    def shares(self) -> np.ndarray:
        """(E,) probabilities of the episodes: persons are equally likely, and so are a person's episodes."""
        counts = np.array([self.people.count(person) for person in self.people])
        return 1 / counts / len(set(self.people))

    @property
    def mean(self) -> np.ndarray:
        """(25,) of the numbers, without shift."""
        return self.shares @ self.numbers

    @property
    def deviation(self) -> np.ndarray:
        """(25,) standard deviations of the numbers among users who are not odd."""
        return np.sqrt(self.shares @ (self.numbers - self.mean) ** 2 + self.spread**2)

    def typical(self) -> Traits:
        """The traits in the middle."""
        return to_traits(self.mean + self.shift)

    def draw(self, seed: int) -> Traits:
        """The traits of the user of an episode with this seed."""
        rng = np.random.default_rng(np.random.SeedSequence((int(seed), _PURPOSE)))
        numbers = self.numbers[rng.choice(len(self.people), p=self.shares)]
        odd = rng.random() < ODD_SHARE
        numbers = numbers + self.spread * rng.standard_normal(len(NAMES))
        if odd:
            numbers = self.mean + ODD_FACTOR * (numbers - self.mean)
        return to_traits(numbers + self.shift)

    def rounded(self) -> Population:
        """As it is once written and read."""
        return self.of_dict(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, rounded."""
        return {
            "people": list(self.people),
            "shift": np.round(self.shift, _DIGITS).tolist(),
            "spread": np.round(self.spread, _DIGITS).tolist(),
            "numbers": np.round(self.numbers, _DIGITS).tolist(),
        }

    @classmethod
    def of_dict(cls, given: Mapping[str, Any]) -> Population:
        """The inverse of `as_dict`."""
        return cls(
            tuple(given["people"]),
            np.array(given["numbers"], float),
            np.array(given["spread"], float),
            np.array(given["shift"], float),
        )


def write_populations(path: Path, populations: Mapping[str, Population], command: str) -> None:
    """Write the population (key "") and those without each person, with the command that made them."""
    record = {"command": command, "names": NAMES, "without": {k: v.as_dict() for k, v in populations.items()}}
    text = json.dumps(record, indent=None).replace("], [", "],\n [").replace('}, "', '},\n"')
    path.write_text(text + "\n")


@cache
def population(without: str = "", path: Path | None = None) -> Population:
    """The shipped population, or that of another file; fitted without one person's episodes.

    ValueError names the people there are.
    """
    text = path.read_text() if path else resources.files(__package__ or "").joinpath(FILE).read_text()
    record = json.loads(text)
    if record["names"] != list(NAMES):
        raise ValueError(
            f"{path or FILE} has other traits than these users; make it again by scripts.users fit"
        )
    if without not in record["without"]:
        people = ", ".join(name for name in record["without"] if name)
        raise ValueError(f"there is no population without {without!r}; choose among {people}")
    return Population.of_dict(record["without"][without])


def model_types() -> dict[str, Traits]:
    """The users that beliefs may reckon with, by name: named types, the population's middle (`typical`), and
    the middle of each person's episodes (`like_PERSON`), at the pace of a standard episode.
    """
    found = population()
    models = {name: kind.traits for name, kind in USER_TYPES.items()} | {"typical": found.typical()}
    for person in dict.fromkeys(found.people):
        mine = found.numbers[[name == person for name in found.people]].mean(axis=0)
        models[f"like_{person}"] = to_traits(mine + found.shift)
    return models


def frozen_hash() -> str:
    """16 hex digits of the shipped populations and the held-out types: what training may use and what not."""
    held_out = {kind.name: kind.traits.vector().tolist() for kind in USER_TYPES.values() if kind.held_out}
    shipped = json.loads(resources.files(__package__ or "").joinpath(FILE).read_text())
    record = [shipped, held_out, ODD_SHARE, ODD_FACTOR]
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]


class PopulationUser(BuilderUser):
    """Builders of whom each episode's has traits of its own, by the episode's seed."""

    def __init__(self, given: Population | None = None, name: str = "population", player: int = USER):
        """given: None for the shipped population."""
        self.population = given or population()
        super().__init__(name, self.population.typical(), player)

    def traits_of(self, seeds: np.ndarray) -> Sequence[Traits]:
        """The traits of the users of episodes with seeds (B,)."""
        return [self.population.draw(int(seed)) for seed in seeds]
