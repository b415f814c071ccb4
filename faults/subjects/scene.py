"""scene: checkpoint folders of a small VQGAN, a small transformer and a small judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten
from PIL import Image

from faults import commands
from faults.damage import JSON
from faults.loaders import Loader
from faults.outputs import Writer
from scene.checkpoints import (
    MODEL,
    OPTIMIZER,
    PROGRESS,
    SETTINGS,
    build_transformer,
    build_vqgan,
    fingerprint,
    flat_parameters,
    load_transformer,
    load_vqgan,
    read_arrays,
    save_checkpoint,
    transformer_documents,
    vqgan_documents,
)
from scene.config import TransformerConfig, VQGANConfig
from scene.errors import SceneError
from scene.evaluate import main as evaluate
from scene.evaluation.judge import Judge, load_judge, save_judge
from scene.generate import main as draw
from scene.info import main as scene_main
from scene.make_scenes import main as make_scenes
from scene.reconstruct import main as reconstruct
from scene.train_transformer import main as train_transformer
from scene.train_vqgan import main as train_vqgan
from scene.training.loop import read_progress
from scene.transformer import SimpleTokenizer

COMMAND = "generate"
REFUSALS = (SceneError,)
LIVES_ON_IN_A_FORK = False  # MLX's threads do not; its import alone does
_CONFIG = VQGANConfig.model_validate(
    {"model": {"hidden_channels": 4, "codebook_size": 16, "codebook_dim": 4, "num_res_blocks": 1}}
)
_TRANSFORMER = TransformerConfig.model_validate(
    {
        "model": {
            "vocab_size": 16, "max_seq_len": 4, "grid_width": 2, "embed_dim": 8, "num_heads": 2,
            "num_layers": 1, "depth_layers": 1, "text_embed_dim": 8, "text_layers": 1,
            "text_heads": 2, "text_vocab_size": 16, "max_text_len": 8,
        }
    }
)  # fmt: skip


def prepare(number: int) -> dict[str, mx.array]:
    """What is saved; differs by number."""
    mx.random.seed(number)
    model = build_vqgan(_CONFIG, mx.zeros((_CONFIG.model.palette_size, 3)))
    return flat_parameters(model)


def to_save(thing: dict[str, mx.array]) -> dict[str, mx.array]:
    """The same."""
    return thing


def save(folder: Path, thing: dict[str, mx.array]) -> None:
    """Save as the app does."""
    save_checkpoint(
        folder / "best",
        {MODEL: thing, OPTIMIZER: {"optimizer.step": mx.array(3), "optimizer.m": mx.arange(64)}},
        {SETTINGS: vqgan_documents(_CONFIG), PROGRESS: {"step": 3, "seconds": 1.5}},
    )


def load(folder: Path) -> dict[str, bytes]:
    """Every weight as bytes. Raises one of REFUSALS."""
    return _weights(load_vqgan(folder / "best")[0])


def _weights(model: nn.Module) -> dict[str, bytes]:
    return _as_bytes(dict(tree_flatten(model.parameters())))


def _as_bytes(arrays: dict[str, mx.array]) -> dict[str, bytes]:
    return {name: np.asarray(array).tobytes() for name, array in arrays.items()}


def _save_vqgan(folder: Path) -> None:
    save(folder, prepare(0))


def _save_transformer(folder: Path) -> None:
    mx.random.seed(0)
    words = SimpleTokenizer.from_captions(["a castle on a hill"], 16, 8)
    documents = transformer_documents(_TRANSFORMER, words, "0" * 12)
    model = build_transformer(_TRANSFORMER)
    save_checkpoint(folder / "t", {MODEL: flat_parameters(model)}, {SETTINGS: documents})


def write_pair(folder: Path) -> list[str]:
    """A VQGAN and a transformer of its codes; the flags that name them."""
    _save_vqgan(folder)
    names = fingerprint(load_vqgan(folder / "best")[0])
    words = SimpleTokenizer.from_captions(["a castle on a hill"], 16, 8)
    documents = transformer_documents(_TRANSFORMER, words, names)
    model = build_transformer(_TRANSFORMER)
    save_checkpoint(folder / "t", {MODEL: flat_parameters(model)}, {SETTINGS: documents})
    return ["--vqgan", str(folder / "best"), "--transformer", str(folder / "t")]


def _load_transformer(folder: Path) -> dict[str, bytes]:
    return _weights(load_transformer(folder / "t").model)


def _save_judge(folder: Path) -> None:
    mx.random.seed(0)
    save_judge(Judge({"place": ["castle", "sea"]}, width=4), folder / "j", {"seed": 0})


def _load_judge(folder: Path) -> dict[str, bytes]:
    return _weights(load_judge(folder / "j"))


def _load_optimizer(folder: Path) -> dict[str, bytes]:
    return _as_bytes(read_arrays(folder / "best", OPTIMIZER))


def _load_progress(folder: Path) -> dict[str, bytes]:
    read_progress(folder / "best")
    return {}


LOADERS = (
    Loader("VQGAN", f"best/{MODEL}", _save_vqgan, load),
    Loader("transformer", f"t/{MODEL}", _save_transformer, _load_transformer),
    Loader("judge", f"j/{MODEL}", _save_judge, _load_judge),
    Loader("optimiser", f"best/{OPTIMIZER}", _save_vqgan, _load_optimizer),
    Loader("VQGAN settings", f"best/{SETTINGS}", _save_vqgan, load, JSON),
    Loader("transformer settings", f"t/{SETTINGS}", _save_transformer, _load_transformer, JSON),
    Loader("judge settings", f"j/{SETTINGS}", _save_judge, _load_judge, JSON),
    Loader("progress", f"best/{PROGRESS}", _save_vqgan, _load_progress, JSON),
)


def prepare_training(folder: Path) -> None:
    """Eight pictures of coloured squares and a small config."""
    (folder / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        squares = rng.integers(0, 256, (6, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(squares).save(folder / "pictures" / f"{number}.png")
    captions = [json.dumps({"image": f"{n}.png", "caption": f"squares {n}"}) for n in range(8)]
    (folder / "captions.jsonl").write_text("\n".join(captions))
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


def without_data(folder: Path) -> list[list[str]]:
    """Commands whose data or models are missing."""
    (folder / "empty").mkdir()
    return [
        ["train-vqgan", "--data", "nowhere", "--out", "run"],
        ["train-vqgan", "--data", str(folder / "empty"), "--out", "run"],
        ["train-transformer", "--captions", "nowhere.jsonl", "--out", "run"],
        ["generate", "a castle", "--vqgan", "nowhere"],
        ["reconstruct", "nowhere.png"],
    ]


def writers(folder: Path) -> tuple[Writer, ...]:
    """Every command that writes."""
    models = write_pair(folder)
    prepare_training(folder)
    vqgan, pictures, seeds = str(folder / "best"), str(folder / "pictures"), count()
    scenes = ["--count", "24", "--jobs", "1", "--out", str(folder / "scenes")]
    commands.run(make_scenes, scenes)
    (folder / "transformer.yaml").write_text(
        f"model: {json.dumps(_TRANSFORMER.model.model_dump())}\n"
        "training: {batch_size: 2, num_epochs: 1, validation_share: 0.2}\n"
        "data: {image_size: [32, 32]}\n"
    )
    captions = ["--captions", str(folder / "captions.jsonl"), "--vqgan", vqgan]
    train = ["--data", pictures, "--steps", "2", "--force"]
    transform = ["--config", str(folder / "transformer.yaml"), *captions, *train]

    def with_seed(*arguments: str) -> Callable[[Path], list[str]]:
        """Other content each time."""
        return lambda out: [*arguments[:-1], "--seed", str(next(seeds)), arguments[-1], str(out)]

    def plain(*arguments: str) -> Callable[[Path], list[str]]:
        return lambda out: [*arguments, str(out)]

    logs = ("metrics.jsonl", "codes.npz")
    return (
        Writer("generate", draw, with_seed("a hill", "--force", *models, "-o"), "hill.png"),
        Writer(
            "reconstruct",
            reconstruct,
            plain(f"{pictures}/0.png", "--vqgan", vqgan, "--force", "-o"),
            "codes",
            folder=True,
        ),
        Writer(
            "make-scenes",
            make_scenes,
            with_seed("--count", "2", "--jobs", "1", "--force", "--sheet", "--out"),
            "scenes",
            folder=True,
            # --force takes the other scenes away before it draws, as its help says.
            logs=("[!.]*.png", "scenes.json", "*.jsonl"),
        ),
        Writer(
            "train-vqgan",
            train_vqgan,
            with_seed("--config", str(folder / "vqgan.yaml"), *train, "--out"),
            "run",
            folder=True,
            logs=logs,
        ),
        Writer(
            "train-transformer",
            train_transformer,
            with_seed(*transform, "--out"),
            "run",
            folder=True,
            logs=logs,
        ),
        Writer(
            "evaluate",
            evaluate,
            plain("--only", "reconstruction", "--images", pictures, "--vqgan", vqgan, "--json"),
            "report.json",
        ),
        Writer("scene export", scene_main, plain("export", vqgan, "--force"), "best", folder=True),
        Writer(
            "scene gallery",
            scene_main,
            plain("gallery", "--columns", "1", "--force", *models, "-o"),
            "gallery.png",
        ),
        Writer(
            "scene train-judge",
            scene_main,
            with_seed("train-judge", "--data", str(folder / "scenes"), "--steps", "1", "--out"),
            "judge",
            folder=True,
        ),
    )


_TESTS = "tests/scene/test_"
RESUME = (
    f"{_TESTS}scene_training.py::test_both_stages_resume_bit_for_bit_after_ctrl_c_on_own_data",
)
DETERMINISM = (
    f"{_TESTS}golden_losses.py::test_the_first_steps_of_the_vqgan_are_as_they_were",
    f"{_TESTS}golden_losses.py::test_the_first_steps_of_the_transformer_are_as_they_were",
)
DIVERGENCE = (
    f"{_TESTS}scene_training.py"
    "::test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_state",
    f"{_TESTS}scene_divergence.py",
)
