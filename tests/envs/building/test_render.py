"""Text and pixel pictures of the building world."""

import io
import re
from itertools import product

import numpy as np
import pytest

from envs.building.render import (
    BLOCK_COLOURS,
    BLOCK_LETTERS,
    PLAYER_COLOURS,
    ansi,
    gif_bytes,
    isometric,
    png_bytes,
)
from envs.building.world import AIR, BLOCK_NAMES, DEFAULT_SIZE, NUM_BLOCKS, start_blocks

GLASS, PLANKS, STONE, WOOL = (BLOCK_NAMES.index(name) for name in ("glass", "planks", "stone", "wool"))
SMALL = (5, 6, 7)


def random_blocks(seed: int, size=DEFAULT_SIZE, filled=0.3) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.where(random.random(size) < filled, random.integers(1, NUM_BLOCKS, size), AIR)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Which pixels differ, ``(h, w)``."""
    return (before != after).any(-1)


# --- isometric ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(5, 5, 5), DEFAULT_SIZE, (5, 32, 6), (32, 5, 9)])
@pytest.mark.parametrize("scale", [4, 10, 12])
def test_a_picture_has_the_stated_shape_and_shows_the_ground(size, scale):
    picture = isometric(start_blocks(size), scale=scale)
    width, height, depth = size
    assert picture.shape == ((width + depth + 2 * height + 4) * scale // 2, (width + depth + 1) * scale, 3)
    assert picture.dtype == np.uint8
    # Two layers of ground: one top and two sides, each cell's face with scale ** 2 pixels.
    shown = changed(picture, isometric(np.zeros(size, int), scale=scale))
    assert shown.sum() == scale**2 * (width * depth + 2 * (width + depth))


def test_an_empty_world_is_plain_background():
    assert (isometric(np.zeros(SMALL, np.uint8)) == BLOCK_COLOURS[AIR]).all()


def test_the_same_world_gives_the_same_bytes():
    blocks, goal, feet = random_blocks(1), random_blocks(2), np.array([[1, 2, 3], [4, 5, 6]])
    first = isometric(blocks, feet, goal)
    isometric(random_blocks(3), feet, goal)
    assert first.tobytes() == isometric(blocks, feet, goal).tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_a_block_shows_exactly_where_no_nearer_block_covers_it(seed):
    """The painter's algorithm: hexagons pasted from far to near leave each block the same pixels."""
    size = (5, 5, 6)
    solid = random_blocks(seed, size, filled=0.4) != AIR
    empty = isometric(np.zeros(size, int), scale=6)
    owner = np.full(empty.shape[:2], -1)
    cells = sorted(zip(*np.nonzero(solid), strict=True), key=sum)
    for number, cell in enumerate(cells):
        alone = np.zeros(size, int)
        alone[cell] = STONE
        owner[changed(empty, isometric(alone, scale=6))] = number

    stone = np.where(solid, STONE, AIR)
    picture = isometric(stone, scale=6)
    for number, cell in enumerate(cells):
        repainted = stone.copy()
        repainted[cell] = PLANKS  # changes all its pixels and no shadow
        np.testing.assert_array_equal(
            changed(picture, isometric(repainted, scale=6)), owner == number, str(cell)
        )


def test_a_block_in_front_hides_one_behind():
    blocks = start_blocks(DEFAULT_SIZE)
    blocks[5, 3, 5] = STONE
    repainted = blocks.copy()
    repainted[5, 3, 5] = WOOL
    assert changed(isometric(blocks), isometric(repainted)).any()
    blocks[6, 4, 6] = repainted[6, 4, 6] = STONE
    assert not changed(isometric(blocks), isometric(repainted)).any()


def test_glass_lets_the_block_behind_shine_through():
    blocks = np.zeros(SMALL, int)
    blocks[3, 3, 3] = GLASS
    glass = isometric(blocks)
    blocks[2, 2, 2] = PLANKS
    behind = changed(glass, isometric(blocks))
    blocks[3, 3, 3] = AIR
    assert behind.sum() == changed(isometric(blocks), isometric(np.zeros(SMALL, int))).sum()


