"""The planners that search is compared with: each does what it says, within its budget, game by game."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from envs.tabular import make_game
from planners.baselines import PLANNERS, make_planner
from planners.bounds import blind_bounds
from planners.exact import informed, solve
from planners.options import SearchOptions
from planners.search import Results
from planners.tabular import TabularModel

WORMY = ("wormy_apples", {}, "wormy apple")
WAIT, ASK, COMPOST, TRASH = range(4)
"""Candidates with a wormy apple, in the order of the actions."""


def options_of(discount: float, simulations: int) -> SearchOptions:
    return SearchOptions(simulations, discount=discount, backup="best")


def run(
    planner: str,
    simulations: int = 100,
    situation: tuple[str, dict[str, Any], str] = WORMY,
    games: int = 3,
    seed: int = 0,
    active: np.ndarray | None = None,
    belief: np.ndarray | None = None,
) -> Results:
    """One decision in copies of a situation, under the prior or another belief; seeds seed, seed + 1, ..."""
    name, settings, state = situation
    game = make_game(name, **settings)
    options = options_of(game.discount, simulations)
    model = TabularModel(game, games, options.nodes, blind_bounds(game))
    for i in range(games):
        model.set_root(i, game.states.index(state), game.prior if belief is None else belief)
    return make_planner(planner, model, games, options).run(np.arange(games) + seed, active)


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize("simulations", [1, 2, 3, 7, 40, 100])
def test_results_are_whole_and_within_the_budget(planner: str, simulations: int) -> None:
    found = run(planner, simulations)
    assert found.counts.tolist() == [4, 4, 4]
    assert (found.simulations <= simulations).all()
    assert (found.simulations >= simulations - 16).all()
    assert np.array_equal(found.visits.sum(axis=1), found.simulations)
    assert np.array_equal(np.isnan(found.q), found.visits == 0)
    assert found.policy.sum(axis=1) == pytest.approx([1, 1, 1])
    for action, candidates, visits in zip(found.actions, found.candidates, found.visits, strict=True):
        assert visits[candidates == action] > 0


@pytest.mark.parametrize("planner", PLANNERS)
def test_a_game_does_not_depend_on_the_others(planner: str) -> None:
    together = run(planner, 30, games=4, seed=5)
    alone = run(planner, 30, games=1, seed=7)
    some = run(planner, 30, games=4, seed=5, active=np.array([False, True, True, False]))
    assert some.actions[[0, 3]].tolist() == [-1, -1]
    assert some.counts[[0, 3]].tolist() == [0, 0]
    for field, one, part in zip(together, alone, some, strict=True):
        assert np.array_equal(field[2], one[0], equal_nan=field.dtype.kind == "f")
        assert np.array_equal(field[1:3], part[1:3], equal_nan=field.dtype.kind == "f")


def test_budgets_are_shared_out_evenly() -> None:
    for planner in ("flat", "voi", "info_gain", "qmdp"):
        assert run(planner, 10).visits[0].tolist() == [2, 2, 2, 2]
        assert run(planner, 2).visits[0].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("planner", ["flat", "best_of_n", "voi", "info_gain", "qmdp"])
def test_no_simulation_begins_after_the_time_is_up(planner: str) -> None:
    options = SearchOptions(400, milliseconds=1e-6)
    game = make_game("wormy_apples")
    model = TabularModel(game, 1, options.nodes, blind_bounds(game))
    model.set_root(0, game.states.index("wormy apple"), game.prior)
    found = make_planner(planner, model, 1, options).run(np.zeros(1))
    assert found.visits.tolist() == [[1, 1, 1, 1]]
    assert np.isfinite(found.q).all()


def test_best_of_n_draws_from_the_prior() -> None:
    """4 deviations of a share."""
    visits = run("best_of_n", 400).visits
    assert visits.sum() == 1200
    assert np.abs(visits.sum(axis=0) / 1200 - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 1200)


def test_all_candidates_meet_the_same_replies() -> None:
    """Whatever the user picks, its pick is right with chance 0.8, and either red or blue is the goal: the two
    guesses together earn 2 * 0.8 + 1, if both meet the same picks.
    """
    found = run("voi", 30, ("red_blue", {"accuracy": 0.8}, "user fork, assistant nothing"))
    assert found.visits[0].tolist() == [10, 10, 10]
    assert found.q[:, 1:].sum(axis=1) == pytest.approx([2.6] * 3)
    assert (found.q[:, 1] != found.q[:, 2]).any()


def test_one_step_of_information_finds_the_question_that_pays() -> None:
    game = make_game("wormy_apples")
    found = run("voi")
    assert [game.assistant_actions[action] for action in found.actions] == ["ask"] * 3
    # Asking costs 0.1, and the next step disposes of the apple, the one after makes the pie.
    assert found.q[0, ASK] == pytest.approx(0.99**2 * 2 - 0.1)


@pytest.mark.parametrize(("cost", "voi", "gain"), [(0.2, "ask", "ask"), (5.0, "wait", "ask")])
def test_information_gain_asks_at_any_price(cost: float, voi: str, gain: str) -> None:
    game = make_game("clarification", cost=cost)
    for planner, action in (("voi", voi), ("info_gain", gain)):
        found = run(planner, situation=("clarification", {"cost": cost}, "start"))
        assert game.assistant_actions[found.actions[0]] == action


def test_information_gain_acts_when_nothing_is_left_to_learn() -> None:
    found = run("info_gain", belief=np.array([0.0, 1.0]))
    assert found.candidates[0, TRASH] == found.actions[0]


def test_the_determinised_planner_never_asks_and_waits_for_ever() -> None:
    """Its values are averages over goals of the values of acting with that goal known."""
    found = run("qmdp", 400)
    game = make_game("wormy_apples")
    known = solve(informed(game))
    here = game.states.index("wormy apple") * 2
    exact = np.mean([known.action_values(here + goal, np.ones(1)) for goal in range(2)], axis=0)
    assert found.q[0, : found.counts[0]] == pytest.approx(exact[found.candidates[0]], abs=0.03)
    assert found.candidates[0, WAIT] == found.actions[0]
    assert (run("gumbel", 400).actions == found.candidates[0, ASK]).all()


def test_rollouts_take_the_likeliest_action_and_end_in_a_value() -> None:
    """With equal priors that is waiting: ask, wait nine times, and only then dispose of the apple and make a
    pie."""
    assert run("flat").q[0, ASK] == pytest.approx(-0.1 + 0.99**10 * (0.99 * 2))


class Silent:
    """A model that says nothing of its beliefs."""

    def evaluate(self, slots: np.ndarray) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(("planner", "method"), [("info_gain", "entropy"), ("qmdp", "collapse")])
def test_what_a_model_lacks_is_named(planner: str, method: str) -> None:
    with pytest.raises(ValueError, match=f"Silent has no method {method}, which {planner} needs"):
        make_planner(planner, Silent(), 1)  # type: ignore[arg-type]


def test_a_planner_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="planner is 'magic'; choose from gumbel, puct, flat"):
        run("magic")
