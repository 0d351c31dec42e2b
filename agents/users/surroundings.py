"""What a builder who knows the goal sees, in its own terms: every cell it could work on, seen from its eye.

Networks that imitate people (`cloned`) read this in place of planes over the whole world. Recorded people
are few, so whatever is known to be the same is made the same here: places are relative to the builder's
eye and to its last edit, blocks appear only by what they are to the goal and to the hand (never which
ones they are, so that a house in other materials looks the same), and everything may be seen in the
game's mirrors (`flips`).

*Candidates* are the cells that can be clicked now, and those farther off that differ from the goal and
could be worked on from elsewhere. Each has features of its own; `overall` has what is true of the moment:
what was done last, and the ways to the next useful edit (`errands`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, MOVES, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules, solid_faces
from envs.building.state import State, touched_by
from envs.building.world import AIR, BEDROCK, NUM_BLOCKS, USER, cell_index, inside
from envs.kernels import inlined, kernel

from .errands import Errands, new_errands, steps_to_work
from .scene import Scene, ahead, new_scene, survey
from .traits import NUM_TRAITS

CAN_PLACE, CAN_BREAK, WANTED = 1, 2, 4
"""Bits of `Surroundings.can`: may be placed into now, may be broken now, differs from the goal."""
GOALS, IN_HAND, NEARBY, OTHER = range(4)
"""What a block is to a cell: the goal's block there; else the one placed last; else the goal's in one of the
six neighbours; else any other."""
MEANINGS, PLACEABLE = 4, NUM_BLOCKS - 2
_AROUND = 26
_OWN = 43
PER_CELL = _OWN + 2 * _AROUND
"""Features of a candidate: its own, then of each of 26 neighbours whether it is solid and is to be."""
OVERALL = 66
"""Features of a moment."""
_RECENT, _LATELY = 12.0, 80.0
"""Steps after which marks of a change have faded to 1 / e."""
_REACH = 4.0
"""Cells that make 1 in features of distance."""


class Surroundings(NamedTuple):
    """What builders see in n moments, with room for L candidates each."""

    counts: np.ndarray
    """(n,) int64 candidates of each moment."""
    cells: np.ndarray
    """(n, L) int16 their cells."""
    can: np.ndarray
    """(n, L) uint8 bits CAN_PLACE, CAN_BREAK, WANTED; 0 beyond the candidates."""
    meanings: np.ndarray
    """(n, L, 8) uint8 what the blocks 2..9 are to the cell: GOALS, IN_HAND, NEARBY or OTHER."""
    features: np.ndarray
    """(n, L, PER_CELL) float32; 0 beyond the candidates."""
    moves: np.ndarray
    """(n, 6) bool legal moves, as the mirror shows them."""
    overall: np.ndarray
    """(n, OVERALL) float32."""
    steps: np.ndarray
    """(n, 7) int64 of `Errands.steps`, not mirrored."""

    @property
    def longest(self) -> int:
        """The most candidates of a moment."""
        return int(self.counts.max(initial=1))


class Looker:
    """Looks at batches of worlds of one configuration, with scratch memory of its own."""

    def __init__(self, config: BuildingConfig, player: int = USER):
        """Builders look before they act: with line of sight, whatever the configuration's legal lists have.

        ValueError for worlds without walking or with inventories, where nobody was recorded.
        """
        if config.movement != "walk" or config.blocks != "unlimited":
            raise ValueError(
                f"cloned people know worlds with movement 'walk' and blocks 'unlimited', not"
                f" {config.movement!r} and {config.blocks!r}; choose another user"
            )
        self.rules = compile_rules(BuildingConfig(config.size, user=config.user, assistant=config.assistant))
        self.player = player
        self.nobody = np.zeros((0, NUM_TRAITS))
        self.scene: Scene = new_scene(config.size, 0)
        self._errands: Errands = new_errands(config.size)

    def look(
        self, state: State, goals: np.ndarray, rows: np.ndarray, flips: np.ndarray | None = None
    ) -> Surroundings:
        """What builders with goals (B, N) see in the worlds `rows` (n,) of a state of B worlds.

        flips: (n,) uint8, 1 to reflect x, 2 to reflect z, 3 both.
        """
        count, cells = len(rows), state.blocks.shape[1]
        flips = np.zeros(count, np.uint8) if flips is None else flips
        out = Surroundings(
            np.zeros(count, np.int64),
            np.zeros((count, cells), np.int16),
            np.zeros((count, cells), np.uint8),
            np.zeros((count, cells, PLACEABLE), np.uint8),
            np.empty((count, cells, PER_CELL), np.float32),
            np.zeros((count, 6), np.bool_),
            np.zeros((count, OVERALL), np.float32),
            np.zeros((count, 7), np.int64),
        )
        _look_batch(
            self.rules,
            state,
            self.player,
            goals,
            rows.astype(np.int64),
            flips,
            self.nobody,
            self.scene,
            self._errands,
            *out,
        )
        longest = out.longest
        return out._replace(
            cells=out.cells[:, :longest],
            can=out.can[:, :longest],
            meanings=out.meanings[:, :longest],
            features=out.features[:, :longest],
        )


@kernel
def _look_batch(
    rules,
    state,
    player,
    goals,
    rows,
    flips,
    nobody,
    scene,
    errands,
    counts,
    cells,
    can,
    meanings,
    features,
    moves,
    overall,
    steps,
):
    longest = 0
    for i in range(rows.shape[0]):
        row = rows[i]
        survey(rules, state, row, player, nobody, scene)
        count = _candidates(state.blocks[row], goals[row], scene, cells[i], can[i])
        counts[i] = count
        longest = max(longest, count)
        _find_ways(rules, state, row, player, goals[row], scene, errands)
        for m in range(7):
            steps[i, m] = errands.steps[m]
        flip = np.int64(flips[i])
        for m in range(6):
            moves[i, mirrored_move(m, flip)] = scene.moves[m]
        for j in range(count):
            features[i, j, :] = 0.0
            c = np.int64(cells[i, j])
            _describe(rules.size, state, row, player, goals[row], c, can[i, j], flip, features[i, j])
            _mean(rules.size, state, row, player, goals[row], c, meanings[i, j])
        _describe_moment(
            rules.size,
            state,
            row,
            player,
            goals[row],
            cells[i],
            can[i],
            count,
            moves[i],
            flip,
            steps[i],
            overall[i],
        )
    for i in range(rows.shape[0]):
        for j in range(counts[i], longest):
            features[i, j, :] = 0.0


@inlined
def mirrored_move(move, flip):
    """The move 0..5 as a mirror shows it: those along x and z turn round."""
    turned = (flip & 1 and move // 2 == 0) or (flip & 2 and move // 2 == 2)
    return move ^ 1 if turned else move


@kernel
def _candidates(blocks, goal, scene, cells, can):
    """List the cells that can be clicked, then the wanted ones among the others; returns their number."""
    places, breaks, near, listed = scene.counts[0], scene.counts[1], scene.counts[2], scene.counts[3]
    n = 0
    for i in range(listed):
        c = scene.cell[i]
        wanted = blocks[c] != goal[c]
        if i >= near and not wanted:
            continue
        cells[n] = c
        can[n] = WANTED if wanted else 0
        if i < places:
            can[n] |= CAN_PLACE
        elif i < places + breaks:
            can[n] |= CAN_BREAK
        n += 1
    return n


@kernel
def _find_ways(rules, state, row, player, goal, scene, errands):
    """`steps_to_work` with all listed cells that differ from the goal."""
    count = 0
    blocks, targets = state.blocks[row], scene.place  # the list of places is not needed any more
    for i in range(scene.counts[3]):
        c = scene.cell[i]
        if blocks[c] != goal[c]:
            targets[count] = c
            count += 1
    steps_to_work(rules, blocks, state.feet[row], player, targets, count, errands)


@inlined
def _place_of(size, c):
    return c // (size[1] * size[2]), (c // size[2]) % size[1], c % size[2]


@inlined
def _short(value):
    """A distance in features."""
    return max(-3.0, min(3.0, value / _REACH))


@kernel
def _describe(size, state, row, player, goal, c, can, flip, out):
    """Write the features of one candidate."""
    blocks, touched, feet = state.blocks[row], state.touched[row], state.feet[row, player]
    sx, sz = -1 if flip & 1 else 1, -1 if flip & 2 else 1
    x, y, z = _place_of(size, c)
    dx, dy, dz = sx * (x - feet[0]), y - feet[1] - 1, sz * (z - feet[2])
    out[0], out[1], out[2] = _short(dx), _short(dy), _short(dz)
    out[3], out[4], out[5] = abs(out[0]), abs(out[1]), abs(out[2])
    out[6] = _short(math.sqrt(dx * dx + dy * dy + dz * dz))
    out[7] = dx == 0 and dz == 0
    out[8] = dx == 0 and dz == 0 and dy == -2
    last, other = np.int64(state.last_edit[row, player]), np.int64(state.last_edit[row, 1 - player])
    held = np.int64(blocks[last]) if last >= 0 else AIR
    if last >= 0:
        lx, ly, lz = _place_of(size, last)
        ex, ey, ez = sx * (x - lx), y - ly, sz * (z - lz)
        out[9] = 1.0
        out[10], out[11], out[12] = _short(ex), _short(ey), _short(ez)
        out[13], out[14], out[15] = abs(out[10]), abs(out[11]), abs(out[12])
        out[16] = max(abs(ex), abs(ey), abs(ez)) <= 1
        out[17] = abs(ex) + abs(ey) + abs(ez) == 1
        out[18] = ey == 0
        out[19] = c == last
        out[20] = c == ahead(size, touched, state.last_edit[row], player)
        out[21] = (blocks[c] == AIR) == (held == AIR)
    if other >= 0:
        ox, oy, oz = _place_of(size, other)
        away = max(abs(x - ox), abs(y - oy), abs(z - oz))
        out[22] = math.exp(-away / _REACH)
    out[23] = (can & CAN_PLACE) > 0
    out[24] = (can & CAN_BREAK) > 0
    wanted = (can & WANTED) > 0
    out[25] = wanted
    out[26] = wanted and blocks[c] == AIR
    out[27] = wanted and blocks[c] != AIR and goal[c] == AIR
    out[28] = wanted and blocks[c] != AIR and goal[c] != AIR
    out[29] = goal[c] != AIR
    out[30] = goal[c] != AIR and goal[c] == held
    by = touched_by(touched[c])
    if by > 0:
        age = state.clock[row] - (touched[c] - 1) // 2
        out[31] = by == 1 + player
        out[32] = by == 2 - player
        out[33] = math.exp(-age / _RECENT)
        out[34] = math.exp(-age / _LATELY)
    out[35] = y / size[1]
    out[36] = y == 1
    _describe_around(size, blocks, touched, goal, player, x, y, z, sx, sz, out)


@kernel
def _describe_around(size, blocks, touched, goal, player, x, y, z, sx, sz, out):
    """Write the features of a candidate at (x, y, z) that count neighbours, and those of each neighbour."""
    c = cell_index(size, x, y, z)
    i = _OWN
    for ax in range(-1, 2):
        for ay in range(-1, 2):
            for az in range(-1, 2):
                if ax == 0 and ay == 0 and az == 0:
                    continue
                nx, ny, nz = x + sx * ax, y + ay, z + sz * az
                if inside(size, nx, ny, nz):
                    n = cell_index(size, nx, ny, nz)
                    out[i] = blocks[n] != AIR
                    out[i + 1] = goal[n] != AIR
                    if abs(ax) + abs(ay) + abs(az) == 1:
                        out[37] += blocks[n] != AIR and touched_by(touched[n]) == 1 + player
                        out[38] += blocks[n] != goal[n]
                        out[39] += blocks[n] == AIR and goal[n] != AIR
                        out[40] += goal[c] != AIR and goal[n] == goal[c]
                i += 2
    faces = solid_faces(size, goal, x, y, z, c)
    neighbours = 0
    for bit in range(6):
        neighbours += faces >> bit & 1
    out[41] = neighbours <= 3
    out[42] = neighbours / 6.0


@kernel
def _mean(size, state, row, player, goal, c, out):
    """Write what each block 2..9 is to a cell."""
    out[:] = OTHER
    x, y, z = _place_of(size, c)
    for m in range(6):
        nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
        if inside(size, nx, ny, nz):
            block = np.int64(goal[cell_index(size, nx, ny, nz)])
            if block > BEDROCK:
                out[block - 2] = NEARBY
    held = held_block(state, row, player)
    if held > BEDROCK:
        out[held - 2] = IN_HAND
    if goal[c] > BEDROCK:
        out[np.int64(goal[c]) - 2] = GOALS


@inlined
def held_block(state, row, player):
    """The block a player placed last, AIR before its first edit and after a break."""
    last = np.int64(state.last_edit[row, player])
    return np.int64(state.blocks[row, last]) if last >= 0 else AIR


@kernel
def _describe_moment(size, state, row, player, goal, cells, can, count, moves, flip, steps, out):
    """Write the features of a moment."""
    feet, other, clock = state.feet[row, player], state.feet[row, 1 - player], state.clock[row]
    sx, sz = -1 if flip & 1 else 1, -1 if flip & 2 else 1
    kind = np.int64(state.previous[row, player, 0])
    if kind >= MOVE_FIRST:
        kind = MOVE_FIRST + mirrored_move(kind - MOVE_FIRST, flip)
    out[min(kind, 8)] = 1.0
    kind = state.previous[row, 1 - player, 0]
    out[9] = kind == PLACE or kind == BREAK
    out[10] = kind >= MOVE_FIRST
    here = steps[6]
    for m in range(6):
        seen = 11 + 4 * mirrored_move(m, flip)
        out[seen] = moves[mirrored_move(m, flip)]
        out[seen + 1] = steps[m] < here
        out[seen + 2] = steps[m] > here
        out[seen + 3] = steps[m] == 0
    out[35] = here == 0
    out[36] = math.exp(-here / 3.0)
    last = np.int64(state.last_edit[row, player])
    if last >= 0:
        age = clock - (state.touched[row, last] - 1) // 2
        out[37] = 1.0
        out[38] = math.exp(-age / _RECENT)
        out[39] = math.exp(-age / _LATELY)
        x, y, z = _place_of(size, last)
        out[40], out[41], out[42] = (
            _short(sx * (x - feet[0])),
            _short(y - feet[1] - 1),
            _short(sz * (z - feet[2])),
        )
        out[43] = abs(out[40]) + abs(out[41]) + abs(out[42])
    out[44] = sx * (feet[0] - (size[0] - 1) / 2) / size[0]
    out[45] = sz * (feet[2] - (size[2] - 1) / 2) / size[2]
    out[46] = feet[1] / size[1]
    out[47], out[48] = abs(out[44]), abs(out[45])
    out[49] = math.exp(-clock / 40.0)
    ox, oy, oz = other[0] - feet[0], other[1] - feet[1], other[2] - feet[2]
    out[50] = math.exp(-max(abs(ox), abs(oy), abs(oz)) / _REACH)
    out[51], out[52], out[53] = sx * ox / 8.0, oy / 8.0, sz * oz / 8.0
    near_places, near_breaks, far = 0, 0, 0
    for j in range(count):
        if can[j] & WANTED:
            near_places += (can[j] & CAN_PLACE) > 0
            near_breaks += (can[j] & CAN_BREAK) > 0
            far += can[j] == WANTED
            x, y, z = _place_of(size, np.int64(cells[j]))
            dx, dy, dz = sx * (x - feet[0]), y - feet[1] - 1, sz * (z - feet[2])
            pull = math.exp(-math.sqrt(dx * dx + dy * dy + dz * dz) / 3.0)
            out[54 if dx > 0 else 55] += pull * (dx != 0)
            out[56 if dy > 0 else 57] += pull * (dy != 0)
            out[58 if dz > 0 else 59] += pull * (dz != 0)
    out[60], out[61], out[62] = (
        math.log(1.0 + near_places) / 2,
        math.log(1.0 + near_breaks) / 2,
        math.log(1.0 + far) / 4,
    )
    left, solid = 0, 0
    for c in range(goal.shape[0]):
        left += state.blocks[row, c] != goal[c]
        solid += goal[c] != AIR and goal[c] != BEDROCK
    out[63] = left / max(1, solid)
    out[64] = math.exp(-left / 10.0)
    out[65] = near_places + near_breaks > 0
