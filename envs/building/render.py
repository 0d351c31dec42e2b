"""Pictures of the building world: text layers for terminals, pixels for pages, videos and reports.

``isometric`` looks along the diagonal (-1, -1, -1), so that every cube shows its top, its +z side (left) and
its +x side (right). In the 2:1 projection all cube edges fall on one lattice of screen triangles, and a
triangle is covered by the same cells over its whole area, met one after the other along one sight line. Who
hides whom is therefore settled per triangle (682 in the default world, whatever the scale); pixels are only
copied, from sprites that were cut into the same triangles.

The colours and letters are public so that other views (the web page, plots) can match these pictures.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .world import AIR, BLOCK_NAMES, NUM_BLOCKS, PLAYERS, Size, check_blocks, check_size

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int]

BLOCK_COLOURS: tuple[Colour, ...] = (
    (226, 235, 243),  # air, the background
    (58, 58, 66),  # bedrock
    (139, 98, 68),  # dirt
    (122, 125, 130),  # cobblestone
    (140, 204, 232),  # glass
    (104, 76, 46),  # log
    (208, 166, 104),  # planks
    (172, 178, 186),  # stone
    (126, 122, 156),  # stonebrick
    (243, 240, 232),  # wool
)
"""sRGB of each block id. Greys and browns differ in lightness too, for colour-blind eyes and for print."""

PLAYER_COLOURS: tuple[Colour, ...] = ((0, 114, 178), (240, 128, 0))
"""User blue, assistant orange: after Okabe and Ito's colour-blind-safe palette, with a deeper orange."""

WRONG_COLOUR: Colour = (214, 39, 132)
"""Marks blocks that the goal does not want where they are."""

BLOCK_LETTERS = ".BDCGLPSKW"
"""Character of each block id in ``ansi``; stonebrick is K because stone has the S."""
PLAYER_LETTERS = "UA"
BREAK_LETTER = "x"

MIN_SCALE, MAX_SCALE = 4, 64


