"""What a speaker does next, from the words before it: its first act, and the slots that it speaks of.

One regression for each domain and speaker. The act is the first name of a turn without its slot; turns
without a label are left out. Slots are a share each of what a turn speaks of, or all is `none`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .linear import Linear, fit_linear
from .ngrams import Place, Scale, count, fit_scale, weigh
from .reading import ASSISTANT, USER, Dialogue

NOTHING = "none"
MOST_ROWS = 24_000
"""Rows that a regression learns from, drawn from those there are."""
_STRENGTH, _ROUNDS, _LEAST, _CANDIDATES = 3.0, 40, 5, 12
_SHARES = np.arange(1, _CANDIDATES + 1) / 40
SPEAKERS = {USER: "user", ASSISTANT: "assistant"}


def act_of(place: Place) -> str:
    """The first act of a turn, without its slot; empty for a turn without a label."""
    dialogue, number = place
    acts = dialogue.turns[number].acts
    return acts[0].partition(":")[0] if acts else ""


def slots_of(place: Place) -> frozenset[str]:
    """The slots that a turn speaks of."""
    dialogue, number = place
    return frozenset(act.partition(":")[2] for act in dialogue.turns[number].acts if ":" in act)


def act_places(dialogues: Sequence[Dialogue], domain: str, speaker: str) -> list[Place]:
    """The turns of a speaker in a domain that have an act."""
    return [
        (dialogue, number)
        for dialogue in dialogues
        if dialogue.domain == domain
        for number, turn in enumerate(dialogue.turns)
        if turn.speaker == speaker and turn.acts
    ]


@dataclass(frozen=True)
class NextActs:
    """What a speaker does next in a domain."""

    acts: tuple[str, ...]
    """From the most frequent on."""
    slots: tuple[str, ...]
    """`none`, and the slots from the most frequent on; just `none` where a data set has no slots."""
    share: float
    """Slots with a larger share than this are foretold."""
    scale: Scale
    linear: Linear

    def foretell(self, places: Sequence[Place]) -> tuple[np.ndarray, list[frozenset[str]]]:
        """Chances (n, acts) of the acts, and the slots of each turn."""
        acts, slots = self.linear.chances(weigh(count(places, heard=False), self.scale))
        return acts, chosen(slots, self.slots, self.share)


def fit_acts(places: Sequence[Place], rng: np.random.Generator) -> NextActs:
    """Learn from turns with an act."""
    if len(places) > MOST_ROWS:
        places = [places[row] for row in np.sort(rng.choice(len(places), MOST_ROWS, replace=False))]
    acts = tuple(name for name, _ in Counter(map(act_of, places)).most_common())
    slots = (
        NOTHING,
        *(name for name, _ in Counter(s for p in places for s in sorted(slots_of(p))).most_common()),
    )
    truth = [slots_of(place) for place in places]
    targets = [np.zeros((len(places), len(names)), np.float32) for names in (acts, slots)]
    for row, place in enumerate(places):
        targets[0][row, acts.index(act_of(place))] = 1
        for name in truth[row] or {NOTHING}:
            targets[1][row, slots.index(name)] = 1 / max(1, len(truth[row]))
    counts = count(places, heard=False)
    scale = fit_scale(counts, _LEAST)
    features = weigh(counts, scale)
    linear = fit_linear(features, targets, _STRENGTH, _ROUNDS)
    told = linear.chances(features)[1]
    best = max(_SHARES, key=lambda share: slot_f1(truth, chosen(told, slots, share)))
    return NextActs(acts, slots, float(best), scale, linear)


def chosen(chances: np.ndarray, slots: Sequence[str], share: float) -> list[frozenset[str]]:
    """The slots with a larger share; `none` is no slot."""
    return [frozenset(slots[int(i)] for i in np.flatnonzero(row > share) if i) for row in chances]


def slot_f1(truth: Sequence[frozenset[str]], guess: Sequence[frozenset[str]]) -> float:
    """F1 over all slots of all turns; 0 where there is no slot."""
    hits = sum(len(one & other) for one, other in zip(truth, guess, strict=True))
    return 2 * hits / max(1, sum(map(len, truth)) + sum(map(len, guess)))
