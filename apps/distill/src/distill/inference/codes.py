"""Sound file -> codes -> sound, in chunks whose seams cannot be told from the whole."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from distill.audio.streaming import mel_blocks, mono_blocks
from distill.errors import CodesError
from distill.models.persistence import LoadedVQModel
from distill.models.quantizer import NULL_CODE

_CHUNK_COLUMNS = 1024
_FADE_S = 0.02


class MelShape(tuple[int, int]):
    """(n_mels, T) of a spectrogram, remembering how many samples it stands for."""

    num_samples: int | None

    def __new__(cls, n_mels: int, frames: int, num_samples: int | None = None) -> "MelShape":
        """T frames cover `num_samples`; None for all T hops."""
        shape = super().__new__(cls, (n_mels, frames))
        shape.num_samples = num_samples
        return shape


def encode_audio_file(audio_path: str | Path, loaded: LoadedVQModel) -> dict[str, Any]:
    """Codes of a sound file of any length.

    Args:
        audio_path: any sound file; resampled and mixed to mono.
        loaded: the model.

    Returns:
        `indices` (1, W, L) int64 on the CPU, `spatial_shape` (1, W), `mel_shape` (n_mels, T),
        `num_quantizers`, `codebook_size`, `duration_s`, `num_samples`, `model_id`.

    Raises:
        AudioFileError: the file cannot be read.
    """
    rate = loaded.spectrogram.config.sample_rate
    return encode_waves(mono_blocks(audio_path, rate), loaded)


@torch.inference_mode()
def encode_waves(waves: Iterator[Tensor], loaded: LoadedVQModel) -> dict[str, Any]:
    """As `encode_audio_file`, of mono blocks (samples,) at the model's rate."""
    counted = _Counted(waves)
    stride = loaded.vqvae_config.stride
    blocks = mel_blocks(iter(counted), loaded.spectrogram, _CHUNK_COLUMNS * stride)
    indices = torch.cat(list(_encode_blocks(blocks, loaded)))  # (W, L)
    rate = loaded.spectrogram.config.sample_rate
    frames = loaded.spectrogram.num_frames(counted.samples)
    return {
        "indices": indices[None].cpu(),
        "spatial_shape": (1, indices.shape[0]),
        "mel_shape": MelShape(loaded.vqvae_config.n_mels, frames, counted.samples),
        "num_quantizers": loaded.model.num_quantizers,
        "codebook_size": loaded.model.codebook_size,
        "duration_s": counted.samples / rate,
        "num_samples": counted.samples,
        "model_id": loaded.model_id,
    }


def decode_code_grid(
    indices: Tensor | np.ndarray,
    spatial_shape: tuple[int, int],
    mel_shape: tuple[int, ...],
    loaded: LoadedVQModel,
    num_samples: int | None = None,
) -> np.ndarray:
    """Sound of a table of codes.

    Args:
        indices: (1, H * W, L) in [-1, K); -1 is nothing at this level.
        spatial_shape: (H, W); H is 1 for models of this program.
        mel_shape: (n_mels, T); a `MelShape` also knows the exact length.
        loaded: the model that made the codes.
        num_samples: exact length; None for what `mel_shape` knows.

    Returns:
        (num_samples,) float32 at the model's rate, full scale 1.0.

    Raises:
        CodesError: the codes do not fit the model or the shapes.
    """
    table = checked_table(indices, spatial_shape, loaded)
    hop, stride = loaded.spectrogram.config.hop_length, loaded.vqvae_config.stride
    frames = int(mel_shape[-1])
    if not (table.shape[0] - 1) * stride < frames <= table.shape[0] * stride:
        raise CodesError(f"{table.shape[0]} columns do not make {frames} spectrogram frames")
    length = num_samples or getattr(mel_shape, "num_samples", None) or frames * hop
    if not (frames - 1) * hop < length <= frames * hop:
        raise CodesError(f"{frames} spectrogram frames do not make {length} samples")
    return decode_columns(table, loaded, 0, table.shape[0], length)


@torch.inference_mode()
def decode_columns(
    table: Tensor, loaded: LoadedVQModel, first: int, last: int, num_samples: int | None = None
) -> np.ndarray:
    """Sound of columns `first` to `last` (without it) of a table (W, L), as in the sound of all.

    After an edit it is enough to decode the columns within `decode_reach` of it. By Griffin-Lim
    the samples differ from those of the whole in their phase.

    Args:
        table: (W, L) int64 codes.
        loaded: the model.
        first, last: columns.
        num_samples: length of the sound of the whole table, None for whole columns.
    """
    samples_per_column = column_samples(loaded)
    end = min(last * samples_per_column, num_samples or last * samples_per_column)
    out = np.zeros(max(0, end - first * samples_per_column), np.float32)
    fade = min(samples_per_column, round(_FADE_S * loaded.spectrogram.config.sample_rate))
    for start in range(first, last, _CHUNK_COLUMNS):
        stop = min(last, start + _CHUNK_COLUMNS)
        # A little of the next chunk, to fade into it: by the vocoder both are the same there.
        piece = _decode_chunk(table, loaded, start, min(last, stop + 1)).numpy()
        at = (start - first) * samples_per_column
        piece = piece[: min(len(out) - at, (stop - start) * samples_per_column + fade)]
        if start > first:
            ramp = np.linspace(0.0, 1.0, min(fade, len(piece)), dtype=np.float32)
            out[at : at + len(ramp)] *= 1.0 - ramp
            piece[: len(ramp)] *= ramp
            out[at : at + len(piece)] += piece
        else:
            out[at : at + len(piece)] = piece
    return out