def test_nothing_is_drawn_between_two_cells_of_glass():
    empty = np.zeros(SMALL, int)
    thin, thick = empty.copy(), empty.copy()
    thin[:, 3] = GLASS
    thick[:, 1:4] = GLASS
    pane = changed(isometric(thin), isometric(empty))
    more = changed(isometric(thick), isometric(thin))
    assert pane.any()
    assert more.any()
    assert not (pane & more).any()


def test_each_block_has_its_own_look():
    pictures = []
    for block in range(1, NUM_BLOCKS):
        blocks = np.zeros(SMALL, int)
        blocks[2, 2, 2] = block
        pictures.append(isometric(blocks))
    for i, j in product(range(len(pictures)), repeat=2):
        difference = np.abs(pictures[i].astype(int) - pictures[j]).sum()
        assert (difference == 0) == (i == j)


@pytest.mark.parametrize("player", [0, 1])
def test_players_wear_their_colours(player):
    blocks = start_blocks(DEFAULT_SIZE)
    feet = np.array([[8, 2, 2], [2, 2, 8]])
    picture = isometric(blocks, feet[: player + 1])
    before = isometric(blocks, feet[:player])
    new = picture[changed(before, picture)]
    hue = np.array(PLAYER_COLOURS[player]) / max(PLAYER_COLOURS[player])
    brightness = new.max(-1, keepdims=True)
    assert (np.abs(new / brightness - hue).max(-1) < 0.03).sum() > 50


def test_a_head_may_stick_out_at_the_top():
    blocks = start_blocks(SMALL)
    feet = np.array([[2, SMALL[1] - 1, 2]])
    assert changed(isometric(blocks, feet), isometric(blocks)).any()
    assert layers_of(ansi(blocks, feet), SMALL)[2, -1, 2] == "U"


def test_a_player_behind_a_wall_shines_through():
    blocks = start_blocks(DEFAULT_SIZE)
    blocks[8, 2:8, :] = STONE
    feet = np.array([[6, 2, 4]])
    assert changed(isometric(blocks, feet), isometric(blocks)).any()


def test_the_goal_shows_as_a_ghost_that_vanishes_when_built():
    blocks = start_blocks(DEFAULT_SIZE)
    goal = blocks.copy()
    goal[4:7, 2:5, 4:7] = PLANKS
    plain, ghost, built = isometric(blocks), isometric(blocks, goal=goal), isometric(goal)
    assert changed(plain, ghost).any()
    assert changed(ghost, built).any()
    assert not changed(isometric(goal, goal=goal), built).any()
    assert not changed(isometric(blocks, goal=blocks), plain).any()


def test_a_wrong_block_is_marked():
    goal = start_blocks(DEFAULT_SIZE)
    blocks = goal.copy()
    blocks[5, 2, 5] = STONE
    marked = changed(isometric(blocks, goal=goal), isometric(blocks))
    assert 0 < marked.sum() <= 3 * 12**2


# --- ansi ---------------------------------------------------------------------------------------------------


def layers_of(text: str, size) -> np.ndarray:
    """Read ``ansi``'s maps back: ``(W, H, D)`` characters."""
    width, _, depth = size
    cells = np.full(size, " ")
    lines = text.splitlines()
    for number, line in enumerate(lines):
        for heading in re.finditer(r"y=(\d+)", line):
            for z in range(depth):
                row = lines[number + 1 + z][heading.start() : heading.start() + width]
                cells[:, int(heading[1]), z] = list(row)
    return cells


@pytest.mark.parametrize("width", [1, 40, 100, 400])
@pytest.mark.parametrize("size", [SMALL, DEFAULT_SIZE])
def test_text_can_be_read_back(size, width):
    blocks = random_blocks(5, size)
    letters = layers_of(ansi(blocks, width=width), size)
    np.testing.assert_array_equal(letters, np.array(list(BLOCK_LETTERS))[blocks])
    counts = [np.count_nonzero(letters == letter) for letter in BLOCK_LETTERS]
    assert counts == np.bincount(blocks.ravel(), minlength=NUM_BLOCKS).tolist()


