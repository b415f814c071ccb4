"""scene: a checkpoint folder of a small VQGAN."""

from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from PIL import Image

from scene.checkpoints import (
    MODEL,
    OPTIMIZER,
    SETTINGS,
    build_vqgan,
    flat_parameters,
    load_vqgan,
    read_arrays,
    save_checkpoint,
    vqgan_documents,
)
from scene.config import VQGANConfig
from scene.errors import SceneError

REFUSALS = (SceneError,)
_CONFIG = VQGANConfig.model_validate(
    {"model": {"hidden_channels": 4, "codebook_size": 16, "codebook_dim": 4, "num_res_blocks": 1}}
)


def weights_file(folder: Path) -> Path:
    """The file that is damaged."""
    return folder / "best" / MODEL


def prepare(number: int) -> dict[str, mx.array]:
    """What is saved; differs by number."""
    mx.random.seed(number)
    model = build_vqgan(_CONFIG, mx.zeros((_CONFIG.model.palette_size, 3)))
    return flat_parameters(model)


def save(folder: Path, thing: dict[str, mx.array]) -> None:
    """Save as the app does."""
    save_checkpoint(folder / "best", {MODEL: thing}, {SETTINGS: vqgan_documents(_CONFIG)})


def load(folder: Path) -> dict[str, bytes]:
    """Every weight as bytes. Raises one of REFUSALS."""
    model, _ = load_vqgan(folder / "best")
    flat = tree_flatten(model.parameters())
    return {name: np.asarray(array).tobytes() for name, array in flat}


def prepare_training(folder: Path) -> None:
    """Eight pictures of coloured squares and a small config."""
    (folder / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        squares = rng.integers(0, 256, (6, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(squares).save(folder / "pictures" / f"{number}.png")
    (folder / "vqgan.yaml").write_text(
        "model: {hidden_channels: 8, codebook_size: 16, codebook_dim: 4, num_res_blocks: 1}\n"
        "training: {batch_size: 4, crop_size: null, num_epochs: 100000, save_every: 100000,"
        " sample_every: 100000, validation_share: 0.2}\n"
        "data: {image_size: [64, 48]}\n"
    )


def training_command(folder: Path, out: Path) -> list[str]:
    """A training that would take long."""
    flags = ["--config", str(folder / "vqgan.yaml"), "--data", str(folder / "pictures")]
    return ["train-vqgan", *flags, "--out", str(out)]


def load_stopped(out: Path) -> None:
    """What an interrupted training leaves."""
    load_vqgan(out / "last")
    read_arrays(out / "last", OPTIMIZER)
