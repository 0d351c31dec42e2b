"""AssistanceZero's network, learner and runner as RLlib wants them.

Lots, losses, optimisers and rates are those of the driver in one process (`selfplay`): with one learner and
no remote runners both make the same weights.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.env import INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import (
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    WEIGHTS_SEQ_NO,
)
from torch import Tensor

from ..predictors.losses import loss_of, see
from ..predictors.lots import Lot
from ..predictors.moments import Moments
from ..predictors.network import Outputs, PredictorNet
from ..predictors.updates import LossNotFinite, clip, make_optimisers, set_rates
from .folder import keep_bad_batch
from .selfplay import Rollouts, SelfplayOptions, starting_net

FLIPS, FOUND, DONE = "flips", "found", "done"


class PredictorModule(TorchRLModule):
    """A `PredictorNet` as an RLModule. model_config: `options` (`SelfplayOptions`) and `seed`."""

    def setup(self) -> None:
        """Build the network."""
        super().setup()
        given = cast(dict[str, Any], self.model_config)
        self.net = starting_net(given["options"], given["seed"])

    def _forward(self, batch: Mapping[str, Tensor], **kwargs: Any) -> dict[str, Outputs]:
        return {FOUND: see(self.net, self.net, *moments_of_columns(batch))}


class SelfplayLearner(TorchLearner):
    """The losses of `predictors.losses` with the optimisers of `predictors.updates`.

    One call of `update` is a round; its `timesteps` say by `done` what share of the training that is.
    """

    config: Any
    """An `AssistanceZeroConfig`."""

    def build(self) -> None:
        """Build module and optimisers."""
        torch.set_num_threads(self.config.threads)
        super().build()

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Muon and AdamW, each for its part of the network."""
        self._optimisers = make_optimisers(self._net(module_id), config.options.rates)
        for name, optimiser in self._optimisers.items():
            weights = [weight for group in optimiser.param_groups for weight in group["params"]]
            self.register_optimizer(
                module_id=module_id, optimizer_name=name, optimizer=optimiser, params=weights
            )

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Begin a round: set rates and weights, and remember the network from which drift is measured."""
        super().before_gradient_based_update(timesteps=timesteps)
        options: SelfplayOptions = self.config.options
        self._weights = options.loss_weights(timesteps[DONE])
        set_rates(self._optimisers, options.rates, timesteps[DONE])
        self._previous: PredictorNet | None = None
        if self._weights.drift:
            self._previous = copy.deepcopy(self._net(DEFAULT_MODULE_ID)).eval()

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: dict[str, Any], fwd_out: dict[str, Any]
    ) -> Tensor:
        """The loss of a batch."""
        self._seen = moments, flips = moments_of_columns(batch)
        before = None
        if self._previous:
            with torch.no_grad():
                before = see(self._previous, self._previous, moments, flips)
        game = config.options.config
        loss, terms = loss_of(
            fwd_out[FOUND], self._net(module_id), game, moments, flips, self._weights, before
        )
        self._terms = {name: term.item() for name, term in terms.items()}
        self.metrics.log_dict({"loss": loss.item(), **self._terms}, key=module_id, window=1000)
        return loss

    def postprocess_gradients(self, gradients_dict: dict[Any, Tensor]) -> dict[Any, Tensor]:
        """Clip all gradients together. LossNotFinite when they, or the loss, are no numbers."""
        norm = clip(self._net(DEFAULT_MODULE_ID))
        if not (math.isfinite(norm) and all(map(math.isfinite, self._terms.values()))):
            error = LossNotFinite(self._terms, norm, *self._seen)
            if self.config.keep:
                keep_bad_batch(Path(self.config.keep), error)
            raise error
        return gradients_dict

    def _net(self, module_id: str) -> PredictorNet:
        return cast(PredictorModule, self.module[module_id].unwrapped()).net


class SelfplayRunner(EnvRunner, Checkpointable):
    """Plays lots of games at once, whose searches share calls of the network."""

    def __init__(self, *, config: Any, **kwargs: Any):
        super().__init__(config=config, **kwargs)
        torch.set_num_threads(config.threads)  # not what Ray sets in OMP_NUM_THREADS
        self.make_module()
        self._sequence, self._round = 0, 0
        seed = config.seed or 0
        self._rollouts = Rollouts(config.options, self._module().net, seed)

    def make_module(self) -> None:
        """Build the network, on the runner's GPU if it has one."""
        spec = self.config.get_multi_rl_module_spec(spaces=self.get_spaces(), inference_only=False)
        self.module = spec.build()
        mine = self.worker_index and self.config.num_gpus_per_env_runner > 0
        if mine and torch.cuda.is_available():
            self._module().to("cuda")

    def get_spaces(self) -> dict[str, Any]:
        """The game's spaces."""
        spaces = (self.config.observation_space, self.config.action_space)
        return {INPUT_ENV_SPACES: spaces, DEFAULT_MODULE_ID: spaces}

    def assert_healthy(self) -> None:
        """Raises AssertionError without a network."""
        assert self.module is not None

    def sample(self, *, round_: int | None = None, **kwargs: Any) -> Lot:
        """The runner's lot of a round, by default of the next one."""
        self._round = self._round if round_ is None else round_
        lot = self._rollouts.play(self._round, max(0, (self.worker_index or 0) - 1))
        self._round += 1
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED, lot.decisions, reduce="sum")
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED_LIFETIME, lot.decisions, reduce="lifetime_sum")
        self.metrics.log_dict({"goal_percent": lot.goal_percent, "earned": lot.earned}, window=1)
        return lot

    def get_metrics(self) -> Any:
        """What was measured since the last call."""
        return self.metrics.reduce()

    def stop(self) -> None:
        """Nothing to close."""

    def get_state(
        self, components: Any = None, *, not_components: Any = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The weights and their number; lots follow from the round alone."""
        state: dict[str, Any] = {WEIGHTS_SEQ_NO: self._sequence}
        if self._check_component(COMPONENT_RL_MODULE, components, not_components):
            state[COMPONENT_RL_MODULE] = self.module.get_state(**kwargs)
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Take newer weights."""
        if COMPONENT_RL_MODULE not in state:
            return
        sequence = state.get(WEIGHTS_SEQ_NO, 0)
        if sequence == 0 or self._sequence < sequence:
            weights = state[COMPONENT_RL_MODULE]
            self.module.set_state(ray.get(weights) if isinstance(weights, ray.ObjectRef) else weights)
        self._sequence = sequence

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[()], dict[str, Any]]:
        """How to make another one."""
        return (), {"config": self.config}

    def get_checkpointable_components(self) -> list[tuple[str, Any]]:
        """The module."""
        return [(COMPONENT_RL_MODULE, self.module)]

    def _module(self) -> PredictorModule:
        return cast(PredictorModule, cast(Any, self.module)[DEFAULT_MODULE_ID])


def columns_of(batches: list[tuple[Moments, np.ndarray]]) -> dict[str, np.ndarray]:
    """Batches of moments and mirrors in one, as columns."""
    parts = zip(*(moments for moments, _ in batches), strict=True)
    columns = dict(zip(Moments._fields, (np.concatenate(part) for part in parts), strict=True))
    return {**columns, FLIPS: np.concatenate([flips for _, flips in batches])}


def moments_of_columns(batch: Mapping[str, Tensor]) -> tuple[Moments, np.ndarray]:
    """Moments and mirrors of a batch of columns."""
    parts = {name: batch[name].cpu().numpy() for name in (*Moments._fields, FLIPS)}
    flips = parts.pop(FLIPS)
    return Moments(**parts), flips
