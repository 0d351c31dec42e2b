"""Acts as text: a few paraphrases for each kind of act, one of which a seed chooses.

`say` is the way from acts to words. The same act, seed and clock give the same sentence, so a dialogue's text
follows from its acts. Offers say what offers show: slots that were mentioned, or that the schema always
shows.
"""

from __future__ import annotations

import numpy as np

from ..rng import uniform_at
from .acts import SPEAKERS, USER, Act, Acts
from .schema import ATTRIBUTES
from .state import COMPARED, FAILED, State

TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "user": {
        "wait": ("...",),
        "inform": (
            "I would like the {attribute} of the {domain} to be {value}{must}.",
            "For the {domain}: {attribute} {value}{must}.",
            "{attribute}: {value}{must}, please.",
        ),
        "dont_know": ("I am not sure about the {attribute}.", "{attribute}? I could not say."),
        "dont_care": ("The {attribute} does not matter to me.", "Any {attribute} will do."),
        "affirm": ("Yes.", "Right.", "Sure."),
        "negate": ("No.", "Not really.", "No, thank you."),
        "critique": ("The {attribute} should be {direction}.", "I had hoped for {direction} in {attribute}."),
        "request_info": ("What about the {attribute}?", "Can you tell me the {attribute}?"),
        "change_mind": (
            "I have changed my mind: {attribute} {value} for the {domain}.",
            "Actually, make the {attribute} {value}.",
        ),
        "accept": ("I will take the {which} one.", "The {which} one sounds good."),
        "complain": ("This is not going well.", "Are you listening at all?"),
        "thank": ("Thank you, that is all.", "Great, thanks."),
        "quit": ("Forget it, I will look elsewhere.", "I have had enough. Goodbye."),
    },
    "assistant": {
        "wait": ("...",),
        "close": ("Thank you and goodbye.", "That is all I can do. Goodbye."),
        "ask_open": ("What matters to you for the {domain}?", "Tell me about the {domain} you want."),
        "ask": ("Which {attribute} would you like for the {domain}?", "And the {attribute} of the {domain}?"),
        "confirm": ("So {attribute} {value} for the {domain}?", "The {attribute} should be {value}, right?"),
        "explain": (
            "About the {attribute} of a {domain}{about}: there is {values}.",
            "The {attribute}{about} can be {values}.",
        ),
        "relax": ("Could you do without your wish for the {attribute}?", "Is the {attribute} a must?"),
        "answer": ("Its {attribute} is {answer}.", "The {attribute}: {answer}."),
        "offer": ("How about {item}?", "I can offer {item}."),
        "compare": ("There are {item} and {other}. Which is nearer to it?", "Compare {item} with {other}."),
        "search": ("[searches {domain}: {result}]",),
        "check_stock": ("[checks {name}: {result}]",),
        "hold": ("[holds {name}: {result}]",),
        "book": ("I booked {name}: {result}.", "Booking of {name}: {result}."),
    },
}
"""Paraphrases by speaker and kind."""

NAMES = (
    "Amber", "Birch", "Cedar", "Delta", "Ember", "Fern", "Garnet", "Harbour",
    "Iris", "Juniper", "Kestrel", "Laurel", "Maple", "Nettle", "Orchid", "Poplar",
    "Quarry", "Rowan", "Sorrel", "Tansy", "Umber", "Violet", "Willow", "Yarrow",
)  # fmt: skip


def item_name(acts: Acts, item: int) -> str:
    """A name for an item, unique in its domain: `Amber House`; `Amber 2 House` for the 25th."""
    domain, number = divmod(item, acts.items)
    again, word = divmod(number, len(NAMES))
    noun = acts.schema.domains[domain].noun or acts.schema.domains[domain].name
    return f"{NAMES[word]} {again + 1} {noun}" if again else f"{NAMES[word]} {noun}"


def say(acts: Acts, state: State, row: int, speaker: int, seed: int) -> str:
    """The speaker's last act in dialogue `row` as a sentence, with the user's rating if there is one.

    seed: chooses among paraphrases, another one at each clock.
    """
    act = acts.act(speaker, int(state.last[row, 1 - speaker]))
    options = TEMPLATES[SPEAKERS[speaker]][act.kind]
    chosen = int(uniform_at(np.uint64(seed), int(state.clock[row]), speaker) * len(options))
    text = options[chosen].format(**_words(acts, state, row, act))
    if speaker == USER and state.rating[row]:
        text += f" [{state.rating[row]} of 5]"
    return text[0].upper() + text[1:]


def _words(acts: Acts, state: State, row: int, act: Act) -> dict[str, str]:
    """What the placeholders of an act's templates stand for."""
    words = {"domain": act.domain or "", "value": act.value or "", "which": act.which or ""}
    words["direction"] = act.direction or ""
    words["must"] = ", it has to be" if act.strength == "must" else ""
    words["result"] = "no" if state.result[row] == FAILED else "done"
    if act.slot is not None:
        words["domain"], words["attribute"] = act.slot.split(".")
        slot = acts.schema.slot(act.slot)
        attribute = acts.schema.attribute(slot)
        words["about"] = f", {attribute.about}," if attribute.about else ""
        words["values"] = ", ".join(attribute.values)
        item = int(state.focus[row, 0])
        if item >= 0 and item // acts.items == slot // ATTRIBUTES:
            words["answer"] = _value(acts, state, row, item, slot)
    if act.item is not None:
        words["name"] = item_name(acts, act.item)
        words["item"] = _description(acts, state, row, act.item)
        other = act.item // acts.items * acts.items + (act.other or 0)
        words["other"] = _description(acts, state, row, other) if act.other is not None else ""
    return words


def _value(acts: Acts, state: State, row: int, item: int, slot: int) -> str:
    value = int(state.values[row, item, slot % ATTRIBUTES])
    return acts.schema.attribute(slot).values[value] if value >= 0 else "unknown"


def _description(acts: Acts, state: State, row: int, item: int) -> str:
    """An item's name with the slots that the user sees of it."""
    parts = []
    for name, slot in acts.schema.slots.items():
        seen = state.shown[row, item] == COMPARED or state.mentioned[row, slot]
        if slot // ATTRIBUTES == item // acts.items and seen:
            parts.append(f"{name.split('.')[1]} {_value(acts, state, row, item, slot)}")
    return f"{item_name(acts, item)} ({', '.join(parts)})" if parts else item_name(acts, item)
