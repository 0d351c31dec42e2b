"""PPO through RLlib: what the policy sees, what it learns from, and runs that can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'assistance-games[train]'")
pytest.importorskip("ray", reason="needs RLlib: pip install 'assistance-games[train]'")

import torch

from agents.predictors import checkpoints
from agents.predictors.network import NetOptions, PredictorNet
from agents.training.folder import METRICS, STATE
from agents.training.ppo import PpoOptions, make_env, ppo_config, train_ppo
from agents.training.ppo_env import FIELDS, PublicStates
from agents.training.ppo_module import GOAL, GOAL_LOGITS, PolicyModule
from agents.training.ray_session import ray_session
from agents.training.saving import read_state
from agents.training.stages import Keeping
from agents.users import make_user
from envs.building import BuildingConfig, State
from envs.building.vector_env import AssistVectorEnv
from envs.building.world import ASSISTANT

# RLlib registers its environment anew for each algorithm.
pytestmark = pytest.mark.filterwarnings("ignore:.*Overriding environment")

SIZE = (6, 6, 6)
HEADS = ("goal", "policy", "value")
TINY = PpoOptions(
    iterations=2,
    steps=192,
    worlds=8,
    size=SIZE,
    horizon=24,
    user="bottom_up",
    net=NetOptions(12, 1, 8, 4, HEADS),
    epochs=2,
    minibatch=64,
    learning_rate=2e-3,
)
RESUMED = Keeping(resume=True, every=2)


class Idle:
    """A user that does nothing, so that the public history says nothing of the goal."""

    name = "idle"
    sees_goal = False

    def reset(self, config: BuildingConfig, seeds: np.ndarray, goals: np.ndarray | None) -> None:
        self.actions = np.zeros((len(seeds), 3), np.int16)

    def act(self, state: State, active: np.ndarray) -> np.ndarray:
        return self.actions


def make_module(env: PublicStates, start: str | None = None) -> PolicyModule:
    config = {"game": TINY.game.as_dict(), "net": asdict(TINY.net), "start": start, "seed": 0, "threads": 1}
    return PolicyModule(
        observation_space=env.single_observation_space,
        action_space=env.single_action_space,
        model_config=config,
    )


def batch_of(observations: dict[str, np.ndarray], **columns: np.ndarray) -> dict[str, Any]:
    batch: dict[str, Any] = {"obs": {name: torch.from_numpy(part) for name, part in observations.items()}}
    return batch | {name: torch.from_numpy(column) for name, column in columns.items()}


def test_observations_are_public_states_and_infos_alone_tell_goals() -> None:
    env = make_env({"options": TINY, "num_envs": 4})
    observations, infos = env.reset(seed=0)
    assert set(observations) == set(FIELDS)
    assert observations in env.observation_space
    for name in FIELDS:
        np.testing.assert_array_equal(observations[name], getattr(env.game.batch.state, name))
    np.testing.assert_array_equal(infos["goal"], env.game.batch.latent.goal)
    without = make_env({"options": replace(TINY, goal=0.0), "num_envs": 4})
    assert "goal" not in without.reset(seed=0)[1]


def test_actions_are_places_in_the_legal_list() -> None:
    env, plain = (
        AssistVectorEnv(make_user("bottom_up"), 4, size=SIZE, horizon=9),
        AssistVectorEnv(make_user("bottom_up"), 4, size=SIZE, horizon=9),
    )
    view = PublicStates(env)
    observations, _ = view.reset(seed=3)
    plain.reset(seed=np.random.SeedSequence(3).generate_state(4).tolist())
    rng = np.random.default_rng(0)
    for _ in range(20):  # beyond the end of the first episodes
        lists, counts = plain.batch.legal(ASSISTANT)
        places = (rng.random(4) * counts).astype(int)
        observations, rewards, *_ = view.step(places)
        _, expected, *_ = plain.step(lists[np.arange(4), places])
        np.testing.assert_array_equal(observations["blocks"], plain.batch.state.blocks)
        np.testing.assert_array_equal(rewards, expected)


def test_first_episodes_are_cut_at_different_steps_and_later_ones_are_whole() -> None:
    env = PublicStates(AssistVectorEnv(Idle(), 8, size=SIZE, horizon=10), stagger=True)
    env.reset(seed=0)
    cuts = np.array([env.step(np.zeros(8, int))[3] for _ in range(40)])
    ends = [np.flatnonzero(column) for column in cuts.T]
    assert len({times[0] for times in ends}) > 3
    for times in ends:
        assert (np.diff(times) == 11).all()  # ten steps and the reset


def test_runners_with_neighbouring_seeds_share_no_world() -> None:
    # RLlib gives runner i the seed `seed + i`, and gymnasium world j of it the seed `seed + i + j`.
    env = make_env({"options": TINY, "num_envs": 4})
    goals = [goal.tobytes() for seed in (0, 1, 2) for goal in env.reset(seed=seed)[1]["goal"]]
    assert len(set(goals)) == len(goals)


def test_inventories_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks is 'inventory'"):
        PublicStates(AssistVectorEnv(Idle(), size=(6, 6, 8), blocks="inventory"))


def test_the_policy_gives_probabilities_to_legal_actions_alone() -> None:
    env = make_env({"options": TINY, "num_envs": 6})
    module = make_module(env)
    observations, _ = env.reset(seed=0)
    for _ in range(5):
        found = module.forward_exploration(batch_of(observations))
        assert set(found) == {"action_dist_inputs"}
        probabilities = found["action_dist_inputs"].exp().detach().numpy()
        _, counts = env.game.batch.legal(ASSISTANT)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-4)
        for row, count in zip(probabilities, counts, strict=True):
            assert (row[:count] > 0).all()
            assert (row[count:] == 0).all()
        observations = env.step(probabilities.argmax(axis=1))[0]


def test_hidden_goals_never_reach_the_policy() -> None:
    # Users that do nothing make public histories equal whatever the goals; then all that the policy computes
    # has to be equal to the bit.
    def play(turn: int) -> list[torch.Tensor]:
        env = PublicStates(AssistVectorEnv(Idle(), 5, size=SIZE, horizon=20), goals=True)
        module = make_module(env)
        observations, infos = env.reset(seed=0)
        env.game.batch.latent.goal[:] = np.roll(env.game.batch.latent.goal, turn, axis=0)
        found = []
        for _ in range(12):
            batch = batch_of(observations, goal=env.game.batch.latent.goal)
            trained = module.forward_train(batch)
            found += [trained["action_dist_inputs"], trained[GOAL_LOGITS], module.compute_values(batch)]
            logits = module.forward_exploration(batch)["action_dist_inputs"]
            torch.manual_seed(7)
            places = torch.distributions.Categorical(logits=logits).sample().numpy()
            observations, _, _, _, infos = env.step(places)
        hidden.append(infos["goal"])
        return [part.detach() for part in found]

    hidden: list[np.ndarray] = []
    for ours, theirs in zip(play(0), play(1), strict=True):
        assert torch.equal(ours, theirs)
    assert not np.array_equal(*hidden)


def test_the_goal_loss_is_of_the_goals_in_the_batch_without_padding() -> None:
    env = make_env({"options": TINY, "num_envs": 6})
    module = make_module(env)
    observations, infos = env.reset(seed=0)
    valid = np.array([True, True, True, False, True, False])
    batch = batch_of(observations, goal=infos["goal"], loss_mask=valid)
    with torch.no_grad():
        logits = module.forward_train(batch)[GOAL_LOGITS]
        loss = module.goal_loss(batch, logits, user_cells=0.1)
        padding = infos["goal"].copy()
        padding[~valid] = 0
        assert module.goal_loss(batch | {GOAL: torch.from_numpy(padding)}, logits, 0.1) == loss
        other = np.roll(infos["goal"], 1, axis=0)
        assert module.goal_loss(batch | {GOAL: torch.from_numpy(other)}, logits, 0.1) != loss


def test_a_network_that_cannot_play_is_refused(tmp_path: Path) -> None:
    env = make_env({"options": TINY, "num_envs": 1})
    checkpoints.save(tmp_path / "goal", PredictorNet(SIZE, NetOptions(8, 1, 4, 4)))
    with pytest.raises(ValueError, match="has the heads goal; PPO needs policy too"):
        make_module(env, str(tmp_path / "goal"))
    checkpoints.save(tmp_path / "large", PredictorNet((7, 6, 6), NetOptions(8, 1, 4, 4, HEADS)))
    with pytest.raises(ValueError, match=r"for worlds of \(7, 6, 6\), the game has \(6, 6, 6\)"):
        make_module(env, str(tmp_path / "large"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"worlds": 0}, "worlds is 0"),
        ({"goal": -1.0}, r"goal is -1\.0"),
        ({"steps": 32}, "steps is 32; give at least one minibatch of 64"),
        ({"user": "top_down"}, "user is 'top_down', which is there to judge"),
        ({"user": "people"}, "which is there to judge"),
        ({"goals": "mix:generator=1,val_mods=1"}, "goals is 'mix:generator=1,val_mods=1', which is there"),
    ],
)
def test_options_that_make_no_sense_are_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(TINY, **wrong)


@pytest.fixture(scope="module")
def rllib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One Ray for all trainings of this file."""
    with ray_session(2, tmp_path_factory.mktemp("ray")):
        yield


