"""The folder of a run: what makes it resumable, what it measured, and the network as it stands.

run.json                          stage, seed and options; a run is resumed with the same ones only
state.npz                         everything that goes on after a kill, see `saving`
metrics.jsonl                     a line for each round or so many samples
weights.safetensors, card.json    the network, see `predictors.checkpoints`
bad_batch.npz                     the batch whose loss was no number, when there was one
tensorboard/                      the metrics for TensorBoard, when asked for
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..predictors import checkpoints
from ..predictors.updates import LossNotFinite
from .saving import read_state, write_state, write_text

RUN, STATE, METRICS, BAD_BATCH = "run.json", "state.npz", "metrics.jsonl", "bad_batch.npz"


class RunFolder:
    """One run's folder; metrics go on where the state that is resumed from was written."""

    def __init__(
        self,
        folder: str | Path,
        stage: str,
        seed: int,
        options: Any,
        resume: bool = False,
        tensorboard: bool = False,
        made: Mapping[str, Any] | None = None,
        free: Sequence[str] = (),
    ):
        """options: a dataclass. resume: go on with the run that is there, if one is. made: what else the card
        says of the network's making. free: options that may differ from those of the run that is there.

        Raises FileExistsError for a folder with a run without `resume`, and ValueError for one with a run of
        other options.
        """
        self.folder = Path(folder)
        self._kind = {"stage": stage, "seed": seed, "options": json.loads(json.dumps(asdict(options)))}
        self._made = dict(made or {})
        if (self.folder / RUN).is_file():
            if not resume:
                raise FileExistsError(
                    f"{self.folder} holds a run; add --resume to go on with it, or give another"
                )
            fixed = {name: value for name, value in self._kind["options"].items() if name not in free}
            self._compare(json.loads((self.folder / RUN).read_text()), {**self._kind, "options": fixed})
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.folder / RUN, json.dumps(self._kind, indent=1) + "\n")
        self.state: dict[str, Any] | None = None
        """What was saved last, None for a new run."""
        if (self.folder / STATE).is_file():
            self.state = read_state(self.folder / STATE)
        self._metrics = self._kept_metrics(self.state["lines"] if self.state else 0)
        self._board = _board(self.folder / "tensorboard") if tensorboard else None

    @property
    def last(self) -> dict[str, Any]:
        """The last line of metrics."""
        return self._metrics[-1] if self._metrics else {}

    def log(self, step: int, values: Mapping[str, float | int]) -> None:
        """Add a line of metrics; values that are not finite become null. step: how far the run is."""
        line = {"step": step, **{name: _finite(value) for name, value in values.items()}}
        self._metrics.append(line)
        with (self.folder / METRICS).open("a") as file:
            file.write(json.dumps(line) + "\n")
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)

    def save(self, net: Any, state: Mapping[str, Any], write: Callable[..., None] = checkpoints.save) -> None:
        """Write what a resumed run goes on from, and the network, by `write(folder, net, made)`."""
        write_state(self.folder / STATE, {**state, "lines": len(self._metrics)})
        write(self.folder, net, {**self._kind, **self._made, "metrics": self.last})

    def close(self) -> None:
        """Write out what TensorBoard is to show."""
        if self._board:
            self._board.close()

    def _compare(self, found: dict[str, Any], wanted: dict[str, Any], prefix: str = "") -> None:
        for name, value in wanted.items():
            there = found.get(name)
            if isinstance(value, dict) and isinstance(there, dict):
                self._compare(there, value, f"{prefix}{name}.")
            elif there != value:
                raise ValueError(
                    f"{self.folder} holds a run with {prefix}{name} = {there!r}, not {value!r}; give another "
                    "folder, or the run's own options"
                )

    def _kept_metrics(self, lines: int) -> list[dict[str, Any]]:
        """The metrics up to the state that is resumed from; later ones will be measured again."""
        file = self.folder / METRICS
        kept = file.read_text().splitlines()[:lines] if file.is_file() else []
        write_text(file, "".join(f"{line}\n" for line in kept))
        return [json.loads(line) for line in kept]


def keep_bad_batch(folder: Path, error: LossNotFinite) -> Path:
    """Save the batch of a loss that is no number, for whoever looks into it; returns the file."""
    file = folder / BAD_BATCH
    np.savez_compressed(file, flips=error.flips, **error.moments._asdict())
    return file


def guarded(folder: Path, step: Callable[[], Any]) -> Any:
    """What `step` returns; where its loss is no number, the batch is kept and the error says where."""
    try:
        return step()
    except LossNotFinite as error:
        file = keep_bad_batch(folder, error)
        error.args = (f"{error.args[0]}; the batch is in {file}, and --resume goes on from the last save",)
        raise


def _finite(value: float | int) -> float | int | None:
    if not math.isfinite(value):
        return None
    return value if isinstance(value, int) else round(float(value), 6)


def _board(folder: Path) -> Any:
    """A writer for TensorBoard. ImportError that says what to install."""
    try:
        from tensorboardX import SummaryWriter  # type: ignore[import-untyped]
    except ImportError:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "--tensorboard needs tensorboardX or tensorboard: pip install tensorboard"
            ) from error
    return SummaryWriter(str(folder))
