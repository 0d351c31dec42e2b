"""Do beliefs cohere: is the mean of the beliefs after the user's reply the belief before it?

For Bayes' rule it is, and so for the particles of a search that learns by it, but for rare replies and the
floor of their probabilities (`bayes`). The library belief does not cohere: it tempers evidence, lets it count
near the edit most, renames materials, and lets cells stay as they are under "none of these". The particles of
the planner learn as much as suits it (`ModelOptions.learning`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from agents.assistants.planning import PlanningAssistant
from agents.assistants.search_model import BuildingModel, ModelOptions
from agents.users.crowd import BLOCK
from envs.building.actions import Codec, triples
from envs.building.state import State
from envs.building.world import NUM_BLOCKS, USER

from .._cli import Figure
from .half_built import HalfBuilt, Sizes

BELIEFS = ("bayes", "particles", "library")
DRAWS = 8192
"""Replies drawn at each moment: what is likelier than this is hardly missed."""


def coherence_figures(half: HalfBuilt, sizes: Sizes) -> list[Figure]:
    """How far beliefs after replies, averaged by the replies' probability, are from those before."""
    assistant = half.assistant(sizes.replies, ModelOptions().particles)
    own = assistant.model
    bayes = BuildingModel(
        half.config, half.games, own.nodes, half.belief.traits, replace(own.options, learning=1.0)
    )
    chosen = np.linspace(0, len(half.states) - 1, sizes.moments).astype(int)
    found: list[tuple[float, ...]] = []
    for moment, state in enumerate(half.states):
        if moment in chosen:
            found += _gaps(half, assistant, bayes, state)
        else:
            assistant.belief.observe(state, half.all)
    means = np.array(found).mean(axis=0)
    names = [(name, belief) for belief in BELIEFS for name in ("gap", "shift")]
    return [
        Figure(f"planner.coherence_{name}", mean, n=len(found), labels={"belief": belief})
        for (name, belief), mean in zip(names, means, strict=True)
    ]


def _gaps(
    half: HalfBuilt, assistant: PlanningAssistant, bayes: BuildingModel, state: State
) -> Iterator[tuple[float, ...]]:
    """For every game gap and shift of each of BELIEFS."""
    own = assistant.model
    roots = half.roots(assistant, state)
    replies, chances = [], []
    compared: list[list[tuple[float, float]]] = []
    for game, root in enumerate(roots):
        for model in (bayes, own):
            model.set_root(game, state, game, root)
        replies.append(_likely_replies(own, game))
        chances.append(_step(own, game, replies[-1]))
        _step(bayes, game, replies[-1])
        slots = game * own.nodes + np.arange(1 + len(replies[-1]))
        goals = own.view().forecast.crowd.goals[game].T & BLOCK
        holds = goals[:, :, None] == np.arange(NUM_BLOCKS)
        compared.append([])
        for model in (bayes, own):
            believed = np.tensordot(model.weights[slots], holds, axes=1)
            compared[-1].append(_compare(believed[0], believed[1:], chances[-1]))
    seen = _after_replies(half, assistant, replies)
    for known, before, after, shares in zip(compared, assistant.marginals, seen, chances, strict=True):
        yield tuple(chain(*known, _compare(before, after, shares)))


def _likely_replies(model: BuildingModel, game: int) -> np.ndarray:
    """(R,) different replies to the root of a game, the likeliest first; as many as have slots beside it."""
    roots, idle = np.full(DRAWS, game * model.nodes), np.zeros(DRAWS, np.int64)
    drawn, times = np.unique(model.reply(roots, idle, (np.arange(DRAWS) + 0.5) / DRAWS), return_counts=True)
    return drawn[np.argsort(-times, kind="stable")[: model.nodes - 1]]


def _step(model: BuildingModel, game: int, replies: np.ndarray) -> np.ndarray:
    """Step from a root into the slots after it, one per reply (R,), while the assistant does nothing; the
    replies' probabilities (R,), made to sum to 1.
    """
    root = game * model.nodes
    roots, idle = np.full(len(replies), root), np.zeros(len(replies), np.int64)
    chances = model.step(roots, idle, replies, root + 1 + np.arange(len(replies))).chances
    return chances / chances.sum()


def _after_replies(
    half: HalfBuilt, assistant: PlanningAssistant, replies: list[np.ndarray]
) -> list[np.ndarray]:
    """For every game, what the library belief makes (R, N, 10) of each of its replies, after `_step`."""
    model, codec = assistant.model, Codec.of(half.config)
    counts = np.array([len(row) for row in replies])
    found = [np.empty((count, *assistant.marginals.shape[1:]), np.float32) for count in counts]
    out = np.empty_like(assistant.marginals)
    for r in range(counts.max()):
        active = counts > r
        state = State(*(part[np.arange(half.games) * model.nodes + 1 + r] for part in model.states))
        belief = copy.deepcopy(assistant.belief)
        for game in np.flatnonzero(active):
            state.previous[game, USER] = triples(codec, replies[game][r])
        belief.observe(state, active)
        belief.marginals(state, active, out)
        for game in np.flatnonzero(active):
            found[game][r] = out[game]
    return found


def _compare(before: np.ndarray, after: np.ndarray, chances: np.ndarray) -> tuple[float, float]:
    """Distance of marginals (N, 10) from the mean of those after replies (R, N, 10), and the mean distance:
    half the sum of differences in a cell, averaged over cells.
    """
    gap = np.abs(np.tensordot(chances, after, axes=1) - before).sum(axis=1).mean() / 2
    shift = chances @ np.abs(after - before).sum(axis=2).mean(axis=1) / 2
    return float(gap), float(shift)
