"""The command `python -m scripts.evaluate chat`: its options, tables, and the gate."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._cli import App, Figure, Progress, Report, table
from ._evaluate import add_run_options, interval_cell, names, positive, rows_table, worker_count

if TYPE_CHECKING:
    from agents.evaluation.chat.episode import ChatEpisode
    from agents.evaluation.chat.run import ChatRunOptions
    from agents.evaluation.statistics import Interval, Row

DEMO = {"assistants": "script,voi,planner", "users": "realistic,impatient", "episodes": 6, "simulations": 20}
GATE = "script,voi,information_gain,best_of_n,flat,planner"
GATE_SEED = 7_000_000
"""Added to the seed of `--gate`, so that its goals and catalogues are used nowhere else."""
COLUMNS = (
    ("score", "score"),
    ("return", "return"),
    ("success", "success %"),
    ("quits", "quits %"),
    ("turns", "turns"),
    ("useful", "useful ?"),
    ("redundant", "vain ?"),
    ("satisfaction_mean", "satisfied"),
    ("decision_ms_p50", "ms"),
)


def chat(options: argparse.Namespace, progress: Progress) -> Report:
    """The chat game: a user with a hidden goal talks with an assistant who asks, shows and books.

    The score of an assistant is 0 for booking at once (commit) and 100 for knowing the goal (oracle); both
    are always played. The table has a line per persona, then `pooled` over all of them and the `worst`.

    With `--gate` users are those that beliefs consider, goals and catalogues are used nowhere else, and the
    exit status says whether search pays: 0 if the planner's score is above that of the best baseline that
    looks one step ahead and above that of the script, by paired 95 % intervals, and 1 if not.
    """
    from agents.evaluation.chat.metrics import summarise
    from agents.evaluation.chat.report import write_chat_report
    from agents.evaluation.chat.run import ChatFolder, run
    from agents.evaluation.page import as_figure

    if options.demo:
        for name, value in DEMO.items():
            setattr(options, name, value)
    wanted = _run_options(options)
    workers = worker_count(options.workers)
    kind = "chat-gate" if options.gate else "chat-demo" if options.demo else "chat"
    folder = ChatFolder(Path(options.out or f"runs/{kind}-{wanted.code}"), wanted)
    total = len(wanted.assistants) * len(wanted.users) * wanted.episodes
    with progress.task(f"dialogues in {folder.path} (the first run compiles)", total) as advance:
        episodes = run(wanted, folder, workers, advance)
    rows = summarise(episodes)
    write_chat_report(folder.path, episodes, rows, "python -m scripts.evaluate " + shlex.join(sys.argv[1:]))
    figures = [Figure(**as_figure(row)) for row in rows]
    title = f"{wanted.episodes} dialogues per persona, {wanted.trials} per goal; 95 % intervals by goal"
    text: list[Any] = [rows_table(title, rows, COLUMNS), *_noise_lines(rows)]
    if options.cross_play:
        text.append(_matrix(rows))
    failed = ""
    if options.gate:
        compared, lines, failed = _gate(episodes, rows)
        figures += compared
        text.append(lines)
    text.append(
        f"{folder.path}/report.html has transcripts; definitions in agents/evaluation/chat/metrics.py"
    )
    return Report(figures, text, failed)


def _run_options(options: argparse.Namespace) -> ChatRunOptions:
    """What is to be played; names what is wrong with the options before anything is."""
    import numpy as np

    from agents.assistants.chat import ONE_STEP, named
    from agents.evaluation.chat.run import SEARCHING, ChatRunOptions, personas, with_references
    from envs._kernel_cache import source_hash
    from envs.chat.goals import draw_goals

    asked = names(options.assistants or (GATE if options.gate else "script,voi,planner"))
    models = personas(names(options.user_models))
    users = options.users or ("all" if options.cross_play else "known" if options.gate else "held_out")
    again = options.noise_floor or next((name for name in SEARCHING if name in asked), "none")
    if again != "none" and again not in asked:
        raise ValueError(f"noise-floor is {again!r}; choose from {', '.join(asked)}, or none")
    found = ChatRunOptions(
        assistants=with_references(asked, "" if again == "none" or options.gate else again),
        users=models if options.gate and not options.users else personas(names(users)),
        episodes=positive("episodes", options.episodes),
        trials=positive("trials", (1 if options.gate else 2) if options.trials is None else options.trials),
        simulations=positive("simulations", options.simulations),
        seed=options.seed + (GATE_SEED if options.gate else 0),
        code=source_hash(),
        user_models=models,
        domains=options.domains,
        items=options.items,
        horizon=options.horizon,
        rule=options.rule,
        candidates=positive("candidates", options.candidates),
        milliseconds=options.milliseconds,
        trees=max(0, options.save_trees),
    )
    draw_goals(found.config().schema, 1, np.random.default_rng(0), domains=found.domains)
    if options.gate and not ({"planner", "script"} <= set(asked) and set(ONE_STEP) & set(asked)):
        raise ValueError(
            f"the gate needs planner, script and one of {', '.join(ONE_STEP)}; it has {', '.join(asked)}"
        )
    for name in asked:
        named(name, found.context())
    return found


def _noise_lines(rows: Sequence[Row]) -> list[str]:
    return [
        f"noise floor: {row.assistant} again, with other randomness of its own, scores"
        f" {row.interval.value:+.1f} ({row.interval.lo:+.1f} … {row.interval.hi:+.1f})"
        for row in rows
        if row.name == "noise_floor"
    ]


def _matrix(rows: Sequence[Row]) -> Any:
    """Scores, a line per assistant and a column per persona."""
    scores = {(row.assistant, row.user): row.interval for row in rows if row.name == "score"}
    users = [user for user in dict.fromkeys(user for _, user in scores) if user != "worst"]
    lines = [
        [assistant, *(interval_cell(scores.get((assistant, user))) for user in users)]
        for assistant in dict.fromkeys(assistant for assistant, _ in scores)
    ]
    return table("score of each assistant with each persona", ["assistant", *users], lines)


def _gate(episodes: Sequence[ChatEpisode], rows: Sequence[Row]) -> tuple[list[Figure], Any, str]:
    """The planner against its two bars: figures, a table, and what is wrong when it fails."""
    from agents.assistants.chat import ONE_STEP
    from agents.evaluation.chat.metrics import POOLED, score_difference

    users = {row.user for row in rows}
    pooled = POOLED if POOLED in users else next(iter(users))
    scores = {r.assistant: r.interval.value for r in rows if r.name == "score" and r.user == pooled}
    played = [name for name in ONE_STEP if name in scores]
    best = max(played, key=lambda name: scores[name])
    figures, lines, failed = [], [], []
    for other, what in ((best, "best one-step baseline"), ("script", "hand script")):
        found: Interval = score_difference(episodes, "planner", other)
        labels = {"a": other, "b": "planner", "against": what}
        figures.append(Figure("gate", found.value, found.lo, found.hi, "", found.n, labels))
        passed = found.lo > 0
        interval = f"{found.lo:+.1f} … {found.hi:+.1f}"
        lines.append([f"planner - {other}", what, f"{found.value:+.1f}", interval, found.n, passed])
        if not passed:
            failed.append(f"planner - {other} is {found.value:+.1f} ({interval})")
    columns = ["difference of score", "against", "points", "95 % by goal", "dialogues", "above 0"]
    return figures, table("the gate", columns, lines), "; ".join(failed)


def add_chat(app: App) -> None:
    """Add the command and its options."""
    parser = app.command(
        "chat",
        chat,
        examples=[
            "python -m scripts.evaluate chat --demo",
            "python -m scripts.evaluate chat --assistants planner,voi,flat --users all --out runs/chat",
            "python -m scripts.evaluate chat --gate --episodes 100 --json",
            "python -m scripts.evaluate chat --cross-play --episodes 30 --simulations 30",
        ],
    )
    add = parser.add_argument
    add("--demo", action="store_true", help="a quick look: three assistants, two personas, six dialogues")
    add("--gate", action="store_true", help="check that search pays, on goals that are used nowhere else")
    add("--cross-play", action="store_true", help="also a matrix of assistants and all personas")
    add(
        "--assistants",
        default="",
        metavar="NAMES",
        help="comma-separated names, or package.module:factory (default: script,voi,planner; with --gate all"
        " baselines); commit and oracle always play",
    )
    add(
        "--users",
        default="",
        metavar="NAMES",
        help="comma-separated personas, or known, held_out, all (default: held_out)",
    )
    add("--user-models", default="known", metavar="NAMES", help="the personas that beliefs consider")
    add("--episodes", type=int, default=16, metavar="N", help="dialogues with each persona")
    add(
        "--trials",
        type=int,
        metavar="K",
        help="how many of them are about one goal, for pass^k (default: 2; with --gate 1)",
    )
    add("--domains", type=int, metavar="N", help="domains that each user wants, 1..3 (default: any number)")
    add("--items", type=int, default=32, metavar="N", help="items of each domain in a catalogue")
    add(
        "--noise-floor",
        default="",
        metavar="NAME",
        help="the assistant that plays twice (default: the planner, or else another that searches), or none",
    )
    add_run_options(parser, "acts")
    parser.set_defaults(horizon=40)
