"""From what the command line's ``--goals`` says to a goal source."""

from __future__ import annotations

import difflib
from pathlib import Path

from ...factories import load_factory
from ..world import DEFAULT_SIZE, Size, check_size
from .generator import GeneratorSource
from .library import Filters, LibrarySource
from .readers import read_houses
from .source import GoalSource

GENERATOR_NAMES = ("default", "generator")


def make_source(
    spec: str | Path,
    size: Size = DEFAULT_SIZE,
    *,
    split: str | None = None,
    filters: Filters | None = None,
    augmented: bool = False,
) -> GoalSource:
    """The goal source that ``spec`` names, for worlds of ``size``.

    | spec | source |
    |---|---|
    | ``default``, ``generator`` | the procedural generator; needs no data |
    | a library npz | its array ``goal`` (N, w, h, d), 9x8x8 for the default world; house-like sources only |
    | an npz with arrays ``*/goal`` | the whole worlds (W, H, D) of recorded episodes |
    | a folder with ``*/schematic.npy`` | CraftAssist houses, mapped to our blocks and shrunk to fit |
    | a data set's folder | its ``goals_*.npz`` or ``houses_*.npz``: ``split``, the only one, or ``val`` |
    | ``package.module:factory`` | ``factory(size=size)`` |

    ``split`` matters for data sets' folders only. ``filters`` and ``augmented`` are those of `LibrarySource`;
    the generator and factories take neither. Structures of another size are cropped, turned, thinned or
    padded into the world (`transforms.fit`). Raises FileNotFoundError for an unknown name or missing file,
    ValueError for a file or factory that gives no goals.
    """
    size = check_size(size)
    if spec in GENERATOR_NAMES:
        _refuse_options(spec, filters, augmented)
        return GeneratorSource(size)
    path = Path(spec).expanduser()
    if path.exists() or isinstance(spec, Path):
        name, houses = read_houses(path, split)
        return LibrarySource(name, houses, size, filters, augmented=augmented)
    if ":" in spec:
        _refuse_options(spec, filters, augmented)
        return _call_factory(spec, size)
    near = difflib.get_close_matches(spec, GENERATOR_NAMES, n=1)
    raise FileNotFoundError(
        f"goals is {spec!r}, which does not exist; {f'did you mean {near[0]!r}? ' if near else ''}"
        f"Give {' or '.join(GENERATOR_NAMES)}, a library npz, an episodes npz, a folder of houses, or "
        "package.module:factory"
    )


def _refuse_options(spec: str | Path, filters: Filters | None, augmented: bool) -> None:
    if filters is not None or augmented:
        raise ValueError(
            f"filters and augmented are for libraries, but the goals are {str(spec)!r}; leave them out"
        )


def _call_factory(spec: str, size: Size) -> GoalSource:
    source = load_factory(spec, "goals")(size=size)
    if not isinstance(source, GoalSource):
        raise ValueError(
            f"goals is {spec!r}; its factory gave {type(source).__name__}, which has no name and draw(n, rng)"
        )
    return source
