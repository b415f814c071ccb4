"""Textures that were never in one picture are unlikely to be drawn in one."""

from itertools import pairwise

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene.patches.cutting import PATCH
from scene.transformer import ImageTransformer, company
from scene.transformer.company import MOST_STRANGE, STRANGER, Company, Gathering
from scene.transformer.depth import DepthModel
from scene.transformer.drawing import look_ahead
from scene.transformer.meetings import Meetings
from scene.transformer.sampling import Sampler
from scene.transformer.sightings import Sightings

BRANCHES, PATCHES, LABELS, COLOURS = 3, 4, 3, 6
Texture = tuple[int, frozenset[int]]


def _stripes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Patches uint8 (count, 256) of few textures each: two colours, one of them in a block."""
    one, other = rng.integers(0, COLOURS, (2, count))
    patches = np.repeat(one[:, None], PATCH * PATCH, axis=1).reshape(-1, PATCH, PATCH)
    patches[:, 5:9, 4:13] = other[:, None, None]
    return patches.reshape(count, -1).astype(np.uint8)


def _textures(patch: np.ndarray, label: int, down: bool, step: int = 1) -> list[Texture]:
    """Textures of one patch, pair by pair, of every `step`th line."""
    square = patch.reshape(PATCH, PATCH)
    lines = (square.T if down else square)[::step]
    return [(label, frozenset(map(int, pair))) for line in lines for pair in pairwise(line)]


@pytest.fixture
def any_texture(monkeypatch):
    """One picture tells already what goes with what."""
    monkeypatch.setattr(company, "OFTEN", 1)


def _world(seed: int, textures: int = 400) -> tuple[Company, np.ndarray, list]:
    """Company of four pictures of training, a tree's patches, and the pictures."""
    rng = np.random.default_rng(seed)
    patches = _stripes(rng, BRANCHES * PATCHES).reshape(BRANCHES, PATCHES, -1)
    pictures = [(_stripes(rng, 3), rng.integers(0, LABELS, 3)) for _ in range(4)]
    counted = Company(textures, LABELS)
    counted.look_at(patches)
    counted.record(pictures)
    return counted, patches, pictures


def _lost(pictures: list, drawn: list[tuple[np.ndarray, int]], patch: np.ndarray, label: int):
    """What `patch` loses under `label` beside what is drawn, by sets."""
    strange = total = 0
    for down in (False, True):
        seen = [
            {t for p, under in zip(*picture, strict=True) for t in _textures(p, under, down)}
            for picture in pictures
        ]
        known = set().union(*seen)
        there = [t for p, under in drawn for t in _textures(p, under, down)]
        total += len(there)
        for mine in _textures(patch, label, down, step=2):
            if mine in known:
                goes = set().union(*(each for each in seen if mine in each))
                strange += sum(t in known and t not in goes for t in there)
    return min(MOST_STRANGE, STRANGER * strange / max(total, 1))


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_a_patch_loses_by_what_it_was_never_in_a_picture_with(seed):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(company, "OFTEN", 1)
        counted, patches, pictures = _world(seed)
    rng = np.random.default_rng(seed)
    gathering = counted.gathering(2)
    drawn: list[list] = [[], []]
    for _ in range(3):
        codes = np.stack([rng.integers(0, BRANCHES, 2), rng.integers(0, PATCHES, 2)], axis=-1)
        labels = rng.integers(0, LABELS, 2)
        gathering.join(codes, labels)
        for row, (code, label) in enumerate(zip(codes, labels, strict=True)):
            drawn[row].append((patches[tuple(code)], int(label)))
    every = np.indices((2, BRANCHES, PATCHES, LABELS)).reshape(4, -1)
    asked = every[:, rng.permutation(every.shape[1])[:8]]
    lost = gathering.lost(*asked)
    assert lost.dtype == np.float32
    for (row, branch, patch, label), nats in zip(asked.T, lost, strict=True):
        wanted = _lost(pictures, drawn[row], patches[branch, patch], label)
        assert nats == pytest.approx(wanted, abs=1e-4)


def test_the_patches_of_a_picture_of_training_lose_nothing_beside_each_other(any_texture):
    counted, _, pictures = _world(1)
    for patches, labels in pictures:
        counted.look_at(patches[None])
        gathering = counted.gathering(1)
        for number, label in enumerate(labels):
            here = np.array([number]), np.array([label])
            assert gathering.lost(np.array([0]), np.array([0]), *here) == [0]
            gathering.join(np.array([[0, number]]), np.array([label]))


