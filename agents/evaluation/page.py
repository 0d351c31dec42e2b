"""What people read of a run of any game: `summary.json` with every figure, and `report.html`, a page that
needs no other.

The page of a game is a jinja2 template beside this file that fills in `page.html`, with the macros of
`page_macros.html`. Here are their parts: the frame, cells of tables, charts as pixel positions, words.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from .statistics import Interval, Row

SCHEMA = 1
"""Version of `summary.json`."""

PACKAGES = ("assistance-games", "numpy", "numba")
POOLED, WORST = "pooled", "worst"
COLOURS = 6
"""How many colours for assistants the template knows; further ones begin again."""
LABEL_LENGTH = 14
"""Letters of an assistant's name that fit beside a chart."""


def write_page(
    path: Path, template: str, rows: Sequence[Row], command: str, contents: dict[str, Any]
) -> None:
    """Write `summary.json` and `report.html` into the run folder `path`.

    The run's options are read from its `config.json`; without that file they are left out. contents: what the
    template shows, apart from the summary.
    """
    config = path / "config.json"
    options = json.loads(config.read_text(encoding="utf-8")) if config.exists() else {}
    summary = {
        "schema": SCHEMA,
        "command": command,
        "options": options,
        "machine": machine_facts(),
        "figures": [as_figure(row, options.get("goals")) for row in rows],
    }
    text = json.dumps(summary, indent=1, allow_nan=False)
    (path / "summary.json").write_text(text + "\n", encoding="utf-8")
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_template),
    )
    environment.filters.update(number=number, interval=interval_text, code=_code, short=_short)
    page = environment.get_template(template).render(summary=summary, **contents)
    (path / "report.html").write_text(page, encoding="utf-8")