def ansi(
    blocks: np.ndarray,
    feet: np.ndarray | None = None,
    goal: np.ndarray | None = None,
    color: bool = False,
    width: int = 100,
) -> str:
    """Draw a world as text: a map per layer y, side by side and wrapped to ``width`` columns, then a legend.

    In each map x runs to the right and z runs down; a cell is one character of ``BLOCK_LETTERS``. Players
    (feet and head) are U and A. With a goal, a cell that differs from it shows the wanted block's letter in
    lower case, or x where a block has to be broken for air.

    Args:
        blocks: ``(W, H, D)`` block ids.
        feet: ``(n, 3)`` feet cells (x, y, z) of the user and the assistant, n <= 2; heads may stick out on
            top.
        goal: ``(W, H, D)`` block ids of the finished world.
        color: add 24-bit ANSI colours: blocks on their own colour, missing blocks as coloured letters, blocks
            that have to be broken first on ``WRONG_COLOUR``.
        width: columns of text; a world wider than that gets one map per line.

    Raises:
        ValueError: a shape, block id or feet cell is wrong.
    """
    blocks, feet, goal = _checked(blocks, feet, goal)
    kinds = _kinds(blocks, feet, goal)[:, :-1]
    letters = np.array(list(BLOCK_LETTERS))[blocks]
    if goal is not None:
        wanted = np.array(list(BREAK_LETTER + BLOCK_LETTERS[1:].lower()))
        letters = np.where(blocks != goal, wanted[goal], letters)
    for player, letter in enumerate(PLAYER_LETTERS):
        letters[(kinds == _PLAYER + 2 * player) | (kinds == _PLAYER + 2 * player + 1)] = letter

    side, height, depth = blocks.shape
    gap = "  "
    per_line = max(1, (width + len(gap)) // (side + len(gap)))
    lines = []
    for lowest in range(0, height, per_line):
        layers = range(lowest, min(lowest + per_line, height))
        lines.append(gap.join(f"y={y}".ljust(side) for y in layers).rstrip())
        lines += [
            gap.join(_text(letters[:, y, z], kinds[:, y, z], color) for y in layers) for z in range(depth)
        ]
        lines.append("")
    return "\n".join([*lines, _legend(goal is not None, width)])


def isometric(
    blocks: np.ndarray,
    feet: np.ndarray | None = None,
    goal: np.ndarray | None = None,
    scale: int = 12,
) -> np.ndarray:
    """Draw a world from above its (+x, +y, +z) corner: ``(h, w, 3)`` uint8 sRGB.

    +x runs to the lower right and +z to the lower left. Glass is translucent; players are figures of two
    cells that shine faintly through what stands in front of them. With a goal, missing blocks are translucent
    ghosts and blocks that have to be broken first are crossed out in ``WRONG_COLOUR``.

    Args:
        blocks: ``(W, H, D)`` block ids.
        feet: ``(n, 3)`` feet cells (x, y, z) of the user and the assistant, n <= 2. A figure replaces what
            its two cells hold; the head may stick out on top.
        goal: ``(W, H, D)`` block ids of the finished world.
        scale: even number 4..64, the pixels along a cube's upright edge; a cube is twice as wide. The
            picture has ``w = (W + D + 1) * scale`` and ``h = (W + D + 2 * H + 4) * scale / 2``.

    Raises:
        ValueError: a shape, block id, feet cell or the scale is wrong.
    """
    if scale not in range(MIN_SCALE, MAX_SCALE + 1, 2):
        raise ValueError(f"scale is {scale!r}; give an even number of pixels, {MIN_SCALE}..{MAX_SCALE}")
    kinds = _kinds(*_checked(blocks, feet, goal))
    lines = _sight_lines(kinds.shape)
    seen = np.append(kinds, AIR)[lines.cells]
    # A face is as bright as the cell in front of it, which is the one that the sight line comes from.
    dark = np.zeros(seen.shape, np.uint8)
    dark[1:] = np.append(_in_shadow(kinds), 0)[lines.cells[:-1]]
    covered = np.zeros(seen.shape, bool)
    covered[1:] = np.logical_or.accumulate(_OPAQUE[seen[:-1]], axis=0)
    # Nothing is drawn between two cells of glass, nor between two ghosts.
    inner = np.zeros(seen.shape, bool)
    inner[1:] = (_SOFT[seen[1:]] > 0) & (_SOFT[seen[1:]] == _SOFT[seen[:-1]])

    tiles = _tiles(scale)
    lengths = tiles.light.shape[-2:]
    colours = np.empty((seen.shape[1] * lengths[0] + 1, 3), np.uint8)
    colours[:] = BLOCK_COLOURS[AIR]
    triangles = colours[:-1].reshape(-1, *lengths)
    _paint(triangles, tiles, (seen != AIR) & ~covered & ~inner, seen, dark, lines.faces)
    _paint(triangles, tiles, (seen >= _PLAYER) & covered, seen + _HIDDEN, dark, lines.faces)
    return colours.take(_places(kinds.shape, scale, scale // 2), axis=0)


def png_bytes(image: np.ndarray) -> bytes:
    """Encode an ``(h, w, 3)`` uint8 picture as a PNG file. Needs Pillow."""
    buffer = io.BytesIO()
    _pillow(image).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def gif_bytes(images: Sequence[np.ndarray], milliseconds: int = 100) -> bytes:
    """Encode equally large ``(h, w, 3)`` uint8 pictures as a GIF that repeats for ever. Needs Pillow.

    All frames share one palette of 255 colours, chosen from up to 16 of them.

    Args:
        images: at least one picture.
        milliseconds: time per frame, 20..60000; GIF counts in steps of 10.

    Raises:
        ValueError: no picture, pictures of different shapes, or a time out of range.
    """
    if len(images) == 0:
        raise ValueError("images is empty; give at least one picture")
    if not 20 <= milliseconds <= 60_000:
        raise ValueError(f"milliseconds is {milliseconds}; a frame of a GIF lasts 20..60000")
    for i, image in enumerate(images):
        if image.shape != images[0].shape:
            raise ValueError(
                f"images[{i}] has shape {image.shape}, images[0] {images[0].shape}; draw all at one scale"
            )
    from PIL.Image import Dither

    samples = np.linspace(0, len(images) - 1, min(len(images), 16)).astype(int)
    palette = _pillow(np.concatenate([images[i] for i in samples])).quantize(255)
    first, *rest = (_pillow(image).quantize(palette=palette, dither=Dither.NONE) for image in images)
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=int(milliseconds), loop=0)
    return buffer.getvalue()


# --- what each cell shows -----------------------------------------------------------------------------------

# A cell's kind is a block id or one of
_WRONG = NUM_BLOCKS  # + block id: a block that has to be broken
_GHOST = 2 * NUM_BLOCKS  # + block id: a block that is missing
_PLAYER = 3 * NUM_BLOCKS  # + 2 * player + (0 feet, 1 head)
_HIDDEN = 2 * len(PLAYERS)  # added to a player's kind behind opaque blocks
_NUM_KINDS = _PLAYER + 2 * _HIDDEN

_GLASS = BLOCK_NAMES.index("glass")
_SOFT = np.zeros(_NUM_KINDS, np.uint8)  # 1 glass, 2 ghosts: bodies that one looks into
_SOFT[[_GLASS, _WRONG + _GLASS]] = 1
_SOFT[_GHOST:_PLAYER] = 2
_OPAQUE = (_SOFT == 0) & (np.arange(_NUM_KINDS) < _PLAYER)
_OPAQUE[AIR] = False


def _checked(
    blocks: np.ndarray, feet: np.ndarray | None, goal: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    blocks = np.asarray(blocks)
    if blocks.ndim != 3:
        raise ValueError(f"blocks has shape {blocks.shape}; give one world (W, H, D)")
    size = check_size(blocks.shape)
    feet = np.zeros((0, 3), int) if feet is None else np.asarray(feet)
    if feet.ndim != 2 or feet.shape[1] != 3 or len(feet) > len(PLAYERS) or feet.dtype.kind not in "iu":
        raise ValueError(
            f"feet has shape {feet.shape} and type {feet.dtype}; give (n, 3) integers, n <= {len(PLAYERS)}"
        )
    for player, cell in enumerate(feet.tolist()):
        if not all(0 <= at < side for at, side in zip(cell, size, strict=True)):
            last = tuple(side - 1 for side in size)
            raise ValueError(f"feet[{player}] is {tuple(cell)}; cells are (0, 0, 0)..{last}")
    if goal is not None:
        goal = np.asarray(goal)
        if goal.shape != size:
            raise ValueError(f"goal has shape {goal.shape}; give the blocks' shape {size}")
        goal = check_blocks(goal, size, "goal")
    return check_blocks(blocks, size), feet, goal


def _kinds(blocks: np.ndarray, feet: np.ndarray, goal: np.ndarray | None) -> np.ndarray:
    """Kind of each cell, ``(W, H + 1, D)`` uint8: the world with a free layer for heads on top."""
    kinds = np.pad(blocks, ((0, 0), (0, 1), (0, 0)))
    if goal is not None:
        missing, wrong = (blocks == AIR) & (goal != AIR), (blocks != AIR) & (blocks != goal)
        world = kinds[:, :-1]
        world[missing] = _GHOST + goal[missing]
        world[wrong] += _WRONG
    for player, (x, y, z) in enumerate(feet):
        kinds[x, y : y + 2, z] = _PLAYER + 2 * player, _PLAYER + 2 * player + 1
    return kinds


def _in_shadow(kinds: np.ndarray) -> np.ndarray:
    """Cells without sun, ``(W, H + 1, D)`` bool. The sun stands half-way up on the -x side."""
    solid = _OPAQUE[kinds] | (kinds >= _PLAYER)
    shadow = np.zeros(kinds.shape, bool)
    shadow[1:] = solid[:-1]
    for y in reversed(range(kinds.shape[1] - 1)):
        shadow[1:, y] |= solid[:-1, y + 1] | shadow[:-1, y + 1]
    return shadow


# --- text ---------------------------------------------------------------------------------------------------


def _text(letters: np.ndarray, kinds: np.ndarray, color: bool) -> str:
    if not color:
        return "".join(letters)
    runs = groupby(zip(kinds.tolist(), letters.tolist(), strict=True), key=lambda cell: cell[0])
    return "".join(f"\x1b[{_style(kind)}m{''.join(letter for _, letter in run)}\x1b[0m" for kind, run in runs)


def _style(kind: int) -> str:
    """Parameters of the ANSI "select graphic rendition" sequence for a kind."""
    if kind == AIR:
        return "2"
    if _GHOST <= kind < _PLAYER:
        return "1;38;2;{};{};{}".format(*BLOCK_COLOURS[kind - _GHOST])
    if kind >= _PLAYER:
        paper = PLAYER_COLOURS[(kind - _PLAYER) // 2]
    else:
        paper = BLOCK_COLOURS[kind] if kind < _WRONG else WRONG_COLOUR
    ink = 97 if sum(paper) < 3 * 128 else 30
    return "{};48;2;{};{};{}".format(ink, *paper)


def _legend(with_goal: bool, width: int) -> str:
    items = [
        f"{letter} {name}"
        for letter, name in zip(BLOCK_LETTERS + PLAYER_LETTERS, (*BLOCK_NAMES, *PLAYERS), strict=True)
    ]
    if with_goal:
        items += ["lower case: block to place", f"{BREAK_LETTER} block to break"]
    hard_space = "\xa0"  # keeps an item on one line
    text = "  ".join(item.replace(" ", hard_space) for item in items)
    return textwrap.fill(text, max(width, 1), break_long_words=False).replace(hard_space, " ")


# --- geometry -----------------------------------------------------------------------------------------------
#
# With x, y, z in cells, the slopes a = x - y + H and b = z - y + H are constant along a sight line. On the
# screen a - b counts cells to the right, (a + b) / 2 cells downwards. The lines where a, b or a - b is an
# integer are the cube edges; they bound triangles with the addresses (floor(a), floor(b), frac(a) > frac(b)).


class _SightLines(NamedTuple):
    """The cells behind each of the world's T screen triangles, K of them from front to back."""

    cells: np.ndarray
    """``(K, T)`` int32 flat index of the cell; the number of cells where the line has left the world."""
    faces: np.ndarray
    """``(K, T)`` uint8, which of a cube's six screen triangles the line enters by."""
    rows: np.ndarray
    """``(W + H, D + H, 2)`` int32: the triangle's number by its address, -1 where there is nothing to see."""


@lru_cache(maxsize=8)
def _sight_lines(size: Size) -> _SightLines:
    width, height, depth = size
    address = np.indices((width + height, depth + height, 2)).reshape(3, -1)
    # In sixths of a cell. At a triangle's centre the fractions of x, y and z are thirds apart, so that the
    # line enters a new cell every third; we look half-way between.
    a = 6 * address[0] + 2 + 2 * address[2]
    b = 6 * address[1] + 4 - 2 * address[2]
    entry = np.minimum(0, np.minimum(6 * width - a, 6 * depth - b))  # y - H where it enters the world's box
    y = entry + 1 - 2 * np.arange(3 * min(size) + 1)[:, None]  # the first one is still outside
    x, y, z = (a + y) // 6, (6 * height + y) // 6, (b + y) // 6
    steps = np.stack([x[:-1] > x[1:], y[:-1] > y[1:], z[:-1] > z[1:]])
    x, y, z = x[1:], y[1:], z[1:]
    inside = (x >= 0) & (y >= 0) & (z >= 0)
    seen = inside.any(0)
    cells = np.where(inside, (x * height + y) * depth + z, width * height * depth).astype(np.int32)
    faces = (2 * steps.argmax(0) + address[2]).astype(np.uint8)
    rows = np.where(seen, np.cumsum(seen) - 1, -1).reshape(width + height, depth + height, 2)
    return _SightLines(cells[:, seen], faces[:, seen], rows)


@lru_cache(maxsize=8)
def _places(size: Size, scale: int, margin: int) -> np.ndarray:
    """Where a picture's pixels stand in a list that is sorted by triangle: ``(h, w)`` indices.

    Each of the T triangles has ``scale ** 2 / 2`` pixels, in reading order; background is the list's length.
    """
    a, b = _slopes(size, scale, margin)
    rows = np.pad(_sight_lines(size).rows, ((1, 1), (1, 1), (0, 0)), constant_values=-1)
    p, q = (
        np.clip(np.floor(slope).astype(int) + 1, 0, side - 1)
        for slope, side in zip((a, b), rows.shape, strict=False)
    )
    row = rows[p, q, (a % 1 > b % 1).astype(int)].ravel()
    by_triangle = np.argsort(row, kind="stable")[np.count_nonzero(row < 0) :]
    places = np.full(row.shape, by_triangle.size)
    places[by_triangle] = np.arange(by_triangle.size)
    return places.reshape(a.shape)


def _slopes(size: Size, scale: int, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes a and b at the centres of a picture's pixels, ``(h, w)`` float each; never on a cube edge."""
    width, height, depth = size
    shape = (width + depth + 2 * height) * scale // 2 + 2 * margin, (width + depth) * scale + 2 * margin
    rows, columns = np.indices(shape) + 0.5 - margin
    right, down = columns / scale - depth, rows / scale
    return down + right / 2, down - right / 2


# --- sprites ------------------------------------------------------------------------------------------------

_LIGHT = (0.64, 1.0, 0.82)
"""Brightness of a face by its axis: +x (right), +y (top), +z (left)."""
_SHADOW = 0.80
_TEXELS = 16


class _Tiles(NamedTuple):
    """Sprites cut into a cube's six triangles, indexed by kind, in shadow, face."""

    light: np.ndarray
    """``(kinds, 2, 6, scale ** 2 / 2, 3)`` uint8: the light that the sprite adds."""
    through: np.ndarray
    """``(kinds, 2, 6, scale ** 2 / 2, 1)`` uint16: 256ths of the background's light that pass through it."""


def _paint(
    colours: np.ndarray,
    tiles: _Tiles,
    visible: np.ndarray,
    kinds: np.ndarray,
    dark: np.ndarray,
    faces: np.ndarray,
) -> None:
    """Paint visible samples ``(K, T)`` over ``colours`` ``(T, scale ** 2 / 2, 3)``, from back to front."""
    for depth in reversed(range(len(visible))):
        at = np.flatnonzero(visible[depth])
        tile = kinds[depth, at], dark[depth, at], faces[depth, at]
        colours[at] = tiles.light[tile] + ((colours[at] * tiles.through[tile]) >> 8).astype(np.uint8)


@lru_cache(maxsize=4)
def _tiles(scale: int) -> _Tiles:
    sprites = np.zeros((_NUM_KINDS, 2 * scale, 2 * scale, 4))
    for kind, texture in enumerate(_textures()):
        sprites[kind] = _cube(texture, scale)
    for player in range(len(PLAYERS)):
        figure = _figure(player, scale)
        feet, head = _PLAYER + 2 * player, _PLAYER + 2 * player + 1
        sprites[feet], sprites[head] = figure[scale:], figure[:-scale]
    sprites[_PLAYER + _HIDDEN :] = sprites[_PLAYER : _PLAYER + _HIDDEN]
    sprites[_PLAYER + _HIDDEN :, ..., 3] *= 0.4

    unit = (1, 1, 1)
    pixels = np.argsort(_places(unit, scale, 0).ravel(), kind="stable")[: 3 * scale**2]
    cuts = pixels.reshape(6, -1)[np.argsort(_sight_lines(unit).faces[0])]
    cut = sprites.reshape(_NUM_KINDS, -1, 4)[:, None, cuts]
    colour, alpha = cut[..., :3], cut[..., 3:]
    light = np.concatenate([colour * alpha, colour * alpha * _SHADOW], axis=1)
    through = np.broadcast_to(256 * (1 - alpha), (_NUM_KINDS, 2, *alpha.shape[2:]))
    return _Tiles(light.astype(np.uint8), through.astype(np.uint16))


def _entry(
    a: np.ndarray, b: np.ndarray, height: int, low: Sequence[float], high: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where sight lines enter a box: axis of the face, across and down in it (0..1 as seen), if they do."""
    # Each face's plane is met at this y - H; the box is entered at the last of the three.
    planes = np.stack([high[0] - a, np.full_like(a, high[1] - height), high[2] - b])
    axis, y = planes.argmin(0), planes.min(0)
    x, y, z = (
        (at - lo) / (hi - lo) for at, lo, hi in zip((a + y, y + height, b + y), low, high, strict=True)
    )
    across, down = np.where(axis == 0, 1 - z, x), np.where(axis == 1, z, 1 - y)
    return axis, across, down, np.minimum(np.minimum(x, y), z) >= 0


def _shrink(canvas: np.ndarray) -> np.ndarray:
    """Average ``(3 h, 3 w, 4)`` RGBA to ``(h, w, 4)``."""
    height, width = canvas.shape[0] // 3, canvas.shape[1] // 3
    parts = canvas.reshape(height, 3, width, 3, 4)
    alpha = parts[..., 3:].mean((1, 3))
    colour = (parts[..., :3] * parts[..., 3:]).mean((1, 3)) / np.maximum(alpha, 1e-9)
    return np.concatenate([colour, alpha], axis=-1)


def _cube(texture: np.ndarray, scale: int) -> np.ndarray:
    """Sprite ``(2 * scale, 2 * scale, 4)`` of a block that runs on past the cube: RGB 0..255, alpha 0..1."""
    unit = (1, 1, 1)
    axis, across, down, _ = _entry(*_slopes(unit, 3 * scale, 0), 1, (0, 0, 0), unit)
    row, column = (np.clip(_TEXELS * at, 0, _TEXELS - 1).astype(int) for at in (down, across))
    canvas = texture[(axis == 1).astype(int), row, column]
    canvas[..., :3] *= np.array(_LIGHT)[axis][..., None]
    return _shrink(canvas)


def _figure(player: int, scale: int) -> np.ndarray:
    """Sprite ``(3 * scale, 2 * scale, 4)`` of a player, two cells tall: a person or a robot with a visor."""
    colour = PLAYER_COLOURS[player]
    skin, hair, steel, visor = (238, 190, 150), (70, 46, 36), (222, 226, 232), (36, 44, 60)
    dark = tuple(0.45 * c for c in colour)
    boxes = [(0.17, 0.00, 0.72, dark), (0.25, 0.72, 1.30, colour)]  # half width, bottom, top, colour
    if player == 0:
        boxes += [(0.23, 1.30, 1.64, skin), (0.26, 1.62, 1.80, hair)]
    else:
        boxes += [(0.24, 1.30, 1.45, steel), (0.24, 1.45, 1.60, visor), (0.24, 1.60, 1.74, steel)]
        boxes += [(0.06, 1.74, 1.94, colour)]
    a, b = _slopes((1, 2, 1), 3 * scale, 0)
    canvas = np.zeros((*a.shape, 4))
    for half, bottom, top, paint in boxes:
        axis, _, _, hit = _entry(a, b, 2, (0.5 - half, bottom, 0.5 - half), (0.5 + half, top, 0.5 + half))
        canvas[hit, :3] = (np.array(_LIGHT)[axis][..., None] * paint)[hit]
        canvas[hit, 3] = 1
    return _shrink(canvas)


def _textures() -> np.ndarray:
    """Faces of all kinds but players, ``(kinds, 2 (side, top), 16, 16, 4)``: RGB 0..255 and alpha 0..1."""
    random = np.random.default_rng(7)
    row, column = np.indices((_TEXELS, _TEXELS))
    border = np.minimum(np.minimum(row, column), _TEXELS - 1 - np.maximum(row, column))
    grain = random.uniform(-1, 1, (NUM_BLOCKS, 2, _TEXELS, _TEXELS))

    shade = 1 + 0.05 * grain
    shade[BLOCK_NAMES.index("bedrock")] += 0.35 * (_cracks(random, 7) > 2.2)
    shade[BLOCK_NAMES.index("dirt")] += 0.07 * grain[BLOCK_NAMES.index("dirt")]
    shade[BLOCK_NAMES.index("cobblestone")] *= np.clip(0.7 + 0.35 * _cracks(random, 9), None, 1.22)
    bark = random.uniform(0.75, 1.2, _TEXELS)
    rings = 1.25 + 0.22 * np.cos(np.pi * border)
    shade[BLOCK_NAMES.index("log")] *= np.stack([np.broadcast_to(bark, rings.shape), rings])
    board = row // 4
    seam = (row % 4 == 3) | (column == (5 + 7 * board) % _TEXELS)
    shade[BLOCK_NAMES.index("planks")] *= np.where(seam, 0.76, 0.98 + 0.06 * (board % 2))
    brick = row // 8
    joint = (row % 8 == 7) | (column == (7 + 8 * brick) % _TEXELS)
    shade[BLOCK_NAMES.index("stonebrick")] *= np.where(joint, 0.70, 1.05)
    shade[BLOCK_NAMES.index("wool")] *= 0.98 + 0.02 * ((row // 2 + column // 2) % 2)
    shade *= np.where(border == 0, 0.88, 1.0)

    blocks = np.ones((NUM_BLOCKS, 2, _TEXELS, _TEXELS, 4))
    blocks[..., :3] = np.clip(shade[..., None] * np.array(BLOCK_COLOURS)[:, None, None, None], 0, 255)
    streak = (np.abs(row + column - 12) <= 1) | (row + column == 17)
    glass = blocks[_GLASS]
    glass[:, streak, :3] = 255
    glass[..., 3] = np.where(border == 0, 0.85, np.where(streak & (border > 1), 0.6, 0.3))

    wrong = blocks.copy()
    cross = (np.abs(row - column) <= 1) | (np.abs(row + column - _TEXELS + 1) <= 1)
    wrong[:, :, cross | (border == 0)] = (*WRONG_COLOUR, 1)
    ghost = blocks.copy()
    ghost[..., 3] = np.where(border == 0, 0.8, 0.35)
    return np.concatenate([blocks, wrong, ghost])


def _cracks(random: np.random.Generator, stones: int) -> np.ndarray:
    """Distance in texels to the crack between the nearest two of some stones, repeating at the edges."""
    offset = np.indices((_TEXELS, _TEXELS)) - random.uniform(0, _TEXELS, (stones, 2, 1, 1))
    offset = (offset + _TEXELS / 2) % _TEXELS - _TEXELS / 2
    nearest = np.sort(np.hypot(offset[:, 0], offset[:, 1]), axis=0)
    return nearest[1] - nearest[0]


# --- files --------------------------------------------------------------------------------------------------


def _pillow(image: np.ndarray) -> Image:
    from PIL import Image  # here, because it takes longer to import than the rest of this module

    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image has shape {image.shape} and type {image.dtype}; give (h, w, 3) uint8")
    return Image.fromarray(image)
