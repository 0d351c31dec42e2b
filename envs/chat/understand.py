"""Text back to acts: a small trained reader of what users say.

    env = ChatEnv(observe="text")
    reader = reader_of(env.config.schema)                    # trained at first use, in two seconds
    observations, _ = env.reset(seed=0)
    ...
    heard = observations["assistant"]
    act = reader.read(heard["text"], domain=int(heard["domain"][0])).act     # inform(stay.area, north, must)

A sentence is looked through for names of the schema: domains, attributes, values, numbers where an attribute
has bins. The kind of act, and a strength, direction or choice, are those of a softmax regression on hashed
word n-grams, of the sentence itself and with names replaced by what they name; it is fitted to seeded
paraphrases of random acts. Then the best slot and value for the kind are pointed at among the names found: a
named attribute counts more than a named domain, and that more than the domain being talked about. Words that
nobody used in training are read as a similar one that somebody did.

How often it is wrong: ``python -m scripts.bench nlu``.
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .acts import CHOICES, DIRECTIONS, SPEAKERS, STRENGTHS, USER, USER_KINDS, Act, Acts
from .language import phrase
from .schema import ATTRIBUTES, Schema
from .wording import TEMPLATES

FOLDS = 4
"""Paraphrases whose number is f modulo 4 are left out of fold f."""
SENTENCES = 120
"""Sentences of each kind to learn from, three times as many of `inform`."""
SIZE = 4096
"""Hashed features."""
GRAMS = ((2.0, 1.0), (2.0, 1.0, 0.7))
"""Size of 1-, 2- and 3-grams of the sentence, and of the sentence with names replaced."""
HIDDEN, COPIES = 0.4, 2
"""Share of features hidden while learning, so that no word is all that counts, and from how many draws."""
STEPS, RATE, DECAY = 80, 0.5, 1e-4
"""Steps and rate of AdaGrad, and the weight of the squared coefficients."""
_NAMED, _DOMAIN, _AT_HAND = 2.0, 1.5, 0.5
"""What counts for a slot: its attribute named, its domain named, its domain being talked about."""
_OPTIONS = {"inform": STRENGTHS, "critique": DIRECTIONS, "accept": CHOICES}
"""What else is learnt, of the sentences of a kind."""
_ARGUMENT = {"inform": "strength", "critique": "direction", "accept": "which"}
_RATING = re.compile(r"\s*\[(\d) of 5\]\s*$")
Words = tuple[str, ...]


class Reading(NamedTuple):
    """What a sentence was taken for."""

    act: Act
    chance: float
    """Of the kind of act, 0..1; not calibrated on other people's wording."""
    rating: int
    """1..5, 0 for none."""


class Reader:
    """Reads sentences of users who talk about one schema."""

    def __init__(self, schema: Schema, seed: int = 0, fold: int | None = None):
        """Train. seed: of the sentences. fold: leave out these paraphrases, 0..3; None: learn from all."""
        self.schema = schema
        self._names = _Names(schema)
        kinds = [kind.name for kind in USER_KINDS]
        texts = paraphrases(schema, seed, SENTENCES, fold, unseen=False)
        acts = [act for _, act in texts]
        self._known = {word for text, _ in texts for word in _split(text)} | self._names.words
        features = np.stack([self._features(text) for text, _ in texts])
        self._kinds = _fit(features, np.array([kinds.index(act.kind) for act in acts]), len(kinds))
        self._options = {}
        for kind, options in _OPTIONS.items():
            rows = [row for row, act in enumerate(acts) if act.kind == kind]
            labels = [options.index(getattr(acts[row], _ARGUMENT[kind])) for row in rows]
            self._options[kind] = _fit(features[rows], np.array(labels), len(options))

    def read(self, text: str, domain: int | None = None) -> Reading:
        """The act that a sentence is most likely to be; `wait` for silence.

        domain: number of the domain that is being talked about, `State.domain`, for those that do not say.
        """
        rated = _RATING.search(text)
        rating = int(rated[1]) if rated else 0
        text = _RATING.sub("", text)
        if not text.strip():
            return Reading(Act(SPEAKERS[USER], "wait"), 1.0, rating)
        features = self._features(text)
        chances = _softmax(features @ self._kinds)
        spans = self._names.spans(self._spelled(text))
        slot, pair = self._names.slot(spans, domain), self._names.value(spans, domain)
        for number in np.argsort(-chances):
            kind = USER_KINDS[number]
            given: dict[str, str] = {}
            if "value" in kind.arguments:
                if pair is None:
                    continue
                given["slot"] = self.schema.slot_names[pair[0]]
                given["value"] = self.schema.attribute(pair[0]).values[pair[1]]
            elif "slot" in kind.arguments:
                if slot is None:
                    continue
                given["slot"] = self.schema.slot_names[slot]
            if kind.name in _OPTIONS:
                best = int(np.argmax(features @ self._options[kind.name]))
                given[_ARGUMENT[kind.name]] = _OPTIONS[kind.name][best]
            return Reading(Act(SPEAKERS[USER], kind.name, **given), float(chances[number]), rating)  # type: ignore[arg-type]
        raise AssertionError("kinds without slots are always possible")

    def _spelled(self, text: str) -> list[str]:
        """The words of a text, unknown ones replaced by similar ones that are known."""
        words = []
        for word in _split(text):
            if word not in self._known and len(word) > 3:
                word = (difflib.get_close_matches(word, self._known, 1, 0.8) or [word])[0]
            words.append(word)
        return words

    def _features(self, text: str) -> np.ndarray:
        """(SIZE,) float32 hashed n-grams, of length 1."""
        words = self._spelled(text)
        found = np.zeros(SIZE, np.float32)
        for mark, sequence in enumerate((words, self._names.marked(words))):
            padded = ["<", *sequence, ">"]
            for n, size in enumerate(GRAMS[mark], start=1):
                for i in range(len(padded) - n + 1):
                    gram = f"{mark} {' '.join(padded[i : i + n])}"
                    found[zlib.crc32(gram.encode()) % SIZE] = size
        return found / np.sqrt((found**2).sum())


