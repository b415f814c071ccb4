"""The depth model: writes the L residual codes of one position in turn.

As in the RQ-Transformer (Lee et al. 2022, arXiv:2203.01941) level l sees the position's vector
and the sum of the embeddings of the codes before it. Its L steps share residual MLP blocks in
place of a second attention stack: over four tokens a sum carries what attention would, at a
fraction of the cost per sampled code.
"""

from collections.abc import Sequence

import mlx.core as mx
import mlx.nn as nn

from scene.transformer.attention import MLP, Norm
from scene.transformer.edges import BOTH

MLP_RATIO = 2
# What a pixel that goes on across the edge adds to a patch's logit before anything is learned.
GOES_ON = 0.25


class DepthModel(nn.Module):
    """Position vectors (B, N, D) and codes (B, N, L) -> logits (B, N, L, K); of a level with fewer
    codes than K the last ones are -inf."""

    def __init__(
        self, dims: int, vocab_sizes: Sequence[int], num_layers: int, pick_dims: int = 0
    ) -> None:
        """`vocab_sizes`: codes of each level. `pick_dims`: how many numbers of each patch the
        second level is chosen by, see `look_at`; 0 for codes that name no patches."""
        super().__init__()
        self.num_levels = len(vocab_sizes)
        self.most = max(vocab_sizes)
        if pick_dims:
            self.pick = nn.Linear(dims, pick_dims)
            self.match = nn.Linear(dims, BOTH)
            self.match.weight = mx.zeros_like(self.match.weight)
            self.match.bias = mx.full((BOTH,), GOES_ON)
        self.start = nn.Linear(dims, dims)
        self.levels = mx.random.normal((len(vocab_sizes), dims)) * 0.02
        self.codes = [nn.Embedding(size, dims) for size in vocab_sizes[:-1]]
        self.norms = [Norm(dims) for _ in range(num_layers)]
        self.blocks = [MLP(dims, MLP_RATIO) for _ in range(num_layers)]
        self.norm = Norm(dims)
        self.heads = [nn.Linear(dims, size) for size in vocab_sizes]

    def look_at(self, picks: mx.array, near: mx.array) -> None:
        """Points float32 (K, J, P) of the patches that two codes name, P = `pick_dims`, and `near`
        uint8 (K, J, 32): palette entries of their left column and of their top row.

        The second code is then also chosen by what its patch looks like: the same vector asks for
        the same look in every branch, which a head of J numbers would have to learn K times. And
        by how many of its pixels equal those that they touch.
        """
        self._picks = picks
        self._near = near

    def settle(self) -> None:
        """Move the norms' weights, for drawing."""
        for norm, block in zip(self.norms, self.blocks, strict=True):
            norm.give(block.up)
        self.norm.give(*self.heads, *(self[name] for name in ("pick", "match") if name in self))

    def begin(self, positions: mx.array) -> mx.array:
        """State before the first level: (..., D) -> (..., D)."""
        return self.start(positions)

    def advance(self, state: mx.array, codes: mx.array, level: int) -> mx.array:
        """State after `codes` int (...) of `level` are known."""
        return state + self.codes[level](codes)

    def logits(
        self,
        state: mx.array,
        level: int,
        branch: mx.array | None = None,
        touching: mx.array | None = None,
    ) -> mx.array:
        """Logits of the codes of `level`: (..., D) -> (..., K).

        The second level of codes that name patches needs `branch` int (...), the first code, and
        `touching` uint8 (..., 32), the edges of the neighbours (`Edges`); ValueError without.
        """
        x = state + self.levels[level]
        for norm, block in zip(self.norms, self.blocks, strict=True):
            x = x + block(norm(x))
        x = self.norm(x)
        if level != 1 or "pick" not in self:
            return self.heads[level](x)
        if branch is None or touching is None:
            raise ValueError("a patch is chosen within a branch and by what it touches: give both")
        asked = self.pick(x)[..., None, :]  # (..., 1, P)
        alike = mx.gather_mm(asked, self._picks.swapaxes(1, 2), rhs_indices=branch)  # (..., 1, K)
        equal = (self._near[branch] == touching[..., None, :]).astype(x.dtype)  # (..., K, 32)
        going_on = equal @ self.match(x)[..., None]  # (..., K, 1)
        return self.heads[level](x) + alike[..., 0, :] + going_on[..., 0]

    def __call__(
        self, positions: mx.array, codes: mx.array, touching: mx.array | None = None
    ) -> mx.array:
        state = self.begin(positions)
        outputs = []
        for level in range(self.num_levels):
            branch = codes[..., level - 1] if level else None
            logits = self.logits(state, level, branch, touching)
            if missing := self.most - logits.shape[-1]:
                widths = [(0, 0)] * (logits.ndim - 1) + [(0, missing)]
                logits = mx.pad(logits, widths, constant_values=-mx.inf)
            outputs.append(logits)
            if level + 1 < self.num_levels:
                state = self.advance(state, codes[..., level], level)
        return mx.stack(outputs, axis=2)
