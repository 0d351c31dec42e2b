"""The procedural generator: any number of believable small houses, with no data.

`HouseDistribution` holds every probability; `house.build_houses` builds from it. A house is a pure function
of the distribution, the world's size and one 64-bit number of the caller's random stream, so a draw of ten is
two draws of five. The defaults were tuned by hand against rough statistics of the house-like goals in the
development data (cells, height, materials, glass), and kept simple: variety comes from combining stages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..world import BLOCK_NAMES, DEFAULT_SIZE, PLACEABLE, Size, check_size, world_goal
from .canvas import make_site
from .footprints import FOOTPRINTS
from .house import FOUNDATIONS, STOREY_HEIGHTS, build_houses
from .openings import DOORS, RHYTHMS
from .roofs import EDGES, PITCHES, ROOFS
from .source import Goals
from .transforms import Box, box_of

PLACEABLE_NAMES = tuple(BLOCK_NAMES[block] for block in PLACEABLE)


def _weights(choices: tuple[str, ...], **weights: float) -> Any:
    """A field of weights by name over ``choices``; names left out have weight 0."""
    return field(default_factory=lambda: dict(weights), metadata={"choices": choices})


@dataclass(frozen=True)
class HouseDistribution:
    """Everything that is random about a house. ValueError for what is no probability, weight or range.

    A float is the probability of what its text says, a mapping gives weights by name, a pair is a range.
    """

    # Extent
    cells: tuple[float, float] = (60, 350)
    """Fewest and most cells to change in the default box of 9x8x8; scaled by the surface of other boxes."""
    side: tuple[float, float] = (0.5, 1.0)
    """Range of a side as a share of the box's side. The larger of two draws is taken."""
    cropped: float = 0.12
    """The house is up to half larger than the box, and what the box cuts out of it is the goal."""

    # Bodies
    footprints: Mapping[str, float] = _weights(FOOTPRINTS, rectangle=70, l=14, t=5, u=3, cross=4, octagon=4)
    annex: float = 0.25
    """A one-storey annex shares a wall with the main body."""
    low_annex: float = 0.5
    """The annex is a layer lower."""
    foundations: Mapping[str, float] = _weights(FOUNDATIONS, earth=26, slab=44, rim=14, apron=7, plinth=9)
    storey_heights: Mapping[str, float] = _weights(STOREY_HEIGHTS, **{"2": 22, "3": 48, "4": 24, "5": 6})
    another_storey: float = 0.4
    """After each storey, where there is room."""
    jetty: float = 0.12
    """The next storey is wider by a cell all around."""
    setback: float = 0.15
    """The next storey is narrower by a cell all around."""
    terrace: float = 0.3
    """Otherwise the next storey covers only a part, up to a line across the house."""
    stairwell: float = 0.3
    """A cell is left open in an upper floor."""

    # Walls
    base_course: float = 0.2
    """The lowest layers of wall are of masonry."""
    pillars: float = 0.35
    """Corners are of the pillar block."""
    beams: float = 0.15
    """A storey's top layer is of the pillar block."""
    mottled: float = 0.06
    """Blocks of masonry are mixed into the walls."""
    mottle: float = 0.2
    """A block of such a wall is of masonry."""

    # Openings
    rhythms: Mapping[str, float] = _weights(
        RHYTHMS, none=10, centre=24, pair=22, alternate=14, ribbon=12, single=14, glazed=4
    )
    """Where in a facade the windows are."""
    same_windows: float = 0.8
    """A storey has the house's own rhythm of windows."""
    blank_side: float = 0.25
    """A facade has no windows."""
    tall_window: float = 0.3
    """Windows are two layers high."""
    high_window: float = 0.35
    """The sill is a layer higher, in storeys of 4 layers or more."""
    glass: float = 0.75
    """Windows are glazed, else open."""
    doors: Mapping[str, float] = _weights(DOORS, none=8, gap=62, wooden=10, double=14, arch=6)
    centred_door: float = 0.6
    """The door is in the middle of its facade."""
    door_frame: float = 0.2
    """Columns of the pillar block stand beside the door."""

    # Roof
    roofs: Mapping[str, float] = _weights(
        ROOFS, flat=26, gable=24, hip=16, pyramid=12, shed=5, stepped=4, gambrel=4, saltbox=4, barrel=5
    )
    pitches: Mapping[str, float] = _weights(PITCHES, normal=80, shallow=14, steep=6)
    edges: Mapping[str, float] = _weights(EDGES, none=60, parapet=24, crenels=16)
    """What rims a flat roof."""
    overhang: float = 0.3
    """The roof is a cell wider than the walls, all around."""
    turned_ridge: float = 0.2
    """A gable's ridge runs along the shorter side."""
    solid_roof: float = 0.25
    """The space under the roof is filled."""
    thin_roof: float = 0.6
    """A gabled roof that is not solid is one cell thick instead of two."""
    ceiling: float = 0.4
    """A floor closes the space under the roof."""
    skylight: float = 0.05
    """The highest cells of the roof, or the middle of a flat one, are of glass."""
    ridge: float = 0.1
    """Without skylight, the highest cells of a pitched roof are of the pillar block."""

    # Extras
    chimney: float = 0.12
    """A column of masonry stands in a wall and above the roof."""
    porch: float = 0.15
    """A floor, mostly roofed, lies before the door."""
    path: float = 0.2
    """A few cells before the door are paved."""
    partition: float = 0.12
    """A wall divides the ground floor."""
    furniture: float = 0.3
    """One to four blocks stand in the ground floor."""
    blemishes: float = 0.3
    """One to four blocks of wall differ or are missing."""

    # Materials
    wall_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, planks=34, stone=17, stonebrick=14, cobblestone=8, log=11, wool=13, dirt=2, glass=1
    )
    roof_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, planks=42, stone=16, stonebrick=18, cobblestone=6, log=6, wool=8, dirt=2, glass=2
    )
    floor_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, planks=44, stone=20, stonebrick=12, cobblestone=10, log=4, wool=10
    )
    pillar_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, log=46, planks=22, stone=12, stonebrick=12, cobblestone=4, wool=4
    )
    masonry_blocks: Mapping[str, float] = _weights(BLOCK_NAMES, cobblestone=38, stone=30, stonebrick=32)
    door_blocks: Mapping[str, float] = _weights(BLOCK_NAMES, planks=80, log=20)
    roof_like_wall: float = 0.35
    """The roof is of the walls' block."""
    floor_like_wall: float = 0.35
    """Floors are of the walls' block."""
    gable_like_roof: float = 0.3
    """Gables and parapets are of the roof's block, else of the walls'."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            name, value = entry.name, getattr(self, entry.name)
            if choices := entry.metadata.get("choices"):
                _check_weights(name, value, PLACEABLE_NAMES if choices is BLOCK_NAMES else choices)
            elif isinstance(value, tuple):
                if len(value) != 2 or not 0 < value[0] <= value[1]:
                    raise ValueError(f"{name} is {value}; give (low, high) with 0 < low <= high")
            elif not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; probabilities are 0..1")
        if self.side[1] > 1:
            raise ValueError(
                f"side is {self.side}; shares of the box's side are at most 1, larger houses are `cropped`"
            )


class GeneratorSource:
    """Houses from a distribution; satisfies `GoalSource`. Ids hash the goal, so equal goals are one house."""

    def __init__(
        self,
        size: Size = DEFAULT_SIZE,
        distribution: HouseDistribution | None = None,
        name: str = "generator",
    ) -> None:
        self.name = name
        self.size = check_size(size)
        self.distribution = distribution or HouseDistribution()
        self._odds = _compile(self.distribution)
        self._cells = _cells_in(self.distribution, box_of(self.size))

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals. However a number of draws is split into batches, the goals are the same."""
        seeds = rng.integers(0, 2**64, n, np.uint64)
        box = box_of(self.size)
        structures = np.zeros((n, *box), np.uint8)
        build_houses(seeds, self._odds, *self._cells, make_site(box), np.zeros(1, np.uint64), structures)
        blocks = world_goal(structures, self.size)
        houses = tuple(f"{self.name}/{hashlib.sha256(goal.tobytes()).hexdigest()[:16]}" for goal in blocks)
        return Goals(blocks, houses, self.name)


