"""What a person could have done at every step of a recording, as numbers for fitting traits.

Scores are sums of traits times features of cells. A feature is the score that the builder itself (`scene`,
`policy`) gives a cell when that trait is 1 and all others are 0, so a fit can't disagree with the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, take
from envs.building.world import AIR, USER, Size

from .policy import in_list, move_to_target, outlines, taste
from .scene import new_scene, survey
from .traits import Traits

SCORES = (
    "height", "locality", "walk", "outline", "repair", "follow", "touch", "face", "drift", "line", "beside",
    "clear", "refill", "persist", "material", "stay",
)  # fmt: skip
"""Traits that are factors of cells' scores, the columns of `Choices.features`."""
_UNIT = replace(Traits(), **{name: 0.0 for name in (*SCORES, "comfort")})
PAUSES, MOVES, RIGHT, WRONG_PLACE = range(4)
"""Classes of what was done: nothing, a move, an edit that the goal asks for, an arbitrary block placed."""


@dataclass(frozen=True)
class Choices:
    """T steps with R possible targets in all."""

    features: np.ndarray
    """(R, 16) float32 per target, in the order of SCORES, step by step."""
    step: np.ndarray
    """(R,) int64 the step of each target."""
    near: np.ndarray
    """(R,) bool: can be clicked from where the person stands."""
    kind: np.ndarray
    """(T,) int64 the class of what was done."""
    chosen: np.ndarray
    """(T,) int64 the target that was edited; -1 for none."""
    places: np.ndarray
    """(T,) int64 cells one could place into."""
    lucky: np.ndarray
    """(T,) bool: a slip could have done the same."""
    context: np.ndarray
    """(T, 5) float64: 1 after a pause, an edit, with the assistant at work, after a move, after an edit."""
    heading: np.ndarray
    """(T, 6) float64: 1 for the last move, -1 for its opposite; nan where the move is not legal."""
    move: np.ndarray
    """(T,) int64 the move 0..5 made, -1 for none."""
    state: State
    """T worlds."""
    goal: np.ndarray
    """(N,) uint8."""

    def purposeful(self, size: Size, traits: Traits) -> np.ndarray:
        """(T,) bool: the move made is the one that a builder with these traits would make on its way to its
        best far target.
        """
        rules, table = compile_rules(BuildingConfig(size)), traits.vector()[None]
        scene, outline = new_scene(size, 1), outlines(size, self.goal[None])[0]
        out = np.zeros(len(self.kind), bool)
        for t in np.flatnonzero(self.kind == MOVES):
            survey(rules, self.state, t, USER, table, scene)
            tastes = taste(table[0], self.state, t, USER)
            way = move_to_target(
                rules, self.state, t, USER, scene, scene.weight[0, 1], self.goal, outline, tastes
            )
            out[t] = way == self.move[t]
        return out


def choices_of(state: State, goal: np.ndarray, actions: np.ndarray, size: Size) -> Choices:
    """The choices of T worlds with one goal (N,), in which actions (T, 3) were chosen.

    Left out are steps that no builder's traits explain: edits out of the rules' reach, breaks of blocks that
    are right, and steps with nothing left to do.
    """
    rules = compile_rules(BuildingConfig(size))
    units = np.stack([replace(_UNIT, **{name: 1.0}).vector() for name in SCORES])
    scene, outline = new_scene(size, len(units)), outlines(size, goal[None])[0]
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    steps: list[tuple[int, int, int, bool, int]] = []
    context, headings, kept = [], [], []
    for t, (kind, cell, block) in enumerate(actions):
        survey(rules, state, t, USER, units, scene)
        blocks, near = state.blocks[t], int(scene.counts[2])
        cells = scene.cell[: scene.counts[3]]
        wanted = blocks[cells] != goal[cells]
        at_hand, cells = (np.arange(len(cells)) < near)[wanted], cells[wanted]
        if len(cells) == 0:
            continue
        features = np.log(scene.weight[:, 0][:, cells] + scene.weight[:, 1][:, cells]).T
        _bonus, _favour, held = taste(units[SCORES.index("material")], state, t, USER)
        features[:, SCORES.index("outline")] = outline[cells]
        features[:, SCORES.index("material")] = (blocks[cells] == AIR) & (goal[cells] == held) & (held > 1)
        places = int(scene.counts[0])
        move = int(kind) - MOVE_FIRST if kind >= MOVE_FIRST else -1
        may_slip = bool(kind == PLACE and in_list(scene.place, places, cell))
        what = _class(kind, cell, block, blocks, goal, cells[at_hand], may_slip)
        if what is None or (move >= 0 and not scene.moves[move]):
            continue
        rows.append((features.astype(np.float32), at_hand))
        steps.append((*what, places, may_slip, move))
        context.append(_context(state.previous[t]))
        headings.append(_heading(int(state.previous[t, USER, 0]), scene.moves))
        kept.append(t)
    lengths = np.array([len(near) for _features, near in rows])
    starts = np.cumsum(lengths) - lengths
    table = np.array(steps, np.int64)
    return Choices(
        np.concatenate([features for features, _near in rows]),
        np.repeat(np.arange(len(rows)), lengths),
        np.concatenate([near for _features, near in rows]),
        table[:, 0],
        np.where(table[:, 1] >= 0, starts + table[:, 1], -1),
        table[:, 2],
        table[:, 3] > 0,
        np.array(context),
        np.array(headings),
        table[:, 4],
        take(state, np.array(kept)),
        goal,
    )


def _class(
    kind: int,
    cell: int,
    block: int,
    blocks: np.ndarray,
    goal: np.ndarray,
    at_hand: np.ndarray,
    may_slip: bool,
) -> tuple[int, int] | None:
    """Class of an action and number of the chosen target (-1 for none); None for what no builder does."""
    if kind == NOOP:
        return PAUSES, -1
    if kind >= MOVE_FIRST:
        return MOVES, -1
    found = np.flatnonzero(at_hand == cell)
    fits = block == goal[cell] if kind == PLACE else True
    if len(found) and fits and (kind == PLACE) == (blocks[cell] == AIR):
        return RIGHT, int(found[0])
    return (WRONG_PLACE, -1) if may_slip and len(at_hand) else None


def _context(previous: np.ndarray) -> list[bool]:
    kind, other = previous[:, 0]
    edit = kind in (PLACE, BREAK)
    return [kind == NOOP, edit, other in (PLACE, BREAK), kind >= MOVE_FIRST, edit]


def _heading(last: int, legal: np.ndarray) -> np.ndarray:
    heading = np.zeros(6)
    if last >= MOVE_FIRST:
        heading[last - MOVE_FIRST] = 1
        heading[(last - MOVE_FIRST) ^ 1] = -1
    heading[~legal] = np.nan
    return heading
