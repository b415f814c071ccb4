"""Tree stamps: pines, oaks, palms and twisted trees in three sizes, light from the left.

Shades run from 0 (shadow) to 4 (light); trunks of leafy trees use shades 5 to 7 (bark).
"""

import math
from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.stamps.raster import blank, disc, fixed_rng, grid, polygon, stroke
from scene.synth.stamps.twisted import SIZES, twisted


@lru_cache(maxsize=64)
def pine(size: str, variant: int) -> np.ndarray:
    """A pine of stacked boughs."""
    height = SIZES[size]
    width = int(height * (0.5, 0.42, 0.56)[variant % 3]) // 8 * 8
    stamp = blank(height, width)
    centre = width / 2
    tiers = max(4, height // 12) + variant % 2
    trunk = max(1, height // 28)
    stamp[height - height // 6 :, int(centre - trunk) : int(centre + trunk)] = 5
    stamp[height - height // 6 :, int(centre - trunk) : int(centre - trunk) + 1] = 6
    crown = height * 0.92
    for tier in reversed(range(tiers)):
        top = crown * (tier / tiers) * 0.97
        bottom = min(crown * ((tier + 1) / tiers) + crown / tiers * 0.55, crown)
        half = (width / 2 - 0.5) * ((tier + 1.1) / (tiers + 0.1)) ** 0.9
        lean = ((tier * 5 + variant * 3) % 3 - 1) * half * 0.08
        points = [(centre, top)]
        teeth = max(2, int(half // 3))
        for k in range(teeth * 2 + 1):  # ragged hem, drooping at the ends
            t = 1 - 2 * k / (teeth * 2)
            droop = bottom - (1 - abs(t)) * (bottom - top) * 0.12
            points.append((centre + lean + half * t, droop - (k % 2) * max(2.0, half * 0.16)))
        body = polygon(height, width, points)
        rows, columns = grid(height, width)
        across = (columns - centre - lean) / max(half, 1)
        down = (rows - top) / (bottom - top)
        value = 0.62 - across * 0.55 - down * 0.42
        stamp[body] = np.clip(np.floor(value * 4 + 0.45), 0, 3).astype(np.uint8)[body]
        hem = body & ~np.roll(body, -1, 0)
        stamp[hem] = 0
        edge = body & ~np.roll(body, 1, 1) & (columns < centre)
        stamp[edge] = 4
    return stamp


def _clump(stamp: np.ndarray, x: float, y: float, radius: float, turn: float) -> None:
    """One leafy ball with a scalloped edge, lit from the upper left."""
    height, width = stamp.shape
    rows, columns = grid(height, width)
    dx, dy = columns - x, (rows - y) * 1.15
    angle = np.arctan2(dy, dx)
    edge = radius * (1 + 0.13 * np.sin(angle * 7 + turn))
    far = np.sqrt(dx**2 + dy**2)
    inside = far <= edge
    value = 0.46 - 0.34 * dx / radius - 0.46 * dy / radius
    leaf = ((rows // 2 + columns // 4) % 2) * 0.16 - 0.08  # clusters of leaves, not noise
    levels = np.clip(np.floor((value + leaf) * 4.2 + 0.4), 0, 4).astype(np.uint8)
    stamp[inside] = levels[inside]


@lru_cache(maxsize=64)
def oak(size: str, variant: int) -> np.ndarray:
    """A broad tree of leafy clumps on a forked trunk."""
    height = SIZES[size]
    width = int(height * (0.95, 0.8, 1.1)[variant % 3]) // 8 * 8
    stamp = blank(height, width)
    rng = fixed_rng(11, height, variant)
    centre, base = width / 2, height - 0.5
    thick = height * 0.055
    fork = height * 0.62
    stroke(
        stamp,
        [
            (centre, base, thick * 1.5),
            (centre, base - height * 0.1, thick),
            (centre + thick * 0.4, fork, thick * 0.8),
        ],
        (5, 6, 7),
    )
    for side in (-1, 1):
        stroke(
            stamp,
            [
                (centre, fork, thick * 0.7),
                (centre + side * width * 0.24, height * 0.36, thick * 0.3),
            ],
            (5, 6, 7),
        )
    clumps = []
    for k in range(11):
        angle = 2 * math.pi * k / 11 + variant
        clumps.append(
            (
                centre + math.cos(angle) * width * 0.31,
                height * 0.36 + math.sin(angle) * height * 0.21,
                height * (0.13 + 0.05 * rng.random()),
            )
        )
    clumps += [
        (centre - width * 0.08, height * 0.3, height * 0.2),
        (centre + width * 0.1, height * 0.42, height * 0.16),
        (centre - width * 0.12, height * 0.46, height * 0.13),
    ]
    for x, y, radius in sorted(clumps, key=lambda c: -c[1] - 0.1 * c[2]):
        _clump(stamp, x, y, radius, x * 1.7)
    return stamp


@lru_cache(maxsize=64)
def palm(size: str, variant: int) -> np.ndarray:
    """A palm with a ringed, bowed trunk."""
    height = SIZES[size]
    width = int(height * 0.8) // 8 * 8
    stamp = blank(height, width)
    lean = (0.16, -0.12, 0.05)[variant % 3] * height
    head_x, head_y = width / 2 + lean * 0.5, height * 0.3
    thick = max(1.2, height * 0.03)
    trunk = []
    for k in range(9):
        t = k / 8
        trunk.append(
            (
                width / 2 - lean * 0.6 + lean * 1.1 * t**1.6,
                height - 1 - (height - 1 - head_y) * t,
                thick * (1.5 - 0.6 * t),
            )
        )
    stroke(stamp, trunk, (5, 6, 7))
    rows, _ = grid(height, width)
    rings = ((rows.astype(int) % 4) == 3) & (stamp != CLEAR)
    stamp[rings] = 5
    fronds = (-2.9, -2.35, -1.9, -1.3, -0.75, -0.2, 0.3, 2.75)
    for number, angle in enumerate(fronds):
        length = height * (0.36 + 0.04 * (number % 3))
        points = []
        for k in range(8):
            t = k / 7
            x = head_x + math.cos(angle) * length * t
            y = head_y + math.sin(angle) * length * t * 0.7 + length * 0.62 * t * t
            points.append((x, y, max(0.7, height * 0.035 * (1 - 0.75 * t))))
        tone = 3 if math.cos(angle) < -0.2 else 1
        stroke(stamp, points, (tone - 1, tone, tone + 1))
        for x, y, _ in points[2:]:  # hanging leaflets
            for step in range(max(2, height // 22)):
                px, py = int(x) + (step % 2), int(y) + step + 1
                if 0 <= px < width and 0 <= py < height and stamp[py, px] == CLEAR:
                    stamp[py, px] = tone - 1
    return stamp


KINDS = {"pines": pine, "oaks": oak, "palms": palm, "twisted trees": twisted}


@lru_cache(maxsize=256)
def tree(kind: str, size: str, variant: int, mirrored: bool) -> np.ndarray:
    """A tree of ``ATTRIBUTES["trees"]``; mirrored where light comes from the right."""
    stamp = KINDS[kind](size, variant)
    return np.ascontiguousarray(stamp[:, ::-1]) if mirrored else stamp


@lru_cache(maxsize=32)
def crown(kind: str, variant: int) -> np.ndarray:
    """A distant tree of a wood's edge (24 high, 24 wide), shades 0 to 2, dense at the foot."""
    stamp = blank(24, 24)
    columns = grid(24, 24)[1]
    if kind == "pines":
        for x, top in ((6, 6), (18, 9), (12, 1)) if variant % 2 else ((18, 5), (7, 10), (13, 2)):
            points = [
                (x, top),
                (x + 3, top + 7),
                (x + 2, top + 7),
                (x + 6, top + 14),
                (x + 4, top + 14),
                (x + 8, 24),
                (x - 8, 24),
                (x - 4, top + 14),
                (x - 6, top + 14),
                (x - 2, top + 7),
                (x - 3, top + 7),
            ]
            body = polygon(24, 24, points)
            stamp[body] = np.where(columns + 0 * stamp < x - 0.5, 2, 1)[body]
    else:
        for x, y, r in (
            (5, 15, 5),
            (18, 14, 6),
            (11 + variant % 3, 8 + variant % 2, 7),
            (13, 19, 8),
            (4, 20, 5),
        ):
            body = disc(24, 24, x, y, r, r * 0.9)
            stamp[body] = 1
            stamp[body & disc(24, 24, x - 2, y - 2, r * 0.8, r * 0.7)] = 2
        stamp[20:, 2:22] = 1
    low = (np.arange(24)[:, None] > 17) & (stamp != CLEAR)
    stamp[low & (stamp == 2)] = 1
    stamp[low & (np.arange(24)[:, None] > 20)] = 0
    return stamp
