"""What a fixed goal predictor learns from houses and users: the judge of their variety and realism."""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._cli import App, Figure, Progress, Report

if TYPE_CHECKING:
    from .variety_cells import Cell

NLL, SAVED = "nll", "saved"
UNSEEN = "unseen"
"""Users who never are the person of a row: a population without each person, and rows of that person."""
PARTS = (NLL, SAVED)
"""Moments and episodes."""
SOURCES = ("generator", "library:any", "mix:any")
SAMPLES = 80_000

Labels = dict[str, str | int | float]


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench variety``."""
    parser = app.command(
        "variety",
        bench_variety,
        [
            "python -m scripts.bench variety --json",
            "python -m scripts.bench variety --sources generator,mix --seeds 0,1,2,3,4 --out runs/five",
            "python -m scripts.bench variety --sources mix --goals-limit 100,1000,10000,100000 --parts nll",
            "python -m scripts.bench variety --sources mix:any --train-users unseen",
        ],
    )
    add = parser.add_argument
    add(
        "--sources",
        default=",".join(SOURCES),
        metavar="NAMES",
        help=f"goals to train on, whatever --goals takes elsewhere (default: {','.join(SOURCES)})",
    )
    add("--seeds", default="0", metavar="N,N", help="seeds of training (default: 0)")
    add("--samples", type=int, default=SAMPLES, metavar="N", help=f"samples shown (default: {SAMPLES:,})")
    add("--goals-limit", default="", metavar="N,N", help="also train on only so many distinct goals of each")
    add(
        "--train-users",
        default="population",
        metavar="NAME",
        help=f"who builds in training: population (default), varied, {UNSEEN}, or another user",
    )
    add("--parts", default=",".join(PARTS), metavar="NAMES", help=f"any of {','.join(PARTS)} (default: all)")
    add("--threads", type=int, default=1, metavar="N", help="threads of torch in each process (default: 1)")
    add("--workers", type=int, default=0, metavar="N", help="processes; default: one per core, at most 8")
    add("--out", default="", metavar="FOLDER", help="where cells are kept, and resumed from")
    add("--seed", type=int, default=0, metavar="N", help="seed of the exams (default: 0)")


def _split_sources(text: str) -> list[str]:
    """Names separated by commas; weighted parts (`NAME=WEIGHT`) belong to the `mix:` before them."""
    names: list[str] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if "=" in part and not part.startswith("mix:") and names:
            names[-1] += f",{part}"
        else:
            names.append(part)
    return list(dict.fromkeys(names))


def bench_variety(options: argparse.Namespace, progress: Progress) -> Report:
    """What a fixed goal predictor learns from houses and users of each source.

    A small network (agents/predictors) is trained by one fixed recipe on goals of each source, as simulated
    users build them, and then asked about houses it has not seen: CraftAssist's, those of mods (one building
    a family), people's recorded ones, and generated ones. Training shows a number of samples, about 3 to 5
    CPU minutes with the default. With order `user` the plain builder builds; with order `people` the recorded
    people do, in their own order (recorded_alone: those without another person's help, to compare the two).
    --train-users unseen trains once for each recorded person, with a population fitted without them; rows
    of recorded houses then have of each network only that person's houses.
      variety.nll         nats per cell, over the cells that nobody has changed, when a share is built
      variety.precision   of proposals: blocks b in such cells with 2 P(b) - 1 above 0.3
      variety.proposals   how many there are
      variety.saved       user_edits_saved of agents/evaluation/metrics.py, with the assistant that does what
                          the network proposes
      variety.wrong       of its edits, those that lower the similarity
      variety.harm        chance of ending below an unhelped episode of the house; no effect gives 50
      variety.minutes     CPU minutes of training; of these variety.playing to play episodes
    With --goals-limit each limit is trained too, with a label `goals`. Intervals are 95 % by house or family,
    over all seeds. Finished trainings are kept in --out and an interrupted run resumes.
    """
    from envs._kernel_cache import source_hash

    for name, least in (("samples", 64), ("threads", 1), ("workers", 0), ("seed", 0)):
        if getattr(options, name) < least:
            raise ValueError(f"{name} is {getattr(options, name)}; give {least} or more")
    parts = [part.strip() for part in options.parts.split(",") if part.strip()]
    if not parts or not set(parts) <= set(PARTS):
        raise ValueError(f"parts is {options.parts!r}; choose from {', '.join(PARTS)}, separated by commas")
    seeds, limits = _numbers("seeds", options.seeds, 0), _numbers("goals-limit", options.goals_limit, 1)
    _require_torch()

    from .variety_cells import Cell, training_source
    from .variety_exams import houses_that_judge
    from .variety_figures import figures_of, nll_table, saved_table

    sources = _split_sources(options.sources)
    _refuse_what_judges(sources, options.train_users)
    sources = _present(sources, progress)
    houses_that_judge(progress.say)
    code = source_hash()
    folder = Path(options.out or f"runs/bench-variety-{code}")
    cells = [
        Cell(source, seed, options.samples, users, goals, options.seed, code)
        for seed in seeds
        for source in sources
        for goals in (*limits, 0)
        for users in _training_users(options.train_users)
    ]
    for cell in cells:  # a wrong limit should be said now
        training_source(cell.source, cell.goals, cell.seed)
    done = dict(_finish_all(cells, folder, parts, options, progress))
    found = {cell: done[cell] for cell in cells}
    figures: list[Figure] = []
    for source in sources:
        for goals in (*limits, 0):
            labels: Labels = {"source": source} | ({"goals": goals} if goals else {})
            mine = [
                (cell.users, found[cell]) for cell in cells if (cell.source, cell.goals) == (source, goals)
            ]
            figures += figures_of(mine, parts, labels)
    tables = {NLL: nll_table, SAVED: saved_table}
    return Report(figures, [tables[part](figures) for part in PARTS if part in parts])


def _refuse_what_judges(sources: Sequence[str], users: str) -> None:
    """ValueError for houses and users that nothing may be trained on."""
    from agents.users.replay import ReplayUser
    from agents.users.traits import USER_TYPES
    from envs.building.goals.named import EVALUATION

    from .variety_cells import training_user

    for source in sources:
        if any(name in source for name in EVALUATION):
            raise ValueError(f"source {source} holds houses of the exams; train on others")
    if users == ReplayUser.name or (users in USER_TYPES and USER_TYPES[users].held_out):
        raise ValueError(f"train-users is {users!r}, who are for evaluation only; train with others")
    for name in _training_users(users):
        training_user(name)


def _training_users(name: str) -> list[str]:
    """The users of the trainings that `--train-users` asks for."""
    if name != UNSEEN:
        return [name]
    from agents.users import WITHOUT
    from agents.users.population import population

    return [WITHOUT + person for person in dict.fromkeys(population().people)]


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "this bench trains networks with torch, which is not installed:"
            " pip install 'assistance-games[learn]'"
        ) from error


def _numbers(name: str, text: str, least: int) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ValueError(f"{name} is {text!r}; give integers separated by commas") from None
    if (name == "seeds" and not numbers) or any(number < least for number in numbers):
        raise ValueError(f"{name} is {text!r}; give integers of {least} or more, separated by commas")
    return list(dict.fromkeys(numbers))


def _present(names: Sequence[str], progress: Progress) -> list[str]:
    """The sources whose data are there. FileNotFoundError when none is."""
    from envs.building.goals import make_source

    present, absent = [], []
    for name in names:
        try:
            make_source(name)
            present.append(name)
        except FileNotFoundError as error:
            absent.append(error)
            progress.say(f"source {name} is left out: {error}")
    if not present:
        raise absent[0] if absent else ValueError("there are no sources; name some with --sources")
    return present


def _finish_all(
    cells: list[Cell], folder: Path, parts: Sequence[str], options: argparse.Namespace, progress: Progress
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """The results of all cells, on some processes."""
    from .variety_cells import finish

    workers = min(options.workers or min(os.cpu_count() or 1, 8), len(cells))
    with progress.task(f"trainings in {folder} (the first run compiles)", len(cells)) as advance:
        if workers == 1:
            for cell in cells:
                yield cell, finish(cell, folder, parts, options.threads, progress.say)
                advance(1)
            return
        pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
        try:
            jobs = {
                pool.submit(finish, cell, folder, parts, options.threads, Progress().say): cell
                for cell in cells
            }
            for job in as_completed(jobs):
                yield jobs[job], job.result()
                advance(1)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
