"""The command `python -m scripts.users clone`: clone people, and ask the clones about those left out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._cli import Figure, Parser, Progress, Report, add_data_option, data_folder, table

if TYPE_CHECKING:
    from agents.predictors.clone_scores import Verdict
    from agents.predictors.cloned_net import CloneNet
    from agents.users.alone import Trace
    from agents.users.recorded import RecordedEpisode

DATA = "human_building"
SIZE = (11, 10, 10)
"""Of recorded worlds."""
STRENGTHS = (0.05, 0.16, 0.5, 1.6)
"""Of the piKL mixture that judges people, in cells of gain."""
ALONE = (
    "goal_percent",
    "edits",
    "wrong_percent",
    "noop_percent",
    "move_percent",
    "place_percent",
    "break_percent",
)


def add_options(parser: Parser) -> None:
    """The options of the command."""
    add_data_option(parser, DATA)
    add = parser.add_argument
    add("--people", default="all", metavar="NAMES", help="whom to leave out, one after the other")
    add("--samples", type=int, default=64_000, metavar="N", help="moments shown in each training")
    add("--steps", type=int, default=380, metavar="N", help="of builds by oneself")
    add("--seed", type=int, default=0, help="of trainings and builds")
    add(
        "--out",
        default="runs/clones",
        metavar="FOLDER",
        help="keep the networks here, in without_PERSON and everybody (default: runs/clones)",
    )


def clone(options: argparse.Namespace, progress: Progress) -> Report:
    """Clone recorded people, and judge the clones by a person who was left out.

    An interrupted command goes on where it stopped. Networks are those of
    `scripts.train building --stage clone`.

    clone.cross_entropy   nats an action, and an edit given that one is made, of the person left out (labels
                          user, person, of: actions, edits); `mean` over people
    clone.accuracy        share of actions that are the likeliest legal one, % (labels user, person)
    alone.*               the houses of the person left out, built alone: goal_percent, edits, wrong_percent
                          and the shares of kinds (labels user, steps); `recorded` are the people themselves
    """
    from agents.predictors.cloning import CloneRecipe
    from agents.training.presets import CLONE
    from agents.training.stages import Keeping
    from agents.training.stages import clone as stage
    from agents.users.recorded import people_of, read_episodes, without

    for name in ("samples", "steps"):
        if getattr(options, name) < 1:
            raise ValueError(f"{name} is {getattr(options, name)}; give 1 or more")
    data = data_folder(options.data, DATA, "episodes.npz")
    episodes = read_episodes(data)
    people = people_of(episodes) if options.people == "all" else options.people.split(",")
    for person in people:
        without(episodes, person)  # names an unknown person before training
    recipe = replace(CloneRecipe(), samples=options.samples)
    folder = Path(options.out)

    def train(person: str | None) -> CloneNet:
        name = f"without_{person}" if person else "everybody"
        wanted = replace(CLONE["cpu"], recipe=recipe, leave_out=person)
        with progress.task(f"training {name}", options.samples) as advance:
            return stage(wanted, folder / name, options.seed, Keeping(resume=True), advance, data)

    said: dict[tuple[str, str], list[Verdict]] = {}
    built: dict[str, list[Trace]] = {}
    for person in people:
        net = train(person)
        mine = [episode for episode in episodes if episode.person == person]
        for user, verdicts in _verdicts(net, person, mine, progress).items():
            said[user, person] = verdicts
        for user, traces in _builds(net, person, mine, options).items():
            built.setdefault(user, []).extend(traces)
    train(None)
    figures = _judged(said, people) + _alone(built, options.steps)
    return Report(figures, _tables(figures))


def _verdicts(
    net: CloneNet, person: str, episodes: Sequence[RecordedEpisode], progress: Progress
) -> dict[str, list[Verdict]]:
    """What users who have not seen a person say of them."""
    from agents.predictors.clone_scores import judge, of_anybody, of_builders, of_clones
    from agents.users.cloned import ClonedUser
    from agents.users.pikl import PiklUser
    from agents.users.population import population
    from agents.users.settle import in_own_pace
    from agents.users.traits import Traits

    cloned = of_clones([ClonedUser(net)], SIZE)
    others = in_own_pace(population(person))
    users = {
        "uniform": of_anybody(cloned),
        "plain builder": of_builders([Traits()], cloned, SIZE),
        "population": of_builders([others.typical(), *map(others.draw, range(5))], cloned, SIZE),
        "cloned": cloned,
        "cloned, not settled": of_clones([ClonedUser(net, settled=False)], SIZE),
        "pikl": of_clones([PiklUser(net, strengths=(value, value)) for value in STRENGTHS], SIZE),
    }
    with progress.task(f"judging {person}", len(users) * len(episodes)) as advance:
        found: dict[str, list[Verdict]] = {}
        for name, user in users.items():
            for episode in episodes:
                found.setdefault(name, []).append(judge(user, episode, SIZE))
                advance(1)
    return found


def _builds(
    net: CloneNet, person: str, episodes: Sequence[RecordedEpisode], options: argparse.Namespace
) -> dict[str, list[Trace]]:
    """A person's houses, built alone by themselves, if they did, and by users who have not seen them."""
    import numpy as np

    from agents.users.alone import build_alone, trace_of
    from agents.users.cloned import ClonedUser
    from agents.users.pikl import PiklUser
    from agents.users.population import PopulationUser, population

    goals = np.stack([episode.goal.reshape(SIZE) for episode in episodes])
    seeds = options.seed + np.arange(len(goals))
    recorded = [trace_of(episode, SIZE) for episode in episodes if episode.alone]
    found = {"recorded": [replace(trace, actions=trace.actions[: options.steps]) for trace in recorded]}
    for user in (PopulationUser(population(person)), ClonedUser(net), PiklUser(net)):
        found[user.name] = build_alone(user, goals, seeds, options.steps)[0]
    return found


