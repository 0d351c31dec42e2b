"""Compare two evaluations, episode by episode.

Either two run folders, assistant by assistant, or two assistants of one run. Episodes are paired by user and
index; a pair must have the same goal, game and seed. What is told is the mean difference B - A over pairs
with its 95 % bootstrap interval over houses, which is often much narrower than the intervals of the two means
let expect. Definitions of the figures: `agents/evaluation/metrics.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._cli import App, Figure, Progress, Report, table

if TYPE_CHECKING:
    from agents.evaluation.episode import Episode
    from agents.evaluation.statistics import Interval

POOLED = "pooled"


def main() -> int:
    """Entry point."""
    app = App(
        "scripts.compare",
        __doc__,
        compare,
        examples=[
            "python -m scripts.compare runs/before runs/after",
            "python -m scripts.compare runs/before runs/after --assistants greedy,planner --json",
            "python -m scripts.compare runs/building --assistants greedy,planner",
        ],
    )
    add = app.parser.add_argument
    add("runs", metavar="RUN", nargs="+", type=Path, help="run folders: A and B, or one with --assistants")
    add(
        "--assistants",
        metavar="A,B",
        help="the assistant of A and that of B; one name stands for both (default: all that both runs have)",
    )
    return app.main()


def compare(options: argparse.Namespace, progress: Progress) -> Report:
    """Pair the episodes and tell the differences."""
    if len(options.runs) > 2:
        raise ValueError(f"{len(options.runs)} runs; give two, or one with --assistants A,B")
    runs = [read_run(folder) for folder in options.runs]
    a, b = runs[0], runs[-1]
    figures: list[Figure] = []
    lines: list[Sequence[object]] = []
    for assistants in compared_assistants(a, b, options.assistants):
        pairs = list(paired(a, b, *assistants))
        left_out = max(len(a.of(assistants[0])), len(b.of(assistants[1]))) - len(pairs)
        if left_out:
            progress.say(f"{' and '.join(assistants)}: {left_out} episodes have no partner and are left out")
        names = assistants if a is b else (f"{a.name}:{assistants[0]}", f"{b.name}:{assistants[1]}")
        users = list(dict.fromkeys(pair.user for pair in pairs))
        for user in users if len(users) == 1 else [*users, POOLED]:
            chosen = [pair for pair in pairs if user in (pair.user, POOLED)]
            for found in differences(chosen):
                labels = {"a": names[0], "b": names[1], "user": user}
                figures += found.figures(labels)
                lines.append((" → ".join(dict.fromkeys(assistants)), user, found.name, *found.cells()))
    title = f"a and b in {a.name}" if a is b else f"a in {a.name}, b in {b.name}"
    columns = ("assistant", "user", "figure", "a", "b", "b - a", "95 % by house", "pairs")
    return Report(figures, [table(title, columns, lines)])


class Run:
    """The episodes of a run folder."""

    def __init__(self, name: str, episodes: Sequence[Episode]):
        self.name = name
        self._episodes: dict[str, dict[tuple[str, int], Episode]] = {}
        for episode in episodes:
            self._episodes.setdefault(episode.assistant, {})[episode.user, episode.index] = episode

    @property
    def assistants(self) -> list[str]:
        """Names in the order in which they come first."""
        return list(self._episodes)

    def of(self, assistant: str) -> dict[tuple[str, int], Episode]:
        """An assistant's episodes by user and index; ValueError when there is none."""
        if assistant not in self._episodes:
            raise ValueError(
                f"{self.name} has no assistant {assistant!r}; it has {', '.join(self.assistants)}"
            )
        return self._episodes[assistant]

    def alone(self, episode: Episode) -> Episode | None:
        """The episode of the same user and index without help."""
        from agents.evaluation.metrics import ALONE

        return self._episodes.get(ALONE, {}).get((episode.user, episode.index))


class Pair(NamedTuple):
    """Two episodes of one user with one goal and seed, and the same alone in either run."""

    a: Episode
    b: Episode
    alone_a: Episode | None
    alone_b: Episode | None

    @property
    def user(self) -> str:
        """The user type of both."""
        return self.a.user


@dataclass(frozen=True)
class Difference:
    """One figure of both sides over the same pairs."""

    name: str
    unit: str
    a: Interval
    b: Interval
    difference: Interval

    def figures(self, labels: dict[str, str]) -> list[Figure]:
        """The difference, then both means, told apart by the label `kind`."""
        kinds = {"difference": self.difference, "a": self.a, "b": self.b}
        return [
            Figure(self.name, mean.value, mean.lo, mean.hi, self.unit, mean.n, {**labels, "kind": kind})
            for kind, mean in kinds.items()
        ]

    def cells(self) -> tuple[str, ...]:
        """The figure's part of a table line."""
        mean = self.difference
        between = f"{mean.lo:+.2f} … {mean.hi:+.2f}" if np.isfinite(mean.lo) else "one house"
        return f"{self.a.value:.2f}", f"{self.b.value:.2f}", f"{mean.value:+.2f}", between, str(mean.n)


