"""What a goal predictor is asked: houses it has not seen, as one user builds them.

An exam has *moments*, public states in which a quarter, half and three quarters of a house are built for the
first time, and *episodes*, in which the network assists. Users: the plain builder (order `user`), and
recorded people (order `people`). Moments of people are cut out of the recordings themselves, with all that
the person did, and in some of them what another person did to help; in episodes `ReplayUser` follows the same
order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from agents.assistants.scripted import NoneAssistant
from agents.predictors.moments import Moments, first_passages, join, moments_of, share_built
from agents.users import make_user
from agents.users.recorded import read_episodes
from agents.users.replay import ReplayUser, recordings_file
from envs.building.config import MAX_HORIZON, BuildingConfig
from envs.building.goals import Goals, LibrarySource, make_source
from envs.building.goals.named import EVALUATION
from envs.building.state import empty_state
from envs.building.world import ASSISTANT, DEFAULT_SIZE, USER

LEVELS = (0.25, 0.5, 0.75)
GENERATED, RECORDED, RECORDED_ALONE = "generated", "recorded", "recorded_alone"
PLAIN = "bottom_up"
_PATIENCE = 1200
"""Steps after which a level counts as not reached."""
_HOUSES_STREAM, _MOMENTS_STREAM = 11, 12


@dataclass(frozen=True)
class Sizes:
    """How much is asked."""

    generated: int = 32
    """Houses of `GENERATED`, which no source draws from."""
    repeats: int = 4
    """Episodes of each house, and runs that moments are taken from, where houses are few ..."""
    few: int = 40
    """... that is, at most so many; other sets are played once."""
    horizon: int = 380
    """Steps of episodes."""


SIZES = Sizes()


@dataclass(frozen=True)
class Exam:
    """Houses as one user builds them."""

    houses: str
    order: str
    user: str
    """Name of the user in episodes."""
    goals: Goals
    """Those of the episodes, repeats included."""
    moments: Moments
    house_of: tuple[str, ...]
    """The house of each moment."""
    built: np.ndarray
    """(n,) int64 how much of it is done, in %."""

    @property
    def key(self) -> str:
        """Name in files."""
        return f"{self.houses}-{self.order}"


def houses_that_judge(say: Callable[[str], None]) -> dict[str, Goals]:
    """The sets of houses that are there, by name; `say` is told which are not."""
    found = {}
    for name in EVALUATION:
        try:
            source = EVALUATION[name](DEFAULT_SIZE)
        except FileNotFoundError as error:
            say(f"houses {name} are left out: {error}")
            continue
        assert isinstance(source, LibrarySource)
        found[name] = source.all()
    return found


def make_exams(seed: int, sizes: Sizes) -> list[Exam]:
    """All exams whose houses are there."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, _HOUSES_STREAM)))
    generated = make_source("generator").draw(sizes.generated, rng)
    exams = [_plain_exam(GENERATED, generated, seed, sizes)]
    for name, goals in houses_that_judge(lambda line: None).items():
        exams.append(_plain_exam(name, goals, seed, sizes))
        if name == RECORDED:
            exams.append(_people_exam(goals, sizes))
    return exams


def people_alone() -> set[str]:
    """Houses that were recorded without another person's help, as `Exam.house_of` names them."""
    with np.load(recordings_file(), allow_pickle=False) as data:
        names = sorted(key.removesuffix("/goal") for key in data.files if key.endswith("/goal"))
        return {_house(name) for name in names if f"{name}/assistant_actions" not in data.files}


def person_of(house: str) -> str:
    """Who was recorded on a house, as `Exam.house_of` names it."""
    return _people()[house]


@cache
def _people() -> dict[str, str]:
    return {_house(episode.name): episode.person for episode in read_episodes()}


def _house(recording: str) -> str:
    return f"human_building/{recording}"


def _plain_exam(name: str, goals: Goals, seed: int, sizes: Sizes) -> Exam:
    goals = _repeated(goals, sizes)
    config = BuildingConfig(size=goals.size, horizon=_PATIENCE)
    stream = int(np.random.SeedSequence((seed, _MOMENTS_STREAM)).generate_state(1)[0])
    moments, episodes, levels = first_passages(
        config, goals.blocks, make_user(PLAIN), NoneAssistant(), LEVELS, stream
    )
    houses = tuple(goals.houses[episode] for episode in episodes)
    return Exam(name, "user", PLAIN, goals, moments, houses, _percent(levels))


def _people_exam(goals: Goals, sizes: Sizes) -> Exam:
    moments, recordings, levels = recorded_moments(recordings_file())
    houses = tuple(map(_house, recordings))
    goals = _repeated(goals, sizes)
    return Exam(RECORDED, "people", ReplayUser.name, goals, moments, houses, _percent(levels))


def _repeated(goals: Goals, sizes: Sizes) -> Goals:
    times = sizes.repeats if len(goals) <= sizes.few else 1
    houses = [house for house in goals.houses for _ in range(times)]
    return Goals(np.repeat(goals.blocks, times, axis=0), tuple(houses), goals.name)


def _percent(levels: np.ndarray) -> np.ndarray:
    return np.round(100 * np.array(LEVELS)).astype(int)[levels]


def recorded_moments(file: Path) -> tuple[Moments, list[str], np.ndarray]:
    """The moments at which recorded people had first done each level, their recordings and levels (n,)."""
    found: list[Moments] = []
    names: list[str] = []
    levels: list[int] = []
    with np.load(file, allow_pickle=False) as data:
        for name in sorted(key.removesuffix("/goal") for key in data.files if key.endswith("/goal")):
            worlds = data[f"{name}/human_blocks_before"].reshape(len(data[f"{name}/human_pos"]), -1)
            goal = data[f"{name}/goal"].reshape(-1)
            helped = f"{name}/assistant_actions" in data.files
            touched = _touched(worlds, data[f"{name}/human_actions"], helped)
            feet = np.stack([data[f"{name}/human_pos"], data[f"{name}/human_sees_other_pos"]], axis=1)
            done = share_built(worlds, worlds[0], goal)
            for number, level in enumerate(LEVELS):
                if (done >= level).any():
                    step = int((done >= level).argmax())
                    state = empty_state(BuildingConfig(horizon=MAX_HORIZON), 1)
                    state.blocks[0], state.touched[0] = worlds[step], touched[step]
                    state.feet[0], state.clock[0] = feet[step], step
                    found.append(moments_of(state, np.arange(1), goal[None]))
                    names.append(name)
                    levels.append(number)
    return join(found), names, np.array(levels)


def _touched(worlds: np.ndarray, actions: np.ndarray, helped: bool) -> np.ndarray:
    """`State.touched` (T, N) before each action. What changed elsewhere than where the person acted was the
    helper's doing, and the person's own where there was none.
    """
    touched = np.zeros(worlds.shape, np.int16)
    for step in range(len(worlds) - 1):
        touched[step + 1] = touched[step]
        for cell in np.flatnonzero(worlds[step + 1] != worlds[step]):
            player = ASSISTANT if helped and cell != actions[step, 1] else USER
            touched[step + 1, cell] = 1 + 2 * step + player
    return touched
