"""Fitting the generator's numbers to real houses, so that they ship as plain numbers (`fitted.py`).

Materials are counted (`schemes.py`). All other probabilities, weights and spreads of a style are searched
so that generated houses resemble the real ones of a collection: in the quantiles of every statistic of
`statistics.measure` and of random combinations of them (a sliced Wasserstein distance, Rabin et al. 2011),
and in the frequencies of 2x2x2 patches of air, the house's main block, glass and other blocks. The search is
Gauss-Newton on logits and logarithms of the numbers, with slopes regressed on random moves: each try tells
about all statistics at once, which a search by one distance would throw away.

Only `train` houses of permissive licences may be handed over: `load_collections` reads those.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from ...world import AIR, DEFAULT_SIZE, NUM_BLOCKS
from ..library.readers import House, read_houses
from ..measures.statistics import measure
from ..transforms import GLASS, box_of, fit, keep_connected
from .distribution import HouseDistribution
from .schemes import count_schemes
from .source import GeneratorSource

COLLECTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "craftassist": {"block_goals_9x8x8": ("craftassist_house_carved", "craftassist_house_cropped")},
    "millenaire": {"houses_mods": ("millenaire",)},
    "builders": {
        "houses_mods": ("gdmc2022", "mc_prefab"),
        "houses_luanti": ("townchest", "metalrenegades", "structures_io"),
    },
}
"""The permissive sources (MIT, BSD, Apache, WTFPL) of each data set that a style is fitted to."""

HAND_SET = frozenset({"cells", "figure", "figures", "stray_crop"})
"""Numbers that are no matter of fit: limits, the share of goals that are no houses, and ranges."""
LEVELS = np.linspace(0.05, 0.95, 13)
PATCH_WEIGHT = 1.0
PULL = 3e-4
"""What a unit of squared distance from the defaults costs, so that what statistics don't see stays broad."""
REACH = 0.5
"""Deviation of the moves that are tried in each logit or logarithm."""


@dataclass(frozen=True)
class Fit:
    """Numbers for `HouseDistribution.with_numbers`, and how far generated houses were from real ones."""

    numbers: dict[str, Any]
    before: float
    """Sum of squared misfits of houses of the defaults, with the counted materials."""
    after: float


def load_collections(data: Path) -> dict[str, list[House]]:
    """The houses of `COLLECTIONS` in the `train` files under ``data``. FileNotFoundError without them."""
    found: dict[str, list[House]] = {}
    for style, sets in COLLECTIONS.items():
        houses = []
        for folder, sources in sets.items():
            houses += [house for house in read_houses(data / folder, "train")[1] if house.source in sources]
        found[style] = houses
    return found


def fit_style(
    houses: Iterable[House],
    *,
    seed: int = 0,
    rounds: int = 4,
    tries: int = 220,
    sample: int = 250,
    progress: Callable[[str], None] = lambda text: None,
) -> Fit:
    """Fit one style to houses, in ``rounds`` steps for which ``tries`` x ``sample`` houses are looked at.

    Takes about 0.1 s per try of 250 houses. The same arguments give the same numbers.
    """
    box = box_of(DEFAULT_SIZE)
    kept = [(keep_connected(fit(house.structure, box)), house.house) for house in houses]
    structures, families = np.stack([house for house, _ in kept]), [family for _, family in kept]
    rng = np.random.default_rng(seed)
    target = _Target(structures, families, rng)
    genes = _Genes(HouseDistribution().with_numbers(**count_schemes(structures, families)))

    def misfit(gene: np.ndarray, draw: int, n: int = sample) -> np.ndarray:
        source = GeneratorSource(distribution=genes.express(gene))
        return target.misfit(source.draw_structures(n, np.random.default_rng([seed, draw])))

    gene = np.zeros(genes.size)
    for turn in range(rounds):
        moves = REACH * rng.standard_normal((tries, genes.size))
        # All tries of a round meet the same random numbers, which makes their differences less noisy.
        misfits = np.stack([misfit(gene + move, turn) for move in moves])
        step = _step(gene, moves, misfits)
        costs = {}
        for share in (0.0, 0.35, 0.7, 1.0):
            tried = gene + share * step
            costs[share] = (misfit(tried, 1000 + turn, 6 * sample) ** 2).sum() + PULL * (tried**2).sum()
        best = min(costs, key=lambda share: costs[share])
        gene = gene + best * step
        progress(f"step {turn + 1}/{rounds}: {best} of it, cost {costs[0.0]:.4f} to {costs[best]:.4f}")
    before, after = (
        float((misfit(tried, 10**6, 10 * sample) ** 2).sum()) for tried in (np.zeros(genes.size), gene)
    )
    return Fit(genes.numbers(gene), before, after)


