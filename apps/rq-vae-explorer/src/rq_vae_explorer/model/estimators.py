"""How gradients pass the quantiser: straight-through, or the rotation trick.

Both return the value of `z_q` exactly in the forward pass (up to rounding); they differ only in
the gradient that `z_e` gets. Sources: straight-through estimator, Bengio et al. 2013
(arXiv 1308.3432); rotation trick, Fifty et al. 2024 (arXiv 2410.06424).
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.lax import stop_gradient

_TINY = 1e-6  # keeps the directions of zero vectors finite


def straight_through(z_e: Array, z_q: Array) -> Array:
    """`z_q` (B, D) whose gradient goes unchanged to `z_e` (B, D)."""
    return z_e + stop_gradient(z_q - z_e)


def rotate(z_e: Array, z_q: Array) -> Array:
    """`z_q` (B, D) as a fixed rotation and scaling of `z_e` (B, D); gradients are rotated back."""
    length_e = jnp.linalg.norm(stop_gradient(z_e), axis=-1, keepdims=True)
    length_q = jnp.linalg.norm(stop_gradient(z_q), axis=-1, keepdims=True)
    unit_e = stop_gradient(z_e) / (length_e + _TINY)
    unit_q = stop_gradient(z_q) / (length_q + _TINY)
    half = unit_e + unit_q
    half = half / (jnp.linalg.norm(half, axis=-1, keepdims=True) + _TINY)
    along_half = jnp.sum(z_e * half, axis=-1, keepdims=True)
    along_e = jnp.sum(z_e * unit_e, axis=-1, keepdims=True)
    rotated = z_e - 2 * along_half * half + 2 * along_e * unit_q
    scaled = rotated * (length_q / (length_e + _TINY))
    # Opposite or vanishing vectors have no such rotation; the correction keeps the value exact.
    return scaled + stop_gradient(z_q - scaled)
