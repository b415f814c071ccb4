"""The losses of a residual-quantised VAE, with their gradients cut where they belong.

Reconstruction reaches encoder and decoder, never the codes; commitment reaches the encoder; the
codebook loss reaches the codes. Commitment and codebook loss are the same number in the forward
pass and differ only in where gradients go (van den Oord et al. 2017, arXiv 1711.00937).
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.lax import stop_gradient


def compute_losses(
    x: Array,
    x_recon: Array,
    z_e: Array,
    z_q: Array,
    lambda_commit: Array | float = 0.25,
    lambda_codebook: Array | float = 1.0,
) -> dict[str, Array]:
    """Losses on the final sum of codes.

    Args:
        x, x_recon: images (B, H, W, C) in [0, 1].
        z_e, z_q: encoder outputs and their quantised values (B, D), `z_q` before any
            straight-through estimator.

    Returns:
        Scalars `recon` (MSE), `commit`, `codebook` (mean squared error over B and D) and `total`.
    """
    recon = jnp.mean((x - x_recon) ** 2)
    commit = jnp.mean((z_e - stop_gradient(z_q)) ** 2)
    codebook = jnp.mean((stop_gradient(z_e) - z_q) ** 2)
    return _with_total(recon, commit, codebook, lambda_commit, lambda_codebook)


def compute_level_losses(
    x: Array,
    x_recon: Array,
    residuals: Array,
    codes: Array,
    lambda_commit: Array | float = 0.25,
    lambda_codebook: Array | float = 1.0,
) -> dict[str, Array]:
    """Losses summed over levels, so that each level is asked to be a good code on its own.

    Args:
        residuals: what each level sees (L, B, D), connected to the encoder only.
        codes: what each level chose (L, B, D), connected to the codebook only.

    Returns:
        As `compute_losses`; with one level the two are equal (Lee et al. 2022, arXiv 2203.01941:
        |z - partial sum_l|^2 is |residual_l - code_l|^2).
    """
    recon = jnp.mean((x - x_recon) ** 2)
    commit = jnp.sum(jnp.mean((residuals - stop_gradient(codes)) ** 2, axis=(1, 2)))
    codebook = jnp.sum(jnp.mean((stop_gradient(residuals) - codes) ** 2, axis=(1, 2)))
    return _with_total(recon, commit, codebook, lambda_commit, lambda_codebook)


def _with_total(
    recon: Array,
    commit: Array,
    codebook: Array,
    lambda_commit: Array | float,
    lambda_codebook: Array | float,
) -> dict[str, Array]:
    total = recon + lambda_commit * commit + lambda_codebook * codebook
    return {"total": total, "recon": recon, "commit": commit, "codebook": codebook}
