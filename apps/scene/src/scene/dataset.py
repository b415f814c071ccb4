"""Folders of pictures, with or without captions, as float32 arrays for training.

`ImageDataset` feeds the VQGAN, `CaptionDataset` the transformer. All pictures are opened at the
first use of `pixels`, so that a broken one is reported by name at the start and not hours later.
"""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np
from tqdm import tqdm

from scene.errors import SceneError, reason
from scene.images import fit, list_images, open_image, to_float

DEFAULT_SIZE = (320, 200)


class ImageDataset:
    """Pictures of one folder, in order of name. Items: float32 (H, W, 3) in [-1, 1].

    `image_size` is (W, H). Pixels are kept in memory as uint8 (192 kB per 320x200 picture).
    """

    def __init__(self, data_dir: str | Path, image_size: tuple[int, int] = DEFAULT_SIZE) -> None:
        self.image_size = image_size
        self.paths = list_images(Path(data_dir))
        if not self.paths:
            raise SceneError(f"no pictures in {data_dir}")

    @cached_property
    def pixels(self) -> np.ndarray:
        """All pictures, uint8 (N, H, W, 3)."""
        return load_pixels(self.paths, self.image_size)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return to_float(self.pixels[index])


class CaptionDataset:
    """Pictures with captions: one JSON object a line, {"image": name, "caption": text}.

    Items: (float32 (H, W, 3) in [-1, 1], caption). Several lines may name the same picture.
    """

    def __init__(
        self,
        image_dir: str | Path,
        captions_file: str | Path,
        image_size: tuple[int, int] = DEFAULT_SIZE,
    ) -> None:
        self.image_size = image_size
        records = read_captions(Path(captions_file))
        self.paths = [Path(image_dir) / name for name, _ in records]
        self.captions = [caption for _, caption in records]
        for line, path in enumerate(self.paths, start=1):
            if not path.is_file():
                raise SceneError(f"{captions_file}, caption {line}: no picture {path}")

    @cached_property
    def pixels(self) -> np.ndarray:
        """The picture of every caption, uint8 (N, H, W, 3)."""
        return load_pixels(self.paths, self.image_size)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[np.ndarray, str]:
        return to_float(self.pixels[index]), self.captions[index]


def load_pixels(paths: list[Path], image_size: tuple[int, int]) -> np.ndarray:
    """Open and fit every picture: uint8 (N, H, W, 3)."""
    width, height = image_size
    pixels = np.empty((len(paths), height, width, 3), dtype=np.uint8)
    for index, path in enumerate(tqdm(paths, desc="reading pictures", leave=False, delay=1)):
        pixels[index] = fit(open_image(path), image_size)
    return pixels


def read_captions(path: Path) -> list[tuple[str, str]]:
    """(image name, caption) per line of a captions file; blank lines are skipped."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError(f"cannot read captions file {path}: {reason(error)}") from error
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            image, caption = record["image"], record["caption"]
        except (ValueError, KeyError, TypeError) as error:
            raise SceneError(
                f'{path}, line {number}: want {{"image": "name.png", "caption": "text"}}'
            ) from error
        if not isinstance(image, str) or not isinstance(caption, str):
            raise SceneError(f"{path}, line {number}: image and caption must be texts")
        records.append((image, caption))
    if not records:
        raise SceneError(f"no captions in {path}")
    return records


def create_dataloader(
    dataset: ImageDataset | CaptionDataset,
    batch_size: int,
    shuffle: bool = True,
    seed: int = 0,
) -> Iterator[mx.array | tuple[mx.array, list[str]]]:
    """Endless batches (B, H, W, 3), with captions if the set has them; a new order per epoch.

    Raises SceneError at once if the set holds fewer pictures than one batch.
    """
    if len(dataset) < batch_size:
        raise SceneError(
            f"{len(dataset)} pictures are fewer than batch_size {batch_size}: "
            "lower batch_size or add pictures"
        )
    return _batches(dataset, batch_size, shuffle, seed)


def _batches(
    dataset: ImageDataset | CaptionDataset, batch_size: int, shuffle: bool, seed: int
) -> Iterator[mx.array | tuple[mx.array, list[str]]]:
    step = 0
    while True:
        chosen = batch_indices(len(dataset), batch_size, step, seed if shuffle else None)
        pictures = mx.array(to_float(dataset.pixels[chosen]))
        if isinstance(dataset, CaptionDataset):
            yield pictures, [dataset.captions[i] for i in chosen]
        else:
            yield pictures
        step += 1


def batch_indices(count: int, batch_size: int, step: int, seed: int | None) -> np.ndarray:
    """Items of batch number `step`: a function of its arguments alone, so that resuming is exact.

    Each epoch is a fresh permutation (in order if `seed` is None); a short rest is left out.
    """
    per_epoch = count // batch_size
    epoch, batch = divmod(step, per_epoch)
    order = (
        np.arange(count)
        if seed is None
        else np.random.default_rng((seed, epoch)).permutation(count)
    )
    return order[batch * batch_size : (batch + 1) * batch_size]
