"""What a planning assistant thought at a decision, as plain lists for records and pages.

It is read from what such assistants show of themselves (`Thinker`), after each of their acts, and holds
nothing that the assistant does not know.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from envs.chat.acts import USER, Acts
from envs.chat.schema import ATTRIBUTES
from envs.chat.state import State
from planners.search import Results, Search
from planners.snapshot import Names, snapshot

from ...assistants.chat.belief import Belief
from .forecast import Forecast

CANDIDATES, SLOTS, REPLIES = 6, 5, 4
"""How many acts, slots and replies are kept."""
DEPTH = 3


@runtime_checkable
class Thinker(Protocol):
    """An assistant that shows what it believed and planned at its last act."""

    found: Results
    belief: Belief
    planner: Any


def thinking(assistant: Thinker, state: State, row: int) -> dict[str, Any]:
    """Belief and candidates at the last act in a dialogue.

    `belief`: [slot, value, chance] of what matters most where the user is in doubt for the assistant;
    `candidates`: [act, visits, value, prior], the most visited first; `simulations`, and the `value` that was
    planned.
    """
    found = assistant.found
    count = int(found.counts[row])
    order = np.lexsort((-found.priors[row, :count], -found.visits[row, :count]))[:CANDIDATES]
    return {
        "belief": marginals(assistant.belief, state, row),
        "candidates": [
            [
                int(found.candidates[row, i]),
                int(found.visits[row, i]),
                round(float(found.q[row, i]), 4) if found.visits[row, i] else None,
                round(float(found.priors[row, i]), 4),
            ]
            for i in order
        ],
        "simulations": int(found.simulations[row]),
        "value": round(float(found.values[row]), 4),
    }


def marginals(belief: Belief, state: State, row: int) -> list[list[Any]]:
    """[slot, value, chance] of the likeliest ideal of the slots that are believed to weigh most, among the
    domains that are still to be booked.
    """
    own, weights = slice(row * belief.size, (row + 1) * belief.size), belief.weights[row]
    open_ = (state.wanted[row] != 0) & (state.booked[row] < 0)
    matter = weights @ belief.goals.weight[own] * np.repeat(open_, ATTRIBUTES)
    found = []
    for slot in np.argsort(-matter, kind="stable")[:SLOTS]:
        if matter[slot] > 0:
            chances = np.bincount(belief.goals.ideal[own, slot], weights)
            value = int(chances.argmax())
            found.append([int(slot), value, round(float(chances[value]), 3)])
    return found


def foreseen(forecast: Forecast) -> dict[str, Any]:
    """The likeliest replies as [act, chance], and the chances of the ratings."""
    order = np.argsort(-forecast.replies, kind="stable")[:REPLIES]
    return {
        "replies": [[int(i), round(float(forecast.replies[i]), 3)] for i in order if forecast.replies[i] > 0],
        "ratings": [round(float(chance), 3) for chance in forecast.ratings],
    }


def tree(assistant: Thinker, row: int, acts: Acts, clock: int) -> dict[str, Any] | None:
    """A snapshot of the last search of a dialogue, None for planners without a tree."""
    if not isinstance(assistant.planner, Search):
        return None
    users = acts.codecs[USER].size

    def reply(number: int) -> str:
        outcome, said = divmod(number, users)
        return str(acts.act(USER, said)) if said else f"result {outcome}"

    names = Names(lambda action: str(acts.act(1, action)), reply)
    return snapshot(assistant.planner, row, names, depth=DEPTH, title=f"act {clock}")
