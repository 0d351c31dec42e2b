"""Conformance checks for games: does yours keep what planners, agents and training rely on?

    from envs.testing import check_no_goal_leak, check_parallel

    check_parallel(lambda: MyGame(...))
    check_no_goal_leak(lambda goal: MyGame(goals=Fixed(goal)), [goal_a, goal_b])

A game is a `pettingzoo.ParallelEnv` with the agents of an assistance game, whose observations are dicts with
an `action_mask` and which can be copied: `snapshot`, `restore`, `clone` and `digest` (see `Game`). Each check
plays random legal actions and raises AssertionError that names the check, the step and what differed.
"""

from __future__ import annotations

import contextlib
import copy
import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

Goal = TypeVar("Goal")

ACCEPTED_WARNINGS = (
    r"Observation is not a NumPy array",
    r"Observation space for each agent probably should be gymnasium\.spaces\.box",
    r"We recommend agents to be named in the format",
    r"Agents have different observation space sizes",
)
"""PettingZoo's warnings that do not count: observations are dicts, agents lack numbers, users see more."""


class Game(Protocol):
    """What the checks need of a game, beside `pettingzoo.ParallelEnv`."""

    agents: list[str]
    possible_agents: list[str]

    def action_space(self, agent: str) -> Any:
        """The discrete space of an agent's actions."""

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict, dict]:
        """Start an episode."""

    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        """One joint step."""

    def state(self) -> np.ndarray:
        """The public state as an array."""

    def digest(self) -> str:
        """Equal exactly when the public states are."""

    def snapshot(self) -> Any:
        """Everything that `restore` needs."""

    def restore(self, snapshot: Any) -> Any:
        """Return to a snapshot."""

    def clone(self) -> Any:
        """An independent copy that goes on exactly as this one would."""


MakeGame = Callable[[], Game]
TakesEffect = Callable[[str, int, dict], bool]


def check_parallel(
    make_game: MakeGame,
    episodes: int = 2,
    seed: int = 0,
    steps: int = 60,
    takes_effect: TakesEffect | None = None,
) -> None:
    """All checks that need one kind of game: the API, seeding, lasting observations, legality and branching.

    Args:
        make_game: makes a new game; called several times. PettingZoo's tests ignore masks, so illegal actions
            must not raise.
        episodes: how many random episodes each check plays.
        seed: seeds the games and the choice of actions.
        steps: how many steps of an episode are played at most.
        takes_effect: see `check_legality`.
    """
    check_api(make_game, cycles=steps, seed=seed)
    check_seeding(make_game, episodes, seed, steps)
    check_observations_last(make_game, episodes, seed, steps)
    check_legality(make_game, episodes, seed, steps, takes_effect=takes_effect)
    check_branching(make_game, episodes, seed, steps)


def check_api(make_game: MakeGame, cycles: int = 60, seed: int = 0) -> None:
    """PettingZoo's own tests of the game and its AEC conversion; warnings fail, save ACCEPTED_WARNINGS."""
    from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test
    from pettingzoo.utils import parallel_to_aec

    def make_seeded() -> Any:
        game = make_game()
        for i, agent in enumerate(game.possible_agents):
            game.action_space(agent).seed(seed + i)
        return game

    for name, test in (
        ("parallel_api_test", lambda: parallel_api_test(make_seeded(), cycles)),
        ("parallel_seed_test", lambda: parallel_seed_test(make_seeded, cycles)),
        ("api_test", lambda: api_test(parallel_to_aec(make_seeded()), cycles)),
        ("seed_test", lambda: seed_test(lambda: parallel_to_aec(make_seeded()), cycles)),
    ):
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("always", UserWarning)
            try:
                test()
            except Exception as error:
                raise AssertionError(
                    f"API: pettingzoo's {name} raises {type(error).__name__}: {error}"
                ) from error
        for warning in caught:
            text = str(warning.message)
            accepted = any(re.search(pattern, text) for pattern in ACCEPTED_WARNINGS)
            if issubclass(warning.category, UserWarning) and not accepted:
                raise AssertionError(f"API: pettingzoo's {name} warns: {text}")


def check_seeding(make_game: MakeGame, episodes: int = 2, seed: int = 0, steps: int = 60) -> None:
    """The same seed gives the same bytes: in two new games, and in one that has played before."""
    used = make_game()
    for episode in range(episodes):
        first, second = make_game(), make_game()
        rng = np.random.default_rng(seed + episode)
        expected = first.reset(seed=seed + episode)
        twins = ((second, ("a game", "its twin")), (used, ("a new game", "one that has played before")))
        for twin, names in twins:
            _same(f"seeding: reset(seed={seed + episode})", names, expected, twin.reset(seed=seed + episode))
        for step, (actions, result) in enumerate(_play(first, expected[0], rng, steps)):
            for twin, names in twins:
                _same(
                    f"seeding: step {step} after reset(seed={seed + episode})",
                    names,
                    result,
                    twin.step(actions),
                )
        expected = first.reset()
        for twin, names in twins:
            _same("seeding: the next reset, without a seed", names, expected, twin.reset())


