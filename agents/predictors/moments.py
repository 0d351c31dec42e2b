"""Moments of episodes: what networks learn from, and how episodes are played for them.

A moment is a public state with what was hidden, the goal, and what followed: both players' next actions and
what the assistant earned from then on. Where a search chose the assistant's action, its improved policy is
kept too, and where it is asked for, how probable the user's actions were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from envs.building.actions import Codec, encode
from envs.building.config import BuildingConfig
from envs.building.legal import capacity, legal_batch
from envs.building.player import Player
from envs.building.rules import compile_rules
from envs.building.state import State, take
from envs.building.vector import BuildingBatch
from envs.building.world import ASSISTANT, USER
from planners.search import Results

USER_TARGETS = ("drawn", "full")
"""What a network learns of a user: the act that it drew, or its whole distribution over legal acts."""
LIKELIEST = 64
"""Acts of the user whose probabilities are kept: 0.5 KB a moment."""


@runtime_checkable
class OpenUser(Protocol):
    """A user who can say how probable its next act is."""

    def probabilities(self, state: State, rows: np.ndarray, lists: np.ndarray) -> np.ndarray:
        """(n, L) probabilities of legal flat actions (n, L), -1 for none, in the worlds `rows` (n,)."""
        ...


class Moments(NamedTuple):
    """n moments in worlds of N cells."""

    blocks: np.ndarray
    """(n, N) uint8, as are the next four in `State`."""
    touched: np.ndarray
    """(n, N) int16."""
    feet: np.ndarray
    """(n, 2, 3) int8."""
    previous: np.ndarray
    """(n, 2, 3) int16."""
    clock: np.ndarray
    """(n,) int32."""
    goal: np.ndarray
    """(n, N) uint8."""
    acts: np.ndarray
    """(n, 2, 3) int16: what both do next; of the user what it tries."""
    returns: np.ndarray
    """(n,) float32: the assistant's discounted `earnings` from now on."""
    candidates: np.ndarray
    """(n, M) int32: flat actions among which the assistant chose."""
    weights: np.ndarray
    """(n, M) float32: how it chose, its policy's target; all 0 where there is nothing to learn from it."""
    user_candidates: np.ndarray
    """(n, U) int32: the user's likeliest flat actions, -1 for none; U is 0 where the act drawn is learned."""
    user_weights: np.ndarray
    """(n, U) float32: their probabilities. What is left of 1 is spread evenly over the other legal
    placements.
    """

    @property
    def number(self) -> int:
        """How many."""
        return len(self.clock)

    def take(self, rows: np.ndarray | slice) -> Moments:
        """Some of the moments."""
        return Moments(*(part[rows] for part in self))


@dataclass(frozen=True)
class Pricing:
    """What the assistant's edits are worth to it."""

    discount: float = 0.95
    """Per step."""
    effort: float = 2.0
    """What an edit for the worse costs beside the loss of similarity: the user's work to mend it."""


def earnings(own: np.ndarray, pricing: Pricing) -> np.ndarray:
    """What changes of similarity (...) by the assistant's own edits are worth to it."""
    return own - pricing.effort * (own < 0)


def discounted(rewards: np.ndarray, discount: float) -> np.ndarray:
    """Returns (T, B) of rewards (T, B): from each step on."""
    returns = np.zeros_like(rewards, dtype=float)
    total = np.zeros(rewards.shape[1:])
    for step in reversed(range(len(rewards))):
        total = rewards[step] + discount * total
        returns[step] = total
    return returns


def moments_of(state: State, rows: np.ndarray, goals: np.ndarray, **followed: Any) -> Moments:
    """Copies of the worlds `rows` of a batch, with goals (n, N), and what followed as far as it is known.

    followed: `acts`, `returns` and what comes after them in `Moments`; the default is nothing.
    """
    count = len(rows)
    nothing: dict[str, Any] = {
        "acts": np.zeros((count, 2, 3), np.int16),
        "returns": np.zeros(count, np.float32),
        "candidates": np.zeros((count, 1), np.int32),
        "weights": np.zeros((count, 1), np.float32),
        "user_candidates": np.zeros((count, 0), np.int32),
        "user_weights": np.zeros((count, 0), np.float32),
    }
    public = (state.blocks, state.touched, state.feet, state.previous, state.clock)
    parts = [*(part[rows] for part in public), goals, *({**nothing, **followed}[name] for name in nothing)]
    return Moments(*parts)


