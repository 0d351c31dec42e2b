"""The README's Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.users import make_user
from envs.building import BuildingBatch, BuildingConfig
from envs.building.goals import make_source

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_code_blocks_run(number: int) -> None:
    exec(compile(BLOCKS[number], f"README block {number}", "exec"), {})


def test_the_example_assistant_plays() -> None:
    names: dict[str, Any] = {}
    exec(next(block for block in BLOCKS if "make_follower" in block), names)
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
