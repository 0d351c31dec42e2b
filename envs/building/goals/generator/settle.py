"""From the canvas to the box: what a goal shows of a house drawn at its native size.

A house that fits is placed; a larger one is either shrunk by deleting, again and again, the plane most like
its neighbour, or cut by the box, as the houses of the libraries were. Then it weathers, and what hangs in
the air falls away.
"""

from __future__ import annotations

from numba import njit

from ...world import AIR, DIRT
from ..transforms import drop_floating
from .draws import between, chance, pick, uniform


@njit(cache=True, nogil=True)
def settle(rng, odds, site, structure):
    """Write to ``structure`` what the box shows of the canvas."""
    structure[:] = AIR
    counts = _bounds(rng, odds, site)
    if counts[0] == 0:
        return
    if chance(rng, odds.mirrored):
        _mirror(site, counts, chance(rng, 0.5))
    oversize = False
    for axis in range(3):
        oversize = oversize or counts[axis] > structure.shape[axis]
    if oversize and chance(rng, odds.cropped):
        width, height, depth = _crop(rng, odds, site, counts, structure.shape)
    else:
        width, height, depth = thin_planes(site.canvas, site.kept, site.unlike, counts, structure.shape)
    room_x, room_z = structure.shape[0] - width, structure.shape[2] - depth
    x, z = room_x // 2, room_z // 2
    if chance(rng, odds.off_centre):
        x, z = between(rng, 0, room_x), between(rng, 0, room_z)
    for i in range(width):
        for j in range(height):
            for k in range(depth):
                structure[x + i, j, z + k] = site.canvas[site.kept[0, i], site.kept[1, j], site.kept[2, k]]
    _weather(rng, odds, structure)
    drop_floating(structure)


@njit(cache=True, nogil=True)
def count_changed(structure):
    """Kernel form of `transforms.changed_cells` for one structure."""
    count = 0
    for x in range(structure.shape[0]):
        for y in range(structure.shape[1]):
            for z in range(structure.shape[2]):
                block = structure[x, y, z]
                count += block != AIR and not (y == 0 and block == DIRT)
    return count


@njit(cache=True, nogil=True)
def _bounds(rng, odds, site):
    """List in ``site.kept`` the planes of the canvas around what is built; how many there are per axis.

    The lowest goes where builders' ground floors were lost with the ground.
    """
    canvas = site.canvas
    first_x, last_x, first_z, last_z, last_y = canvas.shape[0], -1, canvas.shape[2], -1, -1
    for x in range(canvas.shape[0]):
        for y in range(canvas.shape[1]):
            for z in range(canvas.shape[2]):
                if canvas[x, y, z] != AIR:
                    first_x, last_x = min(first_x, x), x
                    first_z, last_z = min(first_z, z), max(last_z, z)
                    last_y = max(last_y, y)
    first_y = 1 if last_y > 2 and chance(rng, odds.lost_ground) else 0
    for i in range(last_x - first_x + 1):
        site.kept[0, i] = first_x + i
    for j in range(last_y - first_y + 1):
        site.kept[1, j] = first_y + j
    for k in range(last_z - first_z + 1):
        site.kept[2, k] = first_z + k
    return max(0, last_x - first_x + 1), max(0, last_y - first_y + 1), max(0, last_z - first_z + 1)


@njit(cache=True, nogil=True)
def _mirror(site, counts, along_x):
    """Make the far half of what is built along an axis the mirror image of the near half."""
    canvas, kept = site.canvas, site.kept
    for i in range(counts[0]):
        for k in range(counts[2]):
            x, z = kept[0, i], kept[2, k]
            from_x = kept[0, min(i, counts[0] - 1 - i)] if along_x else x
            from_z = z if along_x else kept[2, min(k, counts[2] - 1 - k)]
            for y in range(canvas.shape[1]):
                canvas[x, y, z] = canvas[from_x, y, from_z]


