"""Traits of builders and the named user types made of them.

Types marked held out are for evaluation only: nothing is ever fitted or trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Traits:
    """What makes one builder differ from another.

    The first eleven make the named types. The others are habits that recordings of people show
    (`docs/users.md`); at 0 a builder does not have them.
    """

    rationality: float = 1.0
    """Inverse temperature of the choice among targets; scores below are in nats at 1."""
    height: float = 0.8
    """Score lost per cell of height: bottom-up when positive, top-down when negative."""
    locality: float = 1.6
    """Score lost per cell (Chebyshev, beyond 1) from the builder's last edit."""
    walk: float = 0.8
    """Score lost per cell of distance from the eye beyond `comfort`."""
    comfort: float = 3.2
    """Distance (cells) that costs nothing."""
    outline: float = 0.0
    """Score gained by targets on edges and corners of the goal."""
    repair: float = 0.5
    """Score gained by targets that the assistant changed last: mending its mistakes comes first (negative:
    last).
    """
    follow: float = 0.0
    """Score lost per cell (Chebyshev, beyond 1, at most 4) from the assistant's last edit; negative: keeps
    clear of it.
    """
    wrong: float = 0.03
    """Share of placing that puts an arbitrary block in an arbitrary place in reach."""
    pause: float = 0.1
    """Probability of doing nothing."""
    fidget: float = 0.22
    """Probability of a move without purpose."""
    touch: float = 0.0
    """Score gained within one cell (Chebyshev) of the own last edit."""
    face: float = 0.0
    """Score gained by cells that share a face with the own last edit."""
    drift: float = 0.0
    """Score lost per cell (Manhattan, at most 6) from the own last edit."""
    line: float = 0.0
    """Score gained by the cell that continues the line to the own last edit from the neighbour changed
    before it (`scene.ahead`).
    """
    beside: float = 0.0
    """Score gained per neighbouring block that the builder placed."""
    clear: float = 0.0
    """Score gained by blocks that have to go, over blocks that have to come."""
    refill: float = 0.0
    """Score gained by holes that the builder made."""
    persist: float = 0.0
    """Score gained by the kind of edit, place or break, that came last."""
    material: float = 0.0
    """Score gained by placing the block that was placed last: it stays in the hand."""
    stay: float = 0.0
    """Score gained by all that can be done without walking."""
    linger: float = 0.0
    """Log odds that pausing gains after a pause."""
    rest: float = 0.0
    """Log odds that pausing gains after an edit."""
    watch: float = 0.0
    """Log odds that pausing gains when the assistant has just changed something."""
    roam: float = 0.0
    """Log odds that moves without purpose gain after a move."""
    turn: float = 0.0
    """Log odds that moves without purpose gain after an edit."""
    momentum: float = 0.0
    """Log weight, among moves without purpose, of the last move again and, negated, of its opposite."""

    def __post_init__(self) -> None:
        for name, low, high in (("rationality", 0, 100), ("wrong", 0, 1), ("pause", 0, 1), ("fidget", 0, 1)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; give {low}..{high}")
        if self.pause + self.fidget >= 1:
            raise ValueError(
                f"pause {self.pause} and fidget {self.fidget} leave no time to work; keep their sum below 1"
            )

    def vector(self) -> np.ndarray:
        """(NUM_TRAITS,) float64 in the order of the fields."""
        return np.array([getattr(self, f.name) for f in fields(self)])


NUM_TRAITS = len(fields(Traits))
# fmt: off
(
    RATIONALITY, HEIGHT, LOCALITY, WALK, COMFORT, OUTLINE, REPAIR, FOLLOW, WRONG, PAUSE, FIDGET,
    TOUCH, FACE, DRIFT, LINE, BESIDE, CLEAR, REFILL, PERSIST, MATERIAL, STAY,
    LINGER, REST, WATCH, ROAM, TURN, MOMENTUM,
) = range(NUM_TRAITS)
# fmt: on


@dataclass(frozen=True)
class UserType:
    """A named builder."""

    name: str
    traits: Traits
    description: str
    held_out: bool = False


USER_TYPES = {
    kind.name: kind
    for kind in (
        UserType("bottom_up", Traits(), "works upwards, near its last edit; the plain builder"),
        UserType("layer", Traits(height=4.0, locality=1.0), "finishes a layer before it starts the next"),
        UserType("outline_first", Traits(outline=2.0, height=0.6), "frames edges and corners before filling"),
        UserType("companion", Traits(follow=0.6, locality=1.0), "works beside the assistant's last edit"),
        UserType("tolerant", Traits(repair=-4.0), "leaves the assistant's mistakes for last"),
        UserType("top_down", Traits(height=-0.8), "works downwards wherever support allows", held_out=True),
        UserType("non_local", Traits(locality=0.2, walk=0.3), "jumps about", held_out=True),
        UserType(
            "noisy",
            Traits(wrong=0.1, rationality=0.5),
            "misplaces every tenth block and chooses loosely",
            held_out=True,
        ),
        UserType("slow", Traits(pause=0.6, fidget=0.15), "does nothing on most steps", held_out=True),
        UserType("fast", Traits(pause=0.0, fidget=0.05), "hardly pauses or strays", held_out=True),
    )
}
