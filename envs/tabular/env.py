"""Tabular games for PettingZoo: any game of this package, two agents, indices for everything.

    env = TabularEnv("wormy_apples", timing="two_phase")     # or envs.make("tabular-v0", game="wormy_apples")
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {}
        for name in env.agents:
            actions[name] = env.action_space(name).sample(observations[name]["action_mask"])
        observations, rewards, terminations, truncations, infos = env.step(actions)

| | |
|---|---|
| Import | `envs.tabular.env`: `TabularEnv`, `parallel_env`, `env` (one agent after the other) |
| Agents | `user`, `assistant`; the assistant alone with `simulate_user=True` |
| Actions | `Discrete(H)` and `Discrete(A)`, named in `game.user_actions` and `game.assistant_actions` |
| State | `Box(0, ..., (4,), int64)`: state, last actions of the assistant and the user, steps done |
| Options | those of `TabularEnv`; other keywords are settings of the game, see its module |

**Observations.**

| key | space | meaning |
|---|---|---|
| `state` | Discrete(S) | public state, named in `game.states` |
| `goal` | Discrete(G) | what the user wants; **only in the user's observation** |
| `assistant_action` | Discrete(A + 1) | what the assistant did last; A: nothing yet |
| `user_action` | Discrete(H + 1) | what the user did last; H: nothing yet |
| `time` | Box 0..1 float32 (1,) | share of the horizon, or of `max_steps`, that has passed |
| `action_mask` | Box 0..1 int8 (n,) | 1 for legal actions |

**Turns.** In a turn-based game the user answers what the assistant has just done, so a step of the game takes
two steps here: in the first the assistant acts, and what the user gives is ignored (its mask holds a single
action); in the second it is the other way round, `assistant_action` is what the user answers to, and
`user_action` is H. With `simulate_user` every step is a step of the game.

**Rewards.** Both agents get the expected reward of the step under the goal, and 0 when only the assistant has
acted. Rewards are there to train on: an assistant that reads them *while it acts* learns about the goal, and
plays another game than the one it is meant to. **Infos** are empty, but for the user's `goal`, its name.

**End.** Terminated in a terminal state and at the game's own horizon, truncated after `max_steps` steps of
the game. Actions outside the mask become the first legal action, the no-op for the assistant, or
IllegalActionError with `strict=True`.

**Seeds.** `reset(seed=s)` seeds one stream each for goals, chance and the simulated user; a reset without a
seed goes on with them.

**Versions.** v0: first version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from pettingzoo import AECEnv
from pettingzoo.utils import parallel_to_aec

from ..building import IllegalActionError
from ..view import GameView, Infos, Observation, Results
from . import make_game
from .game import TabularGame, draw

USER, ASSISTANT = "user", "assistant"


class Moment(NamedTuple):
    """What changes in an episode; the goal in it is not for assistants."""

    goal: int
    state: int
    assistant_action: int
    user_action: int
    steps: int
    user_turn: bool
    """Whether the assistant has acted and the user has yet to answer."""


class Snapshot(NamedTuple):
    """A moment with the agents still in play and the states of the random streams."""

    moment: Moment | None
    agents: tuple[str, ...]
    streams: tuple[Mapping[str, Any], ...]


class TabularEnv(GameView):
    """A tabular game as a `pettingzoo.ParallelEnv`; see the module's page. Attribute: `game`, its arrays."""

    metadata: ClassVar[dict[str, Any]] = {
        "name": "tabular_v0",
        "render_modes": ["ansi"],
        "render_fps": 1,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        game: TabularGame | str = "wormy_apples",
        simulate_user: bool = False,
        max_steps: int = 200,
        strict: bool = False,
        render_mode: str | None = None,
        **settings: Any,
    ):
        """
        Args:
            game: a game or the name of one.
            simulate_user: the game's own user plays inside, and the assistant is the only agent.
            max_steps: steps of the game after which an episode is truncated.
            strict: raise IllegalActionError for actions outside the mask.
            render_mode: None or "ansi".
            settings: settings of the named game.

        Raises:
            ValueError: an option or setting that does not exist, or a user that cannot be simulated.
        """
        if max_steps < 1:
            raise ValueError(f"max_steps is {max_steps}; give 1 or more")
        if isinstance(game, TabularGame) and settings:
            raise ValueError(
                f"settings {', '.join(settings)} go with a game's name; this game is made already"
            )
        self.game = make_game(game, **settings) if isinstance(game, str) else game
        if simulate_user and self.game.user is None:
            raise ValueError(f"the user of {self.game.name} has no policy; play with simulate_user=False")
        self.simulate_user, self.max_steps, self.strict = simulate_user, max_steps, strict
        s, a, h, _ = self.game.shape
        actions: dict[str, Discrete] = {} if simulate_user else {USER: Discrete(h)}
        actions[ASSISTANT] = Discrete(a)
        observed = {name: _observation_space(self.game, name, space) for name, space in actions.items()}
        super().__init__(actions, observed, streams=3, render_mode=render_mode)
        self.state_space = Box(0, max(s - 1, a, h, self._limit()), (4,), np.int64)
        self._moment: Moment | None = None

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], Infos]:
        """Start an episode; returns observations and infos.

        seed: starts the streams anew; without one they go on, or start from entropy. `options` are not used.
        ValueError for a negative or non-integer seed.
        """
        goals, chance, _ = self._begin(seed)
        _, a, h, _ = self.game.shape
        start = draw(self.game.start, chance)
        self._moment = Moment(draw(self.game.prior, goals), start, a, h, 0, False)
        self.agents = list(self.possible_agents)
        return self._observations(), self._infos()

    def step(self, actions: Mapping[str, int]) -> Results:
        """One joint step; returns observations, rewards, terminations, truncations and infos by agent.

        Raises:
            EpisodeOverError: no episode is running.
            ValueError: an agent is missing or unknown, or an action does not exist.
            TypeError: an action is not an integer.
            IllegalActionError: with `strict`, an action outside the mask.
        """
        self._check_running()
        self._check_names(actions)
        now = self._now()
        chosen = {name: self._legal_action(name, actions[name]) for name in self.possible_agents}
        if now.user_turn:
            reward = self._advance(now, now.assistant_action, chosen[USER])
        elif self.simulate_user:
            policy = self.game.user_policy(now.state, chosen[ASSISTANT])[:, now.goal]
            reward = self._advance(now, chosen[ASSISTANT], draw(policy, self._streams[2]))
        elif self.game.simultaneous:
            reward = self._advance(now, chosen[ASSISTANT], chosen[USER])
        else:
            none = self.game.shape[2]
            self._moment = now._replace(assistant_action=chosen[ASSISTANT], user_action=none, user_turn=True)
            reward = 0.0
        now = self._now()
        terminated = bool(self.game.terminal[now.state]) or now.steps == self.game.horizon
        truncated = not terminated and now.steps >= self.max_steps
        return self._results(reward, terminated, truncated)

    def render(self) -> str:
        """The public state and what was done last, in words."""
        self._check_render()
        now, game = self._now(), self.game
        action = (*game.assistant_actions, "-")[now.assistant_action]
        reply = (*game.user_actions, "-")[now.user_action]
        return f"step {now.steps}: assistant {action}, user {reply}: {game.states[now.state]}"

    def state(self) -> np.ndarray:
        """(4,) int64 the public state: state, last actions of the assistant and the user, steps done."""
        self._check_begun("state")
        now = self._now()
        return np.array([now.state, now.assistant_action, now.user_action, now.steps])

    def digest(self) -> str:
        """Equal exactly when the public states are."""
        return " ".join(map(str, self.state()))

    def snapshot(self) -> Snapshot:
        """Everything that `restore` needs, the streams of the next episodes included."""
        return Snapshot(self._moment, tuple(self.agents), self._stream_states())

    def restore(self, snapshot: Snapshot) -> dict[str, Observation]:
        """Return to a snapshot of an equal environment; returns the observations then."""
        self._moment, self.agents = snapshot.moment, list(snapshot.agents)
        self._restore_streams(snapshot.streams)
        return self._observations() if self._moment else {}

    def clone(self) -> TabularEnv:
        """An independent copy that goes on exactly as this one would."""
        other = type(self)(self.game, self.simulate_user, self.max_steps, self.strict, self.render_mode)
        other.restore(self.snapshot())
        return other

    def _now(self) -> Moment:
        assert self._moment is not None
        return self._moment

    def _limit(self) -> int:
        """Most steps of an episode."""
        return min(self.max_steps, self.game.horizon or self.max_steps)

    def _advance(self, now: Moment, action: int, reply: int) -> float:
        """One step of the game; returns its reward."""
        game, (goals, chance, _) = self.game, self._streams
        at = now.state, action, reply
        # An outcome is drawn even where there is only one, so that streams do not depend on what was done.
        outcome = draw(game.chances[at], chance)
        goal = draw(game.prior, goals) if game.renews[now.state, action] else now.goal
        self._moment = Moment(goal, int(game.next_states[at][outcome]), action, reply, now.steps + 1, False)
        return float(game.rewards[at][now.goal])

    def _mask(self, name: str) -> np.ndarray:
        """(n,) int8."""
        now = self._now()
        legal = (self.game.assistant_legal if name == ASSISTANT else self.game.user_legal)[now.state]
        waits = not self.game.simultaneous and now.user_turn == (name == ASSISTANT)
        if waits:
            legal = np.arange(len(legal)) == np.argmax(legal)
        return legal.astype(np.int8)

    def _legal_action(self, name: str, action: int) -> int:
        """The action, or the first legal one in place of an illegal one; see `step` for errors."""
        words = self.game.assistant_actions if name == ASSISTANT else self.game.user_actions
        index = self._check_index(name, action)
        mask = self._mask(name)
        if mask[index]:
            return index
        if self.strict:
            raise IllegalActionError(
                f"the {name}'s action {index} ({words[index]}) is not legal now; take one where action_mask"
                " is 1, or make the environment with strict=False"
            )
        return int(np.argmax(mask))

    def _observations(self) -> dict[str, Observation]:
        now = self._now()
        found = {}
        for name in self.possible_agents:
            seen: Observation = {"state": np.int64(now.state)}
            if name == USER:
                seen["goal"] = np.int64(now.goal)
            seen["assistant_action"] = np.int64(now.assistant_action)
            seen["user_action"] = np.int64(now.user_action)
            seen["time"] = np.array([now.steps / self._limit()], np.float32)
            seen["action_mask"] = self._mask(name)
            found[name] = seen
        return found

    def _infos(self) -> Infos:
        now = self._now()
        infos = {USER: {"goal": self.game.goals[now.goal]}, ASSISTANT: {}}
        return {name: infos[name] for name in self.possible_agents}


parallel_env = TabularEnv


def env(**options: Any) -> AECEnv:
    """The game as a `pettingzoo.AECEnv`: agents choose one after the other. Options are `TabularEnv`'s."""
    return parallel_to_aec(TabularEnv(**options))


def _observation_space(game: TabularGame, agent: str, actions: Discrete) -> Dict:
    s, a, h, g = game.shape
    spaces = {
        "state": Discrete(s),
        "goal": Discrete(g),
        "assistant_action": Discrete(a + 1),
        "user_action": Discrete(h + 1),
        "time": Box(0, 1, (1,), np.float32),
        "action_mask": Box(0, 1, (int(actions.n),), np.int8),
    }
    if agent != USER:
        del spaces["goal"]
    return Dict(spaces)
