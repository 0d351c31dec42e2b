"""Recorded people build in the order in which they built, as far as it is left to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agents.users import make_user
from agents.users.replay import ReplayUser, read_recordings
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE, Codec, triples
from envs.building.state import take
from envs.building.world import ASSISTANT, DIRT, USER, start_blocks

SIZE = (6, 6, 6)
STONE, PLANKS, WOOL = 7, 6, 9
Cell = tuple[int, int, int]
Edit = tuple[int, Cell, int]

POST: list[Cell] = [(4, 2, 1), (1, 2, 4), (4, 3, 1), (1, 3, 4), (4, 4, 1)]
"""Cells of two posts, in an order that no builder of low cells first would take."""


def index(cell: Cell) -> int:
    return int(np.ravel_multi_index(cell, SIZE))


def write_recording(
    folder: Path, goal: np.ndarray, edits: list[Edit], noops: int = 0, strays: int = 0
) -> Path:
    """An `episodes.npz` with one person `ep00` who did these edits from one place, paused and strayed."""
    actions = [(NOOP, 0, 0)] * noops + [(MOVE_FIRST, 0, 0)] * strays
    actions += [(kind, index(cell), block) for kind, cell, block in edits]
    file = folder / "human_building" / "episodes.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "ep00/goal": goal,
        "ep00/human_actions": np.array(actions, np.int16),
        "ep00/human_pos": np.tile(np.array([0, 2, 0], np.int8), (len(actions), 1)),
        "ep00/assistant_actions": np.array([(PLACE, index((2, 2, 2)), WOOL)], np.int16),
    }
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file


def two_posts() -> np.ndarray:
    goal = start_blocks(SIZE)
    for cell in POST:
        goal[cell] = PLANKS
    return goal


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """The recording of a person who built two posts in turns."""
    return write_recording(tmp_path, two_posts(), [(PLACE, cell, PLANKS) for cell in POST])


def start(user: ReplayUser, goals: np.ndarray, horizon: int = 60) -> BuildingBatch:
    batch = BuildingBatch(len(goals), BuildingConfig(size=SIZE, horizon=horizon))
    batch.reset(goals)
    user.reset(batch.config, np.arange(len(goals)), batch.latent.goal.copy())
    return batch


def edits_of(user: ReplayUser, batch: BuildingBatch, assistant: np.ndarray | None = None) -> list[Edit]:
    """What the user of world 0 places and breaks until the end. assistant: (3,) its first action."""
    joint = np.zeros((len(batch), 2, 3), np.int16)
    if assistant is not None:
        joint[0, ASSISTANT] = assistant
    done: list[Edit] = []
    while not batch.done.all():
        joint[:, USER] = user.act(batch.state, ~batch.done)
        batch.step(joint)
        joint[:, ASSISTANT] = 0
        kind, cell, block = (int(v) for v in joint[0, USER])
        assert batch.effective[0, USER] == kind, "the user does nothing in vain"
        if kind in (PLACE, BREAK):
            x, y, z = (int(i) for i in np.unravel_index(cell, SIZE))
            done.append((kind, (x, y, z), block))
    return done


# --- what it builds -----------------------------------------------------------------------------------------


def test_it_builds_in_the_recorded_order(posts: Path) -> None:
    user = ReplayUser(posts)
    batch = start(user, two_posts()[None])
    assert edits_of(user, batch) == [(PLACE, cell, PLANKS) for cell in POST]
    assert batch.terminated[0]


def test_it_passes_over_what_is_done_already(posts: Path) -> None:
    user = ReplayUser(posts)
    batch = start(user, two_posts()[None])
    blocks = batch.state.blocks[0].reshape(SIZE).copy()
    blocks[POST[0]] = blocks[POST[1]] = PLANKS
    batch.place(0, two_posts(), blocks, batch.state.feet[0].copy())
    assert edits_of(user, batch) == [(PLACE, cell, PLANKS) for cell in POST[2:]]


def test_it_clears_a_wrong_block_that_stands_in_the_way(posts: Path) -> None:
    user = ReplayUser(posts)
    batch = start(user, two_posts()[None])
    blocks = batch.state.blocks[0].reshape(SIZE).copy()
    blocks[POST[1]] = WOOL
    batch.place(0, two_posts(), blocks, batch.state.feet[0].copy())
    wanted = [(PLACE, cell, PLANKS) for cell in POST]
    wanted.insert(1, (BREAK, POST[1], 0))
    assert edits_of(user, batch) == wanted


def test_what_the_assistant_breaks_again_comes_first(posts: Path) -> None:
    user = ReplayUser(posts)
    batch = start(user, two_posts()[None])
    blocks = two_posts()
    blocks[POST[4]] = 0
    batch.place(0, two_posts(), blocks, np.array([[0, 2, 0], [4, 2, 3]]))
    joint = np.zeros((1, 2, 3), np.int16)
    joint[0, ASSISTANT] = BREAK, index(POST[2]), 0
    batch.step(joint)
    assert edits_of(user, batch) == [(PLACE, POST[2], PLANKS), (PLACE, POST[4], PLANKS)]


def test_it_breaks_the_ground_when_the_person_did(tmp_path: Path) -> None:
    goal = start_blocks(SIZE)
    goal[2, 1, 1] = goal[2, 1, 3] = STONE
    goal[2, 2, 3] = PLANKS
    edits = [
        (BREAK, (2, 1, 3), 0),
        (BREAK, (2, 1, 1), 0),
        (PLACE, (2, 1, 1), STONE),
        (PLACE, (2, 1, 3), STONE),
        (PLACE, (2, 2, 3), PLANKS),
    ]
    user = ReplayUser(write_recording(tmp_path, goal, edits))
    assert edits_of(user, start(user, goal[None])) == edits


def test_recorded_mistakes_are_left_out_and_their_rate_kept(tmp_path: Path) -> None:
    mistakes: list[Edit] = [(PLACE, (2, 2, 2), WOOL), (PLACE, POST[0], STONE), (BREAK, POST[0], 0)]
    right: list[Edit] = [(PLACE, cell, PLANKS) for cell in POST]
    (recording,) = read_recordings(write_recording(tmp_path, two_posts(), mistakes + right))
    assert recording.traits.wrong == pytest.approx(2 / 7)
    kept = [tuple(edit) for edit in recording.edits.tolist()]
    assert kept == [(index(POST[0]), 0), *((index(cell), PLANKS) for cell in POST)]


def test_unrecorded_cells_are_finished_as_the_plain_builder_does(tmp_path: Path) -> None:
    """In pairs, the other person did what is missing in the builder's list."""
    recorded: list[Edit] = [(PLACE, POST[1], PLANKS), (PLACE, POST[3], PLANKS)]
    user = ReplayUser(write_recording(tmp_path, two_posts(), recorded))
    done = edits_of(user, start(user, two_posts()[None]))
    assert done[:2] == recorded
    assert sorted(done[2:]) == sorted((PLACE, cell, PLANKS) for cell in (POST[0], POST[2], POST[4]))


