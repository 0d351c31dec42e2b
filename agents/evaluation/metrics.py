"""Metrics of the building game, defined in one place.

An episode with help is paired with the episode of the same user, goal and seed without help ("alone",
assistant `none`), and with the oracle's where that was run. L is the share of the goal that the user alone
has at the horizon.

| metric | definition |
|---|---|
| goal_percent | share of the goal done, (S - S0) / (cells - S0), S the sum of cell similarities |
| goal_auc | mean of that share over the horizon's steps, in %; constant after the end |
| user_edits, user_moves | places and breaks, moves of the user |
| user_edits_saved | 1 - (user's edits until L with help) / (alone); 0 where L is never reached |
| assistant_share | assistant's net change of similarity / that of both players |
| speedup | (steps until L alone) / (with help) - 1; 0 where L is never reached |
| wrong_edit_rate | share of the assistant's edits that lower the similarity |
| predicted_gain | mean of 2 P - 1 over the assistant's edits, P its own probability of being right |
| realised_gain | the same in truth: the assistant's net change of similarity per edit |
| undo_rate | edits of the user on cells that the assistant changed last, per edit of the assistant |
| harm_rate | chance of ending below an unhelped episode of the same house and user, ties half |
| harm_no_effect | the same of the unhelped episodes among themselves: what no effect gives |
| normalised_help | (goal_auc - alone) / (oracle - alone): 0 no help, 1 goal known, negative harm |
| goal_nll, goal_brier, goal_ece | goal posterior on untouched cells, at 25, 50, 75 % done (label `done`) |
| decision_ms_p50, decision_ms_p95 | time per decision of the assistant |

Ratios (assistant_share, wrong_edit_rate, undo_rate, both gains, normalised_help) are taken of sums over a
house's episodes. Intervals are 95 % bootstrap over houses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .episode import Episode
from .statistics import PERCENT, Row, mean_interval, ratio_interval

ALONE, ORACLE = "none", "oracle"


def summarise(episodes: Sequence[Episode]) -> list[Row]:
    """All metrics of all assistants, per user type, then pooled, then the worst type's goal_percent and
    user_edits_saved.
    """
    groups: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        groups[episode.assistant, episode.user].append(episode)
    assistants = list(dict.fromkeys(assistant for assistant, _ in groups))
    users = list(dict.fromkeys(user for _, user in groups))
    rows = []
    for assistant in assistants:
        mine = [user for user in users if (assistant, user) in groups]
        per_user = {user: _rows(assistant, user, groups[assistant, user], episodes) for user in mine}
        for user in mine:
            rows += per_user[user]
        if len(mine) > 1:
            together = [episode for user in mine for episode in groups[assistant, user]]
            rows += _rows(assistant, "pooled", together, episodes)
            rows += _worst(assistant, per_user)
    return rows


def _worst(assistant: str, per_user: dict[str, list[Row]]) -> list[Row]:
    worst = []
    for name in ("goal_percent", "user_edits_saved"):
        found = [row for rows in per_user.values() for row in rows if row.name == name]
        if found:
            least = min(found, key=lambda row: row.interval.value)
            worst.append(Row(name, least.interval, least.unit, assistant, "worst"))
    return worst


def _rows(assistant: str, user: str, episodes: list[Episode], everything: Sequence[Episode]) -> list[Row]:
    alone = {(e.user, e.index): e for e in everything if e.assistant == ALONE}
    oracle = {(e.user, e.index): e for e in everything if e.assistant == ORACLE}
    pairs = [(e, alone.get((e.user, e.index))) for e in episodes]
    houses = np.array([e.house for e in episodes])

    def mean(name: str, values: Iterable[float], unit: str = "", done: str = "") -> Row:
        return Row(name, mean_interval(np.array(list(values)), houses), unit, assistant, user, done)

    def ratio(name: str, top: Callable[[Episode], float], bottom: Callable[[Episode], float]) -> Row:
        interval = ratio_interval(
            np.array([top(e) for e in episodes]), np.array([bottom(e) for e in episodes]), houses
        )
        return Row(name, interval, PERCENT, assistant, user)

    def measure(name: str) -> Callable[[Episode], float]:
        return lambda e: 100 * e.measures[name]

    rows = [
        mean("goal_percent", (100 * e.goal_fraction[-1] for e in episodes), PERCENT),
        mean("goal_auc", (goal_auc(e) for e in episodes), PERCENT),
        mean("user_edits", (e.measures["user_edits"] for e in episodes)),
        mean("user_moves", (e.measures["user_moves"] for e in episodes)),
    ]
    if all(base is not None for _, base in pairs):
        rows += [
            mean("user_edits_saved", (100 * edits_saved(e, base) for e, base in pairs if base), PERCENT),
            mean("speedup", (speedup(e, base) for e, base in pairs if base)),
            *_harm(assistant, user, episodes, list(alone.values())),
        ]
    if assistant != ALONE:
        edits = lambda e: e.measures["assistant_edits"]  # noqa: E731
        calibration: list[Row] = []
        if any(e.measures.get("assistant_predicted_gain") for e in episodes):
            calibration = [
                ratio("predicted_gain", measure("assistant_predicted_gain"), edits),
                ratio("realised_gain", measure("assistant_gain"), edits),
            ]
        rows += [
            ratio(
                "assistant_share",
                measure("assistant_gain"),
                lambda e: e.measures["assistant_gain"] + e.measures["user_gain"],
            ),
            ratio("wrong_edit_rate", measure("assistant_wrong_edits"), edits),
            ratio("undo_rate", measure("undone_edits"), edits),
            *calibration,
            mean("decision_ms_p50", (e.measures["decision_ms_p50"] for e in episodes), "ms"),
            mean("decision_ms_p95", (e.measures["decision_ms_p95"] for e in episodes), "ms"),
        ]
    if all(
        (e.user, e.index) in alone and (e.user, e.index) in oracle for e in episodes
    ) and assistant not in (ALONE, ORACLE):
        helped = np.array([goal_auc(e) - goal_auc(alone[e.user, e.index]) for e in episodes])
        room = np.array(
            [goal_auc(oracle[e.user, e.index]) - goal_auc(alone[e.user, e.index]) for e in episodes]
        )
        rows.append(Row("normalised_help", ratio_interval(helped, room, houses), "", assistant, user))
    for done in ("25", "50", "75"):
        for score in ("nll", "brier", "ece"):
            values = [e.measures.get(f"{score}_{done}", np.nan) for e in episodes]
            if not np.isnan(values).all():
                rows.append(mean(f"goal_{score}", values, done=done))
    return rows


def goal_auc(episode: Episode) -> float:
    """Mean share of the goal over the horizon's steps, in %."""
    horizon = episode.config["horizon"]
    curve = episode.goal_fraction[1:]
    return float(100 * (curve.sum() + (horizon - len(curve)) * curve[-1]) / horizon)


