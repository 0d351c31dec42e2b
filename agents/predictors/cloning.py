"""Behaviour cloning of recorded people: maximum likelihood of their actions, given what they saw.

Samples are seen in one of the game's four mirror images, drawn anew each time; renaming materials changes
nothing that the network sees (`agents.users.surroundings`). Training stops at the weights that do best on
episodes of the same people that were set aside, one of each who has several. The budget is a number of
samples, not a time, so that a run can be repeated.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

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


class CloneTraining:
    """A training under way: `step` until `finished`. One that is restored from another's `state` goes on
    exactly as that one would. Torch's own random state is left as it was.
    """

    def __init__(
        self,
        episodes: Sequence[RecordedEpisode],
        size: Size,
        recipe: CloneRecipe | None = None,
        seed: int = 0,
    ):
        """ValueError without episodes."""
        if not episodes:
            raise ValueError(
                "there are no episodes to clone people from; name recordings of one person or more"
            )
        recipe = recipe or CloneRecipe()
        people = tuple(people_of(episodes))
        shown, apart = set_aside(episodes)
        self.recipe = recipe = replace(recipe, net=replace(recipe.net, people=people))
        self._deeds = deeds_of(shown, people, size)
        self._judge = deeds_of(apart, people, size) if apart else None
        self._looker = Looker(BuildingConfig(size), USER)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._net = CloneNet(recipe.net)
            self._luck = torch.get_rng_state()
        self._mean = copy.deepcopy(self._net).eval()
        self._best = copy.deepcopy(self._mean)
        self._optimiser = torch.optim.AdamW(
            self._net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self._rng = np.random.default_rng(np.random.SeedSequence((seed, 0)))
        self.losses = np.zeros(max(1, recipe.samples // recipe.batch), np.float32)
        self.checks: list[float] = []
        self.steps = 0

    @property
    def samples(self) -> int:
        """Moments shown so far."""
        return self.steps * self.recipe.batch

    @property
    def finished(self) -> bool:
        """Whether all samples of the recipe have been shown."""
        return self.steps == len(self.losses)

    def step(self) -> float:
        """Learn from the next batch; returns its loss, nats an action. ValueError when that is no number."""
        recipe, step = self.recipe, self.steps
        rows = self._rng.integers(len(self._deeds.actions), size=recipe.batch)
        flips = self._rng.integers(4, size=recipe.batch).astype(np.uint8)
        told = self._rng.random(recipe.batch) >= recipe.strangers
        drawn = self._deeds.take(rows)
        drawn = drawn._replace(people=np.where(told, drawn.people, STRANGER))
        rate = min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / len(self.losses)))
        for group in self._optimiser.param_groups:
            group["lr"] = recipe.learning_rate * rate
        self._optimiser.zero_grad()
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._luck)
            loss = -deed_log_probs(self._net, self._looker, drawn, flips).mean()
            self._luck = torch.get_rng_state()
        value = loss.item()
        if not math.isfinite(value):
            raise ValueError(f"the loss is {value} at step {step}; lower learning_rate, and train anew")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._optimiser.step()
        with torch.no_grad():
            share = min(recipe.averaging, step / (step + 10))
            for slow, fast in zip(self._mean.parameters(), self._net.parameters(), strict=True):
                slow.lerp_(fast, 1 - share)
        self.losses[step] = value
        self.steps += 1
        if self._judge is not None and (self.steps % recipe.check_every == 0 or self.finished):
            self.checks.append(nats(self._mean, self._looker, self._judge))
            if self.checks[-1] == min(self.checks):
                self._best.load_state_dict(self._mean.state_dict())
        return value

    def trained(self) -> ClonedPeople:
        """The network as it is: that of the best check so far, or the last one where nothing is set aside."""
        best = self.checks.index(min(self.checks)) if self.checks else -1
        net = copy.deepcopy(self._best if self.checks else self._mean)
        return ClonedPeople(net, self.losses.copy(), np.array(self.checks, np.float32), best)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as arrays, numbers and dictionaries of these."""
        memory = self._optimiser.state_dict()["state"]
        return {
            "steps": self.steps,
            "losses": self.losses,
            "checks": self.checks,
            "rng": self._rng.bit_generator.state,
            "luck": self._luck.numpy(),
            "nets": {name: _arrays(net.state_dict()) for name, net in self._nets()},
            "optimiser": {str(number): _arrays(kept) for number, kept in memory.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the `state` of a training with the same arguments."""
        self.steps, self.losses, self.checks = state["steps"], state["losses"].copy(), list(state["checks"])
        self._rng.bit_generator.state = state["rng"]
        self._luck = torch.from_numpy(state["luck"].copy())
        for name, net in self._nets():
            net.load_state_dict(_tensors(state["nets"][name]))
        memory = {int(number): _tensors(kept) for number, kept in state["optimiser"].items()}
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": memory})

    def _nets(self) -> list[tuple[str, CloneNet]]:
        return [("net", self._net), ("mean", self._mean), ("best", self._best)]


def _arrays(tensors: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def clone_people(
    episodes: Sequence[RecordedEpisode], size: Size, recipe: CloneRecipe | None = None, seed: int = 0
) -> ClonedPeople:
    """Train a network on episodes of people, all of `CloneTraining` at once. ValueError without episodes."""
    training = CloneTraining(episodes, size, recipe, seed)
    while not training.finished:
        training.step()
    return training.trained()


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
