"""Endless batches as JAX arrays, for code that feeds a model by hand.

The trainer does not use this: it keeps all images on the device and draws batches there.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray


def create_data_iterator(
    data: tuple[NDArray[np.float32], NDArray[np.integer]],
    batch_size: int = 32,
    shuffle: bool = True,
    rng: np.random.Generator | int | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Yield `(images (B, 28, 28, 1) float32, labels (B,) int32)` for ever, every batch full.

    Each pass visits every image once, in a fresh order if `shuffle`; a batch may straddle two
    passes, so a set smaller than a batch works too. `rng` is a generator or a seed.

    Raises:
        ValueError: images and labels differ in number, the set is empty, or `batch_size` < 1.
    """
    images, labels = data
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if len(images) == 0 or batch_size < 1:
        raise ValueError("needs at least one image and a batch size of at least 1")
    return _batches(images, labels, batch_size, shuffle, np.random.default_rng(rng))


def _batches(
    images: NDArray[np.float32],
    labels: NDArray[np.integer],
    batch_size: int,
    shuffle: bool,
    rng: np.random.Generator,
) -> Iterator[tuple[Array, Array]]:
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < batch_size:
            order = rng.permutation(len(images)) if shuffle else np.arange(len(images))
            waiting = np.concatenate([waiting, order])
        now, waiting = waiting[:batch_size], waiting[batch_size:]
        yield jnp.asarray(images[now]), jnp.asarray(labels[now], jnp.int32)
