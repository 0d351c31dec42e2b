"""What a builder sees of a public state, shared by all goals and builder types.

`survey` lists the cells the builder can click from where it stands, finds all others that could be worked on
(solid or supported, and open to the air around the builder), and weighs them. `way_to` finds the first step
of the shortest path to a place from which a cell can be clicked. Both read the public state only, so one
survey serves every hypothesis of a belief.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from envs.building.actions import MOVES
from envs.building.legal import legal_cells
from envs.building.rules import air_faces, body_cells, can_move, can_stand, solid_faces
from envs.building.sight import can_click, offset_index
from envs.building.state import touched_by
from envs.building.world import AIR, ASSISTANT, BEDROCK, cell_index, inside
from envs.kernels import kernel

from .traits import (
    BESIDE,
    CLEAR,
    COMFORT,
    DRIFT,
    FACE,
    FOLLOW,
    HEIGHT,
    LINE,
    LOCALITY,
    PERSIST,
    RATIONALITY,
    REFILL,
    REPAIR,
    STAY,
    TOUCH,
    WALK,
)

DRIFT_WITHIN, FOLLOW_WITHIN = 6, 4
"""Cells beyond which the own last edit, and the other's, is far away and no farther."""
UNREACHABLE = -1
_UNKNOWN = -2


class Scene(NamedTuple):
    """What builders of every goal and type share in one public state; scratch memory, filled by `survey`.

    Cells that may become targets (solid or supported, and open to the air around the builder) are kept in a
    compact list of M entries.
    """

    place: np.ndarray
    """(N,) int16 cells one may place into from here."""
    break_: np.ndarray
    """(N,) int16 cells one may break from here."""
    counts: np.ndarray
    """(7,) int64: places, breaks, near cells, M, feet cells found by the path search, feet cells expanded by
    it, legal moves.
    """
    cell: np.ndarray
    """(N,) int16 the cells of the compact list: first the near ones, which can be clicked from here, then the
    far ones.
    """
    listed: np.ndarray
    """(N,) bool: in the compact list."""
    sealed: np.ndarray
    """(N,) bool: cut off from the air around the builder, so that nobody there can see or click it."""
    weight: np.ndarray
    """(T, 2, N) float64 Boltzmann weights per builder type of near and of far cells, without what the
    goal adds (`policy.taste`); 0 elsewhere.
    """
    rows: np.ndarray
    """(3, W * H) uint64 rows of bits along z: air, air connected with the builder's eye, solid cells."""
    queue: np.ndarray
    """(N,) int16 feet cells in the order the path search found them."""
    first_move: np.ndarray
    """(N,) int8 first move (0..5) of the path to a feet cell, 6 for the own cell, -1 where not found."""
    way: np.ndarray
    """(N,) int8 memo of `way_to`."""
    moves: np.ndarray
    """(6,) bool legal moves."""
    stand: np.ndarray
    """(3,) int8 scratch: a feet cell."""


def new_scene(size: tuple[int, int, int], types: int) -> Scene:
    """Scratch memory for worlds of this size and `types` builder types."""
    cells = size[0] * size[1] * size[2]
    return Scene(
        np.empty(cells, np.int16),
        np.empty(cells, np.int16),
        np.zeros(7, np.int64),
        np.empty(cells, np.int16),
        np.empty(cells, np.bool_),
        np.empty(cells, np.bool_),
        np.empty((types, 2, cells)),
        np.zeros((3, size[0] * size[1]), np.uint64),
        np.empty(cells, np.int16),
        np.empty(cells, np.int8),
        np.empty(cells, np.int8),
        np.zeros(6, np.bool_),
        np.zeros(3, np.int8),
    )


@kernel
def _around(rows, i, x, y, w, h):
    """Bits of row i = (x, y) of which a neighbour cell is set in `rows`."""
    bits = (rows[i] << np.uint64(1)) | (rows[i] >> np.uint64(1))
    if x > 0:
        bits |= rows[i - h]
    if x < w - 1:
        bits |= rows[i + h]
    if y > 0:
        bits |= rows[i - 1]
    if y < h - 1:
        bits |= rows[i + 1]
    return bits


@kernel
def _grow(air, reached, x, y, w, h):
    """Spread into row (x, y) from its neighbours and along z; True when that reached a new cell."""
    i = x * h + y
    free = air[i] & ~reached[i]
    if free == 0:
        return False
    new = _around(reached, i, x, y, w, h) & free
    if new == 0:
        return False
    bits = reached[i] | new
    while True:
        more = ((bits << np.uint64(1)) | (bits >> np.uint64(1))) & air[i] & ~bits
        if more == 0:
            break
        bits |= more
    reached[i] = bits
    return True


