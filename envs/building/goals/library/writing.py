"""Writing houses to a library file, as `read_houses` reads it and ``--goals`` takes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .readers import House


def write_library(file: Path, houses: Sequence[House]) -> None:
    """Write houses of any size to an npz library; an existing file is replaced.

    The arrays: ``flat`` uint8, ``offsets`` int64 (N + 1) and ``shapes`` int16 (N, 3), where house i is
    ``flat[offsets[i]:offsets[i + 1]].reshape(shapes[i])``; ``family`` and ``shrink_ratio`` (N); ``source``
    (N), which indexes ``source_names`` and ``source_licence``. ValueError for no houses or another ending.
    """
    if not houses:
        raise ValueError("there is no house to write; give 1 or more")
    if file.suffix != ".npz":
        raise ValueError(f"the library is to be written to {file}; its name ends in .npz")
    origins = list(dict.fromkeys((house.source, house.licence) for house in houses))
    sizes = [house.structure.size for house in houses]
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        file,
        flat=np.concatenate([house.structure.astype(np.uint8).ravel() for house in houses]),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        shapes=np.array([house.structure.shape for house in houses], np.int16),
        family=np.array([house.full_name or house.house for house in houses]),
        shrink_ratio=np.array([house.shrink_ratio for house in houses], np.float32),
        source=np.array([origins.index((house.source, house.licence)) for house in houses], np.int64),
        source_names=np.array([source for source, _ in origins]),
        source_licence=np.array([licence for _, licence in origins]),
    )
