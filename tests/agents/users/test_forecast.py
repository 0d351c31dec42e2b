"""The fast forecast against the builder it stands for: same targets, same likelihoods, honest draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.users.builder import BuilderUser
from agents.users.crowd import derive, exposed, fill_crowd, lowest
from agents.users.forecast import draw, reweigh
from agents.users.outlook import LISTED, find_ways, look, new_forecast
from agents.users.policy import action_prob, near_and_far, outlines, pace, stray_weight, taste
from agents.users.scene import Scene, new_scene, survey
from agents.users.traits import MOMENTUM, USER_TYPES, WRONG, Traits
from envs.building import BuildingBatch, BuildingConfig
from envs.building.actions import BREAK, MOVES, PLACE, Codec, decode
from envs.building.goals import Goals
from envs.building.rules import compile_rules
from envs.building.world import ASSISTANT, USER

HABITUAL = Traits(
    rationality=0.9, outline=-0.5, repair=-0.6, follow=-0.1, touch=0.6, face=0.4, drift=0.4, line=0.7,
    beside=0.8, clear=2.0, refill=0.9, persist=0.6, material=2.0, stay=0.5, linger=1.5, rest=-0.5, watch=0.3,
    roam=0.6, turn=0.4, momentum=0.7,
)  # fmt: skip
TYPES = (USER_TYPES["bottom_up"].traits, USER_TYPES["companion"].traits, HABITUAL)
TRAITS = np.stack([traits.vector() for traits in TYPES])
PARTICLES, GAMES = 12, 6
KINDS = np.repeat(np.arange(3), 4)
"""Builder types of the particles, in the forecast's own order."""


class Setting:
    """Six games in progress, with a slot each, and what the slow builder says of them."""

    def __init__(self, config: BuildingConfig, goals: Goals, steps: int):
        batch = BuildingBatch(GAMES, config)
        batch.reset(goals.blocks[:GAMES], np.arange(GAMES))
        players = BuilderUser("user", HABITUAL), BuilderUser("helper", USER_TYPES["noisy"].traits, ASSISTANT)
        for seed, builder in enumerate(players):
            builder.reset(config, np.arange(GAMES) + 10 * seed, batch.latent.goal.copy())
        for _ in range(steps):
            active = ~batch.done
            batch.step(np.stack([player.act(batch.state, active).copy() for player in players], axis=1))
        self.states, self.codec = batch.state, Codec.of(config)
        self.rules = compile_rules(replace(config, line_of_sight=True))
        self.goals = goals.blocks[-PARTICLES:].reshape(PARTICLES, -1)
        self.outlines = outlines(config.size, self.goals)
        self.forecast = new_forecast(config, self.states, 1, PARTICLES, TRAITS, 1e-9, 1.0, 4)
        for game in range(GAMES):
            fill_crowd(self.forecast.crowd, game, self.goals, self.outlines, KINDS)
            derive(self.forecast.worlds, self.forecast.crowd, config.size[1], game, game)
        self.weights = np.random.default_rng(0).dirichlet(np.ones(PARTICLES), GAMES).astype(np.float32)

    def scene(self, game: int) -> Scene:
        scene = new_scene(self.rules.size, len(TRAITS))
        survey(self.rules, self.states, game, USER, TRAITS, scene)
        return scene

    def looked(self, game: int) -> int:
        """The cache's entry with everything filled in."""
        entry = look(self.forecast, game)
        find_ways(self.forecast, game, entry)
        return entry

    def sums(self, scene: Scene, game: int, k: int) -> tuple[float, float]:
        t, blocks = KINDS[k], self.states.blocks[game]
        tastes = taste(TRAITS[t], self.states, game, USER)
        return near_and_far(
            self.rules.size, blocks, self.goals[k], self.outlines[k], tastes, scene, scene.weight[t]
        )

    def factors(self, game: int) -> np.ndarray:
        """(K, N) what each particle's goal adds to weights."""
        bonus, favour, held = np.array([taste(TRAITS[t], self.states, game, USER) for t in KINDS]).T[
            ..., None
        ]
        placed = (self.states.blocks[game] == 0) & (self.goals == held)
        return np.where(self.outlines, bonus, 1) * np.where(placed, favour, 1)

    def edit_chance(self, scene: Scene, game: int, k: int, flat: int) -> float:
        goal, action = (KINDS[k], self.goals[k], self.outlines[k]), decode(self.codec, flat)
        return action_prob(self.rules, self.states, game, USER, TRAITS, scene, *goal, *action)

    def edits(self, scene: Scene) -> list[int]:
        places, breaks = scene.place[: scene.counts[0]], scene.break_[: scene.counts[1]]
        placing = 1 + np.arange(2, 10)[:, None] * self.codec.cells + places
        return [int(flat) for flat in placing.reshape(-1)] + [int(self.codec.first_break + c) for c in breaks]

    def agrees(self, scene: Scene, game: int) -> bool:
        """Whether both see the same far targets, and no particle digs."""
        outlook, entry = self.forecast.outlook, look(self.forecast, game)
        listed = set(outlook.cell[entry, : outlook.counts[entry, LISTED]].tolist()) - {0}
        digs = any(sum(self.sums(scene, game, k)) == 0 for k in range(PARTICLES))
        return not digs and listed <= set(scene.cell[: scene.counts[3]].tolist())

    def chances(self, game: int) -> dict[int, np.ndarray]:
        """Probability (K,) of each reply under each particle, by the formulas of `policy`."""
        scene, entry = self.scene(game), self.looked(game)
        outlook, moves = self.forecast.outlook, np.flatnonzero(scene.moves)
        near, far = outlook.near[entry].astype(float), outlook.far[entry].astype(float)
        previous, wrong = self.states.previous[game], TRAITS[KINDS, WRONG]
        pause, fidget = np.array([pace(TRAITS[t], previous, USER) for t in KINDS]).T
        work = (1 - pause - fidget) / np.where(near + far > 0, near + far, np.inf)
        out = {0: pause + (near + far == 0) * (1 - pause - fidget)}
        stray = np.array(
            [[stray_weight(TRAITS[t, MOMENTUM], previous[USER, 0], m) for t in KINDS] for m in moves]
        )
        for move, share in zip(moves, stray / stray.sum(axis=0), strict=True):
            towards = work * far * (outlook.way[entry] == move)
            out[int(self.codec.first_move + move)] = fidget * share + towards
        for flat in self.edits(scene):
            kind, cell, block = decode(self.codec, flat)
            here, wants = self.states.blocks[game, cell], self.goals[:, cell]
            fits = (wants == block) if kind == PLACE else (wants != here)
            out[flat] = work * (1 - wrong) * scene.weight[KINDS, 0, cell] * fits
            out[flat] *= self.factors(game)[:, cell]
            if kind == PLACE:
                out[flat] += work * near * wrong / (8 * scene.counts[0])
        return out


