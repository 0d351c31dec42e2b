"""The chat game turn by turn: PettingZoo's AEC view, which never asks an agent whose turn it is not.

game = env(domains=1)                                    # envs.chat.env.env
game.reset(seed=0)
for agent in game.agent_iter():
    observation, reward, terminated, truncated, info = game.last()
    mask = observation["action_mask"]
    game.step(None if terminated or truncated else game.action_space(agent).sample(mask))
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Dict, Discrete
from pettingzoo import AECEnv

from ..view import Observation
from .acts import SPEAKERS
from .env import ChatEnv, Snapshot


class ChatTurns(AECEnv[str, Observation, int]):
    """The game as a `pettingzoo.AECEnv` that only ever asks the agent whose turn it is.

    Attributes: `game`, the `ChatEnv` that is played. Spaces, rewards and seeds are those of the game.
    """

    metadata: ClassVar[dict[str, Any]] = ChatEnv.metadata

    def __init__(self, game: ChatEnv):
        super().__init__()
        self.agents: list[str] = []
        self.agent_selection = SPEAKERS[0]
        self.terminations: dict[str, bool] = {}
        self.truncations: dict[str, bool] = {}
        self._cumulative_rewards: dict[str, float] = {}
        self.game = game
        self.render_mode = self.game.render_mode
        self.possible_agents = self.game.possible_agents
        self.state_space = self.game.state_space

    def observation_space(self, agent: str) -> Dict:
        """The space of an agent's observations, always the same object."""
        return self.game.observation_space(agent)

    def action_space(self, agent: str) -> Discrete:
        """The space of an agent's actions, always the same object."""
        return self.game.action_space(agent)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start an episode; arguments and errors are those of `ChatEnv.reset`."""
        self._seen, self.infos = self.game.reset(seed, options)
        self._enter(dict.fromkeys(self.possible_agents, 0.0))

    def observe(self, agent: str) -> Observation:
        """What an agent sees now, whether it is its turn or not."""
        return self._seen[agent]

    def step(self, action: int | None) -> None:
        """The act of `agent_selection`, None once the episode has ended; errors are `ChatEnv.step`'s."""
        if not self.agents:
            self.game._check_running()
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        joint: dict[str, Any] = {name: action if name == agent else 0 for name in self.possible_agents}
        self._seen, self.rewards, self.terminations, self.truncations, self.infos = self.game.step(joint)
        self._cumulative_rewards[agent] = 0.0
        self._accumulate_rewards()
        if self.game.agents:
            self.agent_selection = self._speaker()

    def render(self) -> str:
        """The dialogue so far, as `ChatEnv.render`."""
        return self.game.render()

    def state(self) -> np.ndarray:
        """The public state as bytes, as `ChatEnv.state`."""
        return self.game.state()

    def close(self) -> None:
        """Nothing to release."""

    def snapshot(self) -> tuple[Snapshot, dict[str, float]]:
        """Everything that `restore` needs while an episode runs: the game's, and rewards not yet seen."""
        self.game._check_running()
        return self.game.snapshot(), dict(self._cumulative_rewards)

    def restore(self, snapshot: tuple[Snapshot, dict[str, float]]) -> None:
        """Return to a snapshot of an equal environment."""
        moment, rewards = snapshot
        self._seen, self.infos = self.game.restore(moment), self.game._infos()
        self._enter(rewards)

    def clone(self) -> ChatTurns:
        """An independent copy that goes on exactly as this one would."""
        other = type(self)(self.game.clone())
        other.restore(self.snapshot())
        return other

    def _enter(self, cumulative: dict[str, float]) -> None:
        """Both agents are in play, with rewards that they have not been told of."""
        names = self.possible_agents
        self.agents = list(names)
        self.rewards, self._cumulative_rewards = dict.fromkeys(names, 0.0), dict(cumulative)
        self.terminations, self.truncations = dict.fromkeys(names, False), dict.fromkeys(names, False)
        self._skip_agent_selection = None
        self.agent_selection = self._speaker()

    def _speaker(self) -> str:
        return SPEAKERS[self.game.batch.state.speaker[0]]
