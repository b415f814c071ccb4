"""Patches as points: the principal components of their colours, in which near means alike."""

from dataclasses import dataclass

import numpy as np

from scene.images import to_float
from scene.patches.cutting import PIXELS

DIMENSIONS = 96
_SAMPLE = 50_000
_CHUNK = 1024  # patches whose colours stay in a processor's cache


@dataclass(frozen=True)
class Latents:
    """A linear map of patches; `palette` float32 (C, 3) in [-1, 1], `mean` float32 (768,), `axes`
    float32 (768, D) orthonormal, the widest first.

    It is kept with whatever learns from its points: the same patches on another machine give
    axes of other signs.
    """

    palette: np.ndarray
    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, patches: np.ndarray, palette: np.ndarray) -> "Latents":
        """Principal components of uint8 (N, 256) patches of palette entries; `palette` is uint8
        (C, 3). Of many patches a sample spread over all of them is looked at."""
        colours = to_float(palette)
        chosen = patches[:: max(1, len(patches) // _SAMPLE)]
        points = colours[chosen].reshape(-1, 3 * PIXELS)  # (N, 768)
        mean = points.mean(axis=0)
        points = points - mean
        _, axes = np.linalg.eigh(points.T @ points)
        widest = axes[:, ::-1][:, :DIMENSIONS]
        return cls(colours, mean, np.ascontiguousarray(widest, dtype=np.float32))

    def __call__(self, patches: np.ndarray) -> np.ndarray:
        """uint8 (N, 256) -> float32 (N, D)."""
        points = np.empty((len(patches), self.axes.shape[1]), dtype=np.float32)
        for start in range(0, len(patches), _CHUNK):
            part = slice(start, start + _CHUNK)
            colours = np.take(self.palette, patches[part], axis=0).reshape(-1, 3 * PIXELS)
            np.matmul(colours, self.axes, out=points[part])
        return points - self.mean @ self.axes
