"""Stamps of rock: faceted peaks, buttes, hills, boulders, cliffs. Light from the left.

Shades: 0 deep shadow, 1 shadow, 2 half light, 3 light, 4 snow in shadow, 5 snow in light.
"""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.stamps.raster import blank, facet, fixed_rng, grid, polygon, rim


def zigzag(
    rng: np.random.Generator, x: float, y: float, to_x: float, to_y: float, swing: float, steps: int
) -> list[tuple[float, float]]:
    """A crooked line between two points, kinks alternate left and right."""
    points = [(x, y)]
    for k in range(1, steps):
        t = k / steps
        kink = swing * (1 if k % 2 else -1) * (0.5 + rng.random())
        points.append((x + (to_x - x) * t + kink, y + (to_y - y) * t))
    return [*points, (to_x, to_y)]


@lru_cache(maxsize=64)
def peak(width: int, height: int, variant: int, snow: bool) -> np.ndarray:
    """A mountain of flat facets: lit left flank, dark right flank, gullies, a snow cap."""
    rng = fixed_rng(41, width, height, variant)
    stamp = blank(height, width)
    top_x = width * (0.36 + 0.28 * rng.random())
    left = zigzag(rng, 0, height, top_x, 0, width * 0.02, 6)
    right = zigzag(rng, top_x, 0, width, height, width * 0.02, 6)
    body = polygon(height, width, left + right)
    spine = zigzag(rng, top_x, 0, top_x + width * 0.06, height, width * 0.05, 7)
    dark = polygon(height, width, [*spine, (width, height), *right[::-1]])
    rows, columns = grid(height, width)
    stamp[body] = 3
    stamp[body & dark] = 1
    for k in range(1, 6):
        _gully(stamp, body & ~dark, left[6 - k], spine[k])
        _rib(stamp, body & dark, right[k], spine[k])
    if snow:
        line = height * 0.34 + np.abs((columns * 1.0 + variant * 5) % 16 - 8) * 1.6 - 6
        cap = body & (rows < line)
        stamp[cap & (stamp >= 3)] = 5
        stamp[cap & (stamp < 3)] = 4
    foot = body & (rows > height - 16)  # the base sinks into haze by dither
    stamp[foot & ((rows.astype(int) % 4 + 0.5) / 4 < (rows - height + 16) / 20) & (stamp > 0)] -= 1
    return stamp


RANGES = {  # kind -> width of a peak and where it stands, back to front
    "low": ((64, 24), (96, 88), (64, 168), (96, 232), (64, 288), (64, 136)),
    "high": ((144, 40), (96, 136), (144, 208), (96, 280), (64, 96), (64, 0)),
    "great": ((192, 56), (144, 184), (144, 288), (96, 128), (64, 240)),
}


