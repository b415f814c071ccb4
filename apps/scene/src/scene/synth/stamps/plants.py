"""Small plants, drawn by hand as rows of shades, and cacti."""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.stamps.raster import blank, grid, polygon


def _text(rows: list[str]) -> np.ndarray:
    """A stamp from rows of digits; a dot is transparent."""
    return np.array([[CLEAR if c == "." else int(c) for c in row] for row in rows], np.uint8)


FLOWER = _text(
    ["..1.....", ".121....", "..1..1..", "..0.121.", ".00..1..", "..0..0..", ".00.00..", "..000..."]
)


REED = _text([
    "...3....", "...3..3.", "...3..3.", "...2..3.", "...2..2.", ".1.2..2.", ".1.1..1.", ".1.1.11.",
    ".111.1..", "..11.1..", "..1111..", "..0101..", "..0101..", "..0001..", "..0000..", "..0000..",
])  # fmt: skip


FERN = _text([
    "................", ".....2..........", "....22...2......", ".2..12..22...2..",
    ".22.12.221..22..", "..221.2211.221..", "...122211.2211..", "2...1221122110..",
    "222..12112211...", ".2221112121.0...", "...221112110....", "....0111110.....",
])  # fmt: skip


MUSHROOM = _text([
    "...3333.........", ".33322222.......", "3322232222......", "2223222221......",
    ".11111111...33..", "...455....33222.", "...455...3222221", "...455....1111..",
    "...454.....45...", "..4555.....45...",
])  # fmt: skip


@lru_cache(maxsize=8)
def cactus(variant: int) -> np.ndarray:
    """A saguaro (56 high, 32 wide)."""
    stamp = blank(56, 32)
    parts = [(16, 4, 56, 4.5)]
    arms = ((6, 20, 34), (26, 14, 30)) if variant % 2 else ((26, 22, 36), (6, 12, 30))
    for x, top, joint in arms:
        parts.append((x, top, joint, 3.2))
        for cx in range(min(x, 16), max(x, 16) + 1):
            stamp[joint - 5 : joint + 1, cx] = 1
    columns = grid(56, 32)[1]
    for x, top, bottom, half in parts:
        body = polygon(
            56,
            32,
            [
                (x - half, bottom),
                (x - half, top + 3),
                (x - half * 0.5, top),
                (x + half * 0.5, top),
                (x + half, top + 3),
                (x + half, bottom),
            ],
        )
        stamp[body] = 2
        stamp[body & (columns > x + 1)] = 1
        stamp[body & (columns < x - half + 1.5)] = 4
        stamp[body & (np.abs(columns - x - 0.5) < 0.6)] = 0
    return stamp
