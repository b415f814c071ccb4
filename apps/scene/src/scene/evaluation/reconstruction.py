"""How well pictures survive the codes: right colours, objects, edges, codebook health.

PSNR is reported, but it proves little on pixel art: a blurred picture scores well. The figures
to read are the share of pixels with exactly the right palette colour, overall and on objects.
"""

from collections.abc import Mapping, Sequence

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np

from scene.codec import PictureCodec
from scene.colours import PaletteIndex
from scene.images import to_float, to_uint8
from scene.vqgan.losses import edge_mask
from vq_common.health import codebook_health, usage_counts

BATCH = 8


def reconstruct(codec: PictureCodec, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (N, H, W, 3) -> the same through the codes, and the codes int (N, h, w, L)."""
    drawn, codes = [], []
    for start in range(0, len(pixels), BATCH):
        indices = codec.encode(mx.array(to_float(pixels[start : start + BATCH])))
        drawn.append(to_uint8(np.asarray(codec.decode(indices))))
        codes.append(np.asarray(indices).reshape(*indices.shape[:3], codec.num_levels))
    return np.concatenate(drawn), np.concatenate(codes)


def grow(mask: np.ndarray) -> np.ndarray:
    """Each True spreads to its 8 neighbours: bool (B, H, W) -> bool (B, H, W)."""
    _, height, width = mask.shape
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    grown = np.zeros_like(mask)
    for row in range(3):
        for column in range(3):
            grown |= padded[:, row : row + height, column : column + width]
    return grown


def edge_f1(truth: np.ndarray, drawn: np.ndarray) -> float:
    """F1 of the edges of two class maps int (B, H, W), with a tolerance of one pixel."""
    real, found = edge_mask(truth), edge_mask(drawn)
    precision = (found & grow(real)).sum() / max(1, found.sum())
    recall = (real & grow(found)).sum() / max(1, real.sum())
    return float(2 * precision * recall / max(1e-12, precision + recall))


def psnr(truth: np.ndarray, drawn: np.ndarray) -> float:
    """Peak signal-to-noise ratio of uint8 pictures, dB."""
    squared = np.square(truth.astype(np.float64) - drawn).mean()
    return float(10 * np.log10(255**2 / max(squared, 1e-12)))


def reconstruction_figures(
    truth: np.ndarray,
    drawn: np.ndarray,
    palette: np.ndarray,
    masks: Mapping[str, np.ndarray] | None = None,
) -> dict[str, object]:
    """Figures for pictures uint8 (N, H, W, 3) and their reconstructions.

    Colours are compared after snapping both to `palette` uint8 (C, 3). `masks` maps a kind of
    object to bool (N, H, W); "objects" pools all of them except water, which is a surface.
    """
    index = PaletteIndex(palette)
    real, seen = index.classes(truth), index.classes(drawn)
    right = real == seen
    figures: dict[str, object] = {
        "pictures": len(truth),
        "psnr_db": psnr(truth, drawn),
        "right_colour": float(right.mean()),
        "right_colour_on_edges": float(right[edge_mask(real)].mean()),
        "edge_f1": edge_f1(real, seen),
    }
    if masks:
        pooled = np.zeros(right.shape, dtype=bool)
        kinds = {}
        for name, mask in masks.items():
            if name != "water":
                pooled |= mask
            if mask.any():
                kinds[name] = float(right[mask].mean())
        figures["right_colour_on_objects"] = float(right[pooled].mean()) if pooled.any() else None
        figures["right_colour_by_object"] = kinds
    return figures


def code_figures(codes: np.ndarray, codebook_sizes: Sequence[int]) -> list[dict[str, float]]:
    """Use of the codebooks for codes int (..., L): one entry per level, coarsest first."""
    figures = []
    for level, size in enumerate(codebook_sizes):
        counts = usage_counts(codes[..., level].reshape(-1, 1), size)
        used = int(np.count_nonzero(counts))
        (health,) = codebook_health(counts)
        figures.append(
            {
                "level": level,
                "codes": size,
                "used": used,
                "used_share": used / size,
                "perplexity": health.perplexity,
            }
        )
    return figures
