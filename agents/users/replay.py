"""People as users: recorded builders, played in the order in which they built.

A recording is a list of one person's edits. At every step the user takes the first of them that is still to
do and can be done now, and goes about it as a plain builder goes about a goal that differs from the world in
this one cell: walks there, clears what stands wrong in the cell, places the block. What the assistant has
done already is passed over; what it breaks again comes first again. When nothing recorded is left that can
be done, the user finishes as the plain builder does. So its next action depends on the public state, its
goal and its recording alone, and has an exact likelihood like any builder's.

Recorded mistakes are left out, since what a person does about one depends on the moment they see it. In
their place come arbitrary wrong blocks at the person's own rate, mended as soon as they are at hand. Pauses
and moves without purpose come at the person's own rates too (`_pace`). Alone, the 14 people of
`human_building` have done 64 % of their houses at step 380.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, MOVE_LAST, NOOP, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, touched_by
from envs.building.world import AIR, USER
from envs.kernels import kernel
from envs.rng import streams

from .policy import action_prob, draw_action, in_list, only_holes_left, outlines
from .scene import new_scene, survey, way_to
from .traits import Traits

DATA_SET, EPISODES = "human_building", "episodes.npz"
_NO_CELL = -1
_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Recording:
    """What one person did on one house."""

    name: str
    goal: np.ndarray
    """(W, H, D) uint8."""
    edits: np.ndarray
    """(E, 2) int16 cell and block, in order: the goal's block where the person placed it, air for a break."""
    traits: Traits
    """The plain builder's, with the person's own rates of pauses, moves without purpose and wrong blocks."""


def recordings_file(path: str | Path | None = None) -> Path:
    """The file with recorded people.

    path: the file, its folder or the folder around that; None: ``$ASSIST_DATA``, else ``../shared/data``
    beside the repository. Raises FileNotFoundError that says where it looked.
    """
    base = Path(path or os.environ.get("ASSIST_DATA") or _DATA)
    for file in (base, base / EPISODES, base / DATA_SET / EPISODES):
        if file.is_file():
            return file
    raise FileNotFoundError(
        f"no recorded people: {base} is no file and holds no {EPISODES} or {DATA_SET}/{EPISODES};"
        " name the folder of the data in ASSIST_DATA, or choose simulated users"
    )


def read_recordings(file: Path) -> list[Recording]:
    """The recordings of an `episodes.npz`: those who knew the goal, not the people who assisted them.

    Raises ValueError when the file holds none.
    """
    with np.load(file, allow_pickle=False) as data:
        names = sorted(key.removesuffix("/goal") for key in data.files if key.endswith("/goal"))
        if not names:
            raise ValueError(f"{file} has no arrays `*/goal`; give the {EPISODES} of {DATA_SET}")
        return [_recording(name, data) for name in names]


def _recording(name: str, data: Mapping[str, np.ndarray]) -> Recording:
    goal = data[f"{name}/goal"]
    kind, cell, block = data[f"{name}/human_actions"].T
    placed = kind == PLACE
    wrong = placed & (block != goal.reshape(-1)[cell])
    edits = np.stack([cell, np.where(placed, block, AIR)], axis=1)[(placed | (kind == BREAK)) & ~wrong]
    pause, fidget = _pace(kind, data[f"{name}/human_pos"])
    misplaced = float(wrong.sum() / max(1, placed.sum()))
    traits = replace(Traits(), pause=pause, fidget=fidget, wrong=misplaced)
    return Recording(name, goal, edits.astype(np.int16), traits)


def _pace(kind: np.ndarray, feet: np.ndarray) -> tuple[float, float]:
    """Shares of pauses and of moves without purpose, from kinds (T,) and feet cells before actions (T, 3).

    Moves beyond the way from edit to edit are half without purpose; the other half makes them good again.
    """
    moves = np.count_nonzero((kind >= MOVE_FIRST) & (kind <= MOVE_LAST))
    stands = feet[(kind == PLACE) | (kind == BREAK)].astype(int)
    needed = np.abs(np.diff(stands, axis=0)).sum()
    return float(np.mean(kind == NOOP)), float(max(0, moves - needed) / 2 / len(kind))


