"""The text encoder: word ids to vectors that the image transformer attends to."""

import mlx.core as mx
import mlx.nn as nn

from scene.transformer.attention import Block, Norm
from scene.transformer.tokenizer import PAD


def text_mask(tokens: mx.array) -> mx.array:
    """Where the encoder's output is real: int (B, T) -> bool (B, 1 + T); the first always is."""
    first = mx.ones((tokens.shape[0], 1), dtype=mx.bool_)
    return mx.concatenate([first, tokens != PAD], axis=1)


class TextEncoder(nn.Module):
    """Word ids int (B, T) -> float32 (B, 1 + T, embed_dim), padding masked.

    A learned vector stands before the words. It is never masked, so an empty caption is a legal
    one: it is the null condition of classifier-free guidance.
    """

    def __init__(
        self,
        vocab_size: int,
        embed_dim: int = 256,
        num_heads: int = 4,
        num_layers: int = 4,
        max_length: int = 128,
        mlp_ratio: int = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.first = mx.random.normal((embed_dim,)) * 0.02
        self.positions = mx.random.normal((max_length, embed_dim)) * 0.02
        self.blocks = [Block(embed_dim, num_heads, mlp_ratio, dropout) for _ in range(num_layers)]
        self.norm = Norm(embed_dim)

    def __call__(self, tokens: mx.array) -> mx.array:
        """Raises ValueError for more than `max_length` words."""
        b, t = tokens.shape
        if t > self.max_length:
            raise ValueError(f"{t} words, but the text encoder takes at most {self.max_length}")
        words = self.embedding(tokens) + self.positions[:t]
        first = mx.broadcast_to(self.first, (b, 1, words.shape[-1]))
        x = mx.concatenate([first, words], axis=1)  # (B, 1 + T, D)
        mask = text_mask(tokens)[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)
