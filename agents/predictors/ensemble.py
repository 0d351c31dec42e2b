"""Several networks as one: their probabilities are averaged.

Networks that were trained with other seeds are wrong in other ways, so the mean of their guesses is both
better and less sure of itself where none of them knows, which is where an assistant does harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .checkpoints import CARD, load
from .network import Acts, Outputs, PredictorNet


class Ensemble(PredictorNet):
    """Networks of one kind, asked together. Not for training."""

    def __init__(self, members: Sequence[PredictorNet]):
        """ValueError when there is none, or they differ in size or options."""
        if not members:
            raise ValueError("an ensemble of no networks; give one or more")
        nn.Module.__init__(self)
        self.size, self.options = members[0].size, members[0].options
        for member in members:
            if (member.size, member.options) != (self.size, self.options):
                raise ValueError(f"members differ: {member.options} and {self.options}; train them alike")
        self.members = nn.ModuleList(members)

    def forward(self, *inputs: Tensor) -> Outputs:  # type: ignore[override]
        """As of one network; logits are logarithms of mean probabilities."""
        found = [member(*inputs) for member in self.members]
        if len(found) == 1:
            return found[0]
        goal = torch.stack([each.goal.float().softmax(-1) for each in found]).mean(0).log()
        policies = [each.policy for each in found if each.policy is not None]
        users = [each.user for each in found if each.user is not None]
        values = [each.value for each in found if each.value is not None]
        value = torch.stack(values).mean(0) if values else None
        return Outputs(goal, _mean(policies), _mean(users), value)


def _mean(acts: Sequence[Acts]) -> Acts | None:
    """Mean logits: the geometric mean of what the members expect, over whatever turns out to be legal."""
    return Acts(*(torch.stack(parts).mean(0) for parts in zip(*acts, strict=True))) if acts else None


def load_network(folder: str | Path) -> PredictorNet:
    """The network of a checkpoint's folder, or the ensemble of a folder of such folders.

    Raises FileNotFoundError when it is neither, else as `checkpoints.load`.
    """
    folder = Path(folder)
    members = sorted(path.parent for path in folder.glob(f"*/{CARD}"))
    if (folder / CARD).is_file() or not members:
        return load(folder)[0]
    return Ensemble([load(member)[0] for member in members]).eval()
