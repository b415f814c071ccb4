"""Vectors of drawn pictures, where patches of them have changed."""

import mlx.core as mx
import numpy as np
import pytest
from tests.scene.patch_world import patch_transformer

from scene.transformer import ImageTransformer
from scene.transformer.around import NEAR
from scene.transformer.canvas import Canvas
from scene.transformer.image import Prompt
from scene.transformer.rereading import Rereading
from scene.transformer.sampling import Sampler

BRANCHES, PATCHES, LABELS, WIDTH, N = 6, 8, 4, 4, 16
TEXT = mx.array([[5, 3, 7], [2, 0, 0]])
LAYOUT = mx.array(np.random.default_rng(1).integers(0, LABELS, (2, N)).astype(np.int32))
EVERYWHERE = np.ones((2, N // WIDTH, WIDTH), dtype=bool)
CLOSE = 1e-4


@pytest.fixture(params=[1.0, 1.5])
def sampler(request) -> Sampler:
    return Sampler(1.0, None, None, request.param, [3, 4], 2, 2 * N)


@pytest.fixture
def model() -> ImageTransformer:
    return patch_transformer(BRANCHES, PATCHES, LABELS, WIDTH, N)


def _drawn(model: ImageTransformer, sampler: Sampler) -> tuple[Rereading, np.ndarray, Prompt]:
    """Two pictures, and their codes int (2, h, w, 2)."""
    canvas = Canvas(model, TEXT, LAYOUT, sampler)
    for _ in range(N):
        canvas.draw(None)
    codes = np.asarray(mx.stack(canvas.drawn, axis=1)).reshape(2, -1, WIDTH, 2)
    given = model, canvas.prompt, canvas.caches, sampler, np.arange(2)
    return Rereading(*given), codes, canvas.prompt


def _whole(
    model: ImageTransformer, prompt: Prompt, sampler: Sampler, codes: np.ndarray
) -> np.ndarray:
    """Vectors (1 or 2, 2, h, w, D) of pictures read from their first position to their last."""
    tokens = sampler.doubled(mx.array(codes.reshape(2, N, 2).astype(np.int32)))
    return np.asarray(model.vectors(prompt, tokens)).reshape(-1, *codes.shape[:3], model.embed_dim)


def _changed(codes: np.ndarray, *places: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The second picture with other patches at some rows and columns, and where that is."""
    others, changed = codes.copy(), np.zeros(codes.shape[:3], dtype=bool)
    for row, column in places:
        others[1, row, column] = (codes[1, row, column] + 1) % (BRANCHES, PATCHES)
        changed[1, row, column] = True
    return others, changed


def test_what_was_drawn_reads_as_it_did(model, sampler):
    reread, codes, prompt = _drawn(model, sampler)
    found = np.asarray(reread.vectors(codes, np.nonzero(EVERYWHERE)))
    whole = _whole(model, prompt, sampler, codes)
    assert found == pytest.approx(whole.reshape(found.shape), abs=CLOSE)
    assert not reread.moved.any()


def test_a_patch_moves_what_has_it_among_its_inputs(model, sampler):
    reread, codes, _ = _drawn(model, sampler)
    for row, column in ((1, 1), (0, 3)):
        others, changed = _changed(codes, (row, column))
        before, after = (
            np.asarray(model.inputs(mx.array(each.reshape(2, N, 2).astype(np.int32))))
            for each in (codes, others)
        )
        differ = (np.abs(before - after).max(axis=-1) > 1e-6).reshape(changed.shape)
        assert np.array_equal(reread.change(changed), differ)
        assert reread.moved[differ].all()


def test_what_follows_a_change_reads_as_in_a_picture_read_whole(model, sampler):
    """Until a position that it reaches by attention alone."""
    reread, codes, prompt = _drawn(model, sampler)
    others, changed = _changed(codes, (1, 0))
    reread.change(changed)
    where = np.array([0, 1, 1, 1]), np.array([2, 0, 1, 1]), np.array([3, 2, 1, 2])
    found = np.asarray(reread.vectors(others, where))
    whole = _whole(model, prompt, sampler, others)[:, *where]
    assert found == pytest.approx(whole.reshape(found.shape), abs=CLOSE)
    assert found != pytest.approx(
        _whole(model, prompt, sampler, codes)[:, *where].reshape(found.shape), abs=CLOSE
    )


def test_changes_add_up_until_they_are_read(model, sampler):
    """With all inputs moved, nothing of what was drawn is left."""
    reread, codes, prompt = _drawn(model, sampler)
    others = codes
    for row in range(N // WIDTH):
        others, changed = _changed(others, *((row, column) for column in range(WIDTH)))
        reread.change(changed)
    where = np.nonzero(EVERYWHERE)
    found = np.asarray(reread.vectors(others, where))
    whole = _whole(model, prompt, sampler, others)
    assert found == pytest.approx(whole.reshape(found.shape), abs=CLOSE)
    again = np.asarray(reread.vectors(others, where))
    assert again == pytest.approx(found, abs=CLOSE)


def test_no_position_reads_what_comes_after_it():
    assert all(down < 0 or (down == 0 and right < 0) for down, right in NEAR)


def test_inputs_of_some_positions_are_those_of_all(model):
    tokens = mx.array(np.random.default_rng(0).integers(0, 6, (2, N, 2)).astype(np.int32))
    some = mx.array([0, 5, 11])
    assert np.asarray(model.inputs(tokens, at=some)) == pytest.approx(
        np.asarray(model.inputs(tokens)[:, some]), abs=1e-6
    )
