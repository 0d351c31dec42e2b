"""Acts of the dialogue: typed, as flat numbers, and as words.

An act is a kind with up to three small integers: ``inform`` has a slot, a value and a strength. Each speaker
has a table of kinds (`ASSISTANT_KINDS`, `USER_KINDS`), and flat numbers count the acts kind by kind in the
table's order, so that 0 is always `wait`. `Codec` is that table for kernels; how many items a catalogue has
per domain is its only parameter. In text form an act reads ``inform(stay.area, north, must)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..kernels import inlined
from .schema import ATTRIBUTES, DOMAINS, SLOTS, VALUES, Schema

USER, ASSISTANT = 0, 1
SPEAKERS = ("user", "assistant")
STRENGTHS = ("prefer", "must")
DIRECTIONS = ("less", "more", "different")
CHOICES = ("first", "second")

_RADIX = {
    "domain": DOMAINS,
    "slot": SLOTS,
    "value": VALUES,
    "strength": len(STRENGTHS),
    "direction": len(DIRECTIONS),
    "which": len(CHOICES),
}
"""How many values an argument has; those of `item` and `other` depend on the catalogue."""


@dataclass(frozen=True)
class Kind:
    """A row of the table of acts."""

    name: str
    arguments: tuple[str, ...]
    words: int
    """How long it usually is as a message; 0 for what is not said."""
    tool: bool = False
    """Calls a tool instead of saying something: the user does not hear it."""


ASSISTANT_KINDS = (
    Kind("wait", (), 0),
    Kind("close", (), 8),
    Kind("ask_open", ("domain",), 12),
    Kind("ask", ("slot",), 10),
    Kind("confirm", ("slot", "value"), 10),
    Kind("explain", ("slot",), 25),
    Kind("relax", ("slot",), 14),
    Kind("answer", ("slot",), 12),
    Kind("offer", ("item",), 22),
    Kind("compare", ("item", "other"), 45),
    Kind("search", ("domain",), 0, tool=True),
    Kind("check_stock", ("item",), 0, tool=True),
    Kind("hold", ("item",), 0, tool=True),
    Kind("book", ("item",), 14),
)
USER_KINDS = (
    Kind("wait", (), 0),
    Kind("inform", ("slot", "value", "strength"), 8),
    Kind("dont_know", ("slot",), 5),
    Kind("dont_care", ("slot",), 5),
    Kind("affirm", (), 2),
    Kind("negate", (), 2),
    Kind("critique", ("slot", "direction"), 8),
    Kind("request_info", ("slot",), 8),
    Kind("change_mind", ("slot", "value"), 11),
    Kind("accept", ("which",), 4),
    Kind("complain", (), 12),
    Kind("thank", (), 4),
    Kind("quit", (), 4),
)
# fmt: off
(
    WAIT, CLOSE, ASK_OPEN, ASK, CONFIRM, EXPLAIN, RELAX, ANSWER, OFFER, COMPARE, SEARCH, CHECK_STOCK, HOLD,
    BOOK,
) = range(len(ASSISTANT_KINDS))
(
    _, INFORM, DONT_KNOW, DONT_CARE, AFFIRM, NEGATE, CRITIQUE, REQUEST_INFO, CHANGE_MIND, ACCEPT, COMPLAIN,
    THANK, QUIT,
) = range(len(USER_KINDS))
# fmt: on
PREFER, MUST = range(len(STRENGTHS))
LESS, MORE, DIFFERENT = range(len(DIRECTIONS))


class Codec(NamedTuple):
    """Flat numbers of one speaker's acts. Passed to kernels as it is."""

    first: np.ndarray
    """(kinds + 1,) int64 number of the first act of each kind; the last entry is the number of all acts."""
    radix: np.ndarray
    """(kinds, 3) int64 values of each argument, 1 where a kind has no such argument."""
    words: np.ndarray
    """(kinds,) float64 usual length."""
    tool: np.ndarray
    """(kinds,) bool."""

    @classmethod
    def of(cls, kinds: tuple[Kind, ...], items: int) -> Codec:
        """The codec of a table of kinds over catalogues with `items` items per domain."""
        sizes = _RADIX | {"item": DOMAINS * items, "other": items}
        radix = np.ones((len(kinds), 3), np.int64)
        for row, kind in enumerate(kinds):
            radix[row, : len(kind.arguments)] = [sizes[name] for name in kind.arguments]
        first = np.concatenate([[0], np.cumsum(radix.prod(axis=1))])
        words = np.array([kind.words for kind in kinds], float)
        return cls(first, radix, words, np.array([kind.tool for kind in kinds]))

    @property
    def size(self) -> int:
        """Number of acts."""
        return int(self.first[-1])


@inlined
def encode(codec, kind, a, b, c):
    """Flat number of an act; arguments that the kind lacks are 0."""
    return codec.first[kind] + (a * codec.radix[kind, 1] + b) * codec.radix[kind, 2] + c


@inlined
def kind_of(codec, flat):
    """The kind of a flat act."""
    kind = 0
    while flat >= codec.first[kind + 1]:
        kind += 1
    return kind


@inlined
def decode(codec, flat):
    """``(kind, a, b, c)`` of a flat act."""
    kind = kind_of(codec, flat)
    rest = flat - codec.first[kind]
    c = rest % codec.radix[kind, 2]
    rest //= codec.radix[kind, 2]
    return kind, rest // codec.radix[kind, 1], rest % codec.radix[kind, 1], c


