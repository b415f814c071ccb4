"""Fast Griffin-Lim: phase from magnitudes alone, the fall-back where no vocoder is trained."""

import torch
from torch import Tensor

from distill.audio.stft import istft, stft

_MOMENTUM = 0.99


@torch.no_grad()
def griffin_lim(magnitude: Tensor, hop: int, num_samples: int, iterations: int = 32) -> Tensor:
    """Accelerated phase retrieval (Perraudin, Balazs and Sondergaard 2013, algorithm 2).

    Starts from zero phase, so that the same magnitudes always give the same sound.

    Args:
        magnitude: (B, F, T) float32, at least 0.
        hop: samples between frames.
        num_samples: length to return.
        iterations: projections; 32 is where more stop paying.

    Returns:
        (B, num_samples) float32.
    """
    n_fft = 2 * (magnitude.shape[1] - 1)
    phase = torch.ones_like(magnitude, dtype=torch.complex64)
    previous = torch.zeros_like(phase)
    for _ in range(iterations):
        wave = istft(magnitude * phase, n_fft, hop, magnitude.shape[-1] * hop)
        projected = stft(wave, n_fft, hop)
        ahead = projected + _MOMENTUM * (projected - previous)
        phase = ahead / ahead.abs().clamp_min(1e-12)
        previous = projected
    return istft(magnitude * phase, n_fft, hop, num_samples)
