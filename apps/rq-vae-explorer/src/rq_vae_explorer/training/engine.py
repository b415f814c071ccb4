"""One run without threads: the arrays on the device, and what can be done to them.

`Engine` is used by one thread at a time: by the trainer's worker, or by the headless command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.model import RQVAE, ResidualQuantizer
from rq_vae_explorer.model.quantizer import Quantized, quantize
from rq_vae_explorer.training.codebook import (
    CodebookState,
    initial_codebook_state,
    place_codes,
    restart_codes,
)
from rq_vae_explorer.training.kmeans import kmeans_codebook
from rq_vae_explorer.training.sharding import batch_mesh, copy_everywhere
from rq_vae_explorer.training.step import (
    MAX_STEPS,
    WINDOW,
    TrainState,
    compiled_steps,
    network_adam,
    network_params,
    traced,
)

_KMEANS_IMAGES = 4096
_FAR = 1e4  # where a killed code goes: no residual comes near
_RESTART_IMAGES = 500
_DECODE_BLOCKS = (16, 272)  # fixed shapes: one small call, or many pictures at once


class DivergedError(Exception):
    """A loss was no longer finite; the engine still holds the state before that dispatch."""

    def __init__(self, step: int, kept_step: int) -> None:
        super().__init__(
            f"the loss stopped being a finite number at step {step}; kept the state of step "
            f"{kept_step}: lower the learning rate or the loss weights"
        )
        self.step = step


def build_model(config: RunConfig) -> Any:
    """The `RQVAE` that a configuration describes."""
    return RQVAE(config.latent_dim, config.num_codes, config.num_levels, config.network)


@lru_cache(maxsize=16)
def _encoder(model: Any) -> Any:
    def encode(params: Any, images: Array) -> Array:
        x = images.astype(jnp.float32).reshape(-1, 28, 28, 1) / 255
        return model.apply({"params": params}, x, method="encode")

    return jax.jit(encode)


@lru_cache(maxsize=16)
def _decoder(model: Any) -> Any:
    def decode(params: Any, latents: Array) -> Array:
        return model.apply({"params": params}, latents, method="decode")[..., 0]

    return jax.jit(decode)


@lru_cache(maxsize=16)
def _latent_gradient(model: Any) -> Any:
    """Gradient of each image's squared error as it reaches z_e through the estimator (M, D)."""

    quantizer = ResidualQuantizer(model.num_codes, model.num_levels, model.latent_dim)

    def loss(z: Array, params: Any, x: Array, rotation: Array) -> Array:
        z_q_st, _ = quantizer.apply({"params": params["quantizer"]}, z, None, rotation)
        recon = model.apply({"params": params}, z_q_st, method="decode")[..., 0]
        return jnp.sum((recon - x) ** 2)

    return jax.jit(jax.grad(loss))


_quantize = jax.jit(quantize)
_restart = jax.jit(restart_codes)
_place = jax.jit(place_codes, static_argnames="batch_size")


@lru_cache(maxsize=16)
def _initialiser(model: Any, codebook_init: str, batch_size: int) -> Any:
    """Jitted `(key, images) -> TrainState`: one compilation instead of dozens of small ones."""
    shape = (model.num_levels, model.num_codes, model.latent_dim)

    def initialise(key: Array, images: Array) -> TrainState:
        init_key, sample_key, code_key, run_key = jax.random.split(key, 4)
        params = dict(model.init(init_key, jnp.zeros((1, 28, 28, 1)))["params"])
        if codebook_init == "kmeans":
            picks = jax.random.randint(sample_key, (_KMEANS_IMAGES,), 0, images.shape[0])
            latents = _encoder(model)(params, images[picks])
            codebook = kmeans_codebook(latents, code_key, model.num_levels, model.num_codes)
        elif codebook_init == "uniform":
            codebook = jax.random.uniform(code_key, shape)
        else:
            codebook = 0.1 * jax.random.normal(code_key, shape)
        params["quantizer"] = {"codebook": codebook}
        state = TrainState(
            step=jnp.int32(0),
            key=run_key,
            params=params,
            adam=network_adam.init(network_params(params)),
            codebook=initial_codebook_state(codebook, batch_size),
            window=jnp.zeros((WINDOW, *shape[:2]), jnp.int32),
            codebook_gradient=jnp.zeros(shape),
        )
        # Weakly typed leaves would make the training loop compile twice.
        return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype), state)

    # It runs once: time spent on optimising it would never come back.
    return jax.jit(initialise, compiler_options={"xla_backend_optimization_level": 0})


