"""The page and the summary of a run say what the episodes and rows say, and the page stands alone."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agents.assistants import AssistantContext, make_assistant
from agents.assistants.library import BeliefOptions
from agents.evaluation import metrics
from agents.evaluation.episode import Episode, replay
from agents.evaluation.metrics import Row, goal_auc, summarise
from agents.evaluation.page import Axis, definitions, interval_text, number, spread
from agents.evaluation.play import Task, play
from agents.evaluation.report import curve_charts, pictures, write_report
from agents.evaluation.statistics import mean_curve, mean_interval
from agents.users import make_user
from envs.building import BuildingConfig
from envs.building.goals import Goals
from envs.building.render import isometric
from planners.options import SearchOptions

ASSISTANTS = ("none", "copy_neighbour", "oracle")
USERS = ("bottom_up", "outline_first")
COMMAND = "python -m scripts.evaluate building --out 'runs/<b>&'"


@pytest.fixture(scope="module")
def episodes(small: BuildingConfig, huts: Goals) -> list[Episode]:
    """Three houses for every assistant with every user."""
    context = AssistantContext(huts.blocks, SearchOptions(), BeliefOptions())
    task = Task(huts.blocks[:3], huts.houses[:3], (0, 1, 2), 0)
    played = [
        play(small, make_user(user), make_assistant(assistant, context), task)
        for assistant in ASSISTANTS
        for user in USERS
    ]
    return [episode for group in played for episode in group]


@pytest.fixture(scope="module")
def rows(episodes: list[Episode]) -> list[Row]:
    return summarise(episodes)


@pytest.fixture(scope="module")
def folder(episodes: list[Episode], rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    (path / "config.json").write_text(json.dumps({"goals": "my_houses", "known_library": False}))
    write_report(path, episodes, rows, COMMAND)
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_summary_holds_every_row_as_a_figure(folder: Path, rows: list[Row]) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["schema"], summary["command"]) == (1, COMMAND)
    assert len(summary["figures"]) == len(rows)
    for figure, row in zip(summary["figures"], rows, strict=True):
        assert (figure["name"], figure["unit"], figure["n"]) == (row.name, row.unit, row.interval.n)
        done = {"done": row.done} if row.done else {}
        labels = {"assistant": row.assistant, "user": row.user, "goals": "my_houses"}
        assert figure["labels"] == labels | done
        for key, end in zip(("value", "lo", "hi"), row.interval[:3], strict=True):
            assert figure[key] == (end if np.isfinite(end) else None)


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    assert "default-src 'none'" in page
    for word in ("http:", "https:", "//", "@import", "<script", "<link", "url("):
        assert word not in re.sub(r'src="data:image/png;base64,[^"]*"', "", page)
    assert len(page) < 1_000_000


def test_the_command_is_shown_as_text(page: str) -> None:
    assert "runs/&lt;b&gt;&amp;" in page
    assert "<b>&" not in page


def test_the_tables_hold_every_row_with_its_interval(page: str, rows: list[Row]) -> None:
    cells = re.findall(r"<td>([^<]*)<small>([^<]*)</small></td>", page)
    assert sorted(cells) == sorted((number(row.interval.value), interval_text(row.interval)) for row in rows)
    assert "goal nll at 25 %" in page


def test_every_figure_has_its_definition_at_the_foot(page: str, rows: list[Row]) -> None:
    table = next(block["rows"] for block in definitions(metrics.__doc__) if "rows" in block)
    defined = {name for names, _ in table[1:] for name in names.split(", ")}
    assert {row.name for row in rows} <= defined
    assert all(f"<td>{names}</td>" in page for names, _ in table[1:])


def test_charts_are_well_formed_and_name_every_assistant(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    panels = 1 + len(USERS)
    assert len(drawings) == 2 * panels
    for i, drawing in enumerate(drawings):
        texts = " ".join(ElementTree.fromstring(drawing).itertext())
        for assistant in ASSISTANTS if i < panels else ASSISTANTS[1:]:
            assert assistant in texts


def test_a_line_ends_at_the_mean_goal_share(episodes: list[Episode]) -> None:
    groups = {("none", "bottom_up"): [e for e in episodes if e.assistant == "none" and e.user == "bottom_up"]}
    (chart,) = curve_charts(groups, ["bottom_up"])
    (line,) = chart["lines"]
    mean = 100 * np.mean([episode.goal_fraction[-1] for episode in groups["none", "bottom_up"]])
    assert line["end"] == pytest.approx(mean)
    x, y = map(float, line["path"].split()[-1].split(","))
    assert (x, y) == pytest.approx((chart["x"](40), chart["y"](mean)), abs=0.06)
    assert line["band"]


def test_an_episode_that_ended_early_stays_where_it_is(episodes: list[Episode]) -> None:
    whole = episodes[0]
    short = replace(whole, actions=whole.actions[:10], goal_fraction=whole.goal_fraction[:11])
    (chart,) = curve_charts({("none", "bottom_up"): [short]}, ["bottom_up"])
    (line,) = chart["lines"]
    heights = [float(point.split(",")[1]) for point in line["path"][1:].split()]
    assert len(heights) == 41
    assert set(heights[10:]) == {heights[10]}


def test_one_house_has_neither_band_nor_interval(tmp_path: Path, episodes: list[Episode]) -> None:
    alone = [e for e in episodes if e.index == 0 and e.user == "bottom_up"]
    rows = summarise(alone)
    write_report(tmp_path, alone, rows, COMMAND)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {figure["lo"] for figure in summary["figures"]} == {None}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'class="line' in page
    assert 'class="band' not in page
    assert 'class="whisker' not in page
    assert "inf" not in re.sub(r'"data:[^"]*"|<style>.*</style>', "", page, flags=re.DOTALL)


def test_a_run_without_helpers_has_no_pictures(tmp_path: Path, episodes: list[Episode]) -> None:
    alone = [e for e in episodes if e.assistant == "none"]
    write_report(tmp_path, alone, summarise(alone), COMMAND)
    assert "<img" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_pictures_show_the_goal_and_both_ends_of_the_best_median_and_worst_pair(
    episodes: list[Episode],
) -> None:
    shown = list(pictures(episodes))
    assert [pair["which"] for pair in shown] == ["best", "median", "worst"]
    gains = [goal_auc(pair["helped"]) - goal_auc(pair["alone"]) for pair in shown]
    everything = [
        goal_auc(e) - goal_auc(next(a for a in episodes if (a.user, a.index) == (e.user, e.index)))
        for e in episodes
        if e.assistant == "copy_neighbour"
    ]
    assert gains[0] == max(everything)
    assert gains[0] >= gains[1] >= gains[2] == min(everything)
    for pair in shown:
        goal = pair["helped"].goal
        assert pair["helped"].assistant == "copy_neighbour"
        np.testing.assert_array_equal(decoded(pair["goal_image"]), isometric(goal, scale=26))
        for episode, image in (
            (pair["helped"], pair["helped_image"]),
            (pair["alone"], pair["alone_image"]),
        ):
            *_, last = replay(episode)
            world = last.state.blocks[0].reshape(goal.shape)
            np.testing.assert_array_equal(decoded(image), isometric(world, goal=goal, scale=26))


def decoded(uri: str) -> np.ndarray:
    """(h, w, 3) pixels of a data URI."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def test_a_band_is_the_interval_of_each_step() -> None:
    rng = np.random.default_rng(0)
    houses = np.repeat(np.arange(12), 3)
    curves = rng.normal(size=(36, 4)) + houses[:, None]
    mean, lo, hi = mean_curve(curves, houses)
    for step in range(4):
        interval = mean_interval(curves[:, step], houses)
        assert mean[step] == pytest.approx(interval.value)
        # Two bootstraps of 2,000 draws; the quantiles' own error is about 0.07 here.
        assert (lo[step], hi[step]) == pytest.approx((interval.lo, interval.hi), abs=0.3)


