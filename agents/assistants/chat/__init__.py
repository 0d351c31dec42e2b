"""Assistants of the chat game, by name.

| name | what it does |
|---|---|
| `commit` | books at once what suits the user's opening best, and asks nothing |
| `script` | lets the user talk, searches, checks stock, compares, explains, offers, books |
| `voi` | what one act's answer is worth to know, if booking follows |
| `information_gain` | the act whose answer tells most about the goal |
| `best_of_n` | n acts drawn from the proposals, valued by rollouts of the script; the best is done |
| `flat` | rollouts from every proposed act |
| `policy` | the likeliest proposed act, without any search |
| `planner` | search over messages and tool calls |
| `oracle` | knows the goal and the catalogue: an upper reference, no assistant |

All but the first two and the last keep a belief over goals by the exact likelihood of the game's user, and
the four after `script` spend as many simulations as `planner` does.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import numpy as np

from envs.chat.config import ChatConfig
from envs.chat.persona import Persona
from envs.chat.state import State
from envs.factories import load_factory
from planners.options import SearchOptions

from ...users.chat.presets import HELD_OUT, PRESETS
from .model import ModelOptions
from .oracle import Oracle
from .planning import SEARCH, ChatPlanner
from .policy import Likeliest
from .script import COMMIT, Script, Scripted


class ChatAssistant(Protocol):
    """Plays the assistant in B dialogues at once. It gets what is public and nothing else."""

    name: str

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        """Start B dialogues; seeds (B,) non-negative integers are all that is random."""

    def act(self, state: State) -> np.ndarray:
        """(B,) int64 flat acts, 0 off turn. The array may be overwritten by the next call."""


@dataclass(frozen=True)
class ChatContext:
    """What assistants are made from."""

    personas: tuple[Persona, ...] = tuple(PRESETS[name] for name in PRESETS if name not in HELD_OUT)
    """Who users may be, for beliefs."""
    search: SearchOptions = SEARCH
    model: ModelOptions = field(default_factory=ModelOptions)
    """Of the planners that look further than one step; the others value leaves by booking at once."""
    script: Script = field(default_factory=Script)
    """What `script` plays, and rollouts."""


def _planner(context: ChatContext, name: str, planner: str | None = None, leaf: str = "") -> ChatAssistant:
    model = replace(context.model, leaf=leaf or context.model.leaf)
    planner = planner or context.search.rule
    return ChatPlanner(context.personas, planner, context.search, model, context.script, name)


_FACTORIES: dict[str, Callable[[ChatContext], ChatAssistant]] = {
    "commit": lambda context: Scripted(COMMIT, "commit"),
    "script": lambda context: Scripted(context.script),
    "voi": partial(_planner, name="voi", planner="voi", leaf="commit"),
    "information_gain": partial(_planner, name="information_gain", planner="info_gain", leaf="commit"),
    "best_of_n": partial(_planner, name="best_of_n", planner="best_of_n"),
    "flat": partial(_planner, name="flat", planner="flat"),
    "policy": lambda context: Likeliest(context.personas, context.model, context.script),
    "planner": partial(_planner, name="planner"),
    "oracle": lambda context: Oracle(),
}
NAMES = tuple(_FACTORIES)
ONE_STEP = ("voi", "information_gain", "best_of_n")
"""Baselines that look one act ahead."""


def named(name: str, context: ChatContext | None = None) -> ChatAssistant:
    """The assistant of a name, or of `package.module:factory`, which is called with the context.

    The oracle has to be shown the goals, see `Oracle`. ValueError for an unknown name.
    """
    if name in _FACTORIES:
        return _FACTORIES[name](context or ChatContext())
    if ":" in name:
        return load_factory(name, "assistant")(context or ChatContext())
    near = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(
        f"assistant is {name!r}; {hint}choose from {', '.join(NAMES)}, or package.module:factory"
    )
