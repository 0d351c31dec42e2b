"""Runs of any game: jobs on several processes, and a folder that an interrupted run goes on in.

The work is cut into jobs of a few episodes. Each finished job's episodes are appended to `episodes.jsonl`, so
an interrupted run loses at most the jobs in flight, and the same command goes on where it stopped.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from .record import R, read_records

J = TypeVar("J")


def episode_seeds(seed: int, indices: Sequence[int], stream: int) -> np.ndarray:
    """(B,) int64 seeds of a random stream of episodes, made of the run's seed and the episode alone."""
    sequences = [np.random.SeedSequence((seed, index, stream)) for index in indices]
    return np.array([int(s.generate_state(1, np.uint32)[0]) for s in sequences], np.int64)


def chunk_size(episodes: int, workers: int) -> int:
    """Episodes per job: at most 8, so that little is lost, and at least two jobs for each worker."""
    return max(1, min(8, episodes // (2 * workers)))


class Folder(Generic[R]):
    """The files of a run: `config.json`, `episodes.jsonl`, `summary.json`, `report.html`.

    A subclass names the class of its records.
    """

    record: ClassVar[type[Any]]

    def __init__(self, path: Path, options: Any):
        """Open or start a run with options (a dataclass). ValueError when the folder holds episodes of a run
        with other options.
        """
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.episodes_file = path / "episodes.jsonl"
        self.episodes: list[R] = self._read()
        wanted = json.loads(json.dumps(asdict(options)))
        config = path / "config.json"
        if self.episodes and config.exists():  # what failed before its first episode is not worth keeping
            found = json.loads(config.read_text())
            differing = [name for name in wanted if found.get(name) != wanted[name]]
            if differing:
                name = differing[0]
                raise ValueError(
                    f"{path} holds a run with {name} {found.get(name)!r}, but {name} is now {wanted[name]!r};"
                    " give another --out, or the same options to resume it"
                )
        config.write_text(json.dumps(wanted, indent=1) + "\n")

    def _read(self) -> list[R]:
        if not self.episodes_file.exists():
            return []
        episodes: list[R] = read_records(self.episodes_file, self.record)
        whole = self.episodes_file.with_suffix(".whole")  # without a last line that was cut off
        whole.write_text("".join(episode.to_json() + "\n" for episode in episodes))
        whole.replace(self.episodes_file)
        return episodes

    def add(self, episodes: list[R]) -> None:
        """Append finished episodes."""
        self.episodes += episodes
        with self.episodes_file.open("a") as file:
            file.write("".join(episode.to_json() + "\n" for episode in episodes))

    def done(self) -> set[tuple[str, str, int]]:
        """(assistant, user, index) of finished episodes."""
        return {episode.key for episode in self.episodes}

    def sorted(self, assistants: Sequence[str], users: Sequence[str]) -> list[R]:
        """All episodes, by the order of assistants and users, then by index."""
        order = {name: i for i, name in enumerate((*assistants, *users))}
        return sorted(self.episodes, key=lambda e: (order[e.assistant], order[e.user], e.index))


def finish(
    folder: Folder[R],
    jobs: list[J],
    do: Callable[[J], list[R]],
    samples: list[J],
    workers: int,
    advance: Callable[[int], None],
) -> None:
    """Do the jobs that are left of a run and add their episodes to its folder.

    samples: tiny jobs of each kind. They are done here first, so that workers find compiled kernels in the
    cache instead of each compiling them. advance: is called with numbers of episodes as they get done.
    """
    advance(len(folder.episodes))
    if workers > 1 and len(jobs) > 1:
        for sample in samples:
            do(sample)
    for episodes in _do_jobs(jobs, do, workers):
        folder.add(episodes)
        advance(len(episodes))


def _do_jobs(jobs: list[J], do: Callable[[J], list[R]], workers: int) -> Iterator[list[R]]:
    """Episodes of each job as it gets done, in any order, on `workers` processes (1: this one)."""
    if workers == 1 or len(jobs) == 1:
        for job in jobs:
            yield do(job)
        return
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        for future in as_completed([pool.submit(do, job) for job in jobs]):
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
