"""`python -m scripts.goals stats`: generated against real houses, in figures and tables."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._cli import Figure, Progress, Report, table
from ._goal_sets import POOLED, drawn, pooled, real_goals

if TYPE_CHECKING:
    import numpy as np

    from envs.building.goals import Goals
    from envs.building.goals.measures.comparison import Compared
    from envs.building.goals.measures.two_sample import Difference


def stats(options: argparse.Namespace, progress: Progress) -> Report:
    """Compare generated with real houses: can a classifier tell them apart, and by what?

    AUC: the cross-validated chance that a classifier ranks a generated goal above a real one; 0.5 is no idea,
    1 is always. It sees the statistics of envs/building/goals/measures/statistics.py. Intervals are by
    family of houses. For scale, each real set is told from the other real ones, too.

    Then what only sets have, with the value for real houses among themselves, and the features that differ
    most: standardised is the difference of the means in standard deviations, spread the generated over the
    real standard deviation, distance the largest gap between the cumulative shares.
    """
    from envs.building.goals.measures.comparison import compare_sets
    from envs.building.goals.measures.two_sample import differences

    generated = drawn(options.goals, options.number, options.seed)
    sets = {spec: real_goals(spec, options.number, options.seed) for spec in options.against}
    if len(sets) > 1:
        sets[POOLED] = pooled(list(sets.values()))
    figures, lines = separations(options.goals, generated, sets, options.seed, progress)
    tables = [
        table(
            f"Is it real? {len(generated)} goals from {options.goals}, seed {options.seed}",
            ("goals", "against", "AUC", "95 % by family", "logistic", "forest", "families"),
            lines,
        )
    ]
    measured = features_of(generated)
    for name, real in progress.track(sets.items(), "sets", len(sets)):
        labels = {"goals": options.goals, "against": name}
        compared = compare_sets(real, generated, options.seed)
        found = differences(features_of(real), measured)
        figures += set_figures(compared, len(real), labels)
        figures += feature_figures(found, labels)
        tables += [
            set_table(f"As sets: {len(real)} goals, and {name}", compared),
            feature_table(f"What differs most from {name}", found[: options.features]),
        ]
    return Report(figures, tables)


def separations(
    spec: str, generated: Goals, sets: dict[str, Goals], seed: int, progress: Progress
) -> tuple[list[Figure], list[Sequence[object]]]:
    """Figures and table lines of how well a classifier tells each real set from others."""
    from envs.building.goals.measures.two_sample import two_sample_auc

    pairs: list[tuple[str, Goals, str, Goals]] = []
    for name, real in sets.items():
        pairs.append((spec, generated, name, real))
        if name != POOLED and (others := [sets[other] for other in sets if other not in (name, POOLED)]):
            pairs.append(("other real houses", pooled(others), name, real))
    figures: list[Figure] = []
    lines: list[Sequence[object]] = []
    for goals, a, against, b in progress.track(pairs, "classifiers", len(pairs)):
        result = two_sample_auc(
            features_of(b), features_of(a), seed, real_families=b.houses, generated_families=a.houses
        )
        labels = {"goals": goals, "against": against}
        figures.append(
            Figure("goals.auc", result.auc, result.lo, result.hi, n=result.families, labels=labels)
        )
        interval = f"{result.lo:.3f} … {result.hi:.3f}"
        each = (f"{auc:.3f}" for auc in result.by_classifier.values())
        lines.append((goals, against, f"{result.auc:.3f}", interval, *each, result.families))
    return figures, lines


def set_figures(compared: Sequence[Compared], n: int, labels: dict[str, str]) -> list[Figure]:
    """Each figure of `compare_sets`, for the generated and, told apart by the label `of`, for real goals."""
    return [
        Figure(f"goals.{found.name}", value, unit=found.unit, n=n, labels={**labels, "of": of})
        for found in compared
        for of, value in (("generated", found.generated), ("real", found.real))
    ]


def feature_figures(found: Sequence[Difference], labels: dict[str, str]) -> list[Figure]:
    """Means of every feature, and how far they are apart."""
    figures = []
    for difference in found:
        about = {**labels, "feature": difference.feature.name}
        unit = difference.feature.unit
        figures += [
            Figure("goals.mean", difference.generated, unit=unit, labels={**about, "of": "generated"}),
            Figure("goals.mean", difference.real, unit=unit, labels={**about, "of": "real"}),
            Figure("goals.standardised", difference.standardised, labels=about),
            Figure("goals.distance", difference.distance, labels=about),
        ]
    return figures


def set_table(title: str, compared: Sequence[Compared]) -> Any:
    """A table of `compare_sets`."""
    return table(
        title,
        ("set", "generated", "real", "unit", "what it is"),
        [(c.name, f"{c.generated:.3f}", f"{c.real:.3f}", c.unit, c.text) for c in compared],
    )


def feature_table(title: str, found: Sequence[Difference]) -> Any:
    """A table of features."""
    return table(
        title,
        ("feature", "generated", "real", "standardised", "spread", "distance", "unit", "what it is"),
        [
            (
                d.feature.name,
                f"{d.generated:.3f}",
                f"{d.real:.3f}",
                f"{d.standardised:+.2f}",
                f"{d.spread:.2f}",
                f"{d.distance:.2f}",
                d.feature.unit,
                d.feature.text,
            )
            for d in found
        ],
    )


def features_of(goals: Goals) -> np.ndarray:
    """(n, features), see `measure`."""
    from envs.building.goals import structure_of
    from envs.building.goals.measures.statistics import measure

    return measure(structure_of(goals.blocks))
