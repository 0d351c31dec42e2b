"""A dialogue with a person in it: what they get to see, and how a line they type becomes an act."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from agents.assistants.chat import ChatAssistant, named
from agents.assistants.chat.oracle import Oracle
from agents.users.chat import PRESETS, ChatUser
from envs.chat import ChatBatch, ChatConfig, make_world
from envs.chat.acts import (
    ASSISTANT,
    ASSISTANT_KINDS,
    CHANGE_MIND,
    COMPARE,
    CONFIRM,
    CRITIQUE,
    DONT_CARE,
    DONT_KNOW,
    INFORM,
    REQUEST_INFO,
    SEARCH,
    SPEAKERS,
    USER,
    Act,
    decode,
    kind_of,
)
from envs.chat.language import item_name, say
from envs.chat.schema import ATTRIBUTES
from envs.chat.state import FAILED, OUTCOMES
from envs.chat.understand import reader_of

_YIELDS = ("", "you would give it up early", "you would give it up late", "never anything else")
_RATED = re.compile(r"\s*\[([1-5])(?: of 5)?\]\s*$")
UNSURE = 0.35
"""Sentences of which the kind is less probable than this are not acted on."""


class Table:
    """One dialogue of a person, who types `lines` and reads what `show` prints, with a simulated partner."""

    def __init__(self, options: argparse.Namespace, lines: Iterator[str], show: Callable[[str], object]):
        if options.user not in PRESETS:
            raise ValueError(f"--user is {options.user!r}; choose from {', '.join(PRESETS)}")
        if options.seed < 0:
            raise ValueError(f"--seed is {options.seed}; give 0 or more")
        world = make_world(options.world)
        self.options, self._lines, self._show = options, lines, show
        self._person = SPEAKERS.index(options.play)
        config = ChatConfig(schema=world.schema, items=options.items)
        self.schema = config.schema
        self.batch = ChatBatch(1, config)
        rng = np.random.default_rng(options.seed)
        people = [PRESETS[options.user]]
        goal = world.goals(1, rng, people, options.domains, options.drift, config.horizon)
        self.batch.reset(goal, world.catalogues(1, options.items, rng))
        seeds = rng.integers(2**62, size=1)
        self._wording = int(seeds[0])
        self._partner: ChatAssistant | ChatUser
        if self._person == USER:
            self._partner = named(options.assistant)
            self._partner.reset(config, seeds)
            if isinstance(self._partner, Oracle):
                self._partner.look(self.batch.latent.goal, self.batch.catalogue)
        else:
            self._partner = ChatUser()
            self._partner.reset(self.batch.rules, seeds)
        self._aware, self._drifted = self.batch.latent.mind.aware[0].copy(), False
        self._transcript: list[dict[str, Any]] = []

    def play(self) -> None:
        """Talk to the end. ValueError when the lines end before the dialogue does."""
        batch = self.batch
        if self._person == USER:
            self._say("You are the user. This is what you want:", *self.goal_card(), "You open.")
        else:
            wanted = [d.name for d, w in zip(self.schema.domains, batch.state.wanted[0], strict=False) if w]
            self._say(f"You are the assistant. The user wants: {', '.join(wanted)}. They open.")
        while not batch.done[0]:
            speaker = int(batch.state.speaker[0])
            text = ""
            if speaker == self._person:
                act, rating, text = self._ask()
            elif isinstance(self._partner, ChatUser):
                acts, ratings = self._partner.act(batch.state, batch.latent.goal, batch.latent.mind)
                act, rating = int(acts[0]), int(ratings[0])
            else:
                act, rating = int(self._partner.act(batch.state)[0]), 0
            before = batch.state.found[0].copy()
            batch.step(np.array([act]), np.array([rating]))
            self._tell(speaker, act, rating, text, before)

    def record(self) -> dict[str, Any]:
        """The dialogue and its score as plain JSON values."""
        state, latent, options = self.batch.state, self.batch.latent, self.options
        utility, cost = float(self.batch.utility()[0]), float(state.cost[0])
        tools = {kind.name for kind in ASSISTANT_KINDS if kind.tool} | {"book"}
        return {
            "schema": 1,
            "seed": options.seed,
            "play": options.play,
            "assistant": "person" if self._person == ASSISTANT else options.assistant,
            "user": "person" if self._person == USER else options.user,
            "world": options.world,
            "ended": OUTCOMES[state.ended[0]],
            "utility": utility,
            "cost": cost,
            "return": utility - cost,
            "satisfaction": float(latent.mind.satisfaction[0]),
            "turns": int(state.turns[0]),
            "tool_calls": sum(line["act"].split("(")[0] in tools for line in self._transcript),
            "ratings": [line["rating"] for line in self._transcript if line["rating"]],
            "transcript": self._transcript,
        }

    def booked_lines(self) -> list[str]:
        """What was booked of what was wanted, one line each."""
        lines = []
        for d, domain in enumerate(self.schema.domains):
            if self.batch.state.wanted[0, d]:
                item = int(self.batch.state.booked[0, d])
                lines.append(f"{domain.name}: {self._item(item) if item >= 0 else 'nothing booked'}")
        return lines

    def goal_card(self) -> list[str]:
        """What the user wants, in words."""
        goal = self.batch.latent.goal
        lines = [f"  at most {goal.budget[0]:.0f} for everything together"]
        for d, domain in enumerate(self.schema.domains):
            if not goal.wanted[0, d]:
                continue
            lines.append(f"  {domain.name}")
            slots = range(d * ATTRIBUTES, d * ATTRIBUTES + len(domain.attributes))
            for slot in sorted(slots, key=lambda slot: -goal.weight[0, slot]):
                if goal.weight[0, slot] > 0:
                    lines.append(f"    {self._wish(slot)}")
            rest = [self.schema.attribute(s).name for s in slots if goal.weight[0, s] == 0]
            if rest:
                lines.append(f"    all the same to you: {', '.join(rest)}")
        for one, other in self.schema.same if goal.near[0] else ():
            lines.append(f"  {one} and {other} should be the same")
        return lines

    def _named_wish(self, slot: int) -> str:
        return f"{self.schema.domains[slot // ATTRIBUTES].name} {self._wish(slot)}"

    def _wish(self, slot: int) -> str:
        goal, attribute = self.batch.latent.goal, self.schema.attribute(slot)
        name = f"{attribute.name} ({100 * goal.weight[0, slot]:.0f} %)"
        if not self.batch.latent.mind.aware[0, slot]:
            return f"{name}: matters, but you cannot say what you want before it is explained or compared"
        value = attribute.values[goal.ideal[0, slot]]
        ways = {1: " or better", -1: " or less", 0: ""}
        hard = _YIELDS[goal.hard[0, slot]]
        return f"{name}: {value}{ways[attribute.better]}{f', a must: {hard}' if hard else ''}"

    def _ask(self) -> tuple[int, int, str]:
        """The person's next act, rating and own words."""
        lists, counts = self.batch.legal(self._person)
        legal = [int(act) for act in lists[0, : counts[0]]]
        self._menu(legal, self._likely(legal))
        while True:
            line = next(self._lines, None)
            if line is None:
                how = "quit()" if self._person == USER else "close()"
                said = len(self._transcript)
                raise ValueError(
                    f"the input ended after {said} acts and the dialogue had not; end it with {how}"
                )
            line = line.strip()
            if line == "?":
                self._menu(legal, legal)
                continue
            rated = _RATED.search(line)
            try:
                act, text = self._understood(_RATED.sub("", line), legal)
            except ValueError as error:
                self._say(f"  {error}")
                continue
            if rated and self._person == ASSISTANT:
                self._say("  only users rate; your act goes without the rating")
            return act, int(rated[1]) if rated and self._person == USER else 0, text

    def _understood(self, line: str, legal: list[int]) -> tuple[int, str]:
        """The flat act of a line, and the line if it is a sentence. ValueError for no legal act."""
        acts, text = self.batch.acts, ""
        if line.isdigit():
            if int(line) >= len(legal):
                raise ValueError(f"{line} is not in the menu; its numbers are 0..{len(legal) - 1}")
            return legal[int(line)], ""
        if re.fullmatch(r"\w+\(.*\)", line) or self._person == ASSISTANT:
            act = acts.parse(self._person, line)
        else:
            found = reader_of(self.schema).read(line, int(self.batch.state.domain[0]))
            act, text = found.act, line
            if found.chance < UNSURE:
                raise ValueError(f"not understood (perhaps {act}); say it another way, or take a number")
        flat = acts.flat(act)
        if flat not in legal:
            raise ValueError(f"{act} is not possible now; ? lists what is")
        if text:
            self._say(f"  understood: {act}")
        return flat, text

    def _likely(self, legal: list[int]) -> list[int]:
        """A short menu: for users what suits their card, for assistants all but pairs and confirmations."""
        goal, found = self.batch.latent.goal, []
        for flat in legal:
            codec = self.batch.acts.codecs[self._person]
            kind, slot, value, must = decode(codec, flat)
            if self._person == ASSISTANT:
                keep = kind not in (CONFIRM, COMPARE)
            elif kind == INFORM:
                own = goal.weight[0, slot] > 0 and self.batch.latent.mind.aware[0, slot]
                keep = own and value == goal.ideal[0, slot] and must == (goal.hard[0, slot] > 0)
            else:
                keep = kind not in (CHANGE_MIND, CRITIQUE, DONT_KNOW, DONT_CARE, REQUEST_INFO)
            if keep:
                found.append(flat)
        return found

    def _menu(self, legal: list[int], shown: list[int]) -> None:
        entries = [f"{legal.index(flat)} {self._act(flat, self._person)}" for flat in shown]
        if shown is legal:
            self._say(*(f"  {entry}" for entry in entries))
        else:
            self._say(f"  {'   '.join(entries)}   (? for all {len(legal)})")

    def _tell(self, speaker: int, flat: int, rating: int, text: str, found: np.ndarray) -> None:
        """Record an act that was done, and show the person what they get to know of it."""
        state = self.batch.state
        act = self._act(flat, speaker)
        words = text or say(self.batch.acts, state, 0, speaker, self._wording)
        self._transcript.append(
            {"speaker": SPEAKERS[speaker], "act": str(act), "text": words, "rating": rating}
        )
        kind = kind_of(self.batch.acts.codecs[speaker], flat)
        if speaker != self._person:
            if speaker == USER or not ASSISTANT_KINDS[kind].tool:
                self._say(f"{SPEAKERS[speaker]}: {words}")
        elif speaker == ASSISTANT and kind == SEARCH:
            new = np.flatnonzero(state.found[0] & ~found.astype(bool))
            self._say(*(f"  {item}  {self._item(int(item))}" for item in new), f"  {len(new)} new")
        elif speaker == ASSISTANT and (ASSISTANT_KINDS[kind].tool or act.kind == "book"):
            self._say("  not to be had" if state.result[0] == FAILED else "  done: it is in stock")
        if self._person == USER:
            self._tell_mind()

    def _tell_mind(self) -> None:
        """Tell the user what they have become aware of, and what they have changed their mind about."""
        mind, goal = self.batch.latent.mind, self.batch.latent.goal
        for slot in np.flatnonzero((mind.aware[0] > 0) & (self._aware == 0) & (goal.weight[0] > 0)):
            if goal.wanted[0, slot // ATTRIBUTES]:
                self._say(f"  (now you know: {self._named_wish(int(slot))})")
        self._aware = mind.aware[0].copy()
        if mind.drifted[0] and not self._drifted:
            self._drifted = True
            changed = self._named_wish(int(goal.drift[0, 1]))
            self._say(f"  (you have changed your mind: {changed})")

    def _act(self, flat: int, speaker: int) -> Act:
        return self.batch.acts.act(speaker, flat)

    def _item(self, item: int) -> str:
        """An item that was found, with all its values and its price."""
        state, domain = self.batch.state, self.schema.domains[item // self.batch.acts.items]
        values = [
            f"{attribute.name} {attribute.values[state.values[0, item, a]]}"
            for a, attribute in enumerate(domain.attributes)
            if state.values[0, item, a] >= 0
        ]
        return f"{item_name(self.batch.acts, item)}: {', '.join(values)}; costs {state.price[0, item]:.0f}"

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._show(line)
