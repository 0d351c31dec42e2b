"""The page of a run of the chat game, `chat_report.html` beside the other templates.

Here its contents are made: goal cards, transcripts as text, and for each decision what the assistant
believed, tried and expected. Frame, tables and charts are those of `page`, one level up. The definitions
at its foot are the docstring of `metrics.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from envs.chat.acts import ASSISTANT, SPEAKERS, USER, Acts
from envs.chat.config import ChatConfig
from envs.chat.language import item_name, say
from envs.chat.state import OUTCOMES

from ..page import POOLED, WORST, definitions, dot_charts, style_classes, table_cells, terms, write_page
from ..statistics import Row
from . import metrics
from .episode import ChatEpisode, replay
from .metrics import AGAIN, COMMIT, ORACLE, by_key, value

HEADLINE = ("score", "success", "satisfaction_mean", "turns")
STRENGTHS = ("wish", "must, gives it up first", "must, gives it up late", "must, never gives it up")
"""What a slot is to the user, by `Goal.hard`."""


def write_chat_report(path: Path, episodes: list[ChatEpisode], rows: list[Row], command: str) -> None:
    """Write `summary.json` and `report.html` into the run folder `path`, see `page.write_page`."""
    write_page(path, "chat_report.html", rows, command, page_contents(episodes, rows))


def page_contents(episodes: Sequence[ChatEpisode], rows: Sequence[Row]) -> dict[str, Any]:
    """What the template shows, apart from the summary."""
    assistants = [name for name in dict.fromkeys(e.assistant for e in episodes) if not name.endswith(AGAIN)]
    users = list(dict.fromkeys(episode.user for episode in episodes))
    panels = users if len(users) == 1 else [POOLED, *users]
    blocks = definitions(metrics.__doc__)
    values = {(row.assistant, row.user, row.name): row for row in rows if not row.done}
    return {
        "slots": style_classes(assistants, COMMIT, ORACLE),
        "users": users,
        "goals": len({episode.number for episode in episodes}),
        "dialogues": len({(episode.user, episode.index) for episode in episodes}),
        "headline": [
            (name, {figure: values.get((name, panels[0], figure)) for figure in HEADLINE})
            for name in assistants
        ],
        "dot_charts": dot_charts([row for row in rows if row.name == "score"], panels),
        "tables": [table_cells([row for row in rows if not row.done], [POOLED, WORST, *users], HEADLINE)],
        "transcripts": [transcript(which, episode) for which, episode in chosen(episodes)],
        "definitions": blocks,
        "terms": terms(blocks),
    }


def chosen(episodes: Sequence[ChatEpisode]) -> list[tuple[str, ChatEpisode]]:
    """The best, the median and the worst dialogue of the assistant that is looked into, by its return less
    that of `commit`: the last one that tells what it thinks, or else the last that is no reference.
    """
    played = [name for name in dict.fromkeys(e.assistant for e in episodes) if not name.endswith(AGAIN)]
    tell = [name for name in played if any(e.thoughts for e in episodes if e.assistant == name)]
    rest = [name for name in played if name not in (COMMIT, ORACLE)]
    name = (tell or rest or played)[-1]
    base = by_key(episodes, COMMIT)
    own = [e for e in episodes if e.assistant == name]
    own.sort(
        key=lambda e: value(base[e.user, e.index]) - value(e) if (e.user, e.index) in base else -value(e)
    )
    names = ("best", "median", "worst") if len(own) > 2 else ("best", "worst")[: len(own)]
    places = np.linspace(0, len(own) - 1, len(names)).round().astype(int)
    return [(which, own[place]) for which, place in zip(names, places, strict=True)]


def transcript(which: str, episode: ChatEpisode) -> dict[str, Any]:
    """A dialogue for the template: what was wanted, and its turns."""
    return {
        "which": which,
        "episode": episode,
        "wishes": list(wishes(episode)),
        "turns": list(turns(episode)),
        "booked": _booked(episode),
    }


def wishes(episode: ChatEpisode) -> Iterator[tuple[str, str, float, str, bool]]:
    """(slot, ideal value, weight, what it is to the user, whether they know it) of what matters to the user,
    the weightiest first.
    """
    schema, goal = ChatConfig.make(**episode.config).schema, episode.goal
    weight = goal["weight"][0]
    for slot in np.argsort(-weight, kind="stable"):
        wanted = weight[slot] > 0 and goal["wanted"][0, slot // (len(weight) // goal["wanted"].shape[1])]
        if wanted:
            ideal = schema.attribute(int(slot)).values[goal["ideal"][0, slot]]
            what = STRENGTHS[goal["hard"][0, slot]]
            yield schema.slot_names[int(slot)], ideal, float(weight[slot]), what, bool(goal["knows"][0, slot])


def turns(episode: ChatEpisode) -> Iterator[dict[str, Any]]:
    """What was said, act by act, with what the assistant thought before its own."""
    acts = _acts(episode)
    for batch, speaker in replay(episode):
        clock = int(batch.state.clock[0])
        act = acts.act(speaker, int(batch.state.last[0, 1 - speaker]))
        thought = episode.thoughts[clock] if speaker == ASSISTANT and episode.thoughts else None
        course = {name: float(part[clock]) for name, part in episode.course.items()}
        yield {
            "speaker": SPEAKERS[speaker],
            "act": str(act),
            "text": say(acts, batch.state, 0, speaker, episode.index),
            "rating": int(batch.state.rating[0]) if speaker == USER else 0,
            "course": course,
            "thought": thought and _readable(thought, acts, episode),
            "expected": _expected(episode, clock, acts) if speaker == USER else None,
        }
    yield {
        "speaker": "end",
        "act": "",
        "text": OUTCOMES[batch.state.ended[0]],
        "thought": None,
        "expected": None,
    }


def _readable(thought: dict[str, Any], acts: Acts, episode: ChatEpisode) -> dict[str, Any]:
    """A thought with names for numbers, and whether its beliefs are right."""
    schema, ideal = acts.schema, episode.goal["ideal"][0]
    return {
        "belief": [
            (schema.slot_names[slot], schema.attribute(slot).values[v], chance, v == ideal[slot])
            for slot, v, chance in thought["belief"]
        ],
        "candidates": [
            (str(acts.act(ASSISTANT, act)), visits, q, prior)
            for act, visits, q, prior in thought["candidates"]
        ],
        "simulations": thought["simulations"],
        "value": thought["value"],
    }


def _expected(episode: ChatEpisode, clock: int, acts: Acts) -> dict[str, Any] | None:
    """What the assistant expected of the user's reply."""
    thought = episode.thoughts[clock] if episode.thoughts else None
    if not thought or "replies" not in thought:
        return None
    return {
        "replies": [(str(acts.act(USER, act)), chance) for act, chance in thought["replies"]],
        "rating": float(episode.course["rating"][clock]),
        "chance": float(episode.course["reply"][clock]),
    }


def _booked(episode: ChatEpisode) -> list[str]:
    """Names of what was booked."""
    for batch, _ in replay(episode):
        booked = batch.state.booked[0]
    return [item_name(_acts(episode), int(item)) for item in booked if item >= 0]


def _acts(episode: ChatEpisode) -> Acts:
    config = ChatConfig.make(**episode.config)
    return Acts(config.schema, config.items)
