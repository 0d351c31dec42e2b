"""Episodes are exact records of games, and runs resume where they stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.assistants import AssistantContext, make_assistant
from agents.assistants.library import BeliefOptions
from agents.assistants.scripted import NoneAssistant, RandomAssistant
from agents.evaluation.episode import Episode, read_episodes
from agents.evaluation.episode import replay as replay_episode
from agents.evaluation.metrics import summarise
from agents.evaluation.play import Task, play
from agents.evaluation.run import RunFolder, RunOptions, check_overlap, draw_goals, run, with_baselines
from agents.users import make_user
from envs.building import BuildingConfig
from envs.building.actions import BREAK, PLACE
from envs.building.goals import Goals, make_source
from envs.building.state import State
from envs.building.world import ASSISTANT, USER, start_blocks
from planners.options import SearchOptions

PLANKS = 6
TIMES = ("decision_ms_p50", "decision_ms_p95")


# --- records ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def played(small: BuildingConfig, huts: Goals) -> list[Episode]:
    """Four games of a builder and a random assistant."""
    task = Task(huts.blocks[:4], huts.houses[:4], (0, 1, 2, 3), seed=5)
    return play(small, make_user("bottom_up"), RandomAssistant(), task)


def assert_equal(one: Episode, other: Episode, but: Sequence[str] = ()) -> None:
    """All fields are equal, arrays in shape, type and values; measures but those named."""
    assert vars(one).keys() == vars(other).keys()
    for name, value in vars(one).items():
        found = getattr(other, name)
        if isinstance(value, np.ndarray):
            assert (found.dtype, found.shape) == (value.dtype, value.shape)
            assert (found == value).all(), name
        elif name == "measures":
            assert {k: v for k, v in found.items() if k not in but} == {
                k: v for k, v in value.items() if k not in but
            }
        else:
            assert found == value, name


def test_records_come_back_from_json_as_they_were(played: list[Episode]) -> None:
    for episode in played:
        line = episode.to_json()
        assert "\n" not in line
        found = Episode.from_json(line)
        # JSON has no tuples; what the game is made of is the same.
        assert BuildingConfig.make(**found.config) == BuildingConfig.make(**episode.config)
        assert_equal(replace(found, config=episode.config), episode)


@pytest.mark.parametrize("change", [{"schema": 99}, {"game": "chess"}])
def test_records_of_another_kind_are_refused(played: list[Episode], change: dict[str, Any]) -> None:
    line = json.dumps(json.loads(played[0].to_json()) | change)
    with pytest.raises(ValueError, match="not an episode of the building game with schema"):
        Episode.from_json(line)


def test_a_replay_goes_through_the_same_worlds(played: list[Episode]) -> None:
    for episode in played:
        found = [float(batch.goal_fraction()[0]) for batch in replay_episode(episode)]
        assert (np.array(found, np.float32) == episode.goal_fraction).all()


def test_counts_of_a_record_are_those_of_its_replay(played: list[Episode]) -> None:
    for episode in played:
        worlds = replay_episode(episode)
        batch = next(worlds)
        edits = np.zeros((2,), int)
        for batch in worlds:
            edits += np.isin(batch.effective[0], (PLACE, BREAK))
        assert episode.measures["user_edits"] == edits[USER] == episode.user_edits[-1]
        assert episode.measures["assistant_edits"] == edits[ASSISTANT]
        assert episode.measures["steps"] == len(episode.actions)
        gained = episode.measures["user_gain"] + episode.measures["assistant_gain"]
        start = batch.latent.start[0]
        assert gained == batch.latent.similarity[0] - start


class Scripted:
    """A player that does the same list of actions (T, 3) in every world."""

    sees_goal = False

    def __init__(self, name: str, actions: Sequence[tuple[int, int, int]]):
        self.name = name
        self.actions = actions

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        self.size, self.time = len(seeds), 0

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        action = self.actions[self.time] if self.time < len(self.actions) else (0, 0, 0)
        self.time += 1
        return np.tile(np.array(action, np.int16), (self.size, 1))


def test_measures_of_a_game_that_was_made_by_hand() -> None:
    """The assistant places a wrong and a right block, the user two right ones between two moves."""
    config = BuildingConfig(size=(6, 6, 6), horizon=5)
    goal = start_blocks(config.size)
    right = [(1, 2, 1), (2, 2, 1), (3, 2, 4)]
    for cell in right:
        goal[cell] = PLANKS
    cells = [int(np.ravel_multi_index(cell, config.size)) for cell in [*right, (4, 2, 4)]]
    user = Scripted(
        "user", [(3, 0, 0), (PLACE, cells[0], PLANKS), (4, 0, 0), (PLACE, cells[1], PLANKS), (0, 0, 0)]
    )
    assistant = Scripted("assistant", [(PLACE, cells[3], PLANKS), (0, 0, 0), (PLACE, cells[2], PLANKS)])
    start = BuildingConfig.make(**config.as_dict() | {"user": {"start": (2, 2, 2)}})
    (episode,) = play(start, user, assistant, Task(goal[None], ("house",), (0,), 0))
    assert episode.goal_fraction == pytest.approx(np.array([0, -1, 0, 1, 2, 2]) / 3)
    assert episode.user_edits.tolist() == [0, 0, 1, 1, 2, 2]
    expected = {"steps": 5, "user_edits": 2, "user_moves": 2, "user_gain": 2, "user_wrong_edits": 0}
    expected |= {"assistant_edits": 2, "assistant_gain": 0, "assistant_wrong_edits": 1, "undone_edits": 0}
    assert {name: episode.measures[name] for name in expected} == expected


def test_an_undone_edit_is_one_of_the_user_on_a_cell_of_the_assistant() -> None:
    config = BuildingConfig.make(size=(6, 6, 6), horizon=3, user={"start": (3, 2, 3)})
    goal = start_blocks(config.size)
    goal[1, 2, 1] = PLANKS
    cell = int(np.ravel_multi_index((4, 2, 4), config.size))
    user = Scripted("user", [(0, 0, 0), (BREAK, cell, 0), (PLACE, cell, PLANKS)])
    assistant = Scripted("assistant", [(PLACE, cell, PLANKS)])
    (episode,) = play(config, user, assistant, Task(goal[None], ("house",), (0,), 0))
    assert episode.measures["undone_edits"] == 1
    assert episode.measures["user_gain"] == 0
    assert episode.measures["user_wrong_edits"] == 1


def test_predicted_gain_is_what_the_assistants_posterior_promised_of_its_edits() -> None:
    """It places a block it believes in by .8, breaks it again believing .3 that it is right, and waits."""
    config = BuildingConfig.make(size=(6, 6, 6), horizon=3, user={"start": (3, 2, 3)})
    goal = start_blocks(config.size)
    cell = int(np.ravel_multi_index((4, 2, 4), config.size))
    goal.reshape(-1)[cell] = goal[1, 2, 1] = PLANKS
    assistant = Scripted("assistant", [(PLACE, cell, PLANKS), (BREAK, cell, 0)])
    assistant.marginals = np.zeros((1, config.cells, 10), np.float32)  # type: ignore[attr-defined]
    believed = assistant.marginals[0, cell]  # type: ignore[attr-defined]
    act = assistant.act

    def act_and_doubt(state: State, active: np.ndarray) -> np.ndarray:
        believed[PLANKS] = (0.8, 0.3, 0.3)[assistant.time]
        return act(state, active)

    assistant.act = act_and_doubt  # type: ignore[method-assign]
    (episode,) = play(config, Scripted("user", []), assistant, Task(goal[None], ("house",), (0,), 0))
    # 2 * .8 - 1 for the block, 2 * (1 - .3) - 1 for taking it away; in truth +1 and -1.
    assert episode.measures["assistant_predicted_gain"] == pytest.approx(0.6 + 0.4, abs=1e-6)
    assert episode.measures["assistant_gain"] == 0
    rows = {row.name: row.interval.value for row in summarise([episode])}
    assert (rows["predicted_gain"], rows["realised_gain"]) == (pytest.approx(50, abs=1e-4), 0)


# --- runs ---------------------------------------------------------------------------------------------------

OPTIONS = RunOptions(
    assistants=("none", "random"),
    users=("bottom_up", "fast"),
    goals="generator",
    library="generator",
    episodes=3,
    simulations=1,
    horizon=12,
    seed=4,
    code="",
    library_size=2,
)


def play_run(folder: Path, options: RunOptions = OPTIONS) -> list[Episode]:
    source = make_source(options.goals)
    played = draw_goals(source, options.episodes, options.seed, 0)
    library = draw_goals(source, options.library_size, options.seed, 1)
    return run(options, RunFolder(folder, options), played, library, workers=1, advance=lambda steps: None)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Episode]]:
    """A run from beginning to end, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, play_run(folder)


