"""Grounds, water and weather: patterns on the 16-pixel grid and tables of colours."""

import numpy as np

from scene.synth.canvas import COLUMNS, HEIGHT, ROWS, THRESHOLD, TOP, WIDTH, Canvas, gradient
from scene.synth.palette import COLOUR, blend_table
from scene.synth.schemes import Scheme

_Y = ROWS + TOP + 0 * COLUMNS  # (200, 320) row numbers


def _pattern(rows: list[str]) -> np.ndarray:
    return np.array([[".-+#".index(c) for c in row] for row in rows])


_TUFTS = _pattern([
    "................", "..+.............", "..+-.+..........", ".+#-+#......+...",
    ".-#-#-......#-+.", "............-#-.", "................", "................",
    "..........+.....", "....+.....#+-...", ".+.+#....-+#-...", ".#-#-...........",
    "................", "..............+.", "-+............#-", "#-..............",
])  # fmt: skip
_RIPPLES = _pattern([
    "................", "................", "..######........", "##......##......",
    "..........######", "................", "................", "................",
    "................", "................", "####........####", "....##....##....",
    "......####......", "................", "................", "................",
])  # fmt: skip
_CRACKS = _pattern([
    "..-.............", "..-.........++..", ".--........+....", ".-..............",
    "...........--...", "..........-.....", ".........-......", "......+++.......",
    "....++..........", "............-...", "............-...", "...........--...",
    "..-........-....", "..--............", "....-....+++....", "................",
])  # fmt: skip
TEXTURES = {"grass": _TUFTS, "sand": _RIPPLES, "rock": _CRACKS}


def paint_ground(
    canvas: Canvas,
    top: np.ndarray,
    ramp: np.ndarray,
    texture: str | None,
    light: float = 0.75,
    dark: float = 0.1,
    bottom: int = HEIGHT,
) -> np.ndarray:
    """Paint ground below the skyline ``top`` (320,): light far away, dark near, with a texture.

    Returns the pixels (200, 320) bool that it covers.
    """
    where = (top[None, :] <= _Y) & (bottom > _Y)
    start = int(top.min())
    depth = np.clip((np.floor((_Y - TOP) / 4) * 4 + TOP - start) / max(HEIGHT - start - 8, 1), 0, 1)
    levels = len(ramp) - 1
    position = (light + (dark - light) * depth**0.8) * levels
    colour = gradient(position, ramp)
    if texture:
        marks = TEXTURES[texture][ROWS % 16, COLUMNS % 16]
        base = np.rint(position).astype(int)
        lighter = ramp[np.clip(base + 1, 0, levels)]
        darker = ramp[np.clip(base - 1, 0, levels)]
        strong = _Y - top[None, :] > 10
        colour = np.where((marks >= 2) & strong, lighter, colour)
        colour = np.where((marks == 1) & strong, darker, colour)
    canvas.paint(where, colour.astype(np.uint8))
    slope = np.roll(top, -4) - np.roll(top, 4)  # rows grow downwards: a lit back rises to the right
    edge = where & (top[None, :] + 1 > _Y) & (slope <= 0)[None, :]
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
    where = (top <= _Y) & (bottom > _Y)
    if reflect > 0:
        height = min(bottom - top, top)
        shift = np.array([0, 0, 2, 2, 0, 0, -2, -2])
        table = blend_table(int(ramp[1]), reflect)
        for k in range(height):
            source = canvas.pixels[top - 1 - k]
            canvas.pixels[top + k] = table[np.roll(source, shift[k % 8])]
            canvas.owner[top + k] = 0
        where &= top + height <= _Y
    depth = np.clip((np.floor((_Y - top) / 4) * 4) / max(bottom - top, 1), 0, 1)
    canvas.paint(where, gradient((0.8 - 0.75 * depth) * (len(ramp) - 2), ramp), "water")
    rows = _Y - top
    period = 16 + 16 * (np.maximum(rows, 0) // 24)
    line = (rows % 8 == 4) & ((COLUMNS + (rows // 8) * 12) % period < 6 + 4 * (rows // 24))
    faint = (rows % 8 == 0) & ((COLUMNS + (rows // 8) * 20 + 8) % period < 8)
    full = (top <= _Y) & (bottom > _Y)
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
    canvas.recolour((top == _Y) & full, blend_table(int(ramp[-1]), 0.5))


def haze(canvas: Canvas, top: int, bottom: int, colour: int, share: float) -> None:
    """Let ``colour`` rise from row ``bottom``, fading out at row ``top`` by ordered dither."""
    strength = np.clip((np.floor((_Y - top) / 4) * 4) / max(bottom - top, 1), 0, 1)
    where = (top <= _Y) & (bottom > _Y) & (strength >= np.round(THRESHOLD * 4) / 4 + 0.01)
    canvas.recolour(where, blend_table(colour, share))


def add_fog(canvas: Canvas, colours: Scheme, horizon: int, phase: int) -> None:
    """Mist: a veil that is thickest at the horizon, and long flat banks with dithered borders."""
    veil = colours.mist
    distance = np.abs(np.floor((_Y - horizon) / 4) * 4 + 2)
    canvas.recolour(distance < 40, blend_table(veil, 0.25))
    canvas.recolour((distance >= 40) & (distance < 64) & (THRESHOLD < 0.5), blend_table(veil, 0.25))
    for k, (x, offset, rx, ry) in enumerate(
        (
            (40, -40, 104, 10),
            (264, -20, 136, 12),
            (120, 4, 152, 12),
            (304, 28, 120, 10),
            (24, 40, 96, 8),
        )
    ):
        x = (x + 48 * phase + 16 * k) % 352 - 16
        y = horizon + offset
        reach = ((COLUMNS - x) / rx) ** 2 + ((np.floor((_Y - y) / 2) * 2 + 1) / ry) ** 2
        canvas.recolour((reach < 1) & (THRESHOLD < 0.5), blend_table(veil, 0.4))
        canvas.recolour(reach < 0.45, blend_table(veil, 0.35))


def add_rain(canvas: Canvas, bright: bool) -> None:
    """Slanting streaks that repeat every 32 columns and 16 rows."""
    u = (COLUMNS + ROWS % 16 // 2) % 32
    streak = ((u == 3) & (ROWS % 16 < 6)) | ((u == 14) & (ROWS % 16 >= 8) & (ROWS % 16 < 14))
    streak |= (u == 25) & (ROWS % 16 >= 3) & (ROWS % 16 < 8)
    canvas.recolour(streak & (_Y < 400), blend_table(COLOUR["n9" if bright else "n7"], 0.45))


def add_snowfall(canvas: Canvas) -> None:
    """Flakes of one and two pixels at places that repeat every 32 pixels."""
    white = COLOUR["n9"]
    for x, y, size in ((3, 5, 2), (13, 12, 1), (22, 2, 1), (27, 20, 2), (9, 25, 1), (18, 17, 1)):
        hit = ((COLUMNS - x) % 32 < size) & ((ROWS - y) % 32 < size)
        canvas.paint(hit & (_Y < 400), white)


__all__ = ["WIDTH", "add_fog", "add_rain", "add_snowfall", "haze", "paint_ground", "paint_water"]
