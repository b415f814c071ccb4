"""Stamps of rock: faceted peaks, buttes, hills, boulders, cliffs. Light from the left.

Shades: 0 deep shadow, 1 shadow, 2 half light, 3 light, 4 snow in shadow, 5 snow in light.
"""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.raster import blank, dither, grid, polygon, rim


def _rng(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(list(key)))


def _zigzag(
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
    rng = _rng(41, width, height, variant)
    stamp = blank(height, width)
    top_x = width * (0.36 + 0.28 * rng.random())
    left = _zigzag(rng, 0, height, top_x, 0, width * 0.02, 6)
    right = _zigzag(rng, top_x, 0, width, height, width * 0.02, 6)
    body = polygon(height, width, left + right)
    spine = _zigzag(rng, top_x, 0, top_x + width * 0.06, height, width * 0.05, 7)
    dark = polygon(height, width, [*spine, (width, height), *right[::-1]])
    rows, columns = grid(height, width)
    stamp[body] = 3
    stamp[body & dark] = 1
    for k in range(1, 6):  # gullies on the lit side, ribs on the dark one
        x, y = left[6 - k] if k < 6 else left[1]
        sx, sy = spine[min(k, 6)]
        shadow = polygon(
            height,
            width,
            [
                (sx, sy),
                (x + (sx - x) * 0.35, y + height * 0.06),
                (x + (sx - x) * 0.2, y + height * 0.3),
                (x + (sx - x) * 0.65, y + height * 0.14),
            ],
        )
        stamp[shadow & body & ~dark] = 2
        x, y = right[k]
        light = polygon(
            height,
            width,
            [
                (sx + 2, sy),
                (sx + (x - sx) * 0.7, sy + height * 0.1),
                (sx + (x - sx) * 0.8, sy + height * 0.3),
                (sx + (x - sx) * 0.35, sy + height * 0.16),
            ],
        )
        stamp[light & body & dark] = 2
        deep = polygon(
            height,
            width,
            [
                (x, y),
                (sx + (x - sx) * 0.6, y + height * 0.02),
                (sx + (x - sx) * 0.75, y + height * 0.22),
            ],
        )
        stamp[deep & body & dark] = 0
    if snow:
        line = height * 0.34 + np.abs((columns * 1.0 + variant * 5) % 16 - 8) * 1.6 - 6
        cap = body & (rows < line)
        stamp[cap & (stamp >= 3)] = 5
        stamp[cap & (stamp < 3)] = 4
    foot = body & (rows > height - 16)  # the base sinks into haze by dither
    stamp[foot & (dither(height, width) < (rows - height + 16) / 20) & (stamp > 0)] -= 1
    return stamp


@lru_cache(maxsize=16)
def butte(width: int, height: int, variant: int) -> np.ndarray:
    """A flat-topped desert butte with strata and a scree foot."""
    rng = _rng(43, width, height, variant)
    stamp = blank(height, width)
    inset, foot = width * 0.16, height * 0.3
    body = polygon(
        height,
        width,
        [
            (0, height),
            (inset, height - foot),
            (inset + 2, 4),
            (width * 0.4, 0),
            (width * 0.8, 2),
            (width - inset - 2, 6),
            (width - inset, height - foot),
            (width, height),
        ],
    )
    rows, columns = grid(height, width)
    stamp[body] = 3
    edge = width * (0.55 + 0.1 * rng.random()) + ((rows // 4) % 3) * 2
    stamp[body & (columns > edge)] = 1
    cracks = ((columns.astype(int) % 16) == (rows.astype(int) // 8 % 3) + 5) & (
        rows < height - foot
    )
    stamp[body & cracks] -= 1
    strata = (rows.astype(int) % 16 == 10) | (rows.astype(int) % 16 == 11)
    stamp[body & strata & (stamp > 0)] -= 1
    scree = body & (rows > height - foot + (columns.astype(int) % 8 < 4))
    stamp[scree & (columns <= edge)] = 2
    stamp[body & (rows < 2 + columns * 0)] = 4
    return rim(stamp, 4, 1, 0)


@lru_cache(maxsize=32)
def boulder(width: int, height: int, variant: int) -> np.ndarray:
    """A boulder of four facets."""
    rng = _rng(47, width, height, variant)
    stamp = blank(height, width)
    peak_x = width * (0.3 + 0.3 * rng.random())
    body = polygon(
        height,
        width,
        [
            (0, height),
            (width * 0.06, height * 0.5),
            (peak_x * 0.7, height * 0.1),
            (peak_x, 0),
            (width * 0.72, height * 0.12),
            (width * 0.95, height * 0.55),
            (width, height),
        ],
    )
    stamp[body] = 2
    stamp[
        body
        & polygon(
            height,
            width,
            [
                (peak_x, 0),
                (width * 0.55, height * 0.4),
                (width * 0.45, height),
                (width, height),
                (width, 0),
            ],
        )
    ] = 1
    stamp[
        body
        & polygon(
            height,
            width,
            [
                (peak_x, 0),
                (width * 0.55, height * 0.4),
                (width * 0.2, height * 0.55),
                (0, height * 0.5),
                (0, 0),
            ],
        )
    ] = 3
    stamp[
        body
        & polygon(
            height,
            width,
            [
                (width * 0.7, height * 0.6),
                (width, height * 0.5),
                (width, height),
                (width * 0.5, height),
            ],
        )
    ] = 0
    return rim(stamp, 4)


@lru_cache(maxsize=32)
def mound(width: int, height: int, variant: int) -> np.ndarray:
    """A rocky grass hill for a castle: lit left shoulder, stepped crags on the right."""
    rng = _rng(53, width, height, variant)
    stamp = blank(height, width)
    plateau = 0.48
    left = _zigzag(rng, 0, height, width * (0.5 - plateau / 2), 0, width * 0.015, 7)
    right = _zigzag(rng, width * (0.5 + plateau / 2), 0, width, height, width * 0.015, 7)
    body = polygon(height, width, left + right)
    rows, columns = grid(height, width)
    across = (columns - width / 2) / (width / 2)
    value = 0.62 - across * 0.55 - rows / height * 0.25
    steps = ((rows.astype(int) // 8) % 2) * 0.08
    stamp[body] = np.clip(np.floor((value + steps) * 4 + dither(height, width) * 0.8), 0, 3).astype(
        np.uint8
    )[body]
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


@lru_cache(maxsize=32)
def dune(width: int, height: int, variant: int) -> np.ndarray:
    """A dune (shades 0..4): a long lit back, a crest that winds towards the viewer, a dark lee."""
    stamp = blank(height, width)
    rows, columns = grid(height, width)
    top_x = width * (0.5, 0.6, 0.42)[variant % 3]
    u = np.clip(columns / top_x, 0, 1)
    back = height * (1 - u**1.6 * (1.5 - 0.5 * u))
    v = np.clip((columns - top_x) / (width - top_x), 0, 1)
    front = height * (1 - (1 - v) ** 1.4)
    edge = np.rint(np.where(columns < top_x, back, front))
    body = rows >= edge
    crest = (
        top_x - np.sin(rows / height * 4.2 + variant) * width * 0.05 - rows / height * width * 0.1
    )
    lee = body & (columns > crest)
    down = (rows - edge) / height
    stamp[body] = np.clip(
        np.floor(3.7 - down * 1.2 + (dither(height, width) - 0.5) * 0.5), 2, 4
    ).astype(np.uint8)[body]
    stamp[lee] = np.clip(
        np.floor(0.6 + down * 1.6 + (dither(height, width) - 0.5) * 0.5), 0, 1
    ).astype(np.uint8)[lee]
    stamp[body & ~lee & (rows < edge + 1.5)] = 4
    return stamp


@lru_cache(maxsize=8)
def cliff(variant: int) -> np.ndarray:
    """A sea cliff (96 high, 256 wide) whose left edge drops to the water: shades 0..4."""
    rng = _rng(59, variant)
    stamp = blank(96, 256)
    edge = _zigzag(rng, 40, 0, 4, 96, 5, 8)
    body = polygon(96, 256, [*edge, (256, 96), (256, 0)])
    rows, columns = grid(96, 256)
    stamp[body] = 1
    lines = [
        [(x + 40 + k * 22, y) for x, y in _zigzag(rng, k * 6, 0, -18 + k * 10, 96, 4, 7)]
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
    foot = body & (rows > 76) & (dither(96, 256) < (rows - 76) / 24)
    stamp[foot & (stamp > 0)] -= 1
    return stamp


def profile(rng: np.random.Generator, base: int, swing: int, kind: str) -> np.ndarray:
    """Heights (320,) of a skyline: knots every 32 pixels on an 8-pixel grid, joined by ``kind``.

    ``kind``: "round" hills, "jagged" crags or "dune" with long backs and short lee sides.
    """
    knots = base + 8 * rng.integers(-swing // 8, swing // 8 + 1, 12)
    x = np.arange(320)
    i, t = x // 32, (x % 32) / 32
    a, b = knots[i], knots[i + 1]
    if kind == "round":
        t = (1 - np.cos(np.pi * t)) / 2
        return np.rint((a + (b - a) * t) / 2).astype(int) * 2
    if kind == "dune":
        t = t**1.7
        return np.rint(a + (b - a) * t).astype(int)
    saw = np.array([0, -3, -1, -5, -2, 1, -3, 2])[(x // 4) % 8]
    return np.rint(a + (b - a) * t).astype(int) + saw


def under(top: np.ndarray) -> np.ndarray:
    """Pixels (200, 320) bool at or below the skyline ``top`` (320,)."""
    return np.arange(200)[:, None] >= top[None, :]


__all__ = ["CLEAR", "boulder", "butte", "mound", "peak", "profile", "under"]
