"""Pictures of searches: a page to look into the trees of some decisions, and a still picture of one tree.

Both are made of the records of `planners.snapshot`. The page is `tree_page.html` beside this file, a jinja2
template; it stands alone, and can be read without its script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import compress
from operator import not_
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from planners.snapshot import SCHEMA

from .page import COLOURS, number

MOST_LABELS = 12
"""Labels of a belief that are listed; the rest is summed up."""
MOST_CANDIDATES = 24
"""Root candidates that are seen at first; the rest is behind a fold."""
LEAST_SHARE = 0.005
"""Smaller shares of a belief are left out of its strip."""
SUM_ERROR = 1e-3
"""Beliefs whose probabilities sum to 1 but for this are over labels that exclude each other."""
FACTS = ("rule", "backup", "discount")
"""Options that a decision's head names; all of them are behind a fold."""

SCRIPT = """
const mark = () => {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === (location.hash || "#d1")) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
addEventListener("hashchange", mark);
mark();
for (const button of document.querySelectorAll("button")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const fold of button.closest("section").querySelectorAll(".tree details")) {
      fold.open = button.value === "open";
    }
  });
}
"""

Tree = dict[str, Any]
Belief = Sequence[tuple[str, float]]


def tree_page(trees: list[Tree], title: str) -> str:
    """One HTML page of records by `planners.snapshot`, a decision each. ValueError without any, or for one of
    another version.
    """
    if not trees:
        raise ValueError("there is no tree to show; give 1 or more")
    _check(trees)
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters.update(number=number, percent=percent, segments=segments)
    template = resources.files(__package__ or "").joinpath("tree_page.html").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    decisions = [decision(tree, index) for index, tree in enumerate(trees, 1)]
    return environment.from_string(template).render(
        title=title, decisions=decisions, script=Markup(SCRIPT), digest=digest
    )


def decision(tree: Tree, index: int) -> dict[str, Any]:
    """What the page shows of one tree. index: 1 for the first."""
    root, options = tree["root"], tree["options"]
    candidates = root["candidates"]
    values = [c["value"] for c in candidates if c["value"] is not None]
    low, high = min(values, default=0.0), max(values, default=0.0)
    belief = sorted(root["belief"] or [], key=lambda pair: -pair[1])
    apart = not exclusive(belief)
    seen = [bool(c["visits"]) or i < MOST_CANDIDATES for i, c in enumerate(candidates)]
    return {
        "tree": tree,
        "id": f"d{index}",
        "title": tree["title"] or f"Decision {index}",
        "facts": [(name, options[name]) for name in FACTS],
        "tables": [list(compress(candidates, seen)), list(compress(candidates, map(not_, seen)))],
        "most": {
            name: max((c[name] or 0 for c in candidates), default=0) or 1
            for name in ("prior", "visits", "policy")
        },
        "low": low,
        "span": high - low or 1.0,
        "belief": belief[:MOST_LABELS],
        "others": (len(belief[MOST_LABELS:]), None if apart else sum(p for _, p in belief[MOST_LABELS:])),
        "apart": apart,
        "colours": colours(root["belief"] or []),
    }


def colours(belief: Belief) -> dict[str, int]:
    """Numbers of the colours of the labels that are likeliest (of the first ones, where they do not exclude
    each other), in the order in which the belief has them.
    """
    order = sorted(belief, key=lambda pair: -pair[1]) if exclusive(belief) else belief
    likely = {label for label, _ in order[:COLOURS]}
    return {label: i for i, label in enumerate(label for label, _ in belief if label in likely)}


def exclusive(belief: Belief) -> bool:
    """Whether the labels exclude each other, which shows in a sum of 1."""
    return abs(sum(p for _, p in belief) - 1) < SUM_ERROR


def segments(belief: Belief, colours: dict[str, int], apart: bool = False) -> list[tuple[int | str, float]]:
    """Colours and shares of a belief as a strip; labels without a colour of their own come last, as one.

    Labels that stand `apart`, each true or not, have equal parts of the strip, filled by their probability.
    """
    own: list[tuple[int | str, float]] = [(colours[label], p) for label, p in belief if label in colours]
    if apart:
        parts = [part for colour, p in own for part in ((colour, p / len(own)), ("gap", (1 - p) / len(own)))]
    else:
        parts = [*own, ("x", sum(p for label, p in belief if label not in colours))]
    return [(colour, share) for colour, share in parts if share >= LEAST_SHARE]


