"""rq-vae-explorer: a run folder."""

from pathlib import Path

import jax
import numpy as np

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.runs import RunError, load_run, save_run

REFUSALS = (RunError,)


def weights_file(folder: Path) -> Path:
    """The file that is damaged."""
    return folder / "run" / "run.safetensors"


def prepare(number: int) -> Engine:
    """What is saved; differs by number."""
    digits = np.random.default_rng(0).integers(0, 256, (256, 28, 28, 1), np.uint8)
    return Engine(RunConfig(seed=number, num_codes=4), digits)


def save(folder: Path, thing: Engine) -> None:
    """Save as the app does."""
    save_run(folder / "run", thing.config, Hyper(), thing.state)


def load(folder: Path) -> dict[str, bytes]:
    """Every array as bytes. Raises one of REFUSALS."""
    arrays = load_run(folder / "run").arrays
    return {name: np.asarray(array).tobytes() for name, array in arrays.items()}


jax.config.update("jax_platforms", "cpu")


def prepare_training(folder: Path) -> None:
    """The digits that ship are enough."""


def training_command(folder: Path, out: Path) -> list[str]:
    """A training that would take long."""
    return ["rq-vae-explorer", "train", "--steps", "1000000", "--out", str(out)]


def load_stopped(out: Path) -> None:
    """What an interrupted training leaves."""
    load_run(out)
