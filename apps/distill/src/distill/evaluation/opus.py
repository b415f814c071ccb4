"""Opus beside our codes: the same sounds through opusenc and opusdec, where they are installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from distill.audio.io import load_audio, save_audio, to_mono

OPUS_KBITS = (6, 12, 24)
_TIMEOUT_S = 300


def opus_installed() -> bool:
    """Whether both programs of opus-tools are there."""
    return bool(shutil.which("opusenc") and shutil.which("opusdec"))


def through_opus(waveform: Tensor, kbits: int, sample_rate: int = 48_000) -> Tensor | None:
    """Encode and decode mono sound (samples,) in music mode at `kbits` kbit/s asked for; the same
    length back, or None where the programs fail."""
    with tempfile.TemporaryDirectory() as folder:
        source, coded, decoded = (Path(folder) / name for name in ("in.wav", "in.opus", "out.wav"))
        save_audio(source, waveform.clamp(-1.0, 1.0), sample_rate)
        encode = ["opusenc", "--quiet", "--music", "--bitrate", str(kbits), str(source), str(coded)]
        decode = ["opusdec", "--quiet", "--rate", str(sample_rate), str(coded), str(decoded)]
        try:
            for command in (encode, decode):
                subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT_S)
        except (subprocess.SubprocessError, OSError):
            return None
        back = to_mono(load_audio(decoded, sample_rate).waveform)
    return torch.as_tensor(pad(back, (0, max(0, len(waveform) - len(back))))[: len(waveform)])