@pytest.fixture(scope="module", params=[0, 8, 20])
def setting(request: pytest.FixtureRequest, small: BuildingConfig, huts: Goals) -> Setting:
    return Setting(small, huts, request.param)


@pytest.fixture(scope="module")
def agreeing(small: BuildingConfig, huts: Goals) -> list[tuple[Setting, int]]:
    settings = [Setting(small, huts, steps) for steps in (0, 8, 20)]
    found = [(s, game) for s in settings for game in range(GAMES) if s.agrees(s.scene(game), game)]
    assert len(found) >= 6, "too few states to compare in"
    return found


# --- the same user ------------------------------------------------------------------------------------------


def test_near_weights_are_the_builders_everywhere(setting: Setting) -> None:
    for game in range(GAMES):
        scene, entry = setting.scene(game), look(setting.forecast, game)
        for k in range(PARTICLES):
            near, far = setting.sums(scene, game, k)
            if near + far > 0:
                assert setting.forecast.outlook.near[entry, k] == pytest.approx(near, rel=1e-5, abs=1e-12)


def test_far_weights_are_the_builders_where_nothing_is_sealed(agreeing: list[tuple[Setting, int]]) -> None:
    for setting, game in agreeing:
        scene, entry = setting.scene(game), look(setting.forecast, game)
        far = [setting.sums(scene, game, k)[1] for k in range(PARTICLES)]
        assert np.allclose(setting.forecast.outlook.far[entry], far, rtol=1e-5, atol=1e-12)


def test_likelihoods_of_edits_are_the_builders(agreeing: list[tuple[Setting, int]]) -> None:
    for setting, game in agreeing:
        scene = setting.scene(game)
        for flat in setting.edits(scene)[::3]:
            for k in range(0, PARTICLES, 3):
                alone, after = np.zeros(PARTICLES, np.float32), np.zeros(PARTICLES, np.float32)
                alone[k] = 1
                chance = reweigh(setting.forecast, game, flat, alone, after)
                assert chance == pytest.approx(setting.edit_chance(scene, game, k, flat), abs=1e-5)


