"""AssistanceZero on RLlib: it learns as the driver in one process does, comes back from checkpoints, and does
without a runner that died.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'assistance-games[train]'")
pytest.importorskip("ray", reason="needs RLlib: pip install 'assistance-games[train]'")

import ray
import torch

from agents.predictors import checkpoints
from agents.training.ray_session import ray_session
from agents.training.rllib import AssistanceZero, AssistanceZeroConfig, selfplay_rllib
from agents.training.selfplay import Selfplay
from agents.training.stages import Cluster, Keeping
from tests.agents.training import tiny

torch.set_num_threads(1)
OPTIONS = {entry.name: getattr(tiny.SELFPLAY, entry.name) for entry in fields(tiny.SELFPLAY)}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Ray for all tests of this file; the folder of its logs."""
    logs = tmp_path_factory.mktemp("ray")
    with ray_session(4, logs):
        yield logs


def config(runners: int = 0, **changes: Any) -> AssistanceZeroConfig:
    made = AssistanceZeroConfig().training(selfplay={**OPTIONS, **changes})
    return made.env_runners(num_env_runners=runners).debugging(seed=5, log_level="ERROR")


def played(algorithm: AssistanceZero) -> int:
    """Steps that were played up to and including one more round."""
    return algorithm.train()["env_runners"]["num_env_steps_sampled_lifetime"]


def test_both_drivers_make_the_same_network(session: Path) -> None:
    """One definition of lots, replay, losses and updates."""
    algorithm = config().build_algo()
    local = Selfplay(tiny.SELFPLAY, 5)
    for _ in range(2):
        result, measures = algorithm.train(), local.round()
        learned = result["learners"]["default_policy"]
        assert learned["goal"] == pytest.approx(measures["goal"], rel=1e-5)
        assert result["env_runners"]["num_env_steps_sampled_lifetime"] == measures["decisions"]
    ours, theirs = tiny.weights(local.net), tiny.weights(algorithm.net())
    algorithm.stop()
    assert tiny.equal(ours, theirs)


def test_it_comes_back_from_a_checkpoint_with_its_replay(session: Path, tmp_path: Path) -> None:
    whole = config().build_algo()
    for _ in range(2):
        whole.train()
    whole.save_to_path(str(tmp_path / "kept"))
    whole.train()
    expected = tiny.weights(whole.net())
    whole.export(tmp_path / "net", {"stage": "test"})
    whole.stop()
    restored = AssistanceZero.from_checkpoint(str(tmp_path / "kept"))
    assert restored.iteration == 2
    assert restored.get_state()["replay"]["kept"]["added"] > 0
    restored.train()
    assert tiny.equal(expected, tiny.weights(restored.net()))
    restored.stop()
    net, card = checkpoints.load(tmp_path / "net")
    assert tiny.equal(expected, tiny.weights(net))
    assert card["made"] == {"stage": "test"}


def test_a_runner_that_dies_comes_back(session: Path) -> None:
    algorithm = config(runners=2, rounds=12).build_algo()
    algorithm.train()
    group = algorithm.env_runner_group
    assert group.num_healthy_remote_env_runners() == 2
    (pid,) = group.foreach_env_runner(
        lambda runner: os.getpid(), local_env_runner=False, remote_worker_ids=[1]
    )
    os.kill(pid, 9)
    before, deadline = played(algorithm), time.monotonic() + 200
    while (now := played(algorithm)) - before <= tiny.SELFPLAY.worlds * tiny.SELFPLAY.horizon:
        assert time.monotonic() < deadline, "the second runner has not come back in 200 seconds"
        assert now > before  # the other goes on
        before = now
        time.sleep(1)
    assert group.num_healthy_remote_env_runners() == 2
    algorithm.stop()


def test_tune_runs_it(session: Path, tmp_path: Path) -> None:
    from ray import tune

    spec = config(every=tune.grid_search([4, 6]), rounds=1)
    run = tune.RunConfig(stop={"training_iteration": 1}, storage_path=str(tmp_path), verbose=0)
    results = tune.Tuner(AssistanceZero, param_space=spec, run_config=run).fit()
    assert not results.errors
    assert sorted(result.config["selfplay"]["every"] for result in results) == [4, 6]
    assert all(result.metrics["learners"]["default_policy"]["loss"] > 0 for result in results)


def test_a_run_in_a_folder_resumes(session: Path, tmp_path: Path) -> None:
    """With a learner in a process of its own; a run that is cut after two rounds ends as a whole one."""
    cluster = Cluster(runners=0, learners=1)
    whole = selfplay_rllib(replace(tiny.SELFPLAY, rounds=3), tmp_path / "whole", 5, cluster)

    class Cut(Exception):
        pass

    def cut(rounds: int) -> None:
        left.append(rounds)
        if len(left) == 2:
            raise Cut

    left: list[int] = []
    with pytest.raises(Cut):
        selfplay_rllib(replace(tiny.SELFPLAY, rounds=3), tmp_path / "cut", 5, cluster, None, cut)
    resumed = selfplay_rllib(
        replace(tiny.SELFPLAY, rounds=3), tmp_path / "cut", 5, cluster, Keeping(resume=True)
    )
    assert tiny.equal(tiny.weights(whole), tiny.weights(resumed))
    lines = [json.loads(line) for line in (tmp_path / "cut" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert ray.is_initialized()  # a session that was there is left alone
