"""What can be booked: items of every domain with their attributes, prices and stock.

A catalogue is fixed for an episode and hidden from both players. The assistant learns of items through tools,
the user through what the assistant shows. Generated items have a quality that drives prices and the
attributes that go with it, and every catalogue has its own popular categories. `from_csv` and `from_jsonl`
read a catalogue of your own; `envs.chat.schema.infer_schema` makes a schema of its rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .schema import ATTRIBUTES, CATEGORICAL, DOMAINS, OTHER, Attribute, Domain, Schema

NEVER_IN_STOCK = 0.25
"""Share of generated items that cannot be booked at all."""
MEAN_TURNS_IN_STOCK = 60.0
"""Clock ticks after which a generated item that is in stock is sold out, on average."""
LASTING = 32_000
"""Clock at which items sell out that never do."""
_PRICE_SPREAD = 0.45
_POPULARITY = 2.0


class Catalogue(NamedTuple):
    """Catalogues of B episodes with N items of each domain, I in all."""

    sizes: np.ndarray
    """(B, DOMAINS) int16 items there are; those of domain d are ``d * N .. d * N + sizes - 1``."""
    values: np.ndarray
    """(B, I, ATTRIBUTES) int8; -1 for attributes and items that do not exist."""
    price: np.ndarray
    """(B, I) float32; 0 for items that do not exist."""
    sold_at: np.ndarray
    """(B, I) int16 clock from which the item is out of stock; 0: from the start."""


def empty_catalogue(batch: int, items: int) -> Catalogue:
    """Catalogues without items."""
    return Catalogue(
        np.zeros((batch, DOMAINS), np.int16),
        np.full((batch, DOMAINS * items, ATTRIBUTES), -1, np.int8),
        np.zeros((batch, DOMAINS * items), np.float32),
        np.zeros((batch, DOMAINS * items), np.int16),
    )


def draw_catalogues(schema: Schema, batch: int, items: int, rng: np.random.Generator) -> Catalogue:
    """Generated catalogues of `batch` episodes, each with `items` items of every domain."""
    found = empty_catalogue(batch, items)
    for d, domain in enumerate(schema.domains):
        own = slice(d * items, (d + 1) * items)
        found.sizes[:, d] = items
        values, prices = draw_items(domain, batch, items, rng)
        found.values[:, own, : values.shape[2]] = values
        found.price[:, own] = prices
        found.sold_at[:, own] = draw_stock(batch, items, rng)
    return found


def draw_stock(batch: int, items: int, rng: np.random.Generator) -> np.ndarray:
    """(batch, items) clocks at which generated items of a domain are sold out."""
    lasts = 1 + rng.geometric(1 / MEAN_TURNS_IN_STOCK, (batch, items))
    there = rng.random((batch, items)) >= NEVER_IN_STOCK
    return np.where(there, np.minimum(lasts, LASTING), 0)


def draw_categories(
    concentration: np.ndarray, batch: int, items: int, rng: np.random.Generator
) -> np.ndarray:
    """(batch, items) values 0..n-1, by shares that each row draws from a Dirichlet distribution (n,)."""
    shares = rng.dirichlet(concentration, batch)
    return (rng.random((batch, items, 1)) >= np.cumsum(shares, axis=1)[:, None, :-1]).sum(axis=2)


def draw_items(
    domain: Domain, batch: int, items: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Items of a domain: values (batch, items, attributes) int8 and prices (batch, items) float32.

    An item's quality is normal. Prices are log-normal around the domain's, half of the spread from quality.
    Ordinal attributes cut a normal variable with the attribute's correlation to quality into levels of equal
    share. Categories have popularities of their own in each of the `batch` rows (Dirichlet, 2).
    """
    quality = rng.standard_normal((batch, items))
    scatter = (quality + rng.standard_normal((batch, items))) / np.sqrt(2)
    prices = np.maximum(np.round(domain.price * np.exp(_PRICE_SPREAD * scatter)), 1)
    columns = []
    for attribute in domain.attributes:
        if attribute.name == "price" and attribute.bounds:
            columns.append(np.searchsorted(attribute.bounds, prices, side="right"))
        elif attribute.kind == CATEGORICAL:
            columns.append(draw_categories(np.full(len(attribute.values), _POPULARITY), batch, items, rng))
        else:
            own = np.sqrt(1 - attribute.quality**2) * rng.standard_normal((batch, items))
            columns.append(_levels(attribute.quality * quality + own, len(attribute.values)))
    return np.stack(columns, axis=2).astype(np.int8), prices.astype(np.float32)


