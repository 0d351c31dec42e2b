"""What the evaluation commands of both games share: lists of names and numbers, and cells of their tables."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._cli import Parser, table

if TYPE_CHECKING:
    from agents.evaluation.statistics import Interval, Row


def names(text: str) -> list[str]:
    """Comma-separated names; ValueError for none."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise ValueError(f"{text!r} names nothing; give names separated by commas")
    return found


def positive(name: str, value: int) -> int:
    """The value of an option that is 1 or more."""
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more")
    return value


def worker_count(given: int) -> int:
    """Processes to play on: as asked for, or for 0 one per core, 8 at most."""
    return positive("workers", given or min(os.cpu_count() or 1, 8))


def interval_cell(interval: Interval | None) -> str:
    """A mean with half its interval, for tables; empty for none."""
    if interval is None or math.isnan(interval.value):
        return ""
    value = interval.value
    digits = 2 if abs(value) < 2 else 1
    half = (interval.hi - interval.lo) / 2
    return f"{value:.{digits}f} ±{half:.{digits}f}" if half < 1e6 else f"{value:.{digits}f}"


def rows_table(title: str, rows: Sequence[Row], columns: Sequence[tuple[str, str]]) -> Any:
    """A table of rows with a line per assistant and user; columns are names of figures and their titles."""
    shown = {(row.assistant, row.user, row.name): row.interval for row in rows if not row.done}
    lines = []
    for assistant, user in dict.fromkeys((row.assistant, row.user) for row in rows):
        cells = [interval_cell(shown.get((assistant, user, name))) for name, _ in columns]
        lines.append([assistant, user, *cells])
    return table(title, ["assistant", "user", *(title for _, title in columns)], lines)


def add_run_options(parser: Parser, unit: str) -> None:
    """Options that evaluations of all games have."""
    add = parser.add_argument
    add(
        "--simulations",
        type=int,
        default=100,
        metavar="N",
        help="search simulations per decision of planners",
    )
    add(
        "--rule",
        default="gumbel",
        choices=("gumbel", "puct"),
        help="the planner's search at and below the root",
    )
    add("--candidates", type=int, default=100, metavar="N", help="actions proposed per node of the search")
    add(
        "--milliseconds",
        type=float,
        metavar="MS",
        help="time per decision of all games that are planned together, beside --simulations",
    )
    add(
        "--save-trees",
        type=int,
        default=0,
        metavar="N",
        help="save pages of the search trees of N decisions per episode, in FOLDER/trees",
    )
    add("--horizon", type=int, metavar=unit.upper(), help=f"{unit} of an episode")
    add("--seed", type=int, default=0)
    add("--workers", type=int, default=0, metavar="N", help="processes; default: one per core, 8 at most")
    add(
        "--out",
        default="",
        metavar="FOLDER",
        help="where the run is kept, and resumed from (default in runs/)",
    )
