"""Several processes that train one model, as `mlx.launch` starts them:

    mlx.launch -n 2 --backend ring train-vqgan --config configs/vqgan-small.yaml --data data/images

Every process chooses the same batch and works on its own part of it; gradients are averaged and
the quantiser's statistics summed. One process alone runs the same code and communicates with
nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_map

from scene.errors import SceneError


@dataclass(frozen=True)
class Processes:
    """This process, number `rank` of `size`; the first one validates, writes and speaks."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """The part of a batch that is worked on here; `batch` is a multiple of `size`."""
        own = batch // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def check(self, batch_size: int) -> None:
        """Raise SceneError in the first process, and leave the others, if a batch does not
        divide: one line, not one per process."""
        if batch_size % self.size:
            if not self.first:
                # A failure here might stop the first process before it has spoken.
                raise SystemExit(0)
            raise SceneError(
                f"batch_size {batch_size} does not divide by {self.size} processes: "
                "choose a multiple of them"
            )

    def total(self, x: mx.array) -> mx.array:
        """Sum of `x` over the processes."""
        return x if self.size == 1 else mx.distributed.all_sum(x)

    def rows(self, x: mx.array, picks: mx.array) -> mx.array:
        """Rows `picks` (M,) of the whole batch, of which x (N, D) is this process's part."""
        if self.size == 1:
            return x[picks]
        here = picks - self.rank * len(x)
        mine = (here >= 0) & (here < len(x))
        found = x[mx.clip(here, 0, len(x) - 1)]
        return self.total(mx.where(mine[:, None], found, mx.zeros_like(found)))

    def gather(self, x: mx.array) -> mx.array:
        """The whole batch, of which x (N, D) is this process's part."""
        return x if self.size == 1 else mx.distributed.all_gather(x)

    def average(self, gradients: Any) -> Any:
        """Mean of a tree of gradients over the processes."""
        return gradients if self.size == 1 else nn.average_gradients(gradients)

    def mean(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Means over the processes, the same in each."""
        if self.size == 1:
            return dict(figures)
        means = np.asarray(self.total(mx.array(list(figures.values())))) / self.size
        return dict(zip(figures, means.tolist(), strict=True))

    def any(self, flag: bool) -> bool:
        """Whether it holds in one process at least."""
        return self.mean({"flag": float(flag)})["flag"] > 0

    def wait(self) -> None:
        """Until every process has come so far."""
        self.any(False)

    def agree(self, model: nn.Module) -> None:
        """Give all processes the first one's weights."""
        if self.size > 1:
            model.update(tree_map(self._from_first, model.parameters()))
            mx.eval(model.state)

    def _from_first(self, x: mx.array) -> mx.array:
        return self.total(x if self.first else mx.zeros_like(x))


ALONE = Processes()


def joined() -> Processes:
    """The processes that `mlx.launch` started this one with, or this one alone."""
    group = mx.distributed.init()
    return Processes(group.rank(), group.size())
