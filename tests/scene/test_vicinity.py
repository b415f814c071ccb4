"""Branches that never stood near what is drawn already are unlikely."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene.transformer.vicinity import REACH, STRANGE, Vicinity

WIDTH, HEIGHT, KINDS = 7, 6, 11


def _counted(pictures: np.ndarray, width: int = WIDTH, exact: np.ndarray | None = None) -> Vicinity:
    vicinity = Vicinity(KINDS, width)
    own = np.ones(pictures.shape, dtype=bool) if exact is None else exact
    vicinity.record(pictures.astype(np.uint16), own)
    return vicinity


def _strangers(pictures: np.ndarray, exact: np.ndarray, drawn: np.ndarray, branch: int) -> int:
    """How many of the places around the next position hold what `branch` never stood so near, where
    both are exact."""
    grid = np.where(exact, pictures, -1).reshape(-1, HEIGHT, WIDTH)
    row, column = divmod(len(drawn), WIDTH)
    count = 0
    for place, there in enumerate(drawn):
        down, right = place // WIDTH - row, place % WIDTH - column
        if down < -REACH or abs(right) > REACH:
            continue
        stood = any(
            picture[y, x] == branch and picture[y + down, x + right] == there
            for picture in grid
            for y in range(-down, HEIGHT)
            for x in range(max(0, -right), WIDTH - max(0, right))
        )
        count += not stood
    return count


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, WIDTH * HEIGHT - 1))
def test_a_branch_loses_for_each_place_around_that_never_held_what_stands_there(seed, position):
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, KINDS, (2, WIDTH * HEIGHT))
    drawn = rng.integers(0, KINDS, (2, position))
    exact = rng.random(pictures.shape) < 0.7
    lost = _counted(pictures, exact=exact).lost(drawn)
    assert lost.shape == (2, KINDS)
    for row, branch in np.ndindex(2, KINDS):
        wanted = STRANGE * _strangers(pictures, exact, drawn[row], branch)
        assert lost[row, branch] == pytest.approx(wanted, abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, WIDTH), st.integers(1, HEIGHT))
def test_a_picture_that_was_counted_loses_nothing_however_small(seed, width, height):
    pictures = np.random.default_rng(seed).integers(0, KINDS, (3, width * height))
    vicinity = _counted(pictures, width)
    for position in range(width * height):
        lost = vicinity.lost(pictures[:, :position])
        assert not lost[np.arange(3), pictures[:, position]].any()


def test_what_was_recorded_before_is_forgotten():
    first, second = np.random.default_rng(0).integers(0, KINDS, (2, 3, WIDTH * HEIGHT))
    vicinity = _counted(first)
    before = np.asarray(vicinity.seen).copy()
    every = np.ones(first.shape, dtype=bool)
    vicinity.record(second, every)
    assert not np.array_equal(before, np.asarray(vicinity.seen))
    vicinity.record(first, every)
    assert np.array_equal(before, np.asarray(vicinity.seen))


def test_what_stood_near_is_counted_and_not_trained():
    assert Vicinity(KINDS, WIDTH).trainable_parameters() == {}
