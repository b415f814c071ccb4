"""Patches that were never seen under a label of the layout are unlikely there."""

from __future__ import annotations

from shutil import copytree

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scene.patch_world import TINY_TRANSFORMER

from scene.checkpoints import (
    MODEL,
    PACKED,
    SETTINGS,
    load_codec,
    load_labels,
    load_transformer,
    read_arrays,
    read_document,
    save_checkpoint,
)
from scene.dataset import CaptionDataset
from scene.errors import SceneError
from scene.info import main as scene
from scene.make_scenes import main as make_scenes
from scene.patches.cutting import edge_keys
from scene.patches.looks import look
from scene.train_transformer import main as train_transformer
from scene.training.batches import split
from scene.training.codes import Encoded, cut_files, encode_files
from scene.transformer import ImageTransformer, company, drawing
from scene.transformer.company import Company
from scene.transformer.depth import DepthModel
from scene.transformer.drawing import FINE_COOLING, draw_levels, draw_patch, look_ahead
from scene.transformer.meetings import Meetings
from scene.transformer.sampling import Sampler, softmax
from scene.transformer.sightings import NEVER_SEEN, Sightings
from scene.transformer.vicinity import Vicinity

BRANCHES, PATCHES, LABELS = 3, 5, 19


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_patch_loses_where_it_was_never_seen_and_only_if_it_was_seen_at_all(seed, count):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, BRANCHES, (2, count)), rng.integers(0, PATCHES, (2, count))])
    codes, labels = np.moveaxis(codes, 0, -1), rng.integers(0, LABELS, (2, count))
    sightings = Sightings(BRANCHES, PATCHES, LABELS)
    exact = rng.random((2, count)) < 0.7
    sightings.record(codes.astype(np.uint16), exact, labels.astype(np.uint16))
    seen = np.zeros((BRANCHES, PATCHES, LABELS), dtype=bool)
    for place in np.argwhere(exact):
        seen[(*codes[tuple(place)], labels[tuple(place)])] = True
    branch, label = rng.integers(0, BRANCHES, 7), rng.integers(0, LABELS, 7)
    welcome = seen[branch, :, label] | ~seen[branch].any(axis=-1)
    assert np.array_equal(sightings.lost(branch, label), np.where(welcome, 0, NEVER_SEEN))


def test_what_was_recorded_before_is_forgotten():
    sightings = Sightings(BRANCHES, PATCHES, LABELS)
    for patch in (1, 3):
        sightings.record(np.array([[[0, patch]]]), np.array([[True]]), np.array([[2]]))
    lost = sightings.lost(np.array([0]), np.array([4]))
    assert lost[0].tolist() == [0, 0, 0, NEVER_SEEN, 0]


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
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(company, "OFTEN", 2)
        assert train_transformer(order) == 0
    (folder / "order").write_text("\n".join(order))
    return folder


def _encoded(folder, codec, kind) -> Encoded:
    data = folder / "data"
    paths = CaptionDataset(str(data / kind), str(data / "captions.jsonl"), (320, 192)).paths
    return encode_files(codec, paths, (320, 192))


def test_training_records_the_pictures_that_it_learns_from(run):
    codec = load_codec(run / "tree").model
    encoded = _encoded(run, codec, "images")
    codes, exact = encoded.codes, encoded.exact
    labels = load_labels(run / "labels")
    names = _encoded(run, labels, "layouts").codes[..., 0]
    fit, held = split(len(codes), 0.2, 0)
    model = load_transformer(run / "run" / "best").model
    fresh = Sightings(32, 32, len(labels.palette))
    fresh.record(codes[fit], exact[fit], names[fit])
    assert np.array_equal(np.asarray(model.sightings.seen), np.asarray(fresh.seen))
    fresh.record(codes[held], exact[held], names[held])
    assert not np.array_equal(np.asarray(model.sightings.seen), np.asarray(fresh.seen))
    looks, meetings = look(codec, 4, 4), Meetings()
    meetings.look_at(looks.near, looks.near_keys, looks.far)
    meetings.record(codes[fit], exact[fit], 20)
    assert np.array_equal(np.asarray(model.meetings.met), np.asarray(meetings.met))
    assert np.array_equal(np.asarray(model.meetings.met_so), np.asarray(meetings.met_so))
    meetings.record(codes[held], exact[held], 20)
    assert not np.array_equal(np.asarray(model.meetings.met), np.asarray(meetings.met))
    vicinity = Vicinity(32, 20)
    vicinity.record(codes[fit, :, 0], exact[fit])
    assert np.array_equal(np.asarray(model.vicinity.seen), np.asarray(vicinity.seen))
    vicinity.record(codes[held, :, 0], exact[held])
    assert not np.array_equal(np.asarray(model.vicinity.seen), np.asarray(vicinity.seen))


