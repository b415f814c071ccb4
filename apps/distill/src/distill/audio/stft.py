"""Short-time Fourier transform whose frame i is centred on hop i, and its exact inverse.

`torch.stft(center=True)` centres frame i on sample i * hop, which leaves half a frame of a
column outside it. Here frame i is centred on (i + 1/2) * hop, so that `stride` frames cover
exactly `stride * hop` samples and nothing outside; silence surrounds the signal.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import fold, pad


@lru_cache(maxsize=16)
def hann(n_fft: int) -> Tensor:
    """Periodic Hann window, (n_fft,) float32."""
    with torch.inference_mode(False):  # it is kept, and training may be the next to use it
        return torch.hann_window(n_fft)


def num_frames(num_samples: int, hop: int) -> int:
    """Frames that cover `num_samples`."""
    return -(-num_samples // hop)


def stft(waveform: Tensor, n_fft: int, hop: int) -> Tensor:
    """Complex spectrum.

    Args:
        waveform: (B, samples) float32, at least one sample.
        n_fft: window length, a multiple of `hop`.
        hop: samples between frames.

    Returns:
        (B, n_fft // 2 + 1, T) complex64 with T = ceil(samples / hop), not normalised.
    """
    samples = waveform.shape[-1]
    edge = (n_fft - hop) // 2
    tail = num_frames(samples, hop) * hop - samples
    padded = pad(waveform, (edge, n_fft - hop - edge + tail))
    window = hann(n_fft).to(waveform.device)
    return torch.stft(padded, n_fft, hop, window=window, center=False, return_complex=True)


def istft(spectrum: Tensor, n_fft: int, hop: int, num_samples: int) -> Tensor:
    """Least-squares inverse of `stft` (Griffin and Lim 1984, equation 6).

    Args:
        spectrum: (B, n_fft // 2 + 1, T) complex.
        n_fft: as in `stft`.
        hop: as in `stft`.
        num_samples: length to return, at most T * hop.

    Returns:
        (B, num_samples) float32.
    """
    window = hann(n_fft).to(spectrum.device)
    frames = torch.fft.irfft(spectrum, n=n_fft, dim=1) * window[:, None]  # (B, n_fft, T)
    length = (spectrum.shape[-1] - 1) * hop + n_fft
    signal = _overlap_add(frames, n_fft, hop, length)  # (B, length)
    weight = _overlap_add(
        window.square()[None, :, None].expand(1, -1, spectrum.shape[-1]), n_fft, hop, length
    )
    edge = (n_fft - hop) // 2
    span = slice(edge, edge + num_samples)
    return signal[:, span] / weight[:, span].clamp_min(1e-8)


def _overlap_add(frames: Tensor, n_fft: int, hop: int, length: int) -> Tensor:
    summed = fold(frames, (1, length), kernel_size=(1, n_fft), stride=(1, hop))
    return summed[:, 0, 0]  # (B, length)
