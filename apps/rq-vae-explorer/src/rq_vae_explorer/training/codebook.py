"""How the codes move: three updates of the codebook, and the restart of dead codes.

All three updates are computed at every step and one is chosen by a traced number, so that changing
the recipe during training compiles nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import struct
from jax import Array

USAGE_DECAY = 0.99  # a memory of about 100 batches
DEAD_SHARE = 0.1  # a code is dead below this share of its fair share 1/K
GRADIENT, EMA, ADAM = 0, 1, 2

_adam = optax.scale_by_adam()


@struct.dataclass
class CodebookState:
    """What the codebook updates remember. L levels, K codes, D latent width."""

    ema_counts: Array  # (L, K) mean assignments per batch
    ema_sums: Array  # (L, K, D) mean sum of residuals per batch
    adam: Any  # optax state
    usage: Array  # (L, K) mean share of assignments
    dead_since: Array  # (L, K) int32 step at which the code died, -1 while it lives
    restarted_at: Array  # (L, K) int32 step of the last restart, -1 before any


class Assignments(NamedTuple):
    """What one batch chose."""

    counts: Array  # (L, K)
    sums: Array  # (L, K, D) of the residuals assigned to each code
    residuals: Array  # (L, B, D)


def initial_codebook_state(codebook: Array, batch_size: int) -> CodebookState:
    """State of a fresh codebook (L, K, D), in which each code has its fair share."""
    levels, codes, _ = codebook.shape
    counts = jnp.full((levels, codes), batch_size / codes, jnp.float32)
    never = jnp.full((levels, codes), -1, jnp.int32)
    return CodebookState(
        ema_counts=counts,
        ema_sums=codebook * counts[..., None],
        adam=_adam.init(codebook),
        usage=jnp.full((levels, codes), 1 / codes, jnp.float32),
        dead_since=never,
        restarted_at=never,
    )


def count_assignments(indices: Array, residuals: Array, num_codes: int) -> Assignments:
    """Counts and residual sums per code from indices (B, L) and residuals (L, B, D)."""
    chosen = jax.nn.one_hot(indices.T, num_codes)  # (L, B, K)
    return Assignments(chosen.sum(axis=1), jnp.einsum("lbk,lbd->lkd", chosen, residuals), residuals)


def move_codes(
    codebook: Array,
    state: CodebookState,
    gradient: Array,
    sinkhorn_gradient: Array,
    batch: Assignments,
    hyper: dict[str, Array],
) -> tuple[Array, CodebookState]:
    """One update of the codebook (L, K, D) by the recipe in `hyper`.

    `gradient` is that of the weighted codebook loss, `sinkhorn_gradient` that of the weighted
    transport loss. The gradient recipe is plain descent with the rate scaled so that at weight 1 a
    code with its fair share of the batch goes `codebook_rate` of the way to the mean of its
    residuals; the step never overshoots that mean. Unlike under Adam, the weight acts.
    """
    _, codes, dim = codebook.shape
    batch_size = batch.residuals.shape[1]
    rate = hyper["codebook_rate"] * codes * dim / 2
    transported = codebook - rate * sinkhorn_gradient

    fair_shares = batch.counts * codes / batch_size
    pull = hyper["codebook_rate"] * hyper["lambda_codebook"] * fair_shares
    damping = 1 / jnp.maximum(pull, 1)
    by_gradient = transported - rate * damping[..., None] * gradient

    decay = hyper["ema_decay"]
    counts = decay * state.ema_counts + (1 - decay) * batch.counts
    sums = decay * state.ema_sums + (1 - decay) * batch.sums
    by_ema = sums / jnp.maximum(counts, 1e-3)[..., None] + (transported - codebook)

    update: Any = _adam.update(gradient + sinkhorn_gradient, state.adam)
    direction, adam = update
    by_adam = codebook - hyper["learning_rate"] * direction

    recipe = hyper["quantizer"]
    moved = jnp.where(recipe == EMA, by_ema, jnp.where(recipe == ADAM, by_adam, by_gradient))
    usage = USAGE_DECAY * state.usage + (1 - USAGE_DECAY) * batch.counts / batch_size
    # Sums follow the codes whatever moved them, so that EMA can take over at any step.
    sums = jnp.where(recipe == EMA, sums, moved * counts[..., None])
    return moved, replace(state, ema_counts=counts, ema_sums=sums, adam=adam, usage=usage)


def place_codes(
    codebook: Array, state: CodebookState, where: Array, places: Array, batch_size: int
) -> tuple[Array, CodebookState]:
    """Put the codes chosen by `where` (L, K) at `places` (L, K, D), with fresh memory."""
    codes = codebook.shape[1]
    moved = jnp.where(where[..., None], places, codebook)
    counts = jnp.where(where, batch_size / codes, state.ema_counts)
    sums = jnp.where(where[..., None], moved * counts[..., None], state.ema_sums)
    adam = jax.tree.map(
        lambda leaf: jnp.where(where[..., None], 0, leaf) if leaf.ndim == 3 else leaf, state.adam
    )
    usage = jnp.where(where, 1 / codes, state.usage)
    return moved, replace(state, ema_counts=counts, ema_sums=sums, adam=adam, usage=usage)


def restart_codes(
    codebook: Array,
    state: CodebookState,
    where: Array,
    residuals: Array,
    picks: Array,
    step: Array,
) -> tuple[Array, CodebookState]:
    """Restart the codes chosen by `where` (L, K) on residuals (L, B, D) number `picks` (L, K)."""
    batch_size = residuals.shape[1]
    places = jnp.take_along_axis(residuals, picks[..., None], axis=1)  # (L, K, D)
    moved, state = place_codes(codebook, state, where, places, batch_size)
    restarted_at = jnp.where(where, step, state.restarted_at).astype(jnp.int32)
    return moved, replace(state, restarted_at=restarted_at)


def note_deaths(state: CodebookState, step: Array) -> CodebookState:
    """Record the step at which each code fell below, or rose above, the dead threshold."""
    dead = state.usage < DEAD_SHARE / state.usage.shape[1]
    since = jnp.where(dead, jnp.where(state.dead_since < 0, step, state.dead_since), -1)
    return replace(state, dead_since=since.astype(jnp.int32))
