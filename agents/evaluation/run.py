"""A whole evaluation of the building game: every assistant with every user on the same goals and seeds, in
parallel, resumable (see `folder`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.goals import Goals, GoalSource, overlap
from planners.options import Rule

from ..assistants import AssistantContext, make_assistant
from ..assistants.library import KNOWN_LIBRARY, BeliefOptions
from ..assistants.planning import SEARCH, PlanningAssistant, Source
from ..users import make_user
from .episode import Episode
from .folder import Folder, chunk_size, finish
from .metrics import ALONE
from .play import Task, play
from .tree_page import tree_page


@dataclass(frozen=True)
class RunOptions:
    """What a run is made of; equal options make equal episodes. Written to `config.json`."""

    assistants: tuple[str, ...]
    users: tuple[str, ...]
    goals: str
    library: str
    episodes: int
    simulations: int
    horizon: int
    seed: int
    code: str
    """Hash of the sources, so that a run is not resumed with other code."""
    library_size: int = 300
    known_library: bool = False
    user_models: tuple[str, ...] = BeliefOptions.types
    """User types that beliefs consider."""
    rule: Rule = "gumbel"
    candidates: int = 100
    milliseconds: float | None = None
    belief: Source = "both"
    """What planners take the belief from."""
    trees: int = 0
    """Decisions per episode whose search trees are saved."""

    def config(self) -> BuildingConfig:
        """The game."""
        return BuildingConfig(horizon=self.horizon)

    def context(self, library: Goals) -> AssistantContext:
        """What assistants are made from."""
        search = replace(
            SEARCH,
            simulations=self.simulations,
            rule=self.rule,
            candidates=self.candidates,
            milliseconds=self.milliseconds,
        )
        belief = replace(KNOWN_LIBRARY if self.known_library else BeliefOptions(), types=self.user_models)
        return AssistantContext(library.blocks, search, belief, self.belief)


@dataclass(frozen=True)
class Job:
    """Some episodes of one assistant with one user."""

    assistant: str
    user: str
    config: BuildingConfig
    context: AssistantContext
    task: Task
    trees: int = 0
    """Decisions per episode whose search trees are saved ..."""
    folder: Path = Path()
    """... here."""


def check_overlap(played: Goals, library: Goals, known: bool) -> int:
    """How many played goals the library holds (turned, mirrored, moved or in other materials). ValueError
    when that should be 0 and is not.
    """
    shared = overlap(played, library)
    count = len({i for i, _ in shared.pairs})
    if count and not known:
        raise ValueError(
            f"{count} of {len(played)} played goals are in the library of the beliefs, so help is nearly"
            " the oracle's; choose another --library or --seed, or ask for that with --known-library"
        )
    return count


def make_jobs(
    options: RunOptions,
    played: Goals,
    library: Goals,
    done: set[tuple[str, str, int]],
    chunk: int,
    trees: Path = Path("trees"),
) -> list[Job]:
    """Jobs for the episodes that are not `done` yet, `chunk` at a time; those without help come first.

    trees: folder for pages of search trees.
    """
    context = options.context(library)
    jobs = []
    for assistant in options.assistants:
        for user in options.users:
            missing = [i for i in range(options.episodes) if (assistant, user, i) not in done]
            for start in range(0, len(missing), chunk):
                rows = missing[start : start + chunk]
                houses = tuple(played.houses[i] for i in rows)
                task = Task(played.blocks[rows], houses, tuple(rows), options.seed)
                jobs.append(Job(assistant, user, options.config(), context, task, options.trees, trees))
    return jobs


def do_job(job: Job) -> list[Episode]:
    """Play one job's episodes. The records carry the names that the run was asked for."""
    assistant = make_assistant(job.assistant, job.context)
    if job.trees and isinstance(assistant, PlanningAssistant):
        assistant.watch(np.linspace(0, job.config.horizon, job.trees, endpoint=False))
    episodes = play(job.config, make_user(job.user), assistant, job.task)
    for row, episode in enumerate(episodes):
        episode.assistant, episode.user = job.assistant, job.user
        if job.trees and isinstance(assistant, PlanningAssistant) and assistant.watched[row]:
            name = f"{job.assistant}-{job.user}-{episode.index}"
            job.folder.mkdir(parents=True, exist_ok=True)
            page = tree_page(assistant.watched[row], f"{name}: what the search saw")
            (job.folder / f"{name}.html").write_text(page)
    return episodes


def samples(jobs: list[Job]) -> list[Job]:
    """Two steps of a job of each assistant, which compile all that the jobs need."""
    first = {job.assistant: job for job in reversed(jobs)}
    return [
        Job(
            job.assistant,
            job.user,
            BuildingConfig(size=job.config.size, horizon=2),
            job.context,
            Task(job.task.goals[:1], job.task.houses[:1], job.task.indices[:1], job.task.seed),
        )
        for job in first.values()
    ]


class RunFolder(Folder[Episode]):
    """The files of a run of the building game."""

    record = Episode


def run(
    options: RunOptions,
    folder: RunFolder,
    played: Goals,
    library: Goals,
    workers: int,
    advance: Callable[[int], None],
) -> list[Episode]:
    """Play what is missing and return all episodes in a fixed order. `advance` is called with numbers of
    episodes as they get done.
    """
    chunk = chunk_size(options.episodes, workers)
    jobs = make_jobs(options, played, library, folder.done(), chunk, folder.path / "trees")
    finish(folder, jobs, do_job, samples(jobs), workers, advance)
    return folder.sorted(options.assistants, options.users)


def with_baselines(assistants: list[str]) -> tuple[str, ...]:
    """The assistants of a run: as asked for, with the user alone first, which every pairing needs."""
    return tuple(dict.fromkeys([ALONE, *assistants]))


def draw_goals(source: GoalSource, count: int, seed: int, stream: int) -> Goals:
    """`count` goals of a source; stream 0 are played, 1 form the library."""
    return source.draw(count, np.random.default_rng(np.random.SeedSequence((seed, stream, 7))))
