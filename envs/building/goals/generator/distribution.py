"""Everything that is random about a house, as documented numbers: one dataclass per stage of building.

A float is the probability of what its text says; a mapping gives weights by name; a mapping of mappings gives
weights that depend on the walls' block; a pair is a range, or a median and a spread. The defaults are broad
and set by hand. The styles that houses are drawn from differ from them in the numbers of `fitted.py`, which
were fitted to real houses (`fitting.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

import numpy as np

from ...world import BLOCK_NAMES, NUM_BLOCKS, PLACEABLE
from .figures import FIGURES
from .footprints import FOOTPRINTS
from .interior import FLOORS
from .openings import DOORS, DRESSINGS, RHYTHMS
from .roofs import EDGES, PITCHES, ROOF_MIXES, ROOFS
from .walls import PATTERNS

PLACEABLE_NAMES = tuple(BLOCK_NAMES[block] for block in PLACEABLE)

FOUNDATIONS = ("bare", "earth", "sunk", "inner", "slab", "rim", "apron", "plinth", "stilts")
"""What is under the walls: nothing, walls that begin in layer 1; walls let one layer into the ground; walls
that begin in the ground, with the door; a floor inside the walls only; a floor in the ground; one with a rim
of masonry; that rim a cell outside; a floor and rim one or two layers above the ground; posts.
"""

STOREY_HEIGHTS = ("1", "2", "3", "4", "5")
WINDOW_SIDES = ("1", "2", "3")


def _weights(choices: tuple[str, ...], **weights: float) -> Any:
    """A field of weights by name over ``choices``; names left out have weight 0."""
    return field(default_factory=lambda: dict(weights), metadata={"choices": choices})


def _given_wall(likeness: float, **weights: float) -> Any:
    """Weights by the walls' block: a share ``likeness`` for that block itself, the rest by ``weights``."""

    def table() -> dict[str, dict[str, float]]:
        total = sum(weights.values())
        rest = {name: (1 - likeness) * weight / total for name, weight in weights.items()}
        return {wall: {**rest, wall: rest.get(wall, 0) + likeness} for wall in PLACEABLE_NAMES}

    return field(default_factory=table, metadata={"choices": BLOCK_NAMES, "given": True})


def _spread(median: float, deviation: float) -> Any:
    """A field of two numbers: the median of a lognormal number and the deviation of its logarithm."""
    return field(default=(median, deviation), metadata={"spread": True})


@dataclass(frozen=True)
class Extent:
    """How large houses are, and what the box shows of them."""

    cells: tuple[float, float] = (45, 420)
    """Fewest and most cells to change in the default box of 9x8x8; scaled by the surface of other boxes."""
    short_side: tuple[float, float] = _spread(0.95, 0.35)
    """The shorter side as a share of the box's; at most 2. Median and spread."""
    aspect: tuple[float, float] = _spread(1.25, 0.25)
    """The longer side over the shorter; 1 where less is drawn."""
    cropped: float = 0.35
    """The box cuts a house that is too large, which is shrunk by deleting planes otherwise."""
    stray_crop: float = 0.3
    """The box cuts it anywhere, else where it holds most blocks."""
    off_centre: float = 0.5
    """The house stands anywhere in the box, else in the middle."""
    lost_ground: float = 0.15
    """The lowest layer is missing, as in buildings cut out of their ground."""


@dataclass(frozen=True)
class Bodies:
    """The masses of a house: a main body, wings and turrets, each with storeys on a footprint."""

    footprints: Mapping[str, float] = _weights(
        FOOTPRINTS, rectangle=60, l=12, t=6, u=4, cross=5, octagon=5, round=5, courtyard=3, notched=6
    )
    wing: float = 0.35
    """A wing is cut off the rectangle that the main body gets; then another one with the same chance."""
    detached: float = 0.12
    """A wing stands by itself, one or two cells from the rest."""
    low_wing: float = 0.6
    """A wing has one storey, else as many as are drawn for it."""
    odd_wing: float = 0.3
    """A wing has materials of its own."""
    open_wing: float = 0.15
    """A wing is a roof on posts."""
    turret: float = 0.08
    """A turret, a storey higher, stands at a corner; at two or all four with the same chance each."""
    foundations: Mapping[str, float] = _weights(
        FOUNDATIONS, bare=6, earth=12, sunk=22, inner=12, slab=26, rim=8, apron=4, plinth=7, stilts=3
    )
    storey_heights: Mapping[str, float] = _weights(
        STOREY_HEIGHTS, **{"1": 2, "2": 18, "3": 46, "4": 24, "5": 10}
    )
    another_storey: float = 0.35
    """After each storey, where there is room."""
    jetty: float = 0.08
    """The next storey is wider by a cell all around."""
    setback: float = 0.15
    """The next storey is narrower by a cell all around."""
    terrace: float = 0.2
    """Otherwise the next storey covers only a part, up to a line across the house."""
    mirrored: float = 0.25
    """One half of the house is the mirror image of the other."""
    solid: float = 0.04
    """A body is filled with blocks."""
    figure: float = 0.03
    """The goal is no house but a wall, a bridge, a statue, a letter..."""
    figures: Mapping[str, float] = _weights(FIGURES, **dict.fromkeys(FIGURES, 1.0))


