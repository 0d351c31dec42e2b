"""Configuration of the chat game: one frozen dataclass, every field documented."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any, Literal, Self

from .schema import CONCIERGE, Schema

REWARD_MODES = ("final", "dense", "potential")
MAX_ITEMS, MAX_HORIZON = 64, 1000


@dataclass(frozen=True)
class ChatConfig:
    """Rules and prices. ValueError for options and values that do not exist."""

    schema: Schema = CONCIERGE
    """What can be talked about."""
    items: int = 32
    """Items of each domain that a catalogue has room for, 2..64."""
    horizon: int = 60
    """The most acts of the assistant, tool calls included."""
    results: int = 6
    """Items that one search adds to those found."""
    reward: Literal["final", "dense", "potential"] = "final"
    """When the reward is paid: at the end; as it is earned; or at the end plus the change of a potential (the
    utility of booking the best items that the user has seen). The sum over an episode is the same for all.
    """
    turn_cost: float = 0.002
    """Subtracted for every reply that the user has to give."""
    word_cost: float = 0.0002
    """Subtracted for every word the user says."""
    read_cost: float = 0.00004
    """Subtracted for every word the user has to read."""
    tool_cost: float = 0.001
    """Subtracted for every tool call; a booking is one."""
    strict: bool = False
    """Raise IllegalActionError for illegal acts, which are otherwise taken for silence."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("items", 2, MAX_ITEMS),
            ("horizon", 1, MAX_HORIZON),
            ("results", 1, MAX_ITEMS),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; give {low}..{high}")
        if self.reward not in REWARD_MODES:
            raise ValueError(f"reward is {self.reward!r}; choose from {', '.join(REWARD_MODES)}")
        for name in ("turn_cost", "word_cost", "read_cost", "tool_cost"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more")

    @classmethod
    def make(cls, **options: Any) -> Self:
        """A configuration of options by name."""
        names = [field.name for field in dataclasses.fields(cls)]
        for name in options:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"the chat game has no option {name!r}{hint} Options: {', '.join(names)}")
        return cls(**options)

    def as_dict(self) -> dict[str, Any]:
        """The options by name, as `make` takes them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