def read_run(folder: Path) -> Run:
    """The run in a folder; ValueError when it has no episode yet."""
    from agents.evaluation.episode import read_episodes

    episodes = read_episodes(folder / "episodes.jsonl")
    if not episodes:
        raise ValueError(f"{folder} holds no whole episode")
    return Run(str(folder), episodes)


def compared_assistants(a: Run, b: Run, given: str | None) -> list[tuple[str, str]]:
    """Which assistant of A is held against which of B."""
    if given is not None:
        names = [name.strip() for name in given.split(",")]
        if len(names) > 2 or not all(names) or (a is b and len(set(names)) < 2):
            raise ValueError(
                f"assistants is {given!r}; give the one of A and the one of B, as in greedy,planner"
            )
        return [(names[0], names[-1])]
    if a is b:
        raise ValueError("one run alone; give a second one, or two of its assistants with --assistants A,B")
    common = [name for name in a.assistants if name in b.assistants]
    if not common:
        raise ValueError(
            f"{a.name} has {', '.join(a.assistants)} and {b.name} has {', '.join(b.assistants)};"
            " name the assistant of each with --assistants A,B"
        )
    return [(name, name) for name in common]


def paired(a: Run, b: Run, assistant_a: str, assistant_b: str) -> Iterator[Pair]:
    """Episodes of both with equal user and index; ValueError when there is none, or when one does not fit."""
    others = b.of(assistant_b)
    keys = [key for key in a.of(assistant_a) if key in others]
    if not keys:
        raise ValueError(
            f"no user and index is in both {a.name} ({assistant_a}) and {b.name} ({assistant_b})"
        )
    for key in keys:
        pair = Pair(a.of(assistant_a)[key], others[key], a.alone(others[key]), b.alone(others[key]))
        if fault := misfit(pair.a, pair.b):
            raise ValueError(
                f"{a.name} ({assistant_a}) and {b.name} ({assistant_b}) cannot be paired: user {key[0]},"
                f" index {key[1]} differ in {fault}; run both with the same --goals, --seed and --horizon"
            )
        yield pair


def misfit(a: Episode, b: Episode) -> str:
    """What two episodes differ in that a pair must share; empty when they fit."""
    from envs.building.config import BuildingConfig

    if a.goal.shape != b.goal.shape:
        return f"size of the world, {a.goal.shape} and {b.goal.shape}"
    if different := int(np.count_nonzero(a.goal != b.goal)):
        return f"goal, {a.house} and {b.house} ({different} cells)"
    if a.seed != b.seed:
        return f"seed, {a.seed} and {b.seed}"
    # Records that come from a file have lists where fresh ones have tuples.
    one, other = (BuildingConfig.make(**episode.config).as_dict() for episode in (a, b))
    for name in one:
        if one[name] != other[name]:
            return f"{name}, {one[name]} and {other[name]}"
    return ""


def differences(pairs: Sequence[Pair]) -> Iterator[Difference]:
    """The figures of pairs; what is saved is left out where a run lacks the user alone."""
    from agents.evaluation.metrics import PERCENT, edits_saved, goal_auc
    from agents.evaluation.statistics import mean_interval

    def saved(episode: Episode, alone: Episode | None) -> float:
        return float("nan") if alone is None else 100 * edits_saved(episode, alone)

    measures: dict[str, tuple[str, Callable[[Episode, Episode | None], float]]] = {
        "goal_percent": (PERCENT, lambda episode, alone: 100 * float(episode.goal_fraction[-1])),
        "user_edits_saved": (PERCENT, saved),
        "goal_auc": (PERCENT, lambda episode, alone: goal_auc(episode)),
        "user_edits": ("", lambda episode, alone: float(episode.user_edits[-1])),
    }
    houses = np.array([pair.a.house for pair in pairs])
    for name, (unit, measure) in measures.items():
        a = np.array([measure(pair.a, pair.alone_a) for pair in pairs])
        b = np.array([measure(pair.b, pair.alone_b) for pair in pairs])
        if not np.isnan(b - a).any():
            yield Difference(name, unit, *(mean_interval(values, houses) for values in (a, b, b - a)))


if __name__ == "__main__":
    sys.exit(main())
