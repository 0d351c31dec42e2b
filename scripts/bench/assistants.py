"""How much do assistants help on houses and with users that nobody trained on? The table that decides.

Rows are houses and users: the people's recorded houses and those of the `val` sets, with users of the
population, people's own order, and users that are held out. Each row is a run of `agents.evaluation.run` in a
folder of its own, so that an interrupted measurement goes on where it stopped. All assistants meet the same
houses, users and seeds.
"""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .._cli import App, Figure, Progress, Report, table
from .._evaluate import interval_cell

if TYPE_CHECKING:
    from agents.evaluation.episode import Episode
    from envs.building.goals import Goals

COLUMNS = {
    "goal_percent": "goal %",
    "user_edits_saved": "saved %",
    "assistant_share": "share %",
    "wrong_edit_rate": "wrong %",
    "harm_rate": "harm %",
    "undo_rate": "undone %",
}
DEFAULT = ("none", "network", "planner_network", "oracle")


@dataclass(frozen=True)
class Row:
    """Houses and the users that build them."""

    houses: str
    users: tuple[str, ...]
    clones: str = ""
    """Folder with a network `without_PERSON` for each person: the users are clones of the others, each on the
    houses of the person whom they have not seen."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        return re.sub(r"[^\w.@-]+", "_", f"{self.houses}-{'-'.join(self.users)}")


ROWS = (
    Row("recorded", ("population",)),
    Row("val_craftassist", ("population",)),
    Row("val_mods", ("population",)),
    Row("recorded", ("people",)),
    Row("recorded", ("held_out",)),
)


CLONES = {"cloned": "cloned people", "pikl": "piKL people"}
"""Users that are made from networks of a folder, and what they are called together."""


class Part(NamedTuple):
    """A run: houses with users of the same names."""

    name: str
    """Of its folder."""
    goals: Goals
    users: tuple[str, ...]


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench assistants``."""
    parser = app.command(
        "assistants",
        bench_assistants,
        [
            "python -m scripts.bench assistants --assistants none,network,oracle",
            "python -m scripts.bench assistants --simulations 100 --repeats 2 --rows recorded-population",
            "python -m scripts.bench assistants --assistants none,network:runs/mine,policy:runs/mine",
            "python -m scripts.bench assistants --clones runs/clones --rows recorded-cloned,recorded-pikl",
        ],
    )
    add = parser.add_argument
    names = ", ".join(row.name for row in ROWS)
    add("--assistants", default=",".join(DEFAULT), metavar="NAMES", help=f"default: {','.join(DEFAULT)}")
    add("--rows", default="", metavar="NAMES", help=f"any of {names}, or HOUSES-USER (default: all of these)")
    add(
        "--clones",
        default="",
        metavar="FOLDER",
        help="what scripts.users clone --out wrote: also rows of cloned and piKL people, each house with a"
        " network that has not seen the person who built it",
    )
    add("--repeats", type=int, default=4, metavar="N", help="episodes of each house (default: 4)")
    add("--simulations", type=int, default=20, metavar="N", help="of planners (default: 20)")
    add("--workers", type=int, default=0, metavar="N", help="processes; default: one per core, at most 8")
    add("--out", default="", metavar="FOLDER", help="where runs are kept, and resumed from")
    add("--seed", type=int, default=0, metavar="N", help="seed of users and searches (default: 0)")


