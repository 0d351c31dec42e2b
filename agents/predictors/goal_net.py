"""A small network that guesses the goal: for each cell of the box, how probable each block is.

Two views of the world meet in it. The *ground* view sees columns: heights are channels, a few residual blocks
of flat 3x3 convolutions with a pooled term follow what spans the house, such as its size, its walls and its
materials. The *cell* view sees a cell with its 26 neighbours, by one convolution that all heights share, so
that what holds of one layer ("a wall goes on upwards") is learned from all of them. A head of 1x1
convolutions joins the two for each cell. Straight paths from the inputs to the logits let the first steps of
training learn the obvious: what stands, stays; what has a mirror image, gets one.

With the defaults it has 0.57 M parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from envs.building.state import State
from envs.building.world import DEFAULT_SIZE, Size

from .encoding import (
    CLASSES,
    PER_CELL,
    Encoded,
    Snapshots,
    encode,
    local_channels,
    marginals_of,
    mirrored_channels,
    overall_features,
)


@dataclass(frozen=True)
class NetOptions:
    """Sizes of a `GoalNet`."""

    channels: int = 96
    """Of the ground view."""
    blocks: int = 4
    """Residual blocks of the ground view."""
    cell_channels: int = 32
    """Of the cell view."""
    context: int = 16
    """What each cell hears from the ground view."""


class GoalNet(nn.Module):
    """Logits of the goal's blocks from encoded states."""

    def __init__(self, size: Size = DEFAULT_SIZE, options: NetOptions | None = None):
        super().__init__()
        self.size, self.options = size, options or NetOptions()
        sizes, high = self.options, size[1] - 2
        local, mirrored = local_channels(size), mirrored_channels(size)
        self.stem = nn.Conv2d(local, sizes.channels, 3, padding=1)
        self.stem_mirrored = nn.Conv2d(mirrored, sizes.channels, 1)
        self.stem_overall = nn.Linear(overall_features(size), sizes.channels)
        self.blocks = nn.ModuleList(_Residual(sizes.channels) for _ in range(sizes.blocks))
        self.head = nn.Conv2d(sizes.channels, high * CLASSES, 1)
        self.straight = nn.Conv2d(local, high * CLASSES, 1)
        self.straight_mirrored = nn.Conv2d(mirrored, high * CLASSES, 1)
        self.context = nn.Conv2d(sizes.channels, high * sizes.context, 1)
        self.cell = nn.Conv2d(3 * PER_CELL, sizes.cell_channels, 3, padding=1)
        self.cell_join = nn.Conv2d(sizes.cell_channels + sizes.context, sizes.cell_channels, 1)
        self.cell_head = nn.Conv2d(sizes.cell_channels, CLASSES, 1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, local: Tensor, mirrored: Tensor, overall: Tensor) -> Tensor:
        """Logits (n, W-2, D-2, H-2, CLASSES).

        local, mirrored: (n, channels, W-2, D-2), and overall: (n, features), as in `encoding.Encoded`.
        """
        count, _, wide, deep = local.shape
        high = self.size[1] - 2
        ground = self.stem(local) + self.stem_mirrored(mirrored)
        ground = F.relu(ground + self.stem_overall(overall)[:, :, None, None])
        for block in self.blocks:
            ground = block(ground)
        ground = F.relu(ground)
        logits = self.head(ground) + self.straight(local) + self.straight_mirrored(mirrored)
        columns = logits.permute(0, 2, 3, 1).reshape(count, wide, deep, high, CLASSES)

        cell = F.relu(self.cell(_with_neighbours(local, high)))
        context = _heights_apart(self.context(ground), high)
        cell = self.cell_head(F.relu(self.cell_join(torch.cat([cell, context], 1))))
        cells = cell.reshape(count, high, CLASSES, wide, deep).permute(0, 3, 4, 1, 2)
        return columns + cells

    def inner_weights(self) -> list[Tensor]:
        """Kernels of the convolutions from inputs and hidden channels to hidden channels."""
        ends = (self.head, self.straight, self.straight_mirrored, self.context, self.cell_head)
        inner = [part for part in self.modules() if isinstance(part, nn.Conv2d) and part not in ends]
        return [part.weight for part in inner]


class _Residual(nn.Module):
    """A 3x3 convolution with a pooled term, and back by 1x1."""

    def __init__(self, channels: int):
        super().__init__()
        self.near = nn.Conv2d(channels, channels, 3, padding=1)
        self.pooled = nn.Linear(channels, channels)
        self.back = nn.Conv2d(channels, channels, 1, bias=False)
        nn.init.normal_(self.back.weight, std=0.02)  # blocks begin as almost nothing

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pooled(x.mean((2, 3)))
        return x + self.back(F.relu(self.near(x) + pooled[:, :, None, None]))


def _heights_apart(x: Tensor, high: int) -> Tensor:
    """(n * high, C, W-2, D-2) from (n, high * C, W-2, D-2): heights as a batch."""
    count, channels, wide, deep = x.shape
    apart = x.permute(0, 2, 3, 1).reshape(count, wide, deep, high, channels // high)
    return apart.permute(0, 3, 1, 2, 4).flatten(0, 1).permute(0, 3, 1, 2)


def _with_neighbours(local: Tensor, high: int) -> Tensor:
    """(n * high, 3 * PER_CELL, W-2, D-2): the channels of each cell, of the one below and the one above."""
    own = _heights_apart(local[:, : high * PER_CELL], high)
    layers = own.unflatten(0, (-1, high))
    nothing = torch.zeros_like(layers[:, :1])
    below = torch.cat([nothing, layers[:, :-1]], 1).flatten(0, 1)
    above = torch.cat([layers[:, 1:], nothing], 1).flatten(0, 1)
    return torch.cat([below, own, above], 1)


def tensors(encoded: Encoded) -> tuple[Tensor, Tensor, Tensor]:
    """What `GoalNet` takes, without copying."""
    local, mirrored, overall = (torch.from_numpy(part) for part in encoded)
    return local.permute(0, 3, 1, 2), mirrored.permute(0, 3, 1, 2), overall


def guess_goals(net: GoalNet, state: State | Snapshots) -> np.ndarray:
    """Probabilities (n, W-2, D-2, H-2, CLASSES) float32 of the goals' blocks in the cells of the box."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        logits = net(*tensors(encode(net.size, state)))
    return torch.softmax(logits.float(), -1).numpy()


def guess_marginals(net: GoalNet, state: State | Snapshots, out: np.ndarray) -> None:
    """Write probabilities of the box's cells into marginals (n, N, 10); the other cells stay as they are."""
    marginals_of(net.size, guess_goals(net, state), out)
