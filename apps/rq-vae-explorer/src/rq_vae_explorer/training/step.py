"""One optimiser step, and many of them in one dispatch.

The number of steps of a dispatch and every live knob are traced values: the loop is compiled once
per shape of model, batch and data, and cutting a run into other chunks changes no bit of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct
from jax import Array
from jax.sharding import Mesh

from rq_vae_explorer.config import Hyper
from rq_vae_explorer.training.codebook import (
    ADAM,
    EMA,
    GRADIENT,
    CodebookState,
    count_assignments,
    move_codes,
    note_deaths,
    restart_codes,
)
from rq_vae_explorer.training.losses import compute_level_losses, compute_losses
from rq_vae_explorer.training.sharding import everywhere, split_rows
from rq_vae_explorer.training.sinkhorn import sinkhorn_loss

MAX_STEPS = 256  # per dispatch
WINDOW = 100  # batches of the rolling assignment counts
BASE_METRICS = (
    "total",
    "recon",
    "commit",
    "codebook",
    "sinkhorn",
    "weighted_commit",
    "weighted_codebook",
    "weighted_sinkhorn",
    "gradient_norm",
    "codebook_motion",
)
_CHOICES = {
    "quantizer": {"gradient": GRADIENT, "ema": EMA, "adam": ADAM},
    "estimator": {"straight_through": 0, "rotation": 1},
    "loss_scope": {"per_level": 0, "final": 1},
}

network_adam = optax.scale_by_adam()


@struct.dataclass
class TrainState:
    """All that training changes; saving it and `Hyper` is enough to resume bit for bit."""

    step: Array  # () int32
    key: Array  # PRNG key of the run; step s uses fold_in(key, s)
    params: Any  # {"encoder", "decoder", "quantizer": {"codebook": (L, K, D)}}
    adam: optax.OptState  # of encoder and decoder
    codebook: CodebookState
    window: Array  # (WINDOW, L, K) int32 assignment counts of the last batches, a ring
    codebook_gradient: Array  # (L, K, D) of the last batch


def metric_names(num_levels: int) -> tuple[str, ...]:
    """Columns of the metrics that each step writes."""
    return (*BASE_METRICS, *(f"error_{level + 1}" for level in range(num_levels)))


def traced(hyper: Hyper) -> dict[str, Array]:
    """The live knobs as float32 scalars; choices become their numbers."""
    values = hyper.model_dump()
    for name, numbers in _CHOICES.items():
        values[name] = numbers[values[name]]
    return {name: jnp.float32(value) for name, value in values.items()}


def network_params(params: dict[str, Any]) -> dict[str, Any]:
    """Encoder and decoder, which Adam moves."""
    return {name: params[name] for name in ("encoder", "decoder")}


class Draws(NamedTuple):
    """The random numbers of one step."""

    images: Array  # (B,) indices of the batch
    keep_levels: Array  # (B,) levels that each image is decoded from, 1..L
    restarts: Array  # (L, K) which residual of the batch a restarted code takes


def draw(
    key: Array, step: Array, num_images: int, batch_size: int, model: Any, dropout: Array
) -> Draws:
    """All random numbers of a step from one draw of bits: each extra call costs compile time.

    Taking the remainder favours small indices by less than one part in 2**32 / `num_images`.
    """
    codes = (model.num_levels, model.num_codes)
    sizes = (batch_size, batch_size, batch_size, codes[0] * codes[1])
    bits = jax.random.bits(jax.random.fold_in(key, step), (sum(sizes),))
    images, chance, level, restarts = jnp.split(bits, np.cumsum(sizes)[:-1])
    dropped = (chance >> 8).astype(jnp.float32) * 2.0**-24 < dropout
    keep = jnp.where(dropped, level % model.num_levels + 1, model.num_levels)
    return Draws(
        (images % num_images).astype(jnp.int32),
        keep.astype(jnp.int32),
        (restarts % batch_size).astype(jnp.int32).reshape(codes),
    )


def make_step(model: Any, batch_size: int, mesh: Mesh | None = None) -> Any:
    """The pure function `(state, images, hyper) -> (state, metrics (M,))`.

    `images` are uint8 (N, 784); batches are drawn with replacement, and split over the devices of
    `mesh`.
    """

    def objective(
        params: dict[str, Any], x: Array, keep: Array, hyper: dict[str, Array]
    ) -> tuple[Array, tuple[dict[str, Array], dict[str, Array]]]:
        x_recon, aux = model.apply({"params": params}, x, keep, hyper["estimator"])
        weights = (hyper["lambda_commit"], hyper["lambda_codebook"])
        final = compute_losses(x, x_recon, aux["z_e"], aux["z_q"], *weights)
        level = compute_level_losses(x, x_recon, aux["residuals"], aux["codes"], *weights)
        scope = hyper["loss_scope"]
        losses = {name: jnp.where(scope > 0, final[name], level[name]) for name in final}
        return losses["total"], (losses, aux)

    def transport(
        codebook: Array, residuals: Array, hyper: dict[str, Array]
    ) -> tuple[Array, Array]:
        def weighted(codes: Array) -> tuple[Array, Array]:
            loss = sinkhorn_loss(residuals, codes, hyper["sinkhorn_epsilon"])
            return hyper["lambda_sinkhorn"] * loss, loss

        (_, loss), gradient = jax.value_and_grad(weighted, has_aux=True)(codebook)
        return loss, gradient

    def step(state: TrainState, images: Array, hyper: dict[str, Array]) -> tuple[TrainState, Array]:
        draws = draw(
            state.key, state.step, len(images), batch_size, model, hyper["quantizer_dropout"]
        )
        picks = split_rows(draws.images, mesh)
        keep_levels = split_rows(draws.keep_levels, mesh)
        x = images[picks].astype(jnp.float32).reshape(batch_size, 28, 28, 1) / 255

        codebook = state.params["quantizer"]["codebook"]
        gradients, (losses, aux) = jax.grad(objective, has_aux=True)(
            state.params, x, keep_levels, hyper
        )
        sinkhorn, sinkhorn_gradient = jax.lax.cond(
            hyper["lambda_sinkhorn"] > 0,
            transport,
            lambda codes, _residuals, _hyper: (jnp.float32(0), jnp.zeros_like(codes)),
            codebook,
            aux["residuals"],
            hyper,
        )

        network = network_params(state.params)
        network_gradients = network_params(gradients)
        direction, adam = network_adam.update(network_gradients, state.adam)
        network = jax.tree.map(lambda p, d: p - hyper["learning_rate"] * d, network, direction)

        new_step = state.step + 1
        batch = count_assignments(aux["indices"], aux["residuals"], model.num_codes)
        code_gradient = gradients["quantizer"]["codebook"]
        moved, memory = move_codes(
            codebook, state.codebook, code_gradient, sinkhorn_gradient, batch, hyper
        )
        motion = jnp.mean(jnp.linalg.norm(moved - codebook, axis=-1))
        memory = note_deaths(memory, new_step)
        starved = memory.usage < hyper["restart_threshold"] / model.num_codes
        moved, memory = restart_codes(
            moved,
            memory,
            starved & (hyper["restart"] > 0),
            aux["residuals"],
            draws.restarts,
            new_step,
        )

        left = jnp.sum((aux["z_e"] - aux["partial_sums"]) ** 2, axis=-1).mean(axis=1)  # (L,)
        variance = jnp.sum(jnp.var(aux["z_e"], axis=0)) + 1e-12
        metrics = jnp.stack(
            [
                losses["total"] + hyper["lambda_sinkhorn"] * sinkhorn,
                losses["recon"],
                losses["commit"],
                losses["codebook"],
                sinkhorn,
                hyper["lambda_commit"] * losses["commit"],
                hyper["lambda_codebook"] * losses["codebook"],
                hyper["lambda_sinkhorn"] * sinkhorn,
                optax.tree.norm(network_gradients),
                motion,
                *(left / variance),
            ]
        )
        slot = state.step % WINDOW
        return (
            TrainState(
                step=new_step,
                key=state.key,
                params={**network, "quantizer": {"codebook": moved}},
                adam=adam,
                codebook=memory,
                window=state.window.at[slot].set(batch.counts.astype(jnp.int32)),
                codebook_gradient=code_gradient + sinkhorn_gradient,
            ),
            metrics,
        )

    return step


@lru_cache(maxsize=16)
def compiled_steps(model: Any, batch_size: int, mesh: Mesh | None = None) -> Any:
    """Jitted `(state, images, hyper, count) -> (state, metrics (MAX_STEPS, M))`, shared by runs.

    Rows of `metrics` from `count` on are zero.
    """
    step = make_step(model, batch_size, mesh)
    columns = len(metric_names(model.num_levels))

    def run(
        state: TrainState, images: Array, hyper: dict[str, Array], count: Array
    ) -> tuple[TrainState, Array]:
        def body(i: int, carry: tuple[TrainState, Array]) -> tuple[TrainState, Array]:
            state, rows = carry
            state, metrics = step(state, images, hyper)
            return state, rows.at[i].set(metrics)

        return jax.lax.fori_loop(0, count, body, (state, jnp.zeros((MAX_STEPS, columns))))

    copies = everywhere(mesh)
    return jax.jit(run, in_shardings=copies, out_shardings=copies)
