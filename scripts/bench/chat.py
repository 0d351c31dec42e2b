"""Speed of the chat game: acts of a batch, with and without a simulated user, and of PettingZoo.

What is timed is a recorded game between a random assistant and the `realistic` user. The clock, the process's
CPU clock, runs while the same acts are played again; drawing the assistant's is not timed. In `chat.act_user`
the user draws its replies anew, from the distribution over all its legal acts.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np

from .._cli import App, Figure, Progress, Report
from .env import repeat

if TYPE_CHECKING:
    from envs.chat import ChatBatch


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench chat``."""
    parser = app.command("chat", bench_chat, ["python -m scripts.bench chat --json"])
    parser.add_argument("--batch", type=int, default=512, help="dialogues of a batch (default: 512)")
    parser.add_argument("--seconds", type=float, default=12.0, help="time to measure for (default: 12)")
    parser.add_argument("--seed", type=int, default=0, help="seed of goals and players (default: 0)")


def bench_chat(options: argparse.Namespace, progress: Progress) -> Report:
    """Speed of the chat game with three domains of 32 items, on one core.

    chat.act          acts of a batch, both players' counted, feelings and rewards included
    chat.act_user     the same, with the replies of a simulated user drawn as well
    chat.pettingzoo   acts of one ChatEnv, observations and masks included
    chat.state_bytes  size of one dialogue's public state
    chat.reset_ms     time to draw a goal and a catalogue and to find the optimum, a batch at a time

    Values are medians of repeated runs, lo and hi the lowest and the highest; time is CPU time of the
    process.
    """
    if options.batch < 1 or options.seconds <= 0:
        raise ValueError(f"batch is {options.batch}, seconds {options.seconds}; both have to be above 0")
    from envs.chat.state import state_bytes

    game = _RecordedGame(options.batch, options.seed)
    measured = {
        "chat.act": game.acts / repeat(lambda: game.play(False), options.seconds / 4),
        "chat.act_user": game.acts / repeat(lambda: game.play(True), options.seconds / 4),
        "chat.pettingzoo": 1 / repeat(lambda: _pettingzoo(options.seed), options.seconds / 4),
        "chat.reset_ms": 1000 / options.batch * repeat(game.reset, options.seconds / 4),
    }
    figures = []
    for name, values in measured.items():
        batch = 1 if name == "chat.pettingzoo" else options.batch
        unit = "ms" if name == "chat.reset_ms" else "acts/s"
        middle, spread = float(np.median(values)), (values.min(), values.max())
        figures.append(Figure(name, middle, *spread, unit, len(values), {"batch": batch}))
    figures.append(Figure("chat.state_bytes", state_bytes(game.batch.state), unit="B"))
    return Report(figures)


class _RecordedGame:
    """A batch of dialogues that can be played again and again."""

    def __init__(self, dialogues: int, seed: int):
        from agents.users.chat import ChatUser
        from envs.chat import ChatBatch

        self.batch: ChatBatch = ChatBatch(dialogues)
        self._user, self._seed = ChatUser(), seed
        self._seeds = np.arange(dialogues)
        self.reset()
        self._user.reset(self.batch.rules, self._seeds)
        self._start = self.batch.snapshot()
        rng = np.random.default_rng(seed)
        self._recorded: list[tuple[np.ndarray, np.ndarray]] = []
        self.acts = 0
        while not self.batch.done.all():
            replies, ratings = (part.copy() for part in self._reply())
            lists, counts = self.batch.legal(1)
            speaks = self.batch.state.speaker == 1
            chosen = lists[self._seeds, (rng.random(dialogues) * counts).astype(int)].astype(np.int64)
            chosen[chosen == 1] = 0  # never close, so that dialogues last
            self.acts += int((~self.batch.done).sum())
            self._recorded.append((np.where(speaks, chosen, replies), ratings))
            self.batch.step_unchecked(*self._recorded[-1])

    def _reply(self) -> tuple[np.ndarray, np.ndarray]:
        latent = self.batch.latent
        return self._user.act(self.batch.state, latent.goal, latent.mind)

    def reset(self) -> float:
        """Start all dialogues with new goals and catalogues; CPU seconds."""
        from envs.chat import draw_catalogues, draw_goals

        config, rng = self.batch.config, np.random.default_rng(self._seed)
        began = time.process_time()
        catalogues = draw_catalogues(config.schema, len(self.batch), config.items, rng)
        self.batch.reset(draw_goals(config.schema, len(self.batch), rng, domains=3), catalogues)
        return time.process_time() - began

    def play(self, draw: bool) -> float:
        """Play the recorded acts, with the user's replies drawn as well or not; CPU seconds."""
        self.batch.restore(self._start)
        self._user.reset(self.batch.rules, self._seeds)
        began = time.process_time()
        for acts, ratings in self._recorded:
            if draw:
                self._reply()  # the same replies: streams and states are those of the recording
            self.batch.step_unchecked(acts, ratings)
        return time.process_time() - began


def _pettingzoo(seed: int) -> float:
    """CPU seconds per act of an episode of the PettingZoo environment, whose players are random."""
    from envs.chat.env import ChatEnv

    env, rng, acts = ChatEnv(domains=3), np.random.default_rng(seed), 0
    observations, _ = env.reset(seed=seed)
    began = time.process_time()
    while env.agents:
        chosen = {n: int(rng.choice(np.flatnonzero(o["action_mask"]))) for n, o in observations.items()}
        observations, *_ = env.step(chosen)
        acts += 1
    return (time.process_time() - began) / acts