def test_the_pace_is_the_persons_own(tmp_path: Path) -> None:
    edits: list[Edit] = [(PLACE, cell, PLANKS) for cell in POST]
    file = write_recording(tmp_path, two_posts(), edits, noops=3, strays=2)
    user = ReplayUser(file)
    traits = user.recordings[0].traits
    assert (traits.pause, traits.fidget) == (pytest.approx(0.3), pytest.approx(0.1))
    games = 2000
    batch = start(user, np.tile(two_posts(), (games, 1, 1, 1)))
    kinds = user.act(batch.state, np.ones(games, bool))[:, 0]
    assert np.mean(kinds == NOOP) == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / games))


# --- likelihoods and seeds ----------------------------------------------------------------------------------


def test_probabilities_sum_to_one_and_are_those_of_the_draws(tmp_path: Path) -> None:
    """Each action that is drawn 50 times or more comes within 5 deviations of its probability."""
    edits: list[Edit] = [(PLACE, (2, 2, 2), WOOL), *((PLACE, cell, PLANKS) for cell in POST)]
    user = ReplayUser(write_recording(tmp_path, two_posts(), edits, noops=2, strays=4))
    codec = Codec.of(BuildingConfig(size=SIZE))
    batch = start(user, np.tile(two_posts(), (codec.size, 1, 1, 1)))
    every = triples(codec, np.arange(codec.size))
    chances = np.exp(user.log_prob(batch.state, every))
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    games = 10_000
    user.reset(batch.config, np.arange(games), np.tile(two_posts().reshape(-1), (games, 1)))
    drawn, counts = np.unique(
        user.act(take(batch.state, np.zeros(games, int)), np.ones(games, bool)), axis=0, return_counts=True
    )
    for action, count in zip(drawn, counts, strict=True):
        chance = float(chances[(every == action).all(axis=1)][0])
        assert chance > 0
        assert count < 50 or abs(count / games - chance) < 5 * np.sqrt(chance / games)


