"""Replay: the latest moments of episodes, in a ring of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..predictors.moments import Moments


class Replay:
    """At most `capacity` moments; the oldest make room. All have as many candidates as the first ones."""

    def __init__(self, capacity: int):
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; give the number of moments to keep, 1 or more")
        self.capacity = capacity
        self.added = 0
        """Moments that were ever added."""
        self._ring: Moments | None = None

    @property
    def number(self) -> int:
        """Moments that are kept."""
        return min(self.added, self.capacity)

    def add(self, moments: Moments) -> None:
        """Keep these moments, or the last `capacity` of them."""
        if self._ring is None:
            parts = (np.zeros((self.capacity, *part.shape[1:]), part.dtype) for part in moments)
            self._ring = Moments(*parts)
        for kept, new in zip(self._ring, moments, strict=True):
            if kept.shape[1:] != new.shape[1:]:
                raise ValueError(f"moments have shape {new.shape[1:]}, those here {kept.shape[1:]}")
        skipped = max(0, moments.number - self.capacity)
        places = np.arange(self.added + skipped, self.added + moments.number) % self.capacity
        for kept, new in zip(self._ring, moments, strict=True):
            kept[places] = new[skipped:]
        self.added += moments.number

    def sample(self, size: int, rng: np.random.Generator) -> Moments:
        """`size` random moments, with repeats. ValueError when there are none."""
        if self._ring is None:
            raise ValueError("the replay is empty; play episodes first")
        return self._ring.take(rng.integers(self.number, size=size))

    def batches(
        self, count: int, size: int, rng: np.random.Generator
    ) -> Iterator[tuple[Moments, np.ndarray]]:
        """`count` batches of `size` random moments with mirrors (size,) to see them in."""
        for _ in range(count):
            moments = self.sample(size, rng)
            yield moments, rng.integers(4, size=size).astype(np.uint8)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs; arrays are views."""
        ring = self._ring.take(slice(self.number))._asdict() if self._ring else {}
        return {"added": self.added, "ring": ring}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the `state` of a replay of the same capacity. ValueError for one of another."""
        self.added, self._ring = 0, None
        if state["ring"]:
            kept = Moments(**state["ring"])
            if kept.number != min(state["added"], self.capacity):
                raise ValueError(
                    f"the state has {kept.number} moments of {state['added']}, which is not what a replay of "
                    f"{self.capacity} keeps; restore into one of the same capacity"
                )
            self.add(kept)
        self.added = state["added"]
