"""Buildings put together from parts on an 8-pixel grid. Light from the left.

Shades of stone: 0 (deep shadow) to 4 (light); 5..8 roof (shadow to light); 9 window; 10 door;
11..13 plaster (shadow to light); 14, 15 timber.
"""

from functools import lru_cache

import numpy as np

from scene.synth.canvas import CLEAR
from scene.synth.palette import COLOUR, ramp
from scene.synth.raster import blank, disc, dither, grid, polygon
from scene.synth.schemes import Scheme

WINDOW = 9


def _rng(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(list(key)))


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


def _bricks(stamp: np.ndarray, x: int, y: int, width: int, height: int, round_: bool) -> None:
    """A stone wall: a round tower shades across, a flat wall by its side; courses every 8 rows."""
    rows, columns = grid(height, width)
    across = columns / width
    value = 0.95 - across * 0.85 if round_ else 0.66 - across * 0.16
    if round_:
        value = value - 0.25 * (across < 0.14)
    level = np.clip(np.floor(value * 4 + (dither(height, width) - 0.5) * 0.5 + 0.2), 0, 4)
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


def _cone(stamp: np.ndarray, x: int, y: int, width: int, height: int) -> None:
    """A pointed roof with eaves and rows of slates; a pennant on top."""
    body = polygon(
        *stamp.shape, [(x - 3, y + height), (x + width / 2, y), (x + width + 3, y + height)]
    )
    rows, columns = grid(*stamp.shape)
    half = np.maximum((rows - y) / height * (width / 2 + 3), 1)
    across = (columns - x - width / 2) / half
    level = np.clip(np.floor(1.9 - across * 1.9 + (dither(*stamp.shape) - 0.5) * 0.6), 0, 3)
    slate = ((rows - y).astype(int) % 4 == 3) & (level > 0)
    stamp[body] = (5 + level - slate).astype(np.uint8)[body]
    eave = body & (rows > y + height - 2)
    stamp[eave] = 5


def _flag(stamp: np.ndarray, x: int, y: int) -> None:
    stamp[max(0, y - 8) : y + 1, x] = 1
    for k, width in enumerate((6, 7, 5, 3)):
        stamp[max(0, y - 8 + k), x + 1 : x + 1 + width] = 7


