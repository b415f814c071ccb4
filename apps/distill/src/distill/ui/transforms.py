"""Transformations of a span of codes: anew by the prior, from another sound, between two sounds.

Pure functions on tables of codes (n, L); the Transform panel calls them through
`handlers.transforming`.
"""

import numpy as np
import torch
from torch import Tensor

from distill.errors import CodesError
from distill.models.persistence import LoadedVQModel
from distill.models.prior_sampling import SamplingSettings, fill_codes
from distill.ui.audio_payload import FULL_SCALE
from distill.ui.clips import Clip, Codes


def rewrite(
    clip: Clip, start: int, end: int, levels: list[int], temperature: float, seed: int
) -> Codes:
    """Let the prior fill `levels` of the columns [start, end) so that they fit what is around.

    Raises `CodesError` where the model has no prior.
    """
    prior = clip.loaded.prior
    if prior is None:
        raise CodesError("this model has no prior: train one with it")
    margin = prior.config.window
    first, last = max(0, start - margin), min(clip.columns, end + margin)
    table = torch.from_numpy(clip.codes[first:last].astype(np.int64))  # (W, L)
    masked = torch.zeros(table.shape, dtype=torch.bool)
    masked[start - first : end - first, levels] = True
    settings = SamplingSettings(temperature=(temperature,))
    generator = torch.Generator().manual_seed(seed)
    filled = fill_codes(prior, table, masked, generator, settings)
    return _columns(filled[start - first : end - first])


def swap(clip: Clip, other: Codes, start: int, end: int, levels: list[int]) -> Codes:
    """Take `levels` from another sound at the same time; a shorter one is repeated."""
    result = clip.codes[start:end].copy()
    theirs = other[np.arange(start, end) % len(other)]
    result[:, levels] = theirs[:, levels]
    return result


def blend(
    clip: Clip, other: Codes, start: int, end: int, levels: list[int], amount: float
) -> Codes:
    """Choose `levels` anew so that the columns come as close as codes can to a point between two
    sounds in embedding space; `amount` 0 is this one, 1 the other."""
    mine = clip.codes[start:end]
    theirs = other[np.arange(start, end) % len(other)]
    a, b = (_embed(clip.loaded, codes) for codes in (mine, theirs))
    return requantise(clip.loaded, mine, torch.lerp(a, b, amount), levels)


def refine(clip: Clip, start: int, end: int, levels: list[int]) -> Codes:
    """Choose `levels` anew so that, with the others as they are, the columns come as close as
    codes can to the original. Raises `CodesError` where there is no original."""
    if clip.original is None:
        raise CodesError("this sound has no original to fit to")
    last = min(clip.columns, -(-len(clip.original) // clip.column_samples))
    if start >= last:
        raise CodesError("the original is shorter than that")
    # A few columns more on each side, so that the span is seen in its context.
    first, stop = max(0, start - 4), min(last, end + 4)
    size = clip.column_samples
    wave = torch.from_numpy(
        clip.original[first * size : stop * size].astype(np.float32) / FULL_SCALE
    )
    with torch.inference_mode():
        mel = clip.loaded.spectrogram.waveform_to_mel(wave[None, None])
        z = clip.loaded.model.encode(mel).z[0, :, 0].T  # (W, D)
    count = min(end, last) - start
    fitted = clip.codes[start:end].copy()
    target = z[start - first : start - first + count]
    fitted[:count] = requantise(clip.loaded, fitted[:count], target, levels)
    return fitted


@torch.inference_mode()
def requantise(loaded: LoadedVQModel, codes: Codes, target: Tensor, levels: list[int]) -> Codes:
    """Residual quantisation of `target` (n, D) on `levels` alone, coarsest first, around the codes
    (n, L) of the other levels; on all levels exactly as the encoder does it."""
    quantizer = loaded.model.quantizer
    if len(set(levels)) == codes.shape[1]:
        return _columns(loaded.model.choose(target))
    table = torch.from_numpy(codes.astype(np.int64))
    table[:, levels] = -1
    for level in sorted(levels):
        residual = target - quantizer.embed(table)
        table[:, level] = quantizer.nearest(level, residual)
    return _columns(table)


@torch.inference_mode()
def _embed(loaded: LoadedVQModel, codes: Codes) -> Tensor:
    return loaded.model.quantizer.embed(torch.from_numpy(codes.astype(np.int64)))


def _columns(table: Tensor) -> Codes:
    return table.numpy().astype(np.int16)