@given(st.lists(st.floats(10, 290), min_size=1, max_size=12))
def test_labels_keep_their_order_and_do_not_overlap(wanted: list[float]) -> None:
    places = np.array(spread(wanted, 15, 10, 290))
    assert places.min() >= 10 - 1e-9
    assert places.max() <= 290 + 1e-9
    order = np.argsort(wanted, kind="stable")
    assert all(b - a >= 15 - 1e-9 for a, b in pairwise(places[order]))
    if all(abs(a - b) >= 15 for i, a in enumerate(wanted) for b in wanted[:i]):
        assert places.tolist() == pytest.approx(wanted)


@given(st.floats(-1e4, 0), st.floats(0.01, 1e4))
def test_ticks_are_few_and_lie_on_the_axis(lo: float, hi: float) -> None:
    axis = Axis(lo, hi, 100, 500)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 7
    for pixel, text in ticks:
        value = float(text.replace("\N{MINUS SIGN}", "-"))
        assert axis(value) == pytest.approx(pixel, abs=0.02)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (-0.001, "0.00"),
        (-1.234, "\N{MINUS SIGN}1.23"),
        (31.25, "31.2"),
        (12345.6, "12,346"),
        (float("nan"), "n/a"),
    ],
)
def test_numbers_are_rounded_for_people(value: float, text: str) -> None:
    assert number(value) == text
