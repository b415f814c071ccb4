"""What travels to a browser: true to the snapshot, made once, refused when asked for nonsense."""

import base64
import json

import numpy as np
import pytest

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.training.snapshot import (
    Curves,
    EvaluationSet,
    Gallery,
    HyperChange,
    LevelHealth,
    Projection,
    Snapshot,
    Status,
    Trails,
    View,
)
from rq_vae_explorer.ui import wire
from rq_vae_explorer.ui.feed import Feed

LEVELS, CODES, WIDTH, IMAGES = 2, 4, 3, 20


def _view(rng: np.random.Generator) -> View:
    codebook = rng.normal(size=(LEVELS, CODES, WIDTH)).astype(np.float32)
    residuals = rng.normal(size=(LEVELS, IMAGES, WIDTH)).astype(np.float32)
    basis = np.linalg.qr(rng.normal(size=(WIDTH, 2)))[0].astype(np.float32)
    counts = rng.integers(0, 9, (LEVELS, CODES))
    pictures = rng.integers(0, 256, (LEVELS, 10, 28, 28), dtype=np.uint8)
    return View(
        step=7,
        codebook=codebook,
        z_e=residuals[0],
        residuals=residuals,
        indices=rng.integers(0, CODES, (IMAGES, LEVELS), dtype=np.int32),
        usage_window=counts,
        usage_ema=rng.random((LEVELS, CODES), np.float32),
        usage_eval=counts,
        usage_by_class=rng.integers(0, 9, (LEVELS, CODES, 10)),
        dead=np.array([[False, True, False, False], [True, False, False, False]]),
        codebook_motion=codebook * 0.1,
        codebook_gradient=codebook * 0.2,
        levels=tuple(LevelHealth(n, 3, 1, 2.5, 1.3, float("nan")) for n in (1, 2)),
        latent_variance=1.0,
        pairs_used=5,
        joint_entropy_bits=2.0,
        nominal_bits=4.0,
        projection=Projection(rng.normal(size=WIDTH).astype(np.float32), basis),
        sample_inputs=pictures[0],
        sample_recons=pictures,
        sample_unquantised=pictures[1],
        sample_indices=rng.integers(0, CODES, (10, LEVELS), dtype=np.int32),
    )


def _snapshot(version: int = 1, empty: bool = False) -> Snapshot:
    rng = np.random.default_rng(0)
    view = None if empty else _view(rng)
    rows = 0 if empty else 3
    curves = Curves(
        train_names=("total", "recon"),
        train_steps=np.arange(rows),
        train=rng.random((rows, 2), np.float32),
        train_low=rng.random((rows, 2), np.float32),
        train_high=rng.random((rows, 2), np.float32),
        stride=1,
        test_names=("recon",),
        test_steps=np.arange(rows),
        test=np.full((rows, 1), 0.25, np.float32),
        marks=() if empty else (HyperChange(2, "lambda_commit", 0.25, 0.5),),
    )
    pictures = rng.integers(0, 256, (CODES, CODES, 28, 28), dtype=np.uint8)
    return Snapshot(
        version=version,
        generation=0,
        run_id="run",
        status=Status.LOADING if empty else Status.TRAINING,
        message="",
        step=0 if empty else 7,
        steps_per_second=100.0,
        seconds=1.0,
        config=RunConfig(num_codes=CODES, latent_dim=WIDTH),
        hyper=Hyper(),
        speed_limit=None,
        dataset=None
        if empty
        else EvaluationSet(
            "bundled",
            rng.integers(0, 256, (IMAGES, 28, 28), dtype=np.uint8),
            np.arange(IMAGES, dtype=np.int32) % 10,
            100,
            IMAGES,
            tuple("0123456789"),
        ),
        view=view,
        gallery=None
        if empty
        else Gallery(
            7, pictures[0], pictures, pictures, (-1.0, 1.0, -1.0, 1.0),
            np.zeros((5, WIDTH), np.float32), np.ones((5, WIDTH), np.float32),
        ),
        curves=curves,
        trails=Trails(np.arange(rows), rng.random((rows, LEVELS, CODES, WIDTH), np.float32)),
        events=(),
    )  # fmt: skip


