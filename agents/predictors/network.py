"""A small network that guesses what is hidden: the goal, and what both players do next and earn.

Two views of the world meet in it. The *ground* view sees columns: heights are channels, a few residual blocks
of flat 3x3 convolutions with a pooled term follow what spans the house, such as its size, its walls and its
materials. The *cell* view sees a cell with its 26 neighbours, by one convolution that all heights share, so
that what holds of one layer ("a wall goes on upwards") is learned from all of them. That is the flat torso;
the solid one has its residual blocks in the cell view (`torsos.py`). Heads of 1x1 convolutions join the two
views for each cell. Straight paths from the inputs to the goal's logits let the first steps of
training learn the obvious: what stands, stays; what has a mirror image, gets one.

Heads are chosen by name: `goal` alone has 0.57 M parameters with the default sizes and reads neither the
assistant's place nor what was done last; `policy` and `user` are the acts of the assistant and of the user,
as logits of kinds and of each kind's arguments (`acts.py` makes probabilities of them); `value` is the
assistant's discounted return.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from envs.building.actions import KINDS
from envs.building.state import State
from envs.building.world import DEFAULT_SIZE, Size

from .encoding import (
    CLASSES,
    DOING,
    PER_CELL,
    Encoded,
    body_channels,
    encode,
    local_channels,
    marginals_of,
    mirrored_channels,
    overall_features,
)
from .moments import Moments
from .torsos import (
    TORSOS,
    FlatBlock,
    SolidBlock,
    by_cell,
    channels_last,
    heights_apart,
    stacked,
    unstacked,
    with_neighbours,
)

HEADS = ("goal", "policy", "user", "value")
ACTORS = ("policy", "user")
"""Heads that predict acts."""
EDITS = CLASSES
"""What may be done to a cell: 0 break it, 1..8 place the block of that class."""


@dataclass(frozen=True)
class NetOptions:
    """Sizes of a `PredictorNet`."""

    channels: int = 96
    """Of the ground view, and of the solid torso's cell view."""
    blocks: int = 4
    """Residual blocks, which the flat torso has in the ground view and the solid one in the cell view."""
    cell_channels: int = 32
    """Of the flat torso's cell view."""
    context: int = 16
    """What each cell hears from the ground view."""
    heads: tuple[str, ...] = ("goal",)
    """What is predicted, out of `HEADS`, in this order; the goal always is."""
    torso: str = "flat"
    """`flat` or `solid`, see `torsos`."""

    def __post_init__(self) -> None:
        for name in ("channels", "blocks", "cell_channels", "context"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        if "goal" not in self.heads or tuple(head for head in HEADS if head in self.heads) != self.heads:
            raise ValueError(
                f"heads are {self.heads}; give goal and any of {', '.join(HEADS[1:])} in this order"
            )
        if self.torso not in TORSOS:
            raise ValueError(f"torso is {self.torso!r}; choose from {', '.join(TORSOS)}")

    @property
    def per_cell(self) -> int:
        """Channels of the cell view."""
        return self.channels if self.torso == "solid" else self.cell_channels


class Acts(NamedTuple):
    """Logits of what a player does next; `acts.legal_log_probs` makes probabilities of them."""

    kinds: Tensor
    """(n, KINDS) in the order of `envs.building.actions.KINDS`."""
    edits: Tensor
    """(n, W-2, D-2, H-2, EDITS) of breaking or placing in the cells of the box."""
    outside: Tensor
    """(n, EDITS) the same for all cells outside of the box."""


class Outputs(NamedTuple):
    """What a `PredictorNet` says; None where it has no such head."""

    goal: Tensor
    """(n, W-2, D-2, H-2, CLASSES) logits of the goal's blocks."""
    policy: Acts | None
    user: Acts | None
    value: Tensor | None
    """(n,) the assistant's discounted return from now on."""


class PredictorNet(nn.Module):
    """Logits of the goal's blocks, and more, from encoded states."""

    def __init__(self, size: Size = DEFAULT_SIZE, options: NetOptions | None = None):
        super().__init__()
        self.size, self.options = size, options or NetOptions()
        sizes, high = self.options, size[1] - 2
        local, mirrored = local_channels(size), mirrored_channels(size)
        self.stem = nn.Conv2d(local, sizes.channels, 3, padding=1)
        self.stem_mirrored = nn.Conv2d(mirrored, sizes.channels, 1)
        self.stem_overall = nn.Linear(overall_features(size), sizes.channels)
        block = SolidBlock if sizes.torso == "solid" else FlatBlock
        self.blocks = nn.ModuleList(block(sizes.channels) for _ in range(sizes.blocks))
        self.head = nn.Conv2d(sizes.channels, high * CLASSES, 1)
        self.straight = nn.Conv2d(local, high * CLASSES, 1)
        self.straight_mirrored = nn.Conv2d(mirrored, high * CLASSES, 1)
        self.context = nn.Conv2d(sizes.channels, high * sizes.context, 1)
        self.cell = nn.Conv2d(3 * PER_CELL, sizes.per_cell, 3, padding=1)
        self.cell_join = nn.Conv2d(sizes.per_cell + sizes.context, sizes.per_cell, 1)
        self.cell_head = nn.Conv2d(sizes.per_cell, CLASSES, 1)
        self.reads_acts = len(sizes.heads) > 1
        if self.reads_acts:
            self.stem_bodies = nn.Conv2d(body_channels(size), sizes.channels, 3, padding=1)
            self.stem_doing = nn.Linear(DOING, sizes.channels)
        self.actors = nn.ModuleDict({name: _Actor(sizes, high) for name in ACTORS if name in sizes.heads})
        self.value = _Value(sizes.channels) if "value" in sizes.heads else None
        channels_last(self)

    def forward(
        self,
        local: Tensor,
        mirrored: Tensor,
        overall: Tensor,
        bodies: Tensor | None = None,
        doing: Tensor | None = None,
    ) -> Outputs:
        """Everything this network predicts.

        local, mirrored, bodies: (n, channels, W-2, D-2); overall, doing: (n, features), see
        `encoding.Encoded`. The last two are for networks with more than the goal's head.
        """
        high, solid = self.size[1] - 2, self.options.torso == "solid"
        ground = self.stem(local) + self.stem_mirrored(mirrored)
        pooled = self.stem_overall(overall)
        if self.reads_acts:
            ground = ground + self.stem_bodies(bodies)
            pooled = pooled + self.stem_doing(doing)
        ground = F.relu(ground + pooled[:, :, None, None])
        if not solid:
            ground = self._deepened(ground)
        logits = self.head(ground) + self.straight(local) + self.straight_mirrored(mirrored)

        cell = F.relu(self.cell(with_neighbours(local, high)))
        context = heights_apart(self.context(ground), high)
        cell = F.relu(self.cell_join(torch.cat([cell, context], 1)))
        if solid:
            box = self._deepened(stacked(cell, high))
            ground, cell = ground + box.mean(2), unstacked(box)
        goal = by_cell(logits, self.cell_head(cell), high)
        acts = {name: actor(ground, cell) for name, actor in self.actors.items()}
        value = self.value(ground) if self.value is not None else None
        return Outputs(goal, acts.get("policy"), acts.get("user"), value)

    def _deepened(self, view: Tensor) -> Tensor:
        """A view after the torso's residual blocks."""
        for block in self.blocks:
            view = block(view)
        return F.relu(view)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def inner_weights(self) -> list[Tensor]:
        """Kernels of the convolutions from inputs and hidden channels to hidden channels."""
        ends = (self.head, self.straight, self.straight_mirrored, self.context, self.cell_head)
        outer = {id(part) for end in (*ends, *self.actors.values()) for part in end.modules()}
        kinds = (nn.Conv2d, nn.Conv3d)
        inner = [part for part in self.modules() if isinstance(part, kinds) and id(part) not in outer]
        return [part.weight for part in inner]


class _Actor(nn.Module):
    """What one player does next, from both views."""

    def __init__(self, sizes: NetOptions, high: int):
        super().__init__()
        self.high = high
        self.columns = nn.Conv2d(sizes.channels, high * EDITS, 1)
        self.cells = nn.Conv2d(sizes.per_cell, EDITS, 1)
        self.kinds = nn.Sequential(
            nn.Linear(2 * sizes.channels, sizes.channels), nn.ReLU(), nn.Linear(sizes.channels, len(KINDS))
        )
        self.outside = nn.Linear(2 * sizes.channels, EDITS)

    def forward(self, ground: Tensor, cell: Tensor) -> Acts:
        edits = by_cell(self.columns(ground), self.cells(cell), self.high)
        pooled = _summary(ground)
        return Acts(self.kinds(pooled), edits, self.outside(pooled))


class _Value(nn.Module):
    """A number from the ground view."""

    def __init__(self, channels: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, 1))

    def forward(self, ground: Tensor) -> Tensor:
        return self.layers(_summary(ground)).squeeze(-1)


