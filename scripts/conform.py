"""Does the building game follow its sources? Replays recorded games and counts what comes out the same.

`mbag` holds the rules to MBAG's own environment, step by step; `human` holds them to people who built houses
in it. Figures are shares of comparisons, 0..1.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._cli import App, Figure, Progress, Report, add_data_option, data_folder, table

if TYPE_CHECKING:
    from envs.building import BuildingBatch, BuildingConfig

TOLERANCE = 1e-5
"""Recordings hold rewards and percentages as float32."""

POSITIONS_AT_LEAST = 0.999
"""Recorded people sometimes change their cell without an action: 3 of 12,708 times in the pairs."""

ROLES = ("human", "assistant")
PLACE, BREAK = 1, 2  # as in envs.building.actions, which takes too long to import for --help
Arrays = Mapping[str, np.ndarray]


def main(arguments: Sequence[str] | None = None) -> int:
    app = App("scripts.conform", __doc__)
    for name, run, folder in (
        ("mbag", conform_mbag, "mbag_transcripts"),
        ("human", conform_human, "human_building"),
    ):
        example = f"python -m scripts.conform {name}"
        parser = app.command(name, run, [example, f"{example} --data ../shared/data/{folder} --json"])
        add_data_option(parser, folder)
    return app.main(arguments)


def conform_mbag(options: argparse.Namespace, progress: Progress) -> Report:
    """Replay games of seeded random players that MBAG recorded; every figure has to be 1.

    match.blocks        worlds after a step, all cells equal
    match.positions     feet cells of both players after a step (teleport mode has none)
    match.effective     kinds that took effect, per player
    match.reward        shared rewards of a step, as each player received them
    match.own_reward    each player's part of the reward
    match.goal_percent  shares of the goal done after a step
    match.inventory     blocks held after a step, all kinds of both players
    match.legal         lists of legal actions without line of sight, per player, all actions equal
    match.legal_los     the same with line of sight

    Floats are equal within 1e-5. The label `mode` is the kind of game: walk, teleport or inventory.
    """
    from envs.building import BuildingConfig

    folder = data_folder(options.data, "mbag_transcripts", "transcripts.npz")
    manifest = json.loads((folder / "transcripts.json").read_text())
    groups = _groups(folder / "transcripts.npz", [game["key"] for game in manifest])
    tally = Tally("mode")
    for game, recorded in progress.track(
        zip(manifest, groups, strict=True), "replaying games", len(manifest)
    ):
        width, height, depth = recorded["goal"].shape
        config = BuildingConfig(
            size=(width, height, depth),
            movement="teleport" if game["mode"] == "teleport" else "walk",
            blocks="inventory" if game["mode"] == "inventory" else "unlimited",
            horizon=len(recorded["actions"]),
            end_on_completion=False,
        )
        _replay_game(recorded, config, game["mode"], tally)
    return tally.report(f"{len(manifest)} games of MBAG", dict.fromkeys(tally.names, 1.0))


def conform_human(options: argparse.Namespace, progress: Progress) -> Report:
    """Replay people who built real houses, alone or in pairs (the label `condition`).

    match.positions       the acting person's feet cell before each action, replaying from the first state
    match.replayed_world  the world before each action, and the last one, in the same replay
    match.one_step_world  the next recorded world, from a recorded world and the action taken in it
    match.legal_edits     places into air and breaks of blocks that the rules of reach and sight allow

    MBAG lets people pass through each other and takes their places and breaks as they come, for Minecraft has
    allowed them. The replays do so too; match.legal_edits says how often this game's rules agree. Replaying
    from the first state includes the recording's `corrections`, blocks that change without a recorded action;
    match.one_step_world counts them as differences. Its step is from one record to the next: alone every step
    of the person, in pairs every event of the merged order, which leaves out no-ops. Some edits of pairs
    are recorded only after the world had changed; they count as steps but not as edits.

    Fails when a replayed world differs, or more than one position in a thousand.
    """
    folder = data_folder(options.data, "human_building", "episodes.npz")
    manifest = json.loads((folder / "episodes.json").read_text())["episodes"]
    groups = _groups(folder / "episodes.npz", [episode["key"] for episode in manifest])
    tally = Tally("condition")
    for recorded in progress.track(groups, "replaying people", len(manifest)):
        condition = "pairs" if "assistant_actions" in recorded else "alone"
        _replay_people(recorded, condition, tally)
        _step_people(recorded, condition, tally)
    least = {"match.positions": POSITIONS_AT_LEAST, "match.replayed_world": 1.0}
    return tally.report(f"{len(manifest)} buildings by people", least)


class Tally:
    """Counts of comparisons, and of those that came out equal, by figure and by the value of one label."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._counts: dict[str, dict[str, tuple[int, int]]] = {}

    def add(self, name: str, value: str, equal: Any) -> None:
        """Count comparisons, an array of bool or one bool, for the figure `name` and the label's `value`."""
        counts = self._counts.setdefault(name, {})
        matches, n = counts.get(value, (0, 0))
        counts[value] = matches + int(np.count_nonzero(equal)), n + np.size(equal)

    @property
    def names(self) -> list[str]:
        """Figures in the order in which they came first."""
        return list(self._counts)

    def report(self, title: str, least: Mapping[str, float]) -> Report:
        """All figures, as a report that fails when one is below its entry in `least`."""
        figures = [
            Figure(name, matches / n, n=n, labels={self._label: value})
            for name, counts in self._counts.items()
            for value, (matches, n) in counts.items()
        ]
        low = [
            f"{figure.name} is {figure.value:.5f} where {self._label} is {figure.labels[self._label]}"
            for figure in figures
            if figure.value < least.get(figure.name, 0.0)
        ]
        return Report(figures, [self._table(title)], "; ".join(low))

    def _table(self, title: str) -> Any:
        values = list(dict.fromkeys(value for counts in self._counts.values() for value in counts))
        rows = [
            (name, *(_share(counts.get(value)) for value in values)) for name, counts in self._counts.items()
        ]
        return table(title, ["equal", *values], rows)


