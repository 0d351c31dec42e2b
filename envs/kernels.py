"""How kernels are compiled.

A kernel works on buffers of its caller, allocates nothing and returns scalars. So kernels are compiled
without numba's reference counts, which would otherwise take three quarters of a step: every array of a
state that a kernel touches would be counted up and down, atomically. A function that allocates an array
is no kernel in this sense and takes a plain ``@njit(cache=True, nogil=True)``.

Numba compiles a kernel once for every combination of argument types, and takes literal numbers for types, so
kernels hand each other int64 where they can.
"""

from __future__ import annotations

from typing import Any

from numba import njit

_OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
    "no_cfunc_wrapper": True,
}

kernel = njit(**_OPTIONS)
"""Decorator of kernels. Division by zero is not checked."""

inlined = njit(**_OPTIONS, forceinline=True)
"""Decorator of small kernels that become part of every kernel that calls them."""

summing = njit(**_OPTIONS, fastmath=True)
"""Decorator of kernels that add up long arrays: additions may be reordered to do several at once."""
