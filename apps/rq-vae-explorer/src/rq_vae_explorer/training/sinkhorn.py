"""Entropic optimal transport from residuals to codes, in the log domain.

Every code must take an equal share of the batch, so codes that nothing chooses are pulled too. The
plain-domain iteration underflows (exp(-C/eps) = 0 for far codes) and leaves exactly those codes
without gradient; logarithms do not. Cuturi 2013 (arXiv 1306.0895); log-domain form: Peyre and
Cuturi, Computational Optimal Transport, section 4.4 (arXiv 1803.00567).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.lax import stop_gradient
from jax.nn import logsumexp


def transport_plan(cost: Array, epsilon: Array | float, iterations: int = 20) -> Array:
    """Plan (B, K) with row sums 1/B and column sums 1/K for a cost (B, K), `epsilon` > 0."""
    rows, columns = cost.shape
    log_kernel = -cost / epsilon
    log_row, log_column = -jnp.log(rows), -jnp.log(columns)

    def iterate(_: int, potentials: tuple[Array, Array]) -> tuple[Array, Array]:
        g = potentials[1]
        f = log_row - logsumexp(log_kernel + g[None, :], axis=1)
        g = log_column - logsumexp(log_kernel + f[:, None], axis=0)
        return f, g

    start = (jnp.zeros(rows), jnp.zeros(columns))
    f, g = jax.lax.fori_loop(0, iterations, iterate, start)
    return jnp.exp(log_kernel + f[:, None] + g[None, :])


def sinkhorn_loss(residuals: Array, codebook: Array, epsilon: Array | float) -> Array:
    """Transport cost summed over levels: residuals (L, B, D) to codes (L, K, D), scalar.

    `epsilon` is in units of each level's residual variance. The gradient reaches the codes only:
    the plan is held fixed, as the envelope theorem allows at its optimum.
    """

    def level(residual: Array, codes: Array) -> Array:
        residual = stop_gradient(residual)
        cost = jnp.mean((residual[:, None, :] - codes[None]) ** 2, axis=-1)  # (B, K)
        scale = jnp.mean(jnp.var(residual, axis=0)) + 1e-8
        plan = stop_gradient(transport_plan(cost, epsilon * scale))
        return jnp.sum(plan * cost)

    return jnp.sum(jax.vmap(level)(residuals, codebook))
