"""The kernels equal the plain-Python rules of `reference_rules`, and the rules say what the options promise.

After a wanted change of the rules, write the recorded game anew with
``python -m tests.envs.building.test_rules`` and read its diff.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import BREAK, GIVE, NOOP, PLACE, describe, encode, triples
from envs.building.rules import total_similarity
from envs.building.state import STACK
from envs.building.world import AIR, ASSISTANT, NUM_BLOCKS, USER, start_blocks
from tests.envs.building.reference_rules import World

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "building_walk.txt"
PLANKS, STONE = 6, 7
MODES: dict[str, dict[str, Any]] = {
    "walk": {},
    "teleport": {"movement": "teleport"},
    "inventory": {"blocks": "inventory"},
}
# Dyadic terms, so that sums are exact in whatever order they are made.
TERMS = {
    "correct": 2.0,
    "wrong": -0.5,
    "noop": -0.25,
    "action": 0.125,
    "incorrect": -4,
    "user_effort": 8,
    "undo": 16,
}


class Scene:
    """A world at random, as the twin sees it and as the kernels do."""

    def __init__(self, options: dict[str, Any], seed: int, density: float, buried: bool = True):
        self.rng = np.random.default_rng(seed)
        self.config = BuildingConfig.make(**options)
        size = self.config.size
        blocks, goal = (self.random_blocks(density) for _ in range(2))
        feet = self.random_feet()
        if not buried:
            for x, y, z in feet:
                blocks[x, y : y + 2, z] = AIR
        self.world = World(self.config, blocks, goal, feet)
        self.batch = BuildingBatch(1, self.config)
        self.batch.place(0, goal, blocks, feet)
        if self.world.inventory:
            self.fill_slots()
        self.sides = np.array(size)

    def random_blocks(self, density: float) -> np.ndarray:
        size = self.config.size
        blocks = start_blocks(size) if self.rng.random() < 0.5 else np.zeros(size, np.uint8)
        scattered = self.rng.random(size) < density
        return np.where(scattered, self.rng.integers(NUM_BLOCKS, size=size), blocks).astype(np.uint8)

    def random_feet(self) -> np.ndarray:
        """Two feet cells, often close together, and often at the edge of the world."""
        sides = np.array(self.config.size)
        feet = self.rng.integers(sides, size=(2, 3))
        if self.rng.random() < 0.5:
            feet[1] = np.clip(feet[0] + self.rng.integers(-2, 3, size=3), 0, sides - 1)
        if self.rng.random() < 0.3:
            feet[:, 1] = sides[1] - 1
        return feet

    def fill_slots(self) -> None:
        for player in range(2):
            for slot in range(self.rng.integers(37)):
                held = [int(self.rng.integers(2, NUM_BLOCKS)), int(self.rng.integers(1, STACK + 1))]
                self.world.slots[player][slot] = held
                self.batch.state.inventory[0, player, slot] = held

    def random_action(self, player: int) -> list[int]:
        """An action that exists, mostly about a cell near the player or where the other player is."""
        kind = int(self.rng.choice([NOOP, PLACE, PLACE, PLACE, BREAK, BREAK, *range(3, 9), GIVE, GIVE]))
        near = self.rng.random() < 0.9
        cell = self.rng.integers(self.sides)
        if near and kind in (PLACE, BREAK):
            cell = np.clip(self.world.feet[player] + self.rng.integers(-3, 5, size=3), 0, self.sides - 1)
        elif near:
            cell = np.array(self.world.feet[1 - player])
        return [kind, self.world.index(tuple(cell)), int(self.rng.integers(NUM_BLOCKS))]

    def step(self, actions: list[list[int]]) -> None:
        """One joint step of both, which have to agree on everything."""
        own, effective = self.world.step(actions)
        self.batch.step(np.array([actions]))
        world, state, latent = self.world, self.batch.state, self.batch.latent
        assert self.batch.effective[0].tolist() == effective
        assert self.batch.own[0].tolist() == own
        assert self.batch.reward[0] == sum(own)
        assert np.array_equal(state.blocks[0], world.blocks.ravel())
        assert state.feet[0].tolist() == [list(feet) for feet in world.feet]
        touched = np.zeros(self.config.cells, int)
        for cell, (player, clock) in world.touched.items():
            touched[world.index(cell)] = 1 + 2 * clock + player
        assert np.array_equal(state.touched[0], touched)
        assert state.last_edit[0].tolist() == [-1 if c is None else world.index(c) for c in world.last_edit]
        done = [action if kind else [0, 0, 0] for action, kind in zip(actions, effective, strict=True)]
        assert state.previous[0].tolist() == done
        if world.inventory:
            assert state.inventory[0].tolist() == world.slots
        assert state.clock[0] == world.clock
        assert (latent.similarity[0], latent.best[0], latent.best_clock[0]) == (
            world.score,
            world.best,
            world.best_clock,
        )
        assert self.batch.goal_fraction()[0] == pytest.approx(world.goal_fraction(), abs=1e-12)
        assert self.batch.terminated[0] == world.terminated()
        assert self.batch.truncated[0] == world.truncated()


def scenes(mode: str, largest: int = 9, **options: Any) -> st.SearchStrategy[Scene]:
    """Scenes of a mode in worlds of any shape, with any abilities."""
    side = st.integers(5, largest)
    depth = st.integers(8, 10) if mode == "inventory" else side
    able = st.booleans() | st.just(True)
    every = st.just(1) | st.integers(1, 3)
    player = st.fixed_dictionaries(
        {"place": able, "break_": able, "move": able, "give": able, "act_every": every}
    )
    made = {"size": st.tuples(side, side, depth), "user": player, "assistant": player}
    fixed = {**MODES[mode], **options}
    return st.builds(
        lambda free, seed, density: Scene({**fixed, **free}, seed, density),
        st.fixed_dictionaries(made),
        st.integers(0, 2**32 - 1),
        st.sampled_from([0.02, 0.1, 0.3, 0.6]),
    )


@pytest.mark.parametrize("mode", MODES)
def test_steps_equal_the_reference(mode: str) -> None:
    @settings(max_examples=60)
    @given(scenes(mode, largest=7 if mode == "teleport" else 12, reward=TERMS, end_without_progress=4))
    def check(scene: Scene) -> None:
        for _ in range(8):
            if not scene.batch.done[0]:
                scene.step([scene.random_action(player) for player in range(2)])

    check()


@pytest.mark.parametrize("line_of_sight", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_legal_lists_equal_the_reference(mode: str, line_of_sight: bool) -> None:
    @settings(max_examples=4 if mode == "teleport" else 40)
    @given(scenes(mode, largest=5 if mode == "teleport" else 9, line_of_sight=line_of_sight))
    def check(scene: Scene) -> None:
        for _ in range(2):
            for player in range(2):
                lists, counts = scene.batch.legal(player)
                assert lists[0, : counts[0]].tolist() == scene.world.legal(player)
            scene.step([scene.random_action(player) for player in range(2)])

    check()


@pytest.mark.parametrize("mode", ["walk", "teleport"])
def test_every_legal_action_takes_effect(mode: str) -> None:
    @settings(max_examples=20)
    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.2, 0.5]))
    def check(seed: int, density: float) -> None:
        scene = Scene({**MODES[mode], "size": (8, 7, 9)}, seed, density, buried=False)
        for player in range(2):
            lists, counts = scene.batch.legal(player)
            actions = triples(scene.batch.codec, scene.rng.choice(lists[0, : counts[0]], 40))
            copies = BuildingBatch(len(actions), scene.config)
            copies.restore(tuple(np.repeat(part, len(actions), axis=0) for part in scene.batch.snapshot()))
            joint = np.zeros((len(actions), 2, 3), np.int16)
            joint[:, player] = actions
            copies.step(joint)
            assert copies.effective[:, player].tolist() == actions[:, 0].tolist()

    check()


@pytest.mark.parametrize("mode", MODES)
def test_similarity_follows_every_edit(mode: str) -> None:
    scene = Scene({**MODES[mode], "size": (7, 6, 8)}, seed=3, density=0.2)
    batch = scene.batch
    for _ in range(30):
        batch.step(np.array([[scene.random_action(player) for player in range(2)]]))
        if mode != "inventory":  # whose palette is restored after the step is scored
            blocks, goal = batch.state.blocks[0], batch.latent.goal[0]
            assert batch.latent.similarity[0] == total_similarity(batch.rules, blocks, goal)
        assert batch.reward[0] == batch.own[0].sum()


# --- single rules, said by example ---


def game(**options: Any) -> BuildingBatch:
    """One world of 6x6x8 in which two blocks have to be placed, both in reach of both players."""
    options = {"size": (6, 6, 8), "user": {}, "assistant": {}, **options}
    options["user"] = {"start": (1, 2, 1), **options["user"]}
    options["assistant"] = {"start": (1, 2, 6), **options["assistant"]}
    batch = BuildingBatch(1, BuildingConfig.make(**options))
    goal = start_blocks(batch.config.size)
    goal[3, 2, 3] = goal[1, 2, 3] = PLANKS
    batch.reset(goal[None])
    return batch


def act(kind: int = NOOP, cell: tuple[int, int, int] = (0, 0, 0), block: int = 0) -> list[int]:
    return [kind, (cell[0] * 6 + cell[1]) * 8 + cell[2], block]


def step(batch: BuildingBatch, user: list[int], assistant: list[int] | None = None) -> list[float]:
    """One joint step; each player's part of the reward."""
    batch.step(np.array([[user, assistant or act()]]))
    return batch.own[0].tolist()


