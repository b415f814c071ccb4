"""Residual quantisation: each level codes what the levels before it left over.

r_0 = z; k_l = argmin_k |r_{l-1} - e_{l,k}|^2; r_l = r_{l-1} - e_{l,k_l}; z_q = sum of the chosen
codes (Lee et al. 2022, arXiv 2203.01941).
"""

from __future__ import annotations

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array
from jax.lax import stop_gradient

from rq_vae_explorer.model.estimators import rotate, straight_through


class Quantized(NamedTuple):
    """The residual codes of a batch of latents."""

    indices: Array  # (B, L) int32
    residuals: Array  # (L, B, D) input of each level; a constant with respect to the codes
    codes: Array  # (L, B, D) the chosen code of each level
    partial_sums: Array  # (L, B, D) codes of levels 1..l added up


def nearest_code(points: Array, codes: Array) -> Array:
    """Index (B,) int32 of the nearest of `codes` (K, D) for each of `points` (B, D)."""
    # The direct form: |r|^2 - 2 r.e + |e|^2 cancels badly for far points in two dimensions.
    distance = jnp.sum((points[:, None, :] - codes[None]) ** 2, axis=-1)  # (B, K)
    return jnp.argmin(distance, axis=-1).astype(jnp.int32)


def quantize(z: Array, codebook: Array) -> Quantized:
    """Quantise latents (B, D) by a codebook (L, K, D).

    Gradients: `residuals` reach the encoder through z alone; `codes` and `partial_sums` reach the
    codebook alone.
    """
    residual = z
    indices, residuals, codes = [], [], []
    for level_codes in codebook:
        index = nearest_code(residual, level_codes)
        # A one-hot product: its gradient is a product too, where a gather's would be a scatter.
        chosen = jax.nn.one_hot(index, level_codes.shape[0], dtype=z.dtype) @ level_codes
        indices.append(index)
        residuals.append(residual)
        codes.append(chosen)
        residual = residual - stop_gradient(chosen)
    stacked = jnp.stack(codes)
    return Quantized(
        jnp.stack(indices, axis=1), jnp.stack(residuals), stacked, jnp.cumsum(stacked, axis=0)
    )


class ResidualQuantizer(nn.Module):
    """Codebook of L levels of K codes; `(z_q_st, aux)` from latents (B, D).

    `aux` holds `indices` (B, L), `codebook` (L, K, D), `z_e` and `z_q` (B, D), and per level (first
    axis L) `residuals` (what the level sees), `codes` (what it chose) and `partial_sums`.
    `z_q_st` has the value of `z_q`, or of the first `keep_levels` (B,) levels where that is given
    (quantiser dropout), and sends gradients to `z_e` straight through, or by the rotation trick
    where `rotation` is 1.
    """

    num_codes: int = 16
    num_levels: int = 2
    latent_dim: int = 2

    @nn.compact
    def __call__(
        self, z_e: Array, keep_levels: Array | None = None, rotation: Array | float = 0.0
    ) -> tuple[Array, dict[str, Array]]:
        shape = (self.num_levels, self.num_codes, self.latent_dim)
        codebook = self.param("codebook", nn.initializers.normal(0.1), shape)
        parts = quantize(z_e, codebook)
        z_q = parts.partial_sums[-1]
        decoded_from = z_q
        if keep_levels is not None:
            rows = jnp.arange(z_e.shape[0])
            decoded_from = parts.partial_sums[keep_levels - 1, rows]
        z_q_st = jnp.where(
            rotation > 0, rotate(z_e, decoded_from), straight_through(z_e, decoded_from)
        )
        aux = {
            "indices": parts.indices,
            "codebook": codebook,
            "z_e": z_e,
            "z_q": z_q,
            "residuals": parts.residuals,
            "codes": parts.codes,
            "partial_sums": parts.partial_sums,
        }
        return z_q_st, aux
