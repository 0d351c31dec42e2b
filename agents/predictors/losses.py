"""What networks are trained to minimise, term by term.

    loss = w_goal L_goal + w_policy L_policy + w_user L_user + w_value L_value + w_drift L_drift

Terms and sources, of a state s with goal g:

    L_goal    mean over cells of -log P(g_c | s)
    L_policy  -sum_a pi'(a) log P(a | s) over legal actions; pi' is a search's improved policy, or 1 for what
              the assistant did (AlphaZero; Danihelka et al. 2022)
    L_user    -sum_a u(a) log P(a | s) over legal actions; u is the user's own distribution given its goal and
              traits where the moments have it, else 1 for the action that it drew, where that is legal
    L_value   Huber loss of V(s) against the discounted return (AlphaZero)
    L_drift   mean over cells of KL(P_before(g_c | s) || P(g_c | s)), P_before of the network before this
              round of training: beliefs move no faster than evidence

L_goal, L_user and L_drift are AssistanceZero's losses of the predicted reward, of the human's action and
of the previous reward (Laidlaw et al. 2025).

In L_goal cells that the user changed last count `user_cells`: nearly always they stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from envs.building.actions import Codec, encode
from envs.building.config import BuildingConfig
from envs.building.legal import capacity, legal_batch
from envs.building.rules import compile_rules
from envs.building.state import State, empty_state
from envs.building.world import ASSISTANT, USER

from .acts import index_acts, legal_log_probs, padded
from .encoding import CLASSES, targets
from .encoding import encode as encode_state
from .moments import Moments
from .network import Acts, Outputs, PredictorNet, tensors


@dataclass(frozen=True)
class Weights:
    """Weights of the terms; those whose head a network lacks are left out."""

    goal: float = 1.0
    policy: float = 0.1
    user: float = 0.05
    value: float = 0.05
    drift: float = 0.0
    user_cells: float = 0.1
    """Weight in L_goal of cells that the user changed last."""

    def __post_init__(self) -> None:
        for name in ("goal", "policy", "user", "value", "drift", "user_cells"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"weight {name} is {getattr(self, name)}; give 0 or more")


def total_loss(
    net: PredictorNet,
    config: BuildingConfig,
    moments: Moments,
    flips: np.ndarray,
    weights: Weights,
    previous: PredictorNet | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of n moments, each seen as in the mirror `flips` (n,), and its terms by name, unweighted.

    previous: the network from which `drift` is measured; needed when its weight is not 0.
    """
    found = see(net, net, moments, flips)
    before = None
    if weights.drift:
        if previous is None:
            raise ValueError("the weight of drift is not 0; give the previous network")
        with torch.no_grad():
            before = see(previous, previous, moments, flips)
    return loss_of(found, net, config, moments, flips, weights, before)


def see(net: PredictorNet, forward: Callable[..., Outputs], moments: Moments, flips: np.ndarray) -> Outputs:
    """What a network says of n moments. forward: the network itself, or what wraps it to share gradients."""
    device = net.device
    inputs = [part.to(device) for part in tensors(encode_state(net.size, moments, flips))]
    with torch.autocast(device.type, torch.bfloat16):
        return forward(*inputs)


