"""States of runs as files: nested dictionaries of arrays and plain values in one npz, nothing pickled.

A file is replaced in one step, so whoever is killed while writing leaves the one before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = 1
_PLAIN, _BETWEEN = "plain", "/"


def write_state(file: Path, state: Mapping[str, Any]) -> None:
    """Write a state: dictionaries with strings as keys, of arrays and of what JSON can hold."""
    arrays: dict[str, np.ndarray] = {}
    plain = _split(state, "", arrays)
    part = file.with_name(f"{file.name}.part")
    with part.open("wb") as stream:
        text = json.dumps({"schema": SCHEMA, "state": plain})
        np.savez(stream, **{_PLAIN: np.frombuffer(text.encode(), np.uint8)}, **arrays)  # type: ignore[arg-type]
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


def read_state(file: Path) -> dict[str, Any]:
    """The state that `write_state` wrote. ValueError for one of another version."""
    with np.load(file, allow_pickle=False) as arrays:
        found = json.loads(bytes(arrays[_PLAIN]).decode())
        if found["schema"] != SCHEMA:
            raise ValueError(f"{file} has schema {found['schema']}, this version {SCHEMA}; train anew")
        state: dict[str, Any] = found["state"]
        for name in arrays.files:
            if name != _PLAIN:
                *parents, last = name.split(_BETWEEN)[1:]
                place = state
                for parent in parents:
                    place = place[parent]
                place[last] = arrays[name]
    return state


def write_text(file: Path, text: str) -> None:
    """Replace a file in one step."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(text)
    part.replace(file)


def _split(state: Mapping[str, Any], path: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """What of a state is no array; those are put into `arrays` under their paths."""
    plain: dict[str, Any] = {}
    for name, value in state.items():
        if _BETWEEN in name:
            raise ValueError(f"the name {name!r} of a state has a {_BETWEEN!r} in it; give it another")
        if isinstance(value, np.ndarray):
            arrays[f"{path}{_BETWEEN}{name}"] = value
        elif isinstance(value, Mapping):
            plain[name] = _split(value, f"{path}{_BETWEEN}{name}", arrays)
        else:
            plain[name] = value
    return plain
