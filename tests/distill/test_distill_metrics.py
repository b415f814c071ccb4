"""The figures mean what their definitions say, by a second implementation in NumPy."""

import numpy as np
import pytest
import torch

from distill.audio.torchaudio_ops import mel_filterbank
from distill.evaluation.metrics import (
    envelope_correlation,
    level_difference_db,
    log_spectral_distance,
    mel_distance,
    scale_invariant_sdr_db,
    spectral_flatness,
)


def noise(seed: int, samples: int = 20_000) -> torch.Tensor:
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def magnitude(x: np.ndarray, n_fft: int) -> np.ndarray:
    padded = np.pad(x.astype(np.float64), n_fft // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    starts = range(0, len(padded) - n_fft + 1, n_fft // 4)
    return np.stack([np.abs(np.fft.rfft(padded[s : s + n_fft] * window)) for s in starts], 1)


def test_mel_distance_is_the_textbook_formula():
    a, b = noise(0).numpy(), noise(1).numpy() * 0.3
    expected = []
    for n_fft, bands in ((512, 40), (2048, 80)):
        bank = mel_filterbank(48_000, n_fft, bands).numpy()
        logs = [np.log10(np.maximum(bank @ magnitude(x, n_fft), 1e-5)) for x in (a, b)]
        expected.append(np.abs(logs[0] - logs[1]).mean())
    assert mel_distance(torch.tensor(a), torch.tensor(b)) == pytest.approx(
        np.mean(expected), rel=1e-4
    )


def test_log_spectral_distance_is_the_textbook_formula():
    a, b = noise(0).numpy(), noise(1).numpy() * 0.01
    expected = []
    for n_fft in (512, 1024, 2048):
        ours, theirs = magnitude(a, n_fft), magnitude(b, n_fft)
        sine_at_peak = np.abs(a).max() * n_fft / 4  # half the sum of a Hann window
        floor = sine_at_peak * 1e-4
        decibels = [20 * np.log10(np.maximum(m, floor)) for m in (ours, theirs)]
        expected.append(np.abs(decibels[0] - decibels[1]).mean())
    assert log_spectral_distance(torch.tensor(a), torch.tensor(b)) == pytest.approx(
        np.mean(expected), rel=1e-3
    )


def test_log_spectral_distance_counts_what_is_within_80_db_of_the_peak_sample():
    t = torch.arange(48_000) / 48_000
    loud, other = torch.sin(2 * torch.pi * 1000 * t), torch.sin(2 * torch.pi * 9000 * t)
    just_heard, just_not = (loud + other * 10 ** (-db / 20) for db in (75, 86))
    assert log_spectral_distance(loud, just_not) < 0.001  # their sudden ends alone
    assert log_spectral_distance(loud, just_heard) > 0.01


def test_a_gain_moves_the_distances_by_exactly_that():
    x = noise(0, 48_000)
    assert mel_distance(x, 0.1 * x) == pytest.approx(1.0, abs=0.02)
    assert level_difference_db(x, 0.1 * x) == pytest.approx(-20.0, abs=1e-3)
    assert envelope_correlation(x, 0.1 * x) == pytest.approx(1.0)


def test_the_same_sound_is_no_distance():
    x = noise(0)
    assert mel_distance(x, x) == log_spectral_distance(x, x) == 0.0


def test_the_envelope_is_that_of_5_ms():
    t = torch.arange(48_000) / 48_000
    slow = torch.sin(2 * torch.pi * 1000 * t) * torch.exp(-3 * t)
    other_carrier = torch.sin(2 * torch.pi * 1400 * t) * torch.exp(-3 * t)
    assert envelope_correlation(slow, other_carrier) > 0.99
    assert envelope_correlation(slow, other_carrier.flip(0)) < 0
    assert envelope_correlation(slow, torch.zeros(48_000)) is None


def test_silence_has_no_level():
    assert level_difference_db(torch.zeros(10), noise(0, 10)) is None


def test_si_sdr_ignores_gain_and_counts_noise():
    x, n = noise(0), noise(1)
    assert scale_invariant_sdr_db(x, 0.2 * x) > 60
    assert scale_invariant_sdr_db(x, x + 0.1 * n) == pytest.approx(20, abs=0.3)


def test_tones_are_flatter_than_noise_is_not():
    tone = torch.sin(torch.arange(48_000) * 0.1)
    assert spectral_flatness(tone) < 0.001
    assert spectral_flatness(noise(0)) > 0.3


@pytest.mark.parametrize("samples", [1, 10, 511])
def test_very_short_sounds_can_be_measured(samples):
    x, y = noise(0, samples), noise(1, samples)
    assert np.isfinite([mel_distance(x, y), log_spectral_distance(x, y)]).all()
