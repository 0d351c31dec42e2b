"""Small games with known optimal values: the ground truth of planners.

    game = make_game("wormy_apples", timing="two_phase", discount=0.9)

gives the game as arrays, a `TabularGame`. Each game's module is its page: rules, settings, source, known
values. The PettingZoo view of all of them is `env.TabularEnv`.
"""

from __future__ import annotations

import difflib
from types import NoneType
from typing import Any, get_args, get_type_hints

from .clarification import Clarification
from .game import NOOP, TabularGame, draw
from .kitchen import Kitchen
from .line_build import LineBuild
from .mini_chef import MiniChef
from .off_switch import OffSwitch
from .red_blue import RedBlue
from .rules import Rules, tabulate
from .tiger import Tiger
from .twenty_questions import TwentyQuestions
from .wormy_apples import WormyApples

GAMES: dict[str, type[Rules]] = {
    rules.name: rules
    for rules in (
        OffSwitch,
        RedBlue,
        WormyApples,
        Tiger,
        MiniChef,
        LineBuild,
        Clarification,
        TwentyQuestions,
        Kitchen,
    )
}
"""Rules by name."""


def make_game(name: str, /, **settings: Any) -> TabularGame:
    """The game of a name as arrays.

    settings: fields of the game's class in `GAMES`. ValueError for a name or setting that does not exist, or
    a value that it cannot have.
    """
    if name not in GAMES:
        hint = _hint(name, list(GAMES))
        raise ValueError(f"no game is called {name!r}{hint}; choose from {', '.join(GAMES)}")
    kinds = {kind: hint for kind, hint in get_type_hints(GAMES[name]).items() if kind != "name"}
    for setting, value in settings.items():
        if setting not in kinds:
            hint = _hint(setting, list(kinds))
            raise ValueError(f"{name} has no setting {setting!r}{hint}; its settings are {', '.join(kinds)}")
        allowed = get_args(kinds[setting]) or (kinds[setting],)
        if type(value) not in allowed and not (float in allowed and type(value) is int):
            words = " or ".join("none" if kind is NoneType else kind.__name__ for kind in allowed)
            raise ValueError(f"{setting} of {name} is {value!r}; give {words}")
    return tabulate(GAMES[name](**settings))


def _hint(word: str, words: list[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


__all__ = ["GAMES", "NOOP", "Rules", "TabularGame", "draw", "make_game", "tabulate"]
