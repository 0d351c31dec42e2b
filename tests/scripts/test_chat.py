"""A person in the chat game: lines become acts, the score is the game's, and wrong lines do no harm."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from envs.chat import ChatConfig, State
from scripts.chat import main

USER_LINES = """\
gibberish of no kind whatsoever
inform(dinner.area, nowhere, must)
9999
?
For the dinner: cuisine thai. [4]
I will take the first one.
"""


class Patient:
    """A stand-in assistant: searches dinners, offers what it finds first, books it, says goodbye."""

    name = "patient"

    def reset(self, config: ChatConfig, seeds: np.ndarray) -> None:
        from envs.chat.acts import Acts

        self._acts = Acts(config.schema, config.items)

    def act(self, state: State) -> np.ndarray:
        found = np.flatnonzero(state.found[0])
        offered = state.focus[0, 0]
        if not len(found):
            wanted = self._acts.schema.domains[int(state.wanted[0].argmax())].name
            text = f"search({wanted})"
        elif offered < 0:
            text = f"offer({found[0]})"
        else:
            text = f"book({offered})" if state.result[0] == 0 else "close()"
        return np.array([self._acts.flat(self._acts.parse(1, text))])


def patient(context: object) -> Patient:
    return Patient()


def run(monkeypatch, capsys, lines: str, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    status = main([*arguments, "--seed", "5"])
    out, err = capsys.readouterr()
    return status, out, err


FACTORY = ("--assistant", "tests.scripts.test_chat:patient", "--domains", "1")


def test_a_person_plays_the_user(monkeypatch, capsys, tmp_path: Path) -> None:
    file = tmp_path / "dialogues.jsonl"
    lines = USER_LINES + "affirm()\n" * 3 + "quit()\n"
    status, out, _ = run(monkeypatch, capsys, lines, *FACTORY, "--save", str(file))
    assert status == 0
    assert "You are the user. This is what you want:" in out
    assert "nowhere" in out
    assert "choose from" in out
    assert "9999 is not in the menu" in out
    assert "not understood" in out or "is not possible now" in out
    assert "utility" in out
    (record,) = (json.loads(line) for line in file.read_text().splitlines())
    assert record["return"] == pytest.approx(record["utility"] - record["cost"])
    assert record["user"] == "person"
    run(monkeypatch, capsys, lines, *FACTORY, "--save", str(file))
    again = [json.loads(line) for line in file.read_text().splitlines()]
    assert again[0] == again[1]


def test_json_is_one_object_with_the_transcript(monkeypatch, capsys) -> None:
    lines = "I have no idea about the price. [2 of 5]\nquit()\n"
    status, out, err = run(monkeypatch, capsys, lines, *FACTORY, "--json")
    assert status == 0
    found = json.loads(out)
    figures = {figure["name"]: figure["value"] for figure in found["figures"]}
    assert set(figures) == {"utility", "cost", "return", "satisfaction", "turns", "tool_calls"}
    assert figures["turns"] == 2
    first, search, offer, last = found["transcript"]
    assert first["text"] == "I have no idea about the price."
    assert first["act"].startswith("dont_know(")
    assert first["rating"] == 2
    assert search["act"].startswith("search(")
    assert offer["act"].startswith("offer(")
    assert last["act"] == "quit()"
    assert "You are the user" in err


def test_a_person_plays_the_assistant(monkeypatch, capsys) -> None:
    lines = "search(stay)\nsearch(dinner)\nsearch(transport)\nask(moon)\nclose()\n"
    status, out, _ = run(
        monkeypatch, capsys, lines, "--play", "assistant", "--domains", "3", "--user", "terse"
    )
    assert status == 0
    assert "You are the assistant. The user wants: stay, dinner, transport" in out
    assert "6 new" in out
    assert "no act" in out or "has no slot" in out
    assert "What the user wanted:" in out
    assert "The dialogue is over: closed." in out
    # What the user wants is told at the end only.
    assert out.index("at most") > out.index("is over")


def test_the_shipped_script_talks_with_a_person(monkeypatch, capsys) -> None:
    status, out, _ = run(monkeypatch, capsys, "affirm()\n" * 2 + "quit()\n", "--domains", "1")
    assert status == 0
    assert "assistant:" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--user", "nobody"), "--user is 'nobody'; choose from easy"),
        (("--assistant", "comit"), "did you mean 'commit'"),
        (("--world", "mars"), "world is 'mars'"),
        (("--domains", "9"), "domains is 9"),
        (("--save", "a.txt"), "ends in .jsonl"),
        ((), "the input ended after 0 acts"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch, capsys, arguments: tuple, message: str) -> None:
    status, _, err = run(monkeypatch, capsys, "", *arguments)
    assert status == 2
    assert message in err
