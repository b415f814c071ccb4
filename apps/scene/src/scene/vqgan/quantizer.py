"""Vector quantisation with EMA codebooks, data start and dead-code restart.

Stands between encoder and decoder. `VectorQuantizer` is one codebook (van den Oord et al. 2017,
arXiv:1711.00937, EMA update of its appendix A.1); `ResidualQuantizer` stacks L of them, each
coding what the levels before it left (Lee et al. 2022, arXiv:2203.01941).

In training mode the forward pass also updates the codebook, as batch norm updates its running
statistics. Codebooks are never trained by gradient: on pixel art a gradient codebook keeps about
10 of its 512 codes alive.
"""

from typing import Literal, NamedTuple

import mlx.core as mx
import mlx.nn as nn

from scene.vqgan.peers import ALONE, Peers

Lookup = Literal["euclidean", "cosine"]
STATISTICS = ["codebook", "ema_counts", "ema_sums", "started"]
# A restarted code gets this share of a fair share as its weight, so that the batch which it
# came from moves it but does not overwrite it.
RESTART_SHARE = 0.6
EPSILON = 1e-6


class Quantized(NamedTuple):
    """`z_q` (B, h, w, D) straight-through, `indices` int32 (B, h, w) or (B, h, w, L), `loss` ()."""

    z_q: mx.array
    indices: mx.array
    loss: mx.array


