"""The ensemble that rates dialogues: regressions on words, readers, and a regression that weighs them up.

A checkpoint is a folder: `card.json`, `arrays.npz`, and `reader_K.safetensors` for each reader. Nothing in it
is pickled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..checkpoints import CARD, IncompatibleCheckpoint
from .acts import SPEAKERS, NextActs
from .linear import Linear
from .measures import Forecast
from .network import BEFORE, WITH, Reader, ReaderOptions, gather, lines_of
from .ngrams import Place, Scale, count, weigh
from .rated import LOW, RATING, standing
from .reading import USER

SCHEMA = 1
ARRAYS = "arrays.npz"
KINDS = (BEFORE, WITH)
_BATCH = 32
_LEAST = 1e-4


@dataclass(frozen=True)
class Judge:
    """How satisfied a user is, from what was said before its turn, or with it."""

    scale: Scale
    words: Linear
    """Of n-grams: rating, low."""
    centre: np.ndarray
    spread: np.ndarray
    """(f,) of the columns of `standing` and of the members' opinions."""
    final: Linear
    """Of those columns: rating, low."""
    mean: np.ndarray
    """(3,) the expected mean rating is these times (1, share above 3, share below 3)."""
    cuts: np.ndarray
    """(2,) chances of low and of the share above 3 from which the mode is 2, or 4."""

    def forecast(self, columns: np.ndarray) -> Forecast:
        """From columns (n, f)."""
        ratings, low = self.final.chances((columns - self.centre) / self.spread)
        mode = np.where(low[:, 1] > self.cuts[0], 2, np.where(ratings[:, 2] > self.cuts[1], 4, 3))
        mean = self.mean[0] + self.mean[1] * ratings[:, 2] + self.mean[2] * ratings[:, 0]
        return Forecast(low[:, 1], mean, mode)


@dataclass(frozen=True)
class Predictor:
    """What is expected of real dialogues."""

    judges: dict[str, Judge]
    """By kind, `before` and `with`."""
    readers: tuple[Reader, ...]
    acts: dict[str, NextActs]
    """By `domain/speaker`."""
    reader_acts: dict[str, tuple[str, ...]]
    """The acts that readers know, by domain."""

    def satisfaction(self, places: Sequence[Place]) -> dict[str, Forecast]:
        """Forecasts of turns, by kind."""
        opinions = self.read(places)
        found = {}
        for kind, judge in self.judges.items():
            heard = kind == WITH
            words = np.concatenate(judge.words.chances(weigh(count(places, heard), judge.scale)), 1)
            mine = np.concatenate([opinions[kind][RATING], opinions[kind][LOW]], 1)
            found[kind] = judge.forecast(columns_of(places, heard, words, mine))
        return found

    def next_act(
        self, places: Sequence[Place], domain: str, speaker: str
    ) -> tuple[np.ndarray, list[frozenset[str]]]:
        """What a speaker does next: the likeliest acts' names (n,), and slots. KeyError for a domain that it
        has not learned.
        """
        model = self.acts[f"{domain}/{SPEAKERS[speaker]}"]
        chances, slots = model.foretell(places)
        if speaker == USER and domain in self.reader_acts:
            told = self.read(places)[BEFORE][domain]
            known = {name: i for i, name in enumerate(self.reader_acts[domain])}
            logs = np.log(np.maximum(told[:, [known[name] for name in model.acts]], _LEAST))
            chances = np.log(np.maximum(chances, _LEAST)) + logs
        return np.array(model.acts)[chances.argmax(1)], slots

    def read(self, places: Sequence[Place]) -> dict[str, dict[str, np.ndarray]]:
        """Mean chances (n, labels) of the readers, by kind and question."""
        return mean_reading(self.readers, places)


def mean_reading(readers: Sequence[Reader], places: Sequence[Place]) -> dict[str, dict[str, np.ndarray]]:
    """Mean chances (n, labels) of readers at places, by kind and question."""
    dialogues = list({id(dialogue): dialogue for dialogue, _ in places}.values())
    lines = lines_of(dialogues, readers[0].options.hashed)
    starts = dict(zip(map(id, dialogues), np.cumsum([0, *(len(d.turns) for d in dialogues)]), strict=False))
    rows = np.array([starts[id(dialogue)] + number for dialogue, number in places])
    total: dict[str, dict[str, list[np.ndarray]]] = {kind: {} for kind in KINDS}
    with torch.no_grad():
        for start in range(0, len(lines), _BATCH):
            batch = gather(lines[start : start + _BATCH])
            answers = [reader.eval()(batch) for reader in readers]
            for kind in KINDS:
                for name in readers[0].heads:
                    told = torch.stack([each[kind][name].softmax(-1) for each in answers]).mean(0)
                    total[kind].setdefault(name, []).append(told.numpy())
    return {kind: {name: np.concatenate(v)[rows] for name, v in total[kind].items()} for kind in KINDS}


