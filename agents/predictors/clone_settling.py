"""Cloned people who build by themselves, settled: as often useful, harmful, idle and on their way as people.

What a network was shown are people's moments. By its own actions it gets into others: it passes its work by,
stands where nobody stood, and undoes what it did, though step by step it foretells people well. So it is let
build the houses of its own people, and the log odds of each sort of actions (`users.worth`) are shifted until
it does each as often as the people did, of the steps where there was such an action to do. No person outside
the network's and no house of theirs is looked at.

This is for clones what `users.settle` is for the population.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.vector import BuildingBatch
from envs.building.world import USER, Size

from ..users.cloned import ClonedUser
from ..users.odds import Spread
from ..users.recorded import RecordedEpisode
from ..users.worth import SORTS, WANDER, Worth
from .cloned_net import CloneNet
from .cloning import chunks, deeds_of

LEAST = 1e-3
"""Rates are at least this."""
FARTHEST = 4.0
"""Shifts are at most this, either way."""


@dataclass(frozen=True)
class Settling:
    """How shifts are found."""

    rounds: int = 8
    """Times that the network builds; the shifts of the later half are averaged."""
    worlds: int = 4
    """Builds of each recorded house."""
    steps: int = 1000
    """Of a build, and of a recording that count."""
    damping: float = 0.7
    """Share of the way that is gone in a round."""

    def __post_init__(self) -> None:
        for name in ("worlds", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")


class Habits(NamedTuple):
    """Of n builds: shares of the steps at which each sort of actions could be done, and was done."""

    could: np.ndarray
    """(n, 7)."""
    did: np.ndarray
    """(n, 7)."""

    def rates(self, people: Sequence[str]) -> np.ndarray:
        """(7,) how often each sort is done where it can be; the people (n,) of the builds count the same."""
        means = []
        for part in self:
            of = [part[[who == name for who in people]].mean(axis=0) for name in dict.fromkeys(people)]
            means.append(np.mean(of, axis=0))
        return np.maximum(means[1], LEAST) / np.maximum(means[0], LEAST)


def settle(
    net: CloneNet,
    episodes: Sequence[RecordedEpisode],
    size: Size,
    settling: Settling | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> CloneNet:
    """The network with shifts that make it build as its people did in these episodes of theirs.

    Episodes without an assistant count; all do where there are none. advance: called with numbers of rounds.
    """
    settling = settling or Settling()
    shown = [episode for episode in episodes if episode.alone] or list(episodes)
    wanted = recorded_habits(net, shown, size, settling.steps).rates([e.person for e in shown])
    people = [episode.person for episode in shown for _ in range(settling.worlds)]
    shifts, tried = np.zeros(len(SORTS)), []
    for number in range(settling.rounds):
        net = with_shifts(net, shifts)
        found = built_habits(net, shown, size, settling, (seed, number))
        step = np.log(wanted / found.rates(people))
        shifts = np.clip(shifts + settling.damping * (step - step[WANDER]), -FARTHEST, FARTHEST)
        tried.append(shifts)
        if advance:
            advance(1)
    return with_shifts(net, np.mean(tried[len(tried) // 2 :], axis=0)) if tried else net


def with_shifts(net: CloneNet, shifts: np.ndarray) -> CloneNet:
    """The same network, weights shared, with other shifts (7,)."""
    other = CloneNet(replace(net.options, shifts=tuple(round(float(v), 3) for v in shifts)))
    other.load_state_dict(net.state_dict(), assign=True)
    return other.eval()


def recorded_habits(
    net: CloneNet, episodes: Sequence[RecordedEpisode], size: Size, steps: int = Settling.steps
) -> Habits:
    """What people did, and could have done, in the first steps of each of their recordings."""
    found = []
    for episode in episodes:
        deeds = deeds_of([episode], net.options.people, size)
        user, parts = ClonedUser(net), []
        for rows in chunks(min(steps, len(deeds.actions))):
            part = deeds.take(rows)
            user.reset(BuildingConfig(size), np.zeros(len(rows), np.int64), part.goals)
            odds, worth = user.weigh(part.state, np.arange(len(rows)))
            chosen = np.array([odds.find(row, action) for row, action in enumerate(part.actions)])
            parts.append(_could_and_did(odds, worth, chosen))
        found.append(np.concatenate(parts, axis=1).mean(axis=1))
    return Habits(*np.stack(found, axis=1))


def built_habits(
    net: CloneNet, episodes: Sequence[RecordedEpisode], size: Size, settling: Settling, seed: tuple[int, int]
) -> Habits:
    """What the network does, and could do, on the houses of the episodes, as the persons who built them."""
    rows = np.repeat(np.arange(len(episodes)), settling.worlds)
    goals = np.stack([episode.goal for episode in episodes])[rows]
    config = BuildingConfig(size, horizon=settling.steps)
    batch, user = BuildingBatch(len(rows), config), ClonedUser(net)
    batch.reset(goals.reshape(-1, *size))
    user.reset(config, np.zeros(len(rows), np.int64), batch.latent.goal.copy())
    user.people[:] = [net.options.people.index(episodes[int(row)].person) for row in rows]
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    counts, lengths = np.zeros((2, len(rows), len(SORTS))), np.zeros(len(rows))
    while not batch.done.all():
        active = np.flatnonzero(~batch.done)
        odds, worth = user.weigh(batch.state, active)
        chosen = odds.choose(rng.random(len(active)))
        counts[:, active] += _could_and_did(odds, worth, chosen)
        lengths[active] += 1
        joint = np.zeros((len(rows), 2, 3), np.int16)
        joint[active, USER] = odds.actions[np.arange(len(active)), chosen]
        batch.step(joint)
    return Habits(*(counts / lengths[:, None]))


def _could_and_did(odds: Spread, worth: Worth, chosen: np.ndarray) -> np.ndarray:
    """(2, n, 7) which sorts were among the legal actions of n moments, and which one was `chosen` (n,)."""
    sorts = worth.sorts[np.arange(len(chosen)), chosen]
    return np.stack([worth.available(odds.counts), sorts[:, None] == np.arange(len(SORTS))])
