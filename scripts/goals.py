"""Look at goals: how believable generated houses are, which goals are one house, and bring in more of them.

Goals are named as everywhere: `generator`, `library`, `val_mods`..., a library npz, an episodes npz, a folder
of houses, or `package.module:factory` (docs/goals.md).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ._cli import ROOT, App, Figure, Parser, Progress, Report, table
from ._goal_sets import JUDGES, pooled, positive, real_goals, whole
from ._goal_stats import stats

FITTED = ROOT / "envs" / "building" / "goals" / "fitted.py"
CHUNK = 100
"""Goals that are compared between two signs of progress."""


def gallery(options: argparse.Namespace, progress: Progress) -> Report:
    """Draw goals: a page of real and generated houses mixed, whose button tells which is which.

    The page needs no other file. With --sheet a picture of the goals of --goals alone is written, without
    real houses, and the page only if --out asks for it.
    """
    import numpy as np

    from agents.evaluation.gallery import Exhibit, contact_sheet, gallery_page
    from envs.building.goals import goals_of, make_source
    from envs.building.goals.seeds import draw_seeds
    from envs.building.render import png_bytes

    rng = np.random.default_rng(options.seed)
    seeds = draw_seeds(positive("number", options.number), rng)
    generated = goals_of(make_source(options.goals), seeds)
    figures = [Figure("goals.shown", len(generated), labels={"goals": options.goals})]
    files: dict[Path, bytes] = {}
    if options.sheet:
        files[options.sheet] = png_bytes(contact_sheet(generated.blocks, options.columns))
    if options.out or not options.sheet:
        real = pooled([real_goals(spec, options.number, options.seed) for spec in options.against])
        chosen = rng.permutation(len(real))[: options.number]
        figures.append(Figure("goals.shown", len(chosen), labels={"goals": "real"}))
        exhibits = [Exhibit(real.blocks[i], True, real.houses[i]) for i in chosen]
        exhibits += [
            Exhibit(blocks, False, f"{options.goals}, seed {seed}")
            for blocks, seed in zip(generated.blocks, seeds.tolist(), strict=True)
        ]
        mixed = [exhibits[i] for i in rng.permutation(len(exhibits))]
        page = gallery_page(mixed, f"Real or generated? {options.goals}, seed {options.seed}")
        files[options.out or Path("runs/gallery.html")] = page.encode()
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        progress.say(f"written: {file}")
    return Report(figures)


def overlap(options: argparse.Namespace, progress: Progress) -> Report:
    """Find goals of A that are also in B: turned, mirrored, moved, of other blocks, or nearly.

    Same: equal but for that. Near: the cells that both change, over those that either does, are --threshold
    or more under the best turn, mirror image and move by a cell. Libraries are looked through whole; of
    endless sources --number goals are drawn. The exit status is 1 when anything overlaps.
    """
    from envs.building.goals import overlap as same_houses
    from envs.building.goals import structure_of
    from envs.building.goals.measures.similarity import nearest

    if not 0 < options.threshold <= 1:
        raise ValueError(f"threshold is {options.threshold}; give a share above 0 and at most 1")
    a, b = (whole(spec, options.number, options.seed) for spec in (options.a, options.b))
    same = same_houses(a, b)
    # Of the goals of b that are the same house the first is named.
    found = {i: (j, 1.0) for i, j in reversed(same.pairs)}
    exact = set(found)
    left, right = structure_of(a.blocks), structure_of(b.blocks)
    with progress.task("goals compared", len(a)) as advance:
        for start in range(0, len(a), CHUNK):
            chunk = left[start : start + CHUNK]
            near = nearest(chunk, right)
            for i, j, iou in zip(range(start, len(a)), near.goal, near.iou, strict=False):
                if iou >= options.threshold:
                    found.setdefault(i, (int(j), float(iou)))
            advance(len(chunk))
    labels = {"a": options.a, "b": options.b}
    figures = [
        Figure("overlap.same", same.in_a, n=len(a), labels={**labels, "of": "a"}),
        Figure("overlap.same", same.in_b, n=len(b), labels={**labels, "of": "b"}),
        Figure(
            "overlap.near",
            len(found) - len(exact),
            n=len(a),
            labels={**labels, "of": "a", "threshold": options.threshold},
        ),
    ]
    lines = [
        (a.houses[i], b.houses[j], "same" if i in exact else "near", f"{iou:.3f}")
        for i, (j, iou) in sorted(found.items(), key=lambda entry: -entry[1][1])
    ]
    summary = (
        f"Of {len(a)} goals of {options.a}, {len(exact)} are also among the {len(b)} of {options.b}, and "
        f"{len(found) - len(exact)} more overlap with one by {options.threshold:g} or more."
    )
    columns = (f"in {options.a}", f"in {options.b}", "how", "IoU")
    shown = [table("The most alike", columns, lines[: options.shown])] if lines else []
    return Report(figures, [summary, *shown], failed=f"{len(found)} goals overlap" if found else "")


def bring_in(options: argparse.Namespace, progress: Progress) -> Report:
    """Make a library of houses in files: what --goals takes.

    FILES are Minecraft structures (.nbt), Sponge schematics (.schem), library or episode npz files, or
    folders of them. Houses keep their size; they are fitted into the world when goals are drawn. What has no
    block is left out, and so is a house that is there already, turned, mirrored or of other blocks.
    """
    from dataclasses import replace

    from envs.building.goals import fingerprint, read_houses
    from envs.building.goals.library.writing import write_library

    seen: set[str] = set()
    kept = []
    total = 0
    for file in progress.track(options.files, "files", len(options.files)):
        for house in read_houses(file)[1]:
            total += 1
            print_ = fingerprint(house.structure, materials=False)
            if print_ in seen or not house.structure.any():
                continue
            seen.add(print_)
            given = {name: getattr(options, name) for name in ("source", "licence") if getattr(options, name)}
            kept.append(replace(house, **given))
    write_library(options.out, kept)
    figures = [
        Figure("import.houses", len(kept), labels={"file": str(options.out)}),
        Figure("import.left_out", total - len(kept), labels={"file": str(options.out)}),
    ]
    return Report(figures, [f"{len(kept)} houses written to {options.out}, {total - len(kept)} left out"])


def fit(options: argparse.Namespace, progress: Progress) -> Report:
    """Fit the generator's numbers to real houses and write them to the file that it reads.

    Only `train` houses under permissive licences are looked at
    (envs/building/goals/generator/fitting.py); nothing that judges is. One style per collection; before and
    after are squared misfits. Takes some minutes a style.
    """
    from envs.building.goals.data import data_root
    from envs.building.goals.generator.fitted import SHARES
    from envs.building.goals.generator.fitting import fit_style, load_collections, write_fitted

    for name in ("rounds", "tries", "sample"):
        positive(name, getattr(options, name))
    fits = {}
    for style, houses in load_collections(options.data or data_root()).items():

        def say(line: str, style: str = style) -> None:
            progress.say(f"{style}: {line}")

        fits[style] = fit_style(
            houses,
            seed=options.seed,
            rounds=options.rounds,
            tries=options.tries,
            sample=options.sample,
            progress=say,
        )
    typed = {name: getattr(options, name) for name in ("rounds", "tries", "sample", "seed")}
    command = f"python -m scripts.goals fit {' '.join(f'--{name} {n}' for name, n in typed.items())}"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_fitted(fits, SHARES, command, options.out)
    return Report(
        [
            Figure(f"fit.{name}", getattr(found, name), labels={"style": style})
            for style, found in fits.items()
            for name in ("before", "after")
        ]
    )


def command_line() -> App:
    """The commands and their options."""
    app = App("scripts.goals", __doc__)
    parser = app.command(
        "stats",
        stats,
        examples=[
            "python -m scripts.goals stats",
            "python -m scripts.goals stats --against library:any --features 51",
            "python -m scripts.goals stats --goals recombined --against val_mods --json",
        ],
    )
    _add_goals(parser, 1000)
    add = parser.add_argument
    add("--features", type=int, default=15, metavar="N", help="features shown per set, what differs most")
    parser = app.command(
        "gallery",
        gallery,
        examples=[
            "python -m scripts.goals gallery --out runs/gallery.html",
            "python -m scripts.goals gallery --number 32 --sheet docs/houses.png",
        ],
    )
    _add_goals(parser, 24)
    add = parser.add_argument
    add("--out", type=Path, metavar="FILE", help="the page (default runs/gallery.html)")
    add("--sheet", type=Path, metavar="FILE", help="a PNG of the goals of --goals")
    add("--columns", type=int, default=8, metavar="N", help="pictures in a row of the sheet")
    parser = app.command(
        "overlap",
        overlap,
        examples=[
            "python -m scripts.goals overlap library:any val_mods",
            "python -m scripts.goals overlap generator houses.npz --number 5000 --threshold 0.85 --json",
        ],
    )
    add = parser.add_argument
    add("a", metavar="A", help="goals that are looked for...")
    add("b", metavar="B", help="... among these")
    add("--threshold", type=float, default=0.9, metavar="IOU", help="overlap from which two are near")
    add("--number", type=int, default=1000, metavar="N", help="goals drawn of an endless source")
    add("--shown", type=int, default=20, metavar="N", help="pairs shown")
    add("--seed", type=int, default=0)
    parser = app.command(
        "import",
        bring_in,
        examples=[
            "python -m scripts.goals import tower.schem cottage.nbt --out library.npz",
            "python -m scripts.goals import schematics/ --licence MIT --source mine --out library.npz --json",
        ],
    )
    add = parser.add_argument
    add("files", metavar="FILES", nargs="+", type=Path, help="files or folders with houses")
    add("--out", type=Path, required=True, metavar="FILE", help="the npz to write")
    add("--source", default="", metavar="NAME", help="which collection the houses are from")
    add("--licence", default="", metavar="NAME", help="their licence, as in MIT or CC0-1.0")
    parser = app.command(
        "fit",
        fit,
        examples=[
            "python -m scripts.goals fit --seed 0",
            "python -m scripts.goals fit --rounds 1 --tries 100 --out runs/fitted.py --json",
        ],
    )
    add = parser.add_argument
    add(
        "--out", type=Path, default=FITTED, metavar="FILE", help="the file to write (default: the one in use)"
    )
    add("--data", type=Path, metavar="FOLDER", help="the data (default: $ASSIST_DATA, else ../shared/data)")
    add("--rounds", type=int, default=4, metavar="N", help="steps of the search")
    add("--tries", type=int, default=300, metavar="N", help="distributions looked at in each step")
    add("--sample", type=int, default=300, metavar="N", help="houses drawn of each")
    add("--seed", type=int, default=0)
    return app


def _add_goals(parser: Parser, number: int) -> None:
    add = parser.add_argument
    add("--goals", default="generator", metavar="GOALS", help="the goals to look at")
    add(
        "--against",
        nargs="+",
        default=list(JUDGES),
        metavar="GOALS",
        help=f"real houses (default {' '.join(JUDGES)}; needs the development data)",
    )
    add("--number", type=int, default=number, metavar="N", help=f"goals drawn of --goals (default {number})")
    add("--seed", type=int, default=0)


def main() -> int:
    """Entry point."""
    return command_line().main()


if __name__ == "__main__":
    sys.exit(main())
