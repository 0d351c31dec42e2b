"""The procedural generator: any number of believable small houses, with no data.

A house has one of a few styles, each a `HouseDistribution`; `house.build_houses` builds from it. A house is
a pure function of the styles, the world's size and one 64-bit number of the caller's random stream, so a draw
of ten is two draws of five.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from ...world import DEFAULT_SIZE, Size, check_size, world_goal
from ..source import Goals
from ..transforms import Box, box_of
from .canvas import make_site
from .distribution import HouseDistribution, compile_distributions
from .fitted import NUMBERS, SHARES
from .house import build_houses


def fitted_styles() -> dict[str, tuple[float, HouseDistribution]]:
    """The styles that ship, with their shares: the defaults with the numbers of `fitted.py`."""
    return {
        name: (share, HouseDistribution().with_numbers(**NUMBERS.get(name, {})))
        for name, share in SHARES.items()
    }


class GeneratorSource:
    """Houses from distributions; satisfies `GoalSource`. Ids hash the goal, so equal goals are one house.

    ``distribution`` is one distribution, or a mapping of styles' names to (share, distribution); None: the
    styles that ship. Shares need not sum to 1.
    """

    def __init__(
        self,
        size: Size = DEFAULT_SIZE,
        distribution: HouseDistribution | Mapping[str, tuple[float, HouseDistribution]] | None = None,
        name: str = "generator",
    ) -> None:
        self.name = name
        self.size = check_size(size)
        if isinstance(distribution, HouseDistribution):
            distribution = {"only": (1.0, distribution)}
        self.styles = dict(fitted_styles() if distribution is None else distribution)
        shares = np.array([share for share, _ in self.styles.values()], float)
        if not (shares >= 0).all() or not shares.sum() > 0:
            raise ValueError(
                f"shares of the styles are {shares.tolist()}; give 0 or more, at least one positive"
            )
        self._shares = shares.cumsum() / shares.sum()
        self._odds = compile_distributions(style for _, style in self.styles.values())
        self._box = box_of(self.size)
        limits = [style.extent.cells for _, style in self.styles.values()]
        scale = _surface(self._box) / _surface(box_of(DEFAULT_SIZE))
        self._cells = (
            round(min(low for low, _ in limits) * scale),
            round(max(high for _, high in limits) * scale),
        )

    def draw(self, n: int, rng: np.random.Generator) -> Goals:
        """``n`` goals. However a number of draws is split into batches, the goals are the same."""
        structures = self.draw_structures(n, rng)
        blocks = world_goal(structures, self.size)
        houses = tuple(f"{self.name}/{hashlib.sha256(goal.tobytes()).hexdigest()[:16]}" for goal in blocks)
        return Goals(blocks, houses, self.name)

    def draw_structures(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """The structures (n, w, h, d) of ``n`` goals, the same as `draw` puts into worlds."""
        seeds = rng.integers(0, 2**64, n, np.uint64)
        structures = np.zeros((n, *self._box), np.uint8)
        scratch = make_site(self._box), np.zeros(1, np.uint64)
        build_houses(seeds, self._shares, self._odds, *self._cells, *scratch, structures)
        return structures


def _surface(box: Box) -> int:
    """Houses are shells, so the cells that they change grow with the box's surface."""
    return 2 * (box[0] * box[1] + box[1] * box[2] + box[0] * box[2])