@dataclass(frozen=True)
class Act:
    """One act of a speaker, with names for everything but items (``domain * items + item``).

    `other` of ``compare`` is the number within the domain of `item`.
    """

    speaker: str
    kind: str
    domain: str | None = None
    slot: str | None = None
    value: str | None = None
    strength: str | None = None
    direction: str | None = None
    which: str | None = None
    item: int | None = None
    other: int | None = None

    def __str__(self) -> str:
        arguments = (getattr(self, name) for name in _kind(self.speaker, self.kind).arguments)
        return f"{self.kind}({', '.join(map(str, arguments))})"


def _kind(speaker: str, kind: str) -> Kind:
    if speaker not in SPEAKERS:
        raise ValueError(f"speaker is {speaker!r}; choose from {', '.join(SPEAKERS)}")
    table = {row.name: row for row in (USER_KINDS if speaker == SPEAKERS[USER] else ASSISTANT_KINDS)}
    if kind not in table:
        raise ValueError(f"the {speaker} has no act {kind!r}; choose from {', '.join(table)}")
    return table[kind]


class Acts:
    """The acts of a schema over catalogues with `items` items per domain, between all three forms."""

    def __init__(self, schema: Schema, items: int):
        self.schema, self.items = schema, items
        self.codecs = (Codec.of(USER_KINDS, items), Codec.of(ASSISTANT_KINDS, items))
        """By speaker."""

    def act(self, speaker: int, flat: int) -> Act:
        """The act of a flat number. ValueError for numbers and slots or values that do not exist."""
        codec = self.codecs[speaker]
        if not 0 <= flat < codec.size:
            raise ValueError(f"the {SPEAKERS[speaker]}'s act is {flat}; its acts are 0..{codec.size - 1}")
        number, *integers = (int(i) for i in decode(codec, flat))
        kind = (USER_KINDS, ASSISTANT_KINDS)[speaker][number]
        found = dict(zip(kind.arguments, integers, strict=False))
        return Act(SPEAKERS[speaker], kind.name, **self._named(found))  # type: ignore[arg-type]

    def flat(self, act: Act) -> int:
        """The flat number of an act. ValueError for a kind, an argument or a name that does not exist."""
        kind = _kind(act.speaker, act.kind)
        speaker = SPEAKERS.index(act.speaker)
        numbers: list[int] = []
        for name in kind.arguments:
            given = getattr(act, name)
            if given is None:
                raise ValueError(f"{act.kind} needs {name}; give all of {', '.join(kind.arguments)}")
            numbers.append(self._number(act, name, given))
        table = (USER_KINDS, ASSISTANT_KINDS)[speaker]
        return int(encode(self.codecs[speaker], table.index(kind), *(*numbers, 0, 0, 0)[:3]))

    def parse(self, speaker: int, text: str) -> Act:
        """The act that reads `text`; ValueError when none does."""
        match = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text)
        if not match:
            raise ValueError(f"{text!r} is no act; write it as kind(argument, ...), for instance affirm()")
        kind = _kind(SPEAKERS[speaker], match[1])
        words = [word.strip() for word in match[2].split(", ")] if match[2].strip() else []
        if len(words) != len(kind.arguments):
            raise ValueError(f"{text!r} has {len(words)} arguments; {kind.name} takes {kind.arguments}")
        given = dict(zip(kind.arguments, words, strict=True))
        numbered = {n: int(w) if n in ("item", "other") and w.isdigit() else w for n, w in given.items()}
        act = Act(SPEAKERS[speaker], kind.name, **numbered)  # type: ignore[arg-type]
        self.flat(act)
        return act

    def _named(self, found: dict[str, int]) -> dict[str, str | int]:
        named: dict[str, str | int] = dict(found)
        if "slot" in found:
            attribute = self.schema.attribute(found["slot"])
            named["slot"] = self.schema.slot_names[found["slot"]]
            if "value" in found:
                if found["value"] >= len(attribute.values):
                    count = len(attribute.values)
                    raise ValueError(
                        f"value {found['value']} of {named['slot']}; it has values 0..{count - 1}"
                    )
                named["value"] = attribute.values[found["value"]]
        if "domain" in found:
            if found["domain"] >= len(self.schema.domains):
                raise ValueError(f"domain {found['domain']}; there are {len(self.schema.domains)}")
            named["domain"] = self.schema.domains[found["domain"]].name
        for name, words in _WORDS.items():
            if name in found:
                named[name] = words[found[name]]
        return named

    def _number(self, act: Act, name: str, given: str | int) -> int:
        if name in ("item", "other"):
            limit = self.items * (DOMAINS if name == "item" else 1)
            if not isinstance(given, int) or not 0 <= given < limit:
                raise ValueError(f"{name} of {act.kind} is {given!r}; give an integer 0..{limit - 1}")
            return given
        if name == "slot":
            return self.schema.slot(str(given))
        if name == "value":
            words: tuple[str, ...] = self.schema.attribute(self.schema.slot(str(act.slot))).values
        elif name == "domain":
            words = tuple(domain.name for domain in self.schema.domains)
        else:
            words = _WORDS[name]
        if given not in words:
            raise ValueError(f"{name} of {act.kind} is {given!r}; choose from {', '.join(words)}")
        return words.index(str(given))


_WORDS = {"strength": STRENGTHS, "direction": DIRECTIONS, "which": CHOICES}


@inlined
def domain_of(slot):
    """The domain of a slot."""
    return slot // ATTRIBUTES
