"""One variant of the bench of torsos: trained on moments that all variants share, then asked and timed.

Moments and exams are made when the first variant needs them. What a variant answered is kept in a file as
soon as it is known, so that an interrupted run goes on with the next one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from agents.assistants.scripted import NoneAssistant
from agents.evaluation.statistics import mean_interval
from agents.predictors.losses import see, user_loss
from agents.predictors.lots import Lots
from agents.predictors.moments import Moments, every_so_often, join
from agents.predictors.network import HEADS, NetOptions, PredictorNet
from agents.predictors.players import ErrandHelper
from agents.predictors.scores import untouched_nll
from agents.predictors.training import Recipe, new_net
from agents.predictors.updates import Rates, Updater
from agents.training.trainers import TRAINERS, make_trainers
from agents.users import make_user
from envs.building.config import BuildingConfig
from envs.building.goals import make_source
from envs.building.state import State
from envs.building.world import DEFAULT_SIZE

from . import variety_exams
from .net import leaf_times
from .torsos import LEAVES, split
from .variety_exams import GENERATED, Exam, make_exams

JUDGES = ("val_craftassist", "val_mods")
"""Houses that choices are made on."""
_LOTS, _BATCHES, _USERS = 21, 22, 23
_RECIPE = Recipe()
_SECONDS = 1.5
"""Time to measure a leaf for."""
_SHOWN = 128


class Runs:
    """Variants with the same moments and exams; `given` says which, and what code makes them."""

    def __init__(self, folder: Path, given: dict[str, Any], leaves: State, say: Callable[[str], None]):
        """leaves: states whose predictions are timed."""
        self._folder, self._given, self._leaves, self._say = folder, given, leaves, say
        self._config = BuildingConfig(horizon=_RECIPE.horizon)

    def finish(self, name: str, seed: int) -> dict[str, Any]:
        """What a variant answers, out of its file if it is there. ValueError for a file of other runs."""
        file = self._folder / f"{name.replace(':', '-')}-{seed}.json"
        if file.exists():
            kept = json.loads(file.read_text())
            if kept["given"] != self._given:
                raise ValueError(f"{file} is of {kept['given']}, not {self._given}; give another --out")
            return dict(kept["answers"])
        import torch

        torch.set_num_threads(1)
        net, seconds = self._trained(name, seed)
        answers = {**self._asked(net), "cpu_seconds": seconds}
        self._folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"given": self._given, "answers": answers}))
        part.replace(file)
        self._say(f"{name}, seed {seed}: {seconds:.0f} CPU seconds")
        return answers

    @cached_property
    def _moments(self) -> Moments:
        """Moments to learn from, each to be used about `Recipe.reuse` times."""
        source = make_source(self._given["goals"])
        users, recipe = make_trainers(TRAINERS), _RECIPE
        lots = Lots(self._config, source, users, recipe.lot, recipe.every, recipe.pricing, "full")
        wanted = self._given["samples"] / recipe.reuse
        found: list[Moments] = []
        while sum(lot.number for lot in found) < wanted:
            found.append(lots.play(ErrandHelper(), (self._given["seed"], _LOTS, len(found))).moments)
        return join(found)

    @cached_property
    def _exams(self) -> list[Exam]:
        """Houses to be asked about: those that judge, or generated ones where there are none."""
        exams = make_exams(self._given["seed"], variety_exams.SIZES)
        judging = [exam for exam in exams if exam.houses in JUDGES]
        return judging or [exam for exam in exams if exam.houses == GENERATED]

    @cached_property
    def _users(self) -> Moments:
        """Moments of other builders on the houses of the exams, with their distributions."""
        stream = int(np.random.SeedSequence((self._given["seed"], _USERS)).generate_state(1)[0])
        return join(
            [
                every_so_often(
                    self._config,
                    exam.goals.blocks,
                    make_user("population"),
                    NoneAssistant(),
                    _RECIPE.every,
                    stream,
                    user_target="full",
                )
                for exam in self._exams
            ]
        )

    def _trained(self, name: str, seed: int) -> tuple[PredictorNet, float]:
        """A variant's network, and CPU seconds of its training."""
        torso, (channels, blocks), rate, target = split(name)
        rates = Rates(adam=rate, optimiser="adamw") if rate else Rates()
        moments = self._moments
        if target == "drawn":
            nothing = slice(0, 0)
            moments = moments._replace(
                user_candidates=moments.user_candidates[:, nothing],
                user_weights=moments.user_weights[:, nothing],
            )
        began = time.process_time()
        net = new_net(DEFAULT_SIZE, NetOptions(channels, blocks, heads=HEADS, torso=torso), seed)
        updater = Updater(net, self._config, rates)
        rng = np.random.default_rng(np.random.SeedSequence((seed, _BATCHES)))
        steps, size = self._given["samples"] // _RECIPE.batch, _RECIPE.batch
        rounds = -(-steps * size // moments.number)
        order = np.concatenate([rng.permutation(moments.number) for _ in range(rounds)])
        for step in range(steps):
            rows = order[step * size : (step + 1) * size]
            flips = rng.integers(4, size=size).astype(np.uint8)
            updater.step(moments.take(rows), flips, _RECIPE.weights, step / steps)
        return net.eval(), time.process_time() - began

    def _asked(self, net: PredictorNet) -> dict[str, Any]:
        """What a network says of the exams, and how long a leaf takes."""
        nll = {}
        for exam in self._exams:
            scores, houses = untouched_nll(net, exam.moments), np.array(exam.house_of)
            for built in np.unique(exam.built):
                here = exam.built == built
                nll[f"{exam.houses}/{built}"] = mean_interval(scores[here], houses[here]).value
        times = {
            str(batch): float(np.median(leaf_times(net, self._leaves, batch, "bf16", 1, _SECONDS)))
            for batch in LEAVES
        }
        parameters = sum(weight.numel() for weight in net.parameters())
        return {"nll": nll, "user_nll": self._user_nll(net), "parameters": parameters, "leaf_ms": times}

    def _user_nll(self, net: PredictorNet) -> float:
        import torch

        total = 0.0
        for start in range(0, self._users.number, _SHOWN):
            moments = self._users.take(slice(start, start + _SHOWN))
            flips = np.zeros(moments.number, np.uint8)
            with torch.inference_mode():
                acts = see(net, net, moments, flips).user
                assert acts is not None
                total += moments.number * user_loss(acts, net, self._config, moments, flips).item()
        return total / self._users.number