def bench_assistants(options: argparse.Namespace, progress: Progress) -> Report:
    """Help on unseen houses, by houses and user: episodes of 380 steps, with intervals by house.

    Figures are those of scripts.evaluate (agents/evaluation/metrics.py), with a label `goals`. Sets of houses
    that need development data are left out, with a word, where it is absent. `people` are recorded people's
    edits in their own order. The default takes about 20 minutes on 2 cores, mostly for the planner.
    """
    from agents.evaluation.metrics import summarise
    from agents.evaluation.page import as_figure
    from agents.evaluation.run import RunFolder, RunOptions, draw_goals, run, with_baselines
    from envs._kernel_cache import source_hash
    from envs.building.goals import make_source

    from .variety_exams import RECORDED, houses_that_judge

    for name in ("repeats", "simulations"):
        if getattr(options, name) < 1:
            raise ValueError(f"{name} is {getattr(options, name)}; give 1 or more")
    rows = [parse_row(name, options.clones) for name in options.rows.split(",") if name.strip()] or [
        *ROWS,
        *(Row("recorded", (kind,), options.clones) for kind in CLONES if options.clones),
    ]
    there = houses_that_judge(progress.say)
    if RECORDED in there:
        there[f"{RECORDED}_alone"] = _built_alone(there[RECORDED])
    rows = [row for row in rows if row.houses in there]
    if not rows:
        raise ValueError("no set of houses is there; set ASSIST_DATA to the folder of development data")
    folder = Path(options.out or f"runs/bench-assistants-{source_hash()}")
    assistants = with_baselines([name.strip() for name in options.assistants.split(",") if name.strip()])
    workers = options.workers or min(os.cpu_count() or 1, 8)
    library = draw_goals(make_source("default"), 300, options.seed, 1)
    work = [(row, parts_of(row, repeated(there[row.houses], options.repeats))) for row in rows]
    total = sum(len(p.goals) * len(p.users) * len(assistants) for _, parts in work for p in parts)
    figures: list[Figure] = []
    lines: list[list[object]] = []
    with progress.task(f"episodes in {folder} (the first run compiles)", total) as advance:
        for row, parts in work:
            episodes: list[Episode] = []
            begun = 0
            for part in parts:
                wanted = RunOptions(
                    assistants=assistants,
                    users=part.users,
                    goals=row.houses,
                    library="default",
                    episodes=len(part.goals),
                    simulations=options.simulations,
                    horizon=380,
                    seed=options.seed,
                    code=source_hash(),
                )
                kept = RunFolder(folder / part.name, wanted)
                for episode in run(wanted, kept, part.goals, library, workers, advance):
                    if row.clones:  # whose clones they are is told by the house
                        episode.user, episode.index = CLONES[row.users[0]], episode.index + begun
                    episodes.append(episode)
                begun += len(part.goals)
            users = list(dict.fromkeys(episode.user for episode in episodes))
            found = summarise(episodes)
            figures += [Figure(**as_figure(each, row.houses)) for each in found]
            shown = users if len(users) == 1 else ["pooled", "worst"]
            for user in shown:
                for assistant in assistants:
                    cells = {r.name: r.interval for r in found if (r.user, r.assistant) == (user, assistant)}
                    line = [interval_cell(cells.get(name)) for name in COLUMNS]
                    lines.append(
                        [row.houses, user if len(users) == 1 else f"held out: {user}", assistant, *line]
                    )
    title = f"{options.repeats} episodes a house, 380 steps, {options.simulations} simulations, 95 % by house"
    return Report(figures, [table(title, ["houses", "user", "assistant", *COLUMNS.values()], lines)])


def _built_alone(goals: Goals) -> Goals:
    """The recorded houses that nobody assisted on, for assistants that have learned from those who did."""
    import numpy as np

    from agents.users.recorded import read_episodes

    alone = {episode.goal.tobytes() for episode in read_episodes() if episode.alone}
    rows = [i for i, goal in enumerate(goals.blocks) if goal.tobytes() in alone]
    return type(goals)(goals.blocks[np.array(rows)], tuple(goals.houses[i] for i in rows), goals.name)


def parts_of(row: Row, goals: Goals) -> list[Part]:
    """The runs of a row: one, or one for each person whose houses clones of the others build.

    FileNotFoundError, by `load_clone`, where a person's network is missing.
    """
    from agents.users import expand_users

    from .variety_exams import person_of

    if not row.clones:
        return [Part(row.name, goals, tuple(expand_users(list(row.users))))]
    builders = [person_of(house) for house in goals.houses]
    parts = []
    for person in dict.fromkeys(builders):
        mine = [i for i, builder in enumerate(builders) if builder == person]
        houses = tuple(goals.houses[i] for i in mine)
        user = f"{row.users[0]}:{Path(row.clones) / f'without_{person}'}"
        name = f"{row.name}-without_{person}"
        parts.append(Part(name, type(goals)(goals.blocks[mine], houses, goals.name), (user,)))
    return parts


def parse_row(name: str, clones: str = "") -> Row:
    """A row from HOUSES-USER; ValueError when it has no user.

    clones: folder of the networks of `recorded-cloned` and `recorded-pikl`; without one they are those of
    the package.
    """
    houses, _, user = name.strip().partition("-")
    if not user:
        raise ValueError(f"row is {name!r}; give HOUSES-USER, for example {ROWS[0].name}")
    return Row(houses, (user,), clones if houses == "recorded" and user in CLONES else "")


def repeated(goals: Goals, times: int) -> Goals:
    """Every goal so many times in a row."""
    import numpy as np

    houses = tuple(house for house in goals.houses for _ in range(times))
    return type(goals)(np.repeat(goals.blocks, times, axis=0), houses, goals.name)
