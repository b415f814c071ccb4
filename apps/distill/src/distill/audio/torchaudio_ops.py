"""The only door to torchaudio: resampling and mel filters.

torchaudio is in maintenance and has lost parts in recent releases, so everything that is used
of it stands here and could be replaced here.
"""

import math
import warnings
from fractions import Fraction
from functools import lru_cache

import torch
import torchaudio.functional as taf
from torch.nn.functional import pad

# Zeros of the sinc on each side: the kernel reaches this far, in samples of the slower rate.
_LOWPASS_WIDTH = 16
_ROLLOFF = 0.97
_MAX_DENOMINATOR = 640


def resampling_ratio(source_rate: int, target_rate: int) -> Fraction:
    """Output samples per input sample.

    Odd rates are met by the nearest ratio of small numbers (off by less than 2e-6, far below
    hearing): the exact one would ask for filters of gigabytes.
    """
    return Fraction(target_rate, source_rate).limit_denominator(_MAX_DENOMINATOR)


def resample(waveform: torch.Tensor, source_rate: int, target_rate: int) -> torch.Tensor:
    """Band-limited resampling by a windowed sinc.

    Args:
        waveform: (..., samples) float.
        source_rate: Hz.
        target_rate: Hz.

    Returns:
        (..., ceil(samples * target_rate / source_rate)).
    """
    if source_rate == target_rate:
        return waveform
    ratio = resampling_ratio(source_rate, target_rate)
    out = taf.resample(
        waveform,
        ratio.denominator,
        ratio.numerator,
        lowpass_filter_width=_LOWPASS_WIDTH,
        rolloff=_ROLLOFF,
    )
    length = -(-waveform.shape[-1] * target_rate // source_rate)
    return pad(out, (0, length - out.shape[-1]))


def resampling_reach(ratio: Fraction) -> int:
    """Source samples on each side that one output sample depends on."""
    slower = min(1.0, float(ratio)) * _ROLLOFF
    return math.ceil(_LOWPASS_WIDTH / slower) + 1


@lru_cache(maxsize=8)
def mel_filterbank(sample_rate: int, n_fft: int, n_mels: int) -> torch.Tensor:
    """Slaney-scaled, area-normalised triangular mel filters (Slaney's Auditory Toolbox).

    Returns:
        (n_mels, n_fft // 2 + 1) float32. Bands narrower than a bin may be empty.
    """
    # Kept, and so no tensor of inference mode: training may be the next to use it.
    with warnings.catch_warnings(), torch.inference_mode(False):
        warnings.filterwarnings("ignore", message="At least one mel filterbank")
        bank = taf.melscale_fbanks(
            n_freqs=n_fft // 2 + 1,
            f_min=0.0,
            f_max=sample_rate / 2,
            n_mels=n_mels,
            sample_rate=sample_rate,
            norm="slaney",
            mel_scale="slaney",
        )
        return bank.T.contiguous()  # (n_mels, F)