@dataclass(frozen=True)
class Walls:
    """What walls are made of, and inside them."""

    base_course: float = 0.35
    """The lowest layers of wall are of the base's block."""
    pillars: float = 0.5
    """Corners are of the pillar block."""
    beams: float = 0.35
    """A storey's top layer is of the beams' block."""
    patterns: Mapping[str, float] = _weights(
        PATTERNS, plain=24, courses=8, columns=9, checks=4, band=8, frame=20, posts=18, rising=9
    )
    """How a second block patterns the walls."""
    mottled: float = 0.3
    """Blocks of the second block are mixed into the walls."""
    mottle: float = 0.5
    """Largest share of them; each house draws its own."""
    new_walls: float = 0.22
    """Upper storeys are of another block."""
    open_body: float = 0.04
    """The house is a roof on posts: a shed, a stall."""
    open_front: float = 0.05
    """A side of the house is open between its posts."""
    railing: float = 0.25
    """A layer of wall stays in an open side, at the bottom."""
    lintel: float = 0.4
    """... at the top."""
    accent_side: float = 0.12
    """A facade is of the second block."""
    open_hall: float = 0.12
    """There is no floor between two storeys."""
    stairwell: float = 0.35
    """Some cells are left open in an upper floor."""
    partition: float = 0.2
    """A wall divides a storey; another one with the same chance."""
    inner_pillars: float = 0.06
    """Pillars stand in a room."""
    stairs: float = 0.15
    """A flight of steps rises in a room."""
    furniture: float = 0.65
    """A piece of furniture stands in a room, and after it another one."""
    floors: Mapping[str, float] = _weights(FLOORS, plain=62, checks=9, stripes=11, rim=18)
    """How the second block patterns floors."""
    against_wall: float = 0.75
    """A piece of furniture stands at a wall."""


@dataclass(frozen=True)
class Openings:
    """Windows and doors."""

    rhythms: Mapping[str, float] = _weights(
        RHYTHMS, none=16, centre=18, pair=16, repeat=22, ribbon=8, single=12, scattered=6, glazed=3, arcade=3
    )
    """Where in a facade the windows are."""
    window_widths: Mapping[str, float] = _weights(WINDOW_SIDES, **{"1": 60, "2": 30, "3": 10})
    """A window's cells along the wall."""
    window_heights: Mapping[str, float] = _weights(WINDOW_SIDES, **{"1": 55, "2": 38, "3": 7})
    """A window's layers, where the wall has room."""
    window_gaps: Mapping[str, float] = _weights(WINDOW_SIDES, **{"1": 50, "2": 32, "3": 18})
    """Cells between repeated windows."""
    dressings: Mapping[str, float] = _weights(DRESSINGS, none=44, sill=12, lintel=13, both=13, shutters=18)
    """What frames a window."""
    same_windows: float = 0.75
    """A storey has the house's own rhythm of windows."""
    blank_side: float = 0.25
    """A facade has no windows."""
    own_windows: float = 0.2
    """A facade has a rhythm of its own."""
    high_window: float = 0.3
    """The sill is a layer higher, in storeys of 4 layers or more."""
    glass: float = 0.65
    """Windows are glazed, else open."""
    doors: Mapping[str, float] = _weights(DOORS, none=8, gap=56, wooden=14, double=12, arch=5, gate=5)
    second_door: float = 0.2
    """The house has another door."""
    centred_door: float = 0.55
    """A door is in the middle of its facade."""
    door_frame: float = 0.35
    """Columns of the trim's block stand beside a door."""


