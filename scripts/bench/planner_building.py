"""What search adds to help in the building game: more and more simulations on the same houses and users.

Each row of the table is a run of `agents.evaluation.run`, kept in a folder of its own, so that an interrupted
measurement goes on where it stopped. Houses come from the generator; the library of the beliefs has as many
goals whether it holds the played houses (known) or not (new). Beliefs know the user's type exactly, or, for
held-out types, two others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.assistants.library import BeliefOptions
from agents.evaluation.metrics import ALONE, PERCENT
from agents.evaluation.run import RunFolder, RunOptions, check_overlap, draw_goals, run
from agents.evaluation.statistics import Interval
from envs._kernel_cache import source_hash
from envs.building.goals import Goals, make_source

from .._cli import Figure, Progress, Report, table
from ..compare import Difference, Run, differences, paired

MODELLED, HELD_OUT = ("bottom_up",), ("top_down", "noisy")
GREEDY, PLANNER = "greedy", "planner"
SHOWN = {"goal_percent": "goal %", "user_edits_saved": "edits saved %", "goal_auc": "curve %"}
"""Figures of a row, and their columns."""


@dataclass(frozen=True)
class Sizes:
    """How much is played."""

    episodes: int = 200
    """Houses of the rows that are to be told apart: greedy, and the user modelled with `main` simulations."""
    few: int = 50
    """Houses of all other rows: the first of them."""
    library: int = 1000
    horizon: int = 380
    simulations: tuple[int, ...] = (1, 8, 20, 100, 400)
    """Of the rows with a user whose type is known; the first is what the others are compared with."""
    main: tuple[int, ...] = (1, 100)
    """Of these, those that play all houses."""
    held_out: int = 100
    """Of the rows with held-out users."""

    def houses(self, group: Group, simulations: int) -> int:
        """How many houses a row plays; greedy, with 0 simulations, as many as any row it is compared with."""
        all_of_them = group.users == MODELLED and simulations in (0, *self.main)
        return self.episodes if all_of_them else min(self.few, self.episodes)


@dataclass(frozen=True)
class Group:
    """Rows that share houses, users and beliefs."""

    library: str
    """What beliefs know: `new` or `known`."""
    users: tuple[str, ...]
    models: tuple[str, ...]
    """User types that beliefs consider."""
    simulations: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.library}-{'-'.join(self.users)}"


def measure_building(seed: int, workers: int, out: str, progress: Progress, sizes: Sizes) -> Report:
    """All figures of this part. out: folder of the runs, empty for one named by the present sources."""
    code = source_hash()
    folder = Path(out or f"runs/bench-planner-{code}")
    source = make_source("default")
    played, new = (draw_goals(source, n, seed, i) for i, n in enumerate((sizes.episodes, sizes.library)))
    check_overlap(played, new, known=False)
    libraries = {"new": new, "known": _with(played, new)}
    groups = [
        *(Group(library, MODELLED, MODELLED, sizes.simulations) for library in libraries),
        *(Group(library, HELD_OUT, BeliefOptions.types, (sizes.held_out,)) for library in libraries),
    ]
    total = sum(
        len(group.users)
        * (2 * sizes.houses(group, 0) + sum(sizes.houses(group, n) for n in group.simulations))
        for group in groups
    )
    figures: list[Figure] = []
    rows: list[list[object]] = []
    with progress.task(f"episodes in {folder} (the first run compiles)", total) as advance:
        for group in groups:
            library = libraries[group.library]
            found = {}
            for count in (0, *group.simulations):
                houses = sizes.houses(group, count)
                options = RunOptions(
                    assistants=(PLANNER,) if count else (ALONE, GREEDY),
                    users=group.users,
                    goals=source.name,
                    library=source.name,
                    episodes=houses,
                    simulations=max(count, 1),
                    horizon=sizes.horizon,
                    seed=seed,
                    code=code,
                    library_size=len(library),
                    known_library=group.library == "known",
                    user_models=group.models,
                )
                place = RunFolder(folder / group.name / (f"{PLANNER}-{count}" if count else GREEDY), options)
                found[count] = run(options, place, _first(played, houses), library, workers, advance)
            for user in group.users:
                runs = {
                    count: Run(f"{count} simulations", [e for e in (*found[0], *episodes) if e.user == user])
                    for count, episodes in found.items()
                }
                labels = {"library": group.library, "user": user}
                for count in runs:
                    figures += _figures(runs, count, labels)
                    rows.append(
                        [*labels.values(), count or GREEDY, sizes.houses(group, count), *_cells(runs, count)]
                    )
    title = f"{sizes.horizon} steps; differences are of the goal's curve, 95 % by house"
    columns = [
        "library",
        "user",
        "simulations",
        "houses",
        *SHOWN.values(),
        "more than greedy",
        "more than 1 simulation",
    ]
    return Report(figures, [table(title, columns, rows)])


def _first(played: Goals, count: int) -> Goals:
    """The first of the goals."""
    return Goals(played.blocks[:count], played.houses[:count], played.name)


def _with(played: Goals, library: Goals) -> Goals:
    """A library of the same size that begins with the played goals."""
    rest = max(0, len(library) - len(played))
    blocks = np.concatenate([played.blocks, library.blocks[:rest]])
    return Goals(blocks, (*played.houses, *library.houses[:rest]), library.name)


def _figures(runs: dict[int, Run], count: int, labels: dict[str, str]) -> Iterator[Figure]:
    """Means of one user's run, and its differences from the runs with fewer simulations."""
    own: dict[str, str | int | float] = {**labels, "simulations": count}
    for name, found in _differences(runs, 0, count).items():
        if name in SHOWN:
            yield _figure(name, found.b, own)
    for base in _bases(runs, count):
        for name in ("goal_auc", "goal_percent"):
            found = _differences(runs, base, count)[name]
            yield _figure(f"difference.{name}", found.difference, {**own, "against": base})


def _cells(runs: dict[int, Run], count: int) -> Iterator[str]:
    """The run's part of a table line."""
    found = _differences(runs, 0, count)
    for name in SHOWN:
        mean = found[name].b
        yield f"{mean.value:.1f} ±{(mean.hi - mean.lo) / 2:.1f}"
    for base in _bases(runs, count):
        mean = _differences(runs, base, count)["goal_auc"].difference
        yield f"{mean.value:+.2f} ({mean.lo:+.2f} … {mean.hi:+.2f})"


def _bases(runs: dict[int, Run], count: int) -> tuple[int, ...]:
    """The runs that one with so many simulations is compared with: greedy, and 1 simulation."""
    return tuple(base for base in (0, 1) if base < count and base in runs)


def _differences(runs: dict[int, Run], base: int, count: int) -> dict[str, Difference]:
    """Figures of two runs over the same houses and seeds, by name."""
    names = (PLANNER if number else GREEDY for number in (base, count))
    return {found.name: found for found in differences(list(paired(runs[base], runs[count], *names)))}


def _figure(name: str, mean: Interval, labels: dict[str, str | int | float]) -> Figure:
    return Figure(name, mean.value, mean.lo, mean.hi, PERCENT, mean.n, labels)
