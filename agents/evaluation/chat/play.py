"""Play an assistant with users of one persona, many dialogues at once, and record them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.chat import ChatBatch, ChatConfig, Persona, draw_catalogues, draw_goals
from envs.chat import acts as A
from envs.chat.persona import VERBOSITY
from envs.chat.schema import ATTRIBUTES, DOMAINS
from envs.chat.state import FAILED, LEFT, Goal

from ...assistants.chat import ChatAssistant
from ...assistants.chat.oracle import Oracle
from ...users.chat import ChatUser
from ..folder import episode_seeds
from .episode import ChatEpisode, config_record, goal_record
from .forecast import Forecaster
from .thoughts import Thinker, foreseen, thinking, tree

COURSE = (
    "satisfaction", "utility", "cost", "milliseconds", "planned", "rating", "low", "reply", "quit",
)  # fmt: skip
QUESTIONS = (A.ASK_OPEN, A.ASK, A.CONFIRM, A.RELAX)
TOOLS = (A.SEARCH, A.CHECK_STOCK, A.HOLD, A.BOOK)
ERRORS = (A.SEARCH, A.HOLD, A.BOOK)
"""Tools whose failing is an error; to learn that something is out of stock is none."""
SUCCESS = 0.8
"""Utility, as a share of the best there was, from which a dialogue is a success if all is booked."""
_PUBLIC = ("said", "stated", "denied", "relaxed", "criticised")
"""What a reply may have changed about slots."""


@dataclass(frozen=True)
class Task:
    """Which dialogues to play: numbers of the episodes, and how many of them share a goal."""

    indices: tuple[int, ...]
    seed: int
    trials: int = 1
    domains: int | None = None
    """How many domains each user wants; None: any number."""
    again: bool = False
    """Other randomness of the assistant, all else equal."""
    trees: int = 0
    """Decisions per dialogue whose search trees are kept, the first ones."""

    @property
    def numbers(self) -> list[int]:
        """(B,) numbers of the goals."""
        return [index // self.trials for index in self.indices]

    def start(self, batch: ChatBatch, persona: Persona) -> None:
        """Start the dialogues; a goal and its catalogue depend on the seed and the goal's number alone."""
        schema = batch.config.schema
        for row, number in enumerate(self.numbers):
            rng = np.random.default_rng(np.random.SeedSequence((self.seed, number, 0)))
            goal = draw_goals(schema, 1, rng, [persona], self.domains)
            batch.reset(goal, draw_catalogues(schema, 1, batch.config.items, rng), np.array([row]))


def play(
    config: ChatConfig, persona: Persona, assistant: ChatAssistant, task: Task, user: str
) -> tuple[list[ChatEpisode], list[list[dict[str, Any]]]]:
    """Play all dialogues of the task at once. Returns the records in its order, and for each the snapshots of
    its first search trees.

    user: what the persona is called.
    """
    batch, people = ChatBatch(len(task.indices), config), ChatUser()
    task.start(batch, persona)
    people.reset(batch.rules, episode_seeds(task.seed, task.indices, 1))
    assistant.reset(config, episode_seeds(task.seed, task.indices, 3 if task.again else 2))
    if isinstance(assistant, Oracle):
        assistant.look(batch.latent.goal, batch.catalogue)
    log = _Log(batch, assistant, task)
    while not batch.done.all():
        users = batch.state.speaker == A.USER
        acts, ratings = people.act(batch.state, batch.latent.goal, batch.latent.mind)
        start = time.perf_counter()
        own = assistant.act(batch.state)
        log.before_step(np.where(users, acts, 0), time.perf_counter() - start)
        batch.step(np.where(users, acts, own), np.where(users, ratings, 0))
        log.after_step()
    return [log.episode(row, user) for row in range(len(batch))], log.trees


