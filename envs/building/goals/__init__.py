"""Goals of the building game: where they come from, how they are changed, and when two are one house.

`make_source` turns what the command line's ``--goals`` says into a `GoalSource`; `draw` gives `Goals`, whole
worlds with the house that each comes from. Houses come from the procedural generator (`GeneratorSource`,
needs no data), from files (`LibrarySource`), or from several sources (`MixtureSource`); `limit` keeps the
first so many goals of any.
"""

from __future__ import annotations

from .generator.distribution import HouseDistribution
from .generator.source import GeneratorSource
from .identity import Overlap, fingerprint, fingerprints, overlap, split_of
from .library.augment import augment
from .library.licences import PERMISSIVE
from .library.readers import House, read_houses
from .library.recombine import Recombination, RecombinedSource
from .library.source import Filters, LibrarySource
from .mixture import LimitedSource, MixtureSource, limit
from .resolve import make_source
from .source import Goals, GoalSource, SeededSource, goals_of
from .transforms import box_of, structure_of

__all__ = [
    "PERMISSIVE",
    "Filters",
    "GeneratorSource",
    "GoalSource",
    "Goals",
    "House",
    "HouseDistribution",
    "LibrarySource",
    "LimitedSource",
    "MixtureSource",
    "Overlap",
    "Recombination",
    "RecombinedSource",
    "SeededSource",
    "augment",
    "box_of",
    "fingerprint",
    "fingerprints",
    "goals_of",
    "limit",
    "make_source",
    "overlap",
    "read_houses",
    "split_of",
    "structure_of",
]
