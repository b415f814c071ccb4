"""Drafts of a picture: those that run into a dead end are replaced by copies of the others."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scene.patch_world import patch_transformer

from scene.transformer import ImageTransformer, drafts
from scene.transformer.canvas import Canvas
from scene.transformer.drafts import Drafts
from scene.transformer.layout import UNKNOWN
from scene.transformer.sampling import Sampler

LABELS, N = 4, 12


@pytest.fixture(scope="module")
def model() -> ImageTransformer:
    return patch_transformer(6, 8, LABELS, 4, N)


TEXT = mx.array([[5, 3, 7], [2, 0, 0]])
LAYOUT = mx.array(np.random.default_rng(1).integers(0, LABELS, (2, N)).astype(np.int32))

promises = st.lists(st.floats(-20, 0), min_size=8, max_size=8).map(np.array)


@given(promises)
def test_every_draft_is_copied_by_its_weight_and_no_other_picture_matters(promise):
    rows = Drafts(2, 4).weigh(promise)
    if rows is None:
        return
    for picture in range(2):
        own = promise[4 * picture :][:4]
        alone = Drafts(1, 4).weigh(own)
        mine = rows[4 * picture :][:4] - 4 * picture
        assert np.array_equal(mine, np.arange(4) if alone is None else alone)
        if alone is not None:
            shares = np.exp(drafts.KEENNESS * (own - own.max()))
            expected = 4 * shares / shares.sum()
            assert (np.abs(np.bincount(alone, minlength=4) - expected) < 1).all()


def test_drafts_of_like_promise_all_go_on():
    written = Drafts(1, 4)
    for _ in range(50):
        assert written.weigh(np.full(4, -3.0)) is None
    assert written.weigh(np.array([-0.1, -0.2, -0.3, -0.1])) is None


def test_a_dead_end_is_given_up_and_weights_begin_anew():
    written = Drafts(1, 4)
    assert written.weigh(np.array([0.0, -9.0, -9.0, -9.0])).tolist() == [0, 0, 0, 0]
    assert written.weigh(np.zeros(4)) is None


def test_what_was_promised_before_counts():
    written = Drafts(1, 4)
    slightly = np.array([0.0, -0.1, -0.1, -0.1])
    replaced = [written.weigh(slightly) is not None for _ in range(20)]
    assert not replaced[0]
    assert any(replaced)


def test_the_best_draft_is_the_heaviest_of_each_picture():
    written = Drafts(2, 3)
    written.weigh(np.array([-0.1, 0.0, -0.1, 0.0, -0.1, -0.1]))
    assert written.best().tolist() == [1, 3]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31 - 1), st.sampled_from([1.0, 2.0]))
def test_copies_are_whole(model, seed, guidance):
    """What comes next is told from a draft's own codes, also after it was copied."""
    sampler = Sampler(1.0, None, None, guidance, [seed, seed + 1], 2, 2 * N, drafts=4)
    canvas = Canvas(model, TEXT, LAYOUT, sampler)
    replaced = []
    weigh = canvas.drafts.weigh

    def some(promise):
        """At one position copies are made whatever the weights: by chance there may be none."""
        rows = weigh(promise)
        if len(canvas.drawn) == 5:
            rows = np.array([1, 1, 2, 0, 4, 6, 6, 7])
        replaced.append(rows)
        return rows

    canvas.drafts.weigh = some
    for _ in range(N - 1):
        canvas.draw(None)
    drawn = mx.stack(canvas.drawn, axis=1)  # (8, N - 1, 2)
    told = canvas._vector(canvas._touching())
    whole = mx.concatenate([drawn, mx.zeros((8, 1, 2), dtype=drawn.dtype)], axis=1)
    text, layout = mx.repeat(TEXT, 4, axis=0), mx.repeat(LAYOUT, 4, axis=0)
    expected = [model.hidden(text, whole, layout=layout)[:, -1]]
    if guidance != 1.0:
        nothing = mx.full(layout.shape, UNKNOWN)
        expected.append(model.hidden(mx.zeros_like(text), whole, layout=nothing)[:, -1])
    assert any(rows is not None for rows in replaced)
    assert np.array_equal(canvas.branches[:, : N - 1], drawn[..., 0])
    assert np.allclose(told, mx.concatenate(expected), atol=1e-4)


def test_the_same_seed_gives_the_same_picture_whatever_the_batch(model):
    both = model.generate(TEXT, seeds=[3, 4], layout=LAYOUT, drafts=4)
    assert both.shape == (2, N, 2)
    second = model.generate(TEXT[1:], seeds=[4], layout=LAYOUT[1:], drafts=4)
    assert mx.array_equal(both[1:], second)


def test_drafts_lead_to_pictures_that_the_model_knows_better(model):
    def nats(count: int) -> float:
        total = 0.0
        for seed in range(30):
            codes = model.generate(TEXT, seeds=[seed, seed + 99], layout=LAYOUT, drafts=count)
            logits = model(TEXT, codes, LAYOUT)
            chosen = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
            total -= mx.take_along_axis(chosen, codes[..., None], axis=-1).mean().item() / 30
        return total

    assert nats(8) < nats(1) - 0.05


def test_without_a_layout_there_is_nothing_to_weigh_drafts_by(model):
    with pytest.raises(ValueError, match="drafts"):
        model.generate(TEXT, drafts=2)
