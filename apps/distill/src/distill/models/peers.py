"""Who holds the rest of a batch: nobody, or the other processes of a training run.

The quantiser sums over all rows of a batch. It asks a `Peers` for such sums and for single rows,
and knows nothing of processes; `training/distributed` does.
"""

from typing import Protocol

from torch import Tensor


class Peers(Protocol):
    """The rows of a batch, split evenly and in order over `size` holders."""

    @property
    def size(self) -> int:
        """Holders of the batch, this one included."""
        ...

    def total(self, x: Tensor) -> Tensor:
        """Sum of `x`, of any shape, over all holders."""
        ...

    def rows(self, x: Tensor, picks: Tensor) -> Tensor:
        """Rows `picks` (M,) of the whole batch, of which x (N, D) is the part here -> (M, D)."""
        ...


class Alone:
    """Every row is here."""

    size = 1

    def total(self, x: Tensor) -> Tensor:
        """`x` itself."""
        return x

    def rows(self, x: Tensor, picks: Tensor) -> Tensor:
        """The rows `picks` of x (N, D) -> (M, D)."""
        return x[picks]


ALONE = Alone()