@pytest.mark.usefixtures("rllib")
def test_a_run_is_taken_up_where_it_was_saved(tmp_path: Path) -> None:
    steps: list[int] = []
    first = train_ppo(TINY, tmp_path, advance=steps.append)
    saved, card = checkpoints.load(tmp_path)
    assert_equal(first, saved)
    assert (card["made"]["stage"], card["made"]["metrics"]["step"]) == ("ppo", 2)
    lines = metrics_of(tmp_path)
    assert [line["step"] for line in lines] == [1, 2]
    assert lines[-1]["decisions"] == sum(steps)
    assert {"return", "policy_loss", "value_loss", "entropy", "kl", "goal_loss"} < set(lines[0])
    with pytest.raises(FileExistsError, match="add --resume"):
        train_ppo(TINY, tmp_path)
    assert_equal(train_ppo(TINY, tmp_path, keeping=RESUMED), first)  # nothing left to do

    with (tmp_path / METRICS).open("a") as file:  # as if the run had been killed after iteration 3
        file.write(json.dumps({"step": 3, "decisions": 0}) + "\n")
    second = train_ppo(replace(TINY, iterations=4), tmp_path, keeping=RESUMED)
    lines = metrics_of(tmp_path)
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    assert lines[1]["decisions"] < lines[2]["decisions"] < lines[3]["decisions"]
    assert lines[3]["goal_loss"] < lines[0]["goal_loss"]
    assert any((a != b).any() for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert sorted(path.name for path in tmp_path.glob("rllib-*")) == ["rllib-4"]
    assert read_state(tmp_path / STATE)["checkpoint"] == "rllib-4"

    with pytest.raises(ValueError, match="holds a run with seed = 0, not 1"):
        train_ppo(TINY, tmp_path, seed=1, keeping=RESUMED)
    with pytest.raises(ValueError, match=r"options.discount = 0\.95, not 0\.9"):
        train_ppo(replace(TINY, discount=0.9), tmp_path, keeping=RESUMED)


@pytest.mark.usefixtures("rllib")
def test_the_same_seed_trains_the_same_network(tmp_path: Path) -> None:
    options = replace(TINY, iterations=1)
    first, second, third = (train_ppo(options, tmp_path / str(i), seed) for i, seed in enumerate((5, 5, 6)))
    assert_equal(first, second)
    assert any((a != b).any() for a, b in zip(first.parameters(), third.parameters(), strict=True))


@pytest.mark.usefixtures("rllib")
def test_runners_hand_the_module_observations_and_nothing_else() -> None:
    algorithm = ppo_config(TINY, seed=0).build_algo()
    try:
        algorithm.env_runner.sample(num_timesteps=16)
        seen = algorithm.env_runner._cached_to_module
        assert set(seen) == {"obs"}
        assert set(seen["obs"]) == set(FIELDS)
    finally:
        algorithm.stop()


@pytest.mark.usefixtures("rllib")
def test_a_run_starts_from_a_given_network_and_without_the_goal(tmp_path: Path) -> None:
    net = PredictorNet(SIZE, NetOptions(8, 1, 4, 4, ("goal", "policy", "user", "value")))
    checkpoints.save(tmp_path / "start", net)
    options = replace(TINY, iterations=1, start=str(tmp_path / "start"), goal=0.0, learning_rate=1e-6)
    trained = train_ppo(options, tmp_path / "run", seed=0)
    assert trained.options == net.options
    for ours, theirs in zip(trained.parameters(), net.parameters(), strict=True):
        assert (ours - theirs).abs().max() < 1e-4
    assert "goal_loss" not in metrics_of(tmp_path / "run")[0]


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]


def assert_equal(ours: PredictorNet, theirs: PredictorNet) -> None:
    for name, weight in ours.state_dict().items():
        assert torch.equal(weight, theirs.state_dict()[name]), name