@lru_cache(maxsize=8)
def reader_of(schema: Schema) -> Reader:
    """The reader for a schema, trained once per process with seed 0."""
    return Reader(schema)


def paraphrases(
    schema: Schema, seed: int, each: int, fold: int | None = None, unseen: bool = False
) -> list[tuple[str, Act]]:
    """Sentences of random acts of users, `each` of every kind, three times as many of `inform`.

    fold: 0..3; only the paraphrases outside the fold, with `unseen` only those in it. None: all of them.
    """
    rng, acts = np.random.default_rng(seed), Acts(schema, 2)
    found = []
    for number, kind in enumerate(USER_KINDS):
        count = len(TEMPLATES[SPEAKERS[USER]][kind.name])
        numbers = [i for i in range(count) if fold is None or (i % FOLDS == fold) == unseen]
        first, last = acts.codecs[USER].first[number : number + 2]
        for _ in range(each * (3 if kind.name == "inform" else 1)):
            act = None
            while act is None:
                try:
                    act = acts.act(USER, int(rng.integers(first, last)))
                except ValueError:  # a slot or value that the schema does not use
                    continue
            found.append((phrase(schema, act, int(rng.choice(numbers))), act))
    return found


class _Names:
    """The names of a schema's domains, attributes and values, and where they occur in a sentence."""

    def __init__(self, schema: Schema):
        self._schema = schema
        self._domains: dict[Words, list[int]] = {}
        self._attributes: dict[Words, list[int]] = {}
        self._values: dict[Words, list[tuple[int, int]]] = {}
        for d, domain in enumerate(schema.domains):
            self._domains.setdefault(_split(domain.name), []).append(d)
        for slot in schema.slots.values():
            attribute = schema.attribute(slot)
            self._attributes.setdefault(_split(attribute.name), []).append(slot)
            for value, name in enumerate(attribute.values):
                self._values.setdefault(_split(name), []).append((slot, value))
        names = {*self._domains, *self._attributes, *self._values}
        self._longest = sorted(names, key=lambda name: (-len(name), name))
        self.words = {word for name in names for word in name}

    def spans(self, words: Sequence[str]) -> list[Words]:
        """The sentence cut into names, the longest first at each place, and single other words."""
        found: list[Words] = []
        at = 0
        while at < len(words):
            here = (n for n in self._longest if tuple(words[at : at + len(n)]) == n)
            found.append(next(here, (words[at],)))
            at += len(found[-1])
        return found

    def marked(self, words: Sequence[str]) -> list[str]:
        """The sentence with what names stand for in their place."""
        tables: tuple[tuple[str, Container[Words]], ...] = (
            ("<attribute>", self._attributes),
            ("<value>", self._values),
            ("<domain>", self._domains),
        )
        return [
            next((mark for mark, table in tables if span in table), span[0]) for span in self.spans(words)
        ]

    def slot(self, spans: Sequence[Words], domain: int | None) -> int | None:
        """The slot whose attribute is named; None when none is."""
        named = {slot for span in spans for slot in self._attributes.get(span, ())}
        return max(named, key=lambda slot: (self._score(slot, spans, domain), -slot), default=None)

    def value(self, spans: Sequence[Words], domain: int | None) -> tuple[int, int] | None:
        """The (slot, value) that is named, by its own name or by a number; None when none is."""
        named = {pair for span in spans for pair in self._values.get(span, ())}
        slot = self.slot(spans, domain)
        if slot is not None and not any(pair[0] == slot for pair in named):
            attribute = self._schema.attribute(slot)
            numbers = [float(span[0]) for span in spans if len(span) == 1 and span[0].isdigit()]
            if attribute.bounds and numbers:
                return slot, attribute.level(numbers[0])
        return max(named, key=lambda pair: (self._score(pair[0], spans, domain), -pair[0]), default=None)

    def _score(self, slot: int, spans: Sequence[Words], domain: int | None) -> float:
        named = any(slot in self._attributes.get(span, ()) for span in spans)
        place = slot // ATTRIBUTES
        there = any(place in self._domains.get(span, ()) for span in spans)
        return _NAMED * named + _DOMAIN * there + _AT_HAND * (place == domain)


def _split(text: str) -> Words:
    return tuple(re.findall(r"[^\W_]+|\?|\.\.\.", text.lower()))


def _fit(features: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """(SIZE, classes) float32 coefficients of a softmax regression, by AdaGrad on all sentences at once."""
    rng = np.random.default_rng(0)
    shown = np.concatenate([features * (rng.random(features.shape) >= HIDDEN) for _ in range(COPIES)])
    coefficients = np.zeros((features.shape[1], classes), np.float32)
    squares = np.full_like(coefficients, 1e-8)
    wanted = np.eye(classes, dtype=np.float32)[np.tile(labels, COPIES)]
    for _ in range(STEPS):
        wrong = _softmax(shown @ coefficients) - wanted
        slope = shown.T @ wrong / len(wanted) + DECAY * coefficients
        squares += slope**2
        coefficients -= RATE * slope / np.sqrt(squares)
    return coefficients


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)
