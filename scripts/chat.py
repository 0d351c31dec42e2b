"""Talk in the chat game: as the user, with a card that says what you want, or as the assistant.

At each of your turns type a line:

    3                                the act with this number in the menu; ? lists all that are legal
    inform(stay.area, north, must)   an act as it is written in the menu
    I need it in the north [4]       as the user: a sentence, and with any line, if you like, a rating 1..5

The dialogue ends when the assistant closes it, the user quits or has replied to the last booking, or out of
time. Then comes the score card: utility of what was booked over the best there was, less the costs.
Lines may be piped in instead of typed. --json has the transcript beside the figures.

Figures: utility, cost, return, satisfaction (the user's, 0..1), turns, tool_calls.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._cli import App, Figure, Progress, Report

if TYPE_CHECKING:
    from ._chat_table import Table


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    app = App(
        "scripts.chat",
        __doc__,
        chat,
        [
            "python -m scripts.chat --seed 3",
            "python -m scripts.chat --assistant planner --domains 2 --drift 0.3",
            "python -m scripts.chat --play assistant --user impatient --save dialogues.jsonl",
            "python -m scripts.chat --world multiwoz --json < lines.txt",
        ],
    )
    add = app.parser.add_argument
    add("--play", choices=("user", "assistant"), default="user", help="who you are (default: user)")
    add("--assistant", default="script", metavar="NAME", help="whom you talk with (default: script)")
    add("--user", default="realistic", metavar="NAME", help="the user's persona (default: realistic)")
    add("--world", default="concierge", metavar="NAME", help="concierge (default), multiwoz or sgd")
    add("--domains", type=int, metavar="N", help="how many domains the user wants (default: any number)")
    add("--drift", type=float, default=0.0, metavar="P", help="chance of a change of mind (default: 0)")
    add("--items", type=int, default=24, metavar="N", help="items of each domain (default: 24)")
    add("--save", type=Path, metavar="FILE.jsonl", help="append the dialogue as one line of JSON")
    add("--seed", type=int, default=0, metavar="N", help="of goal, catalogue and the other (default: 0)")
    return app.main(arguments)


def chat(options: argparse.Namespace, progress: Progress) -> Report:
    """The command."""
    from ._chat_table import Table

    if options.save is not None and options.save.suffix != ".jsonl":
        raise ValueError(f"--save is {options.save}; give a file that ends in .jsonl")
    table = Table(options, lines=iter(sys.stdin.readline, ""), show=print)
    table.play()
    record = table.record()
    if options.save is not None:
        with options.save.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    labels = {name: record[name] for name in ("play", "assistant", "user", "world")}
    figures = [Figure(name, record[name], labels=labels) for name in FIGURES]
    return Report(figures, text=_score_card(table), data={"transcript": record["transcript"]})


FIGURES = ("utility", "cost", "return", "satisfaction", "turns", "tool_calls")


def _score_card(table: Table) -> list[str]:
    record = table.record()
    lines = ["", f"The dialogue is over: {record['ended']}."]
    lines += table.booked_lines()
    lines.append(f"utility       {record['utility']:6.3f}   1 is the best that was to be had")
    lines.append(
        f"cost          {record['cost']:6.3f}   {record['turns']} turns of the user, "
        f"{record['tool_calls']} tool calls and bookings"
    )
    lines.append(f"return        {record['return']:6.3f}")
    lines.append(f"satisfaction  {record['satisfaction']:6.3f}   ratings {record['ratings'] or 'none'}")
    if table.options.play == "assistant":
        lines += ["", "What the user wanted:", *table.goal_card()]
    return lines


if __name__ == "__main__":
    sys.exit(main())
