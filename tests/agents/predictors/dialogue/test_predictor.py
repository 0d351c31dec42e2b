"""Dialogues are read in three forms, and what rates them never sees what comes later."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from agents.predictors.dialogue.linear import fit_linear
from agents.predictors.dialogue.network import BEFORE, WITH
from agents.predictors.dialogue.predictor import Predictor, load
from agents.predictors.dialogue.rated import rated, rated_places
from agents.predictors.dialogue.reading import Dialogue, Turn, choose_split, read_dialogues
from agents.predictors.dialogue.training import train


def made(number: int, rng: np.random.Generator) -> Dialogue:
    """Two bad answers or two good ones, which users say and rate."""
    turns = [Turn("U", "I need a hotel.", ("INFORM",), (3, 3, 3))]
    for _ in range(2):
        bad = rng.random() < 0.4
        turns.append(Turn("S", "Sorry, no hotel." if bad else "Here is one.", ("FAIL" if bad else "OFFER",)))
        said = "That is useless." if bad else "Thank you!"
        turns.append(Turn("U", said, ("NEGATE" if bad else "THANK",), (2, 2, 2) if bad else (4, 3, 4)))
    return Dialogue(f"d{number}", "SGD", tuple(turns))


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    rng = np.random.default_rng(0)
    return [made(number, rng) for number in range(80)]


@pytest.fixture(scope="module")
def trained(dialogues: list[Dialogue], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dialogue")
    train(dialogues, [], folder, 0, False, lambda line: None, epochs=3)
    return folder


@pytest.fixture
def predictor(trained: Path) -> Predictor:
    return load(trained)[0]


def test_it_learns_what_bad_answers_do(predictor: Predictor, dialogues: list[Dialogue]) -> None:
    places = rated_places(dialogues)
    truth = rated(places)
    for told in predictor.satisfaction(places).values():
        assert told.low[truth.low].min() > told.low[~truth.low].max()
        assert ((told.mode < 3) == truth.low).all()
    later = [place for place in places if place[1]]
    acts, _ = predictor.next_act(later, "SGD", "U")
    assert [str(act) for act in acts] == [dialogue.turns[number].acts[0] for dialogue, number in later]


def test_what_comes_later_and_how_it_was_rated_change_nothing(
    predictor: Predictor, dialogues: list[Dialogue]
) -> None:
    """Before a turn, its words, acts and ratings, and all that follows, are unknown; with it, the words are
    not.
    """
    dialogue = dialogues[0]
    hidden = tuple(Turn(turn.speaker, "rubbish", (), (1,)) for turn in dialogue.turns[2:])
    other = replace(dialogue, turns=(*dialogue.turns[:2], *hidden))
    one, two = predictor.satisfaction([(dialogue, 2)]), predictor.satisfaction([(other, 2)])
    np.testing.assert_allclose(one[BEFORE].low, two[BEFORE].low, rtol=1e-5)
    assert abs(one[WITH].low - two[WITH].low) > 1e-3
    unrated = replace(dialogue, turns=tuple(replace(turn, ratings=(), acts=()) for turn in dialogue.turns))
    three = predictor.satisfaction([(unrated, 2)])
    np.testing.assert_allclose(one[WITH].low, three[WITH].low, rtol=1e-5)


def test_a_killed_run_goes_on_to_the_same_predictor(
    trained: Path, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    for name in ("run.json", "reader_0.safetensors", "reader_1.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    with pytest.raises(FileNotFoundError, match=r"scripts\.train dialogue"):
        load(tmp_path)
    with pytest.raises(FileExistsError, match="--resume"):
        train(dialogues, [], tmp_path, 0, False, lambda line: None, epochs=3)
    with pytest.raises(ValueError, match="another folder"):
        train(dialogues, [], tmp_path, 1, True, lambda line: None, epochs=3)
    train(dialogues, [], tmp_path, 0, True, lambda line: None, epochs=3)
    places = rated_places(dialogues)
    one, two = (load(folder)[0].satisfaction(places)[BEFORE].low for folder in (trained, tmp_path))
    np.testing.assert_allclose(one, two, rtol=1e-4)


def test_targets_may_be_shares_and_rows_without_a_label() -> None:
    features = np.ones((4, 1), np.float32)
    target = np.array([[0.5, 0.5], [1, 0], [1, 0], [0, 0]], np.float32)
    linear = fit_linear(features, [target], 1e-3)
    np.testing.assert_allclose(linear.chances(features)[0], [[5 / 6, 1 / 6]] * 4, atol=1e-3)


def test_three_forms_of_acts_are_read(tmp_path: Path) -> None:
    turns = [
        ["U", "a", "Hotel-Inform", [3, 2]],
        ["S", "b", ["REQUEST:area", "REQUEST:area", "BYE"]],
        ["U", "c", {"Hotel-Inform": [["Area", "south"]], "general-thank": [["none", "none"]], "X": []}],
        ["S", "d", ""],
    ]
    (tmp_path / "dialogues_val.jsonl").write_text(json.dumps({"id": 1, "turns": turns}) + "\n")
    (dialogue,) = read_dialogues(tmp_path, "val")
    assert dialogue.domain == tmp_path.name
    assert [turn.acts for turn in dialogue.turns] == [
        ("Hotel-Inform",),
        ("REQUEST:area", "BYE"),
        ("Hotel-Inform:Area", "general-thank", "X"),
        (),
    ]
    assert rated([(dialogue, 0)]).mode == 2


@pytest.mark.parametrize(
    ("names", "chosen"), [(["train", "val"], "val"), (["test", "train"], "test"), (["train", "x"], "x")]
)
def test_a_split_to_score_is_preferred_to_the_one_trained_on(
    tmp_path: Path, names: list[str], chosen: str
) -> None:
    for name in names:
        (tmp_path / f"dialogues_{name}.jsonl.gz").touch()
    assert choose_split(tmp_path) == chosen
    with pytest.raises(FileNotFoundError, match="it holds"):
        choose_split(tmp_path, "other")


@pytest.mark.parametrize(("turn", "fault"), [(["X", "a"], "speakers are"), (["U", "a", "", [6]], "1..5")])
def test_a_bad_line_is_named(tmp_path: Path, turn: list, fault: str) -> None:
    (tmp_path / "dialogues_val.jsonl").write_text(json.dumps({"id": 1, "turns": [turn]}) + "\n")
    with pytest.raises(ValueError, match=f"line 1 .*{fault}"):
        read_dialogues(tmp_path, "val")
