"""What every command shares: options, figures, progress, errors and where the development data lie.

A command is a function from its options to a `Report`; the rest is done here, the same way for all::

    def solve(options: argparse.Namespace, progress: Progress) -> Report:
        with progress.task("sweeps", total=100) as advance:
            ...
        return Report([Figure("value.optimal", 1.25, labels={"game": options.game})])

    def main() -> int:
        app = App("scripts.solve", __doc__, run=solve, examples=["python -m scripts.solve tiger --json"])
        app.parser.add_argument("game", help="name of a game")
        return app.main()

A script with several commands calls `App.command` for each in place of `run`. Every command understands
``--json`` (exactly one object on stdout, see `Report.as_json`) and ``--traceback``. Progress and errors go to
stderr. Exit status: 0 done, 1 a check of the command failed, 2 wrong options or input, 130 Ctrl-C.

Only the standard library is imported with this module, and a command imports what it needs when it runs, so
that ``--help`` is quick.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = 1
"""Version of the object that ``--json`` prints."""

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One measured value. Names and labels per command are a contract: machines read them."""

    name: str
    value: float
    lo: float | None = None
    """Lower end of the interval or range, None where there is none."""
    hi: float | None = None
    unit: str = ""
    """`%`, `steps/s`, `ms`...; empty for shares and counts."""
    n: int | None = None
    """How many comparisons, episodes or repeats the value is made of."""
    labels: Mapping[str, str | int | float] = field(default_factory=dict)
    """What the value belongs to: assistant, user, mode..."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; a value that is not finite becomes null."""
        return {
            "name": self.name,
            "value": _finite(self.value),
            "lo": _finite(self.lo),
            "hi": _finite(self.hi),
            "unit": self.unit,
            "n": None if self.n is None else int(self.n),
            "labels": dict(self.labels),
        }


@dataclass
class Report:
    """What a command found out."""

    figures: Sequence[Figure]
    text: Sequence[Any] = ()
    """What people get to read, strings or rich renderables; empty: a table of the figures."""
    failed: str = ""
    """What is wrong when the command's own check failed (exit status 1); empty when all is well."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What ``--json`` prints beside the figures, plain JSON values by name; empty for most commands."""

    def as_json(self, command: str, seed: int, seconds: float) -> str:
        """The one object of ``--json``: schema, command, seed, seconds, figures."""
        found = {
            "schema": SCHEMA,
            "command": command,
            "seed": seed,
            "seconds": round(seconds, 3),
            "figures": [figure.as_dict() for figure in self.figures],
            **self.data,
        }
        return json.dumps(found, allow_nan=False)


