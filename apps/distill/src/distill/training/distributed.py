"""Several processes that train one model, as `torchrun` starts them:

    torchrun --nproc-per-node 2 -m distill train my-sounds --out mine.distill

Every process draws the same batch and works on its own rows of it. Gradients are averaged by
DistributedDataParallel; the quantiser's statistics are summed here. One process alone runs the
same code and communicates with nobody.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from distill.errors import TrainingError


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
        """The rows of a batch that are worked on here; `batch` is a multiple of `size`."""
        own = batch // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def total(self, x: Tensor) -> Tensor:
        """Sum of `x` over the processes."""
        if self.size == 1:
            return x
        summed = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(summed)
        return summed

    def rows(self, x: Tensor, picks: Tensor) -> Tensor:
        """Rows `picks` (M,) of the whole batch, of which x (N, D) is this process's part."""
        if self.size == 1:
            return x[picks]
        here = picks - self.rank * x.shape[0]
        mine = (here >= 0) & (here < x.shape[0])
        found = x.new_zeros(len(picks), *x.shape[1:])
        found[mine] = x[here[mine]]
        return self.total(found)

    def mean(self, figures: Mapping[str, float]) -> Mapping[str, float]:
        """Means over the processes, the same in each."""
        if self.size == 1:
            return figures
        values = self.total(torch.tensor(list(figures.values()), dtype=torch.float64)) / self.size
        return dict(zip(figures, values.tolist(), strict=True))

    def any(self, flag: bool) -> bool:
        """Whether it holds in one process at least."""
        return self.mean({"flag": float(flag)})["flag"] > 0

    def first_says(self, value: float) -> float:
        """The first process's value: clocks differ, decisions must not."""
        if self.size == 1:
            return value
        said = torch.tensor(value, dtype=torch.float64)
        dist.broadcast(said, src=0)
        return float(said)

    def same(self, text: str) -> bool:
        """Whether all processes hold the same text."""
        digest = float(int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]))
        return not self.any(self.first_says(digest) != digest)

    def agree(self, module: nn.Module) -> None:
        """Give all processes the first one's weights and buffers."""
        if self.size > 1:
            for tensor in module.state_dict().values():
                dist.broadcast(tensor, src=0)

    def replicate(self, objective: nn.Module) -> nn.Module:
        """`objective`, its gradients averaged over the processes as they come."""
        return objective if self.size == 1 else DistributedDataParallel(objective)

    def refuse(self, message: str) -> NoReturn:
        """End what no process can do, in one line rather than one per process."""
        if self.first:
            raise TrainingError(message)
        # With a failure of its own it might end before the first one has spoken, and stop it.
        raise SystemExit(0)


ALONE = Processes()


@contextmanager
def joined() -> Iterator[Processes]:
    """The processes that `torchrun` started this one with, or this one alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    # The functions of this module hold whichever group there is at its first import as their
    # default. AdamW imports it; a group held so is not destroyed below, but by the interpreter on
    # its way out, which then aborts now and again.
    import_module("torch.distributed.nn")
    dist.init_process_group("gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
