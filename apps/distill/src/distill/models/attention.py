"""Windowed self-attention with rotary positions, whole sequences or one step with a cache."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

_ROTARY_BASE = 10_000.0


@dataclass(frozen=True)
class LayerCache:
    """Keys and values (B, heads, up to window - 1, width of a head) of the steps before."""

    keys: Tensor
    values: Tensor


@dataclass(frozen=True)
class BlockOutput:
    """Output (B, T, width) of a block and, for single steps, its cache."""

    x: Tensor
    cache: LayerCache | None = None


class AttentionBlock(nn.Module):
    """Pre-norm attention and MLP; position i sees positions less than `window` away.

    Positions are rotary (Su et al. 2021, "RoFormer"), so only distances matter and a cache may
    slide for ever.
    """

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        """(B, T, width) -> (B, T, width)."""
        steps = torch.arange(x.shape[1])
        query, key, value = self._project(x, steps)
        distance = steps[:, None] - steps[None]
        seen = distance.abs() < self.window
        if causal:
            seen &= distance >= 0
        return self._finish(x, scaled_dot_product_attention(query, key, value, attn_mask=seen))

    def step(self, x: Tensor, position: int, cache: LayerCache | None) -> BlockOutput:
        """One causal step: (B, 1, width) at `position`, after what `cache` holds."""
        query, key, value = self._project(x, torch.tensor([position]))
        if cache is not None:
            key = torch.cat([cache.keys, key], dim=2)
            value = torch.cat([cache.values, value], dim=2)
        y = self._finish(x, scaled_dot_product_attention(query, key, value))
        kept = slice(max(0, key.shape[2] - self.window + 1), None)
        return BlockOutput(y, LayerCache(key[:, :, kept], value[:, :, kept]))

    def _project(self, x: Tensor, steps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        b, t, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, t, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, width of a head)
        return _rotate(query, steps), _rotate(key, steps), value

    def _finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        return x + self.mlp(x)


def _rotate(x: Tensor, steps: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    rates = _ROTARY_BASE ** (-torch.arange(half) / half)
    angles = steps[:, None] * rates  # (T, half)
    cos, sin = angles.cos(), angles.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)
