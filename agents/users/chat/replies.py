"""What a user says next, as a distribution over all legal acts.

An agenda orders what the user wants to say: slots they know about and have not got across, hard constraints
first. Acts of the assistant call for kinds of replies; among slots, values and items the choice is Boltzmann
in utilities. Everything follows from the goal, the mind and the public state, so `reply_chances` is the exact
likelihood that beliefs need, and what users draw from.

A reply is built as masses: chances are handed down from a situation to the acts that suit it, and what does
not apply goes back to nodding. Quitting never answers a confirmation or an explanation, and agreeing never
ends a dialogue.
"""

from __future__ import annotations

import math

from envs.chat import acts as A
from envs.chat.legal import is_open, user_list
from envs.chat.persona import (
    AMBIGUITY,
    ASPIRATION,
    CONTRARINESS,
    CURIOSITY,
    FORGETTING,
    INITIATIVE,
    MISREADING,
    NOISE,
    PATIENCE,
    QUIT,
    RATIONALITY,
    SYCOPHANCY,
)
from envs.chat.satisfaction import perceived
from envs.chat.schema import ATTRIBUTES, DOMAINS
from envs.chat.state import COMPARED, FAILED
from envs.kernels import inlined, kernel

KEEN, VAGUE = 0.9, 0.15
"""Chance of saying must of a hard constraint (and prefer of a soft one), and of guessing a value unawares."""
ANNOUNCED = 0.7
"""Chance of telling, each turn, that one has changed one's mind."""


@kernel
def reply_chances(rules, state, row, goal, mind, k, legal, chances):
    """Write the legal acts and the chance of each; returns their number. They are ascending and sum to 1.

    Dialogue `row` is at the user's turn and hypothesis k is who they are. legal: (n,) int32, chances: (n,)
    float64, with room for all acts of users.
    """
    count = user_list(rules, state, row, legal)
    persona = goal.persona[k]
    asked, a, b, _ = A.decode(rules.assistant, state.last[row, 0])
    waited = max(0.0, state.turns[row] - persona[PATIENCE])
    unrest = mind.annoyance[k] + 0.05 * waited
    stays = asked == A.CONFIRM or asked == A.EXPLAIN
    quits = 0.0
    if state.turns[row] > 0 and not stays:
        quits = min(0.9, persona[QUIT] * unrest)
    rest = 1.0 - quits
    noise = persona[NOISE] * rest
    # Quitting is the last act of the list; who stays does not quit by chance either.
    likely = count - 1 if stays else count
    for i in range(count):
        chances[i] = noise / likely if i < likely else 0.0
    _add(rules, legal, chances, count, A.QUIT, 0, 0, 0, quits)
    rest -= noise
    changed = 0.0
    if mind.drifted[k] == 1:
        slot, value = goal.drift[k, 1], goal.drift[k, 2]
        if state.stated[row, slot] >= 0 and state.stated[row, slot] != value:
            changed = ANNOUNCED * rest
            _add(rules, legal, chances, count, A.CHANGE_MIND, slot, value, 0, changed)
    rest -= changed
    complains = rest * min(0.5, unrest * (1.0 - persona[SYCOPHANCY]) * 0.5)
    _add(rules, legal, chances, count, A.COMPLAIN, 0, 0, 0, complains)
    rest -= complains
    mass = rest * (1.0 - persona[MISREADING])
    if asked != A.BOOK:
        _from_agenda(rules, state, row, goal, mind, k, legal, chances, count, rest - mass)
    else:
        mass = rest
    if asked == A.ASK:
        _of_slot(rules, state, row, goal, mind, k, legal, chances, count, a, mass)
    elif asked == A.CONFIRM:
        _confirmed(rules, goal, mind, k, legal, chances, count, a, b, mass)
    elif asked == A.RELAX:
        gives = (1.0, 0.85, 0.5, 0.05)[goal.hard[k, a]]
        _add(rules, legal, chances, count, A.AFFIRM, 0, 0, 0, mass * gives)
        _add(rules, legal, chances, count, A.NEGATE, 0, 0, 0, mass * (1.0 - gives))
    elif asked == A.EXPLAIN:
        tells = mass * persona[INITIATIVE]
        _of_slot(rules, state, row, goal, mind, k, legal, chances, count, a, tells)
        _add(rules, legal, chances, count, A.AFFIRM, 0, 0, 0, mass - tells)
    elif asked == A.OFFER or asked == A.COMPARE or asked == A.ANSWER:
        _judge(rules, state, row, goal, mind, k, legal, chances, count, mass)
    elif asked == A.BOOK:
        _told(rules, state, row, legal, chances, count, mass)
    else:
        _from_agenda(rules, state, row, goal, mind, k, legal, chances, count, mass)
    return count