def test_the_game_ends_when_the_world_equals_the_goal() -> None:
    batch = game(horizon=2)
    step(batch, act(PLACE, (3, 2, 3), PLANKS))
    assert not batch.done[0]
    step(batch, act(PLACE, (1, 2, 3), PLANKS))
    assert (batch.terminated[0], batch.truncated[0]) == (True, False)
    assert batch.goal_fraction()[0] == 1.0


def test_completion_is_found_with_fractional_similarities() -> None:
    batch = game(reward={"correct": 0.1, "wrong": -0.3})
    step(batch, act(PLACE, (3, 2, 3), PLANKS), act(PLACE, (1, 2, 3), PLANKS))
    assert batch.terminated[0]


def test_the_game_goes_on_after_completion_when_asked_to() -> None:
    batch = game(end_on_completion=False)
    step(batch, act(PLACE, (3, 2, 3), PLANKS), act(PLACE, (1, 2, 3), PLANKS))
    assert not batch.done[0]


def test_the_horizon_truncates() -> None:
    batch = game(horizon=3)
    for _ in range(3):
        assert not batch.done[0]
        step(batch, act())
    assert (batch.terminated[0], batch.truncated[0]) == (False, True)


def test_patience_counts_from_the_last_new_maximum() -> None:
    batch = game(end_without_progress=2)
    step(batch, act())
    step(batch, act(PLACE, (3, 2, 3), PLANKS))
    step(batch, act(BREAK, (3, 2, 3)))
    assert not batch.done[0]
    step(batch, act(PLACE, (3, 2, 3), PLANKS))  # back at the maximum is no progress
    assert batch.truncated[0]


