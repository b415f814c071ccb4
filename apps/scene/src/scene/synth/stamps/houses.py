"""Houses: cottages, a church, tower blocks. Shades as in ``masonry``."""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.stamps.masonry import WINDOW, bricks, cone, paste, slit
from scene.synth.stamps.raster import blank, fixed_rng, grid, polygon


@lru_cache(maxsize=32)
def cottage(width: int, variant: int, tall: bool) -> np.ndarray:
    """A half-timbered house with a steep roof, a chimney, lit windows and a door."""
    body_height = 32 if tall else 24
    roof_height = 24
    height = body_height + roof_height + 8
    stamp = blank(height, width)
    eave = height - body_height
    rows, columns = grid(height, width)
    gable = variant % 2 == 0
    inner = np.s_[eave - 2 : height, 4 : width - 4]
    level = np.where(columns + 0 * rows < width * 0.6, 13, 12) - (rows < eave + 4)
    stamp[inner] = level[inner]
    _chimney(stamp, width - 18 if variant % 3 else 10, eave)
    if gable:
        points = [(0, eave + 2), (width / 2, 6), (width, eave + 2)]
        front = polygon(height, width, [(5, eave + 2), (width / 2, 11), (width - 5, eave + 2)])
    else:
        points = [(0, eave + 2), (8, 8), (width - 8, 8), (width, eave + 2)]
        front = np.zeros((height, width), bool)
    roof = polygon(height, width, points)
    shade_ = 2.4 - columns / width * 1.5
    tiles = (
        (rows.astype(int) % 4 == 3)
        | ((columns.astype(int) + 4 * (rows.astype(int) // 4 % 2)) % 8 == 0)
    ) * 0.9
    stamp[roof] = (5 + np.clip(np.floor(shade_ - tiles), 0, 3)).astype(np.uint8)[roof]
    stamp[front] = np.where(columns + 0 * rows < width * 0.55, 12, 11)[front]
    stamp[roof & (rows > eave)] = 5
    _beams(stamp, eave)
    door = 8 + 16 * (variant % 2)
    for x in range(8, width - 10, 16):
        if x == door:
            continue
        y = height - 15 if not tall else height - 28
        _casement(stamp, x, y)
    stamp[height - 16 : height, door : door + 9] = 10
    stamp[height - 16 : height, door] = 15
    stamp[height - 8, door + 6] = WINDOW
    if gable:
        x = width // 2 - 4
        stamp[eave - 12 : eave - 4, x : x + 8] = 14
        stamp[eave - 11 : eave - 5, x + 1 : x + 7] = WINDOW
        stamp[eave - 11 : eave - 5, x + 4] = 14
    return stamp


def _chimney(stamp: np.ndarray, x: int, eave: int) -> None:
    stamp[2 : eave - 4, x : x + 8] = 2
    stamp[2 : eave - 4, x : x + 2] = 3
    stamp[2 : eave - 4, x + 6 : x + 8] = 1
    stamp[2:4, x - 1 : x + 9] = 3


def _beams(stamp: np.ndarray, eave: int) -> None:
    """Timbers of a wall below row ``eave``: sill, rail, plate and posts every 16 pixels."""
    height, width = stamp.shape
    for y in (eave + 2, eave + (height - eave) // 2 + 1, height - 2):
        stamp[y : y + 2, 4 : width - 4] = 14
    for x in range(4, width - 4, 16):
        stamp[eave:height, x : x + 2] = 14
        stamp[eave:height, x] = 15
    stamp[eave:height, width - 6 : width - 4] = 14


def _casement(stamp: np.ndarray, x: int, y: int) -> None:
    """A window of four panes, 8 by 7, in a frame."""
    stamp[y - 1 : y + 8, x - 1 : x + 9] = 14
    stamp[y : y + 7, x : x + 8] = WINDOW
    stamp[y : y + 7, x + 4] = 14
    stamp[y + 3, x : x + 8] = 14
    stamp[y : y + 3, x : x + 2] = 16


@lru_cache(maxsize=8)
def church(variant: int) -> np.ndarray:
    """A stone church with a steeple (96 high, 64 wide)."""
    stamp = blank(96, 64)
    nave = blank(56, 48)
    bricks(nave, 0, 24, 48, 32, False)
    rows, columns = grid(56, 48)
    roof = polygon(56, 48, [(0, 26), (10, 4), (46, 4), (48, 26)])
    tiles = rows.astype(int) % 4 == 3
    nave[roof] = (7 - tiles + 0 * columns).astype(np.uint8)[roof]
    for x in (12, 24, 36):
        slit(nave, x, 34)
    paste(stamp, nave, 16, 96)
    spire = blank(96, 32)
    bricks(spire, 4, 40, 24, 56, False)
    cone(spire, 4, 4, 24, 38)
    slit(spire, 14, 50)
    spire[84:96, 11:20] = 10
    spire[83, 12:19] = 10
    paste(stamp, spire, 0, 96)
    return stamp if variant % 2 else stamp[:, ::-1]


@lru_cache(maxsize=64)
def skyscraper(width: int, height: int, variant: int) -> np.ndarray:
    """A stepped tower block with rows of windows on an 8 by 8 grid and a spire or tank."""
    stamp = blank(height + 16, width)
    rng = fixed_rng(73, variant)
    style = variant % 4
    insets = (0, 4, 8) if width >= 32 and style < 2 else (0,)
    for inset in reversed(insets):
        top = 16 + inset * (height // 16)
        left = insets[-1] - inset
        right = width - left
        stamp[top:, left:right] = 2
        stamp[top:, left : left + 2] = 3
        stamp[top:, right - (right - left) // 4 : right] = 1
        stamp[top, left:right] = 4
    lit_pattern = rng.integers(0, 3, (4, 4))
    for y in range(24, height + 12, 8):
        for x in range(3, width - 4, 8):
            if (
                stamp[y, x] == CLEAR
                or stamp[y, min(width - 1, x + 3)] == CLEAR
                or stamp[y - 2, x] == CLEAR
            ):
                continue
            lit = lit_pattern[(y // 8) % 4, (x // 8) % 4] > 0
            stamp[y : y + 4, x : x + 3] = WINDOW if lit else 0
    mid = width // 2
    if style == 0:
        stamp[2:17, mid] = 1
        stamp[8:17, mid - 1 : mid + 2] = 2
    elif style == 2:
        roof = polygon(height + 16, width, [(0, 17), (mid, 2), (width, 17)])
        columns = grid(height + 16, width)[1]
        stamp[roof] = np.where(columns + 0 * grid(height + 16, width)[0] < mid, 7, 5)[roof]
    elif style == 3:
        tank = np.s_[6:14, mid - 5 : mid + 5]
        stamp[tank] = 1
        stamp[6:14, mid - 5 : mid - 2] = 3
        stamp[14:17, mid - 4] = stamp[14:17, mid + 3] = 0
    return stamp


@lru_cache(maxsize=8)
def skyline(variant: int) -> np.ndarray:
    """Tower blocks in two depths (160 high, 320 wide) that close upon themselves.

    Shades as in ``masonry``, those of the far row 32 higher.
    """
    stamp = blank(160, 320)
    rng = fixed_rng(79, variant)
    for shift, low, steps, spacing in ((32, 64, 4, 32), (0, 32, 4, 64)):
        for x in range(0, 320, spacing):
            gap = shift > 0 and 128 <= x < 224  # room for sun or moon
            tall = 24 if gap else low + 16 * int(rng.integers(steps))
            block = skyscraper(32, tall, int(rng.integers(4)))
            area = stamp[160 - len(block) :, x : x + 32]
            area[block != CLEAR] = block[block != CLEAR] + shift
    return stamp
