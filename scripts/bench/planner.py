"""All that is said of the planner in figures: speed, exactness and what search adds in the building game."""

from __future__ import annotations

import argparse
import os

from .._cli import App, Progress, Report

PARTS = ("speed", "exact", "building")


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench planner``."""
    parser = app.command(
        "planner",
        bench_planner,
        [
            "python -m scripts.bench planner --parts speed",
            "python -m scripts.bench planner --parts speed,exact --json",
            "python -m scripts.bench planner --parts building --episodes 20 --workers 2 --out runs/mine",
        ],
    )
    add = parser.add_argument
    add("--parts", default=",".join(PARTS), metavar="NAMES", help=f"any of {','.join(PARTS)} (default: all)")
    add(
        "--episodes",
        type=int,
        default=200,
        metavar="N",
        help="houses of each row of building, and most episodes of each exact game (default: 200)",
    )
    add("--workers", type=int, default=0, metavar="N", help="processes of building; default: one per core")
    add("--out", default="", metavar="FOLDER", help="where building is kept, and resumed from")
    add("--seed", type=int, default=0, metavar="N", help="seed of houses, users and searches (default: 0)")


def bench_planner(options: argparse.Namespace, progress: Progress) -> Report:
    """Speed, exactness and help of the planner.

    speed, about 1 minute: the search in building games that a user has half built, each in another state,
    with beliefs of a library as the planning assistant has them. CPU time of the process, one thread.
      planner.us_per_simulation  all of a simulation: step, proposals, drawn replies, belief; game none: the
                                 tree alone; particles 0: one goal and a user who never acts, so no replies
      planner.set_root_us        preparing the root of one game
      planner.tree_bytes         one tree: statistics, candidates, the model's slots with their states and
                                 particle weights; room is made for all simulations, so that it does
                                 not grow
      planner.belief_bytes       what the slots of one game share: the goals and weights of its belief
      planner.reference_ratio    time of planners.reference by that of the fast search
      planner.thread_speedup     time on the wall with one thread by that with two; both must find the same
      planner.decision_ms        the planning assistant from a state to an action, its belief included
      planner.coherence_gap      distance of a belief from the mean of those after the user's replies: bayes,
                                 where it is 0 but for rare replies; particles, as the search has it; and
                                 library. Half the differences in a cell, mean over cells
      planner.coherence_shift    mean distance of the single beliefs after

    exact, about 3 minutes: games with known optimal values (agents/evaluation/tabular.py).
      value.planner              optimal value less the planner's regret
      regret.planner             in % of what the best assistant adds to the user alone; regret.worst: of the
                                 game where a rule loses most
      planner.asks               share of decisions that are to ask, where the best assistant does;
      planner.waits_for_ever     share of decisions to wait there

    building, about an hour (2 cores): users and assistants on generated houses. Library new: 1,000 other
    houses; known: the played ones are among them. Beliefs know that the user is bottom_up; top_down and noisy
    are users that they do not consider. simulations 0 is the greedy assistant. Greedy, 1 and 100 simulations
    play all houses with bottom_up, everything else the first 50. An interrupted run is resumed by the same
    command.
      goal_percent, goal_auc, user_edits_saved   agents/evaluation/metrics.py
      difference.goal_auc, difference.goal_percent   over the run with `against` simulations, paired by house
                                 and seed

    lo and hi are the range of repeats for speed, else 95 % intervals. The first run also compiles, for a few
    minutes.
    """
    parts = [part.strip() for part in options.parts.split(",") if part.strip()]
    if not parts or not set(parts) <= set(PARTS):
        raise ValueError(f"parts is {options.parts!r}; choose from {', '.join(PARTS)}, separated by commas")
    for name, least in (("episodes", 1), ("workers", 0)):
        if getattr(options, name) < least:
            raise ValueError(f"{name} is {getattr(options, name)}; give {least} or more")
    reports = [_measure(part, options, progress) for part in PARTS if part in parts]
    return Report(
        [figure for report in reports for figure in report.figures],
        [text for report in reports for text in report.text],
        "; ".join(report.failed for report in reports if report.failed),
    )


def _measure(part: str, options: argparse.Namespace, progress: Progress) -> Report:
    if part == "speed":
        from .planner_speed import measure_speed

        return measure_speed(options.seed, progress)
    if part == "exact":
        from .planner_exact import measure_exact

        return measure_exact(options.seed, options.episodes, progress)
    from .planner_building import Sizes, measure_building

    workers = options.workers or min(os.cpu_count() or 1, 8)
    return measure_building(options.seed, workers, options.out, progress, Sizes(options.episodes))
