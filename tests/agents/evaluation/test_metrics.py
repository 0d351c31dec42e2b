"""Metrics are what their definitions say, on episodes whose values are computed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from agents.evaluation.calibration import Calibration, expected_calibration_error
from agents.evaluation.episode import Episode
from agents.evaluation.metrics import Row, edits_saved, goal_auc, ratio_interval, speedup, summarise
from agents.evaluation.statistics import mean_interval
from envs.building import BuildingBatch, BuildingConfig
from envs.building.world import start_blocks

PLANKS = 6
COUNTS = (
    "user_edits",
    "user_moves",
    "user_gain",
    "assistant_edits",
    "assistant_wrong_edits",
    "assistant_gain",
    "undone_edits",
    "decision_ms_p50",
    "decision_ms_p95",
)


def made(
    assistant: str,
    curve: Sequence[float],
    edits: Sequence[int],
    *,
    user: str = "plain",
    house: str = "a",
    index: int = 0,
    horizon: int = 4,
    **measures: float,
) -> Episode:
    """An episode with this share of the goal and these edits of the user after each step."""
    goal = start_blocks((6, 6, 6))
    return Episode(
        assistant,
        user,
        house,
        index,
        seed=0,
        config=BuildingConfig(size=(6, 6, 6), horizon=horizon).as_dict(),
        goal=goal,
        actions=np.zeros((len(curve) - 1, 2, 3), np.int16),
        goal_fraction=np.array(curve, np.float32),
        user_edits=np.array(edits, np.int16),
        measures=dict.fromkeys(COUNTS, 0.0) | {"user_edits": float(edits[-1])} | measures,
    )


ALONE = made("none", [0, 0.1, 0.2, 0.3, 0.4], [0, 2, 4, 7, 10])


@pytest.mark.parametrize(
    ("curve", "edits", "saved", "faster"),
    [
        ([0, 0.2, 0.4, 0.6, 0.8], [0, 1, 3, 4, 5], 1 - 3 / 10, 4 / 2 - 1),
        ([0, 0.1, 0.2, 0.3, 0.4], [0, 2, 4, 7, 10], 0, 0),
        ([0, 0.5], [0, 0], 1, 3),
        ([0, 0, 0, 0.1, 0.4], [0, 5, 10, 15, 20], -1, 0),
        ([0, 0.1, 0.2, 0.3, 0.39], [0, 0, 0, 0, 0], 0, 0),
    ],
    ids=["helped", "no effect", "done by the assistant", "harmed", "never reached"],
)
def test_edits_saved_and_speedup_at_the_level_reached_alone(
    curve: list[float], edits: list[int], saved: float, faster: float
) -> None:
    episode = made("greedy", curve, edits)
    assert edits_saved(episode, ALONE) == pytest.approx(saved)
    assert speedup(episode, ALONE) == pytest.approx(faster)


def test_a_user_who_did_nothing_alone_saves_nothing() -> None:
    idle = made("none", [0, 0, 0, 0, 0], [0, 0, 0, 0, 0])
    assert edits_saved(made("greedy", [0, 0.5], [0, 3]), idle) == 0
    assert speedup(made("greedy", [0, 0.5], [0, 3]), idle) == 0


def test_auc_stays_at_the_last_value_after_the_end() -> None:
    assert goal_auc(made("none", [0, 0.5, 1.0], [0, 1, 2])) == pytest.approx(100 * (0.5 + 3 * 1.0) / 4)


def rows_of(episodes: list[Episode]) -> dict[tuple[str, str, str], Row]:
    return {(row.name, row.assistant, row.user + row.done): row for row in summarise(episodes)}


def test_harm_counts_ties_half_within_house_and_user() -> None:
    def ending(assistant: str, end: float, house: str, index: int, user: str = "plain") -> Episode:
        return made(assistant, [0, end, end, end, end], [0, 1, 1, 1, 1], house=house, index=index, user=user)

    alone = [ending("none", 0.5, "a", 0), ending("none", 0.6, "a", 1), ending("none", 0.9, "b", 2)]
    helped = [ending("greedy", 0.5, "a", 0), ending("greedy", 0.7, "a", 1), ending("greedy", 0.8, "b", 2)]
    rows = rows_of(alone + helped)
    harm = rows["harm_rate", "greedy", "plain"].interval
    # 0.5 against (0.5, 0.6): a tie and a loss, 75 %; 0.7: 0 %; 0.8 against 0.9: 100 %.
    assert harm.value == pytest.approx((75 + 0 + 100) / 3)
    assert (harm.lo, harm.hi, harm.n) == (pytest.approx(37.5), pytest.approx(100), 3)
    assert rows["harm_no_effect", "greedy", "plain"].interval.value == pytest.approx(50)


def test_ratios_are_of_sums_with_intervals_over_houses() -> None:
    top, bottom = np.array([1.0, 0.0, 3.0]), np.array([1.0, 1.0, 2.0])
    ratio = ratio_interval(top, bottom, np.array(["a", "a", "b"]))
    assert (ratio.value, ratio.n) == (1.0, 3)
    # Two houses can be drawn as (a, a): 2 / 4, (a, b): 4 / 4, or (b, b): 6 / 4.
    assert (ratio.lo, ratio.hi) == (0.5, 1.5)
    # Of (a, a), (a, b), (b, b) the last has no ratio.
    partly = ratio_interval(np.array([1.0, 1.0]), np.array([2.0, 0.0]), np.array(["a", "b"]))
    assert (partly.value, partly.lo, partly.hi) == (1.0, 0.5, 1.0)
    one = ratio_interval(top, bottom, np.array(["a", "a", "a"]))
    assert (one.value, one.lo, one.hi) == (1.0, -np.inf, np.inf)
    assert np.isnan(ratio_interval(top, np.zeros(3), np.array(["a", "a", "b"])).value)


def test_rates_of_the_assistant() -> None:
    helped = made(
        "greedy",
        [0, 0.5],
        [0, 1],
        assistant_edits=8,
        assistant_wrong_edits=2,
        undone_edits=1,
        assistant_gain=3,
        user_gain=9,
        decision_ms_p95=7,
    )
    rows = rows_of([ALONE, helped])
    for name, value in (
        ("wrong_edit_rate", 25),
        ("undo_rate", 12.5),
        ("assistant_share", 25),
        ("decision_ms_p95", 7),
    ):
        assert rows[name, "greedy", "plain"].interval.value == pytest.approx(value)
    assert ("wrong_edit_rate", "none", "plain") not in rows


def test_normalised_help_is_0_alone_and_1_for_the_oracle() -> None:
    def with_auc(assistant: str, auc: float, index: int) -> Episode:
        return made(assistant, [0, auc, auc, auc, auc], [0, 1, 1, 1, 1], index=index, house=str(index))

    episodes = [with_auc("none", 0.2, 0), with_auc("oracle", 0.8, 0), with_auc("greedy", 0.5, 0)]
    episodes += [with_auc("none", 0.4, 1), with_auc("oracle", 0.8, 1), with_auc("greedy", 0.3, 1)]
    rows = rows_of(episodes)
    assert rows["normalised_help", "greedy", "plain"].interval.value == pytest.approx(
        (0.3 - 0.1) / (0.6 + 0.4)
    )
    assert ("normalised_help", "oracle", "plain") not in rows


def test_pooled_rows_are_over_all_users_and_worst_is_the_least() -> None:
    episodes = []
    for user, end in (("plain", 0.8), ("slow", 0.4)):
        episodes.append(made("none", [0, 0.2, 0.2, 0.2, 0.2], [0, 4, 4, 4, 4], user=user))
        episodes.append(made("greedy", [0, end, end, end, end], [0, 1, 1, 1, 1], user=user))
    rows = rows_of(episodes)
    assert rows["goal_percent", "greedy", "pooled"].interval.value == pytest.approx(60)
    assert rows["goal_percent", "greedy", "pooled"].interval.n == 2
    assert rows["goal_percent", "greedy", "worst"].interval.value == pytest.approx(40)
    assert rows["user_edits_saved", "greedy", "worst"].interval.value == pytest.approx(75)
    only = rows_of([episode for episode in episodes if episode.user == "plain"])
    assert not [key for key in only if key[2] in ("pooled", "worst")]


def test_without_all_partners_there_is_no_pairing() -> None:
    rows = rows_of([ALONE, made("greedy", [0, 0.5], [0, 1]), made("greedy", [0, 0.5], [0, 1], index=1)])
    assert ("goal_percent", "greedy", "plain") in rows
    assert ("user_edits_saved", "greedy", "plain") not in rows


# --- intervals ----------------------------------------------------------------------------------------------


def test_intervals_over_houses_cover_the_mean() -> None:
    """200 samples of 25 houses with 4 episodes each: 88 to 99 % cover; with independent episodes, not 80."""
    rng = np.random.default_rng(0)
    houses = np.repeat(np.arange(25), 4)
    by_house = by_episode = 0
    for _ in range(200):
        values = 3.0 + rng.normal(size=25)[houses] + 0.5 * rng.normal(size=100)
        interval = mean_interval(values, houses)
        by_house += interval.lo <= 3.0 <= interval.hi
        interval = mean_interval(values, np.arange(100))
        by_episode += interval.lo <= 3.0 <= interval.hi
    assert 176 <= by_house <= 198
    assert by_episode < 160


def test_missing_values_are_left_out_and_one_house_says_nothing_of_others() -> None:
    found = mean_interval(np.array([1.0, np.nan, 3.0]), np.array(["a", "a", "b"]))
    assert (found.value, found.n) == (2.0, 2)
    assert (found.lo, found.hi) == (1.0, 3.0)
    single = mean_interval(np.array([1.0, 3.0]), np.array(["a", "a"]))
    assert (single.value, single.lo, single.hi) == (2.0, -np.inf, np.inf)
    none = mean_interval(np.array([np.nan]), np.array(["a"]))
    assert none.n == 0
    assert np.isnan(none.value)


# --- calibration --------------------------------------------------------------------------------------------


def test_calibration_error_tells_honest_from_over_confident() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1.0, 20_000)
    luck = rng.uniform(size=20_000)
    assert expected_calibration_error(confidence, luck < confidence) < 0.02
    assert expected_calibration_error(confidence, luck < confidence - 0.2) == pytest.approx(0.2, abs=0.02)
    assert expected_calibration_error(np.array([1.0, 1.0]), np.array([True, False])) == 0.5


def calibrated(marginals: Callable[[np.ndarray], np.ndarray]) -> dict[str, float]:
    """200 samples of 25 houses with 4 episodes each: 88 to 99 % cover; as independent episodes below 80."""
    config = BuildingConfig(size=(6, 6, 6))
    goal = start_blocks(config.size)
    goal[1, 2, 1:5] = PLANKS
    blocks = start_blocks(config.size)
    blocks[1, 2, 1] = PLANKS
    batch = BuildingBatch(1, config)
    batch.reset(goal[None])
    calibration = Calibration(batch)
    calibration.observe(marginals(goal.reshape(-1))[None], np.ones(1, bool))
    assert calibration.measures(0) == {}, "nothing is done yet"
    batch.state.blocks[0] = blocks.reshape(-1)
    batch.latent.similarity[0] += 1
    batch.state.touched[0, np.ravel_multi_index((1, 2, 1), config.size)] = 1
    calibration.observe(marginals(goal.reshape(-1))[None], np.ones(1, bool))
    return calibration.measures(0)


def test_scores_of_posteriors_that_are_known() -> None:
    def certain(goal: np.ndarray) -> np.ndarray:
        return np.eye(10, dtype=np.float32)[goal]

    def ignorant(goal: np.ndarray) -> np.ndarray:
        return np.full((len(goal), 10), 0.1, np.float32)

    def wrong_where_touched(goal: np.ndarray) -> np.ndarray:
        marginals = certain(goal)
        marginals[np.ravel_multi_index((1, 2, 1), (6, 6, 6))] = np.eye(10)[3]
        marginals[:36] = np.eye(10)[3]  # x = 0 is outside the box of goals
        return marginals

    assert calibrated(certain) == pytest.approx({"nll_25": 0, "brier_25": 0, "ece_25": 0}, abs=1e-6)
    uniform = calibrated(ignorant)
    assert uniform["nll_25"] == pytest.approx(np.log(10), abs=1e-5)
    assert uniform["brier_25"] == pytest.approx(0.9, abs=1e-5)
    assert calibrated(wrong_where_touched) == pytest.approx(calibrated(certain), abs=1e-6)
