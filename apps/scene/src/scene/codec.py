"""What every picture tokenizer can do, a `VQGAN` and a `PatchTree` alike."""

from typing import Protocol

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np


class PictureCodec(Protocol):
    """Pictures <-> codes. H and W are multiples of 16, h and w their sixteenths."""

    num_levels: int

    @property
    def codebook_sizes(self) -> tuple[int, ...]:
        """Codes of each level."""
        ...

    @property
    def colours(self) -> np.ndarray | None:
        """The palette that pictures are drawn in, uint8 (C, 3), if there is one."""
        ...

    def encode(self, x: mx.array) -> mx.array:
        """Pictures float32 (B, H, W, 3) in [-1, 1] -> codes int32 (B, h, w) or (B, h, w, L)."""
        ...

    def decode(self, indices: mx.array) -> mx.array:
        """Codes -> pictures (B, H, W, 3) in [-1, 1]."""
        ...

    def codebooks(self) -> list[mx.array]:
        """One array (codes, D) per level: near codes are near vectors."""
        ...
