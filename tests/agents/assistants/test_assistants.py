"""What holds for every assistant: it learns of the goal only through what it sees, and plays by the rules."""

from __future__ import annotations

import numpy as np
import pytest

from agents.assistants import ASSISTANT_NAMES, AssistantContext, make_assistant
from agents.assistants.library import KNOWN_LIBRARY, BeliefOptions
from agents.assistants.scripted import GuessingAssistant
from agents.evaluation.episode import Episode
from agents.evaluation.play import Task, play
from agents.users import make_user
from agents.users.builder import BuilderUser
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import NOOP, encode
from envs.building.goals import Goals
from envs.building.player import Player
from envs.building.state import State, clone
from envs.building.world import ASSISTANT, USER
from planners.options import SearchOptions

LEARNED = ("network", "policy", "imitation", "planner_network")
"""For the default world alone; `test_learned_planning.py` and `test_imitation.py` have their tests."""
NAMES = tuple(name for name in ASSISTANT_NAMES if name not in LEARNED)
BLIND = tuple(name for name in NAMES if name != "oracle")
"""Assistants that are not handed the goal."""
KNOWING = ("greedy", "planner")


def assistant_of(name: str, library: np.ndarray, belief: BeliefOptions | None = None) -> Player:
    context = AssistantContext(library, SearchOptions(simulations=6), belief or BeliefOptions())
    return make_assistant(name, context)


def start(config: BuildingConfig, goals: np.ndarray, assistant: Player, seed: int = 0) -> BuildingBatch:
    """A batch with these goals in which the assistant is ready to play, and has not seen them."""
    batch = BuildingBatch(len(goals), config)
    batch.reset(goals)
    assistant.reset(config, seed + np.arange(len(goals)), None)
    return batch


def user_actions(
    config: BuildingConfig, goals: np.ndarray, assistant: Player, steps: int
) -> tuple[np.ndarray, list[State]]:
    """Joint actions (T, B, 2, 3) and the states before them of games between a builder and the assistant."""
    batch = start(config, goals, assistant)
    user = make_user("bottom_up")
    user.reset(config, 100 + np.arange(len(goals)), batch.latent.goal.copy())
    joint = np.zeros((steps, len(goals), 2, 3), np.int16)
    states = []
    for actions in joint:
        active = ~batch.done
        states.append(clone(batch.state))
        actions[:, USER] = user.act(batch.state, active)
        actions[:, ASSISTANT] = assistant.act(batch.state, active)
        batch.step(actions)
    assert not batch.done.any(), "the games are too easy to tell anything"
    return joint, states


def task_of(goals: Goals, rows: slice, seed: int = 0) -> Task:
    blocks, houses = goals.blocks[rows], goals.houses[rows]
    return Task(blocks, houses, tuple(range(len(blocks))), seed)


# --- the goal is hidden -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BLIND)
def test_assistants_do_the_same_whatever_the_hidden_goal_is(
    name: str, small: BuildingConfig, huts: Goals
) -> None:
    """What the user did in one game is done in a game with another goal: the public history is the same."""
    library, goals = huts.blocks[8:], huts.blocks[:3]
    assistant = assistant_of(name, library)
    played, states = user_actions(small, goals, assistant, 25)
    batch = start(small, np.roll(goals, 1, axis=0), assistant)
    assert (batch.latent.goal != goals.reshape(3, -1)).any(axis=1).all()
    for t, actions in enumerate(played):
        for part, before in zip(batch.state, states[t], strict=True):
            assert (part == before).all()
        answer = assistant.act(batch.state, ~batch.done)
        assert (answer == actions[:, ASSISTANT]).all(), f"step {t}: the answer depends on the goal"
        joint = actions.copy()
        joint[:, ASSISTANT] = answer
        batch.step(joint)


def test_the_oracle_does_depend_on_the_goal(small: BuildingConfig, huts: Goals) -> None:
    batch = BuildingBatch(3, small)
    batch.reset(huts.blocks[:3])
    oracle = assistant_of("oracle", huts.blocks)
    answers = []
    for shift in (0, 1):
        oracle.reset(small, np.arange(3), np.roll(batch.latent.goal, shift, axis=0))
        answers.append(np.stack([oracle.act(batch.state, ~batch.done) for _ in range(10)]))
    assert (answers[0] != answers[1]).any()


class Spy:
    """A player that keeps what it is handed and does nothing."""

    name = "spy"

    def __init__(self, sees_goal: bool):
        self.sees_goal = sees_goal

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        self.seeds, self.goals = seeds, goals
        self.states: list[State] = []

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        self.states.append(state)
        return np.zeros((len(active), 3), np.int16)


def test_play_hands_goals_to_players_that_may_see_them_alone(small: BuildingConfig, huts: Goals) -> None:
    user, assistant = Spy(True), Spy(False)
    play(small, user, assistant, task_of(huts, slice(0, 3)))
    assert user.goals is not None
    assert (user.goals.reshape(huts.blocks[:3].shape) == huts.blocks[:3]).all()
    assert assistant.goals is None
    assert all(type(state) is State for state in assistant.states)
    assert (user.seeds != assistant.seeds).all()


def test_a_user_that_changes_its_goals_does_not_change_the_games(small: BuildingConfig, huts: Goals) -> None:
    class Vandal(Spy):
        def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
            super().reset(config, seeds, goals)
            assert goals is not None
            goals[:] = 0

    (episode,) = play(small, Vandal(True), Spy(False), task_of(huts, slice(0, 1)))
    assert (episode.goal == huts.blocks[0]).all()
    assert episode.goal_fraction[-1] == 0


