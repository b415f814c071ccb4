"""A bare gnarled tree. Shades 5 to 7 are bark, as in the other trees."""

import math
from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.stamps.raster import blank, disc, fixed_rng, stroke

SIZES = {"small": 32, "medium": 64, "large": 112}  # rows


def _branch(
    stamp: np.ndarray,
    rng: np.random.Generator,
    x: float,
    y: float,
    angle: float,
    length: float,
    radius: float,
    depth: int,
    bend: float,
) -> None:
    points = [(x, y, radius)]
    steps = 5
    for k in range(steps):
        angle += bend * (1 if k % 2 else -0.5) + (rng.random() - 0.5) * 0.6
        x += math.cos(angle) * length / steps
        y += math.sin(angle) * length / steps
        points.append((x, y, max(1.1, radius * (1 - 0.5 * (k + 1) / steps))))
    stroke(stamp, points, (5, 6, 7))
    if depth == 0:
        return
    for number in range(2 + (depth > 1)):
        start = points[2 + (number + depth) % 3] if number else points[-1]
        turn = (1 if number % 2 else -1) * (0.55 + 0.5 * rng.random())
        _branch(
            stamp,
            rng,
            start[0],
            start[1],
            angle + turn,
            length * (0.6 + 0.1 * rng.random()),
            max(1.1, start[2] * 0.8),
            depth - 1,
            -bend * 1.3,
        )


@lru_cache(maxsize=64)
def twisted(size: str, variant: int) -> np.ndarray:
    """A bare gnarled tree: an S-shaped trunk, clawed roots, crooked boughs."""
    height = SIZES[size]
    width = int(height * 0.95) // 8 * 8
    stamp = blank(height, width)
    rng = fixed_rng(23, height, variant)
    side = 1 if variant % 2 else -1
    thick = height * 0.06
    cx = width / 2 - side * width * 0.08
    trunk = [
        (cx, height - 1, thick * 1.7),
        (cx + side * height * 0.02, height * 0.88, thick * 1.1),
        (cx + side * height * 0.09, height * 0.74, thick),
        (cx + side * height * 0.03, height * 0.6, thick * 0.95),
        (cx - side * height * 0.05, height * 0.5, thick * 0.8),
    ]
    for k in range(4):
        reach = (k - 1.5) * width * 0.13
        stroke(
            stamp,
            [
                (cx, height * 0.88, thick * 0.7),
                (cx + reach * 0.6, height * 0.94, thick * 0.5),
                (cx + reach, height - 1, thick * 0.4),
            ],
            (5, 6, 7),
        )
    top = trunk[-1]
    for number, angle in enumerate(
        (-1.57 - side * 0.5, -1.57 + side * 0.75, -0.35 if side > 0 else -2.8)
    ):
        start = top if number < 2 else trunk[3]
        _branch(
            stamp,
            rng,
            start[0],
            start[1],
            angle,
            height * (0.32 - 0.04 * number),
            thick * 0.6,
            2 if size == "large" else 1,
            0.22 * (-1) ** number * side,
        )
    stroke(stamp, trunk, (5, 6, 7))
    hollow = disc(height, width, trunk[2][0], trunk[2][1], thick * 0.3, thick * 0.5)
    stamp[hollow & (stamp != CLEAR)] = 5
    return stamp
