"""One batch over several devices: each computes its part, the compiler adds what sums need.

Weights, codebooks and images are copied to every device and only the batch is split, so the
program stays that of one device: XLA's partitioner puts an all-reduce wherever a sum or a mean
runs over the batch (gradients, codebook statistics, losses).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

_AXIS = "batch"
_Tree = TypeVar("_Tree")


class DevicesError(Exception):
    """A batch cannot be split evenly over the devices."""


def batch_mesh(devices: Sequence[jax.Device], batch_size: int) -> Mesh | None:
    """The devices in a row; None for a single one, which needs no plan.

    Raises:
        DevicesError: `batch_size` is not a multiple of the number of devices.
    """
    if len(devices) == 1:
        return None
    if batch_size % len(devices):
        raise DevicesError(
            f"batch_size {batch_size} does not divide by {len(devices)} devices: choose a "
            "multiple of them"
        )
    return Mesh(np.array(devices), (_AXIS,), axis_types=(AxisType.Auto,))


def everywhere(mesh: Mesh | None) -> NamedSharding | None:
    """A full copy on each device."""
    return None if mesh is None else NamedSharding(mesh, PartitionSpec())


def split_rows(rows: Array, mesh: Mesh | None) -> Array:
    """Inside a compiled program: an array (B, ...) of which each device holds its own rows."""
    if mesh is None:
        return rows
    return jax.lax.with_sharding_constraint(rows, NamedSharding(mesh, PartitionSpec(_AXIS)))


def copy_everywhere(tree: _Tree, mesh: Mesh | None) -> _Tree:
    """The arrays of a tree, on all devices."""
    return tree if mesh is None else jax.device_put(tree, everywhere(mesh))
