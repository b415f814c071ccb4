"""Strided 3x3 convolutions as one matrix product each: same parameters and outputs as `nn.Conv`.

XLA's CPU backend runs a convolution inside a loop body about four times slower than outside
(github.com/jax-ml/jax issue 12868), and a transposed one slower still; as matrix products the same
layers train about 2.6 times faster than one jitted step at a time. Parameter names, shapes and
initial values are those of the Flax layers.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jax import Array

# Which 3-tap weight joins input neighbour a (0: previous, 1: same) to output phase p (0: even,
# 1: odd) along one axis: out[2i] = w0 x[i-1] + w2 x[i], out[2i+1] = w1 x[i].
_TAPS = np.zeros((2, 2, 3), np.float32)
_TAPS[0, 0, 0] = _TAPS[1, 0, 2] = _TAPS[1, 1, 1] = 1.0


class StridedConv(nn.Module):
    """3x3 convolution, stride 2, "SAME", for even H and W: (B, H, W, C) -> (B, H/2, W/2, F)."""

    features: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        height, width, channels = x.shape[1:]
        kernel = self.param(
            "kernel", nn.initializers.lecun_normal(), (3, 3, channels, self.features)
        )
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        padded = jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
        windows = [
            padded[:, row : row + height : 2, column : column + width : 2]
            for row in range(3)
            for column in range(3)
        ]
        stacked = jnp.concatenate(windows, axis=-1)  # (B, H/2, W/2, 9C)
        return stacked @ kernel.reshape(9 * channels, self.features) + bias


class StridedConvTranspose(nn.Module):
    """3x3 transposed convolution, stride 2, "SAME": (B, H, W, C) -> (B, 2H, 2W, F)."""

    features: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        batch, height, width, channels = x.shape
        kernel = self.param(
            "kernel", nn.initializers.lecun_normal(), (3, 3, channels, self.features)
        )
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        padded = jnp.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))
        neighbours = [
            padded[:, row : row + height, column : column + width]
            for row in range(2)
            for column in range(2)
        ]
        stacked = jnp.concatenate(neighbours, axis=-1)  # (B, H, W, 4C)
        phases = jnp.einsum("apt,bqu,tucf->abcpqf", _TAPS, _TAPS, kernel)
        matrix = phases.reshape(4 * channels, 4 * self.features)
        out = (stacked @ matrix).reshape(batch, height, width, 2, 2, self.features)
        out = out.transpose(0, 1, 3, 2, 4, 5)  # (B, H, 2, W, 2, F)
        return out.reshape(batch, 2 * height, 2 * width, self.features) + bias
