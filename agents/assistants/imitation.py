"""Do what the user would do: the simplest use of a network that has only watched users.

The network says what the user does next, without knowing the goal. The assistant takes an edit drawn from
that as its own wish: it does it when it is at hand, else walks there. It rests as often as the
user is expected to. Steps of the user's body are no use to another body, so they count as edits to come.
Source: the pretrained baseline of Laidlaw et al. 2025.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from envs.building.actions import BREAK, NOOP, PLACE, Codec, decode
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State, take
from envs.building.world import ASSISTANT, USER
from envs.kernels import kernel
from envs.rng import streams, uniform

from ..predictors.answers import answers_of
from ..predictors.network import PredictorNet, predict
from .learned_model import check_net
from .leaves import list_chances, new_scratch
from .pursue import pursue


class ImitationAssistant:
    """Imitates the user that a network expects."""

    name = "imitation"
    sees_goal = False

    def __init__(self, net: PredictorNet):
        self.net = net

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes. ValueError when the network does not fit the game or knows no user."""
        check_net(self.net, config, ("user",))
        self._rules, self._codec = compile_rules(replace(config, line_of_sight=True)), Codec.of(config)
        self._scratch, self._streams = new_scratch(config), streams(seeds)
        self._actions = np.zeros((len(seeds), 3), np.int16)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """One call of the network for all active games."""
        rows = np.flatnonzero(active)
        answers = answers_of(predict(self.net, take(state, rows)))
        self._actions[:] = 0
        _imitate(
            self._rules,
            self._codec,
            state,
            rows,
            answers.user_kinds,
            answers.user_edits,
            self._scratch,
            self._streams,
            self._actions,
        )
        return self._actions


@kernel
def _imitate(rules, codec, states, rows, kind_logits, edit_logits, scratch, lane_streams, out):
    """Write actions (B, 3) in worlds `rows` (K,)."""
    legal, chances = scratch.legal, scratch.shares
    for i in range(rows.shape[0]):
        row = rows[i]
        n = list_chances(
            rules, codec, states, row, np.int64(USER), kind_logits[i], edit_logits[i], scratch, legal, chances
        )
        idle, editing = 0.0, 0.0
        for j in range(n):
            kind, _, _ = decode(codec, np.int64(legal[j]))
            if kind == NOOP:
                idle += chances[j]
            elif kind == PLACE or kind == BREAK:
                editing += chances[j]
        if uniform(lane_streams, row) < idle or editing <= 0.0:
            continue
        left, wish, wished = uniform(lane_streams, row) * editing, -1, 0
        for j in range(n):
            kind, cell, block = decode(codec, np.int64(legal[j]))
            if left >= 0.0 and (kind == PLACE or kind == BREAK):
                left -= chances[j]
                wish, wished = cell, block
        scratch.values[:] = -1.0
        scratch.values[wish], scratch.wanted[wish] = 1.0, wished
        pursue(
            rules,
            states,
            row,
            ASSISTANT,
            scratch.scene,
            scratch.values,
            scratch.wanted,
            lane_streams,
            row,
            out[row],
        )
