"""A small network that reads a dialogue turn by turn.

The words of a turn are embedded, seen with their neighbours by a convolution, and pooled; a recurrent layer
goes over the turns. Its state before a turn answers what will come, its state after it what has been said, so
one pass over a dialogue answers all questions at all of its turns, and a state never knows what comes later.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .reading import Dialogue
from .signs import DOMAINS, NAMES, domain_of, signs, words_of

BEFORE, WITH = "before", "with"
"""The two kinds of questions of a turn: to whoever knows what was said before it, and with it."""


@dataclass(frozen=True)
class ReaderOptions:
    """Sizes of a reader."""

    hashed: int = 8192
    """Words share so many embeddings, by a hash."""
    words: int = 96
    turn: int = 128
    state: int = 160
    drop: float = 0.3
    """Share of inputs of each layer that are left out while training."""
    drop_words: float = 0.1
    """Share of words that are left out while training."""


class Lines(NamedTuple):
    """Dialogues as arrays: n words in all, t turns, b dialogues of at most l turns."""

    words: Tensor
    """(n,) int64 hashed words of all turns, 0 between turns."""
    turn: Tensor
    """(n,) int64 whose turn, t between turns."""
    signs: Tensor
    """(t, NAMES + DOMAINS) float32."""
    place: Tensor
    """(t,) int64: dialogue * l + number of the turn."""
    shape: tuple[int, int]
    """b, l."""


def lines_of(dialogues: Sequence[Dialogue], hashed: int) -> list[tuple[list[np.ndarray], np.ndarray]]:
    """What is read of each dialogue: the words of its turns, and the signs (turns, NAMES + DOMAINS)."""
    found = []
    for dialogue in dialogues:
        words = [
            np.array([1 + zlib.crc32(word.encode()) % (hashed - 1) for word in words_of(turn.text)], np.int64)
            for turn in dialogue.turns
        ]
        about = np.broadcast_to(domain_of(dialogue), (len(words), len(DOMAINS)))
        found.append((words, np.concatenate([signs(dialogue), about], 1)))
    return found


def gather(lines: Sequence[tuple[list[np.ndarray], np.ndarray]]) -> Lines:
    """Dialogues of `lines_of` as one batch."""
    longest = max(len(words) for words, _ in lines)
    texts = [words for turns, _ in lines for words in turns]
    gap = np.zeros(1, np.int64)
    flat = np.concatenate([part for words in texts for part in (words, gap)])
    sizes = [len(words) for words in texts]
    turn = np.concatenate([np.r_[np.full(size, i), len(texts)] for i, size in enumerate(sizes)])
    place = np.concatenate([b * longest + np.arange(len(turns)) for b, (turns, _) in enumerate(lines)])
    told = np.concatenate([table for _, table in lines])
    arrays = (torch.from_numpy(array) for array in (flat, turn, told, place))
    words_, turn_, signs_, place_ = arrays
    return Lines(words_, turn_, signs_, place_, (len(lines), longest))


class Reader(nn.Module):
    """The network. `heads`: the labels of each question, by its name, for both kinds."""

    def __init__(self, options: ReaderOptions, heads: Mapping[str, int]):
        super().__init__()
        self.options, self.heads = options, dict(heads)
        told = len(NAMES) + len(DOMAINS)
        self.embed = nn.Embedding(options.hashed, options.words)
        self.near = nn.Conv1d(options.words, options.turn, 3, padding=1)
        self.turn = nn.Linear(2 * options.turn + options.words + told, options.turn)
        self.over = nn.GRU(options.turn, options.state, batch_first=True)
        self.before = nn.Linear(options.state + len(DOMAINS), options.state)
        self.with_ = nn.Linear(options.state + options.turn, options.state)
        self.answers: Any = nn.ModuleDict(
            {
                kind: nn.ModuleDict({name: nn.Linear(options.state, count) for name, count in heads.items()})
                for kind in (BEFORE, WITH)
            }
        )
        nn.init.normal_(self.embed.weight, std=0.3)

    def forward(self, lines: Lines) -> dict[str, dict[str, Tensor]]:
        """Logits (t, labels) by kind and question, turns in the order of the batch."""
        drop = self.options.drop
        turns, (rows, longest) = len(lines.signs), lines.shape
        words = self.embed(lines.words)
        seen = (lines.turn < turns).float()
        if self.training:
            seen = seen * (torch.rand(seen.shape) >= self.options.drop_words)
        words = F.dropout(words * seen[:, None], drop, self.training)
        near = F.relu(self.near(words.T[None])[0].T)
        where = lines.turn
        count = torch.zeros(turns + 1).index_add_(0, where, torch.ones(len(where))).clamp(min=1)[:turns, None]
        mean = torch.zeros(turns + 1, words.shape[1]).index_add(0, where, words)[:turns] / count
        near_mean = torch.zeros(turns + 1, near.shape[1]).index_add(0, where, near)[:turns] / count
        spread = where[:, None].expand_as(near)
        most = torch.zeros(turns + 1, near.shape[1]).scatter_reduce(0, spread, near, "amax")[:turns]
        told = torch.cat([most, near_mean, mean, lines.signs], 1)
        turn = F.dropout(F.relu(self.turn(F.dropout(told, drop, self.training))), drop, self.training)
        grid = torch.zeros(rows * longest, turn.shape[1]).index_copy(0, lines.place, turn)
        states, _ = self.over(grid.view(rows, longest, -1))
        past = F.pad(states, (0, 0, 1, 0))[:, :-1].reshape(rows * longest, -1)[lines.place]
        now = states.reshape(rows * longest, -1)[lines.place]
        domain = lines.signs[:, len(NAMES) :]
        hidden = {
            BEFORE: F.relu(self.before(F.dropout(torch.cat([past, domain], 1), drop, self.training))),
            WITH: F.relu(self.with_(F.dropout(torch.cat([now, turn], 1), drop, self.training))),
        }
        return {
            kind: {
                name: self.answers[kind][name](F.dropout(hidden[kind], drop, self.training))
                for name in self.heads
            }
            for kind in (BEFORE, WITH)
        }
