"""Train the ensemble on rated dialogues, in steps that are kept, so that a run which was killed goes on.

Dialogues fall into `FOLDS`. A reader learns from all folds but one, and so does a regression of words, and
what the final regression weighs up are their opinions of dialogues that they have not seen. All readers
answer together afterwards; the regression of words is fitted once more to all.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ..updates import Rates, clip
from .acts import SPEAKERS, NextActs, act_of, act_places, fit_acts
from .linear import Linear, fit_linear
from .measures import Rated, f1
from .network import BEFORE, WITH, Reader, ReaderOptions, gather, lines_of
from .ngrams import Place, Scale, count, fit_scale, weigh
from .predictor import (
    KINDS,
    Judge,
    Predictor,
    columns_of,
    has_reader,
    load_reader,
    mean_reading,
    save,
    save_reader,
)
from .rated import LOW, RATING, rated, rated_places, shares, yes_no
from .reading import Dialogue

FOLDS, EPOCHS, BATCH = 5, 7, 16
ACTS_WEIGHT = 0.3
WORDS_STRENGTH, FINAL_STRENGTH = 8.0, 20.0
RUN = "run.json"
Say = Callable[[str], None]


def train(
    dialogues: Sequence[Dialogue],
    others: Sequence[Dialogue],
    folder: Path,
    seed: int,
    resume: bool,
    say: Say,
    epochs: int = EPOCHS,
) -> dict[str, float]:
    """Train on rated dialogues, and next acts on `others` too; returns times in seconds.

    Raises FileExistsError for a folder with a run without `resume`, ValueError for one of another seed or
    data.
    """
    began, began_cpu = time.monotonic(), time.process_time()
    kind = {"seed": seed, "epochs": epochs, "dialogues": len(dialogues), "others": len(others)}
    _claim(folder, kind, resume)
    places = rated_places(dialogues)
    if not places:
        raise ValueError("no turn of the data has ratings; name uss_satisfaction with --data")
    names = _act_names(dialogues)
    fold_of = np.random.default_rng(seed).permutation(np.arange(len(dialogues)) % FOLDS)
    numbers = {id(dialogue): number for number, dialogue in enumerate(dialogues)}
    fold = np.array([fold_of[numbers[id(dialogue)]] for dialogue, _ in places])
    options = ReaderOptions()
    heads = {RATING: 3, LOW: 2, **{name: len(acts) for name, acts in names.items()}}
    readers = []
    for k in range(FOLDS):
        if not has_reader(folder, k):
            shown = [dialogue for dialogue, f in zip(dialogues, fold_of, strict=True) if f != k]
            save_reader(folder, k, fit_reader(shown, names, _seed_of(seed, k), options, heads, epochs))
        readers.append(load_reader(folder, k, options, heads))
        say(f"reader {k + 1} of {FOLDS} is done, {time.monotonic() - began:.0f} s")
    mine = {kind: np.zeros((len(places), 5), np.float32) for kind in KINDS}
    for k in range(FOLDS):
        rows = np.flatnonzero(fold == k)
        told = mean_reading(readers[k : k + 1], [places[row] for row in rows])
        for kind_ in KINDS:
            mine[kind_][rows] = np.concatenate([told[kind_][RATING], told[kind_][LOW]], 1)
    judges = {}
    for kind_ in KINDS:
        judges[kind_] = _judge(places, fold, kind_ == WITH, mine[kind_])
        say(f"judge {kind_} is done, {time.monotonic() - began:.0f} s")
    rng = np.random.default_rng(seed)
    acts: dict[str, NextActs] = {}
    everything = [*dialogues, *others]
    for domain in dict.fromkeys(dialogue.domain for dialogue in everything):
        for speaker, name in SPEAKERS.items():
            labelled = act_places(everything, domain, speaker)
            if labelled:
                acts[f"{domain}/{name}"] = fit_acts(labelled, rng)
                say(f"next acts of {domain}, {name}, are done, {time.monotonic() - began:.0f} s")
    seconds = {"seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - began_cpu}
    save(folder, Predictor(judges, tuple(readers), acts, names), {**kind, **seconds})
    return seconds


def _seed_of(seed: int, fold: int) -> int:
    """Of a reader's weights and batches."""
    return int(np.random.SeedSequence((seed, fold)).generate_state(1)[0])


