"""Tiny sounds and a tiny model for distill's tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import PriorConfig, SpectrogramConfig, VocoderConfig, VQVAEConfig
from distill.models.header import ModelMetadata
from distill.models.persistence import LoadedVQModel, load_model, save_model
from distill.models.prior import CodePrior
from distill.models.vocoder import Vocoder
from distill.models.vqvae import ConvVQVAE
from distill.training.config import StageSteps, TrainingConfig

# More threads are slower for such small arrays, and far slower on a busy machine.
torch.set_num_threads(1)

RATE = 48_000
TINY_VQVAE = VQVAEConfig(
    codebook_size=16,
    codebook_dim=8,
    width=24,
    frame_width=16,
    encoder_blocks=1,
    column_blocks=1,
    frame_blocks=1,
)
TINY_VOCODER = VocoderConfig(width=16, blocks=1, refinements=1)
TINY_PRIOR = PriorConfig(width=16, heads=2, layers=1, window=8)


def make_tone(seconds: float, hertz: float = 440.0, level: float = 0.5) -> np.ndarray:
    """A decaying tone with two overtones, (samples,) float32 at 48 kHz."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3))
    return (level * wave * np.exp(-3 * t) / 1.5).astype(np.float32)


@pytest.fixture
def tone():
    """Makes tones: see `make_tone`."""
    return make_tone


@pytest.fixture
def tiny_config() -> TrainingConfig:
    """A training of a few steps."""
    return TrainingConfig(
        steps=StageSteps(4, 2, 3),
        codebook_size=16,
        vqvae=TINY_VQVAE,
        vocoder=TINY_VOCODER,
        prior=TINY_PRIOR,
    )


@pytest.fixture
def torch_seeded():
    """Random numbers that are the same each time, without touching the global generator."""
    return torch.Generator().manual_seed(1)


def build_tiny_model(seed: int = 0, with_vocoder: bool = True) -> LoadedVQModel:
    """A model of random weights whose codebooks fit decaying tones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        spectrogram = AudioSpectrogram(SpectrogramConfig())
        model = ConvVQVAE(TINY_VQVAE)
        vocoder = Vocoder(spectrogram, TINY_VOCODER)
        prior = CodePrior(TINY_PRIOR, TINY_VQVAE)
    sounds = np.concatenate([make_tone(0.5, hertz) for hertz in (110, 220, 440, 880, 1760)])
    mel = spectrogram.waveform_to_mel(torch.from_numpy(sounds)[None, None])
    columns = mel[0, 0, :, : mel.shape[-1] // 4 * 4].reshape(128, -1, 4).transpose(0, 1)
    model.start_linear(columns)
    z = model.encode(mel).z[0, :, 0].T
    model.quantizer.start(z, torch.Generator().manual_seed(seed))
    if with_vocoder:
        spectrogram.synthesizer = vocoder
    return LoadedVQModel(
        model=model.eval().requires_grad_(False),
        spectrogram=spectrogram,
        metadata=ModelMetadata(
            name=f"tiny {seed}", synthesis="vocoder" if with_vocoder else "griffin_lim"
        ),
        device=torch.device("cpu"),
        codebook_health=[],
        vqvae_config=TINY_VQVAE,
        prior=prior.eval().requires_grad_(False),
        prior_config=TINY_PRIOR,
        prior_metadata={"held_out_nll": 1.0},
        vocoder=vocoder.eval().requires_grad_(False) if with_vocoder else None,
    )


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model's file."""
    path = tmp_path_factory.mktemp("models") / "tiny.distill"
    save_model(path, build_tiny_model())
    return path


@pytest.fixture(scope="session")
def tiny(tiny_path: Path) -> LoadedVQModel:
    """A tiny model as loaded from its file; shared, so never changed."""
    return load_model(tiny_path)


@pytest.fixture(scope="session")
def tiny_griffin_lim(tiny: LoadedVQModel) -> LoadedVQModel:
    """The tiny model, synthesising by Griffin-Lim."""
    return replace(tiny, spectrogram=AudioSpectrogram(tiny.spectrogram.config), vocoder=None)


@pytest.fixture
def wav(tmp_path: Path):
    """Writes a sound file and returns its path."""

    def write(samples: np.ndarray, rate: int = RATE, name: str = "sound.wav", **how) -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, rate, **how)
        return path

    return write
