"""Recorded dialogues of three data sets in one form: who said what, what that did, how it was rated.

A file `dialogues_SPLIT.jsonl[.gz]` holds a dialogue a line, with `turns` of [speaker, text, acts] and, where
people have rated the assistant, their ratings 1..5 behind. Acts are written in three ways; here they are
names, without repeats, each `ACT` or `ACT:slot`:

uss_satisfaction    one name or none: `Hotel-Inform`, `ENTITY_NAME+MOVIE_OR_SERIES`
sgd_goals           a list of names: `INFORM:location`, `AFFIRM`
multiwoz21_goals    {act: [[slot, value], ...]}: `Hotel-Inform` of the slot Area becomes `Hotel-Inform:Area`
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER, ASSISTANT = "U", "S"
PREFERRED = ("val", "test")
"""Splits that are read first when a folder holds several."""
TRAIN = "train"
_RATINGS = (1, 2, 3, 4, 5)
_PREFIX, _ENDINGS = "dialogues_", (".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class Turn:
    """Something said."""

    speaker: str
    """`U`, the user, or `S`, the assistant."""
    text: str
    acts: tuple[str, ...] = ()
    """What was done by saying it, in the words of the data set; empty where it has no label."""
    ratings: tuple[int, ...] = ()
    """What people thought of the assistant so far, 1..5; empty for turns that nobody rated."""


@dataclass(frozen=True)
class Dialogue:
    """A recorded dialogue."""

    id: str
    domain: str
    turns: tuple[Turn, ...]


def splits(folder: str | Path) -> dict[str, Path]:
    """The files of a folder by the name of their split."""
    found = {}
    for file in sorted(Path(folder).glob(f"{_PREFIX}*")):
        for ending in _ENDINGS:
            if file.name.endswith(ending):
                found[file.name.removeprefix(_PREFIX).removesuffix(ending)] = file
    return found


def choose_split(folder: str | Path, split: str | None = None) -> str:
    """The split to score: the one named, else `val`, `test`, another, or `train` if there is nothing else.

    FileNotFoundError when the folder does not hold it.
    """
    there = splits(folder)
    if not there:
        raise FileNotFoundError(
            f"no {_PREFIX}SPLIT.jsonl.gz in {folder}; name a folder such as uss_satisfaction with --data"
        )
    if split is None:
        others = sorted(set(there) - {*PREFERRED, TRAIN})
        return next(name for name in (*PREFERRED, *others, TRAIN) if name in there)
    if split not in there:
        raise FileNotFoundError(f"no split {split!r} in {folder}; it holds {', '.join(there)}")
    return split


def read_dialogues(folder: str | Path, split: str) -> list[Dialogue]:
    """The dialogues of a split. FileNotFoundError without it, ValueError that names the line for one which is
    not a dialogue.
    """
    file = splits(folder)[choose_split(folder, split)]
    found = []
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found.append(_dialogue(json.loads(line), Path(folder).name))
            except (KeyError, TypeError, IndexError, ValueError) as error:
                raise ValueError(
                    f"{file}, line {number} is no dialogue: {type(error).__name__}: {error}; the form is "
                    "in docs/dialogue.md"
                ) from error
    if not found:
        raise ValueError(f"{file} holds no dialogue; give a file with one a line")
    return found


def _dialogue(read: dict[str, Any], set_name: str) -> Dialogue:
    turns = tuple(_turn(*turn) for turn in read["turns"])
    return Dialogue(str(read["id"]), str(read.get("domain", set_name)), turns)


def _turn(speaker: str, text: str, acts: Any = (), ratings: Sequence[int] = ()) -> Turn:
    if speaker not in (USER, ASSISTANT):
        raise ValueError(f"speaker is {speaker!r}; speakers are {USER!r} and {ASSISTANT!r}")
    for rating in ratings:
        if rating not in _RATINGS:
            raise ValueError(f"a rating is {rating!r}; ratings are 1..5")
    return Turn(speaker, text, tuple(dict.fromkeys(_acts(acts))), tuple(ratings))


def _acts(acts: Any) -> list[str]:
    if isinstance(acts, str):
        return [acts] if acts else []
    if isinstance(acts, dict):
        return [
            act if slot == "none" else f"{act}:{slot}"
            for act, slots in acts.items()
            for slot in [pair[0] for pair in slots] or ["none"]
        ]
    return [str(act) for act in acts]
