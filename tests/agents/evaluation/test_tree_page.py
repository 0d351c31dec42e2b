"""The page of some searches shows their records, stands alone and is sound HTML; so is the still picture."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from agents.evaluation import tree_page as module
from agents.evaluation.tree_page import colours, percent, segments, tree_page, tree_svg
from planners.options import SearchOptions
from planners.search import Search
from planners.snapshot import Names, snapshot
from tests.agents.evaluation.pages import Page
from tests.planners.toys import AskOrAct, HashModel

NASTY = '<b>&"left"</b>'


class Telling(AskOrAct):
    """AskOrAct that tells its beliefs, under names that are no good in HTML."""

    def beliefs(self, slots: np.ndarray) -> list[list[tuple[str, float]]]:
        return [[(NASTY, left), ("right", 1 - left)] for left in self.left[slots]]

    def state_name(self, slot: int) -> str:
        return "<script>"


@pytest.fixture(scope="module")
def asked() -> dict[str, Any]:
    search = Search(Telling(0.1), 1, SearchOptions(simulations=100, candidates=3))
    search.run(np.array([4]))
    names = Names(("ask", "<i>left</i>", "right").__getitem__, ("-", NASTY, "right").__getitem__)
    return snapshot(search, names=names, title="step <1>")


@pytest.fixture(scope="module")
def wide() -> dict[str, Any]:
    """A root with many candidates, most of them without a visit, and no beliefs."""
    options = SearchOptions(simulations=40, candidates=24, considered=4)
    model = HashModel(options.nodes, branching=24)
    model.states[0] = 11
    search = Search(model, 1, options)
    search.run(np.array([0]))
    return snapshot(search, names=Names("action {}".format, "reply {}".format))


def test_the_page_is_sound_and_stands_alone(asked: dict[str, Any], wide: dict[str, Any]) -> None:
    page = tree_page([asked, wide], "Two searches & more")
    found = Page(page).found
    assert all(str(link["href"]).startswith("#") for link in found["a"])
    assert not re.search(r"\ssrc=|url\(|@import|<link|<img|<iframe", page)
    assert {f"#{section['id']}" for section in found["section"]} == {link["href"] for link in found["a"]}
    ids = [attributes["id"] for tags in found.values() for attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "<title>Two searches &amp; more</title>" in page


def test_the_script_is_the_one_that_is_allowed(asked: dict[str, Any]) -> None:
    page = tree_page([asked], "search")
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert len(script) == 1
    assert f"script-src 'sha256-{digest}'" in page


def test_names_are_escaped(asked: dict[str, Any]) -> None:
    page = tree_page([asked], "search")
    texts = Page(page).texts
    assert {"<i>left</i>", f"“{NASTY}”", "step <1>", "<script>"} <= set(texts)
    for raw in (NASTY, "<i>left", "step <1>"):
        assert raw not in page
    assert page.count("<script") == 1
    assert "<script>" in "".join(ElementTree.fromstring(tree_svg(asked)).itertext())


def test_every_root_candidate_is_there(
    asked: dict[str, Any], wide: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CANDIDATES", 6)
    assert len(wide["root"]["candidates"]) > 20
    for tree in (asked, wide):
        page = Page(tree_page([tree], "search"))
        rows = [header for header in page.found["th"] if header.get("scope") == "row"]
        assert len(rows) == len(tree["root"]["candidates"])
        assert {candidate["name"] for candidate in tree["root"]["candidates"]} <= set(page.texts)
        assert page.texts.count("chosen") == 1
        assert any("more without a visit" in text for text in page.texts) == (tree is wide)


def test_one_decision_needs_no_list(asked: dict[str, Any]) -> None:
    assert "nav" not in Page(tree_page([asked], "search")).found


def test_the_picture_is_small_sound_and_inside_its_frame(asked: dict[str, Any], wide: dict[str, Any]) -> None:
    for tree in (asked, wide):
        for depth in (0, 1, 3):
            text = tree_svg(tree, depth=depth)
            picture = ElementTree.fromstring(text)
            width, height = (float(side) for side in picture.attrib["viewBox"].split()[2:])
            parts = [part.attrib for part in picture.iter() if "rx" in part.attrib]
            boxes = [part for part in parts if part["class"].startswith(("node", "pill"))]
            assert len(text) < 60_000
            assert len({(box["x"], box["y"]) for box in boxes}) == len(boxes) > 0
            for box in boxes:
                x, y, w, h = (float(box[name]) for name in ("x", "y", "width", "height"))
                assert 0 <= x <= width - w
                assert 0 <= y <= height - h


def test_the_picture_marks_the_chosen_action(asked: dict[str, Any]) -> None:
    assert tree_svg(asked).count('class="pill on"') == 1


def test_likely_labels_have_colours_in_the_order_of_the_belief() -> None:
    belief = [(f"goal {i}", share) for i, share in enumerate([0.02, 0.3, 0.1, 0.1, 0.2, 0.03, 0.05, 0.2])]
    assert colours(belief) == {"goal 1": 0, "goal 2": 1, "goal 3": 2, "goal 4": 3, "goal 6": 4, "goal 7": 5}


def test_labels_that_do_not_exclude_each_other_stand_apart(asked: dict[str, Any]) -> None:
    """The first ones have a colour each, and equal parts of a strip, filled by their probability."""
    belief = [(f"cell {i}", share) for i, share in enumerate([0.5, 0.25, 1.0, 0.0])]
    assert colours(belief) == {"cell 0": 0, "cell 1": 1, "cell 2": 2, "cell 3": 3}
    assert segments(belief, colours(belief), apart=True) == [
        (0, 0.125), ("gap", 0.125), (1, 0.0625), ("gap", 0.1875), (2, 0.25), ("gap", 0.25)
    ]  # fmt: skip
    root = asked["root"] | {"belief": [[f"cell {i}", 0.5] for i in range(20)]}
    assert "8 others" in Page(tree_page([asked | {"root": root}], "search")).texts


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.8, "80 %"), (1 / 3, "33.3 %"), (0.0031, "0.31 %"), (1e-7, "<0.01 %")],
)
def test_shares_are_told_in_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_trees_that_cannot_be_shown_are_named(asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no tree"):
        tree_page([], "search")
    for make in (lambda tree: tree_page([tree], "search"), tree_svg):
        with pytest.raises(ValueError, match="schema 0"):
            make(asked | {"schema": 0})