def test_episodes_with_and_without_help_share_goal_and_user(whole: tuple[Path, list[Episode]]) -> None:
    _, episodes = whole
    assert len(episodes) == 12
    by_key = {(e.assistant, e.user, e.index): e for e in episodes}
    for user in OPTIONS.users:
        for index in range(3):
            alone, helped = by_key["none", user, index], by_key["random", user, index]
            assert (alone.goal == helped.goal).all()
            assert (alone.house, alone.seed) == (helped.house, helped.seed)
            # The user draws the same numbers: it does the same until the assistant gets in its way.
            assert (alone.actions[0, USER] == helped.actions[0, USER]).all()
    goals = {episode.goal.tobytes() for episode in episodes}
    assert len(goals) == 3


def test_the_users_stream_does_not_depend_on_the_assistant_or_on_the_batch(
    small: BuildingConfig, huts: Goals
) -> None:
    idle = Scripted("idle", [])
    together = Task(huts.blocks[:3], huts.houses[:3], (0, 1, 2), 9)
    one = Task(huts.blocks[2:3], huts.houses[2:3], (2,), 9)
    alone = play(small, make_user("noisy"), NoneAssistant(), together)
    beside = play(small, make_user("noisy"), idle, together)
    single = play(small, make_user("noisy"), NoneAssistant(), one)
    for first, second in zip(alone, beside, strict=True):
        assert (first.actions[:, USER] == second.actions[:, USER]).all()
    assert_equal(single[0], alone[2], but=TIMES)
    streams = [together.seeds(stream).tolist() for stream in range(3)]
    assert len({seed for seeds in streams for seed in seeds}) == 9


