"""Transformer blocks: self-attention with a key/value cache, cross-attention, ReLU MLP.

Pre-norm with RMSNorm; ReLU rather than GELU and few heads, because exp-based functions dominate
the time on MLX's CPU backend.
"""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn


@dataclass
class KVCache:
    """Keys and values of the positions so far, preallocated: (B, heads, length, head_dim)."""

    keys: mx.array
    values: mx.array
    used: int = 0

    def append(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Write the next positions (B, heads, n, head_dim); return all keys and values so far."""
        end = self.used + keys.shape[2]
        self.keys[:, :, self.used : end] = keys
        self.values[:, :, self.used : end] = values
        self.used = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def copy(self, source: mx.array, to: mx.array) -> None:
        """Put the rows `source` int (n,) of the batch in the place of the rows `to` int (n,)."""
        self.keys[to, :, : self.used] = self.keys[source, :, : self.used]
        self.values[to, :, : self.used] = self.values[source, :, : self.used]


@dataclass(frozen=True)
class Memory:
    """What cross-attention looks at: keys and values (B, heads, T, head_dim), mask (B, 1, 1, T)."""

    keys: mx.array
    values: mx.array
    mask: mx.array


def split_heads(x: mx.array, heads: int) -> mx.array:
    """(B, N, D) -> (B, heads, N, D/heads)."""
    b, n, d = x.shape
    return x.reshape(b, n, heads, d // heads).transpose(0, 2, 1, 3)


def merge_heads(x: mx.array) -> mx.array:
    """(B, heads, N, head_dim) -> (B, N, heads * head_dim)."""
    b, h, n, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, n, h * d)


class SelfAttention(nn.Module):
    """Multi-head self-attention of (B, N, D)."""

    def __init__(self, dims: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (dims // heads) ** -0.5
        self.qkv = nn.Linear(dims, 3 * dims, bias=False)
        self.out = nn.Linear(dims, dims, bias=False)

    def __call__(
        self, x: mx.array, mask: mx.array | str | None = None, cache: KVCache | None = None
    ) -> mx.array:
        b, n, d = x.shape
        heads = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads)
        q, k, v = heads.transpose(2, 0, 3, 1, 4)  # each (B, heads, N, head_dim)
        if cache is not None:
            k, v = cache.append(k, v)
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.scale, mask=mask)
        return self.out(merge_heads(y))


class CrossAttention(nn.Module):
    """Attention of (B, N, D) to a text (B, T, D_text) whose keys and values are made once."""

    def __init__(self, dims: int, heads: int, text_dims: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (dims // heads) ** -0.5
        self.query = nn.Linear(dims, dims, bias=False)
        self.key_value = nn.Linear(text_dims, 2 * dims, bias=False)
        self.out = nn.Linear(dims, dims, bias=False)

    def remember(self, text: mx.array, mask: mx.array) -> Memory:
        """Keys and values of a text; `mask` is bool (B, T), True where there is a word."""
        k, v = (split_heads(part, self.heads) for part in mx.split(self.key_value(text), 2, -1))
        return Memory(k, v, mask[:, None, None, :])

    def __call__(self, x: mx.array, memory: Memory) -> mx.array:
        q = split_heads(self.query(x), self.heads)
        y = mx.fast.scaled_dot_product_attention(
            q, memory.keys, memory.values, scale=self.scale, mask=memory.mask
        )
        return self.out(merge_heads(y))


class MLP(nn.Module):
    """Linear, ReLU, Linear: (..., D) -> (..., D)."""

    def __init__(self, dims: int, ratio: int) -> None:
        super().__init__()
        self.up = nn.Linear(dims, ratio * dims)
        self.down = nn.Linear(ratio * dims, dims)

    def __call__(self, x: mx.array) -> mx.array:
        return self.down(mx.maximum(self.up(x), 0))


class Block(nn.Module):
    """Self-attention, cross-attention if `text_dims` is given, and MLP; residual, pre-norm."""

    def __init__(
        self, dims: int, heads: int, mlp_ratio: int, dropout: float, text_dims: int | None = None
    ) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(dims)
        self.attention = SelfAttention(dims, heads)
        if text_dims is not None:
            self.norm2 = nn.RMSNorm(dims)
            self.cross = CrossAttention(dims, heads, text_dims)
        self.norm3 = nn.RMSNorm(dims)
        self.mlp = MLP(dims, mlp_ratio)
        self.dropout = nn.Dropout(dropout)

    def __call__(
        self,
        x: mx.array,
        mask: mx.array | str | None = None,
        memory: Memory | None = None,
        cache: KVCache | None = None,
    ) -> mx.array:
        x = x + self.dropout(self.attention(self.norm1(x), mask, cache))
        if memory is not None:
            x = x + self.dropout(self.cross(self.norm2(x), memory))
        return x + self.dropout(self.mlp(self.norm3(x)))
