"""Play assistants with simulated users and print how much they help.

Every episode is paired with the same user, goal and seed of other assistants. Definitions of all figures:
`agents/evaluation/metrics.py` and `agents/evaluation/chat/metrics.py`. A run is kept in a folder: Ctrl-C
keeps what is done and the same command resumes.
"""

from __future__ import annotations

import argparse
import itertools
import math
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ._cli import App, Figure, Parser, Progress, Report, table
from ._evaluate import add_run_options, names, positive, rows_table, worker_count
from ._evaluate_chat import add_chat

if TYPE_CHECKING:
    from agents.evaluation.tabular import Played

DEMO = {
    "assistants": "none,copy_neighbour,greedy,network,oracle",
    "users": "population,bottom_up",
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
    from agents.evaluation.page import as_figure
    from agents.evaluation.report import write_report
    from agents.evaluation.run import RunFolder, RunOptions, check_overlap, draw_goals, run, with_baselines
    from agents.users import expand_users
    from envs._kernel_cache import source_hash
    from envs.building.goals import make_source

    if options.demo:
        for name, value in DEMO.items():
            setattr(options, name, value)
    wanted = RunOptions(
        assistants=with_baselines(names(options.assistants)),
        users=tuple(expand_users(names(options.users))),
        goals=options.goals,
        library=options.library,
        library_size=options.library_size,
        episodes=positive("episodes", options.episodes),
        simulations=positive("simulations", options.simulations),
        horizon=options.horizon,
        seed=options.seed,
        code=source_hash(),
        known_library=options.known_library,
        user_models=tuple(expand_users(names(options.user_models))),
        rule=options.rule,
        candidates=positive("candidates", options.candidates),
        milliseconds=options.milliseconds,
        belief=options.belief,
        trees=max(0, options.save_trees),
    )
    workers = worker_count(options.workers)
    size = wanted.config().size
    played = draw_goals(make_source(wanted.goals, size), wanted.episodes, wanted.seed, 0)
    library = (
        played
        if wanted.known_library
        else draw_goals(make_source(wanted.library, size), wanted.library_size, wanted.seed, 1)
    )
    wanted.context(library)  # names bad options before anything is played
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
    title = f"{wanted.episodes} houses from {wanted.goals}, {wanted.horizon} steps; 95 % intervals by house"
    text = [
        rows_table(title, rows, COLUMNS),
        f"{folder.path}/report.html has curves and pictures; definitions in agents/evaluation/metrics.py",
    ]
    return Report(figures, text)


def tabular(options: argparse.Namespace, progress: Progress) -> Report:
    """Small games with known optimal values: how much of the possible help do planners lose?

    A planner's regret is the optimal value less its own, found with little noise from the exact values of its
    actions; `%` has it as a share of what the best assistant adds to the user alone; `optimal %` is the share
    of its decisions that are optimal. Games and planners: `agents/evaluation/tabular.py`,
    `planners/baselines.py`.
    """
    from agents.evaluation.tabular import GAMES, game_of, play, search_options
    from planners.baselines import PLANNERS
    from planners.exact import always_wait, oracle_value, policy_value, solve

    games = GAMES if options.games == "all" else names(options.games)
    planners = tuple(PLANNERS) if options.planners == "all" else names(options.planners)
    counts = [_whole("simulations", text) for text in names(options.simulations)]
    episodes = positive("episodes", options.episodes)
    solved = {name: solve(game_of(name)) for name in games}
    figures: list[Figure] = []
    lines: list[list[object]] = []
    with progress.task("episodes", len(games) * len(planners) * len(counts) * episodes) as advance:
        for name, solution in solved.items():
            game = solution.graph.game
            alone = policy_value(game, always_wait)
            for kind, value in (
                ("optimal", solution.value),
                ("alone", alone),
                ("oracle", oracle_value(game)),
            ):
                figures.append(Figure(f"value.{kind}", value, labels={"game": name}))
                lines.append([name, kind, "", f"{value:.5f}", "", "", "", ""])
            for planner, count in itertools.product(planners, counts):
                played = play(solution, planner, search_options(count), episodes, options.seed, advance)
                labels: dict[str, str | int | float] = {
                    "game": name,
                    "planner": planner,
                    "simulations": count,
                }
                found = _regret_figures(played, solution.value, alone, labels)
                figures += found
                lines.append([name, planner, count, *_regret_cells(found)])
    columns = ["game", "assistant", "simulations", "value", "regret", "%", "95 % interval", "optimal %"]
    return Report(figures, [table(f"{episodes} episodes of each game", columns, lines)])


def _regret_figures(
    played: Played, best: float, alone: float, labels: Mapping[str, str | int | float]
) -> list[Figure]:
    """Value, regret, regret as a share of the possible help (nan where there is none), agreement."""
    from agents.evaluation.tabular import agreement_interval, regret_interval

    regret, agreed = regret_interval(played), agreement_interval(played)
    value, lo, hi, n = regret
    unit = 100 / (best - alone) if best > alone else math.nan
    return [
        Figure("value.planner", best - value, best - hi, best - lo, n=n, labels=labels),
        Figure("regret.planner", value, lo, hi, n=n, labels=labels),
        Figure("regret_share.planner", value * unit, lo * unit, hi * unit, "%", n, labels),
        Figure("agreement.planner", agreed.value, agreed.lo, agreed.hi, "%", agreed.n, labels),
    ]


def _regret_cells(figures: list[Figure]) -> list[str]:
    value, regret, share, agreement = figures
    interval = f"{share.lo:.2f} .. {share.hi:.2f}"
    return [
        f"{value.value:.5f}",
        f"{regret.value:.5f}",
        f"{share.value:.2f}",
        interval,
        f"{agreement.value:.1f}",
    ]


def _whole(name: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{name} has {text!r}; give whole numbers of 1 or more")
    return positive(name, int(text))


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
            "python -m scripts.evaluate building --assistants planner,voi,flat --rule puct --save-trees 5",
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
        default="population,bottom_up",
        metavar="NAMES",
        help="comma-separated type names, population, people, held_out, all, or package.module:factory",
    )
    add(
        "--goals",
        default="default",
        metavar="GOALS",
        help="default (generator), a name (library, mix, val_mods, ...), a library npz, an episodes.npz, a"
        " folder of houses, or package.module:factory",
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
        "--belief",
        default="both",
        choices=("both", "particles", "marginals"),
        help="what planners take the belief from: marginals that particles move in the tree, either alone",
    )
    add(
        "--user-models",
        default="bottom_up,outline_first",
        metavar="NAMES",
        help="the user types that beliefs consider",
    )
    add_run_options(parser, "steps")
    parser.set_defaults(horizon=380)
    add_chat(app)
    parser = app.command(
        "tabular",
        tabular,
        examples=[
            "python -m scripts.evaluate tabular --planners all --simulations 1,10,100",
            "python -m scripts.evaluate tabular --games tiger,wormy_apples:timing=two_phase --json",
        ],
    )
    add = parser.add_argument
    add(
        "--games",
        default="all",
        metavar="GAMES",
        help="comma-separated NAME:SETTING=VALUE:..., or all that planners are held to",
    )
    add("--planners", default="gumbel,puct", metavar="NAMES", help="comma-separated names, or all")
    add("--simulations", default="100", metavar="N,N,...", help="simulations per decision")
    add("--episodes", type=int, default=100, metavar="N", help="episodes of each game")
    add("--seed", type=int, default=0)
    return app.main()


if __name__ == "__main__":
    sys.exit(main())