@inlined
def find(legal, count, act):
    """Where a flat act is in an ascending list; -1 where it is not."""
    low, high = 0, count - 1
    while low <= high:
        middle = (low + high) // 2
        if legal[middle] == act:
            return middle
        if legal[middle] < act:
            low = middle + 1
        else:
            high = middle - 1
    return -1


@kernel
def _add(rules, legal, chances, count, kind, a, b, c, mass):
    """Add mass to an act; to a nod where it is not legal."""
    at = find(legal, count, A.encode(rules.user, kind, a, b, c))
    if at < 0:
        at = find(legal, count, A.encode(rules.user, A.AFFIRM, 0, 0, 0))
    chances[at] += mass


@kernel
def _inform(rules, goal, k, legal, chances, count, slot, sharpness, mass):
    """Name a value of a slot: Boltzmann in tastes, with the strength the constraint has, mostly."""
    ideal, total = goal.ideal[k, slot], 0.0
    for value in range(rules.counts[slot]):
        # Values that are as good as the ideal but are not it are seldom named.
        worth = goal.taste[k, slot, value] - (0.5 if value != ideal else 0.0)
        total += math.exp(sharpness * worth)
    must = KEEN if goal.hard[k, slot] > 0 else 1.0 - KEEN
    for value in range(rules.counts[slot]):
        worth = goal.taste[k, slot, value] - (0.5 if value != ideal else 0.0)
        own = mass * math.exp(sharpness * worth) / total
        _add(rules, legal, chances, count, A.INFORM, slot, value, A.MUST, own * must)
        _add(rules, legal, chances, count, A.INFORM, slot, value, A.PREFER, own * (1.0 - must))


@inlined
def _sharpness(goal, k):
    return goal.persona[k, RATIONALITY] * (1.0 - 0.7 * goal.persona[k, AMBIGUITY])


@kernel
def _of_slot(rules, state, row, goal, mind, k, legal, chances, count, slot, mass):
    """Answer a question about one slot."""
    persona = goal.persona[k]
    if goal.weight[k, slot] == 0:
        _add(rules, legal, chances, count, A.DONT_CARE, slot, 0, 0, mass * KEEN)
        _add(rules, legal, chances, count, A.DONT_KNOW, slot, 0, 0, mass * (1.0 - KEEN))
    elif mind.aware[k, slot]:
        forgets = mass * persona[FORGETTING]
        _add(rules, legal, chances, count, A.DONT_KNOW, slot, 0, 0, forgets)
        _inform(rules, goal, k, legal, chances, count, slot, _sharpness(goal, k), mass - forgets)
    else:
        _inform(rules, goal, k, legal, chances, count, slot, 0.0, mass * VAGUE)
        _add(rules, legal, chances, count, A.DONT_CARE, slot, 0, 0, mass * VAGUE)
        _add(rules, legal, chances, count, A.DONT_KNOW, slot, 0, 0, mass * (1.0 - 2.0 * VAGUE))


@kernel
def _agenda(state, row, goal, mind, k, slot):
    """How much the user wants to speak of a slot, above 0; 0 for what they do not know or got across."""
    if not mind.aware[k, slot] or state.stated[row, slot] == goal.ideal[k, slot]:
        return 0.0
    return 0.0 if goal.weight[k, slot] == 0 else goal.weight[k, slot] + 0.2 * goal.hard[k, slot]


@kernel
def _from_agenda(rules, state, row, goal, mind, k, legal, chances, count, mass):
    """Speak of what is on the agenda; a plain no when nothing is."""
    first = state.domain[row] * ATTRIBUTES
    total = 0.0
    for slot in range(first, first + ATTRIBUTES):
        want = _agenda(state, row, goal, mind, k, slot)
        total += math.exp(goal.persona[k, RATIONALITY] * want) if want > 0 else 0.0
    if total == 0.0:
        _add(rules, legal, chances, count, A.NEGATE, 0, 0, 0, mass)
        return
    for slot in range(first, first + ATTRIBUTES):
        want = _agenda(state, row, goal, mind, k, slot)
        if want > 0:
            own = mass * math.exp(goal.persona[k, RATIONALITY] * want) / total
            _inform(rules, goal, k, legal, chances, count, slot, _sharpness(goal, k), own)


@kernel
def _confirmed(rules, goal, mind, k, legal, chances, count, slot, value, mass):
    """Say yes or no to a value, or set it right."""
    persona = goal.persona[k]
    if not mind.aware[k, slot] or goal.weight[k, slot] == 0:
        yes = 0.5 + 0.5 * persona[SYCOPHANCY]
    elif goal.taste[k, slot, value] == 1.0:
        yes = 1.0 - persona[CONTRARINESS]
    else:
        yes = persona[SYCOPHANCY]
    _add(rules, legal, chances, count, A.AFFIRM, 0, 0, 0, mass * yes)
    no = mass * (1.0 - yes)
    tells = no * persona[INITIATIVE] if mind.aware[k, slot] and goal.weight[k, slot] > 0 else 0.0
    _inform(rules, goal, k, legal, chances, count, slot, _sharpness(goal, k), tells)
    _add(rules, legal, chances, count, A.NEGATE, 0, 0, 0, no - tells)


