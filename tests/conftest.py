"""What tests share, development data and hypothesis settings, and what workers must not: numba's cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# Numba numbers the files of its cache by an index that it reads, changes and writes without a lock: two
# workers that compile one kernel for different types at once can leave an index that names the wrong machine
# code. It reads the variable when it is first imported, so this comes before any test module.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["NUMBA_CACHE_DIR"] = str(ROOT / ".numba_cache" / worker)

# No deadline, because the first example of a kernel includes its compilation. In CI, which judges the change
# at hand, each run draws the same examples.
settings.register_profile("tests", deadline=None, max_examples=40, derandomize=os.environ.get("CI") == "true")
settings.load_profile("tests")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of development data: ``ASSIST_DATA``, else ``../shared/data``; skips the test without it."""
    folder = Path(os.environ.get("ASSIST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no development data: {folder} is not a folder; set ASSIST_DATA to one that is")
    return folder


@pytest.fixture(scope="session")
def require_data(data_folder: Path) -> Callable[[str], Path]:
    """A function from the name of a set to its folder; it skips the test where that set is missing."""

    def require(name: str) -> Path:
        folder = data_folder / name
        if not folder.is_dir():
            pytest.skip(f"no development data `{name}` in {data_folder}")
        return folder

    return require
