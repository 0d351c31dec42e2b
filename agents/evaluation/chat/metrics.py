"""Metrics of the chat game, defined in one place.

A dialogue is paired with those of `commit`, which books at once, and of the `oracle`, which knows the goal,
with the same goal, catalogue, persona and randomness of the user.

| metric | definition |
|---|---|
| score | 100 (return - commit) / (oracle - commit): 0 booking at once, 100 goal known |
| utility | utility of what was booked over the best there was, 0..1 |
| return | utility less the costs of turns, words and tools: the game's reward |
| regret | return of the oracle less the own |
| success | all that was wanted is booked, at 0.8 or more of the best utility, in % |
| pass_k | all of the k dialogues about one goal are a success, in % of goals (label `k`) |
| violations | hard constraints that booked items break |
| quits | dialogues that the user left, in % |
| turns, acts, user_words | replies of the user; acts of the assistant, tool calls included; words said |
| questions | open questions, questions for a slot, confirmations, pleas to do without |
| useful | questions that brought to light something about a slot that matters to the user |
| redundant | questions that brought nothing to light |
| satisfaction_mean, satisfaction_last, satisfaction_min | what the user feels, 0..1, over their replies |
| rating_mean, rating_last, rating_min | the ratings they gave, 1..5, of dialogues that have some |
| tool_calls, tool_errors | tool calls; empty searches, and holds and bookings that failed |
| rating_expected, rating_given | means over ratings: expected before, and given |
| rating_mae | mean distance of the two |
| low_ece | calibration error of the chance of a rating of 2 or less |
| quit_expected, quit_happened | mean chance of leaving, and how often it happened, per 100 replies |
| reply_nll | minus log of the chance given to the reply's kind, in nats |
| planned, realised | mean value planned at decisions, and what came of them: utility gained less costs |
| decision_ms_p50, decision_ms_p95 | time per decision of the assistant |
| noise_floor | score of the same assistant with other randomness of its own, less its score |

The last seven before the times are of assistants that tell what they expect or plan. Scores are ratios of
sums. Intervals are 95 % bootstrap over goals. `pooled` is over all personas, `worst` the persona with the
lowest return.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from ..calibration import expected_calibration_error
from ..statistics import PERCENT, Interval, Row, mean_interval, ratio_interval
from .episode import ChatEpisode
from .forecast import LOW

COMMIT, ORACLE = "commit", "oracle"
POOLED, WORST = "pooled", "worst"
AGAIN = "#2"
"""Ends the name of an assistant that plays a second time, with other randomness of its own."""
COUNTS = (
    "violations", "turns", "acts", "user_words", "questions", "useful", "redundant", "satisfaction_mean",
    "satisfaction_last", "satisfaction_min", "rating_mean", "rating_last", "rating_min", "tool_calls",
    "tool_errors",
)  # fmt: skip

Group = dict[tuple[str, str], list[ChatEpisode]]
Key = tuple[str, int]


def summarise(episodes: Sequence[ChatEpisode]) -> list[Row]:
    """All metrics of all assistants: per persona, pooled, and the main ones of the worst persona."""
    groups = grouped(episodes)
    assistants = list(dict.fromkeys(name for name, _ in groups if not name.endswith(AGAIN)))
    users = list(dict.fromkeys(user for _, user in groups))
    base, best = by_key(episodes, COMMIT), by_key(episodes, ORACLE)
    rows = []
    for assistant in assistants:
        per_user = {
            user: _rows(assistant, user, groups[assistant, user], base, best)
            for user in users
            if (assistant, user) in groups
        }
        together = [episode for user in per_user for episode in groups[assistant, user]]
        for found in per_user.values():
            rows += found
        if len(per_user) > 1:
            rows += _rows(assistant, POOLED, together, base, best) + _worst(assistant, per_user)
        if again := by_key(episodes, assistant + AGAIN):
            rows.append(_noise_floor(assistant, POOLED, together, again, base, best))
    return rows


def grouped(episodes: Sequence[ChatEpisode]) -> Group:
    """Episodes by assistant and user, in the order in which they come."""
    groups: Group = defaultdict(list)
    for episode in episodes:
        groups[episode.assistant, episode.user].append(episode)
    return groups


def by_key(episodes: Iterable[ChatEpisode], assistant: str) -> dict[Key, ChatEpisode]:
    """An assistant's episodes by user and index."""
    return {(e.user, e.index): e for e in episodes if e.assistant == assistant}


def score_difference(episodes: Sequence[ChatEpisode], a: str, b: str) -> Interval:
    """The score of assistant a less that of b, over the dialogues that both have played, in points.

    ValueError when they share none with `commit` and `oracle`.
    """
    played = [by_key(episodes, name) for name in (a, b, COMMIT, ORACLE)]
    keys = [key for key in played[0] if all(key in other for other in played[1:])]
    if not keys:
        raise ValueError(f"no dialogue was played by all of {a}, {b}, {COMMIT} and {ORACLE}")
    one, other, base, best = (np.array([value(group[key]) for key in keys]) for group in played)
    goals = np.array([played[0][key].number for key in keys])
    return ratio_interval(100 * (one - other), best - base, goals)


def value(episode: ChatEpisode) -> float:
    """The return of a dialogue."""
    return episode.measures["return"]


def _worst(assistant: str, per_user: dict[str, list[Row]]) -> list[Row]:
    """The persona with the lowest return."""
    returns = {u: r.interval.value for u, rows in per_user.items() for r in rows if r.name == "return"}
    user = min(returns, key=lambda name: returns[name])
    shown = ("score", "utility", "return", "success", "quits")
    return [
        Row(row.name, row.interval, row.unit, assistant, WORST, row.done)
        for row in per_user[user]
        if row.name in shown
    ]