def test_nothing_is_held_against_what_is_drawn_first_or_is_not_known(any_texture):
    counted, _, _ = _world(2)
    every = np.indices((1, BRANCHES, PATCHES, LABELS)).reshape(4, -1)
    assert not counted.gathering(1).lost(*every).any()
    unknown = np.full((1, 1, PATCH * PATCH), COLOURS + 1, dtype=np.uint8)
    counted.look_at(unknown)
    gathering = counted.gathering(1)
    gathering.join(np.array([[0, 0]]), np.array([0]))
    zero = np.array([0])
    assert gathering.lost(zero, zero, zero, zero) == [0]
    assert gathering.lost(*np.zeros((4, 0), dtype=int)).shape == (0,)


def test_a_texture_counts_from_so_many_pictures_on_and_the_commonest_alone(monkeypatch):
    plain = [np.full((1, PATCH * PATCH), colour, dtype=np.uint8) for colour in range(4)]
    times = (3, 1, 5, 4)
    pictures = [(p, np.array([1])) for p, n in zip(plain, times, strict=True) for _ in range(n)]
    monkeypatch.setattr(company, "OFTEN", 3)
    names = {}
    for size in (2, 5):
        counted = Company(size, LABELS)
        counted.record(pictures)
        names[size] = [(each[each > 0] - 1 & 255).tolist() for each in np.asarray(counted.names)]
    assert names == {2: [[2, 3], [2, 3]], 5: [[0, 2, 3], [0, 2, 3]]}


def test_drafts_that_are_copied_take_their_company_along(any_texture):
    counted, _, _ = _world(3)
    rng = np.random.default_rng(3)
    codes, labels = rng.integers(0, BRANCHES, (3, 2)), rng.integers(0, LABELS, 3)
    rows = np.array([2, 2, 0])
    moved, own = counted.gathering(3), counted.gathering(3)
    moved.join(codes, labels)
    moved.go_on_with(rows)
    own.join(codes[rows], labels[rows])
    every = np.indices((3, BRANCHES, PATCHES, LABELS)).reshape(4, -1)
    lost = moved.lost(*every)
    assert lost.any()
    assert np.array_equal(lost, own.lost(*every))


def test_recording_begins_anew_and_nothing_of_it_is_trained(any_texture):
    counted, _, pictures = _world(4)
    first = [np.asarray(counted[name]).copy() for name in ("names", "together")]
    counted.record(_world(5)[2])
    assert not any(map(np.array_equal, first, (counted.names, counted.together)))
    counted.record(pictures)
    assert all(map(np.array_equal, first, (counted.names, counted.together)))
    assert not counted.trainable_parameters()


class _Strangers(Gathering):
    """Company in which patch 1 of branch 0 loses 3 nats."""

    def __init__(self) -> None:
        self.asked: list[np.ndarray] = []

    def lost(self, rows, branch, patch, label):
        self.asked.append(np.stack([branch, patch]))
        return np.where((branch == 0) & (patch == 1), np.float32(3), np.float32(0))


def _outlook(gathering: Gathering | None):
    mx.random.seed(3)
    rng = np.random.default_rng(3)
    near = rng.integers(0, 3, (BRANCHES, PATCHES, 2 * PATCH), dtype=np.uint8)
    depth = DepthModel(16, (BRANCHES, PATCHES), 1, pick_dims=4)
    picks = mx.array(rng.normal(size=(BRANCHES, PATCHES, 4)).astype(np.float32))
    depth.look_at(picks, mx.array(near))
    sightings, meetings = Sightings(BRANCHES, PATCHES, 1), Meetings()
    sightings.seen = mx.full(sightings.seen.shape, 255, dtype=mx.uint8)
    meetings.look_at(near, np.zeros((BRANCHES, PATCHES, 2), dtype=np.uint64), near)
    touching = mx.full((1, 2 * PATCH), 2, dtype=mx.uint8)
    sampler = Sampler(1.0, None, None, 1.0, [0], 1, 2)
    here = touching, np.zeros(1, dtype=int), np.zeros((1, BRANCHES))
    return look_ahead(
        depth, sightings, meetings, mx.random.normal((1, 16)), sampler, *here, gathering
    )


def test_patches_and_their_branches_lose_by_their_company_and_drafts_promise(monkeypatch):
    strangers = _Strangers()
    before, after = _outlook(None), _outlook(strangers)
    place = before.branches[0].argmin()
    lost = before.patches - after.patches
    assert lost[place, 1] == pytest.approx(3)
    lost[place, 1] = 0
    assert not lost.any()
    fell = before.odds[0] - after.odds[0]
    assert fell[place] > 0.01
    assert np.delete(fell, place) == pytest.approx(0, abs=1e-6)
    assert 0 < (before.promise - after.promise)[0] < 3
    monkeypatch.setattr("scene.transformer.drawing.FAR_OFF", 0.01)
    _outlook(strangers)
    all_asked, few_asked = strangers.asked
    assert all_asked.shape[1] == BRANCHES * PATCHES
    assert few_asked.shape[1] == 1


