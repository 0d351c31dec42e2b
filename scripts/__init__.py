"""The commands: ``python -m scripts.NAME``.

Each begins with imports from packages whose names other distributions use too, so the guard runs before any
of them.
"""

from ._guard import check_names

check_names()
