"""What was said before a turn as sparse counts of words and pieces of words, weighed by how rare they are.

The text falls into blocks, each with counts of its own: the assistant's last words, the user's last words,
what each said before, and, for a judge who has heard it, the turn itself. Names are hashed, so that a
checkpoint needs no vocabulary: (columns kept, weight of each) is all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from .reading import ASSISTANT, USER, Dialogue

Place = tuple[Dialogue, int]
"""A dialogue and one of its turns, by number."""
BITS = 18
"""Each block has 2 ** BITS places for names."""
_PATTERN = r"(?u)[a-z]+|\d+|[?!]"


@dataclass(frozen=True)
class Scale:
    """Which of the columns of raw counts are kept, and the weight of each."""

    columns: np.ndarray
    """(kept,) int64 ascending."""
    weights: np.ndarray
    """(kept,) float32: the logarithm of one over the share of places with it, plus 1."""


def fit_scale(counts: sparse.csr_matrix, least: int = 3) -> Scale:
    """Keep columns of at least `least` of the rows."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    columns = np.flatnonzero(seen >= least)
    return Scale(columns, (np.log((1 + counts.shape[0]) / (1 + seen[columns])) + 1).astype(np.float32))


def count(places: Sequence[Place], heard: bool) -> sparse.csr_matrix:
    """Raw counts (n, blocks * 2 ** BITS) float32. heard: the turn itself has blocks too."""
    last_words = {speaker: [_last(place, speaker) for place in places] for speaker in (ASSISTANT, USER)}
    blocks = [
        _words(last_words[ASSISTANT]),
        _words(last_words[USER]),
        _words([_earlier(place, ASSISTANT) for place in places]),
        _words([_earlier(place, USER) for place in places]),
        _pieces(last_words[ASSISTANT]),
    ]
    if heard:
        said = [dialogue.turns[number].text for dialogue, number in places]
        blocks += [_words(said), _pieces(said)]
    return sparse.hstack(blocks, format="csr", dtype=np.float32)


def weigh(counts: sparse.csr_matrix, scale: Scale) -> sparse.csr_matrix:
    """Features (n, kept): 1 + log(count) by the column's weight, each row of each block of length 1."""
    kept = counts[:, scale.columns].copy()
    kept.data = (1 + np.log(kept.data)) * scale.weights[kept.indices]
    block = (scale.columns >> BITS)[kept.indices]
    row = np.repeat(np.arange(kept.shape[0]), np.diff(kept.indptr))
    blocks = int(block.max(initial=0)) + 1
    lengths = np.sqrt(np.bincount(row * blocks + block, kept.data**2))
    kept.data /= lengths[row * blocks + block].astype(np.float32)
    return kept


def _last(place: Place, speaker: str) -> str:
    """The speaker's words in the last run of turns that it had before the place."""
    dialogue, number = place
    words: list[str] = []
    for turn in reversed(dialogue.turns[:number]):
        if turn.speaker == speaker:
            words.append(turn.text)
        elif words:
            break
    return " . ".join(reversed(words))


def _earlier(place: Place, speaker: str) -> str:
    dialogue, number = place
    return " . ".join(turn.text for turn in dialogue.turns[:number] if turn.speaker == speaker)


def _words(texts: Sequence[str]) -> sparse.csr_matrix:
    return _counter(token_pattern=_PATTERN, ngram_range=(1, 2))(texts)


def _pieces(texts: Sequence[str]) -> sparse.csr_matrix:
    return _counter(analyzer="char_wb", ngram_range=(3, 5))(texts)


def _counter(**options: object) -> Callable[[Sequence[str]], sparse.csr_matrix]:
    made = HashingVectorizer(n_features=2**BITS, alternate_sign=False, norm=None, **options)
    return made.transform
