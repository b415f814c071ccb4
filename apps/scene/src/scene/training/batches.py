"""Batches of the VQGAN: which pictures, which crops, which pixels the palette loss looks at.

Everything about batch number `step` follows from the seed and the step alone.
"""

from dataclasses import dataclass

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np

from scene.colours import PaletteIndex
from scene.config import VQGANConfig
from scene.dataset import ImageDataset, batch_indices
from scene.errors import SceneError
from scene.images import to_float
from scene.training.distributed import ALONE, Processes
from scene.vqgan.losses import sample_pixels

PIXELS = 1  # number of the random stream that chooses pixels


@dataclass(frozen=True)
class Batch:
    """The part of a batch that one process works on.

    `x` (B, H, W, 3) in [-1, 1]; flat pixel numbers (P,) in it and their colour classes (P,);
    `pixel_weight`: P against the processes' mean P, which are chosen from the whole batch.
    """

    x: mx.array
    pixels: mx.array | None = None
    classes: mx.array | None = None
    pixel_weight: float = 1.0


class BatchMaker:
    """Crops of the training pictures, with the pixels and classes that the palette loss needs."""

    def __init__(
        self,
        config: VQGANConfig,
        dataset: ImageDataset,
        items: np.ndarray,
        palette: PaletteIndex | None,
        peers: Processes = ALONE,
    ) -> None:
        """`items` are the numbers of the training pictures in `dataset`."""
        self.training = config.training
        self.loss = config.loss
        self.dataset = dataset
        self.items = items
        self.palette = palette
        self.peers = peers

    def crops(self, step: int) -> np.ndarray:
        """uint8 (B, h, w, 3) of all processes: crops on the token grid, or whole pictures."""
        rng = self._rng(step)
        chosen = self.items[
            batch_indices(len(self.items), self.training.batch_size, step, self.training.seed)
        ]
        pictures = self.dataset.pixels[chosen]
        if self.training.crop_size:
            width, height = self.training.crop_size
            rows = rng.integers(0, (pictures.shape[1] - height) // 16 + 1, len(chosen)) * 16
            columns = rng.integers(0, (pictures.shape[2] - width) // 16 + 1, len(chosen)) * 16
            pictures = np.stack(
                [
                    picture[y : y + height, x : x + width]
                    for picture, y, x in zip(pictures, rows, columns, strict=True)
                ]
            )
        if self.training.flip:
            flips = rng.random(len(pictures)) < 0.5
            pictures = np.where(flips[:, None, None, None], pictures[:, :, ::-1], pictures)
        return pictures

    def batch(self, step: int) -> Batch:
        """Everything that this process's part of training step number `step` looks at."""
        pictures = self.crops(step)
        mine = self.peers.share(len(pictures))
        x = mx.array(to_float(pictures[mine]))
        if self.palette is None:
            return Batch(x)
        classes = self.palette.classes(pictures)  # (B, H, W)
        chosen = sample_pixels(
            classes,
            max(1, round(classes.size * self.loss.palette_share)),
            self.loss.edge_weight,
            self.loss.rare_power,
            len(self.palette.palette),
            self._rng(step, PIXELS),
        )
        picture = classes[0].size
        here = chosen[(chosen >= mine.start * picture) & (chosen < mine.stop * picture)]
        labels = classes.ravel()[here].astype(np.int32)
        return Batch(
            x,
            mx.array((here - mine.start * picture).astype(np.int32)),
            mx.array(labels),
            len(here) * self.peers.size / len(chosen),
        )

    def _rng(self, step: int, purpose: int = 0) -> np.random.Generator:
        return np.random.default_rng((self.training.seed, step, purpose))


def split(count: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the training and of the validation items; at least one of each.

    Raises SceneError if there is only one item.
    """
    if count < 2:
        raise SceneError("one picture is too few: training and validation need one each")
    order = np.random.default_rng(seed).permutation(count)
    held = min(count - 1, max(1, round(count * share)))
    return np.sort(order[held:]), order[:held]
