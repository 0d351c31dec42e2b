"""What people read of a run: `summary.json` with every figure, and `report.html`, a page that needs no other.

The markup of the page is `report.html` beside this file, a jinja2 template. Here its contents are made: the
cells of tables, charts as pixel positions, and pictures of episodes. The definitions at its foot are the
docstring of `metrics.py`.
"""

from __future__ import annotations

import base64
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
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from envs.building.render import isometric, png_bytes

from . import metrics
from .episode import Episode, replay
from .metrics import ALONE, ORACLE, Row, edits_saved, goal_auc
from .statistics import Interval, mean_curve

SCHEMA = 1
"""Version of `summary.json`."""

PACKAGES = ("assistance-games", "numpy", "numba")
POOLED, WORST = "pooled", "worst"
HEADLINE = ("goal_percent", "user_edits_saved", "normalised_help", "harm_rate")
COLOURS = 6
"""How many colours for assistants the template knows; further ones begin again."""
POINTS = 80
"""Points per drawn curve."""
LABEL_LENGTH = 14
"""Letters of an assistant's name that fit beside a chart."""
PICTURE_WIDTH = 352

Group = dict[tuple[str, str], list[Episode]]


def write_report(path: Path, episodes: list[Episode], rows: list[Row], command: str) -> None:
    """Write `summary.json` and `report.html` into the run folder `path`.

    The run's options are read from its `config.json`; without that file they are left out.
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
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters.update(number=number, interval=interval_text, code=_code, short=_short)
    template = resources.files(__package__ or "").joinpath("report.html").read_text(encoding="utf-8")
    page = environment.from_string(template).render(summary=summary, **page_contents(episodes, rows))
    (path / "report.html").write_text(page, encoding="utf-8")


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


def page_contents(episodes: Sequence[Episode], rows: Sequence[Row]) -> dict[str, Any]:
    """What the template shows, apart from the summary."""
    assistants = list(dict.fromkeys(episode.assistant for episode in episodes))
    users = list(dict.fromkeys(episode.user for episode in episodes))
    groups: Group = {}
    for episode in episodes:
        for user in [episode.user] if len(users) == 1 else [POOLED, episode.user]:
            groups.setdefault((episode.assistant, user), []).append(episode)
    panels = users if len(users) == 1 else [POOLED, *users]
    blocks = definitions()
    values = {(row.assistant, row.user, row.name): row for row in rows if not row.done}
    return {
        "slots": _slots(assistants),
        "users": users,
        "houses": len({episode.house for episode in episodes}),
        "horizon": episodes[0].config["horizon"],
        "headline": [
            (name, {figure: values.get((name, panels[0], figure)) for figure in HEADLINE})
            for name in assistants
        ],
        "curve_charts": curve_charts(groups, panels),
        "dot_charts": dot_charts([row for row in rows if row.name == "user_edits_saved"], panels),
        "tables": [
            table_cells([row for row in rows if bool(row.done) == scores], [POOLED, WORST, *users])
            for scores in (False, True)
        ],
        "pictures": list(pictures(episodes)),
        "definitions": blocks,
        "terms": {
            name: row[1] for block in blocks for row in block.get("rows", ()) for name in row[0].split(", ")
        },
    }


# --- tables -------------------------------------------------------------------------------------------------


def table_cells(rows: Sequence[Row], users: Sequence[str]) -> dict[str, Any]:
    """A table with a column per figure and, for each of the users in turn, a row per assistant."""
    found = {(row.user, row.assistant, row.name, row.done): row for row in rows}
    columns = list(dict.fromkeys((row.name, row.done, row.unit) for row in rows))
    columns.sort(key=lambda column: HEADLINE.index(column[0]) if column[0] in HEADLINE else len(HEADLINE))
    groups = []
    for user in users:
        assistants = dict.fromkeys(row.assistant for row in rows if row.user == user)
        lines = [(a, [found.get((user, a, name, done)) for name, done, _ in columns]) for a in assistants]
        if lines:
            groups.append((user, lines))
    return {"columns": columns, "groups": groups}


def definitions() -> list[dict[str, Any]]:
    """The docstring of `metrics.py` as blocks, each with `rows` (a table) or `text` (a paragraph)."""
    blocks: list[dict[str, Any]] = []
    for block in (metrics.__doc__ or "").strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("|"):
            cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
            blocks.append({"rows": [cells[0], *cells[2:]]})
        else:
            blocks.append({"text": " ".join(lines)})
    return blocks


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


def curve_charts(groups: Group, panels: Sequence[str]) -> list[dict[str, Any]]:
    """Goal share over the steps, a chart per panel: mean lines of the assistants and 95 % bands by house."""
    horizon = next(iter(groups.values()))[0].config["horizon"]
    steps = np.linspace(0, horizon, min(POINTS, horizon) + 1).round().astype(int)
    drawn = {
        key: mean_curve(np.stack([_goal_at(e, steps) for e in group]), np.array([e.house for e in group]))
        for key, group in groups.items()
    }
    ends = np.concatenate([np.concatenate(curve) for curve in drawn.values()])
    lo, hi = _round_range(ends[np.isfinite(ends)])
    charts = []
    for panel in panels:
        width, height = (1120, 380) if panel == POOLED else (552, 290)
        x = Axis(0, horizon, 44, width - 164)
        y = Axis(lo, hi, height - 40, 10)
        names = [assistant for assistant, user in groups if user == panel]
        at = x(steps)
        lines = []
        for name in names:
            mean, low, high = drawn[name, panel]
            band = _path([*at, *at[::-1]], [*y(high), *y(low)[::-1]]) if np.isfinite(low).all() else ""
            lines.append({"name": name, "end": mean[-1], "path": _path(at, y(mean)), "band": band})
        for line, place in zip(
            lines, _spread([y(line["end"]) for line in lines], 15, 10, y.start), strict=True
        ):
            line["label_y"] = place
        charts.append({"title": panel, "width": width, "height": height, "x": x, "y": y, "lines": lines})
    return charts


def dot_charts(rows: Sequence[Row], panels: Sequence[str]) -> list[dict[str, Any]]:
    """One figure of the assistants with its intervals, a chart per panel, all on one scale."""
    shown = [row for row in rows if row.user in panels and row.assistant != ALONE]
    ends = np.array([end for row in shown for end in row.interval[:3] if math.isfinite(end)])
    if not len(ends):
        return []
    x = Axis(*_round_range(ends), 146, 380)
    charts = []
    for panel in panels:
        dots = [
            {"row": row, "y": 22 + 26 * i, "ends": np.isfinite(row.interval[1:3]).all()}
            for i, row in enumerate(row for row in shown if row.user == panel)
        ]
        charts.append({"title": panel, "width": 552, "height": 26 * len(dots) + 46, "x": x, "dots": dots})
    return charts


def _goal_at(episode: Episode, steps: np.ndarray) -> np.ndarray:
    """Share of the goal done after these steps, in %; after the end it stays as it is."""
    return 100 * episode.goal_fraction[np.minimum(steps, len(episode.goal_fraction) - 1)].astype(float)


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10... that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _round_range(values: np.ndarray) -> tuple[float, float]:
    """Round ends of a range that holds 0 and all values."""
    lo, hi = min(0.0, float(values.min())), max(0.0, float(values.max()))
    step = _round_step(max(hi - lo, 1e-3) / 8)
    return step * math.floor(lo / step), step * max(math.ceil(hi / step), math.floor(lo / step) + 1)


def _path(x: Iterable[float], y: Iterable[float]) -> str:
    """SVG path data of a line."""
    return "M" + " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _spread(wanted: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Places close to the wanted ones and in their order, `gap` apart, for labels that must not overlap."""
    order = np.argsort(wanted, kind="stable")
    places = np.array(wanted, float)[order]
    for i in range(len(places)):
        places[i] = max(places[i], places[i - 1] + gap if i else lowest)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], places[i + 1] - gap if i + 1 < len(places) else highest)
    return [float(place) for place in places[np.argsort(order)]]


