"""Users cloned from people: exact distributions, exact symmetries, learning, and what piKL makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agents.users import FROM_PEOPLE, evaluation_only, expand_users, make_user
from agents.users.alone import build_alone
from agents.users.builder import BuilderUser
from agents.users.cloned import ClonedUser
from agents.users.errands import NOWHERE, new_errands, steps_to_work
from agents.users.pikl import PiklUser, action_values
from agents.users.recorded import RecordedEpisode
from agents.users.surroundings import CAN_BREAK, CAN_PLACE, Looker, Surroundings, mirrored_move
from agents.users.traits import Traits
from agents.users.worth import ADD, MISPLACE, PAUSE, SORTS, UNDO, WANDER
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import BREAK, MOVE_FIRST, MOVES, PLACE, triples
from envs.building.goals import Goals
from envs.building.rules import Rules, body_cells, can_edit, can_stand, compile_rules
from envs.building.state import State, clone, take
from envs.building.world import AIR, BEDROCK, USER

torch = pytest.importorskip("torch")
from agents.predictors.clone_settling import Settling, built_habits, recorded_habits, settle, with_shifts  # noqa: E402
from agents.predictors.cloned_net import CloneNet, CloneOptions, load_clone, save_clone  # noqa: E402
from agents.predictors.cloning import CloneRecipe, clone_people, deeds_of, nats  # noqa: E402

PEOPLE = ("person_1", "person_2")
Place = tuple[int, int, int]


@pytest.fixture(scope="module")
def net() -> CloneNet:
    """An untrained network of two people."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CloneNet(CloneOptions(people=PEOPLE)).eval()


@pytest.fixture(scope="module")
def midway(small: BuildingConfig, huts: Goals) -> tuple[State, np.ndarray]:
    """States of 16 huts after 25 steps of a builder who errs much, with an assistant who does too; goals."""
    batch = BuildingBatch(16, small)
    batch.reset(huts.blocks[:16])
    players = [BuilderUser("user", Traits(wrong=0.2)), BuilderUser("assistant", Traits(wrong=0.3), player=1)]
    joint = np.zeros((16, 2, 3), np.int16)
    for i, player in enumerate(players):
        player.reset(small, 100 * i + np.arange(16), batch.latent.goal.copy())
    for _ in range(25):
        for i, player in enumerate(players):
            joint[:, i] = player.act(batch.state, ~batch.done)
        batch.step(joint)
    return clone(batch.state), batch.latent.goal.copy()


def all_rows(state: State) -> np.ndarray:
    return np.arange(len(state.clock))


@pytest.mark.parametrize("kind", [ClonedUser, PiklUser])
def test_odds_are_over_exactly_the_legal_actions(
    kind: type[ClonedUser], net: CloneNet, small: BuildingConfig, midway: tuple[State, np.ndarray]
) -> None:
    state, goals = midway
    user = kind(net)
    user.reset(small, all_rows(state), goals)
    odds = user.odds(state, all_rows(state))
    batch = BuildingBatch(len(goals), small)
    for part, source in zip(batch.state, state, strict=True):
        part[:] = source
    lists, counts = batch.legal(USER)
    assert (odds.counts == counts).all()
    for row, count in enumerate(counts):
        assert (odds.actions[row, :count] == triples(batch.codec, lists[row, :count])).all()
    assert np.exp(odds.logs).sum(axis=1) == pytest.approx(1, abs=1e-6)
    drawn = odds.actions[all_rows(state), odds.counts - 1]
    assert user.log_prob(state, drawn) == pytest.approx(odds.logs[all_rows(state), odds.counts - 1])
    assert (user.log_prob(state, np.tile((PLACE, 0, 2), (len(goals), 1))) == -np.inf).all()  # bedrock


def test_draws_follow_the_odds(
    net: CloneNet, small: BuildingConfig, midway: tuple[State, np.ndarray]
) -> None:
    state, goals = midway
    user = ClonedUser(net)
    user.reset(small, np.zeros(2000, np.int64), np.tile(goals[:1], (2000, 1)))
    user.people[:] = 0
    odds = user.odds(take(state, np.zeros(2000, np.int64)), np.arange(2000))
    drawn = odds.draw(np.random.default_rng(3).random(2000))
    for kind in range(9):
        share = np.exp(odds.logs[0])[odds.actions[0, :, 0] == kind].sum()
        share -= (kind == 0) * np.exp(odds.logs[0])[odds.counts[0] :].sum()
        assert (drawn[:, 0] == kind).mean() == pytest.approx(share, abs=0.04)