def test_training_records_the_textures_of_the_pictures_themselves(run, monkeypatch):
    monkeypatch.setattr(company, "OFTEN", 2)
    data, codec = run / "data", load_codec(run / "tree").model
    paths = CaptionDataset(str(data / "images"), str(data / "captions.jsonl"), (320, 192)).paths
    names = _encoded(run, load_labels(run / "labels"), "layouts").codes[..., 0]
    fit, held = split(len(paths), 0.2, 0)
    counted = [Company(40, len(load_labels(run / "labels").palette)) for _ in range(2)]
    for each, items in zip(counted, (fit, held), strict=True):
        cut = cut_files(codec, [paths[item] for item in items], (320, 192))
        each.record(zip(cut, names[items], strict=True))
    model = load_transformer(run / "run" / "best").model
    for name in ("names", "together"):
        assert np.array_equal(np.asarray(model.company[name]), np.asarray(counted[0][name]))
        assert not np.array_equal(np.asarray(model.company[name]), np.asarray(counted[1][name]))
    assert (np.asarray(model.company.names) > 0).all()
    monkeypatch.setattr("scene.training.transformer.cut_files", None)  # a resumed run knows
    order = (run / "order").read_text().split("\n")
    again = run / "again"
    copytree(run / "run", again)
    order[order.index("--out") + 1] = str(again)
    assert train_transformer([*order, "--resume", "--steps", "3"]) == 0
    resumed = load_transformer(again / "last").model
    assert np.array_equal(np.asarray(resumed.company.names), np.asarray(model.company.names))


def test_an_exported_model_is_the_same_in_less_space(run, tmp_path):
    out, source = tmp_path / "out", run / "run" / "best"
    assert scene(["export", str(source), str(out)]) == 0
    names = set(read_arrays(out, MODEL))
    tables = {"sightings.seen", "vicinity.seen", "company.together"}
    assert {f"{name}{PACKED}" for name in tables} <= names
    assert not tables & names
    own, exported = (load_transformer(folder).model for folder in (source, out))
    for module, name in (each.split(".") for each in tables):
        assert np.array_equal(np.asarray(own[module][name]), np.asarray(exported[module][name]))
    assert scene(["export", str(out), str(tmp_path / "twice")]) == 0
    assert set(read_arrays(tmp_path / "twice", MODEL)) == names


@pytest.mark.parametrize("harm", ["bytes", "name"])
def test_packed_weights_that_do_not_fit_are_one_line(run, tmp_path, harm):
    out = tmp_path / "out"
    assert scene(["export", str(run / "run" / "best"), str(out)]) == 0
    arrays, document = read_arrays(out, MODEL), read_document(out, SETTINGS)
    packed = arrays.pop(f"company.together{PACKED}")
    if harm == "bytes":
        arrays[f"company.together{PACKED}"] = packed[:-1]
    else:
        arrays[f"strangers{PACKED}"] = packed
    save_checkpoint(out, {MODEL: arrays}, {SETTINGS: document})
    with pytest.raises(SceneError, match="weights do not fit the settings"):
        load_transformer(out)


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_drawing_keeps_to_what_was_seen(guidance):
    """Of every branch one patch was seen under each label: it is nearly always the one drawn."""
    mx.random.seed(0)
    shape = {"num_levels": 2, "grid_width": 3, "dropout": 0.0, "view_dims": 4, "pick_dims": 4}
    net = ImageTransformer((3, 4), 20, 6, 16, 2, 1, layout_labels=4, **shape)
    rng = np.random.default_rng(0)
    points = mx.array(rng.normal(size=(3, 4, 4)).astype(np.float32))
    edges = mx.array(rng.integers(0, 8, (3, 4, 32)).astype(np.uint8))
    near = mx.full(edges.shape, 8, dtype=mx.uint8)
    net.look_at(points, points, near, edges, mx.zeros((9, 3)))
    seen = np.asarray(near)
    net.meetings.look_at(seen, edge_keys(seen, far=False), np.asarray(edges))
    branch, label = (each.ravel() for each in np.indices((3, 4)))
    own = np.ones((1, len(label)), dtype=bool)
    net.sightings.record(np.stack([branch, label], axis=-1)[None], own, label[None])
    text = mx.array([[5, 3], [2, 0]])
    layout = mx.array(rng.integers(0, 4, (2, 6)).astype(np.int32))
    drawn = [
        np.asarray(net.generate(text, 1.0, guidance=guidance, seeds=[s, s + 50], layout=layout))
        for s in range(20)
    ]
    kept = np.mean([tokens[..., 1] == np.asarray(layout) for tokens in drawn])
    free = [np.asarray(net.generate(text, 1.0, seeds=[s, s + 50])) for s in range(20)]
    assert kept > 0.8 > 0.4 > np.mean([tokens[..., 1] == np.asarray(layout) for tokens in free])


def _all_met() -> Meetings:
    """Any two edges have met."""
    meetings = Meetings()
    edges = np.zeros((BRANCHES, PATCHES, 32), dtype=np.uint8)
    meetings.look_at(edges, edge_keys(edges, far=False), edges)
    meetings.met = mx.full(meetings.met.shape, 255, dtype=mx.uint8)
    meetings.met_so = mx.full(meetings.met_so.shape, 255, dtype=mx.uint8)
    return meetings


