"""How fast is it, and how good? Speeds are CPU times, with the spread of repeated runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .._cli import App
from . import assistants, chat, decision, env, net, nlu, planner, posterior, torsos, train, variety

BENCHES = (env, chat, nlu, planner, variety, posterior, assistants, net, torsos, decision, train)
"""Modules with a function ``add_to(app)``, which adds their command."""


def main(arguments: Sequence[str] | None = None) -> int:
    app = App("scripts.bench", __doc__)
    for bench in BENCHES:
        bench.add_to(app)
    return app.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