def fit_reader(
    dialogues: Sequence[Dialogue],
    names: dict[str, tuple[str, ...]],
    seed: int,
    options: ReaderOptions,
    heads: dict[str, int],
    epochs: int,
) -> Reader:
    """A reader that has learned all questions from dialogues."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    reader = Reader(options, heads).train()
    rates = Rates(optimiser="adamw")
    optimiser = torch.optim.AdamW(reader.parameters(), lr=rates.adam, weight_decay=rates.weight_decay)
    lines, targets = lines_of(dialogues, options.hashed), [_targets(d, names) for d in dialogues]
    steps = math.ceil(len(dialogues) / BATCH) * epochs
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(dialogues))
        for start in range(0, len(order), BATCH):
            picked = order[start : start + BATCH]
            for group in optimiser.param_groups:
                group["lr"] = rates.adam * rates.share(step / steps)
            step += 1
            answers = reader(gather([lines[i] for i in picked]))
            wanted = {
                name: torch.from_numpy(np.concatenate([targets[i][name] for i in picked])) for name in heads
            }
            rows = wanted[LOW].sum().clamp(min=1)
            loss = torch.zeros(())
            for kind in (BEFORE, WITH):
                for name, target in wanted.items():
                    weight = 1.0 if name in (RATING, LOW) else ACTS_WEIGHT
                    loss = loss - weight * (target * F.log_softmax(answers[kind][name], 1)).sum() / rows
            optimiser.zero_grad()
            loss.backward()
            clip(reader)
            optimiser.step()
    return reader.eval()


def _claim(folder: Path, kind: dict[str, Any], resume: bool) -> None:
    file = folder / RUN
    if file.is_file():
        if not resume:
            raise FileExistsError(
                f"{folder} holds a run; add --resume to go on with it, or give another --out"
            )
        there = json.loads(file.read_text())
        if there != kind:
            raise ValueError(f"{folder} holds a run of {there}, not {kind}; give another folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kind) + "\n")


def _act_names(dialogues: Sequence[Dialogue]) -> dict[str, tuple[str, ...]]:
    """The acts of each domain that has labels."""
    found: dict[str, Counter[str]] = {}
    for dialogue in dialogues:
        for number, turn in enumerate(dialogue.turns):
            if turn.acts:
                found.setdefault(dialogue.domain, Counter())[act_of((dialogue, number))] += 1
    return {domain: tuple(sorted(names)) for domain, names in found.items()}


def _targets(dialogue: Dialogue, names: dict[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """(turns, labels) float32 by question, 0 where a turn has no label."""
    turns = len(dialogue.turns)
    found = {RATING: np.zeros((turns, 3), np.float32), LOW: np.zeros((turns, 2), np.float32)}
    found |= {name: np.zeros((turns, len(acts)), np.float32) for name, acts in names.items()}
    places = [(dialogue, number) for number, turn in enumerate(dialogue.turns) if turn.ratings]
    if places:
        rows = [number for _, number in places]
        found[RATING][rows] = shares(places)
        found[LOW][rows] = yes_no(rated(places).low)
    for number, turn in enumerate(dialogue.turns):
        if turn.acts:
            found[dialogue.domain][number, names[dialogue.domain].index(act_of((dialogue, number)))] = 1
    return found


def _judge(places: Sequence[Place], fold: np.ndarray, heard: bool, mine: np.ndarray) -> Judge:
    truth, counts = rated(places), count(places, heard)
    targets = [shares(places), yes_no(truth.low)]
    words = np.zeros((len(places), 5), np.float32)
    for k in range(FOLDS):
        _, linear, scale = _fit_words(counts[fold != k], [target[fold != k] for target in targets])
        words[fold == k] = np.concatenate(linear.chances(weigh(counts[fold == k], scale)), 1)
    columns = columns_of(places, heard, words, mine)
    centre, spread = columns.mean(0), columns.std(0) + 1e-6
    unseen = np.zeros((len(places), 5), np.float32)
    for k in range(FOLDS):
        shown = (columns[fold != k] - centre) / spread
        final = fit_linear(shown, [target[fold != k] for target in targets], FINAL_STRENGTH)
        unseen[fold == k] = np.concatenate(final.chances((columns[fold == k] - centre) / spread), 1)
    _, linear, scale = _fit_words(counts, targets)
    final = fit_linear((columns - centre) / spread, targets, FINAL_STRENGTH)
    line = np.stack([np.ones(len(places)), unseen[:, 2], unseen[:, 0]], 1)
    mean = np.linalg.lstsq(line, truth.mean, rcond=None)[0]
    return Judge(scale, linear, centre, spread, final, mean, _cuts(truth, unseen[:, 4], unseen[:, 2]))


def _fit_words(counts: Any, targets: Sequence[np.ndarray]) -> tuple[Any, Linear, Scale]:
    scale = fit_scale(counts)
    features = weigh(counts, scale)
    return features, fit_linear(features, targets, WORDS_STRENGTH), scale


def _cuts(truth: Rated, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where F1 of modes below and above 3 are best."""
    found = []
    for wanted, chance in ((truth.mode < 3, low), (truth.mode > 3, high)):
        tried = np.quantile(chance, np.linspace(0.5, 0.995, 60))
        found.append(max(tried, key=lambda cut: f1(wanted, chance > cut)))
    return np.array(found)
