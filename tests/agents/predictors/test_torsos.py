"""Torsos share heads and files; optimisers make the steps they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from agents.predictors.checkpoints import CARD, IncompatibleCheckpoint, load, save  # noqa: E402
from agents.predictors.encoding import encode  # noqa: E402
from agents.predictors.moments import moments_of  # noqa: E402
from agents.predictors.network import HEADS, NetOptions, Outputs, PredictorNet, tensors  # noqa: E402
from agents.predictors.optimiser import Muon  # noqa: E402
from agents.predictors.updates import Rates, make_optimisers  # noqa: E402
from envs.building import BuildingConfig  # noqa: E402
from envs.building.state import empty_state  # noqa: E402

SIZE = (6, 7, 8)
FLAT = NetOptions(8, 2, 4, 3, HEADS)
SOLID = NetOptions(8, 2, 4, 3, HEADS, "solid")


def outputs(options: NetOptions, blocks: np.ndarray) -> Outputs:
    torch.manual_seed(0)
    net = PredictorNet(SIZE, options).eval()
    state = empty_state(BuildingConfig(SIZE), len(blocks))._replace(blocks=blocks)
    with torch.inference_mode():
        return net(*tensors(encode(SIZE, moments_of(state, np.arange(len(blocks)), blocks))))


@pytest.mark.parametrize("options", [FLAT, SOLID])
def test_torsos_have_the_same_heads(options: NetOptions) -> None:
    found = outputs(options, np.zeros((3, 336), np.uint8))
    assert found.goal.shape == (3, 4, 6, 5, 9)
    assert found.policy is not None
    assert found.policy.edits.shape == (3, 4, 6, 5, 9)
    assert found.value is not None
    assert found.value.shape == (3,)


def test_far_cells_hear_of_a_block_in_the_solid_torso() -> None:
    """Two 3x3x3 convolutions after that of the cells reach three cells, the pooled terms all others."""
    empty = np.zeros((1, *SIZE), np.uint8)
    one = empty.copy()
    one[0, 1, 1, 1] = 6
    before, after = (outputs(SOLID, world.reshape(1, -1)).goal for world in (empty, one))
    changed = (before != after).any(-1)[0]
    assert changed[0, 0, 0]
    assert changed[3, 5, 4]


def test_cards_of_the_first_schema_are_flat_and_torsos_are_not_mixed_up(tmp_path: Path) -> None:
    net = PredictorNet(SIZE, FLAT)
    save(tmp_path, net)
    card = json.loads((tmp_path / CARD).read_text())
    del card["options"]["torso"]
    (tmp_path / CARD).write_text(json.dumps(card | {"schema": 1}))
    again, read = load(tmp_path, like=net)
    assert again.options == FLAT
    assert read["options"]["torso"] == "flat"
    assert torch.equal(again.stem.weight, net.stem.weight)
    with pytest.raises(IncompatibleCheckpoint, match=r"options\.torso is 'flat'"):
        load(tmp_path, like=PredictorNet(SIZE, SOLID))
    save(tmp_path, PredictorNet(SIZE, SOLID))
    assert load(tmp_path)[0].options == SOLID


def test_solid_kernels_are_learned_by_muon() -> None:
    net = PredictorNet(SIZE, SOLID)
    learned = make_optimisers(net, Rates())
    inner = {id(weight) for weight in learned["muon"].param_groups[0]["params"]}
    assert all(id(block.near.weight) in inner for block in net.blocks)
    both = [weight for optimiser in learned.values() for weight in optimiser.param_groups[0]["params"]]
    assert len(both) == len(list(net.parameters())) == len({id(weight) for weight in both})


def test_adamw_takes_all_when_asked() -> None:
    net = PredictorNet(SIZE, FLAT)
    learned = make_optimisers(net, Rates(optimiser="adamw"))
    assert list(learned) == ["adam"]
    assert len(learned["adam"].param_groups[0]["params"]) == len(list(net.parameters()))
    with pytest.raises(ValueError, match="optimiser is 'sgd'; choose from muon, adamw"):
        Rates(optimiser="sgd")


@pytest.mark.parametrize("shape", [(24, 60), (60, 24), (16, 16)])
def test_muon_steps_as_torch_s_own_does_on_matrices(shape: tuple[int, int]) -> None:
    """Within bfloat16's rounding in the iteration: 2 % of the way gone in ten steps."""
    torch.manual_seed(0)
    start = torch.randn(shape)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    made = Muon([ours], 0.02, 0.1), torch.optim.Muon([theirs], 0.02, 0.1, momentum=0.95)
    for _ in range(10):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        for optimiser in made:
            optimiser.step()
    gone = (ours - start).norm()
    assert gone > 0.1
    assert (ours - theirs).norm() < 0.02 * gone
