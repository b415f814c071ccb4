"""A training that goes wrong in earnest: codebooks that died, and rates far too high."""

import math

import pytest
import torch

from distill.config import VQVAEConfig
from distill.training import optimizer
from distill.training.autoencoder import AutoencoderStage
from distill.training.banks import MelBank, Row
from distill.training.distributed import ALONE


@pytest.fixture
def stage():
    """An autoencoder that learns random spectrograms."""
    config = VQVAEConfig(codebook_size=16, codebook_dim=8, width=24, frame_width=16)
    generator = torch.Generator().manual_seed(0)
    mel = torch.randn(config.n_mels, 400, generator=generator)
    row = Row(mel, torch.tensor([[0, 400]]))
    torch.manual_seed(0)
    made = AutoencoderStage(config, MelBank(row, row, -5.0), (mel[:, :96],), 94.0, generator, ALONE)
    made.start()
    return made


def codes_in_use(stage, level=0):
    quantizer = stage.module.quantizer
    return int((quantizer.ema_counts[level] >= quantizer.config.restart_below).sum())


def test_codebooks_whose_codes_all_died_come_back(stage):
    stage.step(0.0)
    quantizer = stage.module.quantizer
    with torch.no_grad():
        quantizer.codebooks.fill_(30.0)
        quantizer.ema_sums.fill_(0.0)
        quantizer.ema_counts.fill_(0.0)
    assert codes_in_use(stage) == 0
    for _ in range(20):
        assert math.isfinite(stage.step(0.1)["loss"])
    assert codes_in_use(stage) > 8
    assert len(quantizer.codebooks[0].unique(dim=0)) > 8


def test_a_rate_ten_thousand_times_too_high_never_leaves_weights_that_are_no_number(
    stage, monkeypatch
):
    monkeypatch.setattr(optimizer, "_LEARNING_RATE", 1e4 * optimizer._LEARNING_RATE)
    for _ in range(20):
        losses = stage.step(0.1)
        if not all(math.isfinite(value) for value in losses.values()):
            break  # the loop of training stops here, with the weights of the step before
    assert all(torch.isfinite(weight).all() for weight in stage.module.state_dict().values())
