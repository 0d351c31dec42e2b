"""A quick look at a network while it trains: what it saves a user on a few houses of the training source.

The assistant is greedy on the network's guesses of the goal, so that it takes seconds. The houses are drawn
with a seed of their own; they are of the training source, so this is no evaluation: `scripts.evaluate` is.
"""

from __future__ import annotations

import numpy as np

from envs.building.config import BuildingConfig
from envs.building.goals import GoalSource

from ..assistants.network import NetworkAssistant
from ..assistants.scripted import NoneAssistant
from ..evaluation.metrics import edits_saved
from ..evaluation.play import Task, play
from ..predictors.network import PredictorNet
from ..users import make_user

HOUSES = 12
_STREAM = 5


class Exam:
    """A few houses and what the user does on them alone."""

    def __init__(self, source: GoalSource, config: BuildingConfig, seed: int, user: str = "population"):
        rng = np.random.default_rng(np.random.SeedSequence((seed, _STREAM)))
        goals = source.draw(HOUSES, rng)
        self._task = Task(goals.blocks, goals.houses, tuple(range(HOUSES)), seed)
        self._config, self._user = config, make_user(user)
        self._alone = play(config, self._user, NoneAssistant(), self._task)

    def measures(self, net: PredictorNet) -> dict[str, float]:
        """Percentages of the user's edits saved, of the goals done, and of the assistant's edits wrong."""
        training = net.training
        helped = play(self._config, self._user, NetworkAssistant(net.eval()), self._task)
        net.train(training)
        saved = [edits_saved(mine, other) for mine, other in zip(helped, self._alone, strict=True)]
        edits = sum(episode.measures["assistant_edits"] for episode in helped)
        wrong = sum(episode.measures["assistant_wrong_edits"] for episode in helped)
        return {
            "exam_saved": 100 * float(np.mean(saved)),
            "exam_goal": 100 * float(np.mean([episode.goal_fraction[-1] for episode in helped])),
            "exam_wrong": 100 * wrong / max(1.0, edits),
        }
