"""Buildings put together from parts on an 8-pixel grid. Light from the left.

Shades of stone: 0 (deep shadow) to 4 (light); 5..8 roof (shadow to light); 9 window; 10 door;
11..13 plaster (shadow to light); 14, 15 timber.
"""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.schemes import Scheme
from scene.synth.stamps.raster import blank, fixed_rng, grid, polygon

WINDOW = 9


def building_ramp(colours: Scheme, haze: float = 0.0) -> np.ndarray:
    """Colours for all shades of a building."""

    def get(name: str) -> np.ndarray:
        return colours.hazy(name, haze) if haze else colours[name]

    return np.concatenate(
        [
            get("stone")[:5],
            get("roof")[:4],
            [colours["lamp"][1]],
            [get("wood")[0]],
            get("plaster")[1:4],
            get("wood")[:2],
            [colours["lamp"][2]],
        ]
    ).astype(np.uint8)


def bricks(stamp: np.ndarray, x: int, y: int, width: int, height: int, round_: bool) -> None:
    """A stone wall: a round tower shades across, a flat wall by its side; courses every 8 rows."""
    rows, columns = grid(height, width)
    across = columns / width
    value = 0.95 - across * 0.85 if round_ else 0.66 - across * 0.16
    if round_:
        value = value - 0.25 * (across < 0.14)
    level = np.clip(np.floor(value * 4 + 0.2), 0, 4)
    r, c = rows.astype(int), columns.astype(int)
    joint = ((r % 8 == 7) & ((c + 8 * (r // 8 % 2)) % 16 < 7)) | (
        (r % 8 >= 4) & ((c + 8 * (r // 8 % 2)) % 16 == 7)
    )
    level = np.where(joint & (level > 0), level - 1, level)
    stamp[y : y + height, x : x + width] = level.astype(np.uint8)


def _battlement(stamp: np.ndarray, x: int, y: int, width: int) -> None:
    """A crown of merlons, 8 rows high, with a dark corbel line under it."""
    for left in range(x, x + width, 8):
        stamp[y : y + 5, left : left + 5] = 3
        stamp[y : y + 5, left : left + 1] = 4
        stamp[y : y + 5, left + 4 : left + 5] = 1
    stamp[y + 5 : y + 7, x : x + width] = 3
    stamp[y + 7, x : x + width] = 0


def cone(stamp: np.ndarray, x: int, y: int, width: int, height: int) -> None:
    """A pointed roof with eaves and rows of slates; a pennant on top."""
    tall, wide = stamp.shape
    points = [(x - 3, y + height), (x + width / 2, y), (x + width + 3, y + height)]
    body = polygon(tall, wide, points)
    rows, columns = grid(*stamp.shape)
    half = np.maximum((rows - y) / height * (width / 2 + 3), 1)
    across = (columns - x - width / 2) / half
    level = np.clip(np.floor(1.9 - across * 1.9), 0, 3)
    slate = ((rows - y).astype(int) % 4 == 3) & (level > 0)
    stamp[body] = (5 + level - slate).astype(np.uint8)[body]
    eave = body & (rows > y + height - 2)
    stamp[eave] = 5


def _flag(stamp: np.ndarray, x: int, y: int) -> None:
    stamp[max(0, y - 8) : y + 1, x] = 1
    for k, width in enumerate((6, 7, 5, 3)):
        stamp[max(0, y - 8 + k), x + 1 : x + 1 + width] = 7


def slit(stamp: np.ndarray, x: int, y: int, tall: bool = True) -> None:
    """A lit window 3 wide with an arched head and a dark jamb."""
    height = 6 if tall else 4
    stamp[y - 1 : y + height, x - 1 : x + 4] = 1
    stamp[y : y + height, x : x + 3] = WINDOW
    stamp[y, x] = stamp[y, x + 2] = 1
    stamp[y + height - 2 : y + height - 1, x + 1] = 16


@lru_cache(maxsize=128)
def tower(width: int, height: int, roof: str, windows: int) -> np.ndarray:
    """A round tower; ``roof`` is "cone", "flag" (cone with pennant) or "crown"."""
    cap = 32 if roof != "crown" else 8
    if width <= 16 and roof != "crown":
        cap = 24
    pad = 8
    stamp = blank(height + cap + 8, width + 2 * pad)
    top = 8 + cap
    bricks(stamp, pad, top, width, height, True)
    if roof == "crown":
        _battlement(stamp, pad - 1 if width % 8 == 0 else pad, 8, width)
    else:
        cone(stamp, pad, 8, width, cap)
        if roof == "flag":
            _flag(stamp, pad + width // 2, 8)
    for k in range(windows):
        y = top + 8 + 16 * k
        if y + 8 < top + height:
            slit(stamp, pad + width // 2 - 2 + (4 if k % 2 and width > 16 else 0), y)
    return stamp


@lru_cache(maxsize=64)
def wall(width: int, height: int, gate: bool) -> np.ndarray:
    """A curtain wall with battlements, maybe with a gate."""
    stamp = blank(height + 8, width)
    bricks(stamp, 0, 8, width, height, False)
    _battlement(stamp, 0, 0, width)
    stamp[8:10] = 0
    if gate:
        x = width // 2
        arch = polygon(
            height + 8,
            width,
            [
                (x - 9, height + 8),
                (x - 9, height - 8),
                (x - 5, height - 13),
                (x, height - 15),
                (x + 5, height - 13),
                (x + 9, height - 8),
                (x + 9, height + 8),
            ],
        )
        stamp[arch] = 0
        inner = polygon(
            height + 8,
            width,
            [
                (x - 7, height + 8),
                (x - 7, height - 7),
                (x - 4, height - 11),
                (x, height - 13),
                (x + 4, height - 11),
                (x + 7, height - 7),
                (x + 7, height + 8),
            ],
        )
        rows, columns = grid(height + 8, width)
        stamp[inner] = 10
        bars = inner & ((columns.astype(int) % 4 == 1) | (rows.astype(int) % 4 == 1))
        stamp[bars] = 0
    return stamp


def paste(stamp: np.ndarray, part: np.ndarray, x: int, bottom: int) -> None:
    """Put ``part`` with its bottom row at ``bottom``, left edge at x."""
    y = bottom - part.shape[0]
    area = stamp[max(0, y) : bottom, x : x + part.shape[1]]
    part = part[max(0, -y) :, : area.shape[1]]
    solid = part != CLEAR
    area[solid] = part[solid]


@lru_cache(maxsize=16)
def castle(variant: int) -> np.ndarray:
    """A castle (128 high, 160 wide) of towers, keep and curtain wall; eight variants."""
    stamp = blank(128, 160)
    rng = fixed_rng(71, variant)
    roofs = ("cone", "flag", "crown")

    def pick(*values: int) -> int:
        return values[int(rng.integers(len(values)))]

    style = variant % 4
    back = [
        (56 + 8 * int(rng.integers(3)), 24, pick(56, 64, 72)),
        (40, 16, pick(40, 48)),
        (96, 16, pick(48, 56)),
    ]
    for x, width, height in back:
        roof = "flag" if width == 24 else roofs[(style + x // 8) % 3]
        paste(stamp, tower(width, height, roof, height // 16), x - 8, 120)
    keep = wall(48, pick(32, 40, 48), False)
    for k in range(3):
        slit(keep, 8 + 14 * k, 16, tall=False)
    paste(stamp, keep, 56, 120)
    paste(stamp, wall(112, 24, True), 24, 128)
    for x, width, height in ((16, 24, pick(32, 40)), (120, 24, pick(32, 40, 48))):
        roof = ("crown", "cone", "flag", "cone")[(style + x // 60) % 4]
        paste(stamp, tower(width, height, roof, 2), x - 8, 128)
    if style % 2:
        paste(stamp, tower(16, 72, "cone", 3), 80, 120)
    return stamp