@lru_cache(maxsize=16)
def mountain_range(kind: str, variant: int, snow: bool) -> np.ndarray:
    """A chain of peaks (112 high, 320 wide) that closes upon itself: it may be rolled sideways."""
    stamp = blank(112, 320)
    for number, (width, middle) in enumerate(RANGES[kind]):
        shape = peak(width, width * 9 // 16 // 8 * 8, (number + variant) % 2, snow)
        for left in (middle - width // 2, middle - width // 2 - 320, middle - width // 2 + 320):
            start, stop = max(0, left), min(320, left + width)
            if start < stop:
                part = shape[:, start - left : stop - left]
                area = stamp[112 - len(shape) :, start:stop]
                area[part != CLEAR] = part[part != CLEAR]
    return stamp


def _gully(
    stamp: np.ndarray, lit: np.ndarray, rim: tuple[float, float], spine: tuple[float, float]
) -> None:
    """A shadow on the lit flank, from the spine towards the rim."""
    (x, y), (sx, sy), height = rim, spine, len(stamp)
    across = sx - x
    facet(
        *(stamp, 2, lit, (sx, sy), (x + across * 0.35, y + height * 0.06)),
        *((x + across * 0.2, y + height * 0.3), (x + across * 0.65, y + height * 0.14)),
    )


def _rib(
    stamp: np.ndarray, dark: np.ndarray, rim: tuple[float, float], spine: tuple[float, float]
) -> None:
    """A ridge that catches light on the dark flank, and the deep shadow beside it."""
    (x, y), (sx, sy), height = rim, spine, len(stamp)
    across = x - sx
    facet(
        *(stamp, 2, dark, (sx + 2, sy), (sx + across * 0.7, sy + height * 0.1)),
        *((sx + across * 0.8, sy + height * 0.3), (sx + across * 0.35, sy + height * 0.16)),
    )
    facet(
        *(stamp, 0, dark, (x, y), (sx + across * 0.6, y + height * 0.02)),
        (sx + across * 0.75, y + height * 0.22),
    )


@lru_cache(maxsize=32)
def boulder(width: int, height: int, variant: int) -> np.ndarray:
    """A boulder of four facets."""
    rng = fixed_rng(47, width, height, variant)
    stamp = blank(height, width)
    w, h = width, height
    top = (w * (0.3 + 0.3 * rng.random()), 0)
    left, middle = (w * 0.06, h * 0.5), (w * 0.55, h * 0.4)
    outline = [
        *((0, h), left, (top[0] * 0.7, h * 0.1), top),
        *((w * 0.72, h * 0.12), (w * 0.95, h * 0.55), (w, h)),
    ]
    body = polygon(h, w, outline)
    stamp[body] = 2
    facet(stamp, 1, body, top, middle, (w * 0.45, h), (w, h), (w, 0))
    facet(stamp, 3, body, top, middle, (w * 0.2, h * 0.55), (0, h * 0.5), (0, 0))
    facet(stamp, 0, body, (w * 0.7, h * 0.6), (w, h * 0.5), (w, h), (w * 0.5, h))
    return rim(stamp, 4)


@lru_cache(maxsize=32)
def mound(width: int, height: int, variant: int) -> np.ndarray:
    """A rocky grass hill for a castle: lit left shoulder, stepped crags on the right."""
    rng = fixed_rng(53, width, height, variant)
    stamp = blank(height, width)
    plateau = 0.48
    left = zigzag(rng, 0, height, width * (0.5 - plateau / 2), 0, width * 0.015, 7)
    right = zigzag(rng, width * (0.5 + plateau / 2), 0, width, height, width * 0.015, 7)
    body = polygon(height, width, left + right)
    rows, columns = grid(height, width)
    across = (columns - width / 2) / (width / 2)
    value = 0.62 - across * 0.55 - rows / height * 0.25
    steps = ((rows.astype(int) // 8) % 2) * 0.08
    stamp[body] = np.clip(np.floor((value + steps) * 4 + 0.4), 0, 3).astype(np.uint8)[body]
    for k in range(6):  # crags
        x = width * (0.12 + 0.76 * (k / 5)) + (rng.random() - 0.5) * 8
        y = height * (0.35 + 0.5 * rng.random())
        crag = polygon(
            height,
            width,
            [
                (x - 16, y + 5),
                (x - 9, y - 2),
                (x - 2, y - 4),
                (x + 8, y - 3),
                (x + 17, y + 5),
                (x + 2, y + 7),
            ],
        )
        stamp[crag & body] = 5
        stamp[crag & body & (columns > x + 2)] = 4
    edge = rim(stamp, 6, 1, 1)
    lit = (columns < width * 0.55) & (edge == 6)
    stamp[lit] = 3
    return stamp


@lru_cache(maxsize=8)
def cliff(variant: int) -> np.ndarray:
    """A sea cliff (96 high, 256 wide) whose left edge drops to the water: shades 0..4."""
    rng = fixed_rng(59, variant)
    stamp = blank(96, 256)
    edge = zigzag(rng, 40, 0, 4, 96, 5, 8)
    body = polygon(96, 256, [*edge, (256, 96), (256, 0)])
    rows, columns = grid(96, 256)
    stamp[body] = 1
    lines = [
        [(x + 40 + k * 22, y) for x, y in zigzag(rng, k * 6, 0, -18 + k * 10, 96, 4, 7)]
        for k in range(9)
    ]
    for k, line in enumerate(lines[:-1]):
        facet = polygon(96, 256, line + lines[k + 1][::-1])
        stamp[facet & body] = (3, 2, 1, 2, 3, 1, 2, 1)[k]
    first = polygon(96, 256, edge + lines[0][::-1])
    stamp[first & body] = 4
    ledge = (rows.astype(int) % 24 >= 20) & (
        (columns.astype(int) // 8 + rows.astype(int) // 24) % 3 > 0
    )
    stamp[body & ledge & (stamp > 0)] -= 1
    foot = body & (rows > 76) & ((rows.astype(int) % 4 + 0.5) / 4 < (rows - 76) / 24)
    stamp[foot & (stamp > 0)] -= 1
    return stamp