def join(parts: Sequence[Moments]) -> Moments:
    """All moments of several lots, in their order."""
    return Moments(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def every_so_often(
    config: BuildingConfig,
    goals: np.ndarray,
    user: Player,
    assistant: Player,
    every: int,
    seed: int,
    pricing: Pricing | None = None,
    batch: BuildingBatch | None = None,
    user_target: str = "drawn",
) -> Moments:
    """Play B episodes and keep a moment of each every so many steps, from a random first step on.

    goals: (B, W, H, D). seed: of players and first steps. Policy targets are the improved policy that an
    assistant with `found`, `planners.search.Results`, has searched for; of others what they did. batch: the
    worlds to play in, left as the episodes end. user_target: one of `USER_TARGETS`; episodes are the same.
    """
    if user_target not in USER_TARGETS:
        raise ValueError(f"user_target is {user_target!r}; choose from {', '.join(USER_TARGETS)}")
    pricing = pricing or Pricing()
    batch = batch or BuildingBatch(len(goals), config)
    codec = Codec.of(config)
    first = np.random.default_rng(np.random.SeedSequence((seed, 0))).integers(every, size=len(goals))
    kept, places, rewards = [], [], []
    for step, (active, actions) in enumerate(_play(batch, goals, user, assistant, seed)):
        rows = np.flatnonzero(active & ((batch.state.clock - first) % every == 0))
        if step:
            rewards.append(earnings(batch.own[:, ASSISTANT], pricing))
        if len(rows):
            candidates, weights = _chosen(codec, assistant, actions, rows)
            followed = {"acts": actions[rows], "candidates": candidates, "weights": weights}
            if user_target == "full":
                likeliest = _likeliest(config, user, batch.state, rows, actions[rows, USER])
                followed["user_candidates"], followed["user_weights"] = likeliest
            kept.append(moments_of(batch.state, rows, batch.latent.goal[rows], **followed))
            places.append((np.full(len(rows), step), rows))
    steps, rows = (np.concatenate(column) for column in zip(*places, strict=True))
    returns = discounted(np.array(rewards), pricing.discount)[steps, rows]
    return join(kept)._replace(returns=returns.astype(np.float32))


def _chosen(
    codec: Codec, assistant: Player, actions: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates (n, M) and weights (n, M) of the assistant's last decisions, see `Moments`."""
    found: Results | None = getattr(assistant, "found", None)
    if found is None:
        flat = [[encode(codec, *map(int, actions[row, ASSISTANT]))] for row in rows]
        return np.array(flat, np.int32), np.ones((len(rows), 1), np.float32)
    meant = np.arange(found.candidates.shape[1]) < found.counts[rows, None]
    return np.where(meant, found.candidates[rows], 0), np.where(meant, found.policy[rows], 0).astype(
        np.float32
    )


def _likeliest(
    config: BuildingConfig, user: Player, state: State, rows: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`user_candidates` (n, LIKELIEST) and `user_weights` of the worlds `rows`, see `Moments`.

    Every builder is an `OpenUser` whose probabilities are exact. Those that are not among the likeliest are
    its slips, wrong blocks in any place in reach, which are alike; so nothing is lost, unless a builder has
    more useful edits at hand than are kept. Of other users the acts drawn (n, 3) are all that is known.
    """
    codec = Codec.of(config)
    candidates = np.full((len(rows), LIKELIEST), -1, np.int32)
    weights = np.zeros((len(rows), LIKELIEST), np.float32)
    if not isinstance(user, OpenUser):
        candidates[:, 0] = [encode(codec, *map(int, act)) for act in drawn]
        weights[:, 0] = 1.0
        return candidates, weights
    lists, counts = np.empty((len(rows), capacity(config)), np.int32), np.empty(len(rows), np.int32)
    cells = np.empty((2, config.cells), np.int16)
    legal_batch(compile_rules(config), codec, take(state, rows), USER, cells[0], cells[1], lists, counts)
    lists = lists[:, : counts.max()]
    lists[np.arange(lists.shape[1]) >= counts[:, None]] = -1
    chances = user.probabilities(state, rows, lists)
    order = np.argsort(-chances, axis=1, kind="stable")[:, :LIKELIEST]
    candidates[:, : order.shape[1]] = np.take_along_axis(lists, order, 1)
    weights[:, : order.shape[1]] = np.take_along_axis(chances, order, 1)
    return candidates, weights


def first_passages(
    config: BuildingConfig,
    goals: np.ndarray,
    user: Player,
    assistant: Player,
    levels: Sequence[float],
    seed: int,
) -> tuple[Moments, np.ndarray, np.ndarray]:
    """The moments at which a share `levels` of what B episodes build is first there (see `share_built`).

    Returns them with the number of their episode (n,) and of their level (n,). Levels that an episode does
    not reach are left out.
    """
    batch = BuildingBatch(len(goals), config)
    passed = np.zeros((len(goals), len(levels)), bool)
    kept, episodes, reached = [], [], []
    start = np.zeros(0)
    for _ in _play(batch, goals, user, assistant, seed):
        if not len(start):
            start = batch.state.blocks.copy()
        built = share_built(batch.state.blocks, start, batch.latent.goal)
        new = (built[:, None] >= np.asarray(levels)) & ~passed
        for level in np.flatnonzero(new.any(axis=0)):
            rows = np.flatnonzero(new[:, level])
            kept.append(moments_of(batch.state, rows, batch.latent.goal[rows]))
            episodes.append(rows)
            reached.append(np.full(len(rows), level))
        passed |= new
        if passed.all():
            break
    return join(kept), np.concatenate(episodes), np.concatenate(reached)


def share_built(blocks: np.ndarray, start: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Share (...) of the cells (..., N) to change that are as the goal wants them; less where others are not.

    Unlike `BuildingBatch.goal_fraction` it does not count earth that is dug out as half of a floor.
    """
    missing, all_ = (blocks != goal).sum(axis=-1), (start != goal).sum(axis=-1)
    return 1 - missing / np.maximum(1, all_)


def _play(
    batch: BuildingBatch, goals: np.ndarray, user: Player, assistant: Player, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Play episodes; yields before each step which worlds are active (B,) and what both are going to do
    (B, 2, 3), and once more at the end.
    """
    batch.reset(goals)
    known = batch.latent.goal.copy()
    for stream, player in enumerate((user, assistant), start=1):
        sequence = np.random.SeedSequence((seed, stream))
        seeds = sequence.generate_state(len(batch), np.uint32).astype(np.int64)
        player.reset(batch.config, seeds, known if player.sees_goal else None)
    actions = np.zeros((len(batch), 2, 3), np.int16)
    while not batch.done.all():
        active = ~batch.done
        actions[:, USER] = user.act(batch.state, active)
        actions[:, ASSISTANT] = assistant.act(batch.state, active)
        yield active, actions
        batch.step_unchecked(actions)
    yield ~batch.done, actions