def test_only_the_oracle_sees_goals(huts: Goals) -> None:
    seeing = [name for name in NAMES if assistant_of(name, huts.blocks[8:]).sees_goal]
    assert seeing == ["oracle"]


# --- seeds and batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BLIND)
def test_an_assistant_plays_alike_again_and_alone(name: str, small: BuildingConfig, huts: Goals) -> None:
    library, goals = huts.blocks[8:], huts.blocks[:3]
    played, states = user_actions(small, goals, assistant_of(name, library), 12)
    again, _ = user_actions(small, goals, assistant_of(name, library), 12)
    assert (again == played).all()
    single = assistant_of(name, library)
    single.reset(small, np.array([2]), None)
    for t, state in enumerate(states):
        alone = State(*(part[2:3].copy() for part in state))
        assert (single.act(alone, np.ones(1, bool))[0] == played[t, 2, ASSISTANT]).all()


def test_another_seed_gives_other_random_actions(small: BuildingConfig, huts: Goals) -> None:
    assistant = assistant_of("random", huts.blocks[8:])
    batch = start(small, huts.blocks[:8], assistant)
    first = assistant.act(batch.state, ~batch.done).copy()
    batch = start(small, huts.blocks[:8], assistant, seed=50)
    assert (assistant.act(batch.state, ~batch.done) != first).any()


# --- rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_legal_when_it_is_chosen(name: str, small: BuildingConfig, huts: Goals) -> None:
    assistant = assistant_of(name, huts.blocks[8:])
    user = make_user("bottom_up")
    batch = BuildingBatch(4, small)
    batch.reset(huts.blocks[:4])
    goals = batch.latent.goal.copy()
    assistant.reset(small, np.arange(4), goals if assistant.sees_goal else None)
    user.reset(small, 10 + np.arange(4), goals)
    joint = np.zeros((4, 2, 3), np.int16)
    acted = lost = 0
    for _ in range(25):
        active = ~batch.done
        lists, counts = batch.legal(ASSISTANT)
        joint[:, USER] = user.act(batch.state, active)
        joint[:, ASSISTANT] = assistant.act(batch.state, active)
        for row in np.flatnonzero(active):
            flat = encode(batch.codec, *(int(v) for v in joint[row, ASSISTANT]))
            assert flat in lists[row, : counts[row]], f"{joint[row, ASSISTANT]} is not legal"
        batch.step(joint)
        chosen = active & (joint[:, ASSISTANT, 0] != NOOP)
        acted += int(chosen.sum())
        lost += int((chosen & (batch.effective[:, ASSISTANT] == NOOP)).sum())
    assert (acted == 0) == (name == "none")
    # What was legal fails only where the user was there first.
    assert lost <= 0.1 * acted


def test_an_unknown_assistant_is_named_with_the_nearest_one(huts: Goals) -> None:
    with pytest.raises(ValueError, match="assistant is 'gredy'; did you mean 'greedy'"):
        assistant_of("gredy", huts.blocks)


def test_a_guessing_assistant_has_to_guess(small: BuildingConfig) -> None:
    assistant = GuessingAssistant()
    assistant.reset(small, np.arange(1), None)
    with pytest.raises(TypeError, match="GuessingAssistant has no guess"):
        assistant.act(BuildingBatch(1, small).state, np.ones(1, bool))


@pytest.mark.parametrize("name", KNOWING)
def test_a_library_of_another_size_is_refused(name: str, huts: Goals) -> None:
    with pytest.raises(ValueError, match=r"size \(6, 6, 6\).*\(11, 10, 10\)"):
        assistant_of(name, huts.blocks).reset(BuildingConfig(), np.arange(1), None)


def test_an_empty_library_is_refused(huts: Goals) -> None:
    with pytest.raises(ValueError, match="the library of the belief is empty"):
        assistant_of("greedy", huts.blocks[:0])


# --- help ---------------------------------------------------------------------------------------------------


def done(episodes: list[Episode]) -> float:
    return float(np.mean([episode.goal_fraction[-1] for episode in episodes]))


def test_the_oracle_helps_and_a_known_library_is_nearly_as_good(houses: Goals) -> None:
    """Six houses at step 150: the oracle adds 25 points or more, a known library gets most of that."""
    config = BuildingConfig(horizon=150)
    task = task_of(houses, slice(0, 6))
    alone, greedy, oracle = (
        done(play(config, make_user("bottom_up"), assistant_of(name, houses.blocks, KNOWN_LIBRARY), task))
        for name in ("none", "greedy", "oracle")
    )
    assert oracle > alone + 0.25
    assert greedy > alone + 0.6 * (oracle - alone)


def test_the_oracle_is_a_builder_that_plays_second(huts: Goals) -> None:
    oracle = assistant_of("oracle", huts.blocks)
    assert isinstance(oracle, BuilderUser)
    assert oracle.player == ASSISTANT
    with pytest.raises(ValueError, match="oracle needs the goals"):
        oracle.reset(BuildingConfig(), np.arange(1), None)


@pytest.mark.parametrize("name", KNOWING)
def test_beliefs_are_probabilities(name: str, small: BuildingConfig, huts: Goals) -> None:
    assistant = assistant_of(name, huts.blocks[8:])
    user_actions(small, huts.blocks[:2], assistant, 15)
    marginals = assistant.marginals  # type: ignore[attr-defined]
    assert marginals.shape == (2, small.cells, 10)
    assert (marginals >= -1e-6).all()
    assert np.allclose(marginals.sum(axis=2), 1, atol=1e-4)