def percent(share: float) -> str:
    """A share in percent, with two decimals when it is small: `80 %`, `33.3 %`, `0.31 %`, `<0.01 %`."""
    value = 100 * share
    if 0 < value < 0.005:
        return "<0.01 %"
    whole = abs(value - round(value)) < 1e-6
    return f"{number(value, 0 if whole else 2 if value < 2 else 1)} %"


# --- the still picture --------------------------------------------------------------------------------------

NODE_WIDTH, PILL_WIDTH, PILL_HEIGHT, LINK, BRANCH = 154, 112, 36, 118, 26
"""Pixels: boxes of nodes and of actions, the lines from an action to a node and from a node to an action."""
GAP, MARGIN = 16, 16
LINE = 15
"""Pixels per label of a belief."""
LABELS = 4
"""Labels of a belief that are drawn, the likeliest."""
THICKEST = 7
"""Pixels of the line that all simulations pass."""

STYLE = """
svg {
  --paper: #fbfbfa; --card: #fff; --ink: #1c2026; --soft: #5c6470; --line: #c9ced6; --shade: #eef0f3;
  --on: #0072b2; --c0: #0072b2; --c1: #d55e00; --c2: #00875f; --c3: #b1478a; --c4: #8a6d00; --c5: #5560c8;
}
@media (prefers-color-scheme: dark) { svg {
  --paper: #14171b; --card: #1b1f25; --ink: #e9ecf0; --soft: #9ba4b0; --line: #454d58; --shade: #2a3038;
  --on: #56b4e9; --c0: #56b4e9; --c1: #f28c3f; --c2: #2fc79a; --c3: #e596c6; --c4: #dfc24a; --c5: #a2abff;
} }
text { font: 12px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; fill: var(--soft); }
.b { font-weight: 600; font-size: 13px; fill: var(--ink); }
.m { text-anchor: middle; }
.r { text-anchor: end; }
.paper { fill: var(--paper); }
.node { fill: var(--card); stroke: var(--line); }
.pill, .track { fill: var(--shade); }
.way { fill: none; stroke: var(--line); stroke-linecap: round; }
.on { stroke: var(--on); }
.pill.on { stroke-width: 2; }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
.c4 { fill: var(--c4); } .c5 { fill: var(--c5); } .cx { fill: var(--soft); }
"""


@dataclass
class Box:
    """A node or an action in the picture."""

    record: dict[str, Any]
    x: float
    height: float
    below: list[Box]
    reply: dict[str, Any] | None = None
    """The reply that leads to a node."""
    chosen: bool = False
    """The chosen action, or a node below it."""
    y: float = 0.0
    """Of its middle."""


def tree_svg(tree: Tree, depth: int = 2, edges: int = 3, least_visits: int = 2) -> str:
    """An SVG picture of a small tree: at most `edges` actions per node and as many replies, the most visited,
    down to `depth` actions from the root. What fewer simulations passed than `least_visits` is left out.
    """
    _check([tree])
    root = _node_box(tree["root"], MARGIN, depth, edges, least_visits)
    for pill in root.below:
        pill.chosen = pill.record["action"] == tree["action"]
        for box in pill.below:
            box.chosen = pill.chosen
    picture = _Picture(colours(tree["root"]["belief"] or []), tree["simulations"])
    height = _place(root, MARGIN) + MARGIN
    width = max(box.x for box in _boxes(root)) + NODE_WIDTH + MARGIN
    about = escape(f"search tree: {tree['simulations']} simulations, {tree['name']} chosen")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' role="img" aria-label="{about}">',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width:g}" height="{height:g}" rx="10"/>',
            *picture.ways(root),
            *(part for box in _boxes(root) for part in picture.box(box)),
            "</svg>\n",
        ]
    )


def _node_box(node: dict[str, Any], x: float, depth: int, edges: int, least: int) -> Box:
    height = 42 + LINE * min(len(node["belief"] or []), LABELS) + (4 if node["belief"] else 0)
    tried = sorted(node["candidates"], key=lambda candidate: -candidate["visits"])[:edges]
    pills = []
    for candidate in tried if depth else []:
        at = x + NODE_WIDTH + BRANCH
        met = [reply for reply in candidate["replies"] if reply["count"] >= least][:edges]
        below = []
        for reply in met:
            below.append(_node_box(reply["node"], at + PILL_WIDTH + LINK, depth - 1, edges, least))
            below[-1].reply = reply
        if candidate["visits"] >= least:
            pills.append(Box(candidate, at, PILL_HEIGHT, below))
    # Actions stay in the order of opening: the eye compares nodes.
    pills.sort(key=lambda box: box.record["rank"])
    return Box(node, x, height, pills)


