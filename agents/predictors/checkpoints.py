"""Networks as files: weights in safetensors, and a card in JSON that says what they are.

Nothing is pickled, so that a file from a stranger is safe to load. The card holds what is needed to build the
network again and, under `made`, whatever its maker wants to say: data, seed, figures.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from envs.building.actions import KINDS

from .encoding import CLASSES
from .network import NetOptions, PredictorNet

SCHEMA = 2
"""2: options name the torso; cards of 1 are of flat ones and are read as such."""
WEIGHTS, CARD = "weights.safetensors", "card.json"


class IncompatibleCheckpoint(ValueError):
    """A checkpoint is of another kind than what is asked for; the message names the field."""


def save(
    folder: str | Path, net: PredictorNet, made: dict[str, Any] | None = None, half: bool = False
) -> None:
    """Write a network to a folder; the card is written last, so that an interrupted save is no checkpoint.

    half: store weights in float16, at half the size.
    """
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.contiguous() for name, weight in net.state_dict().items()}
    if half:
        weights = {name: weight.half() for name, weight in weights.items()}
    save_file(weights, folder / WEIGHTS)
    card = {**_kind(net), "dtype": "float16" if half else "float32", "made": made or {}}
    partial = folder / f"{CARD}.part"
    partial.write_text(json.dumps(card, indent=1) + "\n")
    partial.replace(folder / CARD)


def load(folder: str | Path, like: PredictorNet | None = None) -> tuple[PredictorNet, dict[str, Any]]:
    """The network of a folder, in evaluation mode, and its card.

    like: a network whose size and options it must have. Raises FileNotFoundError without a checkpoint and
    IncompatibleCheckpoint, which names the field, when it does not fit this version or `like`.
    """
    from safetensors.torch import load_file

    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder} has no {name}; give a folder written by scripts.train")
    card = _of_this_schema(json.loads((folder / CARD).read_text()))
    _compare(card, {"schema": SCHEMA, "kinds": list(KINDS), "classes": CLASSES}, folder)
    if like is not None:
        _compare(card, _kind(like), folder)
    options = NetOptions(**{**card["options"], "heads": tuple(card["options"]["heads"])})
    net = PredictorNet(tuple(card["size"]), options)
    weights = {name: weight.float() for name, weight in load_file(folder / WEIGHTS).items()}
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise IncompatibleCheckpoint(f"{folder}: weights do not fit the card's options: {error}") from error
    return net.eval(), card


def _kind(net: PredictorNet) -> dict[str, Any]:
    options = asdict(net.options) | {"heads": list(net.options.heads)}
    return {
        "schema": SCHEMA,
        "kinds": list(KINDS),
        "classes": CLASSES,
        "size": list(net.size),
        "options": options,
    }


def _of_this_schema(card: dict[str, Any]) -> dict[str, Any]:
    """A card of an earlier schema as it would be written now."""
    if card.get("schema") == 1:
        card = {**card, "schema": SCHEMA, "options": {**card["options"], "torso": "flat"}}
    return card


def _compare(card: dict[str, Any], wanted: dict[str, Any], folder: Path, prefix: str = "") -> None:
    for name, value in wanted.items():
        found = card.get(name)
        if isinstance(value, dict) and isinstance(found, dict):
            _compare(found, value, folder, f"{prefix}{name}.")
        elif found != value:
            raise IncompatibleCheckpoint(
                f"{folder}: {prefix}{name} is {found!r} in the checkpoint and {value!r} here; use weights "
                "that were trained with this version and these options"
            )