def decode_reach(loaded: LoadedVQModel) -> int:
    """Columns on each side of a column that its codes can be heard in."""
    return loaded.model.decoder_reach + synthesis_reach(loaded)


def synthesis_reach(loaded: LoadedVQModel) -> int:
    """Columns on each side of a column that its spectrogram can be heard in."""
    return -(-loaded.spectrogram.synthesis_reach // loaded.vqvae_config.stride)


def column_samples(loaded: LoadedVQModel) -> int:
    """Samples that one column of codes stands for."""
    return loaded.vqvae_config.stride * loaded.spectrogram.config.hop_length


def checked_table(
    indices: Tensor | np.ndarray, spatial_shape: tuple[int, int], loaded: LoadedVQModel
) -> Tensor:
    """Codes (1, H * W, L) as a table (W, L) that fits the model.

    Raises:
        CodesError: wrong shape, not whole numbers, or codes that the model does not have.
    """
    codes = torch.as_tensor(indices)
    levels, size = loaded.model.num_quantizers, loaded.model.codebook_size
    if codes.is_floating_point() or codes.is_complex() or codes.dtype == torch.bool:
        raise CodesError("codes must be whole numbers")
    columns = int(np.prod(spatial_shape))
    if codes.shape != (1, columns, levels) or spatial_shape[0] != 1 or columns < 1:
        raise CodesError(
            f"codes of shape {tuple(codes.shape)} are not (1, {columns}, {levels}), one row of "
            f"{columns} columns with {levels} levels"
        )
    if int(codes.min()) < NULL_CODE or int(codes.max()) >= size:
        raise CodesError(f"codes must lie between 0 and {size - 1}, or be -1 for nothing")
    return codes[0].long()


def _encode_blocks(blocks: Iterator[Tensor], loaded: LoadedVQModel) -> Iterator[Tensor]:
    """Codes (W, L) of spectrogram blocks, each seen with the context of its neighbours."""
    c = loaded.vqvae_config
    silence = torch.full((c.n_mels, c.context), c.mel_floor)
    before, current = silence, next(blocks, None)
    while current is not None:
        following = next(blocks, None)
        fill = -current.shape[-1] % c.stride
        after = silence if following is None else following[:, : c.context]
        after = pad(after, (fill, max(0, c.context - after.shape[-1])), value=c.mel_floor)
        mel = torch.cat([before, current, after], dim=1)
        z = loaded.model.encode_padded(mel[None].to(loaded.device))  # (1, D, W)
        yield loaded.model.quantize(z[:, :, None])[1][0]
        before = pad(current, (c.context, 0), value=c.mel_floor)[:, -c.context :]
        before = before if c.context else silence
        current = following


def _decode_chunk(table: Tensor, loaded: LoadedVQModel, first: int, last: int) -> Tensor:
    """Samples of columns [first, last) with as much around them as can be heard in them."""
    reach, size = decode_reach(loaded), column_samples(loaded)
    start, stop = max(0, first - reach), min(table.shape[0], last + reach)
    start -= start % _phase_columns(loaded)
    quantized = loaded.model.codes_to_embeddings(
        table[start:stop][None].to(loaded.device), (1, stop - start)
    )
    mel = loaded.model.decode(quantized)
    inner = slice((first - start) * size, (last - start) * size)
    return loaded.spectrogram.mel_to_waveform(mel)[0, 0, inner].cpu()


def _phase_columns(loaded: LoadedVQModel) -> int:
    """Columns after which the vocoder's turning phases stand where they stood: chunks begin at
    multiples of it."""
    s, stride = loaded.spectrogram.config, loaded.vqvae_config.stride
    period = s.n_fft // s.hop_length
    return period // math.gcd(period, stride)


class _Counted:
    """Waves passed through, and how many samples they had."""

    def __init__(self, waves: Iterator[Tensor]) -> None:
        self._waves = waves
        self.samples = 0

    def __iter__(self) -> Iterator[Tensor]:
        for wave in self._waves:
            self.samples += wave.shape[0]
            yield wave
