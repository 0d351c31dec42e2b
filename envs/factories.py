"""A user's own code by name: what ``package.module:factory`` on a command line means."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def load_factory(spec: str, what: str) -> Callable[..., Any]:
    """The callable that ``package.module:factory`` names. ValueError that says what of it is missing.

    what: the option it was given for, for the error: ``goals``, ``user``...
    """
    module_name, _, name = spec.partition(":")
    try:
        return getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as error:
        raise ValueError(f"{what} is {spec!r}, but there is no module {error.name!r}") from error
    except AttributeError as error:
        raise ValueError(f"{what} is {spec!r}, but {module_name} has no {name!r}") from error
