"""The assistant by which predictors are judged: its threshold, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.assistants.network import NetworkAssistant, effort_of  # noqa: E402
from agents.assistants.pursue import edit_values  # noqa: E402
from agents.evaluation.play import Task, play  # noqa: E402
from agents.predictors.encoding import CLASSES  # noqa: E402
from agents.predictors.network import NetOptions, Outputs, PredictorNet  # noqa: E402
from agents.users import make_user  # noqa: E402
from envs.building import BuildingConfig  # noqa: E402
from envs.building.goals import Goals  # noqa: E402

SMALL_NET = NetOptions(channels=8, blocks=1, cell_channels=4, context=2)


class Clairvoyant(PredictorNet):
    """A network that knows the goal of the only game it sees."""

    def __init__(self, goal: np.ndarray):
        super().__init__(goal.shape, SMALL_NET)
        inner = goal[1:-1, 1:-1, 1:-1].swapaxes(1, 2).astype(np.int64)
        classes = np.where(inner <= 1, 0, inner - 1)
        self.sure = torch.from_numpy(20 * np.eye(CLASSES, dtype=np.float32)[classes])

    def forward(self, local, *others):  # type: ignore[no-untyped-def]
        return Outputs(self.sure.expand(len(local), *self.sure.shape), None, None, None)


@given(
    threshold=st.floats(0.0, 0.9),
    right=st.floats(0.0, 1.0),
    block=st.integers(2, 9),
)
def test_an_edit_is_wanted_exactly_above_the_threshold(threshold: float, right: float, block: int) -> None:
    marginals = np.zeros((2, 10), np.float32)
    marginals[0, block], marginals[0, 0] = right, 1 - right  # an empty cell: place the block
    marginals[1, block], marginals[1, 2 if block != 2 else 3] = 1 - right, right  # a block: break it
    values, wanted = np.empty(2), np.empty(2, np.uint8)
    blocks = np.array([0, block], np.uint8)
    edit_values(blocks, np.zeros(2, np.int16), marginals, effort_of(threshold), values, wanted)
    margin = 2 * right - 1 - threshold
    if abs(margin) > 1e-5:
        assert ((values > 0) == (margin > 0)).all()
    if right > 0.5:
        assert wanted[0] == block


def test_a_network_that_knows_the_goal_builds_most_of_it(huts: Goals) -> None:
    config = BuildingConfig(size=huts.size, horizon=400)
    task = Task(huts.blocks[:1], huts.houses[:1], (0,), 0)
    (episode,) = play(config, make_user("slow"), NetworkAssistant(Clairvoyant(huts.blocks[0])), task)
    assert episode.goal_fraction[-1] > 0.7  # it neither digs nor touches what the user changed
    assert episode.measures["assistant_wrong_edits"] == 0
    assert episode.measures["assistant_gain"] > episode.measures["user_gain"]


def test_an_ignorant_network_does_nothing_outside_the_box(huts: Goals) -> None:
    """Before it has learned anything no probability is above a high threshold."""
    config = BuildingConfig(size=huts.size, horizon=60)
    task = Task(huts.blocks[:2], huts.houses[:2], (0, 1), 0)
    assistant = NetworkAssistant(PredictorNet(huts.size, SMALL_NET), (0.9, 0.9))
    for episode in play(config, make_user("bottom_up"), assistant, task):
        assert episode.measures["assistant_edits"] == 0


def test_each_episode_draws_a_threshold(huts: Goals) -> None:
    config = BuildingConfig(size=huts.size)
    assistant = NetworkAssistant(PredictorNet(huts.size, SMALL_NET), (0.2, 0.7))
    assistant.reset(config, np.arange(50), None)
    assert effort_of(0.2) <= assistant.efforts.min() < assistant.efforts.max() <= effort_of(0.7)
    assert np.ptp(assistant.efforts) > 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": (0.5, 1.0)}, r"thresholds are \(0.5, 1.0\)"),
        ({"thresholds": (0.5, 0.4)}, "thresholds are"),
        ({"refresh": 0}, "refresh is 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkAssistant(PredictorNet((6, 6, 6), SMALL_NET), **options)  # type: ignore[arg-type]


def test_worlds_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="worlds of"):
        NetworkAssistant(PredictorNet((6, 6, 6), SMALL_NET)).reset(BuildingConfig(), np.arange(1), None)
