"""A whole evaluation of the chat game: every assistant with every persona on the same goals, catalogues and
randomness of users, in parallel, resumable (see `folder` one level up).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envs.chat import ChatConfig
from planners.options import Rule

from ...assistants.chat import ChatContext, named
from ...assistants.chat.planning import SEARCH
from ...users.chat import HELD_OUT, PRESETS
from ..folder import Folder, chunk_size, finish
from ..tree_page import tree_page
from .episode import ChatEpisode
from .metrics import AGAIN, COMMIT, ORACLE
from .play import Task, play

KNOWN = tuple(name for name in PRESETS if name not in HELD_OUT)
USER_SETS = {"known": KNOWN, "held_out": HELD_OUT, "all": tuple(PRESETS)}
"""Names that stand for several personas."""
SEARCHING = ("planner", "voi", "flat", "best_of_n", "information_gain")
"""Assistants with randomness of their own, which the noise floor is worth telling of."""


@dataclass(frozen=True)
class ChatRunOptions:
    """What a run is made of; equal options make equal episodes. Written to `config.json`."""

    assistants: tuple[str, ...]
    users: tuple[str, ...]
    episodes: int
    """Dialogues of each assistant with each persona."""
    trials: int
    """How many of them are about one goal."""
    simulations: int
    seed: int
    code: str
    """Hash of the sources, so that a run is not resumed with other code."""
    user_models: tuple[str, ...] = KNOWN
    """Personas that beliefs consider."""
    domains: int | None = None
    """Domains that each user wants; None: any number."""
    items: int = ChatConfig.items
    horizon: int = ChatConfig.horizon
    rule: Rule = "gumbel"
    candidates: int = 100
    milliseconds: float | None = None
    trees: int = 0
    """Decisions per dialogue whose search trees are saved."""

    def config(self) -> ChatConfig:
        """The game."""
        return ChatConfig(items=self.items, horizon=self.horizon)

    def context(self) -> ChatContext:
        """What assistants are made from."""
        search = replace(
            SEARCH,
            simulations=self.simulations,
            rule=self.rule,
            candidates=self.candidates,
            milliseconds=self.milliseconds,
        )
        return ChatContext(tuple(PRESETS[name] for name in self.user_models), search)


@dataclass(frozen=True)
class ChatJob:
    """Some dialogues of one assistant with one persona."""

    assistant: str
    user: str
    config: ChatConfig
    context: ChatContext
    task: Task
    folder: Path = Path()
    """Where pages of search trees go."""


def personas(names: Sequence[str]) -> tuple[str, ...]:
    """Names of presets, with those of `USER_SETS` spelt out. ValueError for others."""
    found: list[str] = []
    for name in names:
        if name not in PRESETS and name not in USER_SETS:
            raise ValueError(f"user is {name!r}; choose from {', '.join((*PRESETS, *USER_SETS))}")
        found += USER_SETS.get(name, (name,))
    return tuple(dict.fromkeys(found))


def with_references(assistants: Sequence[str], again: str = "") -> tuple[str, ...]:
    """The assistants of a run: `commit` first and the `oracle` last, which scores need.

    again: the one that plays a second time for the noise floor.
    """
    names = dict.fromkeys([COMMIT, *(name for name in assistants if name != ORACLE)])
    return (*names, *([again + AGAIN] if again else []), ORACLE)


def make_jobs(
    options: ChatRunOptions, done: set[tuple[str, str, int]], chunk: int, folder: Path
) -> list[ChatJob]:
    """Jobs for the dialogues that are not `done` yet, about `chunk` at a time."""
    config, context = options.config(), options.context()
    jobs = []
    for assistant in options.assistants:
        for user in options.users:
            missing = [i for i in range(options.episodes) if (assistant, user, i) not in done]
            for start in range(0, len(missing), chunk):
                task = Task(
                    tuple(missing[start : start + chunk]),
                    options.seed,
                    options.trials,
                    options.domains,
                    assistant.endswith(AGAIN),
                    options.trees,
                )
                jobs.append(ChatJob(assistant, user, config, context, task, folder))
    return jobs


def do_job(job: ChatJob) -> list[ChatEpisode]:
    """Play one job's dialogues. The records carry the names that the run was asked for."""
    assistant = named(job.assistant.removesuffix(AGAIN), job.context)
    episodes, trees = play(job.config, PRESETS[job.user], assistant, job.task, job.user)
    for episode, seen in zip(episodes, trees, strict=True):
        episode.assistant = job.assistant
        if seen:
            name = f"{job.assistant}-{job.user}-{episode.index}"
            job.folder.mkdir(parents=True, exist_ok=True)
            (job.folder / f"{name}.html").write_text(tree_page(seen, f"{name}: what the search saw"))
    return episodes


def samples(jobs: list[ChatJob]) -> list[ChatJob]:
    """Short dialogues of each assistant, which compile all that the jobs need."""
    first = {job.assistant: job for job in reversed(jobs)}
    return [
        replace(job, config=replace(job.config, horizon=8), task=replace(job.task, indices=(0,), trees=0))
        for job in first.values()
    ]


class ChatFolder(Folder[ChatEpisode]):
    """The files of a run of the chat game."""

    record = ChatEpisode


def run(
    options: ChatRunOptions, folder: ChatFolder, workers: int, advance: Callable[[int], None]
) -> list[ChatEpisode]:
    """Play what is missing and return all episodes in a fixed order. `advance` is called with numbers of
    episodes as they get done.
    """
    chunk = chunk_size(options.episodes, workers)
    jobs = make_jobs(options, folder.done(), chunk, folder.path / "trees")
    finish(folder, jobs, do_job, samples(jobs), workers, advance)
    return folder.sorted(options.assistants, options.users)
