"""How far a decoded sound is from the original: three plain figures, none of them trained on.

All take mono sound at 48 kHz, (samples,) float32 of equal length.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from distill.audio.stft import hann
from distill.audio.torchaudio_ops import mel_filterbank

_MEL_SCALES = ((512, 40), (2048, 80))  # n_fft, bands
_MEL_FLOOR = 1e-5
_LSD_WINDOWS = (512, 1024, 2048)
_LSD_RANGE_DB = 80.0
_ENVELOPE_S = 0.005


def mel_distance(reference: Tensor, decoded: Tensor, sample_rate: int = 48_000) -> float:
    """Mean absolute difference of log10 slaney mels of amplitude, over two resolutions.

    0.1 means that bands are off by a factor of 1.26 (2 dB) on average.
    """
    distances = []
    for n_fft, bands in _MEL_SCALES:
        filters = mel_filterbank(sample_rate, n_fft, bands)
        mels = [
            (filters @ _magnitude(x, n_fft)).clamp_min(_MEL_FLOOR).log10()
            for x in (reference, decoded)
        ]
        distances.append((mels[0] - mels[1]).abs().mean())
    return float(torch.stack(distances).mean())


def log_spectral_distance(reference: Tensor, decoded: Tensor) -> float:
    """Mean absolute difference of STFT magnitudes in dB, over three windows; everything more
    than 80 dB below the peak of the reference counts as that floor. 0 dB below it is a sine whose
    amplitude is the largest absolute sample."""
    distances = []
    for n_fft in _LSD_WINDOWS:
        magnitudes = [_magnitude(x, n_fft) for x in (reference, decoded)]
        peak = reference.abs().max() * hann(n_fft).sum() / 2
        floor = (peak * 10 ** (-_LSD_RANGE_DB / 20)).clamp_min(1e-12)
        levels = [20 * m.clamp_min(floor).log10() for m in magnitudes]
        distances.append((levels[0] - levels[1]).abs().mean())
    return float(torch.stack(distances).mean())


def envelope_correlation(
    reference: Tensor, decoded: Tensor, sample_rate: int = 48_000
) -> float | None:
    """Pearson correlation of the RMS of 5 ms blocks; None where one of them is constant."""
    block = round(_ENVELOPE_S * sample_rate)
    envelopes = []
    for x in (reference, decoded):
        blocks = pad(x, (0, -x.shape[0] % block)).reshape(-1, block)
        envelope = blocks.square().mean(1).sqrt()
        envelopes.append(envelope - envelope.mean())
    norm = envelopes[0].norm() * envelopes[1].norm()
    if float(norm) < 1e-12:
        return None
    return float(envelopes[0] @ envelopes[1] / norm)


def level_difference_db(reference: Tensor, decoded: Tensor) -> float | None:
    """RMS of decoded over RMS of reference in dB; None where the reference is silent."""
    energy = float(reference.square().sum())
    if energy <= 0:
        return None
    ratio = max(float(decoded.square().sum()), 1e-20) / energy
    return 10 * torch.tensor(ratio).log10().item()


def spectral_flatness(x: Tensor, sample_rate: int = 48_000) -> float:
    """Geometric over arithmetic mean of the power spectrum up to 8 kHz, weighed by energy: near 0
    for tones, near 0.5 for noise. What lies 60 dB under a frame's peak counts as that."""
    power = _magnitude(x, 2048).square()[: 2048 * 8_000 // sample_rate]  # (F, T)
    power = power.maximum(power.amax(0) * 1e-6).clamp_min(1e-12)
    arithmetic = power.mean(0)
    flatness = power.log().mean(0).exp() / arithmetic
    return float((flatness * arithmetic).sum() / arithmetic.sum())


def scale_invariant_sdr_db(reference: Tensor, decoded: Tensor) -> float:
    """SI-SDR in dB (Le Roux et al. 2019, equation 3). It compares waveforms, so it says something
    of codecs that keep the phase, and nothing of a vocoder, which invents it."""
    gain = (reference @ decoded) / reference.square().sum().clamp_min(1e-20)
    wanted = gain * reference
    noise = (decoded - wanted).square().sum().clamp_min(1e-20)
    return float(10 * (wanted.square().sum().clamp_min(1e-20) / noise).log10())


def _magnitude(x: Tensor, n_fft: int) -> Tensor:
    """(samples,) -> (F, T), hop a quarter, silence around the sound."""
    padded = pad(x, (n_fft // 2, n_fft // 2))
    window = hann(n_fft)
    spectrum = torch.stft(
        padded, n_fft, n_fft // 4, window=window, center=False, return_complex=True
    )
    return spectrum.abs()