class ReplayUser:
    """People who build houses in the order in which they once did, a recorded goal each."""

    name = "people"
    sees_goal = True

    def __init__(self, path: str | Path | None = None, player: int = USER):
        """path: see `recordings_file`."""
        self.file = recordings_file(path)
        self.recordings = read_recordings(self.file)
        self.player = player

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes towards goals (B, N); ValueError when one of them is not a recorded one."""
        if goals is None:
            raise ValueError(f"{self.name} needs the goals (B, N) of its episodes; pass them to reset")
        found = [self._recording_of(row, goal, config.size) for row, goal in enumerate(goals)]
        self.rules = compile_rules(replace(config, line_of_sight=True))
        self.goals = np.ascontiguousarray(goals, np.uint8)
        self.outlines = outlines(config.size, self.goals)
        self._tables = np.stack([recording.traits.vector()[None] for recording in found])
        self._counts = np.array([len(recording.edits) for recording in found])
        self._edits = np.zeros((len(found), self._counts.max(), 2), np.int16)
        for row, recording in enumerate(found):
            self._edits[row, : self._counts[row]] = recording.edits
        self._streams = streams(seeds)
        self._scene = new_scene(config.size, 1)
        self._wanted = np.empty(config.cells, np.uint8)
        self._actions = np.zeros((len(found), 3), np.int16)

    def _recording_of(self, row: int, goal: np.ndarray, size: tuple[int, int, int]) -> Recording:
        for recording in self.recordings:
            if recording.goal.shape == size and np.array_equal(recording.goal.reshape(-1), goal):
                return recording
        raise ValueError(
            f"goal {row} is none of the {len(self.recordings)} houses that people were recorded on;"
            f" take goals from {self.file} (--goals of scripts.evaluate) and the default size of the world"
        )

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Draw the next actions (B, 3) int16."""
        _draw_replays(
            self.rules,
            state,
            self.player,
            self._tables,
            self._scene,
            self.goals,
            self.outlines,
            self._edits,
            self._counts,
            self._streams,
            active,
            self._wanted,
            self._actions,
        )
        return self._actions

    def log_prob(self, state: State, actions: np.ndarray) -> np.ndarray:
        """(B,) float64 log-probability of actions (B, 3) in these states; -inf for what is never done."""
        out = np.empty(len(self.goals))
        for row, action in enumerate(actions):
            out[row] = _replay_prob(
                self.rules,
                state,
                row,
                self.player,
                self._tables[row],
                self._scene,
                self.goals[row],
                self.outlines[row],
                self._edits[row, : self._counts[row]],
                self._wanted,
                action,
            )
        with np.errstate(divide="ignore"):
            return np.log(out)


@kernel
def _next_edit(rules, state, row, player, scene, goal, edits):
    """Cell and block of the next edit of a person with edits (E, 2), from a surveyed scene; -1 for the cell
    when there is none, or when holes that the builder dug have to stay open.
    """
    blocks, touched = state.blocks[row], state.touched[row]
    if only_holes_left(rules.size, blocks, goal, scene):
        return _NO_CELL, AIR
    for i in range(scene.counts[1]):
        c = scene.break_[i]
        if blocks[c] != goal[c] and touched_by(touched[c]) == 1 + player:
            return c, goal[c]
    for i in range(edits.shape[0]):
        c, block = edits[i, 0], edits[i, 1]
        if blocks[c] == goal[c] or blocks[c] == block or not scene.listed[c]:
            continue
        at_hand = in_list(scene.place, scene.counts[0], c) or in_list(scene.break_, scene.counts[1], c)
        if at_hand or way_to(rules, state, row, player, scene, c) >= 0:
            return c, block
    return _NO_CELL, AIR


@kernel
def _survey_and_want(rules, state, row, player, traits, scene, goal, edits, wanted):
    """Survey world `row` and write what the person works towards, (N,) uint8: the world with the next edit
    done, or else the goal.
    """
    survey(rules, state, row, player, traits, scene)
    cell, block = _next_edit(rules, state, row, player, scene, goal, edits)
    for c in range(wanted.shape[0]):
        wanted[c] = goal[c] if cell == _NO_CELL else state.blocks[row, c]
    if cell != _NO_CELL:
        wanted[cell] = block


@kernel
def _draw_replays(
    rules, state, player, tables, scene, goals, outlines, edits, counts, streams, active, wanted, out
):
    """Draw the actions (B, 3) of people with traits (B, 1, NUM_TRAITS) and `counts` (B,) edits (B, E, 2)."""
    for row in range(state.clock.shape[0]):
        out[row, 0] = out[row, 1] = out[row, 2] = 0
        if active[row] and state.clock[row] % rules.act_every[player] == 0:
            traits, own = tables[row], edits[row, : counts[row]]
            _survey_and_want(rules, state, row, player, traits, scene, goals[row], own, wanted)
            draw_action(
                rules, state, row, player, traits, scene, 0, wanted, outlines[row], streams, row, out[row]
            )


@kernel
def _replay_prob(rules, state, row, player, traits, scene, goal, outline, edits, wanted, action):
    """Probability of an action (3,) of a person with traits (1, NUM_TRAITS) and edits (E, 2)."""
    _survey_and_want(rules, state, row, player, traits, scene, goal, edits, wanted)
    kind, cell, block = action[0], action[1], action[2]
    return action_prob(rules, state, row, player, traits, scene, 0, wanted, outline, kind, cell, block)
