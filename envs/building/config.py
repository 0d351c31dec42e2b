"""Configuration of the building game: one frozen dataclass, every field documented.

The defaults are the paper's walking world with unlimited blocks and MBAG's reward; what goes beyond MBAG
(effort and undo costs, abilities per player) is off until asked for.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeVar

from .world import DEFAULT_SIZE, PLAYERS, Size, check_size

MAX_HORIZON = 16_000
"""Clocks of cell changes are 15 bits wide, so that a world state stays under 4 KB."""


T = TypeVar("T")


def _from_mapping(cls: type[T], given: dict[str, Any], where: str) -> T:
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{where} has no option {name!r}{hint} Options: {', '.join(names)}")
    return cls(**given)


@dataclass(frozen=True)
class PlayerConfig:
    """What one player may do."""

    place: bool = True
    """May place blocks."""
    break_: bool = True
    """May break blocks."""
    move: bool = True
    """May move (walking mode only)."""
    give: bool = True
    """May give blocks to the other player (inventory mode only)."""
    act_every: int = 1
    """Acts on steps whose number is a multiple of this; its actions between are no-ops."""
    start: tuple[int, int, int] | Literal["corner", "random"] = "corner"
    """Feet cell at the start. `corner`: user at (0, 2, 0), assistant at (W-1, 2, D-1). `random`: any free
    cell above ground.
    """

    def __post_init__(self) -> None:
        if self.act_every < 1:
            raise ValueError(f"act_every is {self.act_every}; give 1 (every step) or more")


@dataclass(frozen=True)
class RewardConfig:
    """Terms of the reward. A player's own part of a step is the sum of its terms; the shared reward adds both
    players' parts.
    """

    correct: float = 1.0
    """Similarity of a cell whose block equals the goal's. An edit earns the change of its cell's similarity.
    """
    wrong: float = -1.0
    """Similarity of a cell where block and goal differ and neither is air (MBAG's `place_wrong`)."""
    noop: float = 0.0
    """Added when a player chooses no-op, or an action that cannot be done."""
    action: float = 0.0
    """Added for every action that takes effect."""
    incorrect: float = 0.0
    """Added for every place or break that lowers the similarity."""
    user_effort: float = 0.0
    """Subtracted for every place or break of the user: prices the work the user has to do."""
    undo: float = 0.0
    """Subtracted when the user changes a cell that the assistant changed last: prices repairing the
    assistant's work.
    """


@dataclass(frozen=True)
class BuildingConfig:
    """The building game. Nested parts may be given as dicts to `BuildingConfig.make`."""

    size: Size = DEFAULT_SIZE
    """World size (W, H, D), each 5..32, y is height."""
    movement: Literal["walk", "teleport"] = "walk"
    """`walk`: cell by cell, flying, reach 4.5 with line of sight. `teleport`: no position; any click some
    stand could make.
    """
    blocks: Literal["unlimited", "inventory"] = "unlimited"
    """`inventory`: 36 slots of 64 per player, filled from a palette at x = W-1 or by giving."""
    line_of_sight: bool = True
    """Legal lists keep only clicks that the player can see (MBAG's `mask_legal_los`). Off: distance alone."""
    horizon: int = 380
    """Steps of an episode (MBAG: 1,500). At 380 a simulated user alone does about 70 % of a house."""
    end_on_completion: bool = True
    """End when the world equals the goal."""
    end_without_progress: int = 0
    """End after this many steps without a new maximum of similarity; 0: never."""
    strict: bool = False
    """Raise IllegalActionError on an action outside the legal list instead of treating it as a no-op."""
    reward: RewardConfig = field(default_factory=RewardConfig)
    """Terms of the reward."""
    user: PlayerConfig = field(default_factory=PlayerConfig)
    """Abilities of the user (player 0)."""
    assistant: PlayerConfig = field(default_factory=PlayerConfig)
    """Abilities of the assistant (player 1)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", check_size(self.size))
        for name, allowed in (("movement", ("walk", "teleport")), ("blocks", ("unlimited", "inventory"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(allowed)}")
        if not 1 <= self.horizon <= MAX_HORIZON:
            raise ValueError(f"horizon is {self.horizon}; give 1..{MAX_HORIZON} steps")
        if self.end_without_progress < 0:
            raise ValueError(
                f"end_without_progress is {self.end_without_progress}; give 0 (never) or a number of steps"
            )
        if self.blocks == "inventory" and self.size[2] < 8:
            raise ValueError(
                f"size is {self.size}; inventory mode needs 8 cells along z for the palette of 8 blocks"
            )
        for player in PLAYERS:
            self._check_start(player)

    def _check_start(self, player: str) -> None:
        start = getattr(self, player).start
        if isinstance(start, str):
            if start not in ("corner", "random"):
                raise ValueError(f"{player}.start is {start!r}; give a cell (x, y, z), 'corner' or 'random'")
            return
        x, y, z = start
        width, height, depth = self.size
        if not (0 <= x < width and 2 <= y < height and 0 <= z < depth):
            raise ValueError(
                f"{player}.start is {tuple(start)}; feet cells of a {self.size} world that are free have"
                f" x 0..{width - 1}, y 2..{height - 1}, z 0..{depth - 1}"
            )

    @classmethod
    def make(cls, **options: Any) -> Self:
        """A config from keyword options; `reward`, `user` and `assistant` may be dicts. ValueError on an
        unknown option.
        """
        for name, part in (("reward", RewardConfig), ("user", PlayerConfig), ("assistant", PlayerConfig)):
            if isinstance(options.get(name), dict):
                options[name] = _from_mapping(part, options[name], name)
        return _from_mapping(cls, options, cls.__name__)

    @property
    def cells(self) -> int:
        """Cells of the world, W * H * D."""
        return self.size[0] * self.size[1] * self.size[2]

    def as_dict(self) -> dict[str, Any]:
        """Plain nested dict that `make(**d)` turns back into this config."""
        return dataclasses.asdict(self)
