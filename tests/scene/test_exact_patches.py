"""Encoding tells where a tree holds the very patches of a picture."""

import mlx.core as mx
import numpy as np
import pytest
from PIL import Image
from tests.scene.patch_world import PALETTE

from scene.images import to_float
from scene.patches import PatchTree
from scene.training.codes import encode_files


@pytest.fixture(scope="module")
def tree() -> PatchTree:
    rng = np.random.default_rng(0)
    patches = rng.integers(0, len(PALETTE), (4, 8, 256), dtype=np.uint8)
    return PatchTree.of(PALETTE, patches)


def _pictures(tree: PatchTree) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (3, 32, 48, 3) of a tree's patches, and where one pixel of them is another
    (3, 2, 3)."""
    rng = np.random.default_rng(1)
    codes = np.stack([rng.integers(0, n, (3, 2, 3)) for n in tree.codebook_sizes], axis=-1)
    decoded = np.asarray(tree.decode(mx.array(codes)))
    pixels = np.round((decoded + 1) * 127.5).astype(np.uint8)
    wrong = rng.random((3, 2, 3)) < 0.4
    for b, row, column in np.argwhere(wrong):
        y, x = 16 * row + rng.integers(16), 16 * column + rng.integers(16)
        old = (pixels[b, y, x] == PALETTE).all(axis=-1).argmax()
        pixels[b, y, x] = PALETTE[(old + 1) % len(PALETTE)]
    assert 0 < wrong.sum() < wrong.size
    return pixels, wrong


def test_a_tree_tells_its_own_patches_from_those_that_are_like_them(tree):
    pixels, wrong = _pictures(tree)
    x = mx.array(to_float(pixels))
    assert np.array_equal(tree.exact(x, tree.encode(x)), ~wrong)


def test_a_cache_that_does_not_say_what_is_exact_is_made_anew(tree, tmp_path):
    pixels, wrong = _pictures(tree)
    paths = [tmp_path / f"{number}.png" for number in range(len(pixels))]
    for path, picture in zip(paths, pixels, strict=True):
        Image.fromarray(picture).save(path)
    paths.append(paths[0])
    cache = tmp_path / "codes.npz"
    first = encode_files(tree, paths, (48, 32), cache)
    assert np.array_equal(first.exact, ~wrong[[0, 1, 2, 0]].reshape(4, 6))
    with np.load(cache) as stored:
        arrays = dict(stored)
    arrays["codes"] = arrays["codes"] + 1  # tells whether they were read or made
    np.savez(cache, **arrays)
    assert np.array_equal(encode_files(tree, paths, (48, 32), cache).codes, first.codes + 1)
    del arrays["exact"]
    np.savez(cache, **arrays)
    again = encode_files(tree, paths, (48, 32), cache)
    assert np.array_equal(again.codes, first.codes)
    assert np.array_equal(again.exact, first.exact)
