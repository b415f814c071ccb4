"""The autoencoder: shapes of the contract, columns that are time, no state."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError

import pytest
import torch

from distill.config import VQVAEConfig
from distill.models.vqvae import ConvVQVAE, EncodeResult


def spectrogram(frames: int, seed: int = 0, batch: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return -3 + torch.randn(batch, 1, 128, frames, generator=generator)


def test_shapes_of_the_contract(tiny):
    model = tiny.model
    x = spectrogram(10, batch=2)
    encoded = model.encode(x)
    assert isinstance(encoded, EncodeResult)
    assert encoded.z.shape == (2, 8, 1, 3)
    assert encoded.spatial_shape == (1, 3)
    z_q, indices, loss = model.quantize(encoded.z)
    assert z_q.shape == encoded.z.shape
    assert indices.shape == (2, 3, 4)
    assert indices.dtype == torch.int64
    assert loss.shape == ()
    assert torch.allclose(model.codes_to_embeddings(indices, (1, 3)), z_q, atol=1e-4)
    assert model.decode(z_q, (128, 10)).shape == x.shape
    assert model.decode(z_q).shape == (2, 1, 128, 12)
    reconstruction, again, _ = model(x)
    assert reconstruction.shape == x.shape
    assert torch.equal(again, indices)
    assert (model.num_quantizers, model.codebook_size, model.codebook_dim) == (4, 16, 8)


def test_quantize_takes_a_result_too(tiny):
    encoded = tiny.model.encode(spectrogram(8))
    assert torch.equal(tiny.model.quantize(encoded)[1], tiny.model.quantize(encoded.z)[1])


def test_an_encode_result_cannot_be_changed(tiny):
    encoded = tiny.model.encode(spectrogram(8))
    with pytest.raises(FrozenInstanceError):
        encoded.spatial_shape = (8, 1)


def test_null_everywhere_is_not_zero_everywhere(tiny):
    shape = (1, 6, 4)
    null = tiny.model.codes_to_embeddings(torch.full(shape, -1), (1, 6))
    zero = tiny.model.codes_to_embeddings(torch.zeros(shape, dtype=torch.long), (1, 6))
    assert torch.equal(null, torch.zeros_like(null))
    assert (tiny.model.decode(null) - tiny.model.decode(zero)).abs().mean() > 0.05


@pytest.mark.parametrize("column", [0, 1, 5, 18, 19])
def test_a_change_within_a_column_reaches_only_its_neighbours(column):
    torch.manual_seed(0)
    model = ConvVQVAE(VQVAEConfig())  # full size, with random networks in place of silent ones
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x = spectrogram(80)
    changed = x.clone()
    changed[..., 4 * column : 4 * column + 4] += 1.0
    difference = (model.encode(x).z - model.encode(changed).z).abs().amax((0, 1, 2))
    touched = set((difference > 0).nonzero()[:, 0].tolist())
    assert column in touched
    assert touched <= {column - 1, column, column + 1}


def test_silence_fills_up_the_last_column(tiny):
    x = spectrogram(9)
    filled = torch.cat([x, torch.full((1, 1, 128, 3), -5.0)], dim=-1)
    assert torch.allclose(tiny.model.encode(x).z, tiny.model.encode(filled).z)


def test_encoding_leaves_the_model_as_it_was(tiny):
    before = {k: v.clone() for k, v in tiny.model.state_dict().items()}
    for seed in range(10):
        tiny.model.quantize(tiny.model.encode(spectrogram(20, seed)))
    assert all(torch.equal(v, before[k]) for k, v in tiny.model.state_dict().items())
    assert not tiny.model.training


def test_two_threads_get_what_each_gets_alone(tiny):
    inputs = [spectrogram(20 + 7 * seed, seed) for seed in range(12)]
    alone = [tiny.model.quantize(tiny.model.encode(x))[1] for x in inputs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda x: tiny.model.quantize(tiny.model.encode(x))[1], inputs))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_the_start_is_the_best_linear_autoencoder():
    model = ConvVQVAE(VQVAEConfig(codebook_dim=16))
    generator = torch.Generator().manual_seed(0)
    basis = torch.randn(16, 512, generator=generator)
    flat = torch.randn(300, 16, generator=generator) @ basis * 0.05 - 2.5
    columns = flat.reshape(300, 128, 4)
    model.start_linear(columns)
    x = columns.permute(1, 0, 2).reshape(1, 1, 128, 1200)
    back = model.decode_unclamped(model.encode(x).z[:, :, 0])
    assert (back - x[:, 0]).abs().max() < 1e-3  # sixteen dimensions hold all there is


def test_decoded_spectrograms_never_fall_below_silence(tiny):
    deep = torch.full((1, 8, 1, 5), -50.0)
    assert tiny.model.decode(deep).min() >= -5.0
