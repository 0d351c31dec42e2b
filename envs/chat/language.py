"""Acts as text: a seed chooses among the paraphrases of `wording`.

`say` is the way from acts to words, `understand` the way back. The same act, seed and clock give the same
sentence, so a dialogue's text follows from its acts. Offers say what offers show: slots that were mentioned,
or that the schema always shows.
"""

from __future__ import annotations

import numpy as np

from ..rng import uniform_at
from .acts import USER, Act, Acts
from .schema import ATTRIBUTES, Schema
from .state import COMPARED, FAILED, State
from .wording import MUSTS, NAMES, TEMPLATES


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
    options = len(TEMPLATES[act.speaker][act.kind])
    number = int(uniform_at(np.uint64(seed), int(state.clock[row]), speaker) * options)
    text = phrase(acts.schema, act, number, **_words(acts, state, row, act))
    if speaker == USER and state.rating[row]:
        text += f" [{state.rating[row]} of 5]"
    return text


def phrase(schema: Schema, act: Act, number: int, **more: str) -> str:
    """Paraphrase `number` of an act; `more` has the words for what does not follow from the act alone."""
    words = {"domain": act.domain or "", "value": act.value or "", "which": act.which or ""}
    words["direction"] = act.direction or ""
    words["must"] = MUSTS[number % len(MUSTS)] if act.strength == "must" else ""
    if act.slot is not None:
        words["domain"], words["attribute"] = act.slot.split(".")
        attribute = schema.attribute(schema.slot(act.slot))
        words["about"] = f", {attribute.about}," if attribute.about else ""
        words["values"] = ", ".join(attribute.values)
    text = TEMPLATES[act.speaker][act.kind][number].format(**words, **more)
    return text[0].upper() + text[1:]


def _words(acts: Acts, state: State, row: int, act: Act) -> dict[str, str]:
    """What the placeholders of the assistant's templates stand for in a dialogue."""
    words = {"result": "no" if state.result[row] == FAILED else "done"}
    if act.slot is not None:
        slot, item = acts.schema.slot(act.slot), int(state.focus[row, 0])
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
