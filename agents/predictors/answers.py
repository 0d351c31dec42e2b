"""A network's outputs as arrays, for who reads them in numpy and numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from envs.building.actions import KINDS

from .network import Acts, Outputs


class Answers(NamedTuple):
    """What a network says of K states; E logits of edits, those outside the goal's box last."""

    goal: np.ndarray
    """(K, W-2, D-2, H-2, CLASSES) float32 probabilities."""
    policy_kinds: np.ndarray
    """(K, KINDS) float32 logits."""
    policy_edits: np.ndarray
    """(K, E) float32 logits."""
    user_kinds: np.ndarray
    user_edits: np.ndarray
    value: np.ndarray
    """(K,) float32."""


def answers_of(found: Outputs) -> Answers:
    """A network's outputs as arrays for kernels; zeros for a head that it lacks."""
    count = len(found.goal)
    policy, user = (_tables(acts, found.goal) for acts in (found.policy, found.user))
    value = np.zeros(count, np.float32) if found.value is None else found.value.float().numpy()
    goal = torch.softmax(found.goal.float(), -1).contiguous().numpy()
    return Answers(goal, *policy, *user, value)


def _tables(acts: Acts | None, goal: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Logits of kinds (K, KINDS) and of edits (K, E), those outside the box last."""
    if acts is None:
        count, edits = len(goal), goal[0].numel() + goal.shape[-1]
        return np.zeros((count, len(KINDS)), np.float32), np.zeros((count, edits), np.float32)
    edits_and_outside = torch.cat([acts.edits.flatten(1), acts.outside], 1)
    return acts.kinds.float().contiguous().numpy(), edits_and_outside.float().contiguous().numpy()
