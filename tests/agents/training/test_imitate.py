"""Imitation of people who assisted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'assistance-games[learn]'")

import torch

from agents.predictors import checkpoints
from agents.predictors.network import HEADS, NetOptions, PredictorNet
from agents.training.imitate import ImitateOptions, imitate
from agents.training.stages import Keeping
from agents.users.recorded import RecordedEpisode, read_assistants, read_episodes
from envs.building.actions import PLACE
from envs.building.world import ASSISTANT, DEFAULT_SIZE, USER


@pytest.fixture(scope="module")
def episodes() -> list[RecordedEpisode]:
    try:
        return read_assistants()
    except FileNotFoundError as error:
        pytest.skip(f"needs the recordings: {error}")


def test_the_assistants_of_recordings_are_assistants_of_the_states(episodes: list[RecordedEpisode]) -> None:
    built = {episode.name: episode for episode in read_episodes()}
    assert {episode.name for episode in episodes} == {name for name, each in built.items() if not each.alone}
    for episode in episodes:
        placed = np.flatnonzero((episode.actions[:-1, 0] == PLACE) & episode.effective[:-1])
        cells = episode.actions[placed, 1]
        owner = (episode.state.touched[placed + 1, cells] - 1) % 2
        assert (owner == ASSISTANT).all()
        assert (episode.state.previous[placed + 1, ASSISTANT, 1] == cells).all()
        assert (episode.state.last_edit[placed + 1, ASSISTANT] == cells).all()
    assert any(((each.state.touched - 1) % 2 == USER)[each.state.touched > 0].any() for each in episodes)


def test_a_resumed_run_ends_as_one_that_was_left_alone(
    tmp_path: Path, episodes: list[RecordedEpisode], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    start = str(tmp_path / "start")
    checkpoints.save(start, PredictorNet(DEFAULT_SIZE, NetOptions(8, 1, 4, 4, HEADS)))
    monkeypatch.setattr("agents.training.imitate._SAVE", 4)
    options = ImitateOptions(start, samples=64, batch=8)
    whole = imitate(options, tmp_path / "a")

    class Killed(Exception):
        pass

    def kill(samples: int, shown: list[int] = []) -> None:  # noqa: B006
        shown.append(samples)
        if len(shown) == 6:
            raise Killed

    with pytest.raises(Killed):
        imitate(options, tmp_path / "b", advance=kill)
    resumed = imitate(options, tmp_path / "b", keeping=Keeping(resume=True))
    for ours, theirs in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert checkpoints.load(tmp_path / "a")[1]["made"]["stage"] == "imitate"


def test_a_network_without_a_policy_is_refused(tmp_path: Path, episodes: list[RecordedEpisode]) -> None:
    checkpoints.save(tmp_path / "start", PredictorNet(DEFAULT_SIZE, NetOptions(8, 1, 4, 4)))
    with pytest.raises(ValueError, match="has the heads goal; imitation needs policy"):
        imitate(ImitateOptions(str(tmp_path / "start")), tmp_path / "out")