def _step(gene: np.ndarray, moves: np.ndarray, misfits: np.ndarray) -> np.ndarray:
    """The Gauss-Newton step from ``gene``, with the slopes of all misfits regressed on the moves tried."""
    middle = misfits.mean(0)
    noise = len(moves) * REACH**2 * 0.3
    slopes = np.linalg.solve(moves.T @ moves + noise * np.eye(moves.shape[1]), moves.T @ (misfits - middle))
    pull = PULL * np.eye(len(gene))
    step = -np.linalg.solve(slopes @ slopes.T + pull, slopes @ middle + PULL * gene)
    return np.clip(step, -1.5, 1.5)


def write_fitted(fits: Mapping[str, Fit], shares: Mapping[str, float], command: str, path: Path) -> None:
    """Write the numbers as a Python file that people can read."""
    lines = [
        '"""Numbers of the generator\'s styles, fitted to real `train` houses of permissive licences.',
        "",
        "Do not edit; made (see fitting.py) by",
        f"`{command}`.",
        "What a style leaves out has the default of distribution.py. Squared misfits before and after:",
        "; ".join(f"{name} {fit.before:.3f} and {fit.after:.3f}" for name, fit in fits.items()) + ".",
        '"""',
        "",
        "# fmt: off",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
        f"SHARES: dict[str, float] = {_python(shares)}",
        '"""How often a house has the style."""',
        "",
        "NUMBERS: dict[str, dict[str, Any]] = {",
    ]
    for name, fitted in fits.items():
        lines.append(f'    "{name}": {{')
        for number, value in fitted.numbers.items():
            text = f'"{number}": {_python(value)},'
            lines += textwrap.wrap(text, 106, initial_indent=" " * 8, subsequent_indent=" " * 12)
        lines.append("    },")
    path.write_text("\n".join([*lines, "}", ""]), encoding="utf-8")


def _python(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{key}": {_python(part)}' for key, part in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(_python(part) for part in value) + ")"
    return f"{value:.3g}"


class _Genes:
    """A distribution's searched numbers as one vector of logits and logarithms, zero for the base's."""

    def __init__(self, base: HouseDistribution) -> None:
        self.base = base
        self.materials = {
            entry.name: value
            for entry, value in base.entries()
            if entry.name.endswith("_blocks") and value != getattr(HouseDistribution().materials, entry.name)
        }
        self.searched = [
            (entry, value)
            for entry, value in base.entries()
            if entry.name not in HAND_SET and not entry.name.endswith("_blocks")
        ]
        self.size = sum(
            np.size(list(value) if isinstance(value, Mapping) else value) for _, value in self.searched
        )

    def express(self, gene: np.ndarray) -> HouseDistribution:
        return self.base.with_numbers(**self._changed(gene))

    def numbers(self, gene: np.ndarray) -> dict[str, Any]:
        return {**self._changed(gene), **self.materials}

    def _changed(self, gene: np.ndarray) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        at = 0
        for entry, value in self.searched:
            if isinstance(value, Mapping):
                total = sum(value.values())
                scaled = [weight / total * np.exp(gene[at + i]) for i, weight in enumerate(value.values())]
                changed[entry.name] = {
                    name: round(float(100 * weight / sum(scaled)), 2)
                    for name, weight in zip(value, scaled, strict=True)
                }
                at += len(value)
            elif isinstance(value, tuple):
                # Medians and spreads move less than odds for the same step.
                moved = [part * np.exp(0.3 * gene[at + i]) for i, part in enumerate(value)]
                changed[entry.name] = tuple(round(float(part), 3) for part in moved)
                at += len(value)
            else:
                odds = value / (1 - value) * np.exp(gene[at])
                changed[entry.name] = min(0.95, round(float(odds / (1 + odds)), 4))
                at += 1
        return changed


