"""Spectrograms: exact lengths, levels that count, silence as padding, determinism."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from distill.audio.spectrogram import AudioSpectrogram
from distill.audio.stft import hann, istft, stft
from distill.audio.streaming import mel_blocks
from distill.audio.torchaudio_ops import mel_filterbank
from distill.config import SpectrogramConfig
from distill.evaluation.metrics import mel_distance

SPECTROGRAM = AudioSpectrogram()
HOP = SPECTROGRAM.config.hop_length


def noise(samples: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


@given(st.integers(1, 6000))
def test_the_inverse_transform_is_exact_for_every_length(samples):
    x = noise(samples)[None]
    back = istft(stft(x, 1024, 256), 1024, 256, samples)
    assert back.shape == x.shape
    assert (back - x).abs().max() < 1e-5


@given(st.integers(1, 5000))
def test_frames_cover_the_sound_and_the_way_back_has_its_length(samples):
    mel = SPECTROGRAM.waveform_to_mel(noise(samples)[None, None])
    assert mel.shape == (1, 1, 128, -(-samples // HOP))
    assert mel.min() >= -5.0


def test_sound_comes_back_with_exactly_the_length_asked_for():
    for samples in (1, 255, 256, 257, 3000):
        mel = SPECTROGRAM.waveform_to_mel(noise(samples)[None, None])
        assert SPECTROGRAM.mel_to_waveform(mel, samples).shape == (1, 1, samples)


def test_shorter_than_a_window_is_no_problem():
    tick = torch.zeros(1, 1, 20)
    tick[..., 3] = 1.0
    assert SPECTROGRAM.waveform_to_mel(tick).max() > -3.0


def test_silence_is_the_floor_and_nothing_else():
    mel = SPECTROGRAM.waveform_to_mel(torch.zeros(1, 1, 4096))
    assert torch.equal(mel, torch.full_like(mel, SPECTROGRAM.floor_value))


def test_forty_decibels_less_are_two_less_in_every_cell():
    loud = SPECTROGRAM.waveform_to_mel(noise(48_000)[None, None])
    quiet = SPECTROGRAM.waveform_to_mel(0.01 * noise(48_000)[None, None])
    above = quiet > SPECTROGRAM.floor_value + 0.01
    assert above.float().mean() > 0.9
    assert torch.allclose((loud - quiet)[above], torch.tensor(2.0), atol=1e-3)


def test_filters_are_slaneys_and_none_is_empty():
    bank = mel_filterbank(48_000, 1024, 128)
    assert bank.shape == (128, 513)
    assert (bank.sum(1) > 0).all()
    # Area normalisation: the triangles have the area of 2 / width x width / 2 = 1 in Hz.
    area = mel_filterbank(48_000, 8192, 40)[30].sum() * 48_000 / 8192
    assert abs(float(area) - 1.0) < 0.02


def test_griffin_lim_is_deterministic_and_close():
    x = torch.sin(torch.arange(24_000) * 0.05)[None, None] * 0.3
    mel = SPECTROGRAM.waveform_to_mel(x)
    first, second = (SPECTROGRAM.mel_to_waveform(mel, 24_000) for _ in range(2))
    assert torch.equal(first, second)
    assert mel_distance(x[0, 0], first[0, 0]) < 0.3


def test_blocks_of_a_stream_equal_the_whole(torch_seeded):
    x = noise(30_000)
    whole = SPECTROGRAM.waveform_to_mel(x[None, None])[0, 0]
    for frames in (4, 16, 1000):
        pieces = list(mel_blocks(iter(x.split(777)), SPECTROGRAM, frames))
        assert all(p.shape[1] == frames for p in pieces[:-1])
        assert torch.allclose(torch.cat(pieces, 1), whole, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 256, 1024, 1025, 2048])
def test_blocks_of_a_stream_cover_every_length(samples):
    x = noise(samples)
    whole = SPECTROGRAM.waveform_to_mel(x[None, None])[0, 0]
    pieces = torch.cat(list(mel_blocks(iter([x]), SPECTROGRAM, 4)), 1)
    assert torch.allclose(pieces, whole, atol=1e-4)


def test_other_windows_work_too():
    other = AudioSpectrogram(SpectrogramConfig(n_fft=2048, hop_length=512))
    mel = other.waveform_to_mel(noise(10_000)[None, None])
    assert mel.shape[-1] == 20
    assert other.mel_to_waveform(mel, 10_000).shape[-1] == 10_000


def test_what_is_kept_while_listening_serves_training_too():
    with torch.inference_mode():
        kept = (hann(96), mel_filterbank(48_000, 96, 4))
    assert not any(tensor.is_inference() for tensor in kept)
    weight = torch.ones(96, requires_grad=True)
    (weight * hann(96)).sum().backward()
    assert torch.equal(weight.grad, hann(96))


@pytest.mark.parametrize("wrong", [{"n_fft": 1000}, {"hop_length": 0}, {"floor": 0.0}, {"hops": 1}])
def test_a_wrong_configuration_names_the_key(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SpectrogramConfig(**wrong)


def test_a_click_touches_only_frames_whose_window_holds_it():
    x = torch.zeros(1, 1, 8192)
    x[..., 4096] = 1.0
    touched = (SPECTROGRAM.waveform_to_mel(x)[0, 0] > -4.999).any(0).nonzero()[:, 0].numpy()
    centres = (np.arange(32) + 0.5) * HOP
    assert set(touched) <= set(np.flatnonzero(np.abs(centres - 4096) < 512))
