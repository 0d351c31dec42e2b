"""Dialogues are exact records, paired by goal and users' randomness, and the figures are what they say."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from agents.assistants.chat import ChatContext, named
from agents.assistants.chat.model import ModelOptions
from agents.evaluation.chat import metrics, run
from agents.evaluation.chat.episode import ChatEpisode, config_record, replay
from agents.evaluation.chat.forecast import Forecaster
from agents.evaluation.chat.metrics import AGAIN, score_difference, summarise
from agents.evaluation.chat.play import Task, play
from agents.evaluation.chat.report import chosen, turns, wishes, write_chat_report
from agents.evaluation.chat.run import ChatRunOptions, personas, with_references
from agents.evaluation.page import definitions, terms
from agents.evaluation.record import read_records
from agents.evaluation.statistics import Row
from agents.users.chat import HELD_OUT, PRESETS, ChatUser
from envs.chat import ChatBatch, ChatConfig
from envs.chat import acts as A
from envs.chat.schema import Domain, Schema
from envs.chat.state import LEFT
from planners.options import SearchOptions

CONFIG = ChatConfig(items=8, horizon=16)
CONTEXT = ChatContext(
    search=SearchOptions(simulations=6, discount=1.0), model=ModelOptions(particles=6, rollouts=1)
)
USERS = ("realistic", "impatient")
ASSISTANTS = ("commit", "script", "planner", "oracle")


def played(assistant: str, user: str, task: Task) -> list[ChatEpisode]:
    """Records under the name that was asked for."""
    player = named(assistant.removesuffix(AGAIN), CONTEXT)
    episodes, _ = play(CONFIG, PRESETS[user], player, task, user)
    return [dataclasses.replace(episode, assistant=assistant) for episode in episodes]


@pytest.fixture(scope="module")
def episodes() -> list[ChatEpisode]:
    """Two goals with two dialogues each, for every assistant and persona; the planner plays twice."""
    task = Task((0, 1, 2, 3), seed=5, trials=2)
    found = [e for name in ASSISTANTS for user in USERS for e in played(name, user, task)]
    again = dataclasses.replace(task, again=True)
    return found + [e for user in USERS for e in played("planner" + AGAIN, user, again)]


@pytest.fixture(scope="module")
def rows(episodes: list[ChatEpisode]) -> list[Row]:
    return summarise(episodes)


def of(rows: list[Row], assistant: str, user: str = "pooled") -> dict[str, Row]:
    return {row.name: row for row in rows if (row.assistant, row.user) == (assistant, user)}


# --- records ------------------------------------------------------------------------------------------------


def test_records_come_back_from_json_as_they_were(episodes: list[ChatEpisode], tmp_path: Path) -> None:
    file = tmp_path / "episodes.jsonl"
    lines = [episode.to_json() for episode in episodes]
    file.write_text("\n".join(lines) + "\n" + lines[0][:50])
    for found, episode in zip(read_records(file, ChatEpisode), episodes, strict=True):
        assert (found.key, found.measures, found.thoughts) == (
            episode.key,
            episode.measures,
            episode.thoughts,
        )
        for name in ("goal", "catalogue", "course"):
            for part, array in getattr(episode, name).items():
                np.testing.assert_array_equal(getattr(found, name)[part], array)
        np.testing.assert_array_equal(found.log, episode.log)


def test_a_record_of_another_game_is_refused(episodes: list[ChatEpisode]) -> None:
    line = json.dumps(json.loads(episodes[0].to_json()) | {"game": "building"})
    with pytest.raises(ValueError, match="not an episode of the chat game with schema 1"):
        ChatEpisode.from_json(line)


def test_a_replay_ends_where_the_dialogue_ended(episodes: list[ChatEpisode]) -> None:
    for episode in episodes:
        *_, (batch, _) = replay(episode)
        assert batch.utility()[0] == pytest.approx(episode.measures["utility"])
        assert batch.state.cost[0] == pytest.approx(episode.measures["cost"])
        assert (batch.state.ended[0] == LEFT) == episode.measures["quit"]
        np.testing.assert_array_equal(batch.state.log[0, : len(episode.log)], episode.log)


def test_records_are_kept_of_the_game_that_can_be_found_again() -> None:
    attribute = CONFIG.schema.domains[0].attributes[0]
    other = Schema("other", (Domain("stay", (attribute,)),))
    with pytest.raises(ValueError, match="schema is 'other'"):
        config_record(ChatConfig(schema=other))


# --- pairing ------------------------------------------------------------------------------------------------


def test_all_assistants_meet_the_same_users_goals_and_catalogues(episodes: list[ChatEpisode]) -> None:
    first = {(e.user, e.index): e for e in episodes if e.assistant == "commit"}
    for episode in episodes:
        partner = first[episode.user, episode.index]
        for name in ("goal", "catalogue"):
            for part, array in getattr(episode, name).items():
                np.testing.assert_array_equal(array, getattr(partner, name)[part])
        assert episode.log[0].tolist() == partner.log[0].tolist(), "users open alike"


def test_trials_share_a_goal_and_personas_differ_in_nothing_else(episodes: list[ChatEpisode]) -> None:
    own = {(e.user, e.index): e.goal for e in episodes if e.assistant == "commit"}
    for part in own["realistic", 0]:
        np.testing.assert_array_equal(own["realistic", 0][part], own["realistic", 1][part])
        same = (own["realistic", 0][part] == own["impatient", 0][part]).all()
        assert same == (part != "persona"), part
    assert (own["realistic", 0]["ideal"] != own["realistic", 2]["ideal"]).any()


def test_what_is_played_together_does_not_matter() -> None:
    alone = played("planner", "realistic", Task((3,), seed=5, trials=2))[0]
    among = played("planner", "realistic", Task((1, 3), seed=5, trials=2))[1]
    np.testing.assert_array_equal(alone.log, among.log)


# --- figures ------------------------------------------------------------------------------------------------


def test_references_score_0_and_100(rows: list[Row]) -> None:
    for user in (*USERS, "pooled"):
        assert of(rows, "commit", user)["score"].interval.value == 0
        assert of(rows, "oracle", user)["score"].interval.value == pytest.approx(100)
        assert of(rows, "oracle", user)["regret"].interval.value == 0


def test_a_score_is_the_share_of_what_knowing_the_goal_gains(
    episodes: list[ChatEpisode], rows: list[Row]
) -> None:
    total = {name: sum(e.measures["return"] for e in episodes if e.assistant == name) for name in ASSISTANTS}
    expected = 100 * (total["script"] - total["commit"]) / (total["oracle"] - total["commit"])
    found = of(rows, "script")["score"].interval
    assert found.value == pytest.approx(expected)
    gap = score_difference(episodes, "planner", "script")
    assert gap.value == pytest.approx(of(rows, "planner")["score"].interval.value - found.value)
    with pytest.raises(ValueError, match="no dialogue was played by all of planner, flat"):
        score_difference(episodes, "planner", "flat")


def test_counts_are_those_of_the_transcript(episodes: list[ChatEpisode]) -> None:
    acts = A.Acts(CONFIG.schema, CONFIG.items)
    for episode in episodes:
        kinds = [acts.act(1, int(act)).kind for act in episode.log[1:, 0]]
        asked = sum(kind in ("ask_open", "ask", "confirm", "relax") for kind in kinds)
        measures = episode.measures
        assert measures["questions"] in (asked, asked - 1), "one may be cut off by the end"
        assert measures["useful"] + measures["redundant"] <= measures["questions"]
        tools = sum(kind in ("search", "check_stock", "hold", "book") for kind in kinds)
        assert (measures["tool_calls"], measures["acts"]) == (tools, len(kinds))
        ratings = episode.log[:, 2][episode.log[:, 2] > 0]
        if len(ratings):
            assert measures["rating_min"] == ratings.min()


def test_all_trials_have_to_succeed_for_pass_k(episodes: list[ChatEpisode]) -> None:
    won = [True, False, True, True]
    own = [
        dataclasses.replace(e, measures=e.measures | {"success": float(won[e.index])})
        for e in episodes
        if (e.assistant, e.user) == ("commit", "realistic")
    ]
    shares = {row.done: row.interval.value for row in summarise(own) if row.name == "pass_k"}
    assert shares == {"1": 75, "2": 50}


def test_worst_is_the_persona_with_the_lowest_return(rows: list[Row]) -> None:
    lowest = min(of(rows, "script", user)["return"].interval.value for user in USERS)
    assert of(rows, "script", "worst")["return"].interval.value == lowest


def test_the_noise_floor_compares_an_assistant_with_itself(
    episodes: list[ChatEpisode], rows: list[Row]
) -> None:
    floor = of(rows, "planner")["noise_floor"].interval
    assert floor.value == pytest.approx(score_difference(episodes, "planner" + AGAIN, "planner").value)
    assert floor.lo <= floor.value <= floor.hi
    assert not of(rows, "planner" + AGAIN)


def test_expectations_are_told_of_those_who_have_them(rows: list[Row]) -> None:
    told = {"planned", "realised", "reply_nll", "quit_expected", "quit_happened"}
    assert told <= of(rows, "planner").keys()
    assert not told & of(rows, "script").keys()


def test_what_is_realised_sums_to_the_return(episodes: list[ChatEpisode]) -> None:
    for episode in episodes:
        to_come = metrics._to_come(episode)
        assert to_come[0] == pytest.approx(episode.measures["return"], abs=1e-5)
        assert to_come[1] == pytest.approx(to_come[0] + episode.course["cost"][0], abs=1e-5)


def test_every_figure_has_its_definition(rows: list[Row]) -> None:
    assert {row.name for row in rows} <= terms(definitions(metrics.__doc__)).keys()


def test_a_forecast_under_certainty_is_the_users_own_distribution() -> None:
    batch, user = ChatBatch(3, CONFIG), ChatUser()
    task = Task((0, 1, 2), seed=1)
    task.start(batch, PRESETS["realistic"])
    user.reset(batch.rules, np.arange(3))
    batch.step(*user.act(batch.state, batch.latent.goal, batch.latent.mind))
    planner = named("policy", CONTEXT)
    planner.reset(CONFIG, np.arange(3))
    asks = A.encode(batch.rules.assistant, A.CLOSE + 1, np.flatnonzero(batch.state.wanted[0])[0], 0, 0)
    planner.act(batch.state)
    belief = planner.belief  # type: ignore[attr-defined]
    for part, true in ((belief.goals, batch.latent.goal), (belief.minds, batch.latent.mind)):
        for into, value in zip(part, true, strict=True):
            into[:] = value[:1]
    batch.step(np.full(3, asks))
    forecast = Forecaster(batch.acts)(belief, batch.state, 0)
    legal, chances = user.chances(batch.state, batch.latent.goal, batch.latent.mind, 0)
    np.testing.assert_allclose(forecast.replies[legal], chances, atol=1e-6)
    assert forecast.replies.sum() == pytest.approx(1)
    assert forecast.ratings.sum() == pytest.approx(1)
    assert 1 <= forecast.rating <= 5


# --- pages --------------------------------------------------------------------------------------------------


def test_the_page_stands_alone_and_shows_what_was_thought(
    tmp_path: Path, episodes: list[ChatEpisode], rows: list[Row]
) -> None:
    write_chat_report(tmp_path, episodes, rows, "python -m scripts.evaluate chat --out '<b>&'")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for word in ("http:", "https:", "@import", "<script", "<link", "url(", "<b>&"):
        assert word not in page
    for word in ("6 simulations", "believed to be wanted", "expected with chance", "Some dialogues"):
        assert word in page
    assert len(re.findall(r"<svg", page)) == 1 + len(USERS)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(summary["figures"]) == len(rows)


def test_transcripts_are_of_the_best_median_and_worst_dialogue(episodes: list[ChatEpisode]) -> None:
    found = chosen(episodes)
    assert [which for which, _ in found] == ["best", "median", "worst"]
    assert {episode.assistant for _, episode in found} == {"planner"}
    base = {(e.user, e.index): e.measures["return"] for e in episodes if e.assistant == "commit"}
    gains = [e.measures["return"] - base[e.user, e.index] for _, e in found]
    assert gains == sorted(gains, reverse=True)


def test_a_transcript_says_all_acts_and_what_came_before_them(episodes: list[ChatEpisode]) -> None:
    episode = next(e for e in episodes if e.assistant == "planner")
    said = list(turns(episode))
    own = [turn for turn in said if turn["speaker"] == "assistant"]
    assert len(own) == len(episode.log) - 1
    assert all(turn["thought"]["candidates"][0][1] > 0 for turn in own)
    assert said[0]["speaker"] == "user"
    assert any(turn["expected"] for turn in said if turn["speaker"] == "user")
    assert sum(weight for _, _, weight, _, _ in wishes(episode)) == pytest.approx(
        episode.goal["wanted"].sum(), abs=1e-3
    )


# --- runs ---------------------------------------------------------------------------------------------------


def test_names_of_personas_are_spelt_out() -> None:
    assert personas(["held_out", "confused", "easy"]) == (*HELD_OUT, "easy")
    assert personas(["all"]) == tuple(PRESETS)
    with pytest.raises(ValueError, match="user is 'esay'; choose from easy"):
        personas(["esay"])


def test_scores_always_have_their_references() -> None:
    assert with_references(["script"]) == ("commit", "script", "oracle")
    assert with_references(["oracle", "voi"], "voi") == ("commit", "voi", "voi" + AGAIN, "oracle")


def test_search_trees_are_kept_as_pages(tmp_path: Path) -> None:
    options = ChatRunOptions(("planner",), ("easy",), 1, 1, 4, 0, "", items=8, horizon=6, trees=2)
    (job,) = run.make_jobs(options, set(), 8, tmp_path)
    run.do_job(job)
    page = (tmp_path / "planner-easy-0.html").read_text()
    assert "act 2" in page


def test_jobs_that_went_to_another_process_play_the_same(tmp_path: Path) -> None:
    options = ChatRunOptions(("script",), ("easy",), 1, 1, 4, 0, "", items=8, horizon=6)
    (job,) = run.make_jobs(options, set(), 8, tmp_path)
    (own,), (other,) = run.do_job(job), run.do_job(pickle.loads(pickle.dumps(job)))
    np.testing.assert_array_equal(own.log, other.log)
