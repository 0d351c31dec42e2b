"""Reading houses from disk: library files, recorded episodes and folders of CraftAssist schematics.

Everything becomes a list of `House` records, each a structure of its own size with what its file says about
it. Nothing is unpickled, so a file from elsewhere can hold wrong houses but run no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import numpy as np

from ..world import BEDROCK, NUM_BLOCKS
from .minecraft import structure_of_schematic
from .transforms import structure_of

LIBRARY_PREFIXES = ("goals", "houses")
SCHEMATIC = "schematic.npy"
EPISODES = "episodes.npz"
GOAL_ARRAYS = ("goal", "goal_carved", "goal_cropped")
"""Arrays (N, w, h, d) of a library file. Several are versions of the same houses."""


@dataclass(frozen=True)
class House:
    """One structure of a library."""

    structure: np.ndarray
    """(w, h, d) uint8."""
    house: str
    """The building or family of buildings it is a version of."""
    source: str = ""
    """Which collection it comes from, where the file says so."""
    licence: str = ""
    """Its licence, where the file says so."""
    shrink_ratio: float = 1.0
    """Largest side of the building over the side of the box that it was made to fit; 1 when it fitted."""


def read_houses(path: Path, split: str | None = None) -> tuple[str, list[House]]:
    """The name and the houses of what lies at ``path``: an npz file, or a folder as in `library_file`."""
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist; give a library npz, an episodes npz or a folder of houses"
        )
    if path.is_dir() and any(path.rglob(SCHEMATIC)):
        return path.name, _read_schematics(path)
    file = library_file(path, split) if path.is_dir() else path
    return f"{file.absolute().parent.name}/{file.stem}", _read_npz(file)


def library_file(folder: Path, split: str | None = None) -> Path:
    """The npz to read in a data set's folder: ``goals_*.npz`` or ``houses_*.npz``, else ``episodes.npz``.

    ``split`` says which; with None it is the folder's only library file, or else the one of ``val``.
    """
    files = sorted(file for prefix in LIBRARY_PREFIXES for file in folder.glob(f"{prefix}_*.npz"))
    if not files and (folder / EPISODES).is_file():
        return folder / EPISODES
    if split is None and len(files) == 1:
        return files[0]
    wanted = split or "val"
    for file in files:
        if file.stem in {f"{prefix}_{wanted}" for prefix in LIBRARY_PREFIXES}:
            return file
    raise FileNotFoundError(
        f"{folder} holds no goals_{wanted}.npz, houses_{wanted}.npz, {EPISODES} or */{SCHEMATIC}; "
        f"library files there: {', '.join(file.name for file in files) or 'none'}"
    )


def _read_npz(file: Path) -> list[House]:
    if not is_zipfile(file):
        raise ValueError(f"{file} is no npz file; give a library npz, an episodes npz or a folder of houses")
    with np.load(file, allow_pickle=False) as data:
        if any(key.endswith("/goal") for key in data.files):
            return _read_episodes(file, data)
        return _read_library(file, data)


def _read_episodes(file: Path, data: np.lib.npyio.NpzFile) -> list[House]:
    houses: list[House] = []
    first_seen: dict[bytes, str] = {}
    for key in sorted(key for key in data.files if key.endswith("/goal")):
        goal = data[key]
        if goal.ndim != 3 or min(goal.shape) < 3 or not (goal[:, 0] == BEDROCK).all():
            raise ValueError(
                f"{file}: {key} has shape {goal.shape}; give a whole world (W, H, D) with bedrock at y = 0"
            )
        # Episodes on one house are one house, whatever they are called.
        house = first_seen.setdefault(goal.tobytes(), key.removesuffix("/goal"))
        houses.append(House(_checked(structure_of(goal), f"{file}: {key}"), house))
    return houses


def _read_library(file: Path, data: np.lib.npyio.NpzFile) -> list[House]:
    structures, versions = _read_structures(file, data)
    n = len(structures) // versions
    names = _column(file, data, "name" if "name" in data else "names", n) or [f"{i:05d}" for i in range(n)]
    families = _column(file, data, "family", n) or names
    sources = _column(file, data, "source", n) or [""] * n
    ratios = _column(file, data, "shrink_ratio", n) or ["1"] * n
    licences = [""] * n
    if "source_names" in data:
        if "source_licence" in data:
            licences = [str(data["source_licence"][int(source)]) for source in sources]
        sources = [str(data["source_names"][int(source)]) for source in sources]
    return [
        House(structure, families[i % n], sources[i % n], licences[i % n], float(ratios[i % n]))
        for i, structure in enumerate(structures)
    ]


def _read_structures(file: Path, data: np.lib.npyio.NpzFile) -> tuple[list[np.ndarray], int]:
    """All structures, and how many versions of each house: the houses in order, once per version."""
    if {"flat", "offsets", "shapes"} <= set(data.files):
        flat = np.split(_checked(data["flat"], f"{file}: flat"), data["offsets"][1:-1])
        return [part.reshape(shape) for part, shape in zip(flat, data["shapes"], strict=True)], 1
    keys = [key for key in GOAL_ARRAYS if key in data]
    if not keys:
        raise ValueError(
            f"{file} holds {', '.join(data.files[:8])}; a library has an array `goal` (N, w, h, d), or "
            "`flat`, `offsets` and `shapes`; recorded episodes have arrays `*/goal` (W, H, D)"
        )
    structures: list[np.ndarray] = []
    for key in keys:
        goals = data[key]
        if goals.ndim != 4:
            raise ValueError(f"{file}: {key} has shape {goals.shape}; a library holds {key} (N, w, h, d)")
        structures.extend(_checked(goals, f"{file}: {key}"))
    return structures, len(keys)


def _column(file: Path, data: np.lib.npyio.NpzFile, key: str, n: int) -> list[str]:
    """One entry per house, or an empty list where the file lacks the column."""
    if key not in data:
        return []
    if data[key].shape != (n,):
        raise ValueError(f"{file}: {key} has shape {data[key].shape}; give ({n},), one entry per house")
    return [str(entry) for entry in data[key]]


def _checked(blocks: np.ndarray, where: str) -> np.ndarray:
    """Blocks of structures, with ids in the palette and without bedrock, which no player can place."""
    bad = np.argwhere((blocks < 0) | (blocks >= NUM_BLOCKS) | (blocks == BEDROCK))
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        raise ValueError(
            f"{where}[{','.join(map(str, at))}] is {blocks[at]}; blocks of a structure are 0 (air) or "
            f"2..{NUM_BLOCKS - 1}"
        )
    return blocks.astype(np.uint8)


def _read_schematics(folder: Path) -> list[House]:
    houses = []
    for file in sorted(folder.rglob(SCHEMATIC)):
        schematic = np.load(file, allow_pickle=False)
        structure = structure_of_schematic(schematic, str(file))
        if structure.size:
            houses.append(House(structure, file.parent.name))
    return houses
