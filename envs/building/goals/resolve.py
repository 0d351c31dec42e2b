"""From what the command line's ``--goals`` says to a goal source."""

from __future__ import annotations

import difflib
from pathlib import Path

from ...factories import load_factory
from ..world import DEFAULT_SIZE, Size, check_size
from .generator.source import GeneratorSource
from .library.readers import read_houses
from .library.source import Filters, LibrarySource
from .mixture import MixtureSource
from .named import EVALUATION, TRAINING, library
from .source import GoalSource

GENERATOR_NAMES = ("default", "generator")
ANY_LICENCE = ":any"
NAMES = (*GENERATOR_NAMES, *TRAINING, *EVALUATION)


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
    | ``library`` | the ``train`` houses of all data sets, drawn by family, permissive licences only |
    | ``recombined`` | endless variants of these houses |
    | ``mix`` | the generator and ``recombined`` |
    | ``library:any``, ``recombined:any``, ``mix:any`` | the same with houses of every licence |
    | ``mix:SPEC=WEIGHT,SPEC=WEIGHT`` | other sources mixed, such as ``mix:generator=1,library:any=2`` |
    | ``val_craftassist``, ``val_mods``, ``recorded`` | houses that judge, from which nothing may learn |
    | a library npz | its array ``goal`` (N, w, h, d), 9x8x8 for the default world; house-like sources only |
    | an npz with arrays ``*/goal`` | the whole worlds (W, H, D) of recorded episodes |
    | a ``.schem`` or ``.nbt`` file, a folder of them | Minecraft buildings, by material, shrunk to fit |
    | a folder with ``*/schematic.npy`` | CraftAssist houses, mapped to our blocks and shrunk to fit |
    | a data set's folder | its ``goals_*.npz`` or ``houses_*.npz``: ``split``, the only one, or ``val`` |
    | ``package.module:factory`` | ``factory(size=size)`` |

    Names find the data in ``$ASSIST_DATA``, else in ``../shared/data``. ``split`` matters for data sets'
    folders only. ``filters`` (for ``library`` in place of `named.library_filters`) and ``augmented`` are
    those of `LibrarySource`; no other source takes them. Structures of another size are cropped, turned,
    thinned or padded into the world (`transforms.fit`). Raises FileNotFoundError for an unknown name or
    missing data, ValueError for a spec, file or factory that gives no goals.
    """
    size = check_size(size)
    path = Path(spec).expanduser()
    if isinstance(spec, str):
        name = spec.removesuffix(ANY_LICENCE)
        if name == "library":
            any_licence = name != spec
            return library(size, any_licence=any_licence, filters=filters, augmented=augmented)
        if source := _named_source(spec, size):
            _refuse_options(spec, filters, augmented)
            return source
    if path.exists() or isinstance(spec, Path):
        name, houses = read_houses(path, split)
        return LibrarySource(name, houses, size, filters, augmented=augmented)
    if ":" in spec:
        _refuse_options(spec, filters, augmented)
        return _call_factory(spec, size)
    near = difflib.get_close_matches(spec, NAMES, n=1)
    raise FileNotFoundError(
        f"goals is {spec!r}, which does not exist; {f'did you mean {near[0]!r}? ' if near else ''}"
        f"Give {', '.join(NAMES)}, a library npz, an episodes npz, a folder of houses, or "
        "package.module:factory"
    )


def _named_source(spec: str, size: Size) -> GoalSource | None:
    """The source of a name that takes no options; None for what is no name."""
    if spec in GENERATOR_NAMES:
        return GeneratorSource(size)
    if spec in EVALUATION:
        return EVALUATION[spec](size)
    name = spec.removesuffix(ANY_LICENCE)
    if name in TRAINING:
        return TRAINING[name](size, any_licence=name != spec)
    if spec.startswith("mix:"):
        return _weighted_mix(spec, size)
    return None


def _weighted_mix(spec: str, size: Size) -> MixtureSource:
    parts = []
    for part in spec.removeprefix("mix:").split(","):
        name, _, weight = part.rpartition("=")
        try:
            if not name:
                raise ValueError("it names no SPEC with =WEIGHT")
            parts.append((make_source(name, size), float(weight)))
        except ValueError as error:
            raise ValueError(
                f"goals is {spec!r}, of which {part!r} gives no source: {error}; write mix:SPEC=WEIGHT,..., "
                "such as mix:generator=0.4,library=0.6"
            ) from error
    return MixtureSource(parts, spec)


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