def check_observations_last(make_game: MakeGame, episodes: int = 2, seed: int = 0, steps: int = 60) -> None:
    """What a step returned is not changed by later steps, so that it can be kept without a copy."""
    game = make_game()
    for episode in range(episodes):
        kept = [game.reset(seed=seed + episode)]
        copies = [copy.deepcopy(kept[0])]
        for _, result in _play(game, kept[0][0], np.random.default_rng(seed + episode), steps):
            kept.append(result)
            copies.append(copy.deepcopy(result))
        for step, (now, then) in enumerate(zip(kept, copies, strict=True)):
            _same(
                f"lasting observations: result {step} of episode {episode}",
                ("its step", "the end"),
                then,
                now,
            )


def check_legality(
    make_game: MakeGame,
    episodes: int = 2,
    seed: int = 0,
    steps: int = 60,
    samples: int = 3,
    takes_effect: TakesEffect | None = None,
) -> None:
    """Actions in the mask can be done: along random play, legal actions of each agent raise nothing.

    Args:
        make_game: makes a new game, a strict one if the game has such an option.
        episodes, seed, steps: as in `check_parallel`.
        samples: how many actions of each agent are tried in each state, while the others do their first legal
            one.
        takes_effect: ``(agent, action, info) -> bool``, whether the action that the agent tried did what it
            should.
    """
    game = make_game()
    trial = game.clone()
    for episode in range(episodes):
        rng = np.random.default_rng(seed + episode)
        observations, _ = game.reset(seed=seed + episode)
        for step in range(steps):
            moment = game.snapshot()
            first = {agent: int(np.argmax(observations[agent]["action_mask"])) for agent in game.agents}
            for agent in game.agents:
                for action in _sample(observations[agent], rng, samples):
                    trial.restore(moment)
                    where = f"legality: reset(seed={seed + episode}), step {step}: {agent}'s action {action}"
                    try:
                        infos = trial.step({**first, agent: action})[-1]
                    except Exception as error:
                        raise AssertionError(f"{where} raises {type(error).__name__}: {error}") from error
                    if takes_effect is not None and not takes_effect(agent, action, infos[agent]):
                        raise AssertionError(f"{where} takes no effect; its info is {infos[agent]}")
            for _, result in _play(game, observations, rng, 1):
                observations = result[0]
            if not game.agents:
                break


