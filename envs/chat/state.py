"""The state of a batch of dialogues: what both have heard, and what only the user knows.

`State` is public: what was said, what tools returned, what is held and booked. Planners and assistants get it
and nothing else. `Goal` is what the user wants and who they are, `Mind` how they feel and what they have
become aware of; `Latent` is both with the books that rewards are made of. All are tuples of arrays with a
leading batch axis; `Mind` follows from `Goal` and the public history, so a belief may keep a `Goal` and a
`Mind` for each of its hypotheses and move them with the same kernels (`minds`).

Items are numbered through all domains, ``domain * items + item``; -1 stands for none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .config import ChatConfig
from .persona import KNOBS
from .schema import ATTRIBUTES, DOMAINS, SLOTS, VALUES

UNSAID, PREFERRED, REQUIRED, INDIFFERENT, UNSURE = range(5)
"""What the user said of a slot, entries of `State.said`."""
RUNNING, CLOSED, DONE, LEFT, OUT_OF_TIME = range(5)
"""How a dialogue ended, entries of `State.ended`: the assistant closed it, all is booked, the user quit."""
OUTCOMES = ("running", "closed", "done", "quit", "out of time")
NO_RESULT, FOUND, FAILED = range(3)
"""What the last tool call returned, entries of `State.result`."""
UNKNOWN, OUT, IN_STOCK = range(3)
"""What is known of an item's stock, entries of `State.stock`."""
HIDDEN, OFFERED, COMPARED = range(3)
"""How much of an item the user has seen, entries of `State.shown`: nothing, mentioned slots, all slots."""


class State(NamedTuple):
    """Public state of B dialogues with I items in all and T entries of the log."""

    wanted: np.ndarray
    """(B, DOMAINS) uint8: 1 for what the user asked to have booked."""
    booked: np.ndarray
    """(B, DOMAINS) int16 item."""
    held: np.ndarray
    """(B, DOMAINS) int16 item that nobody else can take."""
    accepted: np.ndarray
    """(B, DOMAINS) int16 item the user said yes to last."""
    said: np.ndarray
    """(B, SLOTS) int8: UNSAID, PREFERRED, REQUIRED, INDIFFERENT or UNSURE."""
    stated: np.ndarray
    """(B, SLOTS) int8 value the user named, or agreed to; -1."""
    denied: np.ndarray
    """(B, SLOTS) uint8: bit v is set when the user said no to value v."""
    criticised: np.ndarray
    """(B, SLOTS) int8: 0, or 1 + the direction of the last critique."""
    asked: np.ndarray
    """(B, SLOTS) uint8 times the assistant asked for it."""
    explained: np.ndarray
    """(B, SLOTS) uint8 times it was explained."""
    relaxed: np.ndarray
    """(B, SLOTS) uint8: 1 when the user agreed to go without it."""
    mentioned: np.ndarray
    """(B, SLOTS) uint8: 1 when somebody has spoken of it, or offers always show it."""
    found: np.ndarray
    """(B, I) uint8: 1 for what a search returned."""
    values: np.ndarray
    """(B, I, ATTRIBUTES) int8 values of found items; -1."""
    price: np.ndarray
    """(B, I) float32 price of found items; 0."""
    stock: np.ndarray
    """(B, I) int8: UNKNOWN, OUT or IN_STOCK when it was last checked."""
    shown: np.ndarray
    """(B, I) uint8: HIDDEN, OFFERED or COMPARED."""
    refused: np.ndarray
    """(B, I) uint8: 1 when the user turned it down."""
    focus: np.ndarray
    """(B, 2) int16 items offered, compared or booked last."""
    pending: np.ndarray
    """(B,) int8 slot the user has asked about; -1."""
    domain: np.ndarray
    """(B,) int8 what is being talked about."""
    speaker: np.ndarray
    """(B,) int8 whose turn it is, 0 the user's. The user begins."""
    last: np.ndarray
    """(B, 2) int32 flat acts of the assistant and of the user, the user's 0 until it has answered."""
    result: np.ndarray
    """(B,) int8: NO_RESULT, FOUND or FAILED."""
    rating: np.ndarray
    """(B,) int8 rating 1..5 that came with the user's last reply; 0."""
    clock: np.ndarray
    """(B,) int16 acts of the assistant so far."""
    turns: np.ndarray
    """(B,) int16 replies of the user so far."""
    cost: np.ndarray
    """(B,) float32 effort and tool costs so far."""
    ended: np.ndarray
    """(B,) int8: RUNNING or how it ended."""
    log: np.ndarray
    """(B, T, 3) int32: assistant's act, user's act, rating by clock; row 0 is the opening."""


class Goal(NamedTuple):
    """What B users want and who they are."""

    wanted: np.ndarray
    """(B, DOMAINS) uint8: which domains they ask for."""
    ideal: np.ndarray
    """(B, SLOTS) int8 value they would like best; -1 for slots that the schema does not use."""
    second: np.ndarray
    """(B, SLOTS) int8 second-best value of a category; -1."""
    weight: np.ndarray
    """(B, SLOTS) float32 importance, sums to 1 in every wanted domain; 0 for what they do not care about."""
    hard: np.ndarray
    """(B, SLOTS) int8: 0 soft; 1, 2 constraints they would give up first and last; 3 never."""
    knows: np.ndarray
    """(B, SLOTS) uint8: 1 if they know what they want there from the start."""
    budget: np.ndarray
    """(B,) float32 for all bookings together."""
    near: np.ndarray
    """(B,) float32 share of utility lost for each pair of linked bookings that are apart."""
    drift: np.ndarray
    """(B, 3) int16: at clock t (0: never) the ideal of a slot becomes a value."""
    persona: np.ndarray
    """(B, KNOBS) float32, see `persona.Persona`."""
    kind: np.ndarray
    """(B,) int8: what kind of person they are, see `goals.kinds_of`."""
    taste: np.ndarray
    """(B, SLOTS, VALUES) float32 how good each value is, 0..1; follows from the others."""
    factor: np.ndarray
    """(B, SLOTS, VALUES) float32 what a value leaves of a domain's utility: 1, less where it breaks a hard
    constraint; follows from the others.
    """


