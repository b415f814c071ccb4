"""Fixed palettes and how a picture is locked to one: after drawing, before the PNG is written.

palette = get_palette("c64", pixels)                  # or "16", "vga", "colours.gpl"
indices = map_to_palette(pixels, palette, "bayer")
save_png(path, indexed_image(indices, palette))
"""

from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from scene.colours import perceptual
from scene.errors import SceneError, reason
from scene.synth.palette import MASTER_PALETTE

_BAYER2 = np.array([[0, 2], [3, 1]])
BAYER4 = np.block(
    [[4 * _BAYER2, 4 * _BAYER2 + 2], [4 * _BAYER2 + 3, 4 * _BAYER2 + 1]]
)  # (4, 4) ranks 0..15

MAX_COLOURS = 256  # what an indexed PNG holds
CHUNK = 8192  # colours compared with the palette at a time


def _parse(colours: str) -> np.ndarray:
    return np.array([list(bytes.fromhex(colour)) for colour in colours.split()], np.uint8)


def _vga() -> np.ndarray:
    """The 256 colours that the VGA BIOS loads for mode 13h, as 6-bit DAC steps made 8-bit."""
    greys = (0, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 56, 63)
    dac = [[v >> 2 for v in colour] for colour in _EGA.tolist()] + [[v, v, v] for v in greys]
    # Nine rings of 24 hues: three brightnesses, each in three saturations.
    steps = {
        63: ((0, 16, 31, 47, 63), (31, 39, 47, 55, 63), (45, 49, 54, 58, 63)),
        28: ((0, 7, 14, 21, 28), (14, 17, 21, 24, 28), (20, 22, 24, 26, 28)),
        16: ((0, 4, 8, 12, 16), (8, 10, 12, 14, 16), (11, 12, 13, 15, 16)),
    }
    for rings in steps.values():
        for ramp in rings:
            dac += _hues(ramp)
    dac += [[0, 0, 0]] * (MAX_COLOURS - len(dac))
    six = np.array(dac, np.uint8)
    return (six << 2) | (six >> 4)


def _hues(ramp: tuple[int, ...]) -> list[list[int]]:
    """24 hues from blue over red, yellow, green and cyan back, between the ends of ``ramp``."""
    low, high = ramp[0], ramp[4]
    up, down = list(ramp[:4]), list(ramp[:0:-1])
    ring = [[v, low, high] for v in up] + [[high, low, v] for v in down]
    ring += [[high, v, low] for v in up] + [[v, high, low] for v in down]
    return ring + [[low, high, v] for v in up] + [[low, v, high] for v in down]


_EGA = _parse(
    "000000 0000aa 00aa00 00aaaa aa0000 aa00aa aa5500 aaaaaa "
    "555555 5555ff 55ff55 55ffff ff5555 ff55ff ffff55 ffffff"
)
PALETTES: dict[str, np.ndarray] = {
    "scene": MASTER_PALETTE,
    "vga": _vga(),
    "ega": _EGA,
    "ega64": np.array(list(product((0, 85, 170, 255), repeat=3)), np.uint8),
    "cga": _parse("000000 55ffff ff55ff ffffff"),
    "c64": _parse(
        "000000 ffffff 813338 75cec8 8e3c97 56ac4d 2e2c9b edf171 "
        "8e5029 553800 c46c71 4a4a4a 7b7b7b a9ff9f 706deb b2b2b2"
    ),
    "gameboy": _parse("0f380f 306230 8bac0f 9bbc0f"),
    "pico8": _parse(
        "000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 "
        "ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa"
    ),
}


def get_palette(choice: str, pixels: np.ndarray) -> np.ndarray:
    """The palette uint8 (P, 3), P <= 256, that ``choice`` names.

    - ``choice``: a name in ``PALETTES``, a number of colours to choose from the picture
      ("2" to "256"), or a .gpl (GIMP) or .hex (one RRGGBB a line) file.
    - ``pixels``: the picture uint8 (H, W, 3); only a number looks at it.

    Raises SceneError for anything else.
    """
    text = choice.strip().lower()
    name = text.replace("-", "").replace(" ", "")
    if name in PALETTES:
        return PALETTES[name]
    if text.isascii() and text.isdigit():
        return adaptive_palette(pixels, int(text))
    path = Path(choice)
    if path.suffix.lower() in (".gpl", ".hex"):
        return read_palette(path)
    raise SceneError(
        f"no palette {choice!r}: name one of {', '.join(PALETTES)}, "
        f"a number of colours (2 to {MAX_COLOURS}), or a .gpl or .hex file"
    )