def edits_saved(episode: Episode, alone: Episode) -> float:
    """Share of the user's edits saved at the goal level that the user alone reaches by the horizon; 0 where
    it is never reached.
    """
    needed, needed_alone = _first_reached(episode, alone), _first_reached(alone, alone)
    if needed is None or needed_alone is None or alone.user_edits[needed_alone] == 0:
        return 0.0
    return 1.0 - float(episode.user_edits[needed]) / float(alone.user_edits[needed_alone])


def speedup(episode: Episode, alone: Episode) -> float:
    """How much sooner that level is reached: steps alone / with help - 1; 0 where it never is."""
    needed, needed_alone = _first_reached(episode, alone), _first_reached(alone, alone)
    if not needed or needed_alone is None:
        return 0.0
    return needed_alone / needed - 1.0


def _first_reached(episode: Episode, alone: Episode) -> int | None:
    """The first step at which an episode has done what the user alone has done in the end."""
    reached = np.flatnonzero(episode.goal_fraction >= alone.goal_fraction[-1] - 1e-6)
    return int(reached[0]) if len(reached) else None


def _harm(assistant: str, user: str, episodes: list[Episode], alone: list[Episode]) -> list[Row]:
    """Chance of ending below an unhelped episode of the same house and user, and its value without any
    effect.
    """
    ends: dict[tuple[str, str], list[float]] = defaultdict(list)
    for episode in alone:
        ends[episode.user, episode.house].append(float(episode.goal_fraction[-1]))
    houses = np.array([e.house for e in episodes])

    def chance(end: float, others: list[float]) -> float:
        below = [0.5 if abs(end - other) < 1e-6 else float(end < other) for other in others]
        return 100 * float(np.mean(below))

    harm = [chance(float(e.goal_fraction[-1]), ends[e.user, e.house]) for e in episodes]
    null = [np.mean([chance(end, ends[e.user, e.house]) for end in ends[e.user, e.house]]) for e in episodes]
    return [
        Row("harm_rate", mean_interval(np.array(harm), houses), PERCENT, assistant, user),
        Row("harm_no_effect", mean_interval(np.array(null), houses), PERCENT, assistant, user),
    ]
