"""Small games with known optimal values: the ground truth of planners.

    game = make_game("wormy_apples", timing="two_phase", discount=0.9)

gives the game as arrays, a `TabularGame`. Each game's module is its page: rules, settings, source, known values.
The PettingZoo view of all of them is `env.TabularEnv`.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from .clarification import Clarification
from .game import NOOP, TabularGame
from .kitchen import Kitchen
from .line_build import LineBuild
from .mini_chef import MiniChef
from .off_switch import OffSwitch
from .red_blue import RedBlue
from .rules import Rules, tabulate
from .tiger import Tiger
from .wormy_apples import WormyApples

GAMES: dict[str, type[Rules]] = {
    rules.name: rules
    for rules in (OffSwitch, RedBlue, WormyApples, Tiger, MiniChef, LineBuild, Clarification, Kitchen)
}
"""Rules by name."""


def make_game(name: str, **settings: Any) -> TabularGame:
    """The game of a name as arrays.

    settings: fields of the game's class in `GAMES`. ValueError for a name or setting that does not exist, or a value
    out of its range.
    """
    if name not in GAMES:
        raise ValueError(f"no game is called {name!r}{_hint(name, list(GAMES))}; choose from {', '.join(GAMES)}")
    fields = [field.name for field in dataclasses.fields(GAMES[name])]  # type: ignore[arg-type]
    for setting in settings:
        if setting not in fields:
            raise ValueError(
                f"{name} has no setting {setting!r}{_hint(setting, fields)}; its settings are {', '.join(fields)}"
            )
    return tabulate(GAMES[name](**settings))


def _hint(word: str, words: list[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


__all__ = ["GAMES", "NOOP", "Rules", "TabularGame", "make_game", "tabulate"]
