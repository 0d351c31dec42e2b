"""What RLlib's stock PPO needs to train a `PredictorNet`: a policy, the goal's loss, the goal's way there.

- `PolicyModule` reads public states. The probabilities of legal actions are `acts.legal_log_probs`, the value
  is the network's own head.
- `GoalLearner` adds to PPO's loss the cross-entropy of the goal, as an auxiliary task that shapes the torso.
- `GoalTargets` takes goals from infos to the learner's batch. The module reads observations alone, so goals
  are targets and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from gymnasium.spaces import Discrete
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchCategorical
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor
from torch.nn import functional as F

from envs.building.actions import Codec
from envs.building.config import BuildingConfig
from envs.building.legal import legal_batch
from envs.building.rules import compile_rules
from envs.building.state import State, take
from envs.building.world import ASSISTANT

from ..predictors import checkpoints
from ..predictors.acts import index_acts, legal_log_probs, padded
from ..predictors.encoding import encode
from ..predictors.losses import goal_loss
from ..predictors.moments import moments_of
from ..predictors.network import Acts, NetOptions, Outputs, PredictorNet, tensors
from .ppo_env import state_of

GOAL, GOAL_LOGITS, GOAL_LOSS = "goal", "goal_logits", "goal_loss"
_NEVER = -1e9
"""Log-probability of a place where the legal list has ended."""
_CHUNK = 256
"""States of which values are computed at a time."""


class PolicyModule(TorchRLModule, ValueFunctionAPI):
    """A `PredictorNet` as RLlib's policy and value function.

    model_config: `game` (a `BuildingConfig` as dict), `net` (the fields of `NetOptions`), `start` (folder of
    a checkpoint to start from, or None), `seed` of the weights without one, and `threads` of torch.
    """

    def setup(self) -> None:
        """Build the network."""
        super().setup()
        given = cast(dict[str, Any], self.model_config)
        self._places = int(cast(Discrete, self.action_space).n)
        torch.set_num_threads(given["threads"])
        self.game = BuildingConfig.make(**given["game"])
        self._rules, self._codec = compile_rules(self.game), Codec.of(self.game)
        self.net = make_net(self.game, given["net"], given["start"], given["seed"])

    def get_inference_action_dist_cls(self) -> type[TorchCategorical]:
        """One number for each place of the legal list."""
        return TorchCategorical

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        state = self._state(batch)
        return {Columns.ACTION_DIST_INPUTS: self._log_probs(state, self._predict(state))}

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        state = self._state(batch)
        found = self._predict(state)
        return {
            Columns.ACTION_DIST_INPUTS: self._log_probs(state, found),
            Columns.EMBEDDINGS: found.value,
            GOAL_LOGITS: found.goal,
        }

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """Values (n,) of the states of a batch, or those that `_forward_train` has just computed."""
        if embeddings is not None:
            return embeddings.float()
        state = self._state(batch)
        chunks = np.array_split(np.arange(len(state.clock)), -(-len(state.clock) // _CHUNK))
        with torch.no_grad():
            values = [cast(Tensor, self._predict(take(state, rows)).value) for rows in chunks]
        return torch.cat(values).float()

    def goal_loss(self, batch: dict[str, Any], logits: Tensor, user_cells: float) -> Tensor:
        """Cross-entropy of the goals of a batch, without its padding; see `losses`."""
        valid = batch[Columns.LOSS_MASK].cpu()
        rows = np.flatnonzero(valid.numpy())
        moments = moments_of(self._state(batch), rows, batch[GOAL].cpu().numpy()[rows])
        return goal_loss(logits.cpu()[valid], self.net, moments, np.zeros(len(rows), np.uint8), user_cells)

    def _state(self, batch: dict[str, Any]) -> State:
        observations: Mapping[str, Tensor] = batch[Columns.OBS]
        return state_of(self.game, {name: part.cpu().numpy() for name, part in observations.items()})

    def _predict(self, state: State) -> Outputs:
        device = self.net.head.weight.device
        inputs = [part.to(device) for part in tensors(encode(self.net.size, state))]
        with torch.autocast(device.type, torch.bfloat16):
            return self.net(*inputs)

    def _log_probs(self, state: State, found: Outputs) -> Tensor:
        """(n, places) log-probabilities of what the assistant may do, and _NEVER beyond the lists' ends."""
        assert found.policy is not None
        count = len(state.clock)
        lists, counts = np.empty((count, self._places), np.int32), np.empty(count, np.int32)
        cells = np.empty((2, self.game.cells), np.int16)
        legal_batch(self._rules, self._codec, state, ASSISTANT, cells[0], cells[1], lists, counts)
        where = index_acts(self.net.size, self._codec, padded(lists, counts))
        kinds, arguments = (torch.from_numpy(part) for part in where)
        here = Acts(*(part.cpu() for part in found.policy))  # lists are few numbers: not worth the device
        log_probs = legal_log_probs(here, kinds, arguments)
        log_probs = F.pad(log_probs, (0, self._places - log_probs.shape[1]), value=_NEVER)
        return log_probs.to(found.goal.device)


class GoalLearner(PPOTorchLearner):
    """PPO's loss and, with the weight `learner_config_dict["goal"]`, the cross-entropy of the goal."""

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: dict[str, Any], fwd_out: dict[str, Any]
    ) -> Tensor:
        """The loss of a minibatch."""
        loss = super().compute_loss_for_module(
            module_id=module_id, config=config, batch=batch, fwd_out=fwd_out
        )
        module = cast(PolicyModule, self.module[module_id].unwrapped())
        weights = config.learner_config_dict
        aside = module.goal_loss(batch, fwd_out[GOAL_LOGITS], weights["user_cells"])
        batches = config.num_epochs * config.train_batch_size_per_learner // config.minibatch_size
        self.metrics.log_value((module_id, GOAL_LOSS), aside.detach(), window=max(1, batches))
        return loss + weights["goal"] * aside.to(loss.device)


class GoalTargets(ConnectorV2):
    """Adds the goals (n, N) that infos tell to the batch of the learner."""

    def __call__(
        self, *, rl_module: Any, batch: dict[str, Any], episodes: list[Any], **kwargs: Any
    ) -> dict[str, Any]:
        """The batch with the column `goal`."""
        for episode in self.single_agent_episode_iterator(episodes, agents_that_stepped_only=False):
            infos = episode.get_infos(slice(0, len(episode)))
            self.add_n_batch_items(
                batch, GOAL, np.stack([info[GOAL] for info in infos]), len(episode), episode
            )
        return batch


def make_net(game: BuildingConfig, options: dict[str, Any], start: str | None, seed: int) -> PredictorNet:
    """The network to train: that of a checkpoint, or a new one. ValueError when it cannot play or is for
    worlds of another size.
    """
    if start is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = PredictorNet(game.size, NetOptions(**{**options, "heads": tuple(options["heads"])}))
    else:
        net, _ = checkpoints.load(start)
    for head in ("policy", "value"):
        if head not in net.options.heads:
            raise ValueError(
                f"the network has the heads {', '.join(net.options.heads)}; PPO needs {head} too"
            )
    if net.size != game.size:
        raise ValueError(f"the network is for worlds of {net.size}, the game has {game.size}")
    return net