def _check_weights(name: str, weights: Mapping[str, float], choices: tuple[str, ...]) -> None:
    for choice, weight in weights.items():
        if choice not in choices:
            raise ValueError(f"{name} has no choice {choice!r}; choices are {', '.join(choices)}")
        if not weight >= 0:
            raise ValueError(f"{name}[{choice!r}] is {weight}; weights are 0 or more")
    if not sum(weights.values()) > 0:
        raise ValueError(
            f"{name} is {dict(weights)}; give at least one of {', '.join(choices)} a positive weight"
        )


def _compile(distribution: HouseDistribution) -> np.ndarray:
    """The distribution as kernels read it: one record of floats, with weights as cumulative probabilities."""
    types: list[tuple[str, str, tuple[int, ...]]] = []
    values = []
    for entry in fields(distribution):
        value = getattr(distribution, entry.name)
        if choices := entry.metadata.get("choices"):
            weights = np.array([value.get(choice, 0) for choice in choices], float)
            value = weights.cumsum() / weights.sum()
        types.append((entry.name, "f8", np.shape(value)))
        values.append(value)
    return np.array([tuple(values)], types)


def _cells_in(distribution: HouseDistribution, box: Box) -> tuple[int, int]:
    """Fewest and most cells to change in ``box``: houses are shells, so they grow with its surface."""
    scale = _surface(box) / _surface(box_of(DEFAULT_SIZE))
    low, high = distribution.cells
    return round(low * scale), round(high * scale)


def _surface(box: Box) -> int:
    return 2 * (box[0] * box[1] + box[1] * box[2] + box[0] * box[2])
