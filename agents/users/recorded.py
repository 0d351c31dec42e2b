"""Recorded people as public states: what each of them saw before every one of their actions.

The recordings hold worlds, actions and places. What a builder's habits read beside those, who changed which
cell when and what both players did last, is worked out here from one world to the next: what differs by the
person's own action is theirs; all else is the assistant's or, where there was none, theirs too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, PLACE
from envs.building.config import MAX_HORIZON, BuildingConfig
from envs.building.state import State, empty_state
from envs.building.world import AIR, ASSISTANT, USER

from .replay import EPISODES, recordings_file


@dataclass(frozen=True)
class RecordedEpisode:
    """One person on one house, T steps in a world of N cells."""

    name: str
    person: str
    alone: bool
    """False when a second person assisted."""
    goal: np.ndarray
    """(N,) uint8."""
    state: State
    """T worlds: what the person saw before each action, as the user; the clock counts their own steps."""
    actions: np.ndarray
    """(T, 3) int16 kind, cell, block."""
    effective: np.ndarray
    """(T,) bool: no-ops, and what changed the world or the person's place as it should."""

    @property
    def edits(self) -> np.ndarray:
        """Steps (E,) of places and breaks that took effect."""
        kind = self.actions[:, 0]
        return np.flatnonzero(((kind == PLACE) | (kind == BREAK)) & self.effective)


def read_episodes(path: str | Path | None = None) -> list[RecordedEpisode]:
    """All recorded episodes of `recordings_file(path)`; people are named by the manifest beside it.

    Raises FileNotFoundError without the data, ValueError when the manifest does not fit.
    """
    file = recordings_file(path)
    manifest = json.loads(file.with_name(EPISODES).with_suffix(".json").read_text())["episodes"]
    with np.load(file, allow_pickle=False) as data:
        missing = [entry["key"] for entry in manifest if f"{entry['key']}/goal" not in data.files]
        if missing:
            raise ValueError(f"{file} has no episode {missing[0]}, which its manifest names")
        return [_episode(entry, data) for entry in manifest]


def read_assistants(path: str | Path | None = None) -> list[RecordedEpisode]:
    """The episodes with a second person as that person saw and played them: the assistant of the states.

    `person` is still the one who built. Raises as `read_episodes`.
    """
    file = recordings_file(path)
    manifest = json.loads(file.with_name(EPISODES).with_suffix(".json").read_text())["episodes"]
    with np.load(file, allow_pickle=False) as data:
        helped = [entry for entry in manifest if f"{entry['key']}/assistant_actions" in data.files]
        return [_swapped(_episode(entry, data, "assistant")) for entry in helped]


def people_of(episodes: Sequence[RecordedEpisode]) -> list[str]:
    """The people, each once, in order."""
    return sorted({episode.person for episode in episodes}, key=lambda name: (len(name), name))


def without(episodes: Sequence[RecordedEpisode], person: str | None) -> list[RecordedEpisode]:
    """The episodes of all others; of all for None. ValueError for somebody unknown."""
    people = people_of(episodes)
    if person is not None and person not in people:
        raise ValueError(f"person is {person!r}; the recordings have {', '.join(people)}")
    return [episode for episode in episodes if episode.person != person]


def _swapped(episode: RecordedEpisode) -> RecordedEpisode:
    """The episode with user and assistant exchanged."""
    state = episode.state
    by = (state.touched - 1) % 2
    touched = np.where(state.touched > 0, state.touched + 1 - 2 * by, 0).astype(np.int16)
    parts = {name: getattr(state, name)[:, ::-1].copy() for name in ("feet", "previous", "last_edit")}
    return replace(episode, state=state._replace(touched=touched, **parts))


def _episode(
    entry: Mapping[str, object], data: Mapping[str, np.ndarray], role: str = "human"
) -> RecordedEpisode:
    key = str(entry["key"])
    goal, actions = data[f"{key}/goal"], data[f"{key}/{role}_actions"]
    places, others = data[f"{key}/{role}_pos"], data[f"{key}/{role}_sees_other_pos"]
    blocks = data[f"{key}/{role}_blocks_before"].reshape(len(actions), -1)
    width, height, depth = goal.shape
    state = empty_state(BuildingConfig((width, height, depth), horizon=MAX_HORIZON), len(actions))
    alone = bool((others[:, 0] < 0).all())
    effective = _trace(blocks, actions, places, others, alone, state)
    person = f"person_{entry['participant']}"
    return RecordedEpisode(key, person, alone, goal.reshape(-1), state, actions, effective)


def _trace(
    blocks: np.ndarray, actions: np.ndarray, places: np.ndarray, others: np.ndarray, alone: bool, state: State
) -> np.ndarray:
    """Fill the states (T worlds); returns which actions took effect, (T,) bool."""
    effective = np.ones(len(actions), bool)
    touched, last = np.zeros(blocks.shape[1], np.int16), [-1, -1]
    for t, place in enumerate(places):
        if t > 0:
            kind, cell, block = (int(v) for v in actions[t - 1])
            changed = np.flatnonzero(blocks[t] != blocks[t - 1])
            edit = kind in (PLACE, BREAK)
            own = edit and cell in changed
            moved = kind >= MOVE_FIRST and bool((place != places[t - 1]).any())
            effective[t - 1] = own or moved or not (edit or kind >= MOVE_FIRST)
            if own or moved:
                state.previous[t, USER] = kind, cell, block
            if own:
                last[USER], touched[cell] = cell, 2 * t - 1 + USER
            by = USER if alone else ASSISTANT
            rest = changed[changed != cell] if own else changed
            touched[rest] = 2 * t - 1 + by
            if len(rest) and not alone:
                seen = int(rest[-1])
                last[ASSISTANT] = seen
                kind = BREAK if blocks[t, seen] == AIR else PLACE
                state.previous[t, ASSISTANT] = kind, seen, blocks[t, seen]
            elif not alone and (others[t] != others[t - 1]).any():
                state.previous[t, ASSISTANT, 0] = MOVE_FIRST
        state.blocks[t], state.touched[t], state.last_edit[t], state.clock[t] = blocks[t], touched, last, t
        state.feet[t] = place, others[t] if others[t, 0] >= 0 else _out_of_the_way(place)
    return effective


def _out_of_the_way(feet: np.ndarray) -> tuple[int, int, int]:
    """A feet cell of the recorded world (11, 10, 10) that is neither in reach of `feet` nor in its way."""
    return 0 if feet[0] > 5 else 10, 9, 0 if feet[2] > 4 else 9
