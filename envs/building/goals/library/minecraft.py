"""From Minecraft's numeric block ids (up to version 1.12, as in CraftAssist) to the building world's ten.

A block becomes the block of its material, at full size: stairs, slabs and fences follow their wood or stone.
What the building world cannot show becomes air: plants, torches, furniture, doors (a doorway stays open),
liquids, rails, redstone.

| ours | Minecraft |
|---|---|
| dirt | grass, dirt, podzol, farmland, path, sand, gravel, clay, soul sand, mycelium |
| cobblestone | cobblestone, mossy, its stairs, slabs and walls, netherrack, magma |
| glass | glass and panes, iron bars, ice, and blocks that shine: lamps, glowstone, sea lantern, beacon |
| log | logs |
| planks | planks, wooden stairs, slabs, fences, gates, trapdoors, bookshelves, giant mushrooms |
| stone | stone, sandstone, terracotta, concrete, quartz, obsidian, end stone, bone, ores, metal, bedrock |
| stonebrick | bricks of any kind, prismarine, purpur, with their stairs, slabs and fences |
| wool | wool, hay, snow, sponge, slime, TNT |
"""

from __future__ import annotations

import numpy as np

from ...world import AIR, BLOCK_NAMES, DIRT
from ..transforms import spans, tight

_METALS = (14, 15, 16, 21, 22, 41, 42, 56, 57, 73, 74, 129, 133, 152, 153, 173)
_IDS: dict[str, tuple[int, ...]] = {
    "dirt": (2, 3, 12, 13, 60, 82, 88, 110, 208),
    "cobblestone": (4, 48, 67, 87, 139, 213),
    "glass": (20, 79, 89, 95, 101, 102, 123, 124, 138, 160, 169, 174, 212),
    "log": (17, 162),
    "planks": (5, 47, 53, 85, 96, 99, 100, 107, 125, 126, 134, 135, 136, 163, 164, *range(183, 193)),
    "stone": (
        1,
        7,
        24,
        49,
        121,
        128,
        155,
        156,
        159,
        172,
        179,
        180,
        181,
        182,
        216,
        *range(235, 253),
        *_METALS,
    ),
    "stonebrick": (45, 97, 98, 108, 109, 112, 113, 114, 168, *range(201, 207), 214, 215),
    "wool": (19, 35, 46, 80, 165, 170),
}
_SLABS = (43, 44)
_SLAB_KINDS = ("stone", "stone", "planks", "cobblestone", "stonebrick", "stonebrick", "stonebrick", "stone")
"""Materials of slabs by meta value modulo 8: stone, sandstone, wood, cobble, three kinds of brick, quartz."""


def _palette_table() -> np.ndarray:
    """(256, 16) uint8: our block of each Minecraft id and meta value."""
    table = np.full((256, 16), AIR, np.uint8)
    for name, ids in _IDS.items():
        table[list(ids)] = BLOCK_NAMES.index(name)
    for meta in range(16):
        table[list(_SLABS), meta] = BLOCK_NAMES.index(_SLAB_KINDS[meta % 8])
    return table


_TABLE = _palette_table()


def structure_of_schematic(schematic: np.ndarray, name: str = "schematic") -> np.ndarray:
    """The structure ``(w, h, d)`` uint8 of a CraftAssist schematic ``(Y, Z, X, 2)``: block id, meta value.

    It is `settled`. ValueError for another shape or an id that version 1.12 does not have.
    """
    schematic = np.asarray(schematic)
    if schematic.ndim != 4 or schematic.shape[3] != 2:
        raise ValueError(
            f"{name} has shape {schematic.shape}; a schematic is (Y, Z, X, 2): block id and meta value"
        )
    for channel, (what, count) in enumerate((("block ids", 256), ("meta values", 16))):
        bad = np.argwhere((schematic[..., channel] < 0) | (schematic[..., channel] >= count))
        if len(bad):
            at = (*(int(i) for i in bad[0]), channel)
            where = ",".join(map(str, at))
            raise ValueError(
                f"{name}[{where}] is {schematic[at]}; {what} of Minecraft 1.12 are 0..{count - 1}"
            )
    return settled(_TABLE[schematic[..., 0], schematic[..., 1]].transpose(2, 0, 1))


def settled(blocks: np.ndarray) -> np.ndarray:
    """A building (w, h, d) cut out of its surroundings, with its floor in layer 0; empty when there is none.

    Air and earth around it are cropped, and so are bottom layers with less than a tenth of their cells built
    (posts and cellar parts), as in MBAG, so that the floor comes to lie in the ground layer.
    """
    blocks = blocks[spans(_built(blocks))]
    return tight(_drop_sparse_base(blocks)) if blocks.size else blocks


def _built(blocks: np.ndarray) -> np.ndarray:
    return (blocks != AIR) & (blocks != DIRT)


def _drop_sparse_base(blocks: np.ndarray, share: float = 0.1) -> np.ndarray:
    dense = _built(blocks).mean((0, 2)) >= share
    return blocks[:, int(dense.argmax()) :]