def test_the_same_seed_gives_the_same_actions_alone_and_in_a_batch(posts: Path) -> None:
    user = ReplayUser(posts)
    batch = start(user, np.tile(two_posts(), (4, 1, 1, 1)))
    many = user.act(batch.state, np.ones(4, bool)).copy()
    user.reset(batch.config, np.array([2]), two_posts().reshape(1, -1))
    assert (user.act(take(batch.state, np.array([2])), np.ones(1, bool))[0] == many[2]).all()


# --- where recordings come from -----------------------------------------------------------------------------


def test_the_file_its_folder_and_the_folder_around_it_will_do(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (posts, posts.parent, str(posts.parent.parent)):
        assert ReplayUser(path).file == posts
    monkeypatch.setenv("ASSIST_DATA", str(posts.parent.parent))
    found = make_user("people")
    assert isinstance(found, ReplayUser)
    assert found.file == posts
    assert (found.name, found.sees_goal) == ("people", True)


def test_missing_recordings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSIST_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=f"no recorded people: {tmp_path} .*ASSIST_DATA"):
        make_user("people")
    np.savez(tmp_path / "episodes.npz", blocks=start_blocks(SIZE))
    with pytest.raises(ValueError, match="has no arrays"):
        make_user("people")


def test_a_goal_that_nobody_was_recorded_on_is_refused_with_the_remedy(posts: Path) -> None:
    user = ReplayUser(posts)
    other = two_posts()
    other[2, 2, 2] = DIRT
    with pytest.raises(ValueError, match=r"goal 1 is none of the 1 houses .*--goals"):
        start(user, np.stack([two_posts(), other]))
    with pytest.raises(ValueError, match="people needs the goals"):
        user.reset(BuildingConfig(size=SIZE), np.arange(1), None)


# --- the recorded people ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def alone(require_data: Callable[[str], Path]) -> tuple[ReplayUser, BuildingBatch, np.ndarray]:
    """28 games of the recorded people alone at step 380, and the step (28, N) a cell was changed at last."""
    user = ReplayUser(require_data("human_building"))
    goals = np.tile(np.stack([recording.goal for recording in user.recordings]), (2, 1, 1, 1))
    batch = BuildingBatch(len(goals), BuildingConfig())
    batch.reset(goals)
    user.reset(batch.config, np.arange(len(goals)), batch.latent.goal.copy())
    joint = np.zeros((len(goals), 2, 3), np.int16)
    while not batch.done.all():
        joint[:, USER] = user.act(batch.state, ~batch.done)
        batch.step(joint)
    return user, batch, (batch.state.touched.astype(int) - 1) // 2


def test_people_alone_do_about_as_much_as_the_simulated_user(
    alone: tuple[ReplayUser, BuildingBatch, np.ndarray],
) -> None:
    """64 % at step 380 over many seeds."""
    _, batch, _ = alone
    assert 0.58 < batch.goal_fraction().mean() < 0.70


def test_people_place_blocks_in_the_recorded_order(
    alone: tuple[ReplayUser, BuildingBatch, np.ndarray],
) -> None:
    """Rank correlations of recorded and played times; what comes right by luck comes out of order."""
    user, batch, done_at = alone
    blocks, goal = batch.state.blocks, batch.latent.goal
    correlations = []
    for row, recording in enumerate(2 * user.recordings):
        cells, recorded = np.unique(recording.edits[recording.edits[:, 1] != 0, 0], return_index=True)
        done = (done_at[row, cells] >= 0) & (blocks[row, cells] == goal[row, cells])
        times = np.stack([recorded[done], done_at[row, cells[done]]])
        correlations.append(np.asarray(np.corrcoef(times.argsort().argsort()))[0, 1])
    assert np.mean(correlations) > 0.9
    assert min(correlations) > 0.5
