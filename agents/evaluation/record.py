"""Episodes as lines of a file: what the records of all games have in common.

A record is a dataclass whose fields are what JSON holds, and arrays, alone or in dicts by name. It is written
as one JSON line with a schema version and the game's name; arrays are zlib-compressed and base64-coded.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np


class Record:
    """Base of an episode of a game; subclasses are dataclasses with at least these fields.

    Equal `user` and `index` mean the same goal, and the same randomness of the user.
    """

    game: ClassVar[str]
    schema: ClassVar[int]
    assistant: str
    user: str
    index: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells the episodes of a run apart: assistant, user and index."""
        return self.assistant, self.user, self.index

    def to_json(self) -> str:
        """One line of an episodes file."""
        record: dict[str, Any] = {"schema": self.schema, "game": self.game}
        return json.dumps(record | {name: _packed(value) for name, value in vars(self).items()})

    @classmethod
    def from_json(cls, line: str) -> Self:
        """The record of one line; ValueError when it is not of this game and schema."""
        record: dict[str, Any] = json.loads(line)
        if record.pop("schema", None) != cls.schema or record.pop("game", None) != cls.game:
            raise ValueError(f"not an episode of the {cls.game} game with schema {cls.schema}: {line[:80]!r}")
        return cls(**{name: _unpacked(value) for name, value in record.items()})


R = TypeVar("R", bound=Record)


def read_records(path: Path, kind: type[R]) -> list[R]:
    """All whole records of an episodes file. A last line that was cut off by an interruption is left out."""
    records = []
    for line in path.read_text().splitlines():
        try:
            records.append(kind.from_json(line))
        except json.JSONDecodeError:
            break
    return records


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(zlib.compress(np.ascontiguousarray(value).tobytes(), 6)).decode()
        return {"dtype": value.dtype.str, "shape": list(value.shape), "zlib": data}
    if isinstance(value, dict):
        return {name: _packed(part) for name, part in value.items()}
    return value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "shape", "zlib"}:
        raw = zlib.decompress(base64.b64decode(value["zlib"]))
        return np.frombuffer(raw, np.dtype(value["dtype"])).reshape(value["shape"]).copy()
    return {name: _unpacked(part) for name, part in value.items()}
