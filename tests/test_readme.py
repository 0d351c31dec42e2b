"""The Python of the README and of the pages in docs runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.users import make_user
from envs.building import BuildingBatch, BuildingConfig
from envs.building.goals import make_source

ROOT = Path(__file__).resolve().parents[1]


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


PAGES = ("README.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))))
BLOCKS = [
    pytest.param(f"{page}, block {number}", block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page))
]


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_code_blocks_run(name: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, name, "exec"), {})
    for picture in tmp_path.glob("*.svg"):
        assert picture.read_text() == (ROOT / "docs" / picture.name).read_text(), "make docs anew"


def test_the_example_assistant_plays() -> None:
    names: dict[str, Any] = {}
    exec(next(block for block in blocks("README.md") if "make_follower" in block), names)
    follower, user = names["make_follower"](None), make_user("bottom_up")
    batch = BuildingBatch(2, BuildingConfig(horizon=10))
    batch.reset(make_source("default").draw(2, np.random.default_rng(0)).blocks)
    user.reset(batch.config, np.arange(2), batch.latent.goal)
    follower.reset(batch.config, np.arange(2), None)
    heights = set()
    while not batch.done.all():
        active = ~batch.done
        batch.step(np.stack([user.act(batch.state, active), follower.act(batch.state, active)], axis=1))
        heights.add(int(batch.state.feet[0, 1, 1]))
    assert len(heights) == 2