def _summary(ground: Tensor) -> Tensor:
    """(n, 2 C): mean and greatest of each channel over the ground."""
    return torch.cat([ground.mean((2, 3)), ground.amax((2, 3))], 1)


def tensors(encoded: Encoded) -> tuple[Tensor, ...]:
    """What `PredictorNet` takes, without copying."""
    local, mirrored, overall, bodies, doing = (torch.from_numpy(part) for part in encoded)
    return (
        local.permute(0, 3, 1, 2),
        mirrored.permute(0, 3, 1, 2),
        overall,
        bodies.permute(0, 3, 1, 2),
        doing,
    )


def predict(net: PredictorNet, state: State | Moments) -> Outputs:
    """Everything the network predicts of n states, in bfloat16 where that is faster, without gradients; the
    outputs are on the CPU.
    """
    inputs = [part.to(net.device) for part in tensors(encode(net.size, state))]
    with torch.inference_mode(), torch.autocast(net.device.type, torch.bfloat16):
        goal, policy, user, value = net(*inputs)
    return Outputs(goal.cpu(), _fetched(policy), _fetched(user), None if value is None else value.cpu())


def _fetched(acts: Acts | None) -> Acts | None:
    return None if acts is None else Acts(*(part.cpu() for part in acts))


def guess_goals(net: PredictorNet, state: State | Moments) -> np.ndarray:
    """Probabilities (n, W-2, D-2, H-2, CLASSES) float32 of the goals' blocks in the cells of the box."""
    return torch.softmax(predict(net, state).goal.float(), -1).numpy()


def guess_marginals(net: PredictorNet, state: State | Moments, out: np.ndarray) -> None:
    """Write probabilities of the box's cells into marginals (n, N, 10); the other cells stay as they are."""
    marginals_of(net.size, guess_goals(net, state), out)
