"""Pictures of goals: a page on which people judge generated houses, and a sheet of pictures for documents.

On the page real and generated houses are mixed and told apart only when the reader asks for it. The page is
`gallery.html` beside this file, a jinja2 template; it stands alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from envs.building.goals.transforms import changed_cells, structure_of
from envs.building.render import BLOCK_COLOURS, isometric, png_bytes
from envs.building.world import AIR, BLOCK_NAMES, NUM_BLOCKS

PICTURE_SCALE = 8
GAP = 6
"""Pixels between the pictures of a sheet."""

SCRIPT = """
const button = document.querySelector("button");
const told = document.querySelector("[role=status]");
const show = labelled => {
  document.body.classList.toggle("labelled", labelled);
  button.setAttribute("aria-pressed", labelled);
  told.textContent = labelled ? "Labels are shown." : "Labels are hidden.";
};
button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
button.hidden = false;
show(false);
"""


@dataclass(frozen=True)
class Exhibit:
    """One goal of the gallery."""

    blocks: np.ndarray
    """(W, H, D) uint8, the whole world."""
    real: bool
    origin: str
    """Where it comes from: the house's name, or the source and seed that give it again."""


def gallery_page(exhibits: Sequence[Exhibit], title: str) -> str:
    """One HTML page with the exhibits in the given order, unlabelled until its button is pressed.

    Without scripts the labels are there from the start. ValueError without exhibits.
    """
    if not exhibits:
        raise ValueError("there is no goal to show; give 1 or more")
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    template = resources.files(__package__ or "").joinpath("gallery.html").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    cards = [
        {
            "picture": "data:image/png;base64,"
            + base64.b64encode(png_bytes(isometric(exhibit.blocks, scale=PICTURE_SCALE))).decode(),
            "alt": description(exhibit.blocks),
            "kind": "real" if exhibit.real else "generated",
            "origin": exhibit.origin,
        }
        for exhibit in exhibits
    ]
    real = sum(exhibit.real for exhibit in exhibits)
    return environment.from_string(template).render(
        title=title,
        cards=cards,
        real=real,
        generated=len(cards) - real,
        script=Markup(SCRIPT),
        digest=digest,
    )


def description(blocks: np.ndarray) -> str:
    """What a goal (W, H, D) looks like in words, without a hint where it comes from."""
    structure = structure_of(blocks)
    layers = np.flatnonzero((structure != AIR).any((0, 2)))
    if not len(layers):
        return "nothing to build"
    counts = np.bincount(structure.ravel(), minlength=NUM_BLOCKS)
    counts[AIR] = 0
    names = [BLOCK_NAMES[block] for block in np.argsort(-counts, kind="stable") if counts[block]]
    return f"{changed_cells(structure)} blocks, {layers[-1] + 1} layers high, of {', '.join(names)}"


def contact_sheet(goals: np.ndarray, columns: int = 8, scale: int = 6) -> np.ndarray:
    """One picture (h, w, 3) uint8 of goals (n, W, H, D), row by row; ``scale`` as in `isometric`.

    ValueError without goals or columns.
    """
    if not len(goals) or columns < 1:
        raise ValueError(f"there are {len(goals)} goals and {columns} columns; give 1 or more of each")
    pictures = [isometric(goal, scale=scale) for goal in goals]
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    sheet = np.empty((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), np.uint8)
    sheet[:] = BLOCK_COLOURS[AIR]
    for i, picture in enumerate(pictures):
        y, x = i // columns * (height + GAP), i % columns * (width + GAP)
        sheet[y : y + height, x : x + width] = picture
    return sheet
