"""Losses against their formulas, and the choice of pixels for the palette loss."""

import mlx.core as mx
import numpy as np
import pytest

from scene.vqgan.discriminator import adaptive_weight, discriminator_hinge, generator_hinge
from scene.vqgan.losses import edge_mask, gradient_loss, palette_loss, sample_pixels


def test_palette_loss_is_the_mean_negative_log_softmax():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20, 5)).astype(np.float32)
    targets = rng.integers(0, 5, 20).astype(np.int32)
    log_softmax = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    nll = -log_softmax[np.arange(20), targets]
    assert palette_loss(mx.array(logits), mx.array(targets)).item() == pytest.approx(
        nll.mean(), rel=1e-5
    )
    focal = ((1 - np.exp(-nll)) ** 2 * nll).mean()
    assert palette_loss(mx.array(logits), mx.array(targets), 2.0).item() == pytest.approx(
        focal, rel=1e-4
    )


def test_gradient_loss_ignores_a_constant_shift_and_sees_blur():
    sharp = mx.zeros((1, 8, 8, 3))
    sharp[:, :, 4:] = 1.0
    blurred = mx.zeros((1, 8, 8, 3))
    blurred[:, :, 3:] = 0.5
    blurred[:, :, 5:] = 1.0
    assert gradient_loss(sharp + 0.3, sharp).item() == pytest.approx(0, abs=1e-6)
    assert gradient_loss(blurred, sharp).item() > 0.05


def test_edges_are_both_sides_of_a_change():
    classes = np.zeros((1, 4, 6), int)
    classes[:, :, 3:] = 1
    expected = np.zeros((1, 4, 6), bool)
    expected[:, :, 2:4] = True
    assert np.array_equal(edge_mask(classes), expected)


def test_edges_and_rare_colours_are_drawn_more_often():
    classes = np.zeros((1, 32, 32), int)
    classes[0, 10:12, 10:12] = 1
    rng = np.random.default_rng(0)

    def share_of_rare(edge_weight, rare_power):
        drawn = sample_pixels(classes, 20_000, edge_weight, rare_power, 2, rng)
        return (classes.ravel()[drawn] == 1).mean()

    plain = share_of_rare(0.0, 0.0)
    assert plain == pytest.approx(4 / 1024, abs=0.003)
    assert share_of_rare(2.0, 0.0) > 2 * plain
    assert share_of_rare(2.0, 0.5) > 3 * share_of_rare(2.0, 0.0)


def test_hinge_losses():
    real, fake = mx.array([2.0, 0.0]), mx.array([-2.0, 1.0])
    assert discriminator_hinge(real, fake).item() == pytest.approx(0.5 * (0.5 + 1.0))
    assert generator_hinge(fake).item() == pytest.approx(0.5)


def test_adaptive_weight_is_the_ratio_of_norms():
    weight = adaptive_weight(mx.array([3.0, 4.0]), mx.array([0.0, 0.5]))
    assert weight.item() == pytest.approx(10, rel=1e-3)
