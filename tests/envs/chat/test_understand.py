"""Text back to acts: what the reader gets right, how it treats names, and that it is the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from envs.chat import CONCIERGE
from envs.chat.acts import Acts, domain_of
from envs.chat.catalogue import read_rows
from envs.chat.env import ChatEnv
from envs.chat.schema import infer_schema
from envs.chat.understand import FOLDS, Reader, paraphrases, reader_of
from envs.chat.wording import MUSTS, TEMPLATES

STAY, DINNER, TRANSPORT = range(3)


def errors(reader: Reader, seed: int, fold: int | None = None, unseen: bool = False) -> float:
    texts = paraphrases(CONCIERGE, seed, 20, fold, unseen)
    domains = [domain_of(CONCIERGE.slot(act.slot)) if act.slot else 0 for _, act in texts]
    wrong = [reader.read(text, d).act != act for (text, act), d in zip(texts, domains, strict=True)]
    return float(np.mean(wrong))


def test_known_wording_is_understood_and_most_of_new_wording() -> None:
    assert errors(reader_of(CONCIERGE), seed=9) < 0.01
    assert np.mean([errors(Reader(CONCIERGE, fold=fold), 9, fold, unseen=True) for fold in (0, 1)]) < 0.35


def test_readers_of_one_seed_are_equal() -> None:
    one, other = reader_of(CONCIERGE), Reader(CONCIERGE)
    for text in ("something vegetarian", "no", "could it be cheaper?"):
        assert one.read(text, DINNER) == other.read(text, DINNER)


@pytest.mark.parametrize(
    ("text", "domain", "act"),
    [
        ("For the dinner: area north.", STAY, "inform(dinner.area, north, prefer)"),
        ("Area: north, it has to be, please.", DINNER, "inform(dinner.area, north, must)"),
        ("Area: north, please.", STAY, "inform(stay.area, north, prefer)"),
        ("Cuisine: itallian, please.", DINNER, "inform(dinner.cuisine, italian, prefer)"),
        ("Price: 100, please.", STAY, "inform(stay.price, 95 to 125, prefer)"),
        ("Breakfast: none, please. [4 of 5]", STAY, "inform(stay.breakfast, none, prefer)"),
        ("The second one sounds good.", STAY, "accept(second)"),
        ("The price should be less.", TRANSPORT, "critique(transport.price, less)"),
        ("", STAY, "wait()"),
    ],
)
def test_names_are_pointed_at(text: str, domain: int, act: str) -> None:
    assert str(reader_of(CONCIERGE).read(text, domain).act) == act


def test_ratings_are_read() -> None:
    assert reader_of(CONCIERGE).read("Yes. [4 of 5]").rating == 4
    assert reader_of(CONCIERGE).read("Yes.").rating == 0


def test_a_table_of_ones_own_can_be_talked_about(tmp_path) -> None:
    path = tmp_path / "flats.csv"
    path.write_text("price,floor,garden\n900,1,yes\n1200,2,no\n700,1,no\n")
    reader = reader_of(infer_schema(read_rows(path), "flats"))
    assert str(reader.read("Can the item have garden yes?", 0).act) == "inform(item.garden, yes, prefer)"
    assert str(reader.read("The garden does not matter to me.", 0).act) == "dont_care(item.garden)"


def test_an_assistant_that_reads_text_hears_what_was_said() -> None:
    env = ChatEnv(observe="text", domains=3)
    env.reset(seed=0)
    acts = Acts(CONCIERGE, env.config.items)
    said = acts.parse(0, "inform(stay.parking, garage, must)")
    observations, *_ = env.step({"user": acts.flat(said), "assistant": 0})
    heard = observations["assistant"]
    assert reader_of(CONCIERGE).read(heard["text"], int(heard["domain"][0])).act == said


def test_each_fold_leaves_paraphrases_out_and_to_learn_from() -> None:
    for fold in range(FOLDS):
        seen = {text for text, _ in paraphrases(CONCIERGE, 0, 30, fold)}
        new = {text for text, _ in paraphrases(CONCIERGE, 0, 30, fold, unseen=True)}
        assert not seen & new
    assert all(len(options) >= 5 for options in TEMPLATES["user"].values())
    assert len(set(MUSTS)) >= len(TEMPLATES["user"]["inform"])