@kernel
def _flood(size, blocks, x, y, z, air, reached):
    """Fill the bit rows of air cells and of the air that is connected with the cell (x, y, z)."""
    w, h, d = size
    c = 0
    for i in range(w * h):
        bits = np.uint64(0)
        for k in range(d):
            if blocks[c] == AIR:
                bits |= np.uint64(1) << np.uint64(k)
            c += 1
        air[i] = bits
        reached[i] = 0
    reached[x * h + min(y, h - 1)] = np.uint64(1) << np.uint64(z)
    grown = True
    while grown:
        grown = False
        for i in range(w):
            for j in range(h):
                grown |= _grow(air, reached, i, j, w, h)
        for i in range(w - 1, -1, -1):
            for j in range(h - 1, -1, -1):
                grown |= _grow(air, reached, i, j, w, h)


@kernel
def _list_cell(listed, cells, c, n):
    listed[c] = True
    cells[n] = c
    return n + 1


@kernel
def survey(rules, state, row, player, traits, scene):
    """Fill the scene for world `row`: lists, legal moves, possible targets and their weights for builder
    types `traits` (T, NUM_TRAITS).
    """
    w, h, d = rules.size
    blocks, feet = state.blocks[row], state.feet[row]
    places, breaks = legal_cells(rules, state, row, player, scene.place, scene.break_)
    moves = 0
    for m in range(6):
        scene.moves[m] = (
            rules.walking and rules.abilities[player, 2] and can_move(rules, blocks, feet, player, m)
        )
        moves += scene.moves[m]
    me = feet[player]
    air, reached = scene.rows[0], scene.rows[1]
    _flood(rules.size, blocks, me[0], me[1] + 1, me[2], air, reached)
    everything = (np.uint64(1) << np.uint64(d)) - np.uint64(1)
    solid = scene.rows[2]
    for i in range(w * h):
        solid[i] = ~air[i] & everything
    listed, cells, sealed = scene.listed, scene.cell, scene.sealed
    listed[:] = False
    n = 0
    for i in range(places):
        n = _list_cell(listed, cells, scene.place[i], n)
    for i in range(breaks):
        n = _list_cell(listed, cells, scene.break_[i], n)
    near = n
    for x in range(w):
        for y in range(h):
            i = x * h + y
            faces = _around(reached, i, x, y, w, h) & solid[i]
            bits = (_around(solid, i, x, y, w, h) & reached[i]) | faces
            open_ = reached[i] | faces
            for c in range(i * d, i * d + d):
                if bits & np.uint64(1) and blocks[c] != BEDROCK and not listed[c]:
                    n = _list_cell(listed, cells, c, n)
                sealed[c] = not open_ & np.uint64(1)
                bits >>= np.uint64(1)
                open_ >>= np.uint64(1)
    scene.counts[:] = (places, breaks, near, n, 0, 0, moves)
    scene.way[:] = _UNKNOWN
    for t in range(traits.shape[0]):
        _weigh(
            rules.size,
            blocks,
            feet[player],
            state.touched[row],
            state.last_edit[row],
            player,
            traits[t],
            cells,
            near,
            n,
            scene.weight[t],
        )


@kernel
def _beyond(size, cell, x, y, z, free):
    """Chebyshev distance of (x, y, z) from `cell` beyond `free`; 0 without a cell."""
    if cell < 0:
        return 0
    cx, cy, cz = cell // (size[1] * size[2]), (cell // size[2]) % size[1], cell % size[2]
    return max(0, max(abs(x - cx), abs(y - cy), abs(z - cz)) - free)


@kernel
def ahead(size, touched, last_edit, player):
    """The cell that continues a player's line: from the neighbour of its last edit that it changed latest,
    through the last edit, one on. -1 for none.
    """
    last = last_edit[player]
    if last < 0:
        return -1
    _w, h, d = size
    x, y, z = last // (h * d), (last // d) % h, last % d
    latest, found = 0, -1
    for m in range(6):
        nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
        if inside(size, nx, ny, nz):
            mark = touched[cell_index(size, nx, ny, nz)]
            if touched_by(mark) == 1 + player and mark > latest:
                latest = mark
                ax, ay, az = x - MOVES[m, 0], y - MOVES[m, 1], z - MOVES[m, 2]
                found = cell_index(size, ax, ay, az) if inside(size, ax, ay, az) else -1
    return found


@kernel
def _built_around(size, blocks, touched, player, x, y, z):
    """Number of neighbours of a cell that are blocks which this player placed."""
    count = 0
    for m in range(6):
        nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
        if inside(size, nx, ny, nz):
            n = cell_index(size, nx, ny, nz)
            count += blocks[n] != AIR and touched_by(touched[n]) == 1 + player
    return count