def test_walks_are_straight_to_the_best_far_target(agreeing: list[tuple[Setting, int]]) -> None:
    for setting, game in agreeing:
        scene, entry = setting.scene(game), setting.looked(game)
        blocks, feet = setting.states.blocks[game], setting.states.feet[game, USER].astype(int)
        for k in range(PARTICLES):
            weight = scene.weight[KINDS[k], 1] * setting.factors(game)[k]
            wanted = np.where(blocks != setting.goals[k], weight, 0)
            if wanted.max() == 0:
                assert setting.forecast.outlook.way[entry, k] == -1
                continue
            gains = []
            for cell in np.flatnonzero(wanted >= wanted.max() * (1 - 1e-6)):
                offset = np.array(np.unravel_index(cell, setting.rules.size)) - feet - (0, 1, 0)
                along = np.where(scene.moves, MOVES @ offset, -99)
                gains.append(along[setting.forecast.outlook.way[entry, k]] == along.max())
            assert any(gains)


# --- one distribution ---------------------------------------------------------------------------------------


def test_chances_of_all_replies_sum_to_one(setting: Setting) -> None:
    for game in range(GAMES):
        after = np.empty(PARTICLES, np.float32)
        replies = setting.chances(game)
        total = sum(reweigh(setting.forecast, game, flat, setting.weights[game], after) for flat in replies)
        assert total == pytest.approx(1, abs=1e-4)


def test_draws_have_the_chances_that_reweigh_the_particles(setting: Setting) -> None:
    """For evenly spaced numbers, the shares of replies are within 1 % of that in total variation."""
    for game in range(0, GAMES, 2):
        count, weights = 40_000, setting.weights[game]
        drawn = [draw(setting.forecast, game, weights, (i + 0.5) / count) for i in range(count)]
        flat, numbers = np.unique(drawn, return_counts=True)
        chances = {reply: weights @ p for reply, p in setting.chances(game).items()}
        assert set(flat.tolist()) <= set(chances)
        shares = dict(zip(flat.tolist(), numbers / count, strict=True))
        assert sum(abs(shares.get(reply, 0) - chance) for reply, chance in chances.items()) / 2 < 0.01


def test_weights_follow_bayes_rule_and_average_to_the_prior(setting: Setting) -> None:
    """Of a move or a no-op it counts that it is no edit; edits count as what they are."""
    for game in range(GAMES):
        prior, mean = setting.weights[game], np.zeros(PARTICLES)
        chances = setting.chances(game)
        rest = [p for flat, p in chances.items() if decode(setting.codec, flat)[0] not in (PLACE, BREAK)]
        for flat, likelihood in chances.items():
            after = np.empty(PARTICLES, np.float32)
            chance = reweigh(setting.forecast, game, flat, prior, after)
            kind = decode(setting.codec, flat)[0]
            if kind not in (PLACE, BREAK):
                likelihood = np.sum(rest, axis=0)
            expected = prior * np.maximum(likelihood, 1e-9)
            assert np.allclose(after, expected / expected.sum(), atol=2e-4)
            mean += chance * after
        assert np.allclose(mean, prior, atol=2e-4)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_reply_depends_on_slot_weights_and_number_alone(
    small_setting: Setting, data: st.DataObject
) -> None:
    """Not on what the cache of four entries happens to hold."""
    asked = data.draw(st.lists(st.tuples(st.integers(0, GAMES - 1), st.floats(0, 1, exclude_max=True))))
    forecast, weights = small_setting.forecast, small_setting.weights
    warm = [draw(forecast, game, weights[game], u) for game, u in asked]
    for (game, u), reply in reversed(list(zip(asked, warm, strict=True))):
        forecast.outlook.slot[:] = -1
        assert draw(forecast, game, weights[game], u) == reply


@pytest.fixture(scope="module")
def small_setting(small: BuildingConfig, huts: Goals) -> Setting:
    return Setting(small, huts, 8)


# --- rows of bits -------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(5, 6, 7), (6, 5, 32), (5, 5, 5)]))
def test_exposed_cells_are_air_beside_blocks_and_blocks_beside_air(
    seed: int, size: tuple[int, int, int]
) -> None:
    blocks = np.random.default_rng(seed).random(size) < 0.5
    solid = (blocks << np.arange(size[2], dtype=np.uint64)).sum(axis=2).astype(np.uint32).reshape(-1)
    expected = np.zeros(size, bool)
    for axis in range(3):
        differ = np.diff(blocks, axis=axis)
        ahead, behind = [(0, 0)] * 3, [(0, 0)] * 3
        ahead[axis], behind[axis] = (0, 1), (1, 0)
        expected |= np.pad(differ, ahead) | np.pad(differ, behind)
    for x in range(size[0]):
        for y in range(size[1]):
            bits = int(exposed(solid, x * size[1] + y, x, y, *size))
            assert [bits >> z & 1 == 1 for z in range(32)] == [*expected[x, y]] + [False] * (32 - size[2])


@given(st.integers(1, 2**32 - 1))
def test_lowest_bit(bits: int) -> None:
    assert lowest(np.uint32(bits)) == (bits & -bits).bit_length() - 1
