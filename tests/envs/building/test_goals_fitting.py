"""Fitting: materials are told apart by where they are; a fit brings generated houses nearer to given ones."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from envs.building.goals import GeneratorSource, House, HouseDistribution
from envs.building.goals.generator.distribution import PLACEABLE_NAMES
from envs.building.goals.generator.fitting import fit_style, write_fitted
from envs.building.goals.generator.schemes import count_schemes
from envs.building.world import BLOCK_NAMES

STONE, PLANKS, LOG, WOOL = (BLOCK_NAMES.index(name) for name in ("stone", "planks", "log", "wool"))


@pytest.fixture
def hut() -> np.ndarray:
    """Walls of stone with posts of logs, a roof of planks, a floor of wool."""
    hut = np.zeros((9, 8, 8), np.uint8)
    hut[1:8, 0, 1:7] = WOOL
    hut[1:8, 1:5, 1:7] = STONE
    hut[2:7, 1:5, 2:6] = 0
    for x in (1, 7):
        for z in (1, 6):
            hut[x, 1:5, z] = LOG
    hut[1:8, 5, 1:7] = PLANKS
    return hut


def test_schemes_find_the_blocks_of_the_parts(hut: np.ndarray) -> None:
    numbers = count_schemes(np.stack([hut] * 40), [str(i) for i in range(40)])

    def likeliest(weights: dict[str, float]) -> str:
        return max(weights, key=lambda name: weights[name])

    assert likeliest(numbers["wall_blocks"]) == "stone"
    expected = {
        "roof_blocks": "planks",
        "floor_blocks": "wool",
        "pillar_blocks": "log",
        "second_blocks": "log",
    }
    assert {name: likeliest(numbers[name]["stone"]) for name in expected} == expected


def test_families_count_once_and_every_block_may_be_a_wall(hut: np.ndarray) -> None:
    other = np.where(hut == STONE, PLANKS, hut).astype(np.uint8)
    structures = np.stack([hut] * 30 + [other])
    one = count_schemes(structures, ["a"] * 30 + ["b"])["wall_blocks"]
    each = count_schemes(structures, [str(i) for i in range(31)])["wall_blocks"]
    assert each["stone"] > one["stone"]
    numbers = count_schemes(structures, ["a"] * 31)
    assert set(numbers["roof_blocks"]) == set(PLACEABLE_NAMES)
    HouseDistribution().with_numbers(**numbers)


def test_a_fit_comes_nearer_and_ships_as_readable_numbers(tmp_path: Path) -> None:
    towers = HouseDistribution().with_numbers(
        another_storey=0.9, short_side=(0.5, 0.1), roofs={"spire": 1}, figure=0
    )
    structures = GeneratorSource(distribution=towers).draw_structures(60, np.random.default_rng(0))
    houses = [House(structure, str(i)) for i, structure in enumerate(structures)]
    fit = fit_style(houses, rounds=2, tries=60, sample=40)
    assert fit.after < 0.8 * fit.before
    again = fit_style(houses, rounds=2, tries=60, sample=40)
    assert again == fit
    file = tmp_path / "fitted.py"
    write_fitted({"towers": fit}, {"towers": 0.5, "broad": 0.5}, "the command", file)
    assert max(map(len, file.read_text().splitlines())) <= 110
    written = runpy.run_path(str(file))
    assert written["SHARES"] == {"towers": 0.5, "broad": 0.5}
    shipped = HouseDistribution().with_numbers(**written["NUMBERS"]["towers"])
    assert shipped.bodies.another_storey == pytest.approx(fit.numbers["another_storey"], rel=0.01)
