"""Stamps of the desert: dunes, buttes, pyramids. Shades from 0 (shadow) to 4 (light)."""

from functools import lru_cache

import numpy as np

from scene.synth.stamps.raster import blank, fixed_rng, grid, polygon, rim


@lru_cache(maxsize=32)
def dune(width: int, height: int, variant: int) -> np.ndarray:
    """A dune (shades 0..4): a long lit back, a crest that winds towards the viewer, a dark lee."""
    stamp = blank(height, width)
    rows, columns = grid(height, width)
    top_x = width * (0.5, 0.6, 0.42)[variant % 3]
    u = np.clip(columns / top_x, 0, 1)
    back = height * (1 - u**1.6 * (1.5 - 0.5 * u))
    v = np.clip((columns - top_x) / (width - top_x), 0, 1)
    front = height * (1 - (1 - v) ** 1.4)
    edge = np.rint(np.where(columns < top_x, back, front))
    body = rows >= edge
    crest = (
        top_x - np.sin(rows / height * 4.2 + variant) * width * 0.05 - rows / height * width * 0.1
    )
    lee = body & (columns > crest)
    down = (rows - edge) / height
    stamp[body] = np.clip(np.floor(3.7 - down * 1.2), 2, 4).astype(np.uint8)[body]
    stamp[lee] = np.clip(np.floor(0.6 + down * 1.6), 0, 1).astype(np.uint8)[lee]
    stamp[body & ~lee & (rows < edge + 1.5)] = 4
    return stamp


@lru_cache(maxsize=16)
def butte(width: int, height: int, variant: int) -> np.ndarray:
    """A flat-topped desert butte with strata and a scree foot."""
    rng = fixed_rng(43, width, height, variant)
    stamp = blank(height, width)
    inset, foot = width * 0.16, height * 0.3
    body = polygon(
        height,
        width,
        [
            (0, height),
            (inset, height - foot),
            (inset + 2, 4),
            (width * 0.4, 0),
            (width * 0.8, 2),
            (width - inset - 2, 6),
            (width - inset, height - foot),
            (width, height),
        ],
    )
    rows, columns = grid(height, width)
    stamp[body] = 3
    edge = width * (0.55 + 0.1 * rng.random()) + ((rows // 4) % 3) * 2
    stamp[body & (columns > edge)] = 1
    cracks = ((columns.astype(int) % 16) == (rows.astype(int) // 8 % 3) + 5) & (
        rows < height - foot
    )
    stamp[body & cracks] -= 1
    strata = (rows.astype(int) % 16 == 10) | (rows.astype(int) % 16 == 11)
    stamp[body & strata & (stamp > 0)] -= 1
    scree = body & (rows > height - foot + (columns.astype(int) % 8 < 4))
    stamp[scree & (columns <= edge)] = 2
    stamp[body & (rows < 2 + columns * 0)] = 4
    return rim(stamp, 4, 1, 0)


@lru_cache(maxsize=8)
def pyramid(width: int) -> np.ndarray:
    """A stepped pyramid with a lit and a dark face."""
    height = width * 9 // 16 // 8 * 8
    stamp = blank(height, width)
    body = polygon(height, width, [(0, height), (width / 2, 0), (width, height)])
    dark = polygon(height, width, [(width / 2, 0), (width * 0.62, height), (width, height)])
    rows = grid(height, width)[0].astype(int)
    stamp[body] = 3
    stamp[body & (rows % 8 == 7)] = 2
    stamp[dark] = 1
    stamp[dark & (rows % 8 == 7)] = 0
    return stamp