def test_a_slow_player_acts_on_every_kth_step() -> None:
    batch = game(assistant={"act_every": 3})
    effective = []
    for z in range(2, 8):
        assert (batch.legal(ASSISTANT)[1][0] > 1) == (z in (2, 5))
        step(batch, act(), act(8 if z % 2 else 7))
        effective.append(int(batch.effective[0, ASSISTANT]))
    assert [kind > 0 for kind in effective] == [True, False, False, True, False, False]


@pytest.mark.parametrize(
    ("ability", "action"),
    [("place", act(PLACE, (3, 2, 3), PLANKS)), ("break_", act(BREAK, (1, 1, 3))), ("move", act(7))],
)
def test_a_player_without_an_ability_can_neither_do_nor_list_it(ability: str, action: list[int]) -> None:
    for able in (True, False):
        batch = game(user={ability: able})
        lists, counts = batch.legal(USER)
        assert (encode(batch.codec, *action) in lists[0, : counts[0]]) == able
        step(batch, action)
        assert (batch.effective[0, USER] != NOOP) == able


def test_effort_and_undo_are_priced_for_the_user_alone() -> None:
    batch = game(reward={"user_effort": 0.25, "undo": 0.5})
    assert step(batch, act(), act(PLACE, (3, 2, 2), STONE)) == [0, -1]
    assert step(batch, act(PLACE, (3, 2, 3), PLANKS)) == [1 - 0.25, 0]
    assert step(batch, act(BREAK, (3, 2, 2))) == [1 - 0.25 - 0.5, 0]
    assert step(batch, act(PLACE, (3, 2, 2), STONE)) == [-1 - 0.25, 0]
    assert step(batch, act(), act(BREAK, (3, 2, 2))) == [0, 1]


