"""Sound files in and out, by libsndfile: wav, flac, ogg, opus, mp3, aiff and its other kinds.

First step of the flow: **audio/io** -> audio/spectrogram. The kind of a file is told from its
content, never from its name.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor

from distill.atomic import replacing
from distill.audio.torchaudio_ops import resample
from distill.errors import AudioFileError

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64"}
)
_MAX_SAMPLES = 2**30  # 4 GiB of float32; longer files are encoded as a stream
_RATES = range(1_000, 768_001)
_CANCELLED = 0.25  # -6 dB
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)


class AudioWarning(UserWarning):
    """Something about a sound that a listener would want to know."""


@dataclass(frozen=True)
class AudioFile:
    """Sound in memory.

    waveform: (channels, samples) float32, full scale 1.0; sample_rate: Hz of `waveform`;
    source_rate: Hz of the file.
    """

    waveform: Tensor
    sample_rate: int
    source_rate: int | None = None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.waveform.shape[-1] / self.sample_rate


def load_audio(path: str | Path, target_sample_rate: int = 48_000) -> AudioFile:
    """Read a whole sound file and resample it.

    Args:
        path: any file that libsndfile reads.
        target_sample_rate: Hz to resample to.

    Raises:
        AudioFileError: missing, not a sound, empty, too long for memory, or not finite.
    """
    with open_audio(path) as source:
        if source.frames * source.channels > _MAX_SAMPLES:
            hours = source.frames / source.samplerate / 3600
            raise AudioFileError(f"{path}: {hours:.1f} hours are too long to load whole; cut it up")
        samples = read_block(source, -1, path)
        rate = source.samplerate
    if not len(samples):
        raise AudioFileError(f"{path}: holds no samples")
    waveform = torch.from_numpy(samples.T.copy())  # (channels, samples)
    return AudioFile(resample(waveform, rate, target_sample_rate), target_sample_rate, rate)


@contextmanager
def open_audio(path: str | Path) -> Iterator[Any]:
    """The file as an open `soundfile.SoundFile`.

    Raises:
        AudioFileError: missing, a folder, not a sound, or of a rate that is no audio rate.
    """
    path = Path(path)
    if path.is_dir():
        raise AudioFileError(f"{path}: is a folder, not a sound file")
    if not path.exists():
        raise AudioFileError(f"{path}: no such file")
    try:
        source = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        raise AudioFileError(f"{path}: not a readable sound file ({_reason(error)})") from None
    with source:
        if source.samplerate not in _RATES:
            raise AudioFileError(
                f"{path}: a sample rate of {source.samplerate} Hz is no audio rate"
            )
        yield source


def read_block(source: Any, frames: int, path: str | Path) -> np.ndarray:
    """Next `frames` (-1: all that follow) of an open file, (frames, channels) float32.

    Raises:
        AudioFileError: damaged data, NaN or infinity.
    """
    try:
        block = source.read(frames, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, MemoryError) as error:
        raise AudioFileError(f"{path}: cannot be read to its end ({_reason(error)})") from None
    if not np.isfinite(block).all():
        raise AudioFileError(f"{path}: holds NaN or infinite samples; export it again")
    return block


def to_mono(waveform: Tensor, name: str = "sound") -> Tensor:
    """Mean of the channels, with a warning when they cancel each other.

    Args:
        waveform: (channels, samples).
        name: for the warning.

    Returns:
        (samples,) float32.
    """
    mono = waveform.mean(0)
    warn_if_cancelled(float(waveform.square().mean()), float(mono.square().mean()), name)
    return mono


def warn_if_cancelled(channel_energy: float, mono_energy: float, name: str | Path) -> None:
    """Warn when mixing to mono lost more than 6 dB: stereo in opposite phase."""
    if channel_energy > 0 and mono_energy < _CANCELLED * channel_energy:
        loss = 10 * math.log10(channel_energy / max(mono_energy, 1e-20))
        warnings.warn(
            f"{name}: mixing to mono loses {min(loss, 99):.0f} dB, its channels cancel each other",
            AudioWarning,
            stacklevel=3,
        )


def save_audio(path: str | Path, samples: np.ndarray | Tensor, sample_rate: int) -> None:
    """Write a sound file of the kind its name says, whole or not at all.

    Samples beyond full scale are clipped, with a warning; nothing is normalised.

    Args:
        path: ending in .wav (16 bit), .flac, .ogg, .opus, .mp3 or another kind of libsndfile.
        samples: (samples,) or (channels, samples), full scale 1.0.
        sample_rate: Hz.

    Raises:
        AudioFileError: unknown kind, or the file cannot be written.
    """
    path = Path(path)
    data = np.atleast_2d(np.asarray(samples, dtype=np.float32)).T  # (samples, channels)
    peak = float(np.abs(data).max(initial=0.0))
    if peak > 1.0:
        warnings.warn(f"{path.name}: clipped, its peak is {peak:.2f}", AudioWarning, stacklevel=2)
    kind, subtype = _kind(path, sample_rate)
    try:
        with replacing(path) as temporary:
            soundfile.write(
                temporary, data.clip(-1.0, 1.0), sample_rate, format=kind, subtype=subtype
            )
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioFileError(f"{path}: cannot be written ({_reason(error)})") from None


def _kind(path: Path, sample_rate: int) -> tuple[str, str | None]:
    suffix = path.suffix.lower().lstrip(".")
    if suffix == "opus":
        if sample_rate not in _OPUS_RATES:
            raise AudioFileError(f"{path}: Opus takes no {sample_rate} Hz, use .flac")
        return "OGG", "OPUS"
    kind = {"oga": "OGG", "aif": "AIFF"}.get(suffix, suffix.upper())
    if kind not in soundfile.available_formats() or kind == "RAW":
        raise AudioFileError(f"{path}: unknown kind of sound file; use .wav, .flac or .ogg")
    return kind, None


def _reason(error: BaseException) -> str:
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()).rstrip(".") or type(error).__name__