def test_shifts_change_the_odds_of_sorts_alone(
    net: CloneNet, small: BuildingConfig, midway: tuple[State, np.ndarray]
) -> None:
    """Within a sort of actions nothing changes, and between two sorts the log odds do by their shifts."""
    state, goals = midway
    shifts = np.array([0.5, 0.0, 0.3, 1.0, 0.7, -1.0, -2.0])
    settled = with_shifts(net, shifts)
    plain, user = ClonedUser(settled, settled=False), ClonedUser(settled)
    for each in (plain, user):
        each.reset(small, all_rows(state), goals)
    before, (after, worth) = plain.odds(state, all_rows(state)), user.weigh(state, all_rows(state))
    assert set(np.unique(worth.sorts)) > {PAUSE, WANDER, ADD, MISPLACE}
    for row, count in enumerate(before.counts):
        raised = after.logs[row, :count] - before.logs[row, :count] - shifts[worth.sorts[row, :count]]
        assert raised == pytest.approx(raised[0], abs=1e-9)
    with pytest.raises(ValueError, match="there are 2 shifts; give 7"):
        CloneOptions(shifts=(0.0, 0.0))


def mirrored_world(
    state: State, goals: np.ndarray, size: tuple[int, int, int], flip: int
) -> tuple[State, np.ndarray]:
    """The same worlds reflected along x (1), z (2) or both (3)."""
    cells = np.arange(np.prod(size)).reshape(size)
    cells = cells[::-1] if flip & 1 else cells
    image = (cells[:, :, ::-1] if flip & 2 else cells).reshape(-1)  # its own inverse
    out = clone(state)
    out.blocks[:], out.touched[:] = state.blocks[:, image], state.touched[:, image]
    for axis, bit in ((0, 1), (2, 2)):
        if flip & bit:
            out.feet[:, :, axis] = size[axis] - 1 - state.feet[:, :, axis]
    out.last_edit[:] = np.where(state.last_edit >= 0, image[state.last_edit], -1)
    kind, cell = state.previous[..., 0], state.previous[..., 1]
    moves = np.vectorize(lambda k: MOVE_FIRST + mirrored_move(k - MOVE_FIRST, flip) if k >= MOVE_FIRST else k)
    out.previous[..., 0] = moves(kind)
    out.previous[..., 1] = np.where((kind == PLACE) | (kind == BREAK), image[cell], cell)
    return out, goals[:, image]


def by_cell(seen: Surroundings, row: int, image: np.ndarray) -> dict[int, tuple[int, bytes, bytes]]:
    """What is seen of each candidate of a moment, by its cell in the mirror."""
    return {
        int(image[seen.cells[row, j]]): (
            int(seen.can[row, j]),
            np.round(seen.features[row, j], 5).tobytes(),
            seen.meanings[row, j].tobytes(),
        )
        for j in range(seen.counts[row])
    }


@pytest.mark.parametrize("flip", [1, 2, 3])
def test_a_mirror_shows_what_the_mirrored_world_looks_like(
    flip: int, small: BuildingConfig, midway: tuple[State, np.ndarray]
) -> None:
    state, goals = midway
    rows, looker = all_rows(state), Looker(small)
    flips = np.full(len(rows), flip, np.uint8)
    seen = looker.look(state, goals, rows, flips)
    there = looker.look(*mirrored_world(state, goals, small.size, flip), rows)
    cells = np.arange(small.cells).reshape(small.size)
    cells = cells[::-1] if flip & 1 else cells
    image = (cells[:, :, ::-1] if flip & 2 else cells).reshape(-1)
    assert seen.overall == pytest.approx(there.overall, abs=1e-5)
    assert (seen.moves == there.moves).all()
    turned = [mirrored_move(m, flip) for m in range(6)] + [6]
    assert (seen.steps == there.steps[:, turned]).all()
    for row in rows:
        assert by_cell(seen, row, image) == by_cell(there, row, np.arange(small.cells))


def test_renamed_materials_look_the_same(small: BuildingConfig, midway: tuple[State, np.ndarray]) -> None:
    state, goals = midway
    names = np.array([AIR, BEDROCK, 7, 9, 2, 3, 8, 4, 6, 5], np.uint8)
    renamed = clone(state)
    renamed.blocks[:] = names[state.blocks]
    looker, rows = Looker(small), all_rows(state)
    seen, there = looker.look(state, goals, rows), looker.look(renamed, names[goals], rows)
    assert (seen.features == there.features).all()
    assert (seen.overall == there.overall).all()
    assert (seen.meanings == there.meanings[:, :, names[2:] - 2]).all()


