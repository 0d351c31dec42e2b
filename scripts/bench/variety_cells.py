"""One cell of the table of variety: a network trained on one source and what it scores in all exams.

A cell is kept in a folder as soon as its parts are done (the network, its moments, its episodes), so that an
interrupted run goes on where it stopped, and a part asked for later needs no second training.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.assistants.network import NetworkAssistant
from agents.assistants.scripted import NoneAssistant
from agents.evaluation.episode import Episode
from agents.evaluation.metrics import edits_saved
from agents.evaluation.play import Task, play
from agents.predictors.players import VariedBuilders
from agents.users import make_user
from envs.building.config import BuildingConfig
from envs.building.goals import GoalSource, limit, make_source
from envs.building.player import Player

from . import variety_exams
from .variety import NLL
from .variety_exams import Exam, make_exams

if TYPE_CHECKING:
    from agents.predictors.network import PredictorNet

_BATCH = 64
THRESHOLD = 0.3
"""Of the assistant: the same for all networks, so that networks are compared and not thresholds."""


@dataclass(frozen=True)
class Cell:
    """What is trained and asked. Equal cells are equal results."""

    source: str
    seed: int
    samples: int
    users: str
    """Who builds in training: `varied`, or the name of a user."""
    goals: int
    """Distinct goals of training, 0 for no limit."""
    exams_seed: int
    code: str
    """Hash of the sources."""

    @property
    def folder(self) -> str:
        """Name of its folder."""
        words = (self.source, self.goals or "all", self.users, self.samples, self.exams_seed, self.seed)
        return "-".join(str(word) for word in words).replace(":", "_").replace("/", "_").replace(",", "_")

    @property
    def title(self) -> str:
        """What it is called in progress lines."""
        limited = f" ({self.goals:,} goals)" if self.goals else ""
        return f"{self.source}{limited}, seed {self.seed}"


def training_source(spec: str, goals: int, seed: int) -> GoalSource:
    """The goals of a cell. Libraries are augmented: houses by themselves would run dry at once."""
    library = spec.split(":")[0] == "library"
    source = make_source(spec, augmented=True) if library else make_source(spec)
    return limit(source, goals, seed) if goals else source


def training_user(name: str) -> Player:
    """The user that builds in training."""
    return VariedBuilders() if name == VariedBuilders.name else make_user(name)


def finish(
    cell: Cell, folder: Path, parts: Sequence[str], threads: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Do what is missing of a cell's parts; returns all results that it has."""
    place = folder / cell.folder
    file = place / "cell.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"cell": asdict(cell)}
    if found["cell"] != asdict(cell):
        raise ValueError(f"{place} holds another cell, {found['cell']}; give another --out")
    missing = [part for part in parts if part not in found]
    if not missing:
        return found
    import torch

    torch.set_num_threads(threads)
    place.mkdir(parents=True, exist_ok=True)
    net = _network(cell, place / "net.npz", found, say)
    _write(file, found)
    exams = _exams(cell.exams_seed)
    for part in missing:
        answer = _moments if part == NLL else _episodes
        found[part] = {exam.key: answer(net, exam, cell) for exam in exams}
        _write(file, found)
        say(f"{cell.title}: {part} of {len(exams)} exams")
    return found


def _network(cell: Cell, file: Path, found: dict[str, Any], say: Callable[[str], None]) -> PredictorNet:
    import torch

    from agents.predictors.network import PredictorNet
    from agents.predictors.training import Recipe, train

    if file.exists():
        net = PredictorNet()
        with np.load(file, allow_pickle=False) as weights:
            net.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
        return net
    shown, next_line = 0, 0.1

    def advance(samples: int) -> None:
        nonlocal shown, next_line
        shown += samples
        if shown >= next_line * cell.samples:
            say(f"{cell.title}: {shown:,} of {cell.samples:,} samples")
            next_line += 0.1

    source = training_source(cell.source, cell.goals, cell.seed)
    made = train(source, training_user(cell.users), Recipe(samples=cell.samples), cell.seed, advance)
    found["training"] = {
        "minutes": made.seconds / 60,
        "playing": made.playing / 60,
        "loss": float(made.losses[-len(made.losses) // 10 :].mean()),
    }
    say(f"{cell.title}: trained in {made.seconds / 60:.1f} CPU minutes")
    weights = {name: value.numpy() for name, value in made.net.state_dict().items()}
    _save(file, weights)
    return made.net


def _moments(net: PredictorNet, exam: Exam, cell: Cell) -> dict[str, list[Any]]:
    """NLL and proposals of each moment of an exam."""
    from agents.predictors.scores import proposals, untouched_nll

    right, proposed = proposals(net, exam.moments, THRESHOLD)
    return {
        "houses": list(exam.house_of),
        "built": exam.built.tolist(),
        "nll": untouched_nll(net, exam.moments).tolist(),
        "right": right.tolist(),
        "proposed": proposed.tolist(),
    }


def _episodes(net: PredictorNet, exam: Exam, cell: Cell) -> dict[str, list[Any]]:
    """What the network saves the user in each episode of an exam, and what it does wrong."""
    helped = _play(exam, NetworkAssistant(net, (THRESHOLD, THRESHOLD)), cell.exams_seed)
    alone = _alone(cell.exams_seed, exam.key)
    return {
        "houses": list(exam.goals.houses),
        "saved": [edits_saved(mine, other) for mine, other in zip(helped, alone, strict=True)],
        "edits": [episode.measures["assistant_edits"] for episode in helped],
        "wrong": [episode.measures["assistant_wrong_edits"] for episode in helped],
        "end": [float(episode.goal_fraction[-1]) for episode in helped],
        "alone": [float(episode.goal_fraction[-1]) for episode in alone],
    }


@lru_cache(maxsize=2)
def _exams(seed: int) -> list[Exam]:
    return make_exams(seed, variety_exams.SIZES)


@lru_cache(maxsize=16)
def _alone(seed: int, key: str) -> list[Episode]:
    (exam,) = (exam for exam in _exams(seed) if exam.key == key)
    return _play(exam, NoneAssistant(), seed)


def _play(exam: Exam, assistant: Player, seed: int) -> list[Episode]:
    config = BuildingConfig(size=exam.goals.size, horizon=variety_exams.SIZES.horizon)
    episodes: list[Episode] = []
    for start in range(0, len(exam.goals), _BATCH):
        rows = range(start, min(start + _BATCH, len(exam.goals)))
        houses = tuple(exam.goals.houses[row] for row in rows)
        task = Task(exam.goals.blocks[list(rows)], houses, tuple(rows), seed)
        episodes += play(config, make_user(exam.user), assistant, task)
    return episodes


def _save(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an npz whole or not at all."""
    part = file.with_suffix(".part.npz")
    np.savez(part, **arrays)  # type: ignore[arg-type]
    part.replace(file)


def _write(file: Path, found: dict[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.replace(file)
