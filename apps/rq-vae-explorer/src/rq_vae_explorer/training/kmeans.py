"""K-means of residuals, level by level: the start that removes nearly all codebook collapse.

Seeding by k-means++ (Arthur and Vassilvitskii 2007), then Lloyd's iterations; a centre without
points keeps its place.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from rq_vae_explorer.model.quantizer import nearest_code


def _seed_centres(points: Array, num_codes: int, key: Array) -> Array:
    def distance_to(centre: Array) -> Array:
        return jnp.sum((points - centre) ** 2, axis=-1)

    first_key, key = jax.random.split(key)
    first = points[jax.random.randint(first_key, (), 0, points.shape[0])]
    centres = jnp.zeros((num_codes, points.shape[1])).at[0].set(first)

    def add(k: int, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        centres, nearest = carry
        chances = jnp.log(nearest + 1e-12)
        chosen = points[jax.random.categorical(jax.random.fold_in(key, k), chances)]
        return centres.at[k].set(chosen), jnp.minimum(nearest, distance_to(chosen))

    return jax.lax.fori_loop(1, num_codes, add, (centres, distance_to(first)))[0]


def _lloyd(_: int, carry: tuple[Array, Array]) -> tuple[Array, Array]:
    points, centres = carry
    members = jax.nn.one_hot(nearest_code(points, centres), centres.shape[0])  # (N, K)
    counts = members.sum(axis=0)[:, None]
    means = (members.T @ points) / jnp.maximum(counts, 1)
    return points, jnp.where(counts > 0, means, centres)


@partial(jax.jit, static_argnames=("num_levels", "num_codes", "iterations"))
def kmeans_codebook(
    latents: Array, key: Array, num_levels: int, num_codes: int, iterations: int = 20
) -> Array:
    """Codebook (L, K, D) of latents (N, D), each level fitted to what the one before left."""
    levels = []
    residual = latents
    for level_key in jax.random.split(key, num_levels):
        centres = _seed_centres(residual, num_codes, level_key)
        centres = jax.lax.fori_loop(0, iterations, _lloyd, (residual, centres))[1]
        levels.append(centres)
        residual = residual - centres[nearest_code(residual, centres)]
    return jnp.stack(levels)
