"""Which labels of layouts each patch was seen under, for a transformer of patches and layouts.

A patch shows one kind of thing, and training tells which: those of the models that ship were seen
under 1.02 of 33 labels on average, or 1.43 with what they only stand for. The transformer picks
patches by their looks, by which a wall at sunset is much like a slope at sunset.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

# Nats that a patch loses under a label that it was never seen under.
NEVER_SEEN = 5.0


class Sightings(nn.Module):
    """`seen` uint8 (ceil(labels / 8), K, J): a bit for every label, counted and not trained."""

    def __init__(self, branches: int, patches: int, labels: int) -> None:
        super().__init__()
        self.seen = mx.zeros((-(-labels // 8), branches, patches), dtype=mx.uint8)
        self.freeze()

    def record(self, codes: np.ndarray, exact: np.ndarray, labels: np.ndarray) -> None:
        """Begin anew with what was seen: codes int (N, P, 2) under labels int (N, P), as far as
        they are the pictures' own patches, `exact` bool (N, P).

        A patch that was never seen may stand under any label.
        """
        width, branches, patches = self.seen.shape
        seen = np.zeros((branches, patches, width, 8), dtype=np.uint8)
        own, under = codes[exact], labels[exact]  # (M, 2), (M,)
        seen[own[:, 0], own[:, 1], under // 8, under % 8] = 1
        seen[~seen.any(axis=(2, 3))] = 1
        packed = np.packbits(seen, axis=-1, bitorder="little")[..., 0]  # (K, J, W)
        self.seen = mx.array(np.ascontiguousarray(packed.transpose(2, 0, 1)))

    def lost(self, branch: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Nats that each patch of a branch loses under a label, 0 or NEVER_SEEN: int (...) and
        int (...) -> float32 (..., J)."""
        byte = np.asarray(self.seen)[label // 8, branch]  # (..., J)
        bit = (byte >> (label % 8)[..., None].astype(np.uint8)) & 1
        return np.where(bit == 0, np.float32(NEVER_SEEN), np.float32(0))