@njit(cache=True, nogil=True)
def thin_planes(canvas, kept, unlike, counts, box):
    """Drop planes from the lists in ``kept`` until at most ``box`` are left; how many are, per axis.

    ``kept`` (3, n) lists ``counts`` planes of the canvas per axis; ``unlike`` (n,) is scratch. The kernel
    form of `transforms.thin`: no plane is copied, and a deletion changes one difference only.
    """
    lengths = [counts[0], counts[1], counts[2]]
    for axis in range(3):
        n = lengths[axis]
        if n <= box[axis]:
            continue
        for i in range(n - 1):
            unlike[i] = _difference(canvas, kept, lengths, axis, i)
        while n > box[axis]:
            if n == 1:
                break
            least = 0
            for i in range(1, n - 1):
                if unlike[i] < unlike[least]:
                    least = i
            gone = min(least + 1, max(1, n - 2))
            for i in range(gone, n - 1):
                kept[axis, i] = kept[axis, i + 1]
            for i in range(gone, n - 2):
                unlike[i] = unlike[i + 1]
            n -= 1
            if gone < n:
                unlike[gone - 1] = _difference(canvas, kept, lengths, axis, gone - 1)
        lengths[axis] = n
    return lengths[0], lengths[1], lengths[2]


@njit(cache=True, nogil=True)
def _difference(canvas, kept, lengths, axis, i):
    """In how many cells the kept planes ``i`` and ``i + 1`` along ``axis`` differ."""
    count = 0
    if axis == 0:
        a, b = kept[0, i], kept[0, i + 1]
        for j in range(lengths[1]):
            for k in range(lengths[2]):
                y, z = kept[1, j], kept[2, k]
                count += canvas[a, y, z] != canvas[b, y, z]
    elif axis == 1:
        a, b = kept[1, i], kept[1, i + 1]
        for j in range(lengths[0]):
            for k in range(lengths[2]):
                x, z = kept[0, j], kept[2, k]
                count += canvas[x, a, z] != canvas[x, b, z]
    else:
        a, b = kept[2, i], kept[2, i + 1]
        for j in range(lengths[0]):
            for k in range(lengths[1]):
                x, y = kept[0, j], kept[1, k]
                count += canvas[x, y, a] != canvas[x, y, b]
    return count


@njit(cache=True, nogil=True)
def _crop(rng, odds, site, counts, box):
    """Keep the window of the box's size, from the ground up, that holds most blocks, or any; its sides."""
    canvas, kept, sums = site.canvas, site.kept, site.rise
    width, height, depth = min(counts[0], box[0]), min(counts[1], box[1]), min(counts[2], box[2])
    best_x, best_z = between(rng, 0, counts[0] - width), between(rng, 0, counts[2] - depth)
    if not chance(rng, odds.stray_crop):
        for i in range(counts[0]):
            for k in range(counts[2]):
                total = 0
                for j in range(height):
                    total += canvas[kept[0, i], kept[1, j], kept[2, k]] != AIR
                sums[i, k] = total
        most = -1
        for i in range(counts[0] - width + 1):
            for k in range(counts[2] - depth + 1):
                total = 0
                for a in range(width):
                    for b in range(depth):
                        total += sums[i + a, k + b]
                if total > most:
                    most, best_x, best_z = total, i, k
    for i in range(width):
        kept[0, i] = kept[0, best_x + i]
    for k in range(depth):
        kept[2, k] = kept[2, best_z + k]
    return width, height, depth


@njit(cache=True, nogil=True)
def _weather(rng, odds, structure):
    """Take out or exchange single blocks, and tear out a piece."""
    if chance(rng, odds.worn):
        share = uniform(rng) * odds.wear
        for x in range(structure.shape[0]):
            for y in range(structure.shape[1]):
                for z in range(structure.shape[2]):
                    if structure[x, y, z] != AIR and chance(rng, share):
                        gone = chance(rng, 0.6)
                        structure[x, y, z] = AIR if gone else pick(rng, odds.loose_blocks)
    if chance(rng, odds.torn):
        low_x, low_y = between(rng, 0, structure.shape[0] - 2), between(rng, 0, structure.shape[1] - 2)
        low_z = between(rng, 0, structure.shape[2] - 2)
        for x in range(low_x, min(structure.shape[0], low_x + between(rng, 2, 4))):
            for y in range(low_y, min(structure.shape[1], low_y + between(rng, 2, 4))):
                for z in range(low_z, min(structure.shape[2], low_z + between(rng, 2, 4))):
                    structure[x, y, z] = AIR
