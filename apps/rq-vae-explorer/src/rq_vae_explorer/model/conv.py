"""The convolutional encoder and decoder (`--network conv`), 0.84 M parameters at D = 2."""

from __future__ import annotations

import flax.linen as nn
from jax import Array

from rq_vae_explorer.model.matmul_conv import StridedConv, StridedConvTranspose


class Encoder(nn.Module):
    """Images (B, 28, 28, 1) in [0, 1] to latents (B, D)."""

    latent_dim: int = 2

    @nn.compact
    def __call__(self, x: Array) -> Array:
        x = nn.relu(StridedConv(32, name="Conv_0")(x))  # (B, 14, 14, 32)
        x = nn.relu(StridedConv(64, name="Conv_1")(x))  # (B, 7, 7, 64)
        x = nn.relu(nn.Dense(128)(x.reshape(x.shape[0], -1)))
        return nn.Dense(self.latent_dim)(x)


class Decoder(nn.Module):
    """Latents (B, D) to images (B, 28, 28, 1) in [0, 1]."""

    latent_dim: int = 2

    @nn.compact
    def __call__(self, z: Array) -> Array:
        x = nn.relu(nn.Dense(128)(z))
        x = nn.relu(nn.Dense(7 * 7 * 64)(x)).reshape(-1, 7, 7, 64)
        x = nn.relu(StridedConvTranspose(32, name="ConvTranspose_0")(x))  # (B, 14, 14, 32)
        x = StridedConvTranspose(1, name="ConvTranspose_1")(x)  # (B, 28, 28, 1)
        return nn.sigmoid(x)
