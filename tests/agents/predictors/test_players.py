"""The players of training episodes: varied builders, helpers, and moments kept of what they do."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from agents.assistants.scripted import NoneAssistant
from agents.predictors.moments import Moments, every_so_often, first_passages, join, share_built
from agents.predictors.players import ErrandHelper, TraitRanges, VariedBuilders
from agents.users import make_user
from agents.users.traits import USER_TYPES
from envs.building import BuildingConfig
from envs.building.goals import Goals
from envs.building.world import start_blocks


def same(a: Moments, b: Moments) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_held_out_types_lie_outside_the_ranges() -> None:
    ranges = TraitRanges()
    for kind in USER_TYPES.values():
        pairs = [(getattr(kind.traits, entry.name), getattr(ranges, entry.name)) for entry in fields(ranges)]
        if kind.held_out:
            assert not all(low <= value <= high for value, (low, high) in pairs), kind.name
    assert ranges.draw(np.random.default_rng(0)) != ranges.draw(np.random.default_rng(1))


def test_each_episode_has_a_builder_that_its_seed_decides() -> None:
    user = VariedBuilders()
    drawn = user.traits_of(np.array([3, 4, 3, 5]))
    assert drawn[0] == drawn[2]
    assert drawn[0] != drawn[1]
    assert user.traits_of(np.array([5])) == drawn[3:]


def test_moments_repeat_with_the_seed_alone(small: BuildingConfig, huts: Goals) -> None:
    def played(seed: int) -> Moments:
        return every_so_often(small, huts.blocks[:8], VariedBuilders(), ErrandHelper(), 7, seed)

    first = played(1)
    assert same(first, played(1))
    assert not same(first, played(2))
    assert first.number >= 8 * (small.horizon // 7)
    assert same(first, join([first.take(slice(0, 5)), first.take(slice(5, None))]))


def test_helpers_place_what_the_user_placed_beside_it(huts: Goals) -> None:
    config = BuildingConfig(size=huts.size, horizon=120)
    moments = every_so_often(config, huts.blocks, VariedBuilders(), ErrandHelper(), 119, 0)
    last = moments.take(moments.clock > 60)
    helped = (last.touched > 0) & (last.touched % 2 == 0)
    idle = ~helped.any(axis=1)
    assert 0.15 < idle.mean() < 0.65  # two in five never help
    assert helped.sum() > 20
    materials = [np.unique(goal[goal > 2]) for goal in last.goal]
    right = [
        np.isin(blocks[mine & (blocks > 2)], known).mean()
        for blocks, mine, known in zip(last.blocks, helped, materials, strict=True)
        if (mine & (blocks > 2)).any()
    ]
    assert np.mean(right) > 0.8  # but for the user's own mistakes, they copy


def test_first_passages_are_where_a_level_is_first_reached(huts: Goals) -> None:
    config = BuildingConfig(size=huts.size, horizon=400)
    levels = (0.25, 0.5, 0.75)
    moments, episodes, reached = first_passages(
        config, huts.blocks[:6], make_user("bottom_up"), NoneAssistant(), levels, 0
    )
    assert sorted(set(zip(episodes.tolist(), reached.tolist(), strict=True))) == [
        (episode, level) for episode in range(6) for level in range(3)
    ]
    start = start_blocks(huts.size).reshape(-1)
    for row in range(moments.number):
        goal, blocks = moments.goal[row], moments.blocks[row]
        assert np.array_equal(goal, huts.blocks[episodes[row]].reshape(-1))
        share = share_built(blocks, start, goal)
        assert 0 <= share - levels[reached[row]] < 0.1  # an edit of a small house is some percent of it
    order = np.lexsort((reached, episodes))
    clocks = moments.clock[order].reshape(6, 3)
    assert (np.diff(clocks, axis=1) > 0).all()
    assert (moments.touched % 2 == 1)[moments.touched > 0].all()  # the user alone