@dataclass(frozen=True)
class Roofs:
    """What covers a body."""

    roofs: Mapping[str, float] = _weights(
        ROOFS, flat=30, gable=22, hip=10, pyramid=10, shed=5, stepped=4, gambrel=3, saltbox=3, barrel=3,
        dome=3, mansard=3, spire=2, tiers=1, none=3,
    )  # fmt: skip
    pitches: Mapping[str, float] = _weights(PITCHES, normal=76, shallow=16, steep=8)
    edges: Mapping[str, float] = _weights(EDGES, none=60, parapet=20, crenels=12, inset=8)
    """What lies on the rim of a flat roof."""
    overhang: float = 0.35
    """The roof is a cell wider than the walls, all around."""
    turned_ridge: float = 0.2
    """A gable's ridge runs along the shorter side."""
    solid_roof: float = 0.15
    """The space under the roof is filled."""
    thin_roof: float = 0.6
    """A gabled roof that is not solid is one cell thick instead of two."""
    ceiling: float = 0.35
    """A floor closes the space under the roof."""
    skylight: float = 0.06
    """The highest cells of the roof, or the middle of a flat one, are of glass."""
    ridge: float = 0.15
    """Without skylight, the highest cells of a pitched roof are of the pillar block."""
    eaves: float = 0.4
    """The rim of the roof is of the trim's block."""
    roof_mixes: Mapping[str, float] = _weights(ROOF_MIXES, plain=58, layers=12, stripes=14, mottled=16)
    """How the second block patterns a roof."""
    lantern: float = 0.06
    """A small box stands on the roof."""
    dormers: float = 0.08
    """Windows stand in the roof's slopes."""


@dataclass(frozen=True)
class Extras:
    """What stands on and around a house, and what time did to it."""

    chimney: float = 0.12
    """A column of masonry stands in a wall and above the roof."""
    porch: float = 0.18
    """A floor, mostly roofed, lies before the door."""
    porch_roof: float = 0.75
    """The porch has a roof on two posts."""
    path: float = 0.15
    """A few cells before the door are paved, or steps lead to it."""
    balcony: float = 0.06
    """A ledge with a railing runs along an upper facade."""
    fence: float = 0.06
    """A fence or garden wall surrounds the house."""
    poles: float = 0.1
    """Posts, lamps or trees stand near the house."""
    beds: float = 0.12
    """Patches of a block lie on the ground around the house."""
    stack: float = 0.08
    """A lump of one block stands in or on the house."""
    blemishes: float = 0.3
    """One to six blocks of wall differ or are missing."""
    worn: float = 0.15
    """Single blocks all over the house are missing or exchanged."""
    wear: float = 0.08
    """Largest share of them; each house draws its own."""
    torn: float = 0.05
    """A piece of two to four cells a side is missing."""


@dataclass(frozen=True)
class Materials:
    """Blocks of the parts, most of them given the block of the walls."""

    wall_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, planks=34, stone=17, stonebrick=14, cobblestone=12, log=8, wool=11, dirt=1, glass=1
    )
    roof_blocks: Mapping[str, Mapping[str, float]] = _given_wall(
        0.4, planks=30, stone=18, stonebrick=18, cobblestone=12, log=6, wool=12, dirt=1, glass=3
    )
    floor_blocks: Mapping[str, Mapping[str, float]] = _given_wall(
        0.35, planks=40, stone=22, stonebrick=12, cobblestone=8, log=4, wool=12, dirt=1, glass=1
    )
    pillar_blocks: Mapping[str, Mapping[str, float]] = _given_wall(
        0.1, log=40, planks=22, stone=16, stonebrick=12, cobblestone=6, wool=4
    )
    second_blocks: Mapping[str, Mapping[str, float]] = _given_wall(
        0.0, planks=26, stone=20, stonebrick=16, cobblestone=12, log=14, wool=10, glass=2
    )
    """What patterns walls, upper walls of another block, trim."""
    masonry_blocks: Mapping[str, Mapping[str, float]] = _given_wall(
        0.15, cobblestone=34, stone=32, stonebrick=34
    )
    """Base courses, foundations, chimneys and paths."""
    door_blocks: Mapping[str, float] = _weights(BLOCK_NAMES, planks=80, log=20)
    furniture_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, planks=26, stone=20, wool=22, stonebrick=8, cobblestone=8, log=8, glass=5, dirt=3
    )
    """Furniture, fences, beds, odd blocks, and figures that are no houses."""
    loose_blocks: Mapping[str, float] = _weights(
        BLOCK_NAMES, planks=30, stone=20, wool=10, stonebrick=14, cobblestone=12, log=10, glass=3, dirt=1
    )
    """What a worn block is exchanged for."""
    gable_like_roof: float = 0.3
    """Gables and parapets are of the roof's block, else of the walls'."""
    beam_like_pillar: float = 0.6
    """Beams are of the pillars' block, else of the second block."""


