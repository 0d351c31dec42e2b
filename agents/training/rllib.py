"""AssistanceZero as an algorithm of RLlib, on its new API stack.

    config = (
        AssistanceZeroConfig()
        .training(selfplay={"rounds": 10, "goals": "generator"})
        .env_runners(num_env_runners=2)
        .learners(num_learners=1, num_gpus_per_learner=1)
    )
    algorithm = config.build_algo()
    algorithm.train()  # one round

It works in `ray.tune.Tuner` and from `AssistanceZero.from_checkpoint`; a checkpoint holds the replay too.
Runners play lots of `SelfplayOptions.worlds` games at once, their searches in batches on the runner's GPU if
it has one. Those that die are started again, and meanwhile the others go on. `selfplay_rllib` is a run in a
folder, as `stages.selfplay` is for one process.

RLlib's checkpoints are pickled: restore none from strangers. `export` writes one that is safe to pass on.
"""

from __future__ import annotations

import copy
import shutil
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from gymnasium.spaces import Discrete
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig, NotProvided
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.env_runner_group import EnvRunnerGroup
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from envs.building.legal import capacity

from ..predictors import checkpoints
from ..predictors.lots import Lot
from ..predictors.network import PredictorNet
from .folder import RunFolder
from .ppo_env import state_space
from .ray_session import ray_session
from .replay import Replay
from .rllib_module import DONE, PredictorModule, SelfplayLearner, SelfplayRunner, columns_of
from .selfplay import BATCHES, SelfplayOptions
from .stages import Advance, Cluster, Keeping
from .trainers import provenance

REPLAY = "replay"
TERMS = ("goal", "policy", "user", "value", "drift")


class AssistanceZeroConfig(AlgorithmConfig):
    """How AssistanceZero is run: all of RLlib's settings, and `selfplay`, the fields of `SelfplayOptions`."""

    def __init__(self, algo_class: type[Algorithm] | None = None):
        super().__init__(algo_class=algo_class or AssistanceZero)
        self.selfplay: dict[str, Any] = {}
        self.threads = 1
        """Of torch, in each process."""
        self.keep: str | None = None
        """Folder for the batch of a loss that is no number."""
        self.env_runner_cls: Any = SelfplayRunner
        self.restart_failed_env_runners = True

    def training(
        self,
        *,
        selfplay: Any = NotProvided,
        threads: Any = NotProvided,
        keep: Any = NotProvided,
        **kwargs: Any,
    ) -> AssistanceZeroConfig:
        """Set what is played and how it is learned from.

        selfplay: fields of `SelfplayOptions` by name; what was set before stays. threads: of torch, in each
        process. keep: folder for the batch of a loss that is no number.
        """
        super().training(**kwargs)
        if selfplay is not NotProvided:
            self.selfplay = {**self.selfplay, **selfplay}
        if threads is not NotProvided:
            self.threads = threads
        if keep is not NotProvided:
            self.keep = keep
        return self

    @property
    def options(self) -> SelfplayOptions:
        """What is played and how it is learned from."""
        return SelfplayOptions(**self.selfplay)

    def validate(self) -> None:
        """Complete the spaces, which follow from the game. ValueError for wrong options."""
        game = self.options.config
        if self.observation_space is None:
            self.environment(observation_space=state_space(game), action_space=Discrete(capacity(game)))
        super().validate()

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """The network."""
        given = {"options": self.options, "seed": self.seed or 0}
        return RLModuleSpec(module_class=PredictorModule, model_config=given)

    def get_default_learner_class(self) -> type[SelfplayLearner]:
        """The learner."""
        return SelfplayLearner


