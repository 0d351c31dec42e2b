"""The rules, goals and acts of the chat game against brute force, and what tools and catalogues do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.chat import CONCIERGE, ChatBatch, ChatConfig, draw_catalogues, draw_goals
from envs.chat.acts import Act, Acts
from envs.chat.goals import commit_value, utility
from envs.chat.legal import is_legal
from envs.chat.vector import IllegalActionError


def started(batch: int = 4, seed: int = 0, **options) -> ChatBatch:
    game = ChatBatch(batch, ChatConfig(**({"items": 6, "horizon": 20} | options)))
    rng = np.random.default_rng(seed)
    game.reset(
        draw_goals(CONCIERGE, batch, rng, drift=0.3, horizon=20), draw_catalogues(CONCIERGE, batch, 6, rng)
    )
    return game


def random_acts(game: ChatBatch, rng: np.random.Generator) -> np.ndarray:
    lists, counts = zip(*(game.legal(speaker) for speaker in (0, 1)), strict=True)
    drawn = []
    for row, speaker in enumerate(game.state.speaker):
        drawn.append(lists[speaker][row, rng.integers(counts[speaker][row])])
    return np.array(drawn)


@given(st.integers(0, 511))
def test_user_acts_survive_all_three_forms(flat: int) -> None:
    acts = Acts(CONCIERGE, 6)
    try:
        act = acts.act(0, flat)
    except ValueError:
        return  # a slot or value that the schema does not use
    assert acts.flat(act) == flat
    assert acts.parse(0, str(act)) == act


def test_acts_read_as_expected_and_wrong_ones_are_named() -> None:
    acts = Acts(CONCIERGE, 6)
    act = Act("user", "inform", slot="stay.area", value="north", strength="must")
    assert str(act) == "inform(stay.area, north, must)"
    assert acts.act(0, acts.flat(act)) == act
    with pytest.raises(ValueError, match="choose from centre"):
        acts.parse(0, "inform(stay.area, up, must)")
    with pytest.raises(ValueError, match="no act 'shout'"):
        acts.parse(1, "shout()")


def test_lists_hold_exactly_the_legal_acts() -> None:
    game, rng = started(3), np.random.default_rng(1)
    for _ in range(30):
        for speaker in (0, 1):
            lists, counts = game.legal(speaker)
            size = game.acts.codecs[speaker].size
            for row in range(3):
                wanted = [a for a in range(size) if is_legal(game.rules, game.state, row, speaker, a)]
                assert lists[row, : counts[row]].tolist() == wanted
        if game.done.all():
            break
        game.step(random_acts(game, rng))


def test_the_optimum_is_that_of_all_combinations() -> None:
    game = started(12, seed=3)
    for row in range(12):
        stock = game.catalogue.sold_at[row] > 0
        pools = [[-1, *(d * 6 + np.flatnonzero(stock[d * 6 : d * 6 + 6]))] for d in range(3)]
        goal, values, price = game.latent.goal, game.catalogue.values[row], game.catalogue.price[row]
        best = max(
            utility(game.rules, goal, row, values, price, np.array(items, np.int16))
            for items in itertools.product(*pools)
        )
        assert game.latent.optimum[row] == best


@pytest.mark.parametrize("domains", [1, 2, 3])
def test_the_value_of_committing_is_that_of_the_best_items_at_hand(domains: int) -> None:
    """One domain: exactly the best of all. Several: what the chosen items are worth, never above the best."""
    hypotheses, rng = 5, np.random.default_rng(domains)
    for _ in range(6):
        goals = draw_goals(CONCIERGE, hypotheses, rng, domains=domains)
        goals.wanted[:] = goals.wanted[0]
        game = started(1, seed=int(rng.integers(1000)))
        weights = rng.dirichlet(np.ones(hypotheses))
        values, price = game.catalogue.values[0], game.catalogue.price[0]
        pool, items = (rng.random(18) < 0.6).astype(np.uint8), np.zeros(3, np.int16)
        rest = (game.rules, goals, 0, hypotheses, weights, values, price, pool, np.full(3, -1, np.int16))
        found = commit_value(*rest, items)

        def worth(chosen, goals=goals, weights=weights, game=game, values=values, price=price) -> float:
            each = [
                utility(game.rules, goals, k, values, price, np.array(chosen, np.int16))
                for k in range(len(weights))
            ]
            return float(weights @ each)

        pools = [[-1, *(d * 6 + np.flatnonzero(pool[d * 6 : d * 6 + 6]))] for d in range(3)]
        best = max(map(worth, itertools.product(*pools)))
        assert found == pytest.approx(worth(items), abs=1e-9)
        assert all(item < 0 or pool[item] for item in items)
        assert found <= best + 1e-9
        assert domains > 1 or found == pytest.approx(best, abs=1e-9)
        # What is booked already stays.
        booked = np.array([-1, 7, -1], np.int16)
        commit_value(*rest[:-1], booked, items)
        assert items[1] == 7


def test_what_may_not_be_said_is_silence_and_costs_a_turn() -> None:
    quiet, wrong = started(1), started(1)
    first = quiet.acts.codecs[0].first
    for game, act in ((quiet, 0), (wrong, int(first[11]))):  # thanks, with everything still open
        game.step(np.array([act]))
        assert game.state.turns.tolist() == [1]
        assert game.state.cost[0] == pytest.approx(game.config.turn_cost)
        assert game.state.speaker.tolist() == [1]
        game.step(np.array([0]))  # the assistant waits: the user's turn, and the clock has moved
        assert (game.state.clock[0], game.state.speaker[0]) == (1, 0)
        assert not game.done[0]
    assert quiet.digest() == wrong.digest()
    assert (quiet.state.log[0, :2] == 0).all()
    strict = started(1, strict=True)
    with pytest.raises(IllegalActionError, match="not legal for the user"):
        strict.step(np.array([int(first[11])]))


def test_utility_by_hand() -> None:
    game = started(40, seed=5)
    goal = game.latent.goal
    for row in range(40):
        items = np.array([0, 6, 12], np.int16)
        values, price = game.catalogue.values[row], game.catalogue.price[row]
        total, cost = 0.0, 0.0
        for d in np.flatnonzero(goal.wanted[row]):
            mine = [(d * 7 + a, v) for a, v in enumerate(values[items[d]]) if v >= 0]
            taste = sum(goal.weight[row, s] * goal.taste[row, s, v] for s, v in mine)
            total += taste * np.prod([goal.factor[row, s, v] for s, v in mine])
            cost += price[items[d]]
        total /= goal.wanted[row].sum()
        if values[0, 0] != values[6, 0]:
            total *= 1 - goal.near[row]
        schema = game.config.schema
        arrival = schema.attribute(schema.slot("transport.arrival")).numbers[values[12, 2]]
        if arrival >= schema.attribute(schema.slot("dinner.time")).numbers[values[6, 3]]:
            total *= 0.5
        over = max(0.0, cost / goal.budget[row] - 1)
        total *= max(0.0, 1 - 2 * over)
        found = utility(game.rules, goal, row, values, price, items)
        assert found == pytest.approx(total, abs=1e-5)


def test_all_reward_modes_pay_the_same_in_all() -> None:
    sums = []
    for reward in ("final", "dense", "potential"):
        game, rng, paid = started(16, reward=reward), np.random.default_rng(2), np.zeros(16)
        while not game.done.all():
            game.step(random_acts(game, rng))
            paid += game.reward
        sums.append(paid)
        np.testing.assert_allclose(paid, game.utility() - game.state.cost, atol=1e-6)
    np.testing.assert_allclose(sums[0], sums[1], atol=1e-9)
    np.testing.assert_allclose(sums[0], sums[2], atol=1e-9)


def test_a_clone_goes_on_alike() -> None:
    game, rng = started(), np.random.default_rng(4)
    game.step(random_acts(game, rng))
    twin = game.clone()
    for _ in range(10):
        acts = random_acts(game, rng)
        game.step(acts)
        twin.step(acts)
    assert [game.digest(row) for row in range(4)] == [twin.digest(row) for row in range(4)]
    np.testing.assert_array_equal(game.latent.mind.satisfaction, twin.latent.mind.satisfaction)


def test_a_hold_keeps_an_item_that_would_be_sold_out() -> None:
    game = started(2)
    game.state.wanted[:] = game.latent.goal.wanted[:] = [1, 0, 0]
    game.catalogue.sold_at[:, :6] = 3
    game.step(np.zeros(2))  # the user opens with silence
    acts = game.acts

    def say(text: str, other: str) -> None:
        game.step(np.array([acts.flat(acts.parse(1, t)) for t in (text, other)]))

    say("search(stay)", "search(stay)")
    assert (game.state.found[:, :6] == 1).all()
    say("hold(2)", "check_stock(2)")
    assert (game.state.stock[:, 2] == 2).all()
    say("check_stock(1)", "check_stock(1)")
    say("book(2)", "book(2)")
    assert game.state.booked[:, 0].tolist() == [2, -1]
    assert game.state.result.tolist() == [1, 2]
    game.step(np.zeros(2))
    assert game.done.tolist() == [True, False]
