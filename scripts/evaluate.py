"""Play assistants with simulated users on houses and print how much they help.

Every episode is paired with the same user, goal and seed without help. Definitions of all figures:
`agents/evaluation/metrics.py`. The run is kept in a folder: Ctrl-C keeps what is done and the same command
resumes.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ._cli import App, Figure, Parser, Progress, Report, table

if TYPE_CHECKING:
    from agents.evaluation.metrics import Row
    from agents.evaluation.run import RunOptions
    from agents.evaluation.statistics import Interval

DEMO = {
    "assistants": "none,copy_neighbour,greedy,planner,oracle",
    "users": "bottom_up,outline_first",
    "episodes": 8,
    "simulations": 20,
}
COLUMNS = (
    ("goal_percent", "goal %"),
    ("user_edits_saved", "edits saved %"),
    ("user_edits", "user edits"),
    ("assistant_share", "share %"),
    ("wrong_edit_rate", "wrong %"),
    ("undo_rate", "undone %"),
    ("harm_rate", "harm %"),
    ("normalised_help", "help 0..1"),
    ("decision_ms_p50", "ms"),
)


def building(options: argparse.Namespace, progress: Progress) -> Report:
    """The building game: a user builds a house that only they know.

    The table has a row per user type, then `pooled` over all types and the `worst` type. Help can be read off
    `edits saved`: the share of the user's places and breaks that the assistant made unnecessary, at the goal
    level that the user alone reaches.
    """
    from agents.assistants import NEEDS_LIBRARY
    from agents.evaluation.metrics import summarise
    from agents.evaluation.report import as_figure, write_report
    from agents.evaluation.run import RunFolder, RunOptions, check_overlap, draw_goals, run, with_baselines
    from agents.users import expand_users
    from envs._kernel_cache import source_hash
    from envs.building.goals import make_source

    if options.demo:
        for name, value in DEMO.items():
            setattr(options, name, value)
    wanted = RunOptions(
        assistants=with_baselines(_names(options.assistants)),
        users=tuple(expand_users(_names(options.users))),
        goals=options.goals,
        library=options.library,
        library_size=options.library_size,
        episodes=_positive("episodes", options.episodes),
        simulations=_positive("simulations", options.simulations),
        horizon=options.horizon,
        seed=options.seed,
        code=source_hash(),
        known_library=options.known_library,
    )
    workers = _positive("workers", options.workers or min(os.cpu_count() or 1, 8))
    size = wanted.config().size
    played = draw_goals(make_source(wanted.goals, size), wanted.episodes, wanted.seed, 0)
    library = (
        played
        if wanted.known_library
        else draw_goals(make_source(wanted.library, size), wanted.library_size, wanted.seed, 1)
    )
    folder = RunFolder(
        Path(options.out or f"runs/{'demo' if options.demo else 'building'}-{wanted.code}"), wanted
    )
    if any(name in NEEDS_LIBRARY for name in wanted.assistants):
        shared = check_overlap(played, library, wanted.known_library)
        progress.say(
            f"{shared} of {len(played)} played goals are among the {len(library)} goals that beliefs know"
        )
    total = len(wanted.assistants) * len(wanted.users) * wanted.episodes
    with progress.task(f"episodes in {folder.path} (the first run compiles)", total) as advance:
        episodes = run(wanted, folder, played, library, workers, advance)
    rows = summarise(episodes)
    write_report(folder.path, episodes, rows, "python -m scripts.evaluate " + shlex.join(sys.argv[1:]))
    figures = [Figure(**as_figure(row, wanted.goals)) for row in rows]
    text = [
        _table(rows, wanted),
        f"{folder.path}/report.html has curves and pictures; definitions in agents/evaluation/metrics.py",
    ]
    return Report(figures, text)


def _table(rows: list[Row], options: RunOptions) -> object:
    shown = {(row.assistant, row.user, row.name): row.interval for row in rows if not row.done}
    lines = []
    for assistant, user in dict.fromkeys((row.assistant, row.user) for row in rows):
        cells = [_cell(shown.get((assistant, user, name))) for name, _ in COLUMNS]
        lines.append([assistant, user, *cells])
    title = (
        f"{options.episodes} houses from {options.goals}, {options.horizon} steps; 95 % intervals by house"
    )
    return table(title, ["assistant", "user", *(title for _, title in COLUMNS)], lines)


def _cell(interval: Interval | None) -> str:
    if interval is None or math.isnan(interval.value):
        return ""
    value = interval.value
    digits = 2 if abs(value) < 2 else 1
    half = (interval.hi - interval.lo) / 2
    return f"{value:.{digits}f} ±{half:.{digits}f}" if half < 1e6 else f"{value:.{digits}f}"


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ValueError(f"{text!r} names nothing; give names separated by commas")
    return names


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more")
    return value


def main() -> int:
    """Entry point."""
    app = App("scripts.evaluate", __doc__)
    parser: Parser = app.command(
        "building",
        building,
        examples=[
            "python -m scripts.evaluate building --demo",
            "python -m scripts.evaluate building --assistants planner --users all --out runs/all",
            "python -m scripts.evaluate building --goals houses.npz --assistants greedy,oracle --json",
        ],
    )
    add = parser.add_argument
    add("--demo", action="store_true", help="a quick look: four assistants, two user types, eight houses")
    add(
        "--assistants",
        default="greedy,planner,oracle",
        metavar="NAMES",
        help="comma-separated names, or package.module:factory; none always plays",
    )
    add(
        "--users",
        default="bottom_up,outline_first",
        metavar="NAMES",
        help="comma-separated type names, held_out, all, or package.module:factory",
    )
    add(
        "--goals",
        default="default",
        metavar="GOALS",
        help="default (generator), library npz, episodes.npz, folder of houses, or package.module:factory",
    )
    add(
        "--library",
        default="default",
        metavar="GOALS",
        help="what beliefs know, like --goals; must not hold goals that are played",
    )
    add("--library-size", type=int, default=300, metavar="N", help="goals drawn for the library")
    add(
        "--known-library",
        action="store_true",
        help="experiment: beliefs know exactly the goals that are played",
    )
    add("--episodes", type=int, default=16, metavar="N", help="houses per user type")
    add(
        "--simulations",
        type=int,
        default=100,
        metavar="N",
        help="search simulations per decision of planners",
    )
    add("--horizon", type=int, default=380, metavar="STEPS", help="steps of an episode")
    add("--seed", type=int, default=0)
    add("--workers", type=int, default=0, metavar="N", help="processes; default: one per core, 8 at most")
    add(
        "--out",
        default="",
        metavar="FOLDER",
        help="where the run is kept, and resumed from (default in runs/)",
    )
    return app.main()


if __name__ == "__main__":
    sys.exit(main())
