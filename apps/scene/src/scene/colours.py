"""The colours of a picture collection, and pixels as classes over them.

Feeds the palette head: `collect_palette` finds the colours, `PaletteIndex` turns pixels into
class numbers by a table over the 6-bit colour cube of the VGA DAC.
"""

import numpy as np
from PIL import Image

DAC_BITS = 6
SAMPLE = 2_000_000  # pixels looked at to find the colours of a large collection


def collect_palette(pixels: np.ndarray, size: int, seed: int = 0) -> np.ndarray:
    """At most `size` colours for uint8 (N, H, W, 3) pictures -> uint8 (C, 3), most frequent first.

    Collections that have no more colours than that keep them exactly; others get a median cut
    refined by k-means.
    """
    flat = pixels.reshape(-1, 3)
    if len(flat) > SAMPLE:
        flat = flat[np.random.default_rng(seed).integers(0, len(flat), SAMPLE)]
    packed = flat.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    values, counts = np.unique(packed, return_counts=True)
    if len(values) <= size:
        values = values[np.argsort(-counts, kind="stable")]
        return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1).astype(np.uint8)
    strip = Image.fromarray(flat[None, : len(flat)])
    reduced = strip.quantize(size, method=Image.Quantize.MEDIANCUT, kmeans=2)
    colours = np.asarray(reduced.getpalette(), dtype=np.uint8).reshape(-1, 3)[:size]
    return np.unique(colours, axis=0)


def perceptual(rgb: np.ndarray) -> np.ndarray:
    """Oklab coordinates (n, 3) of sRGB colours (n, 3) in 0..255 (Ottosson 2020)."""
    c = rgb / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    lms = linear @ np.array(
        [[0.4122, 0.2119, 0.0883], [0.5363, 0.6807, 0.2817], [0.0514, 0.1074, 0.6300]]
    )
    return np.cbrt(lms) @ np.array(
        [[0.2105, 1.9780, 0.0259], [0.7936, -2.4286, 0.7828], [-0.0041, 0.4506, -0.8087]]
    )


class PaletteIndex:
    """Nearest palette entry of every pixel, exact for pixels that have a palette colour."""

    def __init__(self, palette: np.ndarray) -> None:
        """`palette` is uint8 (C, 3) with C <= 256."""
        self.palette = palette
        levels = (np.arange(64) * 255 / 63).astype(np.float32)
        centres = palette.astype(np.float32)
        table = np.empty((64, 64, 64), dtype=np.uint8)
        for red in range(64):
            cell = np.stack(
                np.broadcast_arrays(levels[red], levels[:, None], levels[None, :]), axis=-1
            )
            distance = np.square(centres).sum(-1) - 2 * (cell @ centres.T)
            table[red] = distance.argmin(-1)
        r, g, b = (palette >> (8 - DAC_BITS)).T
        table[r, g, b] = np.arange(len(palette))
        self.table = table

    def classes(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (..., 3) -> uint8 (...) palette entry."""
        r, g, b = np.moveaxis(pixels >> (8 - DAC_BITS), -1, 0)
        return self.table[r, g, b]
