"""A lighthouse, columns and an arch. Shades as in ``masonry``."""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.palette import COLOUR
from scene.synth.schemes import Scheme
from scene.synth.stamps.masonry import WINDOW, bricks, building_ramp
from scene.synth.stamps.raster import blank, disc, grid, polygon


@lru_cache(maxsize=8)
def lighthouse(variant: int) -> np.ndarray:
    """A banded lighthouse (112 high, 48 wide); shade 17 is the lamp, 18..20 white to 21..23 red."""
    stamp = blank(112, 48)
    rows, columns = grid(112, 48)
    half = 9 + 6 * (rows - 32) / 80
    body = (np.abs(columns - 24) <= half) & (rows >= 32)
    across = (columns - 24) / half
    level = np.clip(np.floor(1.7 - across * 1.6), 0, 2).astype(np.uint8)
    band = ((rows.astype(int) - 32) // 16) % 2 == 0
    spiral = ((rows.astype(int) - 32 + columns.astype(int) // 2) // 16) % 2 == 0
    red = (spiral if variant % 3 == 2 else band) & (columns >= 0)
    stamp[body] = np.where(red, 21, 18)[body] + level[body]
    for k, y in enumerate((48, 72, 92)):
        stamp[y : y + 6, 21 + 2 * (k % 2) : 24 + 2 * (k % 2)] = 0
        stamp[y + 1 : y + 5, 22 + 2 * (k % 2)] = WINDOW
    stamp[29:33, 12:36] = 1
    stamp[29, 12:36] = 3
    stamp[24:29, 12:36:4] = 1
    stamp[24, 12:36] = 2
    stamp[15:29, 17:31] = 17
    stamp[15:29, 17] = stamp[15:29, 30] = 0
    stamp[15:29, 24] = 1
    dome = polygon(112, 48, [(14, 15), (18, 8), (24, 3), (30, 8), (34, 15)])
    stamp[dome] = np.where(columns + 0 * rows < 23, 23, 21)[dome]
    stamp[0:4, 24] = 0
    return stamp


def lighthouse_ramp(colours: Scheme) -> np.ndarray:
    """Colours for the shades of :func:`lighthouse`."""
    base = building_ramp(colours)
    plaster = colours["snow"]
    return np.concatenate([base, [COLOUR["s8"]], plaster[1:4], colours["roof"][1:4]]).astype(
        np.uint8
    )


@lru_cache(maxsize=32)
def column(height: int, variant: int) -> np.ndarray:
    """A fluted column, whole (variant 0) or broken off, on a base."""
    stamp = blank(height, 24)
    rows, columns = grid(height, 24)
    shaft = (columns > 5) & (columns < 19) & (rows > 6)
    level = np.clip(np.floor(4.6 - (columns - 5) / 14 * 4.4), 0, 4)
    flutes = columns.astype(int) % 4 == 1
    stamp[shaft] = (np.clip(level - flutes, 0, 4) + 0 * rows).astype(np.uint8)[shaft]
    if variant == 0:
        stamp[0:3, 1:23] = 3
        stamp[0, 1:23] = 4
        stamp[3:5, 3:21] = 1
        stamp[5:7, 4:20] = 2
    else:
        cut = rows < 10 + 6 * variant + ((columns.astype(int) * (3 + variant)) % 8)
        stamp[cut & (stamp != CLEAR)] = CLEAR
        lip = (stamp != CLEAR) & (np.roll(stamp, 1, 0) == CLEAR)
        stamp[lip] = 4
    drum = (rows.astype(int) % 16 == 15) & (stamp != CLEAR)
    stamp[drum] = 0
    stamp[-6:, 3:21] = 2
    stamp[-6, 3:21] = 4
    stamp[-3:, 1:23] = 1
    stamp[-3, 1:23] = 3
    return stamp


@lru_cache(maxsize=8)
def arch(variant: int) -> np.ndarray:
    """A ruined gateway (80 high, 80 wide)."""
    stamp = blank(80, 80)
    bricks(stamp, 8, 8, 64, 72, False)
    opening = disc(80, 80, 40, 44, 18, 22) | polygon(
        80, 80, [(22, 44), (58, 44), (58, 80), (22, 80)]
    )
    ring = disc(80, 80, 40, 44, 23, 27) & ~opening
    rows, columns = grid(80, 80)
    stamp[ring & (rows < 46)] = np.where((columns.astype(int) + rows.astype(int)) % 8 < 6, 3, 1)[
        ring & (rows < 46)
    ]
    stamp[opening] = CLEAR
    side = (rows.astype(int) >= 0) & (columns > 57) & (columns < 62) & (stamp != CLEAR)
    stamp[side] = 1
    steps = np.array((26, 18, 12, 8, 8, 12, 8, 8, 14, 8))[np.clip(columns.astype(int) // 8, 0, 9)]
    stamp[(rows < (steps if variant % 2 else steps[:, ::-1]))] = CLEAR
    lip = (stamp != CLEAR) & (np.roll(stamp, 1, 0) == CLEAR) & (rows < 40)
    stamp[lip] = 4
    return stamp
