"""Choices on a grid that are best beside each other, line by line."""

from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scene.transformer.lines import best_chain, best_together

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 4)


@given(seeds, st.integers(1, 5), st.integers(1, 3))
def test_a_chain_is_the_best_of_all_there_are(seed, length, choices):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(2, length, choices))
    along = rng.normal(size=(2, length - 1, choices, choices))
    picked = best_chain(scores, along)
    for chain in range(2):

        def total(numbers, chain=chain):
            own = sum(scores[chain, place, n] for place, n in enumerate(numbers))
            pairs = enumerate(pairwise(numbers))
            return own + sum(along[chain, place, a, b] for place, (a, b) in pairs)

        every = [total(numbers) for numbers in product(range(choices), repeat=length)]
        assert np.isclose(total(picked[chain]), max(every))


def _grid(seed: int, height: int, width: int, choices: int):
    """Scores of a grid, some choices missing, and what neighbours have together."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(1, height, width, choices))
    scores[..., 1:][rng.random(scores[..., 1:].shape) < 0.3] = -np.inf
    beside = rng.normal(size=(1, height, width - 1, choices, choices))
    below = rng.normal(size=(1, height - 1, width, choices, choices))
    return scores, beside, below


def _total(scores, beside, below, picked) -> float:
    """What one grid of choices has, pair by pair."""
    total = 0.0
    for y, x in np.ndindex(picked.shape[1:]):
        n = picked[0, y, x]
        total += scores[0, y, x, n]
        if x + 1 < picked.shape[2]:
            total += beside[0, y, x, n, picked[0, y, x + 1]]
        if y + 1 < picked.shape[1]:
            total += below[0, y, x, n, picked[0, y + 1, x]]
    return total


@given(seeds, sides, sides, st.integers(1, 3))
def test_every_round_is_at_least_as_good_as_the_one_before(seed, height, width, choices):
    grid = _grid(seed, height, width, choices)
    totals = [_total(*grid, best_together(*grid, rounds)) for rounds in range(4)]
    assert np.isfinite(totals).all()
    assert all(after >= before - 1e-9 for before, after in pairwise(totals))


@given(seeds, st.integers(1, 5), st.integers(2, 3))
def test_of_a_single_line_nothing_better_is_left(seed, length, choices):
    for shape in ((1, length), (length, 1)):
        scores, beside, below = grid = _grid(seed, *shape, choices)
        along = beside[0] if shape[0] == 1 else below[0].swapaxes(0, 1)
        chain = best_chain(scores.reshape(1, length, choices), along)
        picked = best_together(*grid, 1)
        assert np.array_equal(picked.reshape(1, length), chain)


def test_pictures_do_not_matter_to_each_other():
    each = [_grid(seed, 3, 4, 3) for seed in range(2)]
    both = best_together(*(np.concatenate(parts) for parts in zip(*each, strict=True)), 2)
    for number, grid in enumerate(each):
        assert np.array_equal(both[number], best_together(*grid, 2)[0])