def loss_of(
    found: Outputs,
    net: PredictorNet,
    config: BuildingConfig,
    moments: Moments,
    flips: np.ndarray,
    weights: Weights,
    before: Outputs | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """`total_loss` of what the network, and before this round of training, has said of the moments."""
    terms = {"goal": goal_loss(found.goal, net, moments, flips, weights.user_cells)}
    if found.policy is not None:
        terms["policy"] = policy_loss(found.policy, net, config, moments, flips)
    if found.user is not None:
        terms["user"] = user_loss(found.user, net, config, moments, flips)
    if found.value is not None:
        returns = torch.from_numpy(moments.returns).to(found.value.device)
        terms["value"] = F.smooth_l1_loss(found.value.float(), returns)
    if before is not None:
        terms["drift"] = drift_loss(before, found)
    parts = [getattr(weights, name) * term.to(found.goal.device) for name, term in terms.items()]
    return torch.stack(parts).sum(), {name: term.detach() for name, term in terms.items()}


def goal_loss(
    logits: Tensor, net: PredictorNet, moments: Moments, flips: np.ndarray, user_cells: float
) -> Tensor:
    """L_goal in nats per cell of the box."""
    goal, owner = targets(net.size, moments, flips)
    classes = torch.from_numpy(goal).reshape(-1).to(logits.device)
    each = F.cross_entropy(logits.float().reshape(-1, CLASSES), classes, reduction="none")
    weights = torch.from_numpy(np.where(owner == 1, np.float32(user_cells), np.float32(1))).reshape(-1)
    weights = weights.to(logits.device)
    return (each * weights).sum() / weights.sum()


def policy_loss(
    acts: Acts, net: PredictorNet, config: BuildingConfig, moments: Moments, flips: np.ndarray
) -> Tensor:
    """L_policy in nats: the mean over moments that have a target, 0 when none has."""
    lists, log_probs = _legal(acts, net, config, moments, ASSISTANT, flips)
    return _cross_entropy(_placed(lists, moments.candidates, moments.weights), log_probs)


def user_loss(
    acts: Acts, net: PredictorNet, config: BuildingConfig, moments: Moments, flips: np.ndarray
) -> Tensor:
    """L_user in nats: the mean over moments whose user did something legal."""
    lists, log_probs = _legal(acts, net, config, moments, USER, flips)
    return _cross_entropy(user_targets(config, moments, lists), log_probs)


def user_targets(config: BuildingConfig, moments: Moments, lists: np.ndarray) -> np.ndarray:
    """What L_user wants: probabilities (n, L) float32 of the user's legal flat actions `lists` (n, L)."""
    codec = Codec.of(config)
    if not moments.user_candidates.shape[1]:
        did = np.array([encode(codec, *map(int, act)) for act in moments.acts[:, USER]], np.int32)
        return _placed(lists, did[:, None], np.ones((moments.number, 1), np.float32))
    wanted = _placed(lists, moments.user_candidates, moments.user_weights)
    rest = np.maximum(0, 1 - moments.user_weights.sum(axis=1))
    others = (lists > 0) & (lists < codec.first_break) & (wanted == 0)
    return wanted + others * (rest / np.maximum(1, others.sum(axis=1)))[:, None]


def _placed(lists: np.ndarray, candidates: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n, L) float32: the weights (n, M) of candidates (n, M) at their places in lists (n, L)."""
    wanted = np.zeros(lists.shape, np.float32)
    for column in range(candidates.shape[1]):
        hit = (lists == candidates[:, column, None]) & (lists >= 0)
        wanted += hit * weights[:, column, None]
    return wanted


def _cross_entropy(wanted: np.ndarray, log_probs: Tensor) -> Tensor:
    """In nats: the mean over moments that want anything of `wanted` (n, L), 0 when none does."""
    total = wanted.sum(axis=1, keepdims=True)
    target = torch.from_numpy(wanted / np.maximum(total, 1e-6))
    return -(target * log_probs).sum() / max(1, int((total > 0).sum()))


def drift_loss(before: Outputs, now: Outputs) -> Tensor:
    """L_drift in nats per cell of the box."""
    old, new = before.goal.float().log_softmax(-1), now.goal.float().log_softmax(-1)
    return (old.exp() * (old - new)).sum(-1).mean()


def _legal(
    acts: Acts, net: PredictorNet, config: BuildingConfig, moments: Moments, player: int, flips: np.ndarray
) -> tuple[np.ndarray, Tensor]:
    """Legal flat actions of a player (n, L), -1 for none, and their log-probabilities (n, L)."""
    codec = Codec.of(config)
    lists = np.empty((moments.number, capacity(config)), np.int32)
    counts = np.empty(moments.number, np.int32)
    cells = np.empty((2, config.cells), np.int16)
    state = public_states(config, moments)
    legal_batch(compile_rules(config), codec, state, player, cells[0], cells[1], lists, counts)
    lists = padded(lists, counts)
    kinds, arguments = (torch.from_numpy(part) for part in index_acts(net.size, codec, lists, flips))
    here = Acts(*(part.cpu() for part in acts))  # lists are few numbers: not worth a device
    return lists, legal_log_probs(here, kinds, arguments)


def public_states(config: BuildingConfig, moments: Moments) -> State:
    """The moments as a batch of worlds, as far as rules without inventories look at them."""
    public = empty_state(config, moments.number)
    return public._replace(
        blocks=moments.blocks,
        touched=moments.touched,
        feet=moments.feet,
        previous=moments.previous,
        clock=moments.clock,
    )
