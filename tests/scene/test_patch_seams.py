"""Patches that stand for what a tree does not hold go on in their neighbours."""

import mlx.core as mx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scene.patch_world import PALETTE, plain_pictures

from scene.images import to_float
from scene.patches import PatchTree
from scene.patches.cutting import PIXELS, cut, join
from scene.patches.seams import SEAM, WRONG, distances, fit_together

APART = distances(PALETTE)


def _energy(picture: np.ndarray, right: np.ndarray) -> float:
    """What a picture of palette entries (H, W) costs beside the right one."""
    wrong = APART[picture, right].sum() + WRONG * (picture != right).sum()
    across = _steps(picture) - _steps(right)
    down = _steps(picture.T) - _steps(right.T)
    return float(wrong + SEAM * (np.abs(across).sum() + np.abs(down).sum()))


def _steps(picture: np.ndarray) -> np.ndarray:
    """Distances of the colours on both sides of each border between columns of patches."""
    return APART[picture[:, 15:-1:16], picture[:, 16::16]]


def _patch(ground: int, sky: int, horizon: int) -> np.ndarray:
    patch = np.full((16, 16), sky, dtype=np.uint8)
    patch[horizon:] = ground
    return patch.ravel()


def test_a_horizon_goes_on_where_a_patch_with_more_equal_pixels_would_cut_it():
    left = _patch(2, 20, 8)
    right = left.copy()
    right[[7, 8, 23, 24, 39, 40, 55]] = 30  # a bird
    goes_on, cut_off = left.copy(), right.copy()
    cut_off[[128, 144, 160]] = 20  # the bird, but another horizon at the border
    patches = np.stack([left, goes_on, cut_off])
    wanted = np.stack([left, right]).reshape(1, 1, 2, PIXELS)
    where, others = np.array([[0, 0, 1]]), np.array([[1, 2]])
    numbers = fit_together(wanted, np.array([[[0, 0]]]), where, others, patches, APART)
    assert (cut_off != right).sum() < (goes_on != right).sum()
    alone = fit_together(wanted[:, :, 1:], np.array([[[0]]]), where * 0, others, patches, APART)
    assert numbers.tolist() == [[[0, 1]]]
    assert alone.tolist() == [[[2]]]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_held_stays_and_the_rest_costs_no_more_than_chosen_alone(seed):
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, len(PALETTE), (40, PIXELS), dtype=np.uint8)
    wanted = rng.integers(0, len(PALETTE), (1, 3, 4, PIXELS), dtype=np.uint8)
    before = rng.integers(0, 40, (1, 3, 4))
    where = np.argwhere(rng.random(before.shape) < 0.6)
    others = rng.integers(0, 40, (len(where), 5))
    after = fit_together(wanted, before, where, others, patches, APART)
    changed = np.zeros(before.shape, dtype=bool)
    changed[tuple(where.T)] = True
    assert np.array_equal(after[~changed], before[~changed])
    assert (others == after[tuple(where.T)][:, None]).any(axis=1).all()
    alone = before.copy()
    for place, choices in zip(where, others, strict=True):
        wrong = wanted[tuple(place)]
        costs = [_energy(patches[c].reshape(16, 16), wrong.reshape(16, 16)) for c in choices]
        alone[tuple(place)] = choices[int(np.argmin(costs))]
    right = join(wanted)[0]
    together = _energy(join(patches[after])[0], right)
    assert together <= _energy(join(patches[alone])[0], right) + 0.01


def test_codes_of_a_picture_do_not_depend_on_the_others_of_its_batch():
    known = plain_pictures(30)
    tree = PatchTree.of(PALETTE, cut(known).reshape(-1, PIXELS)[:128].reshape(8, 16, PIXELS))
    pictures = mx.array(to_float(PALETTE[plain_pictures(5, 9)]))
    together = np.asarray(tree.encode(pictures))
    assert np.array_equal(together[2:3], np.asarray(tree.encode(pictures[2:3])))
    assert np.array_equal(together, np.asarray(tree.encode(pictures)))
