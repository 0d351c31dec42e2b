"""CraftAssist schematics: Minecraft's ids become our blocks, and the floor comes to lie in the ground."""

from __future__ import annotations

import numpy as np
import pytest

from envs.building.goals.library.minecraft import structure_of_schematic
from envs.building.world import BLOCK_NAMES

KNOWN = {
    "air": [(0, 0), (6, 1), (50, 5), (54, 2), (64, 0), (9, 0), (18, 0), (171, 14)],
    "dirt": [(2, 0), (3, 1), (12, 0), (60, 7)],
    "cobblestone": [(4, 0), (48, 0), (67, 3), (139, 1), (44, 3)],
    "glass": [(20, 0), (95, 11), (102, 0), (160, 4)],
    "log": [(17, 4), (162, 1)],
    "planks": [(5, 2), (53, 1), (85, 0), (126, 9), (44, 2), (96, 3), (192, 0)],
    "stone": [(1, 3), (24, 2), (43, 0), (44, 9), (159, 14), (251, 0), (155, 1), (42, 0), (7, 0)],
    "stonebrick": [(98, 1), (45, 0), (108, 0), (44, 5), (112, 0), (168, 1)],
    "wool": [(35, 14), (170, 0), (80, 0)],
}


def schematic(width: int = 5, height: int = 6, depth: int = 4) -> np.ndarray:
    """A (Y, Z, X, 2) house of planks on a floor of stone, with grass below and around it."""
    blocks = np.zeros((height + 2, depth + 2, width + 2, 2), np.uint8)
    blocks[:2, ..., 0] = 2
    blocks[1, 1:-1, 1:-1, 0] = 1
    blocks[2:-1, 1:-1, 1:-1, 0] = 5
    blocks[2:-2, 2:-2, 2:-2] = 0
    return blocks


@pytest.mark.parametrize("name", KNOWN)
def test_ids_become_the_block_of_their_material(name: str) -> None:
    for block, meta in KNOWN[name]:
        blocks = schematic()
        blocks[3, 1, 3] = block, meta
        assert BLOCK_NAMES[structure_of_schematic(blocks)[2, 2, 0]] == name


def test_earth_around_is_cropped_and_the_floor_is_the_ground_layer() -> None:
    structure = structure_of_schematic(schematic())
    assert structure.shape == (5, 6, 4)
    assert (structure[:, 0] == BLOCK_NAMES.index("stone")).all()
    assert (structure[:, -1] == BLOCK_NAMES.index("planks")).all()


def test_sparse_layers_below_the_floor_go() -> None:
    blocks = np.concatenate([np.zeros((2, 6, 7, 2), np.uint8), schematic()])
    blocks[:3, 3, 3, 0] = 4
    assert structure_of_schematic(blocks).shape == (5, 6, 4)


def test_nothing_but_earth_is_no_house() -> None:
    assert structure_of_schematic(np.full((3, 4, 5, 2), 2)).size == 0


def test_other_shapes_and_ids_are_refused() -> None:
    with pytest.raises(ValueError, match=r"house has shape \(4, 4, 4\); a schematic is \(Y, Z, X, 2\)"):
        structure_of_schematic(np.zeros((4, 4, 4)), "house")
    blocks = schematic().astype(np.int32)
    blocks[2, 1, 3] = 300, 0
    with pytest.raises(
        ValueError, match=r"house\[2,1,3,0\] is 300; block ids of Minecraft 1\.12 are 0\.\.255"
    ):
        structure_of_schematic(blocks, "house")
    blocks[2, 1, 3] = 5, 16
    with pytest.raises(ValueError, match=r"house\[2,1,3,1\] is 16; meta values"):
        structure_of_schematic(blocks, "house")
