"""Solve a small game exactly, and see how near a planner comes.

value.optimal   the best assistant that knows the user's policy, but not the goal
value.alone     an assistant that never does anything
value.oracle    the best assistant that knows the goal
value.planner   with --simulations: mean return of the plain search over seeded episodes, the same for every
                number of simulations, with its 95 % interval
regret.planner  what the optimal policy earns more than that in the same episodes

Rules, settings and known values of a game are in its module, envs/tabular/GAME.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ._cli import App, Figure, Progress, Report, table

if TYPE_CHECKING:
    import numpy as np

    from envs.tabular import TabularGame
    from planners.exact import Solution
    from planners.reference import Rule
    from planners.tabular import Act

GAMES = "off_switch, red_blue, wormy_apples, tiger, mini_chef, line_build, clarification, kitchen"
GOALS_SHOWN = 4
Table = Any
"""A rich table."""


def main(arguments: Sequence[str] | None = None) -> int:
    app = App(
        "scripts.solve",
        __doc__,
        solve,
        [
            "python -m scripts.solve wormy_apples",
            "python -m scripts.solve line_build --set n=4 --set user_cost=0.2 --json",
            "python -m scripts.solve tiger --simulations 10,100 --episodes 50",
            "python -m scripts.solve red_blue --user boltzmann:0.5",
        ],
    )
    add = app.parser.add_argument
    add("game", metavar="GAME", help=GAMES)
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the game; repeatable")
    add("--user", default="game", help="game (its own, the default), best (responding) or boltzmann:BETA")
    add("--simulations", default="", metavar="N,N,...", help="play the planner, N simulations a decision")
    add("--rule", default="puct", choices=("puct", "gumbel"), help="which edges the planner's search passes")
    add("--episodes", type=int, default=100, metavar="N", help="episodes the planner plays (default 100)")
    add("--rows", type=int, default=30, metavar="N", help="situations of the policy to print (default 30)")
    add("--seed", type=int, default=0, metavar="N", help="seeds the planner's episodes (default 0)")
    return app.main(arguments)


def solve(options: argparse.Namespace, progress: Progress) -> Report:
    """The command."""
    from planners import exact

    counts = [_positive("--simulations", part) for part in options.simulations.split(",") if part.strip()]
    episodes = range(_positive("--episodes", options.episodes))
    game = _make(options.game, options.set, options.user)
    if game.user is not None:
        solution = exact.solve(game)
        values, policy = _exact(solution, options.rows)
        played = _play(solution, counts, options.rule, episodes, options.seed, progress) if counts else []
    elif counts:
        raise ValueError(
            "the planner needs a user with a policy; leave --simulations out or name another user"
        )
    else:
        values, policy = _best_response(game, options.rows)
        played = []
    figures = [*(Figure(f"value.{name}", value) for name, value in values.items()), *played]
    return Report(figures, [_value_table(game, figures), policy])


def _make(name: str, settings: Sequence[str], user: str) -> TabularGame:
    from envs.tabular import make_game
    from envs.tabular.users import best_responding, boltzmann

    game = make_game(name, **dict(map(_setting, settings)))
    kind, _, beta = user.partition(":")
    if kind == "boltzmann":
        return boltzmann(game, _number("beta of --user boltzmann:BETA", beta))
    if user not in ("game", "best"):
        raise ValueError(f"--user is {user!r}; choose game, best or boltzmann:BETA")
    return best_responding(game) if user == "best" else game


def _exact(solution: Solution, count: int) -> tuple[dict[str, float], Table]:
    """Values by name, and the policy."""
    from planners.exact import always_wait, oracle_value, policy_value

    game = solution.graph.game
    values = {
        "optimal": solution.value,
        "alone": policy_value(game, always_wait),
        "oracle": oracle_value(game),
    }
    situations = list(solution.rows())
    rows = [
        (
            game.states[row.state],
            _belief(game, row.belief),
            *([row.depth] if game.horizon else []),
            game.assistant_actions[row.action],
            f"{row.value:.5f}",
        )
        for row in situations[:count]
    ]
    columns = ["state", "belief", *(["step"] if game.horizon else []), "action", "value"]
    return values, table(f"optimal policy, {_share(rows, situations)}", columns, rows)


def _best_response(game: TabularGame, count: int) -> tuple[dict[str, float], Table]:
    """Values by name, and the plan with the user's replies."""
    import numpy as np

    from planners.alpha import best_response
    from planners.exact import informed

    found = best_response(game)
    idle = np.zeros_like(game.assistant_legal)
    idle[:, 0] = True
    values = {
        "optimal": found.value,
        "alone": best_response(replace(game, assistant_legal=idle)).value,
        "oracle": best_response(informed(game)).value,
    }
    queue = [(state, plan, np.flatnonzero(game.prior), 0) for state, plan in found.plans.items()]
    rows = []
    for state, plan, goals, step in queue:
        who = {reply: goals[plan.replies[goals] == reply] for reply in plan.replies[goals].tolist()}
        words = [f"{game.user_actions[reply]} ({_goals(game, some)})" for reply, some in who.items()]
        action = game.assistant_actions[plan.action]
        rows.append((game.states[state], _goals(game, goals), step, action, "; ".join(words)))
        for (reply, after), following in plan.following.items():
            if reply in who:
                queue.append((after, following, who[reply], step + 1))
    title = f"optimal plan and the user's best responses, {_share(rows[:count], rows)}"
    return values, table(title, ["state", "goals left", "step", "action", "the user replies"], rows[:count])


