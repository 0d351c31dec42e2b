"""A tabular assistance game: finite sets and arrays, small enough to be solved exactly.

In a public state the assistant acts, the user acts, both get one reward, and chance picks the next state. The
user alone knows the goal, and what the user does is all that tells of it: transitions do not depend on the
goal. Two timings are told apart by the shape of the user's policy:

- simultaneous: the user acts without seeing the assistant's action of the same step;
- turn-based: the user sees it first, and answers.

A user without a policy is *best-responding*: it knows the assistant's plan and picks, for its goal, the
action that serves the shared reward best (Malik et al. 2018, "An Efficient, Generalized Bellman Update For
Cooperative Inverse Reinforcement Learning").

Axes of the arrays: S states, A assistant actions, H user actions, G goals, K outcomes of chance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

NOOP = 0
"""The assistant's no-op: its action 0 in every game, always legal."""

PROBABILITY_ERROR = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class TabularGame:
    """A game as arrays, which are checked, copied and made read-only. ValueError says what does not fit."""

    name: str
    states: tuple[str, ...]
    """Names of the S public states."""
    goals: tuple[str, ...]
    """Names of the G goals."""
    assistant_actions: tuple[str, ...]
    """Names of the A actions of the assistant; the first is its no-op."""
    user_actions: tuple[str, ...]
    """Names of the H actions of the user."""
    prior: np.ndarray
    """(G,) float64 probabilities of the goals."""
    start: np.ndarray
    """(S,) float64 probabilities of the first state."""
    assistant_legal: np.ndarray
    """(S, A) bool."""
    user_legal: np.ndarray
    """(S, H) bool."""
    user: np.ndarray | None
    """(S, 1, H, G) float64 P(h | s, goal) of a simultaneous game or (S, A, H, G) P(h | s, a, goal) of a
    turn-based one; None for a best-responding user."""
    next_states: np.ndarray
    """(S, A, H, K) int32 next states, by outcome of chance."""
    chances: np.ndarray
    """(S, A, H, K) float64 probabilities of the outcomes; unused outcomes have 0."""
    rewards: np.ndarray
    """(S, A, H, G) float64 expected reward of a step."""
    terminal: np.ndarray
    """(S,) bool states that end the game."""
    renews: np.ndarray
    """(S, A) bool steps after which the goal is drawn anew from the prior, as the next task of many."""
    simultaneous: bool
    """Whether both act at once; otherwise the user sees the assistant's action first."""
    discount: float
    """Discount per step, in (0, 1]; 1 needs a horizon."""
    horizon: int | None = None
    """Steps after which the game ends; None: it goes on until a terminal state."""

    def __post_init__(self) -> None:
        kinds: dict[str, type] = dict.fromkeys(("assistant_legal", "user_legal", "terminal", "renews"), bool)
        kinds["next_states"] = np.int32
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value = np.array(value, kinds.get(field.name, np.float64), order="C")
                value.setflags(write=False)
                object.__setattr__(self, field.name, value)
        self._check_shapes()
        self._check_scalars()
        self._check_chances()
        if self.user is not None:
            self._check_user(self.user)

    def __repr__(self) -> str:
        return f"TabularGame({self.name!r}, (S, A, H, G) = {self.shape})"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """S, A, H, G."""
        return len(self.states), len(self.assistant_actions), len(self.user_actions), len(self.goals)

    @property
    def fixed_user(self) -> np.ndarray:
        """The user's policy; ValueError when the user is best-responding and has none."""
        if self.user is None:
            raise ValueError(
                f"the user of {self.name} is best-responding and has no policy of its own; solve the game"
                " with planners.alpha.best_response, or give it a user with a policy"
            )
        return self.user

    def user_policy(self, state: int, action: int) -> np.ndarray:
        """(H, G) probabilities of the user's actions in a state, the assistant's action being `action`."""
        return self.fixed_user[state, 0 if self.simultaneous else action]

    def look_ahead(self, values: np.ndarray, actions: slice = slice(None)) -> np.ndarray:
        """(S, A', H, G) value of one step and then `values` (S, G), for the actions A' of the assistant."""
        # A goal that is drawn anew is worth what goals are on average.
        renewed = np.broadcast_to((values @ self.prior)[:, None], values.shape)
        following = self.next_states[:, actions]
        renews = self.renews[:, actions, None, None, None]
        after = np.where(renews, renewed[following], values[following])
        averaged = np.einsum("sahk,sahkg->sahg", self.chances[:, actions], after)
        return self.rewards[:, actions] + self.discount * averaged

    def _check_shapes(self) -> None:
        s, a, h, g = self.shape
        if min(self.shape) < 1:
            raise ValueError(f"a game of (S, A, H, G) = {self.shape}; each must be 1 or more")
        if self.next_states.ndim != 4 or self.next_states.shape[3] < 1:
            raise ValueError(f"next_states has shape {self.next_states.shape}; give (S, A, H, K) with K >= 1")
        outcomes = self.next_states.shape[3]
        wanted = {
            "prior": (g,),
            "start": (s,),
            "assistant_legal": (s, a),
            "user_legal": (s, h),
            "user": (s, 1 if self.simultaneous else a, h, g),
            "next_states": (s, a, h, outcomes),
            "chances": (s, a, h, outcomes),
            "rewards": (s, a, h, g),
            "terminal": (s,),
            "renews": (s, a),
        }
        for name, shape in wanted.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                timing = "simultaneous" if self.simultaneous else "turn-based"
                raise ValueError(f"{name} has shape {value.shape}; this {timing} game takes {shape}")

    def _check_scalars(self) -> None:
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount is {self.discount}; give a number in (0, 1]")
        if self.horizon is None and self.discount == 1:
            raise ValueError("discount is 1 without a horizon; give a horizon, or a discount below 1")
        if self.horizon is not None and self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}; give 1 or more, or None")

    def _check_chances(self) -> None:
        for name in ("prior", "start"):
            _check_sum(name, getattr(self, name)[None], np.ones(1, bool))
        if (over := np.flatnonzero(self.start * self.terminal)).size:
            raise ValueError(f"start[{over[0]}] is {self.start[over[0]]}; that state is terminal, give 0")
        if (idle := np.flatnonzero(~self.assistant_legal[:, NOOP])).size:
            raise ValueError(f"assistant_legal[{idle[0]}, 0] is False; action 0, the no-op, is always legal")
        if (stuck := np.flatnonzero(~self.user_legal.any(axis=1))).size:
            raise ValueError(f"user_legal[{stuck[0]}] is all False; the user needs an action in every state")
        states = len(self.states)
        if self.next_states.min() < 0 or self.next_states.max() >= states:
            at = np.argwhere((self.next_states < 0) | (self.next_states >= states))[0]
            found = self.next_states[tuple(at)]
            raise ValueError(f"next_states{at.tolist()} is {found}; states are 0..{states - 1}")
        played = self.assistant_legal[:, :, None] & self.user_legal[:, None] & ~self.terminal[:, None, None]
        _check_sum("chances", self.chances, played)
        if not np.isfinite(self.rewards).all():
            at = np.argwhere(~np.isfinite(self.rewards))[0]
            raise ValueError(f"rewards{at.tolist()} is {self.rewards[tuple(at)]}; give finite numbers")

    def _check_user(self, user: np.ndarray) -> None:
        if (user * ~self.user_legal[:, None, :, None]).any():
            at = np.argwhere(user * ~self.user_legal[:, None, :, None])[0]
            raise ValueError(f"user{at.tolist()} is {user[tuple(at)]}; that action is not legal, give 0")
        asked = self.assistant_legal[:, :1] if self.simultaneous else self.assistant_legal
        played = (asked & ~self.terminal[:, None])[:, :, None] & np.ones(len(self.goals), bool)
        _check_sum("user", np.moveaxis(user, 2, 3), played)


def draw(chances: np.ndarray, rng: np.random.Generator) -> int:
    """An index (n,), drawn with one number of the stream whatever the chances."""
    drawn = np.searchsorted(np.cumsum(chances), rng.random(), side="right")
    return int(min(drawn, np.flatnonzero(chances)[-1]))  # rounding can leave a gap below 1


def _check_sum(name: str, chances: np.ndarray, where: np.ndarray) -> None:
    """Probabilities along the last axis are non-negative and sum to 1 `where` it is True."""
    wrong = ((chances < 0).any(-1) | ~(np.abs(chances.sum(-1) - 1) < PROBABILITY_ERROR)) & where
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        place = name if len(where) == 1 else f"{name}, row {[int(i) for i in at]},"
        raise ValueError(f"{place} is {chances[at].tolist()}; give probabilities that sum to 1")
