"""The assistant that does what the user would do."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'assistance-games[learn]'")

import torch

from agents.assistants import imitation
from agents.assistants.imitation import ImitationAssistant
from agents.predictors.answers import Answers, answers_of
from agents.predictors.network import HEADS, NetOptions, Outputs, PredictorNet
from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE
from envs.building.config import BuildingConfig
from envs.building.vector import BuildingBatch
from envs.building.world import ASSISTANT

SIZE = (6, 6, 6)
CONFIG = BuildingConfig(SIZE, horizon=30)


def make_net(*heads: str) -> PredictorNet:
    torch.manual_seed(0)
    return PredictorNet(SIZE, NetOptions(8, 1, 4, 4, heads or HEADS)).eval()


def play(goal: int, steps: int = 25, seed: int = 3) -> tuple[np.ndarray, BuildingBatch]:
    """The assistant's actions (T, 3, 3) beside a user that does nothing."""
    batch = BuildingBatch(3, CONFIG)
    batch.reset(np.full((3, *SIZE), goal, np.uint8))
    player = ImitationAssistant(make_net())
    player.reset(CONFIG, np.arange(seed, seed + 3), None)
    done = []
    for _ in range(steps):
        actions = np.zeros((3, 2, 3), np.int16)
        actions[:, ASSISTANT] = player.act(batch.state, ~batch.done)
        done.append(actions[:, ASSISTANT].copy())
        batch.step(actions)
    return np.array(done), batch


def expect(monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    """Make networks sure that the user's next action is of a kind."""

    def sure(found: Outputs) -> Answers:
        answers = answers_of(found)
        answers.user_kinds[:] = -10.0
        answers.user_kinds[:, kind] = 10.0
        return answers

    monkeypatch.setattr(imitation, "answers_of", sure)


def test_it_acts_and_never_uses_the_hidden_goal() -> None:
    (first, _), (second, _) = play(2), play(7)
    np.testing.assert_array_equal(first, second)
    assert np.isin((PLACE, BREAK), first[..., 0]).any()
    assert not np.array_equal(first, play(2, seed=9)[0])


def test_it_rests_when_the_user_is_expected_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    expect(monkeypatch, NOOP)
    assert not play(2)[0].any()


@pytest.mark.parametrize("kind", [PLACE, MOVE_FIRST])
def test_it_walks_to_what_the_user_would_edit_and_edits_it(
    monkeypatch: pytest.MonkeyPatch, kind: int
) -> None:
    """The assistant begins in the other corner. A user that is on its way is expected to edit later."""
    expect(monkeypatch, kind)
    kinds = play(2)[0][..., 0]
    assert (kinds >= MOVE_FIRST).any()
    assert (kinds == PLACE).any()
    if kind == PLACE:
        assert not (kinds == BREAK).any()


def test_a_network_that_knows_no_user_is_refused() -> None:
    with pytest.raises(ValueError, match="heads goal, policy but not user"):
        ImitationAssistant(make_net("goal", "policy")).reset(CONFIG, np.arange(2), None)