def _position(count: int):
    """A depth model of three branches, what four labels were seen of them, and one position
    `count` times: its vector, what it touches, its label, and a sampler."""
    mx.random.seed(3)
    rng = np.random.default_rng(3)
    depth = DepthModel(16, (BRANCHES, PATCHES), 1, pick_dims=4)
    depth.look_at(
        mx.array(rng.normal(size=(BRANCHES, PATCHES, 4)).astype(np.float32)),
        mx.array(rng.integers(0, 4, (BRANCHES, PATCHES, 32)).astype(np.uint8)),
    )
    sightings = Sightings(BRANCHES, PATCHES, 4)
    codes = np.stack(np.indices((BRANCHES, PATCHES)), axis=-1).reshape(1, -1, 2)
    labels = np.array([[0, 1, 2, 3, 1, 2, 2, 3, 0, 0, 1, 1, 3, 3, 3]])
    sightings.record(codes, np.ones(labels.shape, dtype=bool), labels)
    x = mx.repeat(mx.random.normal((1, 16)), count, axis=0)
    touching = mx.full((count, 32), 2, dtype=mx.uint8)
    sampler = Sampler(1.0, None, None, 1.0, range(count), count, 2)
    return depth, sightings, x, sampler, touching, np.full(count, 2)


def _drawn(depth, sightings, x, sampler, touching, label, pull=None) -> np.ndarray:
    strange = np.zeros((len(label), BRANCHES))
    outlook = look_ahead(depth, sightings, _all_met(), x, sampler, touching, label, strange)
    return draw_patch(outlook, sampler, pull)


def _odds(depth, sightings, x, touching, label) -> tuple[np.ndarray, np.ndarray]:
    """p(branch), and what is likely in each branch under the label, both (K,)."""
    state = depth.begin(x[:1])
    branches = np.asarray(mx.softmax(depth.logits(state, 0), axis=-1))[0]
    left = []
    for branch in range(BRANCHES):
        code = mx.array([branch])
        within = depth.logits(depth.advance(state, code, 0), 1, code, touching[:1])
        kept = np.exp(-sightings.lost(np.array([branch]), label[:1]))
        shares = softmax(np.asarray(within)) * kept
        left.append((shares ** (1 / FINE_COOLING)).sum() ** FINE_COOLING)
    return branches, np.array(left)


def test_a_branch_is_drawn_by_what_is_likely_in_it_under_the_label():
    depth, sightings, x, sampler, touching, label = _position(4000)
    drawn = _drawn(depth, sightings, x, sampler, touching, label)
    branches, left = _odds(depth, sightings, x, touching, label)
    expected = branches * left / (branches * left).sum()
    assert np.abs(expected - branches).max() > 0.1
    assert np.bincount(drawn[:, 0], minlength=BRANCHES) / 4000 == pytest.approx(expected, abs=0.03)
    depth, sightings, x, sampler, touching, label = _position(4000)
    free = draw_levels(depth, x, sampler, touching, None)
    assert np.bincount(free[:, 0], minlength=BRANCHES) / 4000 == pytest.approx(branches, abs=0.03)


def test_unlikely_branches_are_not_looked_into(monkeypatch):
    monkeypatch.setattr(drawing, "BRANCHES", 1)
    depth, sightings, x, sampler, touching, label = _position(50)
    branches, _ = _odds(depth, sightings, x, touching, label)
    drawn = _drawn(depth, sightings, x, sampler, touching, label)
    assert (drawn[:, 0] == branches.argmax()).all()
    monkeypatch.undo()
    monkeypatch.setattr(drawing, "WORTH_A_LOOK", 0.0)
    sampler = _position(50)[3]
    drawn = _drawn(depth, sightings, x, sampler, touching, label)
    assert (drawn[:, 0] == branches.argmax()).all()


def test_a_pull_decides_between_patches_that_belong_under_the_label():
    depth, sightings, x, sampler, touching, label = _position(50)
    pull = np.zeros((50, BRANCHES, PATCHES), dtype=np.float32)
    pull[:, 1, 0] = pull[:, 1, 1] = 50.0
    drawn = _drawn(depth, sightings, x, sampler, touching, label, pull)
    of_branch = drawn[drawn[:, 0] == 1]
    assert len(of_branch) > 0
    assert (of_branch[:, 1] < 2).all()


def test_a_pull_towards_implausible_patches_alone_changes_nothing():
    depth, sightings, x, sampler, touching, label = _position(400)
    plain = _drawn(depth, sightings, x, sampler, touching, label)
    state, every = depth.begin(x[:1]), mx.arange(BRANCHES)[None]
    within = depth.advance(state[:, None], every, 0)
    logits = np.asarray(depth.logits(within, 1, every, touching[:1, None]))[0]
    odds = logits - sightings.lost(np.arange(BRANCHES), label[:1])
    implausible = odds < odds.max(axis=1, keepdims=True) - drawing.PLAUSIBLE
    assert 0 < implausible.sum() < implausible.size - BRANCHES
    pull = np.broadcast_to(50.0 * implausible, (400, *odds.shape))
    sampler = _position(400)[3]
    assert np.array_equal(plain, _drawn(depth, sightings, x, sampler, touching, label, pull))
