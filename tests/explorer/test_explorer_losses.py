"""Losses: the textbook values, and gradients that stop where they should."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rq_vae_explorer.model import RQVAE
from rq_vae_explorer.training.losses import compute_level_losses, compute_losses

MODEL = RQVAE(latent_dim=2, num_codes=4, num_levels=3)


@pytest.fixture(scope="module")
def setup():
    x = jax.random.uniform(jax.random.PRNGKey(1), (8, 28, 28, 1))
    params = MODEL.init(jax.random.PRNGKey(0), x)["params"]
    return params, x


def _norm(tree):
    return float(sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(tree)))


def test_final_losses_match_numpy(rng):
    x, y = rng.random((2, 5, 28, 28, 1))
    z, q = rng.normal(size=(2, 5, 2))
    losses = compute_losses(x, y, z, q, lambda_commit=0.5, lambda_codebook=2.0)
    assert losses["recon"] == pytest.approx(np.mean((x - y) ** 2), rel=1e-5)
    assert losses["commit"] == pytest.approx(np.mean((z - q) ** 2), rel=1e-5)
    assert losses["codebook"] == losses["commit"]
    expected = losses["recon"] + 0.5 * losses["commit"] + 2.0 * losses["codebook"]
    assert losses["total"] == pytest.approx(float(expected), rel=1e-6)


def test_level_losses_with_one_level_are_the_final_ones(rng):
    x, y = rng.random((2, 5, 28, 28, 1))
    z, q = rng.normal(size=(2, 5, 2))
    one = compute_level_losses(x, y, z[None], q[None])
    final = compute_losses(x, y, z, q)
    for name, value in final.items():
        assert float(one[name]) == pytest.approx(float(value), rel=1e-6)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_commitment_of_every_level_reaches_the_encoder_and_no_code(setup, level):
    params, x = setup

    def commitment(params):
        _, aux = MODEL.apply({"params": params}, x)
        part = slice(level, level + 1)
        return compute_level_losses(x, x, aux["residuals"][part], aux["codes"][part])["commit"]

    gradient = jax.grad(commitment)(params)
    assert _norm(gradient["encoder"]) > 0
    assert _norm(gradient["quantizer"]) == 0
    assert _norm(gradient["decoder"]) == 0


@pytest.mark.parametrize("level", [0, 1, 2])
def test_codebook_loss_reaches_the_codes_of_its_level_alone(setup, level):
    params, x = setup

    def codebook_loss(params):
        _, aux = MODEL.apply({"params": params}, x)
        part = slice(level, level + 1)
        return compute_level_losses(x, x, aux["residuals"][part], aux["codes"][part])["codebook"]

    gradient = jax.grad(codebook_loss)(params)
    assert _norm(gradient["encoder"]) == 0
    codes = np.asarray(jnp.abs(gradient["quantizer"]["codebook"]).sum(axis=(1, 2)))
    assert codes[level] > 0
    assert np.delete(codes, level).sum() == 0


@pytest.mark.parametrize("rotation", [0.0, 1.0])
def test_reconstruction_reaches_encoder_and_decoder_but_no_code(setup, rotation):
    params, x = setup

    def reconstruction(params):
        y, _ = MODEL.apply({"params": params}, x, None, rotation)
        return jnp.mean((x - y) ** 2)

    gradient = jax.grad(reconstruction)(params)
    assert _norm(gradient["encoder"]) > 0
    assert _norm(gradient["decoder"]) > 0
    assert _norm(gradient["quantizer"]) == 0


def test_final_losses_cut_the_same_gradients(setup):
    params, x = setup

    def loss(params, name):
        _, aux = MODEL.apply({"params": params}, x)
        return compute_losses(x, x, aux["z_e"], aux["z_q"])[name]

    commit = jax.grad(loss)(params, "commit")
    codebook = jax.grad(loss)(params, "codebook")
    assert _norm(commit["encoder"]) > 0
    assert _norm(commit["quantizer"]) == 0
    assert _norm(codebook["encoder"]) == 0
    assert _norm(codebook["quantizer"]) > 0
