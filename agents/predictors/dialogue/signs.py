"""A few plain numbers of each turn: where it stands, how long it is, what it repeats.

They tell a patient dialogue from a stuck one. `position` alone is the baseline that any predictor of
satisfaction has to beat: people start content and first turns are almost never rated low.
"""

from __future__ import annotations

import math
import re

import numpy as np

from .reading import USER, Dialogue

NAMES = (
    "user", "turns", "user turns", "run", "words", "question", "exclamation", "sorry", "thanks", "refusal",
    "repeats other", "repeats own", "repeats any", "news",
)  # fmt: skip
"""Of each turn; counts are logarithms."""
DOMAINS = ("MWOZ", "SGD", "ReDial", "CCPE")
"""Of uss_satisfaction. Another domain is none of them."""
_WORDS = re.compile(r"[a-z']+|\d+|[?!]")
_SORRY = {"sorry", "unfortunately", "apologies", "apologize", "unable", "afraid"}
_THANKS = {"thanks", "thank", "great", "perfect", "awesome", "wonderful"}
_REFUSAL = {"no", "not", "don't", "doesn't", "didn't", "isn't", "can't", "never", "another", "wrong", "else"}


def words_of(text: str) -> list[str]:
    """Words in small letters, numbers, and the marks ? and !."""
    return _WORDS.findall(text.lower())


def signs(dialogue: Dialogue) -> np.ndarray:
    """(turns, NAMES) float32, of each turn and the dialogue up to it."""
    found = np.zeros((len(dialogue.turns), len(NAMES)), np.float32)
    said: dict[str, list[set[str]]] = {}
    seen: set[str] = set()
    users = run = 0
    before = ""
    for number, turn in enumerate(dialogue.turns):
        words = words_of(turn.text)
        bag = set(words)
        own = said.setdefault(turn.speaker, [])
        other: list[set[str]] = next(
            (bags for speaker, bags in said.items() if speaker != turn.speaker and bags), [set()]
        )
        run = run + 1 if turn.speaker == before else 1
        users += turn.speaker == USER
        found[number] = (
            turn.speaker == USER,
            math.log1p(number),
            math.log1p(users),
            math.log(run),
            math.log1p(len(words)),
            "?" in bag,
            "!" in bag,
            bool(bag & _SORRY),
            bool(bag & _THANKS),
            bool(bag & _REFUSAL),
            _likeness(bag, other[-1]),
            _likeness(bag, own[-1]) if own else 0.0,
            max((_likeness(bag, earlier) for earlier in own), default=0.0),
            len(bag - seen) / max(1, len(bag)),
        )
        own.append(bag)
        seen |= bag
        before = turn.speaker
    return found


def domain_of(dialogue: Dialogue) -> np.ndarray:
    """(DOMAINS,) float32, 1 at its domain."""
    return np.array([dialogue.domain == name for name in DOMAINS], np.float32)


def _likeness(one: set[str], other: set[str]) -> float:
    """Shared words over all words."""
    return len(one & other) / max(1, len(one | other))
