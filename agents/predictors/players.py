"""Who plays in the episodes that predictors learn from: builders who all differ, and helpers who know
nothing.

`VariedBuilders` gives each episode a builder of its own, with traits drawn around the plain builder's, so
that a network does not learn one person by heart. `ErrandHelper` is the stand-in for an assistant before
there is one: it wanders about the user's work and now and then puts the user's block beside the user's block,
which is sometimes right and often wrong. So a network sees cells that neither it nor the user chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from envs.building.actions import MOVE_FIRST, MOVES
from envs.building.config import BuildingConfig
from envs.building.rules import can_move, compile_rules
from envs.building.state import State, touched_by
from envs.building.world import AIR, ASSISTANT, USER
from envs.kernels import kernel
from envs.rng import below, streams, uniform

from ..assistants.pursue import pursue
from ..users.builder import BuilderUser
from ..users.scene import new_scene
from ..users.traits import Traits

Range = tuple[float, float]


@dataclass(frozen=True)
class TraitRanges:
    """Uniform ranges of some of the builders' traits (`users.traits.Traits`); the others are the defaults.

    They lie around the plain builder's. Held-out types lie outside: `top_down` (height), `non_local`
    (locality), `noisy` (wrong), `slow` (pause), `fast` (fidget).
    """

    rationality: Range = (0.65, 1.6)
    height: Range = (0.4, 1.3)
    locality: Range = (0.8, 2.4)
    walk: Range = (0.4, 1.2)
    comfort: Range = (2.8, 4.4)
    wrong: Range = (0.01, 0.06)
    pause: Range = (0.02, 0.2)
    fidget: Range = (0.1, 0.35)

    def draw(self, rng: np.random.Generator) -> Traits:
        """One builder's traits."""
        return Traits(**{entry.name: rng.uniform(*getattr(self, entry.name)) for entry in fields(self)})


class VariedBuilders(BuilderUser):
    """Builders with traits of their own in every episode, drawn with the episode's seed."""

    name = "varied"

    def __init__(self, ranges: TraitRanges | None = None):
        super().__init__(self.name, Traits())
        self.ranges = ranges or TraitRanges()

    def traits_of(self, seeds: np.ndarray) -> Sequence[Traits]:
        """The traits of the builders of episodes with seeds (B,)."""
        rngs = [np.random.default_rng(np.random.SeedSequence((int(seed), 1))) for seed in seeds]
        return [self.ranges.draw(rng) for rng in rngs]


class ErrandHelper:
    """Wanders near the user and sometimes continues its work at random; some never do anything.

    Each episode has its own rate of errands; `idle` of the episodes are without help.
    """

    name = "errands"
    sees_goal = False
    idle = 0.4
    rates: Range = (0.1, 0.9)
    memory = 60
    """Steps for which the user's edits are continued."""
    chosen = 0.15
    """Share of possible places that are wished for at a time."""

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes."""
        self._rules = compile_rules(replace(config, line_of_sight=True))
        rngs = [np.random.default_rng(np.random.SeedSequence((int(seed), 2))) for seed in seeds]
        self._rates = np.array([rng.uniform(*self.rates) * (rng.random() >= self.idle) for rng in rngs])
        self._streams = streams(seeds)
        self._scene = new_scene(config.size, 0)
        self._values, self._wanted = np.empty(config.cells), np.empty(config.cells, np.uint8)
        self._actions = np.zeros((len(seeds), 3), np.int16)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """The next actions (B, 3) int16."""
        _run_errands(
            self._rules,
            state,
            self._rates,
            self.memory,
            self.chosen,
            self._scene,
            self._values,
            self._wanted,
            self._streams,
            active,
            self._actions,
        )
        return self._actions


@kernel
def _stroll(rules, state, row, player, lane_streams, lane, out):
    """A random legal move among up to six tries."""
    for _ in range(6):
        move = below(lane_streams, lane, MOVES.shape[0])
        if can_move(rules, state.blocks[row], state.feet[row], player, move):
            out[0] = MOVE_FIRST + move
            return


@kernel
def _run_errands(rules, state, rates, memory, share, scene, values, wanted, lane_streams, active, out):
    """Actions (B, 3) of helpers: at their rates (B,) an errand, a stroll half as often as nothing else."""
    for row in range(state.clock.shape[0]):
        out[row, 0] = out[row, 1] = out[row, 2] = 0
        if not active[row] or rates[row] == 0.0:
            continue
        if uniform(lane_streams, row) < rates[row]:
            _wish(rules.size, state, row, memory, share, values, wanted, lane_streams)
            pursue(rules, state, row, ASSISTANT, scene, values, wanted, lane_streams, row, out[row])
        elif uniform(lane_streams, row) < 0.5:
            _stroll(rules, state, row, ASSISTANT, lane_streams, row, out[row])


@kernel
def _wish(size, state, row, memory, share, values, wanted, lane_streams):
    """Wish for the user's recent edits to be repeated beside them: values (N,) and blocks (N,)."""
    w, h, d = size
    blocks, touched = state.blocks[row], state.touched[row]
    values[:] = -1.0
    for c in range(blocks.shape[0]):
        if touched_by(touched[c]) != 1 + USER or state.clock[row] - (touched[c] - 1) // 2 >= memory:
            continue
        x, y, z = c // (h * d), (c // d) % h, c % d
        for m in range(MOVES.shape[0]):
            i, j, k = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
            if 0 <= i < w and 1 <= j < h and 0 <= k < d and uniform(lane_streams, row) < share:
                n = (i * h + j) * d + k
                # Only one of the two is air: a block goes beside a block, a hole beside a hole.
                if (blocks[n] == AIR) != (blocks[c] == AIR) and touched_by(touched[n]) != 1 + USER:
                    values[n] = uniform(lane_streams, row)
                    wanted[n] = blocks[c]
