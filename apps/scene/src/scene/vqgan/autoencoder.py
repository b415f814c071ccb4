"""Encoder and decoder of the VQGAN: 16x in both directions, built from one list of widths.

A stem folds 4x4 pixels into channels; two halvings follow, so that a 192x320 picture becomes
12x20 latents. The widths are `hidden_channels` times (1, 2, 4) by default.
"""

import itertools

import mlx.core as mx
import mlx.nn as nn

from scene.vqgan.blocks import (
    Downsample,
    ResidualBlock,
    Upsample,
    depth_to_space,
    leaky_relu,
    linear,
    space_to_depth,
)

STEM = 4  # pixels folded by the stem; the two halvings make it 16
WIDTHS = (1, 2, 4)


class Encoder(nn.Module):
    """(B, H, W, in_channels) -> (B, H/16, W/16, codebook_dim). H and W are multiples of 16."""

    def __init__(
        self,
        in_channels: int = 3,
        hidden_channels: int = 128,
        codebook_dim: int = 256,
        num_res_blocks: int = 2,
        channel_multipliers: tuple[int, int, int] = WIDTHS,
    ) -> None:
        super().__init__()
        widths = [hidden_channels * m for m in channel_multipliers]
        self.stem = linear(in_channels * STEM * STEM, widths[0])
        self.stages = [[ResidualBlock(width) for _ in range(num_res_blocks)] for width in widths]
        self.downs = [Downsample(a, b) for a, b in itertools.pairwise(widths)]
        self.out = linear(widths[-1], codebook_dim)

    def __call__(self, x: mx.array) -> mx.array:
        x = self.stem(space_to_depth(x, STEM))  # (B, H/4, W/4, C0)
        for index, blocks in enumerate(self.stages):
            if index:
                x = self.downs[index - 1](x)
            for block in blocks:
                x = block(x)
        return self.out(x)  # (B, H/16, W/16, D)


class Decoder(nn.Module):
    """(B, h, w, codebook_dim) -> (B, 16h, 16w, out_channels); values are not clipped.

    `features` stops before the last linear layer: a palette head and the adaptive adversarial
    weight start from there.
    """

    def __init__(
        self,
        out_channels: int = 3,
        hidden_channels: int = 128,
        codebook_dim: int = 256,
        num_res_blocks: int = 2,
        channel_multipliers: tuple[int, int, int] = WIDTHS,
        head_channels: int = 24,
    ) -> None:
        super().__init__()
        widths = [hidden_channels * m for m in channel_multipliers][::-1]
        self.stem = linear(codebook_dim, widths[0])
        self.stages = [[ResidualBlock(width) for _ in range(num_res_blocks)] for width in widths]
        self.ups = [Upsample(a, b) for a, b in itertools.pairwise(widths)]
        self.spread = linear(widths[-1], head_channels * STEM * STEM)
        self.head = linear(head_channels, out_channels)

    def features(self, z: mx.array) -> mx.array:
        """Pixel features: (B, h, w, D) -> (B, 16h, 16w, head_channels)."""
        x = self.stem(z)
        for index, blocks in enumerate(self.stages):
            if index:
                x = self.ups[index - 1](x)
            for block in blocks:
                x = block(x)
        return leaky_relu(depth_to_space(self.spread(x), STEM))

    def __call__(self, z: mx.array) -> mx.array:
        return self.head(self.features(z))