def _place(box: Box, top: float) -> float:
    """Give a box and those below it their places, from `top` on; returns where they end."""
    if not box.below:
        box.y = top + box.height / 2
        return top + box.height
    end = top
    for child in box.below:
        end = _place(child, end) + GAP
    box.y = (box.below[0].y + box.below[-1].y) / 2
    # A box may be higher than all that is below it.
    missing = max(0.0, top + box.height / 2 - box.y)
    for part in _boxes(box):
        part.y += missing
    return max(end - GAP + missing, box.y + box.height / 2)


def _boxes(box: Box) -> Iterator[Box]:
    yield box
    for child in box.below:
        yield from _boxes(child)


@dataclass
class _Picture:
    colours: dict[str, int]
    simulations: int

    def ways(self, node: Box) -> Iterator[str]:
        """Lines from a node to its actions and on to where the replies lead, with what is to say of these."""
        for pill in node.below:
            yield self._way(node.x + NODE_WIDTH, node.y, pill, pill.record["visits"])
            for child in pill.below:
                reply = child.reply or {}
                yield self._way(pill.x + PILL_WIDTH, pill.y, child, reply["count"])
                yield _text(child.x - 8, child.y - 9, f"“{_clip(reply['name'], 11)}”", "r")
                yield _text(child.x - 8, child.y + 19, percent(reply["probability"]), "r")
                if reply["reward"]:
                    yield _text(child.x - 8, child.y + 33, f"reward {number(reply['reward'], 2)}", "r")
                yield from self.ways(child)

    def _way(self, x: float, y: float, box: Box, count: int) -> str:
        """A line from a point to a box, as thick as it is frequent."""
        thickness = max(1.0, THICKEST * count / self.simulations)
        bend, straight = x + BRANCH / 2, x + BRANCH
        path = f"M{x:g},{y:g} C{bend:g},{y:g} {bend:g},{box.y:g} {straight:g},{box.y:g} H{box.x:g}"
        chosen = " on" if box.chosen else ""
        return f'<path class="way{chosen}" stroke-width="{thickness:.1f}" d="{path}"/>'

    def box(self, box: Box) -> Iterator[str]:
        """A node with its belief, or an action."""
        top, record = box.y - box.height / 2, box.record
        if "name" in record:
            chosen = " on" if box.chosen else ""
            yield (
                f'<rect class="pill{chosen}" x="{box.x:g}" y="{top:g}" width="{PILL_WIDTH}"'
                f' height="{PILL_HEIGHT}" rx="{PILL_HEIGHT / 2:g}"/>'
            )
            middle = box.x + PILL_WIDTH / 2
            yield _text(middle, top + 15, _clip(record["name"], 14), "b m")
            yield _text(middle, top + 29, _counted(record["visits"], record["value"]), "m")
            return
        yield (
            f'<rect class="node" x="{box.x:g}" y="{top:g}" width="{NODE_WIDTH}"'
            f' height="{box.height:g}" rx="8"/>'
        )
        # The root's visits have its own evaluation among them; below, that was a simulation.
        visits = record["visits"] if box.reply else self.simulations
        about = "the end" if record["ended"] else _counted(visits, record["value"])
        if record["state"]:
            yield _text(box.x + 10, top + 18, _clip(record["state"], 20), "b")
        yield _text(box.x + 10, top + (34 if record["state"] else 26), about)
        yield from self._bars(record["belief"] or [], box.x + 10, top + 44)

    def _bars(self, belief: Belief, x: float, y: float) -> Iterator[str]:
        """The likeliest labels of a belief, in the belief's order."""
        likely = {label for label, _ in sorted(belief, key=lambda pair: -pair[1])[:LABELS]}
        for label, share in belief:
            if label in likely:
                colour = self.colours.get(label, "x")
                bar = f'x="{x + 56:g}" y="{y + 1:g}" height="8" rx="2"'
                yield _text(x, y + 9, _clip(label, 8))
                yield f'<rect class="track" width="78" {bar}/>'
                yield f'<rect class="c{colour}" width="{78 * share:.1f}" {bar}/>'
                y += LINE


def _counted(visits: int, value: float | None) -> str:
    worth = "" if value is None else f" · {number(value, 2)}"
    return f"{visits} visit{'s' if visits != 1 else ''}{worth}"


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    """SVG text, escaped."""
    classes = f' class="{kind}"' if kind else ""
    return f'<text{classes} x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _clip(text: str, most: int) -> str:
    """A text of at most so many letters."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _check(trees: Sequence[Tree]) -> None:
    for tree in trees:
        if tree.get("schema") != SCHEMA:
            raise ValueError(
                f"a tree has schema {tree.get('schema')!r}; this version reads {SCHEMA}: make it anew with"
                " planners.snapshot"
            )
