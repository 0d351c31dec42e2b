"""Where the development data lies: ``$ASSIST_DATA``, else ``../shared/data`` beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_root() -> Path:
    """The folder of all data sets, whether it exists or not."""
    return Path(os.environ.get("ASSIST_DATA") or _BESIDE)


def data_sets(*names: str) -> list[Path]:
    """Those of the named data sets that are there. FileNotFoundError when none is."""
    root = data_root()
    found = [root / name for name in names if (root / name).is_dir()]
    if not found:
        raise FileNotFoundError(
            f"{root} holds no {' or '.join(names)}; name the folder of the data in ASSIST_DATA, or use the "
            "goals `generator`, which need none"
        )
    return found