def _levels(normal: np.ndarray, levels: int) -> np.ndarray:
    """Cut standard normal numbers into levels of equal share (logistic approximation of the quantiles)."""
    share = 1 / (1 + np.exp(-1.702 * normal))
    return np.minimum((share * levels).astype(np.int64), levels - 1)


def from_records(schema: Schema, rows: Sequence[Mapping[str, object]], items: int) -> Catalogue:
    """A catalogue (B = 1) of the rows of a table.

    Columns are `domain` (may be missing with one domain), the names of attributes (a value's name, or a
    number where the attribute has bounds), `price`, and `stock`: the clock at which the item sells out, 0 for
    what is not to be had, nothing for what lasts. Unknown names become the value `other` where there is one.

    Raises ValueError that names the row and column for what does not fit the schema, and for more than
    `items` items of a domain.
    """
    found = empty_catalogue(1, items)
    names = [domain.name for domain in schema.domains]
    for number, row in enumerate(rows):
        where = f"row {number + 1}"
        name = str(row.get("domain", names[0] if len(names) == 1 else ""))
        if name not in names:
            raise ValueError(f"{where} has domain {name!r}; choose from {', '.join(names)}")
        d = names.index(name)
        if found.sizes[0, d] == items:
            raise ValueError(
                f"{where} is item {items + 1} of {name}; make room with items={items + 1} or more"
            )
        item = d * items + int(found.sizes[0, d])
        found.sizes[0, d] += 1
        found.price[0, item] = _number(row.get("price", 0), f"{where}, price")
        found.sold_at[0, item] = min(_number(row.get("stock", LASTING), f"{where}, stock", LASTING), LASTING)
        for a, attribute in enumerate(schema.domains[d].attributes):
            found.values[0, item, a] = _value(
                attribute, row.get(attribute.name), f"{where}, {attribute.name}"
            )
    if not found.sizes.any():
        raise ValueError("the table has no rows; a catalogue needs one item at least")
    return found


def from_csv(schema: Schema, path: str | Path, items: int) -> Catalogue:
    """`from_records` of a CSV file with a header line."""
    return from_records(schema, read_rows(path), items)


def from_jsonl(schema: Schema, path: str | Path, items: int) -> Catalogue:
    """`from_records` of a file with one JSON object per line."""
    return from_records(schema, read_rows(path), items)


def read_rows(path: str | Path) -> list[dict[str, object]]:
    """The rows of a `.csv` or `.jsonl` file. ValueError for other endings and for lines that are no
    objects.
    """
    path = Path(path)
    if path.suffix not in (".csv", ".jsonl"):
        raise ValueError(f"{path} ends in {path.suffix or 'nothing'!r}; give a .csv or a .jsonl file")
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            return [dict(row) for row in csv.DictReader(file)]
        rows = [json.loads(line) for line in file if line.strip()]
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ValueError(f"{path}, row {number + 1} is {row!r}; every line has to be an object")
    return rows


def repeat(catalogue: Catalogue, batch: int) -> Catalogue:
    """The same catalogue (B = 1) for `batch` episodes."""
    return Catalogue(*(np.repeat(part, batch, axis=0) for part in catalogue))


def _number(cell: object, where: str, missing: float = 0.0) -> float:
    if cell is None or cell == "":
        return missing
    try:
        number = float(str(cell))
    except ValueError:
        number = -1.0
    if not 0 <= number < np.inf:
        raise ValueError(f"{where} is {cell!r}; give a number of 0 or more")
    return number


def _value(attribute: Attribute, cell: object, where: str) -> int:
    word = "none" if cell in (None, "") else str(cell)
    if word in attribute.values:
        return attribute.values.index(word)
    if attribute.bounds:
        return attribute.level(_number(cell, where))
    if OTHER in attribute.values:
        return attribute.values.index(OTHER)
    raise ValueError(f"{where} is {cell!r}; choose from {', '.join(attribute.values)}")
