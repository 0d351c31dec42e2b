"""A network's policy by itself, without search: what imitation, PPO and AssistanceZero have learned to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from envs.building.actions import Codec, triples
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, take
from envs.building.world import NUM_BLOCKS, start_blocks

from ..predictors.answers import answers_of
from ..predictors.encoding import marginals_of
from ..predictors.network import PredictorNet, predict
from .learned_model import check_net
from .leaves import choose_acts, new_scratch


class PolicyAssistant:
    """Acts by the policy head. `marginals` (B, N, 10) is what the network guesses of the goal beside it."""

    name = "policy"
    sees_goal = False

    def __init__(self, net: PredictorNet, sample: bool = True):
        """sample: draw actions by their probabilities; else do the likeliest one."""
        self.net, self.sample = net, sample

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes. ValueError when the network does not fit the game or has no policy."""
        check_net(self.net, config, ("policy",))
        self._rules, self._codec = compile_rules(replace(config, line_of_sight=True)), Codec.of(config)
        self._scratch = new_scratch(config)
        self._rngs = [np.random.default_rng(int(seed)) for seed in seeds]
        self._flat = np.zeros(len(seeds), np.int32)
        outside = np.eye(NUM_BLOCKS, dtype=np.float32)[start_blocks(config.size).reshape(-1)]
        self.marginals = np.repeat(outside[None], len(seeds), axis=0)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """One call of the network for all active games."""
        rows = np.flatnonzero(active)
        answers = answers_of(predict(self.net, take(state, rows)))
        guessed = self.marginals[rows]
        marginals_of(self.net.size, answers.goal, guessed)
        self.marginals[rows] = guessed
        drawn = np.array([self._rngs[row].random() if self.sample else -1.0 for row in rows])
        chosen = np.empty(len(rows), np.int32)
        choose_acts(
            self._rules,
            self._codec,
            state,
            rows,
            answers.policy_kinds,
            answers.policy_edits,
            drawn,
            self._scratch,
            chosen,
        )
        self._flat[:] = 0
        self._flat[rows] = chosen
        return triples(self._codec, self._flat)
