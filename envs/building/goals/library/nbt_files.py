"""Reading Minecraft's structure files: Sponge schematics (``.schem``, versions 2 and 3) and ``.nbt``.

Sponge: https://github.com/SpongePowered/Schematic-Specification. The NBT encoding is read with nbtlib (extra
``goals``). Files come from anywhere, so what they ask for is bounded before it is given: bytes after
decompression, number of tags, cells.
"""

from __future__ import annotations

import gzip
import importlib
import io
import warnings
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ...world import AIR
from .block_names import block_of_name
from .minecraft import settled

SPONGE, STRUCTURE = ".schem", ".nbt"
SUFFIXES = (SPONGE, STRUCTURE)
SPONGE_VERSIONS = (2, 3)

MAX_BYTES = 32 * 2**20
"""Bytes of a file after decompression."""
MAX_READS = 4_000_000
"""Numbers, names and arrays in a file: a structure of 48x48x48 with a block in every cell has 1.5 million."""
MAX_CELLS = 4_000_000
"""Cells of a structure, 158x158x158."""


def read_structure_file(file: Path) -> np.ndarray:
    """The structure (w, h, d) uint8 in a ``.schem`` or ``.nbt`` file, cropped as a CraftAssist house is.

    Blocks of unknown names become air, and a warning lists them. Raises ImportError without nbtlib,
    ValueError for what is no such file, is broken or is too large.
    """
    try:
        root = _load(file)
        palette, cells = _read_sponge(root) if file.suffix == SPONGE else _read_structure(root)
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
        EOFError,
        OSError,
        zlib.error,
    ) as error:
        if isinstance(error, FileNotFoundError):
            raise
        what = "Sponge schematic of version 2 or 3" if file.suffix == SPONGE else "Minecraft structure"
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise ValueError(f"{file} is no {what} that can be read: {reason}") from error
    table = np.zeros(len(palette), np.uint8)
    unknown: Counter[str] = Counter()
    used = np.bincount(cells.ravel(), minlength=len(palette))
    for i, name in enumerate(palette):
        block = block_of_name(name)
        table[i] = AIR if block is None else block
        if block is None and used[i]:
            unknown[name.partition("[")[0]] += int(used[i])
    if unknown:
        listed = ", ".join(f"{name} ({count})" for name, count in unknown.most_common(10))
        warnings.warn(
            f"{file}: {len(unknown)} unknown block names became air: {listed}"
            f"{', ...' if len(unknown) > 10 else ''}",
            stacklevel=2,
        )
    return settled(table[cells])


class _Bounded(io.RawIOBase):
    """A binary file of which at most so much can be read, and never less than asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._bytes, self._reads = MAX_BYTES, MAX_READS
        self._kind = b""

    def read(self, size: int = -1) -> bytes:
        self._bytes -= size
        self._reads -= 1
        if size < 0:
            raise ValueError("an array has a negative length")
        if self._bytes < 0 or self._reads < 0:
            raise ValueError(f"it has more than {MAX_BYTES} bytes or {MAX_READS} entries")
        data = self._file.read(size)
        if len(data) < size:
            raise ValueError("it ends too early")
        # Only the head of a list is a byte, the kind of its entries, and then four, their number. Entries of
        # kind 0 take no bytes, so that nothing else would stop two thousand millions of them.
        if size == 4 and self._kind == b"\0" and any(data):
            raise ValueError("a list of nothing has entries")
        self._kind = data if size == 1 else b""
        return data


def _load(file: Path) -> Mapping[str, Any]:
    """The root tag of an NBT file, gzipped or not."""
    try:
        nbtlib = importlib.import_module("nbtlib")
    except ImportError as error:
        raise ImportError(
            f"{file} is read with nbtlib, which is missing: pip install 'assistance-games[data]'"
        ) from error
    with open(file, "rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        return nbtlib.File.parse(_Bounded(gzip.GzipFile(fileobj=raw) if zipped else raw))  # type: ignore[arg-type]


def _read_sponge(root: Mapping[str, Any]) -> tuple[list[str], np.ndarray]:
    """Names of block states and (w, h, d) indices into them."""
    schematic = root.get("Schematic", root)
    version = int(schematic["Version"])
    if version not in SPONGE_VERSIONS:
        raise ValueError(f"its version is {version}")
    # Sides are unsigned shorts, which NBT does not have.
    width, height, depth = (int(schematic[name]) & 0xFFFF for name in ("Width", "Height", "Length"))
    _check_size(width, height, depth)
    blocks = schematic["Blocks"] if version == 3 else schematic
    names = [str(name) for name in blocks["Palette"]]
    numbers = np.array([int(number) for number in blocks["Palette"].values()], np.int64)
    if (numbers < 0).any() or (numbers >= MAX_CELLS).any():
        raise ValueError(f"its palette has numbers {numbers.min()}..{numbers.max()}")
    places = np.full(numbers.max(initial=-1) + 1, -1)
    places[numbers] = np.arange(len(names))
    data = np.asarray(blocks["Data" if version == 3 else "BlockData"]).view(np.uint8)
    cells = _varints(data, width * height * depth)
    cells = _looked_up(places, cells).reshape(height, depth, width)
    return names, cells.transpose(2, 0, 1)


def _read_structure(root: Mapping[str, Any]) -> tuple[list[str], np.ndarray]:
    """Names of blocks and (w, h, d) indices into them; cells that the file leaves out are air."""
    size = [int(side) for side in root["size"]]
    if len(size) != 3:
        raise ValueError(f"its size is {size}")
    _check_size(*size)
    # Structures with variants, such as ships of several woods, have several palettes.
    palette = root["palette"] if "palette" in root else root["palettes"][0]
    names = ["minecraft:air", *(str(entry["Name"]) for entry in palette)]
    blocks: Sequence[Mapping[str, Any]] = root["blocks"]
    places = np.array([[int(i) for i in block["pos"]] for block in blocks], np.int64).reshape(-1, 3)
    states = np.array([int(block["state"]) for block in blocks], np.int64)
    if ((places < 0) | (places >= size)).any():
        raise ValueError(f"it has a block outside its size {size}")
    cells = np.zeros(size, np.int64)
    cells[tuple(places.T)] = _looked_up(np.arange(1, len(names)), states)
    return names, cells


def _check_size(*size: int) -> None:
    if min(size) < 1 or size[0] * size[1] * size[2] > MAX_CELLS:
        raise ValueError(f"its size is {'x'.join(map(str, size))}; it may have 1 to {MAX_CELLS} cells")


def _varints(data: np.ndarray, count: int) -> np.ndarray:
    """``count`` numbers of 7 bits a byte, the lowest first, of which the last byte is below 128."""
    ends = np.flatnonzero(data < 128)
    if len(ends) != count or ends[-1] != len(data) - 1:
        raise ValueError(f"it has {len(ends)} blocks for {count} cells")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 4:
        raise ValueError(f"a block of its palette has a number of {lengths.max()} bytes")
    numbers = np.zeros(count, np.int64)
    for byte in range(lengths.max()):
        longer = lengths > byte
        numbers[longer] |= (data[starts[longer] + byte].astype(np.int64) & 127) << 7 * byte
    return numbers


def _looked_up(places: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """``places[numbers]``. ValueError for a number that is not in the palette."""
    bad = (numbers < 0) | (numbers >= len(places))
    bad[~bad] = places[numbers[~bad]] < 0
    if bad.any():
        raise ValueError(f"it has a block of number {numbers[bad][0]}, which its palette lacks")
    return places[numbers]
