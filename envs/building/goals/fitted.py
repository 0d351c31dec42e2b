"""Numbers of the generator's styles, fitted to real `train` houses of permissive licences (see fitting.py).

What a style leaves out has the default of distribution.py.
"""

from __future__ import annotations

from typing import Any

SHARES: dict[str, float] = {"broad": 1.0}
"""How often a house has the style."""

NUMBERS: dict[str, dict[str, Any]] = {}
