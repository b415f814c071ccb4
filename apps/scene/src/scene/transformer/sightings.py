"""Which labels of layouts each patch was seen under, for a transformer of patches and layouts.

A patch shows one or two kinds of thing, and training tells which: those of the models that ship
were seen under 1.2 of 33 labels on average. The transformer picks patches by their looks, by which
a wall at sunset is much like a slope at sunset.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

# Nats that a patch loses under a label that it was never seen under.
NEVER_SEEN = 6.0


class Sightings(nn.Module):
    """`seen` uint8 (K, J, ceil(labels / 8)): a bit for every label, counted and not trained."""

    def __init__(self, branches: int, patches: int, labels: int) -> None:
        super().__init__()
        self.seen = mx.zeros((branches, patches, -(-labels // 8)), dtype=mx.uint8)
        self.freeze()

    def record(self, codes: np.ndarray, labels: np.ndarray) -> None:
        """Begin anew with what was seen: codes int (N, P, 2) under labels int (N, P)."""
        branches, patches, width = self.seen.shape
        numbers = codes[..., 0].astype(np.int64) * patches + codes[..., 1]
        places = np.unique(numbers * (8 * width) + labels)
        bits = np.zeros(branches * patches * 8 * width, dtype=np.uint8)
        bits[places] = 1
        packed = np.packbits(bits.reshape(branches, patches, width, 8), axis=-1, bitorder="little")
        self.seen = mx.array(packed[..., 0])

    def __call__(self, branch: mx.array, label: mx.array) -> mx.array:
        """What is added to the logits of a branch's patches: int (B,), int (B,) -> (B, J).

        A patch that was never seen under any label loses nothing.
        """
        rows = self.seen[branch]  # (B, J, W)
        place = mx.broadcast_to((label // 8)[:, None, None], (*rows.shape[:2], 1))
        byte = mx.take_along_axis(rows, place, axis=-1)[..., 0]  # (B, J)
        bit = (byte >> (label % 8)[:, None].astype(mx.uint8)) & 1
        return mx.where((bit == 0) & rows.any(axis=-1), -NEVER_SEEN, 0.0)
