"""The VQGAN's contract: shapes, ranges, geometry, and the absence of slow layers."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx.utils import tree_flatten

from scene.vqgan import (
    VQGAN,
    Decoder,
    Downsample,
    Encoder,
    PatchDiscriminator,
    ResidualBlock,
    Upsample,
)
from scene.vqgan.blocks import Conv3x3, depth_to_space, space_to_depth


def picture(batch=1, height=32, width=48):
    return mx.random.uniform(-1, 1, (batch, height, width, 3))


def small(**options):
    return VQGAN(3, 8, 16, 8, 1, head_channels=4, **options)


@given(
    factor=st.sampled_from([2, 4]),
    rows=st.integers(1, 3),
    columns=st.integers(1, 3),
    channels=st.integers(1, 4),
)
@settings(max_examples=20, deadline=None)
def test_space_to_depth_is_inverted_by_depth_to_space(factor, rows, columns, channels):
    x = mx.random.normal((2, rows * factor, columns * factor, channels))
    assert mx.array_equal(depth_to_space(space_to_depth(x, factor), factor), x)


def test_training_convolution_is_the_plain_convolution():
    conv, x = Conv3x3(5, 7), mx.random.normal((2, 6, 9, 5))
    assert conv.training
    plain = mx.conv2d(x, conv.weight, padding=1) + conv.bias
    assert mx.abs(conv(x) - plain).max().item() < 1e-5


def test_blocks_keep_halve_and_double():
    x = mx.zeros((2, 8, 12, 16))
    assert ResidualBlock(16)(x).shape == (2, 8, 12, 16)
    assert Downsample(16, 24)(x).shape == (2, 4, 6, 24)
    assert Upsample(16, 24)(x).shape == (2, 16, 24, 24)


def test_encoder_and_decoder_are_sixteenfold():
    x = picture(1, 192, 320)
    z = Encoder(3, 8, 6, 1)(x)
    assert z.shape == (1, 12, 20, 6)
    assert Decoder(3, 8, 6, 1)(z).shape == x.shape


def test_plain_signature_gives_reconstruction_indices_and_loss():
    model = VQGAN(
        in_channels=3, hidden_channels=8, codebook_size=16, codebook_dim=8, num_res_blocks=1
    )
    recon, indices, loss = model(picture(2))
    assert recon.shape == (2, 32, 48, 3)
    assert indices.shape == (2, 2, 3)
    assert indices.dtype == mx.int32
    assert loss.shape == ()


def test_residual_levels_add_an_axis():
    model = small(num_levels=3)
    assert model.encode(picture()).shape == (1, 2, 3, 3)


def test_decode_stays_in_range_and_agrees_with_the_forward_pass():
    model = small(num_levels=2)
    model(picture(4))  # starts the codebooks
    model.eval()
    x = picture(2)
    recon, indices, _ = model(x)
    assert mx.array_equal(indices, model.encode(x))
    assert mx.abs(model.decode(indices) - recon).max().item() < 1e-5
    assert mx.abs(recon).max().item() <= 1


def test_palette_head_draws_palette_colours_only():
    palette = mx.array([[-1.0, -1, -1], [1, 1, 1], [0.5, -0.5, 0]])
    model = small(num_levels=2, palette=palette)
    model(picture(4))
    model.eval()
    colours = np.unique(np.asarray(model(picture(2))[0]).reshape(-1, 3), axis=0)
    known = {tuple(c) for c in np.asarray(palette).tolist()}
    assert {tuple(c) for c in colours.tolist()} <= known


def test_encoding_leaves_the_codebooks_alone_even_in_training_mode():
    model = small(num_levels=2)
    model(picture(4))
    before = [np.array(book) for book in model.quantizer.codebooks()]
    model.encode(picture(2))
    for book, old in zip(model.quantizer.codebooks(), before, strict=True):
        assert np.array_equal(book, old)


def test_no_layer_is_slow_on_the_cpu_backend():
    slow = (nn.Conv2d, nn.ConvTranspose2d, nn.GELU, nn.SiLU, nn.Tanh)
    models = (small(num_levels=2, palette=mx.zeros((4, 3))), PatchDiscriminator(3, 8))
    for model in models:
        assert not [m for _, m in model.named_modules() if isinstance(m, slow)]


def test_discriminator_sees_patches_of_36_pixels():
    judge = PatchDiscriminator(3, 4, 3)
    x = picture(1, 64, 64)
    assert judge(x).shape == (1, 8, 8, 1)
    gradient = mx.grad(lambda y: judge(y)[0, 4, 4, 0])(x)
    seen = np.flatnonzero(np.abs(np.asarray(gradient)).sum(axis=(0, 1, 3)))
    assert np.ptp(seen) + 1 == 36


def test_codebooks_and_palette_are_not_trained_by_gradient():
    model = small(num_levels=2, palette=mx.zeros((4, 3)))
    model.unfreeze()
    names = [name for name, _ in tree_flatten(model.trainable_parameters())]
    assert names
    assert not [n for n in names if "codebook" in n or n.endswith("palette") or "ema" in n]


def test_whole_model_is_differentiable():
    model = small(num_levels=2)

    def loss(model):
        recon, _, vq = model(x)
        return mx.abs(recon - x).mean() + vq

    x = picture(2)
    value, grads = nn.value_and_grad(model, loss)(model)
    flat = dict(tree_flatten(grads))
    assert np.isfinite(value.item())
    assert mx.abs(flat["encoder.stem.weight"]).sum().item() > 0


@pytest.mark.parametrize("levels", [1, 2])
def test_full_size_defaults_match_the_plan(levels):
    model = VQGAN(num_levels=levels)
    assert all(book.shape == (512, 256) for book in model.quantizer.codebooks())
    assert len(model.quantizer.codebooks()) == levels
