"""Pictures as patches and back, and patches and edges as numbers that are equal where they are."""

import numpy as np

PATCH = 16
PIXELS = PATCH * PATCH
_CHUNK = 20_000
_EDGE_WEIGHTS = np.random.default_rng(1).integers(0, 2**64, (2, 2 * PATCH), dtype=np.uint64)


def cut(pictures: np.ndarray) -> np.ndarray:
    """(B, H, W) -> patches (B, H/16, W/16, 256), rows of a patch one after the other."""
    b, height, width = pictures.shape
    rows, columns = height // PATCH, width // PATCH
    folded = pictures.reshape(b, rows, PATCH, columns, PATCH).transpose(0, 1, 3, 2, 4)
    return folded.reshape(b, rows, columns, PIXELS)


def join(patches: np.ndarray) -> np.ndarray:
    """Inverse of `cut`: (B, h, w, 256) -> (B, 16h, 16w)."""
    b, rows, columns, _ = patches.shape
    unfolded = patches.reshape(b, rows, columns, PATCH, PATCH).transpose(0, 1, 3, 2, 4)
    return unfolded.reshape(b, rows * PATCH, columns * PATCH)


def keys(patches: np.ndarray) -> np.ndarray:
    """uint8 (N, 256) -> uint64 (N,), a random projection modulo 2^64: equal patches have equal
    keys, and two different ones in 10^19 do."""
    weights = np.random.default_rng(0).integers(0, 2**64, PIXELS, dtype=np.uint64)
    parts = [
        (patches[start : start + _CHUNK].astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
        for start in range(0, len(patches), _CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def edge_keys(edges: np.ndarray, far: bool) -> np.ndarray:
    """Two edges of a patch side by side, uint8 (..., 32), as uint64 (..., 2): as `keys`, with other
    projections for those that are `far`, so that the sum of a near and a far key names a pair."""
    parts = edges.astype(np.uint64) * _EDGE_WEIGHTS[int(far)]
    return parts.reshape(*edges.shape[:-1], 2, PATCH).sum(axis=-1, dtype=np.uint64)
