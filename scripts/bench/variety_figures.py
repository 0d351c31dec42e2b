"""Figures and tables of the bench of variety, from what networks answered in exams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from agents.evaluation.metrics import PERCENT, ratio_interval
from agents.evaluation.statistics import Interval, mean_interval
from agents.users import WITHOUT

from .._cli import Figure, table
from .variety import SAVED, Labels
from .variety_exams import RECORDED, RECORDED_ALONE, people_alone, person_of


def figures_of(
    cells: list[tuple[str, dict[str, Any]]], parts: Sequence[str], labels: Labels
) -> Iterator[Figure]:
    """Figures of one source over its trainings, each with the name of its users and its answers."""
    for part in parts:
        for key in cells[0][1][part]:
            houses, order = key.rsplit("-", 1)
            mine = labels | {"houses": houses, "order": order}
            columns = _joined(
                [
                    _of_the_unseen(users, cell[part][key]) if houses == RECORDED else cell[part][key]
                    for users, cell in cells
                ]
            )
            if part == SAVED:
                yield from _saved_figures(columns, mine)
                continue
            yield from _nll_figures(columns, mine)
            if houses == RECORDED:
                alone = np.isin(columns["houses"], list(people_alone()))
                kept = {name: column[alone] for name, column in columns.items()}
                yield from _nll_figures(kept, mine | {"houses": RECORDED_ALONE})
    times = [cell["training"] for _, cell in cells if cell.get("training")]
    for name in ("minutes", "playing"):
        if times:
            yield Figure(
                f"variety.{name}", float(np.mean([t[name] for t in times])), unit="min", labels=labels
            )


def _of_the_unseen(users: str, answers: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Of answers about recorded houses those whose person the users in training know nothing of; all of them
    when the users were fitted to everybody or nobody.
    """
    if not users.startswith(WITHOUT):
        return answers
    kept = [i for i, house in enumerate(answers["houses"]) if person_of(house) == users.removeprefix(WITHOUT)]
    return {name: [column[i] for i in kept] for name, column in answers.items()}


def _joined(cells: list[dict[str, list[Any]]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([np.array(cell[name]) for cell in cells]) for name in cells[0]}


def _nll_figures(columns: dict[str, np.ndarray], labels: Labels) -> Iterator[Figure]:
    for built in np.unique(columns["built"]):
        here = columns["built"] == built
        nll, right, proposed, houses = (
            columns[name][here] for name in ("nll", "right", "proposed", "houses")
        )
        mine = labels | {"built": int(built)}
        precision = ratio_interval(100.0 * right, proposed.astype(float), houses)
        yield _figure("nll", mean_interval(nll, houses), "nats", mine)
        yield _figure("precision", precision, PERCENT, mine)
        yield _figure("proposals", mean_interval(proposed, houses), "", mine)


def _saved_figures(columns: dict[str, np.ndarray], labels: Labels) -> Iterator[Figure]:
    houses = columns["houses"]
    yield _figure("saved", mean_interval(100 * columns["saved"], houses), PERCENT, labels)
    wrong = ratio_interval(100 * columns["wrong"], columns["edits"], houses)
    yield _figure("wrong", wrong, PERCENT, labels)
    yield _figure("harm", mean_interval(_harm(columns), houses), PERCENT, labels)


def _harm(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Chance (n,) in % that an unhelped episode of the same house ends higher, ties half."""
    end, alone, houses = columns["end"], columns["alone"], columns["houses"]
    higher = np.where(np.abs(alone - end[:, None]) < 1e-6, 0.5, alone > end[:, None])
    same = houses == houses[:, None]
    return 100 * (higher * same).sum(axis=1) / same.sum(axis=1)


def _figure(name: str, mean: Interval, unit: str, labels: Labels) -> Figure:
    return Figure(f"variety.{name}", mean.value, mean.lo, mean.hi, unit, mean.n, labels)


def _rows(figures: Sequence[Figure], names: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Figure]]:
    """Figures by source, limit, houses and order, then by name and share built."""
    rows: dict[tuple[Any, ...], dict[str, Figure]] = {}
    for figure in figures:
        name = figure.name.removeprefix("variety.")
        if name in names:
            row = tuple(figure.labels.get(label, "") for label in ("source", "goals", "houses", "order"))
            rows.setdefault(row, {})[f"{name}{figure.labels.get('built', '')}"] = figure
    return rows


def nll_table(figures: Sequence[Figure]) -> Any:
    lines = []
    for row, found in _rows(figures, ("nll", "precision", "proposals")).items():
        nll = [f"{f.value:.3f} ({f.lo:.2f}…{f.hi:.2f})" for k, f in found.items() if k.startswith("nll")]
        precision = [
            f"{f.value:.0f} ({found[k.replace('precision', 'proposals')].value:.0f})"
            for k, f in found.items()
            if k.startswith("precision")
        ]
        lines.append([*row, *nll, *precision])
    built = ("25", "50", "75")
    columns = [
        "source",
        "goals",
        "houses",
        "order",
        *(f"nll {b} %" for b in built),
        *(f"right {b} %" for b in built),
    ]
    title = (
        "nats per untouched cell (95 % by house), and of proposals how many % are right (how many there are)"
    )
    return table(title, columns, lines)


def saved_table(figures: Sequence[Figure]) -> Any:
    lines = [
        [*row, *(f"{f.value:.1f} ({f.lo:.0f}…{f.hi:.0f})" for f in found.values())]
        for row, found in _rows(figures, ("saved", "wrong", "harm")).items()
    ]
    columns = ["source", "goals", "houses", "order", "edits saved %", "wrong %", "harm % (no effect 50)"]
    return table("with the greedy assistant (95 % by house)", columns, lines)
