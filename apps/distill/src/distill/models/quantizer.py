"""Residual vector quantiser with EMA codebooks, k-means start and restart of dead codes.

Each level codes what the levels before it left over (Zeghidour et al. 2021, "SoundStream",
section III-C). Index -1 is the null code everywhere: "nothing at this level", the zero vector.
Index 0 is a code like any other.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, one_hot

from distill.models.peers import ALONE, Peers

NULL_CODE = -1
_LEAST_SHARE = 0.5  # below which a code is as attractive as it gets: rare sounds keep theirs


@dataclass(frozen=True)
class QuantizerConfig:
    """`levels` codebooks of `codes` vectors of `dim`, and how they learn.

    decay: of the moving averages; restart_below: share of a fair share of assignments below
    which a code is dead, as codebook health has it; restart_weight: fair shares given to a
    restarted code.
    """

    levels: int
    codes: int
    dim: int
    decay: float = 0.99
    restart_below: float = 0.1
    restart_weight: float = 0.3


@dataclass(frozen=True)
class QuantizeResult:
    """What quantising gives.

    z_q: (N, D) sum of the chosen codes, with the straight-through gradient of the input;
    indices: (N, L) int64; commitment: scalar commitment loss, summed over nothing, a mean.
    """

    z_q: Tensor
    indices: Tensor
    commitment: Tensor


class ResidualQuantizer(nn.Module):
    """L codebooks of K codes of D numbers; codebooks are buffers, learnt by EMA alone.

    Args:
        config: sizes and rates.
    """

    codebooks: Tensor
    ema_counts: Tensor
    ema_sums: Tensor
    started: Tensor

    def __init__(self, config: QuantizerConfig) -> None:
        super().__init__()
        self.config = config
        shape = (config.levels, config.codes, config.dim)
        self.register_buffer("codebooks", torch.zeros(shape))  # (L, K, D)
        self.register_buffer("ema_counts", torch.ones(shape[:2]))  # (L, K)
        self.register_buffer("ema_sums", torch.zeros(shape))  # (L, K, D)
        self.register_buffer("started", torch.tensor(False))

    def forward(
        self,
        z: Tensor,
        keep_levels: Tensor | None = None,
        beams: int = 1,
        conscience: float = 0.0,
    ) -> QuantizeResult:
        """Quantise; changes nothing in the module.

        Args:
            z: (N, D) float32.
            keep_levels: (N,) int, how many levels each vector may use (quantiser dropout);
                None for all.
            beams: of `search`; 1 takes the nearest code level by level.
            conscience: of `candidates`; 0 for codes as they are used.
        """
        indices = self.search(z.detach(), beams, conscience)  # (N, L)
        total, kept, commitments = torch.zeros_like(z), torch.zeros_like(z), []
        for level in range(self.config.levels):
            code = self.codebooks[level][indices[:, level]]  # (N, D)
            total = total + code
            kept = (
                kept + code if keep_levels is None else kept + code * (keep_levels > level)[:, None]
            )
            commitments.append(mse_loss(z, total))
        z_q = z + (kept - z).detach()
        return QuantizeResult(z_q, indices, torch.stack(commitments).mean())

    def search(self, z: Tensor, beams: int = 4, conscience: float = 0.0) -> Tensor:
        """Indices (N, L) of a better sum than taking the nearest code level by level.

        Args:
            z: (N, D) float32.
            beams: 1 is the greedy choice of `forward`.
            conscience: of `candidates`.
        """
        return self.candidates(z, beams, conscience)[:, 0]

    def candidates(self, z: Tensor, beams: int, conscience: float = 0.0) -> Tensor:
        """Indices (N, P, L) of P sums near each vector, the nearest first; P is at most `beams`.

        Keeps the `beams` best prefixes at each level (beam search as in additive quantisation:
        Babenko and Lempitsky 2014, section 3.2). Costs little and needs no training.

        Args:
            z: (N, D) float32.
            beams: prefixes to keep.
            conscience: how much farther away a code of the first level seems the more of its
                fair share it has (`_tolls`).
        """
        residual = z[:, None]  # (N, prefixes, D)
        indices = torch.empty(z.shape[0], 1, 0, dtype=torch.long, device=z.device)
        tolls = conscience * self._tolls() if conscience else None
        for level in range(self.config.levels):
            book = self.codebooks[level]
            # The residual's own norm counts here: it differs between the prefixes.
            distance = residual.square().sum(-1, keepdim=True) + book.square().sum(1)
            distance = distance - 2.0 * residual @ book.T  # (N, prefixes, K)
            if tolls is not None:
                # What the first code cost is part of its prefix to the end.
                distance = distance + (tolls if level == 0 else tolls[indices[..., :1]])
            distance = distance.flatten(1)  # (N, prefixes * K)
            best = distance.topk(min(beams, distance.shape[1]), largest=False).indices
            prefix, code = best // self.config.codes, best % self.config.codes  # (N, kept)
            residual = _take(residual, prefix) - book[code]
            indices = torch.cat([_take(indices, prefix), code[..., None]], dim=-1)
        return indices

    def _tolls(self) -> Tensor:
        """What is added to squared distances from the codes of the first level, (K,): nothing
        for a code with its fair share of assignments, more for one with a larger share, less for
        one with a smaller, down to `_LEAST_SHARE`.

        Sounds are uneven: a few kinds of column are most of them, and codebooks that only lower
        the error spend codes on rare ones, which new sounds hardly use. A conscience (DeSieno
        1988, "Adding a conscience to competitive learning") leaves most codes as much to do as
        the others. In units of the mean squared distance of a code from the next, so that it
        means the same whatever the scale.
        """
        book, counts = self.codebooks[0], self.ema_counts[0]
        apart = torch.cdist(book, book).square().fill_diagonal_(torch.inf).amin(1).mean()
        return apart * counts.clamp_min(_LEAST_SHARE).log()

    def nearest(self, level: int, residual: Tensor) -> Tensor:
        """(N, D) -> (N,) index of the nearest code of `level`."""
        book = self.codebooks[level]
        distance = book.square().sum(1) - 2.0 * residual @ book.T  # (N, K), less a constant
        return distance.argmin(dim=1)

    def embed(self, indices: Tensor) -> Tensor:
        """Sum of the code vectors; the null code adds nothing.

        Args:
            indices: (..., L) int64 in [-1, K).

        Returns:
            (..., D) float32.
        """
        total = self.codebooks.new_zeros((*indices.shape[:-1], self.config.dim))
        for level in range(self.config.levels):
            index = indices[..., level]
            code = self.codebooks[level][index.clamp_min(0)]  # (..., D)
            total = total + code * (index != NULL_CODE)[..., None]
        return total

    @torch.no_grad()
    def start(
        self,
        z: Tensor,
        generator: torch.Generator,
        iterations: int = 10,
        peers: Peers = ALONE,
    ) -> None:
        """k-means on z (N, D), level after level on what is left over.

        Args:
            z: (N, D), of a batch that `peers` hold the rest of.
            generator: source of the first centres, in the same state at all peers.
            iterations: of Lloyd's algorithm.
            peers: who holds the other rows.
        """
        residual = z
        for level in range(self.config.levels):
            book, counts = _kmeans(residual, self.config.codes, iterations, generator, peers)
            self.codebooks[level] = book
            # In units of a training batch's fair share, so that the first batches can move it.
            self.ema_counts[level] = counts / counts.sum() * self.config.codes
            self.ema_sums[level] = book * self.ema_counts[level][:, None]
            residual = residual - book[self.nearest(level, residual)]
        self.started.fill_(True)

    @torch.no_grad()
    def learn(
        self, z: Tensor, indices: Tensor, generator: torch.Generator, peers: Peers = ALONE
    ) -> None:
        """One EMA step on a batch, and a restart of dead codes at random residuals.

        Counts are kept in fair shares (1.0 = N / K assignments a batch), so that one threshold
        serves every batch size (van den Oord et al. 2017, appendix A.1, for the averages).

        Args:
            z: (N, D) what was quantised.
            indices: (N, L) what `forward` chose.
            generator: source of the restarts, in the same state at all peers.
            peers: who holds the other rows of the batch.
        """
        c = self.config
        residual, rows = z, z.shape[0] * peers.size
        for level in range(c.levels):
            chosen = one_hot(indices[:, level], c.codes).to(z.dtype)  # (N, K)
            share = c.codes / rows
            self.ema_counts[level].lerp_(peers.total(chosen.sum(0)) * share, 1 - c.decay)
            self.ema_sums[level].lerp_(peers.total(chosen.T @ residual) * share, 1 - c.decay)
            dead = self.ema_counts[level] < c.restart_below
            if dead.any():
                pick = torch.randint(rows, (int(dead.sum()),), generator=generator)
                self.ema_counts[level, dead] = c.restart_weight
                self.ema_sums[level, dead] = peers.rows(residual, pick) * c.restart_weight
            code = self.codebooks[level][indices[:, level]]
            self.codebooks[level] = self.ema_sums[level] / self.ema_counts[level][:, None]
            residual = residual - code


def _take(values: Tensor, rows: Tensor) -> Tensor:
    """values (N, P, D) at rows (N, Q) of the middle axis -> (N, Q, D)."""
    return values.gather(1, rows[..., None].expand(-1, -1, values.shape[-1]))


def _kmeans(
    x: Tensor, k: int, iterations: int, generator: torch.Generator, peers: Peers
) -> tuple[Tensor, Tensor]:
    """Lloyd's algorithm from random points of x (N, D): centres (k, D) and counts (k,)."""
    picks = torch.randperm(x.shape[0] * peers.size, generator=generator)
    centres = peers.rows(x, picks.repeat(-(-k // len(picks)))[:k]).clone()
    counts = torch.ones(k)
    for _ in range(iterations):
        nearest = (centres.square().sum(1) - 2.0 * x @ centres.T).argmin(1)
        counts = peers.total(torch.bincount(nearest, minlength=k).to(x.dtype))
        # In double precision the sums are the same however the rows are split: rounded otherwise,
        # a vector half way between two centres would go to one or to the other.
        sums = torch.zeros_like(centres, dtype=torch.float64)
        sums = peers.total(sums.index_add_(0, nearest, x.double()))
        filled = counts > 0
        centres[filled] = (sums[filled] / counts[filled][:, None]).to(x.dtype)
    return centres, counts.clamp_min(0.5)
