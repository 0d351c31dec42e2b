"""How like people are simulated users? A classifier tries to tell them apart by windows of 20 edits.

Users build the houses that people built alone. For each person the classifier learns from all other people's
houses, and the population is one fitted without that person; then it is asked about that person's. People
with an assistant are left out: what they do depends on what is done for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from envs.building.actions import BREAK, PLACE
from envs.building.world import AIR, Size

from .alone import Trace, build_alone, trace_of
from .builder import BuilderUser
from .likeness import FEATURES, ORDER_FEATURES, windows
from .recorded import RecordedEpisode, people_of
from .settle import STEPS, simulated

STRIDE = 5
"""Edits from window to window; they overlap, which a classifier does not mind."""
_SETS = {"order": slice(0, len(ORDER_FEATURES)), "all": slice(0, len(FEATURES))}


def compare(
    episodes: Sequence[RecordedEpisode],
    users: Mapping[str, Callable[[str], BuilderUser]],
    size: Size,
    seed: int,
    builds: int,
    advance: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Figures of `scripts.users report`, as keywords: users.auc, .giveaway, .feature and .alone.

    users: makes the user that knows nothing of a person ("" for none left out). builds: of each house.
    `advance` is called with 1 for every user and person.
    """
    alone = [episode for episode in episodes if episode.alone]
    traces = [trace_of(episode, size) for episode in alone]
    people = [windows(trace, STRIDE) for trace in traces]
    rows: list[dict[str, Any]] = list(_means("people", people))
    for name, make in users.items():
        pooled: list[np.ndarray] = []
        aucs: dict[str, list[float]] = {columns: [] for columns in _SETS}
        names = people_of(alone)
        for person in names:
            found = simulated(make(person), traces, seed, builds)
            tested = [episode.person == person for episode in alone]
            pooled += [rows_ for rows_, mine in zip(found, tested, strict=True) if mine]
            for columns, chosen in _SETS.items():
                scores, real = classify(people, found, tested, chosen, seed)
                aucs[columns].append(auc(scores, real))
                labels = {"user": name, "features": columns, "person": person}
                rows.append(_row("users.auc", aucs[columns][-1], len(real), labels))
            advance(1)
        for columns, values in aucs.items():
            half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
            mean = float(np.mean(values))
            row = _row("users.auc", mean, len(values), {"user": name, "features": columns})
            rows.append({**row, "lo": max(0.0, mean - half), "hi": min(1.0, mean + half)})
        rows += _means(name, pooled)
        rows += _giveaways(name, np.concatenate(people), np.concatenate(pooled))
        rows += _alone(name, make(""), episodes, size, seed)
    return rows


def _row(name: str, value: float, n: int, labels: Mapping[str, str], unit: str = "") -> dict[str, Any]:
    return {"name": name, "value": float(value), "n": n, "labels": dict(labels), "unit": unit}


def _means(who: str, houses: Sequence[np.ndarray]) -> Iterator[dict[str, Any]]:
    means = np.mean([rows.mean(axis=0) for rows in houses], axis=0)
    for feature, value in zip(FEATURES, means, strict=True):
        yield _row("users.feature", value, len(houses), {"who": who, "feature": feature})


def _giveaways(user: str, people: np.ndarray, found: np.ndarray) -> Iterator[dict[str, Any]]:
    """AUC of every feature alone, the most telling first."""
    real = np.repeat([True, False], [len(people), len(found)])
    both = np.concatenate([people, found])
    values = [auc(both[:, i], real) for i in range(len(FEATURES))]
    for i in np.argsort(-np.abs(np.array(values) - 0.5)):
        yield _row("users.giveaway", values[i], len(both), {"user": user, "feature": FEATURES[i]})


def _alone(
    name: str, user: BuilderUser, episodes: Sequence[RecordedEpisode], size: Size, seed: int
) -> Iterator[dict[str, Any]]:
    """What a user alone does of all recorded houses in a standard episode, eight times each."""
    goals = np.repeat(np.stack([episode.goal.reshape(size) for episode in episodes]), 8, axis=0)
    traces, done = build_alone(user, goals, seed + np.arange(len(goals)), STEPS)
    yield _row("users.alone", 100 * done.mean(), len(done), {"user": name, "what": "goal done"}, "%")
    wrong, edits = np.sum([_wrong_edits(trace) for trace in traces], axis=0)
    yield _row("users.alone", 100 * wrong / edits, int(edits), {"user": name, "what": "wrong edits"}, "%")


def _wrong_edits(trace: Trace) -> tuple[int, int]:
    """Edits that lose similarity (as in `agents.evaluation.metrics`), and all."""
    blocks, wrong, edits = trace.start.copy(), 0, 0
    for kind, cell, block in trace.actions.astype(int):
        if kind in (PLACE, BREAK):
            after = block if kind == PLACE else AIR
            edits += 1
            wrong += _similarity(after, trace.goal[cell]) < _similarity(blocks[cell], trace.goal[cell])
            blocks[cell] = after
    return wrong, edits


def _similarity(block: int, goal: int) -> int:
    if block == goal:
        return 1
    return -1 if block != AIR and goal != AIR else 0


def classify(
    people: Sequence[np.ndarray],
    users: Sequence[np.ndarray],
    tested: Sequence[bool],
    columns: slice,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a classifier for windows of people and of users, one array per house each.

    Trained on the houses that are not `tested`, asked about those that are; returns scores of the tested
    windows (n,), higher for people, and whether they are people's (n,). Needs scikit-learn.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise ImportError(
            "telling people from users needs scikit-learn: pip install 'assistance-games[data]'"
        ) from error
    halves = []
    for wanted in (False, True):
        rows = [(w[:, columns], True) for w, t in zip(people, tested, strict=True) if t == wanted]
        rows += [(w[:, columns], False) for w, t in zip(users, tested, strict=True) if t == wanted]
        x = np.concatenate([w for w, _real in rows])
        y = np.concatenate([np.full(len(w), real) for w, real in rows])
        halves.append((x, y))
    (x, y), (x_tested, y_tested) = halves
    model = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=10,
        class_weight="balanced",
        random_state=seed,
    )
    model.fit(x, y)
    return model.predict_proba(x_tested)[:, 1], y_tested


def auc(scores: np.ndarray, real: np.ndarray) -> float:
    """Chance that a window of a person scores above one of a user; ties count half."""
    both = np.concatenate([scores[real], scores[~real]])
    _values, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = int(real.sum()), int((~real).sum())
    return float((rank[:n].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")
