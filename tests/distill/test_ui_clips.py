"""Clips: edits touch their own span, undo gives back the very same codes and bytes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill.errors import CodesError
from distill.inference.codes import decode_columns, decode_reach
from distill.ui.clips import Clip
from distill.ui.tracks import BLOCK, TrackName

LEVELS, CODES = 4, 16
WHOLE = f"m:{2**LEVELS - 1}"


def make_clip(tiny, columns: int = 60, seed: int = 0, original=None) -> Clip:
    codes = np.random.default_rng(seed).integers(0, CODES, (columns, LEVELS)).astype(np.int16)
    samples = columns * 1024
    return Clip("test", "codes", tiny, codes, samples, original, ["a", "b", "c", "d"])


def heard(clip: Clip) -> np.ndarray:
    return clip.sound(WHOLE, 0, clip.samples).copy()


def test_sound_is_that_of_the_whole_decode_to_a_bit(tiny):
    clip = make_clip(tiny, columns=BLOCK + 7)
    whole = decode_columns(torch.from_numpy(clip.codes.astype(np.int64)), tiny, 0, clip.columns)
    error = np.abs(heard(clip) - np.rint(np.clip(whole, -1, 1) * 32768))
    assert error.max() <= 3


def test_an_edit_changes_its_own_surroundings_and_nothing_else(tiny):
    clip = make_clip(tiny, columns=120)
    before = heard(clip)
    change = clip.splice(60, 1, (clip.codes[60:61] + 1) % CODES)
    after = heard(clip)
    start, stop = change.touched
    assert not np.array_equal(before[start:stop], after[start:stop])
    assert np.array_equal(before[:start], after[:start])
    assert np.array_equal(before[stop:], after[stop:])
    assert stop - start == (2 * decode_reach(tiny) + 1) * 1024


splices = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 6), st.integers(0, 6), st.integers(0, 999)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=6)
@given(edits=splices)
def test_undo_and_redo_are_exact_whatever_was_edited(tiny, edits):
    clip = make_clip(tiny, columns=48)
    seen = [(clip.codes.copy(), heard(clip))]
    for start, remove, insert, seed in edits:
        codes = np.random.default_rng(seed).integers(-1, CODES, (insert, LEVELS)).astype(np.int16)
        start = min(start, clip.columns)
        remove = min(remove, clip.columns - start)
        if clip.columns - remove + insert < 1:
            continue
        clip.splice(start, remove, codes)
        seen.append((clip.codes.copy(), heard(clip)))
    for step in reversed(seen[:-1]):
        clip.undo()
        assert np.array_equal(clip.codes, step[0])
        assert len(heard(clip)) == len(step[1])
        assert np.abs(heard(clip).astype(int) - step[1]).max() <= 1
    for step in seen[1:]:
        clip.redo()
        assert np.array_equal(clip.codes, step[0])


def test_undo_of_an_edit_in_place_gives_back_the_same_bytes(tiny):
    clip = make_clip(tiny, columns=90)
    before = heard(clip).tobytes()
    clip.splice(30, 5, np.zeros((5, LEVELS), np.int16))
    clip.splice(33, 2, np.full((2, LEVELS), -1, np.int16))
    clip.undo()
    clip.undo()
    assert heard(clip).tobytes() == before
    assert not clip.can_undo
    assert clip.can_redo


def test_a_new_edit_forgets_what_was_undone(tiny):
    clip = make_clip(tiny)
    clip.splice(0, 1, np.zeros((1, LEVELS), np.int16))
    clip.undo()
    clip.splice(1, 1, np.zeros((1, LEVELS), np.int16))
    with pytest.raises(CodesError, match="redo"):
        clip.redo()


@pytest.mark.parametrize(
    ("start", "remove", "codes"),
    [
        (61, 0, np.zeros((1, 4))),
        (59, 2, np.zeros((2, 4))),
        (0, 60, np.zeros((0, 4))),
        (0, 1, np.full((1, 4), CODES)),
        (0, 1, np.full((1, 4), -2)),
        (0, 1, np.zeros((1, 3))),
    ],
)
def test_an_impossible_edit_is_refused_and_changes_nothing(tiny, start, remove, codes):
    clip = make_clip(tiny)
    before = clip.codes.copy()
    with pytest.raises(CodesError):
        clip.splice(start, remove, codes.astype(np.int16))
    assert np.array_equal(clip.codes, before)
    assert clip.revision == 0


def test_what_a_level_adds_is_the_difference_of_two_decodes(tiny):
    """Of the decodes as they are: clipped ones would differ by what was cut off, and the untrained
    model is loud enough for that."""
    clip = make_clip(tiny, columns=20)
    upto = [np.where(np.arange(LEVELS) < levels, clip.codes, -1).astype(int) for levels in (2, 3)]
    without, with_it = (decode_columns(torch.from_numpy(c), tiny, 0, clip.columns) for c in upto)
    expected = np.clip((with_it - without) * 32768.0, -32768, 32767)
    adds = clip.sound("d:2", 0, clip.samples).astype(int)
    assert np.abs(adds).max() > 100
    assert np.abs(adds - expected).max() <= 2


def test_the_original_is_played_at_its_exact_level(tiny):
    quiet = np.array([0, 328, -328, 5] * 100, np.int16)
    clip = make_clip(tiny, columns=1, original=quiet)
    clip.samples = len(quiet)
    assert np.array_equal(clip.sound("original", 0, 10_000), quiet)


@pytest.mark.parametrize("name", ["m:16", "d:4", "m:-1", "x:1", "", "m:1;", "original2"])
def test_tracks_that_do_not_exist_are_refused(name):
    with pytest.raises(CodesError):
        TrackName.parse(name, LEVELS)


def test_memory_of_tracks_and_history_is_bounded(tiny):
    clip = make_clip(tiny, columns=4)
    for mask in range(16):
        clip.sound(f"m:{mask}", 0, 100)
    assert len(clip._tracks) <= 8
    silent = make_clip(tiny, columns=4)
    for seed in range(260):
        silent.splice(0, 1, np.full((1, LEVELS), seed % CODES, np.int16))
    assert len(silent._undo) <= 200