def test_an_edit_earns_the_change_of_similarity_and_others_what_is_set_for_them() -> None:
    batch = game(reward={"noop": -0.125, "action": 0.5, "incorrect": -2})
    assert step(batch, act(PLACE, (3, 2, 3), STONE), act(PLACE, (3, 2, 3), STONE)) == [-1 + 0.5 - 2, -0.125]
    assert step(batch, act(BREAK, (3, 2, 3)), act(7)) == [1 + 0.5, 0.5]
    assert step(batch, act(PLACE, (3, 2, 3), PLANKS)) == [1 + 0.5, -0.125]


def test_a_gift_is_five_blocks_at_most_and_comes_before_all_else() -> None:
    batch = game(blocks="inventory", assistant={"start": (2, 2, 1)})
    batch.state.inventory[0, USER, 0] = PLANKS, 7
    give, place = act(GIVE, (1, 2, 1), PLANKS), act(PLACE, (3, 2, 3), PLANKS)
    step(batch, act(GIVE, (2, 2, 1), PLANKS), place)
    assert batch.effective[0].tolist() == [GIVE, PLACE]
    assert batch.state.inventory[0, :, 0].tolist() == [[PLANKS, 2], [PLANKS, 4]]
    step(batch, act(), give)
    assert batch.state.inventory[0, :, 0].tolist() == [[PLANKS, 6], [AIR, 0]]


def test_a_gift_needs_the_receivers_cell_and_room_for_all_of_it() -> None:
    batch = game(blocks="inventory", assistant={"start": (2, 2, 1)})
    slots = batch.state.inventory[0]
    slots[USER, 0] = PLANKS, 7
    step(batch, act(GIVE, (3, 2, 1), PLANKS))
    assert batch.effective[0, USER] == NOOP
    slots[ASSISTANT] = STONE, STACK
    slots[ASSISTANT, 5] = slots[ASSISTANT, 7] = PLANKS, STACK - 2
    step(batch, act(GIVE, (2, 2, 1), PLANKS))
    assert batch.effective[0, USER] == NOOP
    slots[ASSISTANT, 7] = PLANKS, STACK - 3
    step(batch, act(GIVE, (2, 2, 1), PLANKS))
    assert slots[USER, 0].tolist() == [PLANKS, 2]
    assert slots[ASSISTANT, 5:8].tolist() == [[PLANKS, STACK], [STONE, STACK], [PLANKS, STACK]]


def test_breaking_fills_the_first_slot_with_room_and_fails_without_any() -> None:
    batch = game(blocks="inventory")
    slots = batch.state.inventory[0, USER]
    slots[:] = STONE, STACK
    step(batch, act(BREAK, (1, 1, 3)))
    assert batch.effective[0, USER] == NOOP
    slots[4] = STONE, 0
    step(batch, act(BREAK, (1, 1, 3)))
    assert (batch.effective[0, USER], slots[4].tolist()) == (BREAK, [2, 1])


def test_the_palette_gives_blocks_but_no_reward_and_grows_back() -> None:
    batch = game(blocks="inventory", user={"start": (4, 2, 4)})
    assert step(batch, act(BREAK, (5, 2, 4))) == [0, 0]
    assert batch.state.inventory[0, USER, 0].tolist() == [PLANKS, 1]
    assert batch.state.blocks[0].reshape(6, 6, 8)[5, 2].tolist() == list(range(2, 10))