def test_steps_to_work_are_those_of_a_plain_search(houses: Goals) -> None:
    """In finished houses of which one block is missing, from a corner of the world and beside the place."""
    rules, errands, found = compile_rules(BuildingConfig()), new_errands(houses.size), set()
    rng = np.random.default_rng(2)
    for house in houses.blocks:
        blocks = house.reshape(-1).copy()
        gap = int(rng.choice(np.flatnonzero(blocks > BEDROCK)))
        blocks[gap] = AIR
        feet = np.array([(0, 2, 0), (10, 2, 9)], np.int8)
        steps_to_work(rules, blocks, feet, USER, np.array([gap], np.int16), 1, errands)
        places = [tuple(int(v) for v in np.add(feet[USER], move)) for move in (*MOVES, (0, 0, 0))]
        assert errands.steps.tolist() == [plain_steps(rules, blocks, feet, gap, place) for place in places]
        found |= set(errands.steps.tolist())
    assert len(found) > 4, "near, far and nowhere"


def plain_steps(rules: Rules, blocks: np.ndarray, feet: np.ndarray, gap: int, start: Place) -> int:
    """`steps_to_work` from one place, by the book."""
    seen = {start} if can_stand(rules, blocks, *start, feet[1]) else set()
    border, steps = list(seen), 0
    while border:
        for place in border:
            stand = np.stack([np.array(place, np.int8), feet[1]])
            away = np.subtract(np.unravel_index(gap, rules.size), (place[0], place[1] + 1, place[2]))
            if (away**2).sum() > 4.5**2 or gap in body_cells(rules.size, stand[USER]):
                continue
            if can_edit(rules, blocks, stand, USER, 0, gap):
                return steps
        following = {(x + dx, y + dy, z + dz) for x, y, z in border for dx, dy, dz in MOVES} - seen
        border = [place for place in following if can_stand(rules, blocks, *place, feet[1])]
        seen |= set(border)
        steps += 1
    return NOWHERE


@pytest.mark.parametrize("kind", [ClonedUser, PiklUser])
def test_the_same_seeds_build_the_same(
    kind: type[ClonedUser], net: CloneNet, small: BuildingConfig, huts: Goals
) -> None:
    once, _done = build_alone(kind(net), huts.blocks[:4], 10 + np.arange(4), 30)
    again, _done = build_alone(kind(net), huts.blocks[:4], 10 + np.arange(4), 30)
    other, _done = build_alone(kind(net), huts.blocks[:4], 20 + np.arange(4), 30)
    assert all((a.actions == b.actions).all() for a, b in zip(once, again, strict=True))
    assert any(
        (a.actions != b.actions).any()
        for a, b in zip(once, other, strict=True)
        if len(a.actions) == len(b.actions)
    )


def test_who_acts_and_how_strongly_depends_on_the_seed_alone(net: CloneNet) -> None:
    user, seeds = PiklUser(net, strengths=(0.1, 10)), np.arange(400)
    assert (user.people_of(seeds)[7:9] == user.people_of(seeds[7:9])).all()
    assert user.people_of(seeds).mean() == pytest.approx(0.5, abs=0.1)
    strengths = user.strengths_of(seeds)
    assert (strengths[7:9] == user.strengths_of(seeds[7:9])).all()
    assert strengths.min() >= 0.1
    assert strengths.max() <= 10
    assert np.median(strengths) == pytest.approx(1, rel=0.3)


def values_of(user: ClonedUser, state: State, goals: np.ndarray) -> np.ndarray:
    """What piKL thinks of all legal actions."""
    odds, worth = user.weigh(state, all_rows(state))
    return action_values(odds, user._looker.look(state, goals, all_rows(state)), worth)


def test_pikl_is_the_clone_at_a_great_strength_and_does_the_best_at_a_small_one(
    net: CloneNet, small: BuildingConfig, midway: tuple[State, np.ndarray]
) -> None:
    state, goals = midway
    rows = all_rows(state)
    prior, weak, strong = (
        ClonedUser(net),
        PiklUser(net, strengths=(1e9, 1e9)),
        PiklUser(net, strengths=(1e-3, 1e-3)),
    )
    for user in (prior, weak, strong):
        user.reset(small, rows, goals)
    given, loose, best = (user.odds(state, rows) for user in (prior, weak, strong))
    legal = np.isfinite(given.logs)
    assert loose.logs[legal] == pytest.approx(given.logs[legal], abs=1e-6)
    values = values_of(prior, state, goals)
    top = np.where(legal, values, -np.inf).max(axis=1)
    chosen = np.where(legal & (values >= top[:, None] - 1e-9), np.exp(best.logs), 0).sum(axis=1)
    assert chosen == pytest.approx(1, abs=1e-6)


