"""Codebook health obeys the textbook laws."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vq_common.health import (
    bitrate,
    codebook_health,
    joint_entropy_bits,
    usage_counts,
)

CODES = st.integers(2, 40)


@st.composite
def coded_positions(draw):
    """Codes `(N, L)` in [-1, K) and K."""
    size = draw(CODES)
    shape = (draw(st.integers(0, 60)), draw(st.integers(1, 4)))
    return draw(hnp.arrays(np.int32, shape, elements=st.integers(-1, size - 1))), size


@given(coded_positions())
def test_counts_add_up_to_the_codes_that_are_not_null(case):
    codes, size = case
    counts = usage_counts(codes, size)
    assert counts.dtype == np.int64
    assert counts.shape == (codes.shape[1], size)
    for level in range(codes.shape[1]):
        expected = Counter(codes[:, level].tolist())
        assert counts[level].tolist() == [expected[k] for k in range(size)]


@given(coded_positions())
def test_active_and_dead_codes_make_up_the_codebook_once_anything_is_counted(case):
    codes, size = case
    for entry in codebook_health(usage_counts(codes, size)):
        counted = (codes[:, entry.level] >= 0).any()
        assert entry.active + entry.dead == (size if counted else 0)
        assert entry.usage == entry.active / size
        assert 0 <= entry.entropy_bits <= math.log2(size) + 1e-9
        assert (1 - 1e-9 <= entry.perplexity <= size + 1e-6) if counted else entry.perplexity == 0


@given(CODES, st.integers(1, 10**9))
def test_uniform_usage_has_perplexity_k_and_no_dead_code(size, each):
    (entry,) = codebook_health(np.full((1, size), each))
    assert entry.perplexity == pytest.approx(size)
    assert entry.entropy_bits == pytest.approx(math.log2(size))
    assert (entry.active, entry.dead) == (size, 0)


@given(CODES, st.data(), st.integers(1, 10**9))
def test_a_single_used_code_has_perplexity_one(size, data, uses):
    counts = np.zeros((1, size), np.int64)
    counts[0, data.draw(st.integers(0, size - 1))] = uses
    (entry,) = codebook_health(counts)
    assert entry.perplexity == 1.0
    assert entry.entropy_bits == 0.0
    assert (entry.active, entry.dead) == (1, size - 1)


def test_perplexity_agrees_with_a_second_implementation():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 50, (3, 64))
    for entry, row in zip(codebook_health(counts), counts, strict=True):
        categorical = torch.distributions.Categorical(probs=torch.tensor(row, dtype=torch.float64))
        assert entry.perplexity == pytest.approx(categorical.entropy().exp().item())


def test_a_code_is_dead_below_a_tenth_of_its_fair_share():
    # 100 assignments over 10 codes: the fair share is 10, the threshold 1.
    counts = np.array([[91, 1, 1, 1, 1, 1, 1, 1, 1, 1], [92, 1, 1, 1, 1, 1, 1, 1, 1, 0]])
    assert [entry.dead for entry in codebook_health(counts)] == [0, 1]
    assert [entry.dead for entry in codebook_health(counts, dead_share=0.2)] == [9, 9]


def test_nothing_counted_is_neither_active_nor_dead():
    (entry,) = codebook_health(np.zeros((1, 8)))
    assert (entry.codes, entry.active, entry.dead) == (8, 0, 0)


@given(coded_positions())
def test_joint_entropy_lies_between_the_largest_level_and_their_sum(case):
    codes, size = case
    codes = np.abs(codes)  # no nulls: the per-level entropies then cover every position
    levels = [entry.entropy_bits for entry in codebook_health(usage_counts(codes, size))]
    joint = joint_entropy_bits(codes)
    assert max(levels) - 1e-9 <= joint <= sum(levels) + 1e-9


def test_joint_entropy_of_a_full_product_is_the_nominal_rate():
    pairs = np.stack(np.meshgrid(np.arange(16), np.arange(16)), axis=-1).reshape(-1, 2)
    assert joint_entropy_bits(pairs) == pytest.approx(8.0)


def test_bitrate_adds_up_over_levels():
    assert bitrate(46.875, 256, 3) == pytest.approx(1125.0)
    assert bitrate([10, 20, 40], 256, 3) == pytest.approx(560.0)
    with pytest.raises(ValueError, match="as many rates"):
        bitrate([10, 20], 256, 3)


@pytest.mark.parametrize(
    ("codes", "message"),
    [([[0, 8]], "lie in"), ([[-2, 0]], "lie in"), ([[0.5]], "integers"), (3, "integers")],
)
def test_codes_that_are_not_codes_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        usage_counts(codes, 8)


@pytest.mark.parametrize("counts", [[1, 2], [[-1, 2]], [[float("nan"), 1]]])
def test_counts_that_are_not_counts_are_refused(counts):
    with pytest.raises(ValueError, match="non-negative"):
        codebook_health(counts)
