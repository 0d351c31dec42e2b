"""Worlds by name: what recorded goals become, made-up ones and, where the data is, the real ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import envs
from envs.chat import CONCIERGE, ChatBatch, ChatConfig, Persona, make_world
from envs.chat.env import ChatEnv
from envs.chat.recorded import Recorded, minutes, sgd
from envs.chat.schema import VALUES
from envs.data import data_root
from envs.testing import check_no_goal_leak, check_parallel

FOOD = ["thai"] * 12 + ["indian"] * 9 + ["greek"] * 6 + ["local"] * 5 + ["grill"] * 4 + ["vegan", "fish"]


def _write(folder: Path, name: str, dialogues: list[dict]) -> Path:
    (folder / name).mkdir()
    for split, part in (("train", dialogues), ("val", dialogues[:3])):
        with gzip.open(folder / name / f"dialogues_{split}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(dialogue) + "\n" for dialogue in part)
    return folder


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A folder with 38 dialogues in MultiWOZ's form."""
    dialogues = []
    for i, food in enumerate(FOOD):
        info = {"food": food, "pricerange": ("cheap", "moderate", "expensive")[i % 3], "name": f"place {i}"}
        goal: dict = {"restaurant": {"info": info, "reqt": ["area", "phone"], "fail_info": {}}}
        if i % 2:
            goal["restaurant"]["fail_info"] = info | {"food": "thai"}
            goal["hotel"] = {"info": {"area": ("north", "south")[i % 4 // 2], "internet": "yes"}}
            goal["taxi"] = {"info": {"leaveAt": "12:15"}}
        if i % 5 == 0:
            goal["restaurant"]["info"]["area"] = ("north", "south")[i % 2]
        goal["train"] = {"info": {"arriveBy": f"{8 + i % 12:02d}:15"}}
        dialogues.append({"goal": goal, "goal_text": ["in the same area as the hotel"] * (i % 2)})
    return _write(tmp_path, "multiwoz21_goals", dialogues)


def test_goals_become_slots_values_and_second_choices(town: Path) -> None:
    world = make_world("multiwoz", town)
    assert isinstance(world, Recorded)
    assert len(world) == 38
    schema = world.schema
    # No name is common; the area of restaurants is.
    assert set(schema.slots) == {
        "hotel.area", "hotel.internet", "restaurant.area", "restaurant.food", "restaurant.price range",
        "train.arrival",
    }  # fmt: skip
    food = schema.attribute(schema.slot("restaurant.food"))
    assert food.values == ("thai", "indian", "greek", "local", "grill", "other")
    arrival = schema.attribute(schema.slot("train.arrival"))
    assert (len(arrival.values), arrival.better, arrival.values[0]) == (VALUES, -1, "before 09:15")
    slot = schema.slot("restaurant.food")
    assert world.value[13, slot] == 0  # indian in the end, after thai had failed
    assert world.instead[13, slot] == 1
    assert world.value[36, slot] == 5
    assert world.together.tolist() == [bool(i % 2) for i in range(38)]
    assert world.wanted.sum(axis=1).tolist() == [3 if i % 2 else 2 for i in range(38)]
    assert len(make_world("multiwoz", town, "val")) == 3  # type: ignore[arg-type]
    assert make_world("multiwoz", town, "val").schema == schema


def test_what_the_data_does_not_say_is_drawn(town: Path) -> None:
    world = make_world("multiwoz", town)
    rng = np.random.default_rng(0)
    people = [Persona(patience=5)] * 400
    goal = world.goals(400, rng, people, drift=0.5)
    slot = world.schema.slot("restaurant.food")
    np.testing.assert_allclose(goal.weight.reshape(400, 3, 7).sum(axis=2)[goal.wanted == 1], 1, atol=1e-6)
    yielding = (goal.hard[:, slot] == 1) & (goal.ideal[:, slot] == 0) & (goal.second[:, slot] == 1)
    assert yielding.mean() > 0.05
    assert (goal.drift[:, 0] > 0).mean() > 0.2
    assert (goal.persona[:, 11] == 5).all()
    assert (goal.budget > 0).all()
    two = world.goals(20, rng, domains=2)
    assert (two.wanted.sum(axis=1) == 2).all()
    assert (two.near == 0).all()
    again = world.goals(400, np.random.default_rng(0), people, drift=0.5)
    for name, part in zip(goal._fields, again, strict=True):
        np.testing.assert_array_equal(getattr(goal, name), part, err_msg=name)
    with pytest.raises(ValueError, match="wants 1 domains"):
        world.goals(1, rng, domains=1)


def test_catalogues_follow_the_frequencies_and_price_ranges(town: Path) -> None:
    world = make_world("multiwoz", town)
    found = world.catalogues(200, 8, np.random.default_rng(1))
    assert (found.sizes == 8).all()
    own = found.values[:, 8:16]
    a = world.schema.slot("restaurant.food") - 7
    counts = np.bincount(own[:, :, a].ravel(), minlength=VALUES)
    assert counts.argmax() == 0
    assert counts.min() > 0
    levels, price = own[:, :, world.schema.slot("restaurant.price range") - 7], found.price[:, 8:16]
    means = [price[levels == level].mean() for level in range(3)]
    assert means[0] < 0.75 * means[1] < 0.75 * 0.75 * means[2]


def test_recorded_goals_play_and_stay_hidden(town: Path) -> None:
    world = make_world("multiwoz", town)
    small = {"items": 8, "horizon": 12, "world": world}
    check_parallel(lambda: ChatEnv(**small), steps=16)
    goals = [world.goals(1, np.random.default_rng(seed), domains=3) for seed in range(3)]
    check_no_goal_leak(lambda goal: ChatEnv(**small, goals=lambda rng: goal), goals, steps=24)


def test_services_become_domains(tmp_path: Path) -> None:
    goals = []
    for i in range(30):
        slots = {"price_range": ("cheap", "moderate", "dontcare")[i % 3], "serves_alcohol": "True"}
        slots |= {"time": ("7 pm", "11:30", "1:15 pm")[i % 3], "city": f"town {i}"}
        goal = [{"service": "Restaurants_1", "slots": slots, "requests": ["price_range"]}]
        goals.append({"goal": [*goal, {"service": "Banks_1", "slots": {"account": "a"}, "requests": []}]})
    folder = _write(tmp_path, "sgd_goals", goals)
    world = sgd(folder, services=("Restaurants_1",))
    assert list(world.schema.slots) == [
        "restaurant.serves alcohol",
        "restaurant.time",
        "restaurant.price range",
    ]
    slot = world.schema.slot("restaurant.price range")
    assert world.asked[:, slot].tolist() == [i % 3 == 2 for i in range(30)]
    assert world.schema.attribute(0).values == ("no", "yes")
    assert (world.value[:, 0] == 1).all()
    with pytest.raises(ValueError, match="no goal of the data is about 'taxi'"):
        sgd(folder, services=("Taxi_1",))


@pytest.mark.parametrize(
    ("word", "found"),
    [("19:45", 1185), ("7:45 pm", 1185), ("12 pm", 720), ("12:05 am", 5), ("today", None), ("4", None)],
)
def test_times(word: str, found: int | None) -> None:
    assert minutes(word) == found


def test_missing_data_and_wrong_names_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="ASSIST_DATA, or play the world 'concierge'"):
        make_world("sgd", tmp_path)
    with pytest.raises(ValueError, match="world is 'paris'; choose from concierge"):
        make_world("paris")
    with pytest.raises(ValueError, match="split is 'test'"):
        make_world("multiwoz", tmp_path, "test")
    with pytest.raises(ValueError, match="world or schema, not both"):
        ChatEnv(world="concierge", schema=CONCIERGE)
    assert make_world("concierge").schema is ChatConfig().schema


@pytest.mark.parametrize("name", ["multiwoz", "sgd"])
def test_the_real_data_makes_a_world(name: str) -> None:
    folder = data_root() / {"multiwoz": "multiwoz21_goals", "sgd": "sgd_goals"}[name]
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing; name the folder of the data in ASSIST_DATA")
    env = envs.make("chat-v0", world=name, domains=2, items=8)
    observations, _ = env.reset(seed=0)
    assert observations["user"]["wanted"].sum() == 2
    world = make_world(name)
    goal = world.goals(300, np.random.default_rng(0))
    catalogues = world.catalogues(300, 32, np.random.default_rng(1))
    game = ChatBatch(300, ChatConfig(schema=world.schema))
    game.reset(goal, catalogues)
    assert np.median(game.latent.optimum) > 0.5
    assert (game.latent.optimum > 0.2).mean() > 0.9
