"""What can be talked about: domains, their attributes and values, and how bookings of domains hang together.

A *slot* is an attribute of a domain, numbered ``domain * ATTRIBUTES + attribute``; its values are numbered
from 0. Fixed numbers of domains, attributes and values per attribute give every schema the same acts, so that
one network can read them all; what a schema does not use is never legal.

`CONCIERGE` is the built-in schema. `infer_schema` makes one of the rows of a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

DOMAINS, ATTRIBUTES, VALUES = 3, 7, 6
"""The most domains of a schema, attributes of a domain and values of an attribute."""
SLOTS = DOMAINS * ATTRIBUTES
CATEGORICAL, ORDINAL, NUMERIC = "categorical", "ordinal", "numeric"
KINDS = (CATEGORICAL, ORDINAL, NUMERIC)


@dataclass(frozen=True)
class Attribute:
    """A property of items. ValueError for kinds, values or numbers that do not go together."""

    name: str
    kind: str
    """`categorical`; `ordinal`, levels in order; or `numeric`, a number in bins."""
    values: tuple[str, ...]
    better: int = 0
    """Which way one never has too much: 1 up, -1 down, 0 neither (an ideal point)."""
    quality: float = 0.0
    """Correlation of the level with an item's quality, -1..1, in generated catalogues."""
    shown: bool = False
    """Whether an offer shows it before anybody has mentioned it."""
    numbers: tuple[float, ...] = ()
    """What the values stand for where linked bookings compare them: minutes, kilometres..."""
    bounds: tuple[float, ...] = ()
    """Ascending bin edges of a numeric attribute, one fewer than values."""
    about: str = ""
    """What an explanation of it says."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind of {self.name} is {self.kind!r}; choose from {', '.join(KINDS)}")
        if not 2 <= len(self.values) <= VALUES or len(set(self.values)) < len(self.values):
            raise ValueError(f"{self.name} has values {self.values}; give 2..{VALUES} different ones")
        if self.numbers and len(self.numbers) != len(self.values):
            raise ValueError(f"{self.name} has {len(self.numbers)} numbers for {len(self.values)} values")
        if self.bounds and (
            len(self.bounds) != len(self.values) - 1 or list(self.bounds) != sorted(self.bounds)
        ):
            raise ValueError(
                f"bounds of {self.name} are {self.bounds}; give {len(self.values) - 1} ascending edges"
            )
        if self.kind == CATEGORICAL and (self.better or self.bounds):
            raise ValueError(f"{self.name} is categorical and has no order; leave out better and bounds")

    def level(self, number: float) -> int:
        """The bin 0..n-1 of a number; bin i ends at `bounds[i]`, which belongs to the next one."""
        return int(np.searchsorted(self.bounds, number, side="right"))


@dataclass(frozen=True)
class Domain:
    """A kind of thing that can be booked. The attribute called `price`, if there is one, is the price in
    bins.
    """

    name: str
    attributes: tuple[Attribute, ...]
    noun: str = ""
    """Ends the names of its items: `House`."""
    price: float = 100.0
    """Price of an item of middling quality."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.attributes) <= ATTRIBUTES:
            raise ValueError(f"{self.name} has {len(self.attributes)} attributes; give 1..{ATTRIBUTES}")
        if len({attribute.name for attribute in self.attributes}) < len(self.attributes):
            raise ValueError(f"{self.name} has two attributes of one name; rename one")


