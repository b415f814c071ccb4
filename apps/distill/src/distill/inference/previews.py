"""Short sounds of single codes, cells, columns and rows.

A fine level codes what is left over and means nothing alone, so a preview is by default the
cumulative decode of levels 0..k: what the code does where it stands. The pure vector is an
option. Previews last under half a second however long the clip is, and a whole codebook is one
batch.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from distill.errors import CodesError
from distill.inference.codes import checked_table, decode_code_grid
from distill.models.persistence import LoadedVQModel
from distill.models.quantizer import NULL_CODE

PREVIEW_S = 0.4
FADE_S = 0.01
_BATCH = 32


def preview_single_code(
    level: int,
    code_index: int,
    loaded: LoadedVQModel,
    spatial_shape: tuple[int, int] | None = None,
    mel_shape: tuple[int, ...] | None = None,
    pure: bool = False,
) -> np.ndarray:
    """Sound of one code of the codebook, held for a moment.

    Below it stands the average of the levels above in the table (0..level - 1), or nothing
    where `pure`.

    Args:
        level: 0 is the coarsest.
        code_index: in [0, K).
        loaded: the model.
        spatial_shape, mel_shape: of the clip on show; the preview does not depend on them.
        pure: the code's vector alone.

    Returns:
        (samples,) float32, 0.4 s with 10 ms fades.

    Raises:
        CodesError: no such level or code.
    """
    _check_level(level, loaded)
    if not 0 <= code_index < loaded.model.codebook_size:
        raise CodesError(f"code {code_index} is not in [0, {loaded.model.codebook_size})")
    return _held(_book_vectors(level, loaded, pure)[code_index][None], loaded)[0]


def preview_codebook(
    level: int,
    loaded: LoadedVQModel,
    pure: bool = False,
    tick: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """`preview_single_code` of every code of a level: (K, samples) float32.

    `tick` is told how many are done.
    """
    _check_level(level, loaded)
    vectors = _book_vectors(level, loaded, pure)
    sounds = []
    for start in range(0, len(vectors), _BATCH):
        sounds.append(_held(vectors[start : start + _BATCH], loaded))
        tick(min(start + _BATCH, len(vectors)))
    return np.concatenate(sounds)


def preview_cell(
    level: int,
    position: int,
    full_indices: Tensor | np.ndarray,
    loaded: LoadedVQModel,
    spatial_shape: tuple[int, int],
    pure: bool = False,
) -> np.ndarray:
    """Sound of one cell, its column held for a moment with levels 0..level (`pure`: that alone).

    Returns:
        (samples,) float32, 0.4 s with 10 ms fades.

    Raises:
        CodesError: no such cell, or codes that do not fit the model.
    """
    _check_level(level, loaded)
    table = checked_table(full_indices, spatial_shape, loaded)
    if not 0 <= position < table.shape[0]:
        raise CodesError(f"column {position} is not in [0, {table.shape[0]})")
    kept = masked_levels(table[position], level, pure)
    return _held(loaded.model.quantizer.embed(kept)[None], loaded)[0]


def preview_time_slice(
    position: int,
    full_indices: Tensor | np.ndarray,
    loaded: LoadedVQModel,
    spatial_shape: tuple[int, int],
    mel_shape: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Sound of one column with all its levels, held for a moment: see `preview_cell`."""
    last = loaded.model.num_quantizers - 1
    return preview_cell(last, position, full_indices, loaded, spatial_shape)


def play_row_audio(
    level: int,
    full_indices: Tensor | np.ndarray,
    loaded: LoadedVQModel,
    spatial_shape: tuple[int, int],
    mel_shape: tuple[int, ...],
    pure: bool = False,
) -> np.ndarray:
    """Sound of a row: the whole clip decoded once from levels 0..level (`pure`: that alone).

    Returns:
        (samples,) float32, as long as the clip.

    Raises:
        CodesError: no such level, or codes that do not fit the model.
    """
    _check_level(level, loaded)
    table = checked_table(full_indices, spatial_shape, loaded)
    kept = masked_levels(table, level, pure)
    return decode_code_grid(kept[None], spatial_shape, mel_shape, loaded)


def masked_levels(codes: Tensor, level: int, pure: bool = False) -> Tensor:
    """Codes (..., L) with the null code on all levels but 0..level (`pure`: but `level`)."""
    levels = torch.arange(codes.shape[-1])
    kept = levels == level if pure else levels <= level
    return torch.where(kept, codes, NULL_CODE)


def _check_level(level: int, loaded: LoadedVQModel) -> None:
    if not 0 <= level < loaded.model.num_quantizers:
        raise CodesError(f"level {level} is not in [0, {loaded.model.num_quantizers})")


def _book_vectors(level: int, loaded: LoadedVQModel, pure: bool) -> Tensor:
    """Vectors (K, D) to play the codes of a level by."""
    quantizer = loaded.model.quantizer
    vectors = quantizer.codebooks[level]
    if pure:
        return vectors
    usage = quantizer.ema_counts / quantizer.ema_counts.sum(1, keepdim=True)  # (L, K)
    averages = (usage[..., None] * quantizer.codebooks).sum(1)  # (L, D)
    return vectors + averages[:level].sum(0)


@torch.inference_mode()
def _held(vectors: Tensor, loaded: LoadedVQModel) -> np.ndarray:
    """Vectors (N, D) as steady sounds (N, samples): the column repeated, with as much of itself
    around it as it can be heard in, so that nothing starts or stops within."""
    rate, stride = loaded.spectrogram.config.sample_rate, loaded.vqvae_config.stride
    samples, around = round(PREVIEW_S * rate), loaded.model.decoder_reach
    steady = vectors[:, :, None, None].expand(-1, -1, 1, 2 * around + 1)  # (N, D, 1, W)
    # In the middle each column is like the next: one of them is decoded.
    column = loaded.model.decode(steady)[..., around * stride : (around + 1) * stride]
    sound = loaded.spectrogram.steady_to_waveform(column, samples)[:, 0].cpu().numpy()
    return sound * _fades(samples, round(FADE_S * rate))


def _fades(samples: int, fade: int) -> np.ndarray:
    envelope = np.ones(samples, np.float32)
    ramp = np.sin(np.linspace(0.0, np.pi / 2, fade, dtype=np.float32)) ** 2
    envelope[:fade], envelope[-fade:] = ramp, ramp[::-1]
    return envelope
