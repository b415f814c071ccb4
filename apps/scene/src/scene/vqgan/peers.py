"""Who holds the rest of a batch: nobody, or the other processes of a training run.

The quantisers sum over all vectors of a batch. They ask a `Peers` for such sums and for single
vectors, and know nothing of processes; `training/distributed` does.
"""

from typing import Protocol

import mlx.core as mx


class Peers(Protocol):
    """The rows of a batch, split evenly and in order over `size` holders."""

    @property
    def size(self) -> int:
        """Holders of the batch, this one included."""
        ...

    def total(self, x: mx.array) -> mx.array:
        """Sum of `x`, of any shape, over all holders."""
        ...

    def rows(self, x: mx.array, picks: mx.array) -> mx.array:
        """Rows `picks` (M,) of the whole batch, of which x (N, D) is the part here -> (M, D)."""
        ...

    def gather(self, x: mx.array) -> mx.array:
        """The whole batch, of which x (N, D) is the part here -> (size * N, D)."""
        ...


class Alone:
    """Every row is here."""

    size = 1

    def total(self, x: mx.array) -> mx.array:
        """`x` itself."""
        return x

    def rows(self, x: mx.array, picks: mx.array) -> mx.array:
        """The rows `picks` of x (N, D) -> (M, D)."""
        return x[picks]

    def gather(self, x: mx.array) -> mx.array:
        """`x` itself."""
        return x


ALONE = Alone()
