"""The whole model: encoder, residual quantiser, decoder."""

from __future__ import annotations

import flax.linen as nn
from jax import Array

from rq_vae_explorer.model.conv import Decoder, Encoder
from rq_vae_explorer.model.dense import DenseDecoder, DenseEncoder
from rq_vae_explorer.model.patch import PatchDecoder, PatchEncoder
from rq_vae_explorer.model.quantizer import ResidualQuantizer

_NETWORKS = {
    "dense": (DenseEncoder, DenseDecoder),
    "patch": (PatchEncoder, PatchDecoder),
    "conv": (Encoder, Decoder),
}


class RQVAE(nn.Module):
    """Residual-quantised VAE: images (B, 28, 28, 1) in [0, 1] to `(x_recon, aux)`.

    `x_recon` has the shape and range of the input; `aux` is that of `ResidualQuantizer`.
    `network` is one of dense, patch, conv.
    """

    latent_dim: int = 2
    num_codes: int = 16
    num_levels: int = 2
    network: str = "dense"

    def setup(self) -> None:
        encoder, decoder = _NETWORKS[self.network]
        self.encoder = encoder(self.latent_dim)
        self.quantizer = ResidualQuantizer(self.num_codes, self.num_levels, self.latent_dim)
        self.decoder = decoder(self.latent_dim)

    def __call__(
        self, x: Array, keep_levels: Array | None = None, rotation: Array | float = 0.0
    ) -> tuple[Array, dict[str, Array]]:
        z_q_st, aux = self.quantizer(self.encode(x), keep_levels, rotation)
        return self.decode(z_q_st), aux

    def encode(self, x: Array) -> Array:
        """Latents z_e (B, D) of images (B, 28, 28, 1)."""
        return self.encoder(x)

    def decode(self, z: Array) -> Array:
        """Images (B, 28, 28, 1) in [0, 1] of latents (B, D)."""
        return self.decoder(z)
