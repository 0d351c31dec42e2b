"""Behaviour cloning of recorded people: maximum likelihood of their actions, given what they saw.

Samples are seen in one of the game's four mirror images, drawn anew each time; renaming materials changes
nothing that the network sees (`agents.users.surroundings`). Training stops at the weights that do best on
episodes of the same people that were set aside, one of each who has several. The budget is a number of
samples, not a time, so that a run can be repeated.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE
from envs.building.config import BuildingConfig
from envs.building.state import State
from envs.building.world import USER, Size

from ..users.recorded import RecordedEpisode, people_of
from ..users.surroundings import CAN_BREAK, CAN_PLACE, Looker, mirrored_move
from .cloned_net import STRANGER, CloneNet, CloneOptions, CloneOutputs, clone_inputs


@dataclass(frozen=True)
class CloneRecipe:
    """How a network is trained."""

    samples: int = 64_000
    """Moments shown, repeats counted."""
    batch: int = 64
    learning_rate: float = 2e-3
    """Of AdamW, at its peak, after a short rise; it falls along a cosine."""
    weight_decay: float = 0.05
    strangers: float = 0.25
    """Share of moments in which the network is not told who acts."""
    averaging: float = 0.995
    """Of the running mean of the weights, which is what is kept."""
    check_every: int = 100
    """Batches between two looks at the episodes set aside."""
    net: CloneOptions = field(default_factory=CloneOptions)

    def __post_init__(self) -> None:
        for name in ("samples", "batch", "check_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")


class Deeds(NamedTuple):
    """What people did in n moments."""

    state: State
    """n worlds."""
    goals: np.ndarray
    """(n, N) uint8."""
    actions: np.ndarray
    """(n, 3) int16."""
    people: np.ndarray
    """(n,) int64 numbers of people."""

    def take(self, rows: np.ndarray) -> Deeds:
        """Some of the moments."""
        state = State(*(part[rows] for part in self.state))
        return Deeds(state, self.goals[rows], self.actions[rows], self.people[rows])


class ClonedPeople(NamedTuple):
    """A trained network and how it came about."""

    net: CloneNet
    losses: np.ndarray
    """(steps,) float32 nats an action."""
    checks: np.ndarray
    """(checks,) float32 nats an action of the episodes set aside; empty without any."""
    best: int
    """The check whose weights were kept; -1 for the last weights."""


def deeds_of(episodes: Sequence[RecordedEpisode], people: Sequence[str], size: Size) -> Deeds:
    """The actions of recorded people, less the few that the rules of legal lists exclude.

    What had no effect counts as a pause, which is what it came to. people: whose numbers to give; all others
    are strangers.
    """
    numbers = {name: i for i, name in enumerate(people)}
    parts = [
        Deeds(
            episode.state,
            np.broadcast_to(episode.goal, episode.state.blocks.shape),
            np.where(episode.effective[:, None], episode.actions, NOOP).astype(np.int16),
            np.full(len(episode.actions), numbers.get(episode.person, STRANGER)),
        )
        for episode in episodes
    ]
    state = State(*(np.concatenate(columns) for columns in zip(*(part.state for part in parts), strict=True)))
    deeds = Deeds(state, *(np.concatenate([part[i] for part in parts]) for i in (1, 2, 3)))
    return deeds.take(np.flatnonzero(_legal(deeds, Looker(BuildingConfig(size), USER))))


def _legal(deeds: Deeds, looker: Looker) -> np.ndarray:
    """(n,) bool: the action was among the legal ones."""
    out = np.empty(len(deeds.actions), bool)
    for rows in chunks(len(out)):
        seen = looker.look(deeds.state, deeds.goals, rows)
        kind, cell, _block = deeds.actions[rows].astype(np.int64).T
        can = (seen.can * (seen.cells == cell[:, None])).max(axis=1)
        moved = seen.moves[np.arange(len(rows)), np.maximum(kind - MOVE_FIRST, 0)]
        out[rows] = np.select(
            [kind == NOOP, kind == PLACE, kind == BREAK],
            [True, can & CAN_PLACE > 0, can & CAN_BREAK > 0],
            moved,
        )
    return out


def chunks(count: int, length: int = 256) -> Iterator[np.ndarray]:
    """The numbers up to `count`, so many at a time."""
    for start in range(0, count, length):
        yield np.arange(start, min(start + length, count))


def set_aside(episodes: Sequence[RecordedEpisode]) -> tuple[list[RecordedEpisode], list[RecordedEpisode]]:
    """Episodes to train on, and the last of each person who has several, to stop by."""
    last = {episode.person: episode.name for episode in episodes}
    several = {person for person in last if sum(episode.person == person for episode in episodes) > 1}
    apart = [e for e in episodes if e.person in several and last[e.person] == e.name]
    return [e for e in episodes if all(e is not other for other in apart)], apart


def clone_people(
    episodes: Sequence[RecordedEpisode],
    size: Size,
    recipe: CloneRecipe | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> ClonedPeople:
    """Train a network on episodes of people.

    advance: called with numbers of samples as they are shown. Torch's own random state is left as it was.
    ValueError without episodes.
    """
    if not episodes:
        raise ValueError("there are no episodes to clone people from; name recordings of one person or more")
    recipe = recipe or CloneRecipe()
    people = tuple(people_of(episodes))
    shown, apart = set_aside(episodes)
    deeds = deeds_of(shown, people, size)
    judge = deeds_of(apart, people, size) if apart else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _train(
            deeds, judge, size, replace(recipe, net=replace(recipe.net, people=people)), seed, advance
        )


def _train(
    deeds: Deeds,
    judge: Deeds | None,
    size: Size,
    recipe: CloneRecipe,
    seed: int,
    advance: Callable[[int], None] | None,
) -> ClonedPeople:
    net = CloneNet(recipe.net)
    mean = copy.deepcopy(net).eval()
    looker = Looker(BuildingConfig(size), USER)
    optimiser = torch.optim.AdamW(net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = max(1, recipe.samples // recipe.batch)
    rng = np.random.default_rng(np.random.SeedSequence((seed, 0)))
    losses, checks = np.zeros(steps, np.float32), []
    best, kept = -1, None
    for step in range(steps):
        rows = rng.integers(len(deeds.actions), size=recipe.batch)
        flips = rng.integers(4, size=recipe.batch).astype(np.uint8)
        told = rng.random(recipe.batch) >= recipe.strangers
        drawn = deeds.take(rows)
        drawn = drawn._replace(people=np.where(told, drawn.people, STRANGER))
        rate = min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * rate
        optimiser.zero_grad()
        loss = -deed_log_probs(net, looker, drawn, flips).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            share = min(recipe.averaging, step / (step + 10))
            for slow, fast in zip(mean.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 1 - share)
        losses[step] = loss.item()
        if advance:
            advance(recipe.batch)
        if judge is not None and ((step + 1) % recipe.check_every == 0 or step + 1 == steps):
            checks.append(nats(mean, looker, judge))
            if checks[-1] == min(checks):
                best, kept = len(checks) - 1, copy.deepcopy(mean.state_dict())
    if kept is not None:
        mean.load_state_dict(kept)
    return ClonedPeople(mean, losses, np.array(checks, np.float32), best)


def deed_log_probs(net: CloneNet, looker: Looker, deeds: Deeds, flips: np.ndarray | None = None) -> Tensor:
    """(n,) log-probabilities of what people did. flips as in `Looker.look`."""
    count = len(deeds.actions)
    flips = np.zeros(count, np.uint8) if flips is None else flips
    seen = looker.look(deeds.state, deeds.goals, np.arange(count), flips)
    chosen = np.where(seen.can > 0, seen.cells, -1) == deeds.actions[:, 1:2]
    return _gather(net(clone_inputs(net, seen, deeds.people)), chosen.argmax(axis=1), deeds.actions, flips)


def _gather(out: CloneOutputs, at: np.ndarray, actions: np.ndarray, flips: np.ndarray) -> Tensor:
    """Log-probabilities (n,) of actions whose cells are the candidates `at` (n,)."""
    kinds = np.array(
        [mirrored_kind(int(kind), int(flip)) for kind, flip in zip(actions[:, 0], flips, strict=True)]
    )
    rows = torch.arange(len(at))
    placed, broken = torch.from_numpy(kinds == PLACE), torch.from_numpy(kinds == BREAK)
    where = torch.from_numpy(at)
    block = torch.from_numpy(np.maximum(actions[:, 2].astype(np.int64) - 2, 0))
    found = out.kinds[rows, torch.from_numpy(kinds)]
    found = found + torch.where(placed, out.places[rows, where] + out.blocks[rows, where, block], 0.0)
    return found + torch.where(broken, out.breaks[rows, where], 0.0)


def mirrored_kind(kind: int, flip: int) -> int:
    """The kind of an action as a mirror shows it."""
    return MOVE_FIRST + mirrored_move(kind - MOVE_FIRST, flip) if kind >= MOVE_FIRST else kind


def nats(net: CloneNet, looker: Looker, deeds: Deeds) -> float:
    """Mean nats an action of what people did."""
    with torch.inference_mode():
        parts = [deed_log_probs(net, looker, deeds.take(rows)) for rows in chunks(len(deeds.actions))]
    return -float(torch.cat(parts).mean())