@dataclass(frozen=True)
class Schema:
    """Domains, and which of their slots linked bookings compare (`domain.attribute` names)."""

    name: str
    domains: tuple[Domain, ...]
    same: tuple[tuple[str, str], ...] = ()
    """Slots that should have the same value: dinner near the stay."""
    before: tuple[tuple[str, str], ...] = ()
    """Slots of which the first has to have the smaller number: arrival before dinner."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.domains) <= DOMAINS:
            raise ValueError(f"schema {self.name} has {len(self.domains)} domains; give 1..{DOMAINS}")
        for pair in (*self.same, *self.before):
            for name in pair:
                self.slot(name)
        for pair in self.before:
            for name in pair:
                if not self.attribute(self.slot(name)).numbers:
                    raise ValueError(f"{name} is compared but has no numbers; give one for each value")

    @cached_property
    def slots(self) -> dict[str, int]:
        """Slot numbers by `domain.attribute`, in their order."""
        return {
            f"{domain.name}.{attribute.name}": d * ATTRIBUTES + a
            for d, domain in enumerate(self.domains)
            for a, attribute in enumerate(domain.attributes)
        }

    @cached_property
    def slot_names(self) -> dict[int, str]:
        """`domain.attribute` by slot number."""
        return {slot: name for name, slot in self.slots.items()}

    def slot(self, name: str) -> int:
        """The slot called `domain.attribute`; ValueError when there is none."""
        if name not in self.slots:
            raise ValueError(
                f"schema {self.name} has no slot {name!r}; its slots are {', '.join(self.slots)}"
            )
        return self.slots[name]

    def attribute(self, slot: int) -> Attribute:
        """The attribute of a slot; ValueError when the schema does not use the slot."""
        if slot not in self.slot_names:
            raise ValueError(f"schema {self.name} does not use slot {slot}; it uses {list(self.slot_names)}")
        return self.domains[slot // ATTRIBUTES].attributes[slot % ATTRIBUTES]

    @cached_property
    def counts(self) -> np.ndarray:
        """(SLOTS,) int64 number of values; 0 where a slot is not used."""
        found = np.zeros(SLOTS, np.int64)
        for slot in self.slots.values():
            found[slot] = len(self.attribute(slot).values)
        return found


def infer_schema(rows: Sequence[Mapping[str, object]], name: str = "table") -> Schema:
    """A schema for the rows of a table (one item each).

    Column `domain` says what kind of item a row is (one kind, `item`, without it), `price` is a number;
    `stock` and `name` are left out. Columns of numbers with more than six different values become six bins of
    equal share, other columns categories, the rarest of which are one value, `other`. ValueError for no rows,
    or for more domains than a schema holds; attributes beyond the seventh are left out.
    """
    if not rows:
        raise ValueError("the table has no rows; a schema needs one item at least")
    kinds = list(dict.fromkeys(str(row.get("domain", "item")) for row in rows))
    domains = []
    for kind in kinds:
        own = [row for row in rows if str(row.get("domain", "item")) == kind]
        columns = [c for c in own[0] if c not in ("domain", "stock", "name") and own[0][c] not in (None, "")]
        columns.sort(key=lambda column: column != "price")
        found = [_infer_attribute(column, [row.get(column) for row in own]) for column in columns]
        kept = tuple(attribute for attribute in found if attribute is not None)[:ATTRIBUTES]
        prices = [float(str(row["price"])) for row in own if row.get("price") not in (None, "")]
        domains.append(Domain(kind, kept, kind, float(np.median(prices)) if prices else 1.0))
    return Schema(name, tuple(domains))


def _infer_attribute(name: str, cells: Sequence[object]) -> Attribute | None:
    """The attribute of a column; None where all its cells are alike."""
    words = ["" if cell is None else str(cell) for cell in cells]
    try:
        numbers = np.array([float(word) for word in words if word])
    except ValueError:
        numbers = np.zeros(0)
    price = name == "price"
    if len(numbers) and (price or len(np.unique(numbers)) > VALUES):
        edges = np.unique(np.quantile(numbers, np.arange(1, VALUES) / VALUES))
        edges = edges[edges > numbers.min()]
        if not len(edges):
            return None
        marks = [f"{edge:g}" for edge in edges]
        between = [f"{low} to {high}" for low, high in pairwise(marks)]
        values = (f"under {marks[0]}", *between, f"{marks[-1]} or more")
        better = -1 if price else 0
        return Attribute(name, NUMERIC, values, better, shown=price, bounds=tuple(map(float, edges)))
    common = sorted(set(words), key=lambda word: (-words.count(word), word))
    if len(common) < 2:
        return None
    labels = common if len(common) <= VALUES else [*common[: VALUES - 1], OTHER]
    return Attribute(name, CATEGORICAL, tuple(label or "none" for label in labels))


OTHER = "other"
"""The value that stands for all rare ones."""

_AREAS = ("centre", "old town", "north", "east", "south", "west")
_CLOCK = ("17:30", "18:00", "18:30", "19:00", "20:00", "21:00")
_ARRIVALS = ("14:00", "15:30", "17:00", "18:00", "19:00", "20:30")


def _minutes(times: Sequence[str]) -> tuple[float, ...]:
    return tuple(60.0 * int(time[:2]) + int(time[3:]) for time in times)


def _priced(*bounds: int) -> Attribute:
    middle = (f"{low} to {high}" for low, high in pairwise(bounds))
    values = (f"under {bounds[0]}", *middle, f"{bounds[-1]} or more")
    return Attribute("price", NUMERIC, values, -1, shown=True, bounds=bounds, about="what it costs in all")


CONCIERGE = Schema(
    "concierge",
    (
        Domain(
            "stay",
            (
                Attribute("area", CATEGORICAL, _AREAS, shown=True, about="the part of town it is in"),
                _priced(70, 95, 125, 165, 220),
                Attribute("type", CATEGORICAL, ("hotel", "guesthouse", "apartment", "hostel")),
                Attribute("stars", ORDINAL, ("one", "two", "three", "four", "five"), 1, 0.8),
                Attribute("breakfast", ORDINAL, ("none", "simple", "full"), 1, 0.4, about="in the price"),
                Attribute(
                    "noise",
                    ORDINAL,
                    ("silent", "quiet", "moderate", "lively"),
                    quality=-0.3,
                    about="how much is heard of the street at night",
                ),
                Attribute("parking", CATEGORICAL, ("none", "street", "garage"), about="where a car can stay"),
            ),
            "House",
            120.0,
        ),
        Domain(
            "dinner",
            (
                Attribute("area", CATEGORICAL, _AREAS, shown=True, about="the part of town it is in"),
                _priced(25, 35, 48, 65, 90),
                Attribute("cuisine", CATEGORICAL, ("local", "italian", "indian", "french", "thai", "grill")),
                Attribute("time", ORDINAL, _CLOCK, numbers=_minutes(_CLOCK), about="when the table is free"),
                Attribute("style", ORDINAL, ("casual", "smart", "formal"), quality=0.6),
                Attribute(
                    "diet", CATEGORICAL, ("meat and fish", "vegetarian", "vegan"), about="what it cooks best"
                ),
                Attribute(
                    "pace",
                    ORDINAL,
                    ("quick", "relaxed", "long"),
                    quality=0.4,
                    about="how long an evening there takes",
                ),
            ),
            "Table",
            46.0,
        ),
        Domain(
            "transport",
            (
                Attribute("mode", CATEGORICAL, ("train", "coach", "flight", "shared car"), shown=True),
                _priced(20, 32, 48, 70, 105),
                Attribute(
                    "arrival", ORDINAL, _ARRIVALS, numbers=_minutes(_ARRIVALS), about="when it gets there"
                ),
                Attribute("changes", ORDINAL, ("none", "one", "two"), -1, -0.5),
                Attribute("class", ORDINAL, ("basic", "standard", "first"), 1, 0.7),
                Attribute(
                    "refund",
                    ORDINAL,
                    ("none", "half", "full"),
                    1,
                    0.5,
                    about="what comes back if plans change",
                ),
            ),
            "Line",
            45.0,
        ),
    ),
    same=(("stay.area", "dinner.area"),),
    before=(("transport.arrival", "dinner.time"),),
)
"""A stay, a dinner and a way to get there: one to three of them per dialogue."""
