"""The bench of the planner: every figure is there, plausible and labelled, and runs are resumed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agents.assistants.search_model import ModelOptions
from envs.building import BuildingConfig
from scripts._cli import Figure, Progress, Report
from scripts.bench.__main__ import main
from scripts.bench.half_built import HalfBuilt, Sizes
from scripts.bench.planner_building import Sizes as BuildingSizes
from scripts.bench.planner_building import measure_building
from scripts.bench.planner_coherence import coherence_figures
from scripts.bench.planner_exact import EPISODES, measure_exact
from scripts.bench.planner_speed import HalfBuiltSearch, measure_speed

TINY = Sizes(
    config=BuildingConfig(size=(6, 6, 6), horizon=120),
    batch=2,
    library=12,
    simulations=10,
    decisions=(5, 10),
    segment=2,
    segments=2,
    replies=40,
    seconds=0.0,
)


def by_labels(figures: list[Figure], name: str, *labels: str) -> dict[tuple[str | int | float, ...], Figure]:
    """Figures of a name by the values of some labels."""
    return {
        tuple(figure.labels[label] for label in labels): figure for figure in figures if figure.name == name
    }


def test_the_figures_of_speed() -> None:
    report = measure_speed(0, Progress(), TINY)
    assert not report.failed
    figures = list(report.figures)
    times = [f for f in figures if f.name == "planner.us_per_simulation"]
    assert [(f.labels["game"], f.labels.get("particles")) for f in times] == [
        ("building", ModelOptions().particles),
        ("building", 0),
        ("none", None),
    ]
    assert all(f.n and f.n >= 5 and 0 < f.lo <= f.value <= f.hi for f in times)  # type: ignore[operator]
    assert times[0].value > times[2].value
    sizes = by_labels(figures, "planner.tree_bytes", "game", "simulations")
    beliefs = by_labels(figures, "planner.belief_bytes", "game", "simulations")
    assert beliefs["building", 10].value > 0
    assert sizes["building", 10].value > sizes["none", 10].value > 0
    (ratio,) = by_labels(figures, "planner.reference_ratio").values()
    assert ratio.value > 1
    assert by_labels(figures, "planner.thread_speedup", "threads").keys() == {(2,)}
    decisions = by_labels(figures, "planner.decision_ms", "batch", "simulations")
    assert decisions.keys() == {(1, 5), (1, 10), (2, 5), (2, 10)}


def test_beliefs_that_learn_by_the_rule_cohere() -> None:
    """The mean posterior is the prior, but for rare replies and the floor of probabilities."""
    figures = coherence_figures(HalfBuilt(TINY, 2, 1), TINY)
    gaps = by_labels(figures, "planner.coherence_gap", "belief")
    shifts = by_labels(figures, "planner.coherence_shift", "belief")
    assert gaps.keys() == shifts.keys() == {("bayes",), ("particles",), ("library",)}
    assert 0 <= gaps[("bayes",)].value < 0.1 * shifts[("bayes",)].value
    assert all(0 <= gaps[key].value <= shifts[key].value for key in gaps)


def test_a_user_who_never_acts_draws_no_reply() -> None:
    search = HalfBuiltSearch(HalfBuilt(TINY, 2, 0), TINY, particles=1, idle=True)
    search.run()
    forest = search.search.forest
    assert (forest.games["nodes"] == 11).all()
    assert not forest.nodes["reply"].any()
    assert (search.model.weights == 1).all()


def test_the_figures_of_exact_games() -> None:
    games = ("red_blue", "mini_chef")
    report = measure_exact(0, 2, Progress(), games)
    figures = list(report.figures)
    regrets = by_labels(figures, "regret.planner", "game", "planner", "simulations")
    searches = {(game, rule, count) for game in games for rule in ("gumbel", "puct") for count in EPISODES}
    baselines = ("flat", "best_of_n", "voi", "info_gain", "qmdp")
    assert regrets.keys() == searches | {(game, name, 100) for game in games for name in baselines}
    assert all(f.unit == "%" and f.n == 2 for f in regrets.values())
    assert regrets["red_blue", "gumbel", 1].value == pytest.approx(100)
    assert regrets["red_blue", "puct", 100].value == pytest.approx(0, abs=1e-6)
    values = by_labels(figures, "value.planner", "game", "planner", "simulations")
    assert values["red_blue", "gumbel", 100].value == pytest.approx(1.71)
    worst = by_labels(figures, "regret.worst", "planner", "simulations")
    assert worst.keys() == {(rule, count) for rule in ("gumbel", "puct") for count in (100, 10_000)}
    asks = by_labels(figures, "planner.asks", "game", "planner")
    waits = by_labels(figures, "planner.waits_for_ever", "game", "planner")
    for name in ("wormy_apples", "wormy_apples:timing=two_phase"):
        assert [asks[name, planner].value for planner in ("gumbel", "puct", "qmdp")] == [1, 1, 0]
    assert [waits["wormy_apples", planner].value for planner in ("gumbel", "puct", "qmdp")] == [0, 0, 1]


def test_the_figures_of_building_and_resuming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = BuildingSizes(episodes=2, library=4, horizon=12, simulations=(1, 3), held_out=2)
    figures = list(measure_building(0, 1, str(tmp_path), Progress(), sizes).figures)
    goals = by_labels(figures, "goal_percent", "library", "user", "simulations")
    modelled = {(library, "bottom_up", n) for library in ("new", "known") for n in (0, 1, 3)}
    held_out = {
        (library, user, n) for library in ("new", "known") for user in ("top_down", "noisy") for n in (0, 2)
    }
    assert goals.keys() == modelled | held_out
    assert by_labels(figures, "user_edits_saved", "library", "user", "simulations").keys() == goals.keys()
    curves = by_labels(figures, "goal_auc", "library", "user", "simulations")
    found = by_labels(figures, "difference.goal_auc", "library", "user", "simulations", "against")
    assert {key[2:] for key in found if key[1] == "bottom_up"} == {(1, 0), (3, 0), (3, 1)}
    assert {key[2:] for key in found if key[1] == "noisy"} == {(2, 0)}
    for (library, user, count, base), figure in found.items():
        means = [curves[library, user, n].value for n in (count, base)]
        assert figure.value == pytest.approx(means[0] - means[1])
        assert figure.n == 2
    assert all(np.isfinite(figure.value) for figure in figures)
    monkeypatch.setattr("agents.evaluation.run.do_job", None)  # nothing is left to play
    assert list(measure_building(0, 1, str(tmp_path), Progress(), sizes).figures) == figures
    with pytest.raises(ValueError, match="holds a run with seed 0, but seed is now 1"):
        measure_building(1, 1, str(tmp_path), Progress(), sizes)
    assert "40 of 40" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--parts", "speed,help"], "parts is 'speed,help'; choose from speed, exact, building"),
        (["--parts", ""], "parts is ''"),
        (["--episodes", "0"], "episodes is 0; give 1 or more"),
        (["--workers", "-1"], "workers is -1; give 0 or more"),
    ],
)
def test_wrong_options_are_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["planner", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_parts_make_one_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    speed, exact = Report([Figure("a", 1.0)], ["fast"], "too slow"), Report([Figure("b", 2.0)], ["right"])
    monkeypatch.setattr("scripts.bench.planner_speed.measure_speed", lambda *given: speed)
    monkeypatch.setattr("scripts.bench.planner_exact.measure_exact", lambda *given: exact)
    assert main(["planner", "--parts", "exact,speed", "--seed", "2", "--json"]) == 1
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["schema"], found["command"], found["seed"]) == (1, "bench planner", 2)
    assert [row["name"] for row in found["figures"]] == ["a", "b"]
    assert "too slow" in captured.err
    assert main(["planner", "--parts", "exact"]) == 0
    assert capsys.readouterr().out.strip() == "right"
