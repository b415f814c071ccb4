"""What the stages are trained to lessen, and the sounds they are trained on."""

import math

import pytest
import torch

from distill.config import VQVAEConfig
from distill.training.autoencoder import loudness_error
from distill.training.banks import Row, WaveBank
from distill.training.vocoder import loudness_loss, spectral_loss, vocoder_wins

RATE = 48_000


@pytest.fixture
def noise(torch_seeded):
    """Three crops of noise, (3, samples)."""
    return 0.1 * torch.randn(3, 9600, generator=torch_seeded)


def test_the_right_sound_costs_nothing(noise):
    assert float(spectral_loss(noise, noise, RATE)) == pytest.approx(0.0, abs=1e-6)
    assert float(loudness_loss(noise, noise)) == pytest.approx(0.0, abs=1e-6)


def test_loudness_counts_every_crop_alike_and_not_its_sign(noise):
    """Half of the amplitude: 0.5 of each envelope, log10(2) of the whole, both with weight 2."""
    expected = 2 * (0.5 + math.log10(2))
    assert float(loudness_loss(-noise / 2, noise)) == pytest.approx(expected, rel=1e-4)
    both = torch.cat([noise, noise * 0.05])
    assert float(loudness_loss(both / 2, both)) == pytest.approx(expected, rel=1e-4)


def test_a_loud_moment_that_is_missing_costs_more_than_a_soft_one(noise):
    sound = noise.clone()
    sound[:, 4800:] *= 0.1
    without_loud, without_soft = sound.clone(), sound.clone()
    without_loud[:, :4800] = 0.0
    without_soft[:, 4800:] = 0.0
    assert loudness_loss(without_loud, sound) > 5 * loudness_loss(without_soft, sound)


def test_silence_is_learnt_from_without_a_gradient_that_is_no_number():
    silence = torch.zeros(2, 4800)
    decoded = torch.zeros(2, 4800, requires_grad=True)
    loss = spectral_loss(decoded, silence, RATE) + loudness_loss(decoded, silence)
    loss.backward()
    assert torch.isfinite(decoded.grad).all()


def test_the_loudness_of_a_frame_is_that_of_its_power(torch_seeded):
    config = VQVAEConfig()
    mel = -3.0 + torch.randn(2, config.n_mels, 5, generator=torch_seeded)
    assert float(loudness_error(mel + 0.3, mel, config)) == pytest.approx(0.3 / config.mel_scale)
    power = torch.pow(10.0, 2 * mel).sum(1).log10() / 2
    other = mel.clone()
    other[:, 7] += 1.0
    moved = torch.pow(10.0, 2 * other).sum(1).log10() / 2
    expected = (moved - power).abs().mean() / config.mel_scale
    assert float(loudness_error(other, mel, config)) == pytest.approx(float(expected), rel=1e-4)


def test_below_the_floor_nothing_pulls():
    config = VQVAEConfig()
    silence = torch.full((1, config.n_mels, 4), config.mel_floor)
    decoded = (silence - 1.0).requires_grad_()
    loudness_error(decoded, silence, config).backward()
    assert not decoded.grad.any()


def test_crops_are_varied_in_colour_and_loudness_and_repeat_with_the_seed():
    row = Row(torch.sin(torch.arange(RATE) * 0.05), torch.tensor([[0, RATE]]))
    bank = WaveBank(row, row)
    draws = [bank.draw(40, 4800, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*draws)
    levels = draws[0].square().mean(1).sqrt()
    assert draws[0].shape == (40, 4800)
    assert torch.isfinite(draws[0]).all()
    assert levels.max() / levels.min() > 10


def test_a_sound_is_drawn_by_the_square_root_of_its_length():
    """A hundred times as long: ten times as often."""
    short, long = 480, 48_000
    values = torch.cat([torch.ones(short), torch.zeros(9600), torch.full((long,), 2.0)])
    row = Row(values, torch.tensor([[0, short], [short + 9600, len(values)]]))
    generator = torch.Generator().manual_seed(0)
    crops = [row.crop(100, generator) for _ in range(2000)]
    assert {len(crop) for crop in crops} == {100}
    of_short = sum(bool((crop == 1).any()) for crop in crops) / len(crops)
    assert of_short == pytest.approx(1 / 11, abs=0.02)


@pytest.mark.parametrize(
    ("vocoder", "griffin_lim", "wins"),
    [((0.18, 1.7), (0.19, 1.9), True), ((0.25, 2.3), (0.2, 1.9), False), ((1, 1), (1, 1), False)],
)
def test_the_vocoder_is_used_only_where_it_beats_griffin_lim(vocoder, griffin_lim, wins):
    figures = dict(zip(("vocoder_mel", "vocoder_lsd"), vocoder, strict=True))
    figures |= dict(zip(("griffin_lim_mel", "griffin_lim_lsd"), griffin_lim, strict=True))
    assert vocoder_wins(figures) == wins
