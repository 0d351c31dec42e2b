"""Goals of the building game: where they come from, how they are changed, and when two are one house.

`make_source` turns what the command line's ``--goals`` says into a `GoalSource`; `draw` gives `Goals`, whole
worlds with the house that each comes from. Houses come from the procedural generator (`GeneratorSource`,
needs no data) or from files (`LibrarySource`).
"""

from __future__ import annotations

from .augment import augment
from .distribution import HouseDistribution
from .generator import GeneratorSource
from .identity import Overlap, fingerprint, overlap, split_of
from .library import Filters, LibrarySource
from .readers import House, read_houses
from .resolve import make_source
from .source import Goals, GoalSource
from .transforms import box_of, structure_of

__all__ = [
    "Filters",
    "GeneratorSource",
    "GoalSource",
    "Goals",
    "House",
    "HouseDistribution",
    "LibrarySource",
    "Overlap",
    "augment",
    "box_of",
    "fingerprint",
    "make_source",
    "overlap",
    "read_houses",
    "split_of",
    "structure_of",
]
