"""Skies: bands with ordered dither, clouds, sun, moon, stars and lightning."""

from functools import lru_cache
from itertools import pairwise

import numpy as np

from scene.synth.canvas import CLEAR, COLUMNS, OBJECTS, ROWS, TOP, Canvas, Y, gradient
from scene.synth.palette import COLOUR, blend_table
from scene.synth.schemes import Scheme
from scene.synth.stamps.raster import blank, disc, grid


def paint_sky(canvas: Canvas, colours: Scheme, horizon: int) -> None:
    """Fill the picture down to ``horizon`` (and below) with the bands of the scheme."""
    ramp = colours["sky"]
    band = np.floor(ROWS / 4) * 4 / max(horizon - TOP, 1)  # steps of four rows
    position = np.clip(band, 0, 1.2) * (len(ramp) - 0.5) - 0.25
    flat = np.floor(position) + np.clip((position % 1 - 0.3) * 2.5, 0, 1)  # bands, short dithers
    canvas.paint(ROWS > -99 + 0 * COLUMNS, gradient(flat + 0 * COLUMNS, ramp))


LIGHTNING = OBJECTS.index("lightning") + 1


@lru_cache(maxsize=32)
def cloud(width: int, height: int, variant: int) -> np.ndarray:
    """A heap of puffs with a flat base: shades 0 (shadow) to 3 (light)."""
    rng = np.random.Generator(np.random.PCG64([61, width, height, variant]))
    stamp = blank(height, width)
    rows, columns = grid(height, width)
    count = max(4, width // 14)
    for k in sorted(range(count), key=lambda n: (n * 7) % count):
        t = (k + 0.5) / count
        radius = height * (0.28 + 0.34 * np.sin(np.pi * t) * (0.6 + 0.4 * rng.random()))
        x = radius + t * (width - 2 * radius)
        y = height - radius * 0.75 - 1
        puff = disc(height, width, x, y, radius * 1.25, radius)
        value = 0.66 - 0.3 * (columns - x) / radius - 0.62 * (rows - y) / radius
        level = np.clip(np.floor(value * 3 + 0.3), 0, 3)
        stamp[puff] = level[puff]
    stamp[-3:][stamp[-3:] != CLEAR] = 0
    return stamp


@lru_cache(maxsize=32)
def streak(width: int, variant: int) -> np.ndarray:
    """A long flat cloud of stacked bars (8 rows)."""
    stamp = blank(8, width)
    for row, (a, b, tone) in enumerate(
        (
            (0.3, 0.6, 3),
            (0.22, 0.7, 3),
            (0.1, 0.8, 2),
            (0.02, 0.95, 2),
            (0.1, 1.0, 1),
            (0.25, 0.9, 1),
            (0.4, 0.8, 0),
        )
    ):
        shift = ((variant * 3 + row) % 3 - 1) * 0.04
        stamp[row, max(0, int((a + shift) * width)) : int((b + shift) * width)] = tone
    return stamp


def add_clouds(
    canvas: Canvas,
    colours: Scheme,
    rng: np.random.Generator,
    horizon: int,
    amount: int,
    mirrored: bool,
) -> None:
    """Put ``amount`` clouds on the 16-pixel grid, smaller towards the horizon."""
    taken = np.zeros((200, 320), bool)
    for _ in range(amount):
        y = 16 * int(rng.integers(0, max(2, (horizon - 32) // 16))) + 8
        near = 1 - y / horizon
        x = 32 * int(rng.integers(-1, 10))
        if near < 0.45 or rng.random() < 0.35:
            shape = streak((64, 128)[int(rng.integers(2))], int(rng.integers(2)))
        else:
            width, height = ((64, 24), (96, 32))[int(rng.integers(2))]
            shape = cloud(width, height, int(rng.integers(2)))
        area = np.s_[y + TOP : y + TOP + len(shape), max(0, x) : x + shape.shape[1]]
        if taken[area].any():
            continue
        taken[area] = True
        canvas.stamp(
            shape[:, ::-1] if mirrored else shape, x, y + TOP, colours["cloud"], part="clouds"
        )


def glow(canvas: Canvas, x: int, y: int, radius: int, colour: int, share: float) -> None:
    """Two rings of coloured light around a lamp or a fire, each a flat step brighter."""
    distance = (COLUMNS + 0.5 - x) ** 2 + (Y + 0.5 - y) ** 2
    for reach in (1.0, 0.6):
        canvas.recolour(distance < (radius * reach) ** 2, blend_table(colour, share))


def halo(canvas: Canvas, lights: list[tuple[int, int, int]], ramp: np.ndarray) -> None:
    """Two rings around lights (x, y, radius), in which the colours of ``ramp`` go a step up it."""
    table = np.arange(64, dtype=np.uint8)
    table[ramp[:-1]] = ramp[1:]
    for reach in (1.0, 0.65):
        rings = [
            (COLUMNS + 0.5 - x) ** 2 + (Y + 0.5 - y) ** 2 < (radius * reach) ** 2
            for x, y, radius in lights
        ]
        canvas.recolour(np.logical_or.reduce(rings), table)


@lru_cache(maxsize=16)
def _orb(radius: int, kind: str) -> np.ndarray:
    size = radius * 2
    stamp = blank(size, size)
    body = disc(size, size, radius, radius, radius, radius)
    rows, columns = grid(size, size)
    stamp[body] = 2
    if kind == "full moon":
        shadow = 0.5 + ((columns - radius) + (rows - radius)) / (2.6 * radius)
        stamp[body & (shadow > 0.62 + 0.15)] = 1
        for x, y, r in ((0.65, 0.6, 0.28), (1.2, 0.9, 0.2), (0.9, 1.4, 0.24), (1.35, 0.5, 0.12)):
            stamp[body & disc(size, size, x * radius, y * radius, r * radius, r * radius)] = 1
    if kind == "crescent moon":
        stamp[disc(size, size, radius * 1.5, radius * 0.8, radius * 0.95, radius * 0.95)] = CLEAR
    if kind == "sun":
        stamp[body & ~disc(size, size, radius, radius, radius - 2, radius - 2)] = 1
    return stamp


def add_celestial(
    canvas: Canvas,
    colours: Scheme,
    rng: np.random.Generator,
    kind: str,
    time: str,
    at: tuple[int, int],
    horizon: int,
    lift: int,
) -> tuple[int, int]:
    """Draw sun, moon, stars or lightning near ``at`` (x, top y); the centre of what shines.

    ``lift``: how far above the horizon a low sun must stand to be seen.
    """
    x = at[0]
    if kind in ("full moon", "crescent moon", "stars"):
        add_stars(canvas, colours, rng, horizon, 3 if kind == "stars" else 1)
    if kind == "sun":
        low = time in ("sunset", "dawn")
        radius = (24 if rng.random() < 0.5 and at[1] < 40 else 16) if low else 12
        y = horizon - lift - 16 * int(rng.integers(2)) if low else at[1] + 16 * int(rng.integers(2))
        core = {"sunset": "s7", "dawn": "s8", "day": "s8"}[time]
        edge = {"sunset": "s6", "dawn": "s7", "day": "s7"}[time]
        halo(canvas, [(x, y, radius * 5 // 2)], colours["sky"])
        canvas.stamp(
            _orb(radius, kind),
            x - radius,
            y - radius,
            np.array([0, COLOUR[edge], COLOUR[core]], np.uint8),
            "sun_moon",
        )
        return x, y
    if kind in ("full moon", "crescent moon"):
        radius = 16 if rng.random() < 0.5 or at[1] > 40 else 20
        y = at[1] + 16 * int(rng.integers(2))
        halo(canvas, [(x, y, radius * 5 // 2)], colours["sky"])
        canvas.stamp(
            _orb(radius, kind),
            x - radius,
            y - radius,
            np.array([0, COLOUR["n7"], COLOUR["n9"]], np.uint8),
            "sun_moon",
        )
        return x, y
    return x, TOP + 32


def add_stars(
    canvas: Canvas, colours: Scheme, rng: np.random.Generator, horizon: int, amount: int
) -> None:
    """Stars of one pixel and crosses at fixed places of 32-pixel cells."""
    bright, dim = COLOUR["n9"], COLOUR["n7"]
    for row in range((horizon - 24) // 16):
        for column in range(20):
            draw = int(rng.integers(12))
            if draw >= amount * 2:
                continue
            y, x = (
                TOP + row * 16 + (4, 10, 6)[column % 3],
                column * 16 + (3, 11, 7)[(row + draw) % 3],
            )
            canvas.pixels[y, x] = dim if draw % 2 else bright
            if draw == 0:
                canvas.pixels[y - 1 : y + 2, x] = dim
                canvas.pixels[y, x - 1 : x + 2] = dim
                canvas.pixels[y, x] = bright


def add_lightning(canvas: Canvas, x: int, horizon: int, variant: int) -> None:
    """A forked bolt from the clouds to the horizon."""
    kinks = ((0, 8, -4, 10, 2, 14, 6), (0, -8, 2, -10, -2, -16, -6), (0, 6, -6, 4, -8, 2, -4))[
        variant
    ]
    y = 0
    step = max(12, horizon // 6 // 4 * 4)
    white, edge = COLOUR["n9"], COLOUR["v5"]
    for a, b in pairwise(kinks):
        for k in range(step):
            cx = x + a + (b - a) * k // step
            if y < horizon + 8:
                canvas.pixels[y, max(0, cx - 1) : cx + 3] = edge
                canvas.pixels[y, max(0, cx) : cx + 2] = white
                canvas.owner[y, max(0, cx - 1) : cx + 3] = LIGHTNING
            y += 1
    for k in range(24):
        cx, cy = x + kinks[3] + (k if variant else -k), 3 * step + k
        if cy < horizon and 0 <= cx < 319:
            canvas.pixels[cy, cx : cx + 2] = edge
