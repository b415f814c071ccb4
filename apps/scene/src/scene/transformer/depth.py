"""The depth model: writes the L residual codes of one position in turn.

As in the RQ-Transformer (Lee et al. 2022, arXiv:2203.01941) level l sees the position's vector
and the sum of the embeddings of the codes before it. Its L steps share residual MLP blocks in
place of a second attention stack: over four tokens a sum carries what attention would, at a
fraction of the cost per sampled code.
"""

import mlx.core as mx
import mlx.nn as nn

from scene.transformer.attention import MLP

MLP_RATIO = 2


class DepthModel(nn.Module):
    """Position vectors (B, N, D) and codes (B, N, L) -> logits (B, N, L, K)."""

    def __init__(self, dims: int, num_levels: int, vocab_size: int, num_layers: int) -> None:
        super().__init__()
        self.num_levels = num_levels
        self.start = nn.Linear(dims, dims)
        self.levels = mx.random.normal((num_levels, dims)) * 0.02
        self.codes = [nn.Embedding(vocab_size, dims) for _ in range(num_levels - 1)]
        self.norms = [nn.RMSNorm(dims) for _ in range(num_layers)]
        self.blocks = [MLP(dims, MLP_RATIO) for _ in range(num_layers)]
        self.norm = nn.RMSNorm(dims)
        self.heads = [nn.Linear(dims, vocab_size) for _ in range(num_levels)]

    def begin(self, positions: mx.array) -> mx.array:
        """State before the first level: (..., D) -> (..., D)."""
        return self.start(positions)

    def advance(self, state: mx.array, codes: mx.array, level: int) -> mx.array:
        """State after `codes` int (...) of `level` are known."""
        return state + self.codes[level](codes)

    def logits(self, state: mx.array, level: int) -> mx.array:
        """Logits of `level`: (..., D) -> (..., K)."""
        x = state + self.levels[level]
        for norm, block in zip(self.norms, self.blocks, strict=True):
            x = x + block(norm(x))
        return self.heads[level](self.norm(x))

    def __call__(self, positions: mx.array, codes: mx.array) -> mx.array:
        state = self.begin(positions)
        outputs = []
        for level in range(self.num_levels):
            outputs.append(self.logits(state, level))
            if level + 1 < self.num_levels:
                state = self.advance(state, codes[..., level], level)
        return mx.stack(outputs, axis=2)
