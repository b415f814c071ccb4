"""Things that people made: fire, fence, signpost, boats, graves, barrels, smoke."""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.stamps.raster import blank, disc, grid, polygon, rim


@lru_cache(maxsize=8)
def flame(width: int, height: int, variant: int) -> np.ndarray:
    """Tongues of flame: shades 0 (red, outside) to 3 (white, inside)."""
    stamp = blank(height, width)
    for tone, scale in enumerate((1.0, 0.78, 0.55, 0.3)):
        for k, (x, tall) in enumerate(
            ((0.5, 1.0), (0.28, 0.72), (0.74, 0.62), (0.12, 0.4), (0.9, 0.36))
        ):
            tip = x + 0.06 * (1 if (k + variant) % 2 else -1)
            half = 0.2 * scale
            top = height * (1 - tall * scale)
            body = polygon(
                height,
                width,
                [
                    ((x - half) * width, height),
                    ((x - half * 1.1) * width, height - tall * scale * height * 0.35),
                    ((x - half * 0.4) * width, height - tall * scale * height * 0.65),
                    (tip * width, top),
                    ((x + half * 0.5) * width, height - tall * scale * height * 0.55),
                    ((x + half * 1.1) * width, height - tall * scale * height * 0.3),
                    ((x + half) * width, height),
                ],
            )
            stamp[body] = tone
    return stamp


@lru_cache(maxsize=4)
def logs() -> np.ndarray:
    """Crossed logs (8 high, 32 wide)."""
    stamp = blank(8, 32)
    stamp[polygon(8, 32, [(1, 8), (2, 4), (24, 1), (25, 4)])] = 1
    stamp[polygon(8, 32, [(31, 8), (30, 4), (8, 1), (7, 4)])] = 2
    return rim(stamp, 3, 0, 1)


@lru_cache(maxsize=4)
def fence() -> np.ndarray:
    """A strip of fence (24 high, 16 wide) that repeats: two rails and a post."""
    stamp = blank(24, 16)
    for y in (7, 15):
        stamp[y : y + 3, :] = 2
        stamp[y, :] = 3
        stamp[y + 2, :] = 1
    stamp[2:24, 5:10] = 2
    stamp[2:24, 5] = 4
    stamp[2:24, 8:10] = 1
    stamp[2, 5:10] = 4
    stamp[1, 6:9] = 3
    return stamp


@lru_cache(maxsize=4)
def signpost(variant: int) -> np.ndarray:
    """A post with pointing boards (48 high, 40 wide)."""
    stamp = blank(48, 40)
    stamp[4:48, 18:22] = 2
    stamp[4:48, 18] = 3
    stamp[4:48, 21] = 0
    boards = ((8, 1), (20, -1)) if variant % 2 else ((8, -1), (22, 1))
    for y, side in boards:
        points = [(12, y), (34, y), (39, y + 4.5), (34, y + 9), (12, y + 9)]
        if side < 0:
            points = [(40 - px, py) for px, py in points]
        board = polygon(48, 40, points)
        stamp[board] = 3
        stamp[board & ~np.roll(board, 1, 0)] = 4
        stamp[board & ~np.roll(board, -1, 0)] = 1
        stamp[y + 4, 15:26] = 1
    return stamp


@lru_cache(maxsize=4)
def boat() -> np.ndarray:
    """A rowing boat (24 high, 56 wide)."""
    stamp = blank(24, 56)
    hull = polygon(
        24, 56, [(0, 7), (8, 10), (44, 10), (56, 4), (50, 20), (42, 24), (14, 24), (6, 20)]
    )
    rows, columns = grid(24, 56)
    stamp[hull] = 2
    stamp[hull & (columns > 34)] = 1
    stamp[hull & (rows.astype(int) % 4 == 3)] = 0
    stamp[
        polygon(24, 56, [(0, 7), (8, 10), (44, 10), (56, 4), (55, 7), (45, 13), (8, 13), (1, 10)])
    ] = 4
    stamp[polygon(24, 56, [(8, 10), (44, 10), (40, 7), (12, 7)])] = 0
    stamp[6:8, 22:27] = 3
    stroke_rows = polygon(24, 56, [(28, 8), (30, 8), (52, 18), (51, 20)])
    stamp[stroke_rows & (rows < 10)] = 3
    return stamp


@lru_cache(maxsize=8)
def sail(variant: int) -> np.ndarray:
    """A ship under sail (48 high, 48 wide): shades as plaster 0..2 and wood 3..5."""
    stamp = blank(48, 48)
    columns = grid(48, 48)[1]
    hull = polygon(48, 48, [(2, 36), (46, 34), (40, 46), (36, 48), (10, 48), (6, 44)])
    stamp[hull] = 3
    stamp[38:40][hull[38:40]] = 5
    stamp[4:36, 18] = stamp[10:36, 33] = 3
    for points in (
        [(7, 34), (9, 20), (17, 8), (17, 34)],
        [(20, 33), (20, 6), (30, 16), (31, 33)],
        [(35, 33), (35, 12), (44, 24), (43, 33)],
    ):
        body = polygon(48, 48, points)
        stamp[body] = 2
        stamp[body & (columns.astype(int) % 8 > 4)] = 1
    stamp[3:6, 19:24] = 4 if variant else 1
    return stamp


@lru_cache(maxsize=8)
def gravestone(variant: int) -> np.ndarray:
    """A tombstone or a cross (32 high, 24 wide)."""
    stamp = blank(32, 24)
    if variant % 3 == 1:
        stamp[2:32, 9:14] = 2
        stamp[9:14, 3:20] = 2
    else:
        body = polygon(32, 24, [(4, 32), (4, 10), (7, 5), (12, 3), (17, 5), (20, 10), (20, 32)])
        stamp[body] = 2
        stamp[12, 8:16] = stamp[16, 8:16] = stamp[20, 8:14] = 0
    columns = grid(32, 24)[1]
    stamp[(stamp == 2) & (columns > 15)] = 1
    stamp = rim(stamp, 4, 1, 1)
    stamp[29:32, 2:22] = np.where(stamp[29:32, 2:22] == CLEAR, 0, stamp[29:32, 2:22])
    return stamp


@lru_cache(maxsize=4)
def barrel() -> np.ndarray:
    """A barrel (32 high, 24 wide): wood 0..4, hoop 5."""
    stamp = blank(32, 24)
    rows, columns = grid(32, 24)
    half = 9 + 2.6 * np.cos((rows - 16) / 16 * 1.3)
    body = np.abs(columns - 12) <= half
    across = (columns - 12) / half
    level = np.clip(np.floor(2.6 - 2.3 * across), 0, 4)
    stave = columns.astype(int) % 4 == 3
    stamp[body] = np.clip(level - stave, 0, 4).astype(np.uint8)[body]
    for y in (4, 5, 12, 20, 26, 27):
        stamp[y][body[y]] = np.where(columns[0] < 9, 6, 5)[body[y]]
    stamp[0:2][body[0:2]] = 4
    return stamp


@lru_cache(maxsize=4)
def puffs(variant: int) -> np.ndarray:
    """Chimney smoke (48 high, 24 wide)."""
    stamp = blank(48, 24)
    for x, y, r in ((6, 44, 3), (8, 36, 4), (7, 27, 5), (11, 17, 6), (15, 7, 7)):
        puff = disc(48, 24, x + variant % 2 * 2, y, r, r * 0.85)
        stamp[puff] = 1
        stamp[puff & disc(48, 24, x - 1, y - 1, r * 0.7, r * 0.6)] = 2
    return stamp
