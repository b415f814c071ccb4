"""Networks: shapes, ranges, and the matmul convolutions against Flax's own."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rq_vae_explorer.model import RQVAE, Decoder, Encoder


class FlaxEncoder(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Conv(32, (3, 3), strides=(2, 2))(x))
        x = nn.relu(nn.Conv(64, (3, 3), strides=(2, 2))(x))
        x = nn.relu(nn.Dense(128)(x.reshape(x.shape[0], -1)))
        return nn.Dense(2)(x)


class FlaxDecoder(nn.Module):
    @nn.compact
    def __call__(self, z):
        x = nn.relu(nn.Dense(128)(z))
        x = nn.relu(nn.Dense(7 * 7 * 64)(x)).reshape(-1, 7, 7, 64)
        x = nn.relu(nn.ConvTranspose(32, (3, 3), strides=(2, 2))(x))
        return nn.sigmoid(nn.ConvTranspose(1, (3, 3), strides=(2, 2))(x))


@pytest.mark.parametrize(
    ("ours", "flax", "shape"),
    [(Encoder(), FlaxEncoder(), (3, 28, 28, 1)), (Decoder(), FlaxDecoder(), (3, 2))],
)
def test_matmul_convolutions_equal_flax_in_parameters_outputs_and_gradients(ours, flax, shape):
    x = jax.random.normal(jax.random.PRNGKey(1), shape)
    variables = ours.init(jax.random.PRNGKey(0), x)
    expected = flax.init(jax.random.PRNGKey(0), x)
    assert jax.tree.structure(variables) == jax.tree.structure(expected)
    for mine, theirs in zip(jax.tree.leaves(variables), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(ours.apply(variables, x), flax.apply(variables, x), atol=1e-5)

    def loss(variables, module):
        return jnp.mean(module.apply(variables, x) ** 2)

    mine = jax.grad(loss)(variables, ours)
    theirs = jax.grad(loss)(variables, flax)
    for a, b in zip(jax.tree.leaves(mine), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("network", ["dense", "patch", "conv"])
def test_every_network_reconstructs_in_range_at_any_latent_width(network):
    model = RQVAE(latent_dim=3, num_codes=4, num_levels=2, network=network)
    x = jax.random.uniform(jax.random.PRNGKey(1), (2, 28, 28, 1))
    out, aux = model.apply(model.init(jax.random.PRNGKey(0), x), x)
    assert out.shape == x.shape
    assert float(out.min()) >= 0
    assert float(out.max()) <= 1
    assert aux["z_e"].shape == (2, 3)


def test_patch_decoder_puts_patches_where_the_encoder_takes_them():
    # A patch network is local: the encoder's first layer must see one 4x4 patch per position.
    x = np.zeros((1, 28, 28, 1), np.float32)
    x[0, 4:8, 8:12] = 1
    patches = x.reshape(1, 7, 4, 7, 4).transpose(0, 1, 3, 2, 4).reshape(1, 49, 16)
    assert patches[0, 1 * 7 + 2].sum() == 16
    assert patches.sum() == 16
