"""Patches whose edges never met in training are unlikely side by side."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene.patches.cutting import PATCH, edge_keys
from scene.transformer.depth import DepthModel
from scene.transformer.drawing import FAR_BEHIND, Outlook, look_ahead
from scene.transformer.edges import NOTHING
from scene.transformer.meetings import NEVER_MET, NEVER_MET_SO, Meetings
from scene.transformer.sampling import Sampler
from scene.transformer.sightings import Sightings

BRANCHES, PATCHES, WIDTH, HEIGHT = 3, 5, 4, 3


def _world(seed: int) -> tuple[Meetings, np.ndarray, np.ndarray]:
    """Patches of few different edges: what looked at them, their near and their far edges."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 64, (4, PATCH), dtype=np.uint8)
    near, far = kinds[rng.integers(0, 4, (2, BRANCHES, PATCHES, 2))].reshape(
        2, BRANCHES, PATCHES, 2 * PATCH
    )
    meetings = Meetings()
    meetings.look_at(near, edge_keys(near, far=False), far)
    return meetings, near, far


def _pictures(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sizes = (BRANCHES, PATCHES)
    return np.stack([rng.integers(0, n, (count, WIDTH * HEIGHT)) for n in sizes], axis=-1)


def _borders(
    codes: np.ndarray, exact: np.ndarray, near: np.ndarray, far: np.ndarray
) -> tuple[set[bytes], set[bytes]]:
    """Pairs of edges that meet in pictures, beside and below each other, where both patches are
    exact."""
    grid = codes.reshape(len(codes), HEIGHT, WIDTH, 2)
    own = exact.reshape(len(codes), HEIGHT, WIDTH)
    before, after = (edges[grid[..., 0], grid[..., 1]] for edges in (far, near))
    beside = [before[:, :, :-1, :PATCH], after[:, :, 1:, :PATCH]]
    below = [before[:, :-1, :, PATCH:], after[:, 1:, :, PATCH:]]
    real = own[:, :, :-1] & own[:, :, 1:], own[:, :-1] & own[:, 1:]
    across, down = (
        {pair.tobytes() for pair in np.concatenate(each, -1)[kept]}
        for each, kept in zip((beside, below), real, strict=True)
    )
    return across, down


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_patch_loses_for_each_neighbour_that_its_edge_never_met(seed, count):
    meetings, near, far = _world(seed)
    codes = _pictures(seed, count)
    rng = np.random.default_rng(seed + 1)
    exact = rng.random(codes.shape[:2]) < 0.7
    meetings.record(codes.astype(np.uint16), exact, WIDTH)
    met = _borders(codes, np.ones_like(exact), near, far)
    met_so = _borders(codes, exact, near, far)
    left, above = rng.integers(0, PATCHES, (2, 6))
    touching = np.concatenate([far[0, left, :PATCH], far[1, above, PATCH:]], axis=-1)  # (6, 32)
    branch = rng.integers(0, BRANCHES, 6)
    lost = meetings.lost(branch, touching, np.ones((6, PATCHES), dtype=bool))
    for row, patch in np.ndindex(lost.shape):
        own = near[branch[row], patch]
        pairs = [
            np.concatenate([touching[row, side], own[side]]).tobytes()
            for side in (slice(PATCH), slice(PATCH, None))
        ]
        new = sum(pair not in known for pair, known in zip(pairs, met, strict=True))
        new_so = sum(pair not in known for pair, known in zip(pairs, met_so, strict=True))
        assert lost[row, patch] == NEVER_MET * new + NEVER_MET_SO * new_so


def test_nothing_is_lost_beside_nothing_nor_by_what_nobody_asks_about():
    meetings, _, far = _world(0)
    touching = np.full((2, 2 * PATCH), NOTHING, dtype=np.uint8)
    touching[1, :PATCH] = far[0, 0, :PATCH]
    asked = np.ones((2, PATCHES), dtype=bool)
    asked[:, 0] = False
    lost = meetings.lost(np.zeros(2, dtype=int), touching, asked)
    once = NEVER_MET + NEVER_MET_SO
    assert lost.tolist() == [[0] * PATCHES, [0] + [once] * (PATCHES - 1)]


def test_what_was_recorded_before_is_forgotten():
    meetings, _, _ = _world(1)
    exact = np.ones((3, WIDTH * HEIGHT), dtype=bool)
    meetings.record(_pictures(1, 3), exact, WIDTH)
    first = _filters(meetings)
    meetings.record(_pictures(2, 3), exact, WIDTH)
    assert not any(map(np.array_equal, first, _filters(meetings)))
    meetings.record(_pictures(1, 3), exact, WIDTH)
    assert all(map(np.array_equal, first, _filters(meetings)))


def _filters(meetings: Meetings) -> list[np.ndarray]:
    return [np.asarray(each).copy() for each in (meetings.met, meetings.met_so)]


def test_meetings_are_counted_and_not_trained():
    assert Meetings().trainable_parameters() == {}


def test_edges_are_told_apart_by_every_pixel_and_by_their_side():
    edges = np.random.default_rng(0).integers(0, 64, (50, 2 * PATCH), dtype=np.uint8)
    for far in (False, True):
        own = edge_keys(edges, far)
        for pixel in range(2 * PATCH):
            other = edges.copy()
            other[:, pixel] ^= 1
            differ = edge_keys(other, far) != own
            assert differ[:, pixel // PATCH].all()
            assert not differ[:, 1 - pixel // PATCH].any()
    assert (edge_keys(edges, False) != edge_keys(edges, True)).all()


def _outlook(meetings: Meetings, near: np.ndarray, *strange: float) -> Outlook:
    """At one position that touches edges of colour 2, of a model that knows nothing, where branches
    are `strange` by so many nats."""
    mx.random.seed(3)
    depth = DepthModel(16, (BRANCHES, PATCHES), 1, pick_dims=4)
    picks = mx.array(np.random.default_rng(3).normal(size=(BRANCHES, PATCHES, 4)))
    depth.look_at(picks.astype(mx.float32), mx.array(near))
    sightings = Sightings(BRANCHES, PATCHES, 1)
    nothing = np.zeros((1, 0), dtype=int)
    sightings.record(np.zeros((1, 0, 2), dtype=int), nothing.astype(bool), nothing)
    touching = mx.full((1, 2 * PATCH), 2, dtype=mx.uint8)
    sampler = Sampler(1.0, None, None, 1.0, [0], 1, 2)
    x = mx.random.normal((1, 16))
    label, lost = np.zeros(1, dtype=int), np.array([strange or [0.0] * BRANCHES])
    return look_ahead(depth, sightings, meetings, x, sampler, touching, label, lost)


@pytest.fixture(scope="module")
def outlooks() -> tuple[Outlook, Outlook]:
    """Where nothing has met, and where patch 1 of branch 0 has met what is left and above."""
    rng = np.random.default_rng(5)
    near = rng.integers(0, 3, (BRANCHES, PATCHES, 2 * PATCH), dtype=np.uint8)
    far = np.full_like(near, 2)
    meetings = Meetings()
    meetings.look_at(near, edge_keys(near, far=False), far)
    before = _outlook(meetings, near)
    square = np.array([[0, 0], [0, 1], [0, 1], [0, 1]])
    meetings.record(square[None], np.ones((1, 4), dtype=bool), 2)
    return before, _outlook(meetings, near)


def test_branches_and_patches_gain_by_what_has_met(outlooks):
    before, after = outlooks
    assert sorted(before.branches[0]) == [0, 1, 2]
    place = before.branches[0].argmin()
    gained = after.patches - before.patches  # (BRANCHES, PATCHES)
    assert gained[place, 1] == pytest.approx(2 * (NEVER_MET + NEVER_MET_SO))
    gained[place, 1] = 0
    assert np.abs(gained).max() < 1e-5
    lost = 2 * (NEVER_MET + NEVER_MET_SO)
    assert before.patches.max() - before.patches.min() < FAR_BEHIND - lost
    raised = after.odds[0] - before.odds[0]
    assert raised[place] > 1
    assert np.delete(raised, place) == pytest.approx(0, abs=1e-5)


def test_drafts_are_not_weighed_by_what_has_met(outlooks):
    before, after = outlooks
    assert after.promise == pytest.approx(before.promise)


def test_strange_branches_lose_odds_and_drafts_with_them_promise():
    near = np.random.default_rng(5).integers(0, 3, (BRANCHES, PATCHES, 2 * PATCH), dtype=np.uint8)
    meetings = Meetings()
    meetings.look_at(near, edge_keys(near, far=False), np.full_like(near, 2))
    usual, one, every = (
        _outlook(meetings, near, *strange) for strange in ([], [0, 1, 0], [1, 1, 1])
    )
    odds = [each.odds[0, each.branches[0].argsort()] for each in (usual, one, every)]
    assert odds[0] - odds[1] == pytest.approx([0, 1, 0], abs=1e-5)
    assert odds[0] - odds[2] == pytest.approx([1, 1, 1], abs=1e-5)
    assert usual.promise - every.promise == pytest.approx(1)
    assert 0 < (usual.promise - one.promise)[0] < 1
