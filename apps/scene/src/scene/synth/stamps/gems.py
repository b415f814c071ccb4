"""Clusters of crystals."""

from functools import lru_cache

import numpy as np

from scene.synth.stamps.raster import blank, facet

_SPIKES = (  # (lean, height, thickness) of each crystal, back to front
    ((-0.42, 0.5, 0.1), (0.4, 0.55, 0.1), (-0.2, 0.8, 0.13), (0.2, 0.72, 0.12), (0, 1, 0.15)),
    (
        (0.44, 0.4, 0.1),
        (-0.36, 0.7, 0.12),
        (0.28, 0.85, 0.13),
        (-0.05, 0.95, 0.15),
        (0.1, 0.5, 0.12),
    ),
    (
        (-0.4, 0.35, 0.1),
        (0.36, 0.6, 0.12),
        (-0.22, 0.95, 0.14),
        (0.12, 0.75, 0.14),
        (-0.05, 0.42, 0.12),
    ),
)


@lru_cache(maxsize=32)
def crystals(size: int, variant: int) -> np.ndarray:
    """A cluster of crystals (size high): shades 0 (deep) to 4 (white edge)."""
    stamp = blank(size, size // 8 * 8)
    for lean, tall, thick in _SPIKES[variant % 3]:
        _spike(stamp, lean, tall, thick)
    return stamp


def _spike(stamp: np.ndarray, lean: float, tall: float, thick: float) -> None:
    """One crystal: a lit face, a dark face, a bright edge, a deep foot."""
    size, width = stamp.shape
    base, tip_x = width / 2 + lean * width * 0.35, width / 2 + lean * width * 0.95
    top, half = size * (1 - tall), thick * size
    shoulder = top + size * 0.14
    sx = base + (tip_x - base) * 0.85
    tip, left, right = (tip_x, top), (sx - half * 0.8, shoulder), (sx + half * 0.8, shoulder)
    foot_left, foot_right = (base - half * 0.7, size), (base + half * 0.7, size)
    facet(stamp, 2, None, foot_left, left, tip, right, foot_right)
    facet(stamp, 1, None, (base, size), (sx + half * 0.15, shoulder), tip, right, foot_right)
    inner = (sx - half * 0.25, shoulder + 2)
    facet(stamp, 3, None, foot_left, left, tip, inner, (base - half * 0.4, size))
    edge = (sx - half * 0.8 + 1.4, shoulder + 2)
    facet(stamp, 4, None, left, tip, (tip_x + 1.2, top + 1.5), edge)
    deep = (base + half * 0.3, size)
    facet(stamp, 0, None, deep, foot_right, right, (sx + half * 0.6, shoulder))