class _Log:
    """Counts and courses of dialogues while they are played."""

    def __init__(self, batch: ChatBatch, assistant: ChatAssistant, task: Task):
        size, entries = len(batch), batch.config.horizon + 1
        self.batch, self.assistant, self.task = batch, assistant, task
        self.goals = [goal_record(batch.latent.goal, row) for row in range(size)]
        self.course = {name: np.full((size, entries), np.nan, np.float32) for name in COURSE}
        self.thoughts: list[list[dict[str, Any] | None]] = [[None] * entries for _ in range(size)]
        self.trees: list[list[dict[str, Any]]] = [[] for _ in range(size)]
        self.counts = {
            name: np.zeros(size)
            for name in ("questions", "useful", "redundant", "tool_calls", "tool_errors", "user_words")
        }
        self.forecast = Forecaster(batch.acts)

    def before_step(self, replies: np.ndarray, seconds: float) -> None:
        """Keep what the step is compared with, and what the assistant has just thought and foreseen.

        replies: (B,) what users are about to say, 0 elsewhere.
        """
        state = self.batch.state
        self.running = ~self.batch.done
        self.speaker = state.speaker.copy()
        self.public = {name: getattr(state, name).copy() for name in _PUBLIC}
        mine = np.flatnonzero(self.running & (self.speaker == A.ASSISTANT))
        self.course["milliseconds"][mine, state.clock[mine] + 1] = 1e3 * seconds / max(1, len(mine))
        if not isinstance(self.assistant, Thinker):
            return
        found = self.assistant.found
        for row in map(int, mine):
            clock = int(state.clock[row]) + 1
            if found.simulations[row]:
                self.course["planned"][row, clock] = found.values[row]
            self.thoughts[row][clock] = thinking(self.assistant, state, row)
            if len(self.trees[row]) < self.task.trees and (
                seen := tree(self.assistant, row, self.batch.acts, clock)
            ):
                self.trees[row].append(seen)
        spoken = self.running & (self.speaker == A.USER) & (state.clock > 0)
        for row in map(int, np.flatnonzero(spoken)):
            self._foresee(self.assistant, row, int(replies[row]))

    def _foresee(self, assistant: Thinker, row: int, reply: int) -> None:
        """What was expected of a reply that is about to come."""
        state = self.batch.state
        clock, forecast = int(state.clock[row]), self.forecast(assistant.belief, state, row)
        kind = A.kind_of(self.batch.rules.user, reply)
        for name, value in (
            ("rating", forecast.rating),
            ("low", forecast.low),
            ("reply", self.forecast.kinds(forecast)[kind]),
            ("quit", self.forecast.quits(forecast)),
        ):
            self.course[name][row, clock] = value
        thought = self.thoughts[row][clock]
        if thought is not None:
            thought |= foreseen(forecast)

    def after_step(self) -> None:
        """Count what the step did."""
        state, latent, rules = self.batch.state, self.batch.latent, self.batch.rules
        rows = np.flatnonzero(self.running)
        clock, heard = state.clock[rows], self.speaker[rows] == A.USER
        self.course["utility"][rows, clock] = self.batch.utility()[rows]
        self.course["cost"][rows, clock] = state.cost[rows]
        self.course["satisfaction"][rows[heard], clock[heard]] = latent.mind.satisfaction[rows[heard]]
        asked = _kinds(rules.assistant.first, state.last[:, 0])
        tools = rows[~heard & np.isin(asked[rows], TOOLS)]
        self.counts["tool_calls"][tools] += 1
        self.counts["tool_errors"][tools] += (state.result[tools] == FAILED) & np.isin(asked[tools], ERRORS)
        replied = rows[heard]
        words = rules.user.words[_kinds(rules.user.first, state.last[:, 1])]
        self.counts["user_words"][replied] += (words * latent.goal.persona[:, VERBOSITY])[replied]
        self._judge_questions(replied[np.isin(asked[replied], QUESTIONS) & (state.clock[replied] > 0)])

    def _judge_questions(self, rows: np.ndarray) -> None:
        """Count the questions that were just answered in dialogues `rows`."""
        state, goal = self.batch.state, self.batch.latent.goal
        changed = np.zeros(goal.weight.shape, bool)
        for name in _PUBLIC:
            changed |= getattr(state, name) != self.public[name]
        self.counts["questions"][rows] += 1
        self.counts["redundant"][rows] += ~changed[rows].any(axis=1)
        self.counts["useful"][rows] += (changed & (goal.weight > 0))[rows].any(axis=1)

    def episode(self, row: int, user: str) -> ChatEpisode:
        """The record of a dialogue that has ended."""
        batch, entries = self.batch, int(self.batch.state.clock[row]) + 1
        course = {name: part[row, :entries].copy() for name, part in self.course.items()}
        return ChatEpisode(
            assistant=self.assistant.name,
            user=user,
            index=self.task.indices[row],
            number=self.task.numbers[row],
            config=config_record(batch.config),
            goal=self.goals[row],
            catalogue={name: part[row : row + 1].copy() for name, part in batch.catalogue._asdict().items()},
            log=batch.state.log[row, :entries].copy(),
            course=course,
            measures=self._measures(row, course),
            thoughts=self.thoughts[row][:entries] if isinstance(self.assistant, Thinker) else [],
        )

    def _measures(self, row: int, course: dict[str, np.ndarray]) -> dict[str, float]:
        state, goal = self.batch.state, self.batch.latent.goal
        utility, broken = float(self.batch.utility()[row]), _broken(self.batch, goal, row)
        wanted = int(state.wanted[row].sum())
        booked = int((state.booked[row] >= 0).sum())
        satisfaction = course["satisfaction"][1:]
        satisfaction = satisfaction[~np.isnan(satisfaction)]
        ratings = state.log[row, : len(course["cost"]), 2]
        ratings = ratings[ratings > 0]
        found = {name: float(count[row]) for name, count in self.counts.items()}
        found |= {
            "utility": utility,
            "cost": float(state.cost[row]),
            "return": utility - float(state.cost[row]),
            "booked": booked / max(wanted, 1),
            "violations": float(broken),
            "success": float(booked == wanted and utility >= SUCCESS),
            "turns": float(state.turns[row]),
            "acts": float(state.clock[row]),
            "quit": float(state.ended[row] == LEFT),
        }
        for name, values in (("satisfaction", satisfaction), ("rating", ratings)):
            if len(values):
                found |= {f"{name}_mean": float(values.mean()), f"{name}_last": float(values[-1])}
                found[f"{name}_min"] = float(values.min())
        return found


def _kinds(first: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Kinds of flat acts (B,)."""
    return np.searchsorted(first, flat, side="right") - 1


def _broken(batch: ChatBatch, goal: Goal, row: int) -> int:
    """Hard constraints that the booked items of a dialogue break."""
    booked = batch.state.booked[row]
    broken = 0
    for domain in range(DOMAINS):
        if booked[domain] < 0:
            continue
        for a, value in enumerate(batch.catalogue.values[row, booked[domain]]):
            slot = domain * ATTRIBUTES + a
            broken += bool(value >= 0 and goal.hard[row, slot] and goal.factor[row, slot, value] < 1)
    return broken
