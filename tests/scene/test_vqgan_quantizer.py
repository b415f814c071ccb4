"""Codebooks: look-up laws, EMA, data start, restart of dead codes, straight-through."""

import mlx.core as mx
import numpy as np
import pytest
import torch
from vector_quantize_pytorch import VectorQuantize

from scene.vqgan import ResidualQuantizer, VectorQuantizer


def latents(n=64, d=4, seed=0):
    return mx.array(np.random.default_rng(seed).normal(size=(1, n, 1, d)).astype(np.float32))


def test_quantised_is_the_lookup_of_the_indices():
    quantizer = VectorQuantizer(16, 4)
    quantizer.eval()
    out = quantizer(latents())
    assert mx.abs(out.z_q - quantizer.decode(out.indices)).max().item() < 1e-6
    assert out.indices.dtype == mx.int32


def test_nearest_code_by_brute_force():
    quantizer = VectorQuantizer(16, 4)
    z = latents()
    flat, book = np.asarray(z).reshape(-1, 4), np.asarray(quantizer.codebook)
    brute = np.square(flat[:, None] - book[None]).sum(-1).argmin(-1)
    assert np.array_equal(np.asarray(quantizer.encode(z)).ravel(), brute)


def test_ema_step_is_that_of_vector_quantize_pytorch():
    ours = VectorQuantizer(8, 4, decay=0.8, restart_below=0)
    theirs = VectorQuantize(dim=4, codebook_size=8, decay=0.8, eps=1e-9, kmeans_init=False)
    book = np.random.default_rng(1).normal(size=(8, 4)).astype(np.float32)
    ours.codebook, ours.ema_sums = mx.array(book), mx.array(book)
    ours.ema_counts, ours.started = mx.ones((8,)), mx.ones(())
    inner = theirs._codebook
    with torch.no_grad():
        inner.embed.copy_(torch.from_numpy(book)[None])
        inner.embed_avg.copy_(torch.from_numpy(book)[None])
        inner.cluster_size.fill_(1.0)
    z = latents(32)
    out = ours(z)
    theirs.train()
    _, indices, _ = theirs(torch.from_numpy(np.array(z)).reshape(1, 32, 4))
    assert np.array_equal(np.asarray(out.indices).ravel(), indices.numpy().ravel())
    assert np.allclose(np.asarray(ours.codebook), inner.embed[0].numpy(), atol=1e-4)


def test_gradient_passes_straight_through():
    quantizer = VectorQuantizer(16, 4, commitment_cost=0.0)
    quantizer.eval()
    weight = latents(seed=3)
    gradient = mx.grad(lambda z: (quantizer(z).z_q * weight).sum())(latents())
    assert mx.abs(gradient - weight).max().item() < 1e-6


def test_indices_can_be_differentiated_around():
    quantizer = VectorQuantizer(16, 4)

    def loss(book, z):
        quantizer.codebook = book
        return quantizer(z).z_q.sum()

    quantizer.eval()
    mx.eval(mx.grad(loss, argnums=(0, 1))(quantizer.codebook, latents()))


def test_commitment_pulls_the_encoder_and_not_the_codes():
    quantizer = VectorQuantizer(16, 4, commitment_cost=0.25)
    quantizer.eval()
    z = latents()
    expected = 0.25 * np.square(np.asarray(z - quantizer.decode(quantizer.encode(z)))).mean()
    assert quantizer(z).loss.item() == pytest.approx(expected, rel=1e-5)
    gradient = mx.grad(lambda z: quantizer(z).loss)(z)
    assert mx.abs(gradient).sum().item() > 0


def test_first_training_batch_starts_the_codes_from_data():
    quantizer = VectorQuantizer(32, 4)
    z = latents(256) + 100
    quantizer(z)
    assert quantizer.started.item() == 1
    assert mx.abs(quantizer.codebook - 100).max().item() < 10
    assert len(np.unique(np.asarray(quantizer.encode(z)))) > 24


def test_dead_codes_restart_at_vectors_of_the_batch():
    mx.random.seed(0)
    quantizer = VectorQuantizer(8, 4, decay=0.5)
    quantizer(latents(256))
    quantizer.codebook[3] = mx.full((4,), 1e3)
    quantizer.ema_sums[3] = mx.full((4,), 1e3)
    for seed in range(12):
        quantizer(latents(256, seed=seed))
    assert mx.abs(quantizer.codebook).max().item() < 10
    used = np.unique(np.asarray(quantizer.encode(latents(256, seed=99))))
    assert len(used) == 8


def test_without_restart_a_dead_code_stays_dead():
    quantizer = VectorQuantizer(8, 4, decay=0.5, restart_below=0)
    quantizer(latents(256))
    quantizer.codebook[3] = mx.full((4,), 1e3)
    quantizer.ema_sums[3] = mx.full((4,), 1e3) * quantizer.ema_counts[3]
    for seed in range(3):
        quantizer(latents(256, seed=seed))
    assert 3 not in np.asarray(quantizer.encode(latents(256, seed=99)))


def test_cosine_lookup_ignores_length():
    quantizer = VectorQuantizer(16, 4, lookup="cosine")
    quantizer.eval()
    z = latents()
    assert mx.array_equal(quantizer.encode(z), quantizer.encode(7 * z))
    assert mx.abs(mx.linalg.norm(quantizer.codebook, axis=-1) - 1).max().item() < 1e-3


def test_each_level_codes_what_is_left():
    mx.random.seed(0)
    quantizer = ResidualQuantizer(3, 16, 4)
    z = latents(512)
    for _ in range(30):
        quantizer(z)
    quantizer.eval()
    indices = quantizer.encode(z)
    assert indices.shape == (1, 512, 1, 3)
    errors = [mx.square(z - quantizer.decode(indices[..., :n])).mean().item() for n in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]
    assert mx.array_equal(quantizer(z).indices, indices)


def test_kmeans_start_beats_a_random_one():
    def error(iterations):
        mx.random.seed(0)
        quantizer = ResidualQuantizer(2, 16, 4)
        z = latents(512)
        quantizer.start_from(z.reshape(-1, 4), iterations)
        return mx.square(z - quantizer.decode(quantizer.encode(z))).mean().item()

    assert error(10) < error(0)
