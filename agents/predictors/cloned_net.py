"""A small network that acts like the people it was trained on, builders who know the goal.

It reads `agents.users.surroundings`. Every candidate cell passes through one network that all cells
share; an attention pool gathers what the cells together call for; with what was done last that gives the
kind of the next action, and looking back at each cell with it, which cell and which block. So it matters
neither where in the world a house stands nor what it is made of, and little data goes a long way.

People differ in pace and habits. Each person in the training data is an input of their own, which
training now and then leaves out: without any, the network is a stranger.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..users.odds import KINDS, Odds
from ..users.surroundings import CAN_BREAK, CAN_PLACE, MEANINGS, OVERALL, PER_CELL, Surroundings
from ..users.worth import SORTS

STRANGER = -1
"""The person that is none of the network's."""
WEIGHTS, CARD = "weights.safetensors", "card.json"
_NEVER = -1e9
_KIND = {"schema": 1, "network": "clone", "cell_features": PER_CELL, "overall_features": OVERALL}
"""What a card must say for its weights to mean the same here."""


@dataclass(frozen=True)
class CloneOptions:
    """Sizes of a `CloneNet`."""

    people: tuple[str, ...] = ()
    """Whom it was trained on; each is an input."""
    cell: int = 64
    """Channels of a cell."""
    context: int = 96
    """Channels of a moment."""
    heads: int = 4
    """Of the attention pool; divides `cell`."""
    dropout: float = 0.1
    shifts: tuple[float, ...] = (0.0,) * len(SORTS)
    """What users of the network add to the log odds of each of `SORTS`, see `clone_settling`."""

    def __post_init__(self) -> None:
        if len(self.shifts) != len(SORTS):
            raise ValueError(f"there are {len(self.shifts)} shifts; give {len(SORTS)}: {', '.join(SORTS)}")
        if self.cell % self.heads:
            raise ValueError(f"cell is {self.cell}; give a multiple of the {self.heads} heads")


class CloneInputs(NamedTuple):
    """Tensors of n moments with up to L candidates each."""

    features: Tensor
    """(n, L, PER_CELL)."""
    overall: Tensor
    """(n, OVERALL)."""
    can: Tensor
    """(n, L) uint8, see `Surroundings.can`."""
    moves: Tensor
    """(n, 6) bool."""
    meanings: Tensor
    """(n, L, 8) int64."""
    people: Tensor
    """(n, P) one-hot; zeros for strangers."""


class CloneOutputs(NamedTuple):
    """Log-probabilities over what is legal, the tensors of `Odds`."""

    kinds: Tensor
    places: Tensor
    breaks: Tensor
    blocks: Tensor


class CloneNet(nn.Module):
    """Odds of the next action."""

    def __init__(self, options: CloneOptions):
        super().__init__()
        self.options = options
        cell, context = options.cell, options.context
        self.look = nn.Sequential(
            nn.Linear(PER_CELL, cell),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(cell, cell),
            nn.ReLU(),
        )
        self.attention = nn.Linear(cell, options.heads)
        self.value = nn.Linear(cell, cell)
        moment = OVERALL + len(options.people)
        self.gather = nn.Sequential(
            nn.Linear(moment + 2 * cell, context),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(context, context),
            nn.ReLU(),
        )
        self.kinds = nn.Linear(context, KINDS)
        self.straight = nn.Linear(moment, KINDS)
        self.recall = nn.Linear(cell, cell)
        self.told = nn.Linear(context, cell, bias=False)
        self.arguments = nn.Linear(cell, 2 + MEANINGS)

    def forward(self, inputs: CloneInputs) -> CloneOutputs:
        """Log-probabilities of kinds (n, 9), places and breaks (n, L), and blocks (n, L, 8)."""
        there = inputs.can > 0
        cells = self.look(inputs.features)
        attention = self.attention(cells).masked_fill(~there[:, :, None], _NEVER).softmax(1)
        values = self.value(cells).unflatten(2, (self.options.heads, -1))
        pooled = (attention[..., None] * values).sum(1).flatten(1)
        most = cells.masked_fill(~there[:, :, None], 0.0).amax(1)
        moment = torch.cat([inputs.overall, inputs.people], 1)
        context = self.gather(torch.cat([moment, pooled, most], 1))
        back = F.relu(self.recall(cells) + self.told(context)[:, None])
        arguments = self.arguments(back)
        may_place, may_break = inputs.can & CAN_PLACE > 0, inputs.can & CAN_BREAK > 0
        always = torch.ones_like(inputs.moves[:, :1])
        edits = torch.stack([may_place.any(1), may_break.any(1)], 1)
        kinds = self.kinds(context) + self.straight(moment)
        legal = torch.cat([always, edits, inputs.moves], 1)
        return CloneOutputs(
            kinds.masked_fill(~legal, _NEVER).log_softmax(1),
            arguments[..., 0].masked_fill(~may_place, _NEVER).log_softmax(1),
            arguments[..., 1].masked_fill(~may_break, _NEVER).log_softmax(1),
            arguments[..., 2:].gather(2, inputs.meanings).log_softmax(2),
        )


def clone_inputs(net: CloneNet, seen: Surroundings, people: np.ndarray) -> CloneInputs:
    """What a network takes. people: (n,) int, which of its people acts; STRANGER for none."""
    known = np.zeros((len(people), len(net.options.people)), np.float32)
    known[people >= 0, people[people >= 0]] = 1.0
    return CloneInputs(
        torch.from_numpy(np.ascontiguousarray(seen.features)),
        torch.from_numpy(seen.overall),
        torch.from_numpy(np.ascontiguousarray(seen.can)),
        torch.from_numpy(seen.moves),
        torch.from_numpy(seen.meanings.astype(np.int64)),
        torch.from_numpy(known),
    )


def clone_odds(net: CloneNet, seen: Surroundings, people: np.ndarray) -> Odds:
    """The odds of the next actions of people (n,), as in `clone_inputs`; the network in evaluation mode."""
    with torch.inference_mode():
        return Odds(*(part.numpy() for part in net(clone_inputs(net, seen, people))))


def save_clone(folder: str | Path, net: CloneNet, made: dict[str, Any] | None = None) -> None:
    """Write weights (safetensors, float16) and a card (JSON) to a folder, the card last.

    made: how the network came about, for the card.
    """
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: weight.half().contiguous() for name, weight in net.state_dict().items()}, folder / WEIGHTS
    )
    card = {**_KIND, "options": asdict(net.options), "made": made or {}}
    (folder / CARD).write_text(json.dumps(card, indent=1) + "\n")


def load_clone(folder: str | Path) -> tuple[CloneNet, dict[str, Any]]:
    """The network of a folder, in evaluation mode, and its card.

    Raises FileNotFoundError without one, and ValueError, naming the field, for one of another version.
    """
    from safetensors.torch import load_file

    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} has no {name}; give a folder written by scripts.users clone --out"
            )
    card = json.loads((folder / CARD).read_text())
    for name, value in _KIND.items():
        if card.get(name) != value:
            raise ValueError(
                f"{folder}: {name} is {card.get(name)!r} in the card and {value!r} here; train it again by"
                " scripts.users clone --out"
            )
    options = card["options"]
    lists = {name: tuple(options[name]) for name in ("people", "shifts") if name in options}
    net = CloneNet(CloneOptions(**{**options, **lists}))
    net.load_state_dict({name: weight.float() for name, weight in load_file(folder / WEIGHTS).items()})
    return net.eval(), card