# --- pictures -----------------------------------------------------------------------------------------------


def pictures(episodes: Sequence[Episode]) -> Iterable[dict[str, Any]]:
    """The best, the median and the worst pair of the first assistant, by its gain of `goal_auc` over none."""
    helpers = dict.fromkeys(e.assistant for e in episodes if e.assistant != ALONE)
    chosen = next((name for name in helpers if name != ORACLE), next(iter(helpers), None))
    alone = {(e.user, e.index): e for e in episodes if e.assistant == ALONE}
    pairs = [
        (e, alone[e.user, e.index]) for e in episodes if e.assistant == chosen and (e.user, e.index) in alone
    ]
    pairs.sort(key=lambda pair: goal_auc(pair[1]) - goal_auc(pair[0]))
    names = ("best", "median", "worst") if len(pairs) > 2 else ("best", "worst")[: len(pairs)]
    places = np.linspace(0, len(pairs) - 1, len(names)).round().astype(int)
    for which, place in zip(names, places, strict=True):
        helped, base = pairs[place]
        yield {
            "which": which,
            "pairs": len(pairs),
            "helped": helped,
            "alone": base,
            "gain": goal_auc(helped) - goal_auc(base),
            "saved": 100 * edits_saved(helped, base),
            "blocks": int(np.count_nonzero(helped.goal[:, 2:])),
            "goal_image": _image(helped.goal),
            "alone_image": _image(_last_blocks(base), helped.goal),
            "helped_image": _image(_last_blocks(helped), helped.goal),
        }


def _last_blocks(episode: Episode) -> np.ndarray:
    """(W, H, D) uint8 world in which the episode ended."""
    for batch in replay(episode):
        blocks = batch.state.blocks
    return blocks[0].reshape(episode.goal.shape)


def _image(blocks: np.ndarray, goal: np.ndarray | None = None) -> str:
    """A picture of a world as a data URI, `PICTURE_WIDTH` pixels wide at most if the world allows that."""
    scale = 2 * (PICTURE_WIDTH // (2 * (blocks.shape[0] + blocks.shape[2] + 1)))
    png = png_bytes(isometric(blocks, goal=goal, scale=max(scale, 4)))
    return "data:image/png;base64," + base64.b64encode(png).decode()


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


def _slots(assistants: Sequence[str]) -> dict[str, str]:
    """The style class of each assistant: the baselines have their own, the others take turns."""
    others = [name for name in assistants if name not in (ALONE, ORACLE)]
    slots = {name: f"c{i % COLOURS}" for i, name in enumerate(others)}
    return {name: slots.get(name, f"c-{name}") for name in assistants}


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
