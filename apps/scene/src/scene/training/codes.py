"""Pictures as codes, made once per data set and kept beside the run."""

import hashlib
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np
from tqdm import tqdm

from scene.checkpoints import fingerprint
from scene.codec import PictureCodec
from scene.images import fit, open_image, to_float
from scene.outputs import replacing

BATCH = 8


def encode_files(
    codec: PictureCodec, paths: list[Path], image_size: tuple[int, int], cache: Path | None = None
) -> np.ndarray:
    """Codes of picture files: uint16 (N, h*w, L), one row per path.

    `cache` is an .npz that is reused if it was made from the same files by the same codebooks.
    """
    digest = _digest(codec, paths, image_size)
    if cache is not None and cache.exists():
        with np.load(cache, allow_pickle=False) as stored:
            if str(stored["digest"]) == digest:
                return stored["codes"]
    unique = sorted(set(paths))
    rows = []
    for start in tqdm(range(0, len(unique), BATCH), desc="encoding pictures", delay=1):
        pixels = np.stack([fit(open_image(p), image_size) for p in unique[start : start + BATCH]])
        rows.append(encode_pixels(codec, pixels))
    codes = np.concatenate(rows)
    number = {path: index for index, path in enumerate(unique)}
    codes = codes[[number[path] for path in paths]]
    if cache is not None:
        with replacing(cache) as file:
            np.savez(file, codes=codes, digest=np.array(digest))
    return codes


def encode_pixels(codec: PictureCodec, pixels: np.ndarray) -> np.ndarray:
    """uint8 (B, H, W, 3) -> uint16 (B, h*w, L)."""
    indices = np.asarray(codec.encode(mx.array(to_float(pixels))))
    return indices.reshape(len(pixels), -1, codec.num_levels).astype(np.uint16)


def _digest(codec: PictureCodec, paths: list[Path], image_size: tuple[int, int]) -> str:
    parts = [fingerprint(codec), str(image_size)]
    for path in paths:
        status = path.stat() if path.exists() else None
        parts.append(f"{path.name} {status.st_size if status else 0}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