class _Target:
    """The real houses, as what generated ones are compared with."""

    def __init__(self, structures: np.ndarray, families: list[str], rng: np.random.Generator) -> None:
        _, of_family, sizes = np.unique(families, return_inverse=True, return_counts=True)
        shares = 1 / sizes[of_family]
        drawn = rng.choice(len(structures), 2000, p=shares / shares.sum())
        real = measure(structures)
        self._mean, self._deviation = real[drawn].mean(0), real[drawn].std(0) + 1e-3
        triples = np.zeros((real.shape[1], 80))
        for column in triples.T:
            column[rng.choice(len(column), 3, replace=False)] = rng.choice([-1, 1], 3) / np.sqrt(3)
        self._directions = np.hstack([np.eye(real.shape[1]), triples])
        self._quantiles = np.quantile(self._seen(real)[drawn], LEVELS, axis=0)
        patches = _patch_shares(structures, shares)
        self._common = np.flatnonzero(patches > 3e-4)
        self._patches = np.sqrt(patches[self._common])

    def misfit(self, structures: np.ndarray) -> np.ndarray:
        """Differences of generated from real houses; their sum of squares is what the fit makes small.

        Those of quantiles are in standard deviations of the real houses, those of patches in roots of shares.
        """
        quantiles = np.quantile(self._seen(measure(structures)), LEVELS, axis=0) - self._quantiles
        patches = np.sqrt(_patch_shares(structures, np.ones(len(structures)))[self._common]) - self._patches
        return np.concatenate([quantiles.ravel() / np.sqrt(quantiles.size), PATCH_WEIGHT * patches])

    def _seen(self, measured: np.ndarray) -> np.ndarray:
        return np.clip((measured - self._mean) / self._deviation, -5, 5) @ self._directions


def _patch_shares(structures: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How often each of the 4^8 patches of 2x2x2 cells occurs, in any turn, patches of air left out."""
    counts = np.zeros(4**8)
    for structure, weight in zip(structures, weights, strict=True):
        _count_patches(_classes(structure), weight, counts)
    return counts / max(1.0, counts.sum())


def _classes(structure: np.ndarray) -> np.ndarray:
    """0 air, 1 the house's main block, 2 glass, 3 others."""
    blocks = np.bincount(structure.ravel(), minlength=NUM_BLOCKS)
    blocks[[AIR, GLASS]] = 0
    table = np.full(NUM_BLOCKS, 3, np.uint8)
    table[blocks.argmax()], table[GLASS], table[AIR] = 1, 2, 0
    return table[structure]


@njit(cache=True, nogil=True)
def _count_patches(classes, weight, counts):
    """Add ``weight`` for each patch, under the least code of its four turns."""
    for x in range(classes.shape[0] - 1):
        for y in range(classes.shape[1] - 1):
            for z in range(classes.shape[2] - 1):
                low0, low1 = classes[x, y, z], classes[x + 1, y, z]
                low2, low3 = classes[x + 1, y, z + 1], classes[x, y, z + 1]
                up0, up1 = classes[x, y + 1, z], classes[x + 1, y + 1, z]
                up2, up3 = classes[x + 1, y + 1, z + 1], classes[x, y + 1, z + 1]
                ring = (low0 + 4 * up0, low1 + 4 * up1, low2 + 4 * up2, low3 + 4 * up3)
                least = 4**8
                for turn in range(4):
                    code = 0
                    for i in range(4):
                        code = code * 16 + ring[(turn + i) % 4]
                    least = min(least, code)
                if least > 0:
                    counts[least] += weight
