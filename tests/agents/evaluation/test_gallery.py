"""The gallery page is sound, keeps its secret until asked, and reads well; the sheet has every picture."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from agents.evaluation.gallery import GAP, Exhibit, contact_sheet, description, gallery_page
from envs.building.goals import GeneratorSource
from envs.building.render import isometric
from envs.building.world import DEFAULT_SIZE, start_blocks
from tests.agents.evaluation.pages import Page

NASTY = '<b>&"house"</b>'


@pytest.fixture(scope="module")
def exhibits() -> list[Exhibit]:
    goals = GeneratorSource().draw(5, np.random.default_rng(0))
    return [Exhibit(blocks, i % 2 == 0, f"origin {i} {NASTY}") for i, blocks in enumerate(goals.blocks)]


@pytest.fixture(scope="module")
def text(exhibits: list[Exhibit]) -> str:
    return gallery_page(exhibits, f"A title {NASTY}")


def test_the_page_stands_alone_and_its_script_is_the_one_allowed(text: str) -> None:
    page = Page(text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert not set(page.found) & {"link", "iframe"}
    assert "http:" not in text
    assert "https:" not in text
    assert NASTY not in text


def test_pictures_are_those_of_the_goals_in_the_given_order(text: str, exhibits: list[Exhibit]) -> None:
    pictures = Page(text).found["img"]
    assert len(pictures) == len(exhibits)
    for picture, exhibit in zip(pictures, exhibits, strict=True):
        data = base64.b64decode(str(picture["src"]).removeprefix("data:image/png;base64,"))
        np.testing.assert_array_equal(Image.open(io.BytesIO(data)), isometric(exhibit.blocks, scale=8))


def test_labels_are_in_the_labels_only(text: str, exhibits: list[Exhibit]) -> None:
    page = Page(text)
    kinds = [text for text in page.texts if text in ("real", "generated")]
    assert kinds == ["real" if exhibit.real else "generated" for exhibit in exhibits]
    assert text.count('class="label"') == len(exhibits)
    for i, picture in enumerate(page.found["img"], 1):
        alt = str(picture["alt"])
        assert alt.startswith(f"House {i}: ")
        assert not re.search("real|generated|origin|seed", alt)
    flipped = [replace(exhibit, real=not exhibit.real) for exhibit in exhibits]
    alts = [picture["alt"] for picture in Page(gallery_page(flipped, "")).found["img"]]
    assert alts == [picture["alt"] for picture in page.found["img"]]


def test_the_toggle_is_a_button_that_tells_its_state(text: str) -> None:
    page = Page(text)
    (button,) = page.found["button"]
    assert (button["type"], button["aria-pressed"]) == ("button", "true")
    assert "hidden" in button
    assert page.found["body"] == [{"class": "labelled"}]
    assert any(span.get("role") == "status" for span in page.found["span"])


def test_descriptions_count_what_is_to_build() -> None:
    blocks = start_blocks(DEFAULT_SIZE)
    assert description(blocks) == "nothing to build"
    blocks[3:5, 2, 3] = 6
    blocks[3, 1, 3] = 4
    assert description(blocks) == "3 blocks, 2 layers high, of planks, glass"


def test_a_sheet_has_every_picture_at_its_place(exhibits: list[Exhibit]) -> None:
    goals = np.stack([exhibit.blocks for exhibit in exhibits])
    sheet = contact_sheet(goals, columns=3, scale=4)
    height, width, _ = isometric(goals[0], scale=4).shape
    assert sheet.shape == (2 * height + GAP, 3 * width + 2 * GAP, 3)
    last = sheet[height + GAP :, width + GAP : 2 * width + GAP]
    np.testing.assert_array_equal(last, isometric(goals[4], scale=4))
    assert contact_sheet(goals[:2], columns=8, scale=4).shape == (height, 2 * width + GAP, 3)


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(ValueError, match="no goal to show"):
        gallery_page([], "")
    with pytest.raises(ValueError, match="give 1 or more of each"):
        contact_sheet(np.zeros((0, *DEFAULT_SIZE), np.uint8))
    with pytest.raises(ValueError, match="0 columns"):
        contact_sheet(start_blocks(DEFAULT_SIZE)[None], columns=0)