@kernel
def _weigh(size, blocks, feet, touched, last_edit, player, traits, cells, near, listed, weight):
    _w, h, d = size
    own, other = last_edit[player], last_edit[1 - player]
    on = ahead(size, touched, last_edit, player)
    weight[:] = 0.0
    for i in range(listed):
        c = cells[i]
        x, y, z = c // (h * d), (c // d) % h, c % d
        distance = math.sqrt((x - feet[0]) ** 2 + (y - feet[1] - 1.1) ** 2 + (z - feet[2]) ** 2)
        score = (
            -traits[HEIGHT] * y
            - traits[LOCALITY] * _beyond(size, own, x, y, z, 1)
            - traits[WALK] * max(0.0, distance - traits[COMFORT])
        )
        if traits[FOLLOW] != 0.0:
            score -= traits[FOLLOW] * min(FOLLOW_WITHIN, _beyond(size, other, x, y, z, 1))
        by = touched_by(touched[c])
        if by == 1 + ASSISTANT:
            score += traits[REPAIR]
        if own >= 0:
            gap = abs(x - own // (h * d)) + abs(y - (own // d) % h) + abs(z - own % d)
            score -= traits[DRIFT] * min(DRIFT_WITHIN, gap)
            if _beyond(size, own, x, y, z, 1) == 0:
                score += traits[TOUCH]
            if gap == 1:
                score += traits[FACE]
            if (blocks[c] == AIR) != (blocks[own] == AIR):
                score += traits[PERSIST]
        if c == on:
            score += traits[LINE]
        if traits[BESIDE] != 0.0:
            score += traits[BESIDE] * _built_around(size, blocks, touched, player, x, y, z)
        if blocks[c] != AIR:
            score += traits[CLEAR]
        elif by == 1 + player:
            score += traits[REFILL]
        if i < near:
            score += traits[STAY]
        weight[0 if i < near else 1, c] = math.exp(traits[RATIONALITY] * score)


@kernel
def _expand(rules, state, row, player, scene):
    """Grow the path search by one feet cell; False when everything is explored."""
    _w, h, d = rules.size
    queued, done = scene.counts[4], scene.counts[5]
    me, other = state.feet[row, player], state.feet[row, 1 - player]
    if queued == 0:
        scene.first_move[:] = -1
        start = (me[0] * h + me[1]) * d + me[2]
        scene.queue[0] = start
        scene.first_move[start] = 6
        scene.counts[4] = 1
        return True
    if done == queued:
        return False
    c = scene.queue[done]
    x, y, z = c // (h * d), (c // d) % h, c % d
    for m in range(6):
        nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
        if can_stand(rules, state.blocks[row], nx, ny, nz, other):
            n = (nx * h + ny) * d + nz
            if scene.first_move[n] < 0:
                scene.first_move[n] = m if done == 0 else scene.first_move[c]
                scene.queue[queued] = n
                queued += 1
    scene.counts[4] = queued
    scene.counts[5] = done + 1
    return True


@kernel
def way_to(rules, state, row, player, scene, cell):
    """First move (0..5) of the shortest path to a place from which `cell` can be clicked; -1 when there is
    none.
    """
    if scene.way[cell] != _UNKNOWN:
        return scene.way[cell]
    scene.way[cell] = UNREACHABLE
    if not rules.walking or not rules.abilities[player, 2]:
        return UNREACHABLE
    _w, h, d = rules.size
    blocks = state.blocks[row]
    x, y, z = cell // (h * d), (cell // d) % h, cell % d
    click = 0 if blocks[cell] == AIR else 1
    faces = (
        solid_faces(rules.size, blocks, x, y, z, cell)
        if click == 0
        else air_faces(rules.size, blocks, x, y, z, cell)
    )
    other_feet, other_head = body_cells(rules.size, state.feet[row, 1 - player])
    if faces == 0 or cell == other_feet or cell == other_head:
        return UNREACHABLE
    stand = scene.stand
    i = 1
    while True:
        while i >= scene.counts[4]:
            if not _expand(rules, state, row, player, scene):
                return UNREACHABLE
        c = scene.queue[i]
        i += 1
        stand[0], stand[1], stand[2] = c // (h * d), (c // d) % h, c % d
        dx, dy, dz = x - stand[0], y - stand[1], z - stand[2]
        if dx * dx + (dy - 1) ** 2 + dz * dz > 20 or (
            click == 0 and dx == 0 and dz == 0 and (dy == 0 or dy == 1)
        ):
            continue
        k = offset_index(dx, dy, dz)
        if can_click(
            rules.size, rules.sight, blocks, click, stand, x, y, z, k, faces, other_feet, other_head
        ):
            scene.way[cell] = scene.first_move[c]
            return scene.way[cell]