def test_values_reward_useful_edits_and_the_way_to_them(
    small: BuildingConfig, midway: tuple[State, np.ndarray]
) -> None:
    """Useful edits are worth most, harmful ones less than a pause, and a step to work more than one away."""
    state, goals = midway
    looker, rows = Looker(small), all_rows(state)
    seen = looker.look(state, goals, rows)
    with torch.random.fork_rng():
        user = ClonedUser(CloneNet(CloneOptions()).eval())
    user.reset(small, rows, goals)
    odds = user.odds(state, rows)
    values = values_of(user, state, goals)
    for row in rows:
        for value, (kind, cell, block) in zip(
            values[row], odds.actions[row, : odds.counts[row]], strict=False
        ):
            if kind in (PLACE, BREAK):
                after = block if kind == PLACE else AIR
                right = after == goals[row, cell] or (
                    kind == BREAK and state.blocks[row, cell] != goals[row, cell]
                )
                assert value > 1 if right else value <= values[row, 0] - 1 + 1e-9
            elif kind >= MOVE_FIRST and 0 < seen.steps[row, 6] < NOWHERE:
                nearer = seen.steps[row, kind - MOVE_FIRST] < seen.steps[row, 6]
                assert (value > values[row, 0]) == nearer


def recorded_builds(
    user: BuilderUser, person: str, goals: np.ndarray, seed: int, steps: int
) -> list[RecordedEpisode]:
    """Builds of a simulated user as if they were a person's."""
    config = BuildingConfig(goals.shape[1:], horizon=steps, end_on_completion=False)
    batch = BuildingBatch(len(goals), config)
    batch.reset(goals)
    user.reset(config, seed + np.arange(len(goals)), batch.latent.goal.copy())
    joint, states, actions = np.zeros((len(goals), 2, 3), np.int16), [], []
    while not batch.done.all():
        states.append(clone(batch.state))
        joint[:, USER] = user.act(batch.state, ~batch.done)
        actions.append(joint[:, USER].copy())
        batch.step(joint)
    return [
        RecordedEpisode(
            f"{person}-{row}",
            person,
            True,
            batch.latent.goal[row].copy(),
            State(*(np.stack([part[row] for part in parts]) for parts in zip(*states, strict=True))),
            np.stack([step[row] for step in actions]),
            np.ones(len(actions), bool),
        )
        for row in range(len(goals))
    ]


def test_cloning_learns_a_builder_and_whose_build_it_is(huts: Goals) -> None:
    """Of a hasty and a slow builder, on houses that training has not seen."""
    hasty, slow = (
        BuilderUser("hasty", Traits(pause=0.0, fidget=0.02, wrong=0.0)),
        BuilderUser("slow", Traits(pause=0.7)),
    )
    size = huts.size
    shown = [
        *recorded_builds(hasty, "person_1", huts.blocks[:16], 0, 30),
        *recorded_builds(slow, "person_2", huts.blocks[:16], 50, 30),
    ]
    unseen = recorded_builds(hasty, "person_1", huts.blocks[16:], 90, 30)
    recipe = CloneRecipe(samples=12_000, check_every=50)
    got = clone_people(shown, size, recipe, seed=1)
    looker = Looker(BuildingConfig(size))
    as_hasty = nats(got.net, looker, deeds_of(unseen, PEOPLE, size))
    as_slow = nats(got.net, looker, deeds_of(unseen, PEOPLE[::-1], size))
    blank = nats(CloneNet(got.net.options).eval(), looker, deeds_of(unseen, PEOPLE, size))
    assert as_hasty < blank - 1
    assert as_hasty < as_slow - 0.1
    assert got.checks[got.best] == got.checks.min()
    again = clone_people(shown, size, CloneRecipe(samples=640), seed=1)
    assert (again.losses == clone_people(shown, size, CloneRecipe(samples=640), seed=1).losses).all()