def initial_state(config: RunConfig, images: Array) -> TrainState:
    """Fresh state for uint8 images (N, 784): all of it follows from the configuration's seed."""
    initialise = _initialiser(build_model(config), config.codebook_init, config.batch_size)
    return initialise(jax.random.PRNGKey(config.seed), images)


class Engine:
    """A run on uint8 training images (N, 28, 28). Not thread-safe: one owner at a time.

    Each batch is split over `devices`; without them all is done on JAX's default device.

    Raises:
        DevicesError: the batch cannot be split evenly.
    """

    def __init__(
        self,
        config: RunConfig,
        train_images: NDArray[np.uint8],
        devices: Sequence[jax.Device] = (),
    ) -> None:
        self.config = config
        self.model = build_model(config)
        mesh = batch_mesh(devices, config.batch_size) if devices else None
        images = jnp.asarray(train_images.reshape(len(train_images), -1))
        self._run = compiled_steps(self.model, config.batch_size, mesh)
        self.state = copy_everywhere(initial_state(config, images), mesh)
        self._images = copy_everywhere(images, mesh)

    @property
    def step(self) -> int:
        return int(self.state.step)

    @property
    def params(self) -> dict[str, Any]:
        return self.state.params

    @property
    def codebook(self) -> NDArray[np.float32]:
        return np.array(self.state.params["quantizer"]["codebook"])

    def compile(self, hyper: Hyper) -> None:
        """Compile the training loop (seconds, the first time for a shape) without a step."""
        self._run(self.state, self._images, traced(hyper), 0)[1].block_until_ready()

    def run(self, count: int, hyper: Hyper) -> NDArray[np.float32]:
        """Make 1 to MAX_STEPS steps in one dispatch; returns their metrics (count, M).

        Raises:
            DivergedError: a metric is not finite; the state stays as it was before the call.
        """
        if not 1 <= count <= MAX_STEPS:
            raise ValueError(f"count must be 1 to {MAX_STEPS}, not {count}")
        state, rows = self._run(self.state, self._images, traced(hyper), count)
        metrics = np.asarray(rows)[:count]
        bad = ~np.isfinite(metrics).all(axis=1)
        if bad.any():
            raise DivergedError(self.step + int(bad.argmax()) + 1, self.step)
        self.state = state
        return metrics

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Latents z_e (N, D) of uint8 images (N, 28, 28)."""
        return np.asarray(_encoder(self.model)(self.params, jnp.asarray(images)))

    def decode(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Images (N, 28, 28) in [0, 1] of latents (N, D)."""
        small, large = _DECODE_BLOCKS
        block = small if len(latents) <= small else large
        decode = _decoder(self.model)
        images = []
        for start in range(0, len(latents), block):
            part = np.asarray(latents[start : start + block], np.float32)
            padded = np.zeros((block, self.config.latent_dim), np.float32)
            padded[: len(part)] = part
            images.append(np.asarray(decode(self.params, padded))[: len(part)])
        return np.concatenate(images) if images else np.empty((0, 28, 28), np.float32)

    def quantize(self, latents: NDArray[np.float32]) -> Quantized:
        """Residual codes of latents (N, D)."""
        codebook = self.params["quantizer"]["codebook"]
        return jax.tree.map(np.asarray, _quantize(jnp.asarray(latents), codebook))

    def latent_gradient(
        self, latents: NDArray[np.float32], images: NDArray[np.uint8], hyper: Hyper
    ) -> NDArray[np.float32]:
        """Gradient of the squared reconstruction error with respect to z_e (M, D)."""
        x = images.astype(np.float32) / 255
        rotation = traced(hyper)["estimator"]
        return np.asarray(_latent_gradient(self.model)(latents, self.params, x, rotation))

    def kmeans_now(self) -> None:
        """Refit every level to the latents of fresh training images; step and networks stay."""
        rng = self._chance(0)
        config = self.config
        key = jax.random.PRNGKey(int(rng.integers(2**31)))
        latents = self._some_latents(rng, _KMEANS_IMAGES)
        codebook = kmeans_codebook(latents, key, config.num_levels, config.num_codes)
        self._place(np.ones(codebook.shape[:2], bool), np.asarray(codebook))

    def restart_dead_now(self) -> NDArray[np.bool_]:
        """Restart every dead code on a training residual of its level; returns which (L, K)."""
        dead = np.asarray(self.state.codebook.dead_since) >= 0
        self._restart(dead)
        return dead

    def move_code(self, level: int, code: int, position: NDArray[np.float32]) -> None:
        """Put a code (0-based level) at `position` (D,), with fresh memory."""
        where = np.zeros(self.codebook.shape[:2], bool)
        where[level, code] = True
        places = self.codebook
        places[level, code] = position
        self._place(where, places)

    def kill_code(self, level: int, code: int) -> None:
        """Put a code where nothing chooses it and count it as dead from now on."""
        self.move_code(level, code, np.full(self.config.latent_dim, _FAR, np.float32))
        memory = self.state.codebook
        usage, dead_since = np.array(memory.usage), np.array(memory.dead_since)
        usage[level, code], dead_since[level, code] = 0, self.step
        memory = replace(memory, usage=jnp.asarray(usage), dead_since=jnp.asarray(dead_since))
        self.state = replace(self.state, codebook=memory)

    def reseed_code(self, level: int, code: int) -> None:
        """Restart one code on a random training residual of its level."""
        where = np.zeros(self.codebook.shape[:2], bool)
        where[level, code] = True
        self._restart(where)

    def window_counts(self) -> NDArray[np.int64]:
        """Assignments (L, K) over the last 100 batches."""
        return np.asarray(self.state.window).sum(axis=0, dtype=np.int64)

    def _chance(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.config.seed, self.step, purpose])

    def _some_latents(self, rng: np.random.Generator, count: int) -> Array:
        picks = jnp.asarray(rng.integers(0, len(self._images), count))
        return _encoder(self.model)(self.params, self._images[picks])

    def _restart(self, where: NDArray[np.bool_]) -> None:
        rng = self._chance(1)
        latents = self._some_latents(rng, _RESTART_IMAGES)
        codebook = self.params["quantizer"]["codebook"]
        residuals = _quantize(latents, codebook).residuals
        picks = rng.integers(0, _RESTART_IMAGES, where.shape).astype(np.int32)
        moved, memory = _restart(
            codebook, self.state.codebook, where, residuals, picks, self.state.step
        )
        # The sample is larger than a training batch, so the memory is set to the batch's scale.
        _, memory = _place(codebook, memory, where, moved, batch_size=self.config.batch_size)
        self._replace_codebook(moved, memory, where)

    def _place(self, where: NDArray[np.bool_], places: NDArray[np.float32]) -> None:
        codebook = self.params["quantizer"]["codebook"]
        moved, memory = _place(
            codebook, self.state.codebook, where, places, batch_size=self.config.batch_size
        )
        self._replace_codebook(moved, memory, where)

    def _replace_codebook(
        self, codebook: Array, memory: CodebookState, where: NDArray[np.bool_]
    ) -> None:
        alive = jnp.asarray(np.where(where, np.int32(-1), np.asarray(memory.dead_since)))
        params = {**self.params, "quantizer": {"codebook": codebook}}
        memory = replace(memory, dead_since=alive)
        self.state = replace(self.state, params=params, codebook=memory)
