"""A simulated user: a builder that plays in a batch of worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from envs.building.actions import Codec
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State
from envs.building.world import USER
from envs.rng import streams

from .distribution import legal_probs
from .policy import action_prob, draw_actions, outlines
from .scene import new_scene, survey
from .traits import Traits


class BuilderUser:
    """A builder of fixed traits, for either player: an assistant that is handed the goal is the oracle."""

    sees_goal = True

    def __init__(self, name: str, traits: Traits, player: int = USER):
        self.name = name
        self.traits = traits
        self.player = player

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes towards goals (B, N). Builders look before they act, with any legal lists."""
        if goals is None:
            raise ValueError(f"{self.name} needs the goals (B, N) of its episodes; pass them to reset")
        self.rules = compile_rules(replace(config, line_of_sight=True))
        self.goals = np.ascontiguousarray(goals, np.uint8)
        self.outlines = outlines(config.size, self.goals)
        self._codec = Codec.of(config)
        self._streams = streams(seeds)
        self._scene = new_scene(config.size, 1)
        self._tables = np.stack([traits.vector()[None] for traits in self.traits_of(seeds)])
        self._actions = np.zeros((len(self.goals), 3), np.int16)

    def traits_of(self, seeds: np.ndarray) -> Sequence[Traits]:
        """The traits of the builders of episodes with seeds (B,): here the same for all."""
        return [self.traits] * len(seeds)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Draw the next actions (B, 3) int16."""
        draw_actions(
            self.rules,
            state,
            self.player,
            self._tables,
            self._scene,
            self.goals,
            self.outlines,
            self._streams,
            active,
            self._actions,
        )
        return self._actions

    def log_prob(self, state: State, actions: np.ndarray) -> np.ndarray:
        """(B,) float64 log-probability of actions (B, 3) in these states; -inf for what the builder never
        does.
        """
        out = np.empty(len(self.goals))
        for row, (kind, cell, block) in enumerate(actions):
            survey(self.rules, state, row, self.player, self._tables[row], self._scene)
            out[row] = action_prob(
                self.rules,
                state,
                row,
                self.player,
                self._tables[row],
                self._scene,
                0,
                self.goals[row],
                self.outlines[row],
                kind,
                cell,
                block,
            )
        with np.errstate(divide="ignore"):
            return np.log(out)

    def probabilities(self, state: State, rows: np.ndarray, lists: np.ndarray) -> np.ndarray:
        """(n, L) float64 probabilities of legal flat actions (n, L), -1 for none, in the worlds `rows` (n,).

        They are exact, for `act` draws from them: a builder has no memory beyond the public state.
        """
        out = np.empty(lists.shape)
        legal_probs(
            self.rules,
            self._codec,
            state,
            rows,
            self.player,
            self._tables,
            self._scene,
            self.goals,
            self.outlines,
            lists,
            out,
        )
        return out
