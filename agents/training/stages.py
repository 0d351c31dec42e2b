"""Stages of training as runs in a folder: each can be killed at any time and resumed.

    net = pretrain(PretrainOptions(goals="generator"), "runs/pretrain", seed=0)
    net = selfplay(SelfplayOptions(start="runs/pretrain"), "runs/selfplay", seed=0)

What a folder holds is told in `folder`. A run that is killed and resumed ends with the same weights, to the
bit, as one that was left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from envs.building.goals import make_source
from envs.building.world import DEFAULT_SIZE, Size

from ..predictors.clone_settling import Settling, settle
from ..predictors.cloned_net import CloneNet, load_clone, save_clone
from ..predictors.cloning import CloneRecipe, CloneTraining
from ..predictors.network import PredictorNet
from ..predictors.training import Recipe, Training
from ..users.recorded import read_episodes as read_recorded
from ..users.recorded import without
from ..users.replay import recordings_file
from .exam import Exam
from .folder import RunFolder, guarded
from .selfplay import Selfplay, SelfplayOptions
from .trainers import TRAINERS, make_trainers, provenance

Advance = Callable[[int], None]


@dataclass(frozen=True)
class PretrainOptions:
    """Supervised training on simulated episodes."""

    recipe: Recipe = field(default_factory=Recipe)
    goals: str = "mix"
    """Name of a goal source to train on."""
    users: tuple[str, ...] = TRAINERS
    """Names of users that are not held out; each lot of episodes has one."""
    size: Size = DEFAULT_SIZE


@dataclass(frozen=True)
class CloneStageOptions:
    """Behaviour cloning of recorded people, for users who judge assistants and never train them."""

    recipe: CloneRecipe = field(default_factory=CloneRecipe)
    settling: Settling = field(default_factory=Settling)
    leave_out: str | None = None
    """A person whose recordings are not shown."""
    recordings: str = ""
    """Hash of the recordings, which the stage fills in."""


@dataclass(frozen=True)
class Keeping:
    """What a run writes, and where its network is; none of it changes what is learned."""

    resume: bool = False
    """Go on with the run in the folder, if there is one."""
    tensorboard: bool = False
    every: int = 0
    """Batches (pretrain) or rounds (self-play, PPO) between two saves; 0: 1,000 and 1."""
    exam_every: int = 0
    """Saves between two evaluations on a few houses of the training source; 0: none."""
    device: str = "cpu"
    """Of torch: cpu or cuda."""


@dataclass(frozen=True)
class Cluster:
    """Processes of a run on RLlib, and their GPUs."""

    runners: int = 1
    """Processes that play; 0: the driver's own."""
    learners: int = 0
    """Processes that learn; 0: the driver's own."""
    runner_gpus: float = 0.0
    """GPUs of each runner."""
    learner_gpus: float = 0.0
    """GPUs of each learner."""


def pretrain(
    options: PretrainOptions,
    folder: str | Path,
    seed: int = 0,
    keeping: Keeping | None = None,
    advance: Advance | None = None,
) -> PredictorNet:
    """Train a network on simulated episodes, or go on with it; returns it in evaluation mode.

    advance: called with numbers of samples as they are shown, those of the run so far at once.
    """
    keeping = keeping or Keeping()
    made = provenance(options.goals)
    run = RunFolder(folder, "pretrain", seed, options, keeping.resume, keeping.tensorboard, made)
    source, users = make_source(options.goals, options.size), make_trainers(options.users)
    training = Training(source, users, options.recipe, seed, keeping.device)
    if run.state:
        training.restore(run.state)
    if advance and training.samples:
        advance(training.samples)
    every = keeping.every or 1000
    exam = Exam(source, training.config, seed) if keeping.exam_every else None
    totals: dict[str, float] = {}
    while not training.finished:
        terms = guarded(run.folder, training.step)
        for name, value in terms.items():
            totals[name] = totals.get(name, 0.0) + value
        if advance:
            advance(options.recipe.batch)
        if training.steps % every == 0 or training.finished:
            batches = training.steps % every or every
            measures = {name: total / batches for name, total in totals.items()}
            if exam and (training.finished or training.steps // every % keeping.exam_every == 0):
                measures |= exam.measures(training.net)
            run.log(training.samples, {**measures, "cpu_seconds": training.seconds})
            run.save(training.net, training.state())
            totals = {}
    run.close()
    return training.net.eval()


def selfplay(
    options: SelfplayOptions,
    folder: str | Path,
    seed: int = 0,
    keeping: Keeping | None = None,
    advance: Advance | None = None,
) -> PredictorNet:
    """Train a network by AssistanceZero in one process, or go on with it; returns it in evaluation mode.

    advance: called with numbers of rounds, those of the run so far at once.
    """
    keeping = keeping or Keeping()
    made = provenance(options.goals)
    run = RunFolder(folder, "selfplay", seed, options, keeping.resume, keeping.tensorboard, made)
    loop = Selfplay(options, seed, keeping.device)
    if run.state:
        loop.restore(run.state)
    if advance and loop.rounds:
        advance(loop.rounds)
    every = keeping.every or 1
    exam = None
    if keeping.exam_every:
        exam = Exam(make_source(options.goals, options.size), options.config, seed)
    while not loop.finished:
        measures = guarded(run.folder, loop.round)
        saves = loop.rounds % every == 0 or loop.finished
        if exam and saves and (loop.finished or loop.rounds // every % keeping.exam_every == 0):
            measures |= exam.measures(loop.net)
        run.log(loop.rounds, measures)
        if saves:
            run.save(loop.net, loop.state())
        if advance:
            advance(1)
    run.close()
    return loop.net.eval()


def clone(
    options: CloneStageOptions,
    folder: str | Path,
    seed: int = 0,
    keeping: Keeping | None = None,
    advance: Advance | None = None,
    recordings: str | Path | None = None,
) -> CloneNet:
    """Clone recorded people, then let the network build and settle it, or go on with it; returns it as the
    users `cloned:FOLDER` and `pikl:FOLDER` load it.

    advance: called with numbers of samples as they are shown, those of the run so far at once. recordings:
    see `users.replay.recordings_file`. FileNotFoundError without them, ValueError for an unknown person.
    """
    keeping = keeping or Keeping()
    file = recordings_file(recordings)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    options = replace(options, recordings=digest)
    shown = without(read_recorded(file), options.leave_out)
    run = RunFolder(
        folder, "clone", seed, options, keeping.resume, keeping.tensorboard, {"licences": ["MIT"]}
    )
    training = CloneTraining(shown, DEFAULT_SIZE, options.recipe, seed)
    settled = False
    if run.state:
        training.restore(run.state["training"])
        settled = run.state["settled"]
    if advance and training.samples:
        advance(training.samples)
    every = keeping.every or options.recipe.check_every
    while not training.finished:
        guarded(run.folder, training.step)
        if advance:
            advance(options.recipe.batch)
        if training.steps % every == 0 or training.finished:
            losses = training.losses[: training.steps]
            measures = {"nats": float(losses[-every:].mean())}
            if training.checks:
                measures["nats_set_aside"] = min(training.checks)
            run.log(training.samples, measures)
            run.save(training.trained().net, {"training": training.state(), "settled": False}, save_clone)
    if not settled:
        stored = training.trained().net.half().float()  # as the file will have it
        net = settle(stored, shown, DEFAULT_SIZE, options.settling, seed)
        run.save(net, {"training": training.state(), "settled": True}, save_clone)
    run.close()
    return load_clone(run.folder)[0]
