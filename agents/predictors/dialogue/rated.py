"""Rated turns as rows: what people said of them, and the questions that networks and regressions answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .measures import Rated
from .ngrams import Place
from .reading import Dialogue
from .signs import domain_of, signs

LOW_MEAN, NEUTRAL = 2.75, 3
RATING, LOW = "rating", "low"
"""Questions: shares of ratings below, at and above 3; whether a turn is low (no, yes)."""


def rated_places(dialogues: Sequence[Dialogue]) -> list[Place]:
    """The turns that have ratings, in order."""
    return [
        (dialogue, number)
        for dialogue in dialogues
        for number, turn in enumerate(dialogue.turns)
        if turn.ratings
    ]


def rated(places: Sequence[Place]) -> Rated:
    """What people said of rated turns."""
    given = [dialogue.turns[number].ratings for dialogue, number in places]
    mean = np.array([np.mean(ratings) for ratings in given])
    mode = np.array([np.bincount(ratings, minlength=6).argmax() for ratings in given])
    return Rated((mean < LOW_MEAN) | (mode < NEUTRAL), mean, mode)


def shares(places: Sequence[Place]) -> np.ndarray:
    """(n, 3) float32 shares of ratings below, at and above 3."""
    given = [np.array(dialogue.turns[number].ratings) for dialogue, number in places]
    signed = [np.bincount(np.sign(ratings - NEUTRAL) + 1, minlength=3) / len(ratings) for ratings in given]
    return np.array(signed, np.float32)


def yes_no(truth: np.ndarray) -> np.ndarray:
    """(n, 2) float32 targets of booleans (n,): no, yes."""
    return np.stack([~truth, truth], 1).astype(np.float32)


def groups(places: Sequence[Place]) -> np.ndarray:
    """(n,) int64 the number of each place's dialogue, in order of appearance."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(dialogue.id, len(numbers)) for dialogue, _ in places])


def standing(places: Sequence[Place], heard: bool) -> np.ndarray:
    """(n, f) float32: domain, place in the dialogue, and the signs of the last two turns before it (0 where
    there was none); heard: and of the turn itself.
    """
    tables: dict[str, np.ndarray] = {}
    rows = []
    for dialogue, number in places:
        if dialogue.id not in tables:
            tables[dialogue.id] = signs(dialogue)
        table = tables[dialogue.id]
        nothing = np.zeros(table.shape[1], np.float32)
        last = [table[number - back] if number >= back else nothing for back in (1, 2)]
        now = [table[number]] if heard else []
        where = np.array([np.log1p(number), number == 0, number == 1, number < 4], np.float32)
        rows.append(np.concatenate([domain_of(dialogue), where, *last, *now]))
    return np.array(rows, np.float32)