def test_an_interrupted_run_goes_on_where_it_stopped(
    whole: tuple[Path, list[Episode]], tmp_path: Path
) -> None:
    """A run cut off in the middle of a line ends with the same episodes, and keeps those that were done."""
    folder, episodes = whole
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    lines = (folder / "episodes.jsonl").read_text().splitlines(keepends=True)
    cut = "".join(lines[:5]) + lines[5][: len(lines[5]) // 2]
    (tmp_path / "episodes.jsonl").write_text(cut)
    assert len(read_episodes(tmp_path / "episodes.jsonl")) == 5
    resumed = play_run(tmp_path)
    assert (tmp_path / "episodes.jsonl").read_text().startswith("".join(lines[:5]))
    assert len(read_episodes(tmp_path / "episodes.jsonl")) == 12
    for found, expected in zip(resumed, episodes, strict=True):
        assert_equal(
            replace(found, config=BuildingConfig.make(**found.config).as_dict()),
            replace(expected, config=BuildingConfig.make(**expected.config).as_dict()),
            but=TIMES,
        )


def test_a_finished_run_plays_nothing_again(whole: tuple[Path, list[Episode]]) -> None:
    folder, episodes = whole
    before = (folder / "episodes.jsonl").read_bytes()
    assert len(play_run(folder)) == len(episodes)
    assert (folder / "episodes.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 5}, "holds a run with seed 4, but seed is now 5"),
        ({"horizon": 13}, "holds a run with horizon 12, but horizon is now 13"),
        (
            {"users": ("fast",)},
            r"holds a run with users \['bottom_up', 'fast'\], but users is now \['fast'\]",
        ),
    ],
)
def test_a_folder_refuses_other_options(
    whole: tuple[Path, list[Episode]], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words + r".*another --out, or the same options"):
        RunFolder(whole[0], replace(OPTIONS, **change))


def test_a_folder_without_episodes_takes_any_options(tmp_path: Path) -> None:
    """A run that failed at once, for a mistyped name say, does not stand in the way of the next."""
    RunFolder(tmp_path, replace(OPTIONS, users=("botom_up",)))
    assert RunFolder(tmp_path, OPTIONS).episodes == []
    assert json.loads((tmp_path / "config.json").read_text())["users"] == ["bottom_up", "fast"]


def test_goals_in_the_library_of_beliefs_are_refused(huts: Goals) -> None:
    played = Goals(huts.blocks[:4], huts.houses[:4], "played")
    turned = np.rot90(huts.blocks[3:6], axes=(1, 3)).copy()
    library = Goals(turned, huts.houses[3:6], "library")
    with pytest.raises(ValueError, match=r"1 of 4 played goals are in the library .*--known-library"):
        check_overlap(played, library, known=False)
    assert check_overlap(played, library, known=True) == 1
    apart = Goals(huts.blocks[4:8], huts.houses[4:8], "library")
    assert check_overlap(played, apart, known=False) == 0


def test_the_user_alone_is_always_played_and_first() -> None:
    assert with_baselines(["greedy", "none", "greedy"]) == ("none", "greedy")


def test_posteriors_are_scored_while_they_are_played(huts: Goals) -> None:
    config = BuildingConfig(size=(6, 6, 6), horizon=80)
    context = AssistantContext(huts.blocks[:2], SearchOptions(), BeliefOptions())
    task = Task(huts.blocks[:2], huts.houses[:2], (0, 1), 0)
    episodes = play(config, make_user("fast"), make_assistant("greedy", context), task)
    assert all(0 <= episode.measures["nll_25"] < np.log(10) for episode in episodes)
    names = {row.name + row.done for row in summarise(episodes)}
    assert {"goal_nll25", "goal_ece25", "goal_brier25"} <= names
