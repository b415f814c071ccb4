"""The residual quantiser against its own laws and against a second implementation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_quantize_pytorch import ResidualVQ

from rq_vae_explorer.model import ResidualQuantizer
from rq_vae_explorer.model.estimators import rotate, straight_through
from rq_vae_explorer.model.quantizer import quantize

_jitted = jax.jit(quantize)


@settings(max_examples=40)
@given(st.integers(0, 2**31 - 1), st.floats(0.01, 100))
def test_each_code_is_the_nearest_and_sums_telescope(seed, scale):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(20, 2)).astype(np.float32) * np.float32(scale)
    codebook = rng.normal(size=(3, 5, 2)).astype(np.float32)
    parts = jax.tree.map(np.asarray, _jitted(z, codebook))
    np.testing.assert_array_equal(parts.residuals[0], z)
    for level in range(3):
        distance = ((parts.residuals[level][:, None] - codebook[level]) ** 2).sum(-1)
        chosen = distance[np.arange(20), parts.indices[:, level]]
        assert (chosen <= distance.min(axis=1) * (1 + 1e-5) + 1e-6).all()
        np.testing.assert_array_equal(parts.codes[level], codebook[level][parts.indices[:, level]])
    looked_up = sum(codebook[n][parts.indices[:, n]] for n in range(3))
    np.testing.assert_allclose(parts.partial_sums[-1], looked_up, rtol=1e-5, atol=1e-5)
    left = parts.residuals[-1] - parts.codes[-1]
    np.testing.assert_allclose(left, z - looked_up, rtol=1e-4, atol=1e-4 * scale)


def test_agrees_with_vector_quantize_pytorch(rng):
    codebook = rng.normal(size=(3, 16, 4)).astype(np.float32)
    z = rng.normal(size=(50, 4)).astype(np.float32)
    oracle = ResidualVQ(dim=4, codebook_size=16, num_quantizers=3, rotation_trick=False).eval()
    with torch.no_grad():
        for layer, codes in zip(oracle.layers, codebook, strict=True):
            layer._codebook.embed.copy_(torch.tensor(codes)[None])
        quantised, indices, _ = oracle(torch.tensor(z)[None])
    parts = quantize(jnp.asarray(z), jnp.asarray(codebook))
    np.testing.assert_array_equal(np.asarray(parts.indices), indices[0].numpy())
    np.testing.assert_allclose(
        np.asarray(parts.partial_sums[-1]), quantised[0].numpy(), rtol=1e-5, atol=1e-5
    )


def test_module_reports_indices_codebook_and_levels():
    module = ResidualQuantizer(num_codes=8, num_levels=2, latent_dim=3)
    z = jax.random.normal(jax.random.PRNGKey(0), (5, 3))
    variables = module.init(jax.random.PRNGKey(1), z)
    out, aux = module.apply(variables, z)
    assert out.shape == aux["z_e"].shape == aux["z_q"].shape == (5, 3)
    assert aux["indices"].shape == (5, 2)
    assert aux["indices"].dtype == jnp.int32
    assert aux["codebook"].shape == (2, 8, 3)
    assert aux["residuals"].shape == aux["codes"].shape == aux["partial_sums"].shape == (2, 5, 3)
    np.testing.assert_allclose(out, aux["z_q"], rtol=1e-6, atol=1e-6)


def test_keep_levels_decodes_from_the_first_levels_only():
    module = ResidualQuantizer(num_codes=8, num_levels=3, latent_dim=2)
    z = jax.random.normal(jax.random.PRNGKey(0), (3, 2))
    variables = module.init(jax.random.PRNGKey(1), z)
    out, aux = module.apply(variables, z, jnp.array([1, 2, 3]))
    for row in range(3):
        np.testing.assert_allclose(out[row], aux["partial_sums"][row, row], atol=1e-6)


@pytest.mark.parametrize("estimator", [straight_through, rotate])
def test_estimators_have_the_value_of_the_quantised_latent(estimator, rng):
    z, q = rng.normal(size=(2, 30, 2)).astype(np.float32)
    q[0], z[1], q[2], q[3] = -z[0], 0, 0, z[3]  # opposite, zero and equal vectors
    out = np.asarray(estimator(jnp.asarray(z), jnp.asarray(q)))
    np.testing.assert_allclose(out, q, rtol=1e-5, atol=1e-5)


def test_straight_through_copies_the_gradient(rng):
    z, q, upstream = rng.normal(size=(3, 6, 2)).astype(np.float32)
    gradient = jax.grad(lambda z: jnp.sum(straight_through(z, q) * upstream))(z)
    np.testing.assert_allclose(gradient, upstream, rtol=1e-6)


def test_rotation_turns_and_scales_the_gradient(rng):
    z, q, upstream = rng.normal(size=(3, 6, 2)).astype(np.float32)
    gradient = jax.grad(lambda z: jnp.sum(rotate(z, q) * upstream))(z)
    ratio = np.linalg.norm(q, axis=1) / np.linalg.norm(z, axis=1)
    np.testing.assert_allclose(
        np.linalg.norm(gradient, axis=1), ratio * np.linalg.norm(upstream, axis=1), rtol=1e-3
    )
    # A gradient along q comes back along z: the angle between them is kept.
    along = jax.grad(lambda z: jnp.sum(rotate(z, q) * q))(z)
    cosine = (np.asarray(along) * z).sum(1) / (
        np.linalg.norm(along, axis=1) * np.linalg.norm(z, axis=1)
    )
    np.testing.assert_allclose(cosine, 1, atol=1e-3)