def _template(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def as_figure(row: Row, goals: str | None = None) -> dict[str, Any]:
    """A row as commands print it with `--json`; what is not finite becomes None."""
    value, lo, hi = (end if math.isfinite(end) else None for end in row.interval[:3])
    labels = {"assistant": row.assistant, "user": row.user, "goals": goals, "done": row.done}
    return {
        "name": row.name,
        "value": value,
        "lo": lo,
        "hi": hi,
        "unit": row.unit,
        "n": row.interval.n,
        "labels": {name: label for name, label in labels.items() if label},
    }


def machine_facts() -> dict[str, str]:
    """Where the run was made: processor, cores, Python and the versions that matter."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    installed = {distribution.name for distribution in metadata.distributions()}
    return facts | {name: metadata.version(name) for name in PACKAGES if name in installed}


# --- tables -------------------------------------------------------------------------------------------------


def table_cells(rows: Sequence[Row], users: Sequence[str], first: Sequence[str] = ()) -> dict[str, Any]:
    """A table with a column per figure and, for each of the users in turn, a row per assistant.

    first: the figures that come before the others.
    """
    found = {(row.user, row.assistant, row.name, row.done): row for row in rows}
    columns = list(dict.fromkeys((row.name, row.done, row.unit) for row in rows))
    columns.sort(key=lambda column: first.index(column[0]) if column[0] in first else len(first))
    groups = []
    for user in users:
        assistants = dict.fromkeys(row.assistant for row in rows if row.user == user)
        lines = [(a, [found.get((user, a, name, done)) for name, done, _ in columns]) for a in assistants]
        if lines:
            groups.append((user, lines))
    return {"columns": columns, "groups": groups}


def definitions(text: str | None) -> list[dict[str, Any]]:
    """The docstring of a module of metrics as blocks, each with `rows` (a table) or `text` (a paragraph)."""
    blocks: list[dict[str, Any]] = []
    for block in (text or "").strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("|"):
            cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
            blocks.append({"rows": [cells[0], *cells[2:]]})
        else:
            blocks.append({"text": " ".join(lines)})
    return blocks


def terms(blocks: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What each figure means, by name, from `definitions`."""
    return {name: row[1] for block in blocks for row in block.get("rows", ()) for name in row[0].split(", ")}


# --- charts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """A linear scale from values lo..hi to pixels start..end."""

    lo: float
    hi: float
    start: float
    end: float

    def __call__(self, value: Any) -> Any:
        """Pixels of a value or an array; values beyond the axis are drawn at its ends."""
        share = (np.clip(value, self.lo, self.hi) - self.lo) / (self.hi - self.lo)
        return self.start + share * (self.end - self.start)

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """Pixels and texts of about `count` round values."""
        step = _round_step((self.hi - self.lo) / count)
        first, last = math.ceil(self.lo / step - 1e-9), math.floor(self.hi / step + 1e-9)
        return [(float(self(i * step)), _minus(f"{i * step:g}")) for i in range(first, last + 1)]


def dot_charts(rows: Sequence[Row], panels: Sequence[str]) -> list[dict[str, Any]]:
    """One figure of the assistants with its intervals, a chart per panel, all on one scale."""
    shown = [row for row in rows if row.user in panels]
    ends = np.array([end for row in shown for end in row.interval[:3] if math.isfinite(end)])
    if not len(ends):
        return []
    x = Axis(*round_range(ends), 146, 380)
    charts = []
    for panel in panels:
        dots = [
            {"row": row, "y": 22 + 26 * i, "ends": np.isfinite(row.interval[1:3]).all()}
            for i, row in enumerate(row for row in shown if row.user == panel)
        ]
        charts.append({"title": panel, "width": 552, "height": 26 * len(dots) + 46, "x": x, "dots": dots})
    return charts


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10... that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def round_range(values: np.ndarray) -> tuple[float, float]:
    """Round ends of a range that holds 0 and all values."""
    lo, hi = min(0.0, float(values.min())), max(0.0, float(values.max()))
    step = _round_step(max(hi - lo, 1e-3) / 8)
    return step * math.floor(lo / step), step * max(math.ceil(hi / step), math.floor(lo / step) + 1)


def svg_path(x: Iterable[float], y: Iterable[float]) -> str:
    """SVG path data of a line."""
    return "M" + " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def spread(wanted: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Places close to the wanted ones and in their order, `gap` apart, for labels that must not overlap."""
    order = np.argsort(wanted, kind="stable")
    places = np.array(wanted, float)[order]
    for i in range(len(places)):
        places[i] = max(places[i], places[i - 1] + gap if i else lowest)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], places[i + 1] - gap if i + 1 < len(places) else highest)
    return [float(place) for place in places[np.argsort(order)]]


# --- words --------------------------------------------------------------------------------------------------


def number(value: float, digits: int | None = None) -> str:
    """A number for people, with `digits` decimals or as many as its size deserves; "n/a" if not finite."""
    if not math.isfinite(value):
        return "n/a"
    digits = _digits(value) if digits is None else digits
    return _minus(f"{round(value, digits) + 0.0:,.{digits}f}")


def interval_text(interval: Interval) -> str:
    """Both ends of an interval with as many digits as its value."""
    if not (math.isfinite(interval.lo) and math.isfinite(interval.hi)):
        return ""
    digits = _digits(interval.value)
    return f"{number(interval.lo, digits)} … {number(interval.hi, digits)}"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _digits(value: float) -> int:
    return 2 if abs(value) < 2 else 1 if abs(value) < 1000 else 0


def style_classes(assistants: Sequence[str], low: str, high: str) -> dict[str, str]:
    """The style class of each assistant: the lower and the upper reference have their own, the others take
    turns.
    """
    others = [name for name in assistants if name not in (low, high)]
    own = {low: "c-low", high: "c-high"} | {name: f"c{i % COLOURS}" for i, name in enumerate(others)}
    return {name: own[name] for name in assistants}


def _short(name: str) -> str:
    """A name that fits beside a chart; of `package.module:factory` the factory."""
    name = name.rpartition(":")[2]
    return name if len(name) <= LABEL_LENGTH else name[: LABEL_LENGTH - 1] + "…"


def _code(text: str) -> Markup:
    """Markdown's backticks as HTML."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor() or platform.machine()
