"""Blocks that torsos are made of, and how columns of cells and cells are turned into each other.

Both torsos join a view of columns with a view of cells (see `network`) and differ in where their depth is.
The *flat* torso has its residual blocks on the ground, with heights as channels: few and wide matrix
products. The *solid* torso has them in the box, as 3x3x3 convolutions that all heights share: what holds of
one layer is learned from all of them at any depth, with fewer weights and more arithmetic for each.
`python -m scripts.bench torsos` measures what each of them costs and reaches.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoding import PER_CELL

TORSOS = ("flat", "solid")


class FlatBlock(nn.Module):
    """A 3x3 convolution over the ground with a pooled term, and back by 1x1."""

    def __init__(self, channels: int):
        super().__init__()
        self.near = nn.Conv2d(channels, channels, 3, padding=1)
        self.pooled = nn.Linear(channels, channels)
        self.back = nn.Conv2d(channels, channels, 1, bias=False)
        nn.init.normal_(self.back.weight, std=0.02)  # blocks begin as almost nothing

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, channels, W-2, D-2), as is what is returned."""
        pooled = self.pooled(x.mean((2, 3)))
        return x + self.back(F.relu(self.near(x) + pooled[:, :, None, None]))


class SolidBlock(nn.Module):
    """A 3x3x3 convolution over the box with a pooled term, and back by 1x1x1."""

    def __init__(self, channels: int):
        super().__init__()
        self.near = nn.Conv3d(channels, channels, 3, padding=1)
        self.pooled = nn.Linear(channels, channels)
        self.back = nn.Conv3d(channels, channels, 1, bias=False)
        nn.init.normal_(self.back.weight, std=0.02)  # blocks begin as almost nothing

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, channels, H-2, W-2, D-2), as is what is returned."""
        pooled = self.pooled(x.mean((2, 3, 4)))
        return x + self.back(F.relu(self.near(x) + pooled[:, :, None, None, None]))


def channels_last(net: nn.Module) -> None:
    """Lay out the kernels of all convolutions as they are fastest."""
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        elif isinstance(part, nn.Conv3d):
            part.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]


def by_cell(columns: Tensor, cells: Tensor, high: int) -> Tensor:
    """(n, W-2, D-2, H-2, C) sums of columns (n, H-2 * C, W-2, D-2) and cells (n * H-2, C, W-2, D-2)."""
    count, _, wide, deep = columns.shape
    channels = cells.shape[1]
    both = columns.permute(0, 2, 3, 1).reshape(count, wide, deep, high, channels)
    return both + cells.reshape(count, high, channels, wide, deep).permute(0, 3, 4, 1, 2)


def heights_apart(x: Tensor, high: int) -> Tensor:
    """(n * high, C, W-2, D-2) from (n, high * C, W-2, D-2): heights as a batch."""
    count, channels, wide, deep = x.shape
    apart = x.permute(0, 2, 3, 1).reshape(count, wide, deep, high, channels // high)
    return apart.permute(0, 3, 1, 2, 4).flatten(0, 1).permute(0, 3, 1, 2)


def with_neighbours(local: Tensor, high: int) -> Tensor:
    """(n * high, 3 * PER_CELL, W-2, D-2): the channels of each cell, of the one below and the one above."""
    own = heights_apart(local[:, : high * PER_CELL], high)
    layers = own.unflatten(0, (-1, high))
    nothing = torch.zeros_like(layers[:, :1])
    below = torch.cat([nothing, layers[:, :-1]], 1).flatten(0, 1)
    above = torch.cat([layers[:, 1:], nothing], 1).flatten(0, 1)
    return torch.cat([below, own, above], 1)


def stacked(cells: Tensor, high: int) -> Tensor:
    """(n, C, H-2, W-2, D-2) from cells (n * H-2, C, W-2, D-2)."""
    return cells.unflatten(0, (-1, high)).transpose(1, 2)


def unstacked(box: Tensor) -> Tensor:
    """Cells (n * H-2, C, W-2, D-2) from (n, C, H-2, W-2, D-2)."""
    return box.transpose(1, 2).flatten(0, 1)
