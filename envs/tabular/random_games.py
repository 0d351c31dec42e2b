"""Random games, for tests that hold planners to what is true of every game."""

from __future__ import annotations

import numpy as np

from .game import TabularGame


def random_game(
    seed: int,
    states: int = 3,
    actions: int = 2,
    replies: int = 2,
    goals: int = 2,
    outcomes: int = 2,
    horizon: int | None = 2,
    discount: float = 0.9,
    simultaneous: bool = False,
    renews: bool = False,
) -> TabularGame:
    """A game whose probabilities and rewards are random and whose actions are all legal. The last state is
    terminal.

    renews: whether one of the assistant's actions has the goal drawn anew.
    """
    rng = np.random.default_rng(seed)
    renewing = np.zeros((states, actions), bool)
    renewing[:, -1] = renews
    return TabularGame(
        name=f"random game {seed}",
        states=tuple(f"state {i}" for i in range(states)),
        goals=tuple(f"goal {i}" for i in range(goals)),
        assistant_actions=tuple(f"action {i}" for i in range(actions)),
        user_actions=tuple(f"reply {i}" for i in range(replies)),
        prior=rng.dirichlet(np.ones(goals)),
        start=np.append(rng.dirichlet(np.ones(states - 1)), 0),
        assistant_legal=np.ones((states, actions), bool),
        user_legal=np.ones((states, replies), bool),
        user=np.moveaxis(
            rng.dirichlet(np.ones(replies), (states, 1 if simultaneous else actions, goals)), 3, 2
        ),
        next_states=rng.integers(states, size=(states, actions, replies, outcomes)),
        chances=rng.dirichlet(np.ones(outcomes), (states, actions, replies)),
        rewards=rng.normal(size=(states, actions, replies, goals)),
        terminal=np.arange(states) == states - 1,
        renews=renewing,
        simultaneous=simultaneous,
        discount=discount,
        horizon=horizon,
    )
