"""What a prior must beat: counting codes, and counting pairs of codes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vq_common.health import usage_counts

_SMOOTHING = 0.5


def unigram_nll(train: Sequence[Tensor], held_out: Sequence[Tensor], codes: int) -> float:
    """Mean negative log-likelihood per code, in nats, of held-out tables (T, L) under the code
    frequencies of each level."""
    counts = _level_counts(train, codes) + _SMOOTHING  # (L, K)
    logs = (counts / counts.sum(1, keepdim=True)).log()
    columns = torch.cat(list(held_out))  # (N, L)
    levels = torch.arange(columns.shape[1])
    return -logs[levels, columns].mean().item()


def bigram_nll(train: Sequence[Tensor], held_out: Sequence[Tensor], codes: int) -> float:
    """As `unigram_nll`, given the code before on the same level; pairs that were never seen fall
    back on the frequencies (absolute weight of one fair observation)."""
    unigram = _level_counts(train, codes) + _SMOOTHING
    unigram = unigram / unigram.sum(1, keepdim=True)  # (L, K)
    total, count = 0.0, 0
    for level in range(unigram.shape[0]):
        pairs = torch.zeros(codes, codes)
        for table in train:
            pairs.index_put_(
                (table[:-1, level], table[1:, level]), torch.ones(len(table) - 1), accumulate=True
            )
        backed = pairs + unigram[level]
        logs = (backed / backed.sum(1, keepdim=True)).log()
        for table in held_out:
            total -= float(unigram[level][table[0, level]].log())
            total -= float(logs[table[:-1, level], table[1:, level]].sum())
            count += len(table)
    return total / max(1, count)


def longest_copied_run(written: Tensor, train: Sequence[Tensor]) -> int:
    """Longest run of columns of `written` (T, L) that stands verbatim in a training table."""
    longest = 0
    for table in train:
        same = (written[:, None] == table[None]).all(-1)  # (T, N)
        run = torch.zeros(same.shape[1] + 1, dtype=torch.long)
        for row in same:
            run[1:] = torch.where(row, run[:-1] + 1, 0)
            longest = max(longest, int(run.max()))
    return longest


def _level_counts(tables: Sequence[Tensor], codes: int) -> Tensor:
    return torch.from_numpy(usage_counts(torch.cat(list(tables)).numpy(), codes)).float()