def adaptive_palette(pixels: np.ndarray, size: int) -> np.ndarray:
    """The ``size`` colours uint8 (P, 3) that suit a picture uint8 (H, W, 3) best, in DAC steps."""
    if not 2 <= size <= MAX_COLOURS:
        raise SceneError(f"a palette has 2 to {MAX_COLOURS} colours, not {size}")
    reduced = Image.fromarray(pixels).quantize(size, method=Image.Quantize.MEDIANCUT, kmeans=2)
    colours = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:size]
    six = np.rint(colours.astype(float) * 63 / 255).astype(np.uint8)
    return np.unique((six << 2) | (six >> 4), axis=0)


def read_palette(path: Path) -> np.ndarray:
    """Colours uint8 (P, 3) of a .gpl or .hex file, in its order, repeats left out.

    Raises SceneError, naming the line, where the file is not one.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SceneError(f"no palette file {path} ({reason(error)})") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    if path.suffix.lower() == ".gpl":
        if not lines or lines[0][1] != "GIMP Palette":
            raise SceneError(f'{path}: the first line of a .gpl file must be "GIMP Palette"')
        skipped = ("#", "Name:", "Columns:")
        rows = [(n, t.split()[:3]) for n, t in lines[1:] if t and not t.startswith(skipped)]
    else:
        bare = [(n, t.removeprefix("#")) for n, t in lines if t and not t.startswith((";", "//"))]
        rows = [(n, [t[i : i + 2] for i in (0, 2, 4)] if len(t) == 6 else []) for n, t in bare]
    base = 10 if path.suffix.lower() == ".gpl" else 16
    colours = [_colour(path, number, parts, base) for number, parts in rows]
    distinct = list(dict.fromkeys(colours))
    if not 1 <= len(distinct) <= MAX_COLOURS:
        raise SceneError(f"{path}: {len(distinct)} colours; a palette has 1 to {MAX_COLOURS}")
    return np.array(distinct, np.uint8)


def _colour(path: Path, number: int, parts: list[str], base: int) -> tuple[int, ...]:
    wanted = "three numbers from 0 to 255" if base == 10 else "six hexadecimal digits"
    try:
        values = tuple(int(part, base) for part in parts)
    except ValueError:
        values = ()
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise SceneError(f"{path}, line {number}: a colour is {wanted}")
    return values


def map_to_palette(pixels: np.ndarray, palette: np.ndarray, dither: str = "none") -> np.ndarray:
    """Palette indices uint8 (H, W) for a picture uint8 (H, W, 3).

    - ``dither``: "none" takes the colour that looks closest (Oklab); "bayer" mixes palette
      colours in 4x4 patterns locked to the pixel grid.
    """
    height, width, _ = pixels.shape
    # As many distinct colours as the DAC can tell apart: enough, and fewer to compare.
    exact = pixels.reshape(-1, 3)
    packed = exact.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    values, where = np.unique(packed, return_inverse=True)
    colours = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1).astype(np.uint8)
    where = where.reshape(height, width)
    if dither == "none":
        return _nearest(colours.astype(float), palette)[where]
    if dither != "bayer":
        raise SceneError(f"no dither {dither!r}: choose none or bayer")
    mixes = _mixes(colours.astype(float), palette)
    rank = BAYER4[np.arange(height)[:, None] % 4, np.arange(width)[None, :] % 4]
    return mixes[where, rank]


def _nearest(colours: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Index (n,) uint8 of the palette colour that looks closest to each of (n, 3)."""
    targets = perceptual(palette.astype(float))
    result = np.empty(len(colours), np.uint8)
    for start in range(0, len(colours), CHUNK):
        part = perceptual(colours[start : start + CHUNK])
        distance = (targets**2).sum(-1) - 2 * part @ targets.T
        result[start : start + CHUNK] = distance.round(9).argmin(1)
    return result


def _mixes(colours: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """For each colour (n, 3) the 16 palette indices (n, 16) whose mean is like it, dark to light.

    Each pick makes up for the error of those before it (Knoll's pattern dithering).
    """
    error = np.zeros_like(colours)
    picks = np.empty((len(colours), BAYER4.size), np.uint8)
    for k in range(BAYER4.size):
        picks[:, k] = _nearest(np.clip(colours + error * 0.7, 0, 255), palette)
        error += colours - palette[picks[:, k]]
    light = perceptual(palette.astype(float))[:, 0]
    order = np.argsort(light[picks], axis=1, kind="stable")
    return np.take_along_axis(picks, order, axis=1)


def indexed_image(indices: np.ndarray, palette: np.ndarray) -> Image.Image:
    """A mode P picture from indices uint8 (H, W) and their palette uint8 (P, 3)."""
    image = Image.fromarray(np.ascontiguousarray(indices, np.uint8), mode="L")
    image = image.copy()
    image.putpalette(palette.tobytes())
    return image
