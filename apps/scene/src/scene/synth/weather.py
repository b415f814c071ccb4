"""Haze, fog, rain and snow over what is drawn: tables of colours in repeating patterns."""

import numpy as np

from scene.synth.canvas import COLUMNS, ROWS, THRESHOLD, Canvas, Y
from scene.synth.palette import COLOUR, blend_table
from scene.synth.schemes import Scheme


def haze(canvas: Canvas, top: int, bottom: int, colour: int, share: float) -> None:
    """Let ``colour`` rise from row ``bottom``, fading out at row ``top`` by ordered dither."""
    strength = np.clip((np.floor((Y - top) / 4) * 4) / max(bottom - top, 1), 0, 1)
    where = (top <= Y) & (bottom > Y) & (strength >= np.round(THRESHOLD * 4) / 4 + 0.01)
    canvas.recolour(where, blend_table(colour, share))


def add_fog(canvas: Canvas, colours: Scheme, horizon: int, phase: int) -> None:
    """Mist: a veil that is thickest at the horizon, and long flat banks with dithered borders."""
    veil = colours.mist
    distance = np.abs(np.floor((Y - horizon) / 4) * 4 + 2)
    canvas.recolour(distance < 40, blend_table(veil, 0.25))
    canvas.recolour((distance >= 40) & (distance < 64), blend_table(veil, 0.12))
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
        reach = ((COLUMNS - x) / rx) ** 2 + ((np.floor((Y - y) / 2) * 2 + 1) / ry) ** 2
        canvas.recolour(reach < 1, blend_table(veil, 0.25))
        canvas.recolour(reach < 0.45, blend_table(veil, 0.35))


def add_rain(canvas: Canvas, bright: bool) -> None:
    """Slanting streaks that repeat in every token's square of 16 pixels."""
    row = ROWS % 16
    u = (COLUMNS + row // 2) % 16
    streak = ((u == 3) & (row < 6)) | ((u == 12) & (row >= 8) & (row < 14))
    canvas.recolour(streak & (Y < 400), blend_table(COLOUR["n9" if bright else "n7"], 0.45))


def add_snowfall(canvas: Canvas) -> None:
    """Flakes of one and two pixels that repeat every 16 columns and, staggered, every 16 rows."""
    white = COLOUR["n9"]
    columns = COLUMNS + 8 * (ROWS // 16 % 2)
    for x, y, size in ((3, 4, 2), (9, 11, 1)):
        hit = ((columns - x) % 16 < size) & ((ROWS - y) % 16 < size)
        canvas.paint(hit & (Y < 400), white)
