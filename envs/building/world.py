"""Blocks, sizes and coordinates of the building world.

Axes are (x, y, z) with y the height. A cell's index is its C-order position in a world of shape ``(W, H,
D)``: ``cell = (x * H + y) * D + z``. A fresh world is bedrock at y = 0, dirt at y = 1 and air above.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK_NAMES = (
    "air",
    "bedrock",
    "dirt",
    "cobblestone",
    "glass",
    "log",
    "planks",
    "stone",
    "stonebrick",
    "wool",
)
NUM_BLOCKS = len(BLOCK_NAMES)
AIR, BEDROCK, DIRT = 0, 1, 2
PLACEABLE = range(2, NUM_BLOCKS)
"""Ids a player can place; bedrock can be neither placed nor broken."""

DEFAULT_SIZE = (11, 10, 10)
MIN_SIDE, MAX_SIDE = 5, 32

USER, ASSISTANT = 0, 1
PLAYERS = ("user", "assistant")

Size = tuple[int, int, int]


def check_size(size: object) -> Size:
    """Return ``size`` as three ints; ValueError when it is not a world we can build."""
    if (
        not isinstance(size, (tuple, list))
        or len(size) != 3
        or not all(isinstance(n, (int, np.integer)) for n in size)
    ):
        raise ValueError(f"size is {size!r}; give three integers (W, H, D), for example {DEFAULT_SIZE}")
    for axis, side in zip("xyz", size, strict=True):
        if not MIN_SIDE <= side <= MAX_SIDE:
            raise ValueError(
                f"size {tuple(size)} has {side} cells along {axis}; sides are {MIN_SIDE}..{MAX_SIDE}"
            )
    return int(size[0]), int(size[1]), int(size[2])


def start_blocks(size: Size) -> np.ndarray:
    """The world before anybody acts: ``(W, H, D)`` uint8."""
    blocks = np.zeros(size, np.uint8)
    blocks[:, 0] = BEDROCK
    blocks[:, 1] = DIRT
    return blocks


def check_blocks(blocks: np.ndarray, size: Size, name: str = "blocks") -> np.ndarray:
    """Return ``blocks`` as ``(..., W, H, D)`` uint8; ValueError naming the first bad shape or cell."""
    blocks = np.asarray(blocks)
    if blocks.shape[-3:] != size:
        raise ValueError(
            f"{name} has shape {blocks.shape}; its last three axes must be the world's size {size}"
        )
    bad = np.argwhere((blocks < 0) | (blocks >= NUM_BLOCKS))
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        raise ValueError(
            f"{name}[{','.join(map(str, at))}] is {blocks[at]}; block ids are 0..{NUM_BLOCKS - 1}"
        )
    return blocks.astype(np.uint8)


def world_goal(structure: np.ndarray, size: Size = DEFAULT_SIZE) -> np.ndarray:
    """Whole-world goals ``(..., W, H, D)`` uint8 of structures ``(..., W-2, H-2, D-2)``.

    The structure's lowest layer lies in the ground (y = 1), where its air stays dirt.
    """
    structure = np.asarray(structure)
    inner = tuple(side - 2 for side in size)
    if structure.shape[-3:] != inner:
        raise ValueError(
            f"structure has shape {structure.shape}; worlds of {size} hold {inner}; crop or pad it first"
        )
    goal = np.broadcast_to(start_blocks(size), (*structure.shape[:-3], *size)).copy()
    goal[..., 1:-1, 1:-1, 1:-1] = structure
    ground = goal[..., 1, :]
    ground[ground == AIR] = DIRT
    return goal


@njit(cache=True, nogil=True, inline="always")
def cell_index(size, x, y, z):
    return (x * size[1] + y) * size[2] + z


@njit(cache=True, nogil=True, inline="always")
def inside(size, x, y, z):
    return 0 <= x < size[0] and 0 <= y < size[1] and 0 <= z < size[2]
