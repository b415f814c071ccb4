"""Layouts: coarse pictures of flat colours that say what stands where, one label per position.

The codec makes a layout what every picture is, a grid of codes, so that the same transformer
that writes pictures can write layouts first.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np

from scene.colours import PaletteIndex
from scene.images import to_float, to_uint8

CELL = 16
MOST_LABELS = 255


class LayoutCodec:
    """`encode` and `decode` as a one-level `VQGAN` has them: code k is `palette[k]`, uint8 (C, 3),
    all over a position."""

    num_levels = 1

    def __init__(self, palette: np.ndarray) -> None:
        self.palette = palette
        self._index = PaletteIndex(palette)

    @property
    def codebook_sizes(self) -> tuple[int]:
        """The number of labels C."""
        return (len(self.palette),)

    @property
    def colours(self) -> np.ndarray:
        """The palette, uint8 (C, 3)."""
        return self.palette

    def encode(self, x: mx.array) -> mx.array:
        """Layouts (B, H, W, 3) in [-1, 1] -> labels int32 (B, H/16, W/16), by the pixel in the
        middle of each position."""
        middle = np.asarray(x)[:, CELL // 2 :: CELL, CELL // 2 :: CELL]
        return mx.array(self.name(to_uint8(middle)))

    def name(self, cells: np.ndarray) -> np.ndarray:
        """Labels int32 (...) of colours uint8 (..., 3), one a position, by the nearest."""
        return self._index.classes(cells).astype(np.int32)

    def decode(self, indices: mx.array) -> mx.array:
        """Labels int (B, h, w) -> flat layouts (B, 16h, 16w, 3) in [-1, 1]."""
        labels = np.asarray(indices)
        if labels.ndim == 4:  # with an axis of one level
            labels = labels[..., 0]
        cells = self.palette[labels]  # (B, h, w, 3)
        return mx.array(to_float(cells.repeat(CELL, axis=1).repeat(CELL, axis=2)))

    def codebooks(self) -> list[mx.array]:
        """One (C, C): labels are no nearer to each other than to any other."""
        return [mx.eye(len(self.palette))]