class VectorQuantizer(nn.Module):
    """One codebook of `codebook_size` vectors of `codebook_dim` numbers.

    - `commitment_cost`: weight of the commitment loss, mean of (z - sg(e))^2.
    - `decay`: EMA decay of counts and sums per training batch.
    - `restart_below`: a code whose EMA count falls below this share of its fair share
      (positions / codebook_size) restarts at a random vector of the batch; 0 turns it off.
    - `lookup`: "cosine" compares directions on the unit sphere (l2-normalised look-up, as
      ViT-VQGAN, arXiv:2110.04627); its codes are unit vectors. For a low-dimensional look-up
      choose a small `codebook_dim`: the encoder projects to it.
    """

    def __init__(
        self,
        codebook_size: int = 512,
        codebook_dim: int = 256,
        commitment_cost: float = 0.25,
        *,
        decay: float = 0.98,
        restart_below: float = 0.05,
        lookup: Lookup = "euclidean",
    ) -> None:
        super().__init__()
        self.codebook_size = codebook_size
        self.commitment_cost = commitment_cost
        self.decay = decay
        self.restart_below = restart_below
        self.lookup = lookup
        self.peers: Peers = ALONE
        self.codebook = mx.random.normal((codebook_size, codebook_dim)) * codebook_dim**-0.5
        if lookup == "cosine":
            self.codebook = _unit(self.codebook)
        self.ema_counts = mx.ones((codebook_size,))
        self.ema_sums = self.codebook + 0
        self.started = mx.zeros(())
        self.freeze(keys=STATISTICS, recurse=False)

    def join(self, peers: Peers) -> None:
        """Learn from batches of which `peers` hold the other parts."""
        self.peers = peers

    def nearest(self, z: mx.array) -> mx.array:
        """Index of the nearest code: (N, D) -> int32 (N,)."""
        z, codes = mx.stop_gradient(z), mx.stop_gradient(self.codebook)
        if self.lookup == "cosine":
            score = _unit(z) @ codes.T  # (N, K)
        else:
            score = z @ codes.T - 0.5 * (codes * codes).sum(axis=-1)  # (N, K)
        return mx.stop_gradient(mx.argmax(score, axis=-1)).astype(mx.int32)

    def encode(self, z: mx.array) -> mx.array:
        """Codes of z (B, h, w, D) -> int32 (B, h, w), without touching the codebook."""
        flat = z.reshape(-1, z.shape[-1])  # (N, D)
        return self.nearest(flat).reshape(z.shape[:-1])

    def decode(self, indices: mx.array) -> mx.array:
        """Look codes up: int (...) -> float32 (..., D). Indices must lie in [0, codebook_size)."""
        return self.codebook[indices]

    def __call__(self, z: mx.array) -> Quantized:
        """Quantise z (B, h, w, D); in training mode also update the codebook."""
        target = _unit(z) if self.lookup == "cosine" else z
        flat = target.reshape(-1, z.shape[-1])  # (N, D)
        if self.training and not self.started.item():
            self.start_from(self.peers.gather(flat))
        indices = self.nearest(flat)
        codes = mx.stop_gradient(self.codebook[indices]).reshape(z.shape)
        if self.training:
            self.update_codebook(flat, indices)
        loss = self.commitment_cost * mx.square(target - codes).mean()
        z_q = target + mx.stop_gradient(codes - target)
        return Quantized(z_q, indices.reshape(z.shape[:-1]), loss)

    def codebooks(self) -> list[mx.array]:
        """The codebook, as a list of one (K, D) array."""
        return [self.codebook]

    def start_from(self, vectors: mx.array, iterations: int = 0) -> None:
        """Put the codes at random vectors of (N, D), then refine by k-means `iterations` times."""
        vectors = mx.stop_gradient(vectors)
        n, d = vectors.shape
        order = mx.concatenate(
            [mx.random.permutation(n) for _ in range(-(-self.codebook_size // n))]
        )
        spread = mx.sqrt(mx.var(vectors, axis=0)).mean()
        noise = 0.01 * spread * mx.random.normal((self.codebook_size, d))
        self._place(vectors[order[: self.codebook_size]] + noise, n)
        for _ in range(iterations):
            chosen = self._one_hot(self.nearest(vectors))
            counts = chosen.sum(axis=0)[:, None]
            means = (chosen.T @ vectors) / mx.maximum(counts, 1)
            self._place(mx.where(counts > 0, means, self.codebook), n)
            mx.eval(self.codebook)
        self.started = mx.ones(())

    def _place(self, codes: mx.array, n: int) -> None:
        self.codebook = _unit(codes) if self.lookup == "cosine" else codes
        self.ema_counts = mx.full((self.codebook_size,), n / self.codebook_size)
        self.ema_sums = self.codebook * self.ema_counts[:, None]

    def _one_hot(self, indices: mx.array) -> mx.array:
        return (indices[:, None] == mx.arange(self.codebook_size)[None]).astype(mx.float32)

    def update_codebook(self, vectors: mx.array, indices: mx.array) -> None:
        """EMA step of counts and sums with a batch of (N, D) vectors and their codes (N,)."""
        vectors = mx.stop_gradient(vectors)
        n, k = vectors.shape[0] * self.peers.size, self.codebook_size
        chosen = self._one_hot(indices)  # (N, K)
        counts, sums = self.peers.total(chosen.sum(axis=0)), self.peers.total(chosen.T @ vectors)
        counts = self.decay * self.ema_counts + (1 - self.decay) * counts
        sums = self.decay * self.ema_sums + (1 - self.decay) * sums
        if self.restart_below > 0:
            dead = counts < self.restart_below * n / k
            fresh = self.peers.rows(vectors, mx.random.randint(0, n, (k,)))  # (K, D)
            weight = RESTART_SHARE * n / k
            counts = mx.where(dead, weight, counts)
            sums = mx.where(dead[:, None], fresh * weight, sums)
        codes = sums / mx.maximum(counts, EPSILON)[:, None]
        # A code that never was chosen keeps its place: its sum decays with its count.
        self.codebook = _unit(codes) if self.lookup == "cosine" else codes
        self.ema_counts, self.ema_sums = counts, sums


class ResidualQuantizer(nn.Module):
    """L codebooks in turn, each on the residual of those before it; straight-through once.

    The commitment loss is the mean over levels of (z - sg(partial sum))^2, so that every level
    pulls the encoder, as in RQ-VAE (equation 8). Indices are (B, h, w, L), coarsest first.
    """

    def __init__(
        self,
        num_levels: int,
        codebook_size: int = 512,
        codebook_dim: int = 256,
        commitment_cost: float = 0.25,
        *,
        decay: float = 0.98,
        restart_below: float = 0.05,
    ) -> None:
        super().__init__()
        self.codebook_size = codebook_size
        self.commitment_cost = commitment_cost
        self.peers: Peers = ALONE
        self.levels: list[VectorQuantizer] = [
            VectorQuantizer(
                codebook_size,
                codebook_dim,
                commitment_cost,
                decay=decay,
                restart_below=restart_below,
            )
            for _ in range(num_levels)
        ]

    def join(self, peers: Peers) -> None:
        """Learn from batches of which `peers` hold the other parts."""
        self.peers = peers
        for level in self.levels:
            level.join(peers)

    def encode(self, z: mx.array) -> mx.array:
        """Codes of z (B, h, w, D) -> int32 (B, h, w, L), without touching the codebooks."""
        residual = mx.stop_gradient(z.reshape(-1, z.shape[-1]))  # (N, D)
        chosen = []
        for level in self.levels:
            chosen.append(level.nearest(residual))
            residual = residual - level.codebook[chosen[-1]]
        return mx.stack(chosen, axis=-1).reshape(*z.shape[:-1], len(self.levels))

    def decode(self, indices: mx.array) -> mx.array:
        """Sum the codes of all given levels: int (..., L) -> float32 (..., D)."""
        total = self.levels[0].decode(indices[..., 0])
        for level in range(1, indices.shape[-1]):
            total = total + self.levels[level].decode(indices[..., level])
        return total

    def start_from(self, vectors: mx.array, iterations: int = 0) -> None:
        """Start every level on what the levels before it leave of (N, D)."""
        residual = mx.stop_gradient(vectors)
        for level in self.levels:
            level.start_from(residual, iterations)
            residual = residual - level.codebook[level.nearest(residual)]

    def codebooks(self) -> list[mx.array]:
        """The codebooks (K, D), coarsest level first."""
        return [level.codebook for level in self.levels]

    def __call__(self, z: mx.array) -> Quantized:
        """Quantise z (B, h, w, D); in training mode also update every codebook."""
        flat = z.reshape(-1, z.shape[-1])  # (N, D)
        detached = mx.stop_gradient(flat)
        partial = mx.zeros_like(flat)
        loss = mx.zeros(())
        chosen = []
        for level in self.levels:
            residual = detached - partial
            if self.training and not level.started.item():
                level.start_from(self.peers.gather(residual))
            indices = level.nearest(residual)
            partial = partial + mx.stop_gradient(level.codebook[indices])
            if self.training:
                level.update_codebook(residual, indices)
            loss = loss + mx.square(flat - partial).mean()
            chosen.append(indices)
        loss = self.commitment_cost * loss / len(self.levels)
        z_q = flat + mx.stop_gradient(partial - flat)
        indices = mx.stack(chosen, axis=-1).reshape(*z.shape[:-1], len(self.levels))
        return Quantized(z_q.reshape(z.shape), indices, loss)


def _unit(x: mx.array) -> mx.array:
    return x * mx.rsqrt(mx.square(x).sum(axis=-1, keepdims=True) + EPSILON)
