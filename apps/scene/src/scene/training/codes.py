"""Pictures as codes, made once per data set and kept beside the run."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np
from tqdm import tqdm

from scene.checkpoints import fingerprint
from scene.codec import PictureCodec
from scene.images import fit, open_image, to_float
from scene.outputs import replacing
from scene.patches import PatchTree
from scene.patches.cutting import PIXELS

BATCH = 8


@dataclass(frozen=True)
class Encoded:
    """`codes` uint16 (N, h*w, L) of N pictures; of a patch tree's also `exact` bool (N, h*w), where
    they stand for the pictures' own patches."""

    codes: np.ndarray
    exact: np.ndarray | None


def encode_files(
    codec: PictureCodec, paths: list[Path], image_size: tuple[int, int], cache: Path | None = None
) -> Encoded:
    """Codes of picture files, one row per path.

    `cache` is an .npz that is reused if it was made from the same files by the same codebooks.
    """
    digest = _digest(codec, paths, image_size)
    if cache is not None and cache.exists():
        with np.load(cache, allow_pickle=False) as stored:
            # Older caches do not say what is exact.
            known = "exact" in stored or not isinstance(codec, PatchTree)
            if known and str(stored["digest"]) == digest:
                return Encoded(stored["codes"], stored.get("exact"))
    unique = sorted(set(paths))
    rows: list[Encoded] = []
    for start in tqdm(range(0, len(unique), BATCH), desc="encoding pictures", delay=1):
        pixels = np.stack([fit(open_image(p), image_size) for p in unique[start : start + BATCH]])
        rows.append(encode_pixels(codec, pixels))
    number = {path: index for index, path in enumerate(unique)}
    order = [number[path] for path in paths]
    arrays = {"codes": np.concatenate([each.codes for each in rows])[order]}
    exact = [each.exact for each in rows if each.exact is not None]
    if exact:
        arrays["exact"] = np.concatenate(exact)[order]
    if cache is not None:
        with replacing(cache) as file:
            np.savez(file, digest=np.array(digest), **arrays)
    return Encoded(arrays["codes"], arrays.get("exact"))


def cut_files(
    tree: PatchTree, paths: Sequence[Path], image_size: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Patches uint8 (h*w, 256) of each picture file in turn, entries of the tree's palette."""
    for path in tqdm(paths, desc="counting textures", delay=1):
        pixels = fit(open_image(path), image_size)[None]
        yield tree.entries(pixels).reshape(-1, PIXELS)


def encode_pixels(codec: PictureCodec, pixels: np.ndarray) -> Encoded:
    """Codes of pictures uint8 (B, H, W, 3)."""
    x = mx.array(to_float(pixels))
    indices = codec.encode(x)
    codes = np.asarray(indices).reshape(len(pixels), -1, codec.num_levels).astype(np.uint16)
    if not isinstance(codec, PatchTree):
        return Encoded(codes, None)
    return Encoded(codes, codec.exact(x, indices).reshape(len(pixels), -1))


def _digest(codec: PictureCodec, paths: list[Path], image_size: tuple[int, int]) -> str:
    parts = [fingerprint(codec), str(image_size)]
    for path in paths:
        status = path.stat() if path.exists() else None
        parts.append(f"{path.name} {status.st_size if status else 0}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
