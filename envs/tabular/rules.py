"""Rules of a tabular game in words, and the way from them to arrays.

A game is a frozen dataclass derived from `Rules`: its fields are its settings, its methods its rules, on
states that are readable values such as tuples of words. `tabulate` visits every state that legal actions can
reach and writes the arrays of a `TabularGame`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .game import TabularGame

WAIT = "wait"
"""What the assistant's no-op is called in all games, and the user's where there is one."""


class Rules(ABC):
    """One game's rules. States are hashable, goals anything, actions words."""

    name: ClassVar[str]

    @property
    def simultaneous(self) -> bool:
        """Whether both act at once; otherwise the user sees the assistant's action first."""
        return False

    @property
    def best_responding(self) -> bool:
        """Whether the user has no policy and answers as is best for its goal."""
        return False

    @property
    def discount(self) -> float:
        """Discount per step."""
        return 1.0

    @property
    def horizon(self) -> int | None:
        """Steps after which the game ends, or None."""
        return None

    @abstractmethod
    def goals(self) -> Mapping[str, tuple[Any, float]]:
        """Name -> (goal, prior probability)."""

    @abstractmethod
    def start(self) -> Hashable:
        """The first state."""

    @abstractmethod
    def assistant_actions(self, state: Any) -> Sequence[str]:
        """The assistant's legal actions beside WAIT, which is always legal."""

    @abstractmethod
    def user_actions(self, state: Any) -> Sequence[str]:
        """The user's legal actions, at least one."""

    @abstractmethod
    def respond(self, state: Any, action: str, goal: Any) -> Mapping[str, float]:
        """The user's policy. In a simultaneous game `action` is WAIT, whatever the assistant does."""

    @abstractmethod
    def step(self, state: Any, action: str, reply: str) -> Mapping[Any, float]:
        """Next states and their probabilities."""

    @abstractmethod
    def reward(self, state: Any, action: str, reply: str, goal: Any) -> float:
        """Expected reward of a step."""

    def ended(self, state: Any) -> bool:
        """Whether the game is over."""
        return False

    def renews(self, state: Any, action: str) -> bool:
        """Whether the goal is drawn anew after this step."""
        return False

    def show(self, state: Any) -> str:
        """A state's name, for people."""
        return str(state)


def tabulate(rules: Rules) -> TabularGame:
    """The game as arrays; states, and the actions of both players, are numbered in order of appearance."""
    found = _visit(rules)
    goals = rules.goals()
    shape = len(found.states), len(found.actions), len(found.replies)
    assistant_legal, user_legal = np.zeros(shape[:2], bool), np.zeros((shape[0], shape[2]), bool)
    for s, (mine, theirs) in enumerate(found.legal):
        assistant_legal[s, mine] = True
        user_legal[s, theirs] = True
    outcomes = max((len(step.following) for step in found.steps), default=1)
    next_states, chances = np.zeros((*shape, outcomes), np.int32), np.zeros((*shape, outcomes))
    rewards, renews = np.zeros((*shape, len(goals))), np.zeros(shape[:2], bool)
    for step in found.steps:
        next_states[step.at][: len(step.following)] = list(step.following)
        chances[step.at][: len(step.following)] = list(step.following.values())
        rewards[step.at] = step.rewards
        renews[step.at[:2]] = step.renews
    user = np.zeros((shape[0], 1 if rules.simultaneous else shape[1], shape[2], len(goals)))
    for (s, a, g), policy in found.policies.items():
        user[s, a, list(policy), g] = list(policy.values())
    return TabularGame(
        name=rules.name,
        states=tuple(rules.show(state) for state in found.states),
        goals=tuple(goals),
        assistant_actions=tuple(found.actions),
        user_actions=tuple(found.replies),
        prior=np.array([chance for _, chance in goals.values()]),
        start=np.eye(1, len(found.states))[0],
        assistant_legal=assistant_legal,
        user_legal=user_legal,
        user=None if rules.best_responding else user,
        next_states=next_states,
        chances=chances,
        rewards=rewards,
        terminal=np.array([rules.ended(state) for state in found.states]),
        renews=renews,
        simultaneous=rules.simultaneous,
        discount=rules.discount,
        horizon=rules.horizon,
    )


def check_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    """ValueError unless low <= value <= high."""
    if not low <= value <= high:
        allowed = f"{low} or more" if high == math.inf else f"a number in {low}..{high}"
        raise ValueError(f"{name} is {value}; give {allowed}")


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """ValueError unless the value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; choose from {', '.join(choices)}")


class _Step(NamedTuple):
    at: tuple[int, int, int]
    """State, the assistant's action, the user's."""
    following: dict[int, float]
    rewards: list[float]
    renews: bool


class _Found(NamedTuple):
    states: dict[Any, int]
    actions: dict[str, int]
    replies: dict[str, int]
    legal: list[tuple[list[int], list[int]]]
    steps: list[_Step]
    policies: dict[tuple[int, int, int], dict[int, float]]
    """By state, the assistant's action (0 in simultaneous games) and goal."""


def _visit(rules: Rules) -> _Found:
    """Walk through all states and number everything on the way."""
    found = _Found({rules.start(): 0}, {WAIT: 0}, {}, [], [], {})
    goals = [goal for goal, _ in rules.goals().values()]
    queue = list(found.states)  # grows while it is walked
    for s, state in enumerate(queue):
        over = rules.ended(state)
        mine = [WAIT] if over else [WAIT, *rules.assistant_actions(state)]
        theirs = [WAIT] if over else rules.user_actions(state)
        numbers = [_number(found.actions, word) for word in mine]
        found.legal.append((numbers, [_number(found.replies, word) for word in theirs]))
        for action in [] if over else mine:
            a = found.actions[action]
            if not rules.best_responding and (action == WAIT or not rules.simultaneous):
                for g, goal in enumerate(goals):
                    policy = rules.respond(state, action, goal)
                    found.policies[s, a, g] = {_number(found.replies, h): p for h, p in policy.items()}
            for reply in theirs:
                following = {}
                for after, chance in rules.step(state, action, reply).items():
                    if after not in found.states:
                        queue.append(after)
                    following[_number(found.states, after)] = chance
                earned = [rules.reward(state, action, reply, goal) for goal in goals]
                renews = rules.renews(state, action)
                found.steps.append(_Step((s, a, found.replies[reply]), following, earned, renews))
    return found


def _number(numbers: dict[Any, int], thing: Any) -> int:
    """The number of a thing, the next free one when it is new."""
    return numbers.setdefault(thing, len(numbers))
