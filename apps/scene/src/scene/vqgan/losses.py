"""Reconstruction losses for pixel art, and which pixels the palette loss looks at.

Plain averages over pixels forget windows, moons and trunks: they are few. The cross-entropy of
the palette head is therefore taken on a sample of pixels in which edges and rare colours are
over-represented; sampling also cuts the cost of the softmax, which MLX's CPU backend feels.
"""

import mlx.core as mx
import numpy as np


def l1_loss(x: mx.array, y: mx.array) -> mx.array:
    """Mean absolute difference."""
    return mx.abs(x - y).mean()


def gradient_loss(x: mx.array, y: mx.array) -> mx.array:
    """L1 between the horizontal and vertical differences of (B, H, W, C) pictures."""
    error = x - y
    across = mx.abs(error[:, :, 1:] - error[:, :, :-1]).mean()
    down = mx.abs(error[:, 1:] - error[:, :-1]).mean()
    return across + down


def palette_loss(logits: mx.array, targets: mx.array, focal: float = 0.0) -> mx.array:
    """Cross-entropy of (P, C) logits against int classes (P,), in nats.

    With `focal` > 0 each pixel weighs (1 - p)^focal (Lin et al. 2017, arXiv:1708.02002,
    equation 4), the weight taken as a constant.
    """
    picked = mx.take_along_axis(logits, targets[:, None], axis=-1)[:, 0]
    nll = mx.logsumexp(logits, axis=-1) - picked  # (P,)
    if focal == 0:
        return nll.mean()
    weight = mx.stop_gradient((1 - mx.exp(-nll)) ** focal)
    return (weight * nll).mean()


def edge_mask(classes: np.ndarray) -> np.ndarray:
    """Pixels that differ from a direct neighbour: int (B, H, W) -> bool (B, H, W)."""
    edges = np.zeros(classes.shape, dtype=bool)
    across = classes[:, :, 1:] != classes[:, :, :-1]
    down = classes[:, 1:] != classes[:, :-1]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:] |= down
    edges[:, :-1] |= down
    return edges


def sample_pixels(
    classes: np.ndarray,
    count: int,
    edge_weight: float,
    rare_power: float,
    num_classes: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw `count` flat pixel numbers of classes (B, H, W), edges and rare colours more often.

    The odds of a pixel are (1 + edge_weight on edges) x (fair share / colour's share in the
    batch)^rare_power, the second factor limited to [0.25, 4].
    """
    odds = 1.0 + edge_weight * edge_mask(classes)
    if rare_power:
        share = np.bincount(classes.ravel(), minlength=num_classes) / classes.size
        present = np.count_nonzero(share)
        factor = (1.0 / (present * np.maximum(share, 1e-9))) ** rare_power
        odds = odds * np.clip(factor, 0.25, 4.0)[classes]
    bounds = np.cumsum(odds.ravel())
    return np.searchsorted(bounds, rng.random(count) * bounds[-1]).clip(0, classes.size - 1)