def columns_of(places: Sequence[Place], heard: bool, words: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """What the final regression weighs up: where a turn stands, and in log odds (n, 5) what the regression of
    words and the readers expect.
    """
    odds = [_log_odds(opinion) for opinion in (words, mine)]
    return np.concatenate([standing(places, heard), *odds], 1).astype(np.float32)


def save(folder: Path, predictor: Predictor, made: dict[str, Any]) -> None:
    """Write a checkpoint; the card last, so that an interrupted save is none. Readers must be there already,
    see `save_reader`.
    """
    arrays: dict[str, np.ndarray] = {}
    for kind, judge in predictor.judges.items():
        _put_scale(arrays, f"{kind}/scale", judge.scale)
        _put_linear(arrays, f"{kind}/words", judge.words)
        _put_linear(arrays, f"{kind}/final", judge.final)
        for name in ("centre", "spread", "mean", "cuts"):
            arrays[f"{kind}/{name}"] = getattr(judge, name)
    for name, model in predictor.acts.items():
        _put_scale(arrays, f"{name}/scale", model.scale)
        _put_linear(arrays, f"{name}/linear", model.linear)
    with (folder / f"{ARRAYS}.part").open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    (folder / f"{ARRAYS}.part").replace(folder / ARRAYS)
    acts = {
        name: {"acts": model.acts, "slots": model.slots, "share": model.share}
        for name, model in predictor.acts.items()
    }
    card = {
        "schema": SCHEMA,
        "readers": len(predictor.readers),
        "options": asdict(predictor.readers[0].options),
        "heads": predictor.readers[0].heads,
        "reader_acts": predictor.reader_acts,
        "acts": acts,
        "made": made,
    }
    part = folder / f"{CARD}.part"
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(folder / CARD)


def load(folder: str | Path) -> tuple[Predictor, dict[str, Any]]:
    """The predictor of a folder, and its card. FileNotFoundError without one, IncompatibleCheckpoint for one
    of another version.
    """
    folder = Path(folder)
    if not (folder / CARD).is_file():
        raise FileNotFoundError(
            f"{folder} has no {CARD}; make one with `python -m scripts.train dialogue`, or name "
            "another with --checkpoint"
        )
    card = json.loads((folder / CARD).read_text())
    if card.get("schema") != SCHEMA or "reader_acts" not in card:
        raise IncompatibleCheckpoint(
            f"{folder} holds no dialogue predictor of schema {SCHEMA}; use `scripts.train dialogue`"
        )
    arrays = dict(np.load(folder / ARRAYS, allow_pickle=False))
    judges = {
        kind: Judge(
            _get_scale(arrays, f"{kind}/scale"),
            _get_linear(arrays, f"{kind}/words"),
            arrays[f"{kind}/centre"],
            arrays[f"{kind}/spread"],
            _get_linear(arrays, f"{kind}/final"),
            arrays[f"{kind}/mean"],
            arrays[f"{kind}/cuts"],
        )
        for kind in KINDS
    }
    acts = {
        name: NextActs(
            tuple(about["acts"]),
            tuple(about["slots"]),
            about["share"],
            _get_scale(arrays, f"{name}/scale"),
            _get_linear(arrays, f"{name}/linear"),
        )
        for name, about in card["acts"].items()
    }
    options = ReaderOptions(**card["options"])
    readers = tuple(load_reader(folder, k, options, card["heads"]) for k in range(card["readers"]))
    known = {name: tuple(names) for name, names in card["reader_acts"].items()}
    return Predictor(judges, readers, acts, known), card


def save_reader(folder: Path, number: int, reader: Reader) -> None:
    """Write a reader, in one step."""
    from safetensors.torch import save_file

    part = folder / f"reader_{number}.part"
    save_file({name: weight.contiguous() for name, weight in reader.state_dict().items()}, part)
    part.replace(folder / f"reader_{number}.safetensors")


def load_reader(folder: Path, number: int, options: ReaderOptions, heads: dict[str, int]) -> Reader:
    """Read a reader of `save_reader`."""
    from safetensors.torch import load_file

    reader = Reader(options, heads)
    reader.load_state_dict(load_file(folder / f"reader_{number}.safetensors"))
    return reader.eval()


def has_reader(folder: Path, number: int) -> bool:
    """Whether a reader was finished."""
    return (folder / f"reader_{number}.safetensors").is_file()


def _log_odds(chances: np.ndarray) -> np.ndarray:
    kept = np.clip(chances, _LEAST, 1 - _LEAST)
    return np.log(kept / (1 - kept))


def _put_scale(arrays: dict[str, np.ndarray], name: str, scale: Scale) -> None:
    arrays[f"{name}/columns"], arrays[f"{name}/weights"] = scale.columns, scale.weights


def _get_scale(arrays: dict[str, np.ndarray], name: str) -> Scale:
    return Scale(arrays[f"{name}/columns"], arrays[f"{name}/weights"])


def _put_linear(arrays: dict[str, np.ndarray], name: str, linear: Linear) -> None:
    arrays[f"{name}/weights"], arrays[f"{name}/bias"] = linear.weights, linear.bias
    arrays[f"{name}/sizes"] = np.array(linear.sizes)


def _get_linear(arrays: dict[str, np.ndarray], name: str) -> Linear:
    sizes = tuple(int(size) for size in arrays[f"{name}/sizes"])
    return Linear(arrays[f"{name}/weights"], arrays[f"{name}/bias"], sizes)
