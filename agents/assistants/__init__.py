"""Assistants of the building game, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from envs.building.player import Player
from envs.building.world import ASSISTANT
from envs.factories import load_factory
from planners.baselines import PLANNERS
from planners.options import RULES, SearchOptions

from ..users.builder import BuilderUser
from ..users.traits import Traits
from .greedy import GreedyAssistant
from .library import BeliefOptions, LibraryBelief
from .network import SHIPPED, NetworkAssistant, load_net
from .planning import PlanningAssistant, Source
from .scripted import CopyNeighbourAssistant, MirrorAssistant, NoneAssistant, RandomAssistant

ORACLE_TRAITS = Traits(
    rationality=3.0,
    height=1.5,
    locality=1.0,
    walk=0.8,
    comfort=4.4,
    repair=0.0,
    follow=-0.5,
    wrong=0.0,
    pause=0.0,
    fidget=0.0,
)
"""An efficient builder that keeps clear of the user: what help could be if the goal were known."""


@dataclass(frozen=True)
class AssistantContext:
    """What assistants are made from. `library` is what their beliefs know; the goals that are played are not
    in it.
    """

    library: np.ndarray
    """(G, W, H, D) uint8 goals."""
    search: SearchOptions
    belief: BeliefOptions
    source: Source = "both"
    """What planners take the belief from."""
    threads: int = 1
    """CPU threads of networks, in this process."""


def _library(context: AssistantContext) -> LibraryBelief:
    return LibraryBelief(context.library, context.belief)


def _planning(context: AssistantContext, planner: str) -> Player:
    return PlanningAssistant(_library(context), context.search, planner=planner, source=context.source)


def _network(context: AssistantContext, folder: str | Path = SHIPPED) -> Player:
    return NetworkAssistant(load_net(folder, context.threads))


def _policy(context: AssistantContext, folder: str | Path = SHIPPED) -> Player:
    net = load_net(folder, context.threads)
    from .policy import PolicyAssistant

    return PolicyAssistant(net)


def _imitation(context: AssistantContext, folder: str | Path = SHIPPED) -> Player:
    net = load_net(folder, context.threads)
    from .imitation import ImitationAssistant

    return ImitationAssistant(net)


def _planner_network(context: AssistantContext, folder: str | Path = SHIPPED) -> Player:
    net = load_net(folder, context.threads)
    from .learned_planning import SEARCH, LearnedPlanner

    return LearnedPlanner(net, replace(context.search, wave=SEARCH.wave, c_scale=SEARCH.c_scale))


BASELINES = tuple(name for name in PLANNERS if name not in RULES)
"""Planners that spend the same budget without a tree, or with another belief."""

_ON_NETWORKS: dict[str, Callable[..., Player]] = {
    "network": _network,
    "policy": _policy,
    "imitation": _imitation,
    "planner_network": _planner_network,
}
"""Made from the network that ships, or as `NAME:FOLDER` from the checkpoint in a folder."""

_FACTORIES: dict[str, Callable[[AssistantContext], Player]] = {
    "none": lambda context: NoneAssistant(),
    "random": lambda context: RandomAssistant(),
    "copy_neighbour": lambda context: CopyNeighbourAssistant(),
    "mirror": lambda context: MirrorAssistant(),
    "greedy": lambda context: GreedyAssistant(_library(context)),
    "planner": lambda context: _planning(context, context.search.rule),
    **{name: partial(_planning, planner=name) for name in BASELINES},
    **_ON_NETWORKS,
    "oracle": lambda context: BuilderUser("oracle", ORACLE_TRAITS, ASSISTANT),
}
ASSISTANT_NAMES = tuple(_FACTORIES)
NEEDS_LIBRARY = ("greedy", "planner", *BASELINES)


def make_assistant(name: str, context: AssistantContext) -> Player:
    """The assistant of a name, of `NAME:FOLDER` for those on networks, or of `package.module:factory` (called
    with the context). ValueError for an unknown name; without a network's files, or torch, the errors of
    `network.load_net`.
    """
    if name in _FACTORIES:
        return _FACTORIES[name](context)
    base, _, folder = name.partition(":")
    if base in _ON_NETWORKS:
        return _ON_NETWORKS[base](context, folder)
    if ":" in name:
        return load_factory(name, "assistant")(context)
    near = difflib.get_close_matches(name, ASSISTANT_NAMES, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(
        f"assistant is {name!r}; {hint}choose from {', '.join(ASSISTANT_NAMES)},"
        f" {', '.join(_ON_NETWORKS)} with :FOLDER, or package.module:factory"
    )
