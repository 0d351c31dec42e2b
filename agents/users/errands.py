"""How far it is to the next useful edit, from where a player stands and from each place one move away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from envs.building.actions import MOVES
from envs.building.rules import body_cells, can_edit, can_stand
from envs.building.world import AIR, Size
from envs.kernels import kernel

NOWHERE = 127
"""Steps to a useful edit when no way leads to one, or when a move is not legal."""
_NOT_SEEN = -1


class Errands(NamedTuple):
    """Scratch memory for worlds of N cells."""

    queue: np.ndarray
    """(N,) int32 feet cells in the order in which they are found."""
    outward: np.ndarray
    """(N,) int16 steps from the player, -1 where not found."""
    homeward: np.ndarray
    """(N,) int16 steps to the nearest place with a useful edit at hand, -1 where not found."""
    feet: np.ndarray
    """(2, 3) int8 where the players would stand."""
    steps: np.ndarray
    """(7,) int64 what is found: steps to a useful edit after each of the six moves, then from here."""


def new_errands(size: Size) -> Errands:
    """Scratch memory for worlds of this size."""
    cells = size[0] * size[1] * size[2]
    return Errands(
        np.zeros(cells, np.int32),
        np.zeros(cells, np.int16),
        np.zeros(cells, np.int16),
        np.zeros((2, 3), np.int8),
        np.zeros(7, np.int64),
    )


@kernel
def steps_to_work(rules, blocks, feet, player, targets, count, errands):
    """Fill `errands.steps` for a player at `feet` (2, 3), whose useful edits are the first `count` of the
    cells `targets`: to be placed into where they are air, to be broken where not.

    0 means that one of them is at hand. What edits would open or close is not foreseen.
    """
    _w, h, d = rules.size
    errands.outward[:] = _NOT_SEEN
    errands.homeward[:] = _NOT_SEEN
    for p in range(2):
        for axis in range(3):
            errands.feet[p, axis] = feet[p, axis]
    errands.steps[:] = NOWHERE
    other = feet[1 - player]
    start = (np.int64(feet[player, 0]) * h + feet[player, 1]) * d + feet[player, 2]
    errands.queue[0] = start
    errands.outward[start] = 0
    found, done, limit = 1, 0, np.int64(NOWHERE)
    # Outwards, until everything is seen that a shortest way from a neighbouring place could use.
    while done < found:
        c = np.int64(errands.queue[done])
        done += 1
        away = np.int64(errands.outward[c])
        if away > limit:
            break
        x, y, z = c // (h * d), (c // d) % h, c % d
        if _work_at(rules, blocks, player, targets, count, errands.feet, x, y, z):
            errands.homeward[c] = 0
            limit = min(limit, away + 2)
        for m in range(6):
            nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
            if can_stand(rules, blocks, nx, ny, nz, other):
                n = (nx * h + ny) * d + nz
                if errands.outward[n] == _NOT_SEEN:
                    errands.outward[n] = away + 1
                    errands.queue[found] = n
                    found += 1
    if limit == NOWHERE:
        return
    _homewards(rules, blocks, other, errands, found)
    x, y, z = start // (h * d), (start // d) % h, start % d
    if errands.homeward[start] != _NOT_SEEN:
        errands.steps[6] = errands.homeward[start]
    for m in range(6):
        nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
        if can_stand(rules, blocks, nx, ny, nz, other):
            n = (nx * h + ny) * d + nz
            if errands.homeward[n] != _NOT_SEEN:
                errands.steps[m] = errands.homeward[n]


@kernel
def _work_at(rules, blocks, player, targets, count, feet, x, y, z):
    """True when one of the targets can be edited by a player who stands at (x, y, z)."""
    _w, h, d = rules.size
    feet[player, 0], feet[player, 1], feet[player, 2] = x, y, z
    own_feet, own_head = body_cells(rules.size, feet[player])
    for i in range(count):
        c = np.int64(targets[i])
        dx, dy, dz = c // (h * d) - x, (c // d) % h - y - 1, c % d - z
        if dx * dx + dy * dy + dz * dz > 20 or c == own_feet or c == own_head:
            continue
        click = np.int64(0) if blocks[c] == AIR else np.int64(1)
        if can_edit(rules, blocks, feet, player, click, c):
            return True
    return False


@kernel
def _homewards(rules, blocks, other, errands, found):
    """Spread `homeward` from the places with work over the places that were found."""
    _w, h, d = rules.size
    queued = 0
    for i in range(found):  # the queue is read no more: it is written over from its start, never ahead of i
        c = errands.queue[i]
        if errands.homeward[c] == 0:
            errands.queue[queued] = c
            queued += 1
    done = 0
    while done < queued:
        c = np.int64(errands.queue[done])
        done += 1
        x, y, z = c // (h * d), (c // d) % h, c % d
        for m in range(6):
            nx, ny, nz = x + MOVES[m, 0], y + MOVES[m, 1], z + MOVES[m, 2]
            if can_stand(rules, blocks, nx, ny, nz, other):
                n = (nx * h + ny) * d + nz
                if errands.outward[n] != _NOT_SEEN and errands.homeward[n] == _NOT_SEEN:
                    errands.homeward[n] = errands.homeward[c] + 1
                    errands.queue[queued] = n
                    queued += 1
