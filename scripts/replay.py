"""Play a recorded episode again and tell what happened, step by step.

FILE is the `episodes.jsonl` of a run, or the run's folder. The world is played from the record's goal and
actions; the share of the goal done has to come out exactly as recorded, or the command fails.

A line of the transcript has both players' choices. `no effect` marks what could not be done; a number is
the reward that the player's own action earned, +1 for a right and -1 for a wrong block with the default
rewards.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._cli import App, Figure, Progress, Report, table

if TYPE_CHECKING:
    from agents.evaluation.episode import Episode
    from envs.building.vector import BuildingBatch

FRAMES = 200
"""Most pictures in a GIF; of longer episodes every second, third... step is shown."""
MILLISECONDS = 120


def main() -> int:
    """Entry point."""
    app = App(
        "scripts.replay",
        __doc__,
        replay_command,
        examples=[
            "python -m scripts.replay runs/building --list",
            "python -m scripts.replay runs/building --assistant planner --user bottom_up --index 3",
            "python -m scripts.replay runs/building --episode 40 --steps 100:120 --layers 10",
            "python -m scripts.replay runs/building --episode 40 --gif episode.gif --json",
        ],
    )
    add = app.parser.add_argument
    add("file", metavar="FILE", type=Path, help="an episodes.jsonl, or a folder that holds one")
    add("--list", action="store_true", help="list the episodes instead of playing one")
    add("--episode", type=int, metavar="N", help="number of the episode in the file, as --list shows it")
    add("--assistant", metavar="NAME", help="the first episode (with --list: all) of this assistant...")
    add("--user", metavar="NAME", help="... and this user...")
    add("--index", type=int, metavar="N", help="... and this index")
    add(
        "--steps",
        default=":",
        metavar="RANGE",
        help="which steps to tell and draw: 20 (the first 20), 100:120 or 300:; default all",
    )
    add(
        "--layers",
        nargs="?",
        type=int,
        const=0,
        metavar="K",
        help="draw the world's layers as text after the last told step, with K after every K steps too",
    )
    add("--png", type=Path, metavar="FILE", help="write a picture of the world after the last told step")
    add("--gif", type=Path, metavar="FILE", help="write the told steps as a moving picture")
    return app.main()


def replay_command(options: argparse.Namespace, progress: Progress) -> Report:
    """List the episodes of a file, or play one of them."""
    from agents.evaluation.episode import read_episodes

    file = options.file / "episodes.jsonl" if options.file.is_dir() else options.file
    episodes = read_episodes(file)
    if not episodes:
        raise ValueError(f"{file} holds no whole episode")
    numbers = matching(episodes, options)
    if options.list:
        return listing(episodes, numbers)
    number = numbers[0]
    return retell(number, episodes[number], options, progress)


def matching(episodes: Sequence[Episode], options: argparse.Namespace) -> list[int]:
    """Numbers of the episodes that the options ask for, at least one; ValueError when there is none."""
    wanted = {
        name: value
        for name in ("assistant", "user", "index")
        if (value := getattr(options, name)) is not None
    }
    if options.episode is not None:
        if wanted:
            raise ValueError(f"--episode says which one already; leave out --{' --'.join(wanted)}")
        if not 0 <= options.episode < len(episodes):
            raise ValueError(f"episode is {options.episode}; the file has episodes 0..{len(episodes) - 1}")
        return [options.episode]
    found = [
        number
        for number, episode in enumerate(episodes)
        if all(getattr(episode, name) == value for name, value in wanted.items())
    ]
    if not found:
        asked = ", ".join(f"{name} {value!r}" for name, value in wanted.items())
        raise ValueError(f"no episode has {asked}; --list shows what there is")
    return found


def listing(episodes: Sequence[Episode], numbers: Sequence[int]) -> Report:
    """What the file holds, an episode per line."""
    figures, lines = [], []
    for number in numbers:
        episode = episodes[number]
        figures += _figures(number, episode)
        goal = f"{100 * episode.goal_fraction[-1]:.1f}"
        names = (episode.assistant, episode.user, episode.index, episode.house)
        lines.append((number, *names, len(episode.actions), goal, int(episode.user_edits[-1])))
    columns = ("episode", "assistant", "user", "index", "house", "steps", "goal %", "user edits")
    return Report(figures, [table(f"{len(numbers)} of {len(episodes)} episodes", columns, lines)])


def retell(number: int, episode: Episode, options: argparse.Namespace, progress: Progress) -> Report:
    """Play one episode, check it, and make what the options ask for."""
    from rich.text import Text

    from envs.building.render import ansi, gif_bytes, isometric, png_bytes

    first, last = step_range(options.steps, len(episode.actions))
    if options.layers is not None and options.layers < 0:
        raise ValueError(f"layers is {options.layers}; give a number of steps, or none to draw the end only")
    every = -(-(last - first + 2) // FRAMES)  # the world before the first told step is a frame too
    text: list[Any] = [_headline(number, episode)]
    frames = []
    picture = None
    check = Check(episode)
    for step, batch in enumerate(check.played()):
        world = {
            "blocks": batch.state.blocks[0].reshape(episode.goal.shape),
            "feet": batch.state.feet[0],
            "goal": episode.goal,
        }
        if first <= step <= last:
            text.append(told(step, episode, batch))
        between = options.layers and first <= step < last and step % options.layers == 0
        if options.layers is not None and (between or step == last):
            text.append(Text.from_ansi(f"\nafter step {step}\n{ansi(**world, color=True)}\n"))
        if options.gif and first - 1 <= step <= last and (last - step) % every == 0:
            frames.append(isometric(**world))
        if options.png and step == last:
            picture = isometric(**world)
    if options.png and picture is not None:
        options.png.write_bytes(png_bytes(picture))
        progress.say(f"wrote {options.png}")
    if options.gif and frames:
        options.gif.write_bytes(gif_bytes(frames, MILLISECONDS))
        progress.say(f"wrote {options.gif}, {len(frames)} frames")
    figures = [*_figures(number, episode), check.figure(number)]
    if not check.failure:
        end = f"{100 * episode.goal_fraction[-1]:.2f} % of the goal after step {len(episode.actions)}"
        text.append(f"\n{end}; every step comes out as recorded")
    return Report(figures, text, check.failure)


@dataclass
class Check:
    """Compares a replay with its record while it is played."""

    episode: Episode
    equal: int = 0
    """Moments, the start and after each step, in which the share of the goal is the recorded one."""
    failure: str = field(default="", init=False)
    """What differs first, in words."""

    def played(self) -> Iterator[BuildingBatch]:
        """The replay, as far as it goes."""
        from agents.evaluation.episode import replay
        from envs.building.vector import EpisodeOverError

        recorded = self.episode.goal_fraction
        if len(recorded) != len(self.episode.actions) + 1:
            self._fail(f"{len(self.episode.actions)} actions go with {len(recorded)} shares of the goal")
        step = 0
        try:
            for step, batch in enumerate(replay(self.episode)):
                share = batch.goal_fraction().astype(recorded.dtype)[0]
                if step < len(recorded) and share == recorded[step]:
                    self.equal += 1
                elif step < len(recorded):
                    self._fail(f"after step {step} it has {share:.4%} of the goal, not {recorded[step]:.4%}")
                yield batch
        except EpisodeOverError:
            self._fail(f"it ends after step {step}, the record after {len(self.episode.actions)}")

    def figure(self, number: int) -> Figure:
        """The share of recorded moments that came out equal."""
        moments = len(self.episode.goal_fraction)
        return Figure("match.goal_fraction", self.equal / moments, n=moments, labels={"episode": number})

    def _fail(self, what: str) -> None:
        cause = "the record is damaged, or was made with other rules"
        self.failure = self.failure or f"the replay differs from the record: {what} ({cause})"


def told(step: int, episode: Episode, batch: BuildingBatch) -> str:
    """A line of the transcript: what both players chose in a step, what came of it, and the goal's share."""
    from envs.building.actions import NOOP, describe
    from envs.building.world import PLAYERS

    parts = []
    for player in range(len(PLAYERS)):
        action = episode.actions[step - 1, player]
        words = describe(action, episode.goal.shape)
        reward = float(batch.own[0, player])
        if action[0] != NOOP and batch.effective[0, player] == NOOP:
            words += "  no effect"
        elif reward:
            words += f"  {reward:+g}"
        parts.append(f"{words:<44}")
    return f"{step:>5}  {''.join(parts)}{100 * float(batch.goal_fraction()[0]):6.1f}"


