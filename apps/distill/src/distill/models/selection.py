"""Which of several sums of codes stands for a column best: judged as spectrogram, not as latent.

The nearest sums lie about equally near, and the nearest of all is often a quieter one: losing a
loud partial costs no more than missing a faint one. Among them the choice is free, so it is made
by what a listener would miss.
"""

import math

import torch
from torch import Tensor

_LN100 = 2 * math.log(10.0)  # power is amplitude squared
_LOUDNESS_WEIGHT = 0.25


def frame_loudness(mel: Tensor, bands: int = -1) -> Tensor:
    """log10 of the amplitude that has the power of all bands, which dimension `bands` counts."""
    return torch.logsumexp(_LN100 * mel, dim=bands) / _LN100


def best_candidate(wanted: Tensor, candidates: Tensor) -> Tensor:
    """The candidate of least squared error, of bands and, for a quarter, of frames' loudness.

    Args:
        wanted: (N, S, n_mels) log mels of columns of S frames.
        candidates: (N, P, S, n_mels), P for each of them.

    Returns:
        (N,) int64 in [0, P).
    """
    bands = (candidates - wanted[:, None]).square().mean((-2, -1))  # (N, P)
    loudness = frame_loudness(candidates) - frame_loudness(wanted)[:, None]  # (N, P, S)
    return (bands + _LOUDNESS_WEIGHT * loudness.square().mean(-1)).argmin(1)
