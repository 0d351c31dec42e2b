"""Building games as a planner meets them: half-built worlds, and beliefs that watched them come about.

A simulated user builds generated houses alone until half of the goals is done, while the belief of an
assistant watches, a library of other generated houses. From there on the states are kept.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np

from agents.assistants.library import LibraryBelief
from agents.assistants.planning import PlanningAssistant
from agents.assistants.search_model import Belief, ModelOptions
from agents.evaluation.run import draw_goals
from agents.users import make_user
from envs.building import BuildingBatch, BuildingConfig
from envs.building.goals import make_source
from envs.building.state import State, clone
from envs.building.world import USER
from planners.options import SearchOptions


@dataclass(frozen=True)
class Sizes:
    """How much is measured, and for how long."""

    config: BuildingConfig = field(default_factory=BuildingConfig)
    batch: int = 16
    library: int = 300
    simulations: int = 100
    decisions: tuple[int, ...] = (20, 100, 400)
    """Simulations of the decisions that are timed."""
    segment: int = 8
    """Consecutive decisions of one repeat."""
    segments: int = 5
    moments: int = 2
    """Moments of each game at which the coherence of beliefs is measured."""
    replies: int = 255
    """Most different replies at each of them."""
    seconds: float = 3.0
    """Time for the repeats of one figure, at least five."""


class HalfBuilt:
    """Some consecutive states of games in which half is done, and a belief that has watched all before."""

    def __init__(self, sizes: Sizes, games: int, seed: int):
        self.config, self.games = sizes.config, games
        source = make_source("default", self.config.size)
        self.library = draw_goals(source, sizes.library, seed, 1).blocks
        self.belief = LibraryBelief(self.library)
        self.belief.reset(self.config, games)
        self.all = np.ones(games, bool)
        self.seeds = seed + np.arange(games)
        batch, user = BuildingBatch(games, self.config), make_user("bottom_up")
        batch.reset(draw_goals(source, games, seed, 0).blocks, self.seeds)
        user.reset(self.config, self.seeds, batch.latent.goal.copy())
        self.states: list[State] = []
        actions = np.zeros((games, 2, 3), np.int16)
        while len(self.states) < sizes.segment * (1 + sizes.segments):
            if self.states or batch.goal_fraction().mean() >= 0.5:
                self.states.append(clone(batch.state))
            else:
                self.belief.observe(batch.state, self.all)
            actions[:, USER] = user.act(batch.state, ~batch.done)
            batch.step(actions)

    def assistant(self, simulations: int, particles: int) -> PlanningAssistant:
        """A planner that has watched the games so far."""
        model = ModelOptions(particles=particles)
        made = PlanningAssistant(LibraryBelief(self.library), SearchOptions(simulations), model)
        made.reset(self.config, self.seeds, None)
        made.belief = copy.deepcopy(self.belief)
        return made

    def roots(self, assistant: PlanningAssistant, state: State) -> list[Belief]:
        """The games' beliefs in a state, as the planner gives them to its search."""
        assistant.belief.observe(state, self.all)
        assistant.belief.marginals(state, self.all, assistant.marginals)
        rngs = [np.random.default_rng(int(seed)) for seed in self.seeds]
        return [assistant.root_belief(state, game, rng) for game, rng in enumerate(rngs)]
