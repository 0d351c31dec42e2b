"""Users cloned from recorded people: a network's distribution over legal actions, drawn from or judged by.

Every episode's user is one of the people the network was trained on, by the episode's seed, each as
likely as the others. What they do next depends on the public state, the goal and that person alone, so it
has an exact likelihood. They build at people's own pace, which is slow: 4 to 5 steps an edit.

Left to itself, a network that was only shown what people did comes into moments that they never came into,
and does worse and worse there: it walks about beside its work, and undoes it. So every sort of action
(`worth`) has a shift of its log odds, found by letting the network build (`predictors.clone_settling`).

For evaluation only: no assistant is ever trained with them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.state import State
from envs.building.world import USER

from .odds import Spread, spread
from .surroundings import Looker, Surroundings
from .worth import SORTS, Worth, worth_of

if TYPE_CHECKING:
    from ..predictors.cloned_net import CloneNet

SHIPPED = Path(__file__).parent / "clone"
"""The folder of the network that comes with the package."""
_WHO = 0x636C6F
"""Purpose of the random numbers that say who acts."""


class ClonedUser:
    """People as a network has learned them, in a batch of worlds."""

    kind = "cloned"
    sees_goal = True

    def __init__(self, net: CloneNet, name: str = "cloned", settled: bool = True, player: int = USER):
        """settled: False for the network's odds as they were trained, without its shifts."""
        self.net = net
        self.name = name
        self.shifts = np.array(net.options.shifts) if settled else np.zeros(len(SORTS))
        self.player = player

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        """Start B episodes towards goals (B, N); ValueError for worlds that nobody was recorded in."""
        if goals is None:
            raise ValueError(f"{self.name} needs the goals (B, N) of its episodes; pass them to reset")
        self._looker = Looker(config, self.player)
        self._every = (config.user, config.assistant)[self.player].act_every
        self.goals = np.ascontiguousarray(goals, np.uint8)
        self._streams = [np.random.default_rng(np.random.SeedSequence(int(seed))) for seed in seeds]
        self.people = self.people_of(seeds)
        self._actions = np.zeros((len(self.goals), 3), np.int16)

    def people_of(self, seeds: np.ndarray) -> np.ndarray:
        """(B,) int64 which of the network's people acts in episodes with seeds (B,); -1 without any."""
        count = len(self.net.options.people)
        if count == 0:
            return np.full(len(seeds), -1)
        rngs = [np.random.default_rng(np.random.SeedSequence((int(seed), _WHO))) for seed in seeds]
        return np.array([rng.integers(count) for rng in rngs])

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        """Draw the next actions (B, 3) int16."""
        self._actions[:] = 0
        rows = np.flatnonzero(active & (state.clock % self._every == 0))
        if len(rows):
            numbers = np.array([self._streams[row].random() for row in rows])
            self._actions[rows] = self.odds(state, rows).draw(numbers)
        return self._actions

    def log_prob(self, state: State, actions: np.ndarray) -> np.ndarray:
        """(B,) float64 log-probability of actions (B, 3) in these states; -inf for what is not legal."""
        return self.odds(state, np.arange(len(self.goals))).log_prob(actions)

    def odds(self, state: State, rows: np.ndarray) -> Spread:
        """The distributions over legal actions in the worlds `rows` (n,)."""
        return self.weigh(state, rows)[0]

    def weigh(self, state: State, rows: np.ndarray) -> tuple[Spread, Worth]:
        """The distributions over legal actions in the worlds `rows` (n,), and what the actions come to."""
        from ..predictors.cloned_net import clone_odds

        seen = self._looker.look(state, self.goals, rows)
        odds = spread(seen, clone_odds(self.net, seen, self.people[rows]))
        worth = worth_of(self._looker, odds, seen, state, self.goals, rows)
        return odds.raised(self.shifts[worth.sorts] + self._values(odds, seen, worth, rows)), worth

    def _values(self, odds: Spread, seen: Surroundings, worth: Worth, rows: np.ndarray) -> np.ndarray | float:
        """What else is added to log odds (n, C)."""
        return 0.0


def clone_net(folder: str | Path | None) -> CloneNet:
    """The network of a folder, or the one that comes with the package for None.

    ImportError, with what to install, where there is no torch.
    """
    try:
        from ..predictors.cloned_net import load_clone
    except ImportError as error:
        raise ImportError("cloned users need torch; pip install 'assistance-games[learn]'") from error

    return load_clone(folder or SHIPPED)[0]
