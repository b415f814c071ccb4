"""Codebook updates: the weight acts, EMA follows the textbook, dead codes come back."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from vector_quantize_pytorch import VectorQuantize

from rq_vae_explorer.config import Hyper
from rq_vae_explorer.training.codebook import (
    Assignments,
    count_assignments,
    initial_codebook_state,
    move_codes,
    note_deaths,
    restart_codes,
)
from rq_vae_explorer.training.kmeans import kmeans_codebook
from rq_vae_explorer.training.sinkhorn import sinkhorn_loss, transport_plan
from rq_vae_explorer.training.step import traced

L, K, D, B = 2, 4, 2, 32
_move = jax.jit(move_codes)


@pytest.fixture
def codes(rng):
    return jnp.asarray(rng.normal(size=(L, K, D)), jnp.float32)


@pytest.fixture
def batch(rng):
    indices = jnp.asarray(rng.integers(0, K, (B, L)), jnp.int32)
    residuals = jnp.asarray(rng.normal(size=(L, B, D)), jnp.float32)
    return count_assignments(indices, residuals, K)


def _codebook_gradient(codes, batch, weight):
    """Gradient of the weighted codebook loss, by hand: 2 (n e - sum of residuals) / (B D)."""
    return weight * 2 * (batch.counts[..., None] * codes - batch.sums) / (B * D)


def _moved(codes, batch, **knobs):
    hyper = Hyper(**knobs)
    gradient = _codebook_gradient(codes, batch, hyper.lambda_codebook)
    state = initial_codebook_state(codes, B)
    return _move(codes, state, gradient, jnp.zeros_like(codes), batch, traced(hyper))


def test_gradient_codebook_moves_in_proportion_to_its_weight(codes, batch):
    motions = [
        np.asarray(_moved(codes, batch, lambda_codebook=weight)[0] - codes)
        for weight in (0.0, 0.1, 2.0)
    ]
    assert np.abs(motions[0]).max() == 0
    np.testing.assert_allclose(motions[2], 20 * motions[1], rtol=1e-3, atol=1e-5)


def test_gradient_codebook_goes_a_known_share_of_the_way_to_the_mean(codes, batch):
    moved, _ = _moved(codes, batch, codebook_rate=0.1)
    share = 0.1 * np.asarray(batch.counts) * K / B
    means = np.asarray(batch.sums) / np.maximum(np.asarray(batch.counts), 1)[..., None]
    expected = np.asarray(codes) + share[..., None] * (means - np.asarray(codes))
    np.testing.assert_allclose(moved, expected, rtol=1e-4, atol=1e-5)


def test_gradient_codebook_never_overshoots_the_mean(codes):
    residuals = jnp.ones((L, B, D))
    batch = count_assignments(jnp.zeros((B, L), jnp.int32), residuals, K)
    moved, _ = _moved(codes, batch, codebook_rate=1.0, lambda_codebook=50.0)
    np.testing.assert_allclose(moved[:, 0], 1.0, atol=1e-4)


def test_under_adam_the_weight_has_no_effect(codes, batch):
    slow, _ = _moved(codes, batch, quantizer="adam", lambda_codebook=0.1)
    fast, _ = _moved(codes, batch, quantizer="adam", lambda_codebook=2.0)
    np.testing.assert_allclose(slow, fast, rtol=1e-3, atol=1e-6)


def test_ema_agrees_with_vector_quantize_pytorch(rng):
    codes = rng.normal(size=(1, K, D)).astype(np.float32)
    oracle = VectorQuantize(
        dim=D, codebook_size=K, decay=0.9, eps=1e-12, rotation_trick=False, kmeans_init=False
    ).train()
    start = np.full(K, B / K, np.float32)
    layer = oracle._codebook
    layer.embed.copy_(torch.tensor(codes))
    layer.cluster_size.copy_(torch.tensor(start)[None])
    layer.embed_avg.copy_(torch.tensor(codes * start[None, :, None]))
    ours, state = jnp.asarray(codes), initial_codebook_state(jnp.asarray(codes), B)
    for _ in range(5):
        points = rng.normal(size=(B, D)).astype(np.float32)
        with torch.no_grad():
            _, indices, _ = oracle(torch.tensor(points)[None])
        batch = count_assignments(
            jnp.asarray(indices[0].numpy()[:, None], jnp.int32), jnp.asarray(points)[None], K
        )
        hyper = traced(Hyper(quantizer="ema", ema_decay=0.9))
        ours, state = _move(ours, state, ours * 0, ours * 0, batch, hyper)
    np.testing.assert_allclose(ours, layer.embed.numpy(), rtol=1e-4, atol=1e-5)


def test_ema_can_take_over_from_any_recipe_without_a_jump(codes, batch):
    moved, state = _moved(codes, batch, codebook_rate=0.5)
    no_news = Assignments(state.ema_counts * 0, codes * 0, batch.residuals)
    after, _ = _move(moved, state, codes * 0, codes * 0, no_news, traced(Hyper(quantizer="ema")))
    np.testing.assert_allclose(after, moved, rtol=1e-5, atol=1e-6)


def test_restart_puts_only_the_chosen_codes_on_residuals(codes, batch, rng):
    state = initial_codebook_state(codes, B)
    where = np.zeros((L, K), bool)
    where[1, 2] = True
    picks = jnp.asarray(rng.integers(0, B, (L, K)))
    moved, state = jax.jit(restart_codes)(codes, state, where, batch.residuals, picks, 7)
    np.testing.assert_array_equal(moved[~where], codes[~where])
    np.testing.assert_array_equal(moved[1, 2], batch.residuals[1, picks[1, 2]])
    assert int(state.restarted_at[1, 2]) == 7
    assert int(state.restarted_at.max(initial=-1, where=~where)) == -1
    assert float(state.usage[1, 2]) == pytest.approx(1 / K)


def test_deaths_are_dated_and_revival_clears_them(codes):
    state = initial_codebook_state(codes, B)
    dying = replace(state, usage=state.usage.at[0, 1].set(0.01))
    state = note_deaths(note_deaths(dying, jnp.int32(5)), jnp.int32(6))
    assert int(state.dead_since[0, 1]) == 5
    assert (np.asarray(state.dead_since) >= 0).sum() == 1
    revived = note_deaths(replace(state, usage=state.usage.at[0, 1].set(0.2)), jnp.int32(9))
    assert (np.asarray(revived.dead_since) == -1).all()


def test_kmeans_finds_separated_clusters_and_codes_their_residuals(rng):
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    points = np.repeat(centres, 100, axis=0) + rng.normal(0, 0.1, (400, 2)).astype(np.float32)
    book = np.asarray(kmeans_codebook(jnp.asarray(points), jax.random.PRNGKey(0), 2, 4))
    nearest = np.linalg.norm(centres[:, None] - book[0], axis=-1).min(axis=1)
    assert nearest.max() < 0.1
    assert np.abs(book[1]).max() < 0.5


@pytest.mark.parametrize("epsilon", [0.05, 0.2, 1.0])
def test_transport_plan_keeps_its_margins_even_for_far_codes(epsilon, rng):
    points = rng.normal(size=(64, 2)) - 1
    codes = rng.random((16, 2))
    cost = jnp.asarray(((points[:, None] - codes) ** 2).mean(-1), jnp.float32)
    plan = np.asarray(transport_plan(cost, epsilon, iterations=200))
    np.testing.assert_allclose(plan.sum(axis=0), 1 / 16, rtol=1e-3)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / 64, rtol=0.1)


@pytest.mark.parametrize("epsilon", [0.05, 0.2])
def test_sinkhorn_pulls_every_code_and_no_residual(epsilon, rng):
    residuals = jnp.asarray(rng.normal(size=(1, 64, 2)) * 0.05 - 1, jnp.float32)
    codes = jnp.asarray(rng.random((1, 16, 2)), jnp.float32)
    to_codes, to_residuals = jax.jit(jax.grad(sinkhorn_loss, argnums=(1, 0)))(
        residuals, codes, epsilon
    )
    assert np.linalg.norm(np.asarray(to_codes[0]), axis=1).min() > 1e-3
    assert np.abs(np.asarray(to_residuals)).max() == 0
