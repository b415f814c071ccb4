"""The one 64-colour master palette that all procedural scenes share, and colour tables over it.

Every colour is a VGA DAC colour (6 bits a channel). Light, distance, fog, glow and reflection are
tables from colour to colour (64 -> 64), as games of the era did it, so a scene never leaves the
palette and never blends pixels.
"""

from functools import lru_cache

import numpy as np

from scene.colours import perceptual

RAMPS: dict[str, str] = {
    # n: night blues from ink to moonlit white
    "n": "04040c 0c0c20 141834 1c2850 283c6c 3c5890 5c80b0 8cb0d0 c4dcec f8f8fc",
    # b: clear day sky
    "b": "2c58b8 4488dc 6cb4f0 a4d8f8",
    # s: plum to fire to candle light
    "s": "2c1038 581848 8c2450 c03c48 e46438 f49438 fcc450 fcec90 fff8d8",
    # v: violets, lilac, rose
    "v": "201848 3c3078 5c489c 8868b8 b894d0 e0bcdc f8dce0 e88c98 f4b4a0",
    # g: warm greens
    "g": "0c1c14 143420 204c2c 386c2c 589434 88b440 c0d460",
    # t: cold greens, teal, mint
    "t": "08242c 104450 1c6870 309490 60c0b0 a8ecd4",
    # w: wood and earth
    "w": "180c0c 341c18 50301c 744828 9c683c c49058 e4bc80",
    # k: stone
    "k": "24202c 343038 484850 686870 90909c bcbcc4",
    # r: roof red; m: murk (storm and swamp)
    "r": "702420 a84430",
    "m": "2c4038 485c54 708474 a0b0a0",
}


def _dac(channel: int) -> int:
    """The nearest level that a 6-bit DAC can make, as 8 bits."""
    six = round(channel * 63 / 255)
    return (six << 2) | (six >> 4)


def _master() -> tuple[np.ndarray, dict[str, int]]:
    rows, names = [], {}
    for letter, colours in RAMPS.items():
        for step, text in enumerate(colours.split()):
            names[f"{letter}{step}"] = len(rows)
            rows.append([_dac(int(text[i : i + 2], 16)) for i in (0, 2, 4)])
    return np.array(rows, np.uint8), names


MASTER_PALETTE, COLOUR = _master()  # (64, 3) uint8; name such as "n3" -> index
MASTER_PALETTE.setflags(write=False)


def ramp(names: str) -> np.ndarray:
    """Colour indices (n,) uint8 for names such as ``"n0 n2 b1"``."""
    return np.array([COLOUR[name] for name in names.split()], np.uint8)


def nearest(rgb: np.ndarray) -> np.ndarray:
    """Index of the master colour that looks closest to each row of ``rgb`` (n, 3), uint8."""
    return _nearest_lab(perceptual(rgb))


def _nearest_lab(lab: np.ndarray) -> np.ndarray:
    delta = lab[:, None] - perceptual(MASTER_PALETTE.astype(float))[None]
    return np.argmin((delta**2).sum(-1).round(9), axis=1).astype(np.uint8)


@lru_cache(maxsize=512)
def blend_table(colour: int, share: float) -> np.ndarray:
    """(64,) uint8: every master colour moved by ``share`` towards the master colour ``colour``."""
    base = MASTER_PALETTE.astype(float)
    return nearest(base + (base[colour] - base) * share)


@lru_cache(maxsize=64)
def tint_table(colour: int, share: float) -> np.ndarray:
    """(64,) uint8: every master colour, as light as before, its hue moved towards ``colour``."""
    lab = perceptual(MASTER_PALETTE.astype(float))
    lab[:, 1:] += (lab[colour, 1:] - lab[:, 1:]) * share
    return _nearest_lab(lab)
