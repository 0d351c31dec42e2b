"""The building game for Gymnasium: the assistant's side alone, with a user model inside.

    env = AssistEnv(user, horizon=100)  # or envs.make("building-assist-v0", user=user, horizon=100)
    observation, info = env.reset(seed=0)
    observation, reward, terminated, truncated, info = env.step(action)

Actions, observations, infos and the end of an episode are the assistant's in `BuildingEnv` (see the page at
the top of `env.py`), and so the goal is in none of them. The reward is the shared one: it is there to train
on, and not for the assistant to read while it acts.

`reset(seed=s)` seeds the goals, the start places and the user, each with a stream of its own.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from .actions import check_actions, encode
from .env import BuildingEnv, Observation
from .goals import GoalSource
from .player import Player


class AssistEnv(gymnasium.Env[Observation, int]):
    """The assistant's view of the building game as a `gymnasium.Env`.

    Attributes: `user`, and `game`, the `BuildingEnv` inside, which evaluators may ask for what the assistant
    must not know (for example `game.batch.goal_fraction()`).
    """

    metadata = BuildingEnv.metadata

    def __init__(
        self, user: Player, goals: GoalSource | str = "default", render_mode: str | None = None, **config: Any
    ):
        """
        Args:
            user: who plays the user, as a batch of one world.
            goals, render_mode, config: as for `BuildingEnv`.
        """
        self.user = user
        self.game = BuildingEnv(goals, render_mode, **config)
        self.config = self.game.config
        self.render_mode = render_mode
        self.observation_space = self.game.observation_space("assistant")
        self.action_space = self.game.action_space("assistant")

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode and the user in it; returns observation and info. `options` are not used."""
        super().reset(seed=seed)
        observations, infos = self.game.reset(seed=seed)
        goals = self.game.batch.latent.goal.copy() if self.user.sees_goal else None
        self.user.reset(self.config, self.np_random.integers(2**63 - 1, size=1), goals)
        return observations["assistant"], infos["assistant"]

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One joint step: the assistant's action and the one that the user chooses at the same time.

        Raises the errors of `BuildingEnv.step`, and ValueError when the user's action does not exist.
        """
        action = self.game.check_action("assistant", action)
        observations, rewards, terminations, truncations, infos = self.game.step(
            {"user": self._user_action(), "assistant": action}
        )
        me = "assistant"
        return observations[me], rewards[me], terminations[me], truncations[me], infos[me]

    def render(self) -> str | np.ndarray:  # type: ignore[override]
        """The world as the assistant sees it: text or a picture, without the goal."""
        return self.game.render(goal=False)

    def _user_action(self) -> int:
        batch = self.game.batch
        triples = np.asarray(self.user.act(batch.state, ~batch.done))
        if triples.shape != (1, 3):
            raise ValueError(
                f"user {self.user.name!r} gave actions of shape {triples.shape}; one world takes (1, 3)"
            )
        return encode(batch.codec, *check_actions(self.config, triples)[0].tolist())
