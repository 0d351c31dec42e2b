"""Fitting the generator's numbers to real houses, so that they ship as plain numbers (`fitted.py`).

Materials are counted (`schemes.py`). All other probabilities, weights and spreads of a style are searched
with the cross-entropy method (Rubinstein 1999; diagonal normal distribution over logits and logarithms) so
that generated houses resemble the real ones of a collection: in the distribution of every statistic of
`statistics.measure` and of random combinations of them (sliced Wasserstein distance, Rabin et al. 2011), and
in the frequencies of 2x2x2 patches of air, the house's main block, glass and other blocks.

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

from ..world import AIR, DEFAULT_SIZE, NUM_BLOCKS
from .distribution import HouseDistribution
from .generator import GeneratorSource
from .readers import House, read_houses
from .schemes import count_schemes
from .statistics import measure
from .transforms import GLASS, box_of, fit, keep_connected

COLLECTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "craftassist": {"block_goals_9x8x8": ("craftassist_house_carved", "craftassist_house_cropped")},
    "villages": {
        "houses_mods": ("millenaire", "gdmc2022", "mc_prefab"),
        "houses_luanti": ("townchest", "metalrenegades", "structures_io"),
    },
}
"""The permissive sources (MIT, BSD, Apache, WTFPL) of each data set that a style is fitted to."""

HAND_SET = frozenset({"cells", "figure", "figures", "window_width", "window_gap", "stray_crop"})
"""Numbers that are no matter of fit: limits, the share of goals that are no houses, and ranges."""
LEVELS = np.linspace(0.02, 0.98, 25)
PATCH_WEIGHT = 1.0
PULL = 0.003
"""What a unit of squared distance from the defaults costs, so that what statistics don't see stays broad."""


@dataclass(frozen=True)
class Fit:
    """Numbers for `HouseDistribution.with_numbers`, and how far generated houses were from real ones."""

    numbers: dict[str, Any]
    before: float
    """Distance of houses of the defaults, with the counted materials."""
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
    rounds: int = 60,
    population: int = 40,
    sample: int = 400,
    progress: Callable[[str], None] = lambda text: None,
) -> Fit:
    """Fit one style to houses: ``rounds`` x ``population`` distributions of ``sample`` houses are looked at.

    Takes about 0.08 s per distribution of 400 houses. The same arguments give the same numbers.
    """
    box = box_of(DEFAULT_SIZE)
    kept = [(keep_connected(fit(house.structure, box)), house.house) for house in houses]
    structures, families = np.stack([house for house, _ in kept]), [family for _, family in kept]
    rng = np.random.default_rng(seed)
    target = _Target(structures, families, rng)
    base = HouseDistribution().with_numbers(**count_schemes(structures, families))
    genes = _Genes(base)

    def distance(gene: np.ndarray, draw: int) -> float:
        source = GeneratorSource(distribution=genes.express(gene))
        return target.distance(source.draw_structures(sample, np.random.default_rng([seed, draw])))

    mean, deviation = np.zeros(genes.size), np.full(genes.size, 0.6)
    for turn in range(rounds):
        tried = mean + deviation * rng.standard_normal((population, genes.size))
        # All of a round meet the same random numbers, which makes their differences less noisy.
        costs = np.array([distance(gene, turn) + PULL * (gene**2).mean() for gene in tried])
        best = tried[np.argsort(costs)[: population // 4]]
        mean = 0.6 * mean + 0.4 * best.mean(0)
        deviation = np.maximum(0.08, 0.75 * deviation + 0.25 * best.std(0))
        progress(f"round {turn + 1}/{rounds}: distance {costs.min():.3f}, mean {costs.mean():.3f}")
    checks = range(10**6, 10**6 + 5)
    before, after = (float(np.mean([distance(gene, i) for i in checks])) for gene in (0 * mean, mean))
    return Fit(genes.numbers(mean), before, after)


def write_fitted(fits: Mapping[str, Fit], shares: Mapping[str, float], command: str, path: Path) -> None:
    """Write the numbers as a Python file that people can read."""
    lines = [
        '"""Numbers of the generator\'s styles, fitted to real `train` houses of permissive licences.',
        "",
        f"Made by `{command}` (see fitting.py); do not edit. What a style leaves out has the default of",
        "distribution.py. Distances to the real houses, before and after the search: "
        + "; ".join(f"{name} {fit.before:.3f}, {fit.after:.3f}" for name, fit in fits.items())
        + ".",
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
        self._patches = _patch_shares(structures, shares)

    def distance(self, structures: np.ndarray) -> float:
        """0 for equal sets; distances between quantiles are in standard deviations of the real houses."""
        quantiles = np.quantile(self._seen(measure(structures)), LEVELS, axis=0)
        patches = _patch_shares(structures, np.ones(len(structures)))
        moved = np.abs(quantiles - self._quantiles).mean()
        return float(moved + PATCH_WEIGHT * np.abs(np.sqrt(patches) - np.sqrt(self._patches)).sum() / 40)

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
