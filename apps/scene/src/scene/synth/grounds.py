"""Skylines, grounds and water: patterns on the 16-pixel grid and tables of colours."""

import numpy as np

from scene.synth.canvas import COLUMNS, HEIGHT, PARTS, ROWS, TOP, Canvas, Y, gradient
from scene.synth.palette import blend_table
from scene.synth.schemes import Scheme
from scene.synth.stamps.raster import fixed_rng


def _pattern(rows: list[str]) -> np.ndarray:
    return np.array([[".-+#".index(c) for c in row] for row in rows])


_TUFTS = _pattern([
    "................", "................", "...++...........", "..+##+..........",
    "..----..........", "................", "................", "................",
    "................", "................", "................", "..........++....",
    ".........+##+...", ".........----...", "................", "................",
])  # fmt: skip
_RIPPLES = _pattern([
    "................", "................", "..######........", "##......##......",
    "..........######", "................", "................", "................",
    "................", "................", "####........####", "....##....##....",
    "......####......", "................", "................", "................",
])  # fmt: skip


_CRACKS = _pattern([
    "................", "................", "..-----.........", "......--........",
    "................", "................", "................", "................",
    "................", "................", "..........-----.", ".........--.....",
    "................", "................", "................", "................",
])  # fmt: skip
TEXTURES = {"grass": _TUFTS, "sand": _RIPPLES, "rock": _CRACKS}


def profile(variant: int, base: int) -> np.ndarray:
    """Heights (320,) of round hills that close upon themselves: knots every 32 pixels, in 8s."""
    knots = base + 8 * fixed_rng(97, variant).integers(-1, 2, 10)
    x = np.arange(320)
    a, b = knots[x // 32], knots[(x // 32 + 1) % 10]
    share = (1 - np.cos(np.pi * (x % 32) / 32)) / 2
    return np.rint((a + (b - a) * share) / 2).astype(int) * 2


def under(top: np.ndarray) -> np.ndarray:
    """Pixels (200, 320) bool at or below the skyline ``top`` (320,)."""
    return np.arange(200)[:, None] >= top[None, :]


def paint_ground(
    canvas: Canvas,
    top: np.ndarray,
    ramp: np.ndarray,
    texture: str | None,
    light: float = 0.75,
    dark: float = 0.1,
    bottom: int = HEIGHT,
    part: str = "ground",
) -> np.ndarray:
    """Paint ground below the skyline ``top`` (320,): light far away, dark near, with a texture.

    Returns the pixels (200, 320) bool that it covers.
    """
    where = (top[None, :] <= Y) & (bottom > Y)
    start = int(top.min())
    depth = np.clip((np.floor((Y - TOP) / 4) * 4 + TOP - start) / max(HEIGHT - start - 8, 1), 0, 1)
    levels = len(ramp) - 1
    position = (light + (dark - light) * depth**0.8) * levels
    colour = gradient(position, ramp)
    if texture:
        marks = TEXTURES[texture][ROWS % 16, COLUMNS % 16]
        base = np.rint(position).astype(int)
        lighter = ramp[np.clip(base + 1, 0, levels)]
        darker = ramp[np.clip(base - 1, 0, levels)]
        strong = Y - top[None, :] > 10
        colour = np.where((marks >= 2) & strong, lighter, colour)
        colour = np.where((marks == 1) & strong, darker, colour)
    canvas.paint(where, colour.astype(np.uint8), part=part)
    slope = np.roll(top, -4) - np.roll(top, 4)  # rows grow downwards: a lit back rises to the right
    edge = where & (top[None, :] + 1 > Y) & (slope <= 0)[None, :]
    canvas.paint(edge, int(ramp[min(levels, int(np.ceil(light * levels)) + 1)]))
    return where


def paint_water(
    canvas: Canvas,
    top: int,
    colours: Scheme,
    bottom: int = HEIGHT,
    shine: tuple[int, int] | None = None,
    reflect: float = 0.0,
) -> None:
    """Water below row ``top``: bands, broken lines, a column of shine, a mirror image of above.

    - ``shine``: (column, colour) of the light that glitters.
    - ``reflect``: share of water colour in the mirror image (0 = no mirror image).
    """
    ramp = colours["water"]
    where = (top <= Y) & (bottom > Y)
    canvas.part[where] = PARTS.index("water")
    if reflect > 0:
        height = min(bottom - top, top)
        shift = np.array([0, 0, 0, 0, 2, 2, 2, 2])
        table = blend_table(int(ramp[1]), reflect)
        for k in range(height):
            source = canvas.pixels[top - 1 - k]
            canvas.pixels[top + k] = table[np.roll(source, shift[k % 8])]
            canvas.owner[top + k] = 0
        where &= top + height <= Y
    depth = np.clip((np.floor((Y - top) / 4) * 4) / max(bottom - top, 1), 0, 1)
    canvas.paint(where, gradient((0.8 - 0.75 * depth) * (len(ramp) - 2), ramp), "water")
    rows = Y - top
    period = 16 + 16 * (np.maximum(rows, 0) // 24)
    line = (rows % 8 == 4) & ((COLUMNS + (rows // 8) * 12) % period < 6 + 4 * (rows // 24))
    faint = (rows % 8 == 0) & ((COLUMNS + (rows // 8) * 20 + 8) % period < 8)
    full = (top <= Y) & (bottom > Y)
    canvas.recolour(full & faint, blend_table(int(ramp[0]), 0.5))
    canvas.recolour(full & line, blend_table(int(ramp[-1]), 0.45))
    if shine:
        x, colour = shine
        half = 6 + np.clip(rows, 0, 99) // 3 // 4 * 4
        glitter = full & (np.abs(COLUMNS - x) < half) & (rows % 4 < 2)
        glitter &= (COLUMNS + (rows // 4) * 6) % 16 < 11
        canvas.paint(glitter, colour, "water")
        edge = full & (np.abs(COLUMNS - x) < half * 1.6) & (rows % 8 == 2)
        canvas.recolour(edge & ~glitter, blend_table(colour, 0.4))
    canvas.recolour((top == Y) & full, blend_table(int(ramp[-1]), 0.5))
