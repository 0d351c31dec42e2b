"""Ray for the length of a run, quiet and without leftovers."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def ray_session(processes: int, logs: Path) -> Iterator[None]:
    """Within it Ray runs: the one that runs already, such as a cluster's, or a new one on this machine.

    processes: how many may run at a time; they may be more than the machine has cores. logs: where RLlib
    puts the folders of its logs, in place of ``~/ray_results``. ImportError without the extra `train`.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # by default other work on the machine starves Ray's
    try:
        import ray
        from ray.tune.trainable import trainable
    except ImportError as error:
        raise ImportError("this needs RLlib: pip install 'assistance-games[train]'") from error
    mine = not ray.is_initialized()
    if mine:
        ray.init(
            address="local",  # never another user's cluster on this machine
            num_cpus=processes,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    before, trainable.DEFAULT_STORAGE_PATH = trainable.DEFAULT_STORAGE_PATH, str(logs.resolve())
    try:
        yield
    finally:
        trainable.DEFAULT_STORAGE_PATH = before
        if mine:
            ray.shutdown()
