"""The bench of the reader of users' sentences: figures by wording and kind, and errors."""

from __future__ import annotations

import json

import pytest

from envs.chat.acts import USER_KINDS
from scripts.bench.__main__ import main


def test_errors_are_given_by_wording_and_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nlu", "--sentences", "4", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    by_kind = {
        (f["name"], f["labels"]["wording"], f["labels"]["kind"]): f for f in figures if "kind" in f["labels"]
    }
    assert len(by_kind) == 2 * 2 * (1 + len(USER_KINDS))
    known, new = (by_kind["nlu.act_error", wording, "all"] for wording in ("known", "new"))
    assert known["value"] < 0.02 < new["value"]
    assert new["lo"] < new["value"] < new["hi"]
    assert new["n"] == sum(
        f["n"]
        for (name, wording, kind), f in by_kind.items()
        if name == "nlu.act_error" and wording == "new" and kind != "all"
    )
    assert {f["name"] for f in figures} >= {"nlu.fit_seconds", "nlu.read_us"}


def test_wrong_options_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nlu", "--sentences", "0"]) == 2
    assert "--sentences is 0" in capsys.readouterr().err
    assert main(["nlu", "--world", "mars"]) == 2
    assert "choose from concierge" in capsys.readouterr().err