def _judged(said: dict[tuple[str, str], list[Verdict]], people: Sequence[str]) -> list[Figure]:
    import numpy as np

    figures = []
    for user in dict.fromkeys(user for user, _person in said):
        means: dict[tuple[str, str], list[float]] = {}
        for person in people:
            verdicts = said[user, person]
            values = {
                ("cross_entropy", "actions"): -np.concatenate([v.actions for v in verdicts]).mean(),
                ("cross_entropy", "edits"): -np.concatenate([v.edits for v in verdicts]).mean(),
                ("accuracy", "actions"): 100 * np.concatenate([v.foretold for v in verdicts]).mean(),
            }
            for key, value in values.items():
                means.setdefault(key, []).append(float(value))
                figures.append(_judgement(key, float(value), user, person))
        figures += [_judgement(key, float(np.mean(values)), user, "mean") for key, values in means.items()]
    return figures


def _judgement(key: tuple[str, str], value: float, user: str, person: str) -> Figure:
    name, of = key
    unit = "%" if name == "accuracy" else "nats"
    return Figure(f"clone.{name}", value, unit=unit, labels={"user": user, "of": of, "person": person})


def _alone(built: dict[str, list[Trace]], steps: int) -> list[Figure]:
    from agents.predictors.clone_scores import pace_of

    figures = []
    for user, traces in built.items():
        for name, value in pace_of(traces).items():
            unit = "%" if name.endswith("percent") else ""
            figures.append(
                Figure(
                    f"alone.{name}", value, unit=unit, n=len(traces), labels={"user": user, "steps": steps}
                )
            )
    return figures


def _tables(figures: Sequence[Figure]) -> list[Any]:
    found = {(f.name, *f.labels.values()): f.value for f in figures}
    users = list(dict.fromkeys(f.labels["user"] for f in figures if f.name == "clone.accuracy"))
    people = list(dict.fromkeys(f.labels["person"] for f in figures if f.name == "clone.accuracy"))
    parts = (
        ("nats an action of the person left out", "clone.cross_entropy", "actions"),
        ("... an edit, given that one is made", "clone.cross_entropy", "edits"),
        ("actions foretold, %", "clone.accuracy", "actions"),
    )
    tables = [
        table(
            title,
            ["user", *map(str, people)],
            [(u, *(f"{found[name, u, of, p]:.2f}" for p in people)) for u in users],
        )
        for title, name, of in parts
    ]
    alone = [figure for figure in figures if figure.name == "alone.goal_percent"]
    steps = alone[0].labels["steps"]
    lines = [
        (f.labels["user"], f.n, *(f"{found[f'alone.{name}', f.labels['user'], steps]:.1f}" for name in ALONE))
        for f in alone
    ]
    title = f"alone on the houses of those left out, {steps} steps"
    return [
        *tables,
        table(title, ["user", "builds", *(name.replace("_percent", " %") for name in ALONE)], lines),
    ]
