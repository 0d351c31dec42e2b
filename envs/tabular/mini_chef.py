"""Mini-chef: how much help is possible depends on how the user teaches.

Recipe i is salt and ingredient i, and the user has one of `recipes` recipes in mind. The user adds an
ingredient, then the assistant adds one. A complete dish is worth 1.

| setting | default | |
|---|---|---|
| `user` | `pedagogic` | who cooks, see below |
| `recipes` | 3 | number of recipes |

`always_salt` adds salt first; `uniform` adds either ingredient of the recipe; `pedagogic` adds the one that
tells the recipe; `best` has no policy and is solved for: per recipe it does what is best given the
assistant's plan.

**Known values** with 3 recipes: always_salt 1/3, uniform 2/3, pedagogic 1. The best-responding user finds the
pedagogic way by itself, 1, which no pair could beat.

A stand-in for the ChefWorld of Malik et al. 2018, "An Efficient, Generalized Bellman Update For Cooperative
Inverse Reinforcement Learning", small enough to be checked by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .rules import WAIT, Rules, check_choice, check_range

USERS = ("always_salt", "uniform", "pedagogic", "best")
SALT = "salt"
OVER = "over"
State = tuple[str, ...] | str
"""What is in the pot, or OVER."""


@dataclass(frozen=True)
class MiniChef(Rules):
    """Settings: see the module's page."""

    name: ClassVar[str] = "mini_chef"
    user: str = "pedagogic"
    recipes: int = 3

    def __post_init__(self) -> None:
        check_choice("user", self.user, USERS)
        check_range("recipes", self.recipes, 1)

    @property
    def best_responding(self) -> bool:
        return self.user == "best"

    @property
    def horizon(self) -> int:
        return 2

    @property
    def ingredients(self) -> tuple[str, ...]:
        """Salt and those that tell the recipe."""
        return SALT, *(f"spice {i + 1}" for i in range(self.recipes))

    def goals(self) -> Mapping[str, tuple[str, float]]:
        return {f"{SALT} + {spice}": (spice, 1 / self.recipes) for spice in self.ingredients[1:]}

    def start(self) -> State:
        return ()

    def assistant_actions(self, state: State) -> Sequence[str]:
        return self.ingredients if state else ()

    def user_actions(self, state: State) -> Sequence[str]:
        return (WAIT,) if state else self.ingredients

    def respond(self, state: State, action: str, goal: str) -> Mapping[str, float]:
        if state:
            return {WAIT: 1.0}
        salt = {"always_salt": 1.0, "uniform": 0.5, "pedagogic": 0.0}[self.user]
        return {SALT: salt, goal: 1 - salt}

    def step(self, state: State, action: str, reply: str) -> Mapping[State, float]:
        return {OVER if state else (reply,): 1.0}

    def reward(self, state: State, action: str, reply: str, goal: str) -> float:
        return float({*state, action} == {SALT, goal})

    def ended(self, state: State) -> bool:
        return state == OVER

    def show(self, state: State) -> str:
        return state if isinstance(state, str) else ", ".join(state) or "empty pot"