def test_a_model_without_textures_draws_as_one_that_knows_of_none():
    shape = {"num_levels": 2, "grid_width": 3, "dropout": 0.0, "view_dims": 4, "pick_dims": 4}
    rng = np.random.default_rng(0)
    points = mx.array(rng.normal(size=(BRANCHES, PATCHES, 4)).astype(np.float32))
    near, far = rng.integers(0, 3, (2, BRANCHES, PATCHES, 32)).astype(np.uint8)
    drawn = []
    for textures in (0, 16):
        mx.random.seed(0)
        sizes = (BRANCHES, PATCHES)
        net = ImageTransformer(sizes, 20, 6, 16, 2, 1, layout_labels=2, textures=textures, **shape)
        net.look_at(points, points, mx.array(near), mx.array(far), mx.zeros((3, 3)))
        net.meetings.look_at(far, np.zeros((BRANCHES, PATCHES, 2), dtype=np.uint64), far)
        assert ("company" in net) == bool(textures)
        if textures:
            net.company.look_at(np.zeros((BRANCHES, PATCHES, PATCH * PATCH), dtype=np.uint8))
        layout = mx.zeros((1, 6), dtype=mx.int32)
        drawn.append(net.generate(mx.array([[5, 3]]), seeds=[1], layout=layout, drafts=2))
    assert np.array_equal(*drawn)


def _drawn(seed: int, count: int) -> tuple[Company, np.random.Generator, np.ndarray, np.ndarray]:
    """Company that one picture tells of, and codes (2, count, 2) of two under labels."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(company, "OFTEN", 1)
        counted, _, _ = _world(seed)
    rng = np.random.default_rng(seed)
    sizes = (BRANCHES, PATCHES)
    codes = np.stack([rng.integers(0, size, (2, count)) for size in sizes], axis=-1)
    return counted, rng, codes, rng.integers(0, LABELS, (2, count))


def _joined(counted: Company, codes: np.ndarray, labels: np.ndarray) -> Gathering:
    gathering = counted.gathering(len(codes))
    for each, under in zip(codes.swapaxes(0, 1), labels.T, strict=True):
        gathering.join(each, under)
    return gathering


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_patches_that_are_replaced_were_never_there(seed):
    counted, rng, codes, labels = _drawn(seed, 4)
    changed = _joined(counted, codes, labels)
    rows, place = np.array([0, 1, 0, 1]), np.array([0, 2, 2, 3])
    new = np.stack([rng.integers(0, BRANCHES, 4), rng.integers(0, PATCHES, 4)], axis=-1)
    changed.replace(rows, codes[rows, place], new, labels[rows, place])
    codes[rows, place] = new
    every = np.indices((2, BRANCHES, PATCHES, LABELS)).reshape(4, -1)
    assert np.array_equal(changed.lost(*every), _joined(counted, codes, labels).lost(*every))


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_pictures_are_as_strange_as_what_has_joined_them_one_by_one(seed):
    counted, _, codes, labels = _drawn(seed, 5)
    first, second = codes.reshape(-1, 2).T
    rows = np.repeat([0, 1], 5)
    lost = _joined(counted, codes, labels).lost(rows, first, second, labels.reshape(-1))
    assert np.allclose(counted.strangeness(codes, labels), lost.reshape(2, 5).sum(axis=1))


def test_a_large_picture_can_be_strange_all_over(any_texture, monkeypatch):
    """More pairs of pixels than a small integer holds."""
    monkeypatch.setattr(company, "MOST_STRANGE", 1e6)
    plain = np.repeat(np.arange(2, dtype=np.uint8), PATCH * PATCH).reshape(2, 1, PATCH * PATCH)
    counted = Company(50, LABELS)
    counted.look_at(plain)
    counted.record([(plain[n], np.array([0])) for n in range(2)])
    codes = np.zeros((1, 1000, 2), dtype=int)
    codes[0, 500:, 0] = 1
    # Pairs of a patch, each beside a quarter of all, which is half of its side.
    looked_at = PATCH * (PATCH - 1)
    strange = counted.strangeness(codes, np.zeros((1, 1000), dtype=int))
    assert strange == pytest.approx(1000 * STRANGER * looked_at / 4)
