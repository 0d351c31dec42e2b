"""What each action of a builder who knows the goal comes to: useful, harmful, on the way to work, or neither.

Networks that imitate people err otherwise than people do once they build by themselves. Their odds are set
right by these sorts of actions (`predictors.clone_settling`), and piKL users weigh them (`pikl`).

Work can be sealed in: a floor that was left for last under a house that has no door. Then the way to it is
the work, the same that plain builders dig (`policy.dig`): its blocks are cleared usefully though they are the
goal's, and filling it again is harmful.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE
from envs.building.state import State
from envs.kernels import kernel

from .errands import NOWHERE
from .odds import Spread
from .policy import dig, only_holes_left
from .scene import survey
from .surroundings import Looker, Surroundings

SORTS = ("pause", "wander", "approach", "place", "clear", "misplace", "undo")
"""Sorts of actions. approach: a move that leads nearer to the next useful edit, where none is at hand;
wander: any other. misplace, undo: places and breaks that take the world away from the goal."""
PAUSE, WANDER, APPROACH, ADD, CLEAR, MISPLACE, UNDO = range(len(SORTS))


class Worth(NamedTuple):
    """Of n moments with up to C legal actions."""

    sorts: np.ndarray
    """(n, C) uint8 index of `SORTS`; 0 beyond the legal ones."""
    sealed: np.ndarray
    """(n,) bool: nothing useful can be done or walked to but opening a way to what is sealed in."""

    def available(self, counts: np.ndarray) -> np.ndarray:
        """(n, 7) bool which sorts are among the first `counts` (n,) actions."""
        there = np.arange(self.sorts.shape[1]) < counts[:, None]
        return np.stack([((self.sorts == sort) & there).any(axis=1) for sort in range(len(SORTS))], axis=1)


def worth_of(
    looker: Looker, odds: Spread, seen: Surroundings, state: State, goals: np.ndarray, rows: np.ndarray
) -> Worth:
    """Sort all legal actions of the worlds `rows` (n,), whose builders have goals (B, N).

    odds, seen: of the same worlds, not mirrored.
    """
    out = Worth(np.zeros(odds.logs.shape, np.uint8), np.zeros(len(rows), np.bool_))
    _sort(
        looker.rules,
        state,
        looker.player,
        goals,
        rows.astype(np.int64),
        looker.nobody,
        looker.scene,
        odds.counts,
        odds.actions,
        seen.steps,
        *out,
    )
    return out


@kernel
def _sort(rules, state, player, goals, rows, nobody, scene, counts, actions, steps, sorts, sealed):
    for i in range(rows.shape[0]):
        row, here = rows[i], steps[i, 6]
        blocks, goal = state.blocks[row], goals[row]
        survey(rules, state, row, player, nobody, scene)
        sealed[i] = here == NOWHERE or only_holes_left(rules.size, blocks, goal, scene)
        way, at = NOOP, np.int64(0)
        if sealed[i]:
            way, at = dig(rules, state, row, player, scene, goal)
        for n in range(counts[i]):
            kind, c = np.int64(actions[i, n, 0]), np.int64(actions[i, n, 1])
            if kind == PLACE:
                useful = actions[i, n, 2] == goal[c] and not sealed[i]
                sorts[i, n] = ADD if useful else MISPLACE
            elif kind == BREAK:
                useful = blocks[c] != goal[c] or (way == BREAK and at == c)
                sorts[i, n] = CLEAR if useful else UNDO
            elif kind >= MOVE_FIRST:
                nearer = steps[i, kind - MOVE_FIRST] < here and not sealed[i]
                sorts[i, n] = APPROACH if nearer or kind == way else WANDER
            else:
                sorts[i, n] = PAUSE
