"""Other users for the same game: Boltzmann-rational ones and best-responding ones.

Each function takes a game and returns it with another user.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .game import NOOP, TabularGame

TOLERANCE = 1e-9


def best_responding(game: TabularGame) -> TabularGame:
    """The game with a user that knows the assistant's plan and answers as is best for its goal."""
    return replace(game, user=None)


def boltzmann(game: TabularGame, beta: float) -> TabularGame:
    """The game with a user who acts by its goal as if the assistant were to do nothing from the next step on.

    P(h | s, a, goal) is proportional to exp(Q(s, a, h, goal) / beta) over the legal actions, Q being the
    user's optimal value alone after this step; in a simultaneous game `a` is the no-op. With beta 0 the best
    actions are equally likely. With a horizon Q is that of the whole horizon at every step. ValueError for a
    negative beta.
    """
    if not beta >= 0:
        raise ValueError(f"beta is {beta}; give 0 (rational) or more (erratic)")
    actions = slice(0, 1) if game.simultaneous else slice(None)
    q = game.look_ahead(_alone(game), actions)
    q = np.where(game.user_legal[:, None, :, None], q, -np.inf)
    above = q - q.max(axis=2, keepdims=True)
    weights = np.exp(above / beta) if beta else (above >= -TOLERANCE).astype(float)
    return replace(game, user=weights / weights.sum(axis=2, keepdims=True))


def _alone(game: TabularGame) -> np.ndarray:
    """(S, G) optimal values of a user whose assistant never acts."""
    values = np.zeros((len(game.states), len(game.goals)))
    sweeps = 0
    while sweeps != game.horizon:
        q = game.look_ahead(values, slice(NOOP, NOOP + 1))[:, 0]
        best = np.where(game.user_legal[..., None], q, -np.inf).max(axis=1)
        best[game.terminal] = 0.0
        change = np.abs(best - values).max()
        values = best
        sweeps += 1
        if change * game.discount <= TOLERANCE * (1 - game.discount):
            break
    return values
