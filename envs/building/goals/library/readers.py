"""Reading houses from disk: library files, recorded episodes, and structures of Minecraft and CraftAssist.

Everything becomes a list of `House` records, each a structure of its own size with what its file says about
it. Nothing is unpickled, so a file from elsewhere can hold wrong houses but run no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import numpy as np

from ...world import BEDROCK, NUM_BLOCKS
from ..transforms import structure_of
from .licences import stated_licence
from .minecraft import structure_of_schematic
from .nbt_files import SUFFIXES, read_structure_file

LIBRARY_PREFIXES = ("goals", "houses")
SCHEMATIC = "schematic.npy"
EPISODES = "episodes.npz"
GOAL_ARRAYS = ("goal", "goal_carved", "goal_cropped")
"""Arrays (N, w, h, d) of a library file. Several are versions of the same houses."""
FLAT_ARRAYS = (("flat", "offsets", "shapes"), ("native_flat", "native_offset", "native_shape"))
"""Arrays of buildings at full size: house i is ``flat[offsets[i]:offsets[i + 1]].reshape(shapes[i])``."""
WINDOWS = ("goal_cropped", "craftassist_house_cropped")
"""Arrays and sources whose structures are windows of larger buildings at full scale: nothing is shrunk."""


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
    """Largest side of the building over the side of the box that it was made to fit; 1 when it fitted, or
    when the structure is a window of it."""
    data_set: str = ""
    """The folder of the data set, which tells houses of one name in two sets apart."""

    @property
    def full_name(self) -> str:
        """Data set and house, or nothing where the data set is not known."""
        return self.data_set and f"{self.data_set}/{self.house}"


def read_houses(path: Path, split: str | None = None) -> tuple[str, list[House]]:
    """The name and the houses of what lies at ``path``.

    It is an npz file, a ``.schem`` or ``.nbt`` file, a folder with such files or with CraftAssist's
    ``*/schematic.npy`` anywhere in it, or a data set's folder as in `library_file`.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist; give a library npz, an episodes npz, a .schem or .nbt file or a folder"
            " of houses"
        )
    if path.suffix in SUFFIXES and path.is_file():
        return path.stem, [House(read_structure_file(path), path.stem)]
    if path.is_dir() and (files := _structure_files(path)):
        return path.name, _read_structure_files(path, files)
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


def read_full(folder: Path, split: str) -> list[House]:
    """The buildings of a data set's split at full size, from its ``full_*.npz`` or ``houses_*.npz``.

    Their ``shrink_ratio`` is 1. FileNotFoundError when the folder has neither.
    """
    for file in (folder / f"full_{split}.npz", folder / f"houses_{split}.npz"):
        if file.is_file():
            with np.load(file, allow_pickle=False) as data:
                return _read_library(file, data, full=True)
    raise FileNotFoundError(f"{folder} holds no full_{split}.npz or houses_{split}.npz")


def _read_npz(file: Path) -> list[House]:
    if not is_zipfile(file):
        raise ValueError(f"{file} is no npz file; give a library npz, an episodes npz or a folder of houses")
    with np.load(file, allow_pickle=False) as data:
        if any(key.endswith("/goal") for key in data.files):
            return _read_episodes(file, data)
        return _read_library(file, data)


def _read_episodes(file: Path, data: np.lib.npyio.NpzFile) -> list[House]:
    houses: list[House] = []
    data_set = file.absolute().parent.name
    first_seen: dict[bytes, str] = {}
    for key in sorted(key for key in data.files if key.endswith("/goal")):
        goal = data[key]
        if goal.ndim != 3 or min(goal.shape) < 3 or not (goal[:, 0] == BEDROCK).all():
            raise ValueError(
                f"{file}: {key} has shape {goal.shape}; give a whole world (W, H, D) with bedrock at y = 0"
            )
        # Episodes on one house are one house, whatever they are called.
        house = first_seen.setdefault(goal.tobytes(), key.removesuffix("/goal"))
        houses.append(House(_checked(structure_of(goal), f"{file}: {key}"), house, data_set=data_set))
    return houses


def _read_library(file: Path, data: np.lib.npyio.NpzFile, full: bool = False) -> list[House]:
    structures, keys = _read_structures(file, data, full)
    n = len(structures) // len(keys)
    data_set = file.absolute().parent.name
    names = _column(file, data, "name" if "name" in data else "names", n) or [f"{i:05d}" for i in range(n)]
    families = _column(file, data, "family", n) or names
    sources = _column(file, data, "source", n) or [""] * n
    ratios = _column(file, data, "shrink_ratio", n) or ["1"] * n
    licences: list[str] = []
    if "source_names" in data:
        if "source_licence" in data:
            licences = [str(data["source_licence"][int(source)]) for source in sources]
        sources = [str(data["source_names"][int(source)]) for source in sources]
    licences = licences or [stated_licence(data_set, source) for source in sources]
    houses = []
    for i, structure in enumerate(structures):
        window = full or keys[i // n] in WINDOWS or sources[i % n] in WINDOWS
        ratio = 1.0 if window else float(ratios[i % n])
        houses.append(House(structure, families[i % n], sources[i % n], licences[i % n], ratio, data_set))
    return houses


def _read_structures(
    file: Path, data: np.lib.npyio.NpzFile, full: bool
) -> tuple[list[np.ndarray], Sequence[str]]:
    """All structures, the houses in order once per version, and the names of the versions."""
    for keys in FLAT_ARRAYS[: None if full else 1]:
        if set(keys) <= set(data.files):
            flat = np.split(_checked(data[keys[0]], f"{file}: {keys[0]}"), data[keys[1]][1:-1])
            return [part.reshape(shape) for part, shape in zip(flat, data[keys[2]], strict=True)], keys[:1]
    versions = [key for key in GOAL_ARRAYS if key in data]
    if not versions:
        raise ValueError(
            f"{file} holds {', '.join(data.files[:8])}; a library has an array `goal` (N, w, h, d), or "
            "`flat`, `offsets` and `shapes`; recorded episodes have arrays `*/goal` (W, H, D)"
        )
    structures: list[np.ndarray] = []
    for key in versions:
        goals = data[key]
        if goals.ndim != 4:
            raise ValueError(f"{file}: {key} has shape {goals.shape}; a library holds {key} (N, w, h, d)")
        structures.extend(_checked(goals, f"{file}: {key}"))
    return structures, versions


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


def _structure_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.name == SCHEMATIC or file.suffix in SUFFIXES)


def _read_structure_files(folder: Path, files: list[Path]) -> list[House]:
    """The houses of files in ``folder``, less the empty ones, each with the name of its file or subfolder."""
    houses = []
    for file in files:
        if file.name == SCHEMATIC:
            structure = structure_of_schematic(np.load(file, allow_pickle=False), str(file))
            house = file.parent.name
        else:
            structure = read_structure_file(file)
            house = file.relative_to(folder).with_suffix("").as_posix()
        if structure.size:
            houses.append(House(structure, house, data_set=folder.absolute().name))
    return houses