def _noise_floor(
    assistant: str,
    user: str,
    episodes: list[ChatEpisode],
    again: dict[Key, ChatEpisode],
    base: dict[Key, ChatEpisode],
    best: dict[Key, ChatEpisode],
) -> Row:
    pairs = [(e, again[e.user, e.index]) for e in episodes if (e.user, e.index) in again]
    change = np.array([value(second) - value(first) for first, second in pairs])
    room = np.array([value(best[e.user, e.index]) - value(base[e.user, e.index]) for e, _ in pairs])
    goals = np.array([e.number for e, _ in pairs])
    return Row("noise_floor", ratio_interval(100 * change, room, goals), "", assistant, user)


def _rows(
    assistant: str,
    user: str,
    episodes: list[ChatEpisode],
    base: dict[Key, ChatEpisode],
    best: dict[Key, ChatEpisode],
) -> list[Row]:
    goals = np.array([e.number for e in episodes])

    def mean(name: str, values: Iterable[float], unit: str = "", done: str = "") -> Row:
        return Row(name, mean_interval(np.array(list(values)), goals), unit, assistant, user, done)

    def measured(name: str) -> list[float]:
        return [e.measures.get(name, np.nan) for e in episodes]

    rows = []
    keys = [(e.user, e.index) for e in episodes]
    if all(key in base and key in best for key in keys):
        room = np.array([value(best[key]) - value(base[key]) for key in keys])
        gain = np.array([value(e) - value(base[key]) for e, key in zip(episodes, keys, strict=True)])
        rows.append(Row("score", ratio_interval(100 * gain, room, goals), "", assistant, user))
        regret = [value(best[key]) - value(e) for e, key in zip(episodes, keys, strict=True)]
        rows.append(mean("regret", regret))
    rows += [
        mean("utility", measured("utility")),
        mean("return", measured("return")),
        mean("success", 100 * np.array(measured("success")), PERCENT),
        mean("quits", 100 * np.array(measured("quit")), PERCENT),
        *_pass(assistant, user, episodes),
        *(mean(name, measured(name)) for name in COUNTS),
    ]
    milliseconds = np.concatenate([e.course["milliseconds"][1:] for e in episodes])
    for share in (50, 95):
        time = Interval(float(np.nanpercentile(milliseconds, share)), -np.inf, np.inf, len(milliseconds))
        rows.append(Row(f"decision_ms_p{share}", time, "ms", assistant, user))
    return rows + _expectations(assistant, user, episodes)


def _pass(assistant: str, user: str, episodes: list[ChatEpisode]) -> list[Row]:
    """Shares of goals of which k dialogues drawn from those played are all a success, for every k."""
    trials: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for episode in episodes:
        trials[episode.user, episode.number].append(bool(episode.measures["success"]))
    goals = np.array([number for _, number in trials])
    rows = []
    for k in range(1, min(len(won) for won in trials.values()) + 1):
        # All k of the c successes among n, over all k of n: the estimate without bias.
        shares = [
            100 * float(np.prod([max(sum(won) - i, 0) / (len(won) - i) for i in range(k)]))
            for won in trials.values()
        ]
        found = mean_interval(np.array(shares), goals)
        rows.append(Row("pass_k", found, PERCENT, assistant, user, str(k)))
    return rows


def _expectations(assistant: str, user: str, episodes: list[ChatEpisode]) -> list[Row]:
    """What was expected against what came, over all replies of all dialogues."""
    course = {name: np.concatenate([e.course[name] for e in episodes]) for name in episodes[0].course}
    goals = np.concatenate([np.full(len(e.log), e.number) for e in episodes])
    given = np.concatenate([e.log[:, 2] for e in episodes])
    left = np.concatenate([_left(e) for e in episodes])
    realised = np.concatenate([_to_come(e) for e in episodes])
    rows = []

    def add(name: str, values: np.ndarray, where: np.ndarray, unit: str = "") -> None:
        rows.append(Row(name, mean_interval(values[where], goals[where]), unit, assistant, user))

    told = ~np.isnan(course["rating"])
    rated = told & (given > 0)
    if rated.any():
        add("rating_expected", course["rating"], rated)
        add("rating_given", given, rated)
        add("rating_mae", np.abs(course["rating"] - given), rated)
        ece = expected_calibration_error(course["low"][rated], given[rated] <= LOW)
        rows.append(Row("low_ece", Interval(ece, -np.inf, np.inf, int(rated.sum())), "", assistant, user))
    if told.any():
        add("quit_expected", 100 * course["quit"], told, PERCENT)
        add("quit_happened", 100 * left, told, PERCENT)
        add("reply_nll", -np.log(np.maximum(course["reply"], 1e-6)), told)
    planned = ~np.isnan(course["planned"])
    if planned.any():
        add("planned", course["planned"], planned)
        add("realised", realised, planned)
    return rows


def _left(episode: ChatEpisode) -> np.ndarray:
    """(T + 1,) 1 where the user left."""
    left = np.zeros(len(episode.log))
    left[-1] = episode.measures["quit"]
    return left


def _to_come(episode: ChatEpisode) -> np.ndarray:
    """(T + 1,) utility gained from each act on, less the costs from it on."""
    earned = episode.course["utility"] - episode.course["cost"]
    return np.concatenate([[earned[-1]], earned[-1] - earned[:-1]])
