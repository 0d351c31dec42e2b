"""How fast is it? Speed on one core, in process time, with the spread of repeated runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .._cli import App
from . import env

BENCHES = (env,)
"""Modules with a function ``add_to(app)``, which adds their command."""


def main(arguments: Sequence[str] | None = None) -> int:
    app = App("scripts.bench", __doc__)
    for bench in BENCHES:
        bench.add_to(app)
    return app.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