class AssistanceZero(Algorithm):
    """Rounds of playing with search and learning from it, see `selfplay`."""

    @classmethod
    def get_default_config(cls) -> AssistanceZeroConfig:
        """The configuration without changes."""
        return AssistanceZeroConfig(cls)

    # What the base class has set up by then.
    config: AssistanceZeroConfig
    env_runner_group: EnvRunnerGroup
    learner_group: LearnerGroup
    metrics: MetricsLogger

    def setup(self, config: Any) -> None:
        """Build runners, learners and the replay."""
        super().setup(config)
        self._replay = Replay(self.config.options.replay)
        self._rng = np.random.default_rng(np.random.SeedSequence((self.config.seed or 0, BATCHES)))
        self._rounds = 0

    def training_step(self) -> None:
        """One round. A round in which no runner answers is played by the local one."""
        group, options = self.env_runner_group, self.config.options
        play = partial(_play, round_=self._rounds)
        remote = group.num_healthy_remote_env_runners() > 0
        lots = group.foreach_env_runner(play, local_env_runner=not remote) or [play(self.env_runner)]
        self.metrics.aggregate([measures for _, measures in lots], key=ENV_RUNNER_RESULTS)
        for lot, _ in lots:
            self._replay.add(lot.moments)
        updates = options.updates(sum(lot.moments.number for lot, _ in lots))
        columns = columns_of(list(self._replay.batches(updates, options.batch, self._rng)))
        self._rounds += 1
        steps = self.metrics.peek((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), default=0)
        learned = self.learner_group.update(
            batch=MultiAgentBatch(
                {DEFAULT_MODULE_ID: SampleBatch(columns)}, env_steps=updates * options.batch
            ),
            minibatch_size=options.batch // max(1, self.config.num_learners),
            timesteps={
                NUM_ENV_STEPS_SAMPLED_LIFETIME: steps,
                DONE: min(1.0, self._rounds / options.rounds),
            },
        )
        self.metrics.aggregate(learned, key=LEARNER_RESULTS)
        group.sync_weights(
            from_worker_or_learner_group=self.learner_group,
            policies=[DEFAULT_MODULE_ID],
            inference_only=True,
        )

    def get_state(
        self, components: Any = None, *, not_components: Any = None, **kwargs: Any
    ) -> dict[str, Any]:
        """RLlib's state, and the replay with its random numbers."""
        state = super().get_state(components, not_components=not_components, **kwargs)
        if self._check_component(REPLAY, components, not_components):
            rng = self._rng.bit_generator.state
            state[REPLAY] = {"kept": self._replay.state(), "rng": rng, "rounds": self._rounds}
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state of `get_state`."""
        super().set_state(state)
        if REPLAY in state:
            self._replay.restore(state[REPLAY]["kept"])
            self._rng.bit_generator.state = state[REPLAY]["rng"]
            self._rounds = state[REPLAY]["rounds"]

    def net(self) -> PredictorNet:
        """A copy of the network as it stands, in evaluation mode."""
        return copy.deepcopy(cast(Any, self.get_module()).net).cpu().eval()

    def export(self, folder: str | Path, made: dict[str, Any] | None = None) -> None:
        """Write the network as `predictors.checkpoints` does."""
        checkpoints.save(folder, self.net(), made)


def selfplay_rllib(
    options: SelfplayOptions,
    folder: str | Path,
    seed: int = 0,
    cluster: Cluster | None = None,
    keeping: Keeping | None = None,
    advance: Advance | None = None,
) -> PredictorNet:
    """Train a network by AssistanceZero on RLlib, or go on with it; returns it in evaluation mode.

    Joins the Ray that runs, such as a cluster's, or starts one. advance: as in `stages.selfplay`. The folder
    is as there, with RLlib's checkpoint ``rllib-ROUND`` beside.
    """
    keeping, cluster = keeping or Keeping(), cluster or Cluster()
    made = provenance(options.goals)
    run = RunFolder(folder, "selfplay-rllib", seed, options, keeping.resume, keeping.tensorboard, made)
    config = (
        AssistanceZeroConfig()
        .training(
            selfplay={entry.name: getattr(options, entry.name) for entry in fields(options)},
            keep=str(run.folder.resolve()),
        )
        .env_runners(num_env_runners=cluster.runners, num_gpus_per_env_runner=cluster.runner_gpus)
        .learners(num_learners=cluster.learners, num_gpus_per_learner=cluster.learner_gpus)
        .debugging(seed=seed, log_level="ERROR")
    )
    with ray_session(cluster.runners + cluster.learners + 1, run.folder / "logs"):
        algorithm = cast(AssistanceZero, config.build_algo())
        try:
            last = None
            if run.state:
                last = run.folder / run.state["checkpoint"]
                algorithm.restore_from_path(str(last.resolve()))
            if advance and algorithm.iteration:
                advance(algorithm.iteration)
            every = keeping.every or 1
            while algorithm.iteration < options.rounds:
                result = algorithm.train()
                run.log(algorithm.iteration, _measures(result))
                if algorithm.iteration % every == 0 or algorithm.iteration == options.rounds:
                    last = _save(algorithm, run, last)
                if advance:
                    advance(1)
            return algorithm.net()
        finally:
            algorithm.stop()
            run.close()


def _play(runner: Any, round_: int) -> tuple[Lot, Any]:
    """A runner's lot of a round, and its measures."""
    return runner.sample(round_=round_), runner.get_metrics()


def _measures(result: dict[str, Any]) -> dict[str, float]:
    """What a round's result says, in the words of `selfplay.Selfplay.round`."""
    played, learned = result[ENV_RUNNER_RESULTS], result[LEARNER_RESULTS][DEFAULT_MODULE_ID]
    terms = {name: float(learned[name]) for name in ("loss", *TERMS) if name in learned}
    return {
        "decisions": int(played[NUM_ENV_STEPS_SAMPLED_LIFETIME]),
        "goal_percent": float(played["goal_percent"]),
        "earned": float(played["earned"]),
        **terms,
    }


def _save(algorithm: AssistanceZero, run: RunFolder, old: Path | None) -> Path:
    """Write both checkpoints, and then let go of the one before; returns RLlib's."""
    checkpoint = run.folder / f"rllib-{algorithm.iteration}"
    shutil.rmtree(checkpoint, ignore_errors=True)
    algorithm.save_to_path(str(checkpoint.resolve()))
    run.save(algorithm.net(), {"checkpoint": checkpoint.name})
    if old and old != checkpoint:
        shutil.rmtree(old, ignore_errors=True)
    return checkpoint
