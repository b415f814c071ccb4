"""Transformer blocks: self-attention with a key/value cache, cross-attention, ReLU MLP.

Pre-norm with RMSNorm; ReLU rather than GELU and few heads, because exp-based functions dominate
the time on MLX's CPU backend.
"""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn


@dataclass
class KVCache:
    """Keys, then values of the positions so far, preallocated: `both` (B, 2 heads, length,
    head_dim)."""

    both: mx.array
    used: int = 0

    def append(self, both: mx.array) -> tuple[mx.array, mx.array]:
        """Write keys and values of the next position, (B, 2 heads, head_dim); return all keys and
        all values so far, each (B, heads, n, head_dim)."""
        self.both[:, :, self.used] = both
        self.used += 1
        heads = both.shape[1] // 2
        return self.both[:, :heads, : self.used], self.both[:, heads:, : self.used]

    def copy(self, source: mx.array, to: mx.array) -> None:
        """Put the rows `source` int (n,) of the batch in the place of the rows `to` int (n,)."""
        self.both[to, :, : self.used] = self.both[source, :, : self.used]


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


class Norm(nn.RMSNorm):
    """RMSNorm (arXiv:1910.07467) whose weights may move into the layers that read it."""

    def give(self, *readers: nn.Linear) -> None:
        """Multiply the readers' weights instead of every vector."""
        for reader in readers:
            reader.weight = reader.weight * self.weight
        del self.weight

    def __call__(self, x: mx.array) -> mx.array:
        return mx.fast.rms_norm(x, self.get("weight"), self.eps)


class SelfAttention(nn.Module):
    """Multi-head self-attention of (B, N, D)."""

    def __init__(self, dims: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (dims // heads) ** -0.5
        self.qkv = nn.Linear(dims, 3 * dims, bias=False)
        self.out = nn.Linear(dims, dims, bias=False)

    def __call__(self, x: mx.array, mask: mx.array | str | None = None) -> mx.array:
        b, n, d = x.shape
        heads = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads)
        q, k, v = heads.transpose(2, 0, 3, 1, 4)  # each (B, heads, N, head_dim)
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.scale, mask=mask)
        return self.out(merge_heads(y))

    def step(self, x: mx.array, cache: KVCache) -> mx.array:
        """Of the next position alone: (B, D) -> (B, D), filling the cache."""
        b, d = x.shape
        heads = self.qkv(x).reshape(b, 3 * self.heads, d // self.heads)
        q, both = mx.split(heads, [self.heads], axis=1)
        k, v = cache.append(both)
        y = mx.fast.scaled_dot_product_attention(q[:, :, None], k, v, scale=self.scale)
        return self.out(y.reshape(b, d))

    def again(self, x: mx.array, cache: KVCache, positions: mx.array) -> mx.array:
        """Of some `positions` int (n,) anew: (B, n, D) -> (B, n, D), in a cache that is full."""
        b, n, d = x.shape
        heads = self.qkv(x).reshape(b, n, 3 * self.heads, d // self.heads).transpose(0, 2, 1, 3)
        q, both = mx.split(heads, [self.heads], axis=1)
        cache.both[:, :, positions] = both
        k, v = mx.split(cache.both, 2, axis=1)
        before = mx.arange(k.shape[2]) <= positions[:, None]  # (n, N)
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.scale, mask=before)
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

    def step(self, x: mx.array, memory: Memory) -> mx.array:
        """Of one position alone: (B, D) -> (B, D)."""
        b, d = x.shape
        q = self.query(x).reshape(b, self.heads, 1, d // self.heads)
        y = mx.fast.scaled_dot_product_attention(
            q, memory.keys, memory.values, scale=self.scale, mask=memory.mask
        )
        return self.out(y.reshape(b, d))


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
        self.norm1 = Norm(dims)
        self.attention = SelfAttention(dims, heads)
        if text_dims is not None:
            self.norm2 = Norm(dims)
            self.cross = CrossAttention(dims, heads, text_dims)
        self.norm3 = Norm(dims)
        self.mlp = MLP(dims, mlp_ratio)
        self.dropout = nn.Dropout(dropout)

    def __call__(
        self,
        x: mx.array,
        mask: mx.array | str | None = None,
        memory: Memory | None = None,
    ) -> mx.array:
        x = x + self.dropout(self.attention(self.norm1(x), mask))
        if memory is not None:
            x = x + self.dropout(self.cross(self.norm2(x), memory))
        return x + self.dropout(self.mlp(self.norm3(x)))

    def settle(self) -> None:
        """Move the norms' weights, of a block that has a text, for drawing."""
        self.norm1.give(self.attention.qkv)
        self.norm2.give(self.cross.query)
        self.norm3.give(self.mlp.up)

    def step(self, x: mx.array, memory: Memory, cache: KVCache) -> mx.array:
        """Of the next position alone, of a block that has a text: (B, D) -> (B, D)."""
        x = x + self.attention.step(self.norm1(x), cache)
        x = x + self.cross.step(self.norm2(x), memory)
        return x + self.mlp(self.norm3(x))

    def again(self, x: mx.array, memory: Memory, cache: KVCache, positions: mx.array) -> mx.array:
        """Of some `positions` int (n,) anew, of a block that has a text: (B, n, D) -> (B, n, D)."""
        x = x + self.attention.again(self.norm1(x), cache, positions)
        x = x + self.cross(self.norm2(x), memory)
        return x + self.mlp(self.norm3(x))
