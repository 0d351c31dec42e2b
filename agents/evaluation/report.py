"""The page of a run of the building game, `report.html`, a jinja2 template beside this file.

Here its contents are made: curves of the goal share, and pictures of episodes. Frame, tables and charts are
those of `page`. The definitions at its foot are the docstring of `metrics.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from envs.building.render import isometric, png_bytes

from . import metrics
from .episode import Episode, replay
from .metrics import ALONE, ORACLE, edits_saved, goal_auc
from .page import (
    POOLED,
    WORST,
    Axis,
    definitions,
    dot_charts,
    round_range,
    spread,
    style_classes,
    svg_path,
    table_cells,
    terms,
    write_page,
)
from .statistics import Row, mean_curve

HEADLINE = ("goal_percent", "user_edits_saved", "normalised_help", "harm_rate")
POINTS = 80
"""Points per drawn curve."""
PICTURE_WIDTH = 352

Group = dict[tuple[str, str], list[Episode]]


def write_report(path: Path, episodes: list[Episode], rows: list[Row], command: str) -> None:
    """Write `summary.json` and `report.html` into the run folder `path`, see `page.write_page`."""
    write_page(path, "report.html", rows, command, page_contents(episodes, rows))


def page_contents(episodes: Sequence[Episode], rows: Sequence[Row]) -> dict[str, Any]:
    """What the template shows, apart from the summary."""
    assistants = list(dict.fromkeys(episode.assistant for episode in episodes))
    users = list(dict.fromkeys(episode.user for episode in episodes))
    groups: Group = {}
    for episode in episodes:
        for user in [episode.user] if len(users) == 1 else [POOLED, episode.user]:
            groups.setdefault((episode.assistant, user), []).append(episode)
    panels = users if len(users) == 1 else [POOLED, *users]
    blocks = definitions(metrics.__doc__)
    values = {(row.assistant, row.user, row.name): row for row in rows if not row.done}
    return {
        "slots": style_classes(assistants, ALONE, ORACLE),
        "users": users,
        "houses": len({episode.house for episode in episodes}),
        "horizon": episodes[0].config["horizon"],
        "headline": [
            (name, {figure: values.get((name, panels[0], figure)) for figure in HEADLINE})
            for name in assistants
        ],
        "curve_charts": curve_charts(groups, panels),
        "dot_charts": dot_charts(
            [row for row in rows if row.name == "user_edits_saved" and row.assistant != ALONE], panels
        ),
        "tables": [
            table_cells([row for row in rows if bool(row.done) == scores], [POOLED, WORST, *users], HEADLINE)
            for scores in (False, True)
        ],
        "pictures": list(pictures(episodes)),
        "definitions": blocks,
        "terms": terms(blocks),
    }


def curve_charts(groups: Group, panels: Sequence[str]) -> list[dict[str, Any]]:
    """Goal share over the steps, a chart per panel: mean lines of the assistants and 95 % bands by house."""
    horizon = next(iter(groups.values()))[0].config["horizon"]
    steps = np.linspace(0, horizon, min(POINTS, horizon) + 1).round().astype(int)
    drawn = {
        key: mean_curve(np.stack([_goal_at(e, steps) for e in group]), np.array([e.house for e in group]))
        for key, group in groups.items()
    }
    ends = np.concatenate([np.concatenate(curve) for curve in drawn.values()])
    lo, hi = round_range(ends[np.isfinite(ends)])
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
            band = svg_path([*at, *at[::-1]], [*y(high), *y(low)[::-1]]) if np.isfinite(low).all() else ""
            lines.append({"name": name, "end": mean[-1], "path": svg_path(at, y(mean)), "band": band})
        for line, place in zip(
            lines, spread([y(line["end"]) for line in lines], 15, 10, y.start), strict=True
        ):
            line["label_y"] = place
        charts.append({"title": panel, "width": width, "height": height, "x": x, "y": y, "lines": lines})
    return charts


def _goal_at(episode: Episode, steps: np.ndarray) -> np.ndarray:
    """Share of the goal done after these steps, in %; after the end it stays as it is."""
    return 100 * episode.goal_fraction[np.minimum(steps, len(episode.goal_fraction) - 1)].astype(float)


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
