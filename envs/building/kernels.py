"""How the kernels of the game are compiled.

Kernels work on buffers of their caller, allocate nothing and return scalars. So they are compiled without numba's reference
counts, which otherwise take three quarters of a step: every part of a state that a kernel touches would be counted up and
down, atomically. A function that allocates an array is no kernel in this sense and takes a plain
``@njit(cache=True, nogil=True)``.
"""

from __future__ import annotations

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
"""Decorator of kernels. Division by zero is not checked."""

inlined = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
"""Decorator of small kernels that become part of every kernel that calls them."""
