"""Many worlds at once: the core that every other view of the game is made of.

Actions are triples ``(kind, cell, block)``; results are written into arrays that live as long as the batch,
so stepping allocates nothing. A world that has ended stays as it is until `reset`.
"""

from __future__ import annotations

import numpy as np

from . import state as states
from .actions import Codec, check_actions, encode
from .config import BuildingConfig
from .legal import capacity, legal_batch
from .observation import PLANES, observe_batch
from .rules import compile_rules, start_latent, step_batch
from .state import Latent, State
from .world import check_blocks


class IllegalActionError(ValueError):
    """An action outside the legal list, in strict mode."""


class EpisodeOverError(RuntimeError):
    """A step after every world of the batch has ended."""


class BuildingBatch:
    """B worlds of the building game.

    Attributes written by `step`: `own` (B, 2) float32 each player's part of the reward, `reward` (B,) float32
    the shared reward, `effective` (B, 2) int8 kinds that took effect, `terminated` and `truncated` (B,) bool.
    `state` is public; `latent` is not for assistants.
    """

    def __init__(self, batch: int, config: BuildingConfig | None = None):
        if batch < 1:
            raise ValueError(f"batch is {batch}; give the number of worlds, 1 or more")
        self.config = config or BuildingConfig()
        self.rules = compile_rules(self.config)
        self.codec = Codec.of(self.config)
        self.state = states.empty_state(self.config, batch)
        self.latent = states.empty_latent(self.config, batch)
        self.own = np.zeros((batch, 2), np.float32)
        self.reward = np.zeros(batch, np.float32)
        self.effective = np.zeros((batch, 2), np.int8)
        self.terminated = np.ones(batch, bool)
        self.truncated = np.zeros(batch, bool)
        self._cells = np.empty((2, self.config.cells), np.int16)

    def __len__(self) -> int:
        return len(self.state.clock)

    def reset(
        self, goals: np.ndarray, seeds: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> None:
        """Start new episodes with these goals.

        goals: (n, W, H, D) block ids. seeds: (n,) ints for random start places (default 0..n-1). rows: which
        worlds (default all). Raises ValueError when shapes or block ids are wrong.
        """
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        goals = check_blocks(goals, self.config.size, "goals").reshape(-1, self.config.cells)
        seeds = np.arange(len(rows)) if seeds is None else np.asarray(seeds)
        if len(goals) != len(rows) or len(seeds) != len(rows):
            raise ValueError(
                f"{len(goals)} goals and {len(seeds)} seeds for {len(rows)} worlds; give one each"
            )
        blocks = states.fresh_blocks(self.config).reshape(-1)
        for row, goal, seed in zip(rows, goals, seeds, strict=True):
            self.place(
                int(row), goal, blocks, states.start_feet(self.config, np.random.default_rng(int(seed)))
            )

    def place(self, row: int, goal: np.ndarray, blocks: np.ndarray, feet: np.ndarray) -> None:
        """Start world `row` from given blocks (N,) and feet (2, 3), for replays. The goal's palette plane is
        the world's.
        """
        self.state.blocks[row] = blocks.reshape(-1)
        self.state.touched[row] = 0
        self.state.feet[row] = feet
        self.state.last_edit[row] = -1
        self.state.inventory[row] = 0
        self.state.previous[row] = 0
        self.state.clock[row] = 0
        self.latent.goal[row] = goal.reshape(-1)
        if self.rules.inventory:
            first = self.config.cells - self.config.size[1] * self.config.size[2]
            self.latent.goal[row, first:] = states.fresh_blocks(self.config).reshape(-1)[first:]
        start_latent(self.rules, self.state, self.latent, row)
        self.terminated[row] = self.truncated[row] = False

    @property
    def done(self) -> np.ndarray:
        """(B,) bool: worlds that have ended."""
        return self.terminated | self.truncated

    def step(self, actions: np.ndarray) -> None:
        """One joint step of every world that has not ended.

        actions: (B, 2, 3) triples. Raises ValueError for actions that do not exist, IllegalActionError in
        strict mode, EpisodeOverError when every world has ended.
        """
        if self.done.all():
            raise EpisodeOverError("every world of the batch has ended; call reset before the next step")
        if np.shape(actions) != (len(self), 2, 3):
            raise ValueError(f"actions have shape {np.shape(actions)}; give {(len(self), 2, 3)}")
        actions = check_actions(self.config, actions)
        if self.config.strict:
            self._refuse_illegal(actions)
        self.step_unchecked(actions)

    def step_unchecked(self, actions: np.ndarray) -> None:
        """`step` without its checks, for int16 actions that are known to exist."""
        step_batch(
            self.rules,
            self.state,
            self.latent,
            actions,
            self.own,
            self.effective,
            self.terminated,
            self.truncated,
        )
        np.sum(self.own, axis=1, out=self.reward)

    def _refuse_illegal(self, actions: np.ndarray) -> None:
        for player in range(2):
            lists, counts = self.legal(player)
            for row in np.flatnonzero(~self.done):
                flat = encode(self.codec, *(int(v) for v in actions[row, player]))
                if flat not in lists[row, : counts[row]]:
                    raise IllegalActionError(
                        f"actions[{row},{player}] is {actions[row, player].tolist()}, not among the"
                        f" {counts[row]} legal actions;"
                        " take one from legal(), or set strict=False to have it treated as a no-op"
                    )

    def legal(self, player: int, out: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Legal flat actions of a player, ascending: lists (B, capacity) int32 and counts (B,) int32."""
        lists = np.empty((len(self), capacity(self.config)), np.int32) if out is None else out
        counts = np.empty(len(self), np.int32)
        legal_batch(self.rules, self.codec, self.state, player, self._cells[0], self._cells[1], lists, counts)
        return lists, counts

    def observe(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        """Planes (B, 5, N) uint8 of a player's view; see `observation.py`."""
        planes = np.empty((len(self), len(PLANES), self.config.cells), np.uint8) if out is None else out
        observe_batch(self.rules, self.state, self.latent, player, planes)
        return planes

    def goal_fraction(self) -> np.ndarray:
        """(B,) float64 share of the goal done, (S - S0) / (cells * correct - S0); negative when worse than
        the start.
        """
        full = self.config.reward.correct * self.config.cells
        room = np.maximum(full - self.latent.start, 1e-12)
        return (self.latent.similarity - self.latent.start) / room

    def clone(self) -> BuildingBatch:
        """An independent copy that goes on exactly as this one would."""
        other = BuildingBatch(len(self), self.config)
        other.restore(self.snapshot())
        return other

    def _parts(self) -> tuple[np.ndarray, ...]:
        results = (self.own, self.reward, self.effective, self.terminated, self.truncated)
        return (*tuple(self.state), *tuple(self.latent), *results)

    def snapshot(self) -> tuple[np.ndarray, ...]:
        """Everything that `restore` needs, as copies."""
        return tuple(part.copy() for part in self._parts())

    def restore(self, snapshot: tuple[np.ndarray, ...]) -> None:
        """Return to a snapshot of a batch of the same size and configuration."""
        for part, saved in zip(self._parts(), snapshot, strict=True):
            if part.shape != saved.shape:
                raise ValueError(
                    f"the snapshot has an array of shape {saved.shape} for {part.shape}; batch or size differ"
                )
            part[:] = saved

    def digest(self, row: int = 0) -> str:
        """Equal exactly when the public states of two worlds are equal."""
        return states.digest(self.state, row)


__all__ = ["BuildingBatch", "EpisodeOverError", "IllegalActionError", "Latent", "State"]
