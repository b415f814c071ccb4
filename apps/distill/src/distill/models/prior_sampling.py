"""Sampling from a `CodePrior`: new columns, or new codes for a masked selection."""

import math
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from distill.errors import CodesError
from distill.models.attention import LayerCache
from distill.models.prior import CodePrior

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class SamplingSettings:
    """How freely to choose; a tuple has one entry per level, its last stands for further levels.

    temperature: 0 takes the likeliest code; top_k: 0 keeps all; top_p: 1.0 keeps all.
    """

    temperature: tuple[float, ...] = (1.0,)
    top_k: tuple[int, ...] = (0,)
    top_p: tuple[float, ...] = (0.95,)

    def __post_init__(self) -> None:
        """Raises CodesError for values out of range."""
        if not (self.temperature and self.top_k and self.top_p):
            raise CodesError("temperature, top-k and top-p each need at least one value")
        if not all(math.isfinite(t) and t >= 0 for t in self.temperature):
            raise CodesError("temperature must be a number of at least 0")
        if not all(k >= 0 for k in self.top_k):
            raise CodesError("top-k must be at least 0 (0 keeps all codes)")
        if not all(0 < p <= 1 for p in self.top_p):
            raise CodesError("top-p must be above 0 and at most 1")


@torch.no_grad()
def write_codes(
    prior: CodePrior,
    columns: int,
    generator: torch.Generator,
    settings: SamplingSettings,
    context: Tensor | None = None,
) -> Tensor:
    """Write columns from the learned start, or go on from a context.

    Memory does not grow with the length: the cache slides with the window.

    Args:
        prior: the model.
        columns: how many to write.
        generator: seeded; the same seed writes the same codes.
        settings: per-level sampling.
        context: (P, L) codes to go on from, or None.

    Returns:
        (columns, L) int64, without the context.
    """
    caches: list[LayerCache | None] = [None] * len(prior.blocks)
    given = [] if context is None else list(context[-prior.config.window :])
    state = prior.step(None, 0, caches)
    for position, column in enumerate(given, start=1):
        state = prior.step(column[None], position, caches)
    written = []
    for position in range(len(given) + 1, len(given) + columns + 1):
        column = _draw_column(prior, state, generator, settings)
        written.append(column)
        if len(written) < columns:
            state = prior.step(column[None], position, caches)
    if not written:
        return torch.empty(0, prior.levels, dtype=torch.long)
    return torch.stack(written)


@torch.no_grad()
def fill_codes(
    prior: CodePrior,
    indices: Tensor,
    masked: Tensor,
    generator: torch.Generator,
    settings: SamplingSettings,
    rounds: int = 8,
) -> Tensor:
    """Write new codes where `masked`, fitting what is around them; the rest stays untouched.

    Cells are settled over several rounds, the surest first (Chang et al. 2022, section 3.2).

    Args:
        prior: the model.
        indices: (W, L) codes.
        masked: (W, L) bool.
        generator: seeded.
        settings: per-level sampling.
        rounds: at most this many passes.

    Returns:
        (W, L) int64.
    """
    if indices.shape != masked.shape:
        raise CodesError("the selection must have the shape of the codes")
    if not masked.any():
        return indices.clone()
    first, last = _surroundings(masked, prior.config.window)
    table, open_cells = indices[first:last].clone(), masked[first:last].clone()
    total = int(open_cells.sum())
    for round_ in range(rounds):
        states = prior.fill_states(torch.where(open_cells, -1, table)[None])[0]  # (T, width)
        drawn, sureness = _draw_all(prior, states, table, open_cells, generator, settings)
        left = int(total * math.cos(math.pi / 2 * (round_ + 1) / rounds))
        ranked = torch.where(open_cells, sureness, math.inf).flatten().argsort()
        stay_open = torch.zeros_like(open_cells).flatten()
        stay_open[ranked[: min(left, int(open_cells.sum()) - 1)]] = True
        settled = open_cells & ~stay_open.reshape(open_cells.shape)
        table = torch.where(settled, drawn, table)
        open_cells &= ~settled
        if not open_cells.any():
            break
    result = indices.clone()
    result[first:last] = torch.where(masked[first:last], table, indices[first:last])
    return result


def _surroundings(masked: Tensor, window: int) -> tuple[int, int]:
    columns = masked.any(1).nonzero()[:, 0]
    return max(0, int(columns[0]) - window), int(columns[-1]) + 1 + window


def _draw_column(
    prior: CodePrior, state: Tensor, generator: torch.Generator, settings: SamplingSettings
) -> Tensor:
    column = torch.zeros(1, prior.levels, dtype=torch.long)
    for level in range(prior.levels):
        shares = _shares(prior.logits(state, column, level), level, settings)
        column[:, level] = torch.multinomial(shares, 1, generator=generator)[:, 0]
    return column[0]


def _draw_all(
    prior: CodePrior,
    states: Tensor,
    table: Tensor,
    open_cells: Tensor,
    generator: torch.Generator,
    settings: SamplingSettings,
) -> tuple[Tensor, Tensor]:
    """Codes (T, L) for open cells, kept codes elsewhere, and log-probability of each draw."""
    drawn, sureness = table.clone(), torch.zeros(table.shape)
    for level in range(prior.levels):
        logits = prior.logits(states, drawn, level)  # (T, K)
        picks = torch.multinomial(_shares(logits, level, settings), 1, generator=generator)
        drawn[:, level] = torch.where(open_cells[:, level], picks[:, 0], drawn[:, level])
        sureness[:, level] = logits.log_softmax(-1).gather(1, picks)[:, 0]
    return drawn, sureness


def _shares(logits: Tensor, level: int, settings: SamplingSettings) -> Tensor:
    """Probabilities (..., K) after temperature, top-k and top-p (nucleus, Holtzman et al. 2020)."""
    temperature, top_k, top_p = (
        _of_level(settings.temperature, level),
        _of_level(settings.top_k, level),
        _of_level(settings.top_p, level),
    )
    if temperature == 0:
        return torch.zeros_like(logits).scatter_(-1, logits.argmax(-1, keepdim=True), 1.0)
    logits = logits / temperature
    if 0 < top_k < logits.shape[-1]:
        # By place rather than by value, so that equal codes never make it more than top_k.
        best = logits.topk(top_k)
        logits = torch.full_like(logits, -math.inf).scatter(-1, best.indices, best.values)
    shares = logits.softmax(-1)
    ordered, order = shares.sort(dim=-1, descending=True)
    # A code stays while those likelier than it have not reached top_p: one always stays.
    dropped = ordered.cumsum(-1) - ordered >= top_p
    return shares.masked_fill(dropped.scatter(-1, order, dropped), 0.0)


def _of_level(values: tuple[_Number, ...], level: int) -> _Number:
    return values[min(level, len(values) - 1)]
