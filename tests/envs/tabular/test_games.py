"""The rules of the games, and how they are made by name. Their values are in tests/planners/test_exact.py."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from envs.tabular import GAMES, TabularGame, make_game


def policy(game: TabularGame, state: str, action: str, goal: str) -> dict[str, float]:
    """The user's policy in words."""
    chances = game.user_policy(game.states.index(state), game.assistant_actions.index(action))
    column = chances[:, game.goals.index(goal)]
    return {game.user_actions[h]: float(column[h]) for h in np.flatnonzero(column)}


def step(game: TabularGame, state: str, action: str, reply: str) -> dict[str, float]:
    """Next states with their chances, in words."""
    at = game.states.index(state), game.assistant_actions.index(action), game.user_actions.index(reply)
    outcomes = zip(game.next_states[at].tolist(), game.chances[at].tolist(), strict=True)
    return {game.states[s]: chance for s, chance in outcomes if chance}


def reward(game: TabularGame, state: str, action: str, reply: str, goal: str) -> float:
    """Reward of a step, in words."""
    at = game.states.index(state), game.assistant_actions.index(action), game.user_actions.index(reply)
    return float(game.rewards[at][game.goals.index(goal)])


@pytest.mark.parametrize("name", GAMES)
def test_every_game_has_its_name_and_a_no_op(name: str) -> None:
    game = make_game(name)
    assert game.name == name
    assert game.assistant_actions[0] == "wait"
    assert len(set(game.states)) == len(game.states)


@pytest.mark.parametrize("name", GAMES)
def test_every_page_names_all_settings(name: str) -> None:
    page = inspect.getmodule(GAMES[name]).__doc__
    assert [field.name for field in fields(GAMES[name]) if f"`{field.name}`" not in page] == []