def _share(count: tuple[int, int] | None) -> str:
    if count is None:
        return "-"
    matches, n = count
    return f"all {n:,}" if matches == n else f"{matches:,} of {n:,} ({100 * matches / n:.3f} %)"


def _groups(file: Path, keys: Sequence[str]) -> Iterator[Arrays]:
    """The arrays of each group ``key/...`` of an npz, without the key."""
    with np.load(file) as arrays:
        for key in keys:
            start = f"{key}/"
            yield {name.removeprefix(start): arrays[name] for name in arrays.files if name.startswith(start)}


def _replay_game(recorded: Arrays, config: BuildingConfig, mode: str, tally: Tally) -> None:
    """Step through one game of MBAG and compare everything after every step."""
    from envs.building import BuildingBatch

    batch = BuildingBatch(1, config)
    batch.place(0, recorded["goal"], recorded["blocks"][0], recorded["pos"][0])
    near = BuildingBatch(1, dataclasses.replace(config, line_of_sight=False))
    masks = {int(t): i for i, t in enumerate(recorded["mask_t"])}
    for t, actions in enumerate(recorded["actions"]):
        if t in masks:
            near.restore(batch.snapshot())
            for name, players in (("legal", near), ("legal_los", batch)):
                if f"mask_{name}" in recorded:
                    tally.add(f"match.{name}", mode, _same_legal(players, recorded[f"mask_{name}"][masks[t]]))
        batch.step(actions[None])
        tally.add(
            "match.blocks", mode, np.array_equal(batch.state.blocks[0], recorded["blocks"][t + 1].ravel())
        )
        if mode != "teleport":
            tally.add("match.positions", mode, np.array_equal(batch.state.feet[0], recorded["pos"][t + 1]))
        tally.add("match.effective", mode, batch.effective[0] == recorded["effective"][t])
        tally.add("match.reward", mode, _close(batch.reward[0], recorded["reward"][t]))
        tally.add("match.own_reward", mode, _close(batch.own[0], recorded["own"][t]))
        tally.add("match.goal_percent", mode, _close(batch.goal_fraction()[0], recorded["goal_percent"][t]))
        if mode == "inventory":
            tally.add("match.inventory", mode, _same_blocks_held(batch, recorded["inventory"][t]))


def _same_legal(batch: BuildingBatch, masks: np.ndarray) -> list[bool]:
    """Per player, whether the legal list of world 0 is the one that `masks` (2, bytes) packs."""
    equal = []
    for player in range(2):
        lists, counts = batch.legal(player)
        equal.append(np.array_equal(lists[0, : counts[0]], np.flatnonzero(np.unpackbits(masks[player]))))
    return equal


def _same_blocks_held(batch: BuildingBatch, recorded: np.ndarray) -> bool:
    """Whether both players of world 0 hold the `recorded` (2, 10) numbers of blocks; air does not count."""
    held = np.zeros(recorded.shape, np.int64)
    for player in range(2):
        blocks, counts = batch.state.inventory[0, player].T
        np.add.at(held[player], blocks, counts)
    return np.array_equal(held[:, 1:], recorded[:, 1:])


