"""Histories that stay small however long a run gets: old points are merged or thinned by halves."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")


class Buckets(NamedTuple):
    """Decimated rows: one per bucket of `stride` steps."""

    steps: NDArray[np.int64]  # (n,) last step of the bucket
    mean: NDArray[np.float32]  # (n, M)
    low: NDArray[np.float32]  # (n, M)
    high: NDArray[np.float32]  # (n, M)
    stride: int


class BucketHistory:
    """One row of M numbers per step, kept as mean, minimum and maximum per bucket.

    At most `capacity` buckets: when they are full, neighbours are merged and buckets become twice
    as wide, so memory is bounded and no spike is lost.
    """

    def __init__(self, columns: int, capacity: int = 1000) -> None:
        self._columns = columns
        self._capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        empty = np.empty((0, self._columns), np.float64)
        self._stride = 1
        self._counts = np.empty(0, np.int64)
        self._sums, self._lows, self._highs = empty, empty, empty
        self._buckets = np.empty(0, np.int64)  # bucket number: (step - 1) // stride
        self._last_steps = np.empty(0, np.int64)

    def add(self, first_step: int, rows: NDArray[np.floating]) -> None:
        """Append rows (n, M) of the steps `first_step`, `first_step + 1`, ..."""
        steps = first_step + np.arange(len(rows))
        rows = np.asarray(rows, np.float64)
        self._counts = np.concatenate([self._counts, np.ones(len(rows), np.int64)])
        self._sums = np.concatenate([self._sums, rows])
        self._lows = np.concatenate([self._lows, rows])
        self._highs = np.concatenate([self._highs, rows])
        self._last_steps = np.concatenate([self._last_steps, steps])
        self._buckets = np.concatenate([self._buckets, (steps - 1) // self._stride])
        self._merge()
        while len(self._counts) > self._capacity:
            self._stride *= 2
            self._buckets = self._buckets // 2
            self._merge()

    def _merge(self) -> None:
        starts = np.flatnonzero(np.diff(self._buckets, prepend=-1))
        if len(starts) == len(self._buckets):
            return
        self._counts = np.add.reduceat(self._counts, starts)
        self._sums = np.add.reduceat(self._sums, starts)
        self._lows = np.minimum.reduceat(self._lows, starts)
        self._highs = np.maximum.reduceat(self._highs, starts)
        self._last_steps = np.maximum.reduceat(self._last_steps, starts)
        self._buckets = self._buckets[starts]

    def buckets(self) -> Buckets:
        """The history as fresh arrays."""
        return Buckets(
            self._last_steps.copy(),
            (self._sums / np.maximum(self._counts, 1)[:, None]).astype(np.float32),
            self._lows.astype(np.float32),
            self._highs.astype(np.float32),
            self._stride,
        )


class ThinnedHistory(Generic[Item]):
    """Items in order, evenly thinned: at most `capacity`, the first and the newest always kept."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._kept: list[Item] = []
        self._newest: Item | None = None
        self._every = 1
        self._offered = 0

    def add(self, item: Item) -> None:
        """Offer the next item."""
        if self._offered % self._every == 0:
            self._kept.append(item)
            if len(self._kept) >= self._capacity:
                self._kept = self._kept[::2]
                self._every *= 2
        self._offered += 1
        self._newest = item

    def items(self) -> tuple[Item, ...]:
        """What is kept, oldest first."""
        if self._newest is None or (self._kept and self._kept[-1] is self._newest):
            return tuple(self._kept)
        return (*self._kept, self._newest)