def test_twenty_questions_are_about_bits_and_replies_may_slip() -> None:
    game = make_game("twenty_questions", bits=2, slip=0.1)
    assert policy(game, "??", "bit 1", "thing 2") == pytest.approx({"yes": 0.9, "no": 0.1})
    assert step(game, "??", "bit 1", "yes") == {"?y": 1.0}
    assert reward(game, "?y", "thing 2", "wait", "thing 2") == 1
    assert reward(game, "?y", "thing 2", "wait", "thing 3") == 0
    with pytest.raises(ValueError, match="bits is 5"):
        make_game("twenty_questions", bits=5)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("tigr", {}, r"no game is called 'tigr' \(did you mean 'tiger'\?\)"),
        ("tiger", {"acuracy": 1}, r"no setting 'acuracy' \(did you mean 'accuracy'\?\); its settings are"),
        ("tiger", {"name": "x"}, "no setting 'name'"),
        ("tiger", {"accuracy": 1.2}, r"accuracy is 1\.2; give a number in 0\.\.1"),
        ("tiger", {"accuracy": "high"}, "accuracy of tiger is 'high'; give float"),
        ("tiger", {"horizon": 2.5}, r"horizon of tiger is 2\.5; give int or none"),
        ("line_build", {"n": True}, "n of line_build is True; give int"),
        ("line_build", {"n": 8}, r"n is 8; give a number in 1\.\.7"),
        ("wormy_apples", {"timing": "late"}, "timing is 'late'; choose from turn_based, simultaneous"),
        ("mini_chef", {"user": "bad"}, "user is 'bad'; choose from always_salt"),
        ("off_switch", {"beta": -1}, "beta is -1; give 0 or more"),
    ],
)
def test_wrong_names_and_settings_are_named(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_game(name, **settings)


def test_none_and_whole_numbers_are_fine_where_they_fit() -> None:
    assert make_game("tiger", horizon=None, accuracy=1).horizon is None
    assert make_game("tiger", horizon=3).horizon == 3


@pytest.mark.parametrize(("mean", "deviation", "bins"), [(0, 1, 20), (0.5, 1, 7), (-3, 0.5, 4), (1, 2, 1)])
def test_off_switch_bins_have_the_right_mean_and_hold_one_sign(
    mean: float, deviation: float, bins: int
) -> None:
    game = make_game("off_switch", mean=mean, deviation=deviation, bins=bins)
    act, propose = (game.assistant_actions.index(word) for word in ("act", "propose"))
    allow = game.user_actions.index("allow")
    utilities = game.rewards[0, act, 0]
    assert utilities @ game.prior == pytest.approx(mean, abs=1e-9)
    assert np.all(np.diff(utilities) > 0)
    assert game.user_policy(0, propose)[allow].tolist() == (utilities > 0).tolist()
    assert np.array_equal(game.rewards[0, propose, allow], utilities)


def test_wormy_apples_answers_come_at_their_time() -> None:
    game = make_game("wormy_apples")
    assert policy(game, "wormy apple", "ask", "trash") == {"trash": 1}
    assert policy(game, "wormy apple", "wait", "trash") == {"wait": 1}
    assert step(game, "no apple", "get apple", "wait") == {"clean apple": 0.8, "wormy apple": 0.2}
    game = make_game("wormy_apples", timing="simultaneous")
    assert policy(game, "wormy apple", "ask", "trash") == {"wait": 1}
    assert step(game, "wormy apple", "ask", "wait") == {"wormy apple, asked": 1}
    assert policy(game, "wormy apple, asked", "wait", "trash") == {"trash": 1}
    assert step(game, "wormy apple, asked", "compost", "trash") == {"worms gone": 1}
    game = make_game("wormy_apples", timing="two_phase")
    assert policy(game, "no apple, asked", "wait", "compost") == {"compost": 1}
    assert policy(game, "wormy apple, asked", "wait", "compost") == {"wait": 1}


def test_red_blue_ends_when_both_have_a_ball() -> None:
    game = make_game("red_blue", accuracy=0.75)
    assert policy(game, "user fork, assistant nothing", "wait", "red") == {"red": 0.75, "blue": 0.25}
    assert step(game, "user fork, assistant red", "wait", "blue") == {"user blue, assistant red": 1}
    assert game.terminal[game.states.index("user blue, assistant red")]
    assert reward(game, "user fork, assistant nothing", "red", "red", "red") == 2


def test_line_build_the_user_wins_a_cell_and_mends_the_leftmost() -> None:
    game = make_game("line_build", n=3, user_cost=0.2)
    assert step(game, "...", "blue 1", "red 1") == {"r..": 1}
    assert step(game, "rb.", "red 3", "break 2") == {"r.r": 1}
    assert policy(game, "rb.", "wait", "red") == {"break 2": 1}
    assert policy(game, "r..", "wait", "red") == {"red 2": 1}
    assert policy(game, "r..", "wait", "blue") == {"break 1": 1}
    assert reward(game, "rb.", "red 3", "break 2", "red") == pytest.approx(2 - 0.2)
    assert reward(game, "...", "blue 3", "wait", "red") == -1
    assert game.terminal[game.states.index("bbb")]


def test_only_tiger_draws_goals_anew_and_only_after_a_door() -> None:
    for name in GAMES:
        game = make_game(name)
        renewing = {game.assistant_actions[a] for _, a in np.argwhere(game.renews)}
        assert renewing == ({"open left", "open right"} if name == "tiger" else set())


@pytest.fixture(scope="module")
def kitchen() -> TabularGame:
    return make_game("kitchen")


def test_kitchen_has_the_size_that_its_page_says(kitchen: TabularGame) -> None:
    assert (len(kitchen.states), len(kitchen.goals)) == (2891, 10)


def test_kitchen_user_never_spoils_the_dish_by_itself(kitchen: TabularGame) -> None:
    played = kitchen.fixed_user[:, 0] > 0
    assert (kitchen.rewards[:, 0] >= 0)[played].all()


def test_kitchen_user_gets_every_dish_done_alone(kitchen: TabularGame) -> None:
    rng = np.random.default_rng(0)
    for goal in range(len(kitchen.goals)):
        state, total = 0, 0.0
        for _ in range(20):
            if kitchen.terminal[state]:
                break
            reply = rng.choice(len(kitchen.user_actions), p=kitchen.user_policy(state, 0)[:, goal])
            total += kitchen.rewards[state, 0, reply, goal]
            state = kitchen.next_states[state, 0, reply, 0]
        assert (total, kitchen.states[state]) == (2, "served")


def test_kitchen_user_asked_names_the_farthest_missing_ingredient(kitchen: TabularGame) -> None:
    state = "user at onion with onion; assistant at bottom middle; in the pot nothing, asked"
    assert policy(kitchen, state, "wait", "onion + egg") == {"say egg": 1}
    assert policy(kitchen, state, "wait", "tomato + egg") == {"say egg": 1}
    assert policy(kitchen, state, "wait", "tomato + rice") == {"say tomato": 0.5, "say rice": 0.5}


def test_kitchen_the_user_drops_first_and_the_dish_is_then_full(kitchen: TabularGame) -> None:
    state = "user at right with egg; assistant at left with rice; in the pot onion"
    assert step(kitchen, state, "right", "left") == {"served": 1}
    assert reward(kitchen, state, "right", "left", "onion + rice") == -1
    assert reward(kitchen, state, "right", "left", "onion + egg") == 1
    assert reward(kitchen, state, "right", "wait", "onion + rice") == 1
