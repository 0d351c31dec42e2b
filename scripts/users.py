"""Users who build like people: fit the population to recordings, and compare it with the people.

What is fitted and what came out is in docs/users.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _clones
from ._cli import App, Figure, Progress, Report, add_data_option, data_folder, table

if TYPE_CHECKING:
    from agents.users.population import Population

DATA = "human_building"
SIZE = (11, 10, 10)
"""Of recorded worlds."""
MATCHING = 3
"""Rounds in which habits are matched (`agents/users/settle.py`)."""
Pace = tuple[tuple[str, float], ...]


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
    add("--seed", type=int, default=0, help="of those houses and of simulated builds")
    add("--out", metavar="FILE", help="write the populations here; agents/users/population.json ships")
    parser = app.command("habits", habits, examples=["python -m scripts.users habits --json"])
    add_data_option(parser, DATA)
    parser = app.command(
        "report",
        report,
        examples=["python -m scripts.users report", "python -m scripts.users report --draws 16 --json"],
    )
    add_data_option(parser, DATA)
    add = parser.add_argument
    add("--draws", type=int, default=48, metavar="N", help="users drawn to stand for a population")
    add("--builds", type=int, default=6, metavar="N", help="simulated builds of each house")
    add("--seed", type=int, default=0, help="of drawn users and simulated builds")
    parser = app.command(
        "clone",
        _clones.clone,
        examples=[
            "python -m scripts.users clone --out runs/clones",
            "python -m scripts.users clone --people person_3 --samples 6400 --json",
        ],
    )
    _clones.add_options(parser)
    return app.main(arguments)


def fit(options: argparse.Namespace, progress: Progress) -> Report:
    """Fit the population to recorded people.

    fit.mean, fit.deviation   of each fitted number over users, persons equally likely (label trait); in nats
                              of score, pause, fidget and wrong in log odds
    fit.shift                 what all users' numbers are shifted by, so that they build at the pace of a
                              standard episode with people's habits
    fit.pace                  the share of generated houses done then, and by the plain builder (label user)
    """
    import numpy as np

    from agents.users.alone import trace_of
    from agents.users.choices import choices_of
    from agents.users.fitting import COUNT, fit_population
    from agents.users.population import Population, write_populations
    from agents.users.recorded import people_of, read_episodes, without
    from agents.users.settle import HABITS, in_haste, match_habits
    from envs.building.goals import make_source

    rounds, houses = _positive("rounds", options.rounds), _positive("houses", options.houses)
    episodes = read_episodes(data_folder(options.data, DATA, "episodes.npz"))
    without(episodes, options.without)  # names an unknown person before anything is fitted
    goals = make_source("default", SIZE).draw(houses, np.random.default_rng(options.seed)).blocks
    choices = {
        episode.name: choices_of(episode.state, episode.goal, episode.actions, SIZE)
        for episode in progress.track(episodes, "reading episodes", len(episodes))
    }
    populations: dict[str, Population] = {}
    figures: list[Figure] = []
    for person in [options.without] if options.without else ["", *people_of(episodes)]:
        kept = without(episodes, person or None)
        with progress.task(f"fits without {person or 'nobody'}", rounds * len(kept)) as advance:
            pairs = [(episode.person, choices[episode.name]) for episode in kept]
            numbers, spread = fit_population(pairs, SIZE, rounds, advance)
        found = Population(
            tuple(episode.person for episode in kept), numbers, spread, np.zeros(COUNT)
        ).rounded()
        found, _pace = in_haste(found, goals, options.seed)
        traces = [trace_of(episode, SIZE) for episode in kept if episode.alone]
        with progress.task("simulated builds", MATCHING * (1 + len(HABITS))) as advance:
            found = match_habits(found, traces, options.seed, MATCHING, advance=advance)
        found, pace = in_haste(found, goals, options.seed)
        populations[person] = found
        figures += _fit_figures(found, pace, person or "nobody")
    if options.out:
        command = f"python -m scripts.users fit --rounds {rounds} --houses {houses}"
        command += f" --without {options.without}" if options.without else ""
        command += f" --seed {options.seed}"
        write_populations(Path(options.out), populations, command)
    return Report(figures, [_fit_table(next(iter(populations.values())))])


def habits(options: argparse.Namespace, progress: Progress) -> Report:
    """What each habit adds to the prediction of people who were not fitted.

    habits.nats   nats an edit, of the choice among the targets at hand: `uniform`, and `all` habits fitted
                  to the other people (label habits)
    habits.lost   nats an edit that are lost when a habit is left out (label habit)
    """
    from agents.users.choices import SCORES, choices_of
    from agents.users.habits import lost_without
    from agents.users.recorded import people_of, read_episodes

    episodes = read_episodes(data_folder(options.data, DATA, "episodes.npz"))
    pairs = [
        (episode.person, choices_of(episode.state, episode.goal, episode.actions, SIZE))
        for episode in progress.track(episodes, "reading episodes", len(episodes))
    ]
    with progress.task("fits", (1 + len(SCORES)) * len(people_of(episodes))) as advance:
        found = lost_without(pairs, SIZE, advance)
    n = len(people_of(episodes))
    figures = [
        Figure("habits.nats", found[key], unit="nats", n=n, labels={"habits": name})
        for key, name in (("uniform", "uniform"), ("", "all"))
    ]
    figures += [
        Figure("habits.lost", found[name], unit="nats", n=n, labels={"habit": name}) for name in SCORES
    ]
    return Report(figures)


def _fit_figures(found: Population, pace: Pace, left_out: str) -> list[Figure]:
    from agents.users.fitting import NAMES

    labels = {"without": left_out}
    figures = [
        Figure("fit.pace", 100 * done, unit="%", labels={**labels, "user": user}) for user, done in pace
    ]
    columns = (("mean", found.mean), ("deviation", found.deviation), ("shift", found.shift))
    for kind, values in columns:
        for name, value in zip(NAMES, values, strict=True):
            figures.append(
                Figure(f"fit.{kind}", value, n=len(found.people), labels={**labels, "trait": name})
            )
    return figures


def _fit_table(found: Population) -> Any:
    from agents.users.fitting import NAMES

    columns = (found.mean, found.deviation, found.spread, found.shift)
    rows = [(name, *(f"{v:.2f}" for v in values)) for name, *values in zip(NAMES, *columns, strict=True)]
    title = f"traits of {len(found.people)} episodes of {len(set(found.people))} people"
    return table(title, ["trait", "mean", "deviation", "of which jitter", "shift"], rows)


def report(options: argparse.Namespace, progress: Progress) -> Report:
    """Compare the population with recorded people, each person with one fitted without them.

    users.loglik    log-probability of what people did, nats a step (labels user; of: actions, edits given
                    that one is made), interval over episodes. `population` is at people's own pace, `shipped`
                    at that of a standard episode, `uniform` any useful edit
    users.auc       how well a classifier tells windows of 20 edits of people from users' who build the same
                    houses alone; trained on other people's houses, interval over people (labels user,
                    features: order, all, person)
    users.feature   mean of a feature of windows (labels who, feature)
    users.giveaway  AUC of a single feature: 0.5 tells nothing (labels user, feature)
    users.alone     share of recorded houses done alone in 380 steps, and of wrong edits (labels user, what)
    """
    import numpy as np

    from agents.evaluation.statistics import mean_interval
    from agents.users.builder import BuilderUser
    from agents.users.evidence import evidence
    from agents.users.population import PopulationUser, population
    from agents.users.recorded import people_of, read_episodes
    from agents.users.resemblance import compare
    from agents.users.settle import in_own_pace
    from agents.users.traits import Traits

    draws, builds = _positive("draws", options.draws), _positive("builds", options.builds)
    episodes = read_episodes(data_folder(options.data, DATA, "episodes.npz"))
    found: dict[tuple[str, str], list[float]] = {}
    for episode in progress.track(episodes, "recorded episodes", len(episodes)):
        given = population(episode.person)
        users = {
            "population": [in_own_pace(given).draw(options.seed + i) for i in range(draws)],
            "shipped": [given.draw(options.seed + i) for i in range(draws)],
            "plain": [Traits()],
        }
        for name, traits in users.items():
            said = evidence(episode, traits, SIZE)
            found.setdefault((name, "actions"), []).append(float(said.actions.mean()))
            found.setdefault((name, "edits"), []).append(float(said.edits.mean()))
        found.setdefault(("uniform", "edits"), []).append(float(said.uniform.mean()))
    people = np.array([episode.person for episode in episodes])
    figures = []
    for (user, of), values in found.items():
        value, lo, hi, n = mean_interval(np.array(values), np.arange(len(values)), options.seed)
        figures.append(Figure("users.loglik", value, lo, hi, "nats", n, {"user": user, "of": of}))
        for person in people_of(episodes):
            mine = float(np.array(values)[people == person].mean())
            labels = {"user": user, "of": of, "person": person}
            figures.append(Figure("users.loglik", mine, unit="nats", labels=labels))
    with progress.task("simulated builds", 2 * len(people_of(episodes))) as advance:
        rows = compare(
            episodes,
            {
                "population": lambda person: PopulationUser(population(person)),
                "plain": lambda person: BuilderUser("plain", Traits()),
            },
            SIZE,
            options.seed,
            builds,
            advance,
        )
    figures += [Figure(**row) for row in rows]
    return Report(figures, _report_tables(figures))


def _report_tables(figures: Sequence[Figure]) -> list[Any]:
    def cell(figure: Figure) -> str:
        value = f"{figure.value:.3f}"
        return value if figure.lo is None else f"{value} [{figure.lo:.3f}, {figure.hi:.3f}]"

    def grid(title: str, name: str, row: str, column: str, **fixed: str) -> Any:
        """A table of the figures `name` with those labels, and with no others than row and column."""
        kept = {
            (figure.labels[row], figure.labels[column]): cell(figure)
            for figure in figures
            if figure.name == name
            and {**figure.labels, **fixed} == dict(figure.labels)
            and figure.labels.keys() == {row, column, *fixed}
        }
        rows, columns = (list(dict.fromkeys(key[i] for key in kept)) for i in (0, 1))
        lines = [(str(r), *(kept.get((r, c), "") for c in columns)) for r in rows]
        return table(title, [row, *map(str, columns)], lines)

    return [
        grid("log-probability of what people did, nats a step", "users.loglik", "user", "of"),
        grid("... edits, by person", "users.loglik", "user", "person", of="edits"),
        grid("telling people from users by 20 edits, AUC", "users.auc", "user", "features"),
        grid("... by person", "users.auc", "user", "person", features="order"),
        grid("what gives users away: AUC of one feature", "users.giveaway", "feature", "user"),
        grid("windows of 20 edits, means", "users.feature", "feature", "who"),
        grid("alone on recorded houses, 380 steps, %", "users.alone", "user", "what"),
    ]


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
