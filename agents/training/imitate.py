"""Imitation of people who assisted: a network's policy, fine-tuned on what they did in recorded houses.

    net = imitate(ImitateOptions("runs/pretrain"), "runs/imitate", seed=0)

People acted as assistants in half of the recorded episodes, without seeing the goal. The network learns the
log-likelihood of their actions, no-ops and moves included, over what was legal. These houses are then no test
any more: the other half, which people built alone, is (`recorded_alone` in `scripts.bench assistants`).
The recordings measure; weights that ship are not made by this stage.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from envs.building.actions import Codec, encode
from envs.building.config import BuildingConfig
from envs.building.world import ASSISTANT

from ..predictors import checkpoints
from ..predictors.losses import Weights
from ..predictors.moments import Moments, join, moments_of
from ..predictors.network import PredictorNet
from ..predictors.updates import Rates, Updater
from ..users.recorded import RecordedEpisode, read_assistants
from ..users.replay import recordings_file
from .folder import RunFolder, guarded
from .stages import Advance, Keeping

POLICY = Weights(goal=0.0, policy=1.0, user=0.0, value=0.0)
_STREAM, _SAVE = 6, 100


@dataclass(frozen=True)
class ImitateOptions:
    """How a network is fine-tuned."""

    start: str
    """Folder of the network to start from, with the head `policy`."""
    samples: int = 16_000
    """Moments shown, repeats counted; the recordings have about 8,000."""
    batch: int = 64
    rates: Rates = field(default_factory=lambda: Rates(adam=5e-4, muon=5e-3))

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= self.samples:
            raise ValueError(f"batch is {self.batch} and samples {self.samples}; give 1 <= batch <= samples")


def imitate(
    options: ImitateOptions,
    folder: str | Path,
    seed: int = 0,
    keeping: Keeping | None = None,
    advance: Advance | None = None,
) -> PredictorNet:
    """Fine-tune a network, or go on with it; returns it in evaluation mode.

    advance: called with numbers of samples as they are shown, those of the run so far at once. Raises
    FileNotFoundError without the recordings, ValueError for a network without a policy, else as `RunFolder`.
    """
    keeping, file = keeping or Keeping(), recordings_file(None)
    net, _ = checkpoints.load(options.start)
    if "policy" not in net.options.heads:
        raise ValueError(f"the network has the heads {', '.join(net.options.heads)}; imitation needs policy")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    made = {"data": {file.parent.name: digest}, "licences": ["MIT"]}
    run = RunFolder(folder, "imitate", seed, options, keeping.resume, keeping.tensorboard, made)
    config = BuildingConfig(net.size)
    moments = join([deeds_of_assistant(episode, config) for episode in read_assistants(file)])
    updater = Updater(net.to(keeping.device), config, options.rates)
    rng = np.random.default_rng(np.random.SeedSequence((seed, _STREAM)))
    done, steps = 0, options.samples // options.batch
    if run.state:
        done, rng.bit_generator.state = run.state["steps"], run.state["rng"]
        updater.restore(run.state["updater"])
    if advance and done:
        advance(done * options.batch)
    total = 0.0
    net.train()
    while done < steps:
        drawn = moments.take(rng.integers(moments.number, size=options.batch))
        flips = rng.integers(4, size=options.batch).astype(np.uint8)
        share = done / steps
        _, terms = guarded(run.folder, lambda: updater.step(drawn, flips, POLICY, share))  # noqa: B023
        done, total = done + 1, total + terms["policy"]
        if advance:
            advance(options.batch)
        if done % _SAVE == 0 or done == steps:
            run.log(done * options.batch, {"policy": total / (done % _SAVE or _SAVE)})
            run.save(net, {"steps": done, "rng": rng.bit_generator.state, "updater": updater.state()})
            total = 0.0
    run.close()
    return net.eval()


def deeds_of_assistant(episode: RecordedEpisode, config: BuildingConfig) -> Moments:
    """What the assistant of an episode of `read_assistants` did, as moments with targets for the policy."""
    codec = Codec.of(config)
    count = len(episode.actions)
    acts = np.zeros((count, 2, 3), np.int16)
    acts[:, ASSISTANT] = episode.actions
    return moments_of(
        episode.state,
        np.arange(count),
        np.broadcast_to(episode.goal, episode.state.blocks.shape),
        acts=acts,
        candidates=np.array([[encode(codec, *map(int, act))] for act in episode.actions], np.int32),
        weights=np.ones((count, 1), np.float32),
    )
