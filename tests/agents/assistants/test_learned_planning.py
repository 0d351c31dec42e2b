"""Planning on a network: its model of the game, what its plans depend on, and that none knows the goal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.assistants import AssistantContext, make_assistant  # noqa: E402
from agents.assistants.learned_model import LearnedModel, LearnedOptions  # noqa: E402
from agents.assistants.learned_planning import SEARCH, LearnedPlanner  # noqa: E402
from agents.assistants.library import BeliefOptions  # noqa: E402
from agents.assistants.network import NetworkAssistant  # noqa: E402
from agents.assistants.policy import PolicyAssistant  # noqa: E402
from agents.evaluation.play import Task, play  # noqa: E402
from agents.predictors.acts import index_acts, legal_log_probs  # noqa: E402
from agents.predictors.checkpoints import save  # noqa: E402
from agents.predictors.network import HEADS, Acts, NetOptions, Outputs, PredictorNet, predict  # noqa: E402
from agents.users import make_user  # noqa: E402
from envs.building import BuildingBatch, BuildingConfig  # noqa: E402
from envs.building.actions import BREAK, PLACE, Codec, decode  # noqa: E402
from envs.building.goals import Goals  # noqa: E402
from envs.building.legal import capacity, legal_batch  # noqa: E402
from envs.building.rules import compile_rules  # noqa: E402
from envs.building.state import State, clone, take, touched_by  # noqa: E402
from envs.building.world import ASSISTANT, USER  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
GAMES, NODES = 3, 12
SMALL_NET = NetOptions(channels=8, blocks=1, cell_channels=4, context=2, heads=HEADS)
FEW = replace(SEARCH, simulations=12, wave=4)


def small_net(size: tuple[int, int, int] = (6, 6, 6), seed: int = 0) -> PredictorNet:
    """An untrained network with opinions: its last layers are as large as its first ones."""
    torch.manual_seed(seed)
    return PredictorNet(size, SMALL_NET).eval()


class Clairvoyant(PredictorNet):
    """A network that knows the goal of the only game it sees, and of the user that it waits."""

    def __init__(self, goal: np.ndarray):
        super().__init__(goal.shape, SMALL_NET)
        inner = goal[1:-1, 1:-1, 1:-1].swapaxes(1, 2).astype(np.int64)
        self.sure = 20 * torch.nn.functional.one_hot(torch.from_numpy(np.maximum(inner - 1, 0)), 9).float()

    def forward(self, local, *others):  # type: ignore[no-untyped-def]
        n = len(local)
        goal = self.sure.expand(n, *self.sure.shape)
        waits = torch.zeros(n, 10)
        waits[:, 0] = 5.0
        user = Acts(waits, torch.zeros_like(goal), torch.zeros(n, 9))
        return Outputs(goal, user._replace(kinds=torch.zeros(n, 10)), user, torch.zeros(n))


@pytest.fixture(scope="module")
def states(small: BuildingConfig, huts: Goals) -> list[State]:
    """Three games of a builder and an assistant that acts at random, before each of 25 steps."""
    batch, user = BuildingBatch(GAMES, small), make_user("bottom_up")
    batch.reset(huts.blocks[:GAMES])
    user.reset(small, np.arange(GAMES), batch.latent.goal.copy())
    context = AssistantContext(huts.blocks, SEARCH, BeliefOptions())
    helper = make_assistant("random", context)
    helper.reset(small, np.arange(GAMES), None)
    kept = []
    for _ in range(25):
        active = ~batch.done
        kept.append(clone(batch.state))
        batch.step(np.stack([player.act(batch.state, active) for player in (user, helper)], axis=1))
    return kept


def model_at(small: BuildingConfig, state: State, options: LearnedOptions | None = None) -> LearnedModel:
    model = LearnedModel(small, GAMES, NODES, small_net(), options)
    for game in range(GAMES):
        model.set_root(game, state, game)
    return model


def legal(config: BuildingConfig, state: State, player: int) -> tuple[np.ndarray, np.ndarray]:
    lists = np.full((len(state.clock), capacity(config)), -1, np.int32)
    counts = np.zeros(len(state.clock), np.int32)
    cells = np.empty((2, config.cells), np.int16)
    legal_batch(compile_rules(config), Codec.of(config), state, player, *cells, lists, counts)
    lists[np.arange(lists.shape[1]) >= counts[:, None]] = -1
    return lists, counts


# --- the model ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("candidates", [8, 20, 100])
def test_candidates_are_legal_and_leave_the_users_cells_alone(
    small: BuildingConfig, states: list[State], candidates: int
) -> None:
    left_out = 0
    for state in states[::6]:
        found = model_at(small, state, LearnedOptions(candidates=candidates)).evaluate(
            np.arange(GAMES) * NODES
        )
        lists, _ = legal(small, state, ASSISTANT)
        for game in range(GAMES):
            actions = found.actions[game, : found.counts[game]]
            assert 1 <= len(actions) == len(set(actions.tolist())) <= candidates
            assert set(actions.tolist()) <= set(lists[game].tolist())
            assert 0 in actions
            for flat, kind in zip(actions, found.kinds[game], strict=False):
                does, cell, _ = decode(Codec.of(small), int(flat))
                assert does == kind
                if kind in (PLACE, BREAK):
                    assert touched_by(int(state.touched[game, cell])) != 1 + USER
            left_out += (lists[game] >= 0).sum() - len(actions)
            priors = found.priors[game, : found.counts[game]]
            assert (priors >= 0).all()
            assert priors.sum() == pytest.approx(1, abs=1e-5)
    assert left_out > 0


def test_priors_join_the_policy_and_what_edits_are_worth(small: BuildingConfig, states: list[State]) -> None:
    """With the policy alone they are the two-level policy over legal actions, but for what is left out."""
    state, net = states[20], small_net()
    found = model_at(small, state, LearnedOptions(policy_share=1.0)).evaluate(np.arange(GAMES) * NODES)
    lists, _ = legal(small, state, ASSISTANT)
    for game, chances in enumerate(torch_chances(net, state, small, lists, "policy")):
        actions = found.actions[game, : found.counts[game]]
        expected = np.array([chances[lists[game] == flat][0] for flat in actions])
        assert np.allclose(found.priors[game, : len(actions)], expected / expected.sum(), atol=1e-4)
    sure = model_at(small, state, LearnedOptions(policy_share=0.0)).evaluate(np.arange(GAMES) * NODES)
    assert not np.allclose(sure.priors, found.priors, atol=0.01)


def torch_chances(
    net: PredictorNet, state: State, config: BuildingConfig, lists: np.ndarray, head: str
) -> np.ndarray:
    kinds, arguments = (torch.from_numpy(part) for part in index_acts(net.size, Codec.of(config), lists))
    return legal_log_probs(getattr(predict(net, state), head), kinds, arguments).exp().numpy()


def test_replies_follow_the_user_head(small: BuildingConfig, states: list[State]) -> None:
    """Over evenly spaced numbers each legal act comes as often as the head says; chances say the same."""
    state, net, draws = states[18], small_net(), 4000
    model = model_at(small, state)
    roots = np.arange(GAMES) * NODES
    model.evaluate(roots)
    lists, _ = legal(small, state, USER)
    for game, chances in enumerate(torch_chances(net, state, small, lists, "user")):
        slots = np.full(draws, roots[game])
        drawn = model.reply(slots, np.zeros(draws, np.int32), (np.arange(draws) + 0.5) / draws)
        for flat, chance in zip(lists[game], chances, strict=True):
            if flat >= 0:
                assert (drawn == flat).mean() == pytest.approx(chance, abs=2 / draws)
        steps = model.step(slots[:1], np.zeros(1, np.int32), drawn[:1], slots[:1] + 1)
        assert steps.chances[0] == pytest.approx(chances[lists[game] == drawn[0]][0], abs=1e-5)


def test_steps_are_the_games_own(small: BuildingConfig, huts: Goals, states: list[State]) -> None:
    """Every part of the state after random candidates and replies is that of the environment."""
    model, rng = model_at(small, states[15]), np.random.default_rng(0)
    batch = BuildingBatch(GAMES, small)
    batch.reset(huts.blocks[:GAMES])
    for mine, theirs in zip(batch.state, states[15], strict=True):
        mine[:] = theirs
    roots = np.arange(GAMES) * NODES
    for step in range(NODES - 1):
        found = model.evaluate(roots + step)
        actions = found.actions[np.arange(GAMES), rng.integers(found.counts)]
        replies = model.reply(roots + step, actions, rng.random(GAMES))
        steps = model.step(roots + step, actions, replies, roots + step + 1)
        pairs = zip(replies, actions, strict=True)
        batch.step(np.array([[decode(batch.codec, int(flat)) for flat in pair] for pair in pairs], np.int16))
        for name, mine, theirs in zip(State._fields, model.leaves.states, batch.state, strict=True):
            assert (mine[roots + step + 1] == theirs).all(), name
        assert ((steps.chances > 0) & (steps.chances <= 1) & ~steps.ends).all()


def test_an_edit_earns_what_the_belief_expects(small: BuildingConfig, states: list[State]) -> None:
    options, compared = LearnedOptions(effort=1.5), 0
    for state in states[8::4]:
        model = model_at(small, state, options)
        for root in np.arange(GAMES) * NODES:
            slot = np.array([root])
            found = model.evaluate(slot)
            for action in found.actions[0, : found.counts[0]]:
                kind, cell, block = decode(Codec.of(small), int(action))
                steps = model.step(slot, np.array([action]), np.zeros(1, np.int32), slot + 1)
                share = model.leaves.marginals[root, cell].astype(float)
                if kind == PLACE:
                    # Over air, a block that should be another one loses as much as one that should not be.
                    expected = share[block] - 2.5 * (share.sum() - share[block])
                    assert steps.rewards[0] == pytest.approx(expected, abs=1e-4)
                    compared += 1
                elif kind != BREAK:
                    assert steps.rewards[0] == 0
    assert compared > 20


def test_only_the_horizon_ends_an_episode(small: BuildingConfig, states: list[State]) -> None:
    model = model_at(replace(small, horizon=int(states[9].clock[0]) + 2), states[9])
    none = np.zeros(1, np.int64)
    model.evaluate(none)
    assert not model.step(none, none, none, none + 1).ends[0]
    assert model.step(none + 1, none, none, none + 2).ends[0]


def test_moved_slots_are_as_they_were(small: BuildingConfig, states: list[State]) -> None:
    model = model_at(small, states[12])
    before = model.evaluate(np.array([NODES]))
    drawn = model.reply(np.array([NODES]), np.zeros(1), np.array([0.7]))
    model.move(np.array([NODES]), np.array([2]))
    assert model.reply(np.array([2]), np.zeros(1), np.array([0.7])) == drawn
    for mine, theirs in zip(model.evaluate(np.array([2])), before, strict=True):
        assert (mine == theirs).all()


# --- the planner --------------------------------------------------------------------------------------------


def plans(planner: Any, states: list[State], rows: list[int], config: BuildingConfig) -> list[Any]:
    """Actions and findings of games `rows` alone, over some states."""
    planner.reset(config, 10 + np.array(rows), None)
    made = []
    for state in states:
        actions = planner.act(take(state, np.array(rows)), np.ones(len(rows), bool)).copy()
        made.append((actions, planner.found, planner.marginals.copy()))
    return made


def test_a_planner_whose_network_knows_the_goal_builds_most_of_it(huts: Goals) -> None:
    config = BuildingConfig(size=huts.size, horizon=400)
    task = Task(huts.blocks[:1], huts.houses[:1], (0,), 0)
    (episode,) = play(config, make_user("slow"), LearnedPlanner(Clairvoyant(huts.blocks[0]), FEW), task)
    assert episode.goal_fraction[-1] > 0.7  # it neither digs nor touches what the user changed
    assert episode.measures["assistant_wrong_edits"] == 0
    assert episode.measures["assistant_gain"] > episode.measures["user_gain"]


def test_games_are_planned_alike_alone_and_together(small: BuildingConfig, states: list[State]) -> None:
    """Same sums in another order: what the network says differs by rounding (bfloat16), plans by no more."""
    together = plans(LearnedPlanner(small_net(), FEW), states[10:14], [0, 1, 2], small)
    for row in range(GAMES):
        alone = plans(LearnedPlanner(small_net(), FEW), states[10:14], [row], small)
        for (ours, found, guessed), (theirs, alike, equally) in zip(together, alone, strict=True):
            assert np.allclose(guessed[row], equally[0], atol=0.01)
            assert np.allclose(found.priors[row], alike.priors[0], atol=0.01)
            assert (ours[row] == theirs[0]).all()


def test_equal_seeds_give_equal_plans(small: BuildingConfig, states: list[State]) -> None:
    for left, right in zip(*(plan_bytes(small, states) for _ in range(2)), strict=True):
        assert left == right
    assert plan_bytes(small, states) != plan_bytes(small, states, seed=1)


def plan_bytes(small: BuildingConfig, states: list[State], seed: int = 0) -> list[bytes]:
    made = plans(LearnedPlanner(small_net(seed=seed), FEW), states[10:13], [0, 1, 2], small)
    return [part.tobytes() for actions, found, guessed in made for part in (actions, *found, guessed)]


def test_plans_never_use_the_hidden_goal(small: BuildingConfig, huts: Goals) -> None:
    """Another goal under the same public history: plans are the same to the last bit."""
    made = []
    for goals in (huts.blocks[:2], huts.blocks[5:7]):
        batch, planner = (
            BuildingBatch(2, replace(small, end_on_completion=False)),
            LearnedPlanner(small_net(), FEW),
        )
        batch.reset(goals)
        planner.reset(batch.config, np.arange(2), None)
        rng, plan = np.random.default_rng(3), []
        for _ in range(12):
            lists, counts = batch.legal(USER)
            actions = np.zeros((2, 2, 3), np.int16)
            chosen = [lists[row, rng.integers(counts[row])] for row in range(2)]
            actions[:, USER] = [decode(batch.codec, int(flat)) for flat in chosen]
            actions[:, ASSISTANT] = planner.act(batch.state, ~batch.done)
            plan += [actions.tobytes(), *(part.tobytes() for part in planner.found)]
            batch.step(actions)
        made.append(plan)
    assert made[0] == made[1]


def test_subtrees_are_kept_on_request(small: BuildingConfig, states: list[State]) -> None:
    """With the option `reuse`, a decision after what was foreseen starts with the visits of before."""
    options = replace(FEW, simulations=40, reuse=True)
    planner = LearnedPlanner(Clairvoyant(np.zeros((6, 6, 6), np.uint8)), options)
    batch = BuildingBatch(1, small)
    batch.reset(np.zeros((1, 6, 6, 6), np.uint8))
    planner.reset(small, np.arange(1), None)
    seen = []
    for _ in range(4):
        actions = np.zeros((1, 2, 3), np.int16)
        actions[:, ASSISTANT] = planner.act(batch.state, ~batch.done)
        seen.append(int(planner.found.visits.sum()))
        batch.step(actions)  # the user waits, as the network expects
    assert max(seen) > options.simulations


def test_watched_decisions_are_kept_as_trees(small: BuildingConfig, states: list[State]) -> None:
    planner = LearnedPlanner(small_net(), FEW)
    planner.watch([10, 12])
    plans(planner, states[10:14], [0, 1], small)
    assert [tree["title"] for tree in planner.watched[1]] == ["step 10", "step 12"]


# --- no user, no likelihood ---------------------------------------------------------------------------------

ALLOWED = {"agents/users/scene.py", "agents/users/traits.py"}
"""Where a player can click and walk to: geometry of the public state, which `pursue` shares with users."""


def test_learned_planners_import_no_user_and_no_likelihood() -> None:
    seen: set[str] = set()
    for start in ("learned_model", "learned_planning", "policy", "imitation", "network"):
        _follow(ROOT / f"agents/assistants/{start}.py", seen)
    assert "agents/assistants/leaves.py" in seen
    assert "agents/predictors/network.py" in seen
    users = {path for path in seen if path.startswith("agents/users/")}
    assert users <= ALLOWED
    assert not any(name in path for path in seen for name in ("library", "search_model", "belief"))


def _follow(file: Path, seen: set[str]) -> None:
    """All modules of the packages that a file imports, as paths from the root."""
    path = file.relative_to(ROOT).as_posix()
    if path in seen:
        return
    seen.add(path)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = file.parents[node.level - 1] if node.level else ROOT
            target = base.joinpath(*(node.module or "").split("."))
            for found in (target.with_suffix(".py"), *(target / f"{name.name}.py" for name in node.names)):
                if found.is_file() and ROOT in found.parents:
                    _follow(found, seen)


def test_learned_planners_hold_no_user_and_no_likelihood(small: BuildingConfig, states: list[State]) -> None:
    planner = LearnedPlanner(small_net(), FEW)
    plans(planner, states[10:11], [0, 1], small)
    homes = {type(thing).__module__ for thing in _reachable(planner)}
    assert "agents.assistants.learned_model" in homes
    assert {home for home in homes if home.startswith("agents.users")} <= {"agents.users.scene"}
    assert not homes & {"agents.assistants.library", "agents.assistants.search_model", "planners.belief"}


def _reachable(thing: Any) -> Iterator[Any]:
    """A thing and all that its attributes and containers hold; modules, classes and arrays end the way."""
    todo, seen = [thing], set()
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, (type, str, bytes, int, float, np.ndarray, torch.Tensor)):
            continue
        seen.add(id(thing))
        yield thing
        if isinstance(thing, dict):
            todo += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            todo += list(thing)
        elif type(thing).__module__.startswith(("agents", "planners", "envs")):
            todo += list(getattr(thing, "__dict__", {}).values())


# --- the policy by itself, and folders ----------------------------------------------------------------------


def test_the_policy_acts_as_its_head_says(small: BuildingConfig, states: list[State]) -> None:
    state, net = states[20], small_net()
    lists, _ = legal(small, state, ASSISTANT)
    chances = torch_chances(net, state, small, lists, "policy")
    active = np.array([True, False, True])
    greedy = PolicyAssistant(net, sample=False)
    greedy.reset(small, np.arange(GAMES), None)
    acts = greedy.act(state, active)
    best = lists[np.arange(GAMES), np.where(lists >= 0, chances, 0).argmax(axis=1)]
    for game in (0, 2):
        assert tuple(acts[game]) == decode(Codec.of(small), int(best[game]))
    assert not acts[1].any()
    drawn = PolicyAssistant(net)
    many = take(state, np.zeros(3000, int))
    drawn.reset(small, np.arange(3000), None)
    kinds = np.bincount(drawn.act(many, np.ones(3000, bool))[:, 0], minlength=10) / 3000
    expected = [
        chances[0, [decode(Codec.of(small), int(a))[0] == k if a >= 0 else False for a in lists[0]]].sum()
        for k in range(10)
    ]
    assert np.allclose(kinds, expected, atol=0.03)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("network", NetworkAssistant), ("policy", PolicyAssistant), ("planner_network", LearnedPlanner)],
)
def test_assistants_on_networks_are_made_from_folders(
    tmp_path: Path, huts: Goals, name: str, kind: type
) -> None:
    context = AssistantContext(huts.blocks, replace(SEARCH, simulations=3), BeliefOptions())
    save(tmp_path / "net", small_net())
    made = make_assistant(f"{name}:{tmp_path / 'net'}", context)
    assert isinstance(made, kind)
    assert made.name == name
    with pytest.raises(FileNotFoundError, match=r"has no card\.json"):
        make_assistant(f"{name}:{tmp_path / 'other'}", context)


def test_networks_that_do_not_fit_are_refused(small: BuildingConfig) -> None:
    goal_only = PredictorNet((6, 6, 6), replace(SMALL_NET, heads=("goal",)))
    with pytest.raises(ValueError, match="heads goal but not user"):
        LearnedPlanner(goal_only).reset(small, np.arange(1), None)
    with pytest.raises(ValueError, match="but not policy"):
        PolicyAssistant(goal_only).reset(small, np.arange(1), None)
    with pytest.raises(ValueError, match=r"worlds of \(6, 6, 6\)"):
        LearnedPlanner(small_net()).reset(BuildingConfig(), np.arange(1), None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"candidates": 7}, "candidates is 7"),
        ({"policy_share": 1.1}, "policy_share is 1.1"),
        ({"effort": -1.0}, "effort is -1.0"),
        ({"threshold": 1.0}, "threshold is 1.0"),
        ({"prior_temperature": 0.0}, "prior_temperature is 0.0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LearnedOptions(**options)  # type: ignore[arg-type]