def check_branching(make_game: MakeGame, episodes: int = 2, seed: int = 0, steps: int = 60) -> None:
    """In a clone and from a snapshot the same actions give the same bytes, and so does the reset after."""
    for episode in range(episodes):
        game = make_game()
        observations, _ = game.reset(seed=seed + episode)
        length = sum(1 for _ in _play(game, observations, np.random.default_rng(seed + episode), steps))
        # The same episode again, up to somewhere in its middle.
        observations, _ = game.reset(seed=seed + episode)
        rng = np.random.default_rng(seed + episode)
        for _, result in _play(game, observations, rng, length // 2):
            observations = result[0]
        moment, clone = game.snapshot(), game.clone()
        public = game.digest(), game.state().copy()
        # The game goes first: a clone or snapshot that shares memory with it is then no longer what it was.
        actions, trace = [], []
        for chosen, result in _play(game, observations, rng, steps):
            actions.append(chosen)
            trace.append((*result, game.digest()))
        trace.append(game.reset())
        _same_trace("the clone", trace, _replay(clone, actions))
        game.restore(moment)
        _same(
            "branching: digest and state",
            ("the snapshot", "the restored game"),
            public,
            (game.digest(), game.state()),
        )
        _same_trace("the restored game", trace, _replay(game, actions))


def check_no_goal_leak(
    make_game: Callable[[Goal], Game],
    goals: Sequence[Goal],
    seed: int = 0,
    steps: int = 60,
    agent: str = "assistant",
) -> None:
    """Under one public history the assistant gets the same bytes whatever the goal.

    Compared are its observations and infos, and the public `state` and `digest`. Rewards and the end of an
    episode may depend on the goal; the comparison stops when one of two games ends.

    Args:
        make_game: makes a new game with a given goal.
        goals: two or more goals; the others are compared with the first.
        seed, steps: as in `check_parallel`.
        agent: who must not know the goal.

    Raises:
        AssertionError: something differs; or nothing does in any observation, so that nothing is proven.
        ValueError: fewer than two goals.
    """
    if len(goals) < 2:
        raise ValueError(
            f"goals has {len(goals)} entries; give two or more, for games that differ in the goal alone"
        )
    for i, goal in enumerate(goals[1:], 1):
        rng = np.random.default_rng(seed)
        games = make_game(goals[0]), make_game(goal)
        names = "the game with goal 0", f"the one with goal {i}"
        results: list[tuple] = [game.reset(seed=seed) for game in games]
        if difference(results[0][0], results[1][0]) is None:
            raise AssertionError(
                f"no goal leak: goals 0 and {i} look the same to every agent; give goals that differ"
            )
        for step in range(steps + 1):
            where = f"no goal leak: {step} steps after reset(seed={seed}), the"
            _same(f"{where} {agent}'s observation", names, *(result[0][agent] for result in results))
            _same(f"{where} {agent}'s info", names, *(result[-1][agent] for result in results))
            _same(
                f"{where} public digest and state", names, *((game.digest(), game.state()) for game in games)
            )
            if not (games[0].agents and games[1].agents):
                break
            actions = {
                name: _choose_shared([result[0][name] for result in results], rng) for name in games[0].agents
            }
            results = [game.step(actions) for game in games]


def difference(first: Any, second: Any) -> tuple[str, str, str] | None:
    """Where two results first differ, and what is there in each; None when they are equal byte for byte.

    Results are made of dicts, tuples, lists, arrays and scalars, nested as one likes.
    """
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return _array_difference(first, second)
    if type(first) is not type(second):
        return "", repr(first), repr(second)
    if isinstance(first, dict):
        if first.keys() != second.keys():
            return ".keys()", str(sorted(map(str, first))), str(sorted(map(str, second)))
        return _first(first, second, first)
    if isinstance(first, (tuple, list)):
        if len(first) != len(second):
            return " length", str(len(first)), str(len(second))
        return _first(first, second, range(len(first)))
    both_nan = first != first and second != second
    return None if first == second or both_nan else ("", repr(first), repr(second))


# --- comparing ----------------------------------------------------------------------------------------------


def _same(check: str, names: tuple[str, str], first: Any, second: Any) -> None:
    found = difference(first, second)
    if found is not None:
        path, *values = found
        raise AssertionError(
            f"{check}: result{path} is {values[0]} in {names[0]} and {values[1]} in {names[1]}"
        )


def _same_trace(name: str, expected: list[tuple], found: list[tuple]) -> None:
    for step, (first, second) in enumerate(zip(expected, found, strict=True)):
        where = f"step {step}" if step < len(expected) - 1 else "the reset"
        _same(f"branching: {where} after the branch", ("the game", name), first, second)


def _first(first: Any, second: Any, keys: Iterable) -> tuple[str, str, str] | None:
    for key in keys:
        found = difference(first[key], second[key])
        if found is not None:
            return f"[{key!r}]{found[0]}", *found[1:]
    return None


def _array_difference(first: np.ndarray, second: np.ndarray) -> tuple[str, str, str] | None:
    if (first.dtype, first.shape) != (second.dtype, second.shape):
        return "", f"an array {first.shape} {first.dtype}", f"an array {second.shape} {second.dtype}"
    items = [np.frombuffer(array.tobytes(), f"V{array.itemsize}") for array in (first, second)]
    differs = items[0] != items[1]
    if not differs.any():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(differs)), first.shape))
    return f"[{', '.join(map(str, at))}]", str(first[at]), str(second[at])


# --- playing ------------------------------------------------------------------------------------------------


def _play(
    game: Game, observations: dict, rng: np.random.Generator, steps: int
) -> Iterator[tuple[dict, tuple]]:
    """Random legal actions and the results of their steps, until the episode ends or `steps` are done."""
    for _ in range(steps):
        if not game.agents:
            return
        actions = {agent: _sample(observations[agent], rng, 1)[0] for agent in game.agents}
        result = game.step(actions)
        observations = result[0]
        yield actions, result


def _replay(game: Game, actions: list[dict]) -> list[tuple]:
    """Results and digests of the actions in turn, and at the end those of a reset."""
    return [*((*game.step(chosen), game.digest()) for chosen in actions), game.reset()]


def _sample(observation: dict, rng: np.random.Generator, count: int) -> list[int]:
    """Up to `count` different legal actions."""
    legal = np.flatnonzero(observation["action_mask"])
    return rng.choice(legal, min(count, len(legal)), replace=False).tolist()


def _choose_shared(observations: list[dict], rng: np.random.Generator) -> int:
    """An action that is legal in all observations."""
    legal = np.flatnonzero(
        np.logical_and.reduce([observation["action_mask"] for observation in observations])
    )
    if not len(legal):
        raise AssertionError("no goal leak: no action is legal under both goals; give goals that share some")
    return int(rng.choice(legal))
