"""What a goal source is: something that draws batches of whole-world goals and knows their houses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..world import BEDROCK, Size, check_blocks, check_size


@dataclass(frozen=True)
class Goals:
    """A batch of ``n`` goals. ValueError when something is not a reachable world or the lengths differ."""

    blocks: np.ndarray
    """``(n, W, H, D)`` uint8: whole worlds, bedrock at y = 0 and nowhere else."""
    houses: tuple[str, ...]
    """Each goal's source house, or family of houses. Intervals are by it, and paired episodes share it."""
    name: str
    """Where the goals come from, for tables."""

    def __post_init__(self) -> None:
        if not isinstance(self.blocks, np.ndarray) or self.blocks.ndim != 4:
            shape = getattr(self.blocks, "shape", type(self.blocks).__name__)
            raise ValueError(f"blocks has shape {shape}; give an array (n, W, H, D)")
        blocks = check_blocks(self.blocks, check_size(self.blocks.shape[1:]))
        misplaced = blocks == BEDROCK
        misplaced[:, :, 0] = ~misplaced[:, :, 0]
        if misplaced.any():
            at = tuple(int(i) for i in np.argwhere(misplaced)[0])
            raise ValueError(
                f"blocks[{','.join(map(str, at))}] is {blocks[at]}; bedrock ({BEDROCK}) fills y = 0 of a "
                "goal and lies nowhere else, since no player can place or break it"
            )
        houses = tuple(str(house) for house in self.houses)
        if len(houses) != len(blocks):
            raise ValueError(f"houses has {len(houses)} entries for {len(blocks)} goals; give one per goal")
        object.__setattr__(self, "blocks", blocks)
        object.__setattr__(self, "houses", houses)

    def __len__(self) -> int:
        return len(self.blocks)

    @property
    def size(self) -> Size:
        """The worlds' size (W, H, D)."""
        return check_size(self.blocks.shape[1:])


@runtime_checkable
class GoalSource(Protocol):
    """Anything that goals can be drawn from."""

    name: str

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals. The same generator state gives the same bytes."""
        ...


@runtime_checkable
class SeededSource(GoalSource, Protocol):
    """A source whose goals are functions of seeds: ``draw`` is ``goals_of`` of seeds drawn from ``rng``."""

    def goals_of(self, seeds: np.ndarray) -> Goals:
        """One goal for each seed (n,) uint64, which depends on no other seed."""
        ...


def goals_of(source: GoalSource, seeds: np.ndarray) -> Goals:
    """One goal of ``source`` for each seed (n,) uint64, each drawn alone where the source isn't seeded."""
    if isinstance(source, SeededSource):
        return source.goals_of(seeds)
    drawn = [source.draw(1, np.random.default_rng(int(seed))) for seed in seeds]
    if not drawn:
        return source.draw(0, np.random.default_rng(0))
    return Goals(
        np.concatenate([goals.blocks for goals in drawn]),
        tuple(house for goals in drawn for house in goals.houses),
        source.name,
    )
