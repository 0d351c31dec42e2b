"""How probable simulated users find what people did, step by step.

A population says so as a whole: what an episode has shown of its user counts for the steps that follow, as
drawn users (`Population.draw`) are weighed by Bayes' rule. The choice among edits is judged apart, given that
some edit is made, since that needs no agreement about pace and walking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from envs.building.actions import BREAK, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.world import AIR, USER, Size
from envs.kernels import kernel

from .policy import action_prob, near_and_far, outlines, pace, taste
from .recorded import RecordedEpisode
from .scene import new_scene, survey
from .traits import Traits

FLOOR = 1e-5
"""Least probability: people sometimes do what no builder does, such as break what is right."""
_SLIP = 0.03
"""Share of arbitrary blocks in the uniform choice, as in the plain builder's."""


class Evidence(NamedTuple):
    """Log-probabilities of an episode's T steps."""

    actions: np.ndarray
    """(T,) of what was done."""
    edits: np.ndarray
    """(E,) of which edit was made, given that one was."""
    uniform: np.ndarray
    """(E,) the same for a user who makes any useful edit at hand, all alike, with plain slips."""


def evidence(episode: RecordedEpisode, users: Sequence[Traits], size: Size) -> Evidence:
    """What a mixture of users with equal prior weights says of a recorded episode. One user: no mixture."""
    tables = np.stack([traits.vector() for traits in users])
    count = len(episode.actions)
    found = np.zeros((len(users), count, 2))
    useful = np.zeros((count, 2), np.int64)
    _judge(
        compile_rules(BuildingConfig(size)),
        episode.state,
        tables,
        new_scene(size, len(users)),
        episode.goal,
        outlines(size, episode.goal[None])[0],
        episode.actions,
        found,
        useful,
    )
    steps = episode.edits
    targets, places = useful[steps].T
    kind, cell, block = episode.actions[steps].astype(int).T
    goal, here = episode.goal[cell], episode.state.blocks[steps, cell]
    right = ((kind == PLACE) & (block == goal)) | ((kind == BREAK) & (here != goal) & (here != AIR))
    slip = _SLIP * (kind == PLACE) / (8 * np.maximum(1, places))
    uniform = slip + right * (1 - _SLIP) / np.maximum(1, targets)
    chance = np.maximum(found[:, :, 0], FLOOR)
    choice = np.maximum(found[:, steps, 0] / np.maximum(found[:, steps, 1], FLOOR), FLOOR)
    return Evidence(
        _mixture(np.log(chance)),
        _mixture(np.log(np.minimum(choice, 1.0))),
        np.log(np.maximum(uniform, FLOOR)),
    )


def _mixture(logs: np.ndarray) -> np.ndarray:
    """Predictive log-probabilities (T,) of K users' (K, T), weighed by what came before."""
    past = np.cumsum(logs, axis=1) - logs
    weight = past - past.max(axis=0)
    weight -= np.log(np.exp(weight).sum(axis=0))
    top = logs.max(axis=0)
    return np.asarray(top + np.log(np.exp(weight + logs - top).sum(axis=0)))


@kernel
def _judge(rules, state, tables, scene, goal, outline, actions, found, useful):
    """Write for users with traits (K, NUM_TRAITS) the probabilities (K, T, 2) of what was done and of any
    edit at hand, and the numbers (T, 2) of useful edits at hand and of cells to place into.
    """
    for t in range(actions.shape[0]):
        survey(rules, state, t, USER, tables, scene)
        kind, cell, block = actions[t, 0], actions[t, 1], actions[t, 2]
        blocks = state.blocks[t]
        useful[t, 1] = scene.counts[0]
        for i in range(scene.counts[2]):
            useful[t, 0] += blocks[scene.cell[i]] != goal[scene.cell[i]]
        for k in range(tables.shape[0]):
            found[k, t, 0] = action_prob(
                rules, state, t, USER, tables, scene, k, goal, outline, kind, cell, block
            )
            tastes = taste(tables[k], state, t, USER)
            near, far = near_and_far(rules.size, blocks, goal, outline, tastes, scene, scene.weight[k])
            pause, fidget = pace(tables[k], state.previous[t], USER)
            if near > 0.0:
                found[k, t, 1] = (1.0 - pause - fidget) * near / (near + far)
