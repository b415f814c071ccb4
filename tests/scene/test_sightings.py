"""Patches that were never seen under a label of the layout are unlikely there."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scene.patch_world import TINY_TRANSFORMER

from scene.checkpoints import load_codec, load_labels, load_transformer
from scene.dataset import CaptionDataset
from scene.info import main as scene
from scene.make_scenes import main as make_scenes
from scene.train_transformer import main as train_transformer
from scene.training.batches import split
from scene.training.codes import encode_files
from scene.transformer import ImageTransformer
from scene.transformer.sightings import NEVER_SEEN, Sightings

BRANCHES, PATCHES, LABELS = 3, 5, 19


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_patch_loses_where_it_was_never_seen_and_only_if_it_was_seen_at_all(seed, count):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, BRANCHES, (2, count)), rng.integers(0, PATCHES, (2, count))])
    codes, labels = np.moveaxis(codes, 0, -1), rng.integers(0, LABELS, (2, count))
    sightings = Sightings(BRANCHES, PATCHES, LABELS)
    sightings.record(codes.astype(np.uint16), labels.astype(np.uint16))
    seen = np.zeros((BRANCHES, PATCHES, LABELS), dtype=bool)
    seen[codes[..., 0], codes[..., 1], labels] = True
    branch, label = rng.integers(0, BRANCHES, 7), rng.integers(0, LABELS, 7)
    expected = np.where(seen[branch, :, label] | ~seen[branch].any(axis=-1), 0, -NEVER_SEEN)
    assert np.array_equal(np.asarray(sightings(mx.array(branch), mx.array(label))), expected)


def test_what_was_recorded_before_is_forgotten():
    sightings = Sightings(BRANCHES, PATCHES, LABELS)
    sightings.record(np.array([[[0, 1]]]), np.array([[2]]))
    sightings.record(np.array([[[0, 3]]]), np.array([[2]]))
    less = np.asarray(sightings(mx.array([0]), mx.array([4])))
    assert less.tolist() == [[0, 0, 0, -NEVER_SEEN, 0]]


def test_sightings_are_counted_and_not_trained():
    assert Sightings(BRANCHES, PATCHES, LABELS).trainable_parameters() == {}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A transformer of a patch tree that draws by layouts, and what it learned from."""
    folder = tmp_path_factory.mktemp("sightings")
    data = folder / "data"
    assert make_scenes(["--count", "12", "--out", str(data), "--jobs", "1", "--layouts"]) == 0
    tree, labels = str(folder / "tree"), str(folder / "labels")
    pictures = ["--data", str(data / "images")]
    assert scene(["learn-patches", *pictures, "--codes", "32", "--out", tree]) == 0
    assert scene(["learn-labels", "--data", str(data / "layouts"), "--out", labels]) == 0
    (folder / "small.yaml").write_text(TINY_TRANSFORMER)
    order = ["--config", str(folder / "small.yaml"), *pictures, "--vqgan", tree]
    order += ["--captions", str(data / "captions.jsonl"), "--out", str(folder / "run")]
    order += ["--labels", labels, "--layouts", str(data / "layouts")]
    assert train_transformer(order) == 0
    return folder


def _codes(folder, codec, kind) -> np.ndarray:
    data = folder / "data"
    paths = CaptionDataset(str(data / kind), str(data / "captions.jsonl"), (320, 192)).paths
    return encode_files(codec, paths, (320, 192))


def test_training_records_the_pictures_that_it_learns_from(run):
    codes = _codes(run, load_codec(run / "tree").model, "images")
    labels = load_labels(run / "labels")
    names = _codes(run, labels, "layouts")[..., 0]
    fit, held = split(len(codes), 0.2, 0)
    model = load_transformer(run / "run" / "best").model
    fresh = Sightings(32, 32, len(labels.palette))
    fresh.record(codes[fit], names[fit])
    assert np.array_equal(np.asarray(model.sightings.seen), np.asarray(fresh.seen))
    fresh.record(codes[held], names[held])
    assert not np.array_equal(np.asarray(model.sightings.seen), np.asarray(fresh.seen))


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_drawing_keeps_to_what_was_seen(guidance):
    """Of every branch one patch was seen under each label: it is nearly always the one drawn."""
    mx.random.seed(0)
    shape = {"num_levels": 2, "grid_width": 3, "dropout": 0.0, "view_dims": 4, "pick_dims": 4}
    net = ImageTransformer((3, 4), 20, 6, 16, 2, 1, layout_labels=4, **shape)
    rng = np.random.default_rng(0)
    points = mx.array(rng.normal(size=(3, 4, 4)).astype(np.float32))
    edges = mx.array(rng.integers(0, 8, (3, 4, 32)).astype(np.uint8))
    net.look_at(points, mx.full(edges.shape, 8, dtype=mx.uint8), edges, mx.zeros((9, 3)))
    branch, label = (each.ravel() for each in np.indices((3, 4)))
    net.sightings.record(np.stack([branch, label], axis=-1)[None], label[None])
    text = mx.array([[5, 3], [2, 0]])
    layout = mx.array(rng.integers(0, 4, (2, 6)).astype(np.int32))
    drawn = [
        np.asarray(net.generate(text, 1.0, guidance=guidance, seeds=[s, s + 50], layout=layout))
        for s in range(20)
    ]
    kept = np.mean([tokens[..., 1] == np.asarray(layout) for tokens in drawn])
    free = [np.asarray(net.generate(text, 1.0, seeds=[s, s + 50])) for s in range(20)]
    assert kept > 0.8 > 0.4 > np.mean([tokens[..., 1] == np.asarray(layout) for tokens in free])
