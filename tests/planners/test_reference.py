"""The reference search on games small enough to know the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from planners.model import Steps
from planners.options import SearchOptions
from planners.reference import Node, ReferenceSearch, SearchResult
from tests.planners.toys import ASK, LEFT, RIGHT, AskOrAct, Bandit, Weather


def search(
    model: Any, simulations: int = 2000, seed: int = 0, rule: str = "puct", **options: Any
) -> SearchResult:
    made = SearchOptions(simulations=simulations, rule=rule, **options)  # type: ignore[arg-type]
    return ReferenceSearch(model, made).run(seed)


def nodes(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for edge in node.edges:
        for outcome in edge.outcomes:
            if outcome.node is not None:
                yield from nodes(outcome.node)


def shape(node: Node) -> Any:
    """A tree as nested tuples: actions, visits, totals, replies, rewards."""
    return node.visits, [
        (
            e.action,
            e.prior,
            e.visits,
            e.total,
            [(o.reply, o.reward, o.node and shape(o.node)) for o in e.outcomes],
        )
        for e in node.edges
    ]


@pytest.mark.parametrize(("prize", "best"), [(1.0, 8), (4.0, 7)], ids=["0.3 < 0.5", "1.2 > 0.5"])
@pytest.mark.parametrize("seed", range(5))
def test_the_arm_with_the_higher_mean_is_found(prize: float, best: int, seed: int) -> None:
    assert search(Bandit(prize), seed=seed).action == best


def test_edge_values_are_means_over_the_users_replies() -> None:
    """Within 4 deviations of the expected reward."""
    risky, safe = search(Bandit(3.0), simulations=2000).root.edges
    assert (risky.action, safe.action) == (7, 8)
    assert abs(risky.value - 0.9) < 4 * 3 * np.sqrt(0.21 / risky.visits)
    assert safe.value == pytest.approx(0.5)
    assert {outcome.reply: outcome.reward for outcome in risky.outcomes} == {0: 0.0, 1: 3.0}


@pytest.mark.parametrize("backup", ["mean", "best"])
@pytest.mark.parametrize("seed", range(5))
def test_asking_is_chosen_when_it_pays(seed: int, backup: str) -> None:
    """-0.1 + 0.95 * 1 after the answer, against 0 for acting in the dark."""
    found = search(AskOrAct(cost=0.1), seed=seed, backup=backup)
    assert found.action == ASK
    ask = found.root.edges[0]
    assert ask.value == pytest.approx(0.85, abs=0.2 if backup == "mean" else 1e-9)
    for outcome in ask.outcomes:
        assert outcome.node is not None
        best = max(outcome.node.edges, key=lambda edge: edge.visits)
        assert best.action == (LEFT if outcome.reply == 1 else RIGHT)
        assert best.value == 1


@pytest.mark.parametrize("seed", range(5))
def test_asking_is_not_chosen_when_it_costs_too_much(seed: int) -> None:
    assert search(AskOrAct(cost=1.5), seed=seed).action != ASK


def test_a_known_goal_needs_no_asking() -> None:
    model = AskOrAct(cost=0.1)
    model.left[0] = 0.95
    found = search(model)
    assert found.action == LEFT
    assert [edge.value for edge in found.root.edges if edge.action == LEFT] == pytest.approx([0.9])


def test_rewards_further_on_are_discounted() -> None:
    """With a discount of 0.1 an answer is worth its cost no more: -0.15 + 0.1 * 1 < 0."""
    assert search(AskOrAct(cost=0.15), discount=0.1).action != ASK
    assert search(AskOrAct(cost=0.15), discount=1.0).action == ASK


@pytest.mark.parametrize("simulations", [1, 2, 50])
def test_visits_add_up(simulations: int) -> None:
    found = search(AskOrAct(cost=0.1), simulations=simulations)
    assert sum(edge.visits for edge in found.root.edges) == simulations
    assert found.value == pytest.approx(sum(edge.total for edge in found.root.edges) / simulations)
    for node in nodes(found.root):
        assert node.visits == 1 + sum(edge.visits for edge in node.edges)
        for edge in node.edges:
            below = [outcome.node.visits for outcome in edge.outcomes if outcome.node is not None]
            if below:
                assert edge.visits == sum(below)


def test_every_new_node_gets_a_slot_of_its_own() -> None:
    model = Bandit(1.0)
    search(model, simulations=40)
    assert sorted(model.used) == list(range(1, len(model.used) + 1))
    assert len(model.used) == 4, "two arms with two replies each"


def test_the_same_seed_gives_the_same_tree() -> None:
    first, second = (shape(search(AskOrAct(cost=0.1), simulations=60, seed=3).root) for _ in range(2))
    assert first == second
    assert shape(search(AskOrAct(cost=0.1), simulations=60, seed=4).root) != first


def test_a_search_can_be_run_again() -> None:
    planner = ReferenceSearch(AskOrAct(cost=0.1), SearchOptions(simulations=60))
    first = shape(planner.run(3).root)
    assert shape(planner.run(3).root) == first


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"simulations": 0}, "simulations is 0; give 1 or more"),
        ({"discount": 0.0}, r"discount is 0.0; give a number in \(0, 1\]"),
        ({"discount": 1.1}, "discount is 1.1"),
        ({"c_puct": -1.0}, "c_puct is -1.0; give 0 or more"),
        ({"c_visit": float("nan")}, "c_visit is nan; give 0 or more"),
        ({"rule": "ucb"}, "rule is 'ucb'; choose puct or gumbel"),
        ({"considered": 1}, "considered is 1; give 2 or more"),
        ({"milliseconds": 0.0}, "milliseconds is 0.0; give a time above 0"),
        ({"noise_share": 1.5}, "noise_share is 1.5; give 0..1"),
        ({"backup": "max"}, "backup is 'max'; choose mean or best"),
        ({"two_level": True}, "two_level is for rule puct"),
        ({"wave": 0}, "wave is 0; give 1 or more"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SearchOptions(**options)


@pytest.mark.parametrize(("prize", "best"), [(1.0, 8), (4.0, 7)], ids=["0.3 < 0.5", "1.2 > 0.5"])
@pytest.mark.parametrize("seed", range(5))
def test_gumbel_finds_the_arm_with_the_higher_mean(prize: float, best: int, seed: int) -> None:
    assert search(Bandit(prize), seed=seed, rule="gumbel", c_scale=1.0).action == best


@pytest.mark.parametrize("seed", range(5))
def test_gumbel_asks_when_it_pays_and_only_then(seed: int) -> None:
    assert search(AskOrAct(cost=0.1), seed=seed, rule="gumbel").action == ASK
    assert search(AskOrAct(cost=1.5), seed=seed, rule="gumbel").action != ASK


@pytest.mark.parametrize("simulations", [1, 2, 7, 64, 100])
def test_gumbel_spends_all_simulations_evenly_on_what_it_considers(simulations: int) -> None:
    found = search(AskOrAct(cost=0.1), simulations=simulations, rule="gumbel", considered=2)
    visits = sorted((edge.visits for edge in found.root.edges), reverse=True)
    assert sum(visits) == simulations
    assert len(visits) == min(2, simulations)
    assert visits[0] - visits[-1] <= 1
    assert sum(found.policy.values()) == pytest.approx(1)


def test_gumbel_follows_priors_where_values_say_nothing() -> None:
    """A prize of 0.5 / 0.3 makes the arms equal in mean; with no weight on values the prior decides."""
    found = search(Bandit(0.5 / 0.3), simulations=50, rule="gumbel", c_scale=0.0)
    assert found.action == 7
    assert found.policy == pytest.approx({7: 0.8, 8: 0.2})


def test_gumbel_noise_draws_root_actions_by_their_priors() -> None:
    """Without values the choice is argmax(gumbel + log prior), a draw from the priors (4 deviations)."""
    model = Bandit(1.0)
    options = {"simulations": 2, "rule": "gumbel", "c_scale": 0.0, "noise": True}
    chosen = [search(model, seed=seed, **options).action for seed in range(300)]
    assert abs(np.mean(np.array(chosen) == 7) - 0.8) < 4 * np.sqrt(0.16 / 300)


def test_common_random_numbers_give_equal_edges_equal_replies() -> None:
    """Two actions that do the same are told apart by nothing: the i-th visits meet the same reply."""

    class Twins(Bandit):
        def step(self, slots: np.ndarray, actions: np.ndarray, replies: np.ndarray, out: np.ndarray) -> Steps:
            _, chances, ends = super().step(slots, actions, replies, out)
            return Steps(self.prize * replies, chances, ends)

    first, second = search(Twins(3.0), simulations=40, rule="gumbel").root.edges
    assert first.visits == second.visits == 20
    assert first.total == second.total


@pytest.mark.parametrize("simulations", [20, 64, 100])
def test_gumbel_does_not_mistake_lucky_first_visits_for_merit(simulations: int) -> None:
    """All first visits meet the same day. After a lucky one, edges with few visits seem better than those
    whose mean has fallen since; neither the choice nor the policy, a target of training, may prefer them.
    """
    options = {"simulations": simulations, "rule": "gumbel", "c_scale": 0.2}
    for seed in range(60):
        found = search(Weather(), seed=seed, **options)
        assert Weather.worths[found.action] == 1.0
        worth = sum(chance * Weather.worths[action] for action, chance in found.policy.items())
        assert worth > 0.93, "without correction as low as 0.35"
