"""The chat game for PettingZoo: two agents who take turns, acts as flat numbers.

    env = ChatEnv(domains=2)            # or envs.make("chat-v0", domains=2), with world="multiwoz", ...
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {
            name: env.action_space(name).sample(observations[name]["action_mask"]) for name in env.agents
        }
        observations, rewards, terminations, truncations, infos = env.step(actions)

| | |
|---|---|
| Import | `envs.chat.env`: `ChatEnv`, `parallel_env`, `env` (turn by turn) |
| Agents | `user`, `assistant`; the user opens |
| Actions | `Discrete(n)`; the assistant's are its acts, the user's are ``act + acts * rating`` with rating
1..5 or 0 | | State | `Box(0, 255, (bytes,), uint8)`: the public state |
| Options | those of `ChatEnv`, and those of `ChatConfig` |

**Observations** of both agents hold the parts of the public `state.State` by name (without the log), `time`,
the share of the horizon that has passed, and `action_mask`. With `observe="both"` there is also `text`, what
the other said last as a sentence; with `observe="text"` the assistant gets it in place of the parts in
`UNDERSTOOD`, which say what the user's acts mean. (The mask still tells which requirements could be relaxed.)
**Only the user's** has also `ideal`, `weight`, `hard`, `aware`, `budget` and `satisfaction`: what they want,
know and feel.

**Turns.** A step is one act of the agent whose turn it is (`speaker`); the other's mask holds `wait` alone,
and what it gives is ignored. After a tool call the assistant goes on. The AEC view (`env`) asks the agent
whose turn it is and nobody else.

**Rewards.** Utility of what was booked over the best that was to be had, less effort and tool costs, for both
agents; see `ChatConfig.reward` for when. An assistant that reads rewards while it acts plays another game.
**Infos** are empty, but for the user's `utility`.

**End.** Terminated when the assistant closes, the user quits or has replied to the last booking; truncated
after `horizon` acts of the assistant. Acts outside the mask are silence, or IllegalActionError with
`strict=True`.

**Seeds.** `reset(seed=s)` seeds one stream each for catalogues, goals and wording; a reset without a seed
goes on with them. Nothing else is random.

**Versions.** v0: first version.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space, Text
from pettingzoo import AECEnv

from ..view import GameView, Infos, Observation, Results
from . import state as states
from .acts import ASSISTANT, SPEAKERS, USER
from .catalogue import Catalogue
from .config import ChatConfig
from .language import say
from .legal import mask
from .persona import Persona
from .satisfaction import RATINGS
from .state import Goal, State, state_bytes
from .vector import ChatBatch, EpisodeOverError, IllegalActionError
from .worlds import Generated, World, make_world

PRIVATE = ("ideal", "weight", "hard", "aware", "budget", "satisfaction")
"""What only the user's observation holds."""
PUBLIC = tuple(name for name in State._fields if name != "log")
"""Parts of the public state that observations hold."""
UNDERSTOOD = (
    "accepted", "said", "stated", "denied", "criticised", "relaxed", "mentioned", "refused", "pending",
    "last", "rating",
)  # fmt: skip
"""Parts that an assistant who reads text has to find out by itself."""
OBSERVE = ("act", "text", "both")
LONGEST, CHARACTERS = 600, string.printable
"""Limits of texts."""
_HIGH = 1e9


class Snapshot(NamedTuple):
    """A moment of a `ChatEnv`, made by `snapshot`. It holds the goal: it is not for assistants."""

    arrays: tuple[np.ndarray, ...]
    streams: tuple[Mapping[str, Any], ...]
    """States of the generators of catalogues, goals and wording; empty before the first reset."""
    wording: int
    """Seed of this episode's paraphrases."""