def step_range(given: str, steps: int) -> tuple[int, int]:
    """First and last step, from 1, of a range like `20`, `100:120`, `300:` or `:`."""
    start, colon, end = given.partition(":")
    try:
        first, last = (int(start or 1), int(end or steps)) if colon else (1, int(start))
    except ValueError:
        first, last = 0, 0
    if not 1 <= first <= last:
        raise ValueError(f"steps is {given!r}; give a range of 1..{steps} like 20, 100:120 or 300:")
    return min(first, steps), min(last, steps)


def _headline(number: int, episode: Episode) -> str:
    names = f"episode {number}: {episode.assistant} with {episode.user}, index {episode.index}"
    columns = f" step  {'user':<44}{'assistant':<44}goal %"
    return f"{names}, house {episode.house}, {len(episode.actions)} steps\n\n{columns}"


def _figures(number: int, episode: Episode) -> list[Figure]:
    labels: dict[str, str | int | float] = {
        "episode": number,
        "assistant": episode.assistant,
        "user": episode.user,
        "index": episode.index,
        "house": episode.house,
    }
    return [
        Figure("goal_percent", 100 * float(episode.goal_fraction[-1]), unit="%", labels=labels),
        Figure("steps", len(episode.actions), labels=labels),
    ]


if __name__ == "__main__":
    sys.exit(main())
