"""Sound files read in blocks, so that hours need no more memory than seconds."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from distill.audio.io import open_audio, read_block, warn_if_cancelled
from distill.audio.spectrogram import AudioSpectrogram
from distill.audio.torchaudio_ops import resample, resampling_ratio, resampling_reach
from distill.errors import AudioFileError

_BLOCK_S = 20


def mono_blocks(path: str | Path, sample_rate: int) -> Iterator[Tensor]:
    """A file's mono mix at `sample_rate`, as blocks (samples,) that join without a seam.

    Raises:
        AudioFileError: as `load_audio`, or no samples at all.
    """
    channel_energy = mono_energy = 0.0

    def mixed() -> Iterator[Tensor]:
        nonlocal channel_energy, mono_energy
        while len(block := read_block(source, source.samplerate * _BLOCK_S, path)):
            mono = block.mean(axis=1, dtype=np.float32)
            channel_energy += float(np.square(block, dtype=np.float64).mean(axis=1).sum())
            mono_energy += float(np.square(mono, dtype=np.float64).sum())
            yield torch.from_numpy(mono)

    with open_audio(path) as source:
        empty = True
        for block in _resampled(mixed(), source.samplerate, sample_rate):
            empty = False
            yield block
    if empty:
        raise AudioFileError(f"{path}: holds no samples")
    warn_if_cancelled(channel_energy, mono_energy, Path(path).name)


def mel_blocks(
    waves: Iterator[Tensor], spectrogram: AudioSpectrogram, frames: int
) -> Iterator[Tensor]:
    """Log mels (n_mels, `frames`) of joined waves, the last block shorter; equal to the frames of
    the whole."""
    hop, edge = spectrogram.config.hop_length, spectrogram.edge_samples
    buffer = torch.zeros(edge)
    span = frames * hop + 2 * edge
    for wave in waves:
        buffer = torch.cat([buffer, wave])
        while buffer.shape[0] >= span:
            yield spectrogram.span_to_mel(buffer[:span])
            buffer = buffer[frames * hop :]
    left = buffer.shape[0] - edge  # samples that are in no frame yet, edge included
    if left > 0:
        whole = -(-left // hop) * hop + 2 * edge
        yield spectrogram.span_to_mel(pad(buffer, (0, whole - buffer.shape[0])))


def _resampled(blocks: Iterator[Tensor], source_rate: int, target_rate: int) -> Iterator[Tensor]:
    if source_rate == target_rate:
        yield from blocks
        return
    ratio = resampling_ratio(source_rate, target_rate)
    unit = ratio.denominator  # input samples after which the filter phases repeat
    margin = -(-resampling_reach(ratio) // unit) * unit
    buffer, given, seen = torch.zeros(margin), 0, 0
    for block in blocks:
        seen += block.shape[0]
        buffer = torch.cat([buffer, block])
        ready = (buffer.shape[0] - 2 * margin) // unit * unit
        if ready > 0:
            out = _resample_inner(
                buffer[: ready + 2 * margin], ready, margin, source_rate, target_rate
            )
            given += out.shape[0]
            yield out
            buffer = buffer[ready:]
    rest = -(-seen * target_rate // source_rate) - given
    if rest > 0:
        ready = buffer.shape[0] - margin
        padded = pad(buffer, (0, -ready % unit + margin))
        ready += -ready % unit
        out = _resample_inner(padded, ready, margin, source_rate, target_rate)[:rest]
        yield pad(out, (0, rest - out.shape[0]))


def _resample_inner(
    samples: Tensor, ready: int, margin: int, source_rate: int, target_rate: int
) -> Tensor:
    """Resample with margins on both sides and cut them off again."""
    ratio = resampling_ratio(source_rate, target_rate)
    first = margin * ratio.numerator // ratio.denominator
    count = ready * ratio.numerator // ratio.denominator
    return resample(samples, source_rate, target_rate)[first : first + count]
