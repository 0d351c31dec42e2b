"""How a user feels, what they become aware of, and the rating they may give.

`Mind` follows from the goal and what was done, so beliefs can move the minds of their hypotheses with the
same kernels: `hear` after an act of the assistant, `feel` after the user's reply.

A slot that the user does not know about becomes known when it is explained, or when two items that differ in
it are compared. Being asked again, asked for what was said, offered what was refused or breaks a requirement,
booked for without a yes, and failed bookings annoy; annoyance fades by a fifth a turn. Satisfaction follows,
at 0.4 a turn, what was reached less annoyance and waiting. Ratings are normal around ``1 + 4 *
satisfaction``, cut to 1..5.
"""

from __future__ import annotations

import math

from ..kernels import inlined, kernel
from .acts import ASK, BOOK, COMPARE, EXPLAIN, OFFER, decode
from .goals import fill_taste
from .persona import IRRITABILITY, PATIENCE, RATING_BIAS, RATING_NOISE
from .schema import ATTRIBUTES, DOMAINS, SLOTS
from .state import COMPARED, FAILED, INDIFFERENT, PREFERRED, REQUIRED

START, PACE, FADE = 0.6, 0.4, 0.8
"""Satisfaction at the start, how fast it follows, and what a turn leaves of annoyance."""
ASKED_AGAIN, ANSWERED, REFUSED, BROKEN, UNBIDDEN, NOT_TO_BE_HAD = 0.15, 0.2, 0.15, 0.2, 0.25, 0.3
"""Annoyances, before the persona's irritability."""
RATINGS = 5


@kernel
def awake(goal, mind, k):
    """Start the mind of hypothesis k."""
    for slot in range(SLOTS):
        mind.aware[k, slot] = goal.knows[k, slot]
    mind.annoyance[k] = 0.0
    mind.satisfaction[k] = START
    mind.drifted[k] = 0


@kernel
def perceived(goal, mind, k, state, row, item, domain):
    """Utility of an item as the user sees it: slots that are mentioned (all of compared items) and known."""
    total, weight, kept = 0.0, 0.0, 1.0
    for a in range(ATTRIBUTES):
        slot, value = domain * ATTRIBUTES + a, state.values[row, item, a]
        seen = state.shown[row, item] == COMPARED or state.mentioned[row, slot] != 0
        if value >= 0 and seen and mind.aware[k, slot]:
            weight += goal.weight[k, slot]
            total += goal.weight[k, slot] * goal.taste[k, slot, value]
            kept *= goal.factor[k, slot, value]
    return kept * (total / weight if weight > 0 else 1.0)


@kernel
def hear(rules, state, row, goal, mind, k):
    """Move mind k by the assistant's last act in dialogue `row`. Returns whether the goal has drifted."""
    kind, a, b, _ = decode(rules.assistant, state.last[row, 0])
    annoyed = 0.0
    if kind == EXPLAIN:
        mind.aware[k, a] = 1
    elif kind == ASK:
        if state.asked[row, a] > 1 + (state.explained[row, a] > 0):
            annoyed += ASKED_AGAIN
        said = state.said[row, a]
        if said == PREFERRED or said == REQUIRED or said == INDIFFERENT:
            annoyed += ANSWERED
    elif kind == COMPARE:
        other = a // rules.items * rules.items + b
        for i in range(ATTRIBUTES):
            if state.values[row, a, i] != state.values[row, other, i]:
                mind.aware[k, a // rules.items * ATTRIBUTES + i] = 1
    if kind == OFFER or kind == COMPARE:
        annoyed += _tactless(rules, state, row, a)
    elif kind == BOOK:
        if state.accepted[row, a // rules.items] != a:
            annoyed += UNBIDDEN
        if state.result[row] == FAILED:
            annoyed += NOT_TO_BE_HAD
    mind.annoyance[k] += annoyed * goal.persona[k, IRRITABILITY]
    if goal.drift[k, 0] > 0 and goal.drift[k, 0] == state.clock[row]:
        slot = goal.drift[k, 1]
        goal.ideal[k, slot] = goal.drift[k, 2]
        fill_taste(rules.counts, rules.categorical, rules.better, goal, k, slot)
        mind.drifted[k] = 1
        return True
    return False


@inlined
def _tactless(rules, state, row, item):
    """What is annoying about an offer, whatever the goal."""
    annoyed = REFUSED if state.refused[row, item] else 0.0
    for a in range(ATTRIBUTES):
        slot = item // rules.items * ATTRIBUTES + a
        if state.said[row, slot] == REQUIRED and state.relaxed[row, slot] == 0:
            if rules.better[slot] * (state.values[row, item, a] - state.stated[row, slot]) > 0:
                continue
            if state.values[row, item, a] != state.stated[row, slot]:
                annoyed += BROKEN
                break
    return annoyed


@kernel
def feel(rules, state, row, goal, mind, k):
    """Move mind k by what dialogue `row` has come to after the user's reply."""
    reached, wanted = 0.0, 0
    for domain in range(DOMAINS):
        if goal.wanted[k, domain]:
            wanted += 1
            if state.booked[row, domain] >= 0:
                reached += perceived(goal, mind, k, state, row, state.booked[row, domain], domain)
            elif state.accepted[row, domain] >= 0:
                reached += 0.5 * perceived(goal, mind, k, state, row, state.accepted[row, domain], domain)
    waited = max(0.0, state.turns[row] - goal.persona[k, PATIENCE])
    target = 0.55 + 0.45 * reached / max(wanted, 1) - mind.annoyance[k] - 0.02 * waited
    mind.satisfaction[k] += PACE * (min(max(target, 0.0), 1.0) - mind.satisfaction[k])
    mind.annoyance[k] *= FADE


@kernel
def rating_chances(goal, mind, k, out):
    """Write the chances (5,) of ratings 1..5, if the user gives one."""
    mean = 1.0 + 4.0 * mind.satisfaction[k] + goal.persona[k, RATING_BIAS]
    width = goal.persona[k, RATING_NOISE] * math.sqrt(2.0)
    below = 0.0
    for i in range(RATINGS):
        above = 1.0 if i == RATINGS - 1 else 0.5 + 0.5 * math.erf((i + 1.5 - mean) / width)
        out[i] = above - below
        below = above
