"""The vocoder: how far it sees, and that its rounds of Griffin-Lim do what they are for."""

import pytest
import torch

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import VocoderConfig
from distill.models.vocoder import Vocoder

HOP = 256


def build(refinements: int, seed: int = 0) -> Vocoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = VocoderConfig(width=16, blocks=1, refinements=refinements)
        return Vocoder(AudioSpectrogram(), config).eval().requires_grad_(False)


def spectrogram(frames: int) -> torch.Tensor:
    return -3 + torch.randn(1, 128, frames, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("refinements", [0, 1, 2])
def test_a_frame_is_heard_within_the_reach_and_nowhere_else(refinements):
    vocoder, mel = build(refinements), spectrogram(100)
    changed = mel.clone()
    changed[..., 50] += 1.0
    difference = (vocoder(mel, 100 * HOP) - vocoder(changed, 100 * HOP))[0].abs()
    heard = difference.nonzero()[:, 0]
    assert heard.min() >= (50 - vocoder.reach) * HOP
    assert heard.max() < (51 + vocoder.reach) * HOP
    assert difference[50 * HOP : 51 * HOP].max() > 0


def test_refining_brings_the_sound_nearer_to_the_magnitudes_asked_for():
    """Random phases that no sound has come closer to one that has, round by round."""
    mel = spectrogram(60)
    state = build(0).state_dict()
    distances = []
    for refinements in (0, 1, 2, 8):
        vocoder = build(refinements)
        vocoder.load_state_dict(state)
        sound = vocoder(mel, 60 * HOP)
        wanted, _ = vocoder.spectrum(mel)
        got = AudioSpectrogram().waveform_to_mel(sound[:, None])[:, 0]
        distances.append(float((got - AudioSpectrogram().amplitude_to_mel(wanted)).abs().mean()))
    assert distances == sorted(distances, reverse=True)


def test_learning_goes_through_the_rounds_even_of_silence():
    vocoder = build(2).requires_grad_(True)
    silence = torch.full((1, 128, 20), -5.0)
    vocoder(torch.cat([silence, spectrogram(20)], -1), 40 * HOP).square().sum().backward()
    gradients = [p.grad for p in vocoder.parameters()]
    assert all(torch.isfinite(g).all() for g in gradients)
    assert vocoder.head.weight.grad.abs().max() > 0


@pytest.mark.parametrize("refinements", [0, 2])
@pytest.mark.parametrize("size", [3, 4])
def test_a_steady_sound_is_the_middle_of_a_long_one(refinements, size):
    vocoder, period = build(refinements), spectrogram(size)
    times, samples = 40, 5 * HOP + 7
    whole = vocoder(period.repeat(1, 1, times), times * size * HOP)
    steady = vocoder.synthesize_steady(period, samples)
    margin = -(-4 * (1 + refinements) // size) * size  # frames around it that overlap
    at = (60 + margin) * HOP  # 60: whole periods and whole windows, so that all phases agree
    assert torch.allclose(steady, whole[:, at : at + samples], atol=1e-5)
    assert steady.abs().max() > 0
