"""A convolutional pair with kernel = stride (4x4 patches), so that each layer is one matmul."""

from __future__ import annotations

import flax.linen as nn
from jax import Array


class PatchEncoder(nn.Module):
    """Images (B, 28, 28, 1) in [0, 1] to latents (B, D) by 7x7 patches of 4x4 pixels."""

    latent_dim: int = 2

    @nn.compact
    def __call__(self, x: Array) -> Array:
        batch = x.shape[0]
        x = x.reshape(batch, 7, 4, 7, 4).transpose(0, 1, 3, 2, 4).reshape(batch, 49, 16)
        for width in (64, 32):
            x = nn.relu(nn.Dense(width)(x))  # (B, 49, width)
        x = nn.relu(nn.Dense(128)(x.reshape(batch, -1)))
        return nn.Dense(self.latent_dim)(x)


class PatchDecoder(nn.Module):
    """Latents (B, D) to images (B, 28, 28, 1) in [0, 1], the encoder mirrored."""

    latent_dim: int = 2

    @nn.compact
    def __call__(self, z: Array) -> Array:
        batch = z.shape[0]
        x = nn.relu(nn.Dense(128)(z))
        x = nn.relu(nn.Dense(49 * 32)(x)).reshape(batch, 49, 32)
        x = nn.relu(nn.Dense(64)(x))
        x = nn.sigmoid(nn.Dense(16)(x)).reshape(batch, 7, 7, 4, 4)
        return x.transpose(0, 1, 3, 2, 4).reshape(batch, 28, 28, 1)
