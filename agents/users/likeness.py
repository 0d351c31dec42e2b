"""How somebody builds, in numbers: windows of 20 edits.

A window describes how somebody builds, not what or how fast: heights, distances from edit to edit, runs of
one kind or material, the order of neighbours, mistakes. Pace has features of its own, since simulated users
are in more haste than recorded people by design (`population`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.building.actions import BREAK, PLACE
from envs.building.world import AIR

from .alone import Trace

EDITS = 20
"""Edits of a window."""
ORDER_FEATURES = (
    "height", "height spread", "height trend", "steps up", "steps down", "within one cell", "sharing a face",
    "mean distance", "long jumps", "same layer", "same column", "same plane", "lines continued",
    "turned back",
    "breaks", "kinds switched", "materials switched", "materials", "wrong", "mended", "refilled",
    "neighbours placed", "blocks below", "layers begun", "lowest left",
)  # fmt: skip
PACE_FEATURES = ("steps an edit", "longest wait", "pauses", "edits after edits")
FEATURES = (*ORDER_FEATURES, *PACE_FEATURES)


DONE = 0.7
"""Share of the goal at which traces end: what a standard episode shows, before the last gaps."""


def windows(trace: Trace, stride: int = EDITS) -> np.ndarray:
    """(W, 29) features of windows of EDITS edits, begun at every `stride` edits of a trace up to DONE."""
    kinds = trace.actions[:, 0]
    steps = np.flatnonzero((kinds == PLACE) | (kinds == BREAK))
    steps = steps[: _count_until(trace, steps, DONE)]
    if len(steps) < EDITS:
        return np.empty((0, len(FEATURES)))
    marks = _marks(trace, steps)
    rows = []
    for first in range(0, len(steps) - EDITS + 1, stride):
        at = slice(first, first + EDITS)
        rows.append([*_order(marks, at), *_pace(trace, steps, at)])
    return np.array(rows)


def _count_until(trace: Trace, steps: np.ndarray, share: float) -> int:
    """How many of the edits at steps (E,) it takes to do a share of the goal; all when that is never done."""
    blocks, goal = trace.start.copy(), trace.goal
    all_ = left = int((blocks != goal).sum())
    for i, (kind, cell, block) in enumerate(trace.actions[steps].astype(int)):
        after = block if kind == PLACE else AIR
        left += int(after != goal[cell]) - int(blocks[cell] != goal[cell])
        blocks[cell] = after
        if left <= (1 - share) * all_:
            return i + 1
    return len(steps)


@dataclass(frozen=True)
class _Marks:
    """What is to be said of each of E edits."""

    place: np.ndarray
    """(E, 3) coordinates."""
    kind: np.ndarray
    block: np.ndarray
    wrong: np.ndarray
    """The cell was right before, or is wrong after."""
    mended: np.ndarray
    """A break of a block that one placed oneself."""
    refilled: np.ndarray
    """A place into a hole that one made."""
    neighbours: np.ndarray
    """Neighbouring blocks that one placed."""
    below: np.ndarray
    """A block below the cell."""
    begun: np.ndarray
    """The first block placed in its layer."""
    lowest: np.ndarray
    """Nothing lower is left to do."""


def _marks(trace: Trace, steps: np.ndarray) -> _Marks:
    size, goal, blocks = trace.size, trace.goal, trace.start.copy()
    place = np.stack(np.unravel_index(trace.actions[steps, 1].astype(int), size), axis=1)
    heights = np.unravel_index(np.arange(len(goal)), size)[1]
    mine, made = np.zeros(size, bool), np.zeros(len(goal), bool)
    layers: set[int] = set()
    lines = []
    for (kind, cell, block), (x, y, z) in zip(trace.actions[steps].astype(int), place, strict=True):
        after = block if kind == PLACE else AIR
        wrong = after != goal[cell] and (kind == PLACE or blocks[cell] == goal[cell])
        left = blocks != goal
        around = sum(
            bool(mine[i, j, k])
            for i, j, k in (
                (x - 1, y, z),
                (x + 1, y, z),
                (x, y - 1, z),
                (x, y + 1, z),
                (x, y, z - 1),
                (x, y, z + 1),
            )
            if 0 <= i < size[0] and 0 <= j < size[1] and 0 <= k < size[2]
        )
        below = y > 0 and blocks[cell - size[2]] != AIR
        lowest = not left.any() or y <= heights[left].min()
        begun = kind == PLACE and y not in layers
        lines.append(
            (
                wrong,
                kind == BREAK and mine[x, y, z],
                kind == PLACE and made[cell],
                around,
                below,
                begun,
                lowest,
            )
        )
        if kind == PLACE:
            layers.add(int(y))
        mine[x, y, z] = kind == PLACE
        made[cell] = kind == BREAK
        blocks[cell] = after
    table = np.array(lines, float).T
    return _Marks(place, trace.actions[steps, 0], trace.actions[steps, 2], *table)


def _order(marks: _Marks, at: slice) -> list[float]:
    place, kind, block = marks.place[at], marks.kind[at], marks.block[at]
    hop = np.diff(place, axis=0)
    away, gap = np.abs(hop).max(axis=1), np.abs(hop).sum(axis=1)
    y = place[:, 1].astype(float)
    placed = block[kind == PLACE]
    index = np.arange(len(y)) - (len(y) - 1) / 2
    return [
        y.mean(),
        y.std(),
        float(index @ (y - y.mean()) / (index @ index)),
        (hop[:, 1] > 0).mean(),
        (hop[:, 1] < 0).mean(),
        (away <= 1).mean(),
        (gap == 1).mean(),
        gap.mean(),
        (away > 3).mean(),
        (hop[:, 1] == 0).mean(),
        ((hop[:, 0] == 0) & (hop[:, 2] == 0)).mean(),
        ((hop[:, 0] == 0) | (hop[:, 2] == 0)).mean(),
        ((hop[1:] == hop[:-1]).all(axis=1) & (gap[1:] == 1)).mean(),
        ((hop[1:] == -hop[:-1]).all(axis=1) & (gap[1:] > 0)).mean(),
        (kind == BREAK).mean(),
        (np.diff(kind) != 0).mean(),
        float((np.diff(placed) != 0).mean()) if len(placed) > 1 else 0.0,
        float(len(np.unique(placed))),
        marks.wrong[at].mean(),
        marks.mended[at].mean(),
        marks.refilled[at].mean(),
        marks.neighbours[at].mean(),
        marks.below[at].mean(),
        marks.begun[at].mean(),
        marks.lowest[at].mean(),
    ]


def _pace(trace: Trace, steps: np.ndarray, at: slice) -> list[float]:
    own = steps[at]
    waits = np.diff(own)
    kinds = trace.actions[own[0] : own[-1], 0]
    return [float(waits.mean()), float(waits.max()), float((kinds == 0).mean()), float((waits == 1).mean())]
