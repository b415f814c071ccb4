"""The residual quantiser: null codes, sums, learning, restarts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vector_quantize_pytorch import ResidualVQ

from distill.models.quantizer import NULL_CODE, QuantizerConfig, ResidualQuantizer
from vq_common.health import codebook_health, usage_counts

LEVELS, CODES, DIM = 3, 8, 4


@pytest.fixture
def quantizer():
    q = ResidualQuantizer(QuantizerConfig(LEVELS, CODES, DIM))
    q.start(points(400), torch.Generator().manual_seed(0))
    return q


def points(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed))


def test_null_is_the_zero_vector_and_not_code_0(quantizer):
    null = torch.full((1, LEVELS), NULL_CODE)
    assert torch.equal(quantizer.embed(null), torch.zeros(1, DIM))
    assert quantizer.embed(torch.zeros_like(null)).abs().max() > 0.1


@given(st.lists(st.integers(-1, CODES - 1), min_size=LEVELS, max_size=LEVELS))
def test_an_embedding_is_the_sum_of_the_codes_that_are_there(codes):
    q = ResidualQuantizer(QuantizerConfig(LEVELS, CODES, DIM))
    q.start(points(100), torch.Generator().manual_seed(0))
    expected = torch.zeros(DIM)
    for level, code in enumerate(codes):
        if code >= 0:
            expected = expected + q.codebooks[level, code]
    assert torch.allclose(q.embed(torch.tensor(codes)), expected, atol=1e-6)


def test_quantised_is_the_lookup_of_its_indices(quantizer):
    z = points(50, seed=1)
    result = quantizer(z)
    assert torch.allclose(result.z_q, quantizer.embed(result.indices), atol=1e-5)


def test_indices_equal_those_of_vector_quantize_pytorch(quantizer):
    oracle = ResidualVQ(dim=DIM, num_quantizers=LEVELS, codebook_size=CODES).eval()
    for level, layer in enumerate(oracle.layers):
        layer._codebook.embed.data.copy_(quantizer.codebooks[level][None])
        layer._codebook.initted.fill_(True)
    z = points(200, seed=2)
    quantised, indices, _ = oracle(z[None])
    ours = quantizer(z)
    assert torch.equal(ours.indices, indices[0])
    assert torch.allclose(ours.z_q, quantised[0], atol=1e-5)


def test_each_level_lowers_the_error(quantizer):
    z = points(200, seed=3)
    indices = quantizer(z).indices
    errors = []
    for level in range(LEVELS):
        kept = indices.clone()
        kept[:, level + 1 :] = NULL_CODE
        errors.append(float((quantizer.embed(kept) - z).square().mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_search_with_one_beam_is_greedy_and_with_more_is_no_worse(quantizer):
    z = points(300, seed=4)
    assert torch.equal(quantizer.search(z, beams=1), quantizer(z).indices)
    errors = [
        float((quantizer.embed(quantizer.search(z, beams)) - z).square().mean())
        for beams in (1, 4, CODES**2)
    ]
    assert errors[1] < errors[0]
    assert errors[2] <= errors[1]


def test_search_with_all_prefixes_is_exhaustive(quantizer):
    z = points(20, seed=5)
    sums = quantizer.embed(torch.cartesian_prod(*(torch.arange(CODES) for _ in range(LEVELS))))
    best = torch.cdist(z, sums).min(1).values
    found = quantizer.embed(quantizer.search(z, beams=CODES**LEVELS))
    assert torch.allclose((found - z).norm(dim=1), best, atol=1e-4)


def test_candidates_are_different_sums_the_nearest_first(quantizer):
    z = points(30, seed=6)
    found = quantizer.candidates(z, beams=5)
    assert found.shape == (30, 5, LEVELS)
    errors = (quantizer.embed(found) - z[:, None]).square().sum(-1)  # (30, 5)
    assert torch.allclose(errors, errors.sort(dim=1).values, atol=1e-4)
    assert all(len({tuple(c) for c in row}) == 5 for row in found.tolist())
    assert torch.equal(found[:, 0], quantizer.search(z, beams=5))


def test_a_conscience_gives_every_code_of_the_first_level_as_much_to_do():
    crowd = torch.cat([0.3 * points(800), 2.0 * points(200, seed=1)])  # few, but far apart
    evenness = {}
    for conscience in (0.0, 0.6):
        q = ResidualQuantizer(QuantizerConfig(LEVELS, CODES, DIM))
        q.start(crowd, torch.Generator().manual_seed(0))
        chance = torch.Generator().manual_seed(0)
        for _ in range(300):
            q.learn(crowd, q(crowd, beams=4, conscience=conscience).indices, chance)
        counts = usage_counts(q(crowd).indices.numpy(), CODES)  # as used: without a conscience
        evenness[conscience] = codebook_health(counts)[0].perplexity
    assert evenness[0.0] < 3 < 6 < evenness[0.6]


def test_a_conscience_tells_equal_codes_apart_by_how_much_they_do(quantizer):
    quantizer.codebooks[0, 1] = quantizer.codebooks[0, 0]
    quantizer.ema_counts[0, 0], quantizer.ema_counts[0, 1] = 2.0, 0.5
    z = quantizer.codebooks[0, :1].clone()
    assert quantizer(z, conscience=0.1).indices[0, 0] == 1
    quantizer.ema_counts[0, 1] = 3.0
    assert quantizer(z, conscience=0.1).indices[0, 0] == 0


def test_quantising_changes_nothing(quantizer):
    before = {k: v.clone() for k, v in quantizer.state_dict().items()}
    for _ in range(10):
        quantizer.train()(points(30))
    assert all(torch.equal(v, before[k]) for k, v in quantizer.state_dict().items())


def test_the_gradient_passes_straight_through(quantizer):
    z = points(10).requires_grad_()
    quantizer(z).z_q.sum().backward()
    assert torch.equal(z.grad, torch.ones_like(z))


def test_commitment_pulls_the_input_towards_its_codes(quantizer):
    z = points(10).requires_grad_()
    result = quantizer(z)
    result.commitment.backward()
    towards = quantizer.embed(result.indices) - z.detach()
    assert float((-z.grad * towards).sum()) > 0
    assert result.commitment.item() == pytest.approx(
        torch.stack(
            [
                (quantizer.embed(_only(result.indices, k)) - z.detach()).square().mean()
                for k in range(LEVELS)
            ]
        ).mean().item(),
        rel=1e-4,
    )  # fmt: skip


def _only(indices, level):
    kept = indices.clone()
    kept[:, level + 1 :] = NULL_CODE
    return kept


def test_dropout_keeps_a_prefix_of_the_levels(quantizer):
    z = points(3)
    result = quantizer(z, keep_levels=torch.tensor([1, 2, 3]))
    for row, kept in enumerate((1, 2, 3)):
        expected = quantizer.embed(_only(result.indices, kept - 1)[row])
        assert torch.allclose(result.z_q[row], expected, atol=1e-5)


def test_learning_moves_codes_to_the_mean_of_what_they_hold():
    q = ResidualQuantizer(QuantizerConfig(1, 2, 1, decay=0.5))
    q.codebooks[0] = torch.tensor([[-1.0], [1.0]])
    q.ema_sums[0] = q.codebooks[0].clone()
    data = torch.tensor([[-2.0], [-2.0], [2.0], [2.0]])
    for _ in range(30):
        q.learn(data, q(data).indices, torch.Generator())
    assert torch.allclose(q.codebooks[0], torch.tensor([[-2.0], [2.0]]), atol=1e-3)
    assert torch.allclose(q.ema_counts[0], torch.ones(2), atol=1e-3)


def test_dead_codes_are_restarted_at_data(torch_seeded):
    q = ResidualQuantizer(QuantizerConfig(1, CODES, DIM, decay=0.5))
    z = points(300)
    q.codebooks[0] = 100.0  # nobody's nearest but one
    q.codebooks[0, 0] = 0.0
    for _ in range(40):
        q.learn(z, q(z).indices, torch_seeded)
    used = torch.bincount(q(z).indices[:, 0], minlength=CODES)
    assert (used > 0).all()


def test_kmeans_uses_every_code_even_of_little_data():
    q = ResidualQuantizer(QuantizerConfig(2, 16, DIM))
    q.start(points(10), torch.Generator().manual_seed(0))
    assert torch.isfinite(q.codebooks).all()


def test_training_on_searched_codes_uses_the_codes_of_the_search(quantizer, torch_seeded):
    z = torch.randn(200, quantizer.config.dim, generator=torch_seeded)
    result = quantizer(z, beams=4)
    assert torch.equal(result.indices, quantizer.search(z, 4))
    assert torch.allclose(result.z_q, quantizer.embed(result.indices), atol=1e-5)
    assert (result.z_q - z).square().sum() <= (quantizer(z).z_q - z).square().sum()