def test_blocks_one_does_not_hold_can_neither_be_placed_nor_listed() -> None:
    batch = game(blocks="inventory")
    batch.state.inventory[0, USER, 0] = STONE, 1
    lists, counts = batch.legal(USER)
    placed = triples(batch.codec, lists[0, : counts[0]])
    assert set(placed[placed[:, 0] == PLACE, 2].tolist()) == {STONE}
    step(batch, act(PLACE, (3, 2, 3), PLANKS), act(PLACE, (3, 2, 3), STONE))
    assert batch.effective[0].tolist() == [NOOP, NOOP]


def test_planes_show_the_state_from_each_players_side() -> None:
    scene = Scene({"size": (7, 6, 9), "horizon": 16_000}, seed=5, density=0.1)
    state, sides = scene.batch.state, scene.sides
    rng = np.random.default_rng(0)
    for clock in (0, 1, 300, 16_000):
        state.clock[0] = clock
        marks = rng.integers(1 + 2 * clock, size=scene.config.cells)
        state.touched[0] = np.where(rng.random(len(marks)) < 0.5, marks, 0)
        for player in range(2):
            planes = scene.batch.observe(player)[0]
            players = np.zeros(sides, np.uint8)
            for who in range(2):
                x, y, z = scene.world.feet[who]
                players[x, y : y + 2, z] = 1 if who == player else 2
            step_of, who_did = np.divmod(state.touched[0].astype(int) - 1, 2)
            nobody = state.touched[0] == 0
            assert np.array_equal(planes[0], state.blocks[0])
            assert np.array_equal(planes[1], scene.batch.latent.goal[0] if player == USER else planes[1] * 0)
            assert np.array_equal(planes[2], players.ravel())
            assert np.array_equal(planes[3], np.where(nobody, 0, np.where(who_did == player, 1, 2)))
            assert np.array_equal(planes[4], np.where(nobody, 255, np.minimum(clock - step_of, 255)))


# --- a whole game ---


def playthrough(steps: int = 36) -> str:
    """A game of two random players around a small hut, in words, one line a step."""
    config = BuildingConfig(size=(8, 7, 8), horizon=steps)
    batch = BuildingBatch(1, config)
    goal = start_blocks(config.size)
    goal[2:5, 2:4, 2:5] = PLANKS
    goal[3, 2:4, 2:4] = AIR
    goal[2:5, 4, 2:5] = STONE
    batch.reset(goal[None])
    chance = random.Random(0)
    lines = [
        "Two random players in a world of 8x7x8, walking, unlimited blocks; the goal is a hut.",
        "A line is a step: what either does and earns (- for what had no effect), the number of legal",
        "actions before it, the goal percent and the digest of the public state after it.",
        "",
        f"start{batch.digest():>131}",
    ]
    for number in range(1, steps + 1):
        joint, words, legal = np.zeros((1, 2, 3), np.int16), [], []
        for player in range(2):
            lists, counts = batch.legal(player)
            choices = triples(batch.codec, lists[0, : counts[0]])
            kind = chance.choice(sorted(set(choices[:, 0].tolist())))
            same = choices[choices[:, 0] == kind]
            joint[0, player] = same[chance.randrange(len(same))]
            legal.append(len(choices))
        batch.step(joint)
        for player in range(2):
            earned = f"{batch.own[0, player]:+.0f}" if batch.effective[0, player] else "-"
            words.append(f"{describe(joint[0, player], config.size):32}{earned:>3}")
        score = f"{legal[0]:4} {legal[1]:4}{100 * batch.goal_fraction()[0]:8.1f} %"
        lines.append(f"{number:3}  {words[0]}  {words[1]}  {score}  {batch.digest()}")
    return "\n".join(lines) + "\n"


def test_the_recorded_game_is_played_the_same() -> None:
    assert playthrough() == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.write_text(playthrough(), encoding="utf-8")
