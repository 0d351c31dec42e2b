"""Worlds made of real people's goals: MultiWOZ 2.1 and Schema-Guided Dialogue.

**From the data**: which domains a user wants; the values they have in mind (the ideals); what they would take
instead where they say so (MultiWOZ: the constraint that fails is the ideal, the one that holds in the end the
second choice, and they give it up first); slots that they ask about without naming a value (they matter, and
the user learns what they want there by seeing examples); whether a hotel and a restaurant have to be in the
same place (MultiWOZ, from the goal's wording). Slots they do not speak of do not matter to them.

**Not in the data, from the prior of `goals`**: weights, which of the values are hard constraints beyond
those, what an unknown ideal is, the budget (per domain, times what the ideal price range costs), persona and
drift.

**Catalogues** are drawn, for neither set comes with its data base: each attribute from a Dirichlet
distribution around half the goals' frequencies and half equal shares, prices around the item's price range.

**Schemas** are made of `train`: a domain's slots that 5 % of its goals name, the commonest first, seven at
most. Times become bins of equal share, words their six commonest values or five and `other`. Slots of which
the five commonest cover less than 60 % (names, dates, cities with many spellings) are left out, and so is
what belongs to the booking instead of the item (MultiWOZ: day, people and length of a stay).
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .catalogue import Catalogue, draw_categories, draw_stock, empty_catalogue
from .goals import derive, draw_drift, draw_goals, draw_importance
from .persona import Persona
from .schema import (
    ATTRIBUTES,
    CATEGORICAL,
    DOMAINS,
    NUMERIC,
    ORDINAL,
    OTHER,
    SLOTS,
    VALUES,
    Attribute,
    Domain,
    Schema,
)
from .state import Goal

SPLITS = ("train", "val")
NAMED_BY, COVERED = 0.05, 0.6
"""Slots that fewer goals name, or whose five commonest values cover less, are left out of schemas."""
PRICE, PRICE_SPREAD = 100.0, 0.2
"""Price of an item of the middle price range, and the standard deviation of its logarithm."""
_RANGES = ("cheap", "inexpensive", "moderate", "expensive", "very expensive")
_FACTORS = {"cheap": 0.6, "inexpensive": 0.6, "expensive": 1.6, "very expensive": 2.4}
_POPULARITY = 2.0
_MULTIWOZ = ("hotel", "restaurant", "train")
_MULTIWOZ_NAMES = {"pricerange": "price range", "arriveBy": "arrival", "leaveAt": "departure time"}
_EVENING = ("Restaurants_1", "Movies_1", "Events_1")
"""The three services of SGD that can be booked and occur together in most dialogues."""


class Wish(NamedTuple):
    """What one dialogue says of one domain."""

    values: Mapping[str, str]
    """By slot."""
    instead: Mapping[str, str]
    """What would do as well, by slot."""
    asks: Sequence[str]
    """Slots to be told about."""


Wishes = Mapping[str, Wish]
"""What a dialogue is about, by domain."""


@dataclass(frozen=True)
class Recorded:
    """A `worlds.World` of recorded goals, n in all."""

    schema: Schema
    wanted: np.ndarray
    """(n, DOMAINS) bool."""
    value: np.ndarray
    """(n, SLOTS) int8 the value named; -1."""
    instead: np.ndarray
    """(n, SLOTS) int8 the value that would do; -1."""
    asked: np.ndarray
    """(n, SLOTS) bool: asked about, without a value."""
    together: np.ndarray
    """(n,) bool: linked bookings have to agree."""
    shares: np.ndarray
    """(SLOTS, VALUES) float64 frequencies of the values in the goals of `train`."""
    factors: np.ndarray = field(repr=False)
    """(SLOTS, VALUES) float64 what a value makes of the price."""

    def __len__(self) -> int:
        return len(self.wanted)

    def goals(
        self,
        batch: int,
        rng: np.random.Generator,
        personas: Sequence[Persona] | None = None,
        domains: int | None = None,
        drift: float = 0.0,
        horizon: int = 40,
    ) -> Goal:
        """Goals of `batch` users drawn from the recorded ones; see `goals.draw_goals` for the arguments."""
        goal = draw_goals(self.schema, batch, rng, personas, domains)
        rows = np.flatnonzero(self.wanted.sum(axis=1) == domains) if domains else np.arange(len(self))
        if not len(rows):
            raise ValueError(f"no goal of {self.schema.name} wants {domains} domains; leave out domains")
        rows = rng.choice(rows, batch)
        each = goal.budget / goal.wanted.sum(axis=1)
        goal.wanted[:] = self.wanted[rows]
        named, asked = self.value[rows] >= 0, self.asked[rows]
        goal.ideal[named] = self.value[rows][named]
        for d, domain in enumerate(self.schema.domains):
            own = slice(d * ATTRIBUTES, d * ATTRIBUTES + len(domain.attributes))
            draw_importance(goal, own, rng, (named | asked)[:, own], asked[:, own])
        same = (goal.second == goal.ideal) & (self.schema.counts > 0)
        goal.second[:] = np.where(same, (goal.ideal + 1) % np.maximum(self.schema.counts, 1), goal.second)
        yields = self.instead[rows] >= 0
        goal.second[yields] = self.instead[rows][yields]
        goal.hard[yields] = 1
        goal.near[~self.together[rows]] = 0
        goal.budget[:] = each * (self._price_factors(goal.ideal) * goal.wanted).sum(axis=1)
        draw_drift(self.schema, goal, drift, horizon, rng)
        derive(self.schema, goal)
        return goal

    def catalogues(self, batch: int, items: int, rng: np.random.Generator) -> Catalogue:
        """Catalogues of `batch` episodes with `items` items of every domain; see the module's page."""
        found = empty_catalogue(batch, items)
        levels = np.full((batch, items, SLOTS), -1, np.int8)
        for slot in self.schema.slots.values():
            count = self.schema.counts[slot]
            mean = 0.5 * self.shares[slot, :count] + 0.5 / count
            levels[:, :, slot] = draw_categories(_POPULARITY * count * mean, batch, items, rng)
        for d in range(len(self.schema.domains)):
            own = slice(d * items, (d + 1) * items)
            found.sizes[:, d] = items
            found.values[:, own] = levels[:, :, d * ATTRIBUTES : (d + 1) * ATTRIBUTES]
            scatter = np.exp(PRICE_SPREAD * rng.standard_normal((batch, items)))
            found.price[:, own] = np.round(PRICE * scatter * self._price_factors(levels)[:, :, d])
            found.sold_at[:, own] = draw_stock(batch, items, rng)
        return found

    def _price_factors(self, values: np.ndarray) -> np.ndarray:
        """(..., DOMAINS) what values (..., SLOTS) make of the price of each domain's item."""
        each = np.where(values >= 0, self.factors[np.arange(SLOTS), np.maximum(values, 0)], 1.0)
        return each.reshape(*values.shape[:-1], DOMAINS, ATTRIBUTES).prod(axis=-1)


