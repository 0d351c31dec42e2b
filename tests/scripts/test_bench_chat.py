"""The bench of the chat game: every figure is there, with its spread."""

from __future__ import annotations

import json

import pytest

from scripts.bench.__main__ import main


def test_the_figures_of_the_chat_game(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "--batch", "4", "--seconds", "0.1", "--json"]) == 0
    figures = {row["name"]: row for row in json.loads(capsys.readouterr().out)["figures"]}
    assert {name: row["unit"] for name, row in figures.items()} == {
        "chat.act": "acts/s",
        "chat.act_user": "acts/s",
        "chat.pettingzoo": "acts/s",
        "chat.reset_ms": "ms",
        "chat.state_bytes": "B",
    }
    assert figures["chat.act"]["value"] > figures["chat.act_user"]["value"]
    assert figures["chat.state_bytes"]["value"] < 4096
    with pytest.raises(SystemExit):
        main(["chat", "--batch", "many"])
    assert main(["chat", "--batch", "0"]) == 2