def test_text_keeps_its_width_and_explains_its_letters():
    text = ansi(random_blocks(6), goal=random_blocks(7), width=60)
    assert max(map(len, text.splitlines())) <= 60
    for letter, name in zip(BLOCK_LETTERS, BLOCK_NAMES, strict=True):
        assert f"{letter} {name}" in text
    assert "U user" in text
    assert "A assistant" in text


def test_text_marks_players_and_what_is_left_to_do():
    blocks = start_blocks(SMALL)
    goal = blocks.copy()
    goal[1, 2, 1] = PLANKS  # missing
    goal[1, 1, 1] = WOOL  # wrong: dirt has to go first
    blocks[3, 2, 3] = STONE  # wrong: nothing belongs there
    letters = layers_of(ansi(blocks, np.array([[0, 2, 6], [4, 3, 6]]), goal), SMALL)
    assert (letters[1, 2, 1], letters[1, 1, 1], letters[3, 2, 3]) == ("p", "w", "x")
    assert letters[0, 2:4, 6].tolist() == ["U", "U"]
    assert letters[4, 3:5, 6].tolist() == ["A", "A"]


def test_colour_only_adds_escape_sequences():
    blocks, goal, feet = random_blocks(8), random_blocks(9), np.array([[1, 2, 3], [4, 5, 6]])
    coloured = ansi(blocks, feet, goal, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == ansi(blocks, feet, goal)


# --- files --------------------------------------------------------------------------------------------------


def test_a_png_keeps_every_pixel():
    image_module = pytest.importorskip("PIL.Image")
    picture = isometric(random_blocks(10), scale=6)
    np.testing.assert_array_equal(np.asarray(image_module.open(io.BytesIO(png_bytes(picture)))), picture)


def test_a_gif_keeps_frames_times_and_roughly_the_colours():
    image_module = pytest.importorskip("PIL.Image")
    pictures = [isometric(random_blocks(seed), scale=6) for seed in range(3)]
    film = image_module.open(io.BytesIO(gif_bytes(pictures, milliseconds=80)))
    assert film.n_frames == 3
    for frame, picture in enumerate(pictures):
        film.seek(frame)
        assert film.info["duration"] == 80
        shown = np.asarray(film.convert("RGB")).astype(int)
        assert np.abs(shown - picture).mean() < 6


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [ansi, isometric])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"blocks": np.zeros((11, 10))}, r"blocks has shape \(11, 10\)"),
        ({"blocks": np.zeros((4, 10, 10))}, "4 cells along x; sides are 5..32"),
        ({"blocks": np.full(SMALL, 17)}, r"blocks\[0,0,0\] is 17; block ids are 0..9"),
        ({"goal": np.zeros((5, 6, 6))}, r"goal has shape \(5, 6, 6\)"),
        ({"goal": np.full(SMALL, 10)}, r"goal\[0,0,0\] is 10; block ids are 0..9"),
        ({"feet": np.zeros((3, 3), int)}, r"feet has shape \(3, 3\)"),
        ({"feet": np.zeros((1, 3))}, "type float64"),
        ({"feet": np.array([[0, 0, 0], [0, 6, 0]])}, r"feet\[1\] is \(0, 6, 0\); cells are .*\(4, 5, 6\)"),
    ],
)
def test_bad_worlds_are_named(draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(**{"blocks": start_blocks(SMALL), **arguments})


@pytest.mark.parametrize("scale", [0, 2, 7, 66])
def test_bad_scales_are_named(scale):
    with pytest.raises(ValueError, match=rf"scale is {scale}; give an even number"):
        isometric(start_blocks(SMALL), scale=scale)


def test_bad_pictures_are_named():
    picture = isometric(start_blocks(SMALL))
    with pytest.raises(ValueError, match="images is empty"):
        gif_bytes([])
    with pytest.raises(ValueError, match="milliseconds is 5"):
        gif_bytes([picture], milliseconds=5)
    with pytest.raises(ValueError, match=r"images\[1\] has shape"):
        gif_bytes([picture, picture[1:]])
    with pytest.raises(ValueError, match="give \\(h, w, 3\\) uint8"):
        png_bytes(picture / 255)
