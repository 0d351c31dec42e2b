"""Users who build like people: fit the population to recordings, and compare it with the people.

What is fitted and what came out is in docs/users.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ._cli import App, Figure, Progress, Report, add_data_option, data_folder, table

DATA = "human_building"


def main(arguments: Sequence[str] | None = None) -> int:
    app = App("scripts.users", __doc__)
    parser = app.command(
        "fit",
        fit,
        examples=[
            "python -m scripts.users fit --out population.json",
            "python -m scripts.users fit --without person_3 --json",
        ],
    )
    add_data_option(parser, DATA)
    add = parser.add_argument
    add(
        "--without",
        metavar="PERSON",
        help="fit without this person's episodes only (default: with all, and without each)",
    )
    add("--rounds", type=int, default=4, metavar="N", help="rounds of fitting people and their distribution")
    add("--houses", type=int, default=64, metavar="N", help="generated houses on which the pace is set")
    add("--seed", type=int, default=0, help="of those houses")
    add("--out", metavar="FILE", help="write the populations here; agents/users/population.json ships")
    return app.main(arguments)


def fit(options: argparse.Namespace, progress: Progress) -> Report:
    """Fit the population to recorded people.

    fit.mean, fit.deviation   of each fitted number over users, persons equally likely (label trait); in nats
                              of score, pause, fidget and wrong in log odds
    fit.haste                 taken from the log odds of pauses and stray moves, so that the population builds
                              as much in 380 steps as the plain builder, on generated houses
    fit.pace                  the share of those houses done then, and by the plain builder (label user)
    """
    import numpy as np

    from agents.users.choices import choices_of
    from agents.users.fitting import NAMES, fit_population
    from agents.users.haste import calibrate
    from agents.users.population import Population, write_populations
    from agents.users.recorded import people_of, read_episodes, without
    from envs.building.goals import make_source

    if options.rounds < 1 or options.houses < 1:
        raise ValueError(f"rounds is {options.rounds} and houses {options.houses}; give 1 or more of both")
    episodes = read_episodes(data_folder(options.data, DATA, "episodes.npz"))
    size = (11, 10, 10)
    without(episodes, options.without)  # names an unknown person before anything is fitted
    left_out = [options.without] if options.without else ["", *people_of(episodes)]
    goals = make_source("default", size).draw(options.houses, np.random.default_rng(options.seed)).blocks
    choices = {
        episode.name: choices_of(episode.state, episode.goal, episode.actions, size)
        for episode in progress.track(episodes, "reading episodes", len(episodes))
    }
    populations = {}
    figures: list[Figure] = []
    for person in left_out:
        kept = [episode for episode in episodes if episode.person != person]
        with progress.task(f"fits without {person or 'nobody'}", options.rounds * len(kept)) as advance:
            pairs = [(episode.person, choices[episode.name]) for episode in kept]
            numbers, spread = fit_population(pairs, size, options.rounds, advance)
        found = Population(tuple(episode.person for episode in kept), numbers, spread, 0.0)
        found, pace = calibrate(found, goals, options.seed)
        populations[person] = found
        figures += _fit_figures(found, pace, NAMES, person or "nobody", len(kept))
    if options.out:
        command = f"python -m scripts.users fit --rounds {options.rounds} --houses {options.houses}"
        write_populations(Path(options.out), populations, f"{command} --seed {options.seed}")
    first = next(iter(populations.values()))
    deviation = _deviation(first)
    rows = [
        (name, f"{mean:.2f}", f"{sd:.2f}", f"{spread:.2f}")
        for name, mean, sd, spread in zip(NAMES, first.mean, deviation, first.spread, strict=True)
    ]
    title = (
        f"traits of {len(first.people)} episodes of {len(set(first.people))} people, haste {first.haste:.2f}"
    )
    return Report(figures, [table(title, ["trait", "mean", "deviation", "of which jitter"], rows)])


def _deviation(found):
    import numpy as np

    away = found.numbers - found.mean
    return np.sqrt(found.shares @ away**2 + found.spread**2)


def _fit_figures(found, pace, names, left_out: str, n: int) -> list[Figure]:
    labels = {"without": left_out}
    figures = [Figure("fit.haste", found.haste, labels=labels)]
    figures += [
        Figure("fit.pace", 100 * done, unit="%", labels={**labels, "user": user}) for user, done in pace
    ]
    for name, mean, deviation in zip(names, found.mean, _deviation(found), strict=True):
        figures.append(Figure("fit.mean", mean, n=n, labels={**labels, "trait": name}))
        figures.append(Figure("fit.deviation", deviation, n=n, labels={**labels, "trait": name}))
    return figures


if __name__ == "__main__":
    sys.exit(main())
