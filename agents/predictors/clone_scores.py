"""How well users foretell what a recorded person does next, and how they build by themselves.

A user may be a mixture: of a network's people, of strengths of a prior. What an episode has shown of its
person then counts for the steps that follow, by Bayes' rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from envs.building.actions import BREAK, MOVE_FIRST, NOOP, PLACE
from envs.building.config import BuildingConfig
from envs.building.rules import compile_rules
from envs.building.state import State
from envs.building.world import AIR, USER, Size
from envs.kernels import kernel

from ..users.alone import Trace
from ..users.cloned import ClonedUser
from ..users.evidence import FLOOR
from ..users.odds import Spread, normalised
from ..users.policy import action_prob, outlines
from ..users.recorded import RecordedEpisode
from ..users.scene import new_scene, survey
from ..users.traits import Traits
from .cloning import Deeds, deeds_of

CHUNK = 256
Foresight = Callable[[State, np.ndarray], list[Spread]]
"""From n worlds and their goals (n, N) to what each member of a mixture would do there."""


@dataclass(frozen=True)
class Verdict:
    """Of T steps of which E are edits; natural logarithms, at least that of `FLOOR`."""

    actions: np.ndarray
    """(T,) log-probabilities of what was done."""
    edits: np.ndarray
    """(E,) of which edit was made, given that one was."""
    foretold: np.ndarray
    """(T,) float64: the share of the likeliest actions that what was done is; 1 or 0 without ties."""


def judge(foresight: Foresight, episode: RecordedEpisode, size: Size) -> Verdict:
    """What a user, or a mixture with equal weights, says of the legal steps of a recorded episode."""
    deeds = deeds_of([episode], [], size)
    past: np.ndarray | None = None
    parts: list[tuple[np.ndarray, ...]] = []
    for part in _chunks(deeds):
        members = foresight(part.state, part.goals)
        logs = np.maximum(np.stack([member.log_prob(part.actions) for member in members]), np.log(FLOOR))
        past = np.zeros(len(members)) if past is None else past
        before = past[:, None] + np.cumsum(logs, axis=1) - logs
        past = before[:, -1] + logs[:, -1]
        weights = np.exp(before - before.max(axis=0))
        whole = members[0].mixed(members[1:], weights / weights.sum(axis=0))
        parts.append(_verdict(whole, part.actions))
    return Verdict(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _chunks(deeds: Deeds) -> Iterator[Deeds]:
    for start in range(0, len(deeds.actions), CHUNK):
        yield deeds.take(np.arange(start, min(start + CHUNK, len(deeds.actions))))


def _verdict(whole: Spread, actions: np.ndarray) -> tuple[np.ndarray, ...]:
    done = whole.log_prob(actions)
    edits = (whole.actions[:, :, 0] == PLACE) | (whole.actions[:, :, 0] == BREAK)
    any_edit = np.where(edits, np.exp(whole.logs), 0).sum(axis=1)
    made = (actions[:, 0] == PLACE) | (actions[:, 0] == BREAK)
    with np.errstate(divide="ignore"):
        choice = (done - np.log(any_edit))[made]
    top = whole.logs.max(axis=1)
    ties = (whole.logs == top[:, None]).sum(axis=1)
    return np.maximum(done, np.log(FLOOR)), np.maximum(choice, np.log(FLOOR)), (done == top) / ties


def of_clones(users: Sequence[ClonedUser], size: Size) -> Foresight:
    """The mixture of all people of the users' networks, strangers included."""

    def foresight(state: State, goals: np.ndarray) -> list[Spread]:
        members = []
        for user in users:
            user.reset(BuildingConfig(size), np.zeros(len(goals), np.int64), goals)
            for person in range(-1, len(user.net.options.people)):
                user.people[:] = person
                members.append(user.odds(state, np.arange(len(goals))))
        return members

    return foresight


def of_builders(kinds: Sequence[Traits], legal: Foresight, size: Size) -> Foresight:
    """Builders of given traits, judged over the legal actions that `legal` lists."""
    rules, scene = compile_rules(BuildingConfig(size)), new_scene(size, 1)

    def foresight(state: State, goals: np.ndarray) -> list[Spread]:
        listed = legal(state, goals)[0]
        edges = outlines(size, np.ascontiguousarray(goals))
        members = []
        for kind in kinds:
            chances = np.zeros(listed.logs.shape)
            _builder_chances(
                rules, state, kind.vector()[None], scene, goals, edges, listed.counts, listed.actions, chances
            )
            there = np.isfinite(listed.logs)
            logs = np.where(there, np.log(np.maximum(chances, FLOOR)), -np.inf)
            members.append(listed._replace(logs=normalised(logs)))
        return members

    return foresight


@kernel
def _builder_chances(rules, state, traits, scene, goals, edges, counts, actions, out):
    for i in range(counts.shape[0]):
        survey(rules, state, i, USER, traits, scene)
        for n in range(counts[i]):
            kind, cell, block = actions[i, n, 0], actions[i, n, 1], actions[i, n, 2]
            out[i, n] = action_prob(
                rules, state, i, USER, traits, scene, 0, goals[i], edges[i], kind, cell, block
            )


def of_anybody(legal: Foresight) -> Foresight:
    """Any legal action alike."""

    def foresight(state: State, goals: np.ndarray) -> list[Spread]:
        listed = legal(state, goals)[0]
        return [listed._replace(logs=normalised(np.where(np.isfinite(listed.logs), 0.0, -np.inf)))]

    return foresight


def pace_of(traces: Sequence[Trace]) -> dict[str, float]:
    """Percentages of builds by oneself: of the cells to change that are right at the end, of wrong edits
    among the edits, and of pauses, moves, places and breaks among the actions; and edits per build.
    """
    kinds = np.concatenate([trace.actions[:, 0] for trace in traces])
    done, wrong, edits = [], 0, 0
    for trace in traces:
        blocks = trace.start.copy()
        for kind, cell, block in trace.actions:
            if kind == PLACE or kind == BREAK:
                after = block if kind == PLACE else AIR
                wrong += after != trace.goal[cell] and (kind == PLACE or blocks[cell] == trace.goal[cell])
                blocks[cell] = after
                edits += 1
        done.append(1 - (blocks != trace.goal).sum() / max(1, (trace.start != trace.goal).sum()))
    return {
        "goal_percent": 100 * float(np.mean(done)),
        "edits": edits / len(traces),
        "wrong_percent": 100 * wrong / max(1, edits),
        "noop_percent": 100 * float((kinds == NOOP).mean()),
        "move_percent": 100 * float((kinds >= MOVE_FIRST).mean()),
        "place_percent": 100 * float((kinds == PLACE).mean()),
        "break_percent": 100 * float((kinds == BREAK).mean()),
    }