@lru_cache(maxsize=4)
def multiwoz(data: Path, split: str = "train") -> Recorded:
    """Goals of MultiWOZ 2.1 (Budzianowski et al. 2018, Eric et al. 2020): hotels, restaurants and trains.

    Arguments and errors are those of `worlds.make_world`. A goal that wants anything else as well is used
    without it.
    """

    def wishes(dialogue: Mapping) -> tuple[Wishes, bool]:
        found = {}
        for domain in _MULTIWOZ:
            goal = dialogue["goal"].get(domain)
            if goal is None:
                continue
            final = {_MULTIWOZ_NAMES.get(name, name): word for name, word in goal.get("info", {}).items()}
            first = {_MULTIWOZ_NAMES.get(n, n): word for n, word in (goal.get("fail_info") or {}).items()}
            instead = {name: word for name, word in final.items() if first.get(name, word) != word}
            asks = [_MULTIWOZ_NAMES.get(name, name) for name in goal.get("reqt", ())]
            found[domain] = Wish(final | {name: first[name] for name in instead}, instead, asks)
        return found, "same area" in " ".join(dialogue["goal_text"])

    same = (("hotel.area", "restaurant.area"),)
    return _recorded("multiwoz21_goals", data, split, _MULTIWOZ, wishes, same)