@dataclass(frozen=True)
class HouseDistribution:
    """All stages. ValueError for what is no probability, weight, range or known name."""

    extent: Extent = Extent()
    bodies: Bodies = Bodies()
    walls: Walls = Walls()
    openings: Openings = Openings()
    roofs: Roofs = Roofs()
    extras: Extras = Extras()
    materials: Materials = Materials()

    def __post_init__(self) -> None:
        for entry, value in self.entries():
            _check(entry, value)

    def entries(self) -> Iterable[tuple[Field[Any], Any]]:
        """Every number's field and value. Names differ between stages."""
        for stage in fields(self):
            part = getattr(self, stage.name)
            for entry in fields(part):
                yield entry, getattr(part, entry.name)

    def with_numbers(self, **numbers: Any) -> HouseDistribution:
        """A copy in which the named numbers, of whatever stage, are others."""
        changed = {}
        unknown = set(numbers) - {entry.name for entry, _ in self.entries()}
        if unknown:
            raise ValueError(f"{sorted(unknown)[0]!r} is no number of a HouseDistribution")
        for stage in fields(self):
            part = getattr(self, stage.name)
            own = {entry.name: numbers[entry.name] for entry in fields(part) if entry.name in numbers}
            if own:
                changed[stage.name] = replace(part, **own)
        return replace(self, **changed)


def compile_distributions(distributions: Iterable[HouseDistribution]) -> np.ndarray:
    """The distributions as kernels read them: records of floats, with weights as cumulative probabilities."""
    rows, types = [], []
    for distribution in distributions:
        values = [(entry.name, _compiled(entry, value)) for entry, value in distribution.entries()]
        types = [(name, "f8", value.shape) for name, value in values]
        rows.append(tuple(value for _, value in values))
    return np.array(rows, types)


def _compiled(entry: Field[Any], value: Any) -> np.ndarray:
    choices = entry.metadata.get("choices")
    if choices is None:
        return np.array(value, float)
    if "given" not in entry.metadata:
        return _cumulative(value, choices)
    # Blocks that the table leaves out never are walls: any row will do.
    rows = [value.get(BLOCK_NAMES[wall], next(iter(value.values()))) for wall in range(NUM_BLOCKS)]
    return np.stack([_cumulative(row, choices) for row in rows])


def _cumulative(weights: Mapping[str, float], choices: tuple[str, ...]) -> np.ndarray:
    shares = np.array([weights.get(choice, 0) for choice in choices], float)
    return shares.cumsum() / shares.sum()


def _check(entry: Field[Any], value: Any) -> None:
    name = entry.name
    choices: tuple[str, ...] = entry.metadata.get("choices", ())
    if choices is BLOCK_NAMES:
        choices = PLACEABLE_NAMES
    if "given" in entry.metadata:
        if missing := set(PLACEABLE_NAMES) - set(value):
            raise ValueError(f"{name} lacks walls of {sorted(missing)[0]!r}; give weights for each block")
        for wall, weights in value.items():
            _check_weights(f"{name}[{wall!r}]", weights, choices)
    elif choices:
        _check_weights(name, value, choices)
    elif isinstance(value, tuple):
        spread = "spread" in entry.metadata
        if len(value) != 2 or not (min(value) > 0 if spread else 0 < value[0] <= value[1]):
            wanted = "(median, deviation), both > 0" if spread else "(low, high) with 0 < low <= high"
            raise ValueError(f"{name} is {value}; give {wanted}")
    elif not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; probabilities are 0..1")
    if name in ("furniture", "wing") and value > 0.95:
        raise ValueError(f"{name} is {value}; after one there may be another, so give at most 0.95")


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
