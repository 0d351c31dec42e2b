"""The benches of networks: every figure is there, labelled and plausible."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="networks need torch, of the extra `learn`")

from scripts.bench.__main__ import main


def test_the_figures_of_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "--sizes", "8x1", "--seconds", "0.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["command"]) == (1, "bench net")
    labels = {(row["labels"]["dtype"], row["labels"]["batch"]) for row in found["figures"]}
    assert labels == {(dtype, batch) for dtype in ("bf16", "fp32") for batch in (1, 16, 64)}
    for row in found["figures"]:
        assert (row["name"], row["unit"], row["labels"]["torso"]) == ("net.ms_per_leaf", "ms", "flat")
        assert 0 < row["lo"] <= row["value"] <= row["hi"] < 1000


def test_both_torsos_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["net", "--torsos", "flat,solid", "--sizes", "8x1", "--seconds", "0.1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert [row["labels"]["torso"] for row in figures] == ["flat"] * 6 + ["solid"] * 6


def test_the_figures_of_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decision", "--seconds", "0.1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["figures"]
    labels = {(row["name"], row["labels"]["simulations"], row["labels"]["threads"]) for row in rows}
    names = ("decision.ms", "decision.outside_network_share")
    assert labels == {(name, n, threads) for name in names for n in (20, 100) for threads in (1, 2)}
    medians = {
        (row["name"], row["labels"]["simulations"], row["labels"]["threads"]): row["value"] for row in rows
    }
    assert medians["decision.ms", 100, 1] > medians["decision.ms", 20, 1] > 0
    assert all(0 < row["value"] < 1 for row in rows if row["name"] == names[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net", "--sizes", "96"], "size is '96'"),
        (["net", "--threads", "0"], "threads is 0"),
        (["net", "--torsos", "round"], "torso is 'round'; choose from flat, solid"),
        (["decision", "--wave", "0"], "wave is 0"),
        (["decision", "--net", "nowhere"], "nowhere has no card.json"),
    ],
)
def test_wrong_options_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