def _unpack(field: dict) -> np.ndarray:
    dtype = {"f32": "<f4", "i32": "<i4", "u8": "u1"}[field["dtype"]]
    return np.frombuffer(base64.b64decode(field["data"]), dtype).reshape(field["shape"])


def _part(feed: Feed, name: str, have: str = "") -> dict:
    return json.loads(feed.part(name, have))


def test_each_level_travels_with_its_own_vectors_and_codes_in_plane_coordinates():
    snapshot = _snapshot()
    view = snapshot.view
    frame = _part(Feed(lambda: snapshot), "frame")["view"]
    first = (view.z_e - view.projection.mean) @ view.projection.basis
    np.testing.assert_allclose(_unpack(frame["vectors"])[0], first, rtol=1e-4, atol=1e-5)
    second = view.residuals[1] @ view.projection.basis
    np.testing.assert_allclose(_unpack(frame["vectors"])[1], second, rtol=1e-4, atol=1e-5)
    codes = view.codebook[1] @ view.projection.basis
    np.testing.assert_allclose(_unpack(frame["codes"])[1], codes, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(_unpack(frame["alive"]), ~view.dead)


def test_reconstructions_travel_by_themselves():
    snapshot = _snapshot()
    feed = Feed(lambda: snapshot)
    assert "pictures" not in _part(feed, "frame")["view"]
    reply = _part(feed, "pictures")
    np.testing.assert_array_equal(_unpack(reply["pictures"])[0], snapshot.view.sample_inputs)
    assert reply["picture_codes"] == snapshot.view.sample_indices.tolist()


def test_a_number_that_is_not_finite_travels_as_null():
    frame = _part(Feed(_snapshot), "frame")
    assert frame["view"]["health"][0]["error"] is None
    assert frame["test_mse"] == 0.25


@pytest.mark.parametrize("part", ["frame", "description", "curves", "pictures", "gallery"])
def test_every_part_exists_before_there_is_data(part):
    reply = _part(Feed(lambda: _snapshot(empty=True)), part)
    assert reply.get("view") is None
    assert reply.get("gallery") is None
    assert reply.get("pictures") is None


@pytest.mark.parametrize("part", ["frame", "description", "curves", "pictures", "gallery"])
def test_a_browser_that_has_the_newest_part_gets_no_second_copy(part):
    feed = Feed(_snapshot)
    key = _part(feed, "frame")["keys"][part]
    assert _part(feed, part, key) == {"unchanged": True}
    assert "unchanged" not in _part(feed, part, "older")


def test_many_browsers_share_one_copy():
    feed = Feed(_snapshot)
    assert feed.part("frame", "") is feed.part("frame", "")


def test_a_new_snapshot_is_a_new_frame():
    versions = iter(range(1, 9))
    feed = Feed(lambda: _snapshot(next(versions)))
    first = _part(feed, "frame")["keys"]["frame"]
    assert _part(feed, "frame", first)["keys"]["frame"] != first


def test_the_description_names_the_rows_and_the_colours():
    description = _part(Feed(_snapshot), "description")
    assert description["picture_titles"] == ["Input", "Level 1", "Levels 1–2", "Unquantised"]
    assert len(set(description["digits"])) == 10


def test_trails_are_cut_by_level_in_todays_plane():
    snapshot = _snapshot()
    curves = wire.pack_curves(snapshot)
    trails = _unpack(curves["trails"])
    assert trails.shape == (LEVELS, 3, CODES, 2)
    expected = snapshot.trails.codes[2, 1] @ snapshot.view.projection.basis
    np.testing.assert_allclose(trails[1, 2], expected, rtol=1e-4, atol=1e-5)
