"""Keep compiled kernels apart by the source they were compiled from.

Numba compiles a kernel anew when its own file changes, but not when the file of a kernel it calls does: after
an edit one would go on measuring old code. So the cache of a checkout lies in a folder named by a hash of all
kernel sources; one edit of a kernel compiles them all again. An installed package does not change and keeps
numba's own places.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("envs", "planners", "agents")
KERNEL_MARKERS = (b"njit", b"import kernel", b"import inlined")
"""What a source with kernels contains: numba's decorator, or those of `envs.kernels`."""
KEEP = 4
"""Folders of earlier sources that stay, so that switching between two versions does not compile each time."""


def separate_cache() -> None:
    """Point numba at the folder for the present sources; `$NUMBA_CACHE_DIR` says where such folders lie."""
    if not (ROOT / "pyproject.toml").is_file():
        return
    name = f"kernels-{source_hash(KERNEL_MARKERS)}"
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or ROOT / ".numba_cache")
    if base.name == name:  # a child of a process that did this already
        return
    folder = base / name
    if not folder.exists():
        _drop_old(base)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def source_hash(markers: tuple[bytes, ...] = (b"",)) -> str:
    """12 hex digits for the sources of all games, planners and agents that contain one of the markers."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_bytes()
            if any(marker in source for marker in markers):
                digest.update(source)
    return digest.hexdigest()[:12]


def _drop_old(base: Path) -> None:
    old = sorted(base.glob("kernels-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in old[KEEP:]:
        shutil.rmtree(folder, ignore_errors=True)