def _slit(stamp: np.ndarray, x: int, y: int, tall: bool = True) -> None:
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
    _bricks(stamp, pad, top, width, height, True)
    if roof == "crown":
        _battlement(stamp, pad - 1 if width % 8 == 0 else pad, 8, width)
    else:
        _cone(stamp, pad, 8, width, cap)
        if roof == "flag":
            _flag(stamp, pad + width // 2, 8)
    for k in range(windows):
        y = top + 8 + 16 * k
        if y + 8 < top + height:
            _slit(stamp, pad + width // 2 - 2 + (4 if k % 2 and width > 16 else 0), y)
    return stamp


@lru_cache(maxsize=64)
def wall(width: int, height: int, gate: bool) -> np.ndarray:
    """A curtain wall with battlements, maybe with a gate."""
    stamp = blank(height + 8, width)
    _bricks(stamp, 0, 8, width, height, False)
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


def _paste(stamp: np.ndarray, part: np.ndarray, x: int, bottom: int) -> None:
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
    rng = _rng(71, variant)
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
        _paste(stamp, tower(width, height, roof, height // 16), x - 8, 120)
    keep = wall(48, pick(32, 40, 48), False)
    for k in range(3):
        _slit(keep, 8 + 14 * k, 16, tall=False)
    _paste(stamp, keep, 56, 120)
    _paste(stamp, wall(112, 24, True), 24, 128)
    for x, width, height in ((16, 24, pick(32, 40)), (120, 24, pick(32, 40, 48))):
        roof = ("crown", "cone", "flag", "cone")[(style + x // 60) % 4]
        _paste(stamp, tower(width, height, roof, 2), x - 8, 128)
    if style % 2:
        _paste(stamp, tower(16, 72, "cone", 3), 80, 120)
    return stamp


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
    chimney = width - 18 if variant % 3 else 10
    stamp[2 : eave - 4, chimney : chimney + 8] = 2
    stamp[2 : eave - 4, chimney : chimney + 2] = 3
    stamp[2 : eave - 4, chimney + 6 : chimney + 8] = 1
    stamp[2:4, chimney - 1 : chimney + 9] = 3
    if gable:
        points = [(0, eave + 2), (width / 2, 6), (width, eave + 2)]
        front = polygon(height, width, [(5, eave + 2), (width / 2, 11), (width - 5, eave + 2)])
    else:
        points = [(0, eave + 2), (8, 8), (width - 8, 8), (width, eave + 2)]
        front = np.zeros((height, width), bool)
    roof = polygon(height, width, points)
    shade_ = 2.4 - columns / width * 1.5 + (dither(height, width) - 0.5) * 0.4
    tiles = (
        (rows.astype(int) % 4 == 3)
        | ((columns.astype(int) + 4 * (rows.astype(int) // 4 % 2)) % 8 == 0)
    ) * 0.9
    stamp[roof] = (5 + np.clip(np.floor(shade_ - tiles), 0, 3)).astype(np.uint8)[roof]
    stamp[front] = np.where(columns + 0 * rows < width * 0.55, 12, 11)[front]
    stamp[roof & (rows > eave)] = 5
    beam_rows = (eave + 2, eave + body_height // 2 + 1, height - 2)
    for y in beam_rows:
        stamp[y : y + 2, 4 : width - 4] = 14
    for x in range(4, width - 4, 16):
        stamp[eave:height, x : x + 2] = 14
        stamp[eave:height, x] = 15
    stamp[eave:height, width - 6 : width - 4] = 14
    door = 8 + 16 * (variant % 2)
    for x in range(8, width - 10, 16):
        if x == door:
            continue
        y = height - 15 if not tall else height - 28
        stamp[y - 1 : y + 8, x - 1 : x + 9] = 14
        stamp[y : y + 7, x : x + 8] = WINDOW
        stamp[y : y + 7, x + 4] = 14
        stamp[y + 3, x : x + 8] = 14
        stamp[y : y + 3, x : x + 2] = 16
    stamp[height - 16 : height, door : door + 9] = 10
    stamp[height - 16 : height, door] = 15
    stamp[height - 8, door + 6] = WINDOW
    if gable:
        x = width // 2 - 4
        stamp[eave - 12 : eave - 4, x : x + 8] = 14
        stamp[eave - 11 : eave - 5, x + 1 : x + 7] = WINDOW
        stamp[eave - 11 : eave - 5, x + 4] = 14
    return stamp


@lru_cache(maxsize=8)
def church(variant: int) -> np.ndarray:
    """A stone church with a steeple (96 high, 64 wide)."""
    stamp = blank(96, 64)
    nave = blank(56, 48)
    _bricks(nave, 0, 24, 48, 32, False)
    rows, columns = grid(56, 48)
    roof = polygon(56, 48, [(0, 26), (10, 4), (46, 4), (48, 26)])
    tiles = rows.astype(int) % 4 == 3
    nave[roof] = (7 - tiles + 0 * columns).astype(np.uint8)[roof]
    for x in (12, 24, 36):
        _slit(nave, x, 34)
    _paste(stamp, nave, 16, 96)
    spire = blank(96, 32)
    _bricks(spire, 4, 40, 24, 56, False)
    _cone(spire, 4, 4, 24, 38)
    _slit(spire, 14, 50)
    spire[84:96, 11:20] = 10
    spire[83, 12:19] = 10
    _paste(stamp, spire, 0, 96)
    return stamp if variant % 2 else stamp[:, ::-1]


@lru_cache(maxsize=8)
def lighthouse(variant: int) -> np.ndarray:
    """A banded lighthouse (112 high, 48 wide); shade 17 is the lamp, 18..20 white to 21..23 red."""
    stamp = blank(112, 48)
    rows, columns = grid(112, 48)
    half = 9 + 6 * (rows - 32) / 80
    body = (np.abs(columns - 24) <= half) & (rows >= 32)
    across = (columns - 24) / half
    level = np.clip(np.floor(1.7 - across * 1.6 + (dither(112, 48) - 0.5) * 0.5), 0, 2).astype(
        np.uint8
    )
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


@lru_cache(maxsize=64)
def skyscraper(width: int, height: int, variant: int) -> np.ndarray:
    """A stepped tower block with rows of windows on an 8 by 8 grid and a spire or tank."""
    stamp = blank(height + 16, width)
    rng = _rng(73, width, height, variant)
    steps = ((0, height), (4, height * 3 // 4), (8, height // 2)) if width >= 32 else ((0, height),)
    style = variant % 4
    for inset, tall in reversed(steps) if style < 2 else steps[:1]:
        top = height + 16 - (height if inset == 0 and len(steps) == 1 else 0)
        top = 16 + (inset * (height // 16) if style < 2 else 0)
        x0, x1 = (steps[-1][0] - inset, width - steps[-1][0] + inset) if style < 2 else (0, width)
        stamp[top:, x0:x1] = 2
        stamp[top:, x0 : x0 + 2] = 3
        stamp[top:, x1 - (x1 - x0) // 4 : x1] = 1
        stamp[top, x0:x1] = 4
        del tall
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


@lru_cache(maxsize=32)
def column(height: int, variant: int) -> np.ndarray:
    """A fluted column, whole (variant 0) or broken off, on a base."""
    stamp = blank(height, 24)
    rows, columns = grid(height, 24)
    shaft = (columns > 5) & (columns < 19) & (rows > 6)
    level = np.clip(np.floor(4.6 - (columns - 5) / 14 * 4.4), 0, 4)
    flutes = columns.astype(int) % 4 == 1
    stamp[shaft] = (
        np.clip(level - flutes, 0, 4).astype(np.uint8)[shaft & (rows > -1)] if False else CLEAR
    )
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
    _bricks(stamp, 8, 8, 64, 72, False)
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


__all__ = ["ramp"]