@kernel
def _judge(rules, state, row, goal, mind, k, legal, chances, count, mass):
    """Take, criticise or ask about the items at hand, as far as they can be seen."""
    persona, item = goal.persona[k], state.focus[row, 0]
    domain = item // rules.items
    if not is_open(state, row, domain):
        _add(rules, legal, chances, count, A.AFFIRM, 0, 0, 0, mass)
        return
    worth = perceived(goal, mind, k, state, row, item, domain)
    which, other = 0, state.focus[row, 1]
    if other >= 0:
        second = perceived(goal, mind, k, state, row, other, domain)
        odd = 1.0 / (1.0 + math.exp(-persona[RATIONALITY] * (second - worth)))
        if second > worth:
            which, item, worth = 1, other, second
            odd = 1.0 - odd
    else:
        odd = 0.0
    asks = _unseen(rules, state, row, goal, mind, k, item, domain)
    if asks >= 0:
        own = mass * persona[CURIOSITY]
        _add(rules, legal, chances, count, A.REQUEST_INFO, asks, 0, 0, own)
        mass -= own
    takes = 1.0 / (1.0 + math.exp(-2.0 * persona[RATIONALITY] * (worth - persona[ASPIRATION])))
    takes = takes * (1.0 - persona[CONTRARINESS]) + (1.0 - takes) * 0.5 * persona[SYCOPHANCY]
    _add(rules, legal, chances, count, A.ACCEPT, which, 0, 0, mass * takes * (1.0 - odd))
    _add(rules, legal, chances, count, A.ACCEPT, 1 - which, 0, 0, mass * takes * odd)
    _criticise(rules, state, row, goal, mind, k, legal, chances, count, item, domain, mass * (1.0 - takes))


@kernel
def _unseen(rules, state, row, goal, mind, k, item, domain):
    """The weightiest slot that the user knows about and cannot see of an item; -1 when there is none."""
    best, most = -1, 0.0
    if state.shown[row, item] == COMPARED:
        return best
    for slot in range(domain * ATTRIBUTES, domain * ATTRIBUTES + ATTRIBUTES):
        if mind.aware[k, slot] and not state.mentioned[row, slot] and goal.weight[k, slot] > most:
            best, most = slot, goal.weight[k, slot]
    return best


@kernel
def _regret(state, row, goal, mind, k, item, slot):
    """What is wrong with an item in one slot, as far as the user sees it."""
    value = state.values[row, item, slot % ATTRIBUTES]
    seen = state.shown[row, item] == COMPARED or state.mentioned[row, slot] != 0
    if value < 0 or not seen or not mind.aware[k, slot]:
        return 0.0
    lost = goal.weight[k, slot] * (1.0 - goal.taste[k, slot, value])
    return lost + 1.0 - goal.factor[k, slot, value]


@kernel
def _criticise(rules, state, row, goal, mind, k, legal, chances, count, item, domain, mass):
    """Say what is wrong, Boltzmann in how much it matters; a plain no where nothing is seen to be."""
    sharpness, total = goal.persona[k, RATIONALITY], 0.0
    for slot in range(domain * ATTRIBUTES, domain * ATTRIBUTES + ATTRIBUTES):
        wrong = _regret(state, row, goal, mind, k, item, slot)
        total += math.exp(sharpness * wrong) if wrong > 0 else 0.0
    if total == 0.0:
        _add(rules, legal, chances, count, A.NEGATE, 0, 0, 0, mass)
        return
    for slot in range(domain * ATTRIBUTES, domain * ATTRIBUTES + ATTRIBUTES):
        wrong = _regret(state, row, goal, mind, k, item, slot)
        if wrong > 0:
            away = goal.ideal[k, slot] - state.values[row, item, slot % ATTRIBUTES]
            way = A.DIFFERENT if rules.categorical[slot] else A.MORE if away > 0 else A.LESS
            own = mass * math.exp(sharpness * wrong) / total
            _add(rules, legal, chances, count, A.CRITIQUE, slot, way, 0, own)


@kernel
def _told(rules, state, row, legal, chances, count, mass):
    """Hear that something was booked, or could not be."""
    open_ = 0
    for domain in range(DOMAINS):
        open_ += is_open(state, row, domain)
    if state.result[row] == FAILED:
        _add(rules, legal, chances, count, A.NEGATE, 0, 0, 0, mass)
    elif open_ == 0:
        _add(rules, legal, chances, count, A.THANK, 0, 0, 0, mass)
    else:
        _add(rules, legal, chances, count, A.AFFIRM, 0, 0, 0, mass)