class Progress:
    """Progress on stderr: bars on a terminal, now and then a plain line elsewhere."""

    SECONDS_BETWEEN_LINES = 10.0

    @contextlib.contextmanager
    def task(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """A context that gives ``advance(steps)``, to be called as the `total` steps of `what` get done."""
        with self._bar(what, total) if sys.stderr.isatty() else self._lines(what, total) as advance:
            yield advance

    def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        """Pass on `items`, one step of progress each."""
        with self.task(what, total) as advance:
            for item in items:
                yield item
                advance(1)

    def say(self, line: str) -> None:
        """A line for whoever watches."""
        print(line, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def _bar(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        from rich.console import Console
        from rich.progress import Progress as Bars

        with Bars(console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(what, total=total)
            yield lambda steps: bars.advance(bar, steps)

    @contextlib.contextmanager
    def _lines(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        done, said = 0, time.monotonic()

        def advance(steps: int) -> None:
            nonlocal done, said
            done += steps
            if done < total and time.monotonic() - said >= self.SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                self.say(f"{what}: {done} of {total}")

        yield advance
        self.say(f"{what}: {done} of {total}")


Parser = argparse.ArgumentParser
Command = Callable[[argparse.Namespace, Progress], Report]


class App:
    """The command line ``python -m NAME``: one command (`run`), or several (`command`)."""

    def __init__(
        self, name: str, about: str | None, run: Command | None = None, examples: Sequence[str] = ()
    ) -> None:
        """`about`: the help, usually the script's docstring. `examples`: whole command lines."""
        self.name = name
        self.parser = argparse.ArgumentParser(f"python -m {name}", **_texts(about, examples))
        self._commands: Any = None
        if run is not None:
            self._offer(self.parser, name, run)

    def command(self, name: str, run: Command, examples: Sequence[str] = ()) -> Parser:
        """Add ``python -m NAME name``; returns its parser, which takes its options.

        `run`'s docstring is the help, its first line what the list of commands says.
        """
        about = inspect.getdoc(run) or ""
        if self._commands is None:
            self._commands = self.parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
        parser = self._commands.add_parser(name, help=about.split("\n")[0], **_texts(about, examples))
        self._offer(parser, f"{self.name} {name}", run)
        return parser

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Parse, run, print; returns the exit status. `arguments` default to those of the process."""
        options = self.parser.parse_args(arguments)
        began = time.monotonic()
        try:
            # What a library prints must not come between a machine and its object.
            with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
                report = options.run(options, Progress())
            if options.json:
                seconds = time.monotonic() - began
                print(report.as_json(options.command_name, getattr(options, "seed", 0), seconds))
            else:
                _show(report)
            sys.stdout.flush()
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
        except BrokenPipeError:  # the reader has enough, as in `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except (ValueError, OSError, ImportError) as error:
            if options.traceback:
                traceback.print_exc()
            print(f"{self.parser.prog}: {_one_line(error)}", file=sys.stderr)
            return 2
        if report.failed:
            print(f"{self.parser.prog}: {report.failed}", file=sys.stderr)
        return 1 if report.failed else 0

    @staticmethod
    def _offer(parser: Parser, name: str, run: Command) -> None:
        parser.set_defaults(run=run, command_name=name.removeprefix("scripts."))
        parser.add_argument("--json", action="store_true", help="print one JSON object, for machines")
        parser.add_argument("--traceback", action="store_true", help="on an error, show where it came from")


def add_data_option(parser: Parser, name: str) -> None:
    """Give a command the option ``--data FOLDER`` for the data set `name`; `data_folder` finds the set."""
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help=f"folder {name}, or the one around it (default: $ASSIST_DATA, else ../shared/data)",
    )


def data_folder(given: str | None, name: str, file: str) -> Path:
    """The folder of the data set `name`, which holds `file`.

    given: the set's folder or the one around it; None: ``$ASSIST_DATA``, else ``../shared/data`` beside the
    repository. Raises FileNotFoundError that says where it looked.
    """
    from envs.data import data_root

    base = Path(given or data_root())
    for folder in (base, base / name):
        if (folder / file).is_file():
            return folder
    raise FileNotFoundError(
        f"no {file} in {base} or {base / name}; name the folder of the data with --data or in ASSIST_DATA"
    )


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Any:
    """A rich table: the first column to the left, the others, numbers mostly, to the right."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        made.add_column(column, justify="right" if i else "left")
    for row in rows:
        made.add_row(*("" if entry is None else str(entry) for entry in row))
    return made


def _show(report: Report) -> None:
    from rich.console import Console

    # A pipe has no width; rich would fold tables to 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)
    for part in report.text or [_figure_table(report.figures)]:
        console.print(part)


def _figure_table(figures: Sequence[Figure]) -> Any:
    labels = list(dict.fromkeys(key for figure in figures for key in figure.labels))
    rows = []
    for figure in figures:
        values = map(_number, (figure.value, figure.lo, figure.hi))
        belongs = (figure.labels.get(key) for key in labels)
        rows.append((figure.name, *belongs, *values, figure.unit, figure.n))
    return table("", ["figure", *labels, "value", "lo", "hi", "unit", "n"], rows)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _texts(about: str | None, examples: Sequence[str]) -> dict[str, Any]:
    """Help texts for argparse, line breaks kept."""
    return {
        "description": inspect.cleandoc(about or ""),
        "epilog": "\n".join(["examples:", *(f"  {line}" for line in examples)]) if examples else None,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }
