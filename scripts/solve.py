"""Solve a small game exactly, and see how near a planner comes.

value.optimal   the best assistant that knows the user's policy, but not the goal
value.alone     an assistant that never does anything
value.oracle    the best assistant that knows the goal
value.planner   with --simulations: what a planner is worth, the optimal value less its regret
regret.planner  what it loses in seeded episodes by the exact values of its actions, with a 95 % interval

--tree writes a page with the search trees of the first of these episodes: what was tried, what was answered,
and what it gave.

Rules, settings and known values of a game are in its module, envs/tabular/GAME.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._cli import App, Figure, Progress, Report, table

if TYPE_CHECKING:
    import numpy as np

    from envs.tabular import TabularGame
    from planners.exact import Solution

GAMES = (
    "off_switch, red_blue, wormy_apples, tiger, mini_chef, line_build, clarification, twenty_questions, "
    "kitchen"
)
GOALS_SHOWN = 4
TREE_SIMULATIONS = 100
"""Simulations per decision of --tree alone."""
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
            "python -m scripts.solve wormy_apples --tree tree.html",
            "python -m scripts.solve red_blue --user boltzmann:0.5",
        ],
    )
    add = app.parser.add_argument
    add("game", metavar="GAME", help=GAMES)
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the game; repeatable")
    add("--user", default="game", help="game (its own, the default), best (responding) or boltzmann:BETA")
    add("--simulations", default="", metavar="N,N,...", help="play the planner, N simulations a decision")
    add("--planner", default="gumbel", metavar="NAME", help="one of planners.baselines (default gumbel)")
    add("--tree", metavar="FILE.html", help=f"look into its searches ({TREE_SIMULATIONS} simulations alone)")
    add("--episodes", type=int, default=100, metavar="N", help="episodes the planner plays (default 100)")
    add("--rows", type=int, default=30, metavar="N", help="situations of the policy to print (default 30)")
    add("--seed", type=int, default=0, metavar="N", help="seeds the planner's episodes (default 0)")
    return app.main(arguments)


def solve(options: argparse.Namespace, progress: Progress) -> Report:
    """The command."""
    from planners import exact

    counts = [_positive("--simulations", part) for part in options.simulations.split(",") if part.strip()]
    options.episodes = _positive("--episodes", options.episodes)
    game = _make(options.game, options.set, options.user)
    if game.user is not None:
        solution = exact.solve(game)
        looked = _look(solution, counts or [TREE_SIMULATIONS], options) if options.tree else []
        values, policy = _exact(solution, options.rows)
        played = _play(solution, counts, options, progress) if counts else []
    elif counts or options.tree:
        raise ValueError(
            "the planner needs a user with a policy; leave --simulations and --tree out or name another user"
        )
    else:
        values, policy = _best_response(game, options.rows)
        looked, played = [], []
    figures = [*(Figure(f"value.{name}", value) for name, value in values.items()), *played]
    return Report(figures, [_value_table(game, figures), policy, *looked])


def _make(name: str, settings: Sequence[str], user: str) -> TabularGame:
    from agents.evaluation.tabular import game_of
    from envs.tabular.users import best_responding, boltzmann

    game = game_of(":".join([name, *settings]))
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


def _look(solution: Solution, counts: Sequence[int], options: argparse.Namespace) -> list[str]:
    """Write the page of --tree; returns what to say of it."""
    from agents.evaluation.tabular import search_options, search_trees
    from agents.evaluation.tree_page import tree_page

    trees = [
        tree
        for count in counts
        for tree in search_trees(solution, options.planner, search_options(count), options.seed)
    ]
    page = tree_page(trees, f"{solution.graph.game.name}: searches by {options.planner}, seed {options.seed}")
    Path(options.tree).write_text(page, encoding="utf-8")
    return [f"{options.tree} shows the searches of {len(trees)} decisions"]


def _play(
    solution: Solution, counts: Sequence[int], options: argparse.Namespace, progress: Progress
) -> list[Figure]:
    """Figures of the planner."""
    from agents.evaluation.tabular import play, regret_interval, search_options

    figures = []
    for count in counts:
        what = f"episodes with {count} simulations a decision"
        with progress.task(what, options.episodes) as advance:
            wanted = search_options(count)
            played = play(solution, options.planner, wanted, options.episodes, options.seed, advance)
        mean, lo, hi, n = regret_interval(played)
        labels = {"simulations": count}
        best = solution.value
        figures.append(Figure("value.planner", best - mean, best - hi, best - lo, n=n, labels=labels))
        figures.append(Figure("regret.planner", mean, lo, hi, n=n, labels=labels))
    return figures


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