class ChatEnv(GameView):
    """The chat game as a `pettingzoo.ParallelEnv`; see the module's page.

    Attributes: `config`, `batch` (the `ChatBatch` of one dialogue behind this view, whose `latent` and
    `catalogue` are not for assistants).
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "chat_v0",
        "render_modes": ["ansi"],
        "render_fps": 1,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        domains: int | None = None,
        persona: Persona | None = None,
        drift: float = 0.0,
        world: str | World | None = None,
        goals: Callable[[np.random.Generator], Goal] | None = None,
        catalogues: Callable[[np.random.Generator], Catalogue] | None = None,
        observe: Literal["act", "text", "both"] = "act",
        render_mode: str | None = None,
        **config: Any,
    ):
        """
        Args:
            domains: how many domains the user wants; None: any number.
            persona: who the user is.
            drift: chance that the goal changes once, see `goals.draw_goals`.
            world: where it is set, a name that `worlds.make_world` knows or a world of your own; None: the
                generators, for `schema` if there is one.
            goals: draws one goal (B = 1), in place of the world's.
            catalogues: draws one catalogue (B = 1), in place of the world's.
            observe: whether observations hold acts, text or both.
            render_mode: None or "ansi".
            config: options of `ChatConfig`.

        Raises:
            ValueError: an option or a value that does not exist.
            FileNotFoundError: the data of a recorded world is missing.
        """
        if observe not in OBSERVE:
            raise ValueError(f"observe is {observe!r}; choose from {', '.join(OBSERVE)}")
        if world is not None and "schema" in config:
            raise ValueError("a world has its own schema; give world or schema, not both")
        place = make_world(world) if isinstance(world, str) else world
        self.config = ChatConfig.make(**config, **({"schema": place.schema} if place else {}))
        place = place or Generated(self.config.schema)
        self._options: dict[str, Any] = {
            "domains": domains,
            "persona": persona,
            "drift": drift,
            "world": place,
            "goals": goals,
            "catalogues": catalogues,
            "observe": observe,
        }
        items, horizon, people = self.config.items, self.config.horizon, [persona or Persona()]
        self._draw_goal = goals or (lambda rng: place.goals(1, rng, people, domains, drift, horizon))
        self._draw_catalogue = catalogues or (lambda rng: place.catalogues(1, items, rng))
        if goals is None:
            self._draw_goal(np.random.default_rng(0))
        self.batch = ChatBatch(1, self.config)
        self._observe, self._wording = observe, 0
        self._acts = {name: self.batch.acts.codecs[i].size for i, name in enumerate(SPEAKERS)}
        sizes = {name: n * (RATINGS + 1 if name == SPEAKERS[USER] else 1) for name, n in self._acts.items()}
        actions: dict[str, Discrete] = {name: Discrete(size) for name, size in sizes.items()}
        observed = {name: self._space(name, sizes[name]) for name in SPEAKERS}
        super().__init__(actions, observed, streams=3, render_mode=render_mode)
        self.state_space = Box(0, 255, (state_bytes(self.batch.state),), np.uint8)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], Infos]:
        """Start an episode; returns observations and infos.

        seed: starts the streams anew; without one they go on, or start from entropy. `options` are not used.
        ValueError for a negative or non-integer seed.
        """
        catalogues, goals, wording = self._begin(seed)
        self.batch.reset(self._draw_goal(goals), self._draw_catalogue(catalogues))
        self._wording = int(wording.integers(2**63))
        self.agents = list(self.possible_agents)
        return self._observations(), self._infos()

    def step(self, actions: Mapping[str, int]) -> Results:
        """One act of the agent whose turn it is; returns observations, rewards, terminations, truncations,
        infos.

        Raises:
            EpisodeOverError: no episode is running.
            ValueError: an agent is missing or unknown, or an action does not exist.
            TypeError: an action is not an integer.
            IllegalActionError: with `strict`, an action outside the mask.
        """
        self._check_running()
        self._check_names(actions)
        chosen = [self._check_index(name, actions[name]) for name in SPEAKERS]
        speaker = int(self.batch.state.speaker[0])
        rating, act = divmod(chosen[speaker], self._acts[SPEAKERS[speaker]])
        self.batch.step(np.array([act]), np.array([rating]))
        done = bool(self.batch.terminated[0]), bool(self.batch.truncated[0])
        return self._results(float(self.batch.reward[0]), *done)

    def render(self) -> str:
        """The dialogue so far, one act a line; it does not show the goal."""
        self._check_render()
        return transcript(self.batch)

    def state(self) -> np.ndarray:
        """The public state as bytes, (n,) uint8: the arrays of `state.State` one after the other."""
        return np.concatenate([part[0:1].reshape(-1).view(np.uint8) for part in self.batch.state])

    def digest(self) -> str:
        """Equal exactly when the public states are."""
        return self.batch.digest()

    def snapshot(self) -> Snapshot:
        """Everything that `restore` needs, the streams of the next episodes included."""
        return Snapshot(self.batch.snapshot(), self._stream_states(), self._wording)

    def restore(self, snapshot: Snapshot) -> dict[str, Observation]:
        """Return to a snapshot of an equal environment; returns the observations then."""
        self.batch.restore(snapshot.arrays)
        self._restore_streams(snapshot.streams)
        self._wording = snapshot.wording
        self.agents = [] if self.batch.done[0] else list(self.possible_agents)
        return self._observations()

    def clone(self) -> ChatEnv:
        """An independent copy that goes on exactly as this one would."""
        config = self.config.as_dict()
        del config["schema"]  # the world's
        other = type(self)(**self._options, render_mode=self.render_mode, **config)
        other.restore(self.snapshot())
        return other

    def _observations(self) -> dict[str, Observation]:
        state, latent = self.batch.state, self.batch.latent
        found = {}
        for speaker, name in enumerate(SPEAKERS):
            seen: Observation = {part: _row(getattr(state, part)) for part in self._parts(name)}
            if speaker == USER:
                seen |= {p: _row(getattr(latent.goal, p)) for p in PRIVATE if p in Goal._fields}
                seen |= {p: _row(getattr(latent.mind, p)) for p in ("aware", "satisfaction")}
            if self._observe != "act":
                seen["text"] = say(self.batch.acts, state, 0, 1 - speaker, self._wording)[:LONGEST]
            seen["time"] = np.array([state.clock[0] / self.config.horizon], np.float32)
            own = mask(*self.batch.legal(speaker), self._acts[name])[0]
            rated = speaker == USER and state.speaker[0] == USER and not self.batch.done[0]
            # Any reply may carry a rating; waiting for one's turn carries none.
            rest = np.tile(own if rated else np.zeros_like(own), RATINGS if speaker == USER else 0)
            seen["action_mask"] = np.concatenate([own, rest])
            found[name] = seen
        return found

    def _infos(self) -> Infos:
        return {"user": {"utility": float(self.batch.utility()[0])}, "assistant": {}}

    def _parts(self, agent: str) -> tuple[str, ...]:
        """Parts of the public state that an agent's observation holds."""
        reads = agent == SPEAKERS[ASSISTANT] and self._observe == "text"
        return tuple(part for part in PUBLIC if not (reads and part in UNDERSTOOD))

    def _space(self, agent: str, actions: int) -> Dict:
        latent = self.batch.latent
        parts = {part: getattr(self.batch.state, part) for part in self._parts(agent)}
        if agent == SPEAKERS[USER]:
            parts |= {p: getattr(latent.goal, p) for p in PRIVATE if p in Goal._fields}
            parts |= {p: getattr(latent.mind, p) for p in ("aware", "satisfaction")}
        spaces: dict[str, Space] = {}
        for name, part in parts.items():
            row = _row(part)
            low, high = (-1, _HIGH)
            if row.dtype.kind in "iu":
                limits = np.iinfo(row.dtype)
                low, high = max(low, limits.min), limits.max
            spaces[name] = Box(low, high, row.shape, row.dtype.type)
        if self._observe != "act":
            spaces["text"] = Text(LONGEST, min_length=1, charset=CHARACTERS)
        spaces["time"] = Box(0, 1, (1,), np.float32)
        spaces["action_mask"] = Box(0, 1, (actions,), np.int8)
        return Dict(spaces)


def transcript(batch: ChatBatch, row: int = 0) -> str:
    """The dialogue of a row so far, one act a line, with ratings and how it ended."""
    state, acts = batch.state, batch.acts
    lines = []
    for clock in range(int(state.clock[row]) + 1):
        mine, theirs, rating = (int(i) for i in state.log[row, clock])
        if clock:
            lines.append(f"assistant: {acts.act(1, mine)}")
        if theirs:
            lines.append(f"user: {acts.act(0, theirs)}" + (f"  [{rating}/5]" if rating else ""))
    if batch.done[row]:
        lines.append(f"({states.OUTCOMES[state.ended[row]]})")
    return "\n".join(lines)


parallel_env = ChatEnv


def env(**options: Any) -> AECEnv:
    """The game as a `pettingzoo.AECEnv`: one act of whoever's turn it is. Options are `ChatEnv`'s."""
    from .turns import ChatTurns

    return ChatTurns(ChatEnv(**options))


__all__ = [
    "ChatEnv",
    "EpisodeOverError",
    "IllegalActionError",
    "env",
    "parallel_env",
    "transcript",
]


def _row(part: np.ndarray) -> np.ndarray:
    """A copy of the first row, at least one entry long."""
    return np.atleast_1d(part[0]).copy()