def _close(ours: Any, recorded: Any) -> Any:
    return np.abs(ours - recorded) < TOLERANCE


def _replay_people(recorded: Arrays, condition: str, tally: Tally) -> None:
    """Play an episode's events from its first state, comparing what each person saw before acting."""
    batch = _people_batch(recorded, 1)
    feet = batch.state.feet[0]
    places = [recorded[f"{role}_pos"] for role in ROLES if f"{role}_pos" in recorded]
    start = [place[0] for place in places]
    batch.place(0, recorded["goal"], recorded["initial"], np.array([*start, _out_of_the_way(start[0])][:2]))
    corrections = recorded["corrections"]
    for index, (who, t, *action) in enumerate(recorded["events"]):
        _correct(batch, corrections[corrections[:, 0] == index])
        seen = recorded[f"{ROLES[who]}_blocks_before"][t]
        tally.add("match.positions", condition, np.array_equal(feet[who], places[who][t]))
        tally.add("match.replayed_world", condition, np.array_equal(batch.state.blocks[0], seen.ravel()))
        other = feet[1 - who].copy()
        feet[1 - who] = _out_of_the_way(feet[who])
        actions = np.zeros((1, 2, 3), np.int16)
        actions[0, who] = action
        _step_trusting(batch, actions)
        feet[1 - who] = other
    _correct(batch, corrections[corrections[:, 0] == len(recorded["events"])])
    tally.add(
        "match.replayed_world", condition, np.array_equal(batch.state.blocks[0], recorded["final"].ravel())
    )


def _step_people(recorded: Arrays, condition: str, tally: Tally) -> None:
    """Take each recorded step in the recorded world before it, all of them as one batch."""
    if condition == "alone":
        steps = [(0, t) for t in range(len(recorded["human_actions"]))]
    else:
        steps = [(int(who), int(t)) for who, t in recorded["events"][:, :2]]
    worlds = [recorded[f"{ROLES[who]}_blocks_before"][t] for who, t in steps] + [recorded["final"]]
    batch = _people_batch(recorded, len(steps))
    actions = np.zeros((len(steps), 2, 3), np.int16)
    for row, (who, t) in enumerate(steps):
        own, other = recorded[f"{ROLES[who]}_pos"][t], recorded[f"{ROLES[who]}_sees_other_pos"][t]
        feet = [own, other if other[0] >= 0 else _out_of_the_way(own)]
        batch.place(row, recorded["goal"], worlds[row], np.array(feet if who == 0 else feet[::-1]))
        actions[row, who] = recorded[f"{ROLES[who]}_actions"][t]
    before = np.take_along_axis(batch.state.blocks, actions[:, :, 1].astype(np.int64), axis=1)
    edits = np.where(before == 0, PLACE, BREAK) == actions[:, :, 0]
    _step_trusting(batch, actions)
    tally.add("match.legal_edits", condition, batch.effective[edits] != 0)
    after = np.stack(worlds[1:]).reshape(len(steps), -1)
    tally.add("match.one_step_world", condition, (batch.state.blocks == after).all(axis=1))


def _people_batch(recorded: Arrays, rows: int) -> BuildingBatch:
    """Worlds of the episode's size that do not end."""
    from envs.building import BuildingBatch, BuildingConfig
    from envs.building.config import MAX_HORIZON

    width, height, depth = recorded["goal"].shape
    return BuildingBatch(
        rows, BuildingConfig((width, height, depth), horizon=MAX_HORIZON, end_on_completion=False)
    )


def _step_trusting(batch: BuildingBatch, actions: np.ndarray) -> None:
    """One step, after which places and breaks that the rules refused are in the world all the same."""
    batch.step(actions)
    edits = np.isin(actions[:, :, 0], (PLACE, BREAK))
    for row, player in np.argwhere(edits & (batch.effective == 0)):
        kind, cell, block = actions[row, player]
        batch.state.blocks[row, cell] = block if kind == PLACE else 0


def _correct(batch: BuildingBatch, corrections: np.ndarray) -> None:
    for _, cell, block in corrections:
        batch.state.blocks[0, cell] = block


def _out_of_the_way(feet: np.ndarray) -> np.ndarray:
    """A feet cell of the recorded world (11, 10, 10) that is neither in reach of `feet` nor in its way."""
    return np.array([0 if feet[0] > 5 else 10, 9, 0 if feet[2] > 4 else 9])


if __name__ == "__main__":
    sys.exit(main())
