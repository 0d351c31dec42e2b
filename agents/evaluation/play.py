"""Play a user and an assistant against each other in a batch of worlds, and record the episodes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, MOVE_LAST, PLACE
from envs.building.config import BuildingConfig
from envs.building.player import Player
from envs.building.vector import BuildingBatch
from envs.building.world import ASSISTANT, USER

from .calibration import Calibration
from .episode import Episode
from .folder import episode_seeds


@dataclass(frozen=True)
class Task:
    """What is to be built: B goals with their houses, episode numbers and the run's seed."""

    goals: np.ndarray
    """(B, W, H, D) uint8."""
    houses: tuple[str, ...]
    indices: tuple[int, ...]
    seed: int

    def seeds(self, stream: int) -> np.ndarray:
        """(B,) int64 seeds of stream 0 (start places), 1 (user) or 2 (assistant); they depend on run seed and
        episode alone.
        """
        return episode_seeds(self.seed, self.indices, stream)


def play(config: BuildingConfig, user: Player, assistant: Player, task: Task) -> list[Episode]:
    """Play all episodes of the task at once; the records come in its order."""
    count = len(task.goals)
    batch = BuildingBatch(count, config)
    batch.reset(task.goals, task.seeds(0))
    goals = batch.latent.goal.copy()
    user.reset(config, task.seeds(1), goals if user.sees_goal else None)
    assistant.reset(config, task.seeds(2), goals if assistant.sees_goal else None)
    log = _Log(batch, assistant)
    actions = np.zeros((count, 2, 3), np.int16)
    while not batch.done.all():
        active = ~batch.done
        actions[:, USER] = user.act(batch.state, active)
        start = time.perf_counter()
        actions[:, ASSISTANT] = assistant.act(batch.state, active)
        log.before_step(active, actions, time.perf_counter() - start)
        batch.step(actions)
        log.after_step(active)
    return [log.episode(row, task, config, user.name, assistant.name) for row in range(count)]


class _Log:
    """Counts and curves of a batch while it is played."""

    def __init__(self, batch: BuildingBatch, assistant: Player):
        count = len(batch)
        self.batch = batch
        self.assistant = assistant
        self.lengths = np.zeros(count, np.int64)
        self.actions: list[np.ndarray] = []
        self.fractions = [batch.goal_fraction().astype(np.float32)]
        self.edits = np.zeros((count, 2), np.int64)
        self.user_edits = [self.edits[:, USER].astype(np.int16)]
        self.moves = np.zeros((count, 2), np.int64)
        self.gains = np.zeros((count, 2))
        self.predicted = np.zeros(count)
        self.wrong = np.zeros((count, 2), np.int64)
        self.undone = np.zeros(count, np.int64)
        self.milliseconds: list[np.ndarray] = []
        self.calibration = Calibration(batch)

    def before_step(self, active: np.ndarray, actions: np.ndarray, seconds: float) -> None:
        self.actions.append(actions.copy())
        self.milliseconds.append(np.where(active, 1e3 * seconds / max(1, active.sum()), np.nan))
        self.owners = self.batch.state.touched.copy()
        self.blocks = self.batch.state.blocks.copy()
        marginals = getattr(self.assistant, "marginals", None)
        if marginals is not None:
            self.calibration.observe(marginals, active)

    def after_step(self, active: np.ndarray) -> None:
        batch, rows = self.batch, np.arange(len(self.batch))
        self.lengths += active
        for player in (USER, ASSISTANT):
            kind = np.where(active, batch.effective[:, player], 0)
            cell = batch.state.previous[:, player, 1]
            edit = (kind == PLACE) | (kind == BREAK)
            if player == ASSISTANT and (marginals := getattr(self.assistant, "marginals", None)) is not None:
                self.predicted += np.where(edit, self._predicted(marginals, rows, cell), 0)
            gain = np.where(edit, self._gain(player, rows, cell), 0)
            self.edits[:, player] += edit
            self.moves[:, player] += (kind >= MOVE_FIRST) & (kind <= MOVE_LAST)
            self.gains[:, player] += gain
            self.wrong[:, player] += edit & (gain < 0)
            if player == USER:
                mark = self.owners[rows, cell].astype(np.int64)
                self.undone += edit & (mark > 0) & ((mark - 1) % 2 == ASSISTANT)
        self.fractions.append(batch.goal_fraction().astype(np.float32))
        self.user_edits.append(self.edits[:, USER].astype(np.int16))

    def _gain(self, player: int, rows: np.ndarray, cell: np.ndarray) -> np.ndarray:
        """Change of the cell's similarity by the player's edit: +1 right, -1 wrong, whatever the configured
        reward.
        """
        goal = self.batch.latent.goal[rows, cell]
        before = self.blocks[rows, cell]
        previous = self.batch.state.previous[rows, player]
        after = np.where(previous[:, 0] == PLACE, previous[:, 2], 0)
        if player == USER:  # the assistant acts second and meets the world that the user left
            edits = (previous[:, 0] == PLACE) | (previous[:, 0] == BREAK)
            self.blocks[rows[edits], cell[edits]] = after[edits]
        return _similarity(after, goal) - _similarity(before, goal)

    def _predicted(self, marginals: np.ndarray, rows: np.ndarray, cell: np.ndarray) -> np.ndarray:
        """The gain 2 P - 1 that the assistant expected of its edit, P its probability (B, N, 10) of being
        right.
        """
        kind, block = self.batch.state.previous[rows, ASSISTANT][:, [0, 2]].T
        found = marginals[rows, cell, np.where(kind == PLACE, block, self.blocks[rows, cell])]
        return 2 * np.where(kind == PLACE, found, 1 - found) - 1

    def episode(self, row: int, task: Task, config: BuildingConfig, user: str, assistant: str) -> Episode:
        steps = int(self.lengths[row])
        milliseconds = np.array([step[row] for step in self.milliseconds[:steps]])
        measures = {
            "steps": float(steps),
            "user_edits": float(self.edits[row, USER]),
            "user_moves": float(self.moves[row, USER]),
            "user_wrong_edits": float(self.wrong[row, USER]),
            "user_gain": float(self.gains[row, USER]),
            "assistant_edits": float(self.edits[row, ASSISTANT]),
            "assistant_wrong_edits": float(self.wrong[row, ASSISTANT]),
            "assistant_gain": float(self.gains[row, ASSISTANT]),
            "undone_edits": float(self.undone[row]),
            "assistant_predicted_gain": float(self.predicted[row]),
            "decision_ms_p50": float(np.median(milliseconds)),
            "decision_ms_p95": float(np.quantile(milliseconds, 0.95)),
            **self.calibration.measures(row),
        }
        return Episode(
            assistant=assistant,
            user=user,
            house=task.houses[row],
            index=task.indices[row],
            seed=int(task.seeds(0)[row]),
            config=config.as_dict(),
            goal=task.goals[row],
            actions=np.stack([step[row] for step in self.actions[:steps]]),
            goal_fraction=np.array([step[row] for step in self.fractions[: steps + 1]], np.float32),
            user_edits=np.array([step[row] for step in self.user_edits[: steps + 1]], np.int16),
            measures=measures,
        )


def _similarity(block: np.ndarray, goal: np.ndarray) -> np.ndarray:
    return np.where(block == goal, 1, np.where((block != 0) & (goal != 0), -1, 0))