def _play(
    solution: Solution, counts: Sequence[int], rule: Rule, episodes: range, seed: int, progress: Progress
) -> list[Figure]:
    """Figures of the planner, and of what the optimal policy gets more in the same episodes."""
    import numpy as np

    from agents.evaluation.statistics import mean_interval
    from planners.tabular import play

    game = solution.graph.game

    def best(state: int, belief: np.ndarray, depth: int, rng: np.random.Generator) -> int:
        return int(solution.act(np.array([state]), belief[None], depth)[0])

    optimal = np.array(list(play(game, best, episodes, seed)))
    figures = []
    for count in counts:
        what = f"episodes with {count} simulations a decision"
        returns = play(game, _planner(game, count, rule), episodes, seed)
        values = np.array(list(progress.track(returns, what, len(episodes))))
        for name, sample in (("value.planner", values), ("regret.planner", optimal - values)):
            mean, lo, hi, n = mean_interval(sample, np.arange(len(episodes)))
            figures.append(Figure(name, mean, lo, hi, n=n, labels={"simulations": count}))
    return figures


def _planner(game: TabularGame, simulations: int, rule: Rule) -> Act:
    import numpy as np

    from planners.reference import ReferenceSearch, SearchOptions
    from planners.tabular import TabularModel

    model = TabularModel(game, slots=simulations + 1)
    search = ReferenceSearch(model, SearchOptions(simulations, game.discount, rule))

    def act(state: int, belief: np.ndarray, depth: int, rng: np.random.Generator) -> int:
        model.set_roots(np.array([state]), belief[None], depth)
        return search.run(rng).action

    return act


def _value_table(game: TabularGame, figures: Sequence[Figure]) -> Table:
    horizon = f", horizon {game.horizon}" if game.horizon else ""
    title = f"{game.name}, discount {game.discount}{horizon}"
    rows: list[tuple] = [(figure.name, f"{figure.value:.5f}") for figure in figures]
    if not any(figure.n for figure in figures):
        return table(title, ["", "value"], rows)
    for i, figure in enumerate(figures):
        interval = "" if figure.lo is None else f"{figure.lo:.5f} .. {figure.hi:.5f}"
        rows[i] += interval, figure.labels.get("simulations"), figure.n
    return table(title, ["", "value", "95 % interval", "simulations", "episodes"], rows)


def _belief(game: TabularGame, belief: np.ndarray) -> str:
    """The likeliest goals with their probabilities."""
    order = sorted(range(len(belief)), key=lambda goal: -belief[goal])
    return _short([f"{game.goals[goal]} {belief[goal]:.3f}" for goal in order if belief[goal] >= 0.0005])


def _goals(game: TabularGame, goals: np.ndarray) -> str:
    return _short([game.goals[goal] for goal in goals])


def _short(words: list[str]) -> str:
    more = len(words) - GOALS_SHOWN
    return ", ".join(words[:GOALS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _share(shown: Sequence, everything: Sequence) -> str:
    if len(shown) == len(everything):
        return f"all {len(shown)} situations that it gets into"
    return f"{len(shown)} of the {len(everything)} situations that it gets into"


def _setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE, the value an int, float or word; `none` is None."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--set is {text!r}; give NAME=VALUE")
    if value.lower() == "none":
        return name, None
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def _number(what: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what} is {text!r}; give a number") from None


def _positive(what: str, value: str | int) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1:
        raise ValueError(f"{what} has {value!r}; give whole numbers of 1 or more")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
