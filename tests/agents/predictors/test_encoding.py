"""What networks read equals a plain description of it, in every mirror image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.predictors.encoding import (
    CLASSES,
    LATELY,
    RECENT,
    class_of,
    encode,
    local_channels,
    marginals_of,
    mirrored_channels,
    overall_features,
    targets,
)
from agents.predictors.moments import Moments, moments_of
from envs.building.actions import KINDS
from envs.building.config import BuildingConfig
from envs.building.state import empty_state
from envs.building.world import start_blocks

SIZES = ((6, 6, 6), (11, 10, 10), (5, 7, 6))


def random_moments(seed: int, size: tuple[int, int, int], count: int = 3) -> Moments:
    """Worlds with random changes by both players; the first is untouched."""
    rng = np.random.default_rng(seed)
    fresh = np.tile(start_blocks(size).reshape(-1), (count, 1))
    clock = rng.integers(1, 300, count).astype(np.int32)
    changed = rng.random(fresh.shape) < rng.choice([0.02, 0.3])
    changed[0] = False
    changed &= fresh != 1
    blocks = np.where(changed, rng.choice([0, 2, 3, 4, 5, 6, 7, 8, 9], fresh.shape), fresh)
    steps = rng.integers(0, clock[:, None], fresh.shape)
    touched = np.where(changed, 1 + 2 * steps + rng.integers(0, 2, fresh.shape), 0)
    goal = np.where(rng.random(fresh.shape) < 0.3, rng.integers(2, 10, fresh.shape), fresh)
    goal = np.where(fresh == 1, 1, goal)
    feet = rng.integers(0, np.array(size), (count, 2, 3))
    state = empty_state(BuildingConfig(size), count)._replace(
        blocks=blocks.astype(np.uint8),
        touched=touched.astype(np.int16),
        feet=feet.astype(np.int8),
        clock=clock,
    )
    state.previous[:, :, 0] = rng.integers(0, len(KINDS), (count, 2))
    return moments_of(state, np.arange(count), goal.astype(np.uint8))


def mirrored_world(moments: Moments, size: tuple[int, int, int], axis: int) -> Moments:
    """The same moments seen in a mirror."""

    def turned(cells: np.ndarray) -> np.ndarray:
        return np.flip(cells.reshape(-1, *size), axis + 1).reshape(len(cells), -1)

    feet = moments.feet.copy()
    feet[:, :, axis] = size[axis] - 1 - feet[:, :, axis]
    previous = moments.previous.copy()
    there, back = KINDS.index("+" + "xyz"[axis]), KINDS.index("-" + "xyz"[axis])
    for kind, image in ((there, back), (back, there)):
        previous[:, :, 0][moments.previous[:, :, 0] == kind] = image
    return moments._replace(
        blocks=turned(moments.blocks),
        touched=turned(moments.touched),
        goal=turned(moments.goal),
        feet=feet,
        previous=previous,
    )


def plain_encoding(moments: Moments, row: int, size: tuple[int, int, int]) -> tuple[np.ndarray, ...]:
    """The planes of one moment, spelled out."""
    blocks = moments.blocks[row].reshape(size)[1:-1, 1:-1, 1:-1]
    touched = moments.touched[row].reshape(size)[1:-1, 1:-1, 1:-1].astype(int)
    clock = int(moments.clock[row])
    wide, high, deep = blocks.shape
    user, assistant = (touched > 0) & (touched % 2 == 1), (touched > 0) & (touched % 2 == 0)
    age = clock - (touched - 1) // 2
    work = user & (blocks > 0)
    columns = []
    feet = np.clip(moments.feet[row, 0].astype(int) - 1, 0, np.array(blocks.shape) - 1)
    for y in range(high):
        columns += [blocks[:, y] == b for b in range(2, 10)]
        columns += [user[:, y], assistant[:, y]]
        columns += [np.where(touched[:, y] > 0, np.exp(-age[:, y] / fade), 0) for fade in (RECENT, LATELY)]
        stands = np.zeros((wide, deep))
        stands[feet[0], feet[2]] = feet[1] == y
        columns.append(stands)
    x, z = np.meshgrid(np.arange(wide), np.arange(deep), indexing="ij")
    columns += [x / wide, z / deep, abs(x - (wide - 1) / 2) * 2 / wide, abs(z - (deep - 1) / 2) * 2 / deep]
    images = [np.zeros((wide, deep, high, 8)) for _ in range(2)]
    if work.any():
        at = np.argwhere(work)
        (x0, _, z0), (x1, top, z1) = at.min(axis=0), at.max(axis=0)
        columns += [(x - x0) / wide, (x1 - x) / wide, (z - z0) / deep, (z1 - z) / deep]
        columns.append(np.full((wide, deep), (top + 1) / high))
        for i, y, k in at:
            images[0][x0 + x1 - i, k, y, blocks[i, y, k] - 2] = 1
            images[1][i, z0 + z1 - k, y, blocks[i, y, k] - 2] = 1
    else:
        columns += [np.zeros((wide, deep))] * 5
    counts = np.array([(work & (blocks == b)).sum() for b in range(2, 10)])
    overall = [
        *(counts / max(1, work.sum())),
        *(work.sum(axis=(0, 2)) / (wide * deep)),
        np.log1p(work.sum()) / 5,
    ]
    mirrored = np.concatenate([image.reshape(wide, deep, -1) for image in images], axis=2)
    bodies = [np.zeros((wide, deep)) for _ in range(high)]
    helper = np.clip(moments.feet[row, 1].astype(int) - 1, 0, np.array(blocks.shape) - 1)
    bodies[helper[1]][helper[0], helper[2]] = 1
    for fx, _, fz in moments.feet[row].astype(int):
        bodies += [(x - fx + 1) / wide, (z - fz + 1) / deep]
    doing = [float(kind == k) for kind in moments.previous[row, :, 0] for k in range(len(KINDS))]
    doing += list(moments.feet[row, :, 1] / size[1])
    return np.stack(columns, axis=2), mirrored, np.array(overall), np.stack(bodies, axis=2), np.array(doing)


@given(seed=st.integers(0, 2**31), size=st.sampled_from(SIZES))
def test_encoding_is_what_its_description_says(seed: int, size: tuple[int, int, int]) -> None:
    moments = random_moments(seed, size)
    found = encode(size, moments)
    assert found.local.shape[1:] == (size[0] - 2, size[2] - 2, local_channels(size))
    assert found.mirrored.shape[-1] == mirrored_channels(size)
    assert found.overall.shape[-1] == overall_features(size)
    for row in range(moments.number):
        for part, plain in zip(found, plain_encoding(moments, row, size), strict=True):
            np.testing.assert_allclose(part[row], plain, atol=1e-5)


@given(seed=st.integers(0, 2**31), size=st.sampled_from(SIZES), flip=st.sampled_from((1, 2, 3)))
def test_flips_show_the_world_in_a_mirror(seed: int, size: tuple[int, int, int], flip: int) -> None:
    moments = random_moments(seed, size)
    image = moments
    for axis, bit in ((0, 1), (2, 2)):
        if flip & bit:
            image = mirrored_world(image, size, axis)
    flips = np.full(moments.number, flip, np.uint8)
    for part, plain in zip(encode(size, moments, flips), encode(size, image), strict=True):
        np.testing.assert_allclose(part, plain, atol=1e-6)
    for part, plain in zip(targets(size, moments, flips), targets(size, image), strict=True):
        np.testing.assert_array_equal(part, plain)


def test_the_encoding_tells_nothing_of_the_goal() -> None:
    """The goal is the answer, and networks for goals alone do not read where the assistant stands."""
    size = SIZES[0]
    moments = random_moments(3, size)
    other = moments._replace(goal=np.zeros_like(moments.goal), feet=moments.feet.copy())
    other.feet[:, 1] = 2
    found, same = encode(size, moments), encode(size, other)
    for part, name in zip(found, found._fields, strict=True):
        equal = np.array_equal(part, getattr(same, name))
        assert equal == (name not in ("bodies", "doing")), name


def test_targets_are_classes_of_the_box_with_owners() -> None:
    size = SIZES[0]
    moments = random_moments(4, size)
    goal, owner = targets(size, moments)
    x, y, z = 2, 3, 1
    cell = (x * size[1] + y) * size[2] + z
    np.testing.assert_array_equal(goal[:, x - 1, z - 1, y - 1], class_of(moments.goal[:, cell]))
    marks = moments.touched[:, cell].astype(int)
    np.testing.assert_array_equal(owner[:, x - 1, z - 1, y - 1], np.where(marks == 0, 0, 2 - marks % 2))


def test_marginals_put_probabilities_where_their_cells_and_blocks_are() -> None:
    size = SIZES[1]
    moments = random_moments(5, size)
    goal, _ = targets(size, moments)
    out = np.full((moments.number, moments.goal.shape[1], 10), 7.0, np.float32)
    marginals_of(size, np.eye(CLASSES, dtype=np.float32)[goal], out)
    inner = np.zeros(size, bool)
    inner[1:-1, 1:-1, 1:-1] = True
    box = inner.reshape(-1)
    assert (out[:, ~box] == 7).all()
    np.testing.assert_array_equal(out[:, box].argmax(axis=2), moments.goal[:, box])
    assert (out[:, box].sum(axis=2) == 1).all()


@pytest.mark.parametrize("block", range(2, 10))
def test_classes_leave_out_bedrock(block: int) -> None:
    assert class_of(np.array([block])) == block - 1
    assert class_of(np.array([0])) == class_of(np.array([1])) == 0
