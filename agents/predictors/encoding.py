"""From public states to what networks read: planes over the ground, with heights folded into channels.

Networks see the box that goals live in, (W-2) x (D-2) columns with H-2 cells each. A column's cells are
channels beside each other, so that flat convolutions see whole walls. Positions are relative to the box and
to the bounds of what the user has built, and everything is given in three parts:

- `local`: per height the block, who changed the cell last and how long ago, and the user's feet; then where
  the column lies in the box and between the bounds of the user's work;
- `mirrored`: per height what the user has built at the mirror image of the column, about the middle of those
  bounds, along x and along z, because most houses are symmetric;
- `overall`: the materials the user has used, and how much it has built at each height. (Not the time: people
  take other times than simulated users.)

What players do next depends on more than the goal does, so networks that predict acts read two more parts:

- `bodies`: per height the assistant's feet; then where the column lies from the feet of both;
- `doing`: the kinds of what both did last, and how high they stand.

The game is symmetric under reflections of x and of z, so a moment may be encoded, goal and all, as it would
look in a mirror (`flips`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from envs.building.actions import KINDS, MOVE_FIRST
from envs.building.state import State, touched_by
from envs.building.world import AIR, ASSISTANT, BEDROCK, NUM_BLOCKS, USER, Size
from envs.kernels import inlined, kernel

from .moments import Moments

CLASSES = NUM_BLOCKS - 1
"""Blocks a cell of the box may want: air, then the placeable ids. Class of a block: `class_of`."""
_SOLID = CLASSES - 1
PER_CELL = _SOLID + 5
"""Channels of a cell: its block (air: none), changed by user, by assistant, recently, lately; user's feet."""
_PER_COLUMN = 9
"""Channels of a column: where it lies in the box (4) and between the bounds of the user's work (5)."""
RECENT, LATELY = 12.0, 80.0
"""Steps after which the two marks of a change have faded to 1 / e."""
_MANY = 5.0
_OFFSETS = 4
DOING = 2 * len(KINDS) + 2
"""Length of `Encoded.doing`."""


class Encoded(NamedTuple):
    """What networks read of n states, channels last; the last two only networks that predict acts."""

    local: np.ndarray
    """(n, W-2, D-2, `local_channels`) float32."""
    mirrored: np.ndarray
    """(n, W-2, D-2, `mirrored_channels`) float32."""
    overall: np.ndarray
    """(n, `overall_features`) float32."""
    bodies: np.ndarray
    """(n, W-2, D-2, `body_channels`) float32."""
    doing: np.ndarray
    """(n, DOING) float32."""


def local_channels(size: Size) -> int:
    """Channels of `Encoded.local`."""
    return (size[1] - 2) * PER_CELL + _PER_COLUMN


def mirrored_channels(size: Size) -> int:
    """Channels of `Encoded.mirrored`."""
    return 2 * (size[1] - 2) * _SOLID


def overall_features(size: Size) -> int:
    """Length of `Encoded.overall`."""
    return _SOLID + (size[1] - 2) + 1


def body_channels(size: Size) -> int:
    """Channels of `Encoded.bodies`."""
    return size[1] - 2 + _OFFSETS


def new_encoded(size: Size, count: int) -> Encoded:
    """Room for `count` states."""
    ground = (count, size[0] - 2, size[2] - 2)
    return Encoded(
        np.empty((*ground, local_channels(size)), np.float32),
        np.empty((*ground, mirrored_channels(size)), np.float32),
        np.empty((count, overall_features(size)), np.float32),
        np.empty((*ground, body_channels(size)), np.float32),
        np.empty((count, DOING), np.float32),
    )


def encode(size: Size, state: State | Moments, flips: np.ndarray | None = None) -> Encoded:
    """The planes of n states or moments. flips: (n,) uint8, 1 to reflect x, 2 to reflect z, 3 both."""
    count = len(state.clock)
    out = new_encoded(size, count)
    flips = np.zeros(count, np.uint8) if flips is None else flips
    encode_batch(size, state.blocks, state.touched, state.feet, state.clock, flips, *out[:3])
    encode_bodies(size, state.feet, state.previous, flips, out.bodies, out.doing)
    return out