def test_a_settled_network_builds_at_the_rates_of_its_people(net: CloneNet, huts: Goals) -> None:
    """An untrained one, settled by a hasty builder's builds, misplaces and undoes far less than before."""
    shown = recorded_builds(
        BuilderUser("hasty", Traits(pause=0.1, wrong=0.0)), PEOPLE[0], huts.blocks[:4], 0, 30
    )
    quick = Settling(rounds=6, worlds=2, steps=30)
    wanted = recorded_habits(net, shown, huts.size).rates([PEOPLE[0]] * 4)
    settled = settle(net, shown, huts.size, quick, seed=1)
    assert settled.options.shifts == settle(net, shown, huts.size, quick, seed=1).options.shifts
    raw, found = (
        built_habits(each, shown, huts.size, quick, (9, 0)).rates([PEOPLE[0]] * 8) for each in (net, settled)
    )
    assert len(found) == len(SORTS)
    assert np.abs(np.log(found / wanted))[[PAUSE, ADD]].max() < 0.5
    assert (found[[MISPLACE, UNDO]] < 0.2 * raw[[MISPLACE, UNDO]]).all()


def test_a_saved_clone_is_the_same_to_half_precision(net: CloneNet, tmp_path: Path) -> None:
    save_clone(tmp_path, net, {"seed": 3})
    found, card = load_clone(tmp_path)
    assert found.options == net.options
    assert card["made"] == {"seed": 3}
    for name, weight in net.state_dict().items():
        assert torch.equal(found.state_dict()[name], weight.half().float())
    card["overall_features"] = 3
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match="overall_features is 3 in the card"):
        load_clone(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"has no card\.json"):
        load_clone(tmp_path / "nowhere")


def test_clones_are_users_by_name_and_for_evaluation_only(net: CloneNet, tmp_path: Path) -> None:
    save_clone(tmp_path, net)
    user = make_user(f"pikl:{tmp_path}")
    assert isinstance(user, PiklUser)
    assert user.name == f"pikl:{tmp_path}"
    assert isinstance(make_user(f"cloned:{tmp_path}"), ClonedUser)
    mixed, single = make_user(f"pikl@0.1-2:{tmp_path}"), make_user(f"pikl@0.3:{tmp_path}")
    assert isinstance(mixed, PiklUser)
    assert isinstance(single, PiklUser)
    assert (mixed.range, single.range) == ((0.1, 2.0), (0.3, 0.3))
    assert evaluation_only(mixed.name)
    with pytest.raises(ValueError, match="strengths are 'much'"):
        make_user(f"pikl@much:{tmp_path}")
    assert all(map(evaluation_only, (*FROM_PEOPLE, user.name, *expand_users(["held_out"]))))
    assert not any(map(evaluation_only, ("population", "bottom_up", "population_without_person_3")))
    assert not {"cloned", "pikl", "people"} & set(expand_users(["all"]))


def test_the_package_has_a_clone_that_builds(houses: Goals) -> None:
    """Of all recorded people, with shifts; with a strong eye on its work it does much in 60 steps."""
    user = make_user("pikl@0.05")
    assert isinstance(user, PiklUser)
    assert len(user.net.options.people) == 4
    assert any(user.shifts)
    assert not any(ClonedUser(user.net, settled=False).shifts)
    _traces, done = build_alone(user, houses.blocks[:4], np.arange(4), 60)
    assert done.mean() > 0.08
    _traces, slower = build_alone(make_user("cloned"), houses.blocks[:4], np.arange(4), 60)
    assert slower.mean() < done.mean()


def test_worlds_that_nobody_was_recorded_in_are_refused(net: CloneNet) -> None:
    for options in ({"movement": "teleport"}, {"blocks": "inventory"}):
        with pytest.raises(ValueError, match="know worlds with movement 'walk'"):
            ClonedUser(net).reset(
                BuildingConfig(**options), np.zeros(1, np.int64), np.zeros((1, 1100), np.uint8)
            )


def test_people_are_cloned_from_recordings(require_data: Callable[[str], Path]) -> None:
    """Nearly all of what they did is legal, and a short training learns of it."""
    from agents.users.recorded import people_of, read_episodes

    episodes = read_episodes(require_data("human_building"))[:3]
    deeds = deeds_of(episodes, people_of(episodes), (11, 10, 10))
    assert len(deeds.actions) >= 0.99 * sum(len(episode.actions) for episode in episodes)
    seen = Looker(BuildingConfig()).look(deeds.state, deeds.goals, np.arange(64))
    assert (seen.can[seen.can > 0] & (CAN_PLACE | CAN_BREAK) > 0).any()
    got = clone_people(episodes, (11, 10, 10), CloneRecipe(samples=3200), seed=0)
    assert got.losses[-10:].mean() < got.losses[:5].mean() - 0.5
