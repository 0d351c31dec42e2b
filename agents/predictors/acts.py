"""From logits of acts to probabilities of legal actions.

An act has a kind and, where it is an edit, an argument: which cell to break, or which block to place where.
Networks give logits of both (`network.Acts`); an action's probability is

    P(a) = P(kind of a) P(argument of a | kind)

where each factor is a softmax over what is legal, so that many legal places do not make placing likely. This
is the paper's two-level policy (Laidlaw et al. 2025). Legal actions come as the lists of
`envs.building.legal`, padded with -1.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from envs.building.actions import BREAK, GIVE, KINDS, MOVE_FIRST, NOOP, PLACE, Codec, decode
from envs.building.world import Size
from envs.kernels import inlined, kernel

from .encoding import flipped_kind
from .network import EDITS, Acts

_NEVER = -1e9


def index_acts(
    size: Size, codec: Codec, lists: np.ndarray, flips: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Where the logits of flat actions (n, L), -1 for none, are: kinds (n, L) int64, -1 for none, and
    arguments (n, L) int64 among the n's edits and then `outside`, -1 where the kind has none.

    flips: as in `encode`.
    """
    kinds, arguments = np.empty(lists.shape, np.int64), np.empty(lists.shape, np.int64)
    flips = np.zeros(len(lists), np.uint8) if flips is None else flips
    _index(size, codec, lists, flips, kinds, arguments)
    return kinds, arguments


def legal_log_probs(acts: Acts, kinds: Tensor, arguments: Tensor) -> Tensor:
    """(n, L) float32 log-probabilities of the actions that `index_acts` found, -1e9 for none.

    Each row is taken to hold all actions that are legal there.
    """
    there = kinds >= 0
    flat = torch.cat([acts.edits.flatten(1), acts.outside], 1).float()
    chosen = flat.gather(1, arguments.clamp(min=0)).masked_fill(arguments < 0, 0.0)
    of_kind = kinds[:, :, None] == torch.arange(len(KINDS))
    scored = chosen[:, :, None].masked_fill(~of_kind, _NEVER)
    total = scored.logsumexp(1)  # (n, KINDS): over the legal arguments of each kind
    present = of_kind.any(1)
    kind_log = acts.kinds.float().masked_fill(~present, _NEVER).log_softmax(1)
    safe = kinds.clamp(min=0)
    found = kind_log.gather(1, safe) + chosen - total.gather(1, safe)
    return found.masked_fill(~there, _NEVER)


@kernel
def _index(size, codec, lists, flips, kinds, arguments):
    """Kernel of `index_acts`."""
    for i in range(lists.shape[0]):
        flip = flips[i]
        for j in range(lists.shape[1]):
            kinds[i, j], arguments[i, j] = -1, -1
            if lists[i, j] < 0:
                continue
            kind, cell, block = decode(codec, np.int64(lists[i, j]))
            kinds[i, j] = flipped_kind(kind, flip)
            arguments[i, j] = _argument(size, kind, cell, block, flip)


@inlined
def _argument(size, kind, cell, block, flip):
    """Where the logit of an act's argument is among a state's edits and then `outside`; -1: it has none."""
    if kind != PLACE and kind != BREAK and kind != GIVE:
        return -1
    _, h, d = size
    wide, high, deep = size[0] - 2, h - 2, d - 2
    edit = 0 if kind == BREAK else block - 1
    x, y, z = cell // (h * d) - 1, (cell // d) % h - 1, cell % d - 1
    if kind != GIVE and 0 <= x < wide and 0 <= y < high and 0 <= z < deep:
        x, z = wide - 1 - x if flip & 1 else x, deep - 1 - z if flip & 2 else z
        return ((x * deep + z) * high + y) * EDITS + edit
    return wide * deep * high * EDITS + edit


@inlined
def _kind(codec, flat):
    """The kind of a flat action, without the divisions of `decode`."""
    if flat < codec.first_break:
        return PLACE if flat > 0 else NOOP
    if flat < codec.first_move:
        return BREAK
    return MOVE_FIRST + flat - codec.first_move if flat < codec.first_give else GIVE


@kernel
def act_chances(size, codec, kinds, edits, legal, count, totals, out):
    """Write the probabilities (count,) float32 of one state's legal flat actions: `legal_log_probs` for who
    has one short list and no time.

    kinds: (KINDS,) float32 and edits: (E + EDITS,) float32 logits, those of `outside` last. legal: (L,)
    int32, all that is legal. totals: (3, KINDS) float64 scratch.
    """
    totals[0], totals[1:] = -np.inf, 0.0
    for j in range(count):
        kind, cell, block = decode(codec, np.int64(legal[j]))
        argument = _argument(size, kind, cell, block, 0)
        out[j] = edits[argument] if argument >= 0 else np.float32(0.0)
        totals[0, kind] = max(totals[0, kind], out[j])
    for j in range(count):
        kind = _kind(codec, legal[j])
        out[j] = math.exp(out[j] - totals[0, kind])
        totals[1, kind] += out[j]
    highest, total = -np.inf, 0.0
    for kind in range(kinds.shape[0]):
        if totals[1, kind] > 0.0:
            highest = max(highest, kinds[kind])
    for kind in range(kinds.shape[0]):
        if totals[1, kind] > 0.0:
            totals[2, kind] = math.exp(kinds[kind] - highest)
            total += totals[2, kind]
    for j in range(count):
        kind = _kind(codec, legal[j])
        out[j] *= totals[2, kind] / (total * totals[1, kind])


def padded(lists: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Legal lists (n, L) cut to the longest, -1 from `counts` (n,) on."""
    lists = lists[:, : max(1, int(counts.max(initial=0)))].copy()
    lists[np.arange(lists.shape[1]) >= counts[:, None]] = -1
    return lists