def targets(size: Size, moments: Moments, flips: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """Goal classes (n, W-2, D-2, H-2) int64 of the box's cells, and who changed them (0, 1 user, 2
    assistant).

    flips as in `encode`.
    """
    count = moments.number
    flips = np.zeros(count, np.uint8) if flips is None else flips
    goal = class_of(_box(size, moments.goal)).astype(np.int64)
    touched = _box(size, moments.touched)
    owner = np.where(touched == 0, 0, 1 + (touched - 1) % 2).astype(np.uint8)
    for cells in (goal, owner):
        cells[flips & 1 > 0] = cells[flips & 1 > 0][:, ::-1]
        cells[flips & 2 > 0] = cells[flips & 2 > 0][:, :, ::-1]
    return goal, owner


def class_of(blocks: np.ndarray) -> np.ndarray:
    """Classes (...) of block ids: 0 air, 1 dirt ... 8 wool. Bedrock, which no box holds, counts as air."""
    return np.where(blocks <= BEDROCK, 0, blocks - 1)


def marginals_of(size: Size, probabilities: np.ndarray, out: np.ndarray) -> None:
    """Write probabilities (n, W-2, D-2, H-2, CLASSES) into the box's part of marginals (n, N, 10)."""
    inner = out.reshape(len(out), *size, NUM_BLOCKS)[:, 1:-1, 1:-1, 1:-1]
    inner[..., AIR] = probabilities.swapaxes(2, 3)[..., 0]
    inner[..., BEDROCK] = 0.0
    inner[..., 2:] = probabilities.swapaxes(2, 3)[..., 1:]


def _box(size: Size, cells: np.ndarray) -> np.ndarray:
    """(n, W-2, D-2, H-2) copy of the box's part of cells (n, N), heights last."""
    return cells.reshape(len(cells), *size)[:, 1:-1, 1:-1, 1:-1].swapaxes(2, 3).copy()


@inlined
def flipped_kind(kind, flip):
    """The kind of an action as it looks in the mirror: moves along x and z turn round."""
    move = kind - MOVE_FIRST
    if (flip & 1 and move // 2 == 0) or (flip & 2 and move // 2 == 2):
        return MOVE_FIRST + (move ^ 1)
    return kind


@kernel
def encode_bodies(size, feet, previous, flips, bodies, doing):
    """Kernel of `encode` for `Encoded.bodies` and `Encoded.doing`."""
    wide, high, deep = size[0] - 2, size[1] - 2, size[2] - 2
    kinds = (doing.shape[1] - 2) // 2
    bodies[:], doing[:] = 0.0, 0.0
    for i in range(feet.shape[0]):
        flip = flips[i]
        for player in range(2):
            x, z = np.int64(feet[i, player, 0]) - 1, np.int64(feet[i, player, 2]) - 1
            x, z = wide - 1 - x if flip & 1 else x, deep - 1 - z if flip & 2 else z
            for u in range(wide):
                for v in range(deep):
                    bodies[i, u, v, high + 2 * player] = (u - x) / wide
                    bodies[i, u, v, high + 2 * player + 1] = (v - z) / deep
            if player == ASSISTANT:
                y = min(max(np.int64(feet[i, player, 1]) - 1, 0), high - 1)
                bodies[i, min(max(x, 0), wide - 1), min(max(z, 0), deep - 1), y] = 1.0
            doing[i, player * kinds + flipped_kind(np.int64(previous[i, player, 0]), flip)] = 1.0
            doing[i, 2 * kinds + player] = feet[i, player, 1] / size[1]


@kernel
def encode_batch(size, blocks, touched, feet, clock, flips, local, mirrored, overall):
    """Kernel of `encode`: states (n, ...), flips (n,); written are the parts of `Encoded`."""
    for i in range(blocks.shape[0]):
        encode_state(
            size, blocks[i], touched[i], feet[i], clock[i], flips[i], local[i], mirrored[i], overall[i]
        )


@kernel
def encode_state(size, blocks, touched, feet, clock, flip, local, mirrored, overall):
    """The planes of one state."""
    w, h, d = size
    wide, high, deep = w - 2, h - 2, d - 2
    local[:], mirrored[:], overall[:] = 0.0, 0.0, 0.0
    # Bounds of the user's work in the box, unflipped.
    x0, x1, z0, z1, top, work = wide, -1, deep, -1, -1, 0
    for x in range(wide):
        for y in range(high):
            for z in range(deep):
                c = ((x + 1) * h + y + 1) * d + z + 1
                if blocks[c] != AIR and touched_by(touched[c]) == 1 + USER:
                    x0, x1 = min(x0, x), max(x1, x)
                    z0, z1 = min(z0, z), max(z1, z)
                    top = max(top, y)
                    work += 1
                    overall[blocks[c] - 2] += 1.0
                    overall[_SOLID + y] += 1.0 / (wide * deep)
    for b in range(_SOLID):
        overall[b] /= max(1, work)
    overall[_SOLID + high] = math.log(1.0 + work) / _MANY
    for x in range(wide):
        for z in range(deep):
            column = local[wide - 1 - x if flip & 1 else x, deep - 1 - z if flip & 2 else z]
            for y in range(high):
                c = ((x + 1) * h + y + 1) * d + z + 1
                first = y * PER_CELL
                if blocks[c] > BEDROCK:
                    column[first + blocks[c] - 2] = 1.0
                if touched[c] != 0:
                    who = touched_by(touched[c]) - 1
                    age = clock - (touched[c] - 1) // 2
                    column[first + _SOLID + who] = 1.0
                    column[first + _SOLID + 2] = math.exp(-age / RECENT)
                    column[first + _SOLID + 3] = math.exp(-age / LATELY)
                if work and blocks[c] != AIR and touched_by(touched[c]) == 1 + USER:
                    _reflect(x0 + x1 - x, z, x, z, wide, deep, flip, y * _SOLID + blocks[c] - 2, mirrored)
                    _reflect(
                        x, z0 + z1 - z, x, z, wide, deep, flip, (high + y) * _SOLID + blocks[c] - 2, mirrored
                    )
    _places(wide, high, deep, flip, x0, x1, z0, z1, top, local)
    x = min(max(np.int64(feet[USER, 0]) - 1, 0), wide - 1)
    y = min(max(np.int64(feet[USER, 1]) - 1, 0), high - 1)
    z = min(max(np.int64(feet[USER, 2]) - 1, 0), deep - 1)
    local[wide - 1 - x if flip & 1 else x, deep - 1 - z if flip & 2 else z, y * PER_CELL + _SOLID + 4] = 1.0


@kernel
def _reflect(to_x, to_z, x, z, wide, deep, flip, channel, mirrored):
    """Mark a column whose mirror image the user has built on, if it is in the box."""
    if 0 <= to_x < wide and 0 <= to_z < deep:
        mirrored[wide - 1 - to_x if flip & 1 else to_x, deep - 1 - to_z if flip & 2 else to_z, channel] = 1.0


@kernel
def _places(wide, high, deep, flip, x0, x1, z0, z1, top, local):
    """Where each column lies in the box and between the bounds of the user's work."""
    if flip & 1:
        x0, x1 = wide - 1 - x1, wide - 1 - x0
    if flip & 2:
        z0, z1 = deep - 1 - z1, deep - 1 - z0
    first = high * PER_CELL
    for x in range(wide):
        for z in range(deep):
            column = local[x, z]
            column[first] = x / wide
            column[first + 1] = z / deep
            column[first + 2] = abs(2 * x - wide + 1) / wide
            column[first + 3] = abs(2 * z - deep + 1) / deep
            if top >= 0:
                column[first + 4] = (x - x0) / wide
                column[first + 5] = (x1 - x) / wide
                column[first + 6] = (z - z0) / deep
                column[first + 7] = (z1 - z) / deep
                column[first + 8] = (top + 1) / high
