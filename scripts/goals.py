"""Look at goals: how believable generated houses are, which goals are one house, and bring in more of them.

`--goals` and `--against` name goals as everywhere: `generator`, a library npz, an episodes npz, a folder of
houses, or `package.module:factory`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._cli import App, Figure, Progress, Report, data_folder, table

if TYPE_CHECKING:
    from envs.building.goals import Goals

MAX_SHRINK_RATIO = 1.6
"""Real buildings that were shrunk by more to fit the box are no measure of what people build."""
POOLED = "pooled"


def stats(options: argparse.Namespace, progress: Progress) -> Report:
    """Compare generated with real houses: can a classifier tell them apart, and by what?

    The AUC is the cross-validated chance that a classifier on the statistics of the goals (envs/building/
    goals/statistics.py) ranks a generated goal above a real one: 0.5 no idea, 1 always; intervals are by
    family of houses. For scale, each real set is also told from the other real ones. Then come the features
    that differ most: `standardised` is the difference of the means in standard deviations, `spread` the
    generated over the real standard deviation, `distance` the largest gap between the cumulative shares.
    """
    import numpy as np

    from envs.building.goals import make_source, structure_of
    from envs.building.goals.statistics import FEATURES, measure
    from envs.building.goals.two_sample import differences, two_sample_auc

    goals = make_source(options.goals).draw(options.number, np.random.default_rng(options.seed))
    sets = real_goals(options.against, options.data, options.seed)
    measured = {name: measure(structure_of(real.blocks)) for name, real in sets.items()}
    families = {name: list(real.houses) for name, real in sets.items()}
    if len(sets) > 1:
        measured[POOLED] = np.concatenate(list(measured.values()))
        families[POOLED] = [house for houses in families.values() for house in houses]
    generated = measure(structure_of(goals.blocks))
    figures: list[Figure] = []
    lines: list[Sequence[object]] = []
    for name in progress.track(measured, "classifiers", len(measured)):
        found = [(options.goals, generated, list(goals.houses))]
        others = [other for other in sets if other != name]
        if name != POOLED and others:
            rest = np.concatenate([measured[other] for other in others])
            found.append(("real", rest, [house for other in others for house in families[other]]))
        for source, features, houses in found:
            result = two_sample_auc(
                measured[name],
                features,
                options.seed,
                real_families=families[name],
                generated_families=houses,
            )
            labels = {"goals": source, "against": name}
            figures.append(
                Figure("goals.auc", result.auc, result.lo, result.hi, n=result.families, labels=labels)
            )
            lines.append(
                (
                    "the other real houses" if source == "real" else source,
                    name,
                    f"{result.auc:.3f}",
                    f"{result.lo:.3f} … {result.hi:.3f}",
                    *(f"{auc:.3f}" for auc in result.by_classifier.values()),
                    result.families,
                )
            )
    tables = [
        table(
            f"{len(goals)} goals from {options.goals} against real houses",
            ("goals", "against", "AUC", "95 % by family", "logistic", "forest", "families"),
            lines,
        )
    ]
    for name, real in measured.items():
        found_differences = differences(real, generated)
        for difference in found_differences:
            labels = {"goals": options.goals, "against": name, "feature": difference.feature.name}
            figures += [
                Figure("goals.real_mean", difference.real, unit=difference.feature.unit, labels=labels),
                Figure("goals.mean", difference.generated, unit=difference.feature.unit, labels=labels),
                Figure("goals.standardised_difference", difference.standardised, labels=labels),
                Figure("goals.distance", difference.distance, labels=labels),
            ]
        tables.append(
            table(
                f"What differs most from {name} ({len(real)} goals; {len(FEATURES)} features)",
                ("feature", "real", "generated", "standardised", "spread", "distance", "unit", "what it is"),
                [
                    (
                        difference.feature.name,
                        f"{difference.real:.3f}",
                        f"{difference.generated:.3f}",
                        f"{difference.standardised:+.2f}",
                        f"{difference.spread:.2f}",
                        f"{difference.distance:.2f}",
                        difference.feature.unit,
                        difference.feature.text,
                    )
                    for difference in found_differences[: options.features]
                ],
            )
        )
    return Report(figures, tables)


def real_goals(specs: Sequence[str] | None, data: str | None, seed: int) -> dict[str, Goals]:
    """Real goals to compare with, by name: what `specs` name, else the `val` houses of the data folder.

    Of data sets with families of related buildings one building per family is taken.
    """

    import numpy as np

    from envs.building.goals import Filters, LibrarySource, make_source, read_houses

    rng = np.random.default_rng(seed)
    if specs:
        found = {}
        for spec in specs:
            source = make_source(spec)
            number = source.num_houses if isinstance(source, LibrarySource) else 300
            found[spec] = source.draw(number, rng)
        return found
    craftassist = data_folder(data, "block_goals_9x8x8", "goals_val.npz")
    found = {"val_craftassist": LibrarySource(*read_houses(craftassist, "val")).all()}
    houses = []
    for name in ("houses_mods", "houses_luanti"):
        houses += read_houses(data_folder(data, name, "houses_val.npz"), "val")[1]
    mods = LibrarySource("val_mods", houses, filters=Filters(max_shrink_ratio=MAX_SHRINK_RATIO))
    return found | {"val_mods": mods.draw(mods.num_houses, rng)}


def main() -> int:
    """Entry point."""
    app = App("scripts.goals", __doc__)
    parser = app.command(
        "stats",
        stats,
        examples=[
            "python -m scripts.goals stats",
            "python -m scripts.goals stats --goals houses.npz --against ../shared/data/houses_mods --json",
        ],
    )
    add = parser.add_argument
    add("--goals", default="generator", metavar="GOALS", help="the goals to judge")
    add("--against", nargs="+", metavar="GOALS", help="real houses (default: the val houses of the data)")
    add(
        "--data",
        metavar="FOLDER",
        help="folder of the data sets (default: $ASSIST_DATA, else ../shared/data)",
    )
    add("--number", type=int, default=1000, metavar="N", help="goals drawn from --goals")
    add(
        "--features", type=int, default=15, metavar="N", help="features shown per set, those that differ most"
    )
    add("--seed", type=int, default=0)
    return app.main()


if __name__ == "__main__":
    sys.exit(main())
