"""Hard-edged shapes on small grids, from which stamps are built (each is drawn once, then kept)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from scene.synth.canvas import CLEAR


def blank(height: int, width: int) -> np.ndarray:
    """A transparent stamp (height, width) uint8."""
    return np.full((height, width), CLEAR, np.uint8)


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres: rows (height, 1) and columns (1, width)."""
    return np.arange(height)[:, None] + 0.5, np.arange(width)[None, :] + 0.5


def polygon(height: int, width: int, points: Sequence[tuple[float, float]]) -> np.ndarray:
    """Pixels (height, width) bool whose centres lie in the polygon of (x, y) ``points``."""
    rows, columns = grid(height, width)
    inside = np.zeros((height, width), bool)
    for (x0, y0), (x1, y1) in pairwise([*points, points[0]]):
        if y0 == y1:
            continue
        crosses = (rows >= min(y0, y1)) & (rows < max(y0, y1))
        inside ^= crosses & (columns > x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return inside


def facet(
    stamp: np.ndarray,
    shade: int,
    within: np.ndarray | None,
    *points: tuple[float, float],
) -> None:
    """Give a polygon of (x, y) ``points`` one shade, inside the pixels ``within``."""
    height, width = stamp.shape
    where = polygon(height, width, points)
    stamp[where if within is None else where & within] = shade


def disc(height: int, width: int, x: float, y: float, rx: float, ry: float) -> np.ndarray:
    """Pixels (height, width) bool in the ellipse around (x, y)."""
    rows, columns = grid(height, width)
    return ((columns - x) / rx) ** 2 + ((rows - y) / ry) ** 2 <= 1.0


def stroke(
    stamp: np.ndarray, points: list[tuple[float, float, float]], shades: tuple[int, int, int]
) -> None:
    """Draw a limb through (x, y, radius) ``points``: dark right, body, lit left edge."""
    height, width = stamp.shape
    dense = []
    for (x0, y0, r0), (x1, y1, r1) in pairwise(points):
        count = max(2, int(max(abs(x1 - x0), abs(y1 - y0)) * 1.2))
        for k in range(count):
            t = k / count
            dense.append((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, r0 + (r1 - r0) * t))
    for layer, (offset, scale) in enumerate(((0.0, 1.0), (-0.25, 0.72), (-0.55, 0.35))):
        for x, y, r in dense:
            if (layer == 2 and r < 2.0) or (layer == 1 and r < 1.2):
                continue
            radius = max(0.6, r * scale)
            cx, cy = x + offset * r, y + offset * r * 0.3
            x0, x1 = max(0, int(cx - radius)), min(width, int(cx + radius) + 2)
            y0, y1 = max(0, int(cy - radius)), min(height, int(cy + radius) + 2)
            if x0 < x1 and y0 < y1:
                yy, xx = np.arange(y0, y1)[:, None] + 0.5, np.arange(x0, x1)[None, :] + 0.5
                hit = (xx - cx) ** 2 + (yy - cy) ** 2 <= radius**2
                stamp[y0:y1, x0:x1][hit] = shades[layer]


def rim(stamp: np.ndarray, value: int, dx: int = 1, dy: int = 1) -> np.ndarray:
    """A copy whose pixels next to transparency on the left (dx) or above (dy) have ``value``."""
    solid = stamp != CLEAR
    padded = np.pad(solid, ((dy, 0), (dx, 0)))[: solid.shape[0], : solid.shape[1]]
    result = stamp.copy()
    result[solid & ~padded] = value
    return result


def fixed_rng(*key: int) -> np.random.Generator:
    """The generator of one stamp: a variant looks the same in every scene."""
    return np.random.Generator(np.random.PCG64(list(key)))
