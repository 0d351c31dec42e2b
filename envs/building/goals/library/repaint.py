"""Changes of materials: schemes borrowed from another building by role, materials exchanged, small damage.

A block's role is what it does in the building: floor, wall, pillar, roof or inside. A scheme is the share of
materials in each role; borrowing one gives a combination of materials that somebody built with.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...world import AIR, DIRT, NUM_BLOCKS
from ..generator.draws import between, chance, uniform
from ..transforms import GLASS

FLOOR, WALL, PILLAR, ROOF, INSIDE = range(5)
NUM_ROLES = 5


@njit(cache=True, nogil=True)
def role_at(piece, x, y, z):
    """The role of the block at a cell: floor in the ground layer, roof when nothing is above it, pillar when
    two sides meet in it, wall with one side to the air, else inside.
    """
    cells, sides = piece.cells, piece.sides
    if y == 0:
        return FLOOR
    covered = False
    for above in range(y + 1, sides[1]):
        covered = covered or cells[x, above, z] != AIR
    if not covered and y >= 2:
        return ROOF
    open_x = x == 0 or x == sides[0] - 1 or cells[x - 1, y, z] == AIR or cells[x + 1, y, z] == AIR
    open_z = z == 0 or z == sides[2] - 1 or cells[x, y, z - 1] == AIR or cells[x, y, z + 1] == AIR
    if open_x and open_z:
        return PILLAR
    return WALL if open_x or open_z else INSIDE


@njit(cache=True, nogil=True)
def scheme_of(piece):
    """How many blocks of each role are of each material: (NUM_ROLES, NUM_BLOCKS) int64."""
    counts = np.zeros((NUM_ROLES, NUM_BLOCKS), np.int64)
    for x in range(piece.sides[0]):
        for y in range(piece.sides[1]):
            for z in range(piece.sides[2]):
                block = piece.cells[x, y, z]
                if block != AIR:
                    counts[role_at(piece, x, y, z), block] += 1
    return counts


@njit(cache=True, nogil=True)
def borrow_scheme(rng, piece, donor, by_role):
    """Recolour ``piece`` with the materials that ``donor`` has in the same roles.

    Each material becomes the commonest one of the donor, not yet used, in the role it mostly has. Then roles
    in which the piece has the same material, but the donor another one, take it, each with probability
    ``by_role``. Glass stays glass.
    """
    own, other = scheme_of(piece), scheme_of(donor)
    other[:, GLASS] = 0
    table = np.arange(NUM_BLOCKS)
    used = np.zeros(NUM_BLOCKS, np.bool_)
    for block in np.argsort(-own.sum(0)):
        if block == GLASS or own[:, block].sum() == 0:
            continue
        role = own[:, block].argmax()
        free = np.where(used, 0, other[role])
        if free.max() == 0:
            free = np.where(used, 0, other.sum(0))
        if free.max() > 0:
            table[block] = free.argmax()
            used[table[block]] = True
    parts = np.zeros(NUM_ROLES, np.int64)
    for role in range(NUM_ROLES):
        if other[role].max() > 0 and chance(rng, by_role):
            parts[role] = other[role].argmax()
    _repaint(piece, table, parts, own.argmax(1))


@njit(cache=True, nogil=True)
def _repaint(piece, table, parts, main):
    """Replace blocks by ``table``, but a role's main material by that of ``parts``, where it has one."""
    old = piece.cells.copy()  # roles depend on air alone, which stays air
    for x in range(piece.sides[0]):
        for y in range(piece.sides[1]):
            for z in range(piece.sides[2]):
                block = old[x, y, z]
                if block == AIR:
                    continue
                role = role_at(piece, x, y, z)
                if block == main[role] and parts[role] != AIR and block != GLASS:
                    piece.cells[x, y, z] = parts[role]
                else:
                    piece.cells[x, y, z] = table[block]


@njit(cache=True, nogil=True)
def exchange_materials(rng, piece, weights):
    """Give every material but glass another one; two never become one, and dirt stays in half of the cases.

    ``weights`` (NUM_BLOCKS,) says how often a material becomes each block.
    """
    bells = np.full(NUM_BLOCKS, np.inf)
    keep_dirt = chance(rng, 0.5)
    for block in range(DIRT, NUM_BLOCKS):
        if block != GLASS and not (block == DIRT and keep_dirt) and weights[block] > 0:
            # Exponential clocks ring in the order of draws without replacement.
            bells[block] = -np.log(1 - uniform(rng)) / weights[block]
    order = np.argsort(bells)
    table = np.arange(NUM_BLOCKS)
    counts = scheme_of(piece).sum(0)
    given = 0
    for block in range(DIRT, NUM_BLOCKS):
        if counts[block] > 0 and block != GLASS and not (block == DIRT and keep_dirt):
            if bells[order[given]] == np.inf:
                return
            table[block] = order[given]
            given += 1
    for x in range(piece.sides[0]):
        for y in range(piece.sides[1]):
            for z in range(piece.sides[2]):
                piece.cells[x, y, z] = table[piece.cells[x, y, z]]


@njit(cache=True, nogil=True)
def damage(rng, piece, most):
    """Break 1 .. ``most`` random blocks or make them of another block's material."""
    for _ in range(between(rng, 1, most)):
        x, y, z = _random_block(rng, piece)
        if chance(rng, 0.5):
            piece.cells[x, y, z] = AIR
        else:
            i, j, k = _random_block(rng, piece)
            piece.cells[x, y, z] = piece.cells[i, j, k]


@njit(cache=True, nogil=True)
def _random_block(rng, piece):
    """A cell with a block, or any cell of a piece that is nearly empty."""
    x, y, z = 0, 0, 0
    for _ in range(50):
        x = between(rng, 0, piece.sides[0] - 1)
        y = between(rng, 0, piece.sides[1] - 1)
        z = between(rng, 0, piece.sides[2] - 1)
        if piece.cells[x, y, z] != AIR:
            break
    return x, y, z