@lru_cache(maxsize=4)
def sgd(data: Path, split: str = "train", services: tuple[str, ...] = _EVENING) -> Recorded:
    """Goals of Schema-Guided Dialogue (Rastogi et al. 2020) that want one of three `services` or more.

    Arguments and errors are those of `worlds.make_world`, and ValueError for more than three services or ones
    that no dialogue uses. A domain is called as its service, in small letters, without number and plural.
    """
    names = {service: service.split("_")[0].lower().removesuffix("s") for service in services}

    def wishes(dialogue: Mapping) -> tuple[Wishes, bool]:
        found: dict[str, Wish] = {}
        for goal in dialogue["goal"]:
            if goal["service"] in names:
                values = {n.replace("_", " "): w for n, w in goal["slots"].items() if w != "dontcare"}
                asks = [name.replace("_", " ") for name in goal["requests"]]
                before = found.get(names[goal["service"]], Wish({}, {}, ()))
                merged = Wish({**before.values, **values}, {}, [*before.asks, *asks])
                found[names[goal["service"]]] = merged
        return found, False

    return _recorded("sgd_goals", data, split, tuple(names.values()), wishes)


def _recorded(
    name: str,
    data: Path,
    split: str,
    domains: Sequence[str],
    wishes: Callable[[Mapping], tuple[Wishes, bool]],
    same: tuple[tuple[str, str], ...] = (),
) -> Recorded:
    """The world of a data set; `wishes` turns a dialogue into `Wishes` and whether linked bookings agree."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; choose from {', '.join(SPLITS)}")
    folder = data / name
    train = [wishes(dialogue) for dialogue in _dialogues(folder, "train")]
    schema = Schema(
        name, tuple(_domain(d, [w[d] for w, _ in train if d in w]) for d in dict.fromkeys(domains)), same
    )
    told = train if split == "train" else [wishes(dialogue) for dialogue in _dialogues(folder, split)]
    value, instead, asked = _table(schema, [w for w, _ in told])
    by_domain = ((value >= 0) | asked).reshape(-1, DOMAINS, ATTRIBUTES).any(axis=2)
    kept = by_domain.any(axis=1)
    together = np.array([agree for _, agree in told])
    shares, factors = np.zeros((SLOTS, VALUES)), np.ones((SLOTS, VALUES))
    reference = value if split == "train" else _table(schema, [w for w, _ in train])[0]
    for slot in schema.slots.values():
        drawn = reference[reference[:, slot] >= 0, slot]
        shares[slot] = np.bincount(drawn, minlength=VALUES) / len(drawn)
        for i, word in enumerate(schema.attribute(slot).values):
            factors[slot, i] = _FACTORS.get(word, 1.0)
    return Recorded(
        schema, by_domain[kept], value[kept], instead[kept], asked[kept], together[kept], shares, factors
    )


def _dialogues(folder: Path, split: str) -> Iterator[Mapping]:
    path = folder / f"dialogues_{split}.jsonl.gz"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; name the folder of the data in ASSIST_DATA, or play the world 'concierge',"
            " which needs none"
        )
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _domain(name: str, wishes: Sequence[Wish]) -> Domain:
    """A domain with the attributes that its wishes name, the commonest first."""
    words: dict[str, Counter[str]] = {}
    for wish in wishes:
        for slot, word in wish.values.items():
            words.setdefault(slot, Counter())[wish.instead.get(slot, word).lower()] += 1
    slots = sorted(words, key=lambda slot: (-words[slot].total(), slot))
    named = [slot for slot in slots if words[slot].total() >= NAMED_BY * len(wishes)]
    found = [_attribute(slot, words[slot], shown=slot == slots[0]) for slot in named]
    kept = tuple(attribute for attribute in found if attribute is not None)[:ATTRIBUTES]
    if not kept:
        raise ValueError(f"no goal of the data is about {name!r} in words that a schema can hold")
    return Domain(name, kept, name.capitalize(), PRICE)


def _attribute(name: str, words: Counter[str], shown: bool) -> Attribute | None:
    """The attribute of a slot with the `words` that goals name; None where a schema cannot hold it."""
    times = [(minutes(word), count) for word, count in words.items()]
    read = [time for time, count in times for _ in range(count) if time is not None]
    if len(read) > 0.8 * words.total():
        edges = np.unique(np.quantile(read, np.arange(1, VALUES) / VALUES, method="nearest"))
        marks = [f"{int(edge) // 60:02d}:{int(edge) % 60:02d}" for edge in edges]
        between = (f"{low} to {high}" for low, high in pairwise(marks))
        values = (f"before {marks[0]}", *between, f"{marks[-1]} or later")
        # Who has to be there by a time may be there earlier; who leaves after one may leave later.
        better = -1 if name == "arrival" else 1 if name == "departure time" else 0
        return Attribute(name, NUMERIC, values, better, shown=shown, bounds=tuple(map(float, edges)))
    common = [word for word, _ in sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))]
    if set(common) <= {"yes", "no", "true", "false"}:
        return Attribute(name, CATEGORICAL, ("no", "yes"), shown=shown)
    if set(common) <= set(_RANGES) and len(common) > 1:
        return Attribute(name, ORDINAL, tuple(w for w in _RANGES if w in common), shown=shown)
    if all(word.isdigit() for word in common) and 1 < len(common) <= VALUES:
        return Attribute(name, ORDINAL, tuple(sorted(common, key=int)), shown=shown)
    covered = sum(words[word] for word in common[: VALUES - 1]) / words.total()
    if len(common) < 2 or covered < COVERED:
        return None
    labels = common if len(common) <= VALUES else [*common[: VALUES - 1], OTHER]
    return Attribute(name, CATEGORICAL, tuple(labels), shown=shown)


def _table(schema: Schema, told: Iterable[Wishes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, SLOTS) values named, values that would do, and what is asked about without a value."""
    told = list(told)
    value = np.full((len(told), SLOTS), -1, np.int8)
    instead, asked = value.copy(), np.zeros(value.shape, bool)
    for row, wishes in enumerate(told):
        for domain, wish in wishes.items():
            for into, words in ((value, wish.values), (instead, wish.instead)):
                for name, word in words.items():
                    slot = schema.slots.get(f"{domain}.{name}")
                    if slot is not None:
                        into[row, slot] = _level(schema.attribute(slot), word.lower())
            for name in wish.asks:
                slot = schema.slots.get(f"{domain}.{name}")
                if slot is not None:
                    asked[row, slot] = value[row, slot] < 0
    instead[instead == value] = -1
    return value, instead, asked


def _level(attribute: Attribute, word: str) -> int:
    """The value that a word stands for; -1 where it is none."""
    word = {"true": "yes", "false": "no"}.get(word, word) if attribute.values == ("no", "yes") else word
    if word in attribute.values:
        return attribute.values.index(word)
    if attribute.bounds:
        time = minutes(word)
        return -1 if time is None else attribute.level(time)
    return attribute.values.index(OTHER) if OTHER in attribute.values else -1


def minutes(word: str) -> int | None:
    """Minutes since midnight of `19:45` or `7:45 pm`; None for what is no such time."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)(?: ([ap])m)?|(\d{1,2}) ([ap])m", word.strip())
    if not match:
        return None
    hours, rest = int(match[1] or match[4]), int(match[2] or 0)
    half = match[3] or match[5]
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    return hours * 60 + rest
