"""The prior: causal, cached, sliding, seeded; fills what is masked and nothing else."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill.config import PriorConfig, VQVAEConfig
from distill.errors import CodesError
from distill.models.prior import CodePrior
from distill.models.prior_sampling import SamplingSettings, _shares, fill_codes, write_codes

LEVELS, CODES, WINDOW = 3, 12, 6


@pytest.fixture(scope="module")
def prior():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = PriorConfig(width=16, heads=2, layers=2, window=WINDOW)
        prior = CodePrior(config, VQVAEConfig(num_quantizers=LEVELS, codebook_size=CODES))
        for parameter in prior.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return prior.eval().requires_grad_(False)


def table(columns: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, CODES, (columns, LEVELS), generator=seeded(seed))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_cache_gives_what_the_whole_sequence_gives(prior):
    codes = table(25)
    whole = prior.causal_states(codes[None])[0]
    caches = [None] * len(prior.blocks)
    state = prior.step(None, 0, caches)
    for position in range(25):
        assert torch.allclose(state[0], whole[position], atol=1e-4)
        state = prior.step(codes[position][None], position + 1, caches)
    assert all(cache.keys.shape[2] == WINDOW - 1 for cache in caches)


def test_a_column_is_predicted_from_earlier_ones_alone(prior):
    codes, changed = table(12), table(12)
    changed[5] = (changed[5] + 1) % CODES
    a, b = (prior.causal_states(c[None])[0] for c in (codes, changed))
    assert torch.allclose(a[:6], b[:6], atol=1e-5)
    assert not torch.allclose(a[6], b[6], atol=1e-3)


def test_levels_are_predicted_from_those_above_alone(prior):
    state = torch.randn(1, 16, generator=seeded())
    codes = torch.tensor([[1, 2, 3]])
    for level in range(LEVELS):
        for other in range(LEVELS):
            changed = codes.clone()
            changed[0, other] += 4
            same = torch.allclose(
                prior.logits(state, codes, level), prior.logits(state, changed, level)
            )
            assert same == (other >= level)


def test_the_same_seed_writes_the_same_and_another_something_else(prior):
    first, again = (write_codes(prior, 40, seeded(1), SamplingSettings()) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (40, LEVELS)
    assert int(first.min()) >= 0
    assert int(first.max()) < CODES
    assert not torch.equal(first, write_codes(prior, 40, seeded(2), SamplingSettings()))


def test_sampling_leaves_the_global_generator_alone(prior):
    before = torch.get_rng_state()
    write_codes(prior, 10, seeded(), SamplingSettings())
    fill_codes(prior, table(10), torch.ones(10, LEVELS, dtype=torch.bool), seeded(),
               SamplingSettings())  # fmt: skip
    assert torch.equal(before, torch.get_rng_state())


def test_a_greedy_continuation_is_what_greedy_writing_would_have_written(prior):
    greedy = SamplingSettings(temperature=(0.0,))
    whole = write_codes(prior, 16, seeded(), greedy)
    # Longer contexts than the window can differ: what lies before it shaped the states.
    rest = write_codes(prior, 12, seeded(), greedy, context=whole[:4])
    assert torch.equal(rest, whole[4:])
    assert write_codes(prior, 0, seeded(), greedy).shape == (0, LEVELS)


def test_each_level_has_its_own_settings(prior):
    settings = SamplingSettings(temperature=(0.0, 1.0), top_p=(1.0,))
    runs = [write_codes(prior, 1, seeded(seed), settings)[0] for seed in range(30)]
    assert len({int(r[0]) for r in runs}) == 1
    assert len({int(r[1]) for r in runs}) > 1


@given(
    st.lists(st.floats(-8, 8), min_size=5, max_size=5),
    st.integers(0, 7),
    st.floats(0.05, 1.0),
    st.floats(0.1, 3.0),
)
def test_shares_are_a_distribution_over_the_likeliest(logits, top_k, top_p, temperature):
    shares = _shares(
        torch.tensor([logits]), 0, SamplingSettings((temperature,), (top_k,), (top_p,))
    )[0]
    assert float(shares.sum()) > 0
    assert (shares >= 0).all()
    full = (torch.tensor(logits) / temperature).softmax(0)
    assert full[shares > 0].max() == full.max()
    if 0 < top_k < 5:
        assert int((shares > 0).sum()) <= top_k
    least_kept = float(full[shares > 0].min())
    assert float(full[full > least_kept].sum()) < top_p + 1e-4 or int((shares > 0).sum()) == 1


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.02, 1.0))
def test_filling_changes_masked_cells_only(prior, seed, share):
    codes = table(20, seed)
    masked = torch.rand(20, LEVELS, generator=seeded(seed)) < share
    filled = fill_codes(prior, codes, masked, seeded(seed), SamplingSettings())
    assert torch.equal(filled[~masked], codes[~masked])
    assert ((filled >= 0) & (filled < CODES)).all()
    again = fill_codes(prior, codes, masked, seeded(seed), SamplingSettings())
    assert torch.equal(filled, again)


def test_filling_settles_every_cell(prior):
    nothing = torch.full((9, LEVELS), -1)
    everything = torch.ones(9, LEVELS, dtype=torch.bool)
    for rounds in (1, 3, 50):
        filled = fill_codes(prior, nothing, everything, seeded(), SamplingSettings(), rounds)
        assert (filled >= 0).all()


def test_filling_looks_at_both_sides(prior):
    codes = table(9)
    codes[4] = -1
    for side in (3, 5):
        changed = codes.clone()
        changed[side] = (changed[side] + 1) % CODES
        states = [prior.fill_states(c[None])[0, 4] for c in (codes, changed)]
        assert not torch.allclose(*states, atol=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": ()},
        {"temperature": (-1.0,)},
        {"temperature": (float("nan"),)},
        {"top_k": (-1,)},
        {"top_p": (0.0,)},
        {"top_p": (1.5,)},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(CodesError):
        SamplingSettings(**wrong)


def test_a_mask_of_another_shape_is_refused(prior):
    with pytest.raises(CodesError):
        fill_codes(prior, table(5), torch.ones(4, LEVELS, dtype=torch.bool), seeded(),
                   SamplingSettings())  # fmt: skip
