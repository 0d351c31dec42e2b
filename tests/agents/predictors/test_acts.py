"""Probabilities of legal actions, the terms of the loss, and networks as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.assistants.scripted import RandomAssistant  # noqa: E402
from agents.predictors.acts import index_acts, legal_log_probs, padded  # noqa: E402
from agents.predictors.checkpoints import IncompatibleCheckpoint, load, save  # noqa: E402
from agents.predictors.ensemble import Ensemble, load_network  # noqa: E402
from agents.predictors.losses import Weights, public_states, total_loss  # noqa: E402
from agents.predictors.moments import Moments, Pricing, discounted, earnings, every_so_often  # noqa: E402
from agents.predictors.network import HEADS, Acts, NetOptions, PredictorNet, predict  # noqa: E402
from agents.users import make_user  # noqa: E402
from envs.building import BuildingConfig  # noqa: E402
from envs.building.actions import BREAK, PLACE, Codec, decode, encode  # noqa: E402
from envs.building.goals import make_source  # noqa: E402
from envs.building.legal import capacity, legal_batch  # noqa: E402
from envs.building.rules import compile_rules  # noqa: E402
from envs.building.world import USER  # noqa: E402

SIZE = (6, 6, 6)
CONFIG = BuildingConfig(SIZE, horizon=60)
OPTIONS = NetOptions(channels=8, blocks=1, cell_channels=4, context=2, heads=HEADS)


@pytest.fixture(scope="module")
def moments() -> Moments:
    goals = make_source("generator", SIZE).draw(6, np.random.default_rng(0)).blocks
    return every_so_often(CONFIG, goals, make_user("bottom_up"), RandomAssistant(), 9, 0)


@pytest.fixture
def net() -> PredictorNet:
    torch.manual_seed(0)
    return PredictorNet(SIZE, OPTIONS)


def legal(moments: Moments, player: int) -> tuple[np.ndarray, np.ndarray]:
    lists = np.empty((moments.number, capacity(CONFIG)), np.int32)
    counts = np.empty(moments.number, np.int32)
    cells = np.empty((2, CONFIG.cells), np.int16)
    state = public_states(CONFIG, moments)
    legal_batch(compile_rules(CONFIG), Codec.of(CONFIG), state, player, *cells, lists, counts)
    return padded(lists, counts), counts


def plain_log_probs(acts: Acts, row: int, actions: np.ndarray) -> np.ndarray:
    """P(kind) P(argument | kind), spelled out."""
    codec = Codec.of(CONFIG)
    found = [decode(codec, int(action)) for action in actions]
    kinds = np.array([kind for kind, _, _ in found])
    arguments = np.zeros(len(found))
    for i, (kind, cell, block) in enumerate(found):
        if kind in (PLACE, BREAK):
            x, y, z = np.array(np.unravel_index(cell, SIZE)) - 1
            edit = 0 if kind == BREAK else block - 1
            inside = all(0 <= v < 4 for v in (x, y, z))
            where = acts.edits[row, x, z, y, edit] if inside else acts.outside[row, edit]
            arguments[i] = float(where)
    logits = acts.kinds[row].float().numpy()
    present = np.unique(kinds)
    total = np.logaddexp.reduce(logits[present])
    out = np.empty(len(found))
    for i, kind in enumerate(kinds):
        out[i] = logits[kind] - total + arguments[i] - np.logaddexp.reduce(arguments[kinds == kind])
    return out


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), player=st.sampled_from((0, 1)))
def test_legal_actions_share_one(moments: Moments, seed: int, player: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    rows = moments.number
    acts = Acts(
        torch.randn(rows, 10, generator=rng),
        torch.randn(rows, 4, 4, 4, 9, generator=rng),
        torch.randn(rows, 9, generator=rng),
    )
    lists, counts = legal(moments, player)
    kinds, arguments = (torch.from_numpy(part) for part in index_acts(SIZE, Codec.of(CONFIG), lists))
    found = legal_log_probs(acts, kinds, arguments)
    torch.testing.assert_close(found.exp().sum(1), torch.ones(rows))
    row = seed % rows
    plain = plain_log_probs(acts, row, lists[row, : counts[row]])
    np.testing.assert_allclose(found[row, : counts[row]], plain, atol=1e-5)


def test_acts_in_the_mirror_are_where_the_mirror_shows_them() -> None:
    """A block at x of four cells is at 3 - x in the mirror, and steps along x turn round."""
    codec = Codec.of(CONFIG)
    cell = (1 * 6 + 2) * 6 + 3
    flat = np.array(
        [[encode(codec, PLACE, cell, 4), encode(codec, 3, 0, 0), encode(codec, 5, 0, 0)]], np.int32
    )
    kinds, arguments = index_acts(SIZE, codec, flat, np.array([1], np.uint8))
    assert kinds.tolist() == [[PLACE, 4, 5]]
    assert arguments.tolist() == [[((3 * 4 + 2) * 4 + 1) * 9 + 3, -1, -1]]


def test_each_term_teaches_its_own_head(moments: Moments, net: PredictorNet) -> None:
    flips = np.arange(moments.number).astype(np.uint8) % 4
    before = PredictorNet(SIZE, OPTIONS)
    heads = {"goal": net.head, "policy": net.actors["policy"], "user": net.actors["user"], "value": net.value}
    for name in HEADS:
        net.zero_grad()
        weights = Weights(**{term: float(term == name) for term in HEADS}, drift=0.0)
        loss, terms = total_loss(net, CONFIG, moments, flips, weights)
        assert set(terms) == set(HEADS)
        assert loss.item() == pytest.approx(terms[name].item())
        loss.backward()
        for other, head in heads.items():
            moved = any(w.grad is not None and w.grad.abs().sum() > 0 for w in head.parameters())
            assert moved == (other == name), (name, other)
    _, terms = total_loss(net, CONFIG, moments, flips, Weights(drift=1.0), before)
    assert terms["drift"] > 0
    _, same = total_loss(net, CONFIG, moments, flips, Weights(drift=1.0), net)
    assert same["drift"].item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="give the previous network"):
        total_loss(net, CONFIG, moments, flips, Weights(drift=1.0))
    with pytest.raises(ValueError, match="weight user is -1"):
        Weights(user=-1)


def test_the_user_term_is_the_likelihood_of_what_the_user_did(moments: Moments, net: PredictorNet) -> None:
    lists, counts = legal(moments, USER)
    acts = predict(net, moments).user
    assert acts is not None
    log_probs = []
    for row in range(moments.number):
        did = encode(Codec.of(CONFIG), *map(int, moments.acts[row, USER]))
        actions = lists[row, : counts[row]]
        if did in actions:
            plain = plain_log_probs(Acts(*(part.float() for part in acts)), row, actions)
            log_probs.append(plain[actions.tolist().index(did)])
    _, terms = total_loss(net, CONFIG, moments, np.zeros(moments.number, np.uint8), Weights())
    assert terms["user"].item() == pytest.approx(-np.mean(log_probs), rel=1e-2)


def test_returns_are_priced_and_discounted(moments: Moments) -> None:
    gains = np.array([[1.0], [0.0], [-1.0]])
    priced = earnings(gains, Pricing(effort=2.0))
    assert priced[:, 0].tolist() == [1, 0, -3]
    assert discounted(priced, 0.5)[:, 0].tolist() == [1 - 0.75, -1.5, -3]
    assert moments.returns.min() < 0  # random helpers do harm


def test_networks_come_back_from_their_files(moments: Moments, net: PredictorNet, tmp_path: Path) -> None:
    save(tmp_path / "a", net, {"seed": 3})
    again, card = load(tmp_path / "a", like=net)
    assert card["made"] == {"seed": 3}
    for name, weight in net.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
    save(tmp_path / "half", net, half=True)
    halved, _ = load(tmp_path / "half")
    torch.testing.assert_close(
        predict(halved, moments).goal, predict(net, moments).goal, atol=0.05, rtol=0.05
    )


def test_checkpoints_that_do_not_fit_say_which_field(net: PredictorNet, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no card\.json"):
        load(tmp_path)
    save(tmp_path, net)
    wider = PredictorNet(SIZE, NetOptions(channels=9, blocks=1, cell_channels=4, context=2, heads=HEADS))
    with pytest.raises(IncompatibleCheckpoint, match=r"options\.channels is 8 .* 9 here"):
        load(tmp_path, like=wider)
    card = json.loads((tmp_path / "card.json").read_text())
    for field, value in (("schema", 99), ("classes", 3)):
        (tmp_path / "card.json").write_text(json.dumps({**card, field: value}))
        with pytest.raises(IncompatibleCheckpoint, match=f"{field} is {value}"):
            load(tmp_path)
    (tmp_path / "card.json").write_text(json.dumps({**card, "options": {**card["options"], "blocks": 2}}))
    with pytest.raises(IncompatibleCheckpoint, match="weights do not fit"):
        load(tmp_path)


def test_an_ensemble_says_the_mean_of_its_members(moments: Moments, tmp_path: Path) -> None:
    members = []
    for seed in range(2):
        torch.manual_seed(seed)
        members.append(PredictorNet(SIZE, OPTIONS))
        save(tmp_path / str(seed), members[-1])
    found = predict(load_network(tmp_path), moments)
    each = [predict(load_network(tmp_path / str(seed)), moments) for seed in range(2)]
    mean = sum(one.goal.float().softmax(-1) for one in each) / 2
    torch.testing.assert_close(found.goal.softmax(-1), mean)
    assert found.value is not None
    torch.testing.assert_close(found.value, (each[0].value + each[1].value) / 2)
    with pytest.raises(ValueError, match="members differ"):
        Ensemble([members[0], PredictorNet(SIZE)])
    with pytest.raises(ValueError, match="no networks"):
        Ensemble([])


def test_heads_are_named_in_order() -> None:
    with pytest.raises(ValueError, match="heads are"):
        NetOptions(heads=("policy",))
    with pytest.raises(ValueError, match="channels is 0"):
        NetOptions(channels=0)
    only = PredictorNet(SIZE, NetOptions(channels=4, blocks=1, cell_channels=4, context=2))
    assert sum(weight.numel() for weight in only.parameters()) < 20_000
