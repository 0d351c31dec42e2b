"""PPO as a baseline: RLlib's own algorithm, our game and our network.

    net = train_ppo(PpoOptions(iterations=50, start="runs/pretrain"), "runs/ppo", seed=0)

The algorithm is RLlib's stock `PPO` on its new API stack. It plays `AssistVectorEnv`, in which the user is a
model inside. As a second, frozen policy of the two-player view the user would cost more than it gives: user
models read the public state and the goal, which no observation of both holds, and RLlib steps several agents
one world at a time, in about 3 ms a step.

The reward is the shared one, with the user's work priced in as `PpoOptions.reward` says. With a weight of
`goal` the network learns to guess the goal as well, from goals that only the learner sees (`ppo_module.py`).

A run's folder is as `folder` tells, with RLlib's own checkpoint ``rllib-ITERATION`` beside (pickled: restore
none from strangers). One that is resumed goes on after the last checkpoint, in new episodes.
"""

from __future__ import annotations

import copy
import math
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from envs.building.config import BuildingConfig, RewardConfig
from envs.building.goals.named import EVALUATION
from envs.building.vector_env import AssistVectorEnv
from envs.building.world import DEFAULT_SIZE, Size

from ..predictors import checkpoints
from ..predictors.network import NetOptions, PredictorNet
from ..users import expand_users, make_user
from .folder import RunFolder
from .ppo_env import PublicStates
from .ray_session import ray_session
from .stages import Advance, Keeping
from .trainers import provenance

if TYPE_CHECKING:
    from ray.rllib.algorithms.algorithm import Algorithm
    from ray.rllib.algorithms.ppo import PPOConfig

ENV = "building-assist-ppo"
_MODULE = "default_policy"
_ATTEMPTS = 5