class Mind(NamedTuple):
    """How B users feel, and what they have become aware of."""

    aware: np.ndarray
    """(B, SLOTS) uint8."""
    annoyance: np.ndarray
    """(B,) float32, 0 or more."""
    satisfaction: np.ndarray
    """(B,) float32 0..1."""
    drifted: np.ndarray
    """(B,) int8: 1 from when the goal has changed; `State.stated` tells whether the user has said so."""


class Latent(NamedTuple):
    """What only the user knows, and the books that rewards are made of. Not for assistants."""

    goal: Goal
    mind: Mind
    optimum: np.ndarray
    """(B,) float64 utility of the best bookings that were to be had."""
    paid: np.ndarray
    """(B,) float64 sum of rewards so far."""


def empty_state(config: ChatConfig, batch: int) -> State:
    """Public state of `batch` dialogues that have not begun; they count as ended."""
    items, entries = DOMAINS * config.items, config.horizon + 1

    def slots(dtype: type, fill: int = 0) -> np.ndarray:
        return np.full((batch, SLOTS), fill, dtype)

    def domains(dtype: type, fill: int) -> np.ndarray:
        return np.full((batch, DOMAINS), fill, dtype)

    def rows(dtype: type, fill: int = 0) -> np.ndarray:
        return np.full(batch, fill, dtype)

    return State(
        wanted=domains(np.uint8, 0),
        booked=domains(np.int16, -1),
        held=domains(np.int16, -1),
        accepted=domains(np.int16, -1),
        said=slots(np.int8),
        stated=slots(np.int8, -1),
        denied=slots(np.uint8),
        criticised=slots(np.int8),
        asked=slots(np.uint8),
        explained=slots(np.uint8),
        relaxed=slots(np.uint8),
        mentioned=slots(np.uint8),
        found=np.zeros((batch, items), np.uint8),
        values=np.full((batch, items, ATTRIBUTES), -1, np.int8),
        price=np.zeros((batch, items), np.float32),
        stock=np.zeros((batch, items), np.int8),
        shown=np.zeros((batch, items), np.uint8),
        refused=np.zeros((batch, items), np.uint8),
        focus=np.full((batch, 2), -1, np.int16),
        pending=rows(np.int8, -1),
        domain=rows(np.int8),
        speaker=rows(np.int8),
        last=np.zeros((batch, 2), np.int32),
        result=rows(np.int8),
        rating=rows(np.int8),
        clock=rows(np.int16),
        turns=rows(np.int16),
        cost=rows(np.float32),
        ended=rows(np.int8, CLOSED),
        log=np.zeros((batch, entries, 3), np.int32),
    )


def empty_goal(batch: int) -> Goal:
    """Goals of `batch` users who want nothing."""
    return Goal(
        wanted=np.zeros((batch, DOMAINS), np.uint8),
        ideal=np.full((batch, SLOTS), -1, np.int8),
        second=np.full((batch, SLOTS), -1, np.int8),
        weight=np.zeros((batch, SLOTS), np.float32),
        hard=np.zeros((batch, SLOTS), np.int8),
        knows=np.zeros((batch, SLOTS), np.uint8),
        budget=np.zeros(batch, np.float32),
        near=np.zeros(batch, np.float32),
        drift=np.zeros((batch, 3), np.int16),
        persona=np.zeros((batch, KNOBS), np.float32),
        kind=np.zeros(batch, np.int8),
        taste=np.zeros((batch, SLOTS, VALUES), np.float32),
        factor=np.ones((batch, SLOTS, VALUES), np.float32),
    )


def empty_mind(batch: int) -> Mind:
    """Minds of `batch` users before a dialogue."""
    return Mind(
        np.zeros((batch, SLOTS), np.uint8),
        np.zeros(batch, np.float32),
        np.zeros(batch, np.float32),
        np.zeros(batch, np.int8),
    )


def empty_latent(batch: int) -> Latent:
    """Latent states of `batch` dialogues that have not begun."""
    return Latent(empty_goal(batch), empty_mind(batch), np.zeros(batch), np.zeros(batch))


def arrays(parts: Any) -> Iterator[np.ndarray]:
    """The arrays of a state in order, through nested tuples."""
    for part in parts:
        if isinstance(part, np.ndarray):
            yield part
        else:
            yield from arrays(part)


def clone(state: State) -> State:
    """An independent copy."""
    return State(*(part.copy() for part in state))


def take(state: State, rows: np.ndarray | slice) -> State:
    """The dialogues `rows` as a batch of their own (a copy for index arrays, a view for slices)."""
    return State(*(part[rows] for part in state))


def assign(target: Any, rows: np.ndarray | int, source: Any) -> None:
    """Write all rows of the tuple `source` over the rows of `target`, a tuple of the same class."""
    for into, part in zip(arrays(target), arrays(source), strict=True):
        into[rows] = part


def digest(state: State, row: int = 0) -> str:
    """32 hex digits that are equal exactly when the public states of two dialogues are."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in state:
        hasher.update(np.ascontiguousarray(part[row]).tobytes())
    return hasher.hexdigest()


def state_bytes(state: State) -> int:
    """Bytes of public state per dialogue."""
    return sum(part.nbytes for part in state) // len(state.clock)
