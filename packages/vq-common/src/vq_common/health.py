"""Codebook health: which codes are used, and how evenly.

Input is what any quantiser emits, integer codes with the levels on the last axis; output is
plain numbers. The null code -1 ("nothing at this level") is never counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class CodebookHealth:
    """How one level's codebook is used.

    - `level`: 0 is the coarsest.
    - `codes`: size of the codebook, K.
    - `active`, `dead`: codes at or above, and below, the dead threshold; both 0 while nothing
      has been counted.
    - `perplexity`: effective number of codes, exp of the entropy in nats; K for uniform usage,
      1 for a single code, 0 while nothing has been counted.
    - `entropy_bits`: entropy of the usage in bits, in [0, log2 K].
    - `usage`: `active / codes`, in [0, 1].
    """

    level: int
    codes: int
    active: int
    dead: int
    perplexity: float
    entropy_bits: float
    usage: float


def usage_counts(indices: npt.ArrayLike, codebook_size: int) -> npt.NDArray[np.int64]:
    """Count how often each code is used on each level.

    - `indices`: integers `(..., L)` in [-1, K); -1 is the null code and is not counted.
    - `codebook_size`: K.

    Returns int64 `(L, K)`. Raises `ValueError` for codes out of range or not integer.
    """
    codes = np.asarray(indices)
    if codes.ndim == 0 or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(
            f"codes are integers (..., levels), not {codes.dtype} of shape {codes.shape}"
        )
    if codes.size and (codes.min() < -1 or codes.max() >= codebook_size):
        raise ValueError(
            f"codes lie in [-1, {codebook_size}), not in [{codes.min()}, {codes.max()}]"
        )
    levels = codes.shape[-1]
    flat = codes.reshape(-1, levels).astype(np.int64)  # (N, L)
    counts = np.zeros((levels, codebook_size), np.int64)
    for level in range(levels):
        used = flat[:, level]
        counts[level] = np.bincount(used[used >= 0], minlength=codebook_size)
    return counts


def _entropy_bits(counts: npt.NDArray[np.integer] | npt.NDArray[np.floating]) -> float:
    """Shannon entropy in bits of the distribution proportional to `counts`."""
    total = counts.sum()
    if total <= 0:
        return 0.0
    p = counts[counts > 0] / total
    # 0.0 rather than the -0.0 that a single certain outcome gives.
    return max(0.0, float(-(p * np.log2(p)).sum()))


def codebook_health(counts: npt.ArrayLike, dead_share: float = 0.1) -> list[CodebookHealth]:
    """Summarise usage counts, one entry per level.

    - `counts`: `(L, K)` non-negative assignments per level and code (integers, or decayed
      averages).
    - `dead_share`: a code is dead when its share of its level's assignments is below
      `dead_share / K`; the default is a tenth of its fair share.

    Raises `ValueError` unless `counts` is two-dimensional and non-negative.
    """
    table = np.asarray(counts)
    if table.ndim != 2 or (table.size and not (table.min() >= 0 and np.isfinite(table).all())):
        raise ValueError(f"counts are finite, non-negative and (L, K), not {table.shape}")
    return [_level_health(level, row, dead_share) for level, row in enumerate(table)]


def _level_health(level: int, row: npt.NDArray, dead_share: float) -> CodebookHealth:
    codes, total = row.size, row.sum()
    if total <= 0:
        return CodebookHealth(level, codes, 0, 0, 0.0, 0.0, 0.0)
    # Multiplied out: shares of a fair codebook must not fall below a threshold by rounding.
    dead = int((row * codes < dead_share * total).sum())
    bits = _entropy_bits(row)
    return CodebookHealth(
        level=level,
        codes=codes,
        active=codes - dead,
        dead=dead,
        perplexity=float(2.0**bits),
        entropy_bits=bits,
        usage=(codes - dead) / codes,
    )


def joint_entropy_bits(indices: npt.ArrayLike) -> float:
    """Entropy in bits of the tuples of codes over all levels.

    - `indices`: integers `(..., L)`; each position's L codes are one outcome.

    At most L * log2 K, the nominal rate per position. 0 for no positions.
    """
    codes = np.asarray(indices)
    if codes.size == 0:
        return 0.0
    _, counts = np.unique(codes.reshape(-1, codes.shape[-1]), axis=0, return_counts=True)
    return _entropy_bits(counts)


def bitrate(
    positions_per_second: float | Sequence[float], codebook_size: int, num_levels: int
) -> float:
    """Nominal rate in bits per second: the sum over levels of positions/s times log2 K.

    - `positions_per_second`: one rate for all levels, or one rate per level where upper levels
      are coarser in time.

    Raises `ValueError` if the number of rates is not `num_levels`.
    """
    rates = (
        [float(positions_per_second)] * num_levels
        if isinstance(positions_per_second, int | float)
        else [float(rate) for rate in positions_per_second]
    )
    if len(rates) != num_levels:
        raise ValueError(f"{num_levels} levels need as many rates, not {len(rates)}")
    return sum(rates) * float(np.log2(codebook_size))
