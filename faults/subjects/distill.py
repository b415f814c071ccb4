"""distill: a small model of random weights in a `.distill` file."""

from pathlib import Path

import numpy as np
import soundfile
import torch

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import SpectrogramConfig, VQVAEConfig
from distill.errors import DistillError
from distill.models.header import ModelMetadata
from distill.models.persistence import LoadedVQModel, load_model, save_model
from distill.models.vqvae import ConvVQVAE

REFUSALS = (DistillError,)
_CONFIG = VQVAEConfig(codebook_size=16, codebook_dim=8, width=24, frame_width=16)


def weights_file(folder: Path) -> Path:
    """The file that is damaged."""
    return folder / "model.distill"


def prepare(number: int) -> LoadedVQModel:
    """What is saved; differs by number."""
    torch.set_num_threads(1)
    torch.manual_seed(number)
    return LoadedVQModel(
        model=ConvVQVAE(_CONFIG).eval(),
        spectrogram=AudioSpectrogram(SpectrogramConfig()),
        metadata=ModelMetadata(name=f"number {number}", synthesis="griffin_lim"),
        device=torch.device("cpu"),
        codebook_health=[],
        vqvae_config=_CONFIG,
    )


def save(folder: Path, thing: LoadedVQModel) -> None:
    """Save as the app does."""
    save_model(weights_file(folder), thing)


def load(folder: Path) -> dict[str, bytes]:
    """Every weight as bytes. Raises one of REFUSALS."""
    state = load_model(weights_file(folder)).model.state_dict()
    return {name: tensor.numpy().tobytes() for name, tensor in state.items()}


def prepare_training(folder: Path) -> None:
    """Four short tones."""
    (folder / "sounds").mkdir()
    t = np.arange(24_000) / 48_000
    for number in range(4):
        wave = 0.3 * np.sin(2 * np.pi * 220 * 2**number * t) * np.exp(-4 * t)
        soundfile.write(folder / "sounds" / f"{number}.wav", wave, 48_000)


def training_command(folder: Path, out: Path) -> list[str]:
    """A training that would take an hour."""
    return ["distill", "train", str(folder / "sounds"), "--out", f"{out}.distill"]


def load_stopped(out: Path) -> None:
    """What an interrupted training leaves: a model, and a state to go on from."""
    load_model(f"{out}.distill")
    if not Path(f"{out}.distill.state").is_file():
        raise DistillError("no state to go on from")
