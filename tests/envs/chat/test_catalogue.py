"""Catalogues from tables: round trips through CSV and JSONL, schemas of tables, and what errors say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from envs.chat import CONCIERGE, Catalogue, ChatBatch, ChatConfig, draw_catalogues, draw_goals
from envs.chat.catalogue import LASTING, from_csv, from_jsonl, from_records, read_rows, repeat
from envs.chat.schema import ATTRIBUTES, infer_schema


def records(catalogue: Catalogue, items: int) -> list[dict[str, object]]:
    """The rows that `from_records` would make the catalogue of."""
    rows = []
    for d, domain in enumerate(CONCIERGE.domains):
        for item in range(d * items, d * items + int(catalogue.sizes[0, d])):
            row: dict[str, object] = {"domain": domain.name}
            for a, attribute in enumerate(domain.attributes):
                row[attribute.name] = attribute.values[catalogue.values[0, item, a]]
            row |= {"price": float(catalogue.price[0, item]), "stock": int(catalogue.sold_at[0, item])}
            rows.append(row)
    return rows


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_catalogue_survives_its_file(tmp_path: Path, ending: str) -> None:
    drawn = draw_catalogues(CONCIERGE, 1, 5, np.random.default_rng(4))
    rows = records(drawn, 5)
    path = tmp_path / f"town.{ending}"
    with path.open("w", encoding="utf-8", newline="") as file:
        if ending == "csv":
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    found = (from_csv if ending == "csv" else from_jsonl)(CONCIERGE, path, 5)
    for name, part in zip(Catalogue._fields, found, strict=True):
        np.testing.assert_array_equal(part, getattr(drawn, name), err_msg=name)


def test_what_a_table_leaves_out() -> None:
    """Missing stock lasts, an unknown word is `other` where there is one, and copies are equal."""
    rows = [{"colour": c} for c in "aabbccddeeffgg"]
    schema = infer_schema(rows)
    assert schema.domains[0].attributes[0].values == ("a", "b", "c", "d", "e", "other")
    found = from_records(schema, [{"colour": "g"}, {"colour": "never seen"}, {"colour": "b", "stock": 0}], 4)
    assert found.values[0, :3, 0].tolist() == [5, 5, 1]
    assert found.sold_at[0, :4].tolist() == [LASTING, LASTING, 0, 0]
    assert found.values.shape == (1, 12, ATTRIBUTES)
    assert repeat(found, 3).sizes.tolist() == [[3, 0, 0]] * 3


def _stay(**changes: object) -> dict[str, object]:
    row = {"domain": "stay", "area": "north", "type": "hotel", "stars": "two", "breakfast": "none"}
    return row | {"noise": "quiet", "parking": "none", "price": 90} | changes


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([_stay(domain="laptop")], "row 1 has domain 'laptop'; choose from stay"),
        ([_stay(), _stay(area="moon")], "row 2, area is 'moon'; choose from centre"),
        ([_stay(price="cheap")], "row 1, price is 'cheap'; give a number"),
        ([_stay(price=-3)], "row 1, price is -3"),
        ([_stay(stock="soon")], "row 1, stock is 'soon'"),
        ([_stay()] * 3, "item 3 of stay; make room with items=3"),
    ],
)
def test_rows_that_do_not_fit_are_named(rows: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_records(CONCIERGE, rows, 2)


def test_files_that_are_no_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in '.txt'; give a .csv or a .jsonl"):
        read_rows(tmp_path / "a.txt")
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n[2]\n')
    with pytest.raises(ValueError, match="row 2 is \\[2\\]; every line has to be an object"):
        read_rows(path)


def test_a_table_becomes_a_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "flats.csv"
    path.write_text("price,floor,garden\n900,1,yes\n1200,2,no\n700,1,no\n")
    schema = infer_schema(read_rows(path), "flats")
    assert list(schema.slots) == ["item.price", "item.floor", "item.garden"]
    found = from_csv(schema, path, 4)
    assert found.sizes.tolist() == [[3, 0, 0]]
    assert found.price[0, :4].tolist() == [900, 1200, 700, 0]
    game = ChatBatch(1, ChatConfig(schema=schema, items=4))
    game.reset(draw_goals(schema, 1, np.random.default_rng(0)), found)
    rng = np.random.default_rng(0)
    while not game.done.all():
        lists, counts = game.legal(int(game.state.speaker[0]))
        game.step(lists[:, rng.integers(counts[0])])
    assert not game.state.found[0, 3:].any()
