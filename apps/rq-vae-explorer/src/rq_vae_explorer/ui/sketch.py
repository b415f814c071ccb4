"""A drawing or a photo of a digit, made into what the network was trained on.

MNIST's own preparation (LeCun 1998): white ink on black, fitted into 20 x 20 with its aspect kept,
then placed in 28 x 28 so that its centre of mass is the centre.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
_BOX = 20
_INK = 40  # fainter pixels are paper


def prepare_digit(gray: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """`(H, W)` bytes, dark on light or light on dark, to `(28, 28)` bytes; None if it is blank."""
    ink = gray if _border_mean(gray) < 128 else 255 - gray
    rows, columns = np.nonzero(ink > _INK)
    if not len(rows):
        return None
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = _BOX / max(cut.shape)
    height, width = (max(1, round(size * scale)) for size in cut.shape)
    small = np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.LANCZOS))
    return _centred(small)


def _border_mean(gray: NDArray[np.uint8]) -> float:
    edges = [gray[0], gray[-1], gray[:, 0], gray[:, -1]]
    return float(np.concatenate(edges).mean())


def _centred(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    weight = small.astype(np.float64)
    total = max(weight.sum(), 1.0)
    middle = [
        (weight.sum(axis=1 - axis) * np.arange(small.shape[axis])).sum() / total for axis in (0, 1)
    ]
    corner = [
        int(np.clip(round(SIDE / 2 - 0.5 - middle[axis]), 0, SIDE - small.shape[axis]))
        for axis in (0, 1)
    ]
    digit = np.zeros((SIDE, SIDE), np.uint8)
    top, left = corner
    digit[top : top + small.shape[0], left : left + small.shape[1]] = small
    return digit