@dataclass(frozen=True)
class PpoOptions:
    """What is played and how PPO learns from it."""

    iterations: int = 200
    """Rounds of playing and learning."""
    steps: int = 4096
    """Steps of the game that are played in an iteration."""
    worlds: int = 64
    """Worlds that a runner steps at once: the more, the more houses in a batch."""
    runners: int = 0
    """Processes that play; 0: the learner's own."""
    size: Size = DEFAULT_SIZE
    horizon: int = 380
    goals: str = "generator"
    """Name of a goal source to train on; none that judges."""
    user: str = "population"
    """Name of a user that is not held out."""
    reward: RewardConfig = field(default_factory=lambda: RewardConfig(undo=1.0))
    """Terms of the shared reward. By default a cell that the user has to mend costs 1 more."""
    net: NetOptions = field(default_factory=lambda: NetOptions(heads=("goal", "policy", "value")))
    """Sizes and heads of the network."""
    start: str | None = None
    """Folder of a network to start from, with the heads policy and value; `net` then does not matter."""
    goal: float = 1.0
    """Weight of the goal's cross-entropy; 0: plain PPO."""
    user_cells: float = 0.1
    """Weight in it of cells that the user changed last, see `losses`."""
    value: float = 0.05
    """Weight of the squared error of values."""
    entropy: float = 0.01
    """Weight of the policy's entropy."""
    discount: float = 0.95
    gae: float = 0.9
    """Lambda of generalised advantage estimation."""
    clip: float = 0.2
    """How far probabilities may move, as a share, before the gain is cut off."""
    epochs: int = 3
    """Times that an iteration's steps are learned from."""
    minibatch: int = 256
    learning_rate: float = 3e-4
    gradient: float = 1.0
    """Norm to which gradients are clipped."""
    threads: int = 1
    """Of torch, in each process."""
    gpus: float = 0.0
    """Of the learner."""

    def __post_init__(self) -> None:
        for name in ("iterations", "steps", "worlds", "epochs", "minibatch", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        for name in ("runners", "goal", "value", "entropy", "gpus"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more")
        if self.steps < self.minibatch:
            raise ValueError(f"steps is {self.steps}; give at least one minibatch of {self.minibatch}")
        if self.user in (*expand_users(["held_out"]), "people"):
            raise ValueError(f"user is {self.user!r}, which is there to judge; train with another")
        if any(name in self.goals for name in EVALUATION):
            raise ValueError(f"goals is {self.goals!r}, which is there to judge; train on others")

    @property
    def game(self) -> BuildingConfig:
        """The game that is played."""
        return BuildingConfig(size=self.size, horizon=self.horizon, reward=self.reward)


def train_ppo(
    options: PpoOptions,
    folder: str | Path,
    seed: int = 0,
    keeping: Keeping | None = None,
    advance: Advance | None = None,
) -> PredictorNet:
    """Train a network with PPO, or go on with it; returns it in evaluation mode.

    keeping: with more `iterations` than before a finished run is prolonged. advance: called with numbers of
    steps as they are played, those of the run so far at once. Raises ImportError without RLlib, else as
    `RunFolder`. With the same options and seed, and `runners` 0, an uninterrupted run gives the same network
    each time.
    """
    keeping = keeping or Keeping()
    made = provenance(options.goals)
    run = RunFolder(
        folder, "ppo", seed, options, keeping.resume, keeping.tensorboard, made, free=("iterations",)
    )
    done: dict[str, Any] = run.state or {"iteration": 0, "decisions": 0, "checkpoint": None}
    if advance and done["decisions"]:
        advance(done["decisions"])
    if done["iteration"] >= options.iterations:
        return checkpoints.load(run.folder)[0]
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), ray_session(options.runners + 2, run.folder / "logs"):
        algorithm = ppo_config(options, _new_seed(seed, done["iteration"])).build_algo()
        try:
            if done["checkpoint"]:
                algorithm.restore_from_path(str((run.folder / done["checkpoint"]).resolve()))
            while done["iteration"] < options.iterations:
                measures = _measures(_iteration_of(algorithm))
                played = measures["decisions"] - done["decisions"]
                done = {**done, "iteration": done["iteration"] + 1, "decisions": measures["decisions"]}
                run.log(done["iteration"], measures)
                if done["iteration"] % (keeping.every or 1) == 0 or done["iteration"] == options.iterations:
                    done = _save(algorithm, run, done)
                if advance:
                    advance(played)
            return _net_of(algorithm)
        finally:
            algorithm.stop()
            run.close()
            torch.set_num_threads(threads)


def ppo_config(options: PpoOptions, seed: int) -> PPOConfig:
    """The configuration of RLlib's PPO; needs RLlib."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec
    from ray.tune.registry import register_env

    from .ppo_module import GoalLearner, GoalTargets, PolicyModule

    register_env(ENV, make_env)
    module = {
        "game": options.game.as_dict(),
        "net": asdict(options.net),
        "start": options.start,
        "seed": seed,
        "threads": options.threads,
    }
    config = (
        PPOConfig()
        .environment(ENV, env_config={"options": options})
        .env_runners(
            num_env_runners=options.runners,
            num_envs_per_env_runner=options.worlds,
            gym_env_vectorize_mode="vector_entry_point",
            sample_timeout_s=600,  # runners compile the kernels first
        )
        .fault_tolerance(restart_failed_env_runners=True)
        .rl_module(rl_module_spec=RLModuleSpec(module_class=PolicyModule, model_config=module))
        .learners(
            num_gpus_per_learner=options.gpus,
            learner_class=GoalLearner if options.goal else PPOTorchLearner,
            learner_config_dict={"goal": options.goal, "user_cells": options.user_cells},
        )
        .training(
            train_batch_size_per_learner=options.steps,
            minibatch_size=options.minibatch,
            num_epochs=options.epochs,
            lr=options.learning_rate,
            gamma=options.discount,
            lambda_=options.gae,
            clip_param=options.clip,
            entropy_coeff=options.entropy,
            vf_loss_coeff=options.value,
            vf_clip_param=math.inf,  # the default, 10, would leave returns above 3 unlearned
            grad_clip=options.gradient,
            grad_clip_by="global_norm",
        )
        .debugging(seed=seed, log_level="ERROR")
    )
    if options.goal:
        config.learners(learner_connector=lambda observations, actions: GoalTargets())
    return config


def make_env(config: dict[str, Any]) -> PublicStates:
    """What a runner plays. config: `options` and `num_envs`, as RLlib gives them."""
    options: PpoOptions = config["options"]
    worlds = AssistVectorEnv(
        make_user(options.user),
        config["num_envs"],
        options.goals,
        size=options.size,
        horizon=options.horizon,
        reward=options.reward,
    )
    return PublicStates(worlds, goals=options.goal > 0, stagger=True)


def _iteration_of(algorithm: Algorithm) -> dict[str, Any]:
    """The results of an iteration. RLlib skips it when all runners have failed or are late, and restarts
    them: then the next is an iteration. RuntimeError when it never is.
    """
    for _ in range(_ATTEMPTS):
        result = algorithm.train()
        if "learners" in result:
            return result
    raise RuntimeError(f"no runner has played in {_ATTEMPTS} attempts; their errors are in /tmp/ray")


def _measures(result: dict[str, Any]) -> dict[str, Any]:
    """What an iteration's result says; nan where no episode has ended yet."""
    played, learned = result["env_runners"], result["learners"][_MODULE]
    measures = {
        "decisions": int(played["num_env_steps_sampled_lifetime"]),
        "seconds": result["time_this_iter_s"],
        "return": played.get("episode_return_mean", math.nan),
        "policy_loss": learned["policy_loss"],
        "value_loss": learned["vf_loss"],
        "value_explained": learned["vf_explained_var"],
        "entropy": learned["entropy"],
        "kl": learned["mean_kl_loss"],
    }
    return measures | ({"goal_loss": learned["goal_loss"]} if "goal_loss" in learned else {})


def _save(algorithm: Algorithm, run: RunFolder, done: dict[str, Any]) -> dict[str, Any]:
    """Write both checkpoints, then let go of the one before; returns the state that was written."""
    name = f"rllib-{done['iteration']}"
    checkpoint = run.folder / name
    shutil.rmtree(checkpoint, ignore_errors=True)
    algorithm.save_to_path(str(checkpoint.resolve()))
    run.save(_net_of(algorithm), {**done, "checkpoint": name})
    if done["checkpoint"] not in (None, name):
        shutil.rmtree(run.folder / done["checkpoint"], ignore_errors=True)
    return {**done, "checkpoint": name}


def _net_of(algorithm: Algorithm) -> PredictorNet:
    """A copy of the learner's network."""
    return copy.deepcopy(cast(Any, algorithm.get_module()).net).cpu().eval()


def _new_seed(seed: int, iteration: int) -> int:
    """RLlib's seed, another one after each resumption: else the first episodes would come again."""
    return int(np.random.SeedSequence((seed, iteration)).generate_state(1)[0] >> 1)
